"""What families of the demo asked their heads for: some decided, some waiting, a holiday taken anyway."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.utils import timezone
from django_scopes import scope

from absences.models import LeaveChannel
from absences.rules.leave import KIND_BY_KEY
from absences.services import leave, leave_decisions
from absences.services.leave import Asked, LeaveRefused
from absences.services.leave_decisions import Decision
from accounts.models import Role, RoleAssignment, School, User
from registers.models import Contact, Enrolment, Mark, PupilContact, Session
from registers.rules.calendar import academic_year_of


@dataclass(frozen=True)
class Wish:
    """One request: how many days from today it begins, how long before it was asked, and the answer."""

    kind: str
    begins_in: int  # calendar days; negative: over
    days: int
    asked_before: int
    reasons: str
    detail: str = ""
    answer: str = ""  # empty: waits
    told: str = ""


WISHES = (
    Wish(
        "family",
        19,
        2,
        20,
        "My sister is getting married in Kraków on the Friday. The whole family will be there.",
    ),
    Wish(
        "holiday",
        11,
        5,
        13,
        "The flights are half the price outside the holidays, and both of us have leave that week.",
    ),
    Wish(
        "bereavement",
        3,
        1,
        4,
        "The funeral of the children’s grandfather is on that morning.",
    ),
    Wish(
        "performance",
        16,
        1,
        20,
        "A part in the Christmas show at the theatre.",
        "Licence applied for on 2 November",
    ),
    Wish(
        "holiday",
        -12,
        3,
        30,
        "A week at the sea that an uncle booked for us.",
        answer="refuse",
        told="A holiday can be taken in the school holidays, so I cannot agree to it.",
    ),
    Wish(
        "military",
        9,
        2,
        16,
        "Their father comes home after seven months at sea.",
        answer="grant",
    ),
    Wish(
        "religious",
        23,
        1,
        21,
        "The festival falls on a school day this year.",
        "Our temple",
        answer="grant",
    ),
)


def add_leave(schools: Iterable[School], *, today: date, seed: int) -> int:
    """Let families have asked each school for leave, and return how many requests there are."""
    made = 0
    for school in schools:
        with scope(school=school):
            made += _at_school(school, today=today, chance=random.Random(f"leave {seed} {school.key}"))
    return made


def _at_school(school: School, *, today: date, chance: random.Random) -> int:
    head = _holder(school, Role.HEAD)
    families = _families(school, chance, wanted=len(WISHES), on=today)
    held = sorted(
        set(
            Session.objects.filter(
                school=school,
                status="held",
                on__gte=today - timedelta(days=60),
                on__lte=today + timedelta(days=90),
            ).values_list("on", flat=True)
        )
    )
    made = 0
    for wish, family in zip(WISHES, families, strict=False):
        begins, link = today + timedelta(days=wish.begins_in), family
        if wish.begins_in < 0:
            # Somebody who was away on a holiday that nobody agreed to, as the register has it.
            away = _away(school, today=today)
            if away is None:
                continue
            begins, link = away
        days = [day for day in held if day >= begins]
        if head is None or len(days) <= wish.days:
            continue
        made += _one(wish, link, head, days, school=school, chance=chance, today=today)
    return made


def _one(
    wish: Wish,
    link: PupilContact,
    head: User,
    days: Sequence[date],
    *,
    school: School,
    chance: random.Random,
    today: date,
) -> int:
    first, back = days[0], days[wish.days]
    asked_on = min(first - timedelta(days=wish.asked_before), today - timedelta(days=1))
    at = _at(asked_on, time(19, chance.randrange(60)))
    contact: Contact = link.contact
    by = contact.user or head
    try:
        (row,) = leave.ask(
            [link.pupil],
            Asked(
                kind=wish.kind,
                first_day=first,
                return_on=back,
                reasons=wish.reasons,
                detail=wish.detail or ("" if not KIND_BY_KEY[wish.kind].needs_detail else "Our community"),
                signed_name=contact.name,
                signed_on=asked_on,
                understood_penalty=True,
                traveller_ids=frozenset({contact.pk}),
                channel=LeaveChannel.ONLINE if contact.user else LeaveChannel.PAPER,
                received_at=at,
            ),
            applicants={school.pk: contact},
            submission=UUID(int=chance.getrandbits(128), version=4),
            by=by,
            at=at,
        )
    except LeaveRefused:
        return 0  # a closure of this school, or a pattern of its own
    if wish.answer:
        leave_decisions.decide(
            [(row, row.version)],
            Decision(
                outcome="grant" if wish.answer == "grant" else "refuse",
                note="Weighed against the policy’s test.",
                told=wish.told,
                code=KIND_BY_KEY[wish.kind].code if wish.answer == "grant" else "",
            ),
            by=head,
            at=at + timedelta(days=1, hours=-10),
            position="Headteacher",
        )
    return 1


def _away(school: School, *, today: date) -> tuple[date, PupilContact] | None:
    """Return the first day of a late holiday without leave, and a parent of the child."""
    mark = (
        Mark.objects.filter(
            school=school,
            academic_year=academic_year_of(today),
            code_id="G",
            session__on__gte=today - timedelta(days=60),
            session__on__lt=today - timedelta(days=6),
        )
        .select_related("session")
        .order_by("session__on", "session__half", "pupil_id")
        .first()
    )
    if mark is None:
        return None
    link = (
        PupilContact.objects.filter(pupil=mark.pupil_id, priority=1)
        .select_related("pupil", "pupil__school", "contact", "contact__user")
        .first()
    )
    return None if link is None else (mark.session.on, link)


def _families(school: School, chance: random.Random, *, wanted: int, on: date) -> list[PupilContact]:
    """Return a parent of each of some pupils, one of each family; the demo's own parent first."""
    on_roll = Enrolment.objects.filter(school=school, starts_on__lte=on, leaving_on__isnull=True)
    links = list(
        PupilContact.objects.filter(
            school=school,
            pupil__in=on_roll.values("pupil_id"),
            priority=1,
            lives_with=True,
            court_order_restricts=False,
        )
        .select_related("pupil", "pupil__school", "contact", "contact__user")
        .order_by("pupil_id")
    )
    chance.shuffle(links)
    links.sort(key=lambda link: link.contact.user_id is None)
    found: dict[int, PupilContact] = {}
    for link in links:
        found.setdefault(link.contact_id, link)
        if len(found) == wanted:
            break
    return list(found.values())


def _holder(school: School, role: str) -> User | None:
    held = RoleAssignment.objects.filter(school=school, role=role, ends_on__isnull=True)
    first = held.select_related("user").order_by("pk").first()
    return first.user if first else None


def _at(on: date, clock: time) -> datetime:
    return timezone.make_aware(datetime.combine(on, clock))
