"""Joining, leaving, moving and going up a year in a browser: keyboard, phone, without scripts, and axe."""

from datetime import date

import pytest
from django_scopes import scopes_disabled
from playwright.sync_api import Page, expect

from accounts.models import School, User
from registers.models import ClassGroup, ClassMembership, Departure, Enrolment, Pupil
from tests.browser.conftest import NARROW, PHONE, WIDE, OpenPage, overflow_of, small_targets, violations_of
from tests.factories.registers import ClassGroupFactory, held_sessions, pupil_in_class
from tests.factories.registers_roll import (
    DepartureFactory,
    EnquiryFactory,
    JoiningFactory,
    PreviousMarkFactory,
)

LONG = "Featherstonehaugh-Cholmondeley"


@pytest.fixture
def addresses(present_moment, school: School, class_group: ClassGroup) -> dict[str, str]:
    """Return every page of the area, with long names, a joiner, a leaver and marks of another school."""
    present_moment("2026-06-02T08:30")
    school.leaving_year = "6"
    school.save()
    held_sessions(school, date(2026, 7, 13), date(2026, 7, 15))
    ClassGroupFactory(school=school, name="Willow and Hornbeam of the lower school", academic_year=2025)
    child = pupil_in_class(class_group, surname=LONG, starts_on=date(2026, 6, 1))
    pupil_in_class(class_group, surname="Old", year_group="6")
    with scopes_disabled():
        enrolment = Enrolment.objects.get(pupil=child)
    JoiningFactory(enrolment=enrolment, entered_on=date(2026, 6, 1), previous_school_name=f"{LONG} Academy")
    EnquiryFactory(enrolment=enrolment, asked=f"Visit to {LONG} Hall")
    leaver = pupil_in_class(class_group, surname="Leaver")
    with scopes_disabled():
        Enrolment.objects.filter(pupil=leaver).update(leaving_on=date(2026, 6, 19))
        leaving = Enrolment.objects.get(pupil=leaver)
    DepartureFactory(
        enrolment=leaving,
        leaving_on=date(2026, 6, 19),
        recorded_on=date(2026, 6, 1),
        return_sent_on=date(2026, 6, 1),
        new_school_name=f"{LONG} Academy",
        new_address="9 Hill Street\nAnytown",
    )
    PreviousMarkFactory(pupil=child, on=date(2026, 5, 20), source_school=f"{LONG} Academy")
    one, other = f"/s/hill/pupils/{child.pk}/roll/", f"/s/hill/pupils/{leaver.pk}/roll/"
    return {
        "roll": "/s/hill/roll/",
        "join": "/s/hill/roll/join/",
        "move": f"/s/hill/roll/move/?class={class_group.pk}",
        "next_year": "/s/hill/roll/next-year/",
        "pupil": one,
        "leaver": other,
        "readmit": f"{one}again/",
        "leave": f"{one}{enrolment.pk}/leave/",
        "enquiry": f"{one}{enrolment.pk}/enquiry/",
        "previous": f"{one}previous-marks/",
        "stay": f"{other}{leaving.pk}/stay/",
        "next_school": f"{other}{leaving.pk}/next-school/",
    }


def fill_day(page: Page, name: str, on: date) -> None:
    for part, text in (("day", on.day), ("month", on.month), ("year", on.year)):
        page.locator(f"#id_{name}_{part}").fill(str(text))


class TestEveryPage:
    def test_works_wide_and_on_the_smallest_phone(
        self, open_page: OpenPage, office: User, addresses: dict[str, str]
    ) -> None:
        found: dict[str, object] = {}
        wide, narrow = open_page("/s/hill/roll/", office), open_page("/s/hill/roll/", office, viewport=NARROW)
        phone = open_page("/s/hill/roll/", office, viewport=PHONE, has_touch=True)
        for name, address in addresses.items():
            for page, least in ((wide, 24), (narrow, 24), (phone, 44)):
                page.goto(address)
                wrong = [
                    *(violations_of(page) if page is not phone else []),
                    *small_targets(page, least=least),
                    *(["overflow"] if overflow_of(page) else []),
                ]
                if page.locator("h1").count() != 1:
                    wrong.append("one heading")
                if wrong:
                    found[f"{name} {page.viewport_size}"] = wrong

        assert found == {}, found


class TestALeaving:
    @pytest.mark.parametrize("scripts", [True, False])
    def test_is_recorded_by_ground_conditions_and_return(
        self, open_page: OpenPage, office: User, addresses: dict[str, str], scripts: bool
    ) -> None:
        page = open_page(addresses["leave"], office, viewport=WIDE, scripts=scripts)
        fill_day(page, "leaving_on", date(2026, 6, 12))
        page.get_by_label("Registered at another school (a)").check()
        page.get_by_role("button", name="Continue").click()
        page.get_by_label("The other school confirmed").check()
        page.get_by_label("Who decided it").fill("Hilary Head, headteacher")
        page.get_by_label("New school", exact=False).first.fill("Vale Primary School")
        fill_day(page, "return_sent_on", date(2026, 6, 2))
        page.get_by_label("Sent to", exact=True).fill("Admissions team")
        page.get_by_role("button", name="Record the leaving").click()
        expect(page.get_by_role("alert")).to_contain_text("There is a problem")
        assert violations_of(page) == [] if scripts else True
        page.get_by_label("No school attendance order").check()
        page.get_by_role("button", name="Record the leaving").click()

        expect(page.get_by_text("leaves: the last day on roll is Fri 12 Jun.")).to_be_visible()
        with scopes_disabled():
            departure = Departure.objects.get(leaving_on=date(2026, 6, 12))
        assert (departure.new_school_name, departure.ground) == ("Vale Primary School", "a")


class TestGoingUpAYear:
    def test_is_checked_and_then_done_with_the_keyboard_alone(
        self, open_page: OpenPage, office: User, addresses: dict[str, str]
    ) -> None:
        page = open_page(addresses["next_year"], office)
        page.get_by_label("New class of Year 5 in Oak").fill("Yew")
        page.get_by_role("button", name="See what it does").press("Enter")
        expect(page.get_by_text("1 of Year 5 in Oak go up")).to_be_visible()
        assert violations_of(page) == []
        page.get_by_role("button", name="Move 2 pupils").press("Enter")

        expect(
            page.get_by_text("1 pupil moved up, 0 pupils kept in their year, 1 pupil leaving")
        ).to_be_visible()
        with scopes_disabled():
            child = Pupil.objects.get(surname=LONG)
            last = ClassMembership.objects.filter(pupil=child).order_by("starts_on").last()
        assert last is not None
        assert (last.class_group.name, last.year_group) == ("Yew", "6")
