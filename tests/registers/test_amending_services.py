"""Planning, making and undoing amendments."""

from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Any

import pytest
from django_scopes import scope

from accounts.errors import DomainError
from accounts.models import School, User
from accounts.people import system_user
from registers.models import ClassGroup, EntryBatch, Mark, MarkEntry, Pupil, Session
from registers.selectors.pupil_marks import amendments_of, runs_of, sessions_of_year
from registers.services import amendments, history
from registers.services.amendments import Entered, Plan
from registers.services.mark_sets import MarkSetChangedMeanwhile, WantedMark, set_marks
from registers.services.marks import MarkRow, Saved, load_marks, settle_unexplained
from tests.factories.accounts import UserFactory
from tests.factories.registers import (
    SessionFactory,
    YearGroupTimesFactory,
    held_sessions,
    london,
    pupil_in_class,
)

MONDAY, FRIDAY = date(2025, 9, 8), date(2025, 9, 12)
LATER = london(date(2025, 9, 15), time(10, 0))


@pytest.fixture(autouse=True)
def _scope(school: School) -> Iterator[None]:
    with scope(school=school):
        yield


@pytest.fixture
def author(db: None) -> User:
    return UserFactory(name="Office Person")


@pytest.fixture
def week(school: School, pupil: Pupil, author: User) -> list[Session]:
    """Monday to Friday, of which the pupil has N until Wednesday noon."""
    sessions = held_sessions(school, MONDAY, FRIDAY)
    rows = [MarkRow(pupil.pk, one.pk, one.academic_year, "N") for one in sessions[:5]]
    load_marks(school, rows, by=author, at=sessions[0].opens_at, source="register")
    return sessions


def plan(school: School, pupil: Pupil, entered: Entered, *, at: Any = LATER, **span: Any) -> Plan:
    first, last = span.get("first", (MONDAY, "AM")), span.get("last", (FRIDAY, "PM"))
    places = amendments.places_between(school, [pupil.pk], first=first, last=last)
    return amendments.plan_amendment(school, places, entered, at=at)


def amend(school: School, found: Plan, *, by: User, reason: str = "Note from home") -> Saved:
    return amendments.amend(
        school, [change.wanted for change in found.changes], reason=reason, by=by, at=LATER, position="Office"
    )


def codes_of(pupil: Pupil) -> list[str]:
    return list(
        Mark.objects.filter(pupil=pupil).order_by("session__number").values_list("code_id", flat=True)
    )


