"""
The times of a school's day, from a day on.

A new set of times takes the place of the one before from its first day; sessions of days that have begun keep
the times that they had.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from django.db import transaction

from accounts import events
from accounts.errors import DomainError
from accounts.models import School, User
from registers.models import CalendarPeriod, DayTimes
from registers.models.calendar import FIRST_DAY
from registers.rules.day import DayTimesInput, faults_of_day
from registers.services.calendar import lock_calendar
from registers.services.calendar_periods import Period, as_period
from registers.services.sessions import (
    LONDON,
    DayBook,
    SessionPlan,
    apply_plan,
    day_book_of,
    plan_sessions,
)


class TimesRefused(DomainError):
    """The times cannot be a school's; `lines` says every reason."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(" ".join(faults))
        self.lines = tuple(faults)


class TimesChangedMeanwhile(DomainError):
    """Somebody else changed the school's times since they were shown."""

    def __init__(self) -> None:
        super().__init__("Somebody else changed the times while you had them open: check them again.")


@dataclass(frozen=True)
class DayPlan:
    """What a new set of times would do."""

    starts_on: date
    sessions: SessionPlan
    last_day: date | None  # of the sessions that change

    @property
    def session_count(self) -> int:
        """Return how many sessions get other times, for all pupils or for a year group."""
        places = {(row.on, row.half) for row in self.sessions.changed} | set(self.sessions.regrouped)
        return len(places)


def as_row(school: School, line: DayTimesInput, starts_on: date = FIRST_DAY) -> DayTimes:
    """Return a line of the day as a row, unsaved."""
    return DayTimes(
        school=school,
        starts_on=starts_on,
        half=line.times.half,
        weekday=line.weekday,
        year_group=line.year_group,
        gates_open_at=line.gates_open_at,
        entry_from=line.entry_from,
        opens_at=line.times.opens_at,
        late_after=line.times.late_after,
        closes_at=line.times.closes_at,
        day_ends_at=line.times.day_ends_at,
    )


def token_of(book: DayBook) -> str:
    """Return a digest of a school's times, by which a page knows whether somebody changed them meanwhile."""
    lines = [(starts_on, sorted(map(repr, of_day.values()))) for starts_on, of_day in book.sets]
    return sha256(repr(lines).encode()).hexdigest()[:16]


def first_possible_day(school: School, *, today: date) -> date:
    """Return the earliest day from which new times can hold: tomorrow, or ever for a school without times."""
    has_times = DayTimes.objects.filter(school=school).exists()
    return today + timedelta(days=1) if has_times else FIRST_DAY


def plan_day_times(
    school: School, times: Sequence[DayTimesInput], *, starts_on: date, today: date
) -> DayPlan:
    """
    Return what these times would change from a day on. Five statements, however many sessions.

    :raises TimesRefused: a time is missing or out of order, or the register is open for too long
    :raises DomainError: the day is not to come
    """
    faults = faults_of_day(times)
    if faults:
        raise TimesRefused(faults)
    earliest = first_possible_day(school, today=today)
    if starts_on < earliest:
        raise DomainError("New times hold from tomorrow at the earliest: past registers keep theirs.")
    book = day_book_of(school).with_set(starts_on, times)
    plan = plan_sessions(school, _periods(school), book=book, today=today)
    days = [row.on for row in plan.changed] + [day for day, _ in plan.regrouped]
    return DayPlan(starts_on, plan, max(days, default=None))


@transaction.atomic
def set_day_times(
    school: School,
    times: Sequence[DayTimesInput],
    *,
    starts_on: date,
    by: User,
    at: datetime,
    seen: str | None = None,
) -> DayPlan:
    """
    Let these times be the school's from a day on, in the place of a set from the same day.

    `seen` is the token of the times that the person was shown; None: not asked for.

    :raises TimesRefused: a time is missing or out of order, or the register is open for too long
    :raises TimesChangedMeanwhile: the times are not those that were seen
    :raises DomainError: the day is not to come
    """
    lock_calendar(school)
    if seen is not None and token_of(day_book_of(school)) != seen:
        raise TimesChangedMeanwhile
    plan = plan_day_times(school, times, starts_on=starts_on, today=at.astimezone(LONDON).date())
    DayTimes.objects.filter(school=school, starts_on=starts_on).delete()
    DayTimes.objects.bulk_create(as_row(school, line, starts_on) for line in times)
    apply_plan(school, plan.sessions)
    events.record(
        "day.changed",
        school=school,
        by=by,
        at=at,
        data={
            "starts_on": starts_on.isoformat(),
            "sessions_changed": plan.session_count,
            "times": [_logged(line) for line in times],
        },
    )
    return plan


@transaction.atomic
def drop_day_times(school: School, *, starts_on: date, by: User, at: datetime) -> int:
    """
    Take back times that have not begun yet, and return how many sessions get their old times again.

    :raises DomainError: there are none from that day, or the day is not to come
    """
    lock_calendar(school)
    today = at.astimezone(LONDON).date()
    if starts_on <= today:
        raise DomainError("These times hold already: enter new ones from a later day.")
    book = day_book_of(school)
    if starts_on not in dict(book.sets):
        raise DomainError("There are no such times: somebody else may have taken them back.")
    DayTimes.objects.filter(school=school, starts_on=starts_on).delete()
    rest = DayBook([one for one in book.sets if one[0] != starts_on])
    plan = plan_sessions(school, _periods(school), book=rest, today=today)
    apply_plan(school, plan)
    changed = len({(row.on, row.half) for row in plan.changed} | set(plan.regrouped))
    events.record(
        "day.taken_back",
        school=school,
        by=by,
        at=at,
        data={"starts_on": starts_on.isoformat(), "sessions_changed": changed},
    )
    return changed


def _periods(school: School) -> list[Period]:
    return [as_period(row) for row in CalendarPeriod.objects.filter(school=school)]


def _logged(line: DayTimesInput) -> str:
    times = line.times
    weekday = "" if line.weekday is None else str(line.weekday)
    ends = "" if times.day_ends_at is None else f"{times.day_ends_at:%H:%M}"
    return (
        f"{times.half} {weekday} {line.year_group} {times.opens_at:%H:%M} {times.late_after:%H:%M}"
        f" {times.closes_at:%H:%M} {ends}"
    )
