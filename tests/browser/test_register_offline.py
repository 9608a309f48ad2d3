"""Marks typed without the network: they arrive once, in order, with their time, and none is lost silently."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.core.servers.basehttp import ThreadedWSGIServer
from django.utils.module_loading import import_string
from django_scopes import scopes_disabled
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import School, User
from registers.models import ClassGroup, MarkEntry, ReceivedEntry
from tests.browser.conftest import NARROW, WIDE, OpenPage, overflow_of, violations_of
from tests.cast import SignIn
from tests.registers.taking import SURNAMES, Morning, make_morning, mark, standing

pytestmark = pytest.mark.django_db(transaction=True)

BAR = "#unsaved"
BOARD = "/s/hill/registers/2025-11-11/"


@pytest.fixture
def morning(present_moment: Callable[[str], None], school: School, class_group: ClassGroup) -> Morning:
    present_moment("2025-11-11T08:56")
    return make_morning(school, class_group)


class SameAddress(ThreadedWSGIServer):
    """A server that takes the address of the one before it, as a restarted one does."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.opened: list[socket.socket] = []
        super().__init__(*arguments, **{**options, "allow_reuse_address": True})

    def get_request(self) -> Any:
        """Keep each connection, to cut it when the server ends."""
        request, address = super().get_request()
        self.opened.append(request)
        return request, address


class Server:
    """A server of its own, which can be stopped and started again at the same address."""

    def __init__(self) -> None:
        self.address = "localhost"
        self.start()
        self.address = f"localhost:{self.live.thread.port}"

    def start(self) -> None:
        """Start the server, the first time at any free port."""
        self.live = LiveServer(self.address, start=False)
        self.live.thread.server_class = SameAddress
        self.live.start()

    def stop(self) -> None:
        """End the server with every connection to it, also those that browsers hold open."""
        httpd = self.live.thread.httpd
        self.live.stop()
        for connection in httpd.opened:
            with suppress(OSError):  # closed already
                connection.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def server(transactional_db: None) -> Iterator[Server]:
    made = Server()
    yield made
    made.stop()


def ready(page: Page) -> Page:
    """Wait until the register's scripts are at work."""
    expect(page.locator("#register-form[data-ready]")).to_be_visible()
    return page


@pytest.fixture
def register(open_page: OpenPage, morning: Morning, class_teacher: User) -> Page:
    return ready(open_page(morning.url, class_teacher))


def become(context: BrowserContext, user: User, sign_in: SignIn, settings: Settings, url: str) -> None:
    """Let somebody sign in on this browser."""
    cookie = sign_in(user).cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": url}])


def kept(page: Page) -> list[dict[str, Any]]:
    """Return what waits in the browser, whoever it belongs to."""
    texts: list[str] = page.evaluate(
        "Object.keys(localStorage).filter((k) => k.startsWith('rollcall.mark.')).map((k) => localStorage[k])"
    )
    return [json.loads(text) for text in texts]


def history() -> list[tuple[str, str | None, str]]:
    """Return every change: surname, new code and reason, in the order of the chain."""
    with scopes_disabled():
        return list(
            MarkEntry.objects.order_by("batch__number").values_list(
                "pupil__surname", "new_code", "batch__reason"
            )
        )


