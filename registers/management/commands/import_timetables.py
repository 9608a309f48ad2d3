"""`import_timetables FILE.csv`: part-time timetables."""

from typing import Any

from django.db import transaction

from accounts.models import School
from accounts.people import system_user
from registers.clock import present_moment
from registers.commands import ImportCommand, opened
from registers.imports.timetables import import_timetables


class Command(ImportCommand):
    help = (
        "Take in part-time timetables, without which C2 is refused: upn,first_day,last_day,review_on,"
        "agreed_on,absent_sessions (such as Mon PM;Tue PM)."
    )

    def work_at(self, school: School, options: dict[str, Any]) -> None:
        """Import the file."""
        with opened(options["file"]) as stream, transaction.atomic():
            done = import_timetables(
                school, stream, name=options["file"].name, by=system_user(), at=present_moment()
            )
            transaction.set_rollback(options["dry_run"])
        self.report(options["file"], vars(done), dry_run=options["dry_run"])
