"""A parent with one hand free reports an absence: counted, without scripts, for several children."""

import re

import pytest
from django_scopes import scopes_disabled
from playwright.sync_api import Page, expect

from absences.models import Report
from registers.models import Contact
from tests.absences.intake_world import give_terms
from tests.absences.parents_world import FIRST_HELD, LAST_HELD
from tests.browser.conftest import NARROW, PHONE, OpenPage, overflow_of, small_targets, violations_of
from tests.factories.registers import PupilContactFactory, held_sessions, pupil_in_class

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def at_home(school, pupil, parent, present_moment):
    """Tuesday 11 November 2025, ten past eight; a parent of one child at a school with Werrington's terms."""
    present_moment("2025-11-11T08:10")
    with scopes_disabled():
        held_sessions(school, FIRST_HELD, LAST_HELD)
        give_terms(school, "werrington")
    return parent


@pytest.fixture
def sister(at_home, class_group):
    """A younger sister of the pupil."""
    with scopes_disabled():
        child = pupil_in_class(class_group, forename="Wren", surname="Ashdown")
        PupilContactFactory(pupil=child, contact=Contact.objects.get(user=at_home))
    return child


class Counted:
    """A page on which taps, typed characters and documents that were loaded are counted."""

    def __init__(self, page: Page) -> None:
        self.page, self.taps, self.pages = page, 0, 1
        page.on("framenavigated", lambda frame: self._arrived() if frame == page.main_frame else None)

    def _arrived(self) -> None:
        self.pages += 1

    def tap(self, role: str, name: str) -> None:
        """Tap one control."""
        self.page.get_by_role(role, name=name, exact=True).tap()  # type: ignore[arg-type]
        self.taps += 1


def sound(page: Page) -> None:
    """Hold a page to axe, the width of a small phone, and targets for thumbs."""
    assert violations_of(page) == [], page.url
    assert overflow_of(page) <= 0, page.url
    assert small_targets(page, least=24) == [], page.url


def continue_on(page: Page) -> None:
    page.get_by_role("button", name="Continue").click()


class TestAReturningParent:
    def test_reports_today_in_four_pages_eight_taps_and_nothing_typed(self, at_home, open_page: OpenPage):
        page = open_page("/family/", at_home, viewport=PHONE, has_touch=True)
        counted = Counted(page)
        counted.tap("button", "Report an absence")
        counted.tap("radio", "Ill or unwell")
        counted.tap("button", "Continue")
        counted.tap("button", "Send the report")
        expect(page.get_by_role("heading", name="Your report is sent")).to_be_visible()

        # The landing, why, the answers, the confirmation.
        assert (counted.pages, counted.taps) == (4, 4)
        report = Report._base_manager.get()
        assert (report.reason, report.first_day.isoformat()) == ("illness", "2025-11-11")
        expect(page.get_by_text(report.reference)).to_be_visible()
        expect(page.get_by_role("link", name="01632 960001")).to_have_attribute("href", "tel:01632960001")

    def test_leaves_nothing_in_the_browser_but_the_session(self, at_home, open_page: OpenPage):
        page = open_page("/family/", at_home, viewport=PHONE)
        page.get_by_role("button", name="Report an absence").click()
        page.get_by_label("Anxious").check()
        continue_on(page)

        kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
        assert "mental" not in kept
        assert {cookie["name"] for cookie in page.context.cookies()} <= {"session", "csrf"}
        assert "mental" not in page.url


class TestWithoutScripts:
    def test_everything_can_be_said_changed_and_taken_back(self, at_home, open_page: OpenPage):
        page = open_page("/family/", at_home, viewport=PHONE, scripts=False)
        page.get_by_role("button", name="Report an absence").click()
        page.get_by_role("link", name="Another day").click()
        page.get_by_label("Other days").check()
        continue_on(page)
        page.get_by_label("First day away").select_option("2025-11-12")
        page.get_by_label("Last day away").select_option("2025-11-13")
        continue_on(page)
        continue_on(page)
        expect(page).to_have_title("Error: Why is Robin away? – Rollcall")
        page.get_by_label("Injured").check()
        continue_on(page)
        page.get_by_role("link", name="Change Note").click()
        page.get_by_label("Is there anything").fill("A broken arm.")
        continue_on(page)
        page.get_by_role("button", name="Send the report").click()
        page.get_by_role("link", name="See the report for Robin").click()

        page.get_by_role("button", name="Change the report").click()
        page.get_by_role("link", name="Change Why").click()
        page.get_by_label("Ill or unwell").check()
        continue_on(page)
        page.get_by_role("button", name="Send the change").click()
        page.get_by_role("link", name="See the report for Robin").click()
        page.get_by_role("link", name="Take it back").click()
        page.get_by_role("button", name="Take the report back").click()

        expect(page.get_by_role("heading", name="Taken back")).to_be_visible()
        told = Report._base_manager.order_by("pk").values_list("reason", "note", "state")
        assert list(told) == [
            ("injury", "A broken arm.", "replaced"),
            ("illness", "A broken arm.", "withdrawn"),
        ]


class TestSeveralChildren:
    def test_are_reported_in_one_go(self, at_home, sister, open_page: OpenPage):
        page = open_page("/family/", at_home, viewport=PHONE)
        page.get_by_role("link", name="Report several children at once").click()
        page.get_by_label("Robin Ashdown").check()
        page.get_by_label("Wren Ashdown").check()
        sound(page)
        continue_on(page)
        page.get_by_label("Ill or unwell").check()
        continue_on(page)
        page.get_by_role("button", name="Send the report").click()

        expect(page.get_by_role("heading", name="Your report is sent")).to_be_visible()
        assert Report._base_manager.values_list("pupil__forename", flat=True).distinct().count() == 2


class TestEachPage:
    @pytest.mark.parametrize("language", ["", "ur"], ids=["English", "Urdu"])
    def test_is_sound_on_the_narrowest_phone(self, at_home, open_page: OpenPage, language: str):
        page = open_page("/family/", at_home, viewport=NARROW)
        sound(page)
        if language:
            page.locator(f"button[value={language}]").click()
            expect(page.locator("html")).to_have_attribute("dir", "rtl")
        else:
            page.goto("/family/report/")
        sound(page)
        page.locator("main form button[type=submit]").click()
        sound(page)
        draft = re.sub("[^/]+/$", "", page.url)
        page.locator("main form button[type=submit]").click()
        expect(page.locator(".govuk-error-summary")).to_be_focused()
        sound(page)
        page.locator(".govuk-error-summary a").click()
        expect(page.locator("#id_reason_0")).to_be_focused()
        for reason in ("appointment", "holiday", "other", "birthday"):
            page.goto(f"{draft}reason/")
            page.locator(f"input[value={reason}]").check(force=True)
            page.locator("main form button[type=submit]").click()
            sound(page)
        for step in ("when", "days", "back", "note", "check"):
            page.goto(f"{draft}{step}/")
            sound(page)
        page.locator("main form button[type=submit]").click()
        sound(page)
        page.locator("main a[href*='/family/reports/']").first.click()
        sound(page)
        page.locator("main a[href$='withdrawal/']").click()
        sound(page)
        page.goto("/family/reports/")
        sound(page)
