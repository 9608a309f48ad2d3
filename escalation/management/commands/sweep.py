"""`sweep`: what the nightly job does, for one school or all."""

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django_scopes import scope, scopes_disabled

from accounts.errors import DomainError
from accounts.models import School
from accounts.people import system_user
from escalation.models import PolicyVersion
from escalation.rules.replay import Line
from escalation.services.sweep import sweep_school
from registers.clock import present_moment
from registers.commands import Progress, Refused, RollcallCommand, iso_date, school_of


class Command(RollcallCommand):
    help = "Judge every pupil under the school's policy, and propose, hold, pass or withdraw steps."

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the school and the day."""
        parser.add_argument("--school", metavar="KEY", help="one school only; all schools by default")
        parser.add_argument("--on", type=iso_date, metavar="DATE", help="the day to sweep; today by default")

    def work(self, options: dict[str, Any]) -> None:
        """Sweep the schools one by one; one that cannot be swept does not keep the others from it."""
        at = present_moment()
        on = options["on"] or at.date()
        schools = [school_of(options["school"])] if options["school"] else schools_with_policy()
        progress = Progress("Sweeping schools")
        refusals = []
        for place, school in enumerate(schools):
            progress(place, len(schools))
            try:
                with scope(school=school):
                    swept = sweep_school(school, on=on, by=system_user(), at=at)
            except DomainError as error:
                refusals.append(f"{school.key}: {error.message}")
                continue
            progress.end()
            for line in swept.lines:
                print_line(self, line)
            states = Counter(line.state for line in swept.lines)
            counts = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
            self.say(f"{school.key} on {on}: {swept.judged} pupils judged; {counts or 'nothing to propose'}.")
        progress.end()
        if refusals:
            raise Refused(*refusals)


def schools_with_policy() -> list[School]:
    """Return every school that has a policy, by key."""
    with scopes_disabled():
        keys = PolicyVersion.objects.order_by().values_list("school_id", flat=True).distinct()
        return list(School.objects.filter(pk__in=list(keys)).order_by("key"))


def print_line(command: RollcallCommand, line: Line) -> None:
    """Print one line of a sweep or a replay."""
    command.emit(line.as_json())
    letters = f" [{', '.join(line.letters)}]" if line.letters else ""
    command.say(f"{line.on}  {line.upn}  {line.rung}  {line.state}{letters}  {line.why}")
