"""The set-up that ./start and ./test share, on nothing but Python 3.11 or later.

It makes the virtual environment, installs the locked packages into it, and finds or installs the system
libraries that letters (Pango, HarfBuzz) and browser tests (Chromium) need. What is there already is left
alone, so that a second run takes a fraction of a second. Standard library only: it runs before anything is
installed.
"""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)

from tools.progress import StepFailedError, run  # noqa: E402 - the path above comes first

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "rollcall-packages"
LOGS = VENV / "logs"
UV = "uv==0.13.9"

# What WeasyPrint loads while it runs: names of the library on Linux and on macOS, Debian's package of it.
LIBRARIES = (
    ("libgobject-2.0.so.0", "libgobject-2.0.dylib", "libglib2.0-0"),
    ("libpango-1.0.so.0", "libpango-1.0.dylib", "libpango-1.0-0"),
    ("libpangoft2-1.0.so.0", "libpangoft2-1.0.dylib", "libpangoft2-1.0-0"),
    ("libharfbuzz.so.0", "libharfbuzz.dylib", "libharfbuzz0b"),
    ("libharfbuzz-subset.so.0", "libharfbuzz-subset.dylib", "libharfbuzz-subset0"),
    ("libfontconfig.so.1", "libfontconfig.dylib", "libfontconfig1"),
)
# What the driver of browser tests needs on Linux besides Chromium.
DRIVER_LIBRARY, DRIVER_PACKAGE = "libatomic.so.1", "libatomic1"
# The first of these that is there runs the tests: the shell draws no window and takes a third of the time.
BROWSER_PACKAGE = "chromium-headless-shell"  # of Debian
BROWSERS = (BROWSER_PACKAGE, "chromium", "chromium-browser", "google-chrome")
# The same libraries where Debian's packages are not to be had.
OTHER_SYSTEMS = (
    ("brew", "brew install pango harfbuzz", "brew install --cask chromium"),
    ("dnf", "sudo dnf install -y pango harfbuzz", "sudo dnf install -y chromium"),
    ("apk", "sudo apk add pango harfbuzz-subset", "sudo apk add chromium"),
    ("pacman", "sudo pacman -S --noconfirm pango harfbuzz", "sudo pacman -S --noconfirm chromium"),
)


def main(arguments: list[str]) -> int:
    """Set up, then run the application (`start`), pytest (`test`) or nothing more (`only`)."""
    what, *rest = arguments
    os.chdir(ROOT)
    try:
        set_up(with_tests=what != "start")
    except StepFailedError as error:
        print(error, file=sys.stderr)
        return 1
    if what == "start":
        os.execv(PYTHON, [str(PYTHON), "-m", "tools.start", *rest])  # noqa: S606 - our interpreter
    return run_tests(rest) if what == "test" else 0


def set_up(*, with_tests: bool) -> None:
    """Make everything that `./start`, or with_tests `./test`, needs; StepFailedError says what to do."""
    with Path(__file__).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two terminals may start at the same time
        install_system_packages(with_browser=with_tests)
        make_environment()
        install_packages(with_tests=with_tests)
        if with_tests:
            check_browser()


# --- packages of the operating system


def install_system_packages(*, with_browser: bool) -> None:
    """Install missing system packages with apt as root on Debian and its kin; else say how to, and stop."""
    missing = [package for linux, mac, package in LIBRARIES if not _loads(linux, mac)]
    if with_browser and not _browser() and _distribution() == "debian":
        missing.append(BROWSER_PACKAGE)
    if with_browser and sys.platform == "linux" and not _loads(DRIVER_LIBRARY, ""):
        missing.append(DRIVER_PACKAGE)
    if importlib.util.find_spec("ensurepip") is None:  # Debian packs it apart from Python
        missing.append(f"python3.{sys.version_info.minor}-venv")
    if not missing:
        return
    if not (_may_install() and shutil.which("apt-get")):
        raise StepFailedError(f"Rollcall needs packages that are missing here. Run: {_advice(missing)}")
    apt_install(missing)


def apt_install(packages: list[str]) -> None:
    """Install Debian packages without asking anything."""
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    run("Updating the list of system packages", ["apt-get", "update"], LOGS / "apt-update", **quiet)
    title = f"Installing system packages ({', '.join(packages)})"
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    run(title, command, LOGS / "apt-install", **quiet)


def check_browser() -> None:
    """Make sure that browser tests find a Chromium; StepFailedError gives the line to run if not."""
    if _browser():
        return
    command: list[str | Path] = [
        PYTHON,
        "-m",
        "playwright",
        "install",
        "--with-deps",
        "--only-shell",
        "chromium",
    ]
    if _may_install():
        run("Installing Chromium", command, LOGS / "chromium")
        return
    advice = next((browser for tool, _, browser in OTHER_SYSTEMS if shutil.which(tool)), None)
    raise StepFailedError(
        f"Browser tests need Chromium. Run: {advice or 'sudo ' + ' '.join(str(part) for part in command)}"
    )


