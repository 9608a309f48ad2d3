"""Reads what a browser sends of marks as they are typed: JSON of which every part is checked first."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.errors import DomainError
from registers.services.entries import Entry, Values

MOST_ENTRIES = 200
LONGEST_BODY = 256 * 1024
LONGEST_NATURE = 200
LONGEST_REASON = 500
LARGEST_ID = 2**63 - 1
FIELDS = {"key", "session", "pupil", "code", "arrived", "nature", "seen", "typed", "reason"}
SEEN_FIELDS = {"code", "arrived", "nature"}


class EntriesUnreadable(DomainError):
    """What was sent cannot be read; nothing was done. `status` is that of the answer."""

    def __init__(self, message: str, status: int = 422) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class SentEntries:
    """The signature of the page on which they were typed, and the entries in the order in which they were."""

    page: str
    entries: Sequence[Entry]


def read_entries(body: bytes, *, session_id: int) -> SentEntries:
    """
    Return what a browser sent.

    :raises EntriesUnreadable: it is too long, no JSON, or some part is not what it must be: one sentence
    """
    if len(body) > LONGEST_BODY:
        raise EntriesUnreadable(f"At most {MOST_ENTRIES} marks can be sent at once.", 413)
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        raise EntriesUnreadable("The marks could not be read: this is no JSON.", 400) from None
    if not isinstance(sent, dict) or set(sent) != {"page", "entries"}:
        raise EntriesUnreadable("Send the page and its entries.")
    if not isinstance(sent["page"], str) or not isinstance(sent["entries"], list):
        raise EntriesUnreadable("The page must be a text and the entries a list.")
    if len(sent["entries"]) > MOST_ENTRIES:
        raise EntriesUnreadable(f"At most {MOST_ENTRIES} marks can be sent at once.", 413)
    if not sent["entries"]:
        raise EntriesUnreadable("There is no mark to save.")
    return SentEntries(
        sent["page"],
        tuple(_entry(place, one, session_id) for place, one in enumerate(sent["entries"], start=1)),
    )


def _entry(place: int, sent: Any, session_id: int) -> Entry:
    if not isinstance(sent, dict) or set(sent) != FIELDS:
        raise EntriesUnreadable(f"Mark {place}: send exactly {', '.join(sorted(FIELDS))}.")
    seen = sent["seen"]
    if not isinstance(seen, dict) or set(seen) != SEEN_FIELDS:
        raise EntriesUnreadable(f"Mark {place}: say what was seen: {', '.join(sorted(SEEN_FIELDS))}.")
    if _whole(place, "session", sent["session"]) != session_id:
        raise EntriesUnreadable(f"Mark {place} belongs to another session.")
    return Entry(
        key=_key(place, sent["key"]),
        pupil_id=_whole(place, "pupil", sent["pupil"]),
        wanted=_values(place, sent),
        seen=_values(place, seen),
        typed_at=_moment(place, sent["typed"]),
        reason=_text(place, "reason", sent["reason"], LONGEST_REASON),
        fingerprint=hashlib.sha256(json.dumps(sent, sort_keys=True).encode()).hexdigest(),
    )


def _values(place: int, sent: dict[str, Any]) -> Values:
    return Values(
        code=_text(place, "code", sent["code"], 2),
        arrived_at=_time(place, sent["arrived"]),
        nature=_text(place, "nature", sent["nature"], LONGEST_NATURE),
    )


def _whole(place: int, name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= LARGEST_ID:
        raise EntriesUnreadable(f"Mark {place}: {name} must be a whole number.")
    return value


def _text(place: int, name: str, value: Any, longest: int) -> str:
    if not isinstance(value, str) or len(value) > longest:
        raise EntriesUnreadable(f"Mark {place}: {name} must be a text of at most {longest} characters.")
    if not value.isprintable():  # also the halves of characters and the zeros that no database takes
        raise EntriesUnreadable(f"Mark {place}: {name} holds characters that cannot be printed.")
    return value.strip()


def _key(place: int, value: Any) -> UUID:
    try:
        key = UUID(value)
    except (ValueError, TypeError, AttributeError):
        key = None
    if key is None or str(key) != value:
        raise EntriesUnreadable(f"Mark {place}: key must be a UUID.")
    return key


def _time(place: int, value: Any) -> time | None:
    if value == "":
        return None
    try:
        arrived_at = datetime.strptime(value, "%H:%M").time()  # noqa: DTZ007 - a time of day
    except (ValueError, TypeError):
        raise EntriesUnreadable(f"Mark {place}: arrived must be a time like 09:12.") from None
    return arrived_at


def _moment(place: int, value: Any) -> datetime:
    try:
        typed_at = datetime.fromisoformat(value)
    except (ValueError, TypeError):
        typed_at = None
    if typed_at is None or typed_at.utcoffset() is None or not 2000 < typed_at.year < 2100:
        raise EntriesUnreadable(f"Mark {place}: typed must be a moment with its time zone.")
    return timezone.localtime(typed_at)
