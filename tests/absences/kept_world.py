"""What one parent told, asked, sent and was sent about a child: nobody else is to see it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.test import Client
from django_scopes import scopes_disabled

from absences.models import (
    Attachment,
    EvidenceRequest,
    LeaveRequest,
    Report,
)
from accounts.models import School, User
from letters.models import Letter, Message
from registers.models import Contact, Pupil
from tests.absences.intake_world import give_terms
from tests.absences.parents_world import EARLY, FIRST_HELD, LAST_HELD, TUESDAY
from tests.factories.absences import ReportFactory
from tests.factories.absences_evidence import asked_for, stored_attachment
from tests.factories.absences_leave import LeaveRequestFactory
from tests.factories.letters import LetterFactory, LetterFileFactory
from tests.factories.registers import (
    held_sessions,
)

SECRET_ADDRESS = "9 Secret Street"
NOTE = "We have moved to 9 Secret Street."


@dataclass
class Kept:
    """What the school keeps of one child that came from, or went to, one parent."""

    pupil: Pupil
    contact: Contact
    report: Report
    leave: LeaveRequest
    asked: EvidenceRequest
    files: list[Attachment]
    letter: Letter

    @property
    def of_the_parent(self) -> list[str]:
        """Return the addresses of what is this parent's alone."""
        return [
            f"/family/report/{self.report.submission}/sent/",
            f"/family/reports/{self.report.pk}/",
            f"/family/reports/{self.report.pk}/change/",
            f"/family/reports/{self.report.pk}/withdrawal/",
            f"/family/reports/{self.report.pk}/files/",
            f"/family/leave/{self.leave.pk}/",
            f"/family/leave/{self.leave.pk}/withdraw/",
            f"/family/children/{self.pupil.pk}/letters/{self.letter.pk}/",
            *(f"/family/files/{file.pk}/" for file in self.files),
        ]

    @property
    def of_the_child(self) -> list[str]:
        """Return the addresses of what every parent of the child may open."""
        return [
            f"/family/children/{self.pupil.pk}/",
            f"/family/children/{self.pupil.pk}/details/",
            f"/family/evidence/{self.asked.pk}/",
        ]

    @property
    def said(self) -> list[str]:
        """Return what must stand on nobody else's page."""
        return [
            self.pupil.forename,
            self.pupil.surname,
            self.report.reference,
            self.leave.reference,
            self.letter.reference,
            SECRET_ADDRESS,
            "01632 960777",
            "her-own@family.example",
        ]


def kept_of(parent: User, pupil: Pupil, school: School) -> Kept:
    """Let a mother tell of an illness, ask for leave, send photos and get a letter."""
    held_sessions(school, FIRST_HELD, LAST_HELD)
    give_terms(school, "werrington")
    with scopes_disabled():
        Pupil.objects.filter(pk=pupil.pk).update(forename="Xanthippe", surname="Quillfeather")
        pupil.refresh_from_db()
        Contact.objects.filter(user=parent).update(
            address=SECRET_ADDRESS, phone="01632 960777", email="her-own@family.example"
        )
        contact = Contact.objects.get(user=parent)
        report = ReportFactory(
            pupil=pupil, contact=contact, recorded_by=parent, note=NOTE, first_day=TUESDAY, last_day=TUESDAY
        )
        leave = LeaveRequestFactory(
            pupil=pupil,
            applicant=contact,
            asked_by=parent,
            home_address=SECRET_ADDRESS,
            first_day=date(2025, 12, 4),
            last_day=date(2025, 12, 5),
            return_on=date(2025, 12, 8),
        )
        asked = asked_for(pupil, due_on=date(2025, 11, 20))
        files = [
            stored_attachment(report=report, uploaded_by=parent),
            stored_attachment(report=None, leave_request=leave, pupil=pupil, uploaded_by=parent),
            stored_attachment(report=None, evidence_request=asked, pupil=pupil, uploaded_by=parent),
        ]
        letter = LetterFactory(
            pupil=pupil,
            contact_ids=[contact.pk],
            state="rendered",
            rendered_at=EARLY,
            file=LetterFileFactory(school=school),
        )
    return Kept(pupil, contact, report, leave, asked, files, letter)


def words_of(response: Any) -> str:
    return " ".join(response.content.decode(errors="replace").split())


def asked_twice(client: Client, address: str) -> list[Any]:
    return [client.get(address), client.post(address, {"version": "1", "why": "x"})]


def counts() -> tuple[int, ...]:
    """Return how much there is of everything that a parent can make."""
    return tuple(
        model._base_manager.count() for model in (Report, LeaveRequest, Attachment, EvidenceRequest, Message)
    )


def staff_addresses(kept: Kept, *, at: str = "") -> list[str]:
    """Return pages of staff about the child; `at` puts the ids under another school's key."""
    base = f"/s/{at or kept.pupil.school.key}/absences"
    return [
        f"{base}/reports/{kept.report.pk}/",
        f"{base}/reports/{kept.report.pk}/accept/",
        f"{base}/reports/{kept.report.pk}/refuse/",
        f"{base}/reports/{kept.report.pk}/withdraw/",
        f"{base}/leave/{kept.leave.pk}/",
        f"{base}/leave/{kept.leave.pk}/notes/",
        f"{base}/leave/paper/{kept.pupil.pk}/",
        f"{base}/evidence/{kept.asked.pk}/",
        f"{base}/evidence/{kept.asked.pk}/receive/",
        f"{base}/pupils/{kept.pupil.pk}/",
        f"{base}/2025-11-11/pupils/{kept.pupil.pk}/attempt/",
        f"{base}/2025-11-11/pupils/{kept.pupil.pk}/text/",
        *(f"{base}/files/{file.pk}/" for file in kept.files),
    ]
