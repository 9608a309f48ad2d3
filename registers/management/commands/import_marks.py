"""`import_marks FILE.csv`: attendance history."""

from argparse import ArgumentParser
from typing import Any

from django.db import transaction

from accounts.models import School
from registers.clock import present_moment
from registers.commands import ImportCommand, Progress, WrongUsage, iso_date, opened
from registers.imports.marks import Presence, import_marks
from registers.services.authors import author_of


class Command(ImportCommand):
    help = (
        "Record marks: upn,date,session,code and, optional, arrived_at,nature. An empty code with arrived_at"
        " is told from the school's times."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        """Add amendment and presence."""
        super().add_options(parser)
        parser.add_argument("--amend-reason", metavar="TEXT", help="amend marks that differ, for this reason")
        parser.add_argument("--by", metavar="EMAIL", help="who records or amends")
        parser.add_argument(
            "--rest-present",
            action="store_true",
            help="mark every other possible session of the pupils in the admission register as present",
        )
        parser.add_argument(
            "--from", dest="first_day", type=iso_date, metavar="DATE", help="for --rest-present"
        )
        parser.add_argument("--to", dest="last_day", type=iso_date, metavar="DATE", help="for --rest-present")

    def work_at(self, school: School, options: dict[str, Any]) -> None:
        """Import the file."""
        presence = presence_of(options)
        reason = (options["amend_reason"] or "").strip()
        if options["amend_reason"] is not None and not reason:
            raise WrongUsage("--amend-reason needs a text.")
        if reason and not options["by"]:
            raise WrongUsage("--amend-reason needs --by: an amendment has an author.")
        at = present_moment()
        progress = Progress(f"Reading {options['file'].name}")
        try:
            with opened(options["file"]) as stream, transaction.atomic():
                author = author_of(options["by"], school, on=at.date())
                imported = import_marks(
                    school,
                    stream,
                    name=options["file"].name,
                    by=author.user,
                    at=at,
                    position=author.position,
                    amend_reason=reason,
                    presence=presence,
                    progress=progress,
                )
                transaction.set_rollback(options["dry_run"])
        finally:
            progress.end()
        self.report(options["file"], vars(imported), dry_run=options["dry_run"])


def presence_of(options: dict[str, Any]) -> Presence | None:
    """
    Return the period to fill with presence, if one was asked for.

    :raises WrongUsage: the three options do not go together
    """
    first_day, last_day = options["first_day"], options["last_day"]
    if not options["rest_present"]:
        if first_day or last_day:
            raise WrongUsage("--from and --to go with --rest-present.")
        return None
    if not (first_day and last_day):
        raise WrongUsage("--rest-present needs --from and --to.")
    if last_day < first_day:
        raise WrongUsage("--to is before --from.")
    return Presence(first_day, last_day)
