"""Word of an absence that the school has not judged yet, for the registers that it touches."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from accounts.models import School
from registers.models.calendar import HALVES
from registers.models.pupils import Pupil


class AbsenceWord(models.Model):
    """
    Somebody told the school of a pupil's absence, from a session to a session, and nobody has judged it yet.

    It has no code and fills in nothing: registers only show that word came. `about` names what it came by
    ("report:12"), so that whoever keeps that can tell when it is judged (`settled_at`).
    """

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    pupil = models.ForeignKey(Pupil, on_delete=models.PROTECT, related_name="absence_words")
    about = models.CharField(max_length=40)
    words = models.CharField(max_length=100, help_text="what it says, as registers show it")
    first_day = models.DateField()
    first_half = models.CharField(max_length=2, choices=HALVES, default="AM")
    last_day = models.DateField()
    last_half = models.CharField(max_length=2, choices=HALVES, default="PM")
    came_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["school", "about"], name="absenceword_comes_once"),
            models.CheckConstraint(
                condition=Q(last_day__gt=F("first_day"))
                | Q(last_day=F("first_day"), last_half__gte=F("first_half")),
                name="absenceword_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(first_half__in=["AM", "PM"], last_half__in=["AM", "PM"]),
                name="absenceword_halves_are_known",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["school", "last_day"],
                condition=Q(settled_at__isnull=True),
                name="absenceword_standing",
            )
        ]

    def __str__(self) -> str:
        return f"{self.about} of {self.pupil_id}"
