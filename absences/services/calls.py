"""
Calls about absences: who calls whom, what each attempt came to, and what follows from it.

An attempt is written down and never changed. Two people who call at once see each other's claims: a claim is
one row for a pupil and a day, taken in one statement.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from absences.models import CallClaim, CallSettings, ContactAttempt, ContactAttemptStrike, Task, TaskKind
from absences.rules.contact import CONFIRMED, SPOKE_DID_NOT_KNOW, TO_A_HOME, fits
from absences.rules.reasons import REASON_BY_KEY
from absences.services.tasks import close_task, raise_task
from accounts.errors import DomainError
from accounts.events import record
from accounts.models import School, User
from registers.models import Contact, OutsideContact, Pupil, PupilContact
from registers.words import clock, day

CLAIM_LASTS = timedelta(minutes=5)
# What is entered from paper: no longer back than the marks of a week.
LATEST_ENTRY = timedelta(days=7)


class AttemptRefused(DomainError):
    """The attempt cannot be written down like this; `faults` says why for each field."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = dict(faults)


class CalledBySomebody(DomainError):
    """Somebody else is calling about this pupil; the message says who and until when."""


@dataclass(frozen=True)
class Attempted:
    """What somebody tried: whom, how, and what it came to."""

    channel: str
    outcome: str
    at: datetime  # when it happened
    contact: Contact | None = None
    outside_contact: OutsideContact | None = None
    person: str = ""
    address: str = ""
    reason: str = ""
    note: str = ""


# --- claims

CLAIM = """
INSERT INTO absences_callclaim (school_id, pupil_id, "on", by_id, until)
VALUES (%(school)s, %(pupil)s, %(on)s, %(by)s, %(until)s)
ON CONFLICT (pupil_id, "on") DO UPDATE SET by_id = excluded.by_id, until = excluded.until
WHERE absences_callclaim.until <= %(at)s OR absences_callclaim.by_id = excluded.by_id
RETURNING id
"""


def try_claim(school: School, pupil_id: int, *, on: date, by: User, at: datetime) -> bool:
    """Say that a person calls about a pupil now, unless somebody else does; return whether it is theirs."""
    with connection.cursor() as cursor:
        cursor.execute(
            CLAIM,
            {
                "school": school.pk,
                "pupil": pupil_id,
                "on": on,
                "by": by.pk,
                "until": at + CLAIM_LASTS,
                "at": at,
            },
        )
        return cursor.fetchone() is not None


def claim(school: School, pupil_id: int, *, on: date, by: User, at: datetime) -> None:
    """
    Say that a person calls about a pupil for the next five minutes; what they called about before is free.

    :raises CalledBySomebody: somebody else is calling about the pupil
    """
    with transaction.atomic():
        if not try_claim(school, pupil_id, on=on, by=by, at=at):
            held = CallClaim.objects.select_related("by").get(pupil_id=pupil_id, on=on)
            raise CalledBySomebody(f"{held.by.name} is calling about this pupil until {clock(held.until)}.")
        CallClaim.objects.filter(school=school, by=by).exclude(pupil_id=pupil_id, on=on).delete()


def claim_next(school: School, pupil_ids: Iterable[int], *, on: date, by: User, at: datetime) -> int | None:
    """Claim the first of these pupils about whom nobody else is calling, and return it; None: all are."""
    with transaction.atomic():
        for pupil_id in pupil_ids:
            if try_claim(school, pupil_id, on=on, by=by, at=at):
                CallClaim.objects.filter(school=school, by=by).exclude(pupil_id=pupil_id, on=on).delete()
                return pupil_id
    return None


def release(school: School, *, by: User) -> None:
    """Free what a person was calling about."""
    CallClaim.objects.filter(school=school, by=by).delete()


# --- attempts


@transaction.atomic
def log_attempt(
    school: School,
    pupils: Sequence[Pupil],
    attempted: Attempted,
    *,
    entry: UUID,
    on: date,
    by: User,
    at: datetime,
) -> list[ContactAttempt]:
    """
    Write down one attempt about a day for each pupil it was about, in order; sent again, it counts once.

    A guardian who did not know raises a safeguarding task for each pupil, due within the school's time; a
    conversation that settled where the child is closes what waits for one.

    :raises AttemptRefused: it names nobody, the outcome cannot come of the channel, it lies ahead or too far
        back, or a court order keeps the person away
    """
    standing = {one.pupil_id: one for one in ContactAttempt.objects.filter(school=school, entry=entry)}
    if standing and all(pupil.pk in standing for pupil in pupils):
        return [standing[pupil.pk] for pupil in pupils]
    _check(school, pupils, attempted, on=on, at=at)
    ContactAttempt.objects.bulk_create(
        [
            ContactAttempt(
                school=school,
                pupil=pupil,
                entry=entry,
                on=on,
                contact=attempted.contact,
                outside_contact=attempted.outside_contact,
                person=attempted.person.strip(),
                address=attempted.address.strip(),
                channel=attempted.channel,
                outcome=attempted.outcome,
                reason=attempted.reason,
                note=attempted.note.strip(),
                at=attempted.at,
                recorded_at=at,
                by=by,
            )
            for pupil in pupils
            if pupil.pk not in standing
        ],
        # Of two that come at the same moment the second finds the first's.
        ignore_conflicts=True,
    )
    made = {
        one.pupil_id: one
        for one in ContactAttempt.objects.filter(school=school, entry=entry).select_related(
            "pupil", "contact", "outside_contact"
        )
    }
    for pupil in pupils:
        _follow(school, made[pupil.pk], by=by, at=at)
    return [made[pupil.pk] for pupil in pupils]


