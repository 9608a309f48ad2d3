"""Asking for a register that nobody has taken, and what the day board says of it."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse
from django_scopes import scope, scopes_disabled

from accounts.models import Event, School, User
from accounts.people import system_user
from registers.models import ClassGroup, ClassTeacher, RegisterNudge
from registers.services import closing, nudges
from registers.services.nudges import NothingToAsk
from registers.tasks import send_nudge, send_waiting_nudges
from tests.cast import SignIn
from tests.factories.registers import ClassGroupFactory, RegisterFactory, pupil_in_class
from tests.factories.registers_watching import RegisterNudgeFactory
from tests.registers.taking import TUESDAY, Controls, Morning, clock_at, london, make_morning, mark, words_of

BOARD = "/s/hill/registers/"
ADDRESS = "http://testserver/s/hill/registers/2025-11-11/AM/1/"


@pytest.fixture
def morning(school: School, class_group: ClassGroup) -> Morning:
    return make_morning(school, class_group)


@pytest.fixture
def sent_tasks(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Keep what would go to the broker."""
    sent: list[tuple[str, dict[str, Any]]] = []

    def keep(name: str, kwargs: dict[str, Any]) -> None:
        sent.append((name, kwargs))

    monkeypatch.setattr("celery.app.base.Celery.send_task", lambda _app, name, kwargs: keep(name, kwargs))
    return sent


def nudge_url(morning: Morning, half: str = "AM") -> str:
    place = {"on": TUESDAY, "half": half, "class_id": morning.class_group.pk}
    return reverse("registers:nudge", kwargs={"school_key": "hill", **place})


class Asking:
    """The service as the office's button calls it."""

    def __init__(self, morning: Morning, office: User) -> None:
        self.morning, self.office = morning, office

    def ask(self, at: datetime) -> RegisterNudge:
        with scope(school=self.morning.class_group.school):
            return nudges.nudge(
                self.morning.class_group, self.morning.session, address=ADDRESS, by=self.office, at=at
            )

    def refusal(self, at: datetime) -> str:
        with pytest.raises(NothingToAsk) as refused:
            self.ask(at)
        return refused.value.message


@pytest.fixture
def asking(morning: Morning, office: User) -> Asking:
    return Asking(morning, office)


NINE = london(TUESDAY, time(9, 0))


