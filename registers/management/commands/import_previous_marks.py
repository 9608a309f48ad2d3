"""`import_previous_marks FILE.csv`: marks of schools before, which count to the penalty threshold only."""

from typing import Any

from django.db import transaction

from accounts.models import School
from accounts.people import system_user
from registers.clock import present_moment
from registers.commands import ImportCommand, opened
from registers.imports.previous_marks import import_previous_marks


class Command(ImportCommand):
    help = (
        "Take in marks that pupils bring from other schools, which count to the penalty threshold and to no "
        "figure here: upn,date,session,code,school."
    )

    def work_at(self, school: School, options: dict[str, Any]) -> None:
        """Import the file."""
        at = present_moment()
        with opened(options["file"]) as stream, transaction.atomic():
            done = import_previous_marks(
                school, stream, name=options["file"].name, on=at.date(), by=system_user(), at=at
            )
            transaction.set_rollback(options["dry_run"])
        self.report(options["file"], vars(done), dry_run=options["dry_run"])
