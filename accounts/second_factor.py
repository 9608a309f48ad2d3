"""
Whether a session has shown the second factor that staff need.

It is not enough that the person has one: this very session must have shown it or set it up. A session that
began before the factor existed stays outside until it signs in again; otherwise whoever holds a stolen
password or mailbox could wait, signed in, for the owner to set one up.
"""

from datetime import date
from enum import Enum
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from accounts import access, events
from accounts.models import Installation, User

# Kept in the session once shown, so that a page costs no extra query.
SHOWN_KEY = "second_factor_shown"
# Set by the demo's one-click sign-in, which exists on loopback with demo data and DEBUG only.
DEMO_SESSION_KEY = "signed_in_by_demo"

FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


class Standing(Enum):
    """Where a session stands with the second factor."""

    NOT_NEEDED = "not needed"
    SHOWN = "shown"
    NOT_SET_UP = "not set up"
    NOT_SHOWN = "not shown"


def standing_of(request: HttpRequest, user: User, *, on: date) -> Standing:
    """Return whether this session may go on as this person; parents need no second factor."""
    if request.session.get(SHOWN_KEY):
        return Standing.SHOWN
    if is_in_demo(request) or not access.is_staff(user, on=on):
        return Standing.NOT_NEEDED
    if not is_mfa_enabled(user, FACTORS):
        return Standing.NOT_SET_UP
    if any(_is_second_factor(record) for record in get_authentication_records(request, user)):
        request.session[SHOWN_KEY] = True
        return Standing.SHOWN
    return Standing.NOT_SHOWN


def is_in_demo(request: HttpRequest) -> bool:
    """Say whether the session began with the demo's one-click sign-in and the demo still is one."""
    return (
        settings.DEBUG
        and bool(request.session.get(DEMO_SESSION_KEY))
        and Installation.objects.filter(is_demo=True).exists()
    )


def _is_second_factor(record: dict[str, Any]) -> bool:
    # A passkey, where nothing else was shown, is possession and knowledge at once: "mfa" in the records too.
    return record.get("method") == "mfa"


def note_new_factor(
    sender: type, request: HttpRequest, user: User, authenticator: Authenticator, **_: Any
) -> None:
    """Let the session in which a person sets up a factor go on, and log it (a signal of django-allauth)."""
    if authenticator.type in FACTORS:
        request.session[SHOWN_KEY] = True
    _record("second_factor.added", user, authenticator)


def note_lost_factor(
    sender: type, request: HttpRequest, user: User, authenticator: Authenticator, **_: Any
) -> None:
    """Ask a session that removes a factor again, and log it (a signal of django-allauth)."""
    request.session.pop(SHOWN_KEY, None)
    _record("second_factor.removed", user, authenticator)


def _record(kind: str, user: User, authenticator: Authenticator) -> None:
    events.record(
        kind, school=None, by=user, at=timezone.now(), subject=user, data={"type": authenticator.type}
    )
