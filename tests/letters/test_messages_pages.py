"""Pages of e-mails and texts: what they show to whom, and sending one again."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Event, School, User
from letters.models import Message, MessageEvent
from letters.rules.outbox import MOVES
from letters.selectors import messages as selectors
from letters.services.messages import NotToBeSentAgain, send_again
from registers.models import Contact, Pupil
from tests.cast import SignIn
from tests.factories.letters import MessageEventFactory, MessageFactory
from tests.factories.registers import ContactFactory, PupilContactFactory, PupilFactory, london

pytestmark = pytest.mark.django_db

AT: datetime = london(date(2026, 11, 20), time(9, 5))
SENT: dict[str, Any] = {
    "state": "sent",
    "provider": "notify",
    "sent_at": AT,
    "attempts": 1,
    "next_try_at": None,
}
FAILED: dict[str, Any] = {
    "state": "failed",
    "failure": "The mail server refused the address.",
    "settled_at": AT,
    "attempts": 1,
    "next_try_at": None,
}


@pytest.fixture
def mother(pupil: Pupil) -> Contact:
    made: Contact = ContactFactory(
        school=pupil.school, name="Mona Ashdown", email="mona@example.com", phone="07700900123"
    )
    PupilContactFactory(pupil=pupil, contact=made)
    return made


@pytest.fixture
def message(pupil: Pupil, mother: Contact) -> Message:
    """An e-mail that waits."""
    return message_to(mother, pupil)


def message_to(contact: Contact, pupil: Pupil | None, **fields: Any) -> Message:
    made: Message = MessageFactory(
        **{
            "school": contact.school,
            "contact": contact,
            "pupil": pupil,
            "address": "mona@example.com",
            "queued_at": AT,
            **fields,
        }
    )
    MessageEventFactory(message=made)
    return made


def settled_text(contact: Contact, state: str, **fields: Any) -> Message:
    """Return a text that a provider took and that was settled."""
    values = {**SENT, "state": state, "settled_at": AT, "channel": "text", "address": "07700900123"}
    if state == "returned":
        values["failure"] = "There is no such number."
    return message_to(contact, None, **{**values, **fields})


class TestTheList:
    def test_shows_who_when_by_what_and_the_failure(
        self, pupil: Pupil, mother: Contact, office: User, sign_in: SignIn
    ) -> None:
        message_to(mother, pupil, **FAILED)

        page = sign_in(office).get(f"/s/{pupil.school.key}/messages/").content.decode()

        assert "Ashdown, Robin" in page
        assert "Mona Ashdown" in page
        assert "mona@example.com" in page
        assert "Could not be sent" in page
        assert "The mail server refused the address." in page
        assert "1 message, newest first" in page

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("name=robin", 1),
            ("name=mona+ashdown", 1),
            ("name=rook", 0),
            ("state=ready", 1),
            ("state=not_arrived", 0),
            ("channel=email", 1),
            ("channel=text", 0),
            ("state=nonsense", 1),
            ("page=99", 1),
        ],
    )
    def test_is_searched(
        self, message: Message, office: User, sign_in: SignIn, query: str, found: int
    ) -> None:
        page = sign_in(office).get(f"/s/{message.school.key}/messages/?{query}").content.decode()

        assert page.count(f"/messages/{message.pk}/") == found

    def test_leads_to_what_did_not_arrive_of_late(
        self, pupil: Pupil, mother: Contact, office: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("letters.views.messages.present_moment", lambda: AT + timedelta(days=1))
        message_to(mother, pupil, **FAILED)
        message_to(mother, pupil, **{**FAILED, "settled_at": AT - timedelta(days=20)})

        page = sign_in(office).get(f"/s/{pupil.school.key}/messages/").content.decode()

        assert "1 message of the last two weeks did not arrive" in page

    def test_says_what_happens_when_there_is_nothing(
        self, school: School, office: User, sign_in: SignIn
    ) -> None:
        client = sign_in(office)

        assert b"No messages yet" in client.get(f"/s/{school.key}/messages/").content
        assert b"No message matches" in client.get(f"/s/{school.key}/messages/?name=x").content

    def test_costs_the_same_for_three_messages_and_thirty(
        self, pupil: Pupil, mother: Contact, office: User, sign_in: SignIn
    ) -> None:
        """Session, user, roles, count, messages, not arrived, parts of texts."""
        client = sign_in(office)
        counts = []
        for wanted in (3, 30):
            while Message.objects.count() < wanted:
                message_to(mother, pupil)
            with CaptureQueriesContext(
                connection,
            ) as caught:
                page = client.get(f"/s/{pupil.school.key}/messages/").content.decode()
            assert page.count("nowrap") >= wanted
            counts.append(len(caught))

        assert counts[0] == counts[1]

    def test_tells_what_texts_have_cost_since_april(
        self, mother: Contact, office: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("letters.views.messages.present_moment", lambda: AT)
        settled_text(mother, "delivered", parts=2)
        settled_text(mother, "returned", parts=1)
        settled_text(mother, "delivered", parts=3, sent_at=london(date(2026, 3, 31), time(23, 59)))

        page = sign_in(office).get(f"/s/{mother.school.key}/messages/").content.decode()

        assert "Texts since 1 April: 3 parts." in page


class TestThePupilsMessages:
    def test_are_those_about_the_pupil(
        self, pupil: Pupil, mother: Contact, office: User, sign_in: SignIn
    ) -> None:
        about = message_to(mother, pupil, subject="About Robin")
        message_to(mother, PupilFactory(school=pupil.school), subject="About another")

        page = sign_in(office).get(f"/s/{pupil.school.key}/pupils/{pupil.pk}/messages/").content.decode()

        assert f"/messages/{about.pk}/" in page
        assert "About another" not in page
        assert Event.objects.filter(kind="pupil.seen", subject_id=pupil.pk).count() == 1

    def test_say_so_when_there_are_none(self, pupil: Pupil, office: User, sign_in: SignIn) -> None:
        page = sign_in(office).get(f"/s/{pupil.school.key}/pupils/{pupil.pk}/messages/").content.decode()

        assert "No messages yet" in page


class TestOneMessage:
    def test_shows_its_words_and_its_way_and_notes_who_looked(
        self, message: Message, office: User, sign_in: SignIn
    ) -> None:
        page = sign_in(office).get(f"/s/{message.school.key}/messages/{message.pk}/").content.decode()

        assert "Please tell us why.<br><br>Hill School" in page
        assert "waiting to be sent" in page
        assert "Send the message again" not in page
        seen = Event.objects.get(kind="message.seen")
        assert (seen.by_id, seen.subject_id, seen.data) == (office.pk, message.pk, {})

    def test_of_a_text_tells_its_length(self, mother: Contact, office: User, sign_in: SignIn) -> None:
        text = settled_text(mother, "delivered", body="Come.", parts=1)

        page = sign_in(office).get(f"/s/{mother.school.key}/messages/{text.pk}/").content.decode()

        assert "5 characters, 1 part" in page

    def test_of_another_school_is_not_found(
        self, message: Message, other_school: School, other_head: User, sign_in: SignIn
    ) -> None:
        client = sign_in(other_head)

        assert client.get(f"/s/{other_school.key}/messages/{message.pk}/").status_code == 404
        assert client.post(f"/s/{other_school.key}/messages/{message.pk}/again/").status_code == 404
        assert Message.objects.count() == 1


class TestSendingAgain:
    def test_makes_a_new_message_to_the_address_of_today(
        self, pupil: Pupil, mother: Contact, office: User, sign_in: SignIn
    ) -> None:
        failed = message_to(mother, pupil, **FAILED, original="Please tell us why.")
        Contact.objects.filter(pk=mother.pk).update(email="new@example.com")

        answer = sign_in(office).post(f"/s/{pupil.school.key}/messages/{failed.pk}/again/")

        made = Message.objects.get(instead_of=failed)
        assert answer.headers["Location"] == f"/s/{pupil.school.key}/messages/{made.pk}/"
        assert (made.address, made.state, made.channel) == ("new@example.com", "ready", "email")
        assert made.queued_by == office
        assert made.reference != failed.reference
        assert MessageEvent.objects.get(message=made).by == office
        failed.refresh_from_db()
        assert failed.state == "failed"

    def test_twice_makes_one(self, pupil: Pupil, mother: Contact, office: User) -> None:
        failed = message_to(mother, pupil, **FAILED)
        send_again(failed, by=office, at=AT)

        with pytest.raises(NotToBeSentAgain, match="sent again already"):
            send_again(failed, by=office, at=AT)
        assert Message.objects.filter(instead_of=failed).count() == 1

    @pytest.mark.parametrize("state", [{}, SENT])
    def test_is_refused_for_one_that_has_not_failed(
        self, pupil: Pupil, mother: Contact, office: User, state: dict[str, Any]
    ) -> None:
        message = message_to(mother, pupil, **state)

        with pytest.raises(NotToBeSentAgain, match="has not failed"):
            send_again(message, by=office, at=AT)
        assert Message.objects.count() == 1

    def test_is_refused_when_a_court_order_stands_by_now(
        self, pupil: Pupil, mother: Contact, office: User
    ) -> None:
        failed = message_to(mother, pupil, **FAILED)
        mother.pupil_contacts.update(court_order_restricts=True)

        with pytest.raises(NotToBeSentAgain, match="may not be told"):
            send_again(failed, by=office, at=AT)
        assert Message.objects.count() == 1

    def test_is_refused_without_an_address_and_says_so_on_the_page(
        self, pupil: Pupil, mother: Contact, office: User, sign_in: SignIn
    ) -> None:
        failed = message_to(mother, pupil, **FAILED)
        Contact.objects.filter(pk=mother.pk).update(email="")

        answer = sign_in(office).post(f"/s/{pupil.school.key}/messages/{failed.pk}/again/", follow=True)

        assert "The person has no such address any more." in answer.content.decode()
        assert Message.objects.count() == 1


class TestWhomMessagesDoNotReach:
    def test_are_found_by_person_and_channel_with_the_latest_reason(self, mother: Contact) -> None:
        settled_text(mother, "returned", settled_at=AT - timedelta(days=2), failure="Old.")
        settled_text(mother, "returned", settled_at=AT - timedelta(days=1), failure="New.")
        other = ContactFactory(school=mother.school)

        found = selectors.unreached([mother.pk, other.pk], since=AT - timedelta(days=14))

        assert list(found) == [mother.pk]
        (text,) = found[mother.pk]
        assert (text.channel, text.times, text.last_at, text.why) == (
            "text",
            2,
            AT - timedelta(days=1),
            "New.",
        )

    def test_leave_out_a_channel_that_works_again(self, mother: Contact) -> None:
        settled_text(mother, "returned", settled_at=AT - timedelta(days=2))
        settled_text(mother, "delivered", settled_at=AT - timedelta(days=1))

        assert selectors.unreached([mother.pk], since=AT - timedelta(days=14)) == {}

    def test_leave_out_what_is_long_ago(self, mother: Contact) -> None:
        settled_text(mother, "returned", settled_at=AT - timedelta(days=15))

        assert selectors.unreached([mother.pk], since=AT - timedelta(days=14)) == {}


class TestTheDatabase:
    """What it refuses, whoever asks."""

    @pytest.mark.parametrize(
        "change",
        ["body = 'x'", "address = 'x'", "key = 'x'", "channel = 'text'", "reference = gen_random_uuid()"],
    )
    def test_keeps_what_a_message_says_and_to_whom(self, message: Message, change: str) -> None:
        with (
            pytest.raises(IntegrityError, match="cannot be changed"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"UPDATE letters_message SET {change} WHERE id = %s", [message.pk])  # noqa: S608

    @pytest.mark.parametrize("before", sorted(MOVES))
    @pytest.mark.parametrize("after", sorted(MOVES))
    def test_lets_a_message_move_as_the_rules_say(self, mother: Contact, before: str, after: str) -> None:
        values = {
            "ready": {"next_try_at": AT},
            "sending": {"claim": "740e5834-3a29-46b4-9a6f-16142fde533a", "claimed_at": AT},
            "sent": {"provider": "notify", "sent_at": AT},
            "delivered": {"provider": "notify", "sent_at": AT, "settled_at": AT},
            "returned": {"provider": "notify", "sent_at": AT, "settled_at": AT, "failure": "why"},
            "failed": {"settled_at": AT, "failure": "why"},
            "withdrawn": {"settled_at": AT},
        }
        none: dict[str, Any] = {
            "next_try_at": None,
            "claim": None,
            "claimed_at": None,
            "settled_at": None,
            "failure": "",
        }
        message = message_to(mother, None, state=before, **{"next_try_at": None, **values[before]})
        changed = Message.objects.filter(pk=message.pk)

        if after == before or after in MOVES[before]:
            assert changed.update(state=after, **{**none, **values[after]}) == 1
        else:
            with (
                pytest.raises(IntegrityError, match=f"cannot move from {before} to {after}"),
                transaction.atomic(),
            ):
                changed.update(state=after, **{**none, **values[after]})

    @pytest.mark.parametrize(
        ("wrong", "constraint"),
        [
            ({"state": "lost"}, "message_state_is_known"),
            ({"channel": "fax"}, "message_channel_is_known"),
            ({"address": ""}, "message_says_and_goes"),
            ({"body": ""}, "message_says_and_goes"),
            ({"parts": 0}, "message_has_parts"),
            ({"attempts": -1}, "message_attempts_from_none"),
            ({"state": "sending"}, "message_sending_has_claim"),
            ({"claimed_at": AT}, "message_sending_has_claim"),
            ({"state": "sent"}, "message_sent_by_whom_and_when"),
            ({"failure": "why"}, "message_failed_says_why"),
            ({"state": "failed", "settled_at": AT, "next_try_at": None}, "message_failed_says_why"),
            ({"settled_at": AT}, "message_settled_when"),
            ({"state": "withdrawn"}, "message_settled_when"),
            ({"next_try_at": None}, "message_ready_has_next_try"),
        ],
    )
    def test_takes_no_message_that_makes_no_sense(
        self, mother: Contact, wrong: dict[str, Any], constraint: str
    ) -> None:
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            message_to(mother, None, **wrong)

    def test_takes_one_message_for_key_person_and_channel(self, message: Message) -> None:
        with pytest.raises(IntegrityError, match="message_goes_once_by_a_channel"), transaction.atomic():
            message_to(message.contact, message.pupil, key=message.key, instead_of=message)

    def test_keeps_a_message_that_may_have_gone_out(self, mother: Contact) -> None:
        sent = message_to(mother, None, **SENT)

        with (
            pytest.raises(IntegrityError, match="may have gone out"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("DELETE FROM letters_message WHERE id = %s", [sent.pk])

    @pytest.mark.parametrize(
        "sql", ["UPDATE letters_messageevent SET words = 'x'", "DELETE FROM letters_messageevent"]
    )
    def test_keeps_every_move(self, message: Message, sql: str) -> None:
        with (
            pytest.raises(IntegrityError, match="history of a message"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)
