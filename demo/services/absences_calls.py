"""Whom the demo's offices called about the unexplained absences of the last days, and what is left to do."""

import random
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.utils import timezone
from django_scopes import scope

from absences.models import ContactAttempt, Task, TaskKind
from absences.rules.contact import CALL, NO_ANSWER, NUMBER_WRONG, SPOKE_DID_NOT_KNOW, SPOKE_KNEW, VOICEMAIL
from absences.services.tasks import raise_task
from accounts.models import Role, RoleAssignment, School
from registers.models import Mark, PupilContact, Session
from registers.words import day

SCHOOL_DAYS = 8
# What the first call came to; whoever did not answer is called again, then the next contact is.
FIRST = (NO_ANSWER, NO_ANSWER, VOICEMAIL, NO_ANSWER, NUMBER_WRONG, SPOKE_KNEW)


def add_calls(schools: Iterable[School], *, today: date, seed: int) -> int:
    """Let each school's office have called about what is unexplained, and return how often it did."""
    made = 0
    for school in schools:
        chance = random.Random(f"calls {seed} {school.key}")
        with scope(school=school):
            made += _calls_of(school, today=today, chance=chance)
    return made


def _calls_of(school: School, *, today: date, chance: random.Random) -> int:
    days = list(
        Session.objects.filter(school=school, status="held", half="AM", on__lt=today)
        .order_by("-on")
        .values_list("on", flat=True)[:SCHOOL_DAYS]
    )
    office = RoleAssignment.objects.filter(school=school, role=Role.OFFICE).order_by("pk").first()
    if not days or office is None:
        return 0
    unexplained = list(
        Mark.objects.filter(school=school, session__on__in=days, session__half="AM", code__in=["N", "O"])
        .select_related("pupil", "session")
        .order_by("session__on", "pupil_id")
    )
    contacts: dict[int, list[PupilContact]] = {}
    for link in (
        PupilContact.objects.filter(
            pupil__in=[mark.pupil_id for mark in unexplained], court_order_restricts=False
        )
        .select_related("contact")
        .order_by("priority", "pk")
    ):
        if link.contact.phones:
            contacts.setdefault(link.pupil_id, []).append(link)
    rows: list[ContactAttempt] = []
    for mark in unexplained:
        at = timezone.make_aware(datetime.combine(mark.session.on, time(9, 30)))
        for place, link in enumerate(contacts.get(mark.pupil_id, ())[:2]):
            at += timedelta(minutes=1 + chance.randrange(20))
            outcome = chance.choice(FIRST) if place == 0 else chance.choice((NO_ANSWER, SPOKE_KNEW))
            rows.append(
                ContactAttempt(
                    school=school,
                    pupil_id=mark.pupil_id,
                    entry=UUID(int=chance.getrandbits(128), version=4),
                    on=mark.session.on,
                    contact=link.contact,
                    address=link.contact.phones[0],
                    channel=CALL,
                    outcome=outcome,
                    at=at,
                    recorded_at=at,
                    by_id=office.user_id,
                )
            )
            if outcome == SPOKE_KNEW:
                break
    ContactAttempt.objects.bulk_create(rows, batch_size=2000)
    _left_to_do(school, unexplained, by=office, chance=chance)
    return len(rows)


def _left_to_do(
    school: School, unexplained: list[Mark], *, by: RoleAssignment, chance: random.Random
) -> None:
    """Leave one safeguarding task closed and a few steps open, of the last day that has any."""
    if not unexplained:
        return
    latest = [mark for mark in unexplained if mark.session.on == unexplained[-1].session.on]
    at = timezone.make_aware(datetime.combine(latest[0].session.on, time(10, 15)))
    for place, mark in enumerate(latest[:3]):
        kind = (TaskKind.SAFEGUARDING, TaskKind.LETTER_HOME, TaskKind.HOME_VISIT)[place]
        words = (
            f"Find out where {mark.pupil.full_name} is: a grandmother did not know of the absence",
            f"Write home: nobody could be reached about {mark.pupil.full_name}’s absence",
            f"Visit the home: nobody could be reached about {mark.pupil.full_name}’s absence",
        )[place]
        task = raise_task(
            mark.pupil,
            kind,
            cause=f"calls:{mark.session.on}",
            what=f"{words} on {day(mark.session.on)}.",
            due_at=at + timedelta(minutes=30),
            is_mandatory=kind == TaskKind.SAFEGUARDING,
            at=at,
        )
        if kind == TaskKind.SAFEGUARDING:
            ContactAttempt.objects.create(
                school=school,
                pupil=mark.pupil,
                entry=UUID(int=chance.getrandbits(128), version=4),
                on=mark.session.on,
                person="Grandmother",
                channel=CALL,
                outcome=SPOKE_DID_NOT_KNOW,
                at=at,
                recorded_at=at,
                by_id=by.user_id,
            )
            Task.objects.filter(pk=task.pk).update(
                closed_at=at + timedelta(minutes=12),
                closed_by_id=by.user_id,
                outcome="At home with the father, who rang back.",
            )
