"""The file of marks that other schools made: `upn,date,session,code,school`; of one pupil without `upn`."""

from datetime import date, datetime
from typing import BinaryIO

from django.db import transaction

from accounts.models import School, User
from registers.imports import cells
from registers.imports.faults import Faults
from registers.imports.marks import code
from registers.imports.sheets import Column, Sheet
from registers.models import Pupil
from registers.services.previous_marks import (
    PreviousMarkInput,
    PreviousMarksSet,
    record_previous_marks,
)
from registers.services.refusals import RowsRefused

UPN = Column("upn", cells.required(cells.upn))
COLUMNS = (
    Column("date", cells.required(cells.day)),
    Column("session", cells.required(cells.half)),
    Column("code", cells.required(code)),
    Column("school", cells.required(cells.text(120))),
)


@transaction.atomic
def import_previous_marks(
    school: School,
    stream: BinaryIO,
    *,
    name: str,
    on: date,
    by: User,
    at: datetime,
    pupil: Pupil | None = None,
) -> PreviousMarksSet:
    """
    Take in the marks of a file, all of it or nothing; `name` is what faults call the file, `on` today.

    With `pupil` the file is about that one pupil, and its rows may leave the UPN out.

    :raises FileRefused: with every fault
    """
    faults = Faults(name)
    columns = (
        (UPN, *COLUMNS)
        if pupil is None
        else (Column("upn", cells.optional(cells.upn), is_optional=True), *COLUMNS)
    )
    rows = list(Sheet(stream, columns, faults=faults).rows())
    if pupil is None:
        known = dict(Pupil.objects.filter(school=school).values_list("upn", "pk"))
    else:
        known = {pupil.upn: pupil.pk}
    given = []
    for row in rows:
        upn = row.get("upn") or (pupil.upn if pupil is not None else "")
        if upn not in known:
            there = "this page is of another pupil" if pupil is not None else "there is no such pupil here"
            faults.add(row.line, "upn", f"{upn}: {there}")
            continue
        given.append(PreviousMarkInput(known[upn], row["date"], row["session"], row["code"], row["school"]))
    if not rows and not faults.total:
        faults.add(0, "", "has no rows")
    faults.refuse_if_any()
    try:
        return record_previous_marks(school, given, on=on, by=by, at=at)
    except RowsRefused as refused:
        faults.add_refused([row.line for row in rows], refused)
        faults.refuse_if_any()
        raise
