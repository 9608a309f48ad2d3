"""Why a pupil is, or is not, on a register on a day: everything that it hangs on, in sentences."""

from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import Q

from accounts.models import School
from registers.models import ClassGroup, ClassMembership, ClassTeacher, Enrolment, Mark, Pupil, Session
from registers.rules.calendar import academic_year_name, academic_year_of
from registers.rules.day import year_words
from registers.selectors.times import pupil_times
from registers.words import clock, code_name, day


@dataclass(frozen=True)
class Finding:
    """One thing that a register hangs on; not `is_met`: this is why the pupil is on none."""

    is_met: bool
    text: str


def met(text: str) -> Finding:
    """Return something that does not keep the pupil off a register."""
    return Finding(is_met=True, text=text)


def unmet(text: str) -> Finding:
    """Return something that keeps the pupil off every register."""
    return Finding(is_met=False, text=text)


@dataclass(frozen=True)
class WhyOnRegister:
    """What was found for one pupil and day."""

    verdict: str
    findings: tuple[Finding, ...]
    class_group: ClassGroup | None
    sessions: tuple[Session, ...]


def why_on_register(school: School, pupil: Pupil, *, on: date, today: date) -> WhyOnRegister:
    """Say why a pupil is, or is not, on a register on a day. Eleven statements at most."""
    sessions = tuple(Session.objects.filter(school=school, on=on).order_by("half"))
    enrolments = list(Enrolment.objects.filter(pupil=pupil).order_by("starts_on"))
    membership = (
        ClassMembership.objects.filter(pupil=pupil, starts_on__lte=on)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))
        .select_related("class_group")
        .first()
    )
    found = [
        _of_roll(enrolments, on, today),
        _of_class(membership, pupil, on, today),
        *_of_sessions(school, sessions, on, today),
    ]
    held = tuple(session for session in sessions if session.is_held)
    if membership is not None and held:
        found.append(_of_teachers(membership.class_group, on))
        found += _of_marks(pupil, held)
    when = day(on, today)
    group = membership.class_group if membership is not None else None
    if all(finding.is_met for finding in found) and group is not None:
        verdict = f"{pupil.full_name} is on the register of {group.name} on {when}."
    else:
        verdict = f"{pupil.full_name} is on no register on {when}."
        group = None
    return WhyOnRegister(verdict, tuple(found), group, held)


def _of_roll(enrolments: list[Enrolment], on: date, today: date) -> Finding:
    if not enrolments:
        return unmet("Never entered on roll: enter the starting day in the admission register.")
    for one in enrolments:
        if one.starts_on <= on <= (one.leaving_on or date.max):
            until = f" until {day(one.leaving_on, today)}" if one.leaving_on else ""
            return met(f"On roll from {day(one.starts_on, today)}{until}.")
    before = [one.leaving_on for one in enrolments if one.leaving_on and one.leaving_on < on]
    after = [one.starts_on for one in enrolments if one.starts_on > on]
    words = [f"the last day on roll was {day(max(before), today)}"] if before else []
    words += [f"the starting day is {day(min(after), today)}"] if after else []
    return unmet(f"Not on roll on that day: {' and '.join(words)}.")


def _of_class(membership: ClassMembership | None, pupil: Pupil, on: date, today: date) -> Finding:
    if membership is None:
        return unmet("In no class on that day: registers are taken by class. Put the pupil in one.")
    group = membership.class_group
    if group.academic_year != academic_year_of(on):
        return unmet(
            f"In {group.name}, a class of {academic_year_name(group.academic_year)}, which has no register in"
            f" {academic_year_name(academic_year_of(on))}: move the pupil up into a class of that year.",
        )
    until = f" until {day(membership.ends_on, today)}" if membership.ends_on else ""
    return met(
        f"In {group.name}, {year_words(membership.year_group)},"
        f" from {day(membership.starts_on, today)}{until}."
    )


def _of_sessions(school: School, sessions: tuple[Session, ...], on: date, today: date) -> list[Finding]:
    shut = [session for session in sessions if not session.is_held]
    if sessions and not shut:
        return [met("The school is open, morning and afternoon.")]
    if sessions:
        words = [f"{session.half}: no session, {session.get_status_display()}." for session in shut]
        return [(met if len(shut) < len(sessions) else unmet)(text) for text in words]
    if on.weekday() >= 5:
        return [unmet("A Saturday or Sunday: no session.")]
    following = (
        Session.objects.filter(school=school, status="held", on__gt=on)
        .order_by("on")
        .values_list("on", flat=True)
        .first()
    )
    later = f"the next school day is {day(following, today)}" if following else "no later session is entered"
    return [unmet(f"The day is in no half term of the calendar: {later}.")]


def _of_teachers(group: ClassGroup, on: date) -> Finding:
    names = list(
        ClassTeacher.objects.filter(class_group=group, starts_on__lte=on)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))
        .order_by("user__name")
        .values_list("user__name", flat=True)
    )
    if not names:
        return met(f"{group.name} has no teacher on that day: the office takes its register.")
    return met(f"The register is taken by {' or '.join(names)}, or the office.")


EXPECTED = """
SELECT DISTINCT ON (session_id) session_id, code, reason FROM registers_expectation
WHERE school_id = %(school)s AND pupil_id = %(pupil)s AND session_id = ANY (%(sessions)s)
ORDER BY session_id, rank
"""


def _of_marks(pupil: Pupil, sessions: tuple[Session, ...]) -> list[Finding]:
    """Return the times of each session for the pupil, what is known ahead, and what stands."""
    marks = dict(
        Mark.objects.filter(
            academic_year=sessions[0].academic_year, pupil=pupil, session__in=sessions
        ).values_list("session_id", "code_id")
    )
    with connection.cursor() as cursor:
        cursor.execute(
            EXPECTED,
            {
                "school": pupil.school_id,
                "pupil": pupil.pk,
                "sessions": [session.pk for session in sessions],
            },
        )
        expected = {row[0]: (row[1], row[2]) for row in cursor.fetchall()}
    found = []
    for session in sessions:
        times = pupil_times(pupil, session)
        words = (
            f"{session.half} opens {clock(times.opens_at)}, late after {clock(times.late_after_at)}, "
            f"closes {clock(times.closes_at)}"
        )
        if session.pk in marks:
            words += f"; marked {marks[session.pk]} ({code_name(marks[session.pk]).lower()})"
        elif session.pk in expected:
            code, reason = expected[session.pk]
            words += f"; {code} is known ahead ({reason.lower()})"
        else:
            words += "; not marked"
        found.append(met(f"{words}."))
    return found
