"""
Who may see and change which part of the registers.

Gatekeepers return the row or refuse: a row of another school does not exist here (404, the scope sees to it),
a row
that the person's role does not reach is refused with a sentence (403).
"""

from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts import access
from accounts.access import Right
from accounts.models import School, User
from registers.models import ClassGroup, Pupil, Session
from registers.rules.calendar import academic_year_of
from registers.words import moment

SESSION_FIELDS = tuple(field.attname for field in Session._meta.concrete_fields)


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
    group: ClassGroup = get_object_or_404(
        ClassGroup.objects.annotate(is_taught=Exists(taught)), school=school, pk=pk
    )
    if not group.is_taught:  # type: ignore[attr-defined]  # annotated above
        raise PermissionDenied("You can open the registers of the classes you teach.")
    return group


# A class, the session of that day and half, and whether the person teaches the class then. In words of SQL,
# because it opens every register and takes every save of the rush at nine.
REGISTER_FOR = """
SELECT g.id, g.school_id, g.academic_year, g.name, EXISTS (
    SELECT FROM registers_classteacher AS t
    WHERE t.class_group_id = g.id AND t.user_id = %(user)s AND t.starts_on <= %(on)s
        AND (t.ends_on IS NULL OR t.ends_on >= %(on)s)
), s.*
FROM registers_classgroup AS g
LEFT JOIN registers_session AS s ON s.school_id = g.school_id AND s."on" = %(on)s AND s.half = %(half)s
    AND s.academic_year = g.academic_year
WHERE g.id = %(pk)s AND g.school_id = %(school)s
"""
_GROUP_FIELDS = ("id", "school_id", "academic_year", "name")


def register_for(
    user: User, roles: frozenset[str], *, school: School, pk: int, on: date, half: str
) -> tuple[ClassGroup, Session]:
    """
    Return a class whose registers the person may open, and the session. One statement.

    :raises Http404: there is no such class at this school, or no such session in its year
    :raises PermissionDenied: it is somebody else's class
    """
    with connection.cursor() as cursor:
        asked: dict[str, int | str | date] = {
            "user": user.pk,
            "school": school.pk,
            "pk": pk,
            "on": on,
            "half": half,
        }
        cursor.execute(REGISTER_FOR, asked)
        row = cursor.fetchone()
        if row is None:
            raise Http404
        names = [column.name for column in cursor.description[len(_GROUP_FIELDS) + 1 :]]
    is_taught = row[len(_GROUP_FIELDS)]
    if not (is_taught and academic_year_of(on) == row[2]) and not access.can(roles, Right.SEE_PUPILS):
        raise PermissionDenied("You can open the registers of the classes you teach.")
    values = dict(zip(names, row[len(_GROUP_FIELDS) + 1 :], strict=True))
    if values["id"] is None:
        raise Http404
    group = ClassGroup.from_db(connection.alias, _GROUP_FIELDS, row[: len(_GROUP_FIELDS)])
    session = Session.from_db(connection.alias, SESSION_FIELDS, [values[name] for name in SESSION_FIELDS])
    group.school = session.school = school
    return group, session


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
