"""The register of a class, the day of a school and the history of a mark, as pages show them."""

from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import groupby

from django.db import connection
from django.db.models import F, Q

from accounts.models import School, User
from registers.models import (
    ClassGroup,
    ClassMembership,
    MarkEntry,
    Pupil,
    Register,
    Session,
)
from registers.selectors.times import SessionTimesAt, session_times

RECENT_SCHOOL_DAYS = 5
PUPIL_FIELDS = tuple(field.attname for field in Pupil._meta.concrete_fields)


@dataclass(frozen=True)
class RecentMark:
    """A mark of an earlier session, shown small beside the name; no code: none was taken."""

    on: date
    half: str
    code: str


@dataclass(frozen=True)
class Expected:
    """A code that is known before the register is taken, with its reason."""

    code: str
    reason: str
    nature: str = ""


@dataclass(frozen=True)
class RegisterRow:
    """One pupil's line in a register."""

    pupil: Pupil
    code: str  # "" when no mark stands there
    arrived_at: time | None
    nature: str
    source: str
    expected: Expected | None  # the weightiest of what is known ahead
    is_excused: bool  # by a part-time timetable, or by age
    recent: tuple[RecentMark, ...]  # oldest first, AM and PM of the recent school days before this session

    @property
    def is_marked(self) -> bool:
        """Say whether a mark stands there."""
        return bool(self.code)


@dataclass(frozen=True)
class RegisterPage:
    """One class's register for one session."""

    class_group: ClassGroup
    session: Session
    register: Register | None
    rows: tuple[RegisterRow, ...]
    times: SessionTimesAt  # of the class: its year group's, or the school's

    @property
    def recent_days(self) -> tuple[date, ...]:
        """Return the days whose marks stand beside the names, oldest first."""
        return tuple(dict.fromkeys(recent.on for row in self.rows[:1] for recent in row.recent))

    @property
    def marked(self) -> int:
        """Return how many pupils have a mark."""
        return sum(row.is_marked for row in self.rows)

    @property
    def pupils(self) -> dict[int, Pupil]:
        """Return the pupils of the class on that day, by id."""
        return {row.pupil.pk: row.pupil for row in self.rows}

    @property
    def with_timetable(self) -> frozenset[int]:
        """Return the pupils whom a part-time timetable excuses from this session."""
        return frozenset(row.pupil.pk for row in self.rows if row.is_excused)


def pupils_in_class(class_group: ClassGroup, *, on: date) -> list[Pupil]:
    """Return the pupils in the class and on roll that day, as registers sort them. One statement."""
    return [
        membership.pupil
        for membership in ClassMembership.objects.filter(class_group=class_group, starts_on__lte=on)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))
        # Both conditions in one filter: of the same time on roll, not of two.
        .filter(
            Q(pupil__enrolments__leaving_on__isnull=True) | Q(pupil__enrolments__leaving_on__gte=on),
            pupil__enrolments__starts_on__lte=on,
        )
        .select_related("pupil")
        .order_by("pupil__surname", "pupil__forename", "pupil_id")
        .distinct()
    ]


