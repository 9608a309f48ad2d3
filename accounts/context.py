"""What every page's frame needs: the school's name and the pages that the person may open."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from accounts import access
from accounts.access import Right
from accounts.browser import browser_id
from accounts.models import User

# The staff navigation in the order it is shown: label, URL name, and the right that shows it.
STAFF_NAVIGATION: tuple[tuple[str, str, Right], ...] = (
    ("Registers", "registers:day", Right.SEE_REGISTERS),
    ("Pupils", "registers:pupils", Right.SEE_PUPILS),
    ("Absences", "absences:calls", Right.FOLLOW_UP_ABSENCES),
    ("Arrivals", "registers:arrivals", Right.KEEP_ARRIVALS),
    ("Ahead", "registers:ahead", Right.MARK_AHEAD),
    ("Checks", "registers:checks", Right.SEE_PUPILS),
    ("Desk", "escalation:desk", Right.SEE_DESK),
    ("Letters", "letters:list", Right.SEE_LETTERS),
    ("Overview", "reports:overview", Right.SEE_OVERVIEW),
    ("Governors", "reports:governors", Right.SEE_AGGREGATES),
    ("All schools", "reports:trust", Right.COMPARE_SCHOOLS),
    ("Files", "registers:files", Right.TAKE_IN_FILES),
    ("School", "registers:set_up", Right.SET_UP_SCHOOL),
)
# Shortcuts of two keys, "g" and this one, for people who use single keys: key, page of the navigation, right.
JUMPS: tuple[tuple[str, str, str, Right], ...] = (
    ("r", "Registers", "registers:day", Right.SEE_REGISTERS),
    ("n", "Unexplained marks", "registers:unexplained", Right.SEE_PUPILS),
    ("c", "Calls", "absences:calls", Right.FOLLOW_UP_ABSENCES),
)
# Addresses below a school's that belong to a page of the navigation without standing under its address.
BELONGS_TO: dict[str, str] = {
    "amendments/": "registers:pupils",
    "classes/": "registers:day",
    "keyboard/": "registers:day",
    "messages/": "letters:list",
    "outside-contacts/": "registers:pupils",
    "roll/": "registers:pupils",
    "unexplained/": "registers:day",
}
# Pages of the navigation that are not of one school.
ABOVE_SCHOOLS = frozenset({"reports:trust"})


@dataclass(frozen=True)
class NavigationItem:
    """One link of the navigation."""

    label: str
    url: str
    is_current: bool


@dataclass(frozen=True)
class Jump:
    """A page that is reached by "g" and a key."""

    key: str
    label: str
    url: str


def jumps_of(user: object, rights: frozenset[Right], school_key: str) -> list[Jump]:
    """Return the shortcuts of a person; none for somebody who turned single keys off (WCAG 2.1.4)."""
    if not getattr(user, "uses_single_keys", False):
        return []
    return [
        Jump(key, label, reverse(name, args=[school_key]))
        for key, label, name, right in JUMPS
        if right in rights
    ]


def is_within(path: str, name: str, url: str, school_key: str) -> bool:
    """Say whether the address belongs to the page of this URL name and address."""
    return path.startswith(url) or any(
        page == name and path.startswith(f"/s/{school_key}/{part}") for part, page in BELONGS_TO.items()
    )


def navigation(request: HttpRequest) -> dict[str, Any]:
    """
    Give templates `school`, `navigation` and `key_jumps`; empty outside a school's pages.

    `browser_id` is what the scripts keep a signed-in person's waiting marks under.
    """
    school = getattr(request, "school", None)
    user = getattr(request, "user", None)
    person = {"browser_id": browser_id(user)} if isinstance(user, User) else {}
    if school is None:
        return {"navigation": [], **person}
    rights = access.rights_of(getattr(request, "roles", frozenset()))
    items = []
    for label, name, right in STAFF_NAVIGATION:
        if right in rights:
            url = reverse(name, kwargs={} if name in ABOVE_SCHOOLS else {"school_key": school.key})
            items.append(NavigationItem(label, url, is_within(request.path, name, url, school.key)))
    return {
        "school": school,
        "navigation": items,
        "key_jumps": jumps_of(request.user, rights, school.key),
        **person,
    }
