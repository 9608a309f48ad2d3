"""
What every command that people script against shares.

Exit status 0: done. 1: refused, one line for each problem on standard error, nothing changed. 2: wrong usage.
With `--json` standard output holds one JSON object on each line and nothing else. Progress shows on a
terminal only.
"""

import json
import os
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import (
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    connection,
    connections,
)
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django_scopes import scope

from accounts.database import as_owner
from accounts.errors import DomainError
from accounts.models import School
from registers.imports import cells
from registers.imports.sheets import CellFault
from registers.models import Pupil

DONE, REFUSED, USAGE, STOPPED = 0, 1, 2, 130
_MIGRATION_LOCK = 7_255_426_552  # any number that nobody else locks in this database


class Refused(CommandError):
    """A command did nothing, for these reasons, each a line fit to show."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines), returncode=REFUSED)
        self.lines = lines


class WrongUsage(CommandError):
    """Options that do not go together; the parser itself finds the others."""

    def __init__(self, line: str) -> None:
        super().__init__(line, returncode=USAGE)
        self.lines = (line,)


def iso_date(text: str) -> date:
    """Read a date option."""
    try:
        return cells.day(text.strip())
    except CellFault as fault:
        raise ArgumentTypeError(str(fault)) from None


def iso_moment(text: str) -> datetime:
    """Read a date and time option; without an offset it is the time on a clock in England."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        moment = None
    if moment is None or len(text.strip()) <= len("2025-09-03"):
        raise ArgumentTypeError(f"{text!r} is not a date and time: write it as 2025-09-03T15:30")
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment


def session_half(text: str) -> str:
    """Read the half of the day that a session is."""
    try:
        return cells.half(text.strip())
    except CellFault as fault:
        raise ArgumentTypeError(str(fault)) from None


def time_of_day(text: str) -> time:
    """Read a time option."""
    try:
        return cells.clock(text.strip())
    except CellFault as fault:
        raise ArgumentTypeError(str(fault)) from None


