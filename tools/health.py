"""`python -m tools.health web|worker|beat`: exit status 0 while that part works; for health checks."""

from __future__ import annotations

import os
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

# Beat writes its timetable down every three minutes; three of them missed is no accident.
BEAT_SILENCE_SECONDS = 600.0


def web(port: int) -> bool:
    """Whether the web server answers and reaches its database."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=8) as page:
            return bool(page.status == 200)
    except OSError:
        return False


def worker() -> bool:
    """Whether the worker of this machine answers over the broker."""
    from attendance_site.celery import app

    name = f"celery@{os.uname().nodename}"
    return bool(app.control.inspect(destination=[name], timeout=20).ping())


def beat(home: Path) -> bool:
    """Whether beat has written its timetable down lately."""
    written = [path.stat().st_mtime for path in home.glob("celerybeat-schedule*")]
    return time.time() - max(written, default=0.0) < BEAT_SILENCE_SECONDS


def main(arguments: list[str]) -> int:
    """Check one part; exit status 2 for an unknown one."""
    from attendance_site import env

    home = env.folder("ROLLCALL_HOME", env.ROOT / "var")
    checks: dict[str, Callable[[], bool]] = {
        "web": lambda: web(8000),
        "worker": worker,
        "beat": lambda: beat(home),
    }
    if len(arguments) != 1 or arguments[0] not in checks:
        print("usage: python -m tools.health web|worker|beat", file=sys.stderr)
        return 2
    return 0 if checks[arguments[0]]() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
