"""One call from beginning to end: what was tried, what it explained, and what the register makes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from absences.models import Channel, ContactAttempt, Report, ReportState
from absences.services import reports
from absences.services.calls import Attempted, log_attempt, who_in_words
from absences.services.reports import Told
from accounts.models import School, User
from letters.services import messages
from registers.models import Contact, Pupil
from registers.words import day

# How a conversation reached the school, as a report names it.
_CHANNELS = {
    "call": Channel.PHONE,
    "text": Channel.PHONE,
    "email": Channel.EMAIL,
    "visit": Channel.IN_PERSON,
    "in_person": Channel.IN_PERSON,
}


@dataclass(frozen=True)
class Explained:
    """What a conversation explained: until when the child is away; and shall the register say so now."""

    last_day: date
    record_now: bool


@dataclass(frozen=True)
class Logged:
    """What was kept of a call."""

    attempts: tuple[ContactAttempt, ...]
    reports: tuple[Report, ...] = ()

    @property
    def accepted(self) -> int:
        """Return how many of the reports the register follows already."""
        return sum(report.state == ReportState.ACCEPTED for report in self.reports)


@transaction.atomic
def log_call(
    school: School,
    pupils: Sequence[Pupil],
    attempted: Attempted,
    explained: Explained | None,
    *,
    entry: UUID,
    on: date,
    by: User,
    at: datetime,
    position: str,
) -> Logged:
    """
    Write down an attempt and, when it explained the absence, the report that follows from it: all or nothing.

    :raises AttemptRefused: the attempt cannot stand
    :raises ReportRefused: what was said makes no report, or its code cannot stand
    """
    attempts = tuple(log_attempt(school, pupils, attempted, entry=entry, on=on, by=by, at=at))
    if explained is None or not attempted.reason:
        return Logged(attempts)
    told = Told(
        first_day=on,
        last_day=explained.last_day,
        reason=attempted.reason,
        channel=_CHANNELS.get(attempted.channel, Channel.PHONE),
        received_at=attempted.at,
        note=attempted.note,
        contact=attempted.contact,
        caller="" if attempted.contact else who_in_words(attempts[0]),
    )
    made = reports.submit(school, pupils, told, submission=entry, by=by, at=at, on=at.date())
    if explained.record_now:
        made = [
            reports.accept(report, version=report.version, by=by, at=at, position=position)
            if report.state == ReportState.WAITING
            else report
            for report in made
        ]
    return Logged(attempts, tuple(made))


@transaction.atomic
def send_text(
    school: School, pupil: Pupil, contact: Contact, *, on: date, by: User, at: datetime
) -> ContactAttempt | None:
    """
    Text one contact that a pupil is missing and why is not known, once a day; None when no text reaches them.

    The words are fixed and name no surname: a text is read by whoever holds the telephone.

    :raises AttemptRefused: a court order keeps the person away, or they are no contact of the pupil
    """
    name = pupil.known_as or pupil.forename
    ask = f"Please call us on {school.office_phone}." if school.office_phone else "Please call the school."
    sent = messages.queue(
        school,
        key=f"missing:{on}:{pupil.pk}",
        kind="missing",
        to=contact,
        pupil=pupil,
        subject=f"{name} is not at school",
        body=f"{name} is not at school ({day(on)}) and we do not know why. {ask}",
        channels=["text"],
        by=by,
        at=at,
    )
    if sent is None:
        return None
    attempted = Attempted(channel="text", outcome="sent", at=at, contact=contact, address=sent.address)
    # One message is one attempt, however often the button is pressed.
    return log_attempt(school, [pupil], attempted, entry=sent.reference, on=on, by=by, at=at)[0]
