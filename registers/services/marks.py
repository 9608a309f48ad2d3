"""
Writing marks. Every change of a mark in Rollcall goes through this module (those of a file through
`mark_imports`), and from there through the checks and the history that the database keeps itself
(migrations/sql/marks_and_history.sql).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import IntegrityError, connection, transaction
from django.db.backends.utils import CursorWrapper

from accounts.errors import DomainError
from accounts.models import School, User
from registers.models import ClassGroup, Pupil, Session
from registers.rules import codes
from registers.rules.age import is_compulsory_age


class RegisterClosed(DomainError):
    """The register closed and the change came without a reason."""


class MarksRefused(DomainError):
    """Some marks cannot stand; `faults` says why for each pupil."""

    def __init__(self, faults: Mapping[int, str]) -> None:
        super().__init__("Some marks cannot be saved.")
        self.faults = dict(faults)


class MarksChangedMeanwhile(DomainError):
    """
    Somebody else changed marks since the page was read; `current` has what stands there now for each pupil.
    """

    def __init__(self, current: Mapping[int, str]) -> None:
        super().__init__("Somebody else changed marks of this register while you had it open.")
        self.current = dict(current)


@dataclass(frozen=True)
class MarkInput:
    """What a person wants to stand for one pupil. An empty code clears the mark."""

    pupil_id: int
    code: str
    arrived_at: time | None = None
    nature: str = ""
    # The code that the person saw when the page was read; None: not asked for.
    seen_code: str | None = None


@dataclass(frozen=True)
class MarkRow:
    """One mark of a bulk load."""

    pupil_id: int
    session_id: int
    academic_year: int
    code: str
    arrived_at: time | None = None
    nature: str = ""


@dataclass(frozen=True)
class Saved:
    """What a save did, in numbers of marks."""

    recorded: int
    changed: int
    cleared: int


@contextmanager
def attribution(*, by: User, at: datetime, reason: str = "", position: str = "") -> Iterator[None]:
    """
    Tell the database who changes marks, when and why, for the transaction that this opens or is in.

    The settings end with the transaction (SET LOCAL), so that no pooled connection can lend one person's name
    to
    another's change.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('rollcall.by', %s, true), set_config('rollcall.by_name', %s, true),"
                " set_config('rollcall.by_position', %s, true), set_config('rollcall.at', %s, true),"
                " set_config('rollcall.reason', %s, true)",
                [str(by.pk), by.name, position, at.isoformat(), reason.strip()],
            )
        yield


def is_closed(session: Session, *, at: datetime) -> bool:
    """Say whether the session's register has closed: from then on a change needs a reason."""
    return at > session.closes_at


def faults_in(
    marks: Sequence[MarkInput],
    *,
    session: Session,
    pupils: Mapping[int, Pupil],
    with_timetable: frozenset[int],
) -> dict[int, str]:
    """Return why each mark that cannot stand cannot, by pupil, as a sentence fit to show."""
    faults: dict[int, str] = {}
    for mark in marks:
        if mark.pupil_id not in pupils:
            faults[mark.pupil_id] = "This pupil is not in the class on this day."
            continue
        if not mark.code:
            continue
        fault = codes.fault_of(mark.code, on=session.on, half=session.half)
        if fault is not None:
            faults[mark.pupil_id] = fault[0].upper() + fault[1:] + "."
            continue
        rule = codes.CODE_BY_SYMBOL[mark.code]
        compulsory = is_compulsory_age(pupils[mark.pupil_id].date_of_birth, session.on)
        if rule.age_rule == "non_compulsory" and compulsory:
            faults[mark.pupil_id] = f"Code {mark.code} is only for pupils outside compulsory school age."
        elif rule.age_rule == "compulsory" and not compulsory:
            faults[mark.pupil_id] = f"Code {mark.code} is only for pupils of compulsory school age."
        elif mark.code == "C2" and mark.pupil_id not in with_timetable:
            faults[mark.pupil_id] = "Code C2 needs a part-time timetable for this session."
        elif rule.nature_required and not mark.nature.strip():
            faults[mark.pupil_id] = codes.question_of_nature(rule) + "."
        elif mark.arrived_at is not None and mark.code not in {"/", "\\", *codes.LATE_CODES}:
            faults[mark.pupil_id] = "An arrival time goes with present, L or U only."
    return faults


