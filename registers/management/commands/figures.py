"""`figures`: the one count of attendance."""

from argparse import ArgumentParser
from typing import Any

from accounts.models import School
from registers.commands import SchoolCommand, WrongUsage, iso_date, pupil_of
from registers.models import Pupil
from registers.rules.figures import Figures
from registers.selectors.figures import figures_for


class Command(SchoolCommand):
    help = "Print the figures of every pupil on roll on any day of a period, by UPN."

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the period and the pupil."""
        parser.add_argument("--from", dest="first_day", required=True, type=iso_date, metavar="DATE")
        parser.add_argument("--to", dest="last_day", required=True, type=iso_date, metavar="DATE")
        parser.add_argument("--upn", metavar="UPN", help="one pupil only")

    def work_at(self, school: School, options: dict[str, Any]) -> None:
        """Print the figures."""
        if options["last_day"] < options["first_day"]:
            raise WrongUsage("--to is before --from.")
        pupil = pupil_of(school, options["upn"]) if options["upn"] else None
        figures = figures_for(
            school,
            first_day=options["first_day"],
            last_day=options["last_day"],
            pupil_ids=None if pupil is None else [pupil.pk],
        )
        pupils = Pupil.objects.filter(pk__in=figures).order_by("upn").values_list("upn", "pk")
        for upn, pk in pupils:
            self.emit(as_values(upn, figures[pk]))
            self.say(f"{upn}  {figures[pk].sentence()}")


def as_values(upn: str, figures: Figures) -> dict[str, Any]:
    """Return a pupil's figures as the keys of one JSON line."""
    return {
        "upn": upn,
        "possible": figures.possible,
        "attended": figures.attended,
        "authorised": figures.authorised,
        "unauthorised": figures.unauthorised,
        "absent": figures.absent,
        "late": figures.late,
        "by_code": dict(figures.by_code),
        "attendance_pct": figures.attendance_pct,
        "persistent": figures.persistent,
        "severe": figures.severe,
    }
