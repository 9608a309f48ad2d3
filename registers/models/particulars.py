"""Where pupils live, and the history of what the admission register holds (SI 2024/208 regs 6 and 8)."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from accounts.models import School
from registers.models.contacts import Contact
from registers.models.periods import ends_after_start
from registers.models.pupils import Pupil


class PupilAddress(models.Model):
    """
    A pupil normally lives at an address from a day to a day; two at a time where parents live apart.

    A move that is known ahead stands here before its day.
    """

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    pupil = models.ForeignKey(Pupil, on_delete=models.PROTECT, related_name="addresses")
    lines = models.TextField(help_text="one line of the address on each line")
    with_contact = models.ForeignKey(
        Contact,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="pupil_addresses",
        help_text="the parent with whom the pupil lives there",
    )
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            ends_after_start(
                "pupiladdress_ends_after_start", starts="starts_on", ends="ends_on", may_stay_open=True
            ),
            models.CheckConstraint(condition=~Q(lines=""), name="pupiladdress_says_where"),
        ]
        indexes: ClassVar = [models.Index(fields=["pupil", "starts_on"], name="pupiladdress_by_pupil")]

    def __str__(self) -> str:
        return f"address of {self.pupil_id} from {self.starts_on}"


class ParticularsChange(models.Model):
    """
    One change of one particular of the admission register: old, new, who, when. Append-only.

    The database writes these rows itself, whoever changes the register and by whatever way (migration
    `particulars`). `field` is empty where a row was added (`new` is the row) or removed (`old` is the row).
    No foreign keys but the school's on purpose: the history can neither block the removal of a row nor
    vanish with one.
    """

    SUBJECTS: ClassVar = ("pupil", "address", "flag", "contact", "link", "outside")

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    subject = models.CharField(max_length=8)
    subject_id = models.BigIntegerField()
    pupil_id = models.BigIntegerField(null=True)
    contact_id = models.BigIntegerField(null=True)
    field = models.CharField(max_length=40, blank=True)
    old = models.TextField(null=True)  # noqa: DJ001 - null: there was no row, or no value
    new = models.TextField(null=True)  # noqa: DJ001 - null: there is no row, or no value
    counts_from = models.DateField(null=True, help_text="empty: what stood there was never right")
    at = models.DateTimeField()
    by_id = models.BigIntegerField(null=True)
    by_name = models.CharField(max_length=150, blank=True)
    by_position = models.CharField(max_length=40, blank=True)
    reason = models.TextField(blank=True)

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(subject__in=["pupil", "address", "flag", "contact", "link", "outside"]),
                name="particularschange_subject_is_known",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["pupil_id", "id"], name="particularschange_of_pupil"),
            models.Index(fields=["contact_id", "id"], name="particularschange_of_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.subject_id} {self.field}"
