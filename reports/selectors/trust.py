"""Schools side by side."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django_scopes import scope

from accounts.models import School
from reports.selectors.rates import SchoolRates, school_rates
from reports.selectors.today import HalfToday, halves_of_day


@dataclass(frozen=True)
class SchoolSide:
    """One school of the comparison."""

    school: School
    rates: SchoolRates
    halves: tuple[HalfToday, ...]


def schools_side_by_side(schools: Iterable[School], *, on: date) -> list[SchoolSide]:
    """
    Return each school's rates of the year so far and its registers of that day, in the order given.

    The same statements for each school, each in that school's own scope, however many pupils it has.
    """
    sides = []
    for school in schools:
        with scope(school=school):
            sides.append(SchoolSide(school, school_rates(school, on=on), halves_of_day(school, on=on)))
    return sides
