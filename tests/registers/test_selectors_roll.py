"""Who stands in a register on a day, where a pupil has been on roll more than once."""

from datetime import date

from django_scopes import scope

from registers.selectors.day import school_day
from registers.selectors.registers import pupils_in_class, sessions_of_day
from tests.factories.registers import EnrolmentFactory, held_sessions, pupil_in_class

DAY = date(2025, 9, 9)


class TestAPupilBetweenTwoTimesOnRoll:
    def test_stands_in_no_register(self, school, class_group):
        held_sessions(school, DAY, DAY)
        away = pupil_in_class(class_group, starts_on=date(2025, 11, 3))
        away.memberships.model._base_manager.filter(pupil=away).update(starts_on=date(2025, 9, 1))
        EnrolmentFactory(pupil=away, starts_on=date(2024, 9, 2), leaving_on=date(2025, 7, 18))
        there = pupil_in_class(class_group)

        with scope(school=school):
            pupils = pupils_in_class(class_group, on=DAY)
            (day,) = school_day([class_group], sessions=sessions_of_day(school, on=DAY))

        assert pupils == [there]
        assert [half.on_roll for half in day.halves] == [1, 1]
