"""Registers are kept six years from each entry, and then a year goes whole."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django_scopes import scope, scopes_disabled

from accounts.errors import DomainError
from accounts.models import Event, School, User
from registers.models import ClassGroup, EntryBatch, Mark, MarkEntry, Pupil, RetiredEntries, RetiredYear
from registers.rules.retention import may_go_on
from registers.services import retention
from registers.services.amendments import amend_mark
from registers.services.history import first_fault
from registers.services.marks import MarkRow, load_marks
from tests.commands import run
from tests.factories.accounts import UserFactory
from tests.factories.registers import ClassGroupFactory, held_sessions, pupil_in_class

OLD = datetime(2019, 7, 1, 9, 0, tzinfo=UTC)


class TestTheTimeAnEntryIsKept:
    @pytest.mark.parametrize(
        ("entered", "may_go"),
        [
            (date(2019, 7, 19), date(2025, 7, 19)),
            (date(2020, 2, 29), date(2026, 3, 1)),
            (date(2018, 9, 1), date(2024, 9, 1)),
        ],
    )
    def test_is_six_years(self, entered: date, may_go: date) -> None:
        assert may_go_on(entered) == may_go


@pytest.fixture
def by() -> User:
    made: User = UserFactory()
    return made


@pytest.fixture
def child(class_group: ClassGroup) -> Pupil:
    return pupil_in_class(class_group, starts_on=date(2018, 9, 1), date_of_birth=date(2010, 3, 15))


@pytest.fixture
def two_years(school: School, child: Pupil, by: User) -> list[object]:
    """Marks of two school days in July 2019 and one in September 2019, in one batch."""
    early = held_sessions(school, date(2019, 7, 1), date(2019, 7, 2), half_term="Summer 2")
    late = held_sessions(school, date(2019, 9, 9), date(2019, 9, 9), number=5, week=2)
    with scope(school=school):
        rows = [
            MarkRow(child.pk, one.pk, one.academic_year, "/" if one.half == "AM" else "\\")
            for one in [*early, *late]
        ]
        load_marks(school, rows, by=by, at=OLD)
    return [early, late]


def kept(year: int) -> retention.YearKept:
    return next(found for found in retention.years_kept() if found.academic_year == year)


def written(moment: datetime) -> None:
    """Let every batch have been written at a moment, as only the owner could."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE registers_entrybatch DISABLE TRIGGER USER")
        cursor.execute("UPDATE registers_entrybatch SET written_at = %s", [moment])
        cursor.execute("ALTER TABLE registers_entrybatch ENABLE TRIGGER USER")


class TestAYearWhoseTimeHasPassed:
    def test_goes_whole_and_leaves_the_other_year_and_the_chain(
        self, school: School, child: Pupil, two_years: list[object], by: User
    ) -> None:
        written(OLD)
        with scope(school=school):
            assert first_fault(school) is None
            row = retention.retire(kept(2018), by=by, at=OLD + timedelta(days=6 * 366))

            assert (row.academic_year, row.marks, row.entries, row.last_entry_at) == (2018, 4, 4, OLD)
            assert Mark.objects.values_list("academic_year", flat=True).distinct().get() == 2019
            assert MarkEntry.objects.count() == 2
            gone = RetiredEntries.objects.get()
            assert (gone.batch, gone.academic_year, gone.entries) == (EntryBatch.objects.get(), 2018, 4)
            assert first_fault(school) is None
        assert [year.academic_year for year in retention.years_kept()] == [2019]
        assert Event.objects.get(kind="year.retired").data == {
            "academic_year": 2018,
            "marks": 4,
            "entries": 4,
        }

    def test_still_lets_a_lost_entry_of_the_other_year_be_found(
        self, school: School, two_years: list[object], by: User
    ) -> None:
        written(OLD)
        with scope(school=school):
            retention.retire(kept(2018), by=by, at=OLD + timedelta(days=6 * 366))
            with connection.cursor() as cursor:
                cursor.execute("ALTER TABLE registers_markentry_2019 DISABLE TRIGGER USER")
                cursor.execute(
                    "DELETE FROM registers_markentry_2019 WHERE session_id ="
                    " (SELECT max(session_id) FROM registers_markentry_2019)"
                )
            assert first_fault(school) == (
                "hill: batch 1 of the history is broken: "
                "it does not hold as many entries as it was written with."
            )

    def test_is_kept_until_the_very_day(self, two_years: list[object], by: User) -> None:
        written(OLD)
        year = kept(2018)
        assert year.may_go_on == date(2025, 7, 1)
        with pytest.raises(DomainError, match="2018/19 must be kept until 1 July 2025"):
            retention.retire(year, by=by, at=datetime(2025, 6, 30, 12, 0, tzinfo=UTC))

        with scopes_disabled():
            assert (RetiredYear.objects.count(), Mark.objects.count()) == (0, 6)
        retention.retire(year, by=by, at=datetime(2025, 7, 1, 12, 0, tzinfo=UTC))

    def test_is_kept_longer_when_one_mark_was_amended_late(
        self, school: School, child: Pupil, two_years: list[list[object]], by: User
    ) -> None:
        written(OLD)
        with scope(school=school):
            amend_mark(child, two_years[0][0], code="I", reason="Found a note", by=by, at=OLD)  # type: ignore[arg-type]
        today = datetime.now(tz=UTC).date()

        assert kept(2018).may_go_on == may_go_on(today)

    def test_is_kept_while_another_school_needs_it(
        self, school: School, other_school: School, two_years: list[object], by: User
    ) -> None:
        written(OLD)
        group = ClassGroupFactory(school=other_school, academic_year=2018)
        neighbour = pupil_in_class(group, starts_on=date(2018, 9, 1), date_of_birth=date(2010, 3, 15))
        session = held_sessions(other_school, date(2019, 7, 3), date(2019, 7, 3), half_term="Summer 2")[0]
        with scope(school=other_school):
            load_marks(other_school, [MarkRow(neighbour.pk, session.pk, 2018, "/")], by=by, at=OLD)

        assert not kept(2018).is_expired(datetime.now(tz=UTC).date())


class TestTheCommand:
    def test_only_shows_unless_told_to_drop(self, two_years: list[object]) -> None:
        written(OLD)
        done = run("retire_years", "--json")

        assert done.lines == [
            {
                "academic_year": 2018,
                "marks": 4,
                "entries": 4,
                "may_go_on": "2025-07-01",
                "expired": True,
                "dropped": False,
            },
            {
                "academic_year": 2019,
                "marks": 2,
                "entries": 2,
                "may_go_on": "2025-07-01",
                "expired": True,
                "dropped": False,
            },
        ]
        with scopes_disabled():
            assert Mark.objects.count() == 6

    def test_drops_for_a_headteacher_alone(self, two_years: list[object], head: User, office: User) -> None:
        written(OLD)
        without = run("retire_years", "--drop")
        refused = run("retire_years", "--drop", "--by", office.email)
        assert (without.status, refused.status) == (2, 1)
        assert refused.err.strip() == (
            f"{office.email} is not somebody who may retire registers: a headteacher may."
        )
        with scopes_disabled():
            assert Mark.objects.count() == 6

        done = run("retire_years", "--drop", "--by", head.email)
        assert done.status == 0
        assert done.out.splitlines()[0] == "2018/19: 4 marks, 4 entries: dropped."
        assert list(RetiredYear.objects.values_list("academic_year", "retired_by")) == [
            (2018, head.pk),
            (2019, head.pk),
        ]
        again = run("retire_years", "--drop", "--by", head.email)
        assert (again.status, again.out) == (0, "")
