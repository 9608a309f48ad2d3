"""
Workers as processes that can be killed.

Run as a script it loads Django once and then forks: for each line "AT SEED" on standard input it starts a
worker that sends everything due at that moment, and prints the worker's process id; "done ID" follows when
that worker ends, by itself or killed.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, cast

ROOT = Path(__file__).resolve().parents[2]


class Workers:
    """The parent of the workers, as a test sees it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.ended: set[int] = set()

    def start(self, at: datetime, seed: int) -> int:
        """Start a worker and return its process id."""
        lines = cast(IO[str], self.process.stdin)
        lines.write(f"{at.isoformat()} {seed}\n")
        lines.flush()
        while not (line := self._read()).isdigit():
            self._note(line)
        return int(line)

    def kill(self, worker: int) -> None:
        """Kill a worker as a power cut does; one that has ended already stays as it is."""
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)

    def wait(self, *workers: int) -> None:
        """Wait until these workers have ended."""
        while not self.ended.issuperset(workers):
            self._note(self._read())

    def _read(self) -> str:
        line = cast(IO[str], self.process.stdout).readline()
        assert line, "the workers' parent ended"
        return line.strip()

    def _note(self, line: str) -> None:
        self.ended.add(int(line.removeprefix("done ")))


@contextmanager
def workers(environment: dict[str, str]) -> Iterator[Workers]:
    """Start the parent with these settings and end it afterwards."""
    process = subprocess.Popen(
        [sys.executable, __file__],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Workers(process)
    finally:
        cast(IO[str], process.stdin).close()
        process.wait(30)
        cast(IO[str], process.stdout).close()


def _serve() -> None:
    """Fork a worker for each line, and say when one ends."""
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    running: set[int] = set()
    for line in iter(sys.stdin.readline, ""):
        at, seed = line.split()
        worker = os.fork()
        if worker == 0:
            _work(datetime.fromisoformat(at), int(seed))
            os._exit(0)
        running.add(worker)
        print(worker, flush=True)
        _reap_in_background(worker)


def _reap_in_background(worker: int) -> None:
    import threading

    def reap() -> None:
        with suppress(ChildProcessError):
            os.waitpid(worker, 0)
        print(f"done {worker}", flush=True)

    threading.Thread(target=reap, daemon=True).start()


def _work(at: datetime, seed: int) -> None:
    from django_scopes import scopes_disabled

    from letters.delivery import chosen_port
    from letters.services import sending

    luck = random.Random(seed)
    deadline = time.monotonic() + 30
    with scopes_disabled():
        sending.return_lost(at=at)
        port = chosen_port()
        while time.monotonic() < deadline:
            if sending.send_next(port=port, at=at, luck=luck.random()) is None:
                return


if __name__ == "__main__":
    _serve()
