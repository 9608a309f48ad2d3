"""The parts of a policy in force that absences follow."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from django_scopes import scope

from absences.models import SchoolTerms
from absences.rules.terms import Terms
from absences.selectors.terms import NoTerms, terms_on
from absences.services.terms import text_of
from escalation.rules.loading import load_policy, shipped_text
from escalation.services.policies import activate_policy, terms_of
from tests.factories.absences import SchoolTermsFactory
from tests.factories.accounts import SchoolFactory, UserFactory
from tests.factories.registers import DayTimesFactory

AT = datetime(2025, 9, 1, 8, 0, tzinfo=ZoneInfo("Europe/London"))
SCHOOLS = ("leedon", "lunts_heath", "strathmore", "welbourn", "werrington")

pytestmark = pytest.mark.django_db


def shipped_terms(key: str) -> Terms:
    return terms_of(load_policy(shipped_text(key), name=key))


class TestTermsOfAPolicy:
    @pytest.mark.parametrize("key", SCHOOLS)
    def test_come_into_force_with_it_and_read_back_the_same(self, key: str) -> None:
        school = SchoolFactory(key=key)
        for half, opens, closes in (("AM", time(8, 45), time(9, 15)), ("PM", time(13, 0), time(13, 25))):
            DayTimesFactory(
                school=school,
                half=half,
                opens_at=opens,
                late_after=opens,
                closes_at=closes,
                day_ends_at=time(15, 10),
            )
        with scope(school=school):
            version = activate_policy(school, shipped_text(key), by=UserFactory(), at=AT)

            row = SchoolTerms.objects.get(school=school)
            assert (row.in_force_from, row.policy_number) == (version.in_force_from, 1)
            assert terms_on(school, date(2025, 12, 1)) == shipped_terms(key)

    def test_differ_where_the_documents_do(self) -> None:
        leave = {key: shipped_terms(key).leave for key in SCHOOLS}

        assert leave["leedon"].applicant == "parent_child_normally_lives_with"  # 004:194
        assert [key for key, part in leave.items() if part.attendance_considered] == ["welbourn"]  # 003:111
        assert shipped_terms("lunts_heath").evidence.notify_parent_before_unauthorising  # 002:177
        assert [key for key in SCHOOLS if shipped_terms(key).no_contact.mandatory] == [
            "strathmore",
            "werrington",
        ]

    def test_of_a_later_version_leave_those_of_earlier_days_alone(self) -> None:
        school = SchoolFactory(key="werrington")
        first, second = shipped_terms("werrington"), shipped_terms("leedon")
        for begins, terms in ((date(2025, 9, 1), first), (date(2026, 1, 5), second)):
            SchoolTermsFactory(school=school, in_force_from=begins, data=text_of(terms))

        with scope(school=school):
            assert terms_on(school, date(2026, 1, 4)) == first
            assert terms_on(school, date(2026, 1, 5)) == second

    def test_before_the_first_are_refused(self) -> None:
        school = SchoolFactory()
        with (
            scope(school=school),
            pytest.raises(NoTerms, match="no attendance policy in force on 31 August 2025"),
        ):
            terms_on(school, date(2025, 8, 31))
