"""What a parent reported is theirs alone: no other family, no other parent, nobody whom an order bars."""

from datetime import time
from uuid import UUID

import pytest
import time_machine
from django_scopes import scopes_disabled

from absences.models import Report
from registers.models import Enrolment, PupilContact
from tests.absences.intake_world import give_terms
from tests.absences.parents_world import EARLY, FIRST_HELD, LAST_HELD, TUESDAY, WEDNESDAY, Parent
from tests.factories.accounts import UserFactory
from tests.factories.registers import (
    ContactFactory,
    PupilContactFactory,
    held_sessions,
    london,
    pupil_in_class,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def ten_past_eight():
    """Tuesday 11 November 2025, ten past eight."""
    with time_machine.travel(EARLY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def at_home(parent, school, sign_in) -> Parent:
    """The parent of one child at a school with the terms of Werrington."""
    held_sessions(school, FIRST_HELD, LAST_HELD)
    give_terms(school, "werrington")
    return Parent(sign_in(parent))


def reports() -> list[Report]:
    return list(Report._base_manager.order_by("pk"))


def sent() -> Report:
    (report,) = reports()
    return report


class TestAccess:
    def test_to_another_familys_child_is_as_if_there_were_none(self, at_home, class_group):
        stranger = pupil_in_class(class_group, forename="Strangechild")
        page = at_home.begin(stranger)

        assert page.status_code == 422
        assert "Strangechild" not in at_home.text
        assert "Select who is away" in at_home.text

    def test_to_a_draft_ends_with_a_court_order(self, at_home, pupil):
        at_home.begin(pupil)
        at_home.answer(reason="illness")
        PupilContact._base_manager.filter(pupil=pupil).update(court_order_restricts=True)

        assert at_home.client.post(at_home.at).status_code == 404
        assert reports() == []

    def test_to_a_report_ends_with_a_court_order(self, at_home, pupil):
        at_home.begin(pupil)
        at_home.answer(reason="illness")
        at_home.answer()
        confirmation, report = at_home.at, sent()
        PupilContact._base_manager.filter(pupil=pupil).update(court_order_restricts=True)

        for address in (confirmation, f"/family/reports/{report.pk}/"):
            assert at_home.client.get(address).status_code == 404
        at_home.open("/family/reports/")
        assert report.reference not in at_home.text

    def test_to_a_leavers_reports_ends_with_the_roll(self, at_home, parent, pupil, sign_in, ten_past_eight):
        at_home.begin(pupil)
        at_home.answer(reason="illness")
        at_home.answer()
        report = sent()
        Enrolment._base_manager.filter(pupil=pupil).update(leaving_on=TUESDAY)
        ten_past_eight.move_to(london(WEDNESDAY, time(8, 0)))
        at_home = Parent(sign_in(parent))

        assert at_home.client.get(f"/family/reports/{report.pk}/").status_code == 404
        at_home.open("/family/report/")
        assert "No child on a school’s roll is linked to your account." in at_home.text
        assert pupil.forename not in at_home.text

    def test_to_what_the_other_parent_told_there_is_none(self, at_home, pupil, school, sign_in):
        at_home.begin(pupil)
        at_home.answer(reason="illness")
        at_home.go("note")
        at_home.answer(note="We moved to 9 Secret Street.")
        at_home.answer()
        report = sent()
        with scopes_disabled():
            other = UserFactory(name="Otto Other")
            PupilContactFactory(pupil=pupil, contact=ContactFactory(school=school, user=other), priority=2)
        theirs = Parent(sign_in(other))

        for address in ("", "change/", "withdrawal/", "files/"):
            path = f"/family/reports/{report.pk}/{address}"
            assert theirs.client.get(path).status_code in (404, 405)
            assert theirs.client.post(path).status_code in (404, 405)
        for address in ("/family/", "/family/reports/", f"/family/children/{pupil.pk}/"):
            theirs.open(address)
            assert "Secret" not in theirs.text
            assert report.reference not in theirs.text

    def test_to_a_draft_of_another_session_leads_to_a_new_one(self, at_home):
        at_home.open(f"/family/report/{UUID(int=7)}/check/")

        assert at_home.at == "/family/report/"

    def test_needs_no_name_in_any_address(self, at_home, pupil):
        at_home.begin(pupil)
        at_home.answer(reason="illness")
        at_home.answer()

        assert pupil.forename.lower() not in at_home.at.lower()
