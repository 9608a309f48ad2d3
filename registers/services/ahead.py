"""
Arranging what registers open with: trips, fixtures and planned absences of some days, and weekly patterns.

An arrangement is no mark. Where a register has been taken already it changes nothing by itself: those
sessions are named, and amended only with a reason (SI 2024/208 regulation 6).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction

from accounts import events
from accounts.errors import DomainError
from accounts.models import School, User
from registers.models import (
    Enrolment,
    KnownAhead,
    KnownAheadPupil,
    PatternSession,
    Pupil,
    Session,
    WeeklyPattern,
)
from registers.rules.age import is_compulsory_age
from registers.rules.ahead import codes_for_days, codes_for_weeks
from registers.rules.codes import CODE_BY_SYMBOL, CodeRule, question_of_nature
from registers.rules.numbers import counted
from registers.services.mark_sets import WantedMark, set_marks

# No arrangement is longer than a school year: a slip in a year must not fill registers for ever.
LONGEST_DAYS = 366
MOST_PUPILS = 2000


class ArrangementRefused(DomainError):
    """The arrangement cannot stand; `faults` says why for each field ("" for the whole)."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = faults


@dataclass(frozen=True)
class Arrangement:
    """What is to be arranged for some pupils, from a session to a session (both included)."""

    name: str
    code: str
    first_day: date
    last_day: date
    pupil_ids: tuple[int, ...]
    first_half: str = "AM"
    last_half: str = "PM"
    nature: str = ""
    leader: str = ""


@dataclass(frozen=True)
class MarkedAlready:
    """A session of the arrangement for which a pupil has a mark of another code already."""

    pupil_id: int
    session_id: int
    on: date
    half: str
    code: str


@dataclass(frozen=True)
class Outlook:
    """What an arrangement would do: the sessions it reaches, and those that were marked before it."""

    sessions: int
    pupils: int
    marked_already: tuple[MarkedAlready, ...]


@dataclass(frozen=True)
class Arranged:
    """What was arranged, and how many marks were amended by it."""

    known_ahead: KnownAhead
    outlook: Outlook
    amended: int


MARKED_ALREADY = """
SELECT m.pupil_id, m.session_id, s."on", s.half, m.code
FROM registers_session AS s
JOIN registers_mark AS m ON m.academic_year = s.academic_year AND m.session_id = s.id
WHERE s.id = ANY (%(sessions)s) AND m.pupil_id = ANY (%(pupils)s) AND m.code <> %(code)s
ORDER BY s."on", s.half, m.pupil_id
"""


def outlook_of(school: School, plan: Arrangement) -> Outlook:
    """
    Return what an arrangement would do, without doing it. A constant number of statements.

    :raises ArrangementRefused: it cannot stand
    """
    rule, sessions, _ = _checked(school, plan)
    return _outlook(plan, rule, sessions)


@transaction.atomic
def arrange(
    school: School,
    plan: Arrangement,
    *,
    by: User,
    at: datetime,
    position: str = "",
    amend_reason: str = "",
) -> Arranged:
    """
    Arrange a trip or a planned absence; with a reason, sessions marked otherwise already are amended too.

    :raises ArrangementRefused: no session is held then, a pupil is not on roll or of the wrong age, the
        nature is missing, or the code cannot be arranged
    :raises DomainError: the amendment is refused; nothing was arranged
    """
    rule, sessions, pupils = _checked(school, plan)
    outlook = _outlook(plan, rule, sessions)
    row = KnownAhead.objects.create(
        school=school,
        name=plan.name.strip(),
        code_id=rule.symbol,
        nature=plan.nature.strip(),
        leader=plan.leader.strip(),
        first_day=plan.first_day,
        first_half=plan.first_half,
        last_day=plan.last_day,
        last_half=plan.last_half,
        recorded_at=at,
        recorded_by=by,
    )
    KnownAheadPupil.objects.bulk_create(KnownAheadPupil(known_ahead=row, pupil=pupil) for pupil in pupils)
    amended = 0
    if amend_reason.strip() and outlook.marked_already:
        saved = set_marks(
            school,
            [
                WantedMark(
                    mark.pupil_id, mark.session_id, rule.symbol, nature=plan.nature, seen_code=mark.code
                )
                for mark in outlook.marked_already
            ],
            by=by,
            at=at,
            reason=amend_reason,
            position=position,
        )
        amended = saved.changed
    events.record(
        "ahead.arranged",
        school=school,
        by=by,
        at=at,
        subject=row,
        data={"code": rule.symbol, "pupils": len(pupils), "sessions": outlook.sessions, "amended": amended},
    )
    return Arranged(row, outlook, amended)