# The pupils of a class with what stands for them in this session and in those before it: one row for each
# pupil and session, empty where no mark was taken; with the times of their year group, what is known of them
# ahead and who took the register. One statement, so that a register opens as fast for thirty pupils as for
# three; the years are named, so that the planner looks at two partitions and not at all of them.
REGISTER_ROWS = """
WITH recent AS (
    SELECT id, "on", half, academic_year, number FROM registers_session
    WHERE school_id = %(school)s AND status = 'held' AND number < %(number)s
    ORDER BY number DESC LIMIT %(sessions)s
), shown AS (
    SELECT * FROM recent
    UNION ALL
    SELECT id, "on", half, academic_year, number FROM registers_session WHERE id = %(session)s
), of_class AS (
    SELECT DISTINCT ON (pupil_id) pupil_id, year_group FROM registers_classmembership
    WHERE class_group_id = %(class_group)s
        AND starts_on <= %(on)s AND (ends_on IS NULL OR ends_on >= %(on)s)
    ORDER BY pupil_id, starts_on DESC
), expected AS (
    SELECT pupil_id, (array_agg(code ORDER BY rank))[1] AS code,
        (array_agg(nature ORDER BY rank))[1] AS nature, (array_agg(reason ORDER BY rank))[1] AS reason,
        bool_or(code IN ('C2', 'X')) AS is_excused
    FROM registers_expectation WHERE school_id = %(school)s AND session_id = %(session)s
        AND pupil_id IN (SELECT pupil_id FROM of_class)
    GROUP BY pupil_id
), taken AS (
    SELECT r.id, r.taken_at, r.saved_at, r.taken_by_id, u.name
    FROM registers_register AS r JOIN accounts_user AS u ON u.id = r.taken_by_id
    WHERE r.class_group_id = %(class_group)s AND r.session_id = %(session)s
), members AS (
    SELECT p.*, y.opens_at, y.late_after_at, y.closes_at, x.code AS expected_code,
        x.nature AS expected_nature, x.reason AS expected_reason, x.is_excused
    FROM of_class AS c
    JOIN registers_pupil AS p ON p.id = c.pupil_id
    LEFT JOIN registers_yeargrouptimes AS y ON y.session_id = %(session)s AND y.year_group = c.year_group
    LEFT JOIN expected AS x ON x.pupil_id = p.id
    WHERE EXISTS (
        SELECT FROM registers_enrolment AS e
        WHERE e.pupil_id = p.id
            AND e.starts_on <= %(on)s AND (e.leaving_on IS NULL OR e.leaving_on >= %(on)s)
    )
)
SELECT members.*, shown.id, shown."on", shown.half, k.code, k.arrived_at, k.nature, k.source,
    t.id, t.taken_at, t.saved_at, t.taken_by_id, t.name
FROM members CROSS JOIN shown
LEFT JOIN taken AS t ON shown.id = %(session)s
LEFT JOIN LATERAL (
    SELECT code, arrived_at, nature, source FROM registers_mark
    WHERE academic_year = shown.academic_year AND academic_year IN (%(year)s, %(year)s - 1)
        AND pupil_id = members.id AND session_id = shown.id
    OFFSET 0  -- looked up one by one: in a small school the planner would rather read the whole year
) AS k ON true
ORDER BY members.surname, members.forename, members.id, shown.number
"""


def register_parameters(
    class_group: ClassGroup, session: Session, *, recent_days: int = RECENT_SCHOOL_DAYS
) -> dict[str, int | str | date]:
    """Return what REGISTER_ROWS asks for."""
    return {
        "school": class_group.school_id,
        "class_group": class_group.pk,
        "session": session.pk,
        "on": session.on,
        "year": session.academic_year,
        "number": session.number or 0,
        "sessions": recent_days * 2,
    }


def register_page(
    class_group: ClassGroup, session: Session, *, recent_days: int = RECENT_SCHOOL_DAYS
) -> RegisterPage:
    """
    Return everything the register of this class and session shows. One statement, however many pupils.

    Somebody who saves needs no marks of earlier days: `recent_days=0` leaves them out.
    """
    with connection.cursor() as cursor:
        cursor.execute(REGISTER_ROWS, register_parameters(class_group, session, recent_days=recent_days))
        columns = [column.name for column in cursor.description]
        found = cursor.fetchall()
    width = columns.index("opens_at")
    places = [columns.index(name) for name in PUPIL_FIELDS]
    own_times = session_times(session)
    rows: list[RegisterRow] = []
    times: set[SessionTimesAt] = set()
    register: Register | None = None
    for _, lines in groupby(found, key=lambda line: line[0]):
        recent: list[RecentMark] = []
        today: tuple[str, time | None, str, str] = ("", None, "", "")
        for line in lines:
            session_id, on, half, code, arrived_at, nature, source = line[width + 7 : width + 14]
            if session_id == session.pk:
                today = (code or "", arrived_at, nature or "", source or "")
                register = register or _register_of(class_group, session, *line[width + 14 :])
            else:
                recent.append(RecentMark(on, half, code or ""))
        opens_at, late_after_at, closes_at = line[width : width + 3]
        times.add(own_times if opens_at is None else SessionTimesAt(opens_at, late_after_at, closes_at))
        known_code, known_nature, reason, is_excused = line[width + 3 : width + 7]
        code, arrived_at, nature, source = today
        rows.append(
            RegisterRow(
                pupil=Pupil.from_db(connection.alias, PUPIL_FIELDS, [line[place] for place in places]),
                code=code,
                arrived_at=arrived_at,
                nature=nature,
                source=source,
                expected=Expected(known_code, reason, known_nature) if known_code else None,
                is_excused=bool(is_excused),
                recent=tuple(recent),
            )
        )
    return RegisterPage(
        class_group, session, register, tuple(rows), times.pop() if len(times) == 1 else own_times
    )


