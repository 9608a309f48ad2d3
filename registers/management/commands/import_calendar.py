"""`import_calendar FILE.csv`: terms and closures."""

from typing import Any

from django.db import transaction

from accounts.models import School
from accounts.people import system_user
from registers.clock import present_moment
from registers.commands import ImportCommand, opened
from registers.imports.calendar import import_calendar


class Command(ImportCommand):
    help = (
        "Set half terms and closures: kind,name,first_day,last_day (half_term, closure, emergency_closure)."
    )

    def work_at(self, school: School, options: dict[str, Any]) -> None:
        """Import the file."""
        with opened(options["file"]) as stream, transaction.atomic():
            change = import_calendar(
                school, stream, name=options["file"].name, by=system_user(), at=present_moment()
            )
            transaction.set_rollback(options["dry_run"])
        self.report(options["file"], vars(change), dry_run=options["dry_run"])
