"""
What a parent has answered so far on the way to asking for leave, kept with their session on the server.

As with reports (absences.drafts), nothing of it stands in an address or in the browser.
"""

from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest

KEY = "leave_drafts"
MOST = 5


@dataclass(frozen=True)
class LeaveDraft:
    """The answers; `going` and `address` are empty until they were given."""

    key: UUID
    children: tuple[int, ...]
    kind: str = ""
    first_day: date | None = None
    first_half: str = "AM"
    return_on: date | None = None
    return_half: str = "AM"
    reasons: str = ""
    detail: str = ""
    going: tuple[str, ...] | None = None
    other_adults: str = ""
    address: str = ""  # yes or no
    home_address: str = ""

    @property
    def next_step(self) -> str:
        """Return the first question that is not answered yet; the answers to check when all are."""
        if not self.kind:
            return "kind"
        if self.first_day is None or self.return_on is None:
            return "days"
        if not self.reasons:
            return "reasons"
        if self.going is None:
            return "going"
        return "check" if self.address else "address"

    def changed(self, **answers: Any) -> "LeaveDraft":
        """Return the draft with some answers changed."""
        return replace(self, **answers)


def keep(request: HttpRequest, draft: LeaveDraft) -> None:
    """Keep a draft; of several that were begun the oldest go."""
    data = asdict(draft) | {
        "key": str(draft.key),
        "first_day": draft.first_day.isoformat() if draft.first_day else None,
        "return_on": draft.return_on.isoformat() if draft.return_on else None,
    }
    others = [one for one in request.session.get(KEY, []) if one["key"] != str(draft.key)]
    request.session[KEY] = [*others, data][-MOST:]


def find(request: HttpRequest, key: UUID) -> LeaveDraft | None:
    """Return the person's draft of this key."""
    for data in request.session.get(KEY, []):
        if data["key"] == str(key):
            return LeaveDraft(
                **data
                | {
                    "key": key,
                    "children": tuple(data["children"]),
                    "going": None if data["going"] is None else tuple(data["going"]),
                    "first_day": date.fromisoformat(data["first_day"]) if data["first_day"] else None,
                    "return_on": date.fromisoformat(data["return_on"]) if data["return_on"] else None,
                }
            )
    return None


def drop(request: HttpRequest, key: UUID) -> None:
    """Forget a draft that was sent."""
    request.session[KEY] = [one for one in request.session.get(KEY, []) if one["key"] != str(key)]
