"""
Dates, times and marks in the words of every page.

Pages, messages and letters take them from here, so that a day or a mark reads the same everywhere; templates
load them with `{% load registers %}`.
"""

from datetime import date, datetime, time
from functools import lru_cache

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from registers.rules import codes
from registers.rules.calendar import academic_year_of
from registers.rules.looks import look_of


def day(on: date, today: date | None = None) -> str:
    """Return a day as pages write it, "Tue 24 Nov"; with the year when it is not of today's school year."""
    if today is None or academic_year_of(on) == academic_year_of(today):
        return f"{on:%a} {on.day} {on:%b}"
    return f"{on:%a} {on.day} {on:%b %Y}"


def clock(at: datetime | time | None) -> str:
    """Return a time as pages write it: "8:50am". An instant is told in the school's time zone."""
    if at is None:
        return ""
    shown = timezone.localtime(at) if isinstance(at, datetime) else at
    return f"{shown.hour % 12 or 12}:{shown.minute:02d}{'am' if shown.hour < 12 else 'pm'}"


def moment(at: datetime, today: date | None = None) -> str:
    """Return an instant as pages write it: "Tue 24 Nov at 8:50am", in the school's time zone."""
    local = timezone.localtime(at)
    return f"{day(local.date(), today)} at {clock(local)}"


def code_name(symbol: str) -> str:
    """Return what a code means, "No mark" for none; present is present in both halves of the day."""
    if not symbol:
        return "No mark"
    if symbol in codes.PRESENT_IN_HALF.values():
        return "Present"
    return codes.CODE_BY_SYMBOL[symbol].name


# A register page draws three hundred small marks, most of them alike.
@lru_cache(maxsize=4096)
def draw_mark(symbol: str, on: date, label: str, size: str = "") -> SafeString:
    """Return the HTML of a mark, the same as `_components/mark.html`; `size` may be "small"."""
    return format_html(
        '<span class="mark mark--{}{}" title="{}"><span aria-hidden="true">{}</span>'
        '<span class="govuk-visually-hidden">{}</span></span>',
        look_of(symbol, on),
        f" mark--{size}" if size else "",
        label,
        symbol,
        label,
    )
