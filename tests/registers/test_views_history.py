"""The history of one mark, in words."""

from datetime import time

import pytest

from accounts.models import School, User
from registers.models import ClassGroup, Pupil
from tests.cast import SignIn
from tests.factories.registers import ClassGroupFactory, pupil_in_class
from tests.registers.taking import Browser, Morning, clock_at, make_morning, mark, queries_of, words_of


@pytest.fixture
def morning(school: School, class_group: ClassGroup) -> Morning:
    return make_morning(school, class_group)


def history_url(pupil: Pupil, morning: Morning) -> str:
    return f"/s/hill/pupils/{pupil.pk}/marks/{morning.session.pk}/"


class TestHistoryOfAMark:
    def test_tells_the_original_and_each_change_with_who_when_and_why(
        self, class_teacher: User, office: User, sign_in: SignIn, morning: Morning
    ) -> None:
        with clock_at(time(8, 56)):
            page = Browser(sign_in(class_teacher), morning).open()
            page.enter(morning.pupils[0], radio="N")
            page.save()
        with clock_at(time(10, 20)):
            client = sign_in(office)
            page = Browser(client, morning).open()
            page.enter(morning.pupils[0], code="I")
            page.save(reason="Mother rang")
            words = words_of(client.get(history_url(morning.pupils[0], morning)).content.decode())

        assert "Robin Abbot, Tue 11 Nov AM" in words
        first = "Recorded as N, reason not yet known by Tess Teacher, class teacher, on Tue 11 Nov at 8:56am"
        then = (
            "Changed from N, reason not yet known, to I, illness by Olive Office, office staff, "
            "on Tue 11 Nov at 10:20am Reason: Mother rang"
        )
        assert words.index(first) < words.index(then)

    def test_tells_of_a_mark_taken_away_and_set_again(
        self, class_teacher: User, sign_in: SignIn, morning: Morning
    ) -> None:
        with clock_at(time(8, 56)):
            client = sign_in(class_teacher)
            page = Browser(client, morning).open()
            for entered in ({"radio": "/"}, {"code": "clear"}, {"radio": "L"}):
                page.enter(morning.pupils[0], **entered)
                page.save()
            words = words_of(client.get(history_url(morning.pupils[0], morning)).content.decode())

        assert "Recorded as /, present" in words
        assert "The mark / was taken away" in words
        assert "Recorded again as L, late, before the register closed" in words

    def test_tells_of_an_arrival_that_changed_under_the_same_code(
        self, class_teacher: User, sign_in: SignIn, morning: Morning
    ) -> None:
        mark(morning.session, morning.pupils[0], "L", by=class_teacher, arrived_at=time(8, 52))
        with clock_at(time(8, 56)):
            client = sign_in(class_teacher)
            page = Browser(client, morning).open()
            page.enter(morning.pupils[0], arrived="8:54")
            page.save()
            words = words_of(client.get(history_url(morning.pupils[0], morning)).content.decode())

        assert "Still L, late, before the register closed: the time of arrival" in words

    def test_says_when_nothing_was_marked(self, office: User, sign_in: SignIn, morning: Morning) -> None:
        with clock_at(time(8, 56)):
            words = words_of(sign_in(office).get(history_url(morning.pupils[0], morning)).content.decode())

        assert "Nothing was marked" in words

    def test_costs_the_same_however_long_it_is(self, office: User, sign_in: SignIn, morning: Morning) -> None:
        with clock_at(time(10, 20)):
            client = sign_in(office)
            page = Browser(client, morning).open()
            url = history_url(morning.pupils[0], morning)
            without_any = queries_of(client, url)
            for code in ("I", "M", "O"):
                page.enter(morning.pupils[0], code=code)
                page.save(reason="Another call")
            page.open()
            with_three = queries_of(client, url)

        # The person, school and roles; the pupil, the session of the day, its mark, the changes.
        assert len(without_any) == len(with_three) == 6

    def test_refuses_a_teacher_of_another_class(
        self, class_teacher: User, sign_in: SignIn, school: School, morning: Morning
    ) -> None:
        stranger = pupil_in_class(ClassGroupFactory(school=school, name="Elm", academic_year=2025))
        with clock_at(time(8, 56)):
            answer = sign_in(class_teacher).get(history_url(stranger, morning))

        assert answer.status_code == 403
        assert "You can see the pupils of the classes you teach." in answer.content.decode()

    def test_knows_no_pupil_of_another_school(
        self, office: User, sign_in: SignIn, other_school: School, morning: Morning
    ) -> None:
        stranger = pupil_in_class(ClassGroupFactory(school=other_school, academic_year=2025))
        with clock_at(time(8, 56)):
            client = sign_in(office)

            assert client.get(history_url(stranger, morning)).status_code == 404
            assert client.get(f"/s/vale/pupils/{stranger.pk}/marks/{morning.session.pk}/").status_code == 404