def _check(school: School, pupils: Sequence[Pupil], attempted: Attempted, *, on: date, at: datetime) -> None:
    faults: dict[str, str] = {}
    named = (attempted.contact, attempted.outside_contact, attempted.person.strip())
    if not any(named) and attempted.channel not in TO_A_HOME:
        faults["who"] = "Say who it was"
    if attempted.contact is not None and attempted.outside_contact is not None:
        faults["who"] = "Choose one person"
    if not fits(attempted.channel, attempted.outcome):
        faults["outcome"] = "Choose what it came to"
    if attempted.reason and attempted.reason not in REASON_BY_KEY:
        faults["reason"] = "Choose the reason from the list"
    if attempted.at > at:
        faults["at"] = "The time lies ahead of now"
    elif at - attempted.at > LATEST_ENTRY or timezone.localtime(attempted.at).date() < on:
        faults["at"] = f"Enter a time from {day(on)} on, and within seven days"
    if attempted.contact is not None:
        links = {
            link.pupil_id: link
            for link in PupilContact.objects.filter(
                school=school, contact=attempted.contact, pupil__in=pupils
            )
        }
        for pupil in pupils:
            link = links.get(pupil.pk)
            if link is None:
                faults["who"] = f"This person is no contact of {pupil.full_name}"
            elif link.court_order_restricts:
                faults["who"] = f"A court order keeps this person away from {pupil.full_name}"
    if faults:
        raise AttemptRefused(faults)


def _follow(school: School, attempt: ContactAttempt, *, by: User, at: datetime) -> None:
    """Raise or close what an attempt asks for."""
    record(
        "contact.attempted",
        school=school,
        by=by,
        at=at,
        subject=attempt,
        data={
            "pupil": attempt.pupil_id,
            "on": attempt.on.isoformat(),
            "channel": attempt.channel,
            "outcome": attempt.outcome,
        },
    )
    if attempt.outcome == SPOKE_DID_NOT_KNOW:
        raise_task(
            attempt.pupil,
            TaskKind.SAFEGUARDING,
            cause=f"attempt:{attempt.pk}",
            what=(
                f"Find out where {attempt.pupil.full_name} is: {who_in_words(attempt)} did not know of the"
                f" absence on {day(attempt.on)}."
            ),
            due_at=attempt.at + timedelta(minutes=safeguarding_minutes(school)),
            is_mandatory=True,
            at=at,
        )
    elif attempt.outcome in CONFIRMED:
        CallClaim.objects.filter(pupil_id=attempt.pupil_id, on=attempt.on).delete()
        for task in Task.objects.filter(
            school=school, pupil=attempt.pupil, kind=TaskKind.NO_CONTACT, closed_at__isnull=True
        ):
            close_task(task, outcome=_reached_words(attempt), by=by, at=at)


def _reached_words(attempt: ContactAttempt) -> str:
    on = day(timezone.localtime(attempt.at).date())
    return f"Reached: {who_in_words(attempt)}, {on} at {clock(attempt.at)}."


def who_in_words(attempt: ContactAttempt) -> str:
    """Return whom an attempt was to: the name of a contact or of somebody typed, or "the home"."""
    if attempt.contact is not None:
        return attempt.contact.name
    if attempt.outside_contact is not None:
        return attempt.outside_contact.name
    return attempt.person or "the home"


@transaction.atomic
def strike(attempt: ContactAttempt, *, reason: str, by: User, at: datetime) -> ContactAttemptStrike:
    """
    Strike out an attempt that was entered by mistake; it stays to be read, and what it closed is asked again.

    :raises AttemptRefused: no reason, or it is struck out already
    """
    if not reason.strip():
        raise AttemptRefused({"reason": "Say why it is struck out"})
    try:
        with transaction.atomic():
            made: ContactAttemptStrike = ContactAttemptStrike.objects.create(
                school_id=attempt.school_id, attempt=attempt, at=at, by=by, reason=reason.strip()
            )
    except IntegrityError:
        raise AttemptRefused({"reason": "Somebody struck this out already"}) from None
    record(
        "contact.struck_out",
        school=attempt.school,
        by=by,
        at=at,
        subject=attempt,
        data={"pupil": attempt.pupil_id},
    )
    if attempt.outcome in CONFIRMED:
        closed = Task.objects.filter(
            school_id=attempt.school_id,
            pupil=attempt.pupil,
            kind=TaskKind.NO_CONTACT,
            closed_at=attempt.recorded_at,
        )
        for task in closed:
            raise_task(
                attempt.pupil,
                task.kind,
                cause=f"strike:{made.pk}",
                what=task.what,
                source=task.source,
                due_at=at,
                is_mandatory=task.is_mandatory,
                at=at,
            )
    return made


# --- the school's choice


def safeguarding_minutes(school: School) -> int:
    """Return within how many minutes a safeguarding task is due at a school. One statement."""
    chosen = CallSettings.objects.filter(school=school).values_list("safeguarding_minutes", flat=True).first()
    return CallSettings.SAFEGUARDING_MINUTES if chosen is None else chosen


def choose_safeguarding_minutes(school: School, minutes: int, *, by: User, at: datetime) -> None:
    """
    Let a school choose within how many minutes its safeguarding tasks are due; tasks that stand keep theirs.

    :raises DomainError: not between 5 and 240
    """
    if not 5 <= minutes <= 240:
        raise DomainError("Enter between 5 and 240 minutes")
    CallSettings.objects.update_or_create(school=school, defaults={"safeguarding_minutes": minutes})
    record("calls.set_up", school=school, by=by, at=at, data={"safeguarding_minutes": minutes})
