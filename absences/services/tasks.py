"""Tasks of absences: raised once for each cause, closed by a person who says what was done."""

from datetime import datetime

from django.db import transaction

from absences.models import Task
from accounts.errors import DomainError
from accounts.events import record
from accounts.models import User
from registers.models import Pupil

OUTCOME_LENGTH = 500


class TaskRefused(DomainError):
    """The task cannot be closed like this; the message says why."""


class TaskClosedMeanwhile(DomainError):
    """Somebody else closed the task first; `task` says who and with what."""

    def __init__(self, task: Task) -> None:
        by = task.closed_by.name if task.closed_by is not None else "somebody"
        super().__init__(f"{by} closed this meanwhile: {task.outcome}")
        self.task = task


@transaction.atomic
def raise_task(
    pupil: Pupil,
    kind: str,
    *,
    cause: str,
    what: str,
    source: str = "",
    due_at: datetime | None = None,
    is_mandatory: bool = False,
    at: datetime,
) -> Task:
    """
    Return the task of this kind for this cause, raised now unless it was before; what stands is left alone.

    `cause` names what raised it ("absence:2026-11-20", "report:12"). A task that was closed stays closed.
    """
    task, is_new = Task.objects.get_or_create(
        school_id=pupil.school_id,
        pupil=pupil,
        kind=kind,
        cause=cause,
        defaults={
            "what": what,
            "source": source,
            "due_at": due_at,
            "is_mandatory": is_mandatory,
            "raised_at": at,
        },
    )
    if is_new:
        record(
            "task.raised",
            school=pupil.school,
            by=None,
            at=at,
            subject=task,
            data={"pupil": pupil.pk, "kind": kind, "cause": cause},
        )
    return task


@transaction.atomic
def close_task(task: Task, *, outcome: str, by: User, at: datetime) -> Task:
    """
    Close a task with what was done; two people who close it at once wait for each other.

    :raises TaskRefused: nothing says what was done, or it says too much
    :raises TaskClosedMeanwhile: it is closed already
    """
    outcome = outcome.strip()
    if not outcome:
        raise TaskRefused("Say what was done")
    if len(outcome) > OUTCOME_LENGTH:
        raise TaskRefused(f"Say what was done in {OUTCOME_LENGTH} characters or fewer")
    held: Task = Task.objects.select_for_update(of=("self",)).select_related("closed_by").get(pk=task.pk)
    if held.closed_at is not None:
        raise TaskClosedMeanwhile(held)
    held.closed_at, held.closed_by, held.outcome = at, by, outcome
    held.save(update_fields=["closed_at", "closed_by", "outcome"])
    record("task.closed", school=task.school, by=by, at=at, subject=held, data={"kind": held.kind})
    return held
