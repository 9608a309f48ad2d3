"""Messages by e-mail over SMTP, as files and on the console."""

import email
import stat
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail

from letters.delivery.console import ConsoleBackEnd
from letters.delivery.files import FileBackEnd
from letters.delivery.mail import MailBackEnd
from letters.delivery.port import Port
from letters.models import Message
from letters.services import sending
from tests.factories.accounts import SchoolFactory
from tests.factories.letters import MessageFactory
from tests.factories.registers import london
from tests.letters.smtp_server import MailServer

pytestmark = pytest.mark.django_db

AT: datetime = london(date(2026, 11, 20), time(9, 5))
MINUTE = timedelta(minutes=1)
NOT_KNOWN = "It is not known whether this message went out. Ask the person, or send it again."


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    with MailServer() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        yield running


@pytest.fixture
def port() -> Port:
    return Port({"email": MailBackEnd(sender="Rollcall <rollcall@school.example>")})


@pytest.fixture
def message() -> Message:
    """An e-mail that is due."""
    made: Message = MessageFactory(
        school=SchoolFactory(name="Hill School", office_email="office@hill.example"),
        address="mona@example.com",
        subject="Amara’s absence",
        body="Please tell us why.\n\nHill School",
        queued_at=AT - MINUTE,
    )
    return made


def attempt(message: Message, port: Port, at: datetime = AT) -> Message:
    sending.send(message.pk, port=port, at=at, luck=1.0)
    return Message.objects.get(pk=message.pk)


class TestAnEMail:
    def test_comes_from_the_school_as_plain_text_with_its_own_id(
        self, server: MailServer, port: Port, message: Message
    ) -> None:
        sent = attempt(message, port)

        (taken,) = server.taken
        assert taken["From"] == "Hill School <rollcall@school.example>"
        assert taken["To"] == "mona@example.com"
        assert taken["Reply-To"] == "office@hill.example"
        assert taken["Subject"] == "Amara’s absence"
        assert taken["Auto-Submitted"] == "auto-generated"
        assert taken["Message-ID"] == f"<{message.reference}@school.example>"
        assert taken.get_content_type() == "text/plain"
        assert taken.get_content().split() == ["Please", "tell", "us", "why.", "Hill", "School"]
        assert (sent.state, sent.provider) == ("sent", "smtp")
        assert sent.provider_id == f"<{message.reference}@school.example>"
        assert sent.next_try_at is None

    def test_by_another_back_end_of_django_is_sent_too(
        self, port: Port, message: Message, settings: Any
    ) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

        assert attempt(message, port).state == "sent"
        assert [(each.to, each.subject) for each in mail.outbox] == [
            (["mona@example.com"], "Amara’s absence")
        ]

    @pytest.mark.parametrize(
        ("met", "words"),
        [
            ("hang up at once", "The mail server cannot be reached."),
            ("hang up at MAIL", "The mail server cannot be reached."),
            ("hang up at RCPT", "The mail server cannot be reached."),
            ("421 at MAIL", "The mail server put the message off (421)."),
            ("550 at MAIL", "The mail server put the message off (550)."),
            ("451 at RCPT", "The mail server put the message off (451)."),
            ("451 at DATA", "The mail server put the message off (451)."),
            ("452 after message", "The mail server put the message off (452)."),
        ],
    )
    def test_that_was_certainly_not_taken_is_tried_again(
        self, server: MailServer, port: Port, message: Message, met: str, words: str
    ) -> None:
        server.will(met)

        waits = attempt(message, port)

        assert (waits.state, waits.handed_over_at) == ("ready", None)
        last = waits.events.latest("pk")
        assert last.words == words
        assert waits.next_try_at is not None
        assert attempt(message, port, waits.next_try_at).state == "sent"
        assert len(server.taken) == 1

    @pytest.mark.parametrize(
        ("met", "code"), [("550 at RCPT", 550), ("553 at RCPT", 553), ("554 after message", 554)]
    )
    def test_that_is_refused_fails_at_once(
        self, server: MailServer, port: Port, message: Message, met: str, code: int
    ) -> None:
        server.will(met)

        failed = attempt(message, port)

        assert failed.state == "failed"
        assert failed.failure == f"The mail server refused the address or the message for good ({code})."
        assert server.taken == []

    @pytest.mark.parametrize(("met", "taken"), [("hang up after taking", 1), ("hang up before taking", 0)])
    def test_whose_answer_is_lost_is_left_to_a_person(
        self, server: MailServer, port: Port, message: Message, met: str, taken: int
    ) -> None:
        """The one window that remains: a mail server cannot be asked what it has."""
        server.will(met)

        failed = attempt(message, port)

        assert failed.state == "failed"
        assert failed.failure == (
            f"The connection to the mail server ended before it said whether it took the message. {NOT_KNOWN}"
        )
        assert attempt(message, port, AT + timedelta(days=1)).attempts == 1
        assert len(server.taken) == taken

    def test_to_something_that_is_no_address_fails(
        self, server: MailServer, port: Port, message: Message
    ) -> None:
        other = MessageFactory(address="two words@", queued_at=AT - MINUTE)

        assert attempt(other, port).state == "failed"
        assert server.taken == []

    def test_of_a_worker_that_died_before_the_last_step_is_sent_by_the_next(
        self, server: MailServer, port: Port, message: Message
    ) -> None:
        Message.objects.filter(pk=message.pk).update(
            state="sending", claim=message.reference, claimed_at=AT, attempts=1
        )
        assert sending.return_lost(at=AT + MINUTE) == 0

        assert sending.return_lost(at=AT + 3 * MINUTE) == 1
        assert attempt(message, port, AT + 3 * MINUTE).state == "sent"
        assert len(server.taken) == 1

    def test_of_a_worker_that_died_in_the_last_step_is_left_to_a_person(
        self, server: MailServer, port: Port, message: Message
    ) -> None:
        Message.objects.filter(pk=message.pk).update(
            state="sending", claim=message.reference, claimed_at=AT, handed_over_at=AT, attempts=1
        )
        assert sending.return_lost(at=AT + 15 * MINUTE) == 0

        assert sending.return_lost(at=AT + 16 * MINUTE) == 1
        failed = attempt(message, port, AT + 16 * MINUTE)
        assert (failed.state, failed.failure) == ("failed", NOT_KNOWN)
        assert server.taken == []

    def test_of_a_slow_worker_is_not_handed_over_after_another_took_it(
        self, server: MailServer, port: Port, message: Message
    ) -> None:
        """The connection took minutes; meanwhile the message was given back and sent by another worker."""
        other = Port({"email": MailBackEnd(sender="rollcall@school.example")})

        class Slow(MailBackEnd):
            def open(self, outgoing: Any) -> None:
                super().open(outgoing)
                sending.return_lost(at=AT + 3 * MINUTE)
                assert sending.send_next(port=other, at=AT + 3 * MINUTE, luck=0.5) == message.pk

        slow = Port({"email": Slow(sender="rollcall@school.example")})

        assert sending.send(message.pk, port=slow, at=AT, luck=0.5) == ""
        assert len(server.taken) == 1
        message.refresh_from_db()
        assert (message.state, message.sent_at) == ("sent", AT + 3 * MINUTE)


