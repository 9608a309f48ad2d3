"""
Who may do what at a school.

One table from role to rights. Another school's row is "not found" (404), a right you lack at your own school
is "not allowed" (403): the first must not reveal that the row exists, the second must say why.
"""

import logging
from collections.abc import Iterable
from datetime import date
from enum import Enum

from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import Q, QuerySet
from django.http import Http404

from accounts.models import Role, RoleAssignment, School, User

logger = logging.getLogger(__name__)


class Right(Enum):
    """One thing a person may do at a school; the value completes "You may not …"."""

    SEE_REGISTERS = "see this school's registers"
    TAKE_REGISTER = "take a register"
    AMEND_MARKS = "amend a closed register"
    SEE_PUPILS = "see the records of single pupils"
    KEEP_ADMISSIONS = "change the admission register"
    KEEP_ARRIVALS = "keep the late book"
    MARK_AHEAD = "enter marks ahead"
    TAKE_IN_FILES = "take in or give out files of the registers"
    SET_UP_SCHOOL = "change the school's calendar and day"
    FOLLOW_UP_ABSENCES = "follow up absences"
    DECIDE_LEAVE = "decide requests for leave"
    KEEP_HISTORY = "prove or retire the history of the registers"
    SEE_LETTERS = "see letters"
    SEE_DESK = "see the attendance champion's desk"
    DECIDE_STEPS = "approve, edit or dismiss steps"
    SEE_OVERVIEW = "see the school's overview"
    SEE_AGGREGATES = "see the governors' figures"
    COMPARE_SCHOOLS = "compare schools"


RIGHTS: dict[str, frozenset[Right]] = {
    Role.TEACHER: frozenset({Right.SEE_REGISTERS, Right.TAKE_REGISTER}),
    Role.OFFICE: frozenset(
        {
            Right.SEE_REGISTERS,
            Right.TAKE_REGISTER,
            Right.AMEND_MARKS,
            Right.SEE_PUPILS,
            Right.KEEP_ADMISSIONS,
            Right.KEEP_ARRIVALS,
            Right.MARK_AHEAD,
            Right.TAKE_IN_FILES,
            Right.SET_UP_SCHOOL,
            Right.FOLLOW_UP_ABSENCES,
            Right.SEE_LETTERS,
        }
    ),
    Role.CHAMPION: frozenset(
        {
            Right.SEE_REGISTERS,
            Right.TAKE_REGISTER,
            Right.AMEND_MARKS,
            Right.SEE_PUPILS,
            Right.KEEP_ARRIVALS,
            Right.MARK_AHEAD,
            Right.FOLLOW_UP_ABSENCES,
            Right.SEE_LETTERS,
            Right.SEE_DESK,
            Right.DECIDE_STEPS,
            Right.SEE_OVERVIEW,
        }
    ),
    Role.HEAD: frozenset(set(Right) - {Right.COMPARE_SCHOOLS}),
    Role.GOVERNOR: frozenset({Right.SEE_AGGREGATES}),
    Role.TRUST: frozenset({Right.COMPARE_SCHOOLS, Right.SEE_AGGREGATES, Right.SEE_OVERVIEW}),
}


def assignments_of(user: User, *, on: date) -> QuerySet[RoleAssignment]:
    """Return what the user is at any school on that day; the first and the last day both count."""
    return RoleAssignment.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=on), user=user, starts_on__lte=on
    )


def roles_at(user: User, school: School, *, on: date) -> frozenset[str]:
    """Return the roles that the user holds at the school on that day."""
    return frozenset(assignments_of(user, on=on).filter(school=school).values_list("role", flat=True))


_SCHOOL_FIELDS = tuple(field.attname for field in School._meta.concrete_fields)
# In words of SQL, because every page of a school begins with it.
ENTER = f"""
SELECT array_agg(a.role), {", ".join(f"s.{name}" for name in _SCHOOL_FIELDS)}
FROM accounts_school AS s JOIN accounts_roleassignment AS a ON a.school_id = s.id
WHERE s.key = %(key)s AND a.user_id = %(user)s
    AND a.starts_on <= %(on)s AND (a.ends_on IS NULL OR a.ends_on >= %(on)s)
GROUP BY s.id
"""  # noqa: S608 - the names are the columns of our own model


def enter(user: User, school_key: str, right: Right, *, on: date) -> tuple[School, frozenset[str]]:
    """
    Return a school with the user's roles there, or refuse as `check` does. One statement.

    :raises Http404: there is no such school, or the user holds no role there on that day
    :raises PermissionDenied: none of the roles gives the right; the message is fit to show
    """
    with connection.cursor() as cursor:
        cursor.execute(ENTER, {"user": user.pk, "key": school_key, "on": on})
        held = cursor.fetchone()
    if held is None:
        logger.warning("refused: person %s has no role at the school asked for", user.pk)
        raise Http404
    school = School.from_db(connection.alias, _SCHOOL_FIELDS, held[1:])
    roles = frozenset(held[0])
    _check_right(user, school, roles, right)
    return school, roles


def is_staff(user: User, *, on: date) -> bool:
    """Say whether the user holds any role at any school on that day."""
    return assignments_of(user, on=on).exists()


def rights_of(roles: Iterable[str]) -> frozenset[Right]:
    """Return all rights that these roles give together."""
    return frozenset(right for role in roles for right in RIGHTS[role])


def can(roles: Iterable[str], right: Right) -> bool:
    """Say whether one of these roles gives the right."""
    return right in rights_of(roles)


def check(user: User, school: School, right: Right, *, on: date) -> frozenset[str]:
    """
    Return the user's roles at the school, or refuse; refusals are logged by id.

    :raises Http404: the user holds no role at this school on that day
    :raises PermissionDenied: none of the roles gives the right; the message is fit to show
    """
    roles = roles_at(user, school, on=on)
    if not roles:
        logger.warning("refused: person %s has no role at school %s", user.pk, school.pk)
        raise Http404
    _check_right(user, school, roles, right)
    return roles


def _check_right(user: User, school: School, roles: frozenset[str], right: Right) -> None:
    if not can(roles, right):
        logger.warning("refused: person %s at school %s: %s", user.pk, school.pk, right.name)
        raise PermissionDenied(f"Your role at {school.name} does not let you {right.value}.")


def schools_of(user: User, *, on: date) -> list[tuple[School, frozenset[str]]]:
    """Return each school at which the user holds a role on that day, with the roles, by school name."""
    found: dict[School, set[str]] = {}
    for assignment in assignments_of(user, on=on).select_related("school").order_by("school__name", "pk"):
        found.setdefault(assignment.school, set()).add(assignment.role)
    return [(school, frozenset(roles)) for school, roles in found.items()]
