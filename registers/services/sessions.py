"""The sessions that a school's half terms, closures and times make, compared with those that stand."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import groupby
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import ProtectedError

from accounts.errors import DomainError
from accounts.models import School
from registers.models import DayTimes, Session, YearGroupTimes
from registers.rules.calendar import term_of
from registers.rules.day import DayTimesInput, LineKey, by_key, line_for
from registers.rules.times import SessionTimes
from registers.services.calendar_periods import Period

LONDON = ZoneInfo("Europe/London")
STATUS_OF = {"closure": "closed", "emergency_closure": "cancelled"}
# The year groups' own times of one session: opens, late after, closes.
Instants = tuple[datetime, datetime, datetime]
Place = tuple[date, str]

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
class DayBook:
    """The times of a school's day, each set with the day from which it holds, latest first."""

    sets: Sequence[tuple[date, Mapping[LineKey, DayTimesInput]]]

    def lines_on(self, day: date) -> Mapping[LineKey, DayTimesInput]:
        """Return the lines that hold on a day; none before the first set."""
        return next((lines for starts_on, lines in self.sets if starts_on <= day), {})

    def times_on(self, day: date, half: str, year_group: str = "") -> SessionTimes:
        """
        Return the times of a half of a day.

        :raises DomainError: the school has none
        """
        found = line_for(self.lines_on(day), half, day.weekday(), year_group)
        if found is None:
            raise DomainError(f"The school has no times for the {half} register on {day}.")
        return found.times

    def year_groups_on(self, day: date) -> set[str]:
        """Return the year groups that have lines of their own on a day."""
        return {year_group for _, _, year_group in self.lines_on(day) if year_group}

    def with_set(self, starts_on: date, lines: Iterable[DayTimesInput]) -> "DayBook":
        """Return the book with one set more, in the place of a set from the same day."""
        others = [one for one in self.sets if one[0] != starts_on]
        return DayBook(sorted([*others, (starts_on, by_key(lines))], key=lambda one: one[0], reverse=True))


def day_book_of(school: School) -> DayBook:
    """Return the times of the school's day. One statement."""
    rows = DayTimes.objects.filter(school=school).order_by("-starts_on", "half", "weekday", "year_group")
    return DayBook(
        [
            (starts_on, by_key(as_input(row) for row in of_day))
            for starts_on, of_day in groupby(rows, key=lambda row: row.starts_on)
        ]
    )


def as_input(row: DayTimes) -> DayTimesInput:
    """Return a stored line of the day as a value."""
    return DayTimesInput(row.as_rule(), row.weekday, row.year_group, row.gates_open_at, row.entry_from)


def instant(day: date, at: time) -> datetime:
    """Return the instant at which a clock in England shows this time; summer time is minded."""
    return datetime.combine(day, at, tzinfo=LONDON)


def instants(day: date, times: SessionTimes) -> Instants:
    """Return the instants of a session's times."""
    return instant(day, times.opens_at), instant(day, times.late_after), instant(day, times.closes_at)


