"""A family sees its own children, as the register has them, and nobody else's."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine

from absences.access import children_of
from absences.selectors.family import family_cards
from accounts.models import Role
from registers.models import Contact, Enrolment, Mark, PupilContact
from tests.arranging import write_marks
from tests.factories.accounts import RoleAssignmentFactory, SchoolFactory, UserFactory
from tests.factories.registers import (
    ClassGroupFactory,
    ContactFactory,
    PupilContactFactory,
    SessionFactory,
    held_sessions,
    pupil_in_class,
)

MONDAY, FRIDAY = date(2025, 9, 8), date(2025, 9, 12)
FRIDAY_NOON = datetime(2025, 9, 12, 12, 0, tzinfo=ZoneInfo("Europe/London"))


@pytest.fixture(autouse=True)
def friday_noon():
    """Friday 12 September 2025 at noon."""
    with time_machine.travel(FRIDAY_NOON, tick=False):
        yield


@pytest.fixture
def week(school):
    """Ten sessions, Monday 8 to Friday 12 September 2025."""
    return held_sessions(school, MONDAY, FRIDAY)


@pytest.fixture
def by(db):
    """Whoever wrote the marks."""
    return UserFactory()


def page_of(client):
    response = client.get("/family/")
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def contact_of(user, school):
    return Contact._base_manager.get(user=user, school=school)


class TestChildrenOfAParent:
    def test_are_those_whose_contact_they_are(self, parent, pupil, class_group):
        pupil_in_class(class_group)

        assert children_of(parent, on=FRIDAY) == [pupil]

    def test_come_from_several_schools_eldest_first(self, parent, pupil, other_school):
        elder = pupil_in_class(
            ClassGroupFactory(school=other_school, academic_year=2025), date_of_birth=date(2014, 1, 1)
        )
        PupilContactFactory(pupil=elder, contact=ContactFactory(school=other_school, user=parent))

        assert children_of(parent, on=FRIDAY) == [elder, pupil]

    def test_are_hidden_from_a_parent_whom_a_court_order_restricts(self, parent, pupil):
        PupilContact._base_manager.filter(pupil=pupil).update(court_order_restricts=True)

        assert children_of(parent, on=FRIDAY) == []

    def test_stay_visible_to_the_other_parent_of_such_a_child(self, parent, pupil, school):
        other = UserFactory()
        PupilContactFactory(
            pupil=pupil, contact=ContactFactory(school=school, user=other), court_order_restricts=True
        )

        assert children_of(parent, on=FRIDAY) == [pupil]
        assert children_of(other, on=FRIDAY) == []

    def test_end_with_the_last_day_on_roll(self, parent, pupil):
        Enrolment._base_manager.filter(pupil=pupil).update(leaving_on=FRIDAY)

        assert children_of(parent, on=FRIDAY) == [pupil]
        assert children_of(parent, on=date(2025, 9, 13)) == []

    def test_begin_with_the_first_day_on_roll(self, parent, pupil):
        assert children_of(parent, on=date(2025, 8, 31)) == []
        assert children_of(parent, on=date(2025, 9, 1)) == [pupil]

    def test_are_never_pupils_of_a_school_that_the_contact_does_not_belong_to(
        self, parent, school, other_school
    ):
        stranger = pupil_in_class(ClassGroupFactory(school=other_school, academic_year=2025))
        PupilContactFactory(pupil=stranger, contact=contact_of(parent, school))

        assert stranger not in children_of(parent, on=FRIDAY)

    def test_are_none_for_staff(self, head, pupil):
        assert children_of(head, on=FRIDAY) == []


class TestTheFamilyPage:
    def test_says_in_words_how_the_child_stands(self, parent, pupil, week, by, sign_in):
        write_marks(pupil, week[:9], "//II/////", by=by)

        page = page_of(sign_in(parent))

        assert "Marked present this morning." in page
        assert "Register not taken yet this afternoon." in page
        assert "Robin has missed 2 of 9 half days." in page
        assert 'Attendance is <span class="nowrap">77.7 %</span> (7 of 9 sessions).' in page
        assert "Tue 9 Sep, all day" in page
        assert "Illness" in page

    def test_shows_the_last_ten_absences_newest_first(self, parent, pupil, school, by, sign_in):
        weeks = held_sessions(school, date(2025, 9, 1), FRIDAY)
        write_marks(pupil, weeks, "IMMIIMMIIMMIIMMIIMMI"[: len(weeks)], by=by)

        page = page_of(sign_in(parent))

        assert "The last 10 absences" in page
        assert page.count("govuk-summary-list__row ") == 10
        assert page.index("Fri 12 Sep") < page.index("Thu 11 Sep")
        assert "Fri 5 Sep" not in page

    def test_asks_for_a_call_when_the_school_does_not_know_why(
        self, parent, pupil, week, by, school, sign_in
    ):
        write_marks(pupil, week[8:9], "N", by=by)

        page = page_of(sign_in(parent))

        assert "Not in school this morning, and the school does not know why yet." in page
        assert "Please tell the school why Robin is not there." in page
        assert page.count('href="tel:01632960001"') == 1

    def test_says_when_school_is_open_again(self, parent, pupil, week, sign_in):
        SessionFactory(school=pupil.school, on=date(2025, 9, 15), number=11, school_week=2)
        with time_machine.travel(datetime(2025, 9, 13, 9, 0, tzinfo=ZoneInfo("Europe/London"))):
            page = page_of(sign_in(parent))

        assert "There is no school today. School is open again on Mon 15 Sep." in page

    def test_says_what_the_school_knows_ahead(self, parent, pupil, week, by, sign_in):
        write_marks(pupil, week[9:], "M", by=by)

        page = page_of(sign_in(parent))

        assert "The school expects an absence this afternoon: medical or dental appointment." in page

    def test_shows_no_other_child_and_no_other_address(
        self, parent, pupil, class_group, week, by, school, sign_in
    ):
        stranger = pupil_in_class(class_group, surname="Strangechild")
        write_marks(stranger, week, "I", by=by)
        PupilContactFactory(
            pupil=pupil,
            contact=ContactFactory(school=school, name="Otto Other", address="9 Secret Street"),
            priority=2,
        )

        page = page_of(sign_in(parent))

        assert "Strangechild" not in page
        assert "Otto Other" not in page
        assert "Secret Street" not in page
        assert "Valley Road" not in page

    def test_tells_a_leavers_parent_only_how_to_be_linked(self, parent, pupil, week, by, sign_in):
        write_marks(pupil, week, "I", by=by)
        Enrolment._base_manager.filter(pupil=pupil).update(leaving_on=FRIDAY)
        with time_machine.travel(datetime(2025, 9, 13, 9, 0, tzinfo=ZoneInfo("Europe/London"))):
            page = page_of(sign_in(parent))

        assert "No child on a school’s roll is linked to your account." in page
        assert pupil.forename not in page
        assert parent.email in page

    def test_has_no_state_of_last_years_marks(self, parent, pupil, school, by, sign_in):
        Enrolment._base_manager.filter(pupil=pupil).update(starts_on=date(2024, 9, 1))
        last_year = held_sessions(school, date(2025, 7, 14), date(2025, 7, 14), number=1)
        write_marks(pupil, last_year, "G", by=by)
        assert Mark._base_manager.count() == 2

        page = page_of(sign_in(parent))

        assert "No register has been taken yet." in page
        assert "Holiday" not in page

    def test_costs_the_same_statements_for_one_child_and_for_five_with_ten_times_the_marks(
        self, parent, pupil, class_group, school, week, by, sign_in, django_assert_num_queries
    ):
        client = sign_in(parent)
        write_marks(pupil, week[:1], "I", by=by)
        # The person, roles held; children 2; reports; proof; sessions, figures 2, today's marks, absences.
        with django_assert_num_queries(11):
            page_of(client)
        write_marks(pupil, week[1:], "I", by=by)
        for _ in range(4):
            sibling = pupil_in_class(class_group)
            PupilContactFactory(pupil=sibling, contact=contact_of(parent, school))
            write_marks(sibling, week, "I", by=by)
        with django_assert_num_queries(11):
            page_of(client)


class TestCards:
    def test_stand_in_the_order_of_the_children(self, parent, pupil, other_school, by, week):
        elder = pupil_in_class(
            ClassGroupFactory(school=other_school, academic_year=2025), date_of_birth=date(2014, 1, 1)
        )
        PupilContactFactory(pupil=elder, contact=ContactFactory(school=other_school, user=parent))
        write_marks(pupil, week, "/", by=by)

        cards = family_cards(children_of(parent, on=FRIDAY), at=FRIDAY_NOON)

        assert [(card.pupil, card.figures.possible) for card in cards] == [(elder, 0), (pupil, 10)]


class TestTheLandingPage:
    def test_sends_a_parent_to_the_children(self, parent, sign_in):
        assert sign_in(parent).get("/start/").headers["Location"] == "/family/"

    def test_lets_a_governor_who_is_a_parent_choose(self, parent, school, sign_in):
        from tests.cast import give_second_factor

        RoleAssignmentFactory(user=parent, school=school, role=Role.GOVERNOR)
        give_second_factor(parent)

        page = " ".join(sign_in(parent).get("/start/").content.decode().split())

        assert f'href="/s/{school.key}/governors/">{school.name}</a>' in page
        assert 'href="/family/">Your children</a>' in page

    def test_lets_somebody_with_two_schools_choose(self, governor, sign_in):
        second = SchoolFactory(name="Dale School")
        RoleAssignmentFactory(user=governor, school=second, role=Role.GOVERNOR)

        page = sign_in(governor).get("/start/").content.decode()

        assert page.index("Dale School") < page.index("Hill Primary School")
