"""
A browser at the application itself: signed in without typing, on a day of the calendar that the test chose.

The present moment is set as on a demo (ROLLCALL_NOW with demo data and DEBUG), because the browser has a
clock of its own that no test can stop.
"""

import time
from collections.abc import Callable, Iterator
from threading import get_ident
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.core.signals import request_finished, request_started
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.cast import SignIn
from tests.factories.accounts import InstallationFactory

WIDE = {"width": 1280, "height": 800}
NARROW = {"width": 320, "height": 640}
PHONE = {"width": 360, "height": 740}

# What is awaited is there at once, but on a machine that does much else; what has to be quick says so itself.
expect.set_options(timeout=20_000)

# Opens a page at an address of the application, as a person, in a window of a size, with or without scripts.
OpenPage = Callable[..., Page]


@pytest.fixture
def present_moment(settings: Settings, transactional_db: None) -> Callable[[str], None]:
    """Return a function that sets the present moment (local ISO time) of the server under test."""
    settings.DEBUG = True
    InstallationFactory(is_demo=True)

    def set_moment(said: str) -> None:
        settings.ROLLCALL_NOW = said

    return set_moment


@pytest.fixture
def open_page(
    browser: Browser, live_server: LiveServer, sign_in: SignIn, settings: Settings
) -> Iterator[OpenPage]:
    """Return a function that opens a page; a script's error or a refused resource fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def opened(
        path: str,
        user: User | None = None,
        *,
        viewport: dict[str, int] = WIDE,
        scripts: bool = True,
        **options: Any,
    ) -> Page:
        context = browser.new_context(
            viewport=viewport,
            java_script_enabled=scripts,
            base_url=live_server.url,
            **options,  # type: ignore[arg-type]
        )
        contexts.append(context)
        if user is not None:
            cookie = sign_in(user).cookies[settings.SESSION_COOKIE_NAME]
            context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                complaints.append(message.text) if "Content Security Policy" in message.text else None
            ),
        )
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    wait_for_the_server()
    assert complaints == []


# Requests of this process that are being answered: a slow one is between two statements most of the time.
under_way: set[int] = set()
request_started.connect(lambda **_: under_way.add(get_ident()), weak=False)
request_finished.connect(lambda **_: under_way.discard(get_ident()), weak=False)


def wait_for_the_server() -> None:
    """
    Wait until the server under test has answered everything; pages ask until the moment they close.

    A connection that only stands open does no harm: what is waited for is that no request is being answered
    and no connection at work, at five looks in a row.
    """
    at_work = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND state <> 'idle'"
    )
    until, quiet = time.monotonic() + 10, 0
    with connection.cursor() as cursor:
        while quiet < 5 and time.monotonic() < until:
            cursor.execute(at_work)
            quiet = quiet + 1 if cursor.fetchone() == (0,) and not under_way else 0
            time.sleep(0.02)
    under_way.clear()


def violations_of(page: Page) -> list[str]:
    """Return what axe finds wrong with a page: rule and element, one line each."""
    if not page.evaluate("'axe' in window"):  # once for each document, whatever its width
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate("axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations)")
    return [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]]


def small_targets(page: Page, *, least: int) -> list[str]:
    """Return visible controls and links smaller than so many CSS pixels; links in sentences are exempt."""
    script = """(least) => [...document.querySelectorAll(
        "main a, main button, main select, main summary, main input:not([type=hidden])")]
      .filter((control) => {
        const target = control.closest("label") || control;
        const box = target.getBoundingClientRect();
        const visible = box.width > 0 && box.height > 0 && control.checkVisibility();
        const inSentence = control.matches("p a, li a");
        return visible && !inSentence && (box.width < least || box.height < least);
      })
      .map((control) => control.outerHTML.slice(0, 120))"""
    found: list[str] = page.evaluate(script, least)
    return found


def overflow_of(page: Page) -> int:
    """Return by how many CSS pixels a page is wider than its window."""
    wider: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wider


def sideways_tables(page: Page) -> list[str]:
    """Return the names of the tables that somebody must scroll sideways to read."""
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('.table-scroll')].filter(box => box.scrollWidth > box.clientWidth)"
        ".map(box => box.getAttribute('aria-label'))"
    )
    return found
