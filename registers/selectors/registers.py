"""The register of a class, the day of a school and the history of a mark, as pages show them."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import NamedTuple

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


class RecentMark(NamedTuple):
    """
    A mark of an earlier session, shown small beside the name; no code: none was taken.

    A page has three hundred of them, and a tuple is the quickest to make.
    """

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
    word: str  # what was told of an absence that nobody has judged yet
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


# The pupils of a class, one row each: the times of their year group, what is known of them ahead, what stands
# for them in this session and in those before it, and who took the register. One statement, so that it
# takes as long for thirty pupils as for three. The years stand there as numbers, so that the planner looks at
# the partitions of two years; what is known ahead comes from a function, whose plan each connection keeps.
REGISTER_ROWS = """
WITH recent AS MATERIALIZED (
    SELECT id, "on", half, academic_year, number FROM registers_session
    WHERE school_id = %(school)s AND academic_year IN (%(year)s, %(year)s - 1)
        AND number >= %(number)s - %(sessions)s AND number < %(number)s
), of_class AS MATERIALIZED (
    SELECT DISTINCT ON (pupil_id) pupil_id, year_group FROM registers_classmembership
    WHERE class_group_id = %(class_group)s
        AND starts_on <= %(on)s AND (ends_on IS NULL OR ends_on >= %(on)s)
    ORDER BY pupil_id, starts_on DESC
), told AS MATERIALIZED (
    SELECT DISTINCT ON (pupil_id) pupil_id, words FROM registers_absenceword
    WHERE school_id = %(school)s AND settled_at IS NULL
        AND first_day <= %(on)s AND (first_day < %(on)s OR first_half <= %(half)s)
        AND last_day >= %(on)s AND (last_day > %(on)s OR last_half >= %(half)s)
    ORDER BY pupil_id, came_at DESC, id DESC
)
SELECT p.id, p.school_id, p.surname, p.forename, p.date_of_birth,
    y.opens_at, y.late_after_at, y.closes_at,
    x.code, x.nature, x.reason, x.is_excused,
    k.code, k.arrived_at, k.nature, k.source,
    told.words, r.session_ids, r.codes,
    -- What is of all alike stands with the first pupil only.
    CASE WHEN row_number() OVER in_order = 1 THEN (SELECT array_agg(id ORDER BY number) FROM recent) END,
    CASE WHEN row_number() OVER in_order = 1 THEN (SELECT array_agg("on" ORDER BY number) FROM recent) END,
    CASE WHEN row_number() OVER in_order = 1 THEN (SELECT array_agg(half ORDER BY number) FROM recent) END,
    t.id, t.taken_by_id, u.name,
    CASE WHEN row_number() OVER in_order = 1 THEN t.taken_at END,
    CASE WHEN row_number() OVER in_order = 1 THEN t.saved_at END
FROM of_class AS c
JOIN registers_pupil AS p ON p.id = c.pupil_id
LEFT JOIN registers_yeargrouptimes AS y ON y.session_id = %(session)s AND y.year_group = c.year_group
LEFT JOIN registers_expected_in(%(school)s, %(session)s) AS x ON x.pupil_id = p.id
LEFT JOIN registers_mark AS k
    ON k.academic_year = %(year)s AND k.pupil_id = p.id AND k.session_id = %(session)s
LEFT JOIN LATERAL (
    SELECT array_agg(m.session_id) AS session_ids, array_agg(m.code) AS codes
    FROM (
        SELECT session_id, code FROM registers_mark
        WHERE academic_year = %(year)s AND pupil_id = p.id
            AND session_id = ANY (ARRAY(SELECT id FROM recent WHERE academic_year = %(year)s))
        UNION ALL
        SELECT session_id, code FROM registers_mark
        WHERE academic_year = %(year)s - 1 AND pupil_id = p.id
            AND session_id = ANY (ARRAY(SELECT id FROM recent WHERE academic_year = %(year)s - 1))
    ) AS m
) AS r ON %(sessions)s > 0
LEFT JOIN told ON told.pupil_id = p.id
LEFT JOIN registers_register AS t
    ON t.class_group_id = %(class_group)s AND t.session_id = %(session)s
LEFT JOIN accounts_user AS u ON u.id = t.taken_by_id
WHERE EXISTS (
    SELECT FROM registers_enrolment AS e
    WHERE e.pupil_id = p.id
        AND e.starts_on <= %(on)s AND (e.leaving_on IS NULL OR e.leaving_on >= %(on)s)
)
WINDOW in_order AS (ORDER BY p.surname, p.forename, p.id)
ORDER BY p.surname, p.forename, p.id
"""
# What a register shows of a pupil, in the order of the model; a page of thirty pupils carries nothing else.
PUPIL_FIELDS = ("id", "school_id", "surname", "forename", "date_of_birth")


def register_parameters(
    class_group: ClassGroup, session: Session, *, recent_days: int = RECENT_SCHOOL_DAYS
) -> dict[str, int | str | date]:
    """Return what REGISTER_ROWS asks for."""
    return {
        "school": class_group.school_id,
        "class_group": class_group.pk,
        "session": session.pk,
        "on": session.on,
        "half": session.half,
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
        found = cursor.fetchall()
    own_times = session_times(session)
    if not found:
        return RegisterPage(class_group, session, None, (), own_times)
    width = len(PUPIL_FIELDS)
    session_ids, days, halves = (part or () for part in found[0][width + 14 : width + 17])
    register = _register_of(class_group, session, *found[0][width + 17 :])
    rows: list[RegisterRow] = []
    times: set[SessionTimesAt] = set()
    for line in found:
        opens_at, late_after_at, closes_at = line[width : width + 3]
        times.add(own_times if opens_at is None else SessionTimesAt(opens_at, late_after_at, closes_at))
        known_code, known_nature, reason, is_excused = line[width + 3 : width + 7]
        code, arrived_at, nature, source, word, marked, codes = line[width + 7 : width + 14]
        code_of = dict(zip(marked, codes, strict=True)) if marked else {}
        rows.append(
            RegisterRow(
                pupil=Pupil.from_db(connection.alias, PUPIL_FIELDS, line[:width]),
                code=code or "",
                arrived_at=arrived_at,
                nature=nature or "",
                source=source or "",
                expected=Expected(known_code, reason, known_nature) if known_code else None,
                is_excused=bool(is_excused),
                word=word or "",
                recent=tuple(
                    RecentMark(on, half, code_of.get(session_id, ""))
                    for session_id, on, half in zip(session_ids, days, halves, strict=True)
                ),
            )
        )
    return RegisterPage(
        class_group, session, register, tuple(rows), times.pop() if len(times) == 1 else own_times
    )


def _register_of(
    class_group: ClassGroup,
    session: Session,
    pk: int | None,
    taken_by_id: int,
    taken_by_name: str,
    taken_at: datetime,
    saved_at: datetime,
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
