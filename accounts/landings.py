"""The first page of each role."""

from dataclasses import dataclass
from datetime import date

from django.urls import reverse

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
    """Return the first pages of a person: one for each school, one for a trust, or the family page."""
    places: list[Landing] = []
    for school, roles in access.schools_of(user, on=on):
        if Role.TRUST in roles:
            place = Landing("All schools", landing_url(Role.TRUST, None))
        else:
            role = next(role for role in LANDING_BY_ROLE if role in roles)
            place = Landing(school.name, landing_url(role, school))
        if place not in places:
            places.append(place)
    return places or [Landing("Your children", landing_url("parent", None))]
