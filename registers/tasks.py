"""Background work of the registers: load, call one service, nothing else."""

from celery import shared_task
from django_scopes import scope, scopes_disabled

from accounts.http import day_of_roles
from accounts.models import Installation, School
from accounts.people import system_user
from registers.clock import present_moment
from registers.services import anchors, closing, entries, nudges, uploads
from registers.services.marks import settle_unexplained


@shared_task(name="registers.tasks.close_registers", ignore_result=True)
def close_registers(**_: object) -> None:
    """
    Close the registers whose time is over, school by school. Running it twice changes nothing more.

    A demo's are closed by a task of its own (demo.tasks), after its invented teachers have taken theirs.
    """
    if Installation.objects.filter(is_demo=True).exists():
        return
    at = present_moment()
    for school in School.objects.order_by("pk"):
        with scope(school=school):
            closing.close_due(school, by=system_user(), at=at)


@shared_task(name="registers.tasks.settle_all", ignore_result=True)
def settle_all(**_: object) -> None:
    """
    Turn each N that stood longer than five school days into O, at every school.

    The sweep does the same for schools with a policy; whichever comes first leaves the other nothing to do.
    """
    at = present_moment()
    for school in School.objects.order_by("pk"):
        with scope(school=school):
            settle_unexplained(school, on=at.date(), by=system_user(), at=at)


@shared_task(name="registers.tasks.send_nudge", ignore_result=True)
def send_nudge(*, nudge_id: int, **_: object) -> None:
    """Send one reminder to take a register, unless it is sent already."""
    with scopes_disabled():
        nudges.send(nudge_id, at=present_moment())


@shared_task(name="registers.tasks.send_waiting_nudges", ignore_result=True)
def send_waiting_nudges(**_: object) -> None:
    """Send reminders whose message was lost with the broker, while they still make sense."""
    at = present_moment()
    with scopes_disabled():
        for nudge_id in nudges.waiting(at=at):
            nudges.send(nudge_id, at=at)


@shared_task(name="registers.tasks.forget_received_entries", ignore_result=True)
def forget_received_entries(**_: object) -> None:
    """Forget what browsers sent more than thirty days ago, of every school."""
    entries.forget_received(at=present_moment())


@shared_task(name="registers.tasks.tell_heads", ignore_result=True)
def tell_heads(**_: object) -> None:
    """Tell every school's headteachers where its history stands; a link told before is not told again."""
    at = present_moment()
    for school in School.objects.order_by("pk"):
        with scope(school=school):
            anchors.tell_head(school, at=at, on=day_of_roles())


@shared_task(name="registers.tasks.forget_old_uploads", ignore_result=True)
def forget_old_uploads(**_: object) -> None:
    """Forget files that nobody took in within a day, of every school."""
    with scopes_disabled():
        uploads.forget_old_uploads(at=present_moment())
