"""Links of the chain of history that were told to somebody outside the database."""

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager

from accounts.models import School


class HistoryAnchor(models.Model):
    """The last link of a school's chain on a day, as it was sent to people of the school. Append-only."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    number = models.BigIntegerField(help_text="of the batch")
    digest = models.BinaryField()
    at = models.DateTimeField(help_text="when it was told")

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["school", "number"], name="historyanchor_is_told_once")
        ]

    def __str__(self) -> str:
        return f"{self.school_id} {self.number}"
