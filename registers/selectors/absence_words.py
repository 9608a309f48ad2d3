"""Where word of an absence came that nobody has judged yet."""

from datetime import date

from django.db.models import Q, QuerySet

from accounts.models import School
from registers.models import AbsenceWord, ClassGroup, Session


def _standing(school_id: int, on: date) -> QuerySet[AbsenceWord]:
    return AbsenceWord.objects.filter(
        school_id=school_id, settled_at__isnull=True, first_day__lte=on, last_day__gte=on
    )


def words_for_register(class_group: ClassGroup, session: Session) -> dict[int, str]:
    """Return what was told of each pupil of a class for a session, the latest first. One statement."""
    on, half = session.on, session.half
    found: dict[int, str] = {}
    for pupil_id, words in (
        _standing(class_group.school_id, on)
        .exclude(Q(first_day=on) & Q(first_half__gt=half))
        .exclude(Q(last_day=on) & Q(last_half__lt=half))
        .filter(pupil__memberships__class_group=class_group)
        .order_by("-came_at", "-pk")
        .values_list("pupil_id", "words")
    ):
        found.setdefault(pupil_id, words)
    return found


def words_waiting(school: School, *, on: date) -> int:
    """Return of how many absences of a day word came that nobody has judged yet. One statement."""
    return _standing(school.pk, on).count()
