"""
Setting any marks of a school at once: some pupils, some sessions, one person, one reason.

The register page saves one class and session (`marks.save_marks`); everything that cuts across sessions or
classes comes here. All of it stands or none of it, in one transaction. First marks are one batch of the
history, changes of marks another, marks taken away a third: the database keeps a batch for each kind of
statement.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import IntegrityError, connection
from django.db.backends.utils import CursorWrapper

from accounts.errors import DomainError
from accounts.models import School, User
from registers.models import Pupil, Session
from registers.services.marks import (
    MarkInput,
    RegisterClosed,
    Saved,
    attribution,
    faults_in,
    sentence_of,
)
from registers.words import day

# A mark's place: pupil and session.
Place = tuple[int, int]
# What stands there: code, arrival time, nature.
Values = tuple[str, time | None, str]
NO_MARK: Values = ("", None, "")


@dataclass(frozen=True)
class WantedMark:
    """What is to stand for a pupil in a session. An empty code clears the mark."""

    pupil_id: int
    session_id: int
    code: str
    arrived_at: time | None = None
    nature: str = ""
    # The code that the person saw there; None: not asked for.
    seen_code: str | None = None
    source: str = ""  # how the mark is made, where not as the others of its set

    @property
    def place(self) -> Place:
        """Return pupil and session."""
        return (self.pupil_id, self.session_id)

    @property
    def values(self) -> Values:
        """Return code, arrival time and nature as they are to stand."""
        return (self.code, self.arrived_at, self.nature.strip()) if self.code else NO_MARK


class MarkSetRefused(DomainError):
    """Some marks cannot stand, so none was set; `faults` says why for each pupil and session."""

    def __init__(self, faults: Mapping[Place, str]) -> None:
        super().__init__("Some marks cannot be set: nothing was changed.")
        self.faults = dict(faults)


class MarkSetChangedMeanwhile(DomainError):
    """
    Somebody else changed some of these marks since they were shown; `current` has the code that stands now.
    """

    def __init__(self, current: Mapping[Place, str]) -> None:
        super().__init__("Somebody else changed some of these marks meanwhile: nothing was changed.")
        self.current = dict(current)


@dataclass(frozen=True)
class StandingMark:
    """What stands for a pupil in a session, and what may stand there."""

    pupil_id: int
    session: Session  # with the times of the pupil's year group
    date_of_birth: date
    is_on_roll: bool
    has_timetable: bool  # a part-time timetable excuses the pupil from the session
    values: Values
    source: str  # how the mark was made; empty without one

    @property
    def place(self) -> Place:
        """Return pupil and session."""
        return (self.pupil_id, self.session.pk)

    @property
    def was_set_at_closing(self) -> bool:
        """Say whether the mark is what the closing of the register set, which nobody chose."""
        return self.source == "ahead" or (self.values[0], self.source) == ("N", "system")

    @property
    def words(self) -> str:
        """Return the session in words: Tue 24 Nov AM."""
        return f"{day(self.session.on)} {self.session.half}"


STANDING = """
SELECT wanted.pupil_id, p.date_of_birth, s.id, s."on", s.half, s.status, s.academic_year,
    coalesce(y.opens_at, s.opens_at), coalesce(y.late_after_at, s.late_after_at),
    coalesce(y.closes_at, s.closes_at),
    EXISTS (
        SELECT FROM registers_enrolment AS e
        WHERE e.pupil_id = p.id AND e.starts_on <= s."on"
            AND (e.leaving_on IS NULL OR e.leaving_on >= s."on")
    ),
    EXISTS (
        SELECT FROM registers_parttimetimetable AS t
        JOIN registers_timetableabsence AS a ON a.timetable_id = t.id
        WHERE t.pupil_id = p.id AND s."on" BETWEEN t.first_day AND t.last_day
            AND a.weekday = extract(isodow FROM s."on")::int - 1 AND a.half = s.half
    ),
    coalesce(k.code, ''), k.arrived_at, coalesce(k.nature, ''), coalesce(k.source, '')
FROM unnest(%(pupils)s::bigint[], %(sessions)s::bigint[]) AS wanted (pupil_id, session_id)
JOIN registers_session AS s ON s.id = wanted.session_id AND s.school_id = %(school)s
JOIN registers_pupil AS p ON p.id = wanted.pupil_id AND p.school_id = %(school)s
LEFT JOIN registers_mark AS k
    ON k.academic_year = s.academic_year AND k.pupil_id = p.id AND k.session_id = s.id
