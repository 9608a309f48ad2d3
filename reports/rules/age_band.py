"""
Who counts in a school's rate, as the Department for Education counts in its absence statistics.

Pupils aged 5 to 15 on 31 August before the academic year; for those aged 15 (Year 11) nothing of the second
half of the summer term; nobody who first joined in that half term; nobody without a possible session. Source:
Explore Education Statistics, methodology "Pupil absence in schools in England".
"""

from datetime import date, timedelta

YOUNGEST, OLDEST = 5, 15

# Years in which the spring bank holiday was moved from the last Monday in May for a jubilee.
MOVED_SPRING_BANK_HOLIDAYS = {2012: date(2012, 6, 4), 2022: date(2022, 6, 2)}


def age_at_start(date_of_birth: date, *, academic_year: int) -> int:
    """Return the age in years on 31 August before the academic year (2025 is 2025/26)."""
    had_birthday = (date_of_birth.month, date_of_birth.day) <= (8, 31)
    return academic_year - date_of_birth.year - (not had_birthday)


def is_in_rate(date_of_birth: date, *, academic_year: int) -> bool:
    """Say whether a pupil of this age counts in the school's rates."""
    return YOUNGEST <= age_at_start(date_of_birth, academic_year=academic_year) <= OLDEST


def leaves_rate_before_summer_ends(date_of_birth: date, *, academic_year: int) -> bool:
    """Say whether the second half of the summer term is left out for this pupil (aged 15 at the start)."""
    return age_at_start(date_of_birth, academic_year=academic_year) == OLDEST


def last_summer_half_starts(academic_year: int) -> date:
    """Return the spring bank holiday, on which the statistics' second half of the summer term begins."""
    year = academic_year + 1
    if year in MOVED_SPRING_BANK_HOLIDAYS:
        return MOVED_SPRING_BANK_HOLIDAYS[year]
    last_of_may = date(year, 5, 31)
    return last_of_may - timedelta(days=last_of_may.weekday())
