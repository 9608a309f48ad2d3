"""What every test gets: no network but loopback, and a browser for those that ask for one."""

import os
import shutil
import socket
from collections.abc import Iterator
from typing import Any

import pytest

pytest_plugins = ["tests.cast"]  # the people of the tests, as fixtures

LOOPBACK = {"localhost", "127.0.0.1", "::1", ""}

# Playwright keeps an event loop in the test's thread, which Django takes for a request that may not block.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


# What takes longest begins first, so that no worker sits idle at the end while another is at a long test.
LONGEST = (
    "tests/registers/test_state_machine.py",
    "tests/browser/test_outcome.py",
    "tests/browser/test_every_page.py",
    "tests/demo/test_benchmark.py",
    "tests/whole/test_access.py",
)


class NetworkBlockedError(RuntimeError):
    """A test reached for another machine."""


def _guard(name: str, place: int) -> None:
    """Make `socket.NAME` refuse any address but loopback; `place` is the address among its arguments."""
    owner = socket if name == "getaddrinfo" else socket.socket
    original = getattr(owner, name)

    def guarded(*arguments: Any, **options: Any) -> Any:
        address = arguments[place] if len(arguments) > place else options.get("host")
        # A text or bytes address of connect() is a Unix socket's path; getaddrinfo() takes the host alone.
        host = address if name == "getaddrinfo" else address[0] if isinstance(address, tuple) else ""
        host = host.decode() if isinstance(host, bytes) else host or ""
        if host not in LOOPBACK:
            raise NetworkBlockedError(f"a test reached for {host}; only loopback addresses are open to tests")
        return original(*arguments, **options)

    setattr(owner, name, guarded)


def pytest_configure() -> None:
    """Close the network before the first import of a test."""
    for name, place in (("connect", 1), ("connect_ex", 1), ("getaddrinfo", 0)):
        _guard(name, place)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; the others stay in whatever order they were shuffled into."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.nodeid.split("::")[0], len(places)))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Run the system's Chromium, cut off from everything but this machine."""
    options = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    options += ["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]
    options += ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"]
    if os.geteuid() == 0:
        options.append("--no-sandbox")  # Chromium refuses its sandbox to root
    # The shell, which draws no window, opens a page with a third of the work.
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    # Without one on the path Playwright takes the browser that `playwright install chromium` fetched.
    return {**browser_type_launch_args, "args": options, **({"executable_path": found} if found else {})}


@pytest.fixture(scope="session", autouse=True)
def _files_lie_apart(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the files that tests store out of the folder of the installation."""
    from django.conf import settings

    settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Say in the test database that it is one: only there may the history be emptied, between tests."""
    from django.db import connection

    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS rollcall_test_database ()")
    yield
    # A browser that is closed in the middle of a request can leave a server thread's connection behind,
    # and PostgreSQL drops no database in use.
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
