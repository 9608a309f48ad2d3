"""Messages as pages list them, and whom they do not reach."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from accounts.models import School
from letters.models import Message, MessageChannel, MessageEvent, MessageState
from registers.models import Pupil

NOT_ARRIVED = "not_arrived"
_NOT_ARRIVED_STATES = (MessageState.FAILED, MessageState.RETURNED)
# A text that a network took is paid for, whether or not it arrived.
_PAID_STATES = (MessageState.SENT, MessageState.DELIVERED, MessageState.RETURNED)


@dataclass(frozen=True, slots=True)
class Unreached:
    """Messages by one channel that did not reach one person, and why the latest did not."""

    contact_id: int
    channel: str
    times: int
    last_at: datetime
    why: str


def messages_of(school: School, *, name: str = "", state: str = "", channel: str = "") -> QuerySet[Message]:
    """
    Return the school's messages, newest first; `name`: words that the pupil's or the person's name holds.

    `state` is one of the states, or "not_arrived" for both in which a message did not arrive. Two statements
    for a page of any length: this one and its count.
    """
    found = Message.objects.filter(school=school)
    for word in name.split():
        found = found.filter(
            Q(pupil__forename__icontains=word)
            | Q(pupil__surname__icontains=word)
            | Q(contact__name__icontains=word)
        )
    if state == NOT_ARRIVED:
        found = found.filter(state__in=_NOT_ARRIVED_STATES)
    elif state in MessageState.values:
        found = found.filter(state=state)
    if channel in MessageChannel.values:
        found = found.filter(channel=channel)
    return _listed(found)


def messages_about(pupil: Pupil) -> QuerySet[Message]:
    """Return the messages about a pupil, newest first. One statement, and one for their count."""
    return _listed(Message.objects.filter(pupil=pupil))


def events_of(message: Message) -> list[MessageEvent]:
    """Return the moves of a message in order, with the people who made them. One statement."""
    return list(MessageEvent.objects.filter(message=message).select_related("by").order_by("pk"))


def replacements_of(message: Message) -> list[Message]:
    """Return the messages that took the place of this one, oldest first. One statement."""
    return list(Message.objects.filter(instead_of=message).order_by("pk"))


def count_not_arrived(school: School, *, since: datetime) -> int:
    """Return how many messages did not arrive since that moment and were not followed by another."""
    return Message.objects.filter(
        school=school, state__in=_NOT_ARRIVED_STATES, settled_at__gte=since, replacements__isnull=True
    ).count()


def unreached(contact_ids: Iterable[int], *, since: datetime) -> dict[int, list[Unreached]]:
    """
    Return by person what did not reach them since that moment, by channel, the latest failure first.

    A channel by which a later message was delivered is not among them: the address works again. One
    statement, whatever the number of people.
    """
    found: dict[tuple[int, str], Unreached] = {}
    works: set[tuple[int, str]] = set()
    newest_first = (
        Message.objects.filter(
            contact_id__in=list(contact_ids),
            state__in=[*_NOT_ARRIVED_STATES, MessageState.DELIVERED],
            settled_at__gte=since,
        )
        .order_by("-settled_at", "-pk")
        .values_list("contact_id", "channel", "state", "settled_at", "failure")
    )
    for contact_id, channel, state, settled_at, failure in newest_first:
        place = (contact_id, channel)
        if state == MessageState.DELIVERED:
            works.add(place)
        elif place in found:
            known = found[place]
            found[place] = Unreached(contact_id, channel, known.times + 1, known.last_at, known.why)
        elif place not in works and settled_at is not None:
            found[place] = Unreached(contact_id, channel, 1, settled_at, failure)
    by_contact: dict[int, list[Unreached]] = {}
    for each in found.values():
        by_contact.setdefault(each.contact_id, []).append(each)
    return by_contact


def text_parts_since_april(school: School, *, on: date) -> int:
    """Return how many parts of texts the school used since 1 April, when the allowance begins anew."""
    begins = date(on.year if (on.month, on.day) >= (4, 1) else on.year - 1, 4, 1)
    used = Message.objects.filter(
        school=school,
        channel=MessageChannel.TEXT,
        state__in=_PAID_STATES,
        sent_at__gte=timezone.make_aware(datetime.combine(begins, time.min)),
    ).aggregate(parts=Sum("parts"))
    return used["parts"] or 0


def _listed(messages: QuerySet[Message]) -> QuerySet[Message]:
    return messages.select_related("pupil", "contact", "queued_by").order_by("-queued_at", "-pk")
