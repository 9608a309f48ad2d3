"""Asking for leave: one request for each child, counted in its school's calendar, judged by its policy."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django_scopes import scope

from absences.models import LeaveChannel, LeaveRequest, LeaveState, LeaveTraveller
from absences.rules.leave import (
    KIND_BY_KEY,
    Half,
    applicant_fault,
    before_return,
    longest_day,
    notice_given,
)
from absences.rules.references import new_reference
from absences.rules.terms import Terms
from absences.selectors.terms import terms_on
from accounts import events
from accounts.errors import DomainError
from accounts.models import School, User
from letters.services import messages
from registers.models import ClassMembership, Contact, Pupil, PupilContact, Session
from registers.words import day as day_words

REASONS_LENGTH = 3000
# What stands in the way of asking again for the same days.
STANDING = (LeaveState.WAITING, LeaveState.GRANTED, LeaveState.PARTLY)


class LeaveRefused(DomainError):
    """
    The request, or the decision on it, cannot stand; `faults` says why for each field ("" for the whole).
    """

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = dict(faults)


class LeaveChangedMeanwhile(DomainError):
    """Somebody else acted on the request since it was shown; `request` is as it stands now."""

    def __init__(self, request: LeaveRequest) -> None:
        by = request.decided_by.name if request.decided_by is not None else "somebody else"
        what = LeaveState(request.state).label.lower()
        words = (
            "Somebody acted on this request since you opened it: nothing was changed. Look at it again."
            if request.state == LeaveState.WAITING
            else f"This request was changed by {by} meanwhile: it is now “{what}”. Nothing else was changed."
        )
        super().__init__(words)
        self.request = request


@dataclass(frozen=True)
class Asked:
    """
    What the form says: away from a session on, back in school for another.

    `traveller_ids` are contacts of the children; `home_addresses` holds, for each school, the address as the
    applicant gave it, where it is not the one the school has.
    """

    kind: str  # a key of absences.rules.leave.KINDS
    first_day: date
    return_on: date
    reasons: str
    signed_name: str
    signed_on: date
    understood_penalty: bool
    first_half: str = "AM"
    return_half: str = "AM"
    detail: str = ""
    traveller_ids: frozenset[int] = frozenset()
    other_adults: str = ""
    address_confirmed: bool = True
    home_address: str = ""
    channel: str = LeaveChannel.ONLINE
    received_at: datetime | None = field(default=None)  # when the school got it; None: now


@transaction.atomic
def ask(
    pupils: Sequence[Pupil],
    asked: Asked,
    *,
    applicants: Mapping[int, Contact],
    submission: UUID,
    by: User,
    at: datetime,
) -> list[LeaveRequest]:
    """
    Take in one request for each child and return them in the order given; sent again, it changes nothing.

    The children may be at several schools, each judged by its own policy; `applicants` is the grown-up who
    asks, by school. Short notice is flagged and never refused. Where the policy does not let this grown-up
    ask (004:194), what they sent is kept as no application, and the parents whom the child lives with are
    invited by message.

    :raises LeaveRefused: something cannot stand; nothing was recorded
    :raises NoTerms: a school has no policy in force
    """
    received = timezone.localtime(asked.received_at or at)
    faults, by_pupil = _judged(pupils, asked, applicants, submission, received=received, at=at)
    if faults:
        raise LeaveRefused(faults)
    made: list[LeaveRequest] = []
    for pupil in pupils:
        with scope(school=pupil.school):
            missed, terms = by_pupil[pupil.pk]
            made.append(
                _take_in(
                    pupil,
                    asked,
                    missed=missed,
                    terms=terms,
                    applicant=applicants[pupil.school_id],
                    submission=submission,
                    received=received,
                    by=by,
                    at=at,
                )
            )
    return made


def faults_of(
    pupils: Sequence[Pupil],
    asked: Asked,
    *,
    applicants: Mapping[int, Contact],
    submission: UUID,
    at: datetime,
) -> dict[str, str]:
    """
    Return what stands against a request, by field, without sending it.

    :raises NoTerms: a school has no policy in force
    """
    received = timezone.localtime(asked.received_at or at)
    return _judged(pupils, asked, applicants, submission, received=received, at=at)[0]


@transaction.atomic
def withdraw(request: LeaveRequest, *, version: int, by: User, at: datetime, why: str = "") -> LeaveRequest:
    """
    Take a request back that nobody has decided.

    :raises LeaveChangedMeanwhile: it was decided, or changed otherwise, since it was shown
    """
    held = hold(request, version)
    if held.state != LeaveState.WAITING:
        raise LeaveChangedMeanwhile(held)
    held.state, held.withdrawn_why = LeaveState.WITHDRAWN, why.strip()[:300]
    held.version += 1
    held.save(update_fields=["state", "withdrawn_why", "version"])
    events.record("leave.withdrawn", school=held.school, by=by, at=at, subject=held)
    return held


def hold(request: LeaveRequest, version: int) -> LeaveRequest:
    """
    Return the request locked, as it stands now.

    :raises LeaveChangedMeanwhile: it is not the version that was shown
    """
    held = (
        LeaveRequest.objects.select_for_update(no_key=True, of=("self",))
        .select_related("school", "pupil", "applicant", "decided_by")
        .get(pk=request.pk)
    )
    if held.version != version:
        raise LeaveChangedMeanwhile(held)
    return held


def sessions_missed(school: School, asked: Asked) -> tuple[Half, ...]:
    """Return the sessions of the school's calendar between leaving and coming back. One statement."""
    held = [
        Half(on, half)
        for on, half in Session.objects.filter(
            school=school,
            status="held",
            on__gte=asked.first_day,
            on__lte=min(asked.return_on, longest_day(asked.first_day)),
        ).values_list("on", "half")
    ]
    return before_return(
        held, first=Half(asked.first_day, asked.first_half), back=Half(asked.return_on, asked.return_half)
    )


