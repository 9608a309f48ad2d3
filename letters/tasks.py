"""Making letters in worker processes, on the queue "letters" (see CELERY_TASK_ROUTES)."""

import time
from typing import Any

from celery import shared_task
from django_scopes import scopes_disabled

from letters.services import filing
from registers.clock import present_moment

# One run of the minutely look ends before the next begins.
LOOK_SECONDS = 50
BATCH = 25


@shared_task(ignore_result=True)
def render_letter(*, letter_id: int, **_: Any) -> None:
    """Make the file of one letter, unless somebody else does or has done so."""
    with scopes_disabled():
        filing.make_file(letter_id, at=present_moment())


@shared_task(ignore_result=True)
def render_waiting(**_: Any) -> None:
    """Make letters whose message was lost with the broker, and take back those whose worker was lost."""
    until = time.monotonic() + LOOK_SECONDS
    with scopes_disabled():
        filing.return_stuck(at=present_moment())
        while time.monotonic() < until and (waiting := filing.next_waiting(BATCH)):
            for letter_id in waiting:
                filing.make_file(letter_id, at=present_moment())
