"""Background work of escalation: load, call one service, nothing else."""

from datetime import date

from celery import shared_task
from django_scopes import scope, scopes_disabled

from accounts.models import School
from accounts.people import system_user
from escalation.models import PolicyVersion
from escalation.services import sweep
from registers.clock import present_moment


@shared_task(name="escalation.tasks.sweep_school")
def sweep_school(*, school_id: int, on: str | None = None, **_: object) -> None:
    """
    Sweep one school for a day (ISO), by default today. Running it twice changes nothing the second time.
    """
    school = School.objects.get(pk=school_id)
    at = present_moment()
    with scope(school=school):
        sweep.sweep_school(school, on=date.fromisoformat(on) if on else at.date(), by=system_user(), at=at)


@shared_task(name="escalation.tasks.sweep_all")
def sweep_all(**_: object) -> None:
    """Queue tonight's sweep of every school that has a policy, each on its own."""
    on = present_moment().date().isoformat()
    with scopes_disabled():
        school_ids = sorted(set(PolicyVersion.objects.values_list("school_id", flat=True)))
    for school_id in school_ids:
        sweep_school.delay(school_id=school_id, on=on)
