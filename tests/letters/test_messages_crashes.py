"""Workers that are killed at any moment: no message is sent twice, none is lost."""

import os
import random
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from datetime import time as clock
from itertools import pairwise

import pytest
from django.conf import settings
from django.db import connection, transaction
from django_scopes import scopes_disabled

from letters.models import Message, MessageEvent
from letters.rules.outbox import LOST_AFTER, MOVES
from tests.factories.letters import MessageFactory
from tests.factories.registers import london
from tests.letters.notify_server import API_KEY, EMAIL_TEMPLATE, TEXT_TEMPLATE, NotifyServer
from tests.letters.worker_process import Workers, workers

pytestmark = pytest.mark.django_db(transaction=True)

AT: datetime = london(date(2026, 11, 20), clock(9, 5))
AFTER = LOST_AFTER + timedelta(minutes=1)
# What the provider does in the long test; most of it is what a bad morning looks like.
BAD_MORNING = (
    "take",
    "take slowly",
    "take slowly",
    "too fast",
    "fault",
    "hang up",
    "take, then fault",
    "take, then hang up",
    "take, then nonsense",
)


@pytest.fixture(scope="module")
def server() -> Iterator[NotifyServer]:
    with NotifyServer() as running:
        yield running


@pytest.fixture
def notify(server: NotifyServer) -> NotifyServer:
    """The provider, which has no message yet."""
    server.forget()
    return server


@pytest.fixture(scope="module")
def parent(server: NotifyServer, django_db_setup: None) -> Iterator[Workers]:
    """Worker processes on the tests' database, sending to the tests' server."""
    database = settings.DATABASE_URL.replace("/rollcall?", f"/{connection.settings_dict['NAME']}?")
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    environment = {
        **kept,
        "DJANGO_SETTINGS_MODULE": "attendance_site.settings",
        "DATABASE_URL": database,
        "REDIS_URL": settings.REDIS_URL,
        "SECRET_KEY": "k" * 25 + "0123456789abcdefghijklmnopqrstuvwxyz",
        "ALLOWED_HOSTS": "rollcall.school.example",
        "LOG_LEVEL": "ERROR",
        "ROLLCALL_MESSAGES": "notify",
        "ROLLCALL_TEXT_QUIET": "none",
        "NOTIFY_API_KEY": API_KEY,
        "NOTIFY_EMAIL_TEMPLATE": EMAIL_TEMPLATE,
        "NOTIFY_TEXT_TEMPLATE": TEXT_TEMPLATE,
        "NOTIFY_BASE_URL": server.url,
        "NOTIFY_TIMEOUT": "1",
    }
    with workers(environment) as started:
        yield started


def waiting(many: int) -> list[Message]:
    with scopes_disabled():
        return [MessageFactory(queued_at=AT - timedelta(minutes=1)) for _ in range(many)]


def wait_for_blocked_worker() -> None:
    """Wait until a worker waits for a row that this test holds."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    raise AssertionError("no worker came to wait")


class TestAWorkerKilled:
    def test_while_the_provider_has_the_message_and_has_not_answered(
        self, notify: NotifyServer, parent: Workers
    ) -> None:
        (message,) = waiting(1)
        notify.state.silence = 5
        notify.will("take, then silence")
        worker = parent.start(AT, 1)
        assert notify.state.holding.wait(10)
        parent.kill(worker)
        parent.wait(worker)
        message.refresh_from_db()
        assert (message.state, message.handed_over_at) == ("sending", AT)

        parent.wait(parent.start(AT + timedelta(minutes=14), 2))
        message.refresh_from_db()
        assert message.state == "sending"
        parent.wait(parent.start(AT + AFTER, 3))

        message.refresh_from_db()
        assert (message.state, message.provider_id) == ("sent", notify.taken[0].id)
        assert notify.times_taken() == {str(message.reference): 1}

    def test_between_the_answer_and_writing_it_down(self, notify: NotifyServer, parent: Workers) -> None:
        (message,) = waiting(1)
        notify.will("take slowly")
        worker = parent.start(AT, 1)
        assert notify.state.holding.wait(10)
        with transaction.atomic(), scopes_disabled():
            Message.objects.select_for_update().get(pk=message.pk)
            wait_for_blocked_worker()
            parent.kill(worker)
            parent.wait(worker)
        message.refresh_from_db()
        assert message.state == "sending"

        parent.wait(parent.start(AT + AFTER, 2))

        message.refresh_from_db()
        assert (message.state, message.provider_id) == ("sent", notify.taken[0].id)
        assert notify.times_taken() == {str(message.reference): 1}

    @pytest.mark.parametrize("seed", range(2))
    def test_again_and_again_on_a_bad_morning(self, notify: NotifyServer, parent: Workers, seed: int) -> None:
        """Two workers at a time, most of them killed somewhere on the way; the last ones may finish."""
        chance = random.Random(seed)
        messages = waiting(12)
        notify.state.silence = 1.2
        notify.will(*(chance.choice(BAD_MORNING) for _ in range(16)))
        at, killed = AT, 0
        for round_ in range(9):
            started = [parent.start(at, chance.randrange(1000)) for _ in range(2)]
            if round_ < 5:
                for worker in started:
                    time.sleep(chance.random() * 0.12)
                    parent.kill(worker)
                    killed += 1
            parent.wait(*started)
            at += timedelta(minutes=65)

        assert killed == 10
        assert notify.times_taken() == {str(message.reference): 1 for message in messages}
        with scopes_disabled():
            sent = {
                message.reference: message.provider_id for message in Message.objects.filter(state="sent")
            }
            assert {str(reference): sent[reference] for reference in sent} == {
                taken.reference: taken.id for taken in notify.taken
            }
            assert len(sent) == 12
            for message in messages:
                states = list(
                    MessageEvent.objects.filter(message=message)
                    .order_by("pk")
                    .values_list("state", flat=True)
                )
                assert states[-1] == "sent"
                assert all(after in MOVES[before] for before, after in pairwise(states))


class TestABrokerThatWasFlushed:
    def test_loses_nothing_because_the_minutely_look_reads_the_database(
        self, notify: NotifyServer, parent: Workers
    ) -> None:
        """No wake-up of these messages exists anywhere."""
        messages = waiting(5)

        parent.wait(parent.start(AT, 1))

        assert notify.times_taken() == {str(message.reference): 1 for message in messages}


class TestThreeWorkersAtOnce:
    def test_send_each_message_once(self, notify: NotifyServer, parent: Workers) -> None:
        messages = waiting(6)
        notify.will(*["take slowly"] * 6)

        parent.wait(*[parent.start(AT, seed) for seed in range(3)])

        assert notify.times_taken() == {str(message.reference): 1 for message in messages}
