"""`import_contacts FILE.csv`: parents and carers."""

from typing import Any

from django.db import transaction

from accounts.models import School
from accounts.people import system_user
from registers.clock import present_moment
from registers.commands import ImportCommand, opened
from registers.imports.contacts import import_contacts


class Command(ImportCommand):
    help = (
        "Take in parents and carers: upn,name,relationship,priority,phone,email,address,"
        "parental_responsibility,lives_with,receives_letters."
    )

    def work_at(self, school: School, options: dict[str, Any]) -> None:
        """Import the file."""
        with opened(options["file"]) as stream, transaction.atomic():
            done = import_contacts(
                school, stream, name=options["file"].name, by=system_user(), at=present_moment()
            )
            transaction.set_rollback(options["dry_run"])
        self.report(options["file"], vars(done), dry_run=options["dry_run"])
