"""Temporary part-time timetables, without which code C2 is refused (SI 2024/208 regulation 11)."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from accounts.models import School
from registers.models.calendar import HALVES
from registers.models.periods import no_overlap
from registers.models.pupils import Pupil


class PartTimeTimetable(models.Model):
    """An agreement that a pupil attends part of the week from a first to a last day."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    pupil = models.ForeignKey(Pupil, on_delete=models.PROTECT, related_name="timetables")
    first_day = models.DateField()
    last_day = models.DateField()
    review_on = models.DateField()
    agreed_on = models.DateField()

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")),
                name="parttimetimetable_ends_after_start",
            ),
            no_overlap(
                "parttimetimetable_one_at_a_time",
                of="pupil_id",
                starts="first_day",
                ends="last_day",
                message="The pupil has a part-time timetable already on some of these days.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pupil_id} from {self.first_day}"


class TimetableAbsence(models.Model):
    """A session of the week for which the pupil is not expected."""

    timetable = models.ForeignKey(PartTimeTimetable, on_delete=models.CASCADE, related_name="absent_sessions")
    weekday = models.SmallIntegerField(help_text="0 is Monday")
    half = models.CharField(max_length=2, choices=HALVES)

    objects = ScopedManager(school="timetable__school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(weekday__range=(0, 6)),
                name="timetableabsence_weekday_is_known",
            ),
            models.CheckConstraint(
                condition=Q(half__in=["AM", "PM"]),
                name="timetableabsence_half_is_known",
            ),
            models.UniqueConstraint(
                fields=["timetable", "weekday", "half"],
                name="timetableabsence_stands_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.timetable_id} {self.weekday} {self.half}"
