"""
From the outbox to the provider, once.

The database is the queue. A worker claims one message, writes down that it hands it over, hands it over, and
writes down the answer; whatever is lost on the way, the row says how far the try had come (docs/adr/0019):

- claimed and not handed over: nothing can have left, so it is simply tried again;
- handed over without an answer: the provider is asked for our reference before anything else, and where it
  cannot be asked the message is not sent again by itself, but shown to a person.
"""

import logging
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from letters.delivery.port import BackEnd, NotKnown, NotNow, Outgoing, Port, Refused
from letters.models import Message, MessageChannel, MessageState
from letters.rules import outbox
from letters.services.messages import follow_up, may_hear_of, note_move

logger = logging.getLogger(__name__)

# A worker that has not begun to hand a message over by now is slow or gone; the mark it sets first tells.
SLOW_AFTER = timedelta(minutes=2)
ASK_AFTER_SILENCE = timedelta(minutes=2)
_KEPT_AWAY = "This person may not be told of the pupil any more."
_NOT_KNOWN = "It is not known whether this message went out. Ask the person, or send it again."


@dataclass(frozen=True, slots=True)
class Try:
    """What every step of one try needs: the claimed row, its way out, the moment, and chance for the wait."""

    message: Message
    back_end: BackEnd
    at: datetime
    luck: float


def send(message_id: int, *, port: Port, at: datetime, luck: float) -> str:
    """
    Try to send one message if it is due and nobody else has it. Return its state then, "" if not ours.

    `luck`, from 0 to 1, spreads the waits. The caller has disabled scopes. Nothing is locked while the
    provider is spoken to.
    """
    message = _claim(Message.objects.filter(pk=message_id), port=port, at=at)
    return "" if message is None else _carry(message, port=port, at=at, luck=luck)


def send_next(*, port: Port, at: datetime, luck: float) -> int | None:
    """Try to send the message that is due longest. Return its id, None when none is due."""
    message = _claim(Message.objects.all(), port=port, at=at)
    if message is None:
        return None
    _carry(message, port=port, at=at, luck=luck)
    return message.pk


def return_lost(*, at: datetime) -> int:
    """
    Give back the messages whose worker went away. Return how many.

    One that was never handed over comes back soon: a worker that is merely slow finds that it has lost its
    claim before it hands the message over. One that was handed over comes back when its worker is certainly
    gone.
    """
    gone = Q(handed_over_at__isnull=True, claimed_at__lt=at - SLOW_AFTER) | Q(
        claimed_at__lt=at - outbox.LOST_AFTER
    )
    with transaction.atomic():
        lost = list(
            Message.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(gone, state=MessageState.SENDING)
            .order_by("pk")[:500]
        )
        for message in lost:
            _move(
                message, MessageState.READY, at=at, words="The worker that had it went away.", next_try_at=at
            )
    return len(lost)


def _claim(candidates: QuerySet[Message], *, port: Port, at: datetime) -> Message | None:
    """Take one message that is due; texts stay where they are in quiet hours."""
    quiet_until = port.quiet.until(timezone.localtime(at)) if port.quiet else None
    with transaction.atomic():
        due = candidates.filter(state=MessageState.READY, next_try_at__lte=at)
        if quiet_until is not None:
            due = due.exclude(channel=MessageChannel.TEXT)
        message = (
            due.select_for_update(skip_locked=True, no_key=True, of=("self",))
            .select_related("school", "contact", "pupil")
            .order_by("next_try_at", "pk")
            .first()
        )
        if message is None:
            return None
        message.state, message.claim, message.claimed_at = MessageState.SENDING, uuid.uuid4(), at
        message.attempts += 1
        message.next_try_at = None
        message.save(update_fields=["state", "claim", "claimed_at", "attempts", "next_try_at"])
        note_move(message, at=at)
    return message


def _carry(message: Message, *, port: Port, at: datetime, luck: float) -> str:
    """Do one try of a claimed message and write down how it ended."""
    back_end = port.by_channel.get(message.channel)
    if back_end is None:
        what = "texts" if message.is_text else "e-mails"
        return _fail(message, f"This installation sends no {what}.", at=at)
    trial = Try(message, back_end, at, luck)
    outgoing = Outgoing(
        reference=message.reference,
        channel=message.channel,
        address=message.address,
        subject=message.subject,
        body=message.body,
        school=message.school.name,
        reply_to=message.school.office_email,
    )
    settled = _look_first(trial, outgoing)
    if settled is not None:
        return settled
    # Asked again here: an order may have come while the message waited out the night or a broken line.
    if message.pupil is not None and not may_hear_of(message.pupil, message.contact):
        return _fail(message, _KEPT_AWAY, at=at, falls_back=False)
    if at - message.queued_at > outbox.GIVE_UP_AFTER[message.channel]:
        return _fail(message, "It could not be sent in time.", at=at)
    is_handed_over = False
    try:
        back_end.open(outgoing)
        if not _hand_over(trial):
            return ""
        is_handed_over = True
        provider_id = back_end.send(outgoing)
    except Refused as refusal:
        return _fail(message, refusal.words, at=at)
    except NotNow as delay:
        return _put_off(trial, delay, was_taken=False)
    except NotKnown as doubt:
        return _doubt(trial, doubt.words)
    except Exception:
        # A fault of ours in the middle of a try must leave the message where a later one asks first.
        logger.exception("message %s: a try broke off", message.pk)
        fault = NotNow("A fault of the program broke off the try.")
        return _doubt(trial, fault.words) if is_handed_over else _put_off(trial, fault, was_taken=False)
    finally:
        back_end.close()
    return _sent(trial, provider_id)


