"""Who can sign in to the demo with one click."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Q
from django_scopes import scopes_disabled

from accounts import landings
from accounts.models import Role, RoleAssignment, School
from accounts.people import SYSTEM_EMAIL
from registers.models import ClassTeacher, PupilContact
from registers.rules.calendar import academic_year_of

PARENT = "parent"
YEAR_OF_CLASS = re.compile(r"(N|R|\d{1,2})(?![a-z])")
LAST = 99
ROLE_ORDER = (Role.HEAD, Role.CHAMPION, Role.OFFICE, Role.GOVERNOR, Role.TEACHER)


@dataclass(frozen=True)
class DemoUser:
    """One person of the demo in one role; `school` is None for somebody of the whole trust."""

    email: str
    name: str
    role: str
    school: School | None
    title: str  # the post, the class or the children, as the page shows it
    landing: str

    def matches(self, words: Iterable[str]) -> bool:
        """Say whether every word occurs in what the page shows of the person, in any case."""
        shown = f"{self.name} {self.title} {self.role} {self.school.name if self.school else ''}".casefold()
        return all(word.casefold() in shown for word in words)


def demo_users(*, on: date) -> list[DemoUser]:
    """
    Return everybody who can sign in to the demo on a day: by school, roles in order, classes in order.

    People with a password are left out: nobody but they may sign in as them.
    """
    with scopes_disabled():
        users = [*_staff(on), *_parents(on)]
    order = {role: place for place, role in enumerate((*ROLE_ORDER, PARENT))}
    return sorted(
        users,
        key=lambda user: (
            user.school.name if user.school else "",
            order.get(user.role, -1),
            _class_order(user.title) if user.role == Role.TEACHER else (0, ""),
            user.title,
            user.email,
        ),
    )


def demo_user(email: str, *, on: date) -> DemoUser | None:
    """Return the first entry of somebody whom the demo lists, or None."""
    return next((user for user in demo_users(on=on) if user.email == email), None)


def _staff(on: date) -> list[DemoUser]:
    assignments = (
        RoleAssignment.objects.filter(starts_on__lte=on)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))
        .exclude(user__email=SYSTEM_EMAIL)
        .select_related("user", "school")
        .order_by("school__name", "pk")
    )
    classes = _classes_by_teacher(on)
    users: dict[tuple[str, str, str], DemoUser] = {}
    for one in assignments:
        if not one.user.is_active or one.user.has_usable_password():
            continue
        school = None if one.role == Role.TRUST else one.school
        title = (
            classes.get((one.user_id, one.school_id), one.title) if one.role == Role.TEACHER else one.title
        )
        user = DemoUser(
            email=one.user.email,
            name=one.user.name,
            role=one.role,
            school=school,
            title=title,
            landing=landings.landing_url(one.role, school),
        )
        users.setdefault((user.email, user.role, school.key if school else ""), user)
    return list(users.values())


def _classes_by_teacher(on: date) -> dict[tuple[int, int], str]:
    """Return the names of the classes that each teacher takes on a day, by user and school."""
    taught: dict[tuple[int, int], list[str]] = {}
    rows = ClassTeacher.objects.filter(
        class_group__academic_year=academic_year_of(on), starts_on__lte=on
    ).filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))
    for user_id, school_id, name in rows.values_list("user_id", "school_id", "class_group__name"):
        taught.setdefault((user_id, school_id), []).append(name)
    return {key: ", ".join(sorted(found)) for key, found in taught.items()}


def _parents(on: date) -> list[DemoUser]:
    links = (
        PupilContact.objects.filter(contact__user__is_active=True)
        .filter(pupil__enrolments__starts_on__lte=on)
        .filter(Q(pupil__enrolments__leaving_on__isnull=True) | Q(pupil__enrolments__leaving_on__gte=on))
        .select_related("contact__user", "school", "pupil")
        .order_by("school__name", "contact__pk", "pupil__date_of_birth", "pupil__pk")
    )
    children: dict[int, list[str]] = {}
    of_contact: dict[int, PupilContact] = {}
    for link in links:
        children.setdefault(link.contact_id, []).append(link.pupil.forename)
        of_contact.setdefault(link.contact_id, link)
    users = []
    for contact_id, link in of_contact.items():
        user = link.contact.user
        if user is None or user.has_usable_password():
            continue
        users.append(
            DemoUser(
                email=user.email,
                name=user.name,
                role=PARENT,
                school=link.school,
                title=f"{link.relationship} of {_listed(children[contact_id])}",
                landing=landings.landing_url(PARENT, link.school),
            )
        )
    return users


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _class_order(name: str) -> tuple[int, str]:
    """Return a key that sorts classes: nursery, Reception, Year 1 and so on, then those of mixed ages."""
    found = YEAR_OF_CLASS.match(name)
    if found is None:
        return LAST, name
    year = found[1]
    return int(year) if year.isdecimal() else ("N", "R").index(year) - 1, name
