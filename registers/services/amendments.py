"""
Amending a range of marks with one reason, and taking such an amendment back.

Both first make a plan: what each mark was and becomes, what cannot change and why. What a person saw in the
plan is what is done, or nothing is (SI 2024/208 regulation 6; 002:156-161).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import connection
from django.utils import timezone

from accounts.errors import DomainError
from accounts.models import School, User
from accounts.people import SYSTEM_EMAIL
from registers.models import EntryBatch, Pupil, Session
from registers.rules.codes import CODE_BY_SYMBOL, LATE_CODES, PRESENT_IN_HALF
from registers.rules.times import SessionTimes, classify_arrival
from registers.selectors.pupil_marks import ONE_ACT, kind_of
from registers.services.mark_sets import (
    MarkSetRefused,
    Place,
    StandingMark,
    Values,
    WantedMark,
    fault_of,
    set_marks,
    standing_marks,
)
from registers.services.marks import Saved
from registers.words import clock, moment

LONGEST_RANGE_DAYS = 400  # a range stays within about a year of a pupil's marks
# Amendments of more marks than these came from a file; a file is taken back by another file.
MOST_TO_UNDO = 1000


@dataclass(frozen=True)
class Entered:
    """What a person wants to stand in a whole range; either stroke means present in both halves."""

    code: str
    arrived_at: time | None = None
    nature: str = ""

    def code_in(self, half: str) -> str:
        """Return the code for a half: present has a stroke of its own in each."""
        return PRESENT_IN_HALF[half] if self.code in PRESENT_IN_HALF.values() else self.code


@dataclass(frozen=True)
class Planned:
    """One mark of a plan: what stands there and what is to; a fault says why it cannot."""

    standing: StandingMark
    becomes: Values
    fault: str = ""

    @property
    def place(self) -> Place:
        """Return pupil and session."""
        return self.standing.place

    @property
    def wanted(self) -> WantedMark:
        """Return the mark to set, with the code that was seen there."""
        return self.wanted_instead_of(self.standing.values[0])

    def wanted_instead_of(self, seen_code: str) -> WantedMark:
        """Return the mark to set where a person saw this code."""
        code, arrived_at, nature = self.becomes
        return WantedMark(*self.place, code, arrived_at, nature, seen_code=seen_code)


@dataclass(frozen=True)
class Plan:
    """What an amendment would do, in the order of the sessions."""

    changes: tuple[Planned, ...] = ()
    refused: tuple[Planned, ...] = ()
    unchanged: tuple[Planned, ...] = ()
    closed: tuple[Planned, ...] = ()  # the school was closed: skipped

    @property
    def is_empty(self) -> bool:
        """Say whether nothing would change."""
        return not self.changes


def places_between(
    school: School,
    pupil_ids: Iterable[int],
    *,
    first: tuple[date, str],
    last: tuple[date, str],
) -> list[Place]:
    """
    Return every session of the calendar from a first to a last one (day and half), for each pupil.

    :raises DomainError: the range ends before it begins, is too long, or has no session in it
    """
    if last < first:
        raise DomainError("The range ends before it begins.")
    if (last[0] - first[0]).days > LONGEST_RANGE_DAYS:
        raise DomainError("The range is longer than a year.")
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT id FROM registers_session WHERE school_id = %s AND ("on", half) >= (%s, %s)'
            ' AND ("on", half) <= (%s, %s) ORDER BY "on", half',
            [school.pk, *first, *last],
        )
        sessions = [row[0] for row in cursor.fetchall()]
    if not sessions:
        raise DomainError("There is no school session between these days.")
    return [(pupil_id, session_id) for pupil_id in pupil_ids for session_id in sessions]


def plan_amendment(school: School, places: Iterable[Place], entered: Entered, *, at: datetime) -> Plan:
    """Return what would change if this stood at these places. One statement, however many."""
    parts: dict[str, list[Planned]] = {"changes": [], "refused": [], "unchanged": [], "closed": []}
    for standing in standing_marks(school, places).values():
        code = entered.code_in(standing.session.half)
        late_or_present = code in LATE_CODES or code in PRESENT_IN_HALF.values()
        rule = CODE_BY_SYMBOL.get(code)
        becomes = (
            code,
            entered.arrived_at if late_or_present else None,
            entered.nature.strip() if rule is not None and rule.nature_required else "",
        )
        planned = Planned(standing, becomes)
        if not standing.session.is_held:
            parts["closed"].append(planned)
        elif becomes == standing.values:
            parts["unchanged"].append(planned)
        elif fault := _fault_of(planned, at=at):
            parts["refused"].append(Planned(standing, becomes, fault))
        else:
            parts["changes"].append(planned)
    return Plan(**{name: tuple(found) for name, found in parts.items()})


def _fault_of(planned: Planned, *, at: datetime) -> str | None:
    session = planned.standing.session
    if at < session.opens_at:
        return "The register of this session has not opened yet."
    if fault := fault_of(planned.wanted, planned.standing):
        return fault
    code, arrived_at, _ = planned.becomes
    if arrived_at is not None:
        judged = classify_arrival(_times_of(planned.standing), arrived_at)
        if judged != code:
            return f"By the school's times an arrival at {clock(arrived_at)} is {judged}."
    return None


def _times_of(standing: StandingMark) -> SessionTimes:
    session = standing.session
    opens, late_after, closes = (
        timezone.localtime(at).time().replace(second=0, microsecond=0)
        for at in (session.opens_at, session.late_after_at, session.closes_at)
    )
    return SessionTimes(session.half, opens, late_after, closes)


def amend(
    school: School,
    changes: Sequence[WantedMark],
    *,
    reason: str,
    by: User,
    at: datetime,
    position: str = "",
) -> Saved:
    """
    Do what a plan said, with one reason: all of it or nothing.

    :raises DomainError: no reason, or nothing to change
    :raises MarkSetRefused: a mark cannot stand any more
    :raises MarkSetChangedMeanwhile: somebody changed one of the marks since the plan was shown
    """
    if not reason.strip():
        raise DomainError("An amendment needs a reason.")
    if not changes:
        raise DomainError("There is nothing to change.")
    return set_marks(school, changes, by=by, at=at, reason=reason, position=position)


def amend_mark(
    pupil: Pupil,
    session: Session,
    *,
    code: str,
    reason: str,
    by: User,
    at: datetime,
    position: str = "",
    arrived_at: time | None = None,
    nature: str = "",
) -> None:
    """
    Replace one mark (or record a missing one) with a reason; the original stays in the history.

    :raises DomainError: no reason, no code, the same mark stands there already, or the mark cannot stand; fit
        to show
    """
    if not reason.strip():
        raise DomainError("An amendment needs a reason.")
    if not code:
        raise DomainError("An amendment needs a code.")
    wanted = WantedMark(pupil.pk, session.pk, code, arrived_at, nature)
    try:
        saved = set_marks(pupil.school, [wanted], by=by, at=at, reason=reason, position=position)
    except MarkSetRefused as refused:
        raise DomainError(refused.faults[wanted.place]) from refused
    if saved == Saved(recorded=0, changed=0, cleared=0):
        raise DomainError(f"The mark is {code} already: nothing was changed.")


@dataclass(frozen=True)
class Undoing:
    """What taking an amendment back would do."""

    batch: EntryBatch
    how_many: int  # marks that the amendment changed
    reason: str  # under which the undoing is recorded
    restored: tuple[Planned, ...]
    left: tuple[Planned, ...]  # changed again since, or their old code cannot stand any more

    @property
    def pupil_ids(self) -> list[int]:
        """Return the pupils whose marks the amendment changed."""
        return list(dict.fromkeys(one.standing.pupil_id for one in (*self.restored, *self.left)))

    @property
    def year(self) -> int:
        """Return the academic year of the first mark."""
        return min(one.standing.session.academic_year for one in (*self.restored, *self.left))


ENTRIES_OF_ACT = """
SELECT b.id, b.number, b.written_at, e.pupil_id, e.session_id, e.old_code, e.old_arrived_at, e.old_nature,
    e.new_code, e.new_arrived_at, e.new_nature
