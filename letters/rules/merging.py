"""Filling a template: strictly, all problems at once, with values that can never become markup."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from letters.errors import MergeRefused, MissingFields
from letters.rules import absences, fields, printing
from letters.rules.content import (
    Block,
    Bullets,
    Heading,
    LetterContent,
    Letterhead,
    Run,
    Signature,
    Table,
    Text,
    Wording,
)
from letters.rules.fields import Kind, Need
from letters.rules.national import national_words
from letters.rules.statements import STATEMENTS
from letters.rules.templates import (
    FactTable,
    LetterTemplate,
    Paragraph,
    Part,
    Piece,
    Points,
    RowTable,
    SessionTable,
    Title,
    condition,
    pieces,
)
from letters.rules.text import clean_line

WINDOW_LINES = 7  # of name and address, in the window of an envelope


def merge_template(
    template: LetterTemplate,
    values: Mapping[str, Any],
    *,
    on: date,
    reference: str,
    school: str,
    signature: str,
) -> Wording:
    """
    Return the template filled with the values, not yet addressed.

    `on` is the date of the letter and chooses the national amounts unless the values hold `offence_on`.

    :raises MissingFields: required fields have no value (and perhaps other problems: all are named)
    :raises MergeRefused: values the template does not declare, of the wrong kind, or against a guard
    """
    letter = {
        "date": printing.letter_date(on),
        "ref": reference,
        "school": clean_line(school),
        "signature": signature,
    }
    checked, problems, missing, unknown = _checked(template, values)
    if not missing:
        problems += [guard.message for guard in template.guards if not _holds(guard.when, checked)]
    if missing:
        raise MissingFields(template.title, problems, missing=missing, unknown=unknown)
    if problems:
        raise MergeRefused(template.title, problems, unknown=unknown)
    printed = _printed(template, checked, letter, offence_on=checked.get("offence_on", on))
    blocks = [block for part in template.body for block in _blocks(template, part, checked, printed)]
    return Wording(
        template_key=template.key,
        template_version=template.version,
        subject=_words(pieces(template.subject), printed),
        blocks=tuple(blocks),
        enclosures=tuple(_words(pieces(text), printed) for text in template.enclosures),
        notes=tuple(_words(pieces(text), printed) for text in template.notes),
        printed=tuple(sorted((name, text) for name, text in printed.items() if name in checked)),
    )


def address_letter(
    wording: Wording,
    *,
    letterhead: Letterhead,
    names: Sequence[str],
    address: Sequence[str],
    on: date,
    reference: str,
    signature: Signature,
) -> LetterContent:
    """
    Return one copy of the letter, addressed to the people of one address by their names.

    An address may be empty (a letter handed over or sent by e-mail); names may not.
    """
    people = tuple(filter(None, map(clean_line, names)))
    if not people:
        raise ValueError("A letter is addressed to at least one person.")
    lines = tuple(filter(None, map(clean_line, address)))
    room = WINDOW_LINES - 1
    if len(lines) > room:
        # A longer address keeps its last lines apart (town and postcode) and shares the first line.
        shared = len(lines) - room + 1
        lines = (", ".join(lines[:shared]), *lines[shared:])
    return LetterContent(
        template_key=wording.template_key,
        template_version=wording.template_version,
        letterhead=letterhead,
        recipient=(printing.joined(people), *lines),
        salutation=f"Dear {printing.joined(people)}",
        on=on,
        reference=reference,
        subject=wording.subject,
        blocks=wording.blocks,
        signature=signature,
        enclosures=wording.enclosures,
        notes=wording.notes,
        printed=wording.printed,
    )


def _checked(
    template: LetterTemplate, values: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str], list[str], list[str]]:
    """Return the values by field in exact types, then every problem, missing field and unknown name."""
    declared = {one.name: one for one in template.fields if one.is_given}
    unknown = sorted(values.keys() - declared.keys())
    problems = [f"there is no field called {clean_line(name)[:60]}" for name in unknown]
    checked: dict[str, Any] = {}
    missing: list[str] = []
    for name, field in declared.items():
        value = values.get(name)
        if fields.is_empty(value):
            if field.need is Need.REQUIRED:
                missing.append(name)
                problems.append(f"{field.label} is missing")
            continue
        try:
            checked[name] = fields.checked(field, value)
        except fields.WrongValue as error:
            problems.append(f"{field.label} is {error}")
    return checked, problems, missing, unknown


def _printed(
    template: LetterTemplate, checked: Mapping[str, Any], letter: Mapping[str, str], *, offence_on: date
) -> dict[str, str]:
    """Return the words of every field; a conditional field without a value has none."""
    national = national_words(offence_on)
    words: dict[str, str] = {}
    for field in template.fields:
        if field.kind is Kind.NATIONAL:
            words[field.name] = national[field.name]
        elif field.kind is Kind.LETTER:
            words[field.name] = letter[field.name]
        elif field.name in checked:
            words[field.name] = fields.printed(field, checked[field.name])
    return words


def _holds(when: str, checked: Mapping[str, Any]) -> bool:
    """Say whether a condition holds: statements are worked out, fields hold with a value that is not "no"."""
    for name, wanted in condition(when):
        statement = STATEMENTS.get(name)
        truth = statement(checked) if statement else checked.get(name) not in (None, False)
        if truth is not wanted:
            return False
    return True


def _blocks(
    template: LetterTemplate, part: Part, checked: Mapping[str, Any], printed: Mapping[str, str]
) -> list[Block]:
    """Return the blocks that one part of the template makes: none when its condition does not hold."""
    if not _holds(part.when, checked):
        return []
    match part:
        case Paragraph():
            return _paragraphs(template, part.text, printed)
        case Title():
            return [Heading(_words(pieces(part.text), printed), part.new_page)]
        case Points():
            items = [item for item in part.items if _holds(item.when, checked)]
            return [Bullets(tuple(_runs(pieces(item.text), printed) for item in items))] if items else []
        case SessionTable():
            sessions = checked.get(part.field, ())
            return [_session_table(_words(pieces(part.caption), printed), sessions)] if sessions else []
        case RowTable():
            field = template.field(part.field)
            caption = _words(pieces(part.caption), printed)
            return [Table(caption, field.columns, checked.get(part.field, ()))]
        case FactTable():
            rows = tuple((label, _words(pieces(text), printed)) for label, text in part.rows)
            return [Table(_words(pieces(part.caption), printed), (), rows)]


def _paragraphs(template: LetterTemplate, text: str, printed: Mapping[str, str]) -> list[Block]:
    """A passage that stands alone keeps its lines, as points; inside a sentence it becomes one line."""
    parts = pieces(text)
    if len(parts) == 1 and parts[0].field and template.field(parts[0].field).kind is Kind.PASSAGE:
        lines = [line for line in printed[parts[0].field].split("\n") if line]
        if len(lines) > 1:
            return [Bullets(tuple((Run(line, parts[0].strong),) for line in lines))]
    return [Text(_runs(parts, printed))]


def _runs(parts: Sequence[Piece], printed: Mapping[str, str]) -> tuple[Run, ...]:
    """Join neighbouring pieces of the same weight."""
    runs: list[Run] = []
    for piece in parts:
        words = printed[piece.field].replace("\n", " ") if piece.field else piece.text
        if runs and runs[-1].strong == piece.strong:
            words = runs.pop().text + words
        runs.append(Run(words, piece.strong))
    return tuple(runs)


def _words(parts: Sequence[Piece], printed: Mapping[str, str]) -> str:
    return "".join(run.text for run in _runs(parts, printed))


def _session_table(caption: str, sessions: Sequence[absences.NamedSession]) -> Table:
    rows = absences.absence_rows(sessions)
    return Table(
        caption=caption,
        columns=("When", "Part of the day", "Recorded as", "How it counts", "Sessions"),
        rows=tuple((row.dates, row.part, row.reason, row.kind, str(row.sessions)) for row in rows),
        total=("Total", "", printing.days(absences.days_of(sessions)), "", str(len(sessions))),
        numeric=True,
    )
