"""
Closing the school over marks that stand, and opening it again.

Closing takes the marks of the sessions away as an amendment, with the reason: the history keeps each of them.
Undoing it lets them stand again in the same act. Everything is one transaction.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from hashlib import sha256

from django.db import connection, transaction
from django.db.models import Count

from accounts import events
from accounts.errors import DomainError
from accounts.models import School, User
from registers.models import CalendarPeriod, HistoryHead, Mark, Register, Session
from registers.rules.calendar import academic_year_of
from registers.rules.closures import is_taken, reason_needed, reason_of, reason_of_reopening
from registers.services.calendar import (
    CalendarChange,
    CalendarPlan,
    hold_marks_off,
    lock_calendar,
    plan_calendar,
    set_calendar,
)
from registers.services.calendar_periods import Period
from registers.services.mark_sets import MarkSetRefused, WantedMark, set_marks
from registers.services.sessions import LONDON


class ReasonMissing(DomainError):
    """Marks that somebody took would go without a reason."""


class MarksChangedSince(DomainError):
    """The marks or the calendar are not those that the person was shown."""

    def __init__(self) -> None:
        super().__init__("The marks or the calendar changed since this was shown: check again what changes.")


@dataclass(frozen=True)
class MarksOfSession:
    """The marks that stand in one session and would go: how many, of which codes, and what was taken."""

    session: Session
    by_code: Mapping[str, int]
    taken: int  # marks that somebody took or brought in; the rest was only foreseen or set by Rollcall
    registers: int  # classes whose register was begun

    @property
    def total(self) -> int:
        """Return how many marks stand there."""
        return sum(self.by_code.values())


@dataclass(frozen=True)
class ClosurePlan:
    """What a closure would do."""

    period: Period
    calendar: CalendarPlan
    marks: tuple[MarksOfSession, ...]  # of the sessions with marks, in order

    @property
    def closing(self) -> Sequence[Session]:
        """Return the sessions that would no longer be held, in order."""
        return sorted(self.calendar.sessions.closing, key=lambda row: (row.on, row.half))

    @property
    def mark_count(self) -> int:
        """Return how many marks would go."""
        return sum(one.total for one in self.marks)

    @property
    def taken(self) -> int:
        """Return how many of the marks somebody took."""
        return sum(one.taken for one in self.marks)

    @property
    def needs_reason(self) -> bool:
        """Say whether the closure must be explained beyond its name."""
        return reason_needed(self.period.kind, self.taken)

    @property
    def token(self) -> str:
        """Return a digest of what would go, by which a page knows whether it changed meanwhile."""
        said = [(one.session.pk, sorted(one.by_code.items()), one.taken) for one in self.marks]
        rows = [row.pk for row in self.closing]
        return sha256(repr((self.period, rows, said)).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Closed:
    """What a closure did."""

    period_id: int
    change: CalendarChange
    sessions: int  # sessions no longer held
    cleared: int  # marks taken away


@dataclass(frozen=True)
class Reopened:
    """What undoing a closure did."""

    change: CalendarChange
    sessions: int  # sessions held again
    restored: int  # marks that stand again
    lost: int  # marks that cannot stand any more, because the pupil has left or the code needs a timetable


def plan_closure(school: School, period: Period, *, at: datetime) -> ClosurePlan:
    """
    Return what closing the school would do. Six statements, however many pupils.

    :raises RowsRefused: the period is impossible, overlaps a closure of the other kind, or is in no half term
    """
    calendar = plan_calendar(school, [period], today=at.astimezone(LONDON).date())
    return ClosurePlan(period, calendar, marks_of(calendar.sessions.closing))


def marks_of(sessions: Sequence[Session]) -> tuple[MarksOfSession, ...]:
    """Return what stands in each of these sessions that has marks, in order. Two statements."""
    by_code: dict[int, Counter[str]] = {}
    taken: Counter[int] = Counter()
    ids = [row.pk for row in sessions]
    for session_id, code, source, marks in (
        Mark.objects.filter(academic_year__in={row.academic_year for row in sessions}, session__in=ids)
        .values_list("session_id", "code_id", "source")
        .annotate(marks=Count("*"))
    ):
        by_code.setdefault(session_id, Counter())[code] += marks
        taken[session_id] += marks if is_taken(source) else 0
    registers = dict(
        Register.objects.filter(session__in=ids)
        .values_list("session_id")
        .annotate(classes=Count("*"))
        .values_list("session_id", "classes")
    )
    return tuple(
        MarksOfSession(row, dict(by_code[row.pk]), taken[row.pk], registers.get(row.pk, 0))
        for row in sorted(sessions, key=lambda row: (row.on, row.half))
        if row.pk in by_code
    )


@transaction.atomic
def close_school(
    school: School,
    period: Period,
    *,
    by: User,
    at: datetime,
    reason: str = "",
    position: str = "",
    seen: str | None = None,
) -> Closed:
    """
    Close the school, planned (#) or in an emergency (Y4), and take the marks of those sessions away.

    `period.name` says what the closure is; `reason` why marks that somebody took go. `seen` is the token of
    the plan that the person was shown; None: not asked for.

    :raises ReasonMissing: taken marks would go without a reason
    :raises MarksChangedSince: the plan is not the one that was seen
    :raises RowsRefused: the period is impossible, overlaps a closure of the other kind, or is in no half term
    :raises DomainError: no session is held in these half days
    """
    lock_calendar(school)
    hold_marks_off(plan_calendar(school, [period], today=at.astimezone(LONDON).date()).sessions.closing)
    plan = plan_closure(school, period, at=at)
    if seen is not None and plan.token != seen:
        raise MarksChangedSince
    if not plan.closing:
        raise DomainError("No session is held then: there is nothing to close.")
    if plan.needs_reason and not reason.strip():
        raise ReasonMissing(
            f"Give a reason: {plan.taken} of the marks were taken, which says that the school was open."
        )
    before = _last_batch(school)
    cleared = _clear(school, plan, by=by, at=at, reason=reason, position=position)
    change = set_calendar(school, [period], by=by, at=at)
    row = CalendarPeriod.objects.get(
        school=school,
        kind=period.kind,
        first_day=period.first_day,
        first_half=period.first_half,
        last_day=period.last_day,
        last_half=period.last_half,
    )
    if cleared:
        row.cleared_from, row.cleared_to = before + 1, _last_batch(school)
        row.save(update_fields=["cleared_from", "cleared_to"])
    events.record(
        "school.closed",
        school=school,
        by=by,
        at=at,
        subject=row,
        data={
            "kind": period.kind,
            "first": f"{period.first_day} {period.first_half}",
            "last": f"{period.last_day} {period.last_half}",
            "sessions": len(plan.closing),
            "marks_cleared": cleared,
        },
    )
    return Closed(row.pk, change, len(plan.closing), cleared)


def _clear(school: School, plan: ClosurePlan, *, by: User, at: datetime, reason: str, position: str) -> int:
    """Take the marks of the sessions away; the history keeps them with the reason."""
    ids = [one.session.pk for one in plan.marks]
    years = {one.session.academic_year for one in plan.marks}
    wanted = [
        WantedMark(pupil_id, session_id, "")
        for pupil_id, session_id in Mark.objects.filter(academic_year__in=years, session__in=ids).values_list(
            "pupil_id", "session_id"
        )
    ]
    if not wanted:
        return 0
    said = reason_of(plan.period.kind, plan.period.name, reason)
    return set_marks(school, wanted, by=by, at=at, reason=said, position=position).cleared


def _last_batch(school: School) -> int:
    """Return the number of the last batch of the school's history, 0 before the first."""
    return HistoryHead.objects.filter(school=school).values_list("number", flat=True).first() or 0


# The marks that a closure took away: of the batches that it made, for the sessions that it closed.
TAKEN_AWAY = """
SELECT e.pupil_id, e.session_id, e.old_code, e.old_arrived_at, e.old_nature,
    EXISTS (
        SELECT FROM registers_enrolment AS r
        WHERE r.pupil_id = e.pupil_id AND r.starts_on <= s."on"
            AND (r.leaving_on IS NULL OR r.leaving_on >= s."on")
    )
FROM registers_entrybatch AS b
JOIN registers_markentry AS e ON e.batch_id = b.id AND e.academic_year = ANY (%(years)s)
JOIN registers_session AS s ON s.id = e.session_id
WHERE b.school_id = %(school)s AND b.number BETWEEN %(first)s AND %(last)s
    AND e.new_code IS NULL AND e.session_id = ANY (%(sessions)s)
ORDER BY e.session_id, e.pupil_id
"""


@dataclass(frozen=True)
class ReopeningPlan:
    """What undoing a closure would do."""

    row: CalendarPeriod
    calendar: CalendarPlan
    restored: tuple[WantedMark, ...]
    lost: int

    @property
    def opening(self) -> Sequence[Session]:
        """Return the sessions that would be held again, in order."""
        return sorted(self.calendar.sessions.opening, key=lambda row: (row.on, row.half))

    @property
    def token(self) -> str:
        """Return a digest of the plan, by which a page knows whether it changed meanwhile."""
        said = ([row.pk for row in self.opening], len(self.restored), self.lost)
        return sha256(repr(said).encode()).hexdigest()[:16]


# Only the row of the closure knows which marks it took away: once it is gone they could not come back.
TAKEN_AND_STILL_CLOSED = """
SELECT FROM registers_entrybatch AS b
JOIN registers_markentry AS e ON e.batch_id = b.id AND e.academic_year = %(year)s
JOIN registers_session AS s ON s.id = e.session_id
WHERE b.school_id = %(school)s AND b.number BETWEEN %(first)s AND %(last)s
    AND e.new_code IS NULL AND s.status <> 'held' AND NOT s.id = ANY (%(opening)s)
LIMIT 1
"""


def _refuse_to_lose_marks(row: CalendarPeriod, opening: Collection[Session]) -> None:
    if row.cleared_from is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            TAKEN_AND_STILL_CLOSED,
            {
                "school": row.school_id,
                "first": row.cleared_from,
                "last": row.cleared_to,
                "year": academic_year_of(row.first_day),
                "opening": [session.pk for session in opening],
            },
        )
        if cursor.fetchone() is not None:
            raise DomainError(
                "Another closure keeps the school closed over marks that this one took away: undo that first."
            )


