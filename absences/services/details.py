"""A parent asks for their own contact details to be changed; the office confirms, or says why not."""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction

from absences.models import DetailsRequest, DetailsState, Task, TaskKind
from absences.services.tasks import TaskClosedMeanwhile, close_task, raise_task
from accounts import events
from accounts.errors import DomainError
from accounts.models import User
from registers.models import Contact, Pupil, PupilContact
from registers.rules.fingerprints import fingerprint
from registers.services.contact_records import change_contact, contact_values

# What a parent may ask for: their own particulars, nothing of what they are to the child.
ASKED_FOR = ("name", "phone", "home_phone", "work_phone", "email", "address", "language")
FIELD_WORDS = {
    "name": "Name",
    "phone": "Mobile or first number",
    "home_phone": "Home telephone",
    "work_phone": "Work telephone",
    "email": "E-mail address",
    "address": "Address",
    "language": "Language to speak",
}


class DetailsRefused(DomainError):
    """The request, or what is to be done with it, cannot stand; the message says why."""


class DetailsDecidedMeanwhile(DomainError):
    """Somebody else decided the request first; `request` is as it stands now."""

    def __init__(self, request: DetailsRequest) -> None:
        super().__init__("Somebody else decided this meanwhile.")
        self.request = request


def cause_of(request: DetailsRequest) -> str:
    """Return what names the task of a request."""
    return f"details:{request.pk}"


@transaction.atomic
def ask(
    pupil: Pupil, contact: Contact, wanted: Mapping[str, str], *, by: User, at: datetime
) -> DetailsRequest | None:
    """
    Ask the office to change a parent's own details; None when nothing would change.

    A request that still waits takes the new wishes over, so that the office reads one. Nothing of the record
    changes.
    """
    standing = Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
    changes = {
        name: [str(getattr(standing, name)), wanted[name]]
        for name in ASKED_FOR
        if name in wanted and str(getattr(standing, name)) != wanted[name]
    }
    waiting = DetailsRequest.objects.filter(contact=standing, state=DetailsState.WAITING).first()
    if not changes:
        return None
    if waiting is None:
        waiting = DetailsRequest.objects.create(
            school_id=pupil.school_id,
            pupil=pupil,
            contact=standing,
            changes=changes,
            asked_at=at,
            asked_by=by,
        )
    else:
        waiting.changes, waiting.asked_at, waiting.asked_by = changes, at, by
        waiting.save(update_fields=["changes", "asked_at", "asked_by"])
    raise_task(
        waiting.pupil,
        TaskKind.CONTACT_DETAILS,
        cause=cause_of(waiting),
        what=f"A parent asks to change: {', '.join(FIELD_WORDS[name].lower() for name in changes)}.",
        at=at,
    )
    events.record(
        "details.asked", school=pupil.school, by=by, at=at, subject=waiting, data={"fields": sorted(changes)}
    )
    return waiting


@transaction.atomic
def apply(request: DetailsRequest, *, by: User, at: datetime, position: str, on: date) -> DetailsRequest:
    """
    Change the record as the parent asked, and close the task.

    :raises DetailsDecidedMeanwhile: somebody decided it first
    :raises DetailsRefused: the record is not what the parent saw any more, or the contact is gone
    """
    row = _waiting(request)
    link = (
        PupilContact.objects.filter(contact=row.contact_id, pupil=row.pupil_id)
        .select_related("contact", "pupil")
        .first()
    )
    if link is None:
        raise DetailsRefused("This person is no contact of the pupil any more: nothing was changed.")
    current = contact_values(link)
    for name, (old, _new) in row.changes.items():
        if str(current[name]) != old:
            raise DetailsRefused(
                f"{FIELD_WORDS[name]} was changed since the parent asked. Say so, and let them ask again."
            )
    wanted = current | {name: new for name, (_old, new) in row.changes.items()}
    change_contact(
        link,
        wanted,
        seen=fingerprint(current),
        by=by,
        at=at,
        position=position,
        counts_from=on,
    )
    return _decide(row, DetailsState.APPLIED, "", "Changed the record as asked.", by=by, at=at)


@transaction.atomic
def decline(request: DetailsRequest, *, note: str, by: User, at: datetime) -> DetailsRequest:
    """
    Leave the record as it is, and tell the parent why.

    :raises DetailsRefused: nothing says why
    :raises DetailsDecidedMeanwhile: somebody decided it first
    """
    note = note.strip()
    if not note:
        raise DetailsRefused("Say why: the parent reads it.")
    return _decide(_waiting(request), DetailsState.DECLINED, note, f"Not changed: {note}"[:500], by=by, at=at)


def _waiting(request: DetailsRequest) -> DetailsRequest:
    row = DetailsRequest.objects.select_for_update(no_key=True).get(pk=request.pk)
    if row.state != DetailsState.WAITING:
        raise DetailsDecidedMeanwhile(row)
    return row


def _decide(
    row: DetailsRequest, state: str, note: str, outcome: str, *, by: User, at: datetime
) -> DetailsRequest:
    row.state, row.decision_note, row.decided_at, row.decided_by = state, note, at, by
    row.save(update_fields=["state", "decision_note", "decided_at", "decided_by"])
    events.record(f"details.{state}", school=row.school, by=by, at=at, subject=row)
    task = Task.objects.filter(
        pupil=row.pupil_id, kind=TaskKind.CONTACT_DETAILS, cause=cause_of(row), closed_at__isnull=True
    ).first()
    if task is not None:
        try:
            with transaction.atomic():
                close_task(task, outcome=outcome, by=by, at=at)
        except TaskClosedMeanwhile:
            pass  # from the list of tasks; what was decided here stands
    return row
