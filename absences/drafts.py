"""
What a parent has answered so far, kept with their session on the server.

Nothing of it stands in an address or in the browser, and it is gone when the parent signs out: no reason for
an absence stays behind on a telephone that a family shares.
"""

from uuid import UUID

from django.http import HttpRequest

from absences.rules.telling import Draft, from_data, to_data

KEY = "absence_drafts"
MOST = 5


def keep(request: HttpRequest, draft: Draft) -> None:
    """Keep a draft; of several that were begun the oldest go."""
    others = [data for data in request.session.get(KEY, []) if data["key"] != str(draft.key)]
    request.session[KEY] = [*others, to_data(draft)][-MOST:]


def find(request: HttpRequest, key: UUID) -> Draft | None:
    """Return the person's draft of this key."""
    return next((from_data(data) for data in request.session.get(KEY, []) if data["key"] == str(key)), None)


def drop(request: HttpRequest, key: UUID) -> None:
    """Forget a draft that was sent."""
    request.session[KEY] = [data for data in request.session.get(KEY, []) if data["key"] != str(key)]
