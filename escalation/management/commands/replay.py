"""`replay`: what a policy would have done over past registers."""

from argparse import ArgumentParser
from typing import Any

from accounts.models import School
from escalation.management.commands.add_school import policy_text
from escalation.management.commands.sweep import print_line
from escalation.rules.loading import PolicyFaults, load_policy
from escalation.rules.schema import Policy
from escalation.selectors.replaying import replayed
from escalation.services.policies import policy_in_force
from escalation.services.sweep import engine_for
from registers.commands import Refused, SchoolCommand, WrongUsage, iso_date, pupil_of


class Command(SchoolCommand):
    help = "Print what a policy would have done over past registers; nothing is written."

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the period, the policy and the pupil."""
        parser.add_argument("--from", dest="first_day", required=True, type=iso_date, metavar="DATE")
        parser.add_argument("--to", dest="last_day", required=True, type=iso_date, metavar="DATE")
        parser.add_argument(
            "--policy", metavar="FILE.yaml", help="another policy than the one in force on the last day"
        )
        parser.add_argument("--upn", metavar="UPN", help="one pupil only")

    def work_at(self, school: School, options: dict[str, Any]) -> None:
        """Replay the period."""
        first_day, last_day = options["first_day"], options["last_day"]
        if last_day < first_day:
            raise WrongUsage("--to is before --from.")
        pupil = pupil_of(school, options["upn"]) if options["upn"] else None
        if options["policy"]:
            policy = policy_of_file(options["policy"])
        else:
            _, policy = policy_in_force(school, last_day)
        for line in replayed(school, engine_for(policy), first_day=first_day, last_day=last_day, pupil=pupil):
            print_line(self, line)


def policy_of_file(named: str) -> Policy:
    """
    Return the policy of a file, or one that ships.

    :raises Refused: with every problem of the file
    """
    text, name = policy_text(named)
    try:
        return load_policy(text, name=name)
    except PolicyFaults as error:
        raise Refused(*error.lines) from error
