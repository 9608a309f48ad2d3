"""The registers of a class over some days, as they stood at a moment; with no moment, as they stand."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import groupby

from django.db import connection

from registers.models import ClassGroup


@dataclass(frozen=True)
class SessionColumn:
    """One session of the days shown."""

    session_id: int
    on: date
    half: str
    status: str

    @property
    def is_held(self) -> bool:
        """Say whether the school was open."""
        return self.status == "held"


@dataclass(frozen=True)
class StoodMark:
    """What stood for a pupil in a session at the moment; code "" when no mark did."""

    session: SessionColumn
    in_class: bool  # on roll and in the class on that day
    code: str
    arrived_at: time | None
    nature: str
    original: str  # the first code ever recorded
    is_amended: bool  # changed after the register closed, up to the moment
    by_name: str  # who made the last change up to the moment
    by_position: str
    at: datetime | None
    reason: str


@dataclass(frozen=True)
class PupilLine:
    """One pupil's marks, in the order of the sessions."""

    pupil_id: int
    upn: str
    surname: str
    forename: str
    marks: tuple[StoodMark, ...]

    @property
    def register_name(self) -> str:
        """Return the name as registers sort it: surname first."""
        return f"{self.surname}, {self.forename}"

    @property
    def full_name(self) -> str:
        """Return forename and surname."""
        return f"{self.forename} {self.surname}"


@dataclass(frozen=True)
class ClassRegister:
    """The registers of a class over some days."""

    class_group: ClassGroup
    sessions: tuple[SessionColumn, ...]
    lines: tuple[PupilLine, ...]

    @property
    def amended(self) -> int:
        """Return how many marks had been amended."""
        return sum(mark.is_amended for line in self.lines for mark in line.marks)


SESSIONS = """
SELECT id, "on", half, status FROM registers_session
WHERE school_id = %(school)s AND "on" BETWEEN %(first_day)s AND %(last_day)s
ORDER BY "on", half
"""
# Every pupil who was in the class on one of the days, with each of the sessions. The last change of a mark up
# to the moment says what stood there then; a mark cleared by it stood no more.
LINES = """
WITH members AS (
    SELECT p.id, p.upn, p.surname, p.forename FROM registers_pupil AS p
    WHERE p.school_id = %(school)s AND EXISTS (
        SELECT FROM registers_classmembership AS m
        WHERE m.pupil_id = p.id AND m.class_group_id = %(class_group)s
            AND m.starts_on <= %(last_day)s AND (m.ends_on IS NULL OR m.ends_on >= %(first_day)s)
    )
), told AS (
    SELECT e.pupil_id, e.session_id, e.old_code, e.new_code, e.new_arrived_at, e.new_nature,
        b.by_name, b.by_position, b.at, b.reason, b.number,
        bool_or(b.at > s.closes_at AND e.old_code IS NOT NULL) OVER place AS is_amended,
        first_value(e.new_code) OVER (place ORDER BY b.number) AS original,
        row_number() OVER (place ORDER BY b.number DESC) AS from_last
    FROM registers_markentry AS e
    JOIN registers_entrybatch AS b ON b.id = e.batch_id
    JOIN registers_session AS s ON s.id = e.session_id
    WHERE e.academic_year = %(year)s AND e.pupil_id IN (SELECT id FROM members)
        AND s.school_id = %(school)s AND s."on" BETWEEN %(first_day)s AND %(last_day)s
        AND (%(as_at)s::timestamptz IS NULL OR b.at <= %(as_at)s::timestamptz)
    WINDOW place AS (PARTITION BY e.pupil_id, e.session_id)
)
SELECT members.id, members.upn, members.surname, members.forename, s.id,
    EXISTS (
        SELECT FROM registers_classmembership AS m
        WHERE m.pupil_id = members.id AND m.class_group_id = %(class_group)s
            AND m.starts_on <= s."on" AND (m.ends_on IS NULL OR m.ends_on >= s."on")
    ) AND EXISTS (
        SELECT FROM registers_enrolment AS r
        WHERE r.pupil_id = members.id AND r.starts_on <= s."on"
            AND (r.leaving_on IS NULL OR r.leaving_on >= s."on")
    ),
    coalesce(told.new_code, ''), told.new_arrived_at, coalesce(told.new_nature, ''),
    coalesce(told.original, ''), coalesce(told.is_amended, false), coalesce(told.by_name, ''),
    coalesce(told.by_position, ''), told.at, coalesce(told.reason, '')
FROM members
CROSS JOIN registers_session AS s
LEFT JOIN told ON told.pupil_id = members.id AND told.session_id = s.id AND told.from_last = 1
WHERE s.school_id = %(school)s AND s."on" BETWEEN %(first_day)s AND %(last_day)s
ORDER BY members.surname, members.forename, members.id, s."on", s.half
"""


def class_register(
    class_group: ClassGroup, *, first_day: date, last_day: date, as_at: datetime | None = None
) -> ClassRegister:
    """
    Return the class's registers from a first to a last day of its academic year, as they stood at a moment.

    Two statements, however many pupils and days. The days are those of one academic year.
    """
    values: dict[str, int | date | datetime | None] = {
        "school": class_group.school_id,
        "class_group": class_group.pk,
        "year": class_group.academic_year,
        "first_day": first_day,
        "last_day": last_day,
        "as_at": as_at,
    }
    with connection.cursor() as cursor:
        cursor.execute(SESSIONS, values)
        sessions = tuple(SessionColumn(*row) for row in cursor.fetchall())
        cursor.execute(LINES, values)
        rows = cursor.fetchall()
    by_id = {session.session_id: session for session in sessions}
    lines = []
    for (pupil_id, upn, surname, forename), found in groupby(rows, key=lambda row: row[:4]):
        marks = tuple(StoodMark(by_id[row[4]], *row[5:]) for row in found)
        if any(mark.in_class for mark in marks):
            lines.append(PupilLine(pupil_id, upn, surname, forename, marks))
    return ClassRegister(class_group, sessions, tuple(lines))


def rows_of(register: ClassRegister) -> Iterator[tuple[PupilLine, StoodMark]]:
    """Yield each mark that stood, by day, half and pupil."""
    for place in range(len(register.sessions)):
        for line in register.lines:
            mark = line.marks[place]
            if mark.in_class and mark.code:
                yield line, mark
