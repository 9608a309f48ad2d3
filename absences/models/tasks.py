"""What somebody at the school still has to do about an absence."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from accounts.models import School, User
from registers.models import Pupil


class TaskKind(models.TextChoices):
    """What is to be done. Each area adds the kinds that it raises."""

    SAFEGUARDING = "safeguarding", "Safeguarding: a guardian did not know"
    SOCIAL_WORKER = "social_worker", "Tell the social worker"
    VIRTUAL_SCHOOL = "virtual_school", "Tell the virtual school"
    YOUTH_JUSTICE = "youth_justice", "Tell the youth offending team"
    LETTER_HOME = "letter_home", "Write home"
    HOME_VISIT = "home_visit", "Consider a home visit"
    WELFARE_CHECK = "welfare_check", "Consider a police welfare check"
    WELFARE_OFFICER = "welfare_officer", "Consider the education welfare officer"
    ASK_AGAIN = "ask_again", "Ask again: the child was expected back"
    NO_CONTACT = "no_contact", "Nobody reached for ten school days"
    EVIDENCE = "evidence", "Ask for evidence"
    REVIEW = "review", "Review"
    CONTACT_DETAILS = "contact_details", "Confirm contact details"


class Task(models.Model):
    """
    One thing to do for one pupil, raised once for each cause, closed by a person who says what was done.

    `cause` names what raised it ("absence:2026-11-20", "report:12", "attempt:7"): raising it again changes
    nothing.
    """

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="absence_tasks")
    pupil = models.ForeignKey(Pupil, on_delete=models.PROTECT, related_name="absence_tasks")
    kind = models.CharField(max_length=20, choices=TaskKind)
    cause = models.CharField(max_length=60)
    what = models.CharField(max_length=300, help_text="the task in one sentence")
    source = models.CharField(max_length=60, blank=True, help_text="the rule, such as 002:196")
    is_mandatory = models.BooleanField(default=False)
    raised_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    outcome = models.CharField(max_length=500, blank=True)

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["pupil", "kind", "cause"], name="task_is_raised_once"),
            models.CheckConstraint(condition=Q(kind__in=TaskKind.values), name="task_kind_is_known"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True, outcome="")
                | (Q(closed_at__isnull=False, closed_by__isnull=False) & ~Q(outcome="")),
                name="task_is_closed_with_an_outcome",
                violation_error_message="Say what was done.",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["school", "due_at"], condition=Q(closed_at__isnull=True), name="task_open")
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.pupil_id}"
