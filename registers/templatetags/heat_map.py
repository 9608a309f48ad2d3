"""
The year of a pupil as tables: one wide heat map, a table of few weeks, and a card for each week.

Four hundred cells are drawn for a page, so they are put together here and not by the template.
"""

from collections.abc import Sequence
from datetime import date

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from registers.heat_map import HALVES, WEEKDAYS, Cell, HalfTerm, Week
from registers.models import Pupil
from registers.words import day

register = template.Library()


def _mark(cell: Cell) -> SafeString:
    return format_html(
        '<span class="mark mark--{} mark--small{}" title="{}"><span aria-hidden="true">{}</span>'
        '<span class="govuk-visually-hidden">{}</span></span>',
        cell.look,
        " mark--amended" if cell.source.is_amended else " mark--off" if cell.is_off else "",
        cell.label,
        cell.symbol,
        cell.label,
    )


def _cell(cell: Cell | None, classes: str = "") -> SafeString:
    if cell is None:
        return format_html('<td class="heat__gap{}"></td>', classes)
    return format_html(
        '<td class="heat__cell{}" id="s{}" data-n="{}">{}</td>',
        classes,
        str(cell.session_id),
        str(cell.number),
        _mark(cell),
    )


@register.simple_tag
def year_map(
    rows: Sequence[tuple[str, Sequence[Cell | None]]], half_terms: Sequence[HalfTerm], today: date
) -> SafeString:
    """Draw a year: a column for each week, a row for each half of the week."""
    begins = [number == 0 for half_term in half_terms for number, _ in enumerate(half_term.weeks)]
    names = format_html_join(
        "",
        '<th scope="colgroup" colspan="{}" class="heat__half-term">{}</th>',
        ((str(len(half_term.weeks)), half_term.name) for half_term in half_terms),
    )
    weeks = format_html_join(
        "",
        '<th scope="col" class="heat__week{}"><span class="govuk-visually-hidden">Week of </span>{}'
        "<span>{}</span></th>",
        (
            (_first(is_first), str(week.monday.day), f"{week.monday:%b}")
            for is_first, week in zip(
                begins, (week for half_term in half_terms for week in half_term.weeks), strict=True
            )
        ),
    )
    body = format_html_join(
        "",
        '<tr class="heat__row heat__row--{}"><th scope="row">{}</th>{}</tr>',
        (
            (
                name[-2:].lower(),
                name,
                format_html_join(
                    "",
                    "{}",
                    ((_cell(cell, _first(is_first)),) for is_first, cell in zip(begins, cells, strict=True)),
                ),
            )
            for name, cells in rows
        ),
    )
    return format_html(
        '<div class="heat-scroll"><table class="heat heat--year" id="heat" data-across="week"'
        ' aria-labelledby="marks-heading" aria-describedby="marks-summary">'
        "<thead><tr><td></td>{}</tr><tr><td></td>{}</tr></thead><tbody>{}</tbody></table></div>",
        names,
        weeks,
        body,
    )


def _first(is_first: bool) -> str:  # noqa: FBT001 - one word of a class
    return " heat__first" if is_first else ""


@register.simple_tag
def weeks_map(half_terms: Sequence[HalfTerm], today: date) -> SafeString:
    """Draw a few weeks: a row for each week, a column for each half of the week."""
    days = format_html_join("", '<th scope="colgroup" colspan="2">{}</th>', ((name,) for name in WEEKDAYS))
    halves = format_html_join("", '<th scope="col">{}</th>', ((half,) for _ in WEEKDAYS for half in HALVES))
    body = format_html_join(
        "",
        '<tr><th scope="row"><span class="govuk-visually-hidden">Week of </span>{}</th>{}</tr>',
        (
            (
                day(week.monday, today),
                format_html_join(
                    "",
                    "{}",
                    (
                        (_cell(cell, " heat__first" if number % 2 == 0 else ""),)
                        for number, cell in enumerate(week.cells)
                    ),
                ),
            )
            for half_term in half_terms
            for week in half_term.weeks
        ),
    )
    return format_html(
        '<div class="heat-scroll"><table class="heat heat--weeks" id="heat" data-across="half"'
        ' aria-labelledby="marks-heading" aria-describedby="marks-summary">'
        "<thead><tr><td></td>{}</tr><tr><td></td>{}</tr></thead><tbody>{}</tbody></table></div>",
        days,
        halves,
        body,
    )


@register.simple_tag(takes_context=True)
def week_card(context: template.Context, week: Week, pupil: Pupil, today: date) -> SafeString:
    """Draw one week as a small table of five days, each mark a link to its history."""
    base = reverse(
        "registers:mark_history",
        kwargs={"school_key": context["school"].key, "pupil_id": pupil.pk, "session_id": 0},
    ).removesuffix("0/")
    days = format_html_join(
        "",
        '<th scope="col"><span class="week-card__day">{}</span> {}</th>',
        ((name, str(on.day)) for name, on in zip(WEEKDAYS, week.days, strict=True)),
    )
    body = format_html_join(
        "",
        '<tr><th scope="row">{}</th>{}</tr>',
        (
            (half, format_html_join("", "<td>{}</td>", ((_linked(cell, base),) for cell in cells)))
            for half, cells in zip(HALVES, (week.mornings, week.afternoons), strict=True)
        ),
    )
    return format_html(
        '<table class="week-card"><caption>Week of {}</caption>'
        "<thead><tr><td></td>{}</tr></thead><tbody>{}</tbody></table>",
        day(week.monday, today),
        days,
        body,
    )


def _linked(cell: Cell | None, base: str) -> SafeString:
    if cell is None:
        return SafeString("")
    if not cell.can_open:
        return _mark(cell)
    return format_html(
        '<a class="week-card__link" href="{}{}/">{}</a>', base, str(cell.session_id), _mark(cell)
    )
