"""Print every letter with invented values, for people who want to see what Rollcall sends."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from letters.services.catalogue import CatalogueFailed, write_catalogue


class Command(BaseCommand):
    """`letter_catalogue --out FOLDER`: a PDF for each letter, and a picture of each page with --png."""

    help = __doc__ or ""
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--out", required=True, type=Path, help="folder to write to; it is made if missing"
        )
        parser.add_argument("--png", action="store_true", help="also write a picture of each page")
        parser.add_argument("--letter", action="append", default=[], help="only this letter; may be repeated")

    def handle(self, *_: Any, **options: Any) -> None:
        """Write the files and say how many."""
        try:
            written = write_catalogue(options["out"], keys=options["letter"], with_pictures=options["png"])
        except CatalogueFailed as error:
            raise CommandError(error.message) from error
        for path in written:
            self.stdout.write(str(path))
        self.stderr.write(f"{len(written)} files in {options['out']}")
