"""Who may see reports that are not of one school alone."""

from datetime import date

from django.core.exceptions import PermissionDenied

from accounts import access
from accounts.access import Right
from accounts.models import School, User


def compared_schools(user: User, *, on: date) -> list[School]:
    """
    Return the schools that the person may compare, by name.

    :raises PermissionDenied: there is none; the message is fit to show
    """
    schools = [
        school for school, roles in access.schools_of(user, on=on) if access.can(roles, Right.COMPARE_SCHOOLS)
    ]
    if not schools:
        raise PermissionDenied(f"Your role does not let you {Right.COMPARE_SCHOOLS.value}.")
    return schools
