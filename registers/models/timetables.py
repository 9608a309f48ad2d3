"""Temporary part-time timetables, without which code C2 is refused (SI 2024/208 regulation 11)."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from accounts.models import School, User
from registers.models.calendar import HALVES
from registers.models.periods import ends_after_start, no_overlap
from registers.models.pupils import Pupil


class PartTimeTimetable(models.Model):
    """An agreement that a pupil attends part of the week from a first to a last day."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    pupil = models.ForeignKey(Pupil, on_delete=models.PROTECT, related_name="timetables")
    first_day = models.DateField()
    last_day = models.DateField()
    review_on = models.DateField(help_text="the next review, or the last one held")
    agreed_on = models.DateField()
    agreed_with = models.CharField(
        max_length=150, blank=True, help_text="the parent with whom the pupil normally lives"
    )
    circumstances = models.TextField(blank=True, help_text="what is exceptional")
    ambition = models.TextField(blank=True, help_text="how the pupil is to come back to full time")
    ended_early_why = models.CharField(max_length=300, blank=True)
    # Who was told, where the school's policy or the pupil's standing asks for it.
    authority_told_on = models.DateField(null=True, blank=True)
    plan_discussed_on = models.DateField(
        null=True, blank=True, help_text="education, health and care plan: talked over with the authority"
    )
    social_worker_told_on = models.DateField(null=True, blank=True)

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            ends_after_start("parttimetimetable_ends_after_start", starts="first_day", ends="last_day"),
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


class TimetableReview(models.Model):
    """A review of a part-time timetable: when, what came of it, when it is looked at next."""

    timetable = models.ForeignKey(PartTimeTimetable, on_delete=models.PROTECT, related_name="reviews")
    held_on = models.DateField()
    outcome = models.TextField()
    next_review_on = models.DateField(null=True, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = ScopedManager(school="timetable__school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(next_review_on__isnull=True) | Q(next_review_on__gt=F("held_on")),
                name="timetablereview_next_is_later",
            ),
            models.UniqueConstraint(fields=["timetable", "held_on"], name="timetablereview_stands_once"),
        ]

    def __str__(self) -> str:
        return f"{self.timetable_id} on {self.held_on}"
