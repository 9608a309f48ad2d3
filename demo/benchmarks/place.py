"""A database of the benchmark's own on the embedded server, and a process with the settings of a server."""

import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.conf import settings
from psycopg.sql import SQL, Identifier

NAME = "rollcall_benchmark"


@contextmanager
def own_database() -> Iterator[dict[str, str]]:
    """
    Make an empty database, and return the environment of a server that works in it; drop it afterwards.

    The server is the embedded one, so that nothing of a real database is touched; its files go to a folder
    that is removed too.
    """
    owner = settings.DATABASE_OWNER
    name = f"{NAME}_{os.getpid()}"
    with (
        tempfile.TemporaryDirectory(prefix="rollcall-benchmark-") as home,
        psycopg.connect(
            dbname=owner["NAME"], user=owner["USER"], host=owner["HOST"], autocommit=True
        ) as connection,
    ):
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        try:
            yield {
                **os.environ,
                "ROLLCALL_HOME": home,
                "DATABASE_URL": _address(settings.DATABASE_APPLICATION_ROLE, owner["HOST"], name),
                "DATABASE_OWNER_URL": _address(owner["USER"], owner["HOST"], name),
                # Another of Redis' numbered stores: no session of the trial is in it.
                "REDIS_URL": settings.REDIS_URL.rsplit("/", 1)[0] + "/15",
                "SECRET_KEY": secrets.token_urlsafe(50),
                "ALLOWED_HOSTS": "127.0.0.1,testserver",
                "BEHIND_PROXY": "True",
                "LOG_LEVEL": "ERROR",
                "DEBUG": "False",
                "DJANGO_SETTINGS_MODULE": "attendance_site.settings",
            }
        finally:
            connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))


def run_sections(environment: dict[str, str], arguments: Sequence[str]) -> int:
    """Bring the database up to date and measure in a process of its own; return its exit status."""
    for command in ("migrate", "collectstatic"):
        subprocess.run(  # noqa: S603
            [sys.executable, "manage.py", command, "--no-input"],
            stdout=subprocess.DEVNULL,
            env=environment,
            cwd=Path(settings.BASE_DIR),
            check=True,
        )
    measured = [sys.executable, "-m", "demo.benchmarks.run", *arguments]
    return subprocess.run(measured, env=environment, cwd=Path(settings.BASE_DIR), check=False).returncode  # noqa: S603


def _address(role: str, host: str, name: str) -> str:
    return f"postgres://{role}@/{name}?host={host}"
