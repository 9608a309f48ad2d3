"""Who is on roll from when to when, what a leaving rests on, and what other schools marked before."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Max, Q, QuerySet

from accounts.models import School
from registers.models import (
    ClassGroup,
    ClassMembership,
    Departure,
    Enquiry,
    Enrolment,
    Joining,
    Mark,
    PreviousMark,
    Pupil,
    PupilAddress,
    Session,
)
from registers.rules.age import csa_end, is_compulsory_age
from registers.rules.calendar import academic_year_of
from registers.rules.leaving_grounds import HeldSession, RegisterFacts
from registers.words import day

LOOK_BACK_SESSIONS = 240  # sixty school days of leave and sixty after it: longer leave needs no more proof
RECENT_DAYS = 60


def covering(on: date, *, ends: str = "ends_on") -> Q:
    """Return the condition that a period covers a day."""
    return Q(starts_on__lte=on) & (Q(**{f"{ends}__isnull": True}) | Q(**{f"{ends}__gte": on}))


@dataclass(frozen=True)
class TimeOnRoll:
    """One enrolment of a pupil with its classes, how it began, how it ends, and enquiries made."""

    enrolment: Enrolment
    memberships: tuple[ClassMembership, ...]
    joining: Joining | None
    departure: Departure | None
    cancelled: tuple[Departure, ...]
    enquiries: tuple[Enquiry, ...]


def times_on_roll(pupil: Pupil) -> list[TimeOnRoll]:
    """Return every time the pupil was, is or will be on roll, latest first. Four statements."""
    enrolments = list(
        Enrolment.objects.filter(pupil=pupil)
        .select_related("joining", "joining__recorded_by")
        .order_by("-starts_on")
    )
    memberships = list(
        ClassMembership.objects.filter(pupil=pupil).select_related("class_group").order_by("starts_on")
    )
    departures = list(
        Departure.objects.filter(enrolment__pupil=pupil)
        .select_related("recorded_by", "cancelled_by")
        .order_by("recorded_at", "pk")
    )
    enquiries = list(
        Enquiry.objects.filter(enrolment__pupil=pupil).select_related("recorded_by").order_by("on", "pk")
    )
    return [
        TimeOnRoll(
            enrolment=enrolment,
            memberships=tuple(
                one
                for one in memberships
                if enrolment.starts_on <= one.starts_on <= (enrolment.leaving_on or date.max)
            ),
            joining=getattr(enrolment, "joining", None),
            departure=next(
                (one for one in departures if one.enrolment_id == enrolment.pk and one.cancelled_at is None),
                None,
            ),
            cancelled=tuple(
                one for one in departures if one.enrolment_id == enrolment.pk and one.cancelled_at is not None
            ),
            enquiries=tuple(one for one in enquiries if one.enrolment_id == enrolment.pk),
        )
        for enrolment in enrolments
    ]


def enrolment_on(pupil: Pupil, on: date) -> Enrolment | None:
    """Return the time on roll that covers a day, or the next one that begins after it."""
    return (
        Enrolment.objects.filter(pupil=pupil)
        .filter(Q(leaving_on__isnull=True) | Q(leaving_on__gte=on))
        .order_by("starts_on")
        .first()
    )


def membership_on(pupil: Pupil, on: date) -> ClassMembership | None:
    """Return the class membership that covers a day."""
    return ClassMembership.objects.filter(covering(on), pupil=pupil).select_related("class_group").first()


def current_address(pupil: Pupil, *, on: date) -> str:
    """Return the address at which the pupil normally lives, or that of the first contact they live with."""
    own = PupilAddress.objects.filter(covering(on), pupil=pupil).order_by("starts_on", "pk").first()
    if own is not None:
        return str(own.lines)
    first = (
        pupil.pupil_contacts.filter(lives_with=True)
        .exclude(contact__address="")
        .order_by("priority", "pk")
        .values_list("contact__address", flat=True)
        .first()
    )
    return str(first or "")


def last_school_day(school: School, academic_year: int) -> date | None:
    """Return the last day of an academic year on which the school is open."""
    found: date | None = Session.objects.filter(
        school=school, academic_year=academic_year, status="held"
    ).aggregate(last=Max("on"))["last"]
    return found


def first_school_day(school: School, academic_year: int) -> date | None:
    """Return the first day of an academic year on which the school is open."""
    return (
        Session.objects.filter(school=school, academic_year=academic_year, status="held")
        .order_by("on")
        .values_list("on", flat=True)
        .first()
    )


def is_exempt_leaving(school: School, *, year_group: str, leaving_on: date) -> bool:
    """
    Say whether a leaving is the normal end of the school's final year, which needs no deletion return.

    From the last school day of the academic year to its end (SI 2024/208 reg 13(5)). Two statements.
    """
    if not school.leaving_year or year_group != school.leaving_year:
        return False
    last = last_school_day(school, academic_year_of(leaving_on))
    return last is not None and leaving_on >= last


def facts_for_leaving(enrolment: Enrolment, *, leaving_on: date, on: date) -> RegisterFacts:
    """
    Return what the registers say of a pupil whose name is to be deleted. Six statements.

    Sessions up to `on` count; today counts when all of it is marked.
    """
    pupil = enrolment.pupil
    recent = list(
        Session.objects.filter(
            school=enrolment.school_id, status="held", on__gte=enrolment.starts_on, on__lte=on
        ).order_by("-number")[:LOOK_BACK_SESSIONS]
    )[::-1]
    codes = dict(
        Mark.objects.filter(
            academic_year__in={session.academic_year for session in recent},
            pupil=pupil,
            session__in=recent,
        ).values_list("session_id", "code_id")
    )
    if any(session.on == on and session.pk not in codes for session in recent):
        recent = [session for session in recent if session.on != on]
    membership = membership_on(pupil, min(leaving_on, on)) or membership_on(pupil, leaving_on)
    counted = Enquiry.objects.filter(enrolment=enrolment).aggregate(
        every=Count("pk"), joint=Count("pk", filter=Q(with_authority=True))
    )
    return RegisterFacts(
        leaving_on=leaving_on,
        is_compulsory_age=is_compulsory_age(pupil.date_of_birth, leaving_on),
        compulsory_ends_on=csa_end(pupil.date_of_birth),
        year_group=membership.year_group if membership is not None else "",
        sessions=[HeldSession(session.on, session.half, codes.get(session.pk, "")) for session in recent],
        next_school_day=Session.objects.filter(school=enrolment.school_id, status="held", on__gt=leaving_on)
        .order_by("on")
        .values_list("on", flat=True)
        .first(),
        enquiries=counted["every"],
        joint_enquiries=counted["joint"],
    )


# --- the page of joining and leaving


@dataclass(frozen=True)
class RollLine:
    """One pupil who joins or leaves, with the class of that day."""

    enrolment: Enrolment
    pupil: Pupil
    class_name: str
    joining: Joining | None
    departure: Departure | None


def joiners(school: School, *, since: date) -> list[RollLine]:
    """Return the pupils whose time on roll begins on or after a day, latest first. Two statements."""
    found = (
        Enrolment.objects.filter(school=school, starts_on__gte=since)
        .select_related("pupil", "joining")
        .order_by("-starts_on", "pupil__surname", "pupil__forename", "pk")
    )
    return _lines(list(found), lambda enrolment: enrolment.starts_on)


def leavers(school: School, *, since: date) -> list[RollLine]:
    """Return the pupils whose last day on roll is on or after a day, earliest first. Three statements."""
    found = (
        Enrolment.objects.filter(school=school, leaving_on__gte=since)
        .select_related("pupil", "joining")
        .order_by("leaving_on", "pupil__surname", "pupil__forename", "pk")
    )
    enrolments = list(found)
    departures = {
        one.enrolment_id: one
        for one in Departure.objects.filter(enrolment__in=enrolments, cancelled_at__isnull=True)
    }
    return _lines(enrolments, lambda enrolment: enrolment.leaving_on or date.max, departures)


def _lines(
    enrolments: Sequence[Enrolment],
    day_of: Callable[[Enrolment], date],
    departures: Mapping[int, Departure] | None = None,
) -> list[RollLine]:
    memberships: dict[int, list[ClassMembership]] = {}
    for one in ClassMembership.objects.filter(
        pupil__in=[enrolment.pupil_id for enrolment in enrolments]
    ).select_related("class_group"):
        memberships.setdefault(one.pupil_id, []).append(one)
    return [
        RollLine(
            enrolment=enrolment,
            pupil=enrolment.pupil,
            class_name=next(
                (
                    one.class_group.name
                    for one in memberships.get(enrolment.pupil_id, [])
                    if one.starts_on <= day_of(enrolment) <= (one.ends_on or date.max)
                ),
                "",
            ),
            joining=getattr(enrolment, "joining", None),
            departure=(departures or {}).get(enrolment.pk),
        )
        for enrolment in enrolments
    ]


def classes_of_year(school: School, academic_year: int) -> QuerySet[ClassGroup]:
    """Return the classes of an academic year by name."""
    return ClassGroup.objects.filter(school=school, academic_year=academic_year).order_by("name", "pk")


# --- why a pupil stands in a register, or does not


def why_on_register(pupil: Pupil, class_group: ClassGroup, session: Session) -> str:
    """
    Say in one sentence why a pupil stands, or does not stand, in the register of a class for a session.

    Days are told with their year. Four statements at most.
    """
    on, name = session.on, pupil.full_name
    when = f"{day(on, None)} {on.year} {session.half}"
    if session.status != "held":
        return f"There is no register: the school is closed on {when}."
    enrolments = list(Enrolment.objects.filter(pupil=pupil).order_by("starts_on"))
    covers = next((one for one in enrolments if one.starts_on <= on <= (one.leaving_on or date.max)), None)
    if covers is None:
        return f"{name} is not on this register: {_off_roll(enrolments, on)}."
    membership = membership_on(pupil, on)
    if membership is None:
        return (
            f"{name} is on roll on {when} but in no class, and so on no register. Move {name} into a class."
        )
    since = f"in {membership.class_group.name} since {_told(membership.starts_on)}"
    if membership.class_group_id != class_group.pk:
        return f"{name} is not on this register: on that day {name} is {since}."
    return f"{name} is on this register: on roll since {_told(covers.starts_on)} and {since}."


def _off_roll(enrolments: Sequence[Enrolment], on: date) -> str:
    if not enrolments:
        return "the pupil was never entered on roll"
    before = [one for one in enrolments if one.leaving_on is not None and one.leaving_on < on]
    after = [one for one in enrolments if one.starts_on > on]
    if before and after:
        left, comes = _told(before[-1].leaving_on), _told(after[0].starts_on)
        return f"the last day on roll was {left}, the next starting day is {comes}"
    if before:
        return f"the last day on roll was {_told(before[-1].leaving_on)}"
    return f"the starting day is {_told(after[0].starts_on)}"


def _told(on: date | None) -> str:
    assert on is not None  # noqa: S101 - only of periods that have the day
    return f"{day(on, None)} {on.year}"


# --- marks of earlier schools


@dataclass(frozen=True)
class PreviousSession:
    """One session of another school as that school marked it."""

    on: date
    half: str
    code: str


def previous_sessions(
    school: School, *, since: date, until: date, pupil_ids: Collection[int] | None = None
) -> dict[int, tuple[PreviousSession, ...]]:
    """
    Return what other schools marked for pupils from a day to a day, in order, by pupil; one statement.

    They count towards the penalty threshold (SI 2024/208 and the national framework) and in no figure of this
    school. Every code comes along: a week of which anything was marked was a school week there.
    """
    marks = PreviousMark.objects.filter(school=school, on__range=(since, until))
    if pupil_ids is not None:
        marks = marks.filter(pupil__in=pupil_ids)
    found: dict[int, list[PreviousSession]] = {}
    for pupil_id, on, half, code in marks.order_by("pupil_id", "on", "half").values_list(
        "pupil_id", "on", "half", "code_id"
    ):
        found.setdefault(pupil_id, []).append(PreviousSession(on, half, code))
    return {pupil_id: tuple(sessions) for pupil_id, sessions in found.items()}
