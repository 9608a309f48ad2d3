"""
The times of registers: of a school's day, of a class in a session, of a pupil in a session.

A session carries the school's times; year groups that keep others have a row of their own for the session. A
class keeps the times of its pupils where all of them share them that day, and the school's otherwise.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import School
from registers.models import ClassGroup, DayTimes, Pupil, Session
from registers.rules.times import SessionTimes


@dataclass(frozen=True)
class SessionTimesAt:
    """When a register of one session opens, from when an arrival is late, and when it closes."""

    opens_at: datetime
    late_after_at: datetime
    closes_at: datetime

    def is_open(self, at: datetime) -> bool:
        """Say whether the register can be taken without a reason; both ends count as open."""
        return self.opens_at <= at <= self.closes_at

    def is_closed(self, at: datetime) -> bool:
        """Say whether the register has closed: from then on a change needs a reason."""
        return at > self.closes_at

    def apply_to(self, session: Session) -> None:
        """Let a session in hand, which is not saved, be that of the class: everything after asks it."""
        session.opens_at, session.late_after_at = self.opens_at, self.late_after_at
        session.closes_at = self.closes_at

    def as_rule(self, half: str) -> SessionTimes:
        """Return the times on the clock, by which an arrival is judged."""
        opens, late_after, closes = (
            timezone.localtime(at).time().replace(second=0, microsecond=0)
            for at in (self.opens_at, self.late_after_at, self.closes_at)
        )
        return SessionTimes(half, opens, late_after, closes)


# One row for each of some classes and sessions; a class without pupils that day has none. To be joined or
# read by itself: `%(classes)s` and `%(sessions)s` are arrays of ids.
CLASS_TIMES = """
SELECT m.class_group_id, s.id AS session_id,
    CASE WHEN count(DISTINCT given.of_pupil) = 1 THEN min(given.opens_at) ELSE s.opens_at END AS opens_at,
    CASE WHEN count(DISTINCT given.of_pupil) = 1 THEN min(given.late_after_at) ELSE s.late_after_at END
        AS late_after_at,
    CASE WHEN count(DISTINCT given.of_pupil) = 1 THEN min(given.closes_at) ELSE s.closes_at END AS closes_at
FROM registers_session AS s
JOIN registers_classmembership AS m ON m.school_id = s.school_id
    AND m.starts_on <= s."on" AND (m.ends_on IS NULL OR m.ends_on >= s."on")
LEFT JOIN registers_yeargrouptimes AS y ON y.session_id = s.id AND y.year_group = m.year_group
CROSS JOIN LATERAL (
    SELECT opens_at, late_after_at, closes_at, (opens_at, late_after_at, closes_at) AS of_pupil
    FROM (SELECT
        coalesce(y.opens_at, s.opens_at) AS opens_at,
        coalesce(y.late_after_at, s.late_after_at) AS late_after_at,
        coalesce(y.closes_at, s.closes_at) AS closes_at
    ) AS own
) AS given
WHERE s.id = ANY (%(sessions)s) AND m.class_group_id = ANY (%(classes)s)
    AND EXISTS (
        SELECT FROM registers_enrolment AS e
        WHERE e.pupil_id = m.pupil_id AND e.starts_on <= s."on"
            AND (e.leaving_on IS NULL OR e.leaving_on >= s."on")
    )
GROUP BY m.class_group_id, s.id
"""


def session_times(session: Session) -> SessionTimesAt:
    """Return the school's own times of a session."""
    return SessionTimesAt(session.opens_at, session.late_after_at, session.closes_at)


def times_of_classes(
    class_ids: Collection[int], sessions: Sequence[Session]
) -> dict[tuple[int, int], SessionTimesAt]:
    """Return the times of each class in each session, by class id and session id. One statement."""
    times = {(one, session.pk): session_times(session) for one in class_ids for session in sessions}
    with connection.cursor() as cursor:
        cursor.execute(
            CLASS_TIMES, {"classes": list(class_ids), "sessions": [session.pk for session in sessions]}
        )
        for class_id, session_id, opens_at, late_after_at, closes_at in cursor.fetchall():
            times[class_id, session_id] = SessionTimesAt(opens_at, late_after_at, closes_at)
    return times


def class_times(class_group: ClassGroup, session: Session) -> SessionTimesAt:
    """Return the times of one class in one session. One statement."""
    return times_of_classes([class_group.pk], [session])[class_group.pk, session.pk]


PUPIL_TIMES = """
SELECT m.pupil_id, y.opens_at, y.late_after_at, y.closes_at
FROM registers_session AS s
JOIN registers_yeargrouptimes AS y ON y.session_id = s.id
JOIN registers_classmembership AS m ON m.year_group = y.year_group AND m.school_id = s.school_id
    AND m.starts_on <= s."on" AND (m.ends_on IS NULL OR m.ends_on >= s."on")
WHERE s.id = %(session)s AND m.pupil_id = ANY (%(pupils)s)
"""


def times_of_pupils(pupil_ids: Collection[int], session: Session) -> dict[int, SessionTimesAt]:
    """Return the times of each pupil in a session: the year group's, or the school's. One statement."""
    times = dict.fromkeys(pupil_ids, session_times(session))
    with connection.cursor() as cursor:
        cursor.execute(PUPIL_TIMES, {"session": session.pk, "pupils": list(pupil_ids)})
        for pupil_id, opens_at, late_after_at, closes_at in cursor.fetchall():
            times[pupil_id] = SessionTimesAt(opens_at, late_after_at, closes_at)
    return times


def pupil_times(pupil: Pupil, session: Session) -> SessionTimesAt:
    """Return the times by which one pupil's arrival is judged in a session. One statement."""
    return times_of_pupils([pupil.pk], session)[pupil.pk]


def day_times_on(school: School, on: date) -> QuerySet[DayTimes]:
    """Return the lines of the school's day that hold on a day, those of year groups too. One statement."""
    rows = DayTimes.objects.filter(school=school)
    latest = rows.filter(starts_on__lte=on).order_by("-starts_on").values("starts_on")[:1]
    return rows.filter(starts_on=latest)
