"""A pupil's year as a page draws it: weeks of ten halves, each with its letter, its look and its words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby

from registers.rules.looks import Look, look_of
from registers.selectors.pupil_marks import SessionMark
from registers.words import clock, code_name, day

HALVES = ("AM", "PM")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri")
CLOSED_CODES = {"closed": "#", "cancelled": "Y4"}


@dataclass(frozen=True)
class Cell:
    """One half of a day."""

    source: SessionMark
    number: int  # its place among the sessions shown, from 0
    symbol: str
    look: Look
    label: str  # in words: "Mon 7 Sep AM: Illness, amended"
    can_open: bool  # its history may be opened
    is_off: bool = False  # not yet, or not on roll: no mark is missing there

    @property
    def session_id(self) -> int:
        """Return the session's id."""
        return self.source.session_id


@dataclass(frozen=True)
class Week:
    """Ten halves from Monday AM to Friday PM; None where the calendar has no session."""

    monday: date
    half_term: str
    cells: tuple[Cell | None, ...]

    @property
    def days(self) -> tuple[date, ...]:
        """Return Monday to Friday."""
        return tuple(self.monday + timedelta(days=number) for number in range(5))

    @property
    def mornings(self) -> tuple[Cell | None, ...]:
        """Return the five mornings."""
        return self.cells[0::2]

    @property
    def afternoons(self) -> tuple[Cell | None, ...]:
        """Return the five afternoons."""
        return self.cells[1::2]


@dataclass(frozen=True)
class HalfTerm:
    """The weeks of one half term."""

    name: str
    weeks: tuple[Week, ...]

    @property
    def sources(self) -> list[SessionMark]:
        """Return the half term's sessions."""
        return [cell.source for week in self.weeks for cell in week.cells if cell is not None]


def heat_map(sessions: Sequence[SessionMark], *, at: datetime, today: date) -> list[HalfTerm]:
    """Return the half terms of these sessions, which come in order of time."""
    numbered = [(number, one) for number, one in enumerate(sessions) if one.on.weekday() < len(WEEKDAYS)]
    half_terms = []
    for name, in_half_term in groupby(numbered, key=lambda pair: pair[1].half_term):
        weeks = []
        for monday, in_week in groupby(in_half_term, key=lambda pair: pair[1].monday):
            cells: list[Cell | None] = [None] * 10
            for number, one in in_week:
                place = one.on.weekday() * 2 + HALVES.index(one.half)
                cells[place] = _cell(one, number, at=at, today=today)
            weeks.append(Week(monday, name, tuple(cells)))
        half_terms.append(HalfTerm(name, tuple(weeks)))
    return half_terms


def _cell(one: SessionMark, number: int, *, at: datetime, today: date) -> Cell:
    when = f"{day(one.on, today)} {one.half}"
    if not one.is_held:
        symbol = CLOSED_CODES[one.status]
        return Cell(one, number, symbol, Look.IMPOSSIBLE, f"{when}: {code_name(symbol)}", can_open=False)
    if not one.is_on_roll:
        return Cell(one, number, "", Look.NONE, f"{when}: Not on roll", can_open=False, is_off=True)
    if not one.code and at < one.opens_at:
        return Cell(one, number, "", Look.NONE, f"{when}: Not yet", can_open=False, is_off=True)
    return Cell(
        one,
        number,
        one.code,
        look_of(one.code, one.on),
        f"{when}: {mark_words(one.code, one.arrived_at, one.nature)}{', amended' if one.is_amended else ''}",
        can_open=True,
    )


def mark_words(code: str, arrived_at: time | None = None, nature: str = "") -> str:
    """Return a mark in words: "Late, before the register closed, arrived 9:12am"."""
    words = code_name(code)
    if arrived_at is not None:
        words += f", arrived {clock(arrived_at)}"
    if nature:
        words += f": {nature}"
    return words
