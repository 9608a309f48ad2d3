"""How figures, days and dates read in a letter."""

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal

from registers.rules.figures import percentage_text

NBSP = "\u00a0"  # keeps a number and its unit on one line


def percent(part: int, whole: int) -> str:
    """Return part of whole (not nought) in per cent, one decimal, cut off: 68 of 76 is "89.4 %" (GEN-05)."""
    return f"{percentage_text(part, whole)}{NBSP}%"


def share(part: int, whole: int) -> str:
    """Return a percentage with what it is made of: "94.2 % (178 of 189 sessions)"."""
    return f"{percent(part, whole)} ({part}{NBSP}of{NBSP}{whole} sessions)"


def per_cent(value: Decimal) -> str:
    """Return a fixed percentage such as a target: "97 %", "97.5 %"."""
    return f"{_plain(value)}{NBSP}%"


def days(value: Decimal) -> str:
    """Return days as people say them: "5 days", "5.5 days", "1 day", "half a day" (GEN-04)."""
    if value == Decimal("0.5"):
        return "half a day"
    return f"{_plain(value)}{NBSP}{'day' if value == 1 else 'days'}"


def counted(number: int, one: str, many: str) -> str:
    """Return a number with its noun: "1 time", "10 times"."""
    return f"{number:,}{NBSP}{one if number == 1 else many}"


def long_date(on: date) -> str:
    """Return "Tuesday 24 November 2026"; letters are kept for years, so the year always shows."""
    return f"{on:%A}{NBSP}{on.day}{NBSP}{on:%B} {on.year}"


def letter_date(on: date) -> str:
    """Return "24 November 2026", as at the head of a letter."""
    return f"{on.day}{NBSP}{on:%B}{NBSP}{on.year}"


def clock(at: time) -> str:
    """Return "8:50am"."""
    hour = at.hour % 12 or 12
    return f"{hour}:{at.minute:02d}{'am' if at.hour < 12 else 'pm'}"


def moment(at: datetime) -> str:
    """Return "Tuesday 24 November 2026 at 9:00am"."""
    return f"{long_date(at.date())} at{NBSP}{clock(at.timetz().replace(tzinfo=None))}"


def period(first: date, last: date) -> str:
    """Return "Monday 3 to Friday 7 November 2025", saying month and year once where they are the same."""
    if first == last:
        return long_date(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first:%A}{NBSP}{first.day} to {long_date(last)}"
    if first.year == last.year:
        return f"{first:%A}{NBSP}{first.day}{NBSP}{first:%B} to {long_date(last)}"
    return f"{long_date(first)} to {long_date(last)}"


def short_date(on: date, *, with_year: bool = True) -> str:
    """Return "Mon 3 Nov 2025", or without the year."""
    day = f"{on:%a}{NBSP}{on.day}{NBSP}{on:%b}"
    return f"{day}{NBSP}{on.year}" if with_year else day


def short_period(first: date, last: date) -> str:
    """Return dates for a table: "Mon 3 Nov 2025", "Mon 3 to Thu 6 Nov 2025"."""
    end = short_date(last)
    if first == last:
        return end
    if (first.year, first.month) == (last.year, last.month):
        return f"{first:%a}{NBSP}{first.day} to {end}"
    return f"{short_date(first, with_year=first.year != last.year)} to {end}"


def joined(items: Sequence[str]) -> str:
    """Return items as a sentence joins them: "A", "A and B", "A, B and C"."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def _plain(value: Decimal) -> str:
    """Return a decimal without idle noughts: 5, 5.5."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