def _look_first(trial: Try, outgoing: Outgoing) -> str | None:
    """
    Find out what became of an earlier try. Return the state reached, None when the message is to be sent now.

    A message that has waited long without a try is looked for too, where that is possible: the database may
    have been restored to a time before it was sent.
    """
    message, at = trial.message, trial.at
    in_doubt = message.handed_over_at is not None
    is_old = message.attempts == 1 and at - message.queued_at > outbox.LOOK_FIRST_AFTER
    if not in_doubt and not (is_old and trial.back_end.can_look_up):
        return None
    if not trial.back_end.can_look_up:
        return _fail(message, _NOT_KNOWN, at=at, falls_back=False)
    try:
        provider_id = trial.back_end.find(outgoing)
    except NotNow as delay:
        return _put_off(trial, delay, was_taken=in_doubt)
    if provider_id:
        return _sent(trial, provider_id)
    if message.handed_over_at is not None and at - message.handed_over_at > outbox.PROVIDER_FORGETS_AFTER:
        return _fail(message, _NOT_KNOWN, at=at, falls_back=False)
    return None


def _hand_over(trial: Try) -> bool:
    """Write down that the message is about to leave. Return whether the claim still holds."""
    held = Message.objects.filter(
        pk=trial.message.pk, claim=trial.message.claim, state=MessageState.SENDING
    ).update(handed_over_at=trial.at)
    if held != 1:
        logger.warning("message %s: the claim was lost before it was handed over", trial.message.pk)
    return held == 1


def _sent(trial: Try, provider_id: str) -> str:
    message, at = trial.message, trial.at
    first_look = outbox.next_look(0) if trial.back_end.reports_delivery else None
    with transaction.atomic():
        return _move(
            message,
            MessageState.SENT,
            at=at,
            provider=trial.back_end.name,
            provider_id=provider_id[:80],
            sent_at=at,
            next_try_at=at + first_look if first_look else None,
        )


def _put_off(trial: Try, delay: NotNow, *, was_taken: bool) -> str:
    """Let the message wait; `was_taken` keeps the mark that it may have left by an earlier try."""
    message, at = trial.message, trial.at
    least = _until_midnight(at) if delay.until_midnight else delay.least
    wait = outbox.wait_after(message.attempts, luck=trial.luck, least=least)
    if was_taken and at + wait - message.queued_at > outbox.PROVIDER_FORGETS_AFTER:
        return _fail(message, _NOT_KNOWN, at=at, falls_back=False)
    if not was_taken and at + wait - message.queued_at > outbox.GIVE_UP_AFTER[message.channel]:
        return _fail(message, f"It could not be sent in time. {delay.words}", at=at)
    keep = {} if was_taken else {"handed_over_at": None}
    with transaction.atomic():
        return _move(message, MessageState.READY, at=at, words=delay.words, next_try_at=at + wait, **keep)


def _doubt(trial: Try, words: str) -> str:
    """Leave a message that may have gone out to a later look, or to a person where nobody can be asked."""
    if not trial.back_end.can_look_up:
        return _fail(trial.message, f"{words} {_NOT_KNOWN}", at=trial.at, falls_back=False)
    return _put_off(trial, NotNow(words, least=ASK_AFTER_SILENCE), was_taken=True)


def _fail(message: Message, words: str, *, at: datetime, falls_back: bool = True) -> str:
    """Give the message up with its reason; the next channel takes over unless it may have arrived."""
    with transaction.atomic():
        state = _move(message, MessageState.FAILED, at=at, words=words, failure=words[:300], settled_at=at)
        if state and falls_back:
            follow_up(message, at=at)
    return state


def _move(message: Message, state: str, *, at: datetime, words: str = "", **fields: object) -> str:
    """Move a claimed message on, if the claim still holds. Return the state, "" when it does not."""
    moved = Message.objects.filter(pk=message.pk, claim=message.claim, state=MessageState.SENDING).update(
        state=state, claim=None, claimed_at=None, **fields
    )
    if moved != 1:
        logger.warning("message %s: the claim was lost while it was spoken about", message.pk)
        return ""
    message.state = state
    note_move(message, at=at, words=words)
    return state


def _until_midnight(at: datetime) -> timedelta:
    """Return the time to midnight UTC, when a day's allowance begins again."""
    now = at.astimezone(UTC)
    return (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0) - now
