"""
Whether a child went although leave was not agreed: proposed from the marks, decided by a person.

Nothing is changed by the proposal. A confirmed one amends the marks with its reason and names each parent who
allowed the absence (000:242, 001:232, 004:194); referrals rest on what stands then.
"""

from collections.abc import Collection
from datetime import date, datetime

from django.db import IntegrityError, transaction

from absences.models import LeaveDesignate, LeaveLiable, LeaveOutcome, LeaveRequest, Report
from absences.selectors.leave_outcomes import Proposal, proposal_for
from absences.services.leave import LeaveRefused
from accounts import events
from accounts.errors import DomainError
from accounts.models import School, User
from registers.models import PupilContact
from registers.services.mark_sets import WantedMark, set_marks

NOTE_LENGTH = 500


class OutcomeDecidedMeanwhile(DomainError):
    """Somebody else decided on this first."""

    def __init__(self) -> None:
        super().__init__("Somebody else has decided on this meanwhile: nothing was changed.")


@transaction.atomic
def confirm(
    source: LeaveRequest | Report,
    *,
    note: str,
    liable_ids: Collection[int],
    by: User,
    at: datetime,
    position: str,
) -> LeaveOutcome:
    """
    Record that the child went without leave, set the marks that the policy gives, and name who allowed it.

    :raises LeaveRefused: nothing is said of how it is known, nobody is named, or nothing was missed
    :raises OutcomeDecidedMeanwhile: somebody else decided first
    :raises DomainError: a mark cannot be changed; nothing was
    """
    proposal = _proposal(source, at=at)
    faults = _faults_of_note(note)
    allowed = set(
        PupilContact.objects.filter(pupil=proposal.pupil, contact__in=set(liable_ids)).values_list(
            "contact_id", flat=True
        )
    )
    if not allowed:
        faults["liable"] = "Choose each parent who allowed the absence"
    if faults:
        raise LeaveRefused(faults)
    saved = set_marks(
        proposal.pupil.school,
        [
            WantedMark(proposal.pupil.pk, mark.session_id, proposal.code, seen_code=mark.code)
            for mark in proposal.marks
            if mark.code != proposal.code
        ],
        by=by,
        at=at,
        reason=f"Leave not agreed ({proposal.reference}): {note.strip()}"[:300],
        position=position,
    )
    outcome = _record(
        proposal,
        went=True,
        code=proposal.code,
        sessions=len(proposal.marks),
        amended=saved.changed,
        note=note,
        by=by,
        at=at,
    )
    LeaveLiable.objects.bulk_create(
        LeaveLiable(school=proposal.pupil.school, outcome=outcome, contact_id=pk) for pk in sorted(allowed)
    )
    return outcome


@transaction.atomic
def dismiss(source: LeaveRequest | Report, *, note: str, by: User, at: datetime) -> LeaveOutcome:
    """
    Record that the child was away for another reason, or did not go; marks stay as they are.

    :raises LeaveRefused: nothing is said of how it is known
    :raises OutcomeDecidedMeanwhile: somebody else decided first
    """
    proposal = _proposal(source, at=at)
    faults = _faults_of_note(note)
    if faults:
        raise LeaveRefused(faults)
    return _record(proposal, went=False, code="", sessions=0, amended=0, note=note, by=by, at=at)


@transaction.atomic
def name_designate(
    school: School, user: User, *, first_day: date, last_day: date, by: User, at: datetime
) -> LeaveDesignate:
    """
    Let somebody decide leave in the head's place from a day to a day.

    :raises LeaveRefused: the days are in the wrong order or over, or it is longer than a year
    """
    faults = {}
    if last_day < first_day:
        faults["last_day"] = "The last day cannot be before the first day"
    elif last_day < at.date():
        faults["last_day"] = "The last day cannot be in the past"
    elif (last_day - first_day).days > 366:
        faults["last_day"] = "Name somebody for a year at most"
    if faults:
        raise LeaveRefused(faults)
    row = LeaveDesignate.objects.create(
        school=school, user=user, first_day=first_day, last_day=last_day, named_at=at, named_by=by
    )
    events.record(
        "leave.designate_named",
        school=school,
        by=by,
        at=at,
        subject=row,
        data={"user": user.pk, "first_day": first_day, "last_day": last_day},
    )
    return row


@transaction.atomic
def end_designate(row: LeaveDesignate, *, by: User, at: datetime) -> None:
    """End somebody's deciding in the head's place at once; what they decided stands."""
    events.record(
        "leave.designate_ended",
        school=row.school,
        by=by,
        at=at,
        subject=row,
        data={"user": row.user_id, "first_day": row.first_day, "last_day": row.last_day},
    )
    row.delete()


def _proposal(source: LeaveRequest | Report, *, at: datetime) -> Proposal:
    """Lock what it rests on and return the proposal as it stands now."""
    rows = type(source).objects.filter(school=source.school)
    fresh = (
        rows.select_for_update(no_key=True, of=("self",)).select_related("school", "pupil").get(pk=source.pk)
    )
    mine = {"request": fresh} if isinstance(fresh, LeaveRequest) else {"report": fresh}
    if LeaveOutcome.objects.filter(**mine).exists():
        raise OutcomeDecidedMeanwhile
    proposal = proposal_for(fresh, on=at.date())
    if proposal is None:
        raise LeaveRefused({"": "The register shows no absence without an accepted reason in this time"})
    return proposal


def _faults_of_note(note: str) -> dict[str, str]:
    if not note.strip():
        return {"note": "Enter how you know"}
    if len(note.strip()) > NOTE_LENGTH:
        return {"note": f"The note must be {NOTE_LENGTH} characters or fewer"}
    return {}


def _record(
    proposal: Proposal,
    *,
    went: bool,
    code: str,
    sessions: int,
    amended: int,
    note: str,
    by: User,
    at: datetime,
) -> LeaveOutcome:
    outcome = LeaveOutcome(
        school=proposal.pupil.school,
        pupil=proposal.pupil,
        request=proposal.request,
        report=proposal.report,
        went=went,
        code=code,
        sessions=sessions,
        amended=amended,
        note=note.strip(),
        decided_at=at,
        decided_by=by,
    )
    try:
        with transaction.atomic():
            outcome.save(force_insert=True)
    except IntegrityError as error:
        raise OutcomeDecidedMeanwhile from error
    events.record(
        "leave.outcome",
        school=outcome.school,
        by=by,
        at=at,
        subject=outcome,
        data={"went": went, "code": code, "sessions": sessions, "amended": amended},
    )
    return outcome