class TestAskingForARegister:
    def test_wakes_a_worker_once_it_is_written(
        self,
        asking: Asking,
        class_teacher: User,
        sent_tasks: list[Any],
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            asked = asking.ask(NINE)

        assert sent_tasks == [("registers.tasks.send_nudge", {"nudge_id": asked.pk})]

    def test_is_in_the_log_without_anybodys_name_in_its_data(
        self, asking: Asking, class_teacher: User, office: User
    ) -> None:
        asked = asking.ask(NINE)

        event = Event.objects.get(kind="register.nudged")
        assert (event.by_id, event.subject_id, event.at) == (office.pk, asking.morning.class_group.pk, NINE)
        assert event.data == {"session": asking.morning.session.pk, "nudge": asked.pk}

    def test_is_done_once_in_ten_minutes(self, asking: Asking, class_teacher: User) -> None:
        asking.ask(NINE)

        assert asking.refusal(NINE + timedelta(minutes=9, seconds=59)) == "Oak was asked at 9:00am already."
        asking.ask(NINE + timedelta(minutes=10))
        with scopes_disabled():
            assert RegisterNudge.objects.count() == 2

    def test_waits_for_the_register_to_open(self, asking: Asking, class_teacher: User) -> None:
        assert asking.refusal(london(TUESDAY, time(8, 49))) == "This register opens at 8:50am."

    def test_is_for_today(self, asking: Asking, class_teacher: User) -> None:
        assert asking.refusal(NINE + timedelta(days=1)) == "Only today’s registers can be asked for."

    def test_needs_somebody_to_ask(self, asking: Asking) -> None:
        assert asking.refusal(NINE) == "Oak has no teacher to ask."

    def test_needs_a_teacher_who_can_sign_in(self, asking: Asking, class_teacher: User) -> None:
        User.objects.filter(pk=class_teacher.pk).update(is_active=False)

        assert asking.refusal(NINE) == "Oak has no teacher to ask."

    def test_does_not_nag_about_a_register_that_is_being_taken(
        self, asking: Asking, class_teacher: User
    ) -> None:
        RegisterFactory(class_group=asking.morning.class_group, session=asking.morning.session)

        assert asking.refusal(NINE) == "Somebody has begun to take this register."
        with scopes_disabled():
            assert not RegisterNudge.objects.exists()
        assert not Event.objects.filter(kind="register.nudged").exists()


class TestTheEmail:
    def test_goes_to_the_classs_teachers_without_a_pupils_name(
        self, asking: Asking, class_teacher: User
    ) -> None:
        asked = asking.ask(NINE)

        with clock_at(time(9, 1)):
            send_nudge(nudge_id=asked.pk)

        (letter,) = mail.outbox
        assert (letter.to, letter.subject) == (
            [class_teacher.email],
            "Please take the morning register of Oak",
        )
        assert letter.body == (
            "The morning register of Oak for Tue 11 Nov has not been taken.\n\n"
            f"It closes at 9:20am. Please take it now:\n\n{ADDRESS}\n\n"
            "Asked by Olive Office, Hill Primary School\n\n"
        )
        assert not any(pupil.surname in letter.body for pupil in asking.morning.pupils)

    def test_asks_to_tell_the_office_once_the_register_has_closed(
        self, asking: Asking, class_teacher: User
    ) -> None:
        asked = asking.ask(london(TUESDAY, time(9, 25)))

        with scopes_disabled():
            nudges.send(asked.pk, at=london(TUESDAY, time(9, 25)))

        assert (
            "It closed at 9:20am. Please tell the office now who is here and who is not."
            in mail.outbox[0].body
        )

    def test_is_sent_once(self, asking: Asking, class_teacher: User) -> None:
        asked = asking.ask(NINE)

        with clock_at(time(9, 1)):
            send_nudge(nudge_id=asked.pk)
            send_nudge(nudge_id=asked.pk)
            send_waiting_nudges()

        assert len(mail.outbox) == 1

    def test_is_not_sent_when_the_register_was_taken_meanwhile(
        self, asking: Asking, class_teacher: User
    ) -> None:
        asked = asking.ask(NINE)
        RegisterFactory(class_group=asking.morning.class_group, session=asking.morning.session)

        with clock_at(time(9, 1)):
            send_nudge(nudge_id=asked.pk)

        assert mail.outbox == []

    def test_whose_message_was_lost_is_sent_within_ten_minutes(
        self, asking: Asking, class_teacher: User
    ) -> None:
        asking.ask(NINE)
        RegisterNudgeFactory(
            class_group=asking.morning.class_group,
            session=asking.morning.session,
            nudged_at=NINE - timedelta(minutes=10),
        )

        with clock_at(time(9, 2)):
            send_waiting_nudges()

        assert len(mail.outbox) == 1

    def test_waits_when_the_mail_server_refuses(
        self, asking: Asking, class_teacher: User, monkeypatch: pytest.MonkeyPatch, settings: Any
    ) -> None:
        asked = asking.ask(NINE)
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nobody listens there

        with scopes_disabled():
            assert nudges.send(asked.pk, at=NINE) is False
            assert nudges.waiting(at=NINE) == [asked.pk]


class TestTheButtonOfTheDayBoard:
    def page(self, user: User, sign_in: SignIn, at: time, query: str = "") -> str:
        with clock_at(at):
            answer = sign_in(user).get(BOARD + query)
        assert answer.status_code == 200
        return str(answer.content.decode())

    def test_names_whom_it_asks(
        self, office: User, sign_in: SignIn, morning: Morning, class_teacher: User
    ) -> None:
        page = self.page(office, sign_in, time(9, 0))

        assert "Nudge Tess Teacher to take the AM register of Oak" in words_of(page)
        assert nudge_url(morning) in page
        assert nudge_url(morning, "PM") not in page

    def test_asks_and_says_so(
        self, office: User, sign_in: SignIn, morning: Morning, class_teacher: User
    ) -> None:
        client = sign_in(office)
        with clock_at(time(9, 2)):
            answer = client.post(nudge_url(morning), follow=True)

        words = words_of(answer.content.decode())
        assert "An e-mail asks for the AM register of Oak." in words
        assert "Not taken closes 9:20am Nudged 9:02am by Olive Office" in words
        assert nudge_url(morning) not in answer.content.decode()

    def test_says_why_when_it_cannot(
        self, office: User, sign_in: SignIn, morning: Morning, class_teacher: User
    ) -> None:
        client = sign_in(office)
        with clock_at(time(9, 2)):
            client.post(nudge_url(morning))
            answer = client.post(nudge_url(morning), follow=True)

        assert "Oak was asked at 9:02am already." in words_of(answer.content.decode())
        with scopes_disabled():
            assert RegisterNudge.objects.count() == 1

    def test_is_not_there_for_a_class_without_a_teacher(
        self, office: User, sign_in: SignIn, morning: Morning
    ) -> None:
        page = self.page(office, sign_in, time(9, 0))

        assert "closes 9:20am No teacher to ask" in words_of(page)
        assert nudge_url(morning) not in page

    def test_is_not_there_for_teachers(self, sign_in: SignIn, morning: Morning, class_teacher: User) -> None:
        page = self.page(class_teacher, sign_in, time(9, 0))
        with clock_at(time(9, 0)):
            refused = sign_in(class_teacher).post(nudge_url(morning))

        assert nudge_url(morning) not in page
        assert refused.status_code == 403

    @pytest.mark.parametrize("at", [time(8, 40), time(8, 50)])
    def test_is_there_from_opening_on(
        self, office: User, sign_in: SignIn, morning: Morning, class_teacher: User, at: time
    ) -> None:
        assert (nudge_url(morning) in self.page(office, sign_in, at)) is (at == time(8, 50))


class TestTheStrip:
    def page(self, user: User, sign_in: SignIn, at: time, url: str = BOARD) -> Controls:
        with clock_at(at):
            answer = sign_in(user).get(url)
        self.words = words_of(answer.content.decode())
        return Controls(answer.content.decode())

    def test_opens_the_list_behind_each_count(
        self, office: User, sign_in: SignIn, morning: Morning, class_teacher: User
    ) -> None:
        long_ago = [session for session in morning.sessions if session.on == date(2025, 11, 3)]
        mark(long_ago[0], morning.pupils[0], "N", by=class_teacher)
        mark(morning.session, morning.pupils[1], "N", by=class_teacher)

        page = self.page(office, sign_in, time(9, 0))

        assert "AM 0 of 1 taken PM opens 1:00pm 2 unexplained 1 overdue N As of 9:00am" in self.words
        assert "?left=AM" in page.links
        assert {"/s/hill/unexplained/", "/s/hill/unexplained/?age=overdue"} <= set(page.links)

    def test_counts_of_their_own_classes_for_a_teacher(
        self, sign_in: SignIn, morning: Morning, class_teacher: User, school: School
    ) -> None:
        other = pupil_in_class(ClassGroupFactory(school=school, name="Elm", academic_year=2025))
        mark(morning.session, other, "N", by=class_teacher)
        mark(morning.session, morning.pupils[0], "N", by=class_teacher)

        page = self.page(class_teacher, sign_in, time(9, 0))

        assert "AM 0 of 1 taken PM opens 1:00pm 1 unexplained As of 9:00am" in self.words
        assert not any("unexplained" in link for link in page.links)

    def test_narrows_the_board_to_what_is_left(
        self, office: User, sign_in: SignIn, morning: Morning, school: School, class_teacher: User
    ) -> None:
        elm = ClassGroupFactory(school=school, name="Elm", academic_year=2025)
        mark(morning.session, pupil_in_class(elm), "/", by=class_teacher)
        RegisterFactory(class_group=elm, session=morning.session)

        self.page(office, sign_in, time(9, 0), BOARD + "?left=AM")

        assert "AM 1 of 2 taken" in self.words
        assert "Classes whose AM register is still to be taken. Show all classes Oak 3 pupils" in self.words
        assert "Elm" not in self.words


class TestAClassThatNobodyTook:
    def test_is_shown_with_its_n(
        self, office: User, sign_in: SignIn, morning: Morning, school: School, class_teacher: User
    ) -> None:
        elm = ClassGroupFactory(school=school, name="Elm", academic_year=2025)
        mark(morning.session, pupil_in_class(elm), "/", by=class_teacher)
        RegisterFactory(class_group=elm, session=morning.session)
        with scope(school=school):
            closing.close_due(school, by=system_user(), at=london(TUESDAY, time(9, 21)))

        with clock_at(time(9, 30)):
            words = words_of(sign_in(office).get(BOARD).content.decode())

        assert "AM 1 of 2 taken PM opens 1:00pm 3 unexplained" in words
        assert "AM register of Oak Closed without being taken 3 N since 9:20am" in words

    def test_counts_as_taken_once_somebody_has_seen_to_it(
        self, office: User, sign_in: SignIn, morning: Morning, school: School, class_teacher: User
    ) -> None:
        elm = ClassGroupFactory(school=school, name="Elm", academic_year=2025)
        RegisterFactory(class_group=elm, session=morning.session)
        with scope(school=school):
            closing.close_due(school, by=system_user(), at=london(TUESDAY, time(9, 21)))
        RegisterFactory(
            class_group=morning.class_group,
            session=morning.session,
            taken_at=london(TUESDAY, time(9, 40)),
            taken_by=office,
        )

        with clock_at(time(9, 50)):
            words = words_of(sign_in(office).get(BOARD).content.decode())

        assert "AM register of Oak Taken 3 absent 3 unexplained Olive Office, 9:40am" in words

    def test_without_a_teacher_stays_visible(
        self, office: User, sign_in: SignIn, morning: Morning, class_teacher: User
    ) -> None:
        with scopes_disabled():
            ClassTeacher.objects.all().delete()

        with clock_at(time(9, 30)):
            words = words_of(sign_in(office).get(BOARD).content.decode())

        assert "AM register of Oak Not taken closed 9:20am No teacher to ask" in words
