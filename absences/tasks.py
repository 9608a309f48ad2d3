"""Background work of absences: load, call one service, nothing else."""

from datetime import date

from celery import shared_task
from django_scopes import scope, scopes_disabled

from absences.models import SchoolTerms
from absences.services import attachments, evidence_proposals, reports
from absences.services.follow_up import follow_up
from absences.services.timetable_reviews import plan_reviews
from accounts.models import School
from accounts.people import system_user
from registers.clock import present_moment


@shared_task(name="absences.tasks.propose_evidence")
def propose_evidence(*, school_id: int, on: str | None = None, **_: object) -> None:
    """Propose proof of one school's absences up to a day (ISO), by default today; twice changes nothing."""
    school = School.objects.get(pk=school_id)
    at = present_moment()
    with scope(school=school):
        evidence_proposals.propose(
            school, on=date.fromisoformat(on) if on else at.date(), by=system_user(), at=at
        )


@shared_task(name="absences.tasks.propose_evidence_everywhere")
def propose_evidence_everywhere(**_: object) -> None:
    """Queue tonight's proposals of every school that has terms, each on its own."""
    on = present_moment().date()
    with scopes_disabled():
        school_ids = sorted(
            set(SchoolTerms.objects.filter(in_force_from__lte=on).values_list("school_id", flat=True))
        )
    for school_id in school_ids:
        propose_evidence.delay(school_id=school_id, on=on.isoformat())


@shared_task(name="absences.tasks.sweep_attachments")
def sweep_attachments(**_: object) -> None:
    """Remove files of attachments that no row names."""
    with scopes_disabled():
        attachments.sweep_orphans(at=present_moment())


@shared_task(name="absences.tasks.follow_up_everywhere", ignore_result=True)
def follow_up_everywhere(**_: object) -> None:
    """
    Raise what today's unexplained absences ask for, and reviews that are due, at every school.

    Running it twice changes nothing more.
    """
    at = present_moment()
    for school in School.objects.order_by("pk"):
        with scope(school=school):
            follow_up(school, at=at)
            plan_reviews(school, by=system_user(), at=at)


@shared_task(name="absences.tasks.follow_reports", ignore_result=True)
def follow_reports(**_: object) -> None:
    """
    Let accepted reports count in registers that closed since, and ask again about children who are not back.

    School by school; running it twice changes nothing more.
    """
    at = present_moment()
    for school in School.objects.order_by("pk"):
        with scope(school=school):
            reports.follow_accepted(school, by=system_user(), at=at)
            reports.ask_again(school, by=system_user(), at=at)