class TestAFile:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return tmp_path / "messages"

    @pytest.fixture
    def port(self, folder: Path) -> Port:
        back_end = FileBackEnd(folder, sender="rollcall@school.example")
        return Port({"email": back_end, "text": back_end})

    def test_of_an_e_mail_can_be_read_by_a_mail_program(
        self, folder: Path, port: Port, message: Message
    ) -> None:
        assert attempt(message, port).provider_id == f"{message.reference}.eml"

        path = folder / f"{message.reference}.eml"
        read = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert (read["To"], read["Subject"]) == ("mona@example.com", "Amara’s absence")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    def test_of_a_text_says_to_whom(self, folder: Path, port: Port) -> None:
        text = MessageFactory(channel="text", address="07700900123", body="Come.", queued_at=AT - MINUTE)

        attempt(text, port)

        assert (folder / f"{text.reference}.txt").read_text() == "To: 07700900123\n\nCome.\n"

    def test_that_was_written_before_the_worker_died_is_found(
        self, folder: Path, port: Port, message: Message
    ) -> None:
        folder.mkdir()
        (folder / f"{message.reference}.eml").write_text("written before")
        Message.objects.filter(pk=message.pk).update(
            state="sending", claim=message.reference, claimed_at=AT, handed_over_at=AT, attempts=1
        )
        sending.return_lost(at=AT + 16 * MINUTE)

        assert attempt(message, port, AT + 16 * MINUTE).state == "sent"
        assert (folder / f"{message.reference}.eml").read_text() == "written before"

    def test_that_cannot_be_written_waits(self, folder: Path, port: Port, message: Message) -> None:
        folder.write_text("in the way")

        assert attempt(message, port).state == "ready"


class TestTheConsole:
    def test_shows_the_message(self, message: Message, capsys: pytest.CaptureFixture[str]) -> None:
        assert attempt(message, Port({"email": ConsoleBackEnd()})).state == "sent"

        shown = capsys.readouterr().out
        assert "email to mona@example.com\nAmara’s absence\n\nPlease tell us why.\n\nHill School\n" in shown
