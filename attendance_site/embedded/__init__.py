"""PostgreSQL and Redis for a machine that has neither, out of two Python wheels.

`ensure_postgres(home)` and `ensure_redis(home)` start a server below `home` unless it already runs, and
return its URL. The servers stay up between commands until `stop(home)`. Any number of processes may call at
the same time, and any number of homes may run side by side.

PostgreSQL listens on a Unix socket alone, in a folder that only its own user can enter, and knows its
clients by their system user (peer authentication): nothing to guess, nothing to leak. Redis listens on a
loopback port of its own with a generated password, because its clients do not share one spelling for the
address of a socket.

PostgreSQL refuses to run as root. Started by root, both servers run as the system user `rollcall` if there
is one, else as `nobody`. Where that user cannot enter `home` or the virtual environment, data or programs go
below /var/lib/rollcall. The permissions of folders that are not ours are never changed.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
from pathlib import Path

from attendance_site.embedded import postgres, redis_server
from attendance_site.embedded.places import EmbeddedServerError, locked, place_of, write_private
from attendance_site.embedded.postgres import APPLICATION, as_application

__all__ = [
    "APPLICATION",
    "EmbeddedServerError",
    "as_application",
    "ensure_postgres",
    "ensure_redis",
    "locked",
    "remove",
    "running",
    "secret_key",
    "stop",
]


def ensure_postgres(home: Path, *, fast: bool = False) -> str:
    """Start PostgreSQL below `home` unless it runs, and return the URL of its database for its owner.

    `as_application(url)` is the same database for the role that may not touch the history.

    `fast=True`, for tests, means another server, below `home/test`, that is quick and forgets in a power cut.
    Raises EmbeddedServerError, one line, when no server can run here.
    """
    return postgres.ensure(home / "test" if fast else home, fast=fast)


def ensure_redis(home: Path, *, fast: bool = False) -> str:
    """Start Redis below `home` unless it runs, and return its URL; a regular stop keeps what is queued.

    `fast=True`, for tests, means another server, below `home/test`, that keeps nothing on disk.
    Raises EmbeddedServerError, one line, when no server can run here.
    """
    return redis_server.ensure(home / "test" if fast else home, fast=fast)


def secret_key(home: Path) -> str:
    """The key that signs the sessions of an embedded trial: made once, kept in `home` for its owner alone."""
    path = home / "secret_key"
    if not path.exists():
        with locked(home):
            if not path.exists():
                write_private(path, secrets.token_urlsafe(50))
    return path.read_text().strip()


def running(home: Path) -> list[str]:
    """The names of the embedded servers of `home` that answer now: "postgres", "redis"."""
    answers = {"postgres": postgres.answers(home), "redis": redis_server.answers(home)}
    return [name for name, found in answers.items() if found]


def stop(home: Path, *names: str) -> list[str]:
    """Stop the named servers of `home` (both when none is named); return the names of those that ran."""
    ran = [name for name in running(home) if not names or name in names]
    if ran:
        with locked(home):
            for name in ran:
                {"postgres": postgres, "redis": redis_server}[name].stop(home)
    return ran


def remove(home: Path) -> None:
    """Stop the servers of `home` and of its tests, and delete it with all its data, wherever that lies."""
    for folder in (home / "test", home):
        stop(folder)
        shutil.rmtree(postgres.socket_folder(place_of(folder, "postgres")), ignore_errors=True)
        for name in ("postgres", "redis"):
            base = place_of(folder, name).base
            shutil.rmtree(base, ignore_errors=True)
            with contextlib.suppress(OSError):
                base.parent.rmdir()  # empty when it was made for a closed home; a home is not yet
    shutil.rmtree(home, ignore_errors=True)
