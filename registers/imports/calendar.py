"""The file of half terms and closures: `kind,name,first_day,last_day`."""

from datetime import datetime
from typing import BinaryIO

from django.db import transaction

from accounts.models import School, User
from registers.imports import cells
from registers.imports.faults import Faults
from registers.imports.sheets import CellFault, Column, Sheet
from registers.models import CalendarPeriod
from registers.services import calendar
from registers.services.refusals import RowsRefused

KINDS = tuple(kind for kind, _ in CalendarPeriod.KINDS)


def kind(cell: str) -> str:
    """Read what a period is."""
    if cell.lower() not in KINDS:
        raise CellFault(f"{cell!r} is not one of {', '.join(KINDS)}")
    return cell.lower()


COLUMNS = (
    Column("kind", cells.required(kind)),
    Column("name", cells.required(cells.text(60))),
    Column("first_day", cells.required(cells.day)),
    Column("last_day", cells.required(cells.day)),
)


@transaction.atomic
def import_calendar(
    school: School, stream: BinaryIO, *, name: str, by: User, at: datetime
) -> calendar.CalendarChange:
    """
    Set the calendar from a file, all of it or nothing; `name` is what faults call the file.

    :raises FileRefused: with every fault
    :raises DomainError: the school has no times for some half of some day
    """
    faults = Faults(name)
    rows = list(Sheet(stream, COLUMNS, faults=faults).rows())
    faults.refuse_if_any()
    periods = [calendar.Period(row["kind"], row["name"], row["first_day"], row["last_day"]) for row in rows]
    try:
        return calendar.set_calendar(school, periods, by=by, at=at)
    except RowsRefused as refused:
        faults.add_refused([row.line for row in rows], refused)
        faults.refuse_if_any()
        raise
