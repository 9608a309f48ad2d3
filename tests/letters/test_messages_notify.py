"""Messages by GOV.UK Notify, against a server that answers as Notify's documentation says."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django_scopes import scopes_disabled

from letters.delivery.notify import NotifyBackEnd
from letters.delivery.port import Port
from letters.models import Message, MessageEvent
from letters.rules.outbox import QuietHours
from letters.services import delivering, sending
from tests.factories.letters import MessageFactory
from tests.factories.registers import ContactFactory, PupilContactFactory, london
from tests.letters.notify_server import API_KEY, TEMPLATES, NotifyServer

pytestmark = pytest.mark.django_db

AT: datetime = london(date(2026, 11, 20), time(9, 5))
MINUTE = timedelta(minutes=1)


@pytest.fixture
def notify() -> Iterator[NotifyServer]:
    with NotifyServer() as server:
        yield server


@pytest.fixture
def port(notify: NotifyServer) -> Port:
    """Both channels by Notify, whose answer is waited for a quarter of a second."""
    back_end = NotifyBackEnd(API_KEY, base_url=notify.url, templates=TEMPLATES, timeout=0.25)
    return Port({"email": back_end, "text": back_end})


@pytest.fixture
def message() -> Message:
    """A text that is due."""
    return waiting(channel="text", address="07700900123")


def waiting(**fields: Any) -> Message:
    """Return a message that waits since a minute."""
    made: Message = MessageFactory(queued_at=AT - MINUTE, **fields)
    return made


def attempt(message: Message, port: Port, at: datetime = AT) -> Message:
    """Do one try and return the message as it stands then."""
    sending.send(message.pk, port=port, at=at, luck=1.0)
    return Message.objects.get(pk=message.pk)


def moves(message: Message) -> list[str]:
    return list(MessageEvent.objects.filter(message=message).order_by("pk").values_list("state", flat=True))


class TestATextThatNotifyTakes:
    def test_is_sent_with_our_reference_and_keeps_notifys_id(
        self, notify: NotifyServer, port: Port, message: Message
    ) -> None:
        sent = attempt(message, port)

        (taken,) = notify.taken
        assert (taken.kind, taken.to, taken.reference) == ("sms", "07700900123", str(message.reference))
        assert taken.personalisation == {"body": message.body}
        assert (sent.state, sent.provider, sent.provider_id) == ("sent", "notify", taken.id)
        assert (sent.attempts, sent.sent_at, sent.claim) == (1, AT, None)
        assert sent.next_try_at == AT + 2 * MINUTE
        assert moves(message) == ["sending", "sent"]
        assert notify.state.asked == []

    def test_is_not_sent_by_a_second_wake_up(
        self, notify: NotifyServer, port: Port, message: Message
    ) -> None:
        for _ in range(3):
            attempt(message, port)

        assert len(notify.taken) == 1


class TestAnEMailThatNotifyTakes:
    def test_carries_subject_and_words(self, notify: NotifyServer, port: Port) -> None:
        message = waiting(address="mona@example.com", subject="Amara’s absence", body="Words.\n\nHill School")

        assert attempt(message, port).state == "sent"

        (taken,) = notify.taken
        assert (taken.kind, taken.to) == ("email", "mona@example.com")
        assert taken.personalisation == {"subject": "Amara’s absence", "body": "Words.\n\nHill School"}


class TestAMessageThatNotifyPutsOff:
    @pytest.mark.parametrize(
        ("answer", "wait", "words"),
        [
            ("too fast", 1.5 * MINUTE, "GOV.UK Notify had too many messages at once."),
            (
                "wrong key",
                15 * MINUTE,
                "GOV.UK Notify does not accept the key, or this machine’s clock is wrong.",
            ),
            (
                "wrong clock",
                15 * MINUTE,
                "GOV.UK Notify does not accept the key, or this machine’s clock is wrong.",
            ),
        ],
    )
    def test_waits_and_is_then_sent_without_being_looked_for(
        self, notify: NotifyServer, port: Port, message: Message, answer: str, wait: timedelta, words: str
    ) -> None:
        notify.will(answer)

        waits = attempt(message, port)

        assert (waits.state, waits.next_try_at, waits.handed_over_at) == ("ready", AT + wait, None)
        event = MessageEvent.objects.filter(message=message).latest("pk")
        assert (event.state, event.words) == ("ready", words)
        assert attempt(message, port, AT + wait - timedelta(seconds=1)).state == "ready"
        assert attempt(message, port, AT + wait).state == "sent"
        assert len(notify.taken) == 1
        assert notify.state.asked == []

    def test_for_the_day_waits_for_midnight_utc(
        self, notify: NotifyServer, port: Port, message: Message
    ) -> None:
        notify.will("too many today")

        waits = attempt(message, port)

        assert waits.next_try_at is not None
        midnight = datetime(2026, 11, 21, tzinfo=UTC)
        assert midnight <= waits.next_try_at < AT + timedelta(hours=24)

    def test_waits_longer_each_time_and_is_given_up_after_a_day(
        self, notify: NotifyServer, port: Port, message: Message
    ) -> None:
        notify.will(*["too fast"] * 60)
        at, waits = AT, []
        while (tried := attempt(message, port, at)).state == "ready":
            assert tried.next_try_at is not None
            waits.append(tried.next_try_at - at)
            at = tried.next_try_at

        assert [wait / MINUTE for wait in waits[:8]] == [1.5, 1.5, 2, 4, 8, 16, 32, 60]
        assert (tried.state, tried.failure) == (
            "failed",
            "It could not be sent in time. GOV.UK Notify had too many messages at once.",
        )
        assert timedelta(hours=22) < at - message.queued_at <= timedelta(hours=24)
        assert notify.taken == []


class TestAMessageThatNotifyRefuses:
    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            ("bad number", "GOV.UK Notify refused it: phone_number Not a UK mobile number"),
            (
                "trial mode",
                "GOV.UK Notify refused it: Can't send to this recipient when service is in trial mode"
                " - see https://www.notifications.service.gov.uk/trial-mode",
            ),
        ],
    )
    def test_fails_at_once_with_the_reason(
        self, notify: NotifyServer, port: Port, message: Message, answer: str, words: str
    ) -> None:
        notify.will(answer)

        failed = attempt(message, port)

        assert (failed.state, failed.failure, failed.settled_at) == ("failed", words, AT)
        attempt(message, port, AT + timedelta(days=1))
        assert notify.taken == []

    def test_does_not_repeat_the_address_in_the_reason(self, notify: NotifyServer, port: Port) -> None:
        message = waiting(address="mona(at)example.com")

        assert attempt(message, port).failure == (
            "GOV.UK Notify refused it: email_address the address is not a valid email address"
        )

    def test_goes_by_the_other_channel_once(self, notify: NotifyServer, port: Port) -> None:
        link = PupilContactFactory()
        ContactFactory._meta.model.objects.filter(pk=link.contact_id).update(email="mona@example.com")
        message = waiting(
            school=link.pupil.school,
            pupil=link.pupil,
            contact=link.contact,
            channel="text",
            address="07700900123",
            others=["email"],
            original="Please tell us why.",
        )
        notify.will("bad number")

        attempt(message, port)

        other = Message.objects.get(instead_of=message)
        assert (other.channel, other.address, other.state) == ("email", "mona@example.com", "ready")
        assert (other.key, other.others, other.queued_by) == (message.key, [], message.queued_by)
        assert other.body.startswith("Please tell us why.\n\n")
        assert attempt(other, port, AT).state == "sent"
        assert [each.kind for each in notify.taken] == ["email"]

    def test_stays_with_a_person_whom_a_court_order_restricts_since(
        self, notify: NotifyServer, port: Port
    ) -> None:
        link = PupilContactFactory(court_order_restricts=True)
        message = waiting(
            school=link.pupil.school,
            pupil=link.pupil,
            contact=link.contact,
            channel="text",
            address="07700900123",
            others=["email"],
        )
        notify.will("bad number")

        assert attempt(message, port).state == "failed"
        assert Message.objects.count() == 1


class TestAMessageWhoseAnswerIsLost:
    """The first try is unknown: the reference is looked for before a second one."""

    @pytest.mark.parametrize(
        "lost", ["take, then silence", "take, then hang up", "take, then fault", "take, then nonsense"]
    )
    def test_after_it_was_taken_is_found_and_not_sent_again(
        self, notify: NotifyServer, port: Port, message: Message, lost: str
    ) -> None:
        notify.will(lost)

        doubtful = attempt(message, port)

        assert (doubtful.state, doubtful.handed_over_at) == ("ready", AT)
        assert doubtful.next_try_at == AT + 3 * MINUTE
        found = attempt(message, port, AT + 3 * MINUTE)
        (taken,) = notify.taken
        assert (found.state, found.provider_id) == ("sent", taken.id)
        assert notify.state.asked == [f"/v2/notifications?reference={message.reference}"]

    @pytest.mark.parametrize("lost", ["silence", "hang up", "fault"])
    def test_before_it_was_taken_is_looked_for_and_then_sent(
        self, notify: NotifyServer, port: Port, message: Message, lost: str
    ) -> None:
        notify.will(lost)
        attempt(message, port)

        assert attempt(message, port, AT + 3 * MINUTE).state == "sent"
        assert notify.times_taken() == {str(message.reference): 1}
        assert len(notify.state.asked) == 1

    @pytest.mark.parametrize("dumb", ["fault", "hang up", "too fast"])
    def test_is_not_sent_again_while_nobody_can_say(
        self, notify: NotifyServer, port: Port, message: Message, dumb: str
    ) -> None:
        notify.will("take, then fault")
        notify.will_on_look_up(dumb, dumb)
        at = AT
        for _ in range(3):
            state = attempt(message, port, at)
            assert (state.state, state.handed_over_at) == ("ready", AT)
            assert state.next_try_at is not None
            at = state.next_try_at

        assert attempt(message, port, at).state == "sent"
        assert notify.times_taken() == {str(message.reference): 1}

    def test_and_that_nobody_can_say_for_days_is_left_to_a_person(
        self, notify: NotifyServer, port: Port
    ) -> None:
        """Notify forgets a message after as little as three days: then its silence means nothing."""
        message = waiting(channel="text", address="07700900123", others=["email"])
        notify.will("take, then fault")
        attempt(message, port)
        notify.state.taken.clear()

        failed = attempt(message, port, AT + timedelta(days=3, minutes=1))

        assert (failed.state, failed.failure) == (
            "failed",
            "It is not known whether this message went out. Ask the person, or send it again.",
        )
        assert notify.taken == []
        assert Message.objects.count() == 1


class TestAMessageThatCannotLeave:
    def test_because_nobody_answers_the_line_is_simply_tried_again(self, message: Message) -> None:
        with NotifyServer() as gone:
            address = gone.url
        back_end = NotifyBackEnd(API_KEY, base_url=address, templates=TEMPLATES, timeout=0.25)

        waits = attempt(message, Port({"text": back_end}))

        assert (waits.state, waits.handed_over_at) == ("ready", None)
        event = MessageEvent.objects.filter(message=message).latest("pk")
        assert event.words == "GOV.UK Notify cannot be reached."

    def test_because_the_installation_has_no_such_channel_says_so(self, message: Message) -> None:
        failed = attempt(message, Port({}))

        assert (failed.state, failed.failure) == ("failed", "This installation sends no texts.")


class TestARestoredDatabase:
    def test_that_knows_an_old_message_as_unsent_asks_before_it_sends(
        self, notify: NotifyServer, port: Port, message: Message
    ) -> None:
        """The message went out; then the database was put back to the minute before."""
        attempt(message, port)
        before = notify.taken[0].id
        restored = waiting(channel="text", address="07700900123")
        notify.state.taken[0].reference = str(restored.reference)

        found = attempt(restored, port, AT + 10 * MINUTE)

        assert (found.state, found.provider_id) == ("sent", before)
        assert len(notify.taken) == 1


class TestQuietHours:
    NIGHT = QuietHours(time(21, 0), time(7, 0))

    @pytest.mark.parametrize(
        "at", [london(date(2026, 11, 20), time(21, 0)), london(date(2026, 11, 21), time(6, 59))]
    )
    def test_hold_texts_back_and_let_e_mails_go(
        self, notify: NotifyServer, port: Port, message: Message, at: datetime
    ) -> None:
        quiet = Port(port.by_channel, quiet=self.NIGHT)
        mail = waiting(address="mona@example.com")

        assert attempt(message, quiet, at).state == "ready"
        assert attempt(message, quiet, at).attempts == 0
        assert attempt(mail, quiet, at).state == "sent"

    def test_end_and_the_text_goes(self, notify: NotifyServer, port: Port, message: Message) -> None:
        quiet = Port(port.by_channel, quiet=self.NIGHT)

        assert sending.send_next(port=quiet, at=london(date(2026, 11, 21), time(6, 59)), luck=0.5) is None
        assert (
            sending.send_next(port=quiet, at=london(date(2026, 11, 21), time(7, 0)), luck=0.5) == message.pk
        )
        assert len(notify.taken) == 1


class TestWhatBecameOfAMessage:
    @pytest.mark.parametrize(
        ("status", "state", "words"),
        [
            ("delivered", "delivered", ""),
            (
                "permanent-failure",
                "returned",
                "There is no such address or number, or its provider refuses messages.",
            ),
            (
                "temporary-failure",
                "returned",
                "It could not be delivered for three days: a full inbox, a spam filter, or a phone"
                " that is off.",
            ),
            (
                "technical-failure",
                "failed",
                "A fault between GOV.UK Notify and the network; it was not delivered.",
            ),
        ],
    )
    def test_is_asked_and_kept(
        self, notify: NotifyServer, port: Port, message: Message, status: str, state: str, words: str
    ) -> None:
        attempt(message, port)
        notify.set_status(status)
        assert delivering.ask_next(port=port, at=AT + MINUTE) is None

        assert delivering.ask_next(port=port, at=AT + 2 * MINUTE) == message.pk

        message.refresh_from_db()
        assert (message.state, message.failure, message.next_try_at) == (state, words, None)
        assert moves(message) == ["sending", "sent", state]
        assert delivering.ask_next(port=port, at=AT + timedelta(days=9)) is None

    @pytest.mark.parametrize("status", ["created", "sending", "pending"])
    def test_is_asked_again_at_growing_intervals_while_it_is_under_way(
        self, notify: NotifyServer, port: Port, message: Message, status: str
    ) -> None:
        attempt(message, port)
        notify.set_status(status)
        asked = []
        while (due := Message.objects.get(pk=message.pk).next_try_at) is not None:
            asked.append(due - AT)
            assert delivering.ask_next(port=port, at=due) == message.pk

        minutes = [2, 12, 72, 432, 1872, 4752]
        assert [wait / MINUTE for wait in asked] == minutes
        assert Message.objects.get(pk=message.pk).state == "sent"

    def test_abroad_is_never_known(self, notify: NotifyServer, port: Port, message: Message) -> None:
        attempt(message, port)
        notify.set_status("sent")

        delivering.ask_next(port=port, at=AT + 2 * MINUTE)

        message.refresh_from_db()
        assert (message.state, message.next_try_at) == ("sent", None)

    def test_is_not_asked_for_ever_when_notify_has_forgotten_it(
        self, notify: NotifyServer, port: Port, message: Message
    ) -> None:
        attempt(message, port)
        notify.state.taken.clear()

        delivering.ask_next(port=port, at=AT + 2 * MINUTE)

        message.refresh_from_db()
        assert (message.state, message.next_try_at) == ("sent", None)

    def test_stays_open_while_notify_does_not_answer(
        self, notify: NotifyServer, port: Port, message: Message
    ) -> None:
        attempt(message, port)
        notify.set_status("delivered")
        notify.will_on_look_up("fault")

        delivering.ask_next(port=port, at=AT + 2 * MINUTE)
        assert Message.objects.get(pk=message.pk).state == "sent"

        delivering.ask_next(port=port, at=AT + 12 * MINUTE)
        assert Message.objects.get(pk=message.pk).state == "delivered"

    def test_that_came_back_lets_the_other_channel_take_over(self, notify: NotifyServer, port: Port) -> None:
        link = PupilContactFactory(contact__email="mona@example.com")
        message = waiting(
            school=link.pupil.school,
            pupil=link.pupil,
            contact=link.contact,
            channel="text",
            address="07700900123",
            others=["email"],
        )
        attempt(message, port)
        notify.set_status("permanent-failure")

        delivering.ask_next(port=port, at=AT + 2 * MINUTE)

        assert Message.objects.get(instead_of=message).channel == "email"


class TestLogs:
    def test_hold_no_address_and_no_words(
        self, notify: NotifyServer, port: Port, caplog: pytest.LogCaptureFixture
    ) -> None:
        message = waiting(address="mona(at)example.com", body="Amara is ill.")
        notify.will("take, then fault")
        attempt(waiting(address="mona@example.com", body="Amara is ill."), port)
        attempt(message, port)

        written = " ".join(record.getMessage() for record in caplog.records)
        assert "mona" not in written
        assert "Amara" not in written


@pytest.mark.django_db(transaction=True)
class TestSeveralWorkers:
    def test_send_each_message_once(self, notify: NotifyServer) -> None:
        """Each wake-up arrives at three workers at once, and the minutely look runs beside them."""
        notify.will(*["take slowly"] * 8)
        messages = [waiting(channel="text", address="07700900123") for _ in range(8)]

        def work(*, looks: bool) -> None:
            back_end = NotifyBackEnd(API_KEY, base_url=notify.url, templates=TEMPLATES, timeout=5)
            mine = Port({"text": back_end})
            try:
                with scopes_disabled():
                    if looks:
                        while sending.send_next(port=mine, at=AT, luck=0.5) is not None:
                            continue
                    for message in messages:
                        sending.send(message.pk, port=mine, at=AT, luck=0.5)
            finally:
                connection.close()

        workers = [threading.Thread(target=work, kwargs={"looks": place == 0}) for place in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(30)

        assert notify.times_taken() == {str(message.reference): 1 for message in messages}
        assert set(Message.objects.values_list("state", "attempts")) == {("sent", 1)}
