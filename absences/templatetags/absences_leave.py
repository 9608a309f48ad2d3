"""Leave in templates; what it says is decided in absences/leave_words.py."""

from datetime import date

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from absences import leave_words
from absences.models import LeaveRequest, LeaveState
from absences.rules.leave import CONSULTED, days_words, kind_label, words_of

register = template.Library()
register.filter("leave_kind", kind_label)
register.filter("leave_days", days_words)
register.filter("leave_point", words_of)
register.filter("leave_asked", leave_words.asked_words)


@register.simple_tag
def leave_span(row: leave_words.Spanning, today: date | None = None) -> str:
    """Return from which session to which something lasts."""
    return leave_words.span_words(row, today)


@register.simple_tag
def leave_state(row: LeaveRequest) -> SafeString:
    """Draw where a request stands."""
    look = leave_words.LOOKS.get(row.state, "chip")
    return format_html('<strong class="{}">{}</strong>', look, LeaveState(row.state).label)


@register.filter
def leave_consulted(key: str) -> str:
    """Return whom the school asked, in words."""
    return dict(CONSULTED).get(key, key)
