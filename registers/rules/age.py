"""
Compulsory school age, from a pupil's date of birth alone.

It starts on the prescribed day (31 March, 31 August or 31 December) on or next after the fifth birthday and
ends
on the last Friday in June of the school year in which the pupil turns sixteen (Education Act 1996, section
8).
"""

from datetime import date, timedelta
from functools import lru_cache

_PRESCRIBED_DAYS = ((3, 31), (8, 31), (12, 31))
_FRIDAY = 4
_SCHOOL_YEAR_BEGINS = (9, 1)


def birthday(date_of_birth: date, age: int) -> date:
    """
    Give the day on which a person reaches an age; a birth on 29 February is kept on 1 March in common years.
    """
    try:
        return date_of_birth.replace(year=date_of_birth.year + age)
    except ValueError:
        return date(date_of_birth.year + age, 3, 1)


@lru_cache(maxsize=65536)
def csa_start(date_of_birth: date) -> date:
    """Give the first day of compulsory school age: the prescribed day on or next after the fifth birthday."""
    fifth = birthday(date_of_birth, 5)
    return min(
        day
        for year in (fifth.year, fifth.year + 1)
        for day in (date(year, month, day_of_month) for month, day_of_month in _PRESCRIBED_DAYS)
        if day >= fifth
    )


@lru_cache(maxsize=65536)
def csa_end(date_of_birth: date) -> date:
    """
    Give the last day of compulsory school age: the last Friday in June of the school year of the 16th
    birthday.
    """
    sixteenth = birthday(date_of_birth, 16)
    after_summer = (sixteenth.month, sixteenth.day) >= _SCHOOL_YEAR_BEGINS
    end_of_june = date(sixteenth.year + after_summer, 6, 30)
    return end_of_june - timedelta(days=(end_of_june.weekday() - _FRIDAY) % 7)


def is_compulsory_age(date_of_birth: date, on: date) -> bool:
    """Tell whether a pupil is of compulsory school age on a day; the first and the last day both count."""
    return csa_start(date_of_birth) <= on <= csa_end(date_of_birth)
