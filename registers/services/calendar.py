"""
The calendar of a school and the sessions that follow from it.

Half terms make sessions, closures take them away: a planned closure makes them closed (#), an
emergency closure cancelled (Y4). The sessions held are numbered over all years, and so are the weeks
with at least one of them. Closing sessions that have marks is the business of `services.closures`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction
from django.db.models import Count

from accounts import events
from accounts.errors import DomainError
from accounts.models import School, User
from registers.models import CalendarPeriod, Mark, Session
from registers.rules.calendar import academic_year_of
from registers.rules.numbers import counted
from registers.services.calendar_periods import (
    Identity,
    Period,
    as_period,
    faults_among,
    faults_of_each,
    left_outside,
)
from registers.services.refusals import RowFault, RowsRefused
from registers.services.sessions import (
    LONDON,
    SessionPlan,
    apply_plan,
    day_book_of,
    instant,
    plan_sessions,
)
from registers.words import day as in_words

__all__ = [
    "CalendarChange",
    "CalendarPlan",
    "Period",
    "instant",
    "lock_calendar",
    "plan_calendar",
    "set_calendar",
]


@dataclass(frozen=True)
class CalendarChange:
    """What setting the calendar did, in numbers of rows."""

    periods_added: int
    periods_changed: int
    sessions_added: int
    sessions_changed: int
    sessions_removed: int

    @property
    def is_empty(self) -> bool:
        """Say whether nothing changed."""
        return self == NO_CHANGE


NO_CHANGE = CalendarChange(0, 0, 0, 0, 0)


@dataclass(frozen=True)
class CalendarPlan:
    """What setting the calendar would do."""

    written: tuple[tuple[CalendarPeriod | None, Period], ...]
    dropped: tuple[CalendarPeriod, ...]
    sessions: SessionPlan = field(default_factory=SessionPlan)

    @property
    def change(self) -> CalendarChange:
        """Return the plan in numbers of rows."""
        return CalendarChange(
            periods_added=sum(row is None for row, _ in self.written),
            periods_changed=sum(row is not None for row, _ in self.written),
            sessions_added=len(self.sessions.added),
            sessions_changed=len(self.sessions.changed),
            sessions_removed=len(self.sessions.removed),
        )


def lock_calendar(school: School) -> None:
    """
    Let one person at a time change the calendar of a school, until the transaction ends.

    Two at once would number the sessions twice over; registers can be taken meanwhile (no_key).
    """
    School.objects.select_for_update(no_key=True).get(pk=school.pk)


def plan_calendar(
    school: School, periods: Sequence[Period] = (), *, drop: Collection[int] = (), today: date
) -> CalendarPlan:
    """
    Return what adding or changing these periods, and dropping those with these ids, would do.

    A half term is known by its name within its academic year and takes the new days; a closure is known
    by its days and takes the new kind and name. Periods that are not named stay as they are. Four statements.

    :raises RowsRefused: a period is impossible or overlaps another
    :raises DomainError: the school has no times for some half of some day, or a closure would be left outside
        every half term
    """
    refuse_if_any(faults_of_each(periods))
    rows = list(CalendarPeriod.objects.filter(school=school))
    dropped = tuple(row for row in rows if row.pk in drop)
    standing = {as_period(row).identity: row for row in rows if row.pk not in drop}
    places = {period.identity: place for place, period in enumerate(periods)}
    planned: dict[Identity, Period] = {identity: as_period(row) for identity, row in standing.items()}
    planned.update({period.identity: period for period in periods})
    refuse_if_any(faults_among(planned, places))
    if any(row.kind == "half_term" for row in dropped):
        outside = left_outside(planned)
        if outside:
            named = ", ".join(f"{period.name} ({in_words(period.first_day, today)})" for period in outside)
            raise DomainError(f"Remove the closures on days that would lie in no half term first: {named}.")
    return CalendarPlan(
        written=tuple(
            (row, period)
            for period in periods
            if (row := standing.get(period.identity)) is None or as_period(row) != period
        ),
        dropped=dropped,
        sessions=plan_sessions(school, planned.values(), book=day_book_of(school), today=today),
    )


@transaction.atomic
def set_calendar(
    school: School, periods: Sequence[Period] = (), *, by: User, at: datetime, drop: Collection[int] = ()
) -> CalendarChange:
    """
    Add half terms and closures to a school's calendar, change those that are there, or drop some by id, with
    their sessions.

    The times of a session that has passed stay what they were when the school's times change.

    :raises RowsRefused: a period is impossible, overlaps another, or would close sessions with marks
    :raises DomainError: the school has no times for some half of some day, or a closure would be left outside
        every half term
    """
    lock_calendar(school)
    plan = plan_calendar(school, periods, drop=drop, today=at.astimezone(LONDON).date())
    hold_marks_off(plan.sessions.closing)
    refuse_if_any(faults_of_marks(plan.sessions.closing, periods))
    if plan.dropped:
        CalendarPeriod.objects.filter(pk__in=[row.pk for row in plan.dropped]).delete()
    write_periods(school, plan.written)
    apply_plan(school, plan.sessions)
    if plan.dropped or not plan.change.is_empty:
        data = vars(plan.change) | ({"periods_dropped": len(plan.dropped)} if plan.dropped else {})
        events.record("calendar.set", school=school, by=by, at=at, data=data)
    return plan.change


def hold_marks_off(sessions: Sequence[Session]) -> None:
    """
    Wait for everybody who is writing a mark of these sessions, and let the next ones wait.

    A new mark takes a key share of its session's row, so this lock meets it; whoever waited then finds the
    session closed and is refused.
    """
    ids = [row.pk for row in sessions]
    list(Session.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))


def refuse_if_any(faults: Sequence[RowFault]) -> None:
    """
    Refuse the rows if they have faults.

    :raises RowsRefused: they have
    """
    if faults:
        raise RowsRefused(faults)


def marks_by_day(sessions: Sequence[Session]) -> Mapping[date, int]:
    """Return how many marks stand on each day of these sessions. One statement."""
    found = (
        Mark.objects.filter(
            academic_year__in={row.academic_year for row in sessions},
            session__in=[row.pk for row in sessions],
        )
        .values("session__on")
        .annotate(marks=Count("*"))
        .order_by("session__on")
    )
    return {row["session__on"]: row["marks"] for row in found}


def faults_of_marks(closing: Sequence[Session], periods: Sequence[Period]) -> list[RowFault]:
    """Return for each day that would lose its sessions the number of marks that stand there."""
    faults = []
    for day, marks in marks_by_day(closing).items():
        # The closure that takes the day away, or the half term that no longer reaches it.
        causes = [place for place, period in enumerate(periods) if period.first_day <= day <= period.last_day]
        place = next((place for place in causes if periods[place].kind != "half_term"), None)
        if place is None:
            year = academic_year_of(day)
            of_year = (
                number
                for number, period in enumerate(periods)
                if period.kind == "half_term" and period.academic_year == year
            )
            place = next(of_year, 0)
        text = f"{day} has {counted(marks, 'mark')} already, so that day cannot be taken away"
        faults.append(RowFault(place, "first_day", text))
    return faults


def write_periods(school: School, written: Sequence[tuple[CalendarPeriod | None, Period]]) -> None:
    """Save the periods that are new or changed."""
    names = ["kind", "name", "first_day", "first_half", "last_day", "last_half"]
    for row, period in written:
        saved = row or CalendarPeriod(school=school)
        for name in names:
            setattr(saved, name, getattr(period, name))
        saved.save(update_fields=None if row is None else names)