# --- what can stand -----------------------------------------------------------------------------------------


def _judged(
    pupils: Sequence[Pupil],
    asked: Asked,
    applicants: Mapping[int, Contact],
    submission: UUID,
    *,
    received: datetime,
    at: datetime,
) -> tuple[dict[str, str], dict[int, tuple[tuple[Half, ...], Terms]]]:
    """Return the faults by field, and for each pupil the sessions missed with the school's terms."""
    faults = _faults_of_form(asked, received)
    by_pupil: dict[int, tuple[tuple[Half, ...], Terms]] = {}
    for school, children in _by_school(pupils):
        with scope(school=school):
            terms = terms_on(school, received.date())
            missed = sessions_missed(school, asked)
            fault = _fault_of_time(school, children, asked, missed, at=at)
            if fault:
                faults.setdefault(*fault)
            for child in children:
                by_pupil[child.pk] = (missed, terms)
                repeated = _fault_of_repeat(child, missed, applicants.get(school.pk), submission)
                faults = repeated | faults
    return faults, by_pupil


def _by_school(pupils: Iterable[Pupil]) -> list[tuple[School, list[Pupil]]]:
    found: dict[School, list[Pupil]] = {}
    for pupil in pupils:
        found.setdefault(pupil.school, []).append(pupil)
    return list(found.items())


def _faults_of_form(asked: Asked, received: datetime) -> dict[str, str]:
    faults: dict[str, str] = {}
    kind = KIND_BY_KEY.get(asked.kind)
    if kind is None:
        faults["kind"] = "Choose what the leave is for"
    elif kind.needs_detail and not asked.detail.strip():
        faults["detail"] = "Enter which religious body sets the day apart"
    if Half(asked.return_on, asked.return_half) <= Half(asked.first_day, asked.first_half):
        faults["return_on"] = "The day back at school must be after the first day away"
    elif asked.return_on > longest_day(asked.first_day):
        faults["return_on"] = "Leave cannot be longer than a year"
    if not asked.reasons.strip():
        faults["reasons"] = "Enter why you ask for leave"
    elif len(asked.reasons) > REASONS_LENGTH:
        faults["reasons"] = f"The reasons must be {REASONS_LENGTH:,} characters or fewer"
    if not asked.signed_name.strip():
        faults["signed_name"] = "Enter your full name"
    if asked.signed_on > received.date():
        faults["signed_on"] = "The form cannot be signed after the school got it"
    if asked.channel == LeaveChannel.ONLINE:
        if not asked.understood_penalty:
            faults["understood_penalty"] = "Confirm that you have read and understood this"
        if not asked.address_confirmed and not asked.home_address.strip():
            faults["home_address"] = "Enter your home address"
    return faults


def _fault_of_time(
    school: School, children: Sequence[Pupil], asked: Asked, missed: Sequence[Half], *, at: datetime
) -> tuple[str, str] | None:
    """Return the field and fault of leave that misses no school, or that began before it was asked for."""
    if not missed:
        names = " and ".join(child.forename for child in children)
        return ("first_day", f"{school.name} is closed on these days, so {names} does not need leave")
    if asked.channel != LeaveChannel.ONLINE:
        return None  # what came on paper is recorded whenever it came; the head decides what it is
    first = missed[0]
    opens = Session.objects.values_list("opens_at", flat=True).get(
        school=school, on=first.on, half=first.half
    )
    if at >= opens:
        return (
            "first_day",
            "Leave has to be asked for before it begins. If your child is away already, report an absence",
        )
    return None