def save_marks(
    class_group: ClassGroup,
    session: Session,
    *,
    marks: Sequence[MarkInput],
    pupils: Mapping[int, Pupil],
    with_timetable: frozenset[int],
    by: User,
    at: datetime,
    reason: str = "",
    position: str = "",
) -> Saved:
    """
    Save what somebody entered in one class's register, all of it or nothing, in one transaction.

    Until the register closes a mark may be set again without a reason; afterwards a change of an existing
    mark needs
    one, and the history keeps the original either way (SI 2024/208 regulation 6; 002:156-161). Marks equal to
    what
    stands there are left alone, so that saving twice changes nothing.

    `pupils` are the pupils of the class on that day and `with_timetable` those with a part-time timetable for
    the
    session, both as `selectors.registers.register_page` returns them.

    :raises MarksRefused: some codes cannot stand there
    :raises MarksChangedMeanwhile: a mark is not what its `seen_code` says
    :raises RegisterClosed: the register closed and a mark would change without a reason
    """
    if not session.is_held:
        raise DomainError("The school was closed for this session.")
    faults = faults_in(marks, session=session, pupils=pupils, with_timetable=with_timetable)
    if faults:
        raise MarksRefused(faults)
    closed = is_closed(session, at=at)
    try:
        with attribution(by=by, at=at, reason=reason, position=position), connection.cursor() as cursor:
            # One register row is locked, not the pupils: two savers of one class wait for each other, and a
            # rush of fourteen classes does not.
            cursor.execute(
                "INSERT INTO registers_register"
                " (school_id, class_group_id, session_id, taken_at, taken_by_id, saved_at)"
                " VALUES (%s, %s, %s, %s, %s, %s)"
                " ON CONFLICT (class_group_id, session_id) DO UPDATE SET saved_at = excluded.saved_at",
                [class_group.school_id, class_group.pk, session.pk, at, by.pk, at],
            )
            cursor.execute(
                "SELECT pupil_id, code, arrived_at, nature, source FROM registers_mark"
                " WHERE academic_year = %s AND session_id = %s AND pupil_id = ANY (%s)",
                [session.academic_year, session.pk, [mark.pupil_id for mark in marks]],
            )
            found = cursor.fetchall()
            current = {row[0]: (row[1], row[2], row[3]) for row in found}
            # What the closing of the register set was nobody's choice: whoever had the register open then and
            # saw no mark goes first, and what they left empty stays as the closing set it.
            set_at_closing = {
                row[0] for row in found if row[4] == "ahead" or (row[1], row[4]) == ("N", "system")
            }
            marks = [
                mark
                for mark in marks
                if mark.code or mark.seen_code != "" or mark.pupil_id not in set_at_closing
            ]
            changed_meanwhile = {
                mark.pupil_id: current.get(mark.pupil_id, ("",))[0]
                for mark in marks
                if mark.seen_code is not None
                and not (mark.seen_code == "" and mark.pupil_id in set_at_closing)
                and mark.seen_code != current.get(mark.pupil_id, ("",))[0]
                and mark.code != current.get(mark.pupil_id, ("",))[0]
            }
            if changed_meanwhile:
                raise MarksChangedMeanwhile(changed_meanwhile)
            wanted = {mark.pupil_id: (mark.code, mark.arrived_at, mark.nature.strip()) for mark in marks}
            set_again = [
                pupil_id
                for pupil_id, values in wanted.items()
                if values[0] and current.get(pupil_id) != values
            ]
            cleared = [
                pupil_id for pupil_id, values in wanted.items() if not values[0] and pupil_id in current
            ]
            touched = [pupil_id for pupil_id in [*set_again, *cleared] if pupil_id in current]
            if closed and touched and not reason.strip():
                raise RegisterClosed("The register has closed: give a reason for the change.")
            if set_again:
                _write_marks(
                    cursor,
                    session,
                    school_id=class_group.school_id,
                    marks={pupil_id: wanted[pupil_id] for pupil_id in set_again},
                    by=by,
                    at=at,
                    source="office" if closed else "register",
                )
            if cleared:
                cursor.execute(
                    "DELETE FROM registers_mark"
                    " WHERE academic_year = %s AND session_id = %s AND pupil_id = ANY (%s)",
                    [session.academic_year, session.pk, cleared],
                )
    except IntegrityError as error:
        raise DomainError(sentence_of(error)) from error
    changed = len([pupil_id for pupil_id in set_again if pupil_id in current])
    return Saved(recorded=len(set_again) - changed, changed=changed, cleared=len(cleared))


# A mark equal to what stands there is left alone: only changes leave an entry in the history.
WRITE_MARKS = """
INSERT INTO registers_mark (
    academic_year, pupil_id, session_id, school_id, code, arrived_at, nature,
    recorded_at, recorded_by_id, source
)
SELECT %(year)s, entered.pupil_id, %(session)s, %(school)s, entered.code, entered.arrived_at, entered.nature,
    %(at)s, %(by)s, %(source)s
FROM unnest(%(pupils)s::bigint[], %(codes)s::varchar[], %(arrivals)s::time[], %(natures)s::varchar[])
    AS entered (pupil_id, code, arrived_at, nature)
ON CONFLICT (academic_year, pupil_id, session_id) DO UPDATE SET
    code = excluded.code, arrived_at = excluded.arrived_at, nature = excluded.nature,
    recorded_at = excluded.recorded_at, recorded_by_id = excluded.recorded_by_id, source = excluded.source
WHERE (registers_mark.code, registers_mark.arrived_at, registers_mark.nature)
    IS DISTINCT FROM (excluded.code, excluded.arrived_at, excluded.nature)
"""


