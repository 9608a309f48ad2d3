"""A school's calendar as pages show it: a year at a glance, its half terms, its closures."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from accounts.models import School
from registers.models import CalendarPeriod, Session
from registers.rules.calendar import academic_year_name, academic_year_of
from registers.rules.closures import EMERGENCY, PLANNED
from registers.rules.school_year import days_of, is_short, year_in_words
from registers.words import day

SIGNS = {"closed": "#", "cancelled": "Y4"}


@dataclass(frozen=True)
class DayCell:
    """One Monday to Friday of a month; a day of no half term has no state."""

    on: date
    state: str  # "", held, closed, cancelled, or part when only one half is closed
    sign: str  # "#" or "Y4", beside the number: the state is never told by colour alone
    label: str
    is_today: bool


@dataclass(frozen=True)
class Month:
    """One month: its weeks, Monday to Friday; no cell where a week reaches into another month."""

    name: str
    weeks: tuple[tuple[DayCell | None, ...], ...]
    sessions: int  # held


@dataclass(frozen=True)
class PeriodRow:
    """A half term or a closure in a list."""

    id: int
    kind: str
    name: str
    span: str
    sessions: int  # held in a half term; not held because of a closure
    is_past: bool

    @property
    def days(self) -> str:
        """Return the sessions as days."""
        return days_of(self.sessions)


@dataclass(frozen=True)
class YearCalendar:
    """One academic year of a school."""

    academic_year: int
    months: tuple[Month, ...]
    half_terms: tuple[PeriodRow, ...]
    closures: tuple[PeriodRow, ...]
    held: int
    cancelled: int
    closed: int

    @property
    def name(self) -> str:
        """Return the year as schools write it."""
        return academic_year_name(self.academic_year)

    @property
    def sentence(self) -> str:
        """Return how long the year is, in words."""
        return year_in_words(self.held, self.cancelled) if self.half_terms else "No half term is entered yet."

    @property
    def is_short(self) -> bool:
        """Say whether the year has fewer sessions than a maintained school needs."""
        return bool(self.half_terms) and is_short(self.held, self.cancelled)


def year_calendar(school: School, academic_year: int, *, today: date) -> YearCalendar:
    """Return one academic year at a glance. Two statements."""
    sessions: dict[date, dict[str, str]] = {}
    states: Counter[str] = Counter()
    for on, half, status in Session.objects.filter(school=school, academic_year=academic_year).values_list(
        "on", "half", "status"
    ):
        sessions.setdefault(on, {})[half] = status
        states[status] += 1
    first, last = date(academic_year, 8, 1), date(academic_year + 1, 7, 31)
    rows = list(
        CalendarPeriod.objects.filter(school=school, first_day__range=(first, last)).order_by(
            "first_day", "first_half", "pk"
        )
    )
    return YearCalendar(
        academic_year=academic_year,
        months=_months(sessions, rows, first=first, last=last, today=today),
        half_terms=tuple(_row(row, sessions, today) for row in rows if row.kind == "half_term"),
        closures=tuple(_row(row, sessions, today) for row in rows if row.kind in (PLANNED, EMERGENCY)),
        held=states["held"],
        cancelled=states["cancelled"],
        closed=states["closed"],
    )


def span_words(row: CalendarPeriod, today: date) -> str:
    """Return the days of a period: "Mon 3 Nov to Fri 19 Dec", "Tue 18 Nov, afternoon"."""
    first, last = day(row.first_day, today), day(row.last_day, today)
    if row.first_day == row.last_day:
        return first if row.first_half != row.last_half else f"{first}, {HALF_WORDS[row.first_half]}"
    start = f"{first} {HALF_WORDS['PM']}" if row.first_half == "PM" else first
    end = f"{last} {HALF_WORDS['AM']}" if row.last_half == "AM" else last
    return f"{start} to {end}"


HALF_WORDS = {"AM": "morning", "PM": "afternoon"}


def _row(row: CalendarPeriod, sessions: dict[date, dict[str, str]], today: date) -> PeriodRow:
    held = row.kind == "half_term"
    count = sum(
        (status == "held") == held
        for on, halves in sessions.items()
        if row.first_day <= on <= row.last_day
        for half, status in halves.items()
        if (row.first_day, row.first_half) <= (on, half) <= (row.last_day, row.last_half)
    )
    return PeriodRow(row.pk, row.kind, row.name, span_words(row, today), count, is_past=row.last_day < today)


def _months(
    sessions: dict[date, dict[str, str]],
    rows: Sequence[CalendarPeriod],
    *,
    first: date,
    last: date,
    today: date,
) -> tuple[Month, ...]:
    """Return the months from the first to the last with a session; none without sessions."""
    if not sessions:
        return ()
    months = []
    starts = max(first, min(sessions).replace(day=1))
    while starts <= min(last, max(sessions)):
        following = (starts.replace(day=28) + timedelta(days=4)).replace(day=1)
        days = [
            starts + timedelta(days=number)
            for number in range((following - starts).days)
            if (starts + timedelta(days=number)).weekday() < 5
        ]
        weeks: dict[date, list[DayCell | None]] = {}
        for on in days:
            week = weeks.setdefault(on - timedelta(days=on.weekday()), [None] * 5)
            week[on.weekday()] = _cell(on, sessions.get(on, {}), rows, today)
        held = sum(status == "held" for on in days for status in sessions.get(on, {}).values())
        months.append(Month(f"{starts:%B %Y}", tuple(map(tuple, weeks.values())), held))
        starts = following
    return tuple(months)


def _cell(on: date, halves: dict[str, str], rows: Iterable[CalendarPeriod], today: date) -> DayCell:
    states = set(halves.values())
    shut = states - {"held"}
    if not states:
        return DayCell(on, "", "", "", on == today)
    if not shut:
        return DayCell(on, "held", "", "", on == today)
    names = [row.name for row in rows if row.kind != "half_term" and row.first_day <= on <= row.last_day]
    sign = " ".join(SIGNS[state] for state in sorted(shut))
    state = "part" if "held" in states else sorted(shut)[0]
    which = (
        f"{HALF_WORDS[next(half for half, said in halves.items() if said != 'held')]} closed"
        if state == "part"
        else "closed"
    )
    return DayCell(on, state, sign, f"{which}: {', '.join(names)}" if names else which, on == today)


def years_of(school: School, *, today: date) -> list[int]:
    """Return the academic years to choose from: those with sessions, this one and the next. One statement."""
    found = set(
        Session.objects.filter(school=school).order_by().values_list("academic_year", flat=True).distinct()
    )
    this = academic_year_of(today)
    return sorted(found | {this, this + 1})
