"""
The closing of registers: at its end every pupil on roll without a mark gets one.

What was known ahead becomes the mark; for everybody else it is N, circumstances not yet established (SI
2024/208 regulation 10). Closing runs every minute, on several workers and after a day of downtime alike: a
session that has its `RegisterClosing` is never closed again, and a mark that stands is never touched.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper

from accounts.models import School, User
from registers.models import ClassClosing, RegisterClosing, Session
from registers.rules.calendar import academic_year_of
from registers.services.marks import attribution
from registers.words import clock

logger = logging.getLogger(__name__)

SET_BY_ROLLCALL = "set by Rollcall"
# How far back registers are closed late, in school days: a fortnight without a server. What is older is a gap
# that a person must judge (see the checks of the registers).
SCHOOL_DAYS_BACK = 10
# Whoever is saving marks at this moment goes first. The wait is shorter than PostgreSQL's deadlock check (one
# second), so that of two who wait for each other it is always the closing that gives way, never the teacher.
LONGEST_WAIT = "300ms"
LOCK_NOT_AVAILABLE = "55P03"


@dataclass(frozen=True)
class Closed:
    """What the closing of one session set, in numbers of marks."""

    session: Session
    known_ahead: int
    unexplained: int


# A school's registers are Rollcall's to close from the first one that somebody took here: a school that
# brings its history along, or tries the program out beside another, gets no mark it did not ask for.
DUE = """
WITH recent AS (
    SELECT min("on") AS first_day FROM (
        SELECT DISTINCT "on" FROM registers_session
        WHERE school_id = %(school)s AND status = 'held' AND "on" <= %(on)s
        ORDER BY "on" DESC LIMIT %(days)s
    ) AS days
), begun AS (
    SELECT min(s.opens_at) AS at
    FROM registers_register AS r JOIN registers_session AS s ON s.id = r.session_id
    WHERE r.school_id = %(school)s
)
SELECT s.* FROM registers_session AS s, recent, begun
WHERE s.school_id = %(school)s AND s.status = 'held' AND s.academic_year = %(year)s
    AND s."on" BETWEEN recent.first_day AND %(on)s AND s.opens_at >= begun.at
    AND %(at)s > greatest(s.closes_at, (
        SELECT max(y.closes_at) FROM registers_yeargrouptimes AS y WHERE y.session_id = s.id
    ))
    AND NOT EXISTS (SELECT FROM registers_registerclosing AS c WHERE c.session_id = s.id)
ORDER BY s.opens_at
"""


def due_sessions(school: School, *, at: datetime) -> list[Session]:
    """
    Return the sessions whose registers have closed and that Rollcall has not closed yet, oldest first.

    Of this academic year, of the last ten school days, and not before the first register taken here. Where
    year groups keep other times a session waits for the last of them. One statement.
    """
    on = at.date()
    return list(
        Session.objects.raw(
            DUE,
            {
                "school": school.pk,
                "on": on,
                "at": at,
                "year": academic_year_of(on),
                "days": SCHOOL_DAYS_BACK,
            },
        )
    )


def close_due(school: School, *, by: User, at: datetime) -> list[Closed]:
    """
    Close every session that is due and return what was set; sessions that somebody is writing to wait.

    `at` is the moment of the closing, in the school's time zone: marks set late say so in their history.
    """
    done = []
    for session in due_sessions(school, at=at):
        try:
            closed = close_session(school, session, by=by, at=at)
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) != LOCK_NOT_AVAILABLE:
                raise
            logger.info("closing of session %s waits: its marks are being saved", session.pk)
            continue
        if closed is not None:
            done.append(closed)
    return done


@transaction.atomic
def close_session(school: School, session: Session, *, by: User, at: datetime) -> Closed | None:
    """
    Give every pupil on roll without a mark in this session one, as one batch; None when it is closed already.

    :raises OperationalError: somebody is saving marks of this session; nothing was changed
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LONGEST_WAIT])
        closing_id = _claim(cursor, school, session, at=at)
        if closing_id is None:
            return None
        with attribution(
            by=by,
            at=at,
            reason=f"The register closed at {clock(session.closes_at)} without a mark.",
            position=SET_BY_ROLLCALL,
        ):
            # Sorted like every writer of many marks, so that two of them meet at the same row first.
            cursor.execute(FILL, {"session": session.pk, "at": at, "by": by.pk})
            filled = cursor.fetchall()
    counts = _counts_by_class(session, filled)
    ClassClosing.objects.bulk_create(
        [
            ClassClosing(
                closing_id=closing_id, class_group_id=class_group_id, was_begun=was_begun, **set_there
            )
            for (class_group_id, was_begun), set_there in counts.items()
        ]
    )
    known_ahead = sum(source == "ahead" for _, source in filled)
    closed = Closed(session, known_ahead, len(filled) - known_ahead)
    RegisterClosing.objects.filter(pk=closing_id).update(
        known_ahead=closed.known_ahead, unexplained=closed.unexplained
    )
    return closed