def _fault_of_repeat(
    pupil: Pupil, missed: Sequence[Half], applicant: Contact | None, submission: UUID
) -> dict[str, str]:
    """Refuse what the same grown-up asked for already; what another one asked is not told (docs/adr/0018)."""
    if not missed or applicant is None:
        return {}
    before = (
        LeaveRequest.objects.filter(
            pupil=pupil,
            applicant=applicant,
            state__in=STANDING,
            first_day__lte=missed[-1].on,
            last_day__gte=missed[0].on,
        )
        .exclude(submission=submission)
        .first()
    )
    if before is None:
        return {}
    return {
        "first_day": (
            f"You have asked for leave for {pupil.forename} for some of these days already: see request "
            f"{before.reference}"
        )
    }


def _take_in(
    pupil: Pupil,
    asked: Asked,
    *,
    missed: Sequence[Half],
    terms: Terms,
    applicant: Contact,
    submission: UUID,
    received: datetime,
    by: User,
    at: datetime,
) -> LeaveRequest:
    standing = LeaveRequest.objects.filter(submission=submission, pupil=pupil).first()
    if standing is not None:
        return standing
    links = {link.contact_id: link for link in PupilContact.objects.filter(pupil=pupil)}
    own = links.get(applicant.pk)
    if own is None or own.court_order_restricts:
        raise LeaveRefused({"applicant": "Choose one of the pupil’s parents or carers"})
    first, last = missed[0], missed[-1]
    notice = notice_given(
        terms.leave.notice,
        asked_on=received.date(),
        first_day=first.on,
        school_days=_school_days(pupil.school, received.date(), first.on, terms),
    )
    why = applicant_fault(terms.leave, lives_with=own.lives_with)
    row = LeaveRequest(
        school=pupil.school,
        pupil=pupil,
        submission=submission,
        reference=new_reference(secrets.choice),
        channel=asked.channel,
        applicant=applicant,
        asked_by=by,
        asked_at=received,
        recorded_at=at,
        kind=asked.kind,
        first_day=first.on,
        first_half=first.half,
        last_day=last.on,
        last_half=last.half,
        return_on=asked.return_on,
        sessions=len(missed),
        reasons=asked.reasons.strip(),
        detail=asked.detail.strip(),
        class_name=_class_of(pupil, on=received.date()),
        home_address=applicant.address if asked.address_confirmed else asked.home_address.strip(),
        home_address_confirmed=asked.address_confirmed,
        other_adults=asked.other_adults.strip(),
        understood_penalty=asked.understood_penalty,
        signed_name=asked.signed_name.strip(),
        signed_on=asked.signed_on,
        notice_days=notice.given,
        notice_met=notice.is_met,
        applicant_ok=not why,
        applicant_why=why,
        state=LeaveState.NOT_AN_APPLICATION if why else LeaveState.WAITING,
    )
    row.full_clean(exclude=["school", "pupil", "applicant", "asked_by", "notice_met"])
    row.save(force_insert=True)
    going = [links[pk] for pk in sorted(asked.traveller_ids) if pk in links]
    LeaveTraveller.objects.bulk_create(
        LeaveTraveller(school=pupil.school, request=row, contact_id=link.contact_id) for link in going
    )
    events.record(
        "leave.asked",
        school=pupil.school,
        by=by,
        at=at,
        subject=row,
        data={"kind": row.kind, "sessions": row.sessions, "state": row.state},
    )
    if why:
        _invite(row, links.values(), by=by, at=at)
    return row


def _school_days(school: School, first_day: date, last_day: date, terms: Terms) -> list[date]:
    if terms.leave.notice is None or terms.leave.notice.unit != "school":
        return []
    return list(
        Session.objects.filter(
            school=school, status="held", half="AM", on__gte=first_day, on__lt=last_day
        ).values_list("on", flat=True)
    )


def _class_of(pupil: Pupil, *, on: date) -> str:
    membership = (
        ClassMembership.objects.filter(pupil=pupil, starts_on__lte=on)
        .exclude(ends_on__lt=on)
        .select_related("class_group")
        .first()
    )
    return membership.class_group.name if membership else ""


def _invite(row: LeaveRequest, links: Iterable[PupilContact], *, by: User, at: datetime) -> None:
    """Tell the parents whom the child lives with that they may ask (004:194); say nothing of who did."""
    pupil = row.pupil
    days = f"{day_words(row.first_day)} to {day_words(row.last_day)}"
    homes = [link for link in links if link.lives_with and not link.court_order_restricts]
    for contact in Contact.objects.filter(
        pk__in=[link.contact_id for link in homes if link.contact_id != row.applicant_id]
    ).order_by("pk"):
        messages.queue(
            row.school,
            key=f"leave:{row.pk}:invitation",
            kind="leave_invitation",
            to=contact,
            pupil=pupil,
            subject="Leave from school",
            body=(
                f"We were told that {pupil.full_name} may be away from school from {days}. At our school "
                "only a parent whom the child normally lives with can ask for leave. If you want to ask, "
                "please sign in to Rollcall and choose “Ask for leave”, or ask the school office for the "
                "form. Nothing has been agreed."
            ),
            by=by,
            at=at,
        )
