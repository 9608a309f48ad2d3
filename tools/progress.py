"""Long steps that say what they do: silent below two seconds, then one line with a running count."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

QUIET_SECONDS = 2.0


class StepFailedError(Exception):
    """A step could not be done; the message is for the person at the terminal."""


@contextlib.contextmanager
def step(title: str) -> Iterator[None]:
    """Show `title` on standard error, with its seconds, when the block takes longer than two of them."""
    started = time.monotonic()
    done = threading.Event()
    live = sys.stderr.isatty()

    def show() -> None:
        pause = QUIET_SECONDS
        while not done.wait(pause):
            seconds = time.monotonic() - started
            if live:
                print(f"\r{title} … {seconds:.0f} s", end="", file=sys.stderr, flush=True)
                pause = 1.0
            else:
                print(f"{title} …", file=sys.stderr, flush=True)
                return

    shower = threading.Thread(target=show, daemon=True)
    shower.start()
    try:
        yield
    finally:
        done.set()
        shower.join()
        seconds = time.monotonic() - started
        if seconds >= QUIET_SECONDS:
            start = "\r" if live else ""
            print(f"{start}{title} … {seconds:.0f} s", file=sys.stderr, flush=True)


def run(title: str, command: Sequence[str | Path], log: Path, **environment: str) -> None:
    """Run a command as one step; what it says goes to `log`, and its end to the terminal if it fails.

    Raises StepFailedError when the command cannot be run or ends with another status than 0.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with step(title), log.open("wb") as output:
        try:
            status = subprocess.run(  # noqa: S603 - commands of ours, no shell
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | environment,
                check=False,
            ).returncode
        except OSError as error:
            raise StepFailedError(f"{title} failed: {error}") from error
    if status:
        lines = log.read_text(errors="replace").strip().splitlines()[-15:]
        raise StepFailedError("\n".join([*lines, f"{title} failed with status {status}; all it said: {log}"]))
