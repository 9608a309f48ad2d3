"""
What a family has said so far of an absence, question by question, and what follows from it.

A draft is what a parent answered before sending. It knows nothing of schools: days are checked against each
school's calendar by `faults_of_days`, what a school's terms add by `default_return`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from absences.rules.reporting import Limits

WHOLE_DAY, MORNING, AFTERNOON = "day", "AM", "PM"
# What a part of the day means as the first and last half of an absence.
HALVES_OF: dict[str, tuple[str, str]] = {
    WHOLE_DAY: ("AM", "PM"),
    MORNING: ("AM", "AM"),
    AFTERNOON: ("PM", "PM"),
}
NOT_KNOWN = "unknown"


@dataclass(frozen=True)
class Draft:
    """
    What was answered so far. `key` is the submission that it becomes, once.

    `expected_return` None stands for what follows from the days and the school's terms; `back_unknown` for a
    parent who cannot say. `changes` is the report that is to be replaced, in its `version`.
    """

    key: UUID
    children: tuple[int, ...] = ()
    first_day: date | None = None
    first_half: str = "AM"
    last_day: date | None = None
    last_half: str = "PM"
    reason: str = ""
    note: str = ""
    expected_return: date | None = None
    back_unknown: bool = False
    appointment_at: time | None = None
    has_seen_leave: bool = False
    is_span_chosen: bool = False
    changes: int | None = None
    version: int = 0

    @property
    def has_days(self) -> bool:
        """Say whether it is known when the absence is."""
        return self.first_day is not None and self.last_day is not None

    @property
    def part(self) -> str:
        """Return the part of the day of an absence within one day; empty for any other."""
        halves = (self.first_half, self.last_half)
        if self.first_day != self.last_day:
            return ""
        return next((part for part, of_part in HALVES_OF.items() if of_part == halves), "")

    def with_part(self, part: str) -> "Draft":
        """Return the draft for a part of its one day."""
        first_half, last_half = HALVES_OF[part]
        return replace(self, first_half=first_half, last_half=last_half)

    def with_days(self, first: date, last: date, part: str = WHOLE_DAY) -> "Draft":
        """Return the draft for other days; an answer about the way back no longer holds then."""
        moved = replace(self, first_day=first, last_day=last, expected_return=None, back_unknown=False)
        return replace(moved.with_part(part), is_span_chosen=True)


def to_data(draft: Draft) -> dict[str, Any]:
    """Return the draft as JSON keeps it."""
    return {
        name: value.isoformat() if isinstance(value, date | time) else str(value) if name == "key" else value
        for name, value in vars(draft).items()
    }


def from_data(data: Mapping[str, Any]) -> Draft:
    """Return the draft that `to_data` wrote."""
    values = dict(data)
    for name in ("first_day", "last_day", "expected_return"):
        values[name] = date.fromisoformat(values[name]) if values[name] else None
    values["appointment_at"] = (
        time.fromisoformat(values["appointment_at"]) if values["appointment_at"] else None
    )
    return Draft(**{**values, "key": UUID(values["key"]), "children": tuple(values["children"])})


class DayFault(Enum):
    """What is wrong with the days of an absence."""

    ORDER = "order"
    AHEAD = "ahead"
    BACK = "back"
    LONG = "long"
    NO_SCHOOL = "no school"


@dataclass(frozen=True)
class Calendar:
    """The days of one school around today: those with a session held, in order, and the names of closures."""

    held: tuple[date, ...]
    closed: Mapping[date, str] = field(default_factory=dict)

    def earliest(self, today: date, days_back: int) -> date:
        """Return the first day that may still be reported: so many school days before today."""
        past = [on for on in self.held if on < today]
        if days_back == 0 or not past:
            return today
        return past[-days_back] if len(past) >= days_back else past[0]

    def next_day(self, after: date) -> date | None:
        """Return the next school day."""
        return next((on for on in self.held if on > after), None)

    def day_before(self, before: date) -> date | None:
        """Return the last school day before a day."""
        return next((on for on in reversed(self.held) if on < before), None)

    def between(self, first: date, last: date) -> tuple[date, ...]:
        """Return the school days from a day to a day, both included."""
        return tuple(on for on in self.held if first <= on <= last)


def faults_of_days(
    first: date, last: date, calendar: Calendar, *, today: date, limits: Limits
) -> list[DayFault]:
    """Return what keeps these days from being reported at a school, the gravest first."""
    if last < first:
        return [DayFault.ORDER]
    faults = []
    if last > today + timedelta(days=limits.days_ahead):
        faults.append(DayFault.AHEAD)
    if first < calendar.earliest(today, limits.days_back):
        faults.append(DayFault.BACK)
    if len(calendar.between(first, last)) > limits.days_at_once:
        faults.append(DayFault.LONG)
    if not faults and not calendar.between(first, last):
        faults.append(DayFault.NO_SCHOOL)
    return faults


def days_to_choose(
    calendars: Sequence[Calendar], *, today: date, limits: Sequence[Limits]
) -> tuple[date, ...]:
    """Return the days on which every school is open, within the narrowest limits of them all."""
    if not calendars:
        return ()
    first = max(
        calendar.earliest(today, limit.days_back) for calendar, limit in zip(calendars, limits, strict=True)
    )
    last = today + timedelta(days=min(limit.days_ahead for limit in limits))
    common = set(calendars[0].held).intersection(*(calendar.held for calendar in calendars))
    return tuple(sorted(on for on in common if first <= on <= last))


def default_return(
    last_day: date, last_half: str, calendar: Calendar, *, not_before: date | None = None
) -> date | None:
    """
    Return the school day on which a child is expected back: the next one, or the first that is allowed.

    A child away in the morning only is back the same day. None when the calendar does not reach so far.
    """
    back = last_day if last_half == "AM" else calendar.next_day(last_day)
    if not_before is None or (back is not None and back >= not_before):
        return back
    return calendar.next_day(not_before - timedelta(days=1))
