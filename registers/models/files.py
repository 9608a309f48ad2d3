"""Files that somebody looks at before they are taken in."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from accounts.models import School, User

FILE_KINDS = [
    ("pupils", "Pupils: the admission register"),
    ("contacts", "Parents and carers"),
    ("marks", "Marks: attendance history"),
    ("previous_marks", "Marks of schools before"),
    ("calendar", "Half terms and closures"),
    ("timetables", "Part-time timetables"),
    ("ctf", "Common Transfer File (XML)"),
]


class UploadedFile(models.Model):
    """A file between being looked at and being taken in; gone after either, and after a day."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    kind = models.CharField(max_length=20, choices=FILE_KINDS)
    name = models.CharField(max_length=120, help_text="as faults call it")
    content = models.BinaryField()
    options = models.JSONField(default=dict, help_text="what was chosen beside the file")
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT)
    uploaded_at = models.DateTimeField()

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=[kind for kind, _ in FILE_KINDS]), name="uploadedfile_kind_is_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.school_id} {self.kind} {self.pk}"
