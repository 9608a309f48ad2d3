"""Drawing for the desk: the same as `_components/heat_strip.html`, quick enough for five hundred cells."""

from collections.abc import Iterable
from functools import lru_cache

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from escalation.selectors.worklist import Week

register = template.Library()


@register.simple_tag
def strip(caption: str, weeks: Iterable[Week]) -> SafeString:
    """Draw school weeks side by side, oldest first, one number each."""
    cells = format_html_join("", "{}", ((draw_week(week),) for week in weeks))
    return format_html('<ol class="strip" aria-label="{}">{}</ol>', caption, cells)


# Most cells of a desk are alike: a week in which nothing was missed.
@lru_cache(maxsize=4096)
def draw_week(week: Week) -> SafeString:
    """Draw one week: its number, and in words for those who do not see the cell."""
    words = f"{week.label}: {week.count} of {week.of} sessions"
    return format_html(
        '<li class="strip__cell{}" title="{}"><span aria-hidden="true">{}</span>'
        '<span class="govuk-visually-hidden">{}</span></li>',
        f" strip__cell--{week.level}" if week.level else "",
        words,
        week.count,
        words,
    )
