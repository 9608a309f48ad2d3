"""What the demo's schools told parents by e-mail and text in the last days; some of it did not arrive."""

import random
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone
from django_scopes import scope

from accounts.models import Role, RoleAssignment, School, User
from letters.models import Message, MessageEvent
from letters.services.messages import address_of, new_message
from registers.models import Mark, PupilContact

SCHOOL_DAYS = 5
A_DAY = 4
# How many of a hundred did not arrive, and why.
DID_NOT_ARRIVE = 6
WHY = (
    "There is no such address or number, or its provider refuses messages.",
    "It could not be delivered for three days: a full inbox, a spam filter, or a phone that is off.",
)
UNEXPLAINED = (
    "absence_unexplained",
    "{name} is not in school",
    "{name} was not at registration this morning and we have not heard why. Please tell us today.",
)
ILL = (
    "absence_recorded",
    "{name}’s absence is recorded",
    "Thank you for telling us. {name} is recorded as ill today.",
)


def tell_parents(schools: Iterable[School], *, today: date, seed: int) -> int:
    """Add the messages of the last school days, all of them settled, and return how many."""
    return sum(
        _tell(school, today=today, chance=random.Random(f"messages {seed} {school.key}"))
        for school in schools
    )


def _tell(school: School, *, today: date, chance: random.Random) -> int:
    with scope(school=school):
        away = list(
            Mark.objects.filter(
                session__school=school,
                session__half="AM",
                session__on__lt=today,
                session__on__gte=today - timedelta(days=SCHOOL_DAYS + 2),
                code_id__in=["I", "N", "O"],
            )
            .select_related("session", "pupil")
            .order_by("session__on", "pupil_id")
        )
        chosen = sorted(
            chance.sample(away, min(len(away), SCHOOL_DAYS * A_DAY)), key=lambda mark: mark.session.on
        )
        office = _office(school)
        callers = _callers(mark.pupil_id for mark in chosen)
        made = []
        for mark in chosen:
            contact = callers.get(mark.pupil_id)
            ways = [way for way in ("text", "email") if contact and address_of(contact, way)]
            if contact is None or not ways:
                continue
            kind, subject, body = ILL if mark.code_id == "I" else UNEXPLAINED
            name = mark.pupil.known_as or mark.pupil.forename
            at = timezone.make_aware(datetime.combine(mark.session.on, time(9, 20)))
            message = new_message(
                school,
                key=f"demo:{kind}:{mark.pupil_id}:{mark.session_id}",
                kind=kind,
                to=contact,
                pupil=mark.pupil,
                subject=subject.format(name=name),
                body=body.format(name=name),
                channels=ways if mark.code_id != "I" else ways[::-1],
                by=office,
                at=at + timedelta(minutes=chance.randrange(60)),
            )
            for field, value in _settled(message, chance).items():
                setattr(message, field, value)
            made.append(message)
        Message.objects.bulk_create(made)
        MessageEvent.objects.bulk_create(event for message in made for event in _way_of(message, office))
    return len(made)


def _settled(message: Message, chance: random.Random) -> dict[str, Any]:
    """Return what became of a message: nearly every one arrived within minutes."""
    fails = chance.randrange(100) < DID_NOT_ARRIVE
    sent_at = message.queued_at + timedelta(seconds=chance.randrange(1, 9))
    return {
        "state": "returned" if fails else "delivered",
        "failure": chance.choice(WHY) if fails else "",
        "attempts": 1,
        "next_try_at": None,
        "provider": "notify",
        "provider_id": str(message.reference),
        "sent_at": sent_at,
        "settled_at": sent_at + timedelta(minutes=2),
        "looks": 1,
    }


def _way_of(message: Message, office: User) -> list[MessageEvent]:
    sent_at, settled_at = message.sent_at or message.queued_at, message.settled_at or message.queued_at
    steps = (
        ("ready", message.queued_at, office),
        ("sending", sent_at, None),
        ("sent", sent_at, None),
        (message.state, settled_at, None),
    )
    return [
        MessageEvent(
            school_id=message.school_id,
            message=message,
            at=at,
            by=by,
            state=state,
            words=message.failure if state == message.state else "",
        )
        for state, at, by in steps
    ]


def _office(school: School) -> User:
    held = RoleAssignment.objects.filter(school=school, role=Role.OFFICE, ends_on__isnull=True)
    return held.select_related("user").order_by("pk")[0].user


def _callers(pupil_ids: Iterable[int]) -> dict[int, Any]:
    """Return whom to tell first, of each pupil."""
    found: dict[int, Any] = {}
    for link in (
        PupilContact.objects.filter(pupil__in=set(pupil_ids), court_order_restricts=False)
        .select_related("contact")
        .order_by("priority", "pk")
    ):
        found.setdefault(link.pupil_id, link.contact)
    return found
