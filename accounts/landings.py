"""The first page of each role."""

from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django_scopes import scopes_disabled

from accounts import access
from accounts.models import Role, School, User

# The page on which each role starts its day; the first role of this order that a person holds decides.
LANDING_BY_ROLE: dict[str, str] = {
    Role.CHAMPION: "escalation:desk",
    Role.OFFICE: "registers:day",
    Role.HEAD: "reports:overview",
    Role.TEACHER: "registers:day",
    Role.GOVERNOR: "reports:governors",
}


@dataclass(frozen=True)
class Landing:
    """A first page: where it is and what it is called."""

    label: str
    url: str


def landing_url(role: str, school: School | None) -> str:
    """Return the first page of a role: trust officers compare schools, parents see their children."""
    if role == Role.TRUST:
        return reverse("reports:trust")
    if role == "parent" or school is None:
        return reverse("absences:family")
    return reverse(LANDING_BY_ROLE[role], kwargs={"school_key": school.key})


def landings_of(user: User, *, on: date) -> list[Landing]:
    """
    Return the first pages of a person: one for each school, one for a trust, and the family page for parents.

    Whoever holds no role gets the family page, which says what to do when no child is linked.
    """
    places: list[Landing] = []
    for school, roles in access.schools_of(user, on=on):
        if Role.TRUST in roles:
            places.append(Landing("All schools", landing_url(Role.TRUST, None)))
        if role := next((role for role in LANDING_BY_ROLE if role in roles), None):
            places.append(Landing(school.name, landing_url(role, school)))
    if not places or _is_somebodys_contact(user):
        places.append(Landing("Your children", landing_url("parent", None)))
    return list(dict.fromkeys(places))


def _is_somebodys_contact(user: User) -> bool:
    # A parent may have children at several schools: no school's scope can apply. `contacts` belongs to
    # `registers`, which this app must not import.
    with scopes_disabled():
        return user.contacts.exists()
