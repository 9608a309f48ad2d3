"""`check_agreement`: the figures, the registers, the export and the heat maps read the same marks."""

from argparse import ArgumentParser
from typing import Any

from accounts.models import School
from registers.clock import present_moment
from registers.commands import Refused, SchoolCommand
from registers.rules.calendar import academic_year_name, academic_year_of
from registers.selectors.agreement import disagreements


class Command(SchoolCommand):
    help = "Compare figures, class registers, export and heat map of every pupil of a school year."

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the school year."""
        parser.add_argument("--year", type=int, metavar="YEAR", help="2025 is 2025/26; without it: this year")

    def work_at(self, school: School, options: dict[str, Any]) -> None:
        """Print that all agree, or every pupil for whom they do not."""
        year = options["year"] or academic_year_of(present_moment().date())
        found = list(disagreements(school, academic_year=year))
        self.emit({"school": school.key, "year": year, "disagreements": found})
        if found:
            raise Refused(*[f"{school.key}: {words}." for words in found])
        self.say(
            f"{school.key}: figures, registers, export and heat maps of {academic_year_name(year)} agree."
        )
