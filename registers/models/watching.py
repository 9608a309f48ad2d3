"""What Rollcall did when registers closed, and who was asked to take one that was not taken."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from accounts.models import School, User
from registers.models.calendar import Session
from registers.models.pupils import ClassGroup


class RegisterClosing(models.Model):
    """
    The closing of one session: every pupil on roll without a mark got one, once.

    The row is what makes a second run harmless: a session that has it is never closed again.
    """

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    session = models.OneToOneField(Session, on_delete=models.CASCADE, related_name="closing")
    closed_at = models.DateTimeField(help_text="when Rollcall closed it, not when the register closes")
    known_ahead = models.IntegerField(help_text="marks taken from what was known ahead")
    unexplained = models.IntegerField(help_text="marks set to N")

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(known_ahead__gte=0, unexplained__gte=0), name="registerclosing_counts_from_zero"
            )
        ]

    def __str__(self) -> str:
        return f"{self.session_id} closed"


class ClassClosing(models.Model):
    """What the closing of a session set in one class: only classes in which it set something have a row."""

    closing = models.ForeignKey(RegisterClosing, on_delete=models.CASCADE, related_name="classes")
    class_group = models.ForeignKey(ClassGroup, on_delete=models.PROTECT, related_name="closings")
    was_begun = models.BooleanField(help_text="somebody had begun to take this register")
    known_ahead = models.IntegerField()
    unexplained = models.IntegerField()

    objects = ScopedManager(school="closing__school")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["closing", "class_group"], name="classclosing_stands_once"),
            models.CheckConstraint(
                condition=Q(known_ahead__gte=0, unexplained__gte=0), name="classclosing_counts_from_zero"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.class_group_id} in {self.closing_id}"


class RegisterNudge(models.Model):
    """Somebody asked the teachers of a class by e-mail to take a register."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    class_group = models.ForeignKey(ClassGroup, on_delete=models.PROTECT, related_name="nudges")
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="nudges")
    nudged_at = models.DateTimeField()
    nudged_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    address = models.URLField(max_length=300, help_text="of the register; holds ids only")
    sent_at = models.DateTimeField(null=True, blank=True, help_text="when a worker took it on")

    objects = ScopedManager(school="school")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["session", "class_group", "-nudged_at"], name="registernudge_latest"),
            models.Index(
                fields=["nudged_at"], condition=Q(sent_at__isnull=True), name="registernudge_waiting"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.class_group_id} {self.session_id}"
