"""`./manage.py benchmark`: how fast this machine runs Rollcall, with production settings."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings

from demo.benchmarks.place import own_database, run_sections
from registers.commands import Refused, RollcallCommand


class Command(RollcallCommand):
    help = (
        "Measure the register page, saving, a rush of fourteen classes through the real web server and the "
        "proof of the history, each beside its bare SQL, in a database of its own that is dropped afterwards."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the size of the school."""
        parser.add_argument("--pupils", type=int, default=1000, metavar="N", help="default 1000")
        parser.add_argument("--years", type=int, default=1, metavar="N", help="of marks; default 1")
        parser.add_argument("--quick", action="store_true", help="small: to see that it runs")

    def work(self, options: dict[str, Any]) -> None:
        """Measure in a process with a server's settings."""
        if not settings.EMBEDDED:
            raise Refused("The benchmark runs on the embedded servers only: unset DATABASE_URL.")
        if not 1 <= options["pupils"] <= 100_000 or not 1 <= options["years"] <= 8:
            raise Refused("Ask for 1 to 100,000 pupils and 1 to 8 years.")
        words = ["--pupils", str(options["pupils"]), "--years", str(options["years"])]
        words += ["--quick"] if options["quick"] else []
        words += ["--json"] if self.as_json else []
        with own_database() as environment:
            if run_sections(environment, words) != 0:
                raise Refused("The benchmark did not finish; see above.")
