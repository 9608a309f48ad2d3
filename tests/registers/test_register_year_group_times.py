"""The register of a class whose year group keeps other times than the school."""

from datetime import time

from django_scopes import scope

from accounts.models import School, User
from registers.models import ClassGroup, Mark
from tests.cast import SignIn
from tests.factories.registers import YearGroupTimesFactory, london
from tests.registers.taking import TUESDAY, Browser, Morning, clock_at, make_morning


def later(morning: Morning) -> None:
    """Let Year 5, the year group of the class, close at 9:45 and not at 9:20."""
    YearGroupTimesFactory(
        session=morning.session,
        year_group="5",
        opens_at=london(TUESDAY, time(9, 0)),
        late_after_at=london(TUESDAY, time(9, 10)),
        closes_at=london(TUESDAY, time(9, 45)),
    )


class TestAClassThatClosesLater:
    def test_is_taken_by_its_teacher_after_the_school_has_closed(
        self, school: School, class_group: ClassGroup, class_teacher: User, sign_in: SignIn
    ) -> None:
        morning = make_morning(school, class_group)
        later(morning)
        with clock_at(time(9, 30)):
            page = Browser(sign_in(class_teacher), morning).open()
            page.enter(morning.pupils[0], radio="N")
            page.save()

        with scope(school=school):
            assert Mark.objects.get(session=morning.session).source == "register"

    def test_has_not_opened_when_the_school_has(
        self, school: School, class_group: ClassGroup, class_teacher: User, sign_in: SignIn
    ) -> None:
        morning = make_morning(school, class_group)
        later(morning)
        with clock_at(time(8, 55)):
            answer = sign_in(class_teacher).get(morning.url)

        assert "This register opens on Tue 11 Nov at 9:00am." in answer.content.decode()

    def test_is_closed_for_its_teacher_at_its_own_time(
        self, school: School, class_group: ClassGroup, class_teacher: User, sign_in: SignIn
    ) -> None:
        morning = make_morning(school, class_group)
        later(morning)
        with clock_at(time(9, 46)):
            answer = sign_in(class_teacher).get(morning.url)

        assert "This register has closed." in answer.content.decode()
