"""Dates, times and marks in templates; what they say is decided in registers/words.py."""

from datetime import date

from django import template
from django.utils.safestring import SafeString

from registers import words

register = template.Library()
register.filter("day", words.day)
register.filter("clock", words.clock)
register.filter("moment", words.moment)
register.filter("code_name", words.code_name)


@register.simple_tag
def mark(symbol: str, on: date, label: str = "", size: str = "") -> SafeString:
    """Draw a mark: `label` says it in words ("Mon 3 Nov AM: Illness"), `size` may be "small"."""
    return words.draw_mark(symbol, on, label or words.code_name(symbol), size)
