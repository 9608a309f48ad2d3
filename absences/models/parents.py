"""What a school allows families to report, and what families ask to have put right."""

from typing import ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from accounts.models import School, User
from registers.models import Contact, Pupil

# The most that a school may allow; a report of a whole term would be no report of an absence.
MOST_DAYS_AHEAD, MOST_DAYS_AT_ONCE, MOST_DAYS_BACK = 365, 60, 60


class SchoolAbsenceSettings(models.Model):
    """
    How far ahead, how far back and for how long a family may report an absence; without a row the defaults.

    Days ahead are calendar days, the others school days (GEN-16). Whoever needs more calls the office.
    """

    school = models.OneToOneField(School, on_delete=models.PROTECT, related_name="absence_settings")
    days_ahead = models.SmallIntegerField(default=14, help_text="calendar days")
    days_at_once = models.SmallIntegerField(default=5, help_text="school days in one report")
    days_back = models.SmallIntegerField(default=10, help_text="school days")

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(days_ahead__range=(0, MOST_DAYS_AHEAD))
                & Q(days_at_once__range=(1, MOST_DAYS_AT_ONCE))
                & Q(days_back__range=(0, MOST_DAYS_BACK)),
                name="schoolabsencesettings_are_sensible",
            )
        ]

    def __str__(self) -> str:
        return f"absence settings of {self.school_id}"


class DetailsState(models.TextChoices):
    """Where a request to change contact details stands; none is ever deleted."""

    WAITING = "waiting", "Waiting for the office"
    APPLIED = "applied", "Changed"
    DECLINED = "declined", "Not changed"


class DetailsRequest(models.Model):
    """
    A parent asks the office to change their own name, numbers or address; nothing changes until it does.

    `changes` has the old and the new value of each field, as they stood when the parent asked.
    """

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="details_requests")
    pupil = models.ForeignKey(
        Pupil, on_delete=models.PROTECT, related_name="+", help_text="the child from whose page it was asked"
    )
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="details_requests")
    changes = models.JSONField(encoder=DjangoJSONEncoder, help_text="field: [old, new]")
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=DetailsState, default=DetailsState.WAITING)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decision_note = models.CharField(max_length=500, blank=True, help_text="what the parent is told")

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=DetailsState.values), name="detailsrequest_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", decided_at__isnull=True, decided_by__isnull=True)
                | (~Q(state="waiting") & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="detailsrequest_decision_has_author_and_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="declined") | ~Q(decision_note=""),
                name="detailsrequest_refusal_says_why",
                violation_error_message="Say why the details were not changed.",
            ),
            models.UniqueConstraint(
                fields=["contact"], condition=Q(state="waiting"), name="detailsrequest_waits_once"
            ),
        ]

    def __str__(self) -> str:
        return f"details request {self.pk}"
