"""Naming the app of another maker through which families report."""

from datetime import datetime

from django.db import transaction

from absences.models import ReportingApp
from accounts import events
from accounts.models import School, User


@transaction.atomic
def name_app(school: School, name: str, *, by: User, at: datetime) -> None:
    """Keep the app's name, or that there is none; reports that came through one stay."""
    name = name.strip()
    held = ReportingApp.objects.filter(school=school).first()
    if name == (held.name if held else ""):
        return
    if name:
        ReportingApp.objects.update_or_create(school=school, defaults={"name": name})
    elif held is not None:
        held.delete()
    events.record(
        "reporting_app.named", school=school, by=by, at=at, subject=school, data={"has": bool(name)}
    )