class TestPlanning:
    def test_says_for_each_session_what_it_was_and_becomes(
        self, school: School, pupil: Pupil, week: list[Session]
    ) -> None:
        found = plan(school, pupil, Entered("I"), first=(MONDAY, "PM"), last=(date(2025, 9, 10), "PM"))

        assert [
            (one.standing.session.on.day, one.standing.session.half, one.standing.values[0], one.becomes[0])
            for one in found.changes
        ] == [
            (8, "PM", "N", "I"),
            (9, "AM", "N", "I"),
            (9, "PM", "N", "I"),
            (10, "AM", "N", "I"),
            (10, "PM", "", "I"),
        ]
        assert (found.refused, found.unchanged, found.closed) == ((), (), ())

    def test_takes_either_stroke_as_present_in_both_halves(
        self, school: School, pupil: Pupil, week: list[Session]
    ) -> None:
        found = plan(school, pupil, Entered("/"), last=(MONDAY, "PM"))

        assert [change.becomes[0] for change in found.changes] == ["/", "\\"]

    def test_skips_closed_days_and_leaves_equal_marks(
        self, school: School, pupil: Pupil, week: list[Session]
    ) -> None:
        SessionFactory(school=school, on=date(2025, 9, 15), half="AM", status="closed")

        found = plan(
            school, pupil, Entered("N"), first=(date(2025, 9, 10), "AM"), last=(date(2025, 9, 15), "AM")
        )

        assert [one.standing.session.on for one in found.closed] == [date(2025, 9, 15)]
        assert [one.standing.session.half for one in found.unchanged] == ["AM"]
        assert len(found.changes) == 5

    def test_names_sessions_that_cannot_take_the_code_and_why(
        self, school: School, class_group: ClassGroup, week: list[Session]
    ) -> None:
        joiner = pupil_in_class(class_group, starts_on=date(2025, 9, 11))

        found = plan(school, joiner, Entered("I"), at=week[7].opens_at)

        assert [one.fault for one in found.refused] == [
            *["The pupil was not on roll on this day."] * 6,
            *["The register of this session has not opened yet."] * 2,
        ]
        assert [one.standing.session.on for one in found.changes] == [date(2025, 9, 11)] * 2

    def test_lets_the_schools_times_judge_an_arrival(
        self, school: School, pupil: Pupil, week: list[Session]
    ) -> None:
        def judged(code: str) -> Plan:
            return plan(school, pupil, Entered(code, time(9, 40)), last=(MONDAY, "AM"))

        assert [one.fault for one in judged("L").refused] == [
            "By the school's times an arrival at 9:40am is U."
        ]
        assert judged("U").changes[0].becomes == ("U", time(9, 40), "")

    def test_lets_the_times_of_the_year_group_judge_an_arrival(
        self, school: School, class_group: ClassGroup, week: list[Session]
    ) -> None:
        YearGroupTimesFactory(session=week[0])
        child = pupil_in_class(class_group, year_group="N")

        found = plan(school, child, Entered("L", time(9, 25)), last=(MONDAY, "AM"))
        too_early = plan(
            school, child, Entered("N"), at=week[0].opens_at + timedelta(minutes=5), last=(MONDAY, "AM")
        )

        assert [one.becomes for one in found.changes] == [("L", time(9, 25), "")]
        assert [one.fault for one in too_early.refused] == [
            "The register of this session has not opened yet."
        ]

    def test_keeps_the_nature_where_a_code_asks_for_one_only(
        self, school: School, pupil: Pupil, week: list[Session]
    ) -> None:
        assert plan(school, pupil, Entered("V", nature=" Museum ")).changes[0].becomes == (
            "V",
            None,
            "Museum",
        )
        assert plan(school, pupil, Entered("I", nature="Museum")).changes[0].becomes == ("I", None, "")
        assert len(plan(school, pupil, Entered("V")).refused) == 10

    @pytest.mark.parametrize(
        ("first", "last", "text"),
        [
            ((FRIDAY, "PM"), (FRIDAY, "AM"), "The range ends before it begins."),
            ((MONDAY, "AM"), (date(2027, 9, 1), "AM"), "The range is longer than a year."),
            (
                (date(2025, 9, 13), "AM"),
                (date(2025, 9, 14), "PM"),
                "There is no school session between these days.",
            ),
        ],
    )
    def test_refuses_a_range_that_is_none(
        self, school: School, pupil: Pupil, week: list[Session], first: Any, last: Any, text: str
    ) -> None:
        with pytest.raises(DomainError) as refused:
            plan(school, pupil, Entered("I"), first=first, last=last)

        assert refused.value.message == text

    def test_reaches_several_pupils(
        self, school: School, class_group: ClassGroup, pupil: Pupil, week: list[Session], author: User
    ) -> None:
        other = pupil_in_class(class_group)
        places = amendments.places_between(
            school, [pupil.pk, other.pk], first=(MONDAY, "AM"), last=(MONDAY, "PM")
        )

        saved = amend(school, amendments.plan_amendment(school, places, Entered("E"), at=LATER), by=author)

        assert saved == Saved(recorded=2, changed=2, cleared=0)
        assert codes_of(other) == ["E", "E"]


class TestAmending:
    def test_does_what_the_plan_said_with_one_reason(
        self, school: School, pupil: Pupil, week: list[Session], author: User
    ) -> None:
        saved = amend(school, plan(school, pupil, Entered("I")), by=author)

        assert saved == Saved(recorded=5, changed=5, cleared=0)
        assert codes_of(pupil) == ["I"] * 10
        assert set(EntryBatch.objects.filter(number__gt=1).values_list("reason", "by_position")) == {
            ("Note from home", "Office")
        }

    @pytest.mark.parametrize(("reason", "text"), [(" ", "An amendment needs a reason.")])
    def test_changes_nothing_without_a_reason(
        self, school: School, pupil: Pupil, week: list[Session], author: User, reason: str, text: str
    ) -> None:
        with pytest.raises(DomainError) as refused:
            amend(school, plan(school, pupil, Entered("I")), by=author, reason=reason)

        assert refused.value.message == text
        assert codes_of(pupil) == ["N"] * 5

    def test_says_when_there_is_nothing_to_change(
        self, school: School, pupil: Pupil, week: list[Session], author: User
    ) -> None:
        with pytest.raises(DomainError, match="There is nothing to change"):
            amend(school, plan(school, pupil, Entered("N"), last=(MONDAY, "PM")), by=author)

    def test_overwrites_nobody_who_changed_a_mark_meanwhile(
        self, school: School, pupil: Pupil, week: list[Session], author: User
    ) -> None:
        found = plan(school, pupil, Entered("I"))
        set_marks(school, [WantedMark(pupil.pk, week[0].pk, "E")], by=author, at=LATER, reason="Suspended")

        with pytest.raises(MarkSetChangedMeanwhile):
            amend(school, found, by=author)

        assert codes_of(pupil) == ["E", "N", "N", "N", "N"]