class TestAnOutage:
    def test_loses_no_mark_of_thirty_and_doubles_none(
        self,
        open_page: OpenPage,
        present_moment: Callable[[str], None],
        school: School,
        class_group: ClassGroup,
        class_teacher: User,
        server: Server,
    ) -> None:
        present_moment("2025-11-11T08:56")
        morning = make_morning(school, class_group, pupils=30)
        page = open_page(BOARD, class_teacher)
        page.goto(f"{server.live.url}{morning.url}")
        ready(page)
        for _ in range(8):
            page.keyboard.press("/")
        expect(page.locator(BAR)).to_have_text("· all saved")
        page.context.set_offline(True)
        server.stop()

        for key in ["n", *["/"] * 20, "i"]:
            page.keyboard.press(key)

        expect(page.locator(BAR)).to_have_text("· 22 waiting for the connection")
        expect(page.locator("#count")).to_have_text("30 of 30 marked")
        assert len(history()) == 8
        context = page.context
        page.close()

        # The server comes back an hour later, and the person opens another page of it.
        present_moment("2025-11-11T09:40")
        server.start()
        context.set_offline(False)
        page = context.new_page()
        page.goto(f"{server.live.url}{BOARD}")
        expect(page.locator(".outbox")).to_contain_text("22 marks that waited were saved.")

        codes = ["/"] * 8 + ["N"] + ["/"] * 20 + ["I"]
        late = "Marked at 8:56am without a connection, received 9:40am"
        assert history() == [
            (pupil.surname, code, "" if place < 8 else late)
            for place, (pupil, code) in enumerate(zip(morning.pupils, codes, strict=True))
        ]
        with scopes_disabled():
            assert ReceivedEntry.objects.count() == 30
            times = list(MarkEntry.objects.order_by("batch__number").values_list("batch__at", flat=True))
        assert times == sorted(times)
        assert len(set(times[8:])) == 22
        assert kept(page) == []

    def test_of_the_answer_alone_does_not_write_twice(self, register: Page, morning: Morning) -> None:
        # The first request arrives and its answer is lost.
        lost: list[str] = []

        def lose(route: Any) -> None:
            if lost:
                route.continue_()
                return
            lost.append(route.request.url)
            route.fetch()
            route.abort()

        register.route("**/marks/", lose)
        register.keyboard.press("n")

        expect(register.locator(BAR)).to_have_text("· all saved", timeout=10_000)
        assert len(lost) == 1
        assert history() == [("Abbot", "N", "")]

    def test_keeps_the_page_at_work_when_it_ends(self, register: Page, morning: Morning) -> None:
        register.context.set_offline(True)
        register.keyboard.press("n")
        expect(register.locator(BAR)).to_have_text("· 1 waiting for the connection")
        assert violations_of(register) == []
        register.keyboard.press("/")
        expect(register.locator(BAR)).to_have_text("· 2 waiting for the connection")

        register.context.set_offline(False)
        expect(register.locator(BAR)).to_have_text("· all saved", timeout=10_000)

        assert [entry[:2] for entry in history()] == [("Abbot", "N"), ("Baker", "/")]
        focused = "document.activeElement.closest('tr')?.dataset.name"
        assert register.evaluate(focused) == "Robin Carter"

    def test_replaces_a_slip_that_was_not_sent_and_follows_one_that_was(
        self, register: Page, morning: Morning
    ) -> None:
        register.context.set_offline(True)
        register.keyboard.press("n")
        expect(register.locator(BAR)).to_have_text("· 1 waiting for the connection")
        register.wait_for_timeout(600)  # it was tried: it may have arrived
        for key in ("ArrowUp", "l", "ArrowUp", "i"):
            register.keyboard.press(key)

        register.context.set_offline(False)
        expect(register.locator(BAR)).to_have_text("· all saved", timeout=10_000)

        assert [entry[:2] for entry in history()] == [("Abbot", "N"), ("Abbot", "I")]


class TestTheBrowserKeeps:
    def test_no_name_anywhere(self, register: Page, morning: Morning) -> None:
        register.context.set_offline(True)
        register.keyboard.press("n")
        register.keyboard.press("v")
        register.keyboard.type("Visit with Robin Carter")
        register.keyboard.press("Enter")
        expect(register.locator(BAR)).to_have_text("· 2 waiting for the connection")

        found: str = register.evaluate(
            """async () => JSON.stringify([
                {...localStorage}, {...sessionStorage},
                await indexedDB.databases(), "caches" in window ? await caches.keys() : [],
                (await navigator.serviceWorker.getRegistrations()).length,
            ])"""
        )
        stored = json.loads(found)

        assert len(stored[0]) == 2
        assert stored[1:] == [{}, [], [], 0]
        names = {"robin", "tess", *(surname.lower() for surname in SURNAMES)}
        assert [name for name in names if name in found.lower()] == []

    def test_a_mark_without_its_words_and_asks_for_them_again(self, register: Page, morning: Morning) -> None:
        register.context.set_offline(True)
        register.keyboard.press("v")
        register.keyboard.type("Museum")
        register.keyboard.press("Enter")
        expect(register.locator(BAR)).to_have_text("· 1 waiting for the connection")
        context = register.context
        register.close()
        context.set_offline(False)

        page = context.new_page()
        page.goto(BOARD)
        expect(page.locator(".outbox")).to_contain_text("1 mark needs a nature or reason.")
        page.get_by_role("link", name="Open the register").click()
        ready(page)
        expect(page.locator(BAR)).to_have_text("· 1 not saved yet")
        nature = page.locator(f"#nature-{morning.pupils[0].pk}")
        expect(nature).to_be_visible()
        nature.fill("Museum")
        nature.press("Enter")

        expect(page.locator(BAR)).to_have_text("· all saved")
        assert standing(morning.session) == {"Abbot": ("V", None, "Museum")}
        assert kept(page) == []


