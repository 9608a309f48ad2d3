"""How word of absences reaches a school, beside the ways that every school has."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from accounts.models import School


class ReportingApp(models.Model):
    """The app of another maker through which families of a school report too (StudyBugs, 004:115)."""

    school = models.OneToOneField(School, on_delete=models.PROTECT, related_name="reporting_app")
    name = models.CharField(max_length=40)

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(name=""), name="reportingapp_has_a_name")
        ]

    def __str__(self) -> str:
        return f"{self.name} at {self.school_id}"
