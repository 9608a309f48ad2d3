"""A message to a parent goes into the outbox once, worded for its channel, or not at all."""

import threading
from datetime import date, datetime, time
from typing import Any

import pytest
from django.db import connection
from django_scopes import scopes_disabled

from accounts.models import School, User
from letters.models import Message, MessageEvent
from letters.services.messages import queue, withdraw
from registers.models import Contact, Pupil
from tests.factories.registers import ContactFactory, PupilContactFactory, PupilFactory, london

pytestmark = pytest.mark.django_db

AT: datetime = london(date(2026, 11, 20), time(9, 5))


@pytest.fixture
def child(school: School) -> Pupil:
    """A child of the school."""
    made: Pupil = PupilFactory(school=school, forename="Amara", surname="Ashdown")
    return made


@pytest.fixture
def mother(child: Pupil) -> Contact:
    """Her mother, reached by e-mail and by text."""
    made: Contact = ContactFactory(
        school=child.school, name="Mona Ashdown", email="mona@example.com", phone="07700 900 123"
    )
    PupilContactFactory(pupil=child, contact=made)
    return made


def ask(school: School, to: Contact, pupil: Pupil | None, by: User, **options: Any) -> Message | None:
    """Queue a message with usual words."""
    options = {
        "key": "report:12:accepted",
        "kind": "report_accepted",
        "subject": "Amara’s absence",
        "body": "Dear Mona,\n\nWe have recorded that Amara Ashdown is ill.",
        **options,
    }
    return queue(school, to=to, pupil=pupil, by=by, at=AT, **options)


class TestAMessage:
    def test_goes_by_e_mail_with_the_school_below_it(
        self, school: School, child: Pupil, mother: Contact, office: User
    ) -> None:
        School.objects.filter(pk=school.pk).update(office_phone="01733 000000", name="Hill School")
        school.refresh_from_db()

        message = ask(school, mother, child, office)

        assert message is not None
        assert (message.channel, message.address, message.parts) == ("email", "mona@example.com", 1)
        assert message.body == (
            "Dear Mona,\n\nWe have recorded that Amara Ashdown is ill.\n\nHill School\n01733 000000"
        )
        assert (message.state, message.next_try_at, message.others) == ("ready", AT, ["text"])
        event = MessageEvent.objects.get(message=message)
        assert (event.state, event.by, event.at) == ("ready", office, AT)

    def test_goes_by_text_without_greeting_and_surname(
        self, school: School, child: Pupil, mother: Contact, office: User
    ) -> None:
        School.objects.filter(pk=school.pk).update(office_phone="01733 000000", name="Hill School")
        school.refresh_from_db()

        message = ask(school, mother, child, office, channels=["text", "email"])

        assert message is not None
        assert (message.channel, message.address, message.others) == ("text", "07700900123", ["email"])
        assert message.body == "We have recorded that Amara is ill.\nHill School 01733 000000"
        assert message.parts == 1

    def test_asked_for_twice_is_one_and_keeps_its_first_words(
        self, school: School, child: Pupil, mother: Contact, office: User
    ) -> None:
        first = ask(school, mother, child, office)
        second = ask(school, mother, child, office, subject="Another", channels=["text"])

        assert second == first
        assert Message.objects.count() == MessageEvent.objects.count() == 1

    def test_to_another_person_or_with_another_key_is_another(
        self, school: School, child: Pupil, mother: Contact, office: User
    ) -> None:
        father = ContactFactory(school=school, email="paul@example.com", phone="")
        PupilContactFactory(pupil=child, contact=father)

        made = {
            ask(school, mother, child, office),
            ask(school, father, child, office),
            ask(school, mother, child, office, key="report:13:accepted"),
        }

        assert len(made) == 3

    @pytest.mark.parametrize(
        ("email", "phone", "channels"),
        [
            ("", "", None),
            ("", "01733 222333", None),
            ("a@example.com", "", ["text"]),
            ("", "07700900123", ["email"]),
        ],
    )
    def test_that_can_reach_nobody_is_none(
        self,
        school: School,
        child: Pupil,
        mother: Contact,
        office: User,
        email: str,
        phone: str,
        channels: list[str] | None,
    ) -> None:
        Contact.objects.filter(pk=mother.pk).update(email=email, phone=phone)
        mother.refresh_from_db()

        assert ask(school, mother, child, office, channels=channels) is None
        assert Message.objects.count() == 0

    def test_takes_the_first_number_that_is_a_mobile(
        self, school: School, child: Pupil, mother: Contact, office: User
    ) -> None:
        Contact.objects.filter(pk=mother.pk).update(
            email="", phone="01733 222333", work_phone="+44 7700 900456"
        )
        mother.refresh_from_db()

        message = ask(school, mother, child, office)

        assert message is not None
        assert (message.channel, message.address) == ("text", "07700900456")

    def test_about_a_pupil_never_goes_to_somebody_a_court_order_restricts(
        self, school: School, child: Pupil, mother: Contact, office: User
    ) -> None:
        mother.pupil_contacts.update(court_order_restricts=True)

        assert ask(school, mother, child, office) is None
        assert Message.objects.count() == 0

    def test_about_a_pupil_never_goes_to_somebody_else(
        self, school: School, child: Pupil, office: User
    ) -> None:
        stranger = ContactFactory(school=school, email="else@example.com")

        assert ask(school, stranger, child, office) is None
        assert Message.objects.count() == 0

    def test_stays_within_its_school(
        self, child: Pupil, mother: Contact, office: User, school: School
    ) -> None:
        elsewhere = ContactFactory(email="else@example.com")

        with pytest.raises(ValueError, match="within one school"):
            ask(school, elsewhere, None, office)
        assert Message.objects.count() == 0


