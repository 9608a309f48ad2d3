"""
The two calendars of the worked examples, both exactly 190 days, and a quick way to replay a pupil over one.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import lru_cache

from escalation.rules.calendar import CalendarSession, SchoolCalendar
from escalation.rules.engine import Engine
from escalation.rules.loading import load_policy, national, shipped_policy
from escalation.rules.replay import Line, Period, PupilHistory, replay
from registers.rules.calendar import term_of

# Academic year -> half term -> first day, last day and the days off inside it.
YEARS: dict[int, tuple[tuple[str, date, date, tuple[date, ...]], ...]] = {
    2024: (
        ("Autumn 1", date(2024, 9, 4), date(2024, 10, 25), ()),
        ("Autumn 2", date(2024, 11, 4), date(2024, 12, 20), ()),
        ("Spring 1", date(2025, 1, 6), date(2025, 2, 14), ()),
        ("Spring 2", date(2025, 2, 24), date(2025, 4, 4), ()),
        ("Summer 1", date(2025, 4, 22), date(2025, 5, 23), (date(2025, 5, 5),)),
        ("Summer 2", date(2025, 6, 2), date(2025, 7, 17), ()),
    ),
    2025: (
        ("Autumn 1", date(2025, 9, 3), date(2025, 10, 24), ()),
        ("Autumn 2", date(2025, 11, 3), date(2025, 12, 19), ()),
        ("Spring 1", date(2026, 1, 5), date(2026, 2, 13), ()),
        ("Spring 2", date(2026, 2, 23), date(2026, 3, 27), ()),
        ("Summer 1", date(2026, 4, 13), date(2026, 5, 22), (date(2026, 5, 4),)),
        ("Summer 2", date(2026, 6, 1), date(2026, 7, 15), ()),
    ),
}
WHOLE_TIME = (Period(date(2020, 9, 1)),)
OF_COMPULSORY_AGE = date(2017, 5, 14)  # on every day of both calendars


def sessions_of(years: Iterable[int]) -> list[CalendarSession]:
    """Give the held sessions of some academic years, numbered from 1 over all of them."""
    sessions: list[CalendarSession] = []
    weeks: dict[date, int] = {}
    for year in years:
        for half_term, first, last, off in YEARS[year]:
            for ahead in range((last - first).days + 1):
                on = first + timedelta(days=ahead)
                if on.weekday() > 4 or on in off:
                    continue
                week = weeks.setdefault(on - timedelta(days=on.weekday()), len(weeks) + 1)
                term = term_of(half_term)
                assert term is not None
                for half in ("AM", "PM"):
                    number = len(sessions) + 1
                    sessions.append(CalendarSession(number, on, half, week, half_term, term, year))
    return sessions


@lru_cache(maxsize=4)
def calendar_of(*years: int) -> SchoolCalendar:
    """Give the calendar of one or both academic years."""
    return SchoolCalendar(sessions_of(years))


@lru_cache(maxsize=8)
def engine_of(key: str) -> Engine:
    """Give the engine of a policy that ships."""
    return Engine(shipped_policy(key), national())


def engine_from(text: str) -> Engine:
    """Give the engine of a policy written in a test."""
    return Engine(load_policy(text, name="test.yaml"), national())


def both(code: str, *days: str) -> dict[tuple[date, str], str]:
    """Mark AM and PM of some days (ISO) with a code."""
    return {(date.fromisoformat(on), half): code for on in days for half in ("AM", "PM")}


def half(code: str, on: str, half: str = "AM") -> dict[tuple[date, str], str]:
    """Mark one session of a day (ISO) with a code."""
    return {(date.fromisoformat(on), half): code}


def every_day(code: str, first: str, last: str, calendar: SchoolCalendar) -> dict[tuple[date, str], str]:
    """Mark AM and PM of every school day of a period (ISO, both ends included) with a code."""
    days = calendar.school_days(date.fromisoformat(first), date.fromisoformat(last))
    return {(on, half): code for on in days for half in ("AM", "PM")}


def pupil(
    calendar: SchoolCalendar,
    *exceptions: Mapping[tuple[date, str], str],
    upn: str = "A123456789012",
    born: date = OF_COMPULSORY_AGE,
    flags: tuple[tuple[str, Period], ...] = (),
    enrolled: tuple[Period, ...] = WHOLE_TIME,
    reached_on: tuple[date, ...] = (),
    agreements: tuple[tuple[str, date], ...] = (),
) -> PupilHistory:
    """Give a pupil who was present for every session of a calendar that is not mentioned."""
    marked = {place: code for marks in exceptions for place, code in marks.items()}
    marks = {
        session.number: marked.pop((session.on, session.half), "/" if session.half == "AM" else "\\")
        for session in calendar.sessions
        if any(period.covers(session.on) for period in enrolled)
    }
    assert not marked, f"no such sessions: {sorted(marked)}"
    return PupilHistory(upn, born, marks, enrolled, flags, reached_on, agreements)


def lines_of(
    key: str | Engine, history: PupilHistory, calendar: SchoolCalendar, *, first: str = "", last: str = ""
) -> list[Line]:
    """Replay one pupil over a period (ISO; the whole calendar by default)."""
    engine = engine_of(key) if isinstance(key, str) else key
    return list(
        replay(
            engine,
            [history],
            calendar,
            first_day=date.fromisoformat(first) if first else calendar.days[0],
            last_day=date.fromisoformat(last) if last else calendar.days[-1],
        )
    )


def rungs(lines: Iterable[Line], *wanted: str) -> list[tuple[str, str, str]]:
    """Give date, rung and state of the lines, of some rungs only when any are named."""
    return [
        (line.on.isoformat(), line.rung, line.state) for line in lines if not wanted or line.rung in wanted
    ]
