"""Marking stretches of days of a demo school: those long past at once, the last ones register by register."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import connection

from demo.generation import showing, trust
from demo.generation.sheets import DayRow, Sheet
from demo.services import marks
from demo.services.bulk import copy_rows
from demo.services.schools import DemoSchool

LONDON = ZoneInfo("Europe/London")
FILLED_TABLES = (
    "registers_mark",
    "registers_markentry",
    "registers_session",
    "registers_pupil",
    "registers_enrolment",
    "registers_classmembership",
    "registers_register",
)


def analyse() -> None:
    """
    Tell the planner what the tables hold, as this transaction sees them.

    Otherwise it takes tables that this very transaction fills for empty, and reads them whole for every small
    register. The lock that ANALYZE keeps to the end also stops the server from forgetting this meanwhile.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(FILLED_TABLES)}")


def row_of(school: DemoSchool, invented: trust.Trust) -> DayRow:
    """Return the days of the current year at a school."""
    return invented.rows[invented.current][school.plan.key]


def first_in_detail(places: range) -> int:
    """Return the first of these days that is marked register by register."""
    return max(places.start, places.stop - marks.DAYS_IN_DETAIL)


def mark_last_year(school: DemoSchool, invented: trust.Trust) -> int:
    """Load the whole of last year, as entered by the office on its last day; return the number of marks."""
    year = invented.current - 1
    sheets = list(invented.sheets(year, school.plan.key))
    days = invented.rows[year][school.plan.key].days
    return _load(school, sheets, days, range(len(days)))


def mark_past_days(school: DemoSchool, invented: trust.Trust, places: range) -> int:
    """Load days of the current year, by their places in the school's row, but for those marked in detail."""
    past = range(places.start, first_in_detail(places))
    if not past:
        return 0
    sheets = list(invented.sheets(invented.current, school.plan.key))
    return _load(school, sheets, row_of(school, invented).days, past)


def _load(school: DemoSchool, sheets: Sequence[Sheet], days: Sequence[date], places: range) -> int:
    assert school.office is not None  # noqa: S101 - every demo school has its office staff
    at = datetime.combine(days[places[-1]], marks.CALLS_END, tzinfo=LONDON)
    loaded = marks.load_past(school, sheets, places, by=school.office, at=at)
    marks.note_registers(school, sheets, days[places.start : places.stop])
    return loaded


def mark_last_days(school: DemoSchool, invented: trust.Trust, places: range) -> int:
    """Let the teachers take the registers of the last of these days; return the number of marks."""
    sheets = list(invented.sheets(invented.current, school.plan.key))
    recent = row_of(school, invented).days[first_in_detail(places) : places.stop]
    taken = marks.take_registers(school, sheets, recent, seed=invented.seed)
    marks.note_registers(school, sheets, recent)
    return taken


def explain(school: DemoSchool, invented: trust.Trust, *, today: date) -> int:
    """Let the office amend every N whose reason is known by today; return how many."""
    sheets = list(invented.sheets(invented.current, school.plan.key))
    return marks.amend_explained(school, sheets, today=today, seed=invented.seed)


def take_early_registers(school: DemoSchool, invented: trust.Trust, *, today: date, at: datetime) -> int:
    """
    Let a few classes have taken this morning's register once it has closed; visitors take the others.

    Returns the number of marks.
    """
    session = school.sessions.get((today, "AM"))
    if session is None or at < session.closes_at:
        return 0
    taken = 0
    rows = []
    classes = marks.by_class(invented.sheets(invented.current, school.plan.key))
    for place, (class_name, members) in enumerate(sorted(classes.items())):
        if showing.takes_register_early(place):
            taken += marks.take_register(school, members, session, class_name=class_name, seed=invented.seed)
            group = school.classes[session.academic_year, class_name]
            teacher = school.teachers[class_name]
            rows.append(marks.register_row(school, group, session, teacher, saved_at=session.closes_at))
    copy_rows("registers_register", marks.REGISTER_COLUMNS, rows)
    return taken
