"""School calendars of the demo: last year's and this year's terms, whatever today is."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from registers.rules.calendar import academic_year_of

SCHOOL_YEAR_DAYS = 190  # a maintained school meets for at least 380 sessions a year

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = range(5)


@dataclass(frozen=True, slots=True)
class Period:
    """A half term or a closure, first and last day included."""

    kind: str  # half_term, closure or emergency_closure, as in calendar files
    name: str
    first_day: date
    last_day: date

    def holds(self, day: date) -> bool:
        """Say whether the day falls in the period."""
        return self.first_day <= day <= self.last_day


@dataclass(frozen=True, slots=True)
class SchoolYear:
    """One academic year: six half terms and the weekdays inside them on which the school is closed."""

    starts: int  # 2025 stands for 2025/26
    half_terms: tuple[Period, ...]
    closures: tuple[Period, ...]

    def school_days(self) -> tuple[date, ...]:
        """Return the days on which sessions are held, in order."""
        return tuple(
            day
            for half_term in self.half_terms
            for day in weekdays(half_term.first_day, half_term.last_day)
            if not any(closure.holds(day) for closure in self.closures)
        )

    def periods(self) -> tuple[Period, ...]:
        """Return every row a calendar file of this year would have."""
        return self.half_terms + self.closures

    def without(self, closure: Period) -> "SchoolYear":
        """Return the same year with one more closure."""
        return SchoolYear(self.starts, self.half_terms, (*self.closures, closure))


def school_year(starts: int) -> SchoolYear:
    """Return the calendar of an academic year: the settled one of 2025/26, otherwise a computed one."""
    return YEAR_2025 if starts == 2025 else compute_school_year(starts)


def latest_school_day(today: date) -> date:
    """Return today if it is a school day, otherwise the last school day before it."""
    starts = academic_year_of(today)
    for candidate in (starts, starts - 1):
        days = [day for day in school_year(candidate).school_days() if day <= today]
        if days:
            return days[-1]
    raise AssertionError("an academic year before today always has school days")


def compute_school_year(starts: int) -> SchoolYear:
    """
    Return a plausible calendar of 190 school days for an academic year without a settled one.

    The shape follows the usual English year: five staff training days, a half-term week at the end of
    October, two weeks at Christmas, a week in February, two weeks at Easter, a week at the end of May;
    the summer term ends when 190 days have been held.
    """
    autumn_break = last_weekday_of_month(starts, 10, MONDAY)
    autumn_ends = on_or_before(date(starts, 12, 22), FRIDAY)
    spring_starts = on_or_after(date(starts + 1, 1, 2), MONDAY)
    february_break = on_or_after(date(starts + 1, 2, 15), MONDAY)
    easter_break = on_or_after(date(starts + 1, 3, 29), MONDAY)
    may_break = last_weekday_of_month(starts + 1, 5, MONDAY)
    week = timedelta(days=7)
    friday_before = timedelta(days=-3)

    def half_term(name: str, first_day: date, last_day: date) -> Period:
        return Period("half_term", name, first_day, last_day)

    half_terms = (
        half_term(
            "Autumn 1", next(weekdays(date(starts, 9, 1), date(starts, 9, 7))), autumn_break + friday_before
        ),
        half_term("Autumn 2", autumn_break + week, autumn_ends),
        half_term("Spring 1", spring_starts, february_break + friday_before),
        half_term("Spring 2", february_break + week, easter_break + friday_before),
        half_term("Summer 1", easter_break + 2 * week, may_break + friday_before),
        half_term("Summer 2", may_break + week, date(starts + 1, 8, 31)),
    )
    holidays = tuple(
        Period("closure", name, day, day)
        for name, day in bank_holidays(starts)
        if any(half_term.holds(day) for half_term in half_terms)
    )
    training = _training_days(half_terms, closed={holiday.first_day for holiday in holidays})
    open_ended = SchoolYear(starts, half_terms, (*holidays, *training))
    last_day = open_ended.school_days()[SCHOOL_YEAR_DAYS - 1]
    last_half_term = Period("half_term", "Summer 2", half_terms[-1].first_day, last_day)
    return SchoolYear(starts, (*half_terms[:-1], last_half_term), open_ended.closures)


def _training_days(half_terms: tuple[Period, ...], *, closed: set[date]) -> tuple[Period, ...]:
    """Return five staff training days: two to begin the year, one after each of three breaks."""
    wanted = {"Autumn 1": 2, "Autumn 2": 1, "Spring 1": 1, "Summer 2": 1}
    days = []
    for half_term in half_terms:
        open_days = (day for day in weekdays(half_term.first_day, half_term.last_day) if day not in closed)
        for _ in range(wanted.get(half_term.name, 0)):
            days.append(next(open_days))
    return tuple(Period("closure", "Staff training day", day, day) for day in days)


def bank_holidays(starts: int) -> tuple[tuple[str, date], ...]:
    """Return the bank holidays of England that can fall in term time of an academic year."""
    year = starts + 1
    easter = easter_sunday(year)
    new_year = date(year, 1, 1)
    return (
        ("New Year's Day", on_or_after(new_year, MONDAY) if new_year.weekday() > FRIDAY else new_year),
        ("Good Friday", easter - timedelta(days=2)),
        ("Easter Monday", easter + timedelta(days=1)),
        ("Early May bank holiday", on_or_after(date(year, 5, 1), MONDAY)),
        ("Spring bank holiday", last_weekday_of_month(year, 5, MONDAY)),
    )


def easter_sunday(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar (the anonymous algorithm of 1876)."""
    golden = year % 19
    century, of_century = divmod(year, 100)
    leap_centuries, century_rest = divmod(century, 4)
    moon_correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap_centuries - moon_correction + 15) % 30
    leap_years, year_rest = divmod(of_century, 4)
    weekday = (32 + 2 * century_rest + 2 * leap_years - epact - year_rest) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def islamic_festivals(starts: int) -> tuple[date, ...]:
    """
    Return Eid al-Fitr and Eid al-Adha of an academic year, by the tabular Islamic calendar.

    The sighted moon can move a festival by a day; for invented marks the table is near enough.
    """
    festivals = []
    for islamic_year in range(starts - 580, starts - 570):
        for month, day in ((10, 1), (12, 10)):
            festival = _from_tabular_islamic(islamic_year, month, day)
            if academic_year_of(festival) == starts:
                festivals.append(festival)
    return tuple(festivals)