def _write_marks(
    cursor: CursorWrapper,
    session: Session,
    *,
    school_id: int,
    marks: Mapping[int, tuple[str, time | None, str]],
    by: User,
    at: datetime,
    source: str,
) -> int:
    """Write code, arrival and nature of each pupil's mark in one statement; return how many were written."""
    cursor.execute(
        WRITE_MARKS,
        {
            "year": session.academic_year,
            "session": session.pk,
            "school": school_id,
            "at": at,
            "by": by.pk,
            "source": source,
            "pupils": list(marks),
            "codes": [code for code, _, _ in marks.values()],
            "arrivals": [arrived_at for _, arrived_at, _ in marks.values()],
            "natures": [nature for _, _, nature in marks.values()],
        },
    )
    return int(cursor.rowcount)


def load_marks(
    school: School,
    rows: Iterable[MarkRow],
    *,
    by: User,
    at: datetime,
    reason: str = "",
    source: str = "import",
) -> int:
    """
    Record many first marks at once, all or nothing, and return how many.

    One COPY, judged and chained as one batch by the database.

    :raises IntegrityError: the database refuses a mark, or one stands there already; see `sentence_of`
    """
    loaded = 0
    with (
        attribution(by=by, at=at, reason=reason),
        connection.cursor() as cursor,
        connection.wrap_database_errors,  # psycopg's COPY is not wrapped by Django's cursor
        cursor.copy(
            "COPY registers_mark (academic_year, pupil_id, session_id, school_id, code, arrived_at, nature,"
            " recorded_at, recorded_by_id, source) FROM STDIN"
        ) as copy,
    ):
        for row in rows:
            copy.write_row(
                (
                    row.academic_year,
                    row.pupil_id,
                    row.session_id,
                    school.pk,
                    row.code,
                    row.arrived_at,
                    row.nature,
                    at,
                    by.pk,
                    source,
                )
            )
            loaded += 1
    return loaded


# An N is settled within five school days (SI 2024/208; Working together 2024): still N on the sixth, it
# becomes O.
SETTLE_UNEXPLAINED = """
UPDATE registers_mark AS m
SET code = 'O', recorded_at = %(at)s, recorded_by_id = %(by)s, source = 'system'
FROM registers_session AS s
WHERE s.id = m.session_id AND m.school_id = %(school)s AND m.code = 'N'
    AND m.academic_year >= extract(year FROM %(on)s::date)::int - 2
    AND (
        SELECT count(DISTINCT later."on") FROM registers_session AS later
        WHERE later.school_id = %(school)s AND later.status = 'held'
            AND later."on" > s."on" AND later."on" <= %(on)s
    ) > %(days)s
"""
UNEXPLAINED_SCHOOL_DAYS = 5


def settle_unexplained(school: School, *, on: date, by: User, at: datetime) -> int:
    """
    Turn each N whose five school days have passed before this day into O, as an amendment, and return how
    many.
    """
    with (
        attribution(
            by=by,
            at=at,
            reason=f"No reason was established within {UNEXPLAINED_SCHOOL_DAYS} school days.",
            position="set by Rollcall",
        ),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            SETTLE_UNEXPLAINED,
            {"school": school.pk, "on": on, "at": at, "by": by.pk, "days": UNEXPLAINED_SCHOOL_DAYS},
        )
        return int(cursor.rowcount)


SENTENCES = {
    "mark_pupil_is_on_roll": "The pupil was not on roll on this day.",
    "mark_session_is_held": "The school was closed for this session.",
    "mark_change_has_reason": "The register has closed: give a reason for the change.",
    "mark_has_part_time_timetable": "Code C2 needs a part-time timetable for this session.",
    "mark_parent_is_told": (
        "This illness cannot become unauthorised yet. First tell the parent, and log that you did (Absences,"
        " Evidence)."
    ),
}


def sentence_of(error: IntegrityError) -> str:
    """Return why the database refused, as a sentence fit to show: without row ids or statements."""
    diagnosis = getattr(error.__cause__, "diag", None)
    constraint = getattr(diagnosis, "constraint_name", None) or ""
    if constraint in SENTENCES:
        return SENTENCES[constraint]
    if constraint.startswith("mark_"):
        return str(diagnosis.message_primary) if diagnosis else "The mark cannot stand there."
    return "The mark cannot be saved."
