"""Whose record a parent may see: their own children's, while on roll."""

from datetime import date

from django.db.models import F, Q
from django_scopes import scopes_disabled

from accounts.models import User
from registers.models import Enrolment, Pupil, PupilContact


def children_of(user: User, *, on: date) -> list[Pupil]:
    """
    Return the pupils on roll that day whose contact the person is, with their schools, eldest first.

    A child whom a court order or the school keeps from this person is not among them, nor one who has left.
    Families may have children at several schools, so no school's scope applies; the person is the boundary.
    Two statements.
    """
    with scopes_disabled():
        linked = PupilContact.objects.filter(
            contact__user=user,
            court_order_restricts=False,
            may_sign_in=True,
            # A row that ties people of two schools together would be a fault; it must not open a record.
            contact__school=F("pupil__school"),
            school=F("pupil__school"),
        ).values_list("pupil_id", flat=True)
        on_roll = Enrolment.objects.filter(
            Q(leaving_on__isnull=True) | Q(leaving_on__gte=on), pupil_id__in=list(linked), starts_on__lte=on
        ).values("pupil_id")
        return list(
            Pupil.objects.filter(pk__in=on_roll)
            .select_related("school")
            .order_by("date_of_birth", "forename", "pk")
        )
