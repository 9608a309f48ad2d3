"""
What browsers sent of marks typed into registers, remembered so that nothing is done twice.

A browser that lost the connection does not know whether its last request arrived, so it sends the entry again
with the same key. The row keeps what was answered the first time (docs/adr/0010).
"""

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager

from accounts.models import School, User


class ReceivedEntry(models.Model):
    """
    One entry that a person's browser sent, with what became of it. Kept for thirty days.

    The fingerprint is a digest of the whole entry: the same key with another content is refused.
    """

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    by = models.ForeignKey(User, on_delete=models.PROTECT)
    key = models.UUIDField()
    fingerprint = models.CharField(max_length=64)
    outcome = models.JSONField()
    received_at = models.DateTimeField(db_index=True)

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["by", "key"], name="receivedentry_key_is_unique_for_a_person")
        ]

    def __str__(self) -> str:
        return f"{self.by_id} {self.key}"