class TestAConflict:
    @pytest.fixture
    def offline(self, register: Page) -> Page:
        register.context.set_offline(True)
        register.keyboard.press("n")
        expect(register.locator(BAR)).to_have_text("· 1 waiting for the connection")
        return register

    def test_is_none_over_the_same_mark(self, offline: Page, morning: Morning, office: User) -> None:
        mark(morning.session, morning.pupils[0], "N", by=office)

        offline.context.set_offline(False)

        expect(offline.locator(BAR)).to_have_text("· all saved", timeout=10_000)
        assert len(history()) == 1

    def test_shows_both_marks_and_lets_a_person_decide(
        self, offline: Page, morning: Morning, office: User
    ) -> None:
        mark(morning.session, morning.pupils[0], "L", by=office)
        offline.context.set_offline(False)

        note = offline.locator(f"#note-{morning.pupils[0].pk}")
        expect(note).to_contain_text("Olive Office marked L", timeout=10_000)
        expect(note).to_contain_text("you entered N")
        expect(offline.locator(BAR)).to_have_text("· 1 differs from a colleague’s")
        assert violations_of(offline) == []
        assert [entry[:2] for entry in history()] == [("Abbot", "L")]

        note.get_by_role("button", name="Use mine").click()
        expect(offline.locator(BAR)).to_have_text("· all saved")
        assert [entry[:2] for entry in history()] == [("Abbot", "L"), ("Abbot", "N")]

    def test_can_be_settled_with_keys_for_theirs(self, offline: Page, morning: Morning, office: User) -> None:
        mark(morning.session, morning.pupils[0], "L", by=office)
        offline.context.set_offline(False)
        expect(offline.locator(".entry-note")).to_be_visible(timeout=10_000)

        for key in ("ArrowUp", "Enter", "Enter"):
            offline.keyboard.press(key)

        expect(offline.locator(BAR)).to_have_text("· all saved")
        assert (
            offline.locator("#register tbody tr").first.locator(".register__glyph").inner_text()
            == "L\nLate, before the register closed"
        )
        assert [entry[:2] for entry in history()] == [("Abbot", "L")]
        assert kept(offline) == []

    def test_outlives_the_page(self, offline: Page, morning: Morning, office: User) -> None:
        mark(morning.session, morning.pupils[0], "L", by=office)
        context = offline.context
        offline.close()
        context.set_offline(False)

        page = context.new_page()
        page.goto(BOARD)
        expect(page.locator(".outbox")).to_contain_text("1 mark was not saved.")
        page.get_by_role("link", name="Open the register").click()

        expect(page.locator(".entry-note")).to_contain_text("you entered N")


class TestARegisterThatClosed:
    def test_takes_a_mark_typed_before_and_gives_one_typed_after_to_the_office(
        self,
        open_page: OpenPage,
        present_moment: Callable[[str], None],
        morning: Morning,
        class_teacher: User,
    ) -> None:
        present_moment("2025-11-11T09:19:57")
        page = ready(open_page(morning.url, class_teacher))
        page.context.set_offline(True)
        page.keyboard.press("n")
        page.wait_for_timeout(3500)
        page.keyboard.press("i")
        expect(page.locator(BAR)).to_have_text("· 2 waiting for the connection")

        present_moment("2025-11-11T09:40")
        page.context.set_offline(False)

        note = page.locator(f"#note-{morning.pupils[1].pk}")
        expect(note).to_contain_text("This register closed at 9:20am, before you typed this.", timeout=10_000)
        expect(page.locator(BAR)).to_have_text("· 1 not saved")
        assert [entry[:2] for entry in history()] == [("Abbot", "N")]
        page.reload()
        expect(page.locator(".outbox")).to_contain_text("Robin Baker: I, typed")
        expect(page.locator(".outbox")).to_contain_text("ask the office")
        assert violations_of(page) == []
        page.get_by_role("button", name="Remove from this list").click()
        assert kept(page) == []

    def test_asks_the_office_for_a_reason_in_place(
        self,
        open_page: OpenPage,
        present_moment: Callable[[str], None],
        morning: Morning,
        office: User,
    ) -> None:
        mark(morning.session, morning.pupils[0], "N", by=office)
        present_moment("2025-11-11T10:30")
        page = ready(open_page(morning.url, office))
        for key in ("Control+Home", "End", "ArrowLeft", "m"):
            page.keyboard.press(key)

        note = page.locator(f"#note-{morning.pupils[0].pk}")
        expect(note).to_contain_text("The register has closed: say why the mark changes.")
        assert violations_of(page) == []
        note.get_by_label("Reason").fill("The parent rang")
        note.get_by_label("Reason").press("Enter")

        expect(page.locator(BAR)).to_have_text("· all saved")
        assert history()[-1] == ("Abbot", "M", "The parent rang")

    def test_takes_the_reason_of_the_page_for_what_was_typed_before_it(
        self,
        open_page: OpenPage,
        present_moment: Callable[[str], None],
        morning: Morning,
        office: User,
    ) -> None:
        mark(morning.session, morning.pupils[0], "N", by=office)
        present_moment("2025-11-11T10:30")
        page = ready(open_page(morning.url, office))
        for key in ("Control+Home", "End", "ArrowLeft", "m"):
            page.keyboard.press(key)
        expect(page.locator(f"#note-{morning.pupils[0].pk}")).to_contain_text("say why the mark changes")

        page.get_by_label("Reason for the change").fill("The late book has it")
        page.keyboard.press("Control+Enter")

        expect(page.locator(BAR)).to_have_text("· all saved")
        assert history()[-1] == ("Abbot", "M", "The late book has it")

    def test_lets_a_mark_that_was_put_back_be(
        self,
        open_page: OpenPage,
        present_moment: Callable[[str], None],
        morning: Morning,
        office: User,
    ) -> None:
        mark(morning.session, morning.pupils[0], "N", by=office)
        present_moment("2025-11-11T10:30")
        page = ready(open_page(morning.url, office))
        for key in ("Control+Home", "End", "ArrowLeft", "m"):
            page.keyboard.press(key)
        expect(page.locator(f"#note-{morning.pupils[0].pk}")).to_contain_text("say why the mark changes")
        for key in ("Control+Home", "End", "ArrowLeft", "n"):
            page.keyboard.press(key)
        before = history()

        page.get_by_label("Reason for the change").fill("The late book has it")
        page.keyboard.press("Control+Enter")

        expect(page.get_by_text("Saved.").first).to_be_attached()
        assert history() == before


