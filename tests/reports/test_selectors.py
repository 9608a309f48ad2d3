"""A school's rates and its day."""

from datetime import date

import pytest
from django_scopes import scope

from registers.rules.figures import figures_of
from registers.selectors.figures import figures_for
from reports.selectors.rates import school_rates
from reports.selectors.today import halves_of_day
from reports.selectors.trust import schools_side_by_side
from tests.arranging import BORN, pupil_with_marks, write_marks
from tests.factories.accounts import UserFactory
from tests.factories.registers import (
    ClassGroupFactory,
    ClassMembershipFactory,
    EnrolmentFactory,
    SessionFactory,
    held_sessions,
    pupil_in_class,
)

MONDAY, FRIDAY = date(2025, 9, 8), date(2025, 9, 12)


@pytest.fixture
def week(school):
    """Ten sessions, Monday 8 to Friday 12 September 2025."""
    return held_sessions(school, MONDAY, FRIDAY)


@pytest.fixture
def by(db):
    """Whoever wrote the marks."""
    return UserFactory()


class TestRatesOfTheYearSoFar:
    def test_count_sessions_for_attendance_and_pupils_for_persistent_absence(
        self, school, class_group, week, by
    ):
        pupil_with_marks(class_group, week, "/", by=by)
        pupil_with_marks(class_group, week, "////////IO", by=by)

        with scope(school=school):
            rates = school_rates(school, on=FRIDAY)

        assert rates.whole.figures == figures_of({"/": 9, "\\": 9, "I": 1, "O": 1})
        assert (rates.whole.pupils, rates.whole.persistent_pupils, rates.whole.severe_pupils) == (2, 1, 0)
        assert [group.name for group in rates.years] == ["Year 5"]

    def test_are_the_sum_of_the_figures_of_every_pupil(self, school, class_group, week, by):
        for codes in ("/", "////L", "//I", "U/"):
            pupil_with_marks(class_group, week, codes, by=by)

        with scope(school=school):
            rates = school_rates(school, on=FRIDAY)
            figures = figures_for(school, first_day=date(2025, 8, 1), last_day=FRIDAY)

        assert rates.whole.figures == sum(figures.values(), figures_of({}))

    def test_leave_out_marks_after_the_day(self, school, class_group, week, by):
        pupil_with_marks(class_group, week, "/", by=by)

        with scope(school=school):
            rates = school_rates(school, on=date(2025, 9, 9))

        assert rates.whole.figures.possible == 4

    def test_set_children_of_four_apart(self, school, class_group, week, by):
        pupil_with_marks(class_group, week, "/", by=by, year_group="1")
        pupil_with_marks(class_group, week, "I", by=by, year_group="R")

        with scope(school=school):
            rates = school_rates(school, on=FRIDAY)

        assert (rates.whole.pupils, rates.whole.figures.absent) == (1, 0)
        assert [(group.name, group.severe_pupils) for group in rates.outside] == [("Reception", 1)]

    def test_keep_pupils_who_left(self, school, class_group, week, by):
        pupil = pupil_in_class(class_group)
        enrolment = pupil.enrolments.model._base_manager.get(pupil=pupil)
        enrolment.leaving_on = date(2025, 9, 10)
        enrolment.save()
        write_marks(pupil, week[:6], "I", by=by)

        with scope(school=school):
            rates = school_rates(school, on=FRIDAY)

        assert (rates.whole.pupils, rates.whole.figures.absent) == (1, 6)

    def test_use_the_latest_year_group_of_a_pupil(self, school, class_group, week, by):
        pupil = pupil_with_marks(class_group, week, "/", by=by)
        first = pupil.memberships.model._base_manager.get(pupil=pupil)
        first.ends_on = MONDAY
        first.save()
        ClassMembershipFactory(
            pupil=pupil, class_group=class_group, year_group="6", starts_on=date(2025, 9, 9)
        )

        with scope(school=school):
            rates = school_rates(school, on=FRIDAY)

        assert [group.name for group in rates.years] == ["Year 6"]

    def test_end_for_those_of_fifteen_at_the_spring_bank_holiday(self, school, by):
        group = ClassGroupFactory(school=school, academic_year=2025)
        before = held_sessions(
            school, date(2026, 5, 21), date(2026, 5, 22), half_term="Summer 1", number=300, week=30
        )
        after = held_sessions(
            school, date(2026, 6, 1), date(2026, 6, 2), half_term="Summer 2", number=304, week=31
        )
        pupil_with_marks(group, [*before, *after], "/", by=by, year_group="11")
        pupil_with_marks(group, [*before, *after], "/", by=by, year_group="5")
        late = pupil_in_class(group, starts_on=date(2026, 6, 1), date_of_birth=BORN["5"])
        write_marks(late, after, "I", by=by)

        with scope(school=school):
            rates = school_rates(school, on=date(2026, 6, 2))

        assert [(year.name, year.pupils, year.figures.possible) for year in rates.years] == [
            ("Year 5", 1, 8),
            ("Year 11", 1, 4),
        ]

    def test_cost_the_same_statements_for_three_pupils_and_thirty(
        self, school, class_group, week, by, django_assert_num_queries
    ):
        # Marks by code, who was on roll, dates of birth, year groups.
        for pupils in (3, 27):
            for _ in range(pupils):
                pupil_with_marks(class_group, week, "/", by=by)

            with scope(school=school), django_assert_num_queries(4):
                school_rates(school, on=FRIDAY)


