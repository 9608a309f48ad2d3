"""Runs several processes as one: they start together and stop together.

They stop on Ctrl-C, on SIGTERM, when one of them ends by itself, and when the supervisor is killed (see
tools/watchman.py).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

STOP_SECONDS = 15.0
LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class Child:
    """One process that has to run as long as the others do."""

    name: str
    command: Sequence[str | Path]


class ChildEndedError(Exception):
    """One of the children is gone, and with it the reason to run; the message names it."""


class StopAskedError(BaseException):
    """Ctrl-C or SIGTERM; like KeyboardInterrupt no ordinary error, so that nothing on the way swallows it."""


class Supervisor:
    """The children of one run; `log` is the folder where each writes what it says, as NAME.log."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.afterwards: list[Callable[[], object]] = []  # called when all children have ended
        self.asked_to_stop = False
        self._deaf = False
        log.mkdir(parents=True, exist_ok=True)
        self.watchman = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, str(Path(__file__).with_name("watchman.py"))],
            stdin=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )

    def tell_watchman(self, line: str) -> None:
        """Leave word of what has to be stopped should this process be killed."""
        if self.watchman.stdin:
            with contextlib.suppress(OSError):
                self.watchman.stdin.write(f"{line}\n")
                self.watchman.stdin.flush()

    def start(self, child: Child) -> None:
        """Start one child in a process group of its own: Ctrl-C reaches it through us, in our order."""
        self._deaf = True  # a signal between start and record would leave a child that nobody knows
        with (self.log / f"{child.name}.log").open("ab") as output:
            process = subprocess.Popen(  # noqa: S603 - commands of ours, no shell
                [str(part) for part in child.command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.running[child.name] = process
        self.tell_watchman(f"group {process.pid}")
        self._deaf = False
        if self.asked_to_stop:
            raise StopAskedError

    def check(self) -> None:
        """Raise ChildEndedError with one line that names the child if any of them has ended."""
        for name, process in self.running.items():
            status = process.poll()
            if status is not None:
                how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
                raise ChildEndedError(f"Rollcall stops: the {name} {how}; see {self.log / name}.log")
        if self.watchman.poll() is not None:
            raise ChildEndedError("Rollcall stops: its watchman was ended")

    def wait(self, until: Callable[[], bool], *, seconds: float | None = None) -> bool:
        """Wait until `until()` is true or the seconds are over; return whether it is true.

        Raises ChildEndedError as soon as a child ends, and StopAskedError on a signal.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        while deadline is None or time.monotonic() < deadline:
            self.check()
            if until():
                return True
            time.sleep(LOOK_SECONDS)
        return False

    def ask_to_stop(self, *_: object) -> None:
        """A signal handler: leave whatever goes on, once; further signals change nothing."""
        first, self.asked_to_stop = not self.asked_to_stop, True
        if first and not self._deaf:
            raise StopAskedError

    def stop(self) -> None:
        """Ask every child to end, the latest first; kill with all its descendants what does not.

        Then do what was left for afterwards.
        """
        self.asked_to_stop = True
        for process in reversed(self.running.values()):
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self.running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            # What a crashed child has left behind belongs to its group.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for action in reversed(self.afterwards):
            action()

    def dismiss_watchman(self) -> None:
        """Tell the watchman that nothing is left to do, and wait for it to go."""
        self.tell_watchman("done")
        if self.watchman.stdin:
            with contextlib.suppress(OSError):
                self.watchman.stdin.close()
        self.watchman.wait()


@contextlib.contextmanager
def supervised(log: Path) -> Iterator[Supervisor]:
    """A supervisor whose children are stopped at the end of the block, however it ends."""
    supervisor = Supervisor(log)
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, supervisor.ask_to_stop) for number in signals}
    try:
        yield supervisor
    finally:
        supervisor.stop()
        supervisor.dismiss_watchman()
        for number, handler in before.items():
            signal.signal(number, handler)


def run_for_ever(children: Sequence[Child], log: Path) -> int:
    """Run the children until a signal comes (return 0) or one ends (return 1, and one line that names it)."""
    try:
        with supervised(log) as supervisor:
            for child in children:
                supervisor.start(child)
            supervisor.wait(lambda: False)
    except StopAskedError:
        return 0
    except ChildEndedError as error:
        print(error, file=sys.stderr)
    return 1
