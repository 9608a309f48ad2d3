"""What the register says of a child, in words for the family."""

from dataclasses import dataclass
from datetime import date

from registers.rules.codes import CODE_BY_SYMBOL, StatisticalClass

# What a code means to a family, as the end of "Absent: …" or "Away from the classroom: …".
REASONS: dict[str, str] = {
    "L": "arrived late",
    "U": "arrived after the register had closed",
    "K": "education arranged by the council",
    "V": "school trip",
    "P": "sport that the school agreed to",
    "W": "work experience",
    "B": "learning elsewhere that the school agreed to",
    "D": "at the other school where your child is registered",
    "C1": "performance or work abroad",
    "M": "medical or dental appointment",
    "J1": "interview",
    "S": "study leave",
    "X": "not expected at school",
    "C2": "part-time timetable",
    "C": "leave that the school granted",
    "T": "travelling for a parent’s work",
    "R": "religious observance",
    "I": "illness",
    "E": "suspended or excluded",
    "Q": "the council had not arranged transport or a place",
    "Y1": "transport was not available",
    "Y2": "travel disruption",
    "Y3": "part of the school was closed",
    "Y5": "held by the police or a court",
    "Y6": "public health rules",
    "Y7": "could not come, and nobody could help it",
    "G": "holiday that the school did not agree to",
    "N": "the school does not know why yet",
    "O": "no reason that the school accepted",
    "H": "holiday that the school agreed to",
    "F": "long family holiday that the school agreed to",
    "J": "interview",
    "Y": "could not come",
}
PARTS_OF_DAY = {"AM": "this morning", "PM": "this afternoon"}


@dataclass(frozen=True)
class Missed:
    """One line of a family's list of absences: a day or half a day with its reason."""

    on: date
    when: str
    reason: str


def reason(symbol: str) -> str:
    """Return the reason that a code stands for, as the end of a sentence."""
    return REASONS[symbol]


def state_of(half: str, symbol: str, *, arrived: str = "", begun: bool = True) -> str:
    """
    Return the state of one half of today as a sentence without its full stop.

    `symbol` is empty while the register has not been taken. `arrived` is a time as pages write it. Before the
    session has `begun` a mark is what the school knows ahead.
    """
    part = PARTS_OF_DAY[half]
    if not symbol:
        return f"Register not taken yet {part}"
    if symbol in ("/", "\\"):
        return f"Marked present {part}"
    if symbol == "L":
        return f"Arrived late {part}" + (f", at {arrived}" if arrived else "")
    if symbol == "U":
        at = f" at {arrived}" if arrived else ""
        return f"Arrived{at} {part}, after the register had closed, which counts as an absence"
    if symbol == "N":
        return f"Not in school {part}, and the school does not know why yet"
    rule = CODE_BY_SYMBOL[symbol]
    if rule.statistical_class is StatisticalClass.ATTENDING_ELSEWHERE:
        return f"{_capital(part)}: {reason(symbol)}, which counts as attending"
    if rule.statistical_class is StatisticalClass.NOT_POSSIBLE:
        return f"{_capital(part)}: {reason(symbol)}, which does not count as an absence"
    if not begun:
        return f"The school expects an absence {part}: {reason(symbol)}"
    return f"Absent {part}: {reason(symbol)}"


def missed_days(absences: list[tuple[date, str, str]]) -> list[Missed]:
    """
    Return one line for each absence of (day, half, code), in the order given, whole days as one line.

    Expects the newest day first and, within a day, morning before afternoon.
    """
    lines: list[Missed] = []
    index = 0
    while index < len(absences):
        on, half, symbol = absences[index]
        following = absences[index + 1] if index + 1 < len(absences) else None
        is_whole_day = half == "AM" and following == (on, "PM", symbol)
        when = "all day" if is_whole_day else "morning" if half == "AM" else "afternoon"
        lines.append(Missed(on, when, reason(symbol)))
        index += 2 if is_whole_day else 1
    return lines


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
