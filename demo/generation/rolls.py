"""The admission registers: who is on roll in which class, last year and this year."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from demo.generation import calendars, randomness, schools, upn
from demo.generation.people import Place

# Share of seats that change hands, so that a few pupils join and leave in every year. Each leaver's seat is
# taken from the next school day: the roll stays the size asked for, and no class ever exceeds thirty.
CHANGES_IN_A_YEAR = 0.045
CHANGES_IN_SUMMER = 0.035
ADMITTED_LATER = 0.2  # of older pupils: came from another school in an earlier year
NURSERY_CHILDREN_WHO_STAY = 0.92


@dataclass(slots=True)
class Draft:
    """A pupil while being made; `families` adds the person to it."""

    school: schools.SchoolPlan
    cohort: int  # the academic year in which this age group is in Reception
    upn: str
    starts_on: date
    leaving_on: date | None = None
    places: list[Place] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Year:
    """One school's academic year."""

    starts: int
    days: tuple[date, ...]


def draft_roll(school: schools.SchoolPlan, sizes: dict[str, int], *, current: int, seed: int) -> list[Draft]:
    """
    Return every pupil of a school who is on roll in the current academic year or the one before.

    A cohort is a list of seats. A seat keeps its place in a class as the class moves up; most seats have
    one pupil for both years, a few change hands.
    """
    rng = randomness.stream(seed, "roll", school.key, current)
    layout = schools.class_layout(school, sizes)
    years = tuple(
        _Year(starts, schools.calendar_of(school, starts, current=current).school_days())
        for starts in (current - 1, current)
    )
    numbers = _Upns(school)
    drafts: list[Draft] = []
    groups = school.year_groups
    for place_in_school, group in enumerate(groups):
        before = groups[place_in_school - 1] if place_in_school else None
        for seat in range(sizes[group]):
            came_up = before is not None and seat < sizes[before]
            groups_of_years = (before if came_up else None, group)
            drafts += _fill_seat(school, seat, groups_of_years, layout, years, numbers, rng)
    for seat in range(sizes[groups[-1]]):
        drafts += _fill_seat(school, seat, (groups[-1], None), layout, years, numbers, rng)
    return drafts


class _Upns:
    """Hands out the unique pupil numbers of a school, year by year."""

    def __init__(self, school: schools.SchoolPlan) -> None:
        self.establishment = school.establishment
        self.given: dict[int, int] = {}

    def next(self, year: int) -> str:
        """Return the next number of a year; after a thousand the school goes on under another number."""
        serial = self.given.get(year, 0)
        self.given[year] = serial + 1
        more, within = divmod(serial, 1000)
        return upn.make_upn(establishment=self.establishment + more, year=year, serial=within)


def _fill_seat(
    school: schools.SchoolPlan,
    seat: int,
    groups: tuple[str | None, str | None],
    layout: dict[str, tuple[str, ...]],
    years: tuple[_Year, ...],
    numbers: _Upns,
    rng: Random,
) -> Iterator[Draft]:
    """Yield the pupils who sit on one seat in turn; groups are those of last year and this year."""
    holder: Draft | None = None
    for year, group in zip(years, groups, strict=True):
        if group is None:
            continue
        cohort = reception_year(group, year.starts)
        if holder is not None and rng.random() < _leaves_in_summer(holder):
            holder.leaving_on = years[0].days[-1]
            yield holder
            holder = None
        if holder is None:
            starts_on = _first_day(group, cohort, year, rng, new_to_school=year is years[1])
            holder = Draft(school, cohort, numbers.next(entry_year(group, year.starts)), starts_on)
        class_name = layout[group][seat % len(layout[group])]
        first_day = max(year.days[0], holder.starts_on)
        if rng.random() < CHANGES_IN_A_YEAR and len(year.days) > 40:
            change = rng.randrange(15, len(year.days) - 20)
            holder.places.append(Place(year.starts, class_name, group, first_day, year.days[change]))
            holder.leaving_on = year.days[change]
            yield holder
            first_day = year.days[change + 1]
            holder = Draft(school, cohort, numbers.next(entry_year(group, year.starts)), first_day)
        holder.places.append(Place(year.starts, class_name, group, first_day, year.days[-1]))
    if holder is not None:
        if groups[1] is None:
            holder.leaving_on = years[0].days[-1]
        yield holder


def _leaves_in_summer(holder: Draft) -> float:
    was_in_nursery = holder.places[-1].year_group == schools.NURSERY
    return 1 - NURSERY_CHILDREN_WHO_STAY if was_in_nursery else CHANGES_IN_SUMMER


def _first_day(group: str, cohort: int, year: _Year, rng: Random, *, new_to_school: bool) -> date:
    """Return the day of admission of a pupil who sits there at the beginning of a year."""
    entered = year.starts if group in (schools.NURSERY, "R") or new_to_school else cohort
    if entered == year.starts:
        return year.days[0]
    if rng.random() < ADMITTED_LATER:
        entered = rng.randrange(cohort, year.starts)
        days = calendars.school_year(entered).school_days()
        return rng.choice(days[20:])
    return calendars.school_year(entered).school_days()[0]


def entry_year(group: str, starts: int) -> int:
    """Return the year in which a pupil of a year group was given a UPN: their first in school."""
    return starts if group == schools.NURSERY else reception_year(group, starts)


def reception_year(group: str, starts: int) -> int:
    """Return the academic year in which pupils who are now in this group are, or were, in Reception."""
    if group == schools.NURSERY:
        return starts + 1
    return starts - (0 if group == "R" else int(group))


def birthdays(cohort: int) -> tuple[date, date]:
    """Return the first and last date of birth of an academic year's Reception (age 4 on 31 August)."""
    return date(cohort - 5, 9, 1), date(cohort - 4, 8, 31)


def draw_birthday(cohort: int, rng: Random) -> date:
    """Return a date of birth that fits a cohort."""
    first, last = birthdays(cohort)
    return first + timedelta(days=rng.randrange((last - first).days + 1))
