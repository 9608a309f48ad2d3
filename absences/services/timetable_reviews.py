"""Reviews of part-time timetables, which registers keep, among the tasks of those who follow up absences."""

from datetime import date, datetime, time

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from absences.models import Task, TaskKind
from absences.rules.part_time import review_due
from absences.selectors.terms import NoTerms, terms_on
from absences.services.tasks import close_task, raise_task
from accounts.models import School, User
from registers.models import PartTimeTimetable
from registers.words import day

# The task shows a week ahead: a meeting with the family has to be arranged.
AHEAD_DAYS = 7
BY = time(15, 0)
SOURCE = "003:250"


@transaction.atomic
def plan_reviews(school: School, *, by: User, at: datetime) -> int:
    """
    Raise a task for each review of a part-time timetable that comes within a week, and return how many.

    Tasks of reviews that were held since are closed. Running it again changes nothing. Three statements
    beside those of tasks that are new or done.
    """
    on = at.date()
    try:
        part_time = terms_on(school, on).part_time
    except NoTerms:
        return 0
    running = list(
        PartTimeTimetable.objects.filter(school=school, first_day__lte=on, last_day__gte=on)
        .select_related("pupil__school")
        .annotate(held_on=Max("reviews__held_on"))
    )
    standing = {
        task.cause: task
        for task in Task.objects.filter(
            school=school, kind=TaskKind.REVIEW, cause__startswith="timetable:"
        ).select_related("school")
    }
    raised = 0
    for timetable in running:
        due = review_due(
            part_time,
            agreed_for=timetable.review_on,
            looked_at_from=max(timetable.first_day, timetable.held_on or timetable.first_day),
        )
        cause = f"timetable:{timetable.pk}:{due}"
        for other, task in standing.items():
            if other.startswith(f"timetable:{timetable.pk}:") and other != cause and task.closed_at is None:
                close_task(task, outcome=_why_over(task, timetable.held_on, due), by=by, at=at)
        if (due - on).days > AHEAD_DAYS or cause in standing:
            continue
        raise_task(
            timetable.pupil,
            TaskKind.REVIEW,
            cause=cause,
            what=f"Review the part-time timetable with the family on {day(due)}.",
            source=SOURCE if due < timetable.review_on else "",
            due_at=_due_at(due),
            at=at,
        )
        raised += 1
    return raised


def _due_at(on: date) -> datetime:
    return timezone.make_aware(datetime.combine(on, BY))


def _why_over(task: Task, held_on: date | None, due: date) -> str:
    """Say why a review is no task any more: it was held, or it is on another day now."""
    if held_on is not None and held_on >= timezone.localtime(task.raised_at).date():
        return f"Reviewed on {day(held_on)}."
    return f"Moved: the review is on {day(due)}."
