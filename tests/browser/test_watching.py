"""The office's home, the list of unexplained marks and the checks, in a real browser."""

from collections.abc import Callable

import pytest
from django_scopes import scopes_disabled
from playwright.sync_api import Page, expect

from accounts.models import School, User
from registers.models import ClassGroup, Mark, RegisterNudge
from tests.browser.conftest import NARROW, PHONE, OpenPage, violations_of
from tests.factories.registers import ClassGroupFactory, ContactFactory, PupilContactFactory, pupil_in_class
from tests.registers.taking import Morning, make_morning, mark

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = ("/s/hill/registers/", "/s/hill/unexplained/", "/s/hill/checks/", "/s/hill/checks/few-contacts/")


@pytest.fixture
def morning(
    present_moment: Callable[[str], None], school: School, class_group: ClassGroup, class_teacher: User
) -> Morning:
    """Tuesday 11 November at nine: Oak is not taken, an N is overdue and another is of yesterday."""
    present_moment("2025-11-11T09:00")
    made = make_morning(school, class_group)
    with scopes_disabled():
        PupilContactFactory(pupil=made.pupils[0], contact=ContactFactory(school=school))
        mark(made.sessions[0], made.pupils[0], "N", by=class_teacher)
        mark(made.sessions[10], made.pupils[1], "N", by=class_teacher)
        pupil_in_class(ClassGroupFactory(school=school, name="Elm", academic_year=2025))
    return made


class TestTheDayBoard:
    def test_shows_what_changed_without_losing_the_focus(
        self, open_page: OpenPage, office: User, class_teacher: User, morning: Morning
    ) -> None:
        page = open_page(PAGES[0], office)
        expect(page.get_by_role("link", name="AM 0 of 2 taken")).to_be_visible()
        place = f"#half-{morning.class_group.pk}-AM"
        page.locator(place).focus()
        page.evaluate("document.querySelector('h1').dataset.old = 'yes'")
        with scopes_disabled():
            mark(morning.session, morning.pupils[0], "I", by=class_teacher)

        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

        expect(page.locator(place)).to_contain_text("1 of 3 marked")
        expect(page.locator(place)).to_be_focused()
        expect(page.locator("h1")).to_have_attribute("data-old", "yes")

    def test_stays_as_it_was_when_the_server_does_not_answer(
        self, open_page: OpenPage, office: User, morning: Morning
    ) -> None:
        page = open_page(PAGES[0], office)
        page.context.set_offline(True)

        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

        expect(page.get_by_text("As of 9:00am")).to_be_visible()
        expect(page.get_by_role("link", name="AM 0 of 2 taken")).to_be_visible()

    def test_asks_a_teacher_without_a_script(
        self, open_page: OpenPage, office: User, morning: Morning
    ) -> None:
        page = open_page(PAGES[0], office, scripts=False)

        page.get_by_role("button", name="Nudge Tess Teacher to take the AM register of Oak").click()

        expect(page.get_by_text("An e-mail asks for the AM register of Oak.")).to_be_visible()
        expect(page.get_by_text("Nudged 9:00am by Olive Office")).to_be_visible()
        with scopes_disabled():
            assert RegisterNudge.objects.count() == 1


class TestTheListOfUnexplainedMarks:
    def test_is_worked_with_the_keyboard_alone(
        self, open_page: OpenPage, office: User, morning: Morning
    ) -> None:
        page = open_page(PAGES[0], office)
        page.get_by_role("link", name="1 overdue N").focus()
        page.keyboard.press("Enter")
        page.get_by_role("checkbox", name="Robin Abbot, Mon 3 Nov AM").focus()
        page.keyboard.press("Space")
        expect(page.locator("#settle-count")).to_have_text("1 ticked")
        page.get_by_label("What was it?").select_option("I")
        page.get_by_label("Reason").fill("The mother rang: a cold.")
        page.keyboard.press("Enter")

        expect(page.get_by_text("1 session settled: I, illness.")).to_be_visible()
        with scopes_disabled():
            assert Mark.objects.get(pupil=morning.pupils[0]).code_id == "I"

    def test_leads_from_the_summary_to_what_is_wrong(
        self, open_page: OpenPage, office: User, morning: Morning
    ) -> None:
        page = open_page(PAGES[1], office, scripts=False)
        page.get_by_role("button", name="Settle").click()

        summary = page.get_by_role("alert")
        expect(summary.get_by_role("link")).to_have_count(3)
        summary.get_by_role("link", name="Enter the reason").click()
        expect(page.get_by_label("Reason")).to_be_focused()


def small_targets(page: Page, least: int) -> list[str]:
    """Return the page's controls that are lower than so many pixels, links in sentences apart."""
    found: list[str] = page.evaluate(
        """(least) => [...document.querySelectorAll("main a, main button, main input, main select")]
            .filter((one) => one.offsetParent && !one.closest("p") && one.type !== "hidden")
            .filter((one) => Math.max(one.getBoundingClientRect().height,
                one.closest("li, td, th")?.getBoundingClientRect().height ?? 0) < least)
            .map((one) => one.outerHTML.slice(0, 80))""",
        least,
    )
    return found


class TestEveryPageOfTheArea:
    @pytest.mark.parametrize("path", PAGES)
    def test_has_no_fault_that_axe_finds_and_fits_a_phone(
        self, open_page: OpenPage, office: User, morning: Morning, path: str
    ) -> None:
        for viewport in (None, NARROW):
            page = open_page(path, office, **({"viewport": viewport} if viewport else {}))
            assert violations_of(page) == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert small_targets(page, 24) == []

    def test_of_the_board_has_targets_for_thumbs(
        self, open_page: OpenPage, office: User, morning: Morning
    ) -> None:
        page = open_page(PAGES[0], office, viewport=PHONE)

        heights = page.locator(".day-strip a, .tile__link, .tile__nudge button").evaluate_all(
            "(all) => all.map((one) => one.getBoundingClientRect().height)"
        )
        assert len(heights) > 3
        assert min(heights) >= 44