@transaction.atomic
def withdraw(row: KnownAhead, *, why: str, by: User, at: datetime) -> None:
    """
    Take an arrangement back. Registers not taken yet open without it; marks made from it stay as they are.

    :raises DomainError: no reason, or it was withdrawn already
    """
    if not why.strip():
        raise DomainError("Enter why it is withdrawn.")
    withdrawn = KnownAhead.objects.filter(pk=row.pk, withdrawn_at__isnull=True).update(
        withdrawn_at=at, withdrawn_by=by, withdrawn_why=why.strip()[:300]
    )
    if not withdrawn:
        raise DomainError("It was withdrawn already: nothing was changed.")
    row.refresh_from_db()
    events.record("ahead.withdrawn", school=row.school, by=by, at=at, subject=row)


@transaction.atomic
def leave_out(row: KnownAhead, pupil_ids: Collection[int], *, by: User, at: datetime) -> int:
    """
    Take pupils out of an arrangement and return how many took part.

    :raises DomainError: nobody would be left: withdraw it instead
    """
    KnownAhead.objects.select_for_update().get(pk=row.pk)
    staying = row.taking_part.exclude(pupil_id__in=pupil_ids)
    if not staying.exists():
        raise DomainError("Nobody would be left: withdraw it instead.")
    left_out, _ = row.taking_part.filter(pupil_id__in=pupil_ids).delete()
    if left_out:
        events.record(
            "ahead.left_out", school=row.school, by=by, at=at, subject=row, data={"pupils": left_out}
        )
    return left_out


@dataclass(frozen=True)
class PatternInput:
    """A code for the same sessions of every week; sessions are pairs of weekday (0 is Monday) and half."""

    code: str
    name: str
    first_day: date
    sessions: frozenset[tuple[int, str]]
    last_day: date | None = None
    nature: str = ""


@transaction.atomic
def set_pattern(
    pupil: Pupil, plan: PatternInput, *, by: User, at: datetime, pattern: WeeklyPattern | None = None
) -> WeeklyPattern:
    """
    Record a weekly pattern of a pupil, or replace the days, sessions and words of one.

    :raises ArrangementRefused: the code cannot be arranged weekly, is of another age, lacks its nature, no
        session is chosen, or another pattern of the pupil speaks of one of these sessions
    """
    Pupil.objects.select_for_update(no_key=True).get(pk=pupil.pk)
    faults = _pattern_faults(pupil, plan, pattern)
    if faults:
        raise ArrangementRefused(faults)
    row = pattern or WeeklyPattern(school_id=pupil.school_id, pupil=pupil)
    row.code_id, row.name, row.nature = plan.code, plan.name.strip(), plan.nature.strip()
    row.first_day, row.last_day = plan.first_day, plan.last_day
    row.recorded_at, row.recorded_by = at, by
    row.save()
    row.sessions.all().delete()
    PatternSession.objects.bulk_create(
        PatternSession(pattern=row, weekday=weekday, half=half) for weekday, half in sorted(plan.sessions)
    )
    kind = "pattern.changed" if pattern else "pattern.set"
    events.record(kind, school=pupil.school, by=by, at=at, subject=row, data={"code": plan.code})
    return row


@transaction.atomic
def end_pattern(row: WeeklyPattern, *, last_day: date, by: User, at: datetime) -> None:
    """
    End a weekly pattern after a day; one that never began is ended on its first day.

    :raises DomainError: the day is before its first day, or it ended before
    """
    if last_day < row.first_day:
        raise DomainError("The last day cannot be before the first day of the pattern.")
    if row.last_day is not None and row.last_day <= last_day:
        raise DomainError("The pattern ends on that day or before already: nothing was changed.")
    row.last_day = last_day
    row.save(update_fields=["last_day"])
    events.record("pattern.ended", school=row.school, by=by, at=at, subject=row)


# --- what can stand -----------------------------------------------------------------------------------------


def faults_of(plan: Arrangement) -> dict[str, str]:
    """Return what is wrong with a plan whatever the school: by field, in one sentence each."""
    faults: dict[str, str] = {}
    rule = _rule_of(plan)
    if not plan.name.strip():
        faults["name"] = "Enter what it is, as registers will show it"
    if rule is None:
        faults["code"] = "Choose a code that can be arranged ahead"
    elif question_of_nature(rule) and not plan.nature.strip():
        faults["nature"] = question_of_nature(rule)
    if (plan.last_day, plan.last_half) < (plan.first_day, plan.first_half):
        faults["last_day"] = "The last session cannot be before the first"
    elif (plan.last_day - plan.first_day).days > LONGEST_DAYS:
        faults["last_day"] = "It cannot last longer than a year"
    if not plan.pupil_ids:
        faults["pupils"] = "Choose at least one pupil"
    elif len(plan.pupil_ids) > MOST_PUPILS:
        faults["pupils"] = f"Choose {MOST_PUPILS:,} pupils or fewer"
    return faults


