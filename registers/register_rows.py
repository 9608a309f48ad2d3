"""
The rows of a register as HTML.

A register has thirty rows of some forty values each: a template would spend more time on looking them up than
the database on finding them. Everything that comes from outside is escaped here, once for each row.
"""

from collections.abc import Iterable
from html import escape  # what Django's own calls, without its wrapper for texts in other languages

from django.utils.safestring import SafeString, mark_safe

from registers.forms.register import Row
from registers.words import clock

HIDDEN = "govuk-visually-hidden"


def draw_rows(
    rows: Iterable[Row], *, label: str, present: str, can_enter: bool, history_url: str = ""
) -> SafeString:
    """
    Return the table rows of a register.

    `label` names the column of today's marks. Without `can_enter` the rows only show. `history_url` leads to
    the history of a mark, with 0 in the place of the pupil's id; rows of a register that is open have none.
    """
    before, _, after = history_url.partition("/0/")
    return mark_safe(  # noqa: S308 - each value is escaped in _row
        "".join(
            _row(
                row,
                label=escape(label),
                present=escape(present),
                can_enter=can_enter,
                history=f"{before}/{row.key}/{after}" if history_url and row.seen.code else "",
            )
            for row in rows
        )
    )


def _row(row: Row, *, label: str, present: str, can_enter: bool, history: str) -> str:
    key, code = row.key, escape(row.code)
    name, seen, fault = escape(row.pupil.full_name), escape(row.seen.as_text()), escape(row.fault)
    chips = "".join(
        f' <span class="chip">{escape(words)}</span>'
        for words in (row.reason, "Known ahead" if row.is_ahead else "", row.word)
        if words
    )
    days = "".join(f'<td class="register__day">{cell}</td>' for cell in row.days)
    told = f' aria-describedby="fault-{key}"' if fault else ""
    entry = _choice(row, name=name, seen=seen, present=present, told=told) if can_enter else ""
    more = _details(row, name=name, told=told) if can_enter else _told(row)
    return (
        f'<tr id="row-{key}"{" class=register__row--wrong" if fault else ""} data-pupil="{key}"'
        f' data-name="{name}" data-find="{escape(row.pupil.surname)} {escape(row.pupil.forename)}"'
        f' data-seen="{seen}" data-refused="{escape(" ".join(row.refused))}">'
        f'<th scope="row" class="register__name">{escape(row.pupil.register_name)}{chips}</th>{days}'
        f'<td class="register__mark" id="cell-{key}" data-label="{label}">'
        f'<span class="mark mark--{escape(row.look)} register__glyph"><span aria-hidden="true">{code}</span>'
        f'<span class="{HIDDEN}">{escape(row.name_of_code)}</span></span>{entry}</td>'
        f'<td class="register__more">{_fault(key, fault)}{more}{_history(history, name)}</td></tr>\n'
    )


def _choice(row: Row, *, name: str, seen: str, present: str, told: str) -> str:
    """Return three radios, the list of other codes, and what the person has read."""
    key = row.key
    radios = "".join(
        f'<label class="choice__option"><input type="radio" name="mark_{key}" id="mark-{key}-{word.lower()}"'
        f' value="{value}"{" checked" if chosen else ""}> {word}</label>'
        for word, value, chosen in (
            ("Present", present, escape(row.code) == present),
            ("Absent", "N", row.code == "N"),
            ("Late", "L", row.code == "L"),
        )
    )
    shown = (
        f'<input type="hidden" name="shown_{key}" value="{escape(row.shown)}">'
        if row.shown != row.seen.code
        else ""
    )
    return (
        f'<span class="save-state" data-state=""></span><fieldset class="choice"{told}>'
        f'<legend class="{HIDDEN}">{name}</legend>{radios}'
        f'<label class="{HIDDEN}" for="code-{key}">Other code for {name}</label>'
        f'<select class="choice__list" name="code_{key}" id="code-{key}">{row.options}</select></fieldset>'
        f'<input type="hidden" name="seen_{key}" value="{seen}">{shown}'
    )


def _details(row: Row, *, name: str, told: str) -> str:
    """Return the fields for the time of arrival and the nature of an activity."""
    key = row.key
    return (
        f'<span class="detail" data-detail="arrived"><label for="arrived-{key}">Arrived'
        f'<span class="{HIDDEN}">, {name}</span></label>'
        f'<input class="govuk-input detail__time" id="arrived-{key}" name="arrived_{key}" type="text"'
        f' inputmode="numeric" autocomplete="off" value="{escape(row.arrived_text)}"{told}></span> '
        f'<span class="detail" data-detail="nature"><label for="nature-{key}">Nature'
        f'<span class="{HIDDEN}"> of the activity or circumstance, {name}</span></label>'
        f'<input class="govuk-input detail__words" id="nature-{key}" name="nature_{key}" type="text"'
        f' autocomplete="off" value="{escape(row.nature)}"{told}></span>'
    )


def _told(row: Row) -> str:
    arrived = f"arrived {clock(row.seen.arrived_at)} " if row.arrived_text else ""
    return f"{arrived}{escape(row.nature)}"


def _fault(key: str, fault: str) -> str:
    if not fault:
        return ""
    return f'<p class="govuk-error-message" id="fault-{key}"><span class="{HIDDEN}">Error:</span> {fault}</p>'


def _history(url: str, name: str) -> str:
    if not url:
        return ""
    return (
        f' <a class="govuk-link visually-quiet" href="{escape(url)}">History'
        f'<span class="{HIDDEN}"> of the mark of {name}</span></a>'
    )
