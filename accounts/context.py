"""What every page's frame needs: the school's name and the pages that the person may open."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from accounts import access
from accounts.access import Right

# The staff navigation in the order it is shown: label, URL name, and the right that shows it.
STAFF_NAVIGATION: tuple[tuple[str, str, Right], ...] = (
    ("Registers", "registers:day", Right.SEE_REGISTERS),
    ("Ahead", "registers:ahead", Right.MARK_AHEAD),
    ("Desk", "escalation:desk", Right.SEE_DESK),
    ("Letters", "letters:list", Right.SEE_LETTERS),
    ("Overview", "reports:overview", Right.SEE_OVERVIEW),
    ("Governors", "reports:governors", Right.SEE_AGGREGATES),
    ("All schools", "reports:trust", Right.COMPARE_SCHOOLS),
)
# Pages of the navigation that are not of one school.
ABOVE_SCHOOLS = frozenset({"reports:trust"})


@dataclass(frozen=True)
class NavigationItem:
    """One link of the navigation."""

    label: str
    url: str
    is_current: bool


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Give templates `school` and `navigation`; empty outside a school's pages."""
    school = getattr(request, "school", None)
    if school is None:
        return {"navigation": []}
    rights = access.rights_of(getattr(request, "roles", frozenset()))
    items = []
    for label, name, right in STAFF_NAVIGATION:
        if right in rights:
            url = reverse(name, kwargs={} if name in ABOVE_SCHOOLS else {"school_key": school.key})
            items.append(NavigationItem(label, url, request.path.startswith(url)))
    return {"school": school, "navigation": items}
