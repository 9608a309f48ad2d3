"""Figures in words, the same in every reason that the sweep gives."""

from datetime import date
from decimal import Decimal

_COMPARISONS = {"<": "below", "<=": "at or below", ">=": "at or over", ">": "over", "==": "exactly"}
_WINDOWS = {
    "academic_year": "this academic year",
    "term": "this term",
    "half_term": "this half term",
    "last_3_weeks": "in the last three school weeks",
    "letter_period": "since the last letter",
}


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """Return a count with its noun: "1 absence", "9 absences"."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def days(sessions: int) -> str:
    """Return sessions as days, half days as .5, exactly (GEN-04): 11 sessions are "5.5 days"."""
    whole, half = divmod(sessions, 2)
    figure = f"{whole}.5" if half else str(whole)
    return f"{figure} day" if figure == "1" else f"{figure} days"


def day(on: date) -> str:
    """Return a date as it stands in a letter: 14 February 2025."""
    return f"{on.day} {on:%B %Y}"


def comparison(operator: str, value: int | Decimal) -> str:
    """Return a comparison in words: "below 95"."""
    return f"{_COMPARISONS[operator]} {value}"


def window(name: str) -> str:
    """Return a window in words: "this academic year"."""
    if name in _WINDOWS:
        return _WINDOWS[name]
    weeks = name.removeprefix("rolling_school_weeks(").removesuffix(")")
    return f"in {weeks} school weeks"


def listed(parts: list[str], last: str = "and") -> str:
    """Join parts as a sentence does: "G, N, O and U"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {last} {parts[-1]}"
