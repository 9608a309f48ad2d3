"""
Attendance histories: many marks at once, first put aside in a table of their own, then recorded.

The rows of a file are copied into a temporary table while the file is read, so that neither the length of
the file nor that of the history matters: repeats, differences and gaps are found by the database.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import IntegrityError, connection, transaction

from accounts.errors import DomainError
from accounts.models import School, User
from registers.services.marks import attribution, sentence_of

CREATE = """
CREATE TEMPORARY TABLE mark_import (
    line int NOT NULL, academic_year smallint NOT NULL, pupil_id bigint NOT NULL, session_id bigint NOT NULL,
    code varchar(2) NOT NULL, arrived_at time, nature varchar(200)
) ON COMMIT DROP
"""
COPY = "COPY mark_import (line, academic_year, pupil_id, session_id, code, arrived_at, nature) FROM STDIN"
REPEATED = """
SELECT line, first_line FROM (
    SELECT line, min(line) OVER (PARTITION BY pupil_id, session_id) AS first_line FROM mark_import
) AS lines WHERE line > first_line ORDER BY line
"""
# A file without arrival times or natures says nothing about them: then the code alone is compared.
JOINED = """
FROM mark_import AS i
JOIN registers_mark AS m USING (academic_year, pupil_id, session_id)
"""
IS_DIFFERENT = """
(
    m.code <> i.code OR %(has_arrivals)s AND m.arrived_at IS DISTINCT FROM i.arrived_at
    OR %(has_natures)s AND m.nature <> coalesce(i.nature, '')
)
"""
DIFFERENT = f"""
SELECT i.line, m.code, i.code, m.code <> i.code {JOINED} WHERE {IS_DIFFERENT} ORDER BY i.line
"""
AMEND = f"""
UPDATE registers_mark AS m SET
    code = i.code,
    arrived_at = CASE WHEN %(has_arrivals)s THEN i.arrived_at WHEN m.code = i.code THEN m.arrived_at END,
    nature = CASE
        WHEN %(has_natures)s THEN coalesce(i.nature, '') WHEN m.code = i.code THEN m.nature ELSE ''
    END,
    recorded_at = %(at)s, recorded_by_id = %(by)s, source = 'import'
FROM mark_import AS i
WHERE (m.academic_year, m.pupil_id, m.session_id) = (i.academic_year, i.pupil_id, i.session_id)
    AND {IS_DIFFERENT}
"""  # noqa: S608 - constants of this module
RECORD = """
INSERT INTO registers_mark (
    academic_year, pupil_id, session_id, school_id, code, arrived_at, nature,
    recorded_at, recorded_by_id, source
)
SELECT i.academic_year, i.pupil_id, i.session_id, %(school)s, i.code, i.arrived_at, coalesce(i.nature, ''),
    %(at)s, %(by)s, 'import'
FROM mark_import AS i
WHERE NOT EXISTS (
    SELECT FROM registers_mark AS m
    WHERE (m.academic_year, m.pupil_id, m.session_id) = (i.academic_year, i.pupil_id, i.session_id)
)
ORDER BY i.academic_year, i.session_id, i.pupil_id
"""
# Every session held in the period for which a pupil was on roll and nothing is known from file or register.
FILL = """
INSERT INTO mark_import (line, academic_year, pupil_id, session_id, code)
SELECT 0, s.academic_year, e.pupil_id, s.id, CASE s.half WHEN 'AM' THEN '/' ELSE '\\' END
FROM registers_session AS s
JOIN registers_enrolment AS e ON e.school_id = s.school_id AND e.starts_on <= s."on"
    AND (e.leaving_on IS NULL OR e.leaving_on >= s."on")
WHERE s.school_id = %(school)s AND s.status = 'held' AND s."on" BETWEEN %(first_day)s AND %(last_day)s
    AND NOT EXISTS (
        SELECT FROM mark_import AS i WHERE i.pupil_id = e.pupil_id AND i.session_id = s.id
    )
    AND NOT EXISTS (
        SELECT FROM registers_mark AS m
        WHERE m.academic_year = s.academic_year AND m.pupil_id = e.pupil_id AND m.session_id = s.id
    )
"""


@dataclass(frozen=True)
class StagedMark:
    """A mark of a file with its line; the file's own words have been resolved to rows of the school."""

    line: int
    academic_year: int
    pupil_id: int
    session_id: int
    code: str
    arrived_at: time | None
    nature: str


@dataclass(frozen=True)
class Difference:
    """A line that says something else than the register."""

    line: int
    standing_code: str
    code: str
    is_of_code: bool  # otherwise the code is the same and arrival time or nature differ


@dataclass(frozen=True)
class Recorded:
    """What was written, in numbers of marks."""

    recorded: int
    amended: int


@contextmanager
def staging() -> Iterator[None]:
    """Open the table aside, for the transaction that this opens or is in."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.mark_import")
        cursor.execute(CREATE)
        yield


def stage_marks(marks: Iterable[StagedMark]) -> int:
    """Put marks aside, one COPY, and return how many."""
    staged = 0
    with (
        connection.cursor() as cursor,
        cursor.copy(COPY) as copy,
    ):
        for mark in marks:
            copy.write_row(
                (
                    mark.line,
                    mark.academic_year,
                    mark.pupil_id,
                    mark.session_id,
                    mark.code,
                    mark.arrived_at,
                    mark.nature,
                )
            )
            staged += 1
    return staged


def index_staged() -> None:
    """Let the database find staged marks by pupil and session; call it once all are put aside."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX ON mark_import (pupil_id, session_id)")
        cursor.execute("ANALYZE mark_import")


def repeated_lines() -> list[tuple[int, int]]:
    """Return each line that speaks of a session of a pupil again, with the first line that did."""
    with connection.cursor() as cursor:
        cursor.execute(REPEATED)
        return [(line, first_line) for line, first_line in cursor.fetchall()]


def differences(*, has_arrivals: bool, has_natures: bool) -> list[Difference]:
    """Return the lines that differ from the register."""
    with connection.cursor() as cursor:
        cursor.execute(DIFFERENT, {"has_arrivals": has_arrivals, "has_natures": has_natures})
        return [Difference(*row) for row in cursor.fetchall()]


def stage_presence(school: School, *, first_day: date, last_day: date) -> int:
    """Put a present mark aside for every possible session of the period without one, and return how many."""
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"school": school.pk, "first_day": first_day, "last_day": last_day})
        return int(cursor.rowcount)


def record_staged(
    school: School,
    *,
    by: User,
    at: datetime,
    position: str,
    amend_reason: str,
    has_arrivals: bool,
    has_natures: bool,
) -> Recorded:
    """
    Record what is put aside; marks that differ are amended for the reason given, all in one transaction.

    Without a reason call it only when nothing differs: it would leave the differences as they are.

    :raises DomainError: the database refuses a mark
    """
    values: dict[str, int | bool | datetime] = {
        "school": school.pk,
        "at": at,
        "by": by.pk,
        "has_arrivals": has_arrivals,
        "has_natures": has_natures,
    }
    amended = 0
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            if amend_reason:
                with attribution(by=by, at=at, reason=amend_reason, position=position):
                    cursor.execute(AMEND, values)
                    amended = cursor.rowcount
            with attribution(by=by, at=at, position=position):
                cursor.execute(RECORD, values)
                recorded = cursor.rowcount
    except IntegrityError as error:
        raise DomainError(sentence_of(error)) from error
    return Recorded(recorded, amended)
