"""Keeping a file until somebody decides whether it is taken in."""

from datetime import datetime, timedelta
from typing import Any

from accounts.errors import DomainError
from accounts.models import School, User
from registers.models import UploadedFile

KEPT_FOR = timedelta(days=1)
MOST_WAITING = 20  # files of one school at a time


def keep_upload(
    school: School, *, kind: str, name: str, content: bytes, options: dict[str, Any], by: User, at: datetime
) -> UploadedFile:
    """
    Keep a file until it is taken in or put aside.

    :raises DomainError: it is empty, or too many wait already
    """
    if not content:
        raise DomainError("The file is empty.")
    if UploadedFile.objects.filter(school=school).count() >= MOST_WAITING:
        raise DomainError("Too many files wait to be taken in: put one aside first.")
    return UploadedFile.objects.create(
        school=school,
        kind=kind,
        name=name,
        content=content,
        options=options,
        uploaded_by=by,
        uploaded_at=at,
    )


def set_options(upload: UploadedFile, options: dict[str, Any]) -> None:
    """Change what was chosen beside a file."""
    upload.options = options
    upload.save(update_fields=["options"])


def put_aside(upload: UploadedFile) -> None:
    """Forget a file without taking it in."""
    upload.delete()


def forget_old_uploads(*, at: datetime) -> int:
    """Forget files that nobody decided about within a day, and return how many; outside a school's scope."""
    forgotten, _ = UploadedFile.objects.filter(uploaded_at__lt=at - KEPT_FOR).delete()
    return forgotten