class TestSigningOut:
    def test_meanwhile_keeps_the_marks_until_the_same_person_is_back(
        self,
        register: Page,
        morning: Morning,
        class_teacher: User,
        office: User,
        sign_in: SignIn,
        settings: Settings,
        live_server: LiveServer,
    ) -> None:
        for cookie in register.context.cookies():
            if cookie["name"] == settings.SESSION_COOKIE_NAME:
                import_string(f"{settings.SESSION_ENGINE}.SessionStore")(cookie["value"]).delete()
        register.keyboard.press("n")
        bar = register.locator(".register-bar")
        expect(bar).to_contain_text("You are signed out. Sign in again in a new tab")
        expect(register.locator(BAR)).to_have_text("· 1 waiting for you to sign in")

        become(register.context, office, sign_in, settings, live_server.url)
        other = register.context.new_page()
        other.goto(BOARD)
        expect(bar).to_contain_text("Somebody else is signed in here.", timeout=10_000)
        expect(other.locator(".outbox")).to_have_count(0)
        assert history() == []
        assert len(kept(other)) == 1

        # Signing in also makes the token of the open page worthless.
        become(register.context, class_teacher, sign_in, settings, live_server.url)
        token = {"name": settings.CSRF_COOKIE_NAME, "value": "x" * 32, "url": live_server.url}
        register.context.add_cookies([token])  # type: ignore[list-item]
        expect(register.locator(BAR)).to_have_text("· all saved", timeout=10_000)
        assert history() == [("Abbot", "N", "")]
        assert kept(register) == []

    def test_is_warned_of_while_marks_wait_and_does_not_wipe_them(
        self, register: Page, morning: Morning
    ) -> None:
        register.route("**/marks/", lambda route: route.abort())
        register.keyboard.press("n")
        expect(register.locator(BAR)).to_have_text("· 1 waiting for the connection")

        register.get_by_role("button", name="Sign out").click()
        warning = register.get_by_role("alert").filter(has_text="1 mark is not saved yet")
        expect(warning).to_be_visible()
        register.get_by_role("button", name="Stay signed in").click()
        expect(warning).to_have_count(0)
        register.get_by_role("button", name="Sign out").click()
        register.get_by_role("button", name="Sign out all the same").click()

        register.wait_for_url("**/accounts/login/**")
        assert len(kept(register)) == 1

    def test_wipes_the_browser_when_nothing_waits(self, register: Page, morning: Morning) -> None:
        register.evaluate("localStorage.setItem('other', '1')")
        register.get_by_role("button", name="Sign out").click()

        register.wait_for_url("**/accounts/login/**")
        assert register.evaluate("localStorage.length") == 0


class TestSmallAndWideScreens:
    @pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
    def test_show_what_waits_without_violation(
        self, open_page: OpenPage, morning: Morning, class_teacher: User, viewport: dict[str, int]
    ) -> None:
        page = ready(open_page(morning.url, class_teacher, viewport=viewport))
        page.context.set_offline(True)
        page.evaluate("document.getElementById('fill').click()")
        expect(page.locator(BAR)).to_have_text("· 3 waiting for the connection")
        assert (violations_of(page), overflow_of(page)) == ([], 0)
        context = page.context
        page.close()
        context.set_offline(False)
        context.route("**/marks/", lambda route: route.abort())
        page = context.new_page()
        page.goto(BOARD)
        expect(page.locator(".outbox")).to_contain_text("3 marks wait for the connection.")
        assert (violations_of(page), overflow_of(page)) == ([], 0)
