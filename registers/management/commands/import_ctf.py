"""`import_ctf FILE.xml`: pupils and attendance from a Common Transfer File."""

from argparse import ArgumentParser
from typing import Any

from django.db import transaction

from accounts.models import School
from registers.clock import present_moment
from registers.commands import ImportCommand, WrongUsage, iso_date, opened
from registers.imports.ctf import CtfAdmission, import_ctf
from registers.services.authors import author_of


class Command(ImportCommand):
    help = (
        "Take in a Common Transfer File: attendance is of the school before (it counts to the penalty "
        "threshold only), with --own this school's own; pupils not known here need --class, --year-group "
        "and --start."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        """Add whose the marks are and how new pupils are admitted."""
        super().add_options(parser)
        parser.add_argument("--own", action="store_true", help="the marks are this school's own")
        parser.add_argument("--class", dest="class_name", metavar="NAME", help="the class of new pupils")
        parser.add_argument("--year-group", metavar="YEAR", help="their year group: N, R, 1 to 13")
        parser.add_argument("--start", type=iso_date, metavar="DATE", help="the first day of new pupils")
        parser.add_argument("--amend-reason", metavar="TEXT", help="with --own: amend marks that differ")
        parser.add_argument("--by", metavar="EMAIL", help="who records or amends")

    def work_at(self, school: School, options: dict[str, Any]) -> None:
        """Import the file."""
        reason = (options["amend_reason"] or "").strip()
        if options["amend_reason"] is not None and not reason:
            raise WrongUsage("--amend-reason needs a text.")
        if reason and not (options["by"] and options["own"]):
            raise WrongUsage("--amend-reason needs --by and --own.")
        given = [options["class_name"], options["year_group"], options["start"]]
        if any(given) and not all(given):
            raise WrongUsage("--class, --year-group and --start go together.")
        admission = CtfAdmission(*given) if all(given) else None
        at = present_moment()
        with opened(options["file"]) as stream, transaction.atomic():
            author = author_of(options["by"], school, on=at.date())
            imported = import_ctf(
                school,
                stream,
                name=options["file"].name,
                on=at.date(),
                by=author.user,
                at=at,
                admission=admission,
                is_own=options["own"],
                amend_reason=reason,
                position=author.position,
            )
            transaction.set_rollback(options["dry_run"])
        self.report(options["file"], vars(imported), dry_run=options["dry_run"])
