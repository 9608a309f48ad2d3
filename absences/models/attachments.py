"""Files that parents and staff send as evidence."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from absences.models.evidence import EvidenceRequest
from absences.models.leave import LeaveRequest
from absences.models.reports import Report
from accounts.models import School, User
from registers.models import Pupil


class AttachmentKind(models.TextChoices):
    """What is kept: every picture as JPEG, every document as PDF, both written anew."""

    JPEG = "image/jpeg", "Picture"
    PDF = "application/pdf", "Document"


class Attachment(models.Model):
    """
    One file of a report, a request for leave or a request for evidence: never the bytes that were sent.

    The file itself lies in the storage "attachments" under `stored_as`, a random name; `sha256` is what it
    held when it was kept. `name` is only shown.
    """

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="attachments")
    pupil = models.ForeignKey(Pupil, on_delete=models.PROTECT, related_name="attachments")
    report = models.ForeignKey(
        Report, on_delete=models.PROTECT, null=True, blank=True, related_name="attachments"
    )
    evidence_request = models.ForeignKey(
        EvidenceRequest, on_delete=models.PROTECT, null=True, blank=True, related_name="attachments"
    )
    leave_request = models.ForeignKey(
        LeaveRequest, on_delete=models.PROTECT, null=True, blank=True, related_name="attachments"
    )
    name = models.CharField(max_length=100, help_text="cleaned; only shown")
    kind = models.CharField(max_length=15, choices=AttachmentKind)
    size = models.IntegerField(help_text="bytes, as kept")
    pages = models.IntegerField(default=1)
    sha256 = models.CharField(max_length=64)
    stored_as = models.CharField(max_length=80, unique=True)
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=AttachmentKind.values), name="attachment_kind_is_known"
            ),
            models.CheckConstraint(condition=Q(size__gt=0, pages__gt=0), name="attachment_is_not_empty"),
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="attachment_has_its_digest"
            ),
            models.CheckConstraint(
                condition=Q(stored_as__regex=r"^attachments/[0-9a-f]{2}/[0-9a-f]{32}$"),
                name="attachment_lies_under_a_random_name",
            ),
            models.CheckConstraint(
                condition=Q(report__isnull=False, leave_request__isnull=True, evidence_request__isnull=True)
                | Q(report__isnull=True, leave_request__isnull=False, evidence_request__isnull=True)
                | Q(report__isnull=True, leave_request__isnull=True, evidence_request__isnull=False),
                name="attachment_has_one_owner",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["pupil", "-uploaded_at"], name="attachment_by_pupil")]

    def __str__(self) -> str:
        return f"attachment {self.pk}"

    @property
    def is_picture(self) -> bool:
        """Say whether it can be shown in the page."""
        return self.kind == AttachmentKind.JPEG