def _rule_of(plan: Arrangement) -> CodeRule | None:
    return next((rule for rule in codes_for_days(plan.first_day) if rule.symbol == plan.code), None)


def _checked(school: School, plan: Arrangement) -> tuple[CodeRule, list[Session], list[Pupil]]:
    faults, rule = faults_of(plan), _rule_of(plan)
    if faults or rule is None:
        raise ArrangementRefused(faults)
    sessions = sessions_between(
        school, plan.first_day, plan.first_half, last_day=plan.last_day, last_half=plan.last_half
    )
    if not sessions:
        raise ArrangementRefused({"first_day": "No session is held in this time"})
    on_roll = Enrolment.objects.filter(school=school, starts_on__lte=plan.last_day).exclude(
        leaving_on__lt=plan.first_day
    )
    pupils = list(
        Pupil.objects.filter(school=school, pk__in=plan.pupil_ids)
        .filter(pk__in=on_roll.values("pupil_id"))
        .order_by("surname", "forename", "pk")
    )
    if len(pupils) < len(set(plan.pupil_ids)):
        raise ArrangementRefused({"pupils": "One of these pupils is not on roll then"})
    if rule.age_rule:
        of_age = rule.age_rule == "compulsory"
        wrong = [
            pupil.full_name
            for pupil in pupils
            if is_compulsory_age(pupil.date_of_birth, plan.first_day) is not of_age
        ]
        if wrong:
            outside = "of" if of_age else "outside"
            raise ArrangementRefused(
                {"code": f"{rule.symbol} is for pupils {outside} compulsory school age, not for {wrong[0]}"}
            )
    return rule, sessions, pupils


def sessions_between(
    school: School, first_day: date, first_half: str, *, last_day: date, last_half: str
) -> list[Session]:
    """Return the sessions held from a session to a session, both included, in order. One statement."""
    return [
        session
        for session in Session.objects.filter(
            school=school, status="held", on__gte=first_day, on__lte=last_day
        ).order_by("on", "half")
        if (first_day, first_half) <= (session.on, session.half) <= (last_day, last_half)
    ]


def _outlook(plan: Arrangement, rule: CodeRule, sessions: Sequence[Session]) -> Outlook:
    with connection.cursor() as cursor:
        cursor.execute(
            MARKED_ALREADY,
            {
                "sessions": [session.pk for session in sessions],
                "pupils": list(plan.pupil_ids),
                "code": rule.symbol,
            },
        )
        marked = tuple(MarkedAlready(*row) for row in cursor.fetchall())
    return Outlook(len(sessions), len(set(plan.pupil_ids)), marked)


def _pattern_faults(pupil: Pupil, plan: PatternInput, pattern: WeeklyPattern | None) -> dict[str, str]:
    faults: dict[str, str] = {}
    rule = CODE_BY_SYMBOL.get(plan.code)
    if rule is None or rule not in codes_for_weeks(plan.first_day):
        faults["code"] = "Choose a code that can come back every week"
    else:
        if question_of_nature(rule) and not plan.nature.strip():
            faults["nature"] = question_of_nature(rule)
        compulsory = is_compulsory_age(pupil.date_of_birth, plan.first_day)
        if rule.age_rule == "non_compulsory" and compulsory:
            faults["code"] = f"{rule.symbol} is for pupils outside compulsory school age"
    if not plan.name.strip():
        faults["name"] = "Enter why, as registers will show it"
    if not plan.sessions:
        faults["sessions"] = "Choose at least one session of the week"
    if plan.last_day is not None and plan.last_day < plan.first_day:
        faults["last_day"] = "The last day cannot be before the first"
    if not faults:
        clashing = PatternSession.objects.filter(pattern__pupil=pupil).select_related("pattern")
        for other in clashing:
            standing = other.pattern
            if pattern is not None and standing.pk == pattern.pk:
                continue
            meets = standing.first_day <= (plan.last_day or date.max) and plan.first_day <= (
                standing.last_day or date.max
            )
            if meets and (other.weekday, other.half) in plan.sessions:
                faults["sessions"] = f"{standing.name} speaks of one of these sessions already: end it first"
                break
    return faults


def describe(outlook: Outlook) -> str:
    """Return in one sentence how far an arrangement reaches."""
    words = f"{counted(outlook.sessions, 'session')} for {counted(outlook.pupils, 'pupil')}"
    if outlook.marked_already:
        return f"{words}; {counted(len(outlook.marked_already), 'mark')} stand there already."
    return f"{words}."
