"""The first pages of heads, governors and trust officers."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine

from accounts.models import Role
from tests.arranging import pupil_with_marks
from tests.factories.accounts import RoleAssignmentFactory, UserFactory
from tests.factories.escalation import PolicyVersionFactory, StepFactory
from tests.factories.registers import ClassGroupFactory, PupilFactory, held_sessions
from tests.reports.test_selectors import FRIDAY, MONDAY

FRIDAY_NOON = datetime(2025, 9, 12, 12, 0, tzinfo=ZoneInfo("Europe/London"))


@pytest.fixture(autouse=True)
def friday_noon():
    """Friday 12 September 2025 at noon."""
    with time_machine.travel(FRIDAY_NOON, tick=False):
        yield


@pytest.fixture
def week(school):
    return held_sessions(school, MONDAY, FRIDAY)


@pytest.fixture
def by(db):
    return UserFactory()


def text_of(response):
    """Return the words of a page with their white space evened out."""
    return " ".join(response.content.decode().split())


class TestTheOverview:
    def test_says_how_day_and_year_stand(self, school, class_group, week, by, champion, sign_in):
        pupil_with_marks(class_group, week[:9], "/", by=by)
        pupil_with_marks(class_group, week[:9], "////////N", by=by)

        page = text_of(sign_in(champion).get(f"/s/{school.key}/overview/"))

        assert "<strong>AM</strong> 1 of 1 register taken, 1 pupil absent, 1 not yet explained" in page
        assert "<strong>PM</strong> 0 of 1 register taken" in page
        assert "94.4 %" in page and "17 of 18 sessions" in page
        assert "50.0 %" in page and "1 of 2 pupils" in page

    def test_counts_the_steps_that_wait_for_a_decision(self, school, champion, trust_officer, sign_in):
        version = PolicyVersionFactory(school=school)
        for state, because in (("proposed", ""), ("proposed", ""), ("held", "the authority is asked")):
            StepFactory(
                pupil=PupilFactory(school=school), policy_version=version, state=state, held_because=because
            )
        StepFactory()  # another school's

        page = text_of(sign_in(champion).get(f"/s/{school.key}/overview/"))

        assert "3 steps of the school’s policy, 1 of them held" in page
        assert f'href="/s/{school.key}/desk/"' in page
        assert f'href="/s/{school.key}/desk/"' not in text_of(
            sign_in(trust_officer).get(f"/s/{school.key}/overview/")
        )

    def test_has_an_empty_state_before_the_first_register(self, school, champion, sign_in):
        page = text_of(sign_in(champion).get(f"/s/{school.key}/overview/"))

        assert "There is no school today." in page
        assert "They begin with the first register of the school year." in page

    def test_costs_the_same_statements_for_three_pupils_and_thirty(
        self, school, class_group, week, by, champion, sign_in, django_assert_num_queries
    ):
        client = sign_in(champion)
        # Person, school and roles; rates 4; sessions, classes, members, marks, registers, closings; steps.
        for pupils in (3, 27):
            for _ in range(pupils):
                pupil_with_marks(class_group, week, "/////////I", by=by)

            with django_assert_num_queries(13):
                assert client.get(f"/s/{school.key}/overview/").status_code == 200


class TestTheGovernorsPage:
    def test_names_no_pupil_and_hides_small_numbers(self, school, class_group, week, by, governor, sign_in):
        pupils = [pupil_with_marks(class_group, week, "/", by=by) for _ in range(6)]
        pupils.append(pupil_with_marks(class_group, week, "I", by=by))

        response = sign_in(governor).get(f"/s/{school.key}/governors/")

        page = text_of(response)
        assert "60 of 70 sessions" in page
        assert "1 of 7 pupils" not in page
        assert "“Hidden” stands where 1 to 4 pupils are concerned" in page
        for pupil in pupils:
            assert pupil.surname not in page
            assert pupil.upn not in page

    def test_sets_the_school_beside_england_with_the_source(
        self, school, class_group, week, by, governor, sign_in
    ):
        for _ in range(5):
            pupil_with_marks(class_group, week, "/", by=by)

        page = text_of(sign_in(governor).get(f"/s/{school.key}/governors/"))

        assert "This school, and primary schools in England in 2024/25" in page
        assert "94.8 %" in page
        assert "Department for Education, daily attendance data, England" in page
        assert ">hidden<" not in page

    def test_costs_the_same_statements_for_three_pupils_and_thirty(
        self, school, class_group, week, by, governor, sign_in, django_assert_num_queries
    ):
        client = sign_in(governor)
        # The person, school and roles; rates 4.
        for pupils in (3, 27):
            for _ in range(pupils):
                pupil_with_marks(class_group, week, "/////////I", by=by)

            with django_assert_num_queries(6):
                assert client.get(f"/s/{school.key}/governors/").status_code == 200


class TestTheTrustPage:
    def test_sets_the_officers_own_schools_side_by_side(
        self, school, other_school, class_group, week, by, trust_officer, sign_in
    ):
        pupil_with_marks(class_group, week, "/////////I", by=by)
        RoleAssignmentFactory(user=trust_officer, school=other_school, role=Role.TRUST)

        page = text_of(sign_in(trust_officer).get("/trust/"))

        assert f'href="/s/{school.key}/overview/">{school.name}</a>' in page
        assert f'href="/s/{other_school.key}/overview/">{other_school.name}</a>' in page
        assert "9 of 10 sessions" in page
        assert "no possible sessions yet" in page

    def test_leaves_out_schools_where_the_person_has_another_role(
        self, school, other_school, trust_officer, sign_in
    ):
        RoleAssignmentFactory(user=trust_officer, school=other_school, role=Role.HEAD)

        page = text_of(sign_in(trust_officer).get("/trust/"))

        assert school.name in page
        assert other_school.name not in page

    def test_is_refused_with_a_sentence(self, head, sign_in):
        response = sign_in(head).get("/trust/")

        assert response.status_code == 403
        assert "Your role does not let you compare schools." in text_of(response)

    def test_costs_the_same_statements_for_three_pupils_and_thirty(
        self, school, week, by, trust_officer, sign_in, django_assert_num_queries
    ):
        group = ClassGroupFactory(school=school, academic_year=2025)
        client = sign_in(trust_officer)
        # The person, roles with schools; for each school rates 4 and the day 6.
        for pupils in (3, 27):
            for _ in range(pupils):
                pupil_with_marks(group, week, "/////////I", by=by)

            with django_assert_num_queries(12):
                assert client.get("/trust/").status_code == 200
