"""`./manage.py retire_years`: drop the registers of years that need no longer be kept."""

from argparse import ArgumentParser
from typing import Any

from accounts.database import as_owner
from registers.clock import present_moment
from registers.commands import RollcallCommand, WrongUsage
from registers.services import retention
from registers.services.authors import keeper_of


class Command(RollcallCommand):
    help = (
        "Show which academic years of marks may go (six years after the last entry of any school); with "
        "--drop and --by, drop them for good, marks and history, of every school at once."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        """Add what makes it more than a look."""
        parser.add_argument("--drop", action="store_true", help="drop the expired years; otherwise only show")
        parser.add_argument("--by", metavar="EMAIL", help="who decides it; needed with --drop")

    def work(self, options: dict[str, Any]) -> None:
        """Show every year and drop those that are expired, if asked to."""
        if options["drop"] and not options["by"]:
            raise WrongUsage("Say with --by who decides that years are dropped.")
        at = present_moment()
        by = keeper_of(options["by"], on=at.date()) if options["drop"] else None
        for year in retention.years_kept():
            is_expired = year.is_expired(at.date())
            dropped = False
            if is_expired and by is not None:
                with as_owner():
                    retention.retire(year, by=by, at=at)
                dropped = True
            self.emit(
                {
                    "academic_year": year.academic_year,
                    "marks": year.marks,
                    "entries": year.entries,
                    "may_go_on": year.may_go_on,
                    "expired": is_expired,
                    "dropped": dropped,
                }
            )
            held = f"{year.name}: {year.marks:,} marks, {year.entries:,} entries"
            if dropped:
                self.say(f"{held}: dropped.")
            elif is_expired:
                self.say(f"{held}: may go since {year.may_go_on}; dropped with --drop --by EMAIL.")
            else:
                self.say(f"{held}: kept until {year.may_go_on}.")
