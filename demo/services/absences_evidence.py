"""Proof that the demo's schools asked for, a photo that came, and support that was offered."""

import random
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from django_scopes import scope
from PIL import Image, ImageDraw

from absences.models import EvidenceRequest, EvidenceState
from absences.services import evidence, records
from absences.services.evidence_proposals import propose
from absences.services.records import Programme, Support
from accounts.models import Role, RoleAssignment, School, User
from accounts.people import system_user
from registers.models import Pupil, PupilContact

OFFERS = (
    ("school", "A place in the breakfast club", "accepted"),
    ("health", "A referral to the school nurse", "open"),
    ("family", "A family support worker", "declined"),
)


def add_evidence(schools: Iterable[School], *, today: date, seed: int) -> int:
    """Propose, ask for and take in some proof at each school, and return how many requests there are."""
    chance = random.Random(f"{seed} evidence")
    system = system_user()
    at = timezone.make_aware(datetime.combine(today, time(8, 10)))
    total = 0
    for school in schools:
        with scope(school=school):
            total += _at(school, by=_office(school) or system, system=system, at=at, chance=chance)
    return total


def _office(school: School) -> User | None:
    held = RoleAssignment.objects.filter(school=school, role__in=[Role.OFFICE, Role.CHAMPION, Role.HEAD])
    first = held.select_related("user").order_by("role", "pk").first()
    return first.user if first else None


def _at(school: School, *, by: User, system: User, at: datetime, chance: random.Random) -> int:
    for days_ago in (13, 1):
        evening = at - timedelta(days=days_ago) + timedelta(hours=11)
        propose(school, on=evening.date(), by=system, at=evening)
    rows = list(EvidenceRequest.objects.filter(school=school).select_related("pupil").order_by("pk"))
    pupils = list(Pupil.objects.filter(school=school).order_by("pk"))
    if not rows and pupils:
        pupil = chance.choice(pupils)
        rows = [
            evidence.raise_request(
                pupil,
                "doubt",
                evidence.Span(at.date() - timedelta(days=7), at.date() - timedelta(days=7)),
                why="Seen at the swimming pool on the day.",
                by=by,
                at=at - timedelta(days=3),
            )
        ]
    for place, row in enumerate(rows[:2] + rows[-1:] if len(rows) > 2 else rows):
        link = (
            PupilContact.objects.filter(pupil=row.pupil, court_order_restricts=False)
            .select_related("contact")
            .order_by("priority")
            .first()
        )
        if link is None or row.state != EvidenceState.PROPOSED:
            continue
        if evidence.needs_talk(row, on=at.date()):
            evidence.log_talk(
                row,
                words="Talked over how the school can help.",
                version=row.version,
                by=by,
                at=row.proposed_at,
            )
            row.refresh_from_db()
        asked_at = max(at - timedelta(days=12), row.proposed_at + timedelta(hours=12))
        asked = evidence.ask(
            row,
            to=link.contact,
            way="phone",
            due_on=asked_at.date() + timedelta(days=10),
            words="",
            version=row.version,
            by=by,
            at=asked_at,
        )
        if place == 0:
            evidence.receive(
                asked,
                kind="appointment_card",
                uploads=[_card()],
                version=asked.version,
                by=link.contact.user or by,
                at=at,
            )
    _support(chance.sample(pupils, min(4, len(pupils))), by=by, at=at, chance=chance)
    return len(rows)


def _support(pupils: list[Pupil], *, by: User, at: datetime, chance: random.Random) -> None:
    today = at.date()
    for pupil, (kind, offered, answer) in zip(pupils[1:], OFFERS, strict=False):
        records.note_support(
            pupil,
            Support(
                kind,
                offered,
                today - timedelta(days=chance.randint(3, 20)),
                answer,
                review_on=today + timedelta(days=chance.randint(5, 30)) if answer == "accepted" else None,
            ),
            by=by,
            at=at,
        )
    if pupils:
        records.start_programme(
            pupils[0],
            Programme(
                designated=by,
                starts_on=today - timedelta(days=9),
                review_on=today + timedelta(days=5),
                circumstances="Seven weeks away after an operation. Tires quickly in the afternoon.",
                agreed_with="Both parents",
                support="A quiet place after lunch",
                is_phased=True,
                steps=[
                    (today - timedelta(days=2), "Every morning"),
                    (today + timedelta(days=12), "Full days"),
                ],
            ),
            by=by,
            at=at,
        )


def _card() -> "SimpleUploadedFile":
    """Draw an appointment card, as a telephone would have photographed it."""
    card = Image.new("RGB", (900, 560), "#f3efe4")
    pen = ImageDraw.Draw(card)
    pen.rectangle((40, 40, 860, 520), outline="#35506b", width=6)
    for place, words in enumerate(
        ("Appointment card", "Children's clinic", "10:40", "Please bring this card")
    ):
        pen.text((90, 90 + 90 * place), words, fill="#22303f", font_size=44)
    written = BytesIO()
    card.save(written, "JPEG")
    return SimpleUploadedFile("IMG_2041.jpg", written.getvalue(), "image/jpeg")
