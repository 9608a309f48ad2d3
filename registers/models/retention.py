"""What was retired when its time had passed. Append-only; only the owner of the tables writes."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from accounts.models import User
from registers.models.marks import EntryBatch


class RetiredYear(models.Model):
    """An academic year whose marks and history were dropped, of every school at once."""

    academic_year = models.SmallIntegerField(primary_key=True)
    marks = models.BigIntegerField()
    entries = models.BigIntegerField()
    last_entry_at = models.DateTimeField(help_text="when the last of its entries was written")
    retired_at = models.DateTimeField()
    retired_by = models.ForeignKey(User, on_delete=models.PROTECT)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(marks__gte=0, entries__gte=1), name="retiredyear_held_something"
            )
        ]

    def __str__(self) -> str:
        return str(self.academic_year)


class RetiredEntries(models.Model):
    """
    How many entries of a batch went with a year.

    The batch itself stays, with its digest, so that the chain still holds from its first link to its last.
    """

    batch = models.ForeignKey(EntryBatch, on_delete=models.PROTECT, related_name="retired")
    academic_year = models.SmallIntegerField()
    entries = models.IntegerField()

    objects = ScopedManager(school="batch__school")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "academic_year"], name="retiredentries_stand_once")
        ]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.academic_year}"