def _from_tabular_islamic(year: int, month: int, day: int) -> date:
    days_before_month = (59 * (month - 1) + 1) // 2  # months of 30 and 29 days in turn
    leap_days = (3 + 11 * year) // 30  # eleven leap years in thirty
    days_since_epoch = day + days_before_month + 354 * (year - 1) + leap_days
    return date.fromordinal(227014 + days_since_epoch)  # 227015 is 16 July 622


def weekdays(first_day: date, last_day: date) -> Iterator[date]:
    """Yield Mondays to Fridays from the first to the last day, both included."""
    day = first_day
    while day <= last_day:
        if day.weekday() <= FRIDAY:
            yield day
        day += timedelta(days=1)


def on_or_after(day: date, weekday: int) -> date:
    """Return the first such weekday (Monday is 0) on or after the day."""
    return day + timedelta(days=(weekday - day.weekday()) % 7)


def on_or_before(day: date, weekday: int) -> date:
    """Return the last such weekday (Monday is 0) on or before the day."""
    return day - timedelta(days=(day.weekday() - weekday) % 7)


def last_weekday_of_month(year: int, month: int, weekday: int) -> date:
    """Return the last such weekday of a month (January to November)."""
    return on_or_before(date(year, month + 1, 1) - timedelta(days=1), weekday)


YEAR_2025 = SchoolYear(
    starts=2025,
    half_terms=(
        Period("half_term", "Autumn 1", date(2025, 9, 3), date(2025, 10, 24)),
        Period("half_term", "Autumn 2", date(2025, 11, 3), date(2025, 12, 19)),
        Period("half_term", "Spring 1", date(2026, 1, 5), date(2026, 2, 13)),
        Period("half_term", "Spring 2", date(2026, 2, 23), date(2026, 3, 27)),
        Period("half_term", "Summer 1", date(2026, 4, 13), date(2026, 5, 22)),
        Period("half_term", "Summer 2", date(2026, 6, 1), date(2026, 7, 15)),
    ),
    closures=(Period("closure", "Early May bank holiday", date(2026, 5, 4), date(2026, 5, 4)),),
)
