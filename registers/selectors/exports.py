"""The register as rows for export: as it stands, or as it stood at a moment."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import connection, transaction

from accounts.models import School
from registers.rules.calendar import academic_year_of

NOW = """
SELECT p.upn, s."on", s.half, m.code, m.arrived_at, m.nature, u.email, m.recorded_at
FROM registers_mark AS m
JOIN registers_session AS s ON s.id = m.session_id
JOIN registers_pupil AS p ON p.id = m.pupil_id
JOIN accounts_user AS u ON u.id = m.recorded_by_id
WHERE m.school_id = %(school)s AND m.academic_year BETWEEN %(first_year)s AND %(last_year)s
    AND s."on" BETWEEN %(first_day)s AND %(last_day)s
    AND (%(pupil)s::bigint IS NULL OR m.pupil_id = %(pupil)s::bigint)
ORDER BY s."on", s.half, p.upn
"""
# The last change of each mark up to the moment says what stood there then; a mark cleared by it stood no
# more.
THEN = """
SELECT p.upn, s."on", s.half, e.new_code, e.new_arrived_at, e.new_nature, u.email, e.at
FROM (
    SELECT DISTINCT ON (e.pupil_id, e.session_id)
        e.pupil_id, e.session_id, e.new_code, e.new_arrived_at, e.new_nature, b.by_id, b.at
    FROM registers_markentry AS e
    JOIN registers_entrybatch AS b ON b.id = e.batch_id
    JOIN registers_session AS s ON s.id = e.session_id
    WHERE b.school_id = %(school)s AND b.at <= %(as_at)s
        AND e.academic_year BETWEEN %(first_year)s AND %(last_year)s
        AND s."on" BETWEEN %(first_day)s AND %(last_day)s
        AND (%(pupil)s::bigint IS NULL OR e.pupil_id = %(pupil)s::bigint)
    ORDER BY e.pupil_id, e.session_id, b.number DESC
) AS e
JOIN registers_session AS s ON s.id = e.session_id
JOIN registers_pupil AS p ON p.id = e.pupil_id
JOIN accounts_user AS u ON u.id = e.by_id
WHERE e.new_code IS NOT NULL
ORDER BY s."on", s.half, p.upn
"""
_AT_ONCE = 5000  # rows fetched at a time


@dataclass(frozen=True)
class ExportedMark:
    """One mark with the person who recorded it, by e-mail address."""

    upn: str
    on: date
    half: str
    code: str
    arrived_at: time | None
    nature: str
    recorded_by: str
    recorded_at: datetime


def marks_between(
    school: School,
    *,
    first_day: date,
    last_day: date,
    pupil_id: int | None = None,
    as_at: datetime | None = None,
) -> Iterator[ExportedMark]:
    """
    Yield the school's marks of a period by day, half and UPN, as they stand or as they stood at a moment.

    Rows are fetched as they are used, so that the length of the period does not matter. One statement.
    """
    values: dict[str, int | date | datetime | None] = {
        "school": school.pk,
        "first_day": first_day,
        "last_day": last_day,
        "first_year": academic_year_of(first_day),
        "last_year": academic_year_of(last_day),
        "pupil": pupil_id,
        "as_at": as_at,
    }
    # A cursor of the server lives in a transaction only.
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(NOW if as_at is None else THEN, values)
        while rows := cursor.fetchmany(_AT_ONCE):
            for row in rows:
                yield ExportedMark(*row)
