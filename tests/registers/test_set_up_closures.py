"""The school closes over marks that stand, and opens again: what goes, what stays, what comes back."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scope

from accounts.errors import DomainError
from accounts.models import Event, School, User
from registers.models import CalendarPeriod, ClassGroup, EntryBatch, Mark, MarkEntry, Pupil, Session
from registers.selectors.figures import figures_for
from registers.selectors.registers import history_of_mark
from registers.services import amendments, closures, history
from registers.services.calendar import Period
from registers.services.closures import MarksChangedSince, ReasonMissing
from registers.services.marks import MarkRow, load_marks
from registers.services.refusals import RowsRefused
from tests.commands import everything_stored
from tests.factories.registers import london, pupil_in_class

DAY = date(2025, 11, 18)
MORNING = london(DAY, time(10, 30))
BOILER = Period("emergency_closure", "Boiler failure", DAY, DAY, "PM", "PM")
SNOW = Period("emergency_closure", "Snow", DAY, date(2025, 11, 19))
INSET = Period("closure", "Staff training", DAY, DAY)


@pytest.fixture(autouse=True)
def _scope(open_school: School) -> Iterator[None]:
    with scope(school=open_school):
        yield


@pytest.fixture
def pupils(class_group: ClassGroup) -> list[Pupil]:
    return [pupil_in_class(class_group, surname=f"Surname {letter}") for letter in "ABC"]


def session_of(on: date, half: str) -> Session:
    return Session.objects.get(on=on, half=half)


def mark(on: date, half: str, pupils: list[Pupil], codes: str, *, by: User, source: str = "register") -> None:
    """Mark the pupils in turn with codes of one letter; P stands for present in that half."""
    session = session_of(on, half)
    present = {"AM": "/", "PM": "\\"}[half]
    rows = [
        MarkRow(pupil.pk, session.pk, session.academic_year, present if code == "P" else code)
        for pupil, code in zip(pupils, codes, strict=True)
    ]
    load_marks(pupils[0].school, rows, by=by, at=session.opens_at, source=source)


def standing(on: date, half: str) -> str:
    """Return the codes that stand in a session, pupil by pupil; "-" for none."""
    codes = dict(Mark.objects.filter(session=session_of(on, half)).values_list("pupil_id", "code_id"))
    return "".join(
        codes.get(pk, "-") for pk in Pupil.objects.order_by("surname").values_list("pk", flat=True)
    )


def counted(school: School, pupil: Pupil) -> tuple[int, int, int]:
    """Return possible, attended and absent sessions of a pupil on the two days."""
    figures = figures_for(school, first_day=DAY, last_day=date(2025, 11, 19))[pupil.pk]
    return (figures.possible, figures.attended, figures.absent)


class TestAnEmergencyInTheMiddleOfTheDay:
    def test_leaves_the_morning_that_took_place(self, open_school, pupils, office):
        mark(DAY, "AM", pupils, "PPI", by=office)
        mark(DAY, "PM", pupils, "PPI", by=office)
        before = [counted(open_school, pupil) for pupil in pupils]

        done = closures.close_school(open_school, BOILER, by=office, at=MORNING, position="Office")

        assert (done.sessions, done.cleared) == (1, 3)
        assert (standing(DAY, "AM"), standing(DAY, "PM")) == ("//I", "---")
        assert before == [(2, 2, 0), (2, 2, 0), (2, 0, 2)]
        assert [counted(open_school, pupil) for pupil in pupils] == [(1, 1, 0), (1, 1, 0), (1, 0, 1)]

    def test_cancels_the_afternoon_and_numbers_the_sessions_after_it_anew(self, open_school, office):
        closures.close_school(open_school, BOILER, by=office, at=MORNING)

        numbers = [
            (row.on.day, row.half, row.status, row.number)
            for row in Session.objects.filter(on__range=(DAY, date(2025, 11, 19))).order_by("on", "half")
        ]
        assert numbers == [
            (18, "AM", "held", 99),
            (18, "PM", "cancelled", None),
            (19, "AM", "held", 100),
            (19, "PM", "held", 101),
        ]

    def test_keeps_every_mark_in_the_history_with_the_reason_and_author(self, open_school, pupils, office):
        mark(DAY, "PM", pupils, "PPI", by=office)

        closures.close_school(
            open_school, BOILER, by=office, at=MORNING, reason="No heating until Wednesday", position="Office"
        )

        changes = history_of_mark(pupils[2], session_of(DAY, "PM"))
        assert [(one.old_code, one.new_code) for one in changes] == [("", "I"), ("I", "")]
        assert (changes[1].by_name, changes[1].by_position, changes[1].at) == (
            "Olive Office",
            "Office",
            MORNING,
        )
        assert changes[1].reason == "Emergency closure (Y4): Boiler failure. No heating until Wednesday"
        assert history.first_fault(open_school) is None

    def test_is_logged_with_what_it_did(self, open_school, pupils, office):
        mark(DAY, "PM", pupils, "PPI", by=office)

        done = closures.close_school(open_school, BOILER, by=office, at=MORNING)

        event = Event.objects.get(kind="school.closed")
        assert (event.by_name, event.subject_id) == ("Olive Office", done.period_id)
        assert event.data == {
            "kind": "emergency_closure",
            "first": "2025-11-18 PM",
            "last": "2025-11-18 PM",
            "sessions": 1,
            "marks_cleared": 3,
        }


class TestAnEmergencyOfTwoDays:
    def test_takes_away_what_was_known_ahead_too(self, open_school, pupils, office):
        mark(DAY, "AM", pupils, "NNN", by=office, source="system")
        mark(date(2025, 11, 19), "PM", pupils[:1], "M", by=office, source="ahead")

        done = closures.close_school(open_school, SNOW, by=office, at=london(DAY, time(7, 0)))

        assert (done.sessions, done.cleared) == (4, 4)
        assert Mark.objects.count() == 0
        assert set(
            Session.objects.filter(on__range=(DAY, SNOW.last_day)).values_list("status", flat=True)
        ) == {"cancelled"}

    def test_cannot_be_declared_twice(self, open_school, office):
        closures.close_school(open_school, SNOW, by=office, at=MORNING)
        before = everything_stored()

        with pytest.raises(DomainError, match=r"No session is held then: there is nothing to close\."):
            closures.close_school(open_school, SNOW, by=office, at=MORNING)
        assert everything_stored() == before


class TestAPlannedClosure:
    def test_takes_away_what_was_only_foreseen_or_set_by_rollcall(self, open_school, pupils, office):
        mark(DAY, "AM", pupils, "MND", by=office, source="ahead")
        mark(DAY, "PM", pupils, "NNO", by=office, source="system")

        done = closures.close_school(open_school, INSET, by=office, at=MORNING)

        assert (done.sessions, done.cleared, Mark.objects.count()) == (2, 6, 0)
        assert set(EntryBatch.objects.order_by("-number").values_list("reason", flat=True)[:1]) == {
            "Planned closure (#): Staff training"
        }

    def test_over_taken_marks_wants_a_reason(self, open_school, pupils, office):
        mark(DAY, "AM", pupils, "PPI", by=office)
        before = everything_stored()

        with pytest.raises(ReasonMissing, match=r"Give a reason: 3 of the marks were taken"):
            closures.close_school(open_school, INSET, by=office, at=MORNING, reason="  ")
        assert everything_stored() == before

        closures.close_school(open_school, INSET, by=office, at=MORNING, reason="Marked by mistake")
        assert Mark.objects.count() == 0
        assert EntryBatch.objects.latest("number").reason == (
            "Planned closure (#): Staff training. Marked by mistake"
        )

    def test_outside_every_half_term_is_refused(self, open_school, office):
        holiday = Period("closure", "Christmas", date(2025, 12, 22), date(2025, 12, 24))
        before = everything_stored()

        with pytest.raises(RowsRefused) as refused:
            closures.close_school(open_school, holiday, by=office, at=MORNING)
        assert [fault.text for fault in refused.value.faults] == ["the closure is not within a half term"]
        assert everything_stored() == before


class TestWhatIsShownBeforehand:
    def test_counts_sessions_codes_and_what_was_taken(self, open_school, pupils, office):
        mark(DAY, "AM", pupils, "PPI", by=office)
        mark(DAY, "PM", pupils[:1], "M", by=office, source="ahead")
        before = everything_stored()

        plan = closures.plan_closure(open_school, SNOW, at=MORNING)

        assert [(row.on.day, row.half) for row in plan.closing] == [
            (18, "AM"),
            (18, "PM"),
            (19, "AM"),
            (19, "PM"),
        ]
        assert [(one.session.half, one.by_code, one.taken) for one in plan.marks] == [
            ("AM", {"/": 2, "I": 1}, 3),
            ("PM", {"M": 1}, 0),
        ]
        assert (plan.mark_count, plan.taken, plan.needs_reason) == (4, 3, False)
        assert everything_stored() == before

    def test_that_is_out_of_date_does_nothing(self, open_school, pupils, office):
        mark(DAY, "PM", pupils[:2], "PP", by=office)
        seen = closures.plan_closure(open_school, BOILER, at=MORNING).token
        mark(DAY, "PM", pupils[2:], "I", by=office)
        before = everything_stored()

        with pytest.raises(MarksChangedSince):
            closures.close_school(open_school, BOILER, by=office, at=MORNING, seen=seen)
        assert everything_stored() == before

    def test_takes_as_many_statements_for_thirty_pupils_as_for_three(
        self, open_school, class_group, pupils, office
    ):
        mark(DAY, "PM", pupils, "PPI", by=office)
        with CaptureQueriesContext(
            connection,
        ) as few:
            closures.plan_closure(open_school, SNOW, at=MORNING)
        more = [pupil_in_class(class_group) for _ in range(27)]
        mark(DAY, "PM", more, "P" * 27, by=office)
        with CaptureQueriesContext(connection) as many:
            closures.plan_closure(open_school, SNOW, at=MORNING)

        assert len(few) == len(many) == 6


class TestOpeningAgain:
    def test_lets_every_mark_stand_again_and_the_figures_be_as_before(self, open_school, pupils, office):
        mark(DAY, "AM", pupils, "PPI", by=office)
        mark(DAY, "PM", pupils, "PLI", by=office)
        before = [counted(open_school, pupil) for pupil in pupils]
        numbers = list(Session.objects.order_by("pk").values_list("pk", "number", "school_week", "status"))
        closed = closures.close_school(open_school, SNOW, by=office, at=MORNING)

        done = closures.reopen_school(
            open_school, CalendarPeriod.objects.get(pk=closed.period_id), by=office, at=MORNING
        )

        assert (done.sessions, done.restored, done.lost) == (4, 6, 0)
        assert (standing(DAY, "AM"), standing(DAY, "PM")) == ("//I", "\\LI")
        assert [counted(open_school, pupil) for pupil in pupils] == before
        assert (
            list(Session.objects.order_by("pk").values_list("pk", "number", "school_week", "status"))
            == numbers
        )
        assert CalendarPeriod.objects.filter(kind="emergency_closure").count() == 0
        assert MarkEntry.objects.count() == 18
        assert EntryBatch.objects.latest("number").reason == "Emergency closure (Y4) undone: Snow"
        assert history.first_fault(open_school) is None

    def test_keeps_the_time_of_arrival(self, open_school, pupils, office):
        session = session_of(DAY, "AM")
        row = MarkRow(pupils[0].pk, session.pk, 2025, "L", time(9, 4))
        load_marks(open_school, [row], by=office, at=session.opens_at, source="register")
        closed = closures.close_school(open_school, SNOW, by=office, at=MORNING)

        closures.reopen_school(
            open_school, CalendarPeriod.objects.get(pk=closed.period_id), by=office, at=MORNING
        )

        assert list(Mark.objects.values_list("code_id", "arrived_at")) == [("L", time(9, 4))]

    def test_is_one_act_over_sessions_past_and_to_come_and_is_taken_back_whole(
        self, open_school, pupils, office
    ):
        mark(DAY, "AM", pupils, "PPI", by=office)
        mark(date(2025, 11, 19), "AM", pupils[:2], "MM", by=office, source="ahead")
        closed = closures.close_school(open_school, SNOW, by=office, at=MORNING)

        closures.reopen_school(
            open_school, CalendarPeriod.objects.get(pk=closed.period_id), by=office, at=MORNING
        )

        made = EntryBatch.objects.latest("number")
        assert made.entries_count == 5
        assert list(
            Mark.objects.order_by("session__number", "pupil__surname").values_list("code_id", "source")
        ) == [*[("/", "office")] * 2, ("I", "office"), *[("M", "ahead")] * 2]
        undoing = amendments.plan_undo(made)
        assert (undoing.how_many, len(undoing.restored), undoing.left) == (5, 5, ())
        amendments.undo(undoing, by=office, at=MORNING)
        assert Mark.objects.count() == 0
        assert history.first_fault(open_school) is None

    def test_leaves_away_the_marks_of_pupils_who_are_no_longer_on_roll(self, open_school, pupils, office):
        mark(DAY, "AM", pupils, "PPI", by=office)
        closed = closures.close_school(open_school, SNOW, by=office, at=MORNING)
        pupils[2].enrolments.update(leaving_on=date(2025, 11, 17))

        done = closures.reopen_school(
            open_school, CalendarPeriod.objects.get(pk=closed.period_id), by=office, at=MORNING
        )

        assert (done.restored, done.lost) == (2, 1)
        assert standing(DAY, "AM") == "//-"

    def test_restores_nothing_that_a_closure_of_another_day_took_away(self, open_school, pupils, office):
        mark(DAY, "AM", pupils, "PPI", by=office)
        mark(date(2025, 11, 20), "AM", pupils, "PPP", by=office)
        first = closures.close_school(open_school, SNOW, by=office, at=MORNING)
        other = Period("emergency_closure", "Flood", date(2025, 11, 20), date(2025, 11, 20))
        closures.close_school(open_school, other, by=office, at=MORNING)

        done = closures.reopen_school(
            open_school, CalendarPeriod.objects.get(pk=first.period_id), by=office, at=MORNING
        )

        assert done.restored == 3
        assert standing(date(2025, 11, 20), "AM") == "---"

    def test_of_a_planned_closure_without_marks_makes_two_empty_sessions(self, open_school, office):
        row = CalendarPeriod.objects.get(first_day=date(2026, 5, 4))

        done = closures.reopen_school(
            open_school, row, by=office, at=datetime(2026, 1, 5, 9, 0, tzinfo=UTC), reason="No bank holiday"
        )

        assert (done.sessions, done.restored, done.lost) == (2, 0, 0)
        assert Session.objects.filter(status="held").count() == 382

    def test_that_was_seen_otherwise_does_nothing(self, open_school, pupils, office):
        closed = closures.close_school(open_school, SNOW, by=office, at=MORNING)
        before = everything_stored()

        with pytest.raises(MarksChangedSince):
            closures.reopen_school(
                open_school,
                CalendarPeriod.objects.get(pk=closed.period_id),
                by=office,
                at=MORNING,
                seen="another",
            )
        assert everything_stored() == before
