"""The whole application on one machine: `./start`, and `./start --check`.

Database and broker (embedded unless DATABASE_URL or REDIS_URL name others), migrations, the demo on an empty
database, then web server, worker and beat until Ctrl-C. Loopback only.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import OperationalError, connections

from attendance_site import embedded, env
from tools.progress import StepFailedError, run, step
from tools.supervisor import Child, ChildEndedError, StopAskedError, Supervisor, supervised

READY_SECONDS = 90.0
SERVERS_LOOK_SECONDS = 5.0


def main() -> int:
    """Run until stopped; return 0 when asked to stop or checked and found well, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="./start", description="Set up and run the whole application.")
    parser.add_argument("--check", action="store_true", help="prove that everything works, then stop")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "attendance_site.settings")
    ready = False
    try:
        env.read_file()
        home = env.folder("ROLLCALL_HOME", env.ROOT / "var")
        port = env.number("PORT", 8000, least=1)
        with only_one_start(home), supervised(home / "log") as supervisor:
            prepare(supervisor, home, port)
            base = f"http://127.0.0.1:{port}"
            start_children(supervisor, home, port)
            with step("Waiting for the first page"):
                if not supervisor.wait(lambda: answers(f"{base}/healthz"), seconds=READY_SECONDS):
                    raise StepFailedError(f"{base}/healthz does not answer; see {supervisor.log}")
            if options.check:
                return check(base)
            announce(base, supervisor.log)
            ready = True
            watch(supervisor, home)
    except StopAskedError:
        return 0 if ready else 130
    except (ImproperlyConfigured, StepFailedError, ChildEndedError, CommandError) as error:
        print(error, file=sys.stderr)
    except OperationalError as error:
        print(f"The database does not answer: {str(error).splitlines()[0]}", file=sys.stderr)
    return 1


@contextlib.contextmanager
def only_one_start(home: Path) -> Iterator[None]:
    """Hold the home's lock for this run, so that two runs do not stop each other's servers."""
    with embedded.locked(home):
        lock = (home / ".start.lock").open("a+")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StepFailedError(
                f"Rollcall runs from {home} already: stop it first, or set ROLLCALL_HOME and PORT to others."
            ) from None
        yield


def prepare(supervisor: Supervisor, home: Path, port: int) -> None:
    """Bring up servers and database, and a demo when the database is empty and this is no server."""
    check_port(port)
    start_servers(supervisor, home)
    django.setup()
    from django.conf import settings

    from accounts.models import Installation, School
    from demo.services import is_behind
    from registers.clock import present_moment

    with step("Bringing the database up to date"):
        call_command("migrate", interactive=False, verbosity=0)
    if settings.DEBUG and not School.objects.exists():
        # A process of its own gives the memory back that it takes.
        run("Making the demo trust", [sys.executable, "manage.py", "demo"], supervisor.log / "demo.log")
    elif (
        settings.DEBUG and Installation.objects.filter(is_demo=True).exists() and is_behind(present_moment())
    ):
        command = [sys.executable, "manage.py", "demo", "--catch-up"]
        run("Bringing the demo trust up to today", command, supervisor.log / "demo.log")
    if not settings.DEBUG:
        with step("Collecting static files"):
            call_command("collectstatic", interactive=False, verbosity=0)
    connections.close_all()


def check_port(port: int) -> None:
    """Raise StepFailedError when somebody listens on the port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise StepFailedError(
                f"Port {port} cannot be used ({error.strerror}): try another, such as PORT={port + 1} ./start"
            ) from error


def start_servers(supervisor: Supervisor, home: Path) -> None:
    """Start the embedded servers that are wanted; those that did not run before are stopped at the end."""
    wanted: dict[str, Callable[[Path], str]] = {}
    if not env.text("DATABASE_URL"):
        wanted["postgres"] = embedded.ensure_postgres
    if not env.text("REDIS_URL"):
        wanted["redis"] = embedded.ensure_redis
    new = [name for name in wanted if name not in embedded.running(home)]
    for name in new:
        supervisor.tell_watchman(f"server {name}")
    if new:
        supervisor.afterwards.append(lambda: embedded.stop(home, *new))
    with step("Starting PostgreSQL and Redis"):
        for ensure in wanted.values():
            ensure(home)


def start_children(supervisor: Supervisor, home: Path, port: int) -> None:
    """Start web server, worker and beat."""
    gunicorn = [sys.executable, "-m", "gunicorn", "-c", "attendance_site/gunicorn_conf.py"]
    celery = [sys.executable, "-m", "celery", "-A", "attendance_site"]
    web = [*gunicorn, "attendance_site.wsgi", "--bind", f"127.0.0.1:{port}"]
    worker = [*celery, *"worker --concurrency 2 --without-gossip --without-mingle --loglevel INFO".split()]
    beat = [*celery, *"beat --pidfile= --loglevel INFO --schedule".split(), str(home / "celerybeat-schedule")]
    for name, command in (("web", web), ("worker", worker), ("beat", beat)):
        supervisor.start(Child(name, command))


def answers(url: str) -> bool:
    """Whether the page answers 200."""
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as page:  # noqa: S310 - ours
        return bool(page.status == 200)
    return False


def check(base: str) -> int:
    """Prove on the running application that it does its main job; return the exit status."""
    from demo.checkup import run_checkup

    return run_checkup(base)


def announce(base: str, log: Path) -> None:
    """Say where Rollcall is and who can sign in."""
    print(f"Rollcall runs at {base}/")
    users = demo_users(base)
    if users:
        print(f"Sign in with one click as any of {len(users)} demo users at {base}/demo/, among them:")
        first = {user["role"]: user for user in reversed(users)}
        for role, user in sorted(first.items()):
            print(f"  {role:<10} {user['email']}")
    else:
        print("There is no demo here: sign in with your own account.")
    print(f"Logs are in {log}; stop with Ctrl-C.", flush=True)


def demo_users(base: str) -> list[dict[str, str]]:
    """The people whom the demo lets in with one click; none when this is no demo."""
    try:
        with urllib.request.urlopen(f"{base}/demo/users.json", timeout=30) as page:  # noqa: S310 - ours
            return list(json.load(page))
    except urllib.error.HTTPError as error:
        error.close()
        return []


def watch(supervisor: Supervisor, home: Path) -> None:
    """Wait until somebody stops us, a child ends or an embedded server is gone."""
    wanted = set(embedded.running(home))
    while not supervisor.wait(lambda: False, seconds=SERVERS_LOOK_SECONDS):
        gone = wanted - set(embedded.running(home))
        if gone:
            raise ChildEndedError(f"Rollcall stops: the embedded {' and '.join(sorted(gone))} ended")


if __name__ == "__main__":
    sys.exit(main())
