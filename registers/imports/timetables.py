"""The file of part-time timetables."""

from datetime import datetime
from typing import BinaryIO

from django.db import transaction

from accounts.models import School, User
from registers.imports import cells
from registers.imports.faults import Faults
from registers.imports.sheets import CellFault, Column, Sheet
from registers.services import timetables
from registers.services.refusals import RowsRefused

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")


def absent_sessions(cell: str) -> frozenset[tuple[int, str]]:
    """Read the sessions of a week that a pupil is excused from, such as "Mon PM;Tue PM"."""
    sessions = set()
    for part in (part.strip() for part in cell.split(";")):
        words = part.lower().split()
        if len(words) != 2 or words[0][:3] not in WEEKDAYS or words[1] not in ("am", "pm"):
            raise CellFault(f"{part!r} is not a session of the week: write Mon PM;Tue PM")
        sessions.add((WEEKDAYS.index(words[0][:3]), words[1].upper()))
    return frozenset(sessions)


COLUMNS = (
    Column("upn", cells.required(cells.upn)),
    Column("first_day", cells.required(cells.day)),
    Column("last_day", cells.required(cells.day)),
    Column("review_on", cells.required(cells.day)),
    Column("agreed_on", cells.required(cells.day)),
    Column("absent_sessions", cells.required(absent_sessions)),
)


@transaction.atomic
def import_timetables(
    school: School, stream: BinaryIO, *, name: str, by: User, at: datetime
) -> timetables.TimetablesSet:
    """
    Take in the timetables of a file, all of it or nothing; `name` is what faults call the file.

    :raises FileRefused: with every fault
    """
    faults = Faults(name)
    rows = list(Sheet(stream, COLUMNS, faults=faults).rows())
    faults.refuse_if_any()
    try:
        return timetables.set_timetables(
            school, [timetables.TimetableInput(**row.values) for row in rows], by=by, at=at
        )
    except RowsRefused as refused:
        faults.add_refused([row.line for row in rows], refused)
        faults.refuse_if_any()
        raise
