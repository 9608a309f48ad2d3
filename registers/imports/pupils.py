"""The admission register as a file: one line for each pupil."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO

from django.db import transaction

from accounts.models import School, User
from registers.imports import cells
from registers.imports.faults import Faults
from registers.imports.sheets import Column, Row, Sheet
from registers.rules.upn import has_right_check_letter
from registers.services import admissions
from registers.services.refusals import RowsRefused

COLUMNS = (
    Column("upn", cells.required(cells.upn)),
    Column("surname", cells.required(cells.text(100))),
    Column("forename", cells.required(cells.text(100))),
    Column("date_of_birth", cells.required(cells.day)),
    Column("year_group", cells.required(cells.year_group)),
    Column("class_name", cells.required(cells.text(40))),
    Column("start_date", cells.required(cells.day)),
    Column("leaving_date", cells.optional(cells.day), is_optional=True),
    Column("sex", cells.sex, is_optional=True),
    Column("fsm", cells.yes_or_no(if_empty=False), is_optional=True),
    Column("sen", cells.sen, is_optional=True),
    Column("ehcp", cells.yes_or_no(if_empty=False), is_optional=True),
    Column("flags", cells.flags, is_optional=True),
    Column("middle_names", cells.optional(cells.text(150)), is_optional=True),
    Column("known_as", cells.optional(cells.text(100)), is_optional=True),
    Column("home_language", cells.optional(cells.text(60)), is_optional=True),
    Column("last_school_name", cells.optional(cells.text(150)), is_optional=True),
)


@dataclass(frozen=True)
class PupilsImported:
    """What an import did, and the UPNs whose check letter is wrong: taken in, but worth a look."""

    admitted: admissions.Admitted
    odd_upns: tuple[str, ...]


@transaction.atomic
def import_pupils(
    school: School, stream: BinaryIO, *, name: str, on: date, by: User, at: datetime
) -> PupilsImported:
    """
    Take in the pupils of a file, all of it or nothing; `name` is what faults call the file.

    Changes of class and flags of known pupils count from `on`.

    :raises FileRefused: with every fault
    """
    faults = Faults(name)
    sheet = Sheet(stream, COLUMNS, faults=faults)
    rows = list(sheet.rows())
    faults.refuse_if_any()
    pupils = [_pupil(row, says_when_leaving=sheet.has("leaving_date")) for row in rows]
    try:
        admitted = admissions.admit_pupils(school, pupils, on=on, by=by, at=at)
    except RowsRefused as refused:
        faults.add_refused([row.line for row in rows], refused)
        faults.refuse_if_any()
        raise
    odd = tuple(pupil.upn for pupil in pupils if not has_right_check_letter(pupil.upn))
    return PupilsImported(admitted, odd)


def _pupil(row: Row, *, says_when_leaving: bool) -> admissions.PupilInput:
    return admissions.PupilInput(
        upn=row["upn"],
        surname=row["surname"],
        forename=row["forename"],
        date_of_birth=row["date_of_birth"],
        year_group=row["year_group"],
        class_name=row["class_name"],
        start_date=row["start_date"],
        leaving_date=row.get("leaving_date"),
        says_when_leaving=says_when_leaving,
        sex=row.get("sex"),
        fsm=row.get("fsm"),
        sen=row.get("sen"),
        ehcp=row.get("ehcp"),
        flags=row.get("flags"),
        middle_names=row.get("middle_names"),
        known_as=row.get("known_as"),
        home_language=row.get("home_language"),
        last_school_name=row.get("last_school_name"),
    )