@dataclass
class SessionPlan:
    """What is to become of the sessions of a school, nothing of it written yet."""

    added: list[Session] = field(default_factory=list)
    changed: list[Session] = field(default_factory=list)
    removed: list[Session] = field(default_factory=list)
    # As they stand: sessions held that would be closed or removed, and sessions that would be held again.
    closing: list[Session] = field(default_factory=list)
    opening: list[Session] = field(default_factory=list)
    year_group_times: dict[Place, dict[str, Instants]] = field(default_factory=dict)
    # Sessions whose year groups get other times than they have.
    regrouped: list[Place] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Say whether every session stays as it is."""
        return not (self.added or self.changed or self.removed or self.regrouped)


def plan_sessions(school: School, planned: Collection[Period], *, book: DayBook, today: date) -> SessionPlan:
    """
    Return what these periods and times make of the school's sessions. Two statements.

    The times of a session of a day that has begun stay what they were.

    :raises DomainError: the school has no times for some half of some day
    """
    existing = {(row.on, row.half): row for row in Session.objects.filter(school=school)}
    groups: dict[Place, dict[str, Instants]] = {}
    for on, half, year_group, *given in YearGroupTimes.objects.filter(school=school).values_list(
        "session__on", "session__half", "year_group", "opens_at", "late_after_at", "closes_at"
    ):
        groups.setdefault((on, half), {})[year_group] = (given[0], given[1], given[2])
    plan = SessionPlan()
    wanted = _wanted(school, planned, book=book, today=today, existing=existing)
    for place, row in wanted.items():
        standing = existing.get(place)
        if standing is None:
            plan.added.append(row)
        elif differs(row, standing):
            plan.changed.append(row)
            if standing.is_held and not row.is_held:
                plan.closing.append(standing)
            elif row.is_held and not standing.is_held:
                plan.opening.append(standing)
        if standing is None or place[0] > today:
            own = _own_times(book, place, row)
            if own != groups.get(place, {}):
                plan.year_group_times[place] = own
                plan.regrouped.append(place)
    plan.removed = [row for place, row in existing.items() if place not in wanted]
    plan.closing += [row for row in plan.removed if row.is_held]
    return plan


def _own_times(book: DayBook, place: Place, row: Session) -> dict[str, Instants]:
    """Return the times of the year groups that differ from the session's."""
    day, half = place
    usual = (row.opens_at, row.late_after_at, row.closes_at)
    found = {group: instants(day, book.times_on(day, half, group)) for group in book.year_groups_on(day)}
    return {group: given for group, given in found.items() if given != usual}


def _wanted(
    school: School,
    planned: Collection[Period],
    *,
    book: DayBook,
    today: date,
    existing: Mapping[Place, Session],
) -> dict[Place, Session]:
    """Return every session that the periods make, by day and half, unsaved."""
    status_on: dict[Place, str] = {}
    for period in planned:
        if period.kind in STATUS_OF:
            status_on.update(dict.fromkeys(period.half_days(), STATUS_OF[period.kind]))
    wanted: dict[Place, Session] = {}
    for period in planned:
        if period.kind != "half_term":
            continue
        term = term_of(period.name) or ""  # every half term's name has been checked to begin with a term
        for day, half in period.half_days():
            standing = existing.get((day, half))
            row = Session(
                school=school,
                on=day,
                half=half,
                academic_year=period.academic_year,
                half_term=period.name,
                term=term,
                status=status_on.get((day, half), "held"),
            )
            if row.is_held and standing is not None and standing.is_held:
                row.number, row.school_week = standing.number, standing.school_week
            if standing is not None and day <= today:
                row.opens_at, row.late_after_at = standing.opens_at, standing.late_after_at
                row.closes_at = standing.closes_at
            else:
                row.opens_at, row.late_after_at, row.closes_at = instants(day, book.times_on(day, half))
            wanted[day, half] = row
    return wanted


COMPARED = ("academic_year", "half_term", "term", "status", "opens_at", "late_after_at", "closes_at")


def differs(row: Session, other: Session) -> bool:
    """Say whether two sessions of the same half day differ in what the calendar says of them."""
    return any(getattr(row, name) != getattr(other, name) for name in COMPARED)


def apply_plan(school: School, plan: SessionPlan) -> None:
    """
    Write what was planned, and number the sessions held.

    :raises DomainError: something that must stay refers to a session that would go
    """
    remove_sessions(plan.removed)
    write_sessions([*plan.added, *plan.changed])
    if plan.regrouped:
        days = {day for day, _ in plan.regrouped}
        ids = {
            (on, half): pk
            for pk, on, half in Session.objects.filter(school=school, on__in=days).values_list(
                "pk", "on", "half"
            )
        }
        YearGroupTimes.objects.filter(session__in=[ids[place] for place in plan.regrouped]).delete()
        YearGroupTimes.objects.bulk_create(
            (
                YearGroupTimes(
                    school=school,
                    session_id=ids[place],
                    year_group=group,
                    opens_at=opens_at,
                    late_after_at=late_after_at,
                    closes_at=closes_at,
                )
                for place in plan.regrouped
                for group, (opens_at, late_after_at, closes_at) in plan.year_group_times[place].items()
            ),
            batch_size=1000,
        )
    with connection.cursor() as cursor:
        cursor.execute(RENUMBER, {"school": school.pk})


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
