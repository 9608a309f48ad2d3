"""
The calendar of a school and the sessions that follow from it.

Half terms make sessions, closures take them away: a planned closure makes them closed (#), an
emergency closure cancelled (Y4). The sessions held are numbered over all years, and so are the weeks
with at least one of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Count, ProtectedError

from accounts import events
from accounts.errors import DomainError
from accounts.models import School, User
from registers.models import CalendarPeriod, DayTimes, Mark, Session
from registers.rules.calendar import TERMS, academic_year_name, academic_year_of, term_of
from registers.rules.numbers import counted
from registers.rules.times import SessionTimes
from registers.services.refusals import RowFault, RowsRefused

LONDON = ZoneInfo("Europe/London")
FIRST_YEAR, LAST_YEAR = 2018, 2035  # the academic years for which the database keeps marks
STATUS_OF = {"closure": "closed", "emergency_closure": "cancelled"}
HALVES = ("AM", "PM")
SATURDAY = 5

# Numbers run over the sessions held of all years; a week counts when at least one of its sessions was held.
RENUMBER = """
UPDATE registers_session AS s SET number = n.number, school_week = n.school_week
FROM (
    SELECT id,
        row_number() OVER (ORDER BY "on", half) AS number,
        dense_rank() OVER (ORDER BY date_trunc('week', "on")) AS school_week
    FROM registers_session WHERE school_id = %(school)s AND status = 'held'
) AS n
WHERE s.id = n.id AND (s.number, s.school_week) IS DISTINCT FROM (n.number, n.school_week)
"""


@dataclass(frozen=True)
class Period:
    """A half term or a closure, first to last day; kinds as in `CalendarPeriod.KINDS`."""

    kind: str
    name: str
    first_day: date
    last_day: date

    @property
    def academic_year(self) -> int:
        """Return the academic year in which it begins."""
        return academic_year_of(self.first_day)

    @property
    def identity(self) -> tuple[object, ...]:
        """Return what makes it the same period as another: a half term's name and year, a closure's days."""
        if self.kind == "half_term":
            return ("half_term", self.academic_year, self.name.lower())
        return ("closure", self.first_day, self.last_day)

    def days(self) -> Iterator[date]:
        """Yield each Monday to Friday of it."""
        day = self.first_day
        while day <= self.last_day:
            if day.weekday() < SATURDAY:
                yield day
            day += timedelta(days=1)

    def holds(self, other: "Period") -> bool:
        """Say whether the other lies within it."""
        return self.first_day <= other.first_day and other.last_day <= self.last_day

    def overlaps(self, other: "Period") -> bool:
        """Say whether the two have a day in common."""
        return self.first_day <= other.last_day and other.first_day <= self.last_day


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


@transaction.atomic
def set_calendar(school: School, periods: Sequence[Period], *, by: User, at: datetime) -> CalendarChange:
    """
    Add half terms and closures to a school's calendar, or change those that are there, with their sessions.

    A half term is known by its name within its academic year and takes the new days; a closure is known
    by its days and takes the new kind and name. Periods that are not named stay as they are. The times
    of a session that has passed stay what they were when the school's times change.

    :raises RowsRefused: a period is impossible, overlaps another, or would close sessions with marks
    :raises DomainError: the school has no times for some half of some day
    """
    # Two imports at once would number the sessions twice over; registers can be taken meanwhile (no_key).
    School.objects.select_for_update(no_key=True).get(pk=school.pk)
    refuse_if_any(faults_of_each(periods))
    standing = {as_period(row).identity: row for row in CalendarPeriod.objects.filter(school=school)}
    places = {period.identity: place for place, period in enumerate(periods)}
    planned = {identity: as_period(row) for identity, row in standing.items()}
    planned.update({period.identity: period for period in periods})
    refuse_if_any(faults_among(planned, places))

    existing = {(row.on, row.half): row for row in Session.objects.filter(school=school)}
    wanted = wanted_sessions(school, planned, today=at.astimezone(LONDON).date(), existing=existing)
    changed = [row for key, row in wanted.items() if key in existing and differs(row, existing[key])]
    added = [row for key, row in wanted.items() if key not in existing]
    removed = [row for key, row in existing.items() if key not in wanted]
    taken_away = removed + [
        existing[row.on, row.half]
        for row in changed
        if not row.is_held and existing[row.on, row.half].is_held
    ]
    refuse_if_any(faults_of_marks(taken_away, periods))

    written = [
        (row, period)
        for period in periods
        if (row := standing.get(period.identity)) is None or as_period(row) != period
    ]
    write_periods(school, written)
    remove_sessions(removed)
    write_sessions([*added, *changed])
    with connection.cursor() as cursor:
        cursor.execute(RENUMBER, {"school": school.pk})
    change = CalendarChange(
        periods_added=sum(row is None for row, _ in written),
        periods_changed=sum(row is not None for row, _ in written),
        sessions_added=len(added),
        sessions_changed=len(changed),
        sessions_removed=len(removed),
    )
    if not change.is_empty:
        events.record("calendar.set", school=school, by=by, at=at, data=vars(change))
    return change


def refuse_if_any(faults: Sequence[RowFault]) -> None:
    """
    Refuse the rows if they have faults.

    :raises RowsRefused: they have
    """
    if faults:
        raise RowsRefused(faults)


def as_period(row: CalendarPeriod) -> Period:
    """Return a stored period as a value."""
    return Period(row.kind, row.name, row.first_day, row.last_day)


def faults_of_each(periods: Sequence[Period]) -> list[RowFault]:
    """Return what is wrong with each period by itself, and which stand twice."""
    faults = []
    first_place: dict[tuple[object, ...], int] = {}
    for place, period in enumerate(periods):
        if period.last_day < period.first_day:
            faults.append(RowFault(place, "last_day", "is before the first day"))
            continue
        if not FIRST_YEAR <= period.academic_year <= academic_year_of(period.last_day) <= LAST_YEAR:
            years = f"{academic_year_name(FIRST_YEAR)} to {academic_year_name(LAST_YEAR)}"
            faults.append(RowFault(place, "first_day", f"is outside the academic years {years}"))
            continue
        if period.kind == "half_term":
            if term_of(period.name) is None:
                terms = ", ".join(term.capitalize() for term in TERMS)
                text = f"{period.name!r} is not a half term: its name begins with one of {terms}"
                faults.append(RowFault(place, "name", text))
            if period.academic_year != academic_year_of(period.last_day):
                faults.append(RowFault(place, "last_day", "is in another academic year than the first day"))
            elif next(period.days(), None) is None:
                faults.append(RowFault(place, "first_day", "the half term has no Monday to Friday"))
        if period.identity in first_place:
            faults.append(RowFault(place, "name", "the same period stands twice"))
        first_place.setdefault(period.identity, place)
    return faults


def faults_among(
    planned: Mapping[tuple[object, ...], Period], places: Mapping[tuple[object, ...], int]
) -> list[RowFault]:
    """Return which of the periods at these places clash with others or lie outside every half term."""
    faults = []
    half_terms = [period for period in planned.values() if period.kind == "half_term"]
    closures = [period for period in planned.values() if period.kind != "half_term"]
    for identity, place in places.items():
        period = planned[identity]
        others = half_terms if period.kind == "half_term" else closures
        # Of two clashing rows of one file the later is named.
        clashing = [
            other
            for other in others
            if other.overlaps(period)
            and places.get(other.identity, -1) < place
            and (period.kind == "half_term" or other.kind != period.kind)
        ]
        if clashing:
            named = f"{clashing[0].name} ({clashing[0].first_day} to {clashing[0].last_day})"
            faults.append(RowFault(place, "first_day", f"overlaps with {named}"))
        if period.kind != "half_term" and not any(half_term.holds(period) for half_term in half_terms):
            faults.append(RowFault(place, "first_day", "the closure is not within a half term"))
    return faults


def wanted_sessions(
    school: School,
    planned: Mapping[tuple[object, ...], Period],
    *,
    today: date,
    existing: Mapping[tuple[date, str], Session],
) -> dict[tuple[date, str], Session]:
    """
    Return every session that the periods make, by day and half, unsaved.

    :raises DomainError: the school has no times for some half of some day
    """
    status_on: dict[date, str] = {}
    for period in planned.values():
        if period.kind in STATUS_OF:
            status_on.update(dict.fromkeys(period.days(), STATUS_OF[period.kind]))
    times = day_times_of(school)
    wanted: dict[tuple[date, str], Session] = {}
    for period in planned.values():
        if period.kind != "half_term":
            continue
        term = term_of(period.name) or ""  # every half term's name has been checked to begin with a term
        for day in period.days():
            for half in HALVES:
                standing = existing.get((day, half))
                row = Session(
                    school=school,
                    on=day,
                    half=half,
                    academic_year=period.academic_year,
                    half_term=period.name,
                    term=term,
                    status=status_on.get(day, "held"),
                )
                if row.is_held and standing is not None and standing.is_held:
                    row.number, row.school_week = standing.number, standing.school_week
                if standing is not None and day <= today:
                    row.opens_at, row.late_after_at = standing.opens_at, standing.late_after_at
                    row.closes_at = standing.closes_at
                else:
                    rule = times_on(times, day, half)
                    row.opens_at = instant(day, rule.opens_at)
                    row.late_after_at = instant(day, rule.late_after)
                    row.closes_at = instant(day, rule.closes_at)
                wanted[day, half] = row
    return wanted


def day_times_of(school: School) -> dict[tuple[str, int | None], SessionTimes]:
    """Return the school's times by half and weekday (None: every day without its own)."""
    return {(row.half, row.weekday): row.as_rule() for row in DayTimes.objects.filter(school=school)}


