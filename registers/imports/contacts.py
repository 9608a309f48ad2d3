"""The file of parents and carers: one line for each grown-up of each pupil."""

from datetime import datetime
from typing import BinaryIO

from django.db import transaction

from accounts.models import School, User
from registers.imports import cells
from registers.imports.faults import Faults
from registers.imports.sheets import Column, Sheet
from registers.services import contacts
from registers.services.refusals import RowsRefused

COLUMNS = (
    Column("upn", cells.required(cells.upn)),
    Column("name", cells.required(cells.text(150))),
    Column("relationship", cells.required(cells.text(40))),
    Column("priority", cells.required(cells.whole_number(1, 99))),
    Column("phone", cells.phone, is_optional=True),
    Column("email", cells.email, is_optional=True),
    Column("address", cells.address, is_optional=True),
    Column("home_phone", cells.phone, is_optional=True),
    Column("work_phone", cells.phone, is_optional=True),
    Column("language", cells.text(60), is_optional=True),
    Column("parental_responsibility", cells.yes_or_no(if_empty=True), is_optional=True),
    Column("lives_with", cells.yes_or_no(if_empty=True), is_optional=True),
    Column("receives_letters", cells.yes_or_no(if_empty=True), is_optional=True),
)


@transaction.atomic
def import_contacts(
    school: School, stream: BinaryIO, *, name: str, by: User, at: datetime
) -> contacts.ContactsSet:
    """
    Take in the contacts of a file, all of it or nothing; `name` is what faults call the file.

    :raises FileRefused: with every fault
    """
    faults = Faults(name)
    rows = list(Sheet(stream, COLUMNS, faults=faults).rows())
    faults.refuse_if_any()
    try:
        return contacts.set_contacts(
            school, [contacts.ContactInput(**row.values) for row in rows], by=by, at=at
        )
    except RowsRefused as refused:
        faults.add_refused([row.line for row in rows], refused)
        faults.refuse_if_any()
        raise
