"""The log of what people did: one function writes it."""

from datetime import datetime
from typing import Any

from django.db import models

from accounts.models import Event, School, User


def record(
    kind: str,
    *,
    school: School | None,
    by: User | None,
    at: datetime,
    subject: models.Model | None = None,
    data: dict[str, Any] | None = None,
) -> Event:
    """
    Write one event of the log, in the caller's transaction.

    `kind` is `noun.verb` in the past ("step.approved"). `data` holds ids, codes and dates; names of pupils
    do not belong in it.
    """
    return Event.objects.create(
        kind=kind,
        school_id=school.pk if school else None,
        subject_type=subject._meta.label_lower if subject else "",
        subject_id=subject.pk if subject else None,
        by_id=by.pk if by else None,
        by_name=by.name if by else "",
        at=at,
        data=data or {},
    )
