"""What stands in one class's register while people mark it, and what changed since they last looked."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import connection
from django.db.models import OuterRef, Subquery

from accounts.models import School
from registers.models import ClassGroup, HistoryHead, Mark, Session, TimetableAbsence


@dataclass(frozen=True)
class StandingMark:
    """What stands for one pupil, by whom and since when; an empty code: no mark."""

    code: str = ""
    arrived_at: time | None = None
    nature: str = ""
    source: str = ""
    by_id: int | None = None
    by_name: str = ""
    at: datetime | None = None

    @property
    def values(self) -> tuple[str, time | None, str]:
        """Return the three values that make two marks the same mark."""
        return (self.code, self.arrived_at, self.nature)


def standing_marks(session: Session, pupil_ids: Collection[int]) -> dict[int, StandingMark]:
    """Return what stands for each of these pupils that has a mark. One statement."""
    return {
        pupil_id: StandingMark(code, arrived_at, nature, source, by_id, by_name, at)
        for pupil_id, code, arrived_at, nature, source, by_id, by_name, at in Mark.objects.filter(
            academic_year=session.academic_year, session=session, pupil__in=pupil_ids
        ).values_list(
            "pupil_id",
            "code_id",
            "arrived_at",
            "nature",
            "source",
            "recorded_by_id",
            "recorded_by__name",
            "recorded_at",
        )
    }


def excused_by_timetable(session: Session, pupil_ids: Collection[int]) -> frozenset[int]:
    """Return those of these pupils whom a part-time timetable excuses from the session. One statement."""
    return frozenset(
        TimetableAbsence.objects.filter(
            timetable__pupil__in=pupil_ids,
            timetable__first_day__lte=session.on,
            timetable__last_day__gte=session.on,
            weekday=session.on.weekday(),
            half=session.half,
        ).values_list("timetable__pupil_id", flat=True)
    )


# Only the class's own pupils, and only those whose mark of this session changed: usually none or one.
CHANGED_MARKS = """
SELECT DISTINCT e.pupil_id, k.code, k.arrived_at, k.nature, k.source, k.recorded_by_id, u.name, k.recorded_at
FROM registers_entrybatch AS b
JOIN registers_markentry AS e
    ON e.academic_year = %(year)s AND e.batch_id = b.id AND e.session_id = %(session)s
JOIN registers_classmembership AS m
    ON m.pupil_id = e.pupil_id AND m.class_group_id = %(class_group)s
    AND m.starts_on <= %(on)s AND (m.ends_on IS NULL OR m.ends_on >= %(on)s)
LEFT JOIN registers_mark AS k
    ON k.academic_year = e.academic_year AND k.pupil_id = e.pupil_id AND k.session_id = e.session_id
LEFT JOIN accounts_user AS u ON u.id = k.recorded_by_id
WHERE b.school_id = %(school)s AND b.number > %(since)s
ORDER BY e.pupil_id
"""


def session_with_number(school: School, *, on: date, half: str) -> tuple[Session, int] | None:
    """
    Return a session with the number of the latest link of the school's chain, 0 before the first.

    One statement: every open register asks this every few seconds.
    """
    number = HistoryHead.objects.filter(school=OuterRef("school")).values("number")
    session = Session.objects.filter(school=school, on=on, half=half).annotate(link=Subquery(number)).first()
    return None if session is None else (session, session.link or 0)


def changed_marks(class_group: ClassGroup, session: Session, *, since: int) -> dict[int, StandingMark]:
    """
    Return what stands now for each pupil of the class whose mark changed after that link. One statement.

    Links are numbered under the lock of the chain's head, so none with a lower number can appear later.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            CHANGED_MARKS,
            {
                "year": session.academic_year,
                "session": session.pk,
                "class_group": class_group.pk,
                "on": session.on,
                "school": class_group.school_id,
                "since": since,
            },
        )
        return {
            row[0]: StandingMark(
                row[1] or "", row[2], row[3] or "", row[4] or "", row[5], row[6] or "", row[7]
            )
            for row in cursor.fetchall()
        }
