"""Arranging a trip and a timetable in a browser: keyboard, phone, without scripts, and axe."""

from datetime import date

import pytest
from django_scopes import scope
from playwright.sync_api import expect

from accounts.models import School, User
from registers.models import ClassGroup, KnownAheadPupil, Pupil, TimetableAbsence
from tests.browser.conftest import (
    NARROW,
    WIDE,
    OpenPage,
    overflow_of,
    sideways_tables,
    small_targets,
    violations_of,
)
from tests.factories.registers import PartTimeTimetableFactory, held_sessions, pupil_in_class
from tests.factories.registers_ahead import PatternSessionFactory, WeeklyPatternFactory, known_ahead_for

TUESDAY = date(2025, 11, 11)


@pytest.fixture
def children(class_group: ClassGroup, school: School, present_moment) -> list[Pupil]:
    present_moment("2025-11-10T08:30")
    held_sessions(school, date(2025, 11, 3), date(2025, 11, 14))
    return [
        pupil_in_class(class_group, surname=name)
        for name in ("Abbot", "Baker", "Featherstonehaugh-Cholmondeley")
    ]


class TestATrip:
    @pytest.mark.parametrize("scripts", [True, False])
    def test_is_arranged_for_a_whole_class(
        self, open_page: OpenPage, office: User, school: School, children: list[Pupil], scripts: bool
    ) -> None:
        page = open_page("/s/hill/ahead/new/", office, scripts=scripts)
        page.get_by_label("What is it?").fill("Museum visit")
        page.get_by_label("Code", exact=True).select_option("V")
        page.get_by_label("Nature of the activity").fill("Museum of the town")
        for part, text in (("day", "11"), ("month", "nov"), ("year", "2025")):
            page.locator(f"#id_first_day_{part}").fill(text)
        if scripts:
            page.get_by_text("Oak", exact=False).first.click()
            page.get_by_role("button", name="Choose the whole class").click()
            expect(page.locator("[data-count]")).to_have_text("– 3 chosen")
        else:
            for child in children:
                page.get_by_label(child.register_name).check()
        page.get_by_role("button", name="Arrange it").click()

        expect(page.get_by_text("Museum visit arranged: 2 sessions for 3 pupils.")).to_be_visible()
        with scope(school=school):
            assert KnownAheadPupil.objects.count() == 3


class TestATimetable:
    def test_takes_every_session_of_the_week_that_is_ticked(
        self, open_page: OpenPage, office: User, school: School, children: list[Pupil]
    ) -> None:
        page = open_page(f"/s/hill/pupils/{children[0].pk}/timetables/new/", office)
        page.get_by_label("Monday PM").check()
        page.get_by_label("Friday PM").check()
        for name, parts in {
            "first_day": ("11", "11", "2025"),
            "last_day": ("12", "12", "2025"),
            "review_on": ("28", "11", "2025"),
        }.items():
            for part, text in zip(("day", "month", "year"), parts, strict=True):
                page.locator(f"#id_{name}_{part}").fill(text)
        page.get_by_label("Agreed with").fill("Mrs Parent")
        page.get_by_label("What is exceptional about the circumstances").fill("Illness")
        page.get_by_label("How the pupil is to come back to full time").fill("Step by step")
        page.get_by_role("button", name="Record the timetable").click()

        expect(page.get_by_role("heading", name="Part-time timetable")).to_be_visible()
        with scope(school=school):
            found = set(TimetableAbsence.objects.values_list("weekday", "half"))
        assert found == {(0, "PM"), (4, "PM")}


class TestThePages:
    @pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["narrow", "wide"])
    def test_have_no_fault_that_axe_finds_and_fit_the_screen(
        self, open_page: OpenPage, office: User, children: list[Pupil], viewport: dict[str, int]
    ) -> None:
        child = children[2]
        row = known_ahead_for(child, first_day=TUESDAY, last_day=TUESDAY)
        pattern = PatternSessionFactory(pattern=WeeklyPatternFactory(pupil=child)).pattern
        timetable = PartTimeTimetableFactory(pupil=child)
        page = open_page("/s/hill/ahead/", office, viewport=viewport)
        for path in (
            "ahead/",
            "ahead/new/",
            f"ahead/{row.pk}/",
            f"pupils/{child.pk}/ahead/",
            f"pupils/{child.pk}/patterns/{pattern.pk}/",
            f"pupils/{child.pk}/timetables/{timetable.pk}/",
        ):
            page.goto(f"/s/hill/{path}")
            assert violations_of(page) == [], path
            assert (max(overflow_of(page), 0), sideways_tables(page)) == (0, []), path
            assert small_targets(page, least=24) == [], path
        page.goto(f"/s/hill/pupils/{child.pk}/timetables/new/")
        page.get_by_role("button", name="Record the timetable").click()
        expect(page.locator(".govuk-error-summary")).to_be_focused()
        assert violations_of(page) == []