def plan_reopening(school: School, row: CalendarPeriod, *, at: datetime) -> ReopeningPlan:
    """
    Return what undoing a closure would do. Six statements, however many pupils.

    :raises DomainError: another closure keeps sessions closed whose marks this one took away
    """
    calendar = plan_calendar(school, drop=[row.pk], today=at.astimezone(LONDON).date())
    opening = calendar.sessions.opening
    _refuse_to_lose_marks(row, opening)
    if row.cleared_from is None or not opening:
        return ReopeningPlan(row, calendar, (), 0)
    with connection.cursor() as cursor:
        cursor.execute(
            TAKEN_AWAY,
            {
                "school": school.pk,
                "first": row.cleared_from,
                "last": row.cleared_to,
                "years": sorted({session.academic_year for session in opening}),
                "sessions": [session.pk for session in opening],
            },
        )
        found: Collection[tuple[int, int, str, time | None, str | None, bool]] = cursor.fetchall()
    restored = tuple(
        WantedMark(pupil_id, session_id, code, arrived_at, nature or "")
        for pupil_id, session_id, code, arrived_at, nature, is_on_roll in found
        if is_on_roll
    )
    return ReopeningPlan(row, calendar, restored, len(found) - len(restored))


@transaction.atomic
def reopen_school(
    school: School,
    row: CalendarPeriod,
    *,
    by: User,
    at: datetime,
    reason: str = "",
    position: str = "",
    seen: str | None = None,
) -> Reopened:
    """
    Undo a closure: its sessions are held again, and the marks that it took away stand again.

    Marks that can no longer stand (the pupil has left, a timetable was taken back) stay away; registers that
    were never taken are to be taken.

    :raises MarksChangedSince: the plan is not the one that was seen
    :raises DomainError: another closure keeps sessions closed whose marks this one took away
    """
    lock_calendar(school)
    plan = plan_reopening(school, row, at=at)
    if seen is not None and plan.token != seen:
        raise MarksChangedSince
    period_id, kind, name = row.pk, row.kind, row.name
    change = set_calendar(school, by=by, at=at, drop=[row.pk])
    said = reason_of_reopening(kind, name, reason)
    to_come = {session.pk for session in plan.opening if session.opens_at > at}
    restored = _set_again(school, plan.restored, to_come, by=by, at=at, reason=said, position=position)
    lost = plan.lost + len(plan.restored) - restored
    events.record(
        "school.reopened",
        school=school,
        by=by,
        at=at,
        data={
            "period": period_id,
            "kind": kind,
            "sessions": len(plan.opening),
            "marks_restored": restored,
            "marks_lost": lost,
        },
    )
    return Reopened(change, len(plan.opening), restored, lost)


def _set_again(
    school: School,
    marks: Sequence[WantedMark],
    to_come: Collection[int],
    *,
    by: User,
    at: datetime,
    reason: str,
    position: str,
) -> int:
    """
    Let marks stand again, but those that no longer can; return how many do.

    All of them are one act, those of sessions to come too: whoever takes the reopening back takes all back.
    """
    wanted = [replace(mark, source="ahead") if mark.session_id in to_come else mark for mark in marks]
    try:
        with transaction.atomic():
            set_marks(school, wanted, by=by, at=at, reason=reason, position=position)
    except MarkSetRefused as refused:
        wanted = [mark for mark in wanted if mark.place not in refused.faults]
        set_marks(school, wanted, by=by, at=at, reason=reason, position=position)
    return len(wanted)
