"""
What an open register page carries so that its marks can be saved as they are typed.

The page is signed with the moment at which it was shown: a mark that was typed without a connection says
itself when it was typed, and nobody can have typed into a page before it was there (docs/adr/0010).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core import signing
from django.urls import reverse

from accounts.browser import browser_id
from accounts.errors import DomainError
from accounts.models import School, User
from registers.models import ClassGroup, Session

SALT = "registers.open-page"


class NoOpenPage(DomainError):
    """The signature is none of ours."""


@dataclass(frozen=True)
class OpenPage:
    """A register page as it was shown to somebody."""

    user_id: int
    class_group_id: int
    session_id: int
    shown_at: datetime


def sign_page(user: User, class_group: ClassGroup, session: Session, *, at: datetime) -> str:
    """Return the signature of a register page that is shown now to this person."""
    return signing.dumps([user.pk, class_group.pk, session.pk, at.isoformat()], salt=SALT)


def read_page(signature: str) -> OpenPage:
    """
    Return the page of a signature.

    :raises NoOpenPage: we never signed this
    """
    try:
        user_id, class_group_id, session_id, shown_at = signing.loads(signature, salt=SALT)
    except signing.BadSignature:
        raise NoOpenPage("This page was not shown by Rollcall. Open the register again.") from None
    return OpenPage(user_id, class_group_id, session_id, datetime.fromisoformat(shown_at))


def page_data(
    user: User, school: School, class_group: ClassGroup, session: Session, *, at: datetime
) -> dict[str, Any]:
    """Return what a register's script needs to send marks and to follow those of others: no names."""
    address = {"school_key": school.key, "on": session.on, "half": session.half, "class_id": class_group.pk}
    return {
        "person": browser_id(user),
        "session": session.pk,
        "page": sign_page(user, class_group, session, at=at),
        "now": at.isoformat(),
        "closes": session.closes_at.isoformat(),
        "marks_url": reverse("registers:entries", kwargs=address),
        "changes_url": reverse("registers:changes", kwargs=address),
        "single_keys": user.uses_single_keys,
    }
