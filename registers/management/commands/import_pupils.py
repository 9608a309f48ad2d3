"""`import_pupils FILE.csv`: the admission register."""

from argparse import ArgumentParser
from typing import Any

from django.db import transaction

from accounts.models import School
from accounts.people import system_user
from registers.clock import present_moment
from registers.commands import ImportCommand, iso_date, opened
from registers.imports.pupils import import_pupils
from registers.rules.numbers import counted


class Command(ImportCommand):
    help = (
        "Take in pupils: upn,surname,forename,date_of_birth,year_group,class_name,start_date and, optional,"
        " leaving_date,sex,fsm,sen,ehcp,flags (flags split by ;)."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the day from which changes of class and flags count."""
        super().add_options(parser)
        parser.add_argument(
            "--on",
            type=iso_date,
            metavar="DATE",
            help="the day from which another class or flag of a known pupil counts (default: today)",
        )

    def work_at(self, school: School, options: dict[str, Any]) -> None:
        """Import the file."""
        at = present_moment()
        with opened(options["file"]) as stream, transaction.atomic():
            imported = import_pupils(
                school,
                stream,
                name=options["file"].name,
                on=options["on"] or at.date(),
                by=system_user(),
                at=at,
            )
            transaction.set_rollback(options["dry_run"])
        if imported.odd_upns:
            named = ", ".join(imported.odd_upns[:5]) + (", …" if len(imported.odd_upns) > 5 else "")
            count = counted(len(imported.odd_upns), "UPN")
            self.note(f"Note: {count} with a wrong check letter: {named}.")
        self.report(options["file"], vars(imported.admitted), dry_run=options["dry_run"])
