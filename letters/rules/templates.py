"""
What a letter template is: words, declared fields and conditions, as data.

A template's text knows two marks and nothing else: `{field}` prints a declared field, `**words**` are strong;
every other character stands for itself. Template text cannot run anything.

A condition (`when`) is a list of names joined by "and", each with "not" before it or without: a field's name
holds when the field has a value that is not "no"; any other name is a statement of `statements.py`.
"""

import re
from dataclasses import dataclass

from letters.rules.fields import Field, Need
from letters.rules.national import NATIONAL_NAMES
from letters.rules.statements import STATEMENTS

_PIECES = re.compile(r"\{([a-z][a-z0-9_]*)\}|\*\*|[{}]")
_NAMES_ONLY = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of template text: a field if `field` is set, otherwise the words in `text`."""

    text: str
    field: str = ""
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph, printed when its condition holds."""

    text: str
    when: str = ""


@dataclass(frozen=True, slots=True)
class Title:
    """A heading inside the letter."""

    text: str
    when: str = ""
    new_page: bool = False


@dataclass(frozen=True, slots=True)
class Points:
    """A list of points, each with a condition of its own; a list without a point is not printed."""

    items: tuple[Paragraph, ...]
    when: str = ""


@dataclass(frozen=True, slots=True)
class SessionTable:
    """The sessions of a field as a table, with the days they make; not printed when there is none."""

    field: str
    caption: str
    when: str = ""


@dataclass(frozen=True, slots=True)
class RowTable:
    """The rows of a field as a table under the field's column headings."""

    field: str
    caption: str
    when: str = ""


@dataclass(frozen=True, slots=True)
class FactTable:
    """Pairs of a label and a text: who and what the letter is about."""

    caption: str
    rows: tuple[tuple[str, str], ...]
    when: str = ""


Part = Paragraph | Title | Points | SessionTable | RowTable | FactTable


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition without which the letter must not be printed, and the sentence that says why."""

    when: str
    message: str


@dataclass(frozen=True, slots=True)
class LetterTemplate:
    """
    One letter of one or more schools.

    :ivar key: the name policies use ("wer_1"); stored with each letter, never reused for another
    :ivar version: goes up by one with each change of words or fields
    :ivar from_policy: the school's policy gives a text for this letter; otherwise the words are a neutral
        supply of the software, to be shown as such and changed by the school (GEN-15)
    :ivar tone: "support", "concern", "formal" or "praise"
    :ivar enclosures: what goes in the envelope with it
    :ivar late_halves: the halves of the day in which lateness counts for this letter (GEN-17)
    :ivar notes: small lines at the end, such as where to read more
    """

    key: str
    title: str
    version: int
    subject: str
    body: tuple[Part, ...]
    fields: tuple[Field, ...]
    tone: str
    from_policy: bool
    enclosures: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    guards: tuple[Guard, ...] = ()
    closing: str = "Yours sincerely"
    late_halves: tuple[str, ...] = ("AM", "PM")

    def field(self, name: str) -> Field:
        """Return the declared field of this name."""
        return next(one for one in self.fields if one.name == name)

    @property
    def texts(self) -> tuple[str, ...]:
        """Every text of the template, in order, whatever its conditions."""
        found = [self.subject]
        for part in self.body:
            match part:
                case Paragraph() | Title():
                    found.append(part.text)
                case Points():
                    found += [item.text for item in part.items]
                case SessionTable() | RowTable():
                    found.append(part.caption)
                case FactTable():
                    found += [part.caption, *(text for row in part.rows for text in row)]
        return (
            *found,
            *self.enclosures,
            *self.notes,
            *(guard.message for guard in self.guards),
            self.closing,
        )

    @property
    def conditions(self) -> tuple[str, ...]:
        """Every condition of the template."""
        found = [part.when for part in self.body] + [guard.when for guard in self.guards]
        found += [item.when for part in self.body if isinstance(part, Points) for item in part.items]
        return tuple(when for when in found if when)

    def faults(self) -> list[str]:
        """Return what is wrong with the template itself: unknown fields, stray braces, unknown conditions."""
        declared = {one.name for one in self.fields}
        faults = [f"{name} is declared twice" for name in declared if self._declared(name) > 1]
        for text in self.texts:
            try:
                used = {piece.field for piece in pieces(text) if piece.field}
            except ValueError as error:
                faults.append(str(error))
                continue
            faults += [f"{name} is not declared" for name in sorted(used - declared)]
        for when in self.conditions:
            names = {name for name, _ in condition(when)}
            faults += [
                f"{name} is neither a field nor a statement"
                for name in sorted(names - declared - STATEMENTS.keys())
            ]
        for part in self.body:
            if isinstance(part, SessionTable | RowTable) and part.field not in declared:
                faults.append(f"{part.field} is not declared")
        faults += self._unsure_fields()
        for one in self.fields:
            if one.kind == "national" and one.name not in NATIONAL_NAMES:
                faults.append(f"{one.name} is not in the national table")
        return faults

    def _unsure_fields(self) -> list[str]:
        """A field that may be empty can only be printed where the condition asks for it."""
        unsure = {one.name for one in self.fields if one.need is Need.CONDITIONAL and one.is_given}
        texts = [(self.subject, ""), *((text, "") for text in (*self.enclosures, *self.notes))]
        for part in self.body:
            match part:
                case Paragraph() | Title():
                    texts.append((part.text, part.when))
                case Points():
                    texts += [(item.text, f"{part.when} and {item.when}") for item in part.items]
                case SessionTable() | RowTable():
                    texts.append((part.caption, part.when))
                case FactTable():
                    texts += [(text, part.when) for _, text in part.rows]
        return [
            f"{name} may be empty in “{text}”"
            for text, when in texts
            for name in unsure
            if f"{{{name}}}" in text and (name, True) not in condition(when)
        ]

    def _declared(self, name: str) -> int:
        return sum(one.name == name for one in self.fields)


def pieces(text: str) -> tuple[Piece, ...]:
    """
    Split template text into words and fields.

    :raises ValueError: a brace that is not part of a field, or strong words without an end
    """
    found: list[Piece] = []
    strong = False
    at = 0
    for mark in _PIECES.finditer(text):
        if mark.start() > at:
            found.append(Piece(text[at : mark.start()], strong=strong))
        at = mark.end()
        if mark[1]:
            found.append(Piece("", field=mark[1], strong=strong))
        elif mark[0] == "**":
            strong = not strong
        else:
            raise ValueError(f"a stray {mark[0]} in “{text}”")
    if strong:
        raise ValueError(f"strong words without an end in “{text}”")
    if at < len(text):
        found.append(Piece(text[at:]))
    return tuple(found)


def condition(when: str) -> tuple[tuple[str, bool], ...]:
    """
    Return a condition as pairs of a name and whether it must hold. No condition always holds.

    :raises ValueError: the condition is not names joined by "and", with or without "not"
    """
    pairs = []
    for term in filter(None, when.split(" and ")):
        name = term.removeprefix("not ")
        if not _NAMES_ONLY.fullmatch(name):
            raise ValueError(f"“{when}” is not a condition")
        pairs.append((name, not term.startswith("not ")))
    return tuple(pairs)
