"""The day board: every class the person may open, morning and afternoon, taken or not."""

from datetime import date, time

import pytest
from django.urls import reverse
from django_scopes import scopes_disabled

from accounts.models import School, User
from registers.models import ClassGroup, ClassTeacher
from tests.cast import SignIn
from tests.factories.registers import ClassGroupFactory, SessionFactory, pupil_in_class
from tests.registers.taking import (
    TUESDAY,
    Browser,
    Controls,
    Morning,
    clock_at,
    make_morning,
    mark,
    queries_of,
    words_of,
)

BOARD = "/s/hill/registers/"


@pytest.fixture
def morning(school: School, class_group: ClassGroup) -> Morning:
    return make_morning(school, class_group)


@pytest.fixture
def elm(school: School) -> ClassGroup:
    """A colleague's class with one pupil."""
    made: ClassGroup = ClassGroupFactory(school=school, name="Elm", academic_year=2025)
    pupil_in_class(made)
    return made


class TestDayBoard:
    def words(self, user: User, sign_in: SignIn, at: time, url: str = BOARD) -> str:
        with clock_at(at):
            answer = sign_in(user).get(url)
        assert answer.status_code == 200
        return words_of(answer.content.decode())

    def test_shows_a_teacher_their_own_classes_only(
        self, class_teacher: User, sign_in: SignIn, morning: Morning, elm: ClassGroup
    ) -> None:
        words = self.words(class_teacher, sign_in, time(8, 56))

        assert "Oak 3 pupils" in words
        assert "Elm" not in words

    def test_shows_the_office_every_class(
        self, office: User, sign_in: SignIn, morning: Morning, elm: ClassGroup
    ) -> None:
        words = self.words(office, sign_in, time(8, 56))

        assert "Today, Tue 11 Nov" in words
        assert "AM 0 of 2 taken PM opens 1:00pm" in words
        assert words.index("Elm 1 pupil") < words.index("Oak 3 pupils")

    @pytest.mark.parametrize(
        ("at", "words"),
        [
            (time(8, 20), "AM register of Oak Opens 8:50am"),
            (time(8, 56), "AM register of Oak Not taken closes 9:20am"),
            (time(9, 20, 1), "AM register of Oak Not taken closed 9:20am"),
        ],
    )
    def test_asks_for_a_register_from_opening_on(
        self, office: User, sign_in: SignIn, morning: Morning, at: time, words: str
    ) -> None:
        assert words in self.words(office, sign_in, at)

    def test_does_not_link_to_a_register_that_cannot_be_taken(
        self, class_teacher: User, sign_in: SignIn, morning: Morning
    ) -> None:
        with clock_at(time(8, 20)):
            page = Controls(sign_in(class_teacher).get(BOARD).content.decode())

        assert [link for link in page.links if "/AM/" in link or "/PM/" in link] == []

    def test_tells_how_far_a_register_is(
        self, office: User, class_teacher: User, sign_in: SignIn, morning: Morning
    ) -> None:
        mark(morning.session, morning.pupils[0], "I", by=class_teacher)

        assert "AM register of Oak 1 of 3 marked 1 absent" in self.words(office, sign_in, time(8, 56))

    def test_tells_who_took_it_how_many_are_absent_and_how_many_unexplained(
        self, office: User, class_teacher: User, sign_in: SignIn, morning: Morning
    ) -> None:
        with clock_at(time(8, 56)):
            page = Browser(sign_in(class_teacher), morning).open()
            page.enter(morning.pupils[0], radio="/")
            page.enter(morning.pupils[1], radio="N")
            page.enter(morning.pupils[2], code="I")
            page.save()

        words = self.words(office, sign_in, time(9, 30))

        assert "AM 1 of 1 taken PM opens 1:00pm 1 unexplained As of 9:30am" in words
        assert "AM register of Oak Taken 2 absent 1 unexplained Tess Teacher, 8:56am" in words

    def test_moves_from_school_day_to_school_day(
        self, office: User, sign_in: SignIn, school: School, morning: Morning
    ) -> None:
        friday = reverse("registers:day_on", kwargs={"school_key": school.key, "on": date(2025, 11, 7)})
        with clock_at(time(8, 56)):
            page = Controls(sign_in(office).get(friday).content.decode())

        days = [link for link in page.links if link.startswith(BOARD) and link.count("/") == 5]
        assert days == ["/s/hill/registers/2025-11-06/", "/s/hill/registers/2025-11-10/"]
        assert BOARD in page.links

    def test_says_on_a_weekend_when_the_next_session_is(
        self, office: User, sign_in: SignIn, morning: Morning
    ) -> None:
        words = self.words(office, sign_in, time(8, 56), "/s/hill/registers/2025-11-08/")

        assert "No school on Sat 8 Nov The next session is on Mon 10 Nov." in words

    def test_says_what_to_do_when_the_calendar_ends(
        self, office: User, sign_in: SignIn, morning: Morning
    ) -> None:
        words = self.words(office, sign_in, time(8, 56), "/s/hill/registers/2025-12-20/")

        assert "The calendar has no later session yet: import the next terms." in words

    def test_names_a_closure(self, office: User, sign_in: SignIn, school: School, morning: Morning) -> None:
        for half in ("AM", "PM"):
            SessionFactory(
                school=school, on=date(2025, 11, 17), half=half, half_term="Autumn 2", status="cancelled"
            )

        words = self.words(office, sign_in, time(8, 56), "/s/hill/registers/2025-11-17/")

        assert "No school on Mon 17 Nov Emergency closure (Y4)." in words

    def test_says_to_a_teacher_without_a_class_whom_to_ask(
        self, class_teacher: User, sign_in: SignIn, school: School, morning: Morning
    ) -> None:
        with scopes_disabled():
            ClassTeacher.objects.all().delete()

        words = self.words(class_teacher, sign_in, time(8, 56))

        assert "No class of yours on this day" in words

    def test_costs_the_same_for_one_class_and_ten(
        self, office: User, sign_in: SignIn, school: School, morning: Morning
    ) -> None:
        with clock_at(time(8, 56)):
            client = sign_in(office)
            with_one = queries_of(client, BOARD)
            for number in range(9):
                group = ClassGroupFactory(school=school, name=f"Class {number}", academic_year=2025)
                pupil_in_class(group)
            with_ten = queries_of(client, BOARD)

        # The person, school and roles; classes, sessions of the day, the days before and after; members,
        # marks, registers, times of classes, closings, reminders, teachers; overdue N;
        # reports that wait; the terms by which calls begin, of which there are none here.
        assert len(with_one) == len(with_ten) == 16

    @pytest.mark.parametrize(
        ("who", "status"), [("governor", 403), ("trust_officer", 403), ("other_head", 404), ("parent", 404)]
    )
    def test_is_not_for_everybody(
        self, request: pytest.FixtureRequest, sign_in: SignIn, morning: Morning, who: str, status: int
    ) -> None:
        with clock_at(time(8, 56), TUESDAY):
            assert sign_in(request.getfixturevalue(who)).get(BOARD).status_code == status

    def test_takes_no_post(self, office: User, sign_in: SignIn, morning: Morning) -> None:
        with clock_at(time(8, 56)):
            assert sign_in(office).post(BOARD).status_code == 405
