"""Which codes a register offers: the key beside the grid, and each pupil's list without those refused."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from registers.rules.codes import NATIONAL_CODES, PRESENT_IN_HALF, CodeRule
from registers.rules.looks import Look, look_of
from registers.words import code_name

ABSENT = "N"
LATE = "L"
# Posted by the list of codes when the mark is to be taken away.
CLEAR = "clear"
GROUP_NAMES = {
    "present": "Present",
    "elsewhere": "Educated elsewhere",
    "leave": "Leave",
    "authorised": "Other authorised absence",
    "unavoidable": "Unable to attend",
    "unauthorised": "Unauthorised absence",
}


@dataclass(frozen=True)
class CodeChoice:
    """A code that may be given in this session, as the page's key shows it."""

    symbol: str
    name: str
    look: Look
    needs_nature: bool
    takes_arrival: bool


@dataclass(frozen=True)
class CodeGroup:
    """Codes of one kind under their heading."""

    name: str
    codes: tuple[CodeChoice, ...]


def refused_codes(*, compulsory: bool, excused: bool) -> tuple[str, ...]:
    """Return the codes that cannot stand for a pupil: of the wrong age, or C2 without a timetable."""
    wrong_age = "non_compulsory" if compulsory else "compulsory"
    refused = [rule.symbol for rule in NATIONAL_CODES if rule.age_rule == wrong_age]
    return tuple(refused if excused or "C2" in refused else [*refused, "C2"])


def codes_of_session(on: date, half: str) -> list[CodeRule]:
    """Return the codes that may stand as a mark in a session of that day, whatever the pupil's age."""
    return [
        rule for rule in NATIONAL_CODES if rule.is_mark and rule.is_valid_on(on) and rule.half in ("", half)
    ]


@lru_cache(maxsize=64)
def code_key(on: date, half: str) -> tuple[CodeGroup, ...]:
    """Return the codes of a session under their headings, with how each is drawn and what it asks for."""
    groups: dict[str, list[CodeChoice]] = {}
    for rule in codes_of_session(on, half):
        groups.setdefault(rule.group, []).append(
            CodeChoice(
                symbol=rule.symbol,
                name=code_name(rule.symbol),
                look=look_of(rule.symbol, on),
                needs_nature=rule.nature_required,
                takes_arrival=rule.is_late or rule.symbol in PRESENT_IN_HALF.values(),
            )
        )
    return tuple(CodeGroup(GROUP_NAMES[name], tuple(choices)) for name, choices in groups.items())


@lru_cache(maxsize=512)
def options_of(on: date, half: str, refused: tuple[str, ...], chosen: str) -> SafeString:
    """Return the options of the list of other codes: all but the three that have radios."""
    quick = {PRESENT_IN_HALF[half], ABSENT, LATE}
    parts = [format_html('<option value="">{}</option>', "Other code")]
    for group in code_key(on, half):
        choices = [
            (
                choice.symbol,
                SafeString(" selected" if choice.symbol == chosen else ""),
                choice.symbol,
                choice.name,
            )
            for choice in group.codes
            if choice.symbol not in quick and choice.symbol not in refused
        ]
        if choices:
            parts.append(
                format_html(
                    '<optgroup label="{}">{}</optgroup>',
                    group.name,
                    format_html_join("", '<option value="{}"{}>{} – {}</option>', choices),
                )
            )
    parts.append(format_html('<option value="{}">No mark</option>', CLEAR))
    return format_html_join("", "{}", ((part,) for part in parts))
