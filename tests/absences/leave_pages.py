"""A school with a shipped policy, a family, and the way of a request through the pages."""

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

import time_machine
from django.test import Client
from django_scopes import scopes_disabled

from absences.models import LeaveRequest, SchoolTerms
from absences.rules.terms import Terms
from absences.services.terms import text_of
from accounts.models import School, User
from escalation.rules.loading import load_policy, shipped_text
from escalation.services.policies import terms_of
from registers.models import Pupil, PupilContact
from tests.factories.absences import SchoolTermsFactory
from tests.factories.registers import ContactFactory, PupilContactFactory, held_sessions, london

ASKED = london(date(2025, 9, 5), time(19, 30))  # a Friday evening
THURSDAY, FRIDAY, MONDAY = date(2025, 10, 2), date(2025, 10, 3), date(2025, 10, 6)
LAST_DAY = date(2025, 10, 24)


def shipped_terms(key: str) -> Terms:
    """Return what a shipped policy says of absences."""
    return terms_of(load_policy(shipped_text(key), name=key))


def give_policy(school: School, key: str, *, sessions: bool = True) -> School:
    """Let a school follow a shipped policy, and hold school from 1 September to 24 October 2025."""
    with scopes_disabled():
        SchoolTerms.objects.filter(school=school).delete()
        SchoolTermsFactory(school=school, data=text_of(shipped_terms(key)))
        if sessions:
            held_sessions(school, date(2025, 9, 1), LAST_DAY)
    return school


def parent_of(user: User, *pupils: Pupil, address: str = "2 Valley Road\nAnytown", **link: Any) -> None:
    """Make somebody a parent of pupils; of one school each contact is one row."""
    contacts: dict[int, Any] = {}
    for pupil in pupils:
        if pupil.school_id not in contacts:
            contacts[pupil.school_id] = ContactFactory(
                school=pupil.school, user=user, name=user.name, email=user.email, address=address
            )
        PupilContactFactory(pupil=pupil, contact=contacts[pupil.school_id], **link)


def links_of(pupil: Pupil) -> list[PupilContact]:
    """Return the contacts of a pupil."""
    with scopes_disabled():
        return list(PupilContact.objects.filter(pupil=pupil).select_related("contact").order_by("pk"))


@contextmanager
def at(moment: datetime) -> Any:
    """Stop the clock."""
    with time_machine.travel(moment, tick=False):
        yield


def date_parts(name: str, on: date) -> dict[str, str]:
    """Return a date as a form posts it."""
    return {f"{name}_day": str(on.day), f"{name}_month": str(on.month), f"{name}_year": str(on.year)}


DAYS = {
    **date_parts("first_day", THURSDAY),
    "first_half": "AM",
    **date_parts("return_on", MONDAY),
    "return_half": "AM",
}
ANSWERS: dict[str, dict[str, Any]] = {
    "kind": {"kind": "family"},
    "days": DAYS,
    "reasons": {"reasons": "My sister marries abroad on the Friday."},
    "going": {"adults": ["self"], "other_adults": ""},
    "address": {"confirmed": "yes", "home_address": ""},
    "check": {},
    "sign": {"understood_penalty": "on", "signed_name": "Pat Parent"},
}


def begin(client: Client, children: Sequence[Pupil]) -> str:
    """Begin a request and return its key."""
    response = client.post("/family/leave/new/", {"children": [str(child.pk) for child in children]})
    assert response.status_code == 302, response.content.decode()
    return response["Location"].split("/")[-3]


def walk(
    client: Client, children: Sequence[Pupil], *, until: str = "", **answers: dict[str, Any]
) -> tuple[str, Any]:
    """Answer every question up to one, which is answered too; return the key and the last response."""
    key = begin(client, children)
    response = None
    for step, usual in ANSWERS.items():
        response = client.post(f"/family/leave/new/{key}/{step}/", {**usual, **answers.get(step, {})})
        if step == until or response.status_code != 302:
            break
    return key, response


def requests_of(key: str) -> list[LeaveRequest]:
    """Return the requests of a submission, in the order in which they were made."""
    with scopes_disabled():
        return list(
            LeaveRequest.objects.filter(submission=UUID(key)).select_related("pupil", "school").order_by("pk")
        )


def words_of(response: Any) -> str:
    """Return a page's text on one line."""
    return " ".join(response.content.decode().split())


SignIn = Callable[[User], Client]