def _register_of(
    class_group: ClassGroup,
    session: Session,
    pk: int | None,
    taken_at: datetime,
    saved_at: datetime,
    taken_by_id: int,
    taken_by_name: str,
) -> Register | None:
    if pk is None:
        return None
    return Register(
        pk=pk,
        school_id=class_group.school_id,
        class_group=class_group,
        session=session,
        taken_at=taken_at,
        saved_at=saved_at,
        taken_by=User(pk=taken_by_id, name=taken_by_name),
    )


def sessions_of_day(school: School, *, on: date) -> list[Session]:
    """Return the sessions in the calendar of that day, morning first; closed ones too."""
    return list(Session.objects.filter(school=school, on=on).order_by("half"))


def next_school_day(school: School, *, after: date) -> date | None:
    """Return the next day with a session held."""
    return (
        Session.objects.filter(school=school, status="held", on__gt=after)
        .order_by("on", "half")
        .values_list("on", flat=True)
        .first()
    )


def previous_school_day(school: School, *, before: date) -> date | None:
    """Return the latest earlier day with a session held."""
    return (
        Session.objects.filter(school=school, status="held", on__lt=before)
        .order_by("-on", "half")
        .values_list("on", flat=True)
        .first()
    )


@dataclass(frozen=True)
class Change:
    """One change of one mark, in the order in which they were made. Empty code: no mark."""

    old_code: str
    new_code: str
    by_name: str
    by_position: str
    at: datetime
    reason: str
    written_at: datetime  # when it reached the database: later than `at` for marks typed without a network
    closes_at: datetime  # from then on a change is an amendment
    old_arrived_at: time | None = None
    new_arrived_at: time | None = None
    old_nature: str = ""
    new_nature: str = ""

    @property
    def is_amendment(self) -> bool:
        """Say whether a mark was changed after its register had closed (SI 2024/208 regulation 6)."""
        return bool(self.old_code) and self.at > self.closes_at

    @property
    def was_written_later(self) -> bool:
        """Say whether the change reached the database more than a minute after the person made it."""
        return (self.written_at - self.at).total_seconds() > 60


def history_of_mark(pupil: Pupil, session: Session) -> list[Change]:
    """Return every change of a pupil's mark in a session, oldest first. One statement."""
    return [
        Change(
            old_code=entry["old_code"] or "",
            new_code=entry["new_code"] or "",
            by_name=entry["author"],
            by_position=entry["batch__by_position"],
            at=entry["batch__at"],
            reason=entry["batch__reason"],
            written_at=entry["batch__written_at"],
            closes_at=session.closes_at,
            old_arrived_at=entry["old_arrived_at"],
            new_arrived_at=entry["new_arrived_at"],
            old_nature=entry["old_nature"] or "",
            new_nature=entry["new_nature"] or "",
        )
        for entry in MarkEntry.objects.filter(
            academic_year=session.academic_year, pupil=pupil, session=session
        )
        .order_by("batch__number")
        .values(
            "old_code",
            "new_code",
            "batch__by_position",
            "batch__at",
            "batch__reason",
            "batch__written_at",
            "old_arrived_at",
            "new_arrived_at",
            "old_nature",
            "new_nature",
            author=F("batch__by_name"),
        )
    ]
