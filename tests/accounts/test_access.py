"""Who may do what, and from when to when."""

import logging
import re
from datetime import date

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404

from accounts import access
from accounts.access import RIGHTS, Right
from accounts.models import Role, RoleAssignment
from tests.factories.accounts import RoleAssignmentFactory, UserFactory

FIRST, LAST = date(2025, 9, 1), date(2026, 7, 17)


@pytest.fixture
def office_for_a_year(school):
    """Somebody who works in the office from 1 September 2025 to 17 July 2026, both included."""
    user = UserFactory()
    RoleAssignmentFactory(user=user, school=school, role=Role.OFFICE, starts_on=FIRST, ends_on=LAST)
    return user


class TestRights:
    def test_are_exactly_these(self):
        registers = {Right.SEE_REGISTERS, Right.TAKE_REGISTER}
        records = {Right.AMEND_MARKS, Right.SEE_PUPILS, Right.SEE_LETTERS}
        day = {Right.KEEP_ARRIVALS, Right.MARK_AHEAD, Right.FOLLOW_UP_ABSENCES}
        keeping = {Right.KEEP_ADMISSIONS, Right.TAKE_IN_FILES, Right.SET_UP_SCHOOL}
        office = registers | records | day | keeping
        champion = registers | records | day | {Right.SEE_DESK, Right.DECIDE_STEPS, Right.SEE_OVERVIEW}

        assert RIGHTS == {
            Role.TEACHER: registers,
            Role.OFFICE: office,
            Role.CHAMPION: champion,
            Role.HEAD: champion | keeping | {Right.KEEP_HISTORY, Right.DECIDE_LEAVE, Right.SEE_AGGREGATES},
            Role.GOVERNOR: {Right.SEE_AGGREGATES},
            Role.TRUST: {Right.COMPARE_SCHOOLS, Right.SEE_AGGREGATES, Right.SEE_OVERVIEW},
        }

    def test_cover_every_role(self):
        assert set(RIGHTS) == set(Role.values)

    def test_never_let_governors_or_trust_officers_see_a_pupil(self):
        aggregates = {Right.SEE_AGGREGATES, Right.COMPARE_SCHOOLS, Right.SEE_OVERVIEW}

        assert RIGHTS[Role.GOVERNOR] <= aggregates
        assert RIGHTS[Role.TRUST] <= aggregates

    def test_of_several_roles_add_up(self):
        assert access.rights_of({Role.TEACHER, Role.GOVERNOR}) == {
            Right.SEE_REGISTERS,
            Right.TAKE_REGISTER,
            Right.SEE_AGGREGATES,
        }


class TestARole:
    @pytest.mark.parametrize(
        ("on", "holds"),
        [
            (date(2025, 8, 31), False),
            (FIRST, True),
            (LAST, True),
            (date(2026, 7, 18), False),
        ],
    )
    def test_counts_on_its_first_and_last_day(self, office_for_a_year, school, on, holds):
        assert bool(access.roles_at(office_for_a_year, school, on=on)) is holds
        assert access.is_staff(office_for_a_year, on=on) is holds

    def test_that_has_ended_makes_the_school_unknown(self, office_for_a_year, school):
        with pytest.raises(Http404):
            access.check(office_for_a_year, school, Right.SEE_REGISTERS, on=date(2026, 7, 18))

    def test_at_one_school_is_none_at_another(self, office, other_school):
        with pytest.raises(Http404):
            access.check(office, other_school, Right.SEE_REGISTERS, on=FIRST)

    def test_without_the_right_is_refused_with_a_sentence(self, office, school):
        with pytest.raises(PermissionDenied) as refusal:
            access.check(office, school, Right.SEE_DESK, on=FIRST)

        assert str(refusal.value) == (
            "Your role at Hill Primary School does not let you see the attendance champion's desk."
        )

    def test_with_the_right_is_returned(self, office, school):
        assert access.check(office, school, Right.SEE_PUPILS, on=FIRST) == {Role.OFFICE}

    def test_refused_leaves_a_line_in_the_log_without_a_name(self, office, school, caplog):
        with caplog.at_level(logging.WARNING, logger="accounts.access"), pytest.raises(PermissionDenied):
            access.check(office, school, Right.SEE_DESK, on=FIRST)

        assert [record.getMessage() for record in caplog.records] == [
            f"refused: person {office.pk} at school {school.pk}: SEE_DESK"
        ]

    def test_cannot_end_before_it_starts(self, office, school):
        with pytest.raises(IntegrityError, match="roleassignment_ends_after_start"), transaction.atomic():
            RoleAssignmentFactory(user=office, school=school, role=Role.HEAD, starts_on=LAST, ends_on=FIRST)
        assert RoleAssignment.objects.count() == 1

    def test_must_be_one_that_is_known(self, office, school):
        with pytest.raises(IntegrityError, match="roleassignment_role_is_known"), transaction.atomic():
            RoleAssignmentFactory(user=office, school=school, role="caretaker")
        assert RoleAssignment.objects.count() == 1


class TestSchoolsOfAPerson:
    def test_come_with_the_roles_held_that_day(self, governor, school, other_school):
        RoleAssignmentFactory(user=governor, school=other_school, role=Role.TRUST)
        RoleAssignmentFactory(user=governor, school=other_school, role=Role.HEAD, ends_on=date(2024, 1, 1))

        assert access.schools_of(governor, on=FIRST) == [
            (school, frozenset({Role.GOVERNOR})),
            (other_school, frozenset({Role.TRUST})),
        ]


class TestPagesOfASchool:
    @pytest.fixture
    def address(self, school):
        return f"/s/{school.key}/governors/"

    def test_open_with_the_role(self, governor, address, sign_in):
        assert sign_in(governor).get(address).status_code == 200

    def test_do_not_exist_once_the_role_has_ended(self, governor, address, sign_in):
        client = sign_in(governor)
        RoleAssignment.objects.filter(user=governor).update(ends_on=date(2024, 7, 17))

        assert client.get(address).status_code == 404

    def test_do_not_tell_a_school_that_exists_from_one_that_does_not(self, governor, other_school, sign_in):
        client = sign_in(governor)
        existing = client.get(f"/s/{other_school.key}/governors/")
        invented = client.get("/s/nowhere/governors/")

        assert (existing.status_code, invented.status_code) == (404, 404)
        token = re.compile(rb'value="[A-Za-z0-9]{64}"')  # of the form that signs out; new each time
        assert token.sub(b"", existing.content) == token.sub(b"", invented.content)

    def test_are_closed_to_a_person_who_was_disabled_while_signed_in(self, governor, address, sign_in):
        client = sign_in(governor)
        governor.is_active = False
        governor.save(update_fields=["is_active"])

        assert client.get(address).status_code == 302