def _loads(linux: str, mac: str) -> bool:
    for name in (mac, f"/opt/homebrew/lib/{mac}") if sys.platform == "darwin" else (linux,):
        try:
            ctypes.CDLL(name)
        except OSError:
            continue
        return True
    return False


def _browser() -> bool:
    """Whether Chromium is on the path, or fetched by Playwright before."""
    fetched = Path.home() / (
        "Library/Caches/ms-playwright" if sys.platform == "darwin" else ".cache/ms-playwright"
    )
    return any(map(shutil.which, BROWSERS)) or any(fetched.glob("chromium*-*"))


def _distribution() -> str:
    """`debian`, `ubuntu` and so on; empty when the system does not say."""
    try:
        return platform.freedesktop_os_release().get("ID", "")
    except OSError:
        return ""


def _may_install() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _advice(packages: list[str]) -> str:
    """The one line that installs what is missing on this system."""
    if shutil.which("apt-get"):
        return f"sudo apt-get install -y --no-install-recommends {' '.join(packages)}"
    known = next((libraries for tool, libraries, _ in OTHER_SYSTEMS if shutil.which(tool)), None)
    return (
        known or "your system's package manager for Pango 1.44 or later and HarfBuzz with its subset library"
    )


# --- Python packages


def make_environment() -> None:
    """Make .venv unless a working one of a Python that is new enough is there."""
    if PYTHON.exists():
        # pip comes last when an environment is made: with it, the environment is whole.
        test: list[str | Path] = [PYTHON, "-c", "import sys, pip; sys.exit(sys.version_info < (3, 11))"]
        if subprocess.run(test, check=False, capture_output=True).returncode == 0:  # noqa: S603
            return
    if VENV.exists():
        shutil.rmtree(VENV)
    run("Making the virtual environment", [sys.executable, "-m", "venv", VENV], LOGS / "venv")


def install_packages(*, with_tests: bool) -> None:
    """Install exactly what uv.lock says: for running alone, or with everything that tests and checks need."""
    wanted = _fingerprint(with_tests=with_tests)
    present = STAMP.read_text() if STAMP.exists() else ""
    everything = _fingerprint(with_tests=True)
    if present in (wanted, everything):
        return
    # Whoever has run the tests here keeps what they need when a later ./start updates the packages.
    with_tests = with_tests or present.endswith("tests")
    STAMP.unlink(missing_ok=True)
    uv = VENV / "bin" / "uv"
    if not uv.exists() or UV.split("==")[1] not in _output([uv, "--version"]):
        pip: list[str | Path] = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--quiet", UV]
        run("Installing uv", pip, LOGS / "uv")
    environment = {
        "UV_PROJECT_ENVIRONMENT": str(VENV),
        "UV_PYTHON": str(PYTHON),
        "UV_PYTHON_DOWNLOADS": "never",
        # A school's proxy signs with a certificate of its own, which only the system knows.
        "UV_SYSTEM_CERTS": os.environ.get("UV_SYSTEM_CERTS", "true"),
    }
    groups = ["--all-groups"] if with_tests else ["--no-dev"]
    run("Installing Python packages", [uv, "sync", "--frozen", *groups], LOGS / "uv-sync", **environment)
    STAMP.write_text(_fingerprint(with_tests=with_tests))


def _fingerprint(*, with_tests: bool) -> str:
    """What the packages depend on, in one line; it ends with `tests` when they hold what tests need."""
    lock = hashlib.sha256((ROOT / "uv.lock").read_bytes()).hexdigest()
    return f"{lock} {'tests' if with_tests else 'running'}"


def _output(command: list[str | Path]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603


# --- tests

# A worker that has nothing left takes from the other; the slowest are named, so that none creeps in.
ON_TWO_CORES = ("-n", "2", "--dist", "worksteal", "--durations", "25")


def run_tests(arguments: list[str]) -> int:
    """Run pytest, on two cores when nothing else is asked for; stop the servers that the tests started."""
    servers: list[str | Path] = [PYTHON, "-m", "attendance_site.embedded"]
    before = _output([*servers, "status", "--tests"])
    # Dozens of processes of the tests import the same modules: compile each of them once
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    command = [PYTHON, "-m", "pytest", *(arguments or ON_TWO_CORES)]
    try:
        return subprocess.call(command, env=environment)  # noqa: S603
    except KeyboardInterrupt:
        return 130
    finally:
        if not before:
            _output([*servers, "stop", "--tests"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
