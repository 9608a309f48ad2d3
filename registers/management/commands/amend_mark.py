"""`amend_mark`: one amendment."""

from argparse import ArgumentParser
from typing import Any

from django.db import transaction

from accounts.models import School
from registers.clock import present_moment
from registers.commands import (
    Refused,
    SchoolCommand,
    iso_date,
    pupil_of,
    session_half,
    time_of_day,
)
from registers.models import Session
from registers.services.amendments import amend_mark
from registers.services.authors import author_of


class Command(SchoolCommand):
    help = "Replace one mark with another for a reason; the original stays in the history."

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the mark, the reason and the author."""
        parser.add_argument("--upn", required=True, metavar="UPN")
        parser.add_argument("--date", required=True, type=iso_date, metavar="DATE")
        parser.add_argument("--session", required=True, type=session_half, metavar="AM|PM")
        parser.add_argument("--code", required=True, metavar="CODE", help="the code that shall stand there")
        parser.add_argument("--reason", required=True, metavar="TEXT")
        parser.add_argument("--by", required=True, metavar="EMAIL", help="who amends")
        parser.add_argument("--arrived-at", type=time_of_day, metavar="TIME", help="with present, L or U")
        parser.add_argument("--nature", default="", metavar="TEXT", help="of the activity or circumstance")

    def work_at(self, school: School, options: dict[str, Any]) -> None:
        """Amend the mark."""
        at = present_moment()
        pupil = pupil_of(school, options["upn"])
        on, half = options["date"], options["session"]
        session = Session.objects.filter(school=school, on=on, half=half).first()
        if session is None:
            raise Refused(f"The calendar has no {half} session on {on}.")
        with transaction.atomic():
            author = author_of(options["by"], school, on=at.date())
            amend_mark(
                pupil,
                session,
                code=options["code"].strip(),
                reason=options["reason"],
                by=author.user,
                at=at,
                position=author.position,
                arrived_at=options["arrived_at"],
                nature=options["nature"],
            )
        self.say(f"The mark of pupil {pupil.upn} for {on} {half} is now {options['code'].strip()}.")
        self.emit({"upn": pupil.upn, "date": on, "session": half, "code": options["code"].strip()})
