"""Where word of an absence came that nobody has judged yet."""

from datetime import date

from django.db.models import QuerySet

from accounts.models import School
from registers.models import AbsenceWord


def _standing(school_id: int, on: date) -> QuerySet[AbsenceWord]:
    return AbsenceWord.objects.filter(
        school_id=school_id, settled_at__isnull=True, first_day__lte=on, last_day__gte=on
    )


def words_waiting(school: School, *, on: date) -> int:
    """Return of how many absences of a day word came that nobody has judged yet. One statement."""
    return _standing(school.pk, on).count()