class Progress:
    """One line on the terminal that counts up; silent where standard error is not a terminal."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.is_shown = sys.stderr.isatty()

    def __call__(self, done: int, total: int | None = None) -> None:
        """Show how far the work is."""
        if self.is_shown:
            of_total = f" of {total:,}" if total is not None else ""
            sys.stderr.write(f"\r{self.label}: {done:,}{of_total} ")
            sys.stderr.flush()

    def end(self) -> None:
        """Clear the line."""
        if self.is_shown:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()


class RollcallCommand(BaseCommand):
    """A command with `--json`, the exit statuses, and a database that is ready when it starts."""

    requires_system_checks = ()
    suppressed_base_arguments = {
        "--version",
        "-v",
        "--settings",
        "--pythonpath",
        "--traceback",
        "--no-color",
        "--force-color",
    }
    as_json = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Make the parser; a script that shortens an option would break with the next release."""
        return super().create_parser(prog_name, subcommand, allow_abbrev=False, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add what all commands take, then the command's own."""
        self.add_options(parser)
        parser.add_argument(
            "--json", action="store_true", dest="as_json", help="print one JSON object on each line"
        )

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the command's own options."""

    def work(self, options: dict[str, Any]) -> None:
        """Do what the command is for."""
        raise NotImplementedError

    def handle(self, *args: Any, **options: Any) -> None:
        """Make sure of the database and do the work; what the rules refuse ends as `Refused`."""
        self.as_json = options["as_json"]
        try:
            ready_database()
            self.work(options)
        except DomainError as error:
            raise Refused(*getattr(error, "lines", (error.message,))) from error
        except UnicodeEncodeError as error:
            raise Refused("An option holds bytes that are not UTF-8 text.") from error
        except (IntegrityError, DataError) as error:
            raise Refused(f"The database refused the change: {first_line(error)}") from error
        except (OperationalError, InterfaceError) as error:
            raise Refused(f"The database does not answer: {first_line(error)}") from error

    def run(self, argv: Sequence[str]) -> int:
        """Run with these words (`manage.py NAME …`) and return the exit status."""
        self._called_from_command_line = True
        try:
            options = vars(self.create_parser(argv[0], argv[1]).parse_args(list(argv[2:])))
        except SystemExit as leaving:  # the parser has printed its help or what is wrong
            return leaving.code if isinstance(leaving.code, int) else USAGE
        try:
            self.execute(**options)
            self.stdout.flush()
        except BrokenPipeError:
            # Whoever read our output has gone (`| head`); keep the interpreter from complaining as it ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return REFUSED
        except KeyboardInterrupt:
            self.note("Stopped; nothing was changed.")
            return STOPPED
        except CommandError as error:
            if options["traceback"]:
                raise
            for line in getattr(error, "lines", None) or str(error).splitlines():
                self.note(line)
            return error.returncode
        return DONE

    def run_from_argv(self, argv: list[str]) -> None:
        """Run from the command line and end the process with the exit status."""
        try:
            status = self.run(argv)
        finally:
            try:
                connections.close_all()
            except ImproperlyConfigured:
                pass
        if status != DONE:
            sys.exit(status)

    def say(self, line: str) -> None:
        """Print a line for people; with `--json` nothing."""
        if not self.as_json:
            self.stdout.write(line)

    def emit(self, values: dict[str, Any]) -> None:
        """Print an object as one line of JSON; without `--json` nothing."""
        if self.as_json:
            self.stdout.write(json.dumps(values, cls=DjangoJSONEncoder))

    def note(self, line: str) -> None:
        """Print a line on standard error."""
        self.stderr.write(line)


class SchoolCommand(RollcallCommand):
    """A command about one school, named by `--school`."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add `--school` before the rest."""
        parser.add_argument("--school", required=True, metavar="KEY", help="the school's key")
        super().add_arguments(parser)

    def work(self, options: dict[str, Any]) -> None:
        """Find the school and work in its scope, where no query can reach another school's rows."""
        school = school_of(options["school"])
        with scope(school=school):
            self.work_at(school, options)

    def work_at(self, school: School, options: dict[str, Any]) -> None:
        """Do what the command is for at this school."""
        raise NotImplementedError


class ImportCommand(SchoolCommand):
    """A command that reads a CSV file into one school, all of it or nothing."""

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the file and the trial run."""
        parser.add_argument("file", metavar="FILE.csv", type=Path, help="a CSV file in UTF-8, with a header")
        parser.add_argument("--dry-run", action="store_true", help="check everything, change nothing")

    def report(self, file: Path, counts: dict[str, int], *, dry_run: bool) -> None:
        """Print what was done, in numbers of rows."""
        words = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in counts.items())
        self.say(f"{file.name}: {words}.{' Nothing was changed: this was a dry run.' if dry_run else ''}")
        self.emit({"file": file.name, **counts, "dry_run": dry_run})


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """
    Open a file that somebody named.

    :raises Refused: it cannot be read
    """
    try:
        stream = path.open("rb")
        stream.peek(1)  # a folder opens on some systems and fails on the first read
    except OSError as error:
        raise Refused(f"{path}: {(error.strerror or 'cannot be read').lower()}.") from error
    with stream:
        yield stream


def school_of(key: str) -> School:
    """
    Return the school with this key.

    :raises Refused: there is none
    """
    school = School.objects.filter(key=key).first()
    if school is None:
        known = list(School.objects.order_by("key").values_list("key", flat=True)[:20])
        listed = f"there are {', '.join(known)}" if known else "add one with ./manage.py add_school"
        raise Refused(f"There is no school with the key {key!r}: {listed}.")
    return school


def pupil_of(school: School, upn: str) -> Pupil:
    """
    Return the school's pupil with this UPN.

    :raises Refused: there is none
    """
    pupil = Pupil.objects.filter(school=school, upn=upn.strip().upper()).first()
    if pupil is None:
        raise Refused(f"There is no pupil {upn.strip()} at this school.")
    return pupil


def first_line(error: Exception) -> str:
    """Return the first line of an error's text."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def ready_database() -> None:
    """
    Make sure that the database has this version's tables: the embedded one is brought up to date on the spot.

    :raises Refused: a database named by DATABASE_URL is not up to date
    """
    if not _is_behind():
        return
    if not settings.EMBEDDED:
        raise Refused("The database is not up to date: run ./manage.py migrate first.")
    progress = Progress("Setting up the database")
    progress(0)
    with connection.cursor() as cursor:
        # Two first commands at once: the second waits here, then finds nothing left to do.
        cursor.execute("SET lock_timeout = 0")
        cursor.execute("SELECT pg_advisory_lock(%s)", [_MIGRATION_LOCK])
        try:
            if _is_behind():
                call_command("migrate", interactive=False, verbosity=0)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_MIGRATION_LOCK])
            cursor.execute("RESET lock_timeout")
            progress.end()


def _is_behind() -> bool:
    try:
        # An embedded database of an earlier version may not let the application's role read yet.
        with as_owner() if settings.EMBEDDED else nullcontext():
            executor = MigrationExecutor(connection)
    except ProgrammingError as error:
        raise Refused(f"The database cannot be read: {first_line(error)}") from error
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
