"""Half terms and closures as values, and what is wrong with some of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from registers.models import CalendarPeriod
from registers.rules.calendar import TERMS, academic_year_name, academic_year_of, term_of
from registers.rules.day import HALVES
from registers.services.refusals import RowFault

FIRST_YEAR, LAST_YEAR = 2018, 2035  # the academic years for which the database keeps marks
SATURDAY = 5
Identity = tuple[object, ...]


@dataclass(frozen=True)
class Period:
    """A half term or a closure, first to last half day; kinds as in `CalendarPeriod.KINDS`."""

    kind: str
    name: str
    first_day: date
    last_day: date
    first_half: str = "AM"
    last_half: str = "PM"

    @property
    def academic_year(self) -> int:
        """Return the academic year in which it begins."""
        return academic_year_of(self.first_day)

    @property
    def first(self) -> tuple[date, str]:
        """Return the first half day."""
        return (self.first_day, self.first_half)

    @property
    def last(self) -> tuple[date, str]:
        """Return the last half day."""
        return (self.last_day, self.last_half)

    @property
    def identity(self) -> Identity:
        """Return what makes it the same period as another: a half term's name and year, a closure's days."""
        if self.kind == "half_term":
            return ("half_term", self.academic_year, self.name.lower())
        return ("closure", *self.first, *self.last)

    def days(self) -> Iterator[date]:
        """Yield each Monday to Friday of it."""
        day = self.first_day
        while day <= self.last_day:
            if day.weekday() < SATURDAY:
                yield day
            day += timedelta(days=1)

    def half_days(self) -> Iterator[tuple[date, str]]:
        """Yield each half of a Monday to Friday of it; "AM" sorts before "PM"."""
        for day in self.days():
            for half in HALVES:
                if self.first <= (day, half) <= self.last:
                    yield day, half

    def holds(self, other: "Period") -> bool:
        """Say whether the other lies within it."""
        return self.first <= other.first and other.last <= self.last

    def overlaps(self, other: "Period") -> bool:
        """Say whether the two have a half day in common."""
        return self.first <= other.last and other.first <= self.last


def as_period(row: CalendarPeriod) -> Period:
    """Return a stored period as a value."""
    return Period(row.kind, row.name, row.first_day, row.last_day, row.first_half, row.last_half)


def faults_of_each(periods: Sequence[Period]) -> list[RowFault]:
    """Return what is wrong with each period by itself, and which stand twice."""
    faults = []
    first_place: dict[Identity, int] = {}
    for place, period in enumerate(periods):
        if period.last_day < period.first_day:
            faults.append(RowFault(place, "last_day", "is before the first day"))
            continue
        if period.last < period.first:
            faults.append(RowFault(place, "last_day", "ends with a half before the first half"))
            continue
        if not FIRST_YEAR <= period.academic_year <= academic_year_of(period.last_day) <= LAST_YEAR:
            years = f"{academic_year_name(FIRST_YEAR)} to {academic_year_name(LAST_YEAR)}"
            faults.append(RowFault(place, "first_day", f"is outside the academic years {years}"))
            continue
        if period.kind == "half_term":
            if term_of(period.name) is None:
                terms = ", ".join(term.capitalize() for term in TERMS)
                text = f"{period.name!r} is not a half term: its name begins with one of {terms}"
                faults.append(RowFault(place, "name", text))
            if period.academic_year != academic_year_of(period.last_day):
                faults.append(RowFault(place, "last_day", "is in another academic year than the first day"))
            elif next(period.days(), None) is None:
                faults.append(RowFault(place, "first_day", "the half term has no Monday to Friday"))
        if period.identity in first_place:
            faults.append(RowFault(place, "name", "the same period stands twice"))
        first_place.setdefault(period.identity, place)
    return faults


def faults_among(planned: Mapping[Identity, Period], places: Mapping[Identity, int]) -> list[RowFault]:
    """Return which of the periods at these places clash with others or lie outside every half term."""
    faults = []
    half_terms = [period for period in planned.values() if period.kind == "half_term"]
    closures = [period for period in planned.values() if period.kind != "half_term"]
    for identity, place in places.items():
        period = planned[identity]
        others = half_terms if period.kind == "half_term" else closures
        # Of two clashing rows of one file the later is named.
        clashing = [
            other
            for other in others
            if other.overlaps(period)
            and places.get(other.identity, -1) < place
            and (period.kind == "half_term" or other.kind != period.kind)
        ]
        if clashing:
            named = f"{clashing[0].name} ({clashing[0].first_day} to {clashing[0].last_day})"
            faults.append(RowFault(place, "first_day", f"overlaps with {named}"))
        if period.kind != "half_term" and not any(half_term.holds(period) for half_term in half_terms):
            faults.append(RowFault(place, "first_day", "the closure is not within a half term"))
    return faults


def left_outside(planned: Mapping[Identity, Period]) -> list[Period]:
    """Return the closures that lie within no half term."""
    half_terms = [period for period in planned.values() if period.kind == "half_term"]
    return [
        period
        for period in planned.values()
        if period.kind != "half_term" and not any(half_term.holds(period) for half_term in half_terms)
    ]
