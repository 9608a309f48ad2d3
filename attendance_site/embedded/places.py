"""Where an embedded server lives, as whom it runs, and the small tools both servers need."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

# Used by root alone, for homes and programs that are closed to the servers' user.
SYSTEM_STORE = Path("/var/lib/rollcall")


class EmbeddedServerError(ImproperlyConfigured):
    """An embedded server cannot run here; the message is one line that says what to do."""


@dataclass(frozen=True)
class Place:
    """Where one server lives and as whom it runs."""

    home: Path
    base: Path  # owned by the server's user, mode 0700
    account: pwd.struct_passwd | None  # None: the caller itself

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
        """Replace a file as a whole, readable by the server's user alone."""
        self.own(write_private(path, content))

    def run(self, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
        """Run a program as the server's user, with an environment that holds nothing of ours."""
        user = self.account.pw_uid if self.account else None
        group = self.account.pw_gid if self.account else None
        # The output goes through a file: a server left behind may keep it open, and a pipe would never end.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(  # noqa: S603 - our own programs, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.base,
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": str(self.base)},
                user=user,
                group=group,
                extra_groups=None if user is None else [],
                check=False,
            )
            output.seek(0)
            return subprocess.CompletedProcess(command, done.returncode, stdout=output.read())


def place_of(home: Path, name: str) -> Place:
    """Work out where the server `name` of `home` lives, without touching anything."""
    home = home.absolute()
    account = _server_account()
    base = home / name
    if account is not None and not _can_enter(account, home):
        base = SYSTEM_STORE / short_mark(os.fsencode(home)) / name
    return Place(home=home, base=base, account=account)


def prepare(home: Path, name: str) -> Place:
    """Make the folder where the server `name` of `home` lives; call it under the lock of `home`."""
    place = place_of(home, name)
    if not place.base.is_relative_to(place.home):
        make_system_store()
        place.base.parent.mkdir(mode=0o711, exist_ok=True)
        if not place.base.exists() and place.account is not None:
            _say(f"{home} is closed to the user “{place.account.pw_name}”: {name} lives in {place.base}.")
    try:
        place.make_folder(place.base)
    except OSError as error:
        raise EmbeddedServerError(
            f"{place.base} cannot be used ({error.strerror}): set ROLLCALL_HOME to a folder of your own."
        ) from error
    return place


def make_system_store() -> None:
    """Make the folder for what the servers' user could not reach elsewhere."""
    SYSTEM_STORE.mkdir(mode=0o755, parents=True, exist_ok=True)


@contextlib.contextmanager
def locked(home: Path) -> Iterator[None]:
    """Let one process at a time start or stop the servers of `home`, which is made when missing.

    The kernel releases the lock when its holder dies.
    """
    try:
        if not home.exists():
            home.mkdir(parents=True, exist_ok=True)
            # Others may walk through it, because the servers' user has to, but not look around.
            home.chmod(0o711 if os.geteuid() == 0 else 0o700)
        handle = os.open(home / ".servers.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise EmbeddedServerError(
            f"{home} cannot be written ({error.strerror}): set ROLLCALL_HOME to a folder of your own."
        ) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def programs_of(package: str, inside: str, account: pwd.struct_passwd | None) -> Path:
    """The folder of a wheel's programs, or of a copy when the servers' user cannot reach the wheel."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise EmbeddedServerError(f"The Python package {package} is missing: run ./start, which installs it.")
    origin = Path(spec.origin).parent
    programs = origin / inside / "bin"
    sample = max(programs.iterdir())
    if account is None or (_can_enter(account, programs) and _allows(account, sample, 5)):
        return programs
    # Named after what it holds: an upgraded wheel gets its own copy, and a running server keeps its files.
    mark = short_mark(f"{sample.stat().st_size} {sample.stat().st_mtime_ns}".encode())
    copy = SYSTEM_STORE / f"{package}-{mark}"
    make_system_store()
    with locked(SYSTEM_STORE):
        if not copy.exists():
            _say(f"{programs} is closed to the user “{account.pw_name}”: copying the programs to {copy}.")
            _copy_programs(origin, inside, copy)
    return copy / package / inside / "bin"


def _copy_programs(origin: Path, inside: str, copy: Path) -> None:
    """Copy programs and their libraries for everybody to run; `copy` appears when it is complete."""
    fresh = Path(tempfile.mkdtemp(dir=SYSTEM_STORE))
    shutil.copytree(origin / inside, fresh / origin.name / inside, symlinks=True)
    libraries = origin.with_name(f"{origin.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, fresh / libraries.name)
    for path in [fresh, *fresh.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    fresh.replace(copy)


def _server_account() -> pwd.struct_passwd | None:
    """The user that servers run as when root starts them; None when the caller is an ordinary user."""
    if os.geteuid() != 0:
        return None
    for name in ("rollcall", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise EmbeddedServerError(
        "PostgreSQL refuses to run as root and there is no user “nobody”: "
        "run Rollcall as an ordinary user, or set DATABASE_URL and REDIS_URL."
    )


def _allows(account: pwd.struct_passwd, path: Path, bits: int) -> bool:
    """Whether the permissions of `path` allow `account` these bits (read 4, write 2, run or enter 1)."""
    status = path.stat()
    shift = 6 if status.st_uid == account.pw_uid else 3 if status.st_gid == account.pw_gid else 0
    return (stat.S_IMODE(status.st_mode) >> shift) & bits == bits


def _can_enter(account: pwd.struct_passwd, folder: Path) -> bool:
    """Whether `account` can walk into `folder`; a folder that is still missing will let it."""
    real = folder.resolve()
    return all(_allows(account, part, 1) for part in [real, *real.parents] if part.exists())


def write_private(path: Path, content: str) -> Path:
    """Replace a file as a whole; it is readable by its owner alone from its first byte."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(content)
    return fresh.replace(path)


def short_mark(content: bytes) -> str:
    """Twelve letters that stand for `content`."""
    return hashlib.sha256(content).hexdigest()[:12]


def first_number(path: Path) -> int:
    """The process number that a pid file begins with; 0 when there is none."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(path.read_text().split()[0])
    return 0


def command_line(pid: int) -> str:
    """The command line of a live process; empty when there is no such process."""
    if pid <= 0:
        return ""
    if Path("/proc/self/cmdline").exists():
        with contextlib.suppress(OSError):
            return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" "))
        return ""
    command = ["/bin/ps", "-o", "command=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603


def end_process(pid: int, mark: str, *, patience: float) -> None:
    """Wait `patience` seconds for a process to end, then kill it if its command line shows `mark`."""
    deadline = time.monotonic() + patience
    while mark in command_line(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    if mark in command_line(pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def log_tail(log: Path) -> str:
    """The last lines of a log on one line; empty when there is none."""
    with contextlib.suppress(OSError):
        return " ".join(log.read_text(errors="replace").split("\n")[-4:]).strip()
    return ""


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