class TestRegistersOfADay:
    def test_count_classes_taken_and_pupils_absent(self, school, class_group, week, by):
        other = ClassGroupFactory(school=school, academic_year=2025)
        ClassGroupFactory(school=school, academic_year=2025)  # without pupils: no register
        pupil_with_marks(class_group, week[:1], "I", by=by)
        pupil_with_marks(class_group, week[:1], "N", by=by)
        pupil_with_marks(other, week[:1], "/", by=by)
        pupil_in_class(other)  # not marked yet

        with scope(school=school):
            morning, afternoon = halves_of_day(school, on=MONDAY)

        assert (morning.half, morning.registers, morning.complete) == ("AM", 2, 1)
        assert (morning.on_roll, morning.absent, morning.unexplained) == (4, 2, 1)
        assert not morning.is_complete
        assert (afternoon.complete, afternoon.absent, afternoon.unexplained) == (0, 0, 0)

    def test_are_none_on_a_day_without_sessions(self, school, class_group):
        with scope(school=school):
            assert halves_of_day(school, on=date(2025, 9, 13)) == ()

    def test_say_that_a_half_was_closed(self, school, class_group):
        SessionFactory(school=school, on=MONDAY, status="closed")

        with scope(school=school):
            (morning,) = halves_of_day(school, on=MONDAY)

        assert not morning.is_held


class TestSchoolsSideBySide:
    def test_keep_to_their_own_pupils(self, school, other_school, class_group, week, by):
        pupil_with_marks(class_group, week, "I", by=by)
        theirs = ClassGroupFactory(school=other_school, academic_year=2025)
        pupil_with_marks(theirs, held_sessions(other_school, MONDAY, FRIDAY), "/", by=by)

        sides = schools_side_by_side([school, other_school], on=FRIDAY)

        assert [(side.school, side.rates.whole.figures.absent) for side in sides] == [
            (school, 10),
            (other_school, 0),
        ]
        assert [side.halves[0].absent for side in sides] == [1, 0]

    def test_of_a_pupil_enrolled_twice_count_each_session_once(self, school, class_group, week, by):
        pupil = pupil_with_marks(class_group, week, "/", by=by)
        EnrolmentFactory(pupil=pupil, starts_on=date(2024, 9, 1), leaving_on=date(2025, 8, 31))

        (side,) = schools_side_by_side([school], on=FRIDAY)

        assert (side.rates.whole.pupils, side.rates.whole.figures.possible) == (1, 10)
