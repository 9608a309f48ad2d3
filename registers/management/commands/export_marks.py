"""`export_marks`: the register as CSV, with the columns that `import_marks` reads."""

import csv
from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from accounts.models import School
from registers.commands import SchoolCommand, WrongUsage, iso_date, iso_moment, pupil_of
from registers.imports.cells import with_formula_guard
from registers.selectors.exports import ExportedMark, marks_between

COLUMNS = ("upn", "date", "session", "code", "arrived_at", "nature", "recorded_by", "recorded_at")


class Command(SchoolCommand):
    help = "Print the register as CSV, as it stands or as it stood at a moment."

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the period, the pupil and the moment."""
        parser.add_argument("--from", dest="first_day", required=True, type=iso_date, metavar="DATE")
        parser.add_argument("--to", dest="last_day", required=True, type=iso_date, metavar="DATE")
        parser.add_argument("--upn", metavar="UPN", help="one pupil only")
        parser.add_argument(
            "--as-at", type=iso_moment, metavar="TIMESTAMP", help="as it stood at that moment"
        )

    def work_at(self, school: School, options: dict[str, Any]) -> None:
        """Print the marks."""
        if options["last_day"] < options["first_day"]:
            raise WrongUsage("--to is before --from.")
        pupil = pupil_of(school, options["upn"]) if options["upn"] else None
        writer = csv.writer(self.stdout, lineterminator="\n")
        if not self.as_json:
            writer.writerow(COLUMNS)
        for mark in marks_between(
            school,
            first_day=options["first_day"],
            last_day=options["last_day"],
            pupil_id=pupil.pk if pupil else None,
            as_at=options["as_at"],
        ):
            values = cells_of(mark)
            self.emit(dict(zip(COLUMNS, values, strict=True)))
            if not self.as_json:
                writer.writerow([with_formula_guard(value) for value in values])


def cells_of(mark: ExportedMark) -> list[str]:
    """Return a mark in the order of the columns, as text."""
    return [
        mark.upn,
        mark.on.isoformat(),
        mark.half,
        mark.code,
        mark.arrived_at.strftime("%H:%M") if mark.arrived_at else "",
        mark.nature,
        mark.recorded_by,
        timezone.localtime(mark.recorded_at).isoformat(),
    ]
