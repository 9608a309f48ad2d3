"""`add_school POLICY`: a school and its first policy version in force."""

from argparse import ArgumentParser
from datetime import date, time
from pathlib import Path
from typing import Any

from django.db import transaction
from django_scopes import scope

from accounts.people import system_user
from escalation.rules import loading
from escalation.rules.loading import PolicyFaults
from escalation.services.policies import activate_policy
from escalation.services.school_day import clock_of, day_of_policy
from registers.clock import present_moment
from registers.commands import Refused, RollcallCommand, opened, time_of_day
from registers.services import schools

# The first version also judges the history that a school brings along: it is in force from the first academic
# year of which Rollcall keeps marks.
FIRST_DAY = date(2018, 8, 1)


class Command(RollcallCommand):
    help = "Create a school, its times and its first policy version; the school's key is the policy's."

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the policy and the times that it may leave open."""
        parser.add_argument(
            "policy", metavar="POLICY", help=f"a policy file, or one that ships: {', '.join(loading.SHIPPED)}"
        )
        for option, words in (
            ("--pm-opens", "when the afternoon register opens, where the policy does not say"),
            ("--pm-closes", "when the afternoon register closes, where the policy does not say"),
            ("--day-ends", "when the school day ends, where the policy does not say"),
        ):
            parser.add_argument(option, type=time_of_day, metavar="TIME", help=words)

    def work(self, options: dict[str, Any]) -> None:
        """Add the school."""
        text, name = policy_text(options["policy"])
        try:
            policy = loading.load_policy(text, name=name)
        except PolicyFaults as error:
            raise Refused(*error.lines) from error
        stated = policy.day
        pm_opens = self.settled("--pm-opens", clock_of(stated.pm.register_opens), options["pm_opens"])
        pm_closes = self.settled("--pm-closes", clock_of(stated.pm.register_closes), options["pm_closes"])
        open_ends = any(end.at is None for end in stated.ends)
        if options["day_ends"] is not None and not open_ends:
            self.note("Note: the policy states when the day ends: --day-ends is not used.")
        missing = [
            option
            for option, value in (
                ("--pm-opens", pm_opens),
                ("--pm-closes", pm_closes),
                ("--day-ends", options["day_ends"] if open_ends else True),
            )
            if value is None
        ]
        if pm_opens is None or pm_closes is None or missing:
            left_open = " and ".join(missing)
            raise Refused(f"{name} does not state every time of the day: give {left_open} (GEN-13).")
        times = day_of_policy(policy, pm_opens=pm_opens, pm_closes=pm_closes, day_ends=options["day_ends"])
        at, identity = present_moment(), policy.school
        with transaction.atomic():
            by = system_user()
            school = schools.add_school(
                key=identity.key,
                name=identity.name,
                times=times,
                trust=identity.trust or "",
                phase=identity.phase or "",
                local_authority=identity.local_authority or "",
                leaving_year=identity.leaving_year or "",
                by=by,
                at=at,
            )
            with scope(school=school):
                activate_policy(school, text, by=by, at=at, on=FIRST_DAY)
        self.say(f"{school.name} is set up: use --school {school.key} with the other commands.")
        self.emit({"school": school.key, "name": school.name})

    def settled(self, option: str, stated: time | None, given: time | None) -> time | None:
        """Return the time that counts: the policy's own before the option's, saying so where they differ."""
        if stated is None:
            return given
        if given is not None and given != stated:
            self.note(f"Note: the policy states {stated:%H:%M}: {option} is not used.")
        return stated


def policy_text(named: str) -> tuple[str, str]:
    """
    Return the text of a policy and what its faults call it; a shipped key comes before a file of that name.

    :raises Refused: there is no such policy, or the file is no UTF-8 text
    """
    if named in loading.SHIPPED:
        return loading.shipped_text(named), f"{named}.yaml"
    path = Path(named)
    if not path.exists():
        shipped = ", ".join(loading.SHIPPED)
        raise Refused(f"There is no policy {named}: it is neither a file nor one of {shipped}.")
    with opened(path) as stream:
        try:
            return stream.read().decode("utf-8-sig"), path.name
        except UnicodeDecodeError as error:
            raise Refused(f"{path.name}: the file is not UTF-8 text (byte {error.start}).") from error