def times_on(times: Mapping[tuple[str, int | None], SessionTimes], day: date, half: str) -> SessionTimes:
    """
    Return the times of a half of a day.

    :raises DomainError: the school has none
    """
    found = times.get((half, day.weekday())) or times.get((half, None))
    if found is None:
        raise DomainError(f"The school has no times for the {half} register on {day}.")
    return found


def instant(day: date, at: time) -> datetime:
    """Return the instant at which a clock in England shows this time; summer time is minded."""
    return datetime.combine(day, at, tzinfo=LONDON)


COMPARED = ("academic_year", "half_term", "term", "status", "opens_at", "late_after_at", "closes_at")


def differs(row: Session, other: Session) -> bool:
    """Say whether two sessions of the same half day differ in what the calendar says of them."""
    return any(getattr(row, name) != getattr(other, name) for name in COMPARED)


def faults_of_marks(taken_away: Sequence[Session], periods: Sequence[Period]) -> list[RowFault]:
    """Return for each day that would lose its sessions the number of marks that stand there."""
    marked = (
        Mark.objects.filter(
            academic_year__in={row.academic_year for row in taken_away},
            session__in=[row.pk for row in taken_away],
        )
        .values("session__on")
        .annotate(marks=Count("*"))
        .order_by("session__on")
    )
    faults = []
    for found in marked:
        day = found["session__on"]
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
        text = f"{day} has {counted(found['marks'], 'mark')} already, so that day cannot be taken away"
        faults.append(RowFault(place, "first_day", text))
    return faults


def write_periods(school: School, written: Sequence[tuple[CalendarPeriod | None, Period]]) -> None:
    """Save the periods that are new or changed."""
    for row, period in written:
        saved = row or CalendarPeriod(school=school)
        saved.kind, saved.name = period.kind, period.name
        saved.first_day, saved.last_day = period.first_day, period.last_day
        saved.save(update_fields=None if row is None else ["kind", "name", "first_day", "last_day"])


def remove_sessions(removed: Sequence[Session]) -> None:
    """
    Delete sessions that the calendar no longer has.

    :raises DomainError: something that must stay refers to one of them
    """
    if not removed:
        return
    try:
        Session.objects.filter(pk__in=[row.pk for row in removed]).delete()
    except ProtectedError as error:
        days = sorted({row.on for row in removed})
        span = f"{days[0]} to {days[-1]}" if len(days) > 1 else str(days[0])
        raise DomainError(f"Something is recorded for a session of {span}: nothing was changed.") from error


def write_sessions(rows: Sequence[Session]) -> None:
    """Save sessions that are new or changed, in one statement for each thousand."""
    Session.objects.bulk_create(
        rows,
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["school", "on", "half"],
        update_fields=[*COMPARED, "number", "school_week"],
    )
