"""What became of messages that a provider took: asked for at growing intervals while it may change."""

from datetime import datetime

from django.db import transaction

from letters.delivery.port import Fate, NotNow, Port
from letters.models import Message, MessageState
from letters.rules import outbox
from letters.services.messages import follow_up, note_move


def ask_next(*, port: Port, at: datetime) -> int | None:
    """
    Ask what became of the message that is due longest. Return its id, None when none is due.

    The next question is set down before this one is asked, so that a worker that is lost asks once less and
    two workers never ask of one message. The caller has disabled scopes.
    """
    with transaction.atomic():
        message = (
            Message.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(state=MessageState.SENT, next_try_at__lte=at)
            .order_by("next_try_at", "pk")
            .first()
        )
        if message is None:
            return None
        message.looks += 1
        wait = outbox.next_look(message.looks)
        message.next_try_at = at + wait if wait else None
        message.save(update_fields=["looks", "next_try_at"])
    back_end = port.named(message.provider)
    if back_end is None or not back_end.reports_delivery:
        return message.pk
    try:
        fate = back_end.fate(message.provider_id)
    except NotNow:
        return message.pk
    _settle(message, fate, at=at)
    return message.pk


def _settle(message: Message, fate: Fate, *, at: datetime) -> None:
    """Write down a fate that is known, and let the next channel take over when the message came back."""
    waiting = Message.objects.filter(pk=message.pk, state=MessageState.SENT)
    if not fate.state:
        if fate.is_final:
            waiting.update(next_try_at=None)
        return
    failure = fate.words[:300] if fate.state != MessageState.DELIVERED else ""
    with transaction.atomic():
        if waiting.update(state=fate.state, settled_at=at, next_try_at=None, failure=failure) != 1:
            return
        message.state = fate.state
        note_move(message, at=at, words=fate.words)
        if message.has_failed:
            follow_up(message, at=at)
