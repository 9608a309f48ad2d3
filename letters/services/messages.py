"""
Telling a parent something: a message is written into the outbox in the transaction of the fact it tells of.

>>> from letters.services import messages
>>> messages.queue(school, key="report:12:accepted", kind="report_accepted", to=contact, pupil=pupil,
...                subject="…", body="…", by=user, at=now)

Sending is somebody else's work (letters.services.sending), after the commit and once.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from celery import current_app
from django.db import transaction

from accounts.errors import DomainError
from accounts.models import School, User
from letters.models import Message, MessageChannel, MessageEvent, MessageState
from letters.rules import texts
from letters.rules.reaching import first_mobile
from registers.models import Contact, Pupil, PupilContact

Channel = Literal["email", "text"]
# An e-mail costs nothing and holds every word; who wants a text first says so.
USUAL_CHANNELS: tuple[Channel, ...] = ("email", "text")

LONGEST_KEY = 160  # as the column has it


class NotToBeSentAgain(DomainError):
    """The message went out, is on its way, or was sent again already."""


@transaction.atomic
def queue(
    school: School,
    *,
    key: str,
    kind: str,
    to: Contact,
    pupil: Pupil | None,
    subject: str,
    body: str,
    channels: Sequence[Channel] | None = None,
    by: User,
    at: datetime,
) -> Message | None:
    """
    Put one message to one person into the outbox; it is sent once, after the caller's commit.

    `key` makes it one message: asked again with the same key for the same person, the message that exists is
    returned unchanged. `kind` is a slug for lists. `body` is plain text without the school's name, which is
    put below it; a text drops the greeting and the child's surname. `channels` are tried in this order, the
    next one when one fails for good; without it e-mail, then text.

    None, and nothing is written, when none of the channels reaches the person, or when they may not hear of
    the pupil: a court order restricts them, or they are no contact of the pupil. Five statements.
    """
    if to.school_id != school.pk or (pupil is not None and pupil.school_id != school.pk):
        raise ValueError("a message stays within one school")
    standing = Message.objects.filter(school=school, key=key, contact=to, instead_of__isnull=True).first()
    if standing is not None:
        return standing
    if pupil is not None and not may_hear_of(pupil, to):
        return None
    usable = [channel for channel in channels or USUAL_CHANNELS if address_of(to, channel)]
    if not usable:
        return None
    message = new_message(
        school,
        key=key,
        kind=kind,
        to=to,
        pupil=pupil,
        subject=subject,
        body=body,
        by=by,
        at=at,
        channels=usable,
    )
    # Two people at the same moment both come here; the unique key lets one of them win.
    Message.objects.bulk_create([message], ignore_conflicts=True)
    kept = Message.objects.get(school=school, key=key, contact=to, instead_of__isnull=True)
    if kept.reference == message.reference:
        note_move(kept, at=at, by=by)
        wake_after_commit(kept.pk)
    return kept


@transaction.atomic
def withdraw(school: School, *, key: str, by: User, at: datetime, why: str = "") -> int:
    """
    Take back the messages of a key that still wait, to whomever they go. Return how many.

    One that a worker has already taken, or that went out, stays as it is.
    """
    waiting = list(
        Message.objects.select_for_update(no_key=True).filter(
            school=school, key=key, state=MessageState.READY
        )
    )
    for message in waiting:
        message.state, message.settled_at, message.next_try_at = MessageState.WITHDRAWN, at, None
        message.save(update_fields=["state", "settled_at", "next_try_at"])
        note_move(message, at=at, by=by, words=why)
    return len(waiting)


@transaction.atomic
def send_again(message: Message, *, by: User, at: datetime) -> Message:
    """
    Send what did not arrive once more, by the same channel, to the address the person has now.

    It is a message of its own with a reference of its own; two people who ask at once make one.

    :raises NotToBeSentAgain: it has not failed, was sent again already, or nobody can be reached
    """
    if not message.has_failed:
        raise NotToBeSentAgain("There is nothing to send again: the message has not failed.")
    key = f"{message.key}/again"
    if (
        len(key) > LONGEST_KEY
        or Message.objects.filter(
            school_id=message.school_id, key=key, contact_id=message.contact_id
        ).exists()
    ):
        raise NotToBeSentAgain("This message was sent again already. See the newer one.")
    if message.pupil is not None and not may_hear_of(message.pupil, message.contact):
        raise NotToBeSentAgain("This person may not be told of the pupil any more.")
    if not address_of(message.contact, message.channel):
        raise NotToBeSentAgain("The person has no such address any more. Add one under Parents and contacts.")
    return _replace(message, key=key, channels=[message.channel], by=by, at=at)


def follow_up(message: Message, *, at: datetime) -> Message | None:
    """
    Let the next channel take over from a message that failed for good, in the caller's transaction.

    Return the new message, None when no channel is left or the person may not hear of the pupil any more.
    """
    if message.pupil is not None and not may_hear_of(message.pupil, message.contact):
        return None
    usable = [channel for channel in message.others if address_of(message.contact, channel)]
    if not usable:
        return None
    return _replace(message, key=message.key, channels=usable, by=message.queued_by, at=at)


def _replace(message: Message, *, key: str, channels: Sequence[str], by: User, at: datetime) -> Message:
    made = new_message(
        message.school,
        key=key,
        kind=message.kind,
        to=message.contact,
        pupil=message.pupil,
        subject=message.subject,
        body=message.original,
        channels=channels,
        by=by,
        at=at,
        instead_of=message,
    )
    Message.objects.bulk_create([made], ignore_conflicts=True)
    kept = Message.objects.get(
        school_id=message.school_id, key=key, contact_id=message.contact_id, channel=made.channel
    )
    if kept.reference == made.reference:
        note_move(kept, at=at, by=by)
        wake_after_commit(kept.pk)
    return kept


def address_of(contact: Contact, channel: str) -> str:
    """Return where a person is reached by a channel, "" when they are not."""
    return first_mobile(contact.phones) if channel == MessageChannel.TEXT else contact.email.strip()


def new_message(
    school: School,
    *,
    key: str,
    kind: str,
    to: Contact,
    pupil: Pupil | None,
    subject: str,
    body: str,
    channels: Sequence[str],
    by: User,
    at: datetime,
    instead_of: Message | None = None,
) -> Message:
    """Return a message by the first of the channels, not saved yet, worded for that channel."""
    channel, *others = channels
    if channel == MessageChannel.TEXT:
        said = texts.text_body(
            body,
            school=school.name,
            phone=school.office_phone,
            forename=(pupil.known_as or pupil.forename) if pupil else "",
            surname=pupil.surname if pupil else "",
        )
    else:
        said = texts.email_body(body, school=school.name, phone=school.office_phone)
    return Message(
        school=school,
        key=key,
        kind=kind,
        contact=to,
        pupil=pupil,
        channel=channel,
        address=address_of(to, channel),
        subject=texts.subject_line(subject),
        body=said,
        original=body,
        parts=texts.parts_of(said) if channel == MessageChannel.TEXT else 1,
        others=others,
        instead_of=instead_of,
        queued_by=by,
        queued_at=at,
        next_try_at=at,
    )


def note_move(message: Message, *, at: datetime, by: User | None = None, words: str = "") -> None:
    """Write down that the message is in its state now, in the caller's transaction."""
    MessageEvent.objects.create(
        school_id=message.school_id, message=message, at=at, by=by, state=message.state, words=words[:300]
    )


def wake_after_commit(message_id: int) -> None:
    """
    Tell a worker once the message is there for it to see.

    Robust: a broker that is down must not turn what is committed into an error page; the minutely look
    (letters.tasks.send_due) finds the message then.
    """

    def wake() -> None:
        current_app.send_task("letters.tasks.send_message", kwargs={"message_id": message_id})

    transaction.on_commit(wake, robust=True)


def may_hear_of(pupil: Pupil, contact: Contact) -> bool:
    """Say whether a person is a contact of the pupil whom no court order keeps away. One statement."""
    return PupilContact.objects.filter(pupil=pupil, contact=contact, court_order_restricts=False).exists()
