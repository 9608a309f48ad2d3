"""
A letter, finished: every word that will be printed, frozen, and written as JSON.

What is stored with a letter is this and not the template, so a later change of wording, marks or address
changes nothing that was sent.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text, plain or strong."""

    text: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    kind: ClassVar[str] = "text"
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside the letter; `new_page` starts an annex."""

    kind: ClassVar[str] = "heading"
    text: str
    new_page: bool = False


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of points."""

    kind: ClassVar[str] = "bullets"
    items: tuple[tuple[Run, ...], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """
    A table with a caption and column headings, if any.

    `total` is its last line, empty without one; `numeric` says that the last column holds numbers.
    """

    kind: ClassVar[str] = "table"
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...] = ()
    numeric: bool = False


Block = Text | Heading | Bullets | Table


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who writes: the school's name, the line under it, and the lines of address and contact."""

    name: str
    strapline: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Signature:
    """How the letter ends: closing words, the signatory's name (may be empty) and post."""

    closing: str
    name: str
    post: str


@dataclass(frozen=True, slots=True)
class Wording:
    """A template with its values filled in, before it is addressed to anybody."""

    template_key: str
    template_version: int
    subject: str
    blocks: tuple[Block, ...]
    enclosures: tuple[str, ...]
    notes: tuple[str, ...]
    printed: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class LetterContent:
    """One copy of one letter, complete. `printed` holds each merge field as it was printed."""

    template_key: str
    template_version: int
    letterhead: Letterhead
    recipient: tuple[str, ...]
    salutation: str
    on: date
    reference: str
    subject: str
    blocks: tuple[Block, ...]
    signature: Signature
    enclosures: tuple[str, ...]
    notes: tuple[str, ...] = ()
    printed: tuple[tuple[str, str], ...] = ()

    @property
    def letter_blocks(self) -> tuple[Block, ...]:
        """What stands above the signature: everything before the first heading that starts a new page."""
        return self.blocks[: self._annex_at]

    @property
    def annex_blocks(self) -> tuple[Block, ...]:
        """What follows the signature on pages of its own."""
        return self.blocks[self._annex_at :]

    @property
    def _annex_at(self) -> int:
        starts = (at for at, block in enumerate(self.blocks) if isinstance(block, Heading) and block.new_page)
        return next(starts, len(self.blocks))

    def as_json(self) -> dict[str, Any]:
        """Return the letter as plain data for the database."""
        data = {one.name: getattr(self, one.name) for one in fields(self)}
        data["letterhead"] = asdict(self.letterhead)
        data["signature"] = asdict(self.signature)
        data["on"] = self.on.isoformat()
        data["blocks"] = [{"kind": block.kind, **asdict(block)} for block in self.blocks]
        plain: dict[str, Any] = json.loads(
            json.dumps(data)
        )  # lists for tuples, as the database gives them back
        return plain

    @property
    def digest(self) -> str:
        """SHA-256 of the content: two letters with the same words to the same person have the same one."""
        text = json.dumps(self.as_json(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def from_json(data: dict[str, Any]) -> LetterContent:
    """Return the letter that `as_json` wrote."""
    return LetterContent(
        template_key=data["template_key"],
        template_version=data["template_version"],
        letterhead=Letterhead(
            data["letterhead"]["name"], data["letterhead"]["strapline"], tuple(data["letterhead"]["lines"])
        ),
        recipient=tuple(data["recipient"]),
        salutation=data["salutation"],
        on=date.fromisoformat(data["on"]),
        reference=data["reference"],
        subject=data["subject"],
        blocks=tuple(_block(block) for block in data["blocks"]),
        signature=Signature(**data["signature"]),
        enclosures=tuple(data["enclosures"]),
        notes=tuple(data["notes"]),
        printed=tuple((name, value) for name, value in data["printed"]),
    )


def _runs(data: list[dict[str, Any]]) -> tuple[Run, ...]:
    return tuple(Run(run["text"], run["strong"]) for run in data)


def _block(data: dict[str, Any]) -> Block:
    match data["kind"]:
        case "text":
            return Text(_runs(data["runs"]))
        case "heading":
            return Heading(data["text"], data["new_page"])
        case "bullets":
            return Bullets(tuple(_runs(item) for item in data["items"]))
        case "table":
            return Table(
                data["caption"],
                tuple(data["columns"]),
                tuple(tuple(row) for row in data["rows"]),
                tuple(data["total"]),
                data["numeric"],
            )
        case kind:
            raise ValueError(f"A letter has no block of kind {kind}.")
