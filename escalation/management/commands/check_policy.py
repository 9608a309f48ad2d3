"""`check_policy FILE.yaml`: every problem of a policy file at once."""

from argparse import ArgumentParser
from typing import Any

from escalation.management.commands.add_school import policy_text
from escalation.rules import loading
from registers.commands import Refused, RollcallCommand


class Command(RollcallCommand):
    help = "Check a policy file, a school's or the national one, and print every problem at once."

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the file."""
        shipped = ", ".join(loading.SHIPPED)
        parser.add_argument(
            "policy", metavar="FILE.yaml", help=f"a policy file, or one that ships: {shipped}"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Check the file; unlike other commands this one needs no database."""
        self.as_json = options["as_json"]
        self.work(options)

    def work(self, options: dict[str, Any]) -> None:
        """Print the problems, or what is still open before the policy can come into force."""
        text, name = policy_text(options["policy"])
        faults = loading.check_text(text, name=name)
        if faults:
            raise Refused(*(f"{name}: {fault}" for fault in faults))
        waiting = [] if loading.is_national(text) else loading.activation_faults(text, name=name)
        self.say(f"{name}: no problem found.")
        for fault in waiting:
            self.say(f"{name}: {fault}")
        self.emit({"policy": name, "problems": 0, "before_activation": [str(fault) for fault in waiting]})