FROM registers_entrybatch AS b
JOIN registers_markentry AS e ON e.batch_id = b.id
WHERE b.school_id = %(school)s AND b.number BETWEEN %(number)s - 2 AND %(number)s + 2
    AND b.entries_count <= %(most)s
    AND (b.at, b.by_id, b.reason, b.by_position) = (%(at)s, %(by)s, %(reason)s, %(position)s)
    AND b.written_at BETWEEN %(earliest)s AND %(latest)s
ORDER BY b.number
"""


def plan_undo(batch: EntryBatch) -> Undoing:
    """
    Return what taking back the act of a batch would do: each mark gets back what stood there before, where
    the amendment's mark still stands. Two statements.

    :raises DomainError: the act is not an amendment that a person can take back
    """
    if not batch.reason:
        raise DomainError("Only an amendment can be undone: change the marks themselves.")
    if batch.by.email == SYSTEM_EMAIL:
        raise DomainError("Rollcall made this change by rule: amend the marks themselves.")
    if batch.entries_count > MOST_TO_UNDO:
        raise DomainError(
            f"This amendment changed {batch.entries_count} marks at once, from a file:"
            " take in a file with the right marks instead."
        )
    before: dict[Place, Values] = {}
    after: dict[Place, Values] = {}
    for place, old, new in _entries_of_act(batch):
        before[place], after[place] = old, new
    restored, left = [], []
    for place, standing in standing_marks(batch.school, before).items():
        planned = Planned(standing, before[place])
        if standing.values != after[place]:
            left.append(Planned(standing, before[place], "It was changed again since."))
        elif fault := fault_of(planned.wanted, standing):
            left.append(Planned(standing, before[place], fault))
        else:
            restored.append(planned)
    return Undoing(
        batch=batch,
        how_many=len(before),
        reason=f"Undo of the amendment of {moment(batch.at)}: {batch.reason}",
        restored=tuple(restored),
        left=tuple(left),
    )


def _entries_of_act(batch: EntryBatch) -> list[tuple[Place, Values, Values]]:
    with connection.cursor() as cursor:
        cursor.execute(
            ENTRIES_OF_ACT,
            {
                "school": batch.school_id,
                "number": batch.number,
                "most": MOST_TO_UNDO,
                "at": batch.at,
                "by": batch.by_id,
                "reason": batch.reason,
                "position": batch.by_position,
                "earliest": batch.written_at - ONE_ACT,
                "latest": batch.written_at + ONE_ACT,
            },
        )
        rows = cursor.fetchall()
    # Each kind of statement comes once in an act, in this order; the batch's own act is around it.
    kinds = {row[1]: kind_of(row[5], row[8]) for row in rows}
    numbers = {batch.number}
    for step in (-1, 1):
        number = batch.number
        while number + step in kinds and (kinds[number + step] - kinds[number]) * step > 0:
            number += step
            numbers.add(number)
    return [
        (
            (row[3], row[4]),
            (row[5] or "", row[6], row[7] or ""),
            (row[8] or "", row[9], row[10] or ""),
        )
        for row in rows
        if row[1] in numbers
    ]


def undo(undoing: Undoing, *, by: User, at: datetime, position: str = "") -> Saved:
    """
    Take an amendment back as a new amendment, as far as its marks still stand.

    :raises DomainError: nothing is left to take back
    :raises MarkSetChangedMeanwhile: somebody changed one of the marks since the plan was made
    """
    if not undoing.restored:
        raise DomainError("Nothing is left to undo: every mark was changed again since.")
    return set_marks(
        undoing.batch.school,
        [planned.wanted for planned in undoing.restored],
        by=by,
        at=at,
        reason=undoing.reason,
        position=position,
    )