LEFT JOIN LATERAL (
    SELECT g.opens_at, g.late_after_at, g.closes_at
    FROM registers_classmembership AS m
    JOIN registers_yeargrouptimes AS g ON g.session_id = s.id AND g.year_group = m.year_group
    WHERE m.pupil_id = p.id AND m.starts_on <= s."on" AND (m.ends_on IS NULL OR m.ends_on >= s."on")
    LIMIT 1
) AS y ON true
ORDER BY s."on", s.half, p.id
"""


def standing_marks(school: School, places: Iterable[Place]) -> dict[Place, StandingMark]:
    """
    Return what stands at each place, in the order of the sessions. One statement, however many places.

    A place whose pupil or session is not the school's is left out.
    """
    asked = list(dict.fromkeys(places))
    with connection.cursor() as cursor:
        cursor.execute(
            STANDING,
            {
                "school": school.pk,
                "pupils": [pupil_id for pupil_id, _ in asked],
                "sessions": [session_id for _, session_id in asked],
            },
        )
        found = [
            StandingMark(
                pupil_id=row[0],
                session=Session(
                    id=row[2],
                    school_id=school.pk,
                    on=row[3],
                    half=row[4],
                    status=row[5],
                    academic_year=row[6],
                    opens_at=row[7],
                    late_after_at=row[8],
                    closes_at=row[9],
                ),
                date_of_birth=row[1],
                is_on_roll=row[10],
                has_timetable=row[11],
                values=(row[12], row[13], row[14]),
                source=row[15],
            )
            for row in cursor.fetchall()
        ]
    return {mark.place: mark for mark in found}


def fault_of(wanted: WantedMark, standing: StandingMark | None) -> str | None:
    """Return why a mark cannot stand at its place as a sentence fit to show, or None when it can."""
    if standing is None:
        return "There is no such pupil or session at this school."
    if not wanted.code:
        return None
    if not standing.session.is_held:
        return "The school was closed for this session."
    if not standing.is_on_roll:
        return "The pupil was not on roll on this day."
    pupil = Pupil(id=wanted.pupil_id, date_of_birth=standing.date_of_birth)
    found = faults_in(
        [MarkInput(wanted.pupil_id, wanted.code, wanted.arrived_at, wanted.nature)],
        session=standing.session,
        pupils={pupil.pk: pupil},
        with_timetable=frozenset({pupil.pk} if standing.has_timetable else ()),
    )
    return found.get(wanted.pupil_id)


def set_marks(
    school: School,
    wanted: Sequence[WantedMark],
    *,
    by: User,
    at: datetime,
    reason: str = "",
    position: str = "",
    source: str = "office",
) -> Saved:
    """
    Make these marks stand, all of them or none, in one transaction and at most five statements.

    Marks equal to what stands are left alone. First marks need no reason; a change of an existing mark needs
    one once its register has closed by the times of the pupil's year group, and the history keeps the
    original (SI 2024/208 regulation 6). Where somebody saw no mark and the closing of the register set one
    since, what they chose stands, and what they left empty stays as the closing set it.

    :raises MarkSetRefused: some marks cannot stand there
    :raises MarkSetChangedMeanwhile: a mark is not what its `seen_code` says, or changes at this very moment
    :raises RegisterClosed: a closed register's mark would change without a reason
    """
    by_place = {mark.place: mark for mark in wanted}
    if len(by_place) < len(wanted):
        raise DomainError("One mark was given twice.")
    if not by_place:
        return Saved(recorded=0, changed=0, cleared=0)
    try:
        with attribution(by=by, at=at, reason=reason, position=position), connection.cursor() as cursor:
            _lock_registers(cursor, by_place)
            standing = standing_marks(school, by_place)
            changes = _changes_of(by_place, standing)
            touched = [mark for mark in changes if standing[mark.place].values != NO_MARK]
            if not reason.strip() and any(at > standing[mark.place].session.closes_at for mark in touched):
                raise RegisterClosed("The register has closed: give a reason for the change.")
            cleared = [mark for mark in changes if not mark.code]
            recorded = [mark for mark in changes if mark.code]
            if recorded:
                _write(cursor, school, recorded, standing, by=by, at=at, source=source)
            if cleared:
                _clear(cursor, school, cleared, standing)
    except IntegrityError as error:
        raise DomainError(sentence_of(error)) from error
    changed = len([mark for mark in recorded if standing[mark.place].values != NO_MARK])
    return Saved(recorded=len(recorded) - changed, changed=changed, cleared=len(cleared))


def _changes_of(
    wanted: Mapping[Place, WantedMark], standing: Mapping[Place, StandingMark]
) -> list[WantedMark]:
    """
    Return the marks that are not what stands there already, in the order in which rows are to be locked.

    :raises MarkSetRefused: some cannot stand there
    :raises MarkSetChangedMeanwhile: some are to replace another mark than the one that was seen
    """
    changes = [
        mark
        for place, mark in wanted.items()
        if place not in standing
        or (mark.values != standing[place].values and not _is_left_to_closing(mark, standing[place]))
    ]
    faults = {
        mark.place: fault
        for mark in changes
        if (fault := fault_of(mark, standing.get(mark.place))) is not None
    }
    if faults:
        raise MarkSetRefused(faults)
    changed_meanwhile = {
        mark.place: standing[mark.place].values[0]
        for mark in changes
        if mark.seen_code is not None
        and standing[mark.place].values[0] not in (mark.seen_code, mark.code)
        and not (mark.seen_code == "" and standing[mark.place].was_set_at_closing)
    }
    if changed_meanwhile:
        raise MarkSetChangedMeanwhile(changed_meanwhile)
    return sorted(changes, key=lambda mark: mark.place)


def _is_left_to_closing(mark: WantedMark, standing: StandingMark) -> bool:
    """Say whether somebody saw no mark, left it so, and the closing of the register set one since."""
    return not mark.code and mark.seen_code == "" and standing.was_set_at_closing


# Whoever saves one of these registers now is waited for, and waits: the marks read next are the latest.
LOCK_REGISTERS = """
SELECT r.id FROM registers_register AS r
WHERE r.session_id = ANY (%(sessions)s) AND EXISTS (
    SELECT FROM registers_classmembership AS m
    WHERE m.class_group_id = r.class_group_id AND m.pupil_id = ANY (%(pupils)s)
)
ORDER BY r.id FOR NO KEY UPDATE
"""


def _lock_registers(cursor: CursorWrapper, places: Iterable[Place]) -> None:
    pupils, sessions = zip(*places, strict=True)
    cursor.execute(LOCK_REGISTERS, {"pupils": sorted(set(pupils)), "sessions": sorted(set(sessions))})


# Only what still stands as it was read is replaced, so that nobody's mark of this very moment is lost.
WRITE = """
INSERT INTO registers_mark AS m (
    academic_year, pupil_id, session_id, school_id, code, arrived_at, nature,
    recorded_at, recorded_by_id, source
)
SELECT w.academic_year, w.pupil_id, w.session_id, %(school)s, w.code, w.arrived_at, w.nature,
    %(at)s, %(by)s, w.source
