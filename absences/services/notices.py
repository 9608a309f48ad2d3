"""
Recording an illness as unauthorised after all, and telling the parent before (002:177).

The database itself refuses the mark while no notice covers its session, where the school's policy asks for
one: see migration 0007.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from absences.models import EvidenceRequest, EvidenceState, NoticeWay, UnauthorisingNotice
from absences.services.evidence import WORDS_LENGTH, EvidenceRefused
from accounts import events
from accounts.models import User
from registers.models import Contact, Mark, Pupil, PupilContact
from registers.services.mark_sets import WantedMark, set_marks
from registers.services.marks import Saved

ILLNESS = "I"


@dataclass(frozen=True)
class Told:
    """What a parent was told: whom, how, when, in what words, and of which sessions."""

    contact: Contact
    how: str
    told_at: datetime
    words: str
    first_day: date
    last_day: date
    first_half: str = "AM"
    last_half: str = "PM"


@transaction.atomic
def log_notice(
    pupil: Pupil, told: Told, *, by: User, at: datetime, request: EvidenceRequest | None = None
) -> UnauthorisingNotice:
    """
    Write down that a parent was told that these sessions are going to be unauthorised; it is never changed.

    :raises EvidenceRefused: nothing says what was said, the person is no contact of the pupil, it has not
        happened yet, or the sessions are in the wrong order
    """
    words = told.words.strip()
    if not words:
        raise EvidenceRefused("Say what was said", "words")
    if len(words) > WORDS_LENGTH:
        raise EvidenceRefused(f"Use {WORDS_LENGTH} characters or fewer", "words")
    if told.how not in NoticeWay.values:
        raise EvidenceRefused("Choose how they were told", "how")
    if told.told_at > at:
        raise EvidenceRefused("Log it after the parent was told", "told_at")
    if (told.last_day, told.last_half) < (told.first_day, told.first_half):
        raise EvidenceRefused("The last session cannot be before the first", "last_day")
    if not PupilContact.objects.filter(
        pupil=pupil, contact=told.contact, court_order_restricts=False
    ).exists():
        raise EvidenceRefused("Choose a parent or carer of the pupil", "contact")
    made = UnauthorisingNotice.objects.create(
        school_id=pupil.school_id,
        pupil=pupil,
        evidence_request=request,
        first_day=told.first_day,
        first_half=told.first_half,
        last_day=told.last_day,
        last_half=told.last_half,
        told_at=told.told_at,
        how=told.how,
        contact=told.contact,
        words=words,
        by=by,
        recorded_at=at,
    )
    events.record("notice.logged", school=pupil.school, by=by, at=at, subject=made, data={"pupil": pupil.pk})
    return made


def unauthorise(
    request: EvidenceRequest, *, by: User, at: datetime, position: str = "", code: str = "O"
) -> Saved:
    """
    Record the sessions of illness or appointment of a request as unauthorised, for the reason given.

    :raises EvidenceRefused: the school did not say that it is not satisfied, or nothing is left to change
    :raises DomainError: the parent was not told, where the policy asks for it, or a mark cannot stand
    """
    if request.state != EvidenceState.NOT_SATISFIED:
        raise EvidenceRefused("First say that the school is not satisfied")
    marks = list(standing(request))
    if not marks:
        raise EvidenceRefused("No session of this absence is recorded as illness or appointment any more")
    with transaction.atomic():
        saved = set_marks(
            request.school,
            [WantedMark(mark.pupil_id, mark.session_id, code, seen_code=mark.code_id) for mark in marks],
            by=by,
            at=at,
            reason=f"Proof not accepted: {request.closed_why}",
            position=position,
        )
        events.record(
            "evidence.unauthorised",
            school=request.school,
            by=by,
            at=at,
            subject=request,
            data={"marks": saved.changed, "code": code},
        )
    return saved


def standing(request: EvidenceRequest) -> list[Mark]:
    """Return the marks of illness or appointment that stand in the days of a request, in their order."""
    return list(
        Mark.objects.filter(
            school=request.school,
            pupil=request.pupil_id,
            session__on__gte=request.first_day,
            session__on__lte=request.last_day,
            code__in=[ILLNESS, "M"],
        )
        .select_related("session")
        .order_by("session__on", "session__half")
    )
