"""Making letters and sending messages in worker processes (for their queues see CELERY_TASK_ROUTES)."""

import random
import time
from typing import Any

from celery import shared_task
from django_scopes import scopes_disabled

from letters.delivery import chosen_port
from letters.services import delivering, filing, sending
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


@shared_task(ignore_result=True)
def send_message(*, message_id: int, **_: Any) -> None:
    """Send one message, unless somebody else does or has done so."""
    with scopes_disabled():
        sending.send(message_id, port=chosen_port(), at=present_moment(), luck=_luck())


@shared_task(ignore_result=True)
def send_due(**_: Any) -> None:
    """Send messages that are due: left waiting, put off, or lost with their worker."""
    until = time.monotonic() + LOOK_SECONDS
    with scopes_disabled():
        sending.return_lost(at=present_moment())
        port = chosen_port()
        while time.monotonic() < until:
            if sending.send_next(port=port, at=present_moment(), luck=_luck()) is None:
                return


@shared_task(ignore_result=True)
def ask_about(**_: Any) -> None:
    """Ask providers what became of the messages they took."""
    until = time.monotonic() + LOOK_SECONDS
    with scopes_disabled():
        port = chosen_port()
        while time.monotonic() < until and delivering.ask_next(port=port, at=present_moment()) is not None:
            continue


def _luck() -> float:
    return random.random()  # noqa: S311 - it spreads waits and keeps no secret
