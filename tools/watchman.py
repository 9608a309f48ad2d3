"""Ends what the supervisor started when the supervisor itself was killed and could not.

The supervisor holds the other end of standard input and writes a line for everything it starts: `group N`
for a process group, `server NAME` for an embedded server, and `done` when it has stopped them all itself.
When the pipe ends without `done`, the supervisor is dead: stop the groups, then the servers. Standard
library only, so that it costs next to nothing while it waits.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time

PATIENCE_SECONDS = 10.0


def main() -> None:
    """Read until the pipe ends, then clean up unless all is done."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # whoever stops the supervisor may stop its whole terminal
    groups: list[int] = []
    servers: list[str] = []
    for line in sys.stdin:
        kind, _, value = line.strip().partition(" ")
        if kind == "done":
            return
        if kind == "group":
            groups.append(int(value))
        elif kind == "server":
            servers.append(value)
    stop_groups(groups)
    if servers:
        subprocess.run([sys.executable, "-m", "attendance_site.embedded", "stop", *servers], check=False)  # noqa: S603


def stop_groups(groups: list[int]) -> None:
    """Ask each process group to end, and kill what is left after ten seconds."""
    _signal_all(groups, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while _signal_all(groups, 0) and time.monotonic() < deadline:
        time.sleep(0.1)
    _signal_all(groups, signal.SIGKILL)


def _signal_all(groups: list[int], number: int) -> bool:
    """Signal each group; return whether any of them still lives."""
    alive = False
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
            alive = True
    return alive


if __name__ == "__main__":
    main()
