"""The calendars of the worked examples as files and periods that the importers take."""

from pathlib import Path

from registers.services.calendar import Period
from tests.commands import write_csv
from tests.escalation.calendars import YEARS

HEADER = "kind,name,first_day,last_day"


def periods_of(*years: int) -> list[Period]:
    """Return the half terms and closures of some academic years."""
    periods = []
    for year in years:
        for name, first_day, last_day, days_off in YEARS[year]:
            periods.append(Period("half_term", name, first_day, last_day))
            periods += [Period("closure", "Bank holiday", day, day) for day in days_off]
    return periods


def calendar_file(folder: Path, *years: int) -> Path:
    """Write a calendar file of some academic years."""
    rows = [
        f"{period.kind},{period.name},{period.first_day},{period.last_day}" for period in periods_of(*years)
    ]
    return write_csv(folder, "calendar.csv", HEADER, *rows)
