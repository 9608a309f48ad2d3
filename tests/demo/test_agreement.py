"""Figures, class registers, export and heat map of every pupil of a demo trust read the same marks."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django_scopes import scope, scopes_disabled

from accounts.models import School
from demo import services
from registers import clock
from registers.heat_map import heat_map
from registers.models import ClassGroup, Mark, Pupil, Session
from registers.rules.figures import NO_SESSIONS, figures_of
from registers.selectors.agreement import disagreements
from registers.selectors.figures import figures_for
from registers.selectors.pupil_marks import sessions_of_year
from registers.selectors.registers import register_page
from registers.services.mark_sets import WantedMark, set_marks
from tests.commands import run
from tests.factories.accounts import UserFactory

FRIDAY = datetime(2026, 11, 20, 9, 30, tzinfo=ZoneInfo("Europe/London"))
PUPILS = 60
YEARS = (2025, 2026)


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: Any) -> Iterator[services.Built]:
    """Build the demo once for all tests of this module, and take it away after the last one."""
    with django_db_blocker.unblock(), scopes_disabled(), transaction.atomic():
        yield services.build_demo(pupils=PUPILS, seed=3, at=FRIDAY)
        transaction.set_rollback(True)
    clock.latest_school_day.cache_clear()


@pytest.fixture
def schools(built: services.Built, db: None) -> list[School]:
    """The five schools of the demo."""
    return list(School.objects.order_by("key"))


class TestEveryPupil:
    @pytest.mark.parametrize("academic_year", YEARS)
    def test_reads_the_same_everywhere(self, schools: list[School], academic_year: int) -> None:
        found = []
        for school in schools:
            with scope(school=school):
                assert Mark.objects.filter(academic_year=academic_year).exists()
                found += list(disagreements(school, academic_year=academic_year))

        assert len(schools) == 5
        assert found == []

    def test_has_in_the_registers_of_two_weeks_what_the_heat_map_draws(self, schools: list[School]) -> None:
        school = schools[0]
        with scope(school=school):
            sessions = list(
                Session.objects.filter(status="held", on__lt=FRIDAY.date()).order_by("-number")[:20]
            )
            drawn = {
                (pupil.pk, cell.session_id): cell.symbol
                for pupil in Pupil.objects.all()
                for half_term in heat_map(
                    sessions_of_year(pupil, academic_year=2026), at=FRIDAY, today=FRIDAY.date()
                )
                for week in half_term.weeks
                for cell in week.cells
                if cell is not None
            }
            taken = {
                (row.pupil.pk, session.pk): row.code
                for group in ClassGroup.objects.filter(academic_year=2026)
                for session in sessions
                for row in register_page(group, session).rows
            }

        assert {place: drawn[place] for place in taken} == taken
        assert len(taken) > 20

    def test_draws_what_the_figures_count(self, schools: list[School]) -> None:
        school = schools[1]
        with scope(school=school):
            year = Session.objects.filter(academic_year=2026).order_by("on")
            first, last = year[0].on, year.reverse()[0].on
            figures = figures_for(school, first_day=first, last_day=last)
            for pupil in Pupil.objects.filter(pk__in=figures):
                drawn = heat_map(sessions_of_year(pupil, academic_year=2026), at=FRIDAY, today=last)
                letters = Counter(
                    cell.symbol
                    for half_term in drawn
                    for week in half_term.weeks
                    for cell in week.cells
                    if cell is not None and cell.symbol and cell.can_open
                )
                assert figures_of(letters) == figures.get(pupil.pk, NO_SESSIONS)


class TestTheCommand:
    def test_says_that_all_agree(self, schools: list[School]) -> None:
        ran = run("check_agreement", "--school", schools[0].key, "--year", "2026")

        assert (ran.status, ran.err) == (0, "")
        assert ran.out == (f"{schools[0].key}: figures, registers, export and heat maps of 2026/27 agree.\n")

    def test_names_the_pupil_and_the_day_where_a_reading_leaves_the_export(
        self, schools: list[School]
    ) -> None:
        school = schools[0]
        with transaction.atomic(), scope(school=school):
            mark = Mark.objects.filter(academic_year=2026, code_id="/").order_by("session__number")[0]
            # Taken out of the class in hindsight, the pupil has a mark that no register shows.
            mark.pupil.memberships.filter(class_group__academic_year=2026).update(starts_on=FRIDAY.date())
            ran = run("check_agreement", "--school", school.key, "--year", "2026")
            transaction.set_rollback(True)

        assert ran.status == 1
        assert ran.problems == [
            f"{school.key}: pupil {mark.pupil_id}: on {mark.session.on.isoformat()} AM / in the export,"
            " no mark in the registers of the classes."
        ]

    def test_holds_after_an_amendment(self, schools: list[School]) -> None:
        school = schools[2]
        with transaction.atomic(), scope(school=school):
            mark = Mark.objects.filter(academic_year=2026, code_id="/").order_by("session__number")[0]
            set_marks(
                school,
                [WantedMark(mark.pupil_id, mark.session_id, "I")],
                by=UserFactory(),
                at=FRIDAY,
                reason="Note from home",
            )
            found = list(disagreements(school, academic_year=2026))
            transaction.set_rollback(True)

        assert found == []
