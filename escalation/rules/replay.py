"""
What a policy would have done over past registers.

Every evening and every review of the period in order, with the same `Engine` as the nightly sweep; each
proposal is taken as approved the same day, so the next rung is judged against it. Nothing is written
anywhere.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate

from escalation.rules.calendar import SchoolCalendar, SchoolDay
from escalation.rules.engine import Engine
from escalation.rules.facts import (
    NOWHERE,
    Decision,
    DecisionState,
    LadderState,
    Occasion,
    PupilFacts,
    SessionElsewhere,
    kind_of,
)
from escalation.rules.ladder import settle
from registers.rules.codes import CODE_BY_SYMBOL, StatisticalClass

_ATTENDING = (StatisticalClass.PRESENT, StatisticalClass.ATTENDING_ELSEWHERE)


@dataclass(frozen=True, slots=True)
class Period:
    """Days from one to another, both included; no last day means it goes on."""

    first_day: date
    last_day: date | None = None

    def covers(self, on: date) -> bool:
        """Say whether a day lies in the period."""
        return self.first_day <= on and (self.last_day is None or on <= self.last_day)


@dataclass(frozen=True, slots=True)
class PupilHistory:
    """The whole register of one pupil: marks by session number, and what was true of the pupil when."""

    upn: str
    date_of_birth: date
    marks: Mapping[int, str]  # session number -> code as it stands now
    enrolled: tuple[Period, ...]
    flags: tuple[tuple[str, Period], ...] = ()
    reached_on: tuple[date, ...] = ()  # days on which a parent was spoken to about an absence, in order
    agreements: tuple[tuple[str, date], ...] = field(default=())  # consents recorded, with the day
    elsewhere: tuple[SessionElsewhere, ...] = ()  # marked by schools before, in order


@dataclass(frozen=True, slots=True)
class Line:
    """One line of `replay` or `sweep`."""

    school: str
    on: date
    upn: str
    rung: str
    letters: tuple[str, ...]
    state: DecisionState
    why: str
    sessions: tuple[int, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Return the line as people script against it."""
        return {
            "school": self.school,
            "on": self.on.isoformat(),
            "upn": self.upn,
            "rung": self.rung,
            "letters": list(self.letters),
            "state": self.state,
            "why": self.why,
        }


def replay(
    engine: Engine,
    pupils: Iterable[PupilHistory],
    calendar: SchoolCalendar,
    *,
    first_day: date,
    last_day: date,
    school: str | None = None,
) -> Iterator[Line]:
    """
    Give every line of every evening of a period, by date and then in the order of the pupils.

    The ladder is empty on the first day; marks before it still count in the figures. `school` is the key on
    the lines, the policy's own by default.
    """
    key = school or engine.policy.school.key
    days = [calendar.day(on) for on in calendar.school_days(first_day, last_day)]
    found: list[tuple[date, int, Line]] = []
    for place, history in enumerate(pupils):
        for day, decision in walk(engine, PupilTrack(history, calendar), days):
            if decision.state != "withdrawn":
                line = line_of(key, day.on, history.upn, decision)
                found.append((day.on, place, line))
    found.sort(key=lambda entry: entry[:2])
    return (line for _, _, line in found)


def line_of(school: str, on: date, upn: str, decision: Decision) -> Line:
    """Return a decision as a line."""
    return Line(
        school, on, upn, decision.rung, decision.letters, decision.state, decision.why, decision.sessions
    )


class _Attended:
    """How many sessions a pupil attended in a window that ends on a day, from running totals."""

    __slots__ = ("_day", "_first", "_totals")

    def __init__(self, totals: list[int], first: int, day: SchoolDay) -> None:
        self._totals = totals
        self._first = first
        self._day = day

    def __getitem__(self, window: str) -> int:
        return self._upto(self._day.last_number) - self._upto(self._day.first_number(window) - 1)

    def _upto(self, number: int) -> int:
        place = number - self._first + 1
        return self._totals[min(max(place, 0), len(self._totals) - 1)]


class PupilTrack:
    """One pupil's register, ready to give the facts of any evening."""

    def __init__(self, history: PupilHistory, calendar: SchoolCalendar) -> None:
        self._history = history
        numbers = sorted(history.marks)
        self._first = numbers[0] if numbers else 1
        attended = [0] * (numbers[-1] - self._first + 2) if numbers else [0]
        self._occasions: list[Occasion] = []
        for number in numbers:
            code = history.marks[number]
            if CODE_BY_SYMBOL[code].statistical_class in _ATTENDING:
                attended[number - self._first + 1] = 1
            kind = kind_of(code)
            if kind is not None:
                session = calendar.session(number)
                self._occasions.append(
                    Occasion(number, session.on, session.half, session.school_week, code, kind)
                )
        self._totals = list(accumulate(attended))
        self._numbers = [occasion.number for occasion in self._occasions]

    def facts_on(self, day: SchoolDay) -> PupilFacts:
        """Return what the sweep of a day would have known."""
        history = self._history
        reached = bisect_right(history.reached_on, day.on)
        return PupilFacts(
            day=day,
            date_of_birth=history.date_of_birth,
            occasions=self._occasions[: bisect_right(self._numbers, day.last_number)],
            attended=_Attended(self._totals, self._first, day),
            flags=frozenset(name for name, period in history.flags if period.covers(day.on)),
            reached_on=history.reached_on[reached - 1] if reached else None,
            agreements=frozenset(name for name, on in history.agreements if on <= day.on),
            elsewhere=tuple(session for session in history.elsewhere if session.on <= day.on),
        )

    def is_enrolled(self, on: date) -> bool:
        """Say whether the pupil is on roll on a day."""
        return any(period.covers(on) for period in self._history.enrolled)


def walk(
    engine: Engine, track: PupilTrack, days: Iterable[SchoolDay]
) -> Iterator[tuple[SchoolDay, Decision]]:
    """Give every decision of every evening of one pupil, approving each proposal at once."""
    standing: dict[str, LadderState] = {}
    for day in days:
        if not track.is_enrolled(day.on):
            continue
        facts = track.facts_on(day)
        then = {
            ladder: track.facts_on(day.calendar.day(state.open.on))
            for ladder, state in standing.items()
            if state.open is not None
        }
        decisions = engine.decide(facts, standing, then)
        for decision in decisions:
            state = standing.get(decision.ladder, NOWHERE)
            standing[decision.ladder] = settle(state, [decision], facts, engine.ladder.figure)
            yield day, decision
