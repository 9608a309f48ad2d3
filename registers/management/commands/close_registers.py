"""`close_registers`: what the minutely job does, for one school or all."""

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone
from django_scopes import scope

from accounts.models import School
from accounts.people import system_user
from registers.clock import present_moment
from registers.commands import RollcallCommand, iso_moment, school_of
from registers.services import closing


class Command(RollcallCommand):
    help = "Give every pupil without a mark one in registers that have closed: what is known ahead, or N."

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the school and the moment."""
        parser.add_argument("--school", metavar="KEY", help="one school only; all schools by default")
        parser.add_argument(
            "--at", type=iso_moment, metavar="TIME", help="close what is over by then; now by default"
        )

    def work(self, options: dict[str, Any]) -> None:
        """Close the schools one by one; what is closed already is left alone."""
        at = timezone.localtime(options["at"]) if options["at"] else present_moment()
        schools = [school_of(options["school"])] if options["school"] else School.objects.order_by("key")
        for school in schools:
            with scope(school=school):
                closed = closing.close_due(school, by=system_user(), at=at)
            for one in closed:
                self.emit(
                    {
                        "school": school.key,
                        "on": one.session.on.isoformat(),
                        "session": one.session.half,
                        "known_ahead": one.known_ahead,
                        "unexplained": one.unexplained,
                    }
                )
                self.say(
                    f"{school.key} {one.session.on} {one.session.half}: {one.known_ahead} known ahead,"
                    f" {one.unexplained} set to N."
                )
            if not closed:
                self.say(f"{school.key}: nothing to close.")
