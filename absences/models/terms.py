"""What a school's policy says of absences, as absences keep it."""

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager

from accounts.models import School


class SchoolTerms(models.Model):
    """
    The parts of a policy version that absences follow, in force from a day until the next ones begin.

    Written by `absences.services.terms.adopt` when a policy comes into force, read by
    `absences.selectors.terms.terms_on`.
    """

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="absence_terms")
    in_force_from = models.DateField()
    policy_number = models.IntegerField(help_text="the number of the policy version")
    data = models.TextField(help_text="absences.rules.terms.Terms, JSON")
    adopted_at = models.DateTimeField()
    # The database reads it before it lets marks of illness become unauthorised; worked out by the database
    # itself, so that it cannot say other than the terms.
    tells_before_unauthorising = models.GeneratedField(
        expression=models.Func(
            models.F("data"),
            template=(
                "coalesce(((%(expressions)s)::jsonb"
                " #>> '{evidence,notify_parent_before_unauthorising}')::boolean, false)"
            ),
        ),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["school", "in_force_from"], name="schoolterms_begin_once_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.school_id} from {self.in_force_from}"
