"""
Who may see and change which part of the registers.

Gatekeepers return the row or refuse: a row of another school does not exist here (404, the scope sees to it),
a row
that the person's role does not reach is refused with a sentence (403).
"""

from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.shortcuts import get_object_or_404

from accounts import access
from accounts.access import Right
from accounts.models import School, User
from registers.models import ClassGroup, Pupil, Session
from registers.rules.calendar import academic_year_of
from registers.words import moment


def class_groups_for(user: User, roles: frozenset[str], *, school: School, on: date) -> QuerySet[ClassGroup]:
    """
    Return the classes of that academic year whose registers the person may open: all, or those they teach.
    """
    groups = ClassGroup.objects.filter(school=school, academic_year=academic_year_of(on))
    if access.can(roles, Right.SEE_PUPILS):
        return groups
    teaching = Q(teachers__user=user, teachers__starts_on__lte=on) & (
        Q(teachers__ends_on__isnull=True) | Q(teachers__ends_on__gte=on)
    )
    return groups.filter(teaching).distinct()


def class_group_for(user: User, roles: frozenset[str], *, school: School, pk: int, on: date) -> ClassGroup:
    """
    Return a class whose registers the person may open.

    :raises Http404: there is no such class at this school
    :raises PermissionDenied: it is somebody else's class
    """
    if access.can(roles, Right.SEE_PUPILS):
        return get_object_or_404(ClassGroup, school=school, pk=pk)
    taught = class_groups_for(user, roles, school=school, on=on).filter(pk=OuterRef("pk"))
    # One statement for the class and whether it is theirs.
    group = get_object_or_404(ClassGroup.objects.annotate(is_taught=Exists(taught)), school=school, pk=pk)
    if not group.is_taught:
        raise PermissionDenied("You can open the registers of the classes you teach.")
    return group


def pupil_for(user: User, roles: frozenset[str], *, school: School, pk: int, on: date) -> Pupil:
    """
    Return a pupil whose marks the person may see: any of the school, or for a teacher one of their class.

    :raises Http404: there is no such pupil at this school
    :raises PermissionDenied: the pupil is in somebody else's class
    """
    pupil = get_object_or_404(Pupil, school=school, pk=pk)
    if access.can(roles, Right.SEE_PUPILS):
        return pupil
    own = class_groups_for(user, roles, school=school, on=on)
    in_class = pupil.memberships.filter(class_group__in=own, starts_on__lte=on)
    if not in_class.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on)).exists():
        raise PermissionDenied("You can see the pupils of the classes you teach.")
    return pupil


def check_can_save_marks(roles: frozenset[str], session: Session, *, at: datetime) -> None:
    """
    Refuse somebody who may not change this register now; the sentence is fit to show.

    :raises PermissionDenied: the register has not opened, or has closed and the person may not amend
    """
    if not access.can(roles, Right.TAKE_REGISTER):
        raise PermissionDenied("Your role does not let you take a register.")
    if at < session.opens_at:
        raise PermissionDenied(f"This register opens on {moment(session.opens_at, at.date())}.")
    if at > session.closes_at and not access.can(roles, Right.AMEND_MARKS):
        raise PermissionDenied("This register has closed. Ask the office to change a mark.")


def can_save_marks(roles: frozenset[str], session: Session, *, at: datetime) -> bool:
    """Say whether the person may change this register now."""
    try:
        check_can_save_marks(roles, session, at=at)
    except PermissionDenied:
        return False
    return True
