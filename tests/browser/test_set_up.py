"""The pages on which a school is set up in a real browser: by keyboard, by phone, without scripts."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time

import pytest
from django_scopes import scope
from playwright.sync_api import expect

from accounts.models import School, User
from accounts.people import system_user
from registers.models import CalendarPeriod, ClassGroup, Pupil, Session
from registers.services.calendar import set_calendar
from tests.browser.conftest import NARROW, PHONE, WIDE, OpenPage, overflow_of, small_targets, violations_of
from tests.calendars import periods_of
from tests.factories.registers import DayTimesFactory, MarkFactory

pytestmark = pytest.mark.django_db(transaction=True)
SCHOOL = "/s/hill/school/"
TUESDAY = date(2025, 11, 18)


@pytest.fixture(autouse=True)
def mid_morning(present_moment: Callable[[str], None], school: School, pupil: Pupil) -> None:
    """Half past ten on a Tuesday: the morning is marked, and an appointment known for the afternoon."""
    present_moment("2025-11-18T10:30")
    for half in ("AM", "PM"):
        DayTimesFactory(school=school, half=half)
    with scope(school=school):
        set_calendar(school, periods_of(2025), by=system_user(), at=datetime(2025, 7, 1, tzinfo=UTC))
        for half, code in (("AM", "/"), ("PM", "M")):
            MarkFactory(session=Session.objects.get(on=TUESDAY, half=half), pupil=pupil, code_id=code)


class TestAnEmergency:
    @pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
    def test_is_declared_on_a_phone_in_two_steps(
        self, open_page: OpenPage, office: User, school: School, scripts: bool
    ) -> None:
        page = open_page(f"{SCHOOL}closures/emergency/", office, viewport=PHONE, scripts=scripts)
        page.get_by_label("What happened?").fill("Boiler failure")
        page.get_by_role("button", name="Check what changes").click()
        expect(page.get_by_text("1 session no longer held: Tue 18 Nov PM.")).to_be_visible()

        page.get_by_role("button", name="Close the school").click()

        expect(page.get_by_role("alert")).to_contain_text("The school is closed: Boiler failure.")
        with scope(school=school):
            assert Session.objects.get(on=TUESDAY, half="PM").status == "cancelled"

    def test_is_shown_when_return_is_pressed_and_nothing_is_done(
        self, open_page: OpenPage, office: User, school: School
    ) -> None:
        page = open_page(f"{SCHOOL}closures/emergency/", office)
        page.get_by_label("What happened?").fill("Boiler failure")
        page.get_by_label("What happened?").press("Enter")
        expect(page.get_by_role("heading", name="What changes")).to_be_visible()
        page.get_by_label("What happened?").press("Enter")

        expect(page.get_by_role("heading", name="What changes")).to_be_visible()
        with scope(school=school):
            assert not CalendarPeriod.objects.filter(kind="emergency_closure").exists()


class TestTheTimesOfTheDay:
    def test_lead_from_the_summary_to_the_time_that_is_wrong(self, open_page: OpenPage, office: User) -> None:
        page = open_page(f"{SCHOOL}times/", office)
        page.get_by_label("AM closes, Every day").fill("nine")
        page.get_by_role("button", name="Check what changes").click()

        page.locator(".govuk-error-summary a").click()

        expect(page.get_by_label("AM closes, Every day")).to_be_focused()
        assert page.title().startswith("Error: ")
        assert violations_of(page) == []

    def test_are_changed_with_the_keyboard_alone(
        self, open_page: OpenPage, office: User, school: School
    ) -> None:
        page = open_page(f"{SCHOOL}times/", office)
        page.get_by_label("AM late after, Every day").focus()
        page.keyboard.press("Control+a")
        page.keyboard.type("8:55")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="What changes")).to_be_visible()
        page.get_by_role("button", name="Save these times").press("Enter")

        expect(page.get_by_role("alert")).to_contain_text("The times hold from Mon 24 Nov")
        with scope(school=school):
            session = Session.objects.get(on=date(2025, 11, 24), half="AM")
        assert session.late_after_at.time() == time(8, 55)


class TestEveryPage:
    @pytest.mark.parametrize(
        ("viewport", "scheme"), [(WIDE, "light"), (NARROW, "dark")], ids=["wide", "narrow and dark"]
    )
    def test_has_no_violation_and_fits(
        self,
        open_page: OpenPage,
        office: User,
        school: School,
        pupil: Pupil,
        class_group: ClassGroup,
        viewport: dict[str, int],
        scheme: str,
    ) -> None:
        with scope(school=school):
            half_term = CalendarPeriod.objects.get(name="Autumn 2").pk
            closure = CalendarPeriod.objects.get(kind="closure").pk
        paths = [
            SCHOOL,
            f"{SCHOOL}details/",
            f"{SCHOOL}why/",
            f"{SCHOOL}why/{pupil.pk}/2025-11-18/",
            f"{SCHOOL}why/{pupil.pk}/2025-11-15/",
            f"{SCHOOL}times/",
            f"{SCHOOL}calendar/",
            f"{SCHOOL}calendar/2026/",
            f"{SCHOOL}half-terms/{half_term}/",
            f"{SCHOOL}half-terms/{half_term}/removal/",
            f"{SCHOOL}closures/new/",
            f"{SCHOOL}closures/{closure}/removal/",
        ]
        page = open_page(SCHOOL, office, viewport=viewport, color_scheme=scheme)

        found = {}
        for path in paths:
            page.goto(path)
            found[path] = (violations_of(page), small_targets(page, least=24), overflow_of(page))
        page.goto(f"{SCHOOL}closures/emergency/")
        page.get_by_label("What happened?").fill("Snow")
        page.get_by_label("Morning").first.check()
        page.get_by_role("button", name="Check what changes").click()
        expect(page.get_by_role("heading", name="What changes")).to_be_visible()
        found["checked"] = (violations_of(page), small_targets(page, least=24), overflow_of(page))

        assert found == {path: ([], [], 0) for path in [*paths, "checked"]}