def _claim(cursor: CursorWrapper, school: School, session: Session, *, at: datetime) -> int | None:
    """Write down the closing before anything else: a second worker finds it and has nothing to do."""
    cursor.execute(
        "INSERT INTO registers_registerclosing (school_id, session_id, closed_at, known_ahead, unexplained)"
        " VALUES (%s, %s, %s, 0, 0) ON CONFLICT (session_id) DO NOTHING RETURNING id",
        [school.pk, session.pk, at],
    )
    row = cursor.fetchone()
    return None if row is None else int(row[0])


# The view of what is known ahead names only codes that can stand there, so that one wrong arrangement cannot
# keep a whole school's register from closing.
FILL = """
WITH present AS MATERIALIZED (
    SELECT DISTINCT e.pupil_id AS id FROM registers_session AS s
    JOIN registers_enrolment AS e ON e.school_id = s.school_id
        AND e.starts_on <= s."on" AND (e.leaving_on IS NULL OR e.leaving_on >= s."on")
    WHERE s.id = %(session)s
        AND NOT EXISTS (
            SELECT FROM registers_mark AS m
            WHERE m.academic_year = s.academic_year AND m.session_id = s.id AND m.pupil_id = e.pupil_id
        )
), known AS MATERIALIZED (
    SELECT DISTINCT ON (x.pupil_id) x.pupil_id, x.code, x.nature
    FROM registers_expectation AS x
    WHERE x.session_id = %(session)s
    ORDER BY x.pupil_id, x.rank, x.code
)
INSERT INTO registers_mark (
    academic_year, pupil_id, session_id, school_id, code, arrived_at, nature,
    recorded_at, recorded_by_id, source
)
SELECT s.academic_year, present.id, s.id, s.school_id, coalesce(known.code, 'N'), NULL,
    coalesce(known.nature, ''), %(at)s, %(by)s, CASE WHEN known.code IS NULL THEN 'system' ELSE 'ahead' END
FROM registers_session AS s
CROSS JOIN present LEFT JOIN known ON known.pupil_id = present.id
WHERE s.id = %(session)s
ORDER BY present.id
ON CONFLICT (academic_year, pupil_id, session_id) DO NOTHING
RETURNING pupil_id, source
"""

CLASSES = """
SELECT m.pupil_id, m.class_group_id, EXISTS (
    SELECT FROM registers_register AS r WHERE r.class_group_id = m.class_group_id AND r.session_id = s.id
)
FROM registers_session AS s JOIN registers_classmembership AS m
    ON m.starts_on <= s."on" AND (m.ends_on IS NULL OR m.ends_on >= s."on")
WHERE s.id = %(session)s AND m.pupil_id = ANY (%(pupils)s)
"""


def _counts_by_class(
    session: Session, filled: Sequence[tuple[int, str]]
) -> dict[tuple[int, bool], dict[str, int]]:
    """Return what was set in each class, by class and whether its register was begun."""
    if not filled:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(CLASSES, {"session": session.pk, "pupils": [pupil_id for pupil_id, _ in filled]})
        class_of = {pupil_id: (group, was_begun) for pupil_id, group, was_begun in cursor.fetchall()}
    counts: dict[tuple[int, bool], dict[str, int]] = {}
    for pupil_id, source in filled:
        if pupil_id in class_of:  # a pupil without a class gets a mark and is on the page of checks
            of_class = counts.setdefault(class_of[pupil_id], {"known_ahead": 0, "unexplained": 0})
            of_class["known_ahead" if source == "ahead" else "unexplained"] += 1
    return counts
