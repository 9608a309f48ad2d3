"""`demo`: builds the demo trust in an empty database, or brings an older one up to today."""

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.db import transaction

from demo import services
from registers.clock import present_moment
from registers.commands import RollcallCommand


class Command(RollcallCommand):
    help = (
        "Build the demo trust: five invented schools with two years of marks, in a database without any."
        " With --catch-up, add the school days since to a demo that was built before."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the size, the seed and the catching up."""
        parser.add_argument(
            "--pupils", type=int, default=1500, metavar="N", help="pupils on roll in all five schools (1500)"
        )
        parser.add_argument(
            "--seed", type=int, default=1, metavar="N", help="the same seed invents the same trust (1)"
        )
        parser.add_argument(
            "--catch-up", action="store_true", help="bring a demo that was built before up to yesterday"
        )

    def work(self, options: dict[str, Any]) -> None:
        """Build the demo or bring it up to date; each step is told on standard error."""
        if options["catch_up"]:
            self.catch_up()
        else:
            self.build(pupils=options["pupils"], seed=options["seed"])

    def build(self, *, pupils: int, seed: int) -> None:
        """Build the demo as of the present moment, which ROLLCALL_NOW may set once this is a demo."""
        with transaction.atomic():
            services.claim_installation()
            built = services.build_demo(pupils=pupils, seed=seed, at=present_moment(), report=self.note)
        self.say(
            f"The demo trust lives on {built.today:%A %-d %B %Y}: {built.schools} schools,"
            f" {built.pupils:,} pupils, {built.marks:,} marks, {built.accounts} people who can sign in."
        )
        self.emit(asdict(built))

    def catch_up(self) -> None:
        """Add the days since, and say what could not be added."""
        done = services.catch_up(at=present_moment(), report=self.note)
        for line in done.refused:
            self.note(line)
        if done.marks:
            self.say(
                f"The demo trust lives on {done.today:%A %-d %B %Y} now: {done.marks:,} marks added,"
                f" {done.amendments} amended, {done.joined} pupils joined, {done.left} left."
            )
        else:
            self.say(f"The demo trust is up to date: it lives on {done.today:%A %-d %B %Y}.")
        self.emit(asdict(done))
