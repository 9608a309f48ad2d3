"""
A school's calendar as the sweep sees it: held sessions with their running numbers, and what each day is.

Every window of a policy becomes a range of session numbers or school weeks, so that rolling weeks, runs of
absence and "within five school days" are integer arithmetic, right over holidays and from one year to the
next.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from escalation.rules.grammar import rolling_weeks
from registers.rules.calendar import academic_year_of

THREE_WEEKS = 3


@dataclass(frozen=True, slots=True)
class CalendarSession:
    """One held session; closed and cancelled sessions have no number and are not part of the calendar."""

    number: int  # running over all years, one more for each held session
    on: date
    half: str  # "AM" or "PM"
    school_week: int  # running over all years, counting only weeks with a held session
    half_term: str  # such as "Autumn 1"
    term: str  # "autumn", "spring" or "summer"
    academic_year: int  # 2025 for 2025/26


@dataclass(frozen=True, slots=True)
class SchoolDay:
    """
    One evening in the life of a school: what the sweep of that date needs to know of the calendar.

    On a day without school everything describes the latest school day before it, except that no review
    falls on it.
    """

    on: date
    academic_year: int
    term: str
    half_term: str
    school_week: int
    day_number: int  # running number of the latest school day; -1 before the first
    last_number: int  # number of the latest session held; 0 before the first
    year_from: int  # number of the first session of the academic year; later than last_number before it
    term_from: int
    half_term_from: int
    is_school_day: bool
    is_half_term_review: bool
    is_three_week_review: bool
    ends_main_term: bool
    ends_year: bool
    calendar: "SchoolCalendar"

    def first_number(self, window: str) -> int:
        """Return the number of the first session in a window that ends today (not for letter_period)."""
        if window == "academic_year":
            return self.year_from
        if window == "term":
            return self.term_from
        if window == "half_term":
            return self.half_term_from
        weeks = THREE_WEEKS if window == "last_3_weeks" else rolling_weeks(window)
        if weeks is None:
            raise KeyError(window)
        return self.calendar.first_number_of_week(self.school_week - weeks + 1)

    def number_before_days(self, days: int) -> int:
        """Return the number of the first session that lies at most so many school days before today."""
        return self.calendar.first_number_of_day(self.day_number - days)


def monday_of(on: date) -> date:
    """Return the Monday of a day's week."""
    return on - timedelta(days=on.weekday())


class SchoolCalendar:
    """The held sessions of a school, whole half terms at a time, the planned ones included."""

    def __init__(
        self, sessions: Iterable[CalendarSession], *, review_days: Collection[date] | None = None
    ) -> None:
        """
        `review_days` replaces the last school day of each half term where the school reviews on other days.
        """
        self.sessions = sorted(sessions, key=lambda session: session.number)
        self._numbers = [session.number for session in self.sessions]
        self._dates = [session.on for session in self.sessions]
        self.days = sorted(set(self._dates))
        self._weeks = [session.school_week for session in self.sessions]
        self._reviews = frozenset(review_days) if review_days is not None else None
        self._known: dict[date, SchoolDay] = {}
        self._last_of_half_term: dict[tuple[int, str], date] = {}
        self._last_of_term: dict[tuple[int, str], date] = {}
        self._last_of_week: dict[int, date] = {}
        self._last_of_year: dict[int, date] = {}
        self._first_week: dict[int, int] = {}
        self._firsts: dict[tuple[int, str], int] = {}
        for session in self.sessions:
            year = session.academic_year
            self._last_of_half_term[year, session.half_term] = session.on
            self._last_of_term[year, session.term] = session.on
            self._last_of_week[session.school_week] = session.on
            self._last_of_year[year] = session.on
            self._first_week.setdefault(year, session.school_week)
            for part in ("", session.term, session.half_term):
                self._firsts.setdefault((year, part), session.number)

    def weeks_up_to(self, on: date) -> list[date]:
        """Return the Mondays of the weeks with a session held, up to the week of a day, in order."""
        return sorted({monday_of(day) for day in self.days[: bisect_right(self.days, on)]})

    def date_of_number(self, number: int) -> date:
        """Return the day of a session; one before the calendar lies before every day."""
        place = bisect_right(self._numbers, number) - 1
        return self._dates[place] if place >= 0 else date.min

    def session(self, number: int) -> CalendarSession:
        """
        Return a session by its number.

        :raises KeyError: the calendar has no session of that number
        """
        place = bisect_left(self._numbers, number)
        if place == len(self._numbers) or self._numbers[place] != number:
            raise KeyError(number)
        return self.sessions[place]

    def academic_year_of_number(self, number: int, *, otherwise: int) -> int:
        """Return the academic year of a session, or `otherwise` when the calendar has no such session."""
        place = bisect_left(self._numbers, number)
        is_known = place < len(self._numbers) and self._numbers[place] == number
        return self.sessions[place].academic_year if is_known else otherwise

    def day_number(self, on: date) -> int:
        """Return the running number of the latest school day up to a date, from 0; -1 before the first."""
        return bisect_right(self.days, on) - 1

    def first_number_of_day(self, day_number: int) -> int:
        """
        Return the number of the first session of a school day, or of the calendar when that lies before it.
        """
        if not self.days:
            return 1
        return self._numbers[bisect_left(self._dates, self.days[max(day_number, 0)])]

    def first_number_of_week(self, school_week: int) -> int:
        """
        Return the number of the first session of a school week, or of the calendar when that lies before it.
        """
        if not self.sessions:
            return 1
        place = bisect_left(self._weeks, school_week)
        return self._numbers[place] if place < len(self._numbers) else self._numbers[-1] + 1

    def school_days(self, first: date, last: date) -> list[date]:
        """Return the school days of a period, both ends included."""
        return self.days[bisect_left(self.days, first) : bisect_right(self.days, last)]

    def day(self, on: date) -> SchoolDay:
        """Return what a date is in this calendar."""
        known = self._known.get(on)
        if known is None:
            known = self._known[on] = self._describe(on)
        return known

    def _describe(self, on: date) -> SchoolDay:
        place = bisect_right(self._dates, on) - 1
        latest = self.sessions[place] if place >= 0 else None
        is_school_day = latest is not None and latest.on == on
        year = latest.academic_year if latest is not None and is_school_day else academic_year_of(on)
        beyond = (latest.number if latest else 0) + 1
        in_year = latest is not None and latest.academic_year == year
        term = latest.term if latest is not None and in_year else ""
        half_term = latest.half_term if latest is not None and in_year else ""
        week = latest.school_week if latest is not None else 0
        ends_half_term = is_school_day and self._last_of_half_term[year, half_term] == on
        return SchoolDay(
            on=on,
            academic_year=year,
            term=term,
            half_term=half_term,
            school_week=week,
            day_number=self.day_number(on),
            last_number=beyond - 1,
            year_from=self._firsts[year, ""] if in_year else beyond,
            term_from=self._firsts[year, term] if in_year else beyond,
            half_term_from=self._firsts[year, half_term] if in_year else beyond,
            is_school_day=is_school_day,
            is_half_term_review=(on in self._reviews) if self._reviews is not None else ends_half_term,
            is_three_week_review=is_school_day
            and self._last_of_week[week] == on
            and (week - self._first_week[year] + 1) % THREE_WEEKS == 0,
            ends_main_term=is_school_day and self._last_of_term[year, term] == on,
            ends_year=is_school_day and self._last_of_year[year] == on,
            calendar=self,
        )