FROM unnest(
    %(years)s::smallint[], %(pupils)s::bigint[], %(sessions)s::bigint[], %(codes)s::varchar[],
    %(arrivals)s::time[], %(natures)s::varchar[], %(sources)s::varchar[]
) AS w (academic_year, pupil_id, session_id, code, arrived_at, nature, source)
ON CONFLICT (academic_year, pupil_id, session_id) DO UPDATE SET
    code = excluded.code, arrived_at = excluded.arrived_at, nature = excluded.nature,
    recorded_at = excluded.recorded_at, recorded_by_id = excluded.recorded_by_id, source = excluded.source
WHERE (m.pupil_id, m.session_id, m.code, coalesce(m.arrived_at, '24:00'), m.nature) IN (
    SELECT seen.pupil_id, seen.session_id, seen.code, coalesce(seen.arrived_at, '24:00'), seen.nature
    FROM unnest(
        %(pupils)s::bigint[], %(sessions)s::bigint[], %(old_codes)s::varchar[], %(old_arrivals)s::time[],
        %(old_natures)s::varchar[]
    ) AS seen (pupil_id, session_id, code, arrived_at, nature)
)
"""


def _write(
    cursor: CursorWrapper,
    school: School,
    marks: Sequence[WantedMark],
    standing: Mapping[Place, StandingMark],
    *,
    by: User,
    at: datetime,
    source: str,
) -> None:
    before = [standing[mark.place] for mark in marks]
    cursor.execute(
        WRITE,
        {
            "school": school.pk,
            "at": at,
            "by": by.pk,
            "years": [mark.session.academic_year for mark in before],
            "pupils": [mark.pupil_id for mark in marks],
            "sessions": [mark.session_id for mark in marks],
            "codes": [mark.code for mark in marks],
            "arrivals": [mark.arrived_at for mark in marks],
            "natures": [mark.values[2] for mark in marks],
            "sources": [mark.source or source for mark in marks],
            "old_codes": [mark.values[0] for mark in before],
            "old_arrivals": [mark.values[1] for mark in before],
            "old_natures": [mark.values[2] for mark in before],
        },
    )
    _check_all_done(cursor, school, marks)


CLEAR = """
DELETE FROM registers_mark AS m
USING unnest(
    %(years)s::smallint[], %(pupils)s::bigint[], %(sessions)s::bigint[], %(codes)s::varchar[]
) AS w (academic_year, pupil_id, session_id, code)
WHERE m.academic_year = w.academic_year AND m.pupil_id = w.pupil_id AND m.session_id = w.session_id
    AND m.code = w.code
"""


def _clear(
    cursor: CursorWrapper,
    school: School,
    marks: Sequence[WantedMark],
    standing: Mapping[Place, StandingMark],
) -> None:
    before = [standing[mark.place] for mark in marks]
    cursor.execute(
        CLEAR,
        {
            "years": [mark.session.academic_year for mark in before],
            "pupils": [mark.pupil_id for mark in marks],
            "sessions": [mark.session_id for mark in marks],
            "codes": [mark.values[0] for mark in before],
        },
    )
    _check_all_done(cursor, school, marks)


def _check_all_done(cursor: CursorWrapper, school: School, marks: Sequence[WantedMark]) -> None:
    """Refuse when somebody changed one of the marks between reading and writing; the caller rolls back."""
    if cursor.rowcount != len(marks):
        current = standing_marks(school, [mark.place for mark in marks])
        raise MarkSetChangedMeanwhile({place: mark.values[0] for place, mark in current.items()})