class TestWithdrawing:
    def test_takes_back_what_waits_and_says_why(
        self, school: School, child: Pupil, mother: Contact, office: User
    ) -> None:
        message = ask(school, mother, child, office)
        assert message is not None

        assert withdraw(school, key=message.key, by=office, at=AT, why="The report was withdrawn.") == 1

        message.refresh_from_db()
        assert (message.state, message.settled_at, message.next_try_at) == ("withdrawn", AT, None)
        event = MessageEvent.objects.filter(message=message).last()
        assert event is not None
        assert (event.state, event.by, event.words) == ("withdrawn", office, "The report was withdrawn.")

    def test_leaves_other_messages_and_those_under_way(
        self, school: School, child: Pupil, mother: Contact, office: User
    ) -> None:
        message = ask(school, mother, child, office)
        assert message is not None
        assert withdraw(school, key="report:13:accepted", by=office, at=AT) == 0
        Message.objects.filter(pk=message.pk).update(
            state="sending", claim=message.reference, claimed_at=AT, attempts=1
        )

        assert withdraw(school, key=message.key, by=office, at=AT) == 0
        message.refresh_from_db()
        assert message.state == "sending"


@pytest.mark.django_db(transaction=True)
class TestTwoPeopleAtOnce:
    def test_who_ask_for_the_same_message_by_different_channels_make_one(
        self, school: School, child: Pupil, mother: Contact, office: User
    ) -> None:
        found: list[Message | None] = []
        together = threading.Barrier(4)

        def work(channel: str) -> None:
            try:
                together.wait(10)
                with scopes_disabled():
                    found.append(ask(school, mother, child, office, channels=[channel]))
            finally:
                connection.close()

        people = [threading.Thread(target=work, args=(channel,)) for channel in ("email", "text") * 2]
        for person in people:
            person.start()
        for person in people:
            person.join(20)

        assert len(found) == 4
        assert len(set(found)) == 1
        assert Message.objects.count() == MessageEvent.objects.count() == 1