class TestUndoing:
    def test_restores_what_stood_there_before_as_one_amendment(
        self, school: School, pupil: Pupil, week: list[Session], author: User
    ) -> None:
        amend(school, plan(school, pupil, Entered("I")), by=author)
        batch = EntryBatch.objects.get(number=3)

        undoing = amendments.plan_undo(batch)
        saved = amendments.undo(undoing, by=author, at=LATER + timedelta(minutes=5))

        assert (undoing.how_many, len(undoing.restored), undoing.left) == (10, 10, ())
        assert saved == Saved(recorded=0, changed=5, cleared=5)
        assert codes_of(pupil) == ["N"] * 5
        last = EntryBatch.objects.order_by("-number")[0]
        assert last.reason == "Undo of the amendment of Mon 15 Sep at 10:00am: Note from home"
        assert MarkEntry.objects.count() == 25
        assert history.first_fault(school) is None

    @pytest.mark.parametrize("number", [2, 3])
    def test_takes_the_whole_act_whichever_of_its_batches_is_named(
        self, school: School, pupil: Pupil, week: list[Session], author: User, number: int
    ) -> None:
        amend(school, plan(school, pupil, Entered("I")), by=author)
        amend(school, plan(school, pupil, Entered("M")), by=author)

        undoing = amendments.plan_undo(EntryBatch.objects.get(number=number))

        assert undoing.how_many == 10
        assert len(undoing.left) == 10

    def test_leaves_and_names_marks_that_were_changed_again(
        self, school: School, pupil: Pupil, week: list[Session], author: User
    ) -> None:
        amend(school, plan(school, pupil, Entered("I"), last=(MONDAY, "PM")), by=author)
        set_marks(school, [WantedMark(pupil.pk, week[1].pk, "E")], by=author, at=LATER, reason="Suspended")

        undoing = amendments.plan_undo(EntryBatch.objects.get(number=2))
        amendments.undo(undoing, by=author, at=LATER)

        assert [(one.place[1], one.fault) for one in undoing.left] == [
            (week[1].pk, "It was changed again since.")
        ]
        assert codes_of(pupil)[:2] == ["N", "E"]

    def test_can_be_undone_itself(
        self, school: School, pupil: Pupil, week: list[Session], author: User
    ) -> None:
        amend(school, plan(school, pupil, Entered("I"), last=(MONDAY, "PM")), by=author)
        for number in (2, 3):
            amendments.undo(
                amendments.plan_undo(EntryBatch.objects.get(number=number)),
                by=author,
                at=LATER + timedelta(minutes=number),
            )

        assert codes_of(pupil)[:2] == ["I", "I"]

    def test_is_refused_a_second_time(
        self, school: School, pupil: Pupil, week: list[Session], author: User
    ) -> None:
        amend(school, plan(school, pupil, Entered("I")), by=author)
        batch = EntryBatch.objects.get(number=2)
        amendments.undo(amendments.plan_undo(batch), by=author, at=LATER)
        before = MarkEntry.objects.count()

        with pytest.raises(DomainError, match="Nothing is left to undo"):
            amendments.undo(amendments.plan_undo(batch), by=author, at=LATER)

        assert MarkEntry.objects.count() == before

    def test_is_for_amendments_of_people_only(
        self, school: School, pupil: Pupil, week: list[Session]
    ) -> None:
        held_sessions(school, date(2025, 9, 15), date(2025, 9, 19), number=11, week=2)
        settle_unexplained(school, on=date(2025, 9, 16), by=system_user(), at=LATER)

        with pytest.raises(DomainError, match="Only an amendment can be undone"):
            amendments.plan_undo(EntryBatch.objects.get(number=1))
        with pytest.raises(DomainError, match="Rollcall made this change by rule"):
            amendments.plan_undo(EntryBatch.objects.get(number=2))


class TestTheTimeline:
    def test_tells_each_act_once_newest_first(
        self, school: School, pupil: Pupil, week: list[Session], author: User
    ) -> None:
        amend(school, plan(school, pupil, Entered("/")), by=author)
        amend(school, plan(school, pupil, Entered("M"), last=(MONDAY, "PM")), by=author, reason="Dentist")

        newest, oldest = amendments_of(pupil, academic_year=2025)

        assert (newest.reason, newest.by_name, newest.at, newest.marks_of_all) == (
            "Dentist",
            "Office Person",
            LATER,
            2,
        )
        assert oldest.marks_of_all == 10
        assert [(run.old_code, run.new_code, len(run.lines)) for run in runs_of(oldest.lines)] == [
            ("N", "/", 5),
            ("", "/", 5),
        ]
        assert [line.session_id for line in oldest.lines] == [session.pk for session in week]

    def test_leaves_out_what_was_taken_in_the_register(
        self, school: School, pupil: Pupil, week: list[Session], author: User
    ) -> None:
        set_marks(school, [WantedMark(pupil.pk, week[0].pk, "L")], by=author, at=week[0].opens_at)

        assert amendments_of(pupil, academic_year=2025) == []

    def test_marks_what_was_amended_in_the_year(
        self, school: School, pupil: Pupil, week: list[Session], author: User
    ) -> None:
        set_marks(school, [WantedMark(pupil.pk, week[0].pk, "L")], by=author, at=week[0].opens_at)
        amend(school, plan(school, pupil, Entered("I"), first=(MONDAY, "PM"), last=(MONDAY, "PM")), by=author)

        year = sessions_of_year(pupil, academic_year=2025)

        assert [one.code for one in year] == ["L", "I", "N", "N", "N", "", "", "", "", ""]
        assert [one.is_amended for one in year[:3]] == [False, True, False]
