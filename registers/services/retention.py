"""
Retiring a register whose time has passed: six years from each entry (SI 2024/208 reg 7).

A year of marks and of their history is a partition each; both are dropped whole once the last entry of that
year, of any school, is six years old. A late amendment keeps its whole year. The batches stay as links of the
chain, with a note of how many of their entries went, so that the rest of the history can still be proved.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import OperationalError, connection, transaction
from django.utils import timezone

from accounts import events
from accounts.errors import DomainError
from accounts.models import User
from registers.models import RetiredYear
from registers.rules.calendar import academic_year_name
from registers.rules.retention import may_go_on

YEARS = """
SELECT e.academic_year, count(*), max(b.written_at)
FROM registers_markentry AS e JOIN registers_entrybatch AS b ON b.id = e.batch_id
GROUP BY e.academic_year ORDER BY e.academic_year
"""
MARKS = "SELECT academic_year, count(*) FROM registers_mark GROUP BY academic_year"
NOTE = """
INSERT INTO registers_retiredentries (batch_id, academic_year, entries)
SELECT batch_id, academic_year, count(*) FROM registers_markentry WHERE academic_year = %s
GROUP BY batch_id, academic_year
"""
BUSY = "The registers are in use: nothing was changed. Try again when the school is closed."


@dataclass(frozen=True)
class YearKept:
    """An academic year in the database: what it holds and from when it may go."""

    academic_year: int
    marks: int
    entries: int
    last_entry_at: datetime
    may_go_on: date

    def is_expired(self, on: date) -> bool:
        """Say whether every entry of the year has been kept long enough."""
        return self.may_go_on <= on

    @property
    def name(self) -> str:
        """Return the year as people say it."""
        return academic_year_name(self.academic_year)


def years_kept() -> list[YearKept]:
    """Return every year that holds entries, oldest first, of all schools together. Two statements."""
    with connection.cursor() as cursor:
        cursor.execute(MARKS)
        marks = dict(cursor.fetchall())
        cursor.execute(YEARS)
        return [
            YearKept(
                year,
                marks.get(year, 0),
                entries,
                last,
                may_go_on(timezone.localtime(last).date()),
            )
            for year, entries, last in cursor.fetchall()
        ]


def retire(year: YearKept, *, by: User, at: datetime) -> RetiredYear:
    """
    Drop a year's marks and history for good. Call it as the owner of the tables.

    :raises DomainError: an entry of the year is younger than six years, or the tables are in use
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # Nobody may write into the year between the last look and the drop; readers wait a moment.
            cursor.execute("SET LOCAL lock_timeout = '5s'")
            cursor.execute("LOCK TABLE registers_mark, registers_markentry IN ACCESS EXCLUSIVE MODE")
            standing = next(
                (found for found in years_kept() if found.academic_year == year.academic_year), None
            )
            if standing is None:
                raise DomainError(f"{year.name} holds no entries: nothing was changed.")
            if not standing.is_expired(at.date()):
                raise DomainError(
                    f"{year.name} must be kept until {standing.may_go_on:%-d %B %Y}: nothing was changed."
                )
            row = RetiredYear.objects.create(
                academic_year=standing.academic_year,
                marks=standing.marks,
                entries=standing.entries,
                last_entry_at=standing.last_entry_at,
                retired_at=at,
                retired_by=by,
            )
            cursor.execute(NOTE, [standing.academic_year])
            # A year is a number of the database's own, never text from outside.
            cursor.execute(f"DROP TABLE registers_mark_{standing.academic_year:d}")
            cursor.execute(f"DROP TABLE registers_markentry_{standing.academic_year:d}")
            events.record(
                "year.retired",
                school=None,
                by=by,
                at=at,
                data={
                    "academic_year": standing.academic_year,
                    "marks": standing.marks,
                    "entries": standing.entries,
                },
            )
    except OperationalError as error:
        raise DomainError(BUSY) from error
    return row
