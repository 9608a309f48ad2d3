"""A year of marks in the making: one sheet for each pupil, one row of days for each school."""

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date, time
from itertools import accumulate
from random import Random

from demo.generation import facts, schools
from demo.generation.calendars import SchoolYear
from demo.generation.people import Place, Pupil
from registers.rules.calendar import term_of

PRESENT = ("/", "\\")
HALVES = ("AM", "PM")
NOT_POSSIBLE = frozenset({"", "X", "D", "Y1"})  # the codes of the demo that make no possible session
# Absence from the first session of a run to its last goes on over sessions the pupil was not due at.
SKIPPED_IN_A_RUN = frozenset({"X", "D", "Y1", "C2"})


class DayRow:
    """The days of one school in one academic year, and how likely each is for absence of each kind."""

    def __init__(self, school: schools.SchoolPlan, year: SchoolYear) -> None:
        self.school = school
        self.academic_year = year.starts
        self.days = year.school_days()
        self.place_of = {day: place for place, day in enumerate(self.days)}
        self.weekdays = tuple(day.weekday() for day in self.days)
        self.weeks = tuple(day.isocalendar()[:2] for day in self.days)
        self.half_terms = tuple(
            next(period.name for period in year.half_terms if period.holds(day)) for day in self.days
        )
        illness, other = _season(self)
        illness_by_weekday = facts.weekday_factors("code I")
        late_by_weekday = facts.weekday_factors("code U")
        other_by_weekday = other_weekday_factors()
        self.illness = _running(illness, illness_by_weekday, self.weekdays)
        self.other = _running(other, other_by_weekday, self.weekdays)
        self.late = _running([1.0] * len(self.days), late_by_weekday, self.weekdays)

    def last_days_before_breaks(self) -> tuple[int, ...]:
        """Return the places of the last day of each half term."""
        names = self.half_terms
        return tuple(place for place in range(len(names)) if names[place : place + 2] != (names[place],) * 2)


def other_weekday_factors() -> tuple[float, ...]:
    """Return the weekday factors of all absence but illness, from those of all absence and of illness."""
    rates = facts.percentages()
    whole, illness = rates["overall_absence"], rates["code I"]
    pairs = zip(facts.weekday_factors("overall_absence"), facts.weekday_factors("code I"), strict=True)
    return tuple((whole * of_all - illness * of_illness) / (whole - illness) for of_all, of_illness in pairs)


def _running(season: list[float], by_weekday: tuple[float, ...], weekdays: tuple[int, ...]) -> list[float]:
    weights = [weight * by_weekday[weekday] for weight, weekday in zip(season, weekdays, strict=True)]
    return [0.0, *accumulate(weights)]


def _season(row: DayRow) -> tuple[list[float], list[float]]:
    """Return how common illness and other absence are each day, so that each term has its published rate."""
    shape = {fact["half_term"]: fact for fact in facts.rows("season_factors.csv")}
    illness: list[float] = []
    other: list[float] = []
    for place, name in enumerate(row.half_terms):
        first = row.half_terms.index(name)
        length = row.half_terms.count(name)
        along = (place - first) / max(1, length - 1)
        fact = shape[name]
        illness.append(_between(fact["illness_first"], fact["illness_last"], along))
        other.append(_between(fact["other_first"], fact["other_last"], along))
    rates = facts.percentages()
    illness_share = rates["code I"] / rates["overall_absence"]
    by_term: dict[str | None, list[int]] = {}
    for place, name in enumerate(row.half_terms):
        by_term.setdefault(term_of(name), []).append(place)
    for places in by_term.values():
        wanted = float(shape[row.half_terms[places[0]]]["absence"])
        drawn = sum(illness_share * illness[place] + (1 - illness_share) * other[place] for place in places)
        for place in places:
            illness[place] *= wanted * len(places) / drawn
            other[place] *= wanted * len(places) / drawn
    return illness, other


def _between(first: str, last: str, along: float) -> float:
    return float(first) + (float(last) - float(first)) * along


@dataclass(frozen=True, slots=True)
class Timetable:
    """A part-time timetable, agreed with a parent."""

    pupil: int
    academic_year: int
    first_day: date
    last_day: date
    review_on: date
    agreed_on: date
    absences: tuple[tuple[int, str], ...]  # (weekday from 0 for Monday, half)


@dataclass(slots=True)
class Sheet:
    """
    One pupil's marks of one academic year.

    `codes` has two entries for each day of the row, AM then PM; "" where the pupil is not on roll. A session
    is meant by its place in this list. `target` is how many sessions the pupil misses in the whole year.
    """

    pupil: Pupil
    place: Place
    row: DayRow
    first: int  # first session on roll
    end: int  # the session after the last one on roll
    codes: list[str]
    likeliness: float = 0.0  # of being absent, against the other pupils
    possible: int = 0
    target: int = 0
    absent: int = 0
    arrivals: dict[int, time] = field(default_factory=dict)
    natures: dict[int, str] = field(default_factory=dict)

    @property
    def room(self) -> int:
        """Return how many sessions of the target are still to be missed."""
        return self.target - self.absent

    def is_present(self, session: int) -> bool:
        """Say whether the pupil is on roll and, so far, simply present."""
        return self.first <= session < self.end and self.codes[session] in PRESENT

    def count_possible(self) -> int:
        """Count the sessions the pupil could attend."""
        return sum(1 for code in self.codes[self.first : self.end] if code not in NOT_POSSIBLE)

    def draw_day(self, running: list[float], rng: Random) -> int:
        """Return a day on roll, drawn by running totals of weight (as `DayRow.illness`)."""
        first, last = self.first // 2, (self.end - 1) // 2
        drawn = rng.uniform(running[first], running[last + 1])
        return min(last, max(first, bisect_right(running, drawn) - 1))

    def set_run(self, start: int, length: int, code: str) -> int:
        """
        Mark up to `length` sessions absent from a session on, and return how many were marked.

        The run stops at the first session that has another mark, and passes over those the pupil was not
        due at.
        """
        marked = 0
        session = max(start, self.first)
        while marked < length and session < self.end:
            found = self.codes[session]
            if found in PRESENT:
                self.codes[session] = code
                marked += 1
            elif found not in SKIPPED_IN_A_RUN:
                break
            session += 1
        self.absent += marked
        return marked


def open_sheet(pupil: Pupil, place: Place, row: DayRow) -> Sheet:
    """Return a sheet on which the pupil is present at every session on roll."""
    first = 2 * row.place_of[place.starts_on]
    end = 2 * row.place_of[place.ends_on] + 2
    codes = [""] * (2 * len(row.days))
    for session in range(first, end):
        codes[session] = PRESENT[session % 2]
    if place.year_group == schools.NURSERY:
        away = 1 if "Morning" in place.class_name else 0
        for session in range(first, end):
            if session % 2 == away:
                codes[session] = "X"
    return Sheet(pupil, place, row, first, end, codes)
