"""
Taking a file in from the browser: looked at first, then for good, by the same imports as the commands.

A look is the import itself, undone: what it says of the file is what taking it in will do.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from accounts.errors import DomainError
from accounts.models import School, User
from registers.imports.calendar import import_calendar
from registers.imports.contacts import import_contacts
from registers.imports.ctf import CtfAdmission, import_ctf
from registers.imports.faults import Fault, Faults, FileRefused
from registers.imports.mapping import Recognised, recognise
from registers.imports.marks import Presence, import_marks
from registers.imports.previous_marks import import_previous_marks
from registers.imports.pupils import import_pupils
from registers.imports.timetables import import_timetables
from registers.models import UploadedFile

MOST_BYTES = 20 * 1024 * 1024
SHOWN_ROWS = 100


@dataclass(frozen=True)
class Line:
    """One row of a file as it was read, with what is wrong with it ("" for nothing)."""

    number: int
    cells: tuple[str, ...]
    fault: str


@dataclass(frozen=True)
class Look:
    """What a file is, and what taking it in does: counts by word, or the faults that stand in the way."""

    counts: tuple[tuple[str, int], ...]
    faults: tuple[Fault, ...]
    faults_total: int
    columns: tuple[tuple[str, str], ...]  # their name, ours
    passed_over: tuple[str, ...]
    header: tuple[str, ...]
    lines: tuple[Line, ...]
    rows: int

    @property
    def can_be_taken(self) -> bool:
        """Say whether nothing stands in the way."""
        return not self.faults_total


# What an import counts, in words.
WORDS = {
    "added": "added",
    "changed": "changed",
    "unchanged": "unchanged already",
    "classes_added": "classes added",
    "recorded": "marks recorded",
    "present": "of these filled in as present",
    "amended": "marks amended",
    "closed": "rows of closed sessions, passed over",
    "rows": "rows",
    "periods_added": "periods added",
    "periods_changed": "periods changed",
    "sessions_added": "sessions added",
    "sessions_changed": "sessions changed",
    "sessions_removed": "sessions taken away",
    "linked": "linked to a pupil",
    "pupils": "pupils in the file",
    "admitted": "pupils admitted",
    "left_out": "sessions without a mark, passed over",
}


def look_at(school: School, upload: UploadedFile, *, by: User, at: datetime, position: str) -> Look:
    """
    Return what taking a file in would do; nothing is changed.

    :raises DomainError: the file cannot be read at all
    """
    recognised = _recognised(upload)
    counts: dict[str, int] = {}
    faults: tuple[Fault, ...] = ()
    total = 0
    with transaction.atomic():
        try:
            with transaction.atomic():
                counts = _taken(school, upload, recognised, by=by, at=at, position=position)
        except FileRefused as refused:
            faults, total = refused.faults, refused.total
        transaction.set_rollback(True)
    header, lines, rows = _lines(recognised, faults) if recognised else ((), (), 0)
    return Look(
        tuple((WORDS.get(name, name.replace("_", " ")), count) for name, count in counts.items()),
        faults,
        total,
        recognised.columns if recognised else (),
        recognised.passed_over if recognised else (),
        header,
        lines,
        rows,
    )


@transaction.atomic
def take_in(
    school: School, upload: UploadedFile, *, by: User, at: datetime, position: str
) -> tuple[tuple[str, int], ...]:
    """
    Take a file in for good and forget it; return what was done, as counts by word.

    :raises FileRefused: with every fault; nothing is changed
    :raises DomainError: somebody took it in already, or the database refuses it
    """
    standing = UploadedFile.objects.select_for_update().filter(pk=upload.pk).first()
    if standing is None:
        raise DomainError("The file was taken in, or put aside, already: nothing was changed.")
    counts = _taken(school, standing, _recognised(standing), by=by, at=at, position=position)
    standing.delete()
    return tuple((WORDS.get(name, name.replace("_", " ")), count) for name, count in counts.items())


def _recognised(upload: UploadedFile) -> Recognised | None:
    content = io.BytesIO(bytes(upload.content))
    return None if upload.kind == "ctf" else recognise(content, upload.kind)


def _taken(
    school: School,
    upload: UploadedFile,
    recognised: Recognised | None,
    *,
    by: User,
    at: datetime,
    position: str,
) -> dict[str, int]:
    """Run the import of the file's kind; faults come back on the lines of the given file."""
    asked: Mapping[str, Any] = upload.options
    on = at.date()
    if recognised is None:
        return vars(
            import_ctf(
                school,
                io.BytesIO(bytes(upload.content)),
                name=upload.name,
                on=on,
                by=by,
                at=at,
                admission=_admission(asked),
                is_own=bool(asked.get("own")),
                amend_reason=str(asked.get("amend_reason", "")),
                position=position,
            )
        )
    recognised.stream.seek(0)
    given: dict[str, Any] = {"name": upload.name, "by": by, "at": at}
    try:
        match upload.kind:
            case "pupils":
                done: Any = import_pupils(school, recognised.stream, on=on, **given).admitted
            case "contacts":
                done = import_contacts(school, recognised.stream, **given)
            case "calendar":
                done = import_calendar(school, recognised.stream, **given)
            case "timetables":
                done = import_timetables(school, recognised.stream, **given)
            case "previous_marks":
                done = import_previous_marks(school, recognised.stream, on=on, **given)
            case _:
                done = import_marks(
                    school,
                    recognised.stream,
                    position=position,
                    amend_reason=str(asked.get("amend_reason", "")),
                    presence=_presence(asked),
                    **given,
                )
    except FileRefused as refused:
        faults = Faults(upload.name)
        faults.add_moved(refused, recognised.line_of)
        faults.refuse_if_any()
        raise
    return dict(vars(done))


def _presence(asked: Mapping[str, Any]) -> Presence | None:
    first, last = asked.get("present_from"), asked.get("present_to")
    return Presence(date.fromisoformat(first), date.fromisoformat(last)) if first and last else None


def _admission(asked: Mapping[str, Any]) -> CtfAdmission | None:
    if not asked.get("class_name"):
        return None
    return CtfAdmission(asked["class_name"], asked["year_group"], date.fromisoformat(asked["start_date"]))


def _lines(
    recognised: Recognised, faults: tuple[Fault, ...]
) -> tuple[tuple[str, ...], tuple[Line, ...], int]:
    """Return the header and rows as they were read: those with faults first, then from the top."""
    recognised.stream.seek(0)
    rows = _cells(recognised)
    header = rows[0] if rows else ()
    said: dict[int, list[str]] = {}
    for fault in faults:
        said.setdefault(fault.line, []).append(
            f"{fault.column}: {fault.text}" if fault.column else fault.text
        )
    lines = [
        Line(recognised.line_of(place), cells, "; ".join(said.get(recognised.line_of(place), [])))
        for place, cells in enumerate(rows[1:], start=2)
    ]
    shown = sorted(lines, key=lambda line: (not line.fault, line.number))[:SHOWN_ROWS]
    return header, tuple(shown), len(lines)


def _cells(recognised: Recognised) -> list[tuple[str, ...]]:
    text = io.TextIOWrapper(recognised.stream, encoding="utf-8", newline="")
    try:
        return [tuple(row) for row in csv.reader(text)]
    finally:
        text.detach()
