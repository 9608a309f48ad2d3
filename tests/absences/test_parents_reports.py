"""What a parent sees of a report afterwards: where it stands, changing it, taking it back."""

from datetime import date

import pytest
import time_machine

from absences.models import Report, ReportEvent, ReportState
from absences.services import reports as services
from tests.absences.intake_world import at, give_terms
from tests.absences.parents_world import EARLY, FIRST_HELD, LAST_HELD, TUESDAY, WEDNESDAY, Parent
from tests.factories.registers import held_sessions

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def ten_past_eight():
    """Tuesday 11 November 2025, ten past eight."""
    with time_machine.travel(EARLY, tick=False):
        yield


@pytest.fixture
def family(parent, school, pupil, sign_in) -> Parent:
    """The parent of one child, who has reported that it is ill today."""
    held_sessions(school, FIRST_HELD, LAST_HELD)
    give_terms(school, "werrington")
    at_home = Parent(sign_in(parent))
    at_home.begin(pupil)
    at_home.answer(reason="illness")
    at_home.answer()
    return at_home


@pytest.fixture
def report(family) -> Report:
    return Report._base_manager.select_related("school", "pupil").get()


def page_of(report: Report) -> str:
    return f"/family/reports/{report.pk}/"


def accept(report: Report, office) -> None:
    from django_scopes import scope

    with scope(school=report.school):
        services.accept(
            report, version=report.version, by=office, at=at(TUESDAY, "8:40"), position="Office staff"
        )


def refuse(report: Report, office, note: str) -> None:
    from django_scopes import scope

    with scope(school=report.school):
        services.refuse(
            report, version=report.version, note=note, by=office, at=at(TUESDAY, "8:40"), position="Office"
        )


class TestTheAnswer:
    def test_is_awaited_at_first(self, family, report):
        family.open(page_of(report))

        assert "The school has not answered yet" in family.text
        assert "Change the report" in family.text
        assert "Take it back" in family.text

    def test_shows_acceptance_with_the_name_of_the_office(self, family, report, office):
        accept(report, office)
        family.open(page_of(report))

        assert "Accepted" in family.text
        assert "Answered by the office of Hill Primary School, Tue 11 Nov at 8:40am." in family.text
        assert "Change the report" not in family.text
        assert "Olive Office" not in family.text

    def test_shows_why_a_report_is_not_accepted(self, family, report, office):
        refuse(report, office, "We saw Robin at the shops.")
        family.open(page_of(report))

        assert "Not accepted" in family.text
        assert "We saw Robin at the shops." in family.text
        assert 'href="tel:01632960001"' in family.text

    def test_stands_in_the_list_and_on_the_card(self, family, report, office):
        accept(report, office)

        for address in ("/family/reports/", "/family/"):
            family.open(address)
            assert "Today, Tue 11 Nov" in family.text
            assert "<strong>Accepted</strong>" in family.text


class TestChanging:
    def test_sends_a_newer_report_in_the_place_of_the_first(self, family, report):
        family.send(f"{page_of(report)}change/")
        assert family.step == "check"
        assert f"This takes the place of your report {report.reference}." in family.text
        family.go("days")
        family.answer(first_day="2025-11-12", last_day="2025-11-12", part="day")
        assert family.step == "check"
        family.answer()

        report.refresh_from_db()
        newer = Report._base_manager.get(replaces=report)
        assert report.state == ReportState.REPLACED
        assert (newer.first_day, newer.reason, newer.state) == (WEDNESDAY, "illness", "waiting")
        assert newer.reference in family.text

    def test_by_two_taps_sends_one(self, family, report):
        family.send(f"{page_of(report)}change/")
        family.go("reason")
        family.answer(reason="injury")
        check = family.at
        drafts = family.client.session["absence_drafts"]
        family.answer()
        first = family.at
        session = family.client.session
        session["absence_drafts"] = drafts
        session.save()
        family.send(check)

        assert family.at == first
        assert Report._base_manager.count() == 2

    def test_shows_the_schools_answer_when_it_came_meanwhile(self, family, report, office):
        family.send(f"{page_of(report)}change/")
        accept(report, office)
        family.answer()

        assert family.at.startswith(page_of(report))
        assert "The school has answered in the meantime. Its answer is below." in family.text
        assert "Answered by the office of Hill Primary School" in family.text
        assert Report._base_manager.count() == 1

    def test_is_over_once_the_school_answered(self, family, report, office):
        accept(report, office)
        family.send(f"{page_of(report)}change/")

        assert family.at == f"{page_of(report)}?answered=1"
        assert "The school has answered in the meantime." in family.text


class TestTakingBack:
    def test_leaves_the_report_on_the_list(self, family, report):
        family.open(f"{page_of(report)}withdrawal/")
        family.answer(version=report.version, why="She is better.")

        report.refresh_from_db()
        assert report.state == ReportState.WITHDRAWN
        assert "Taken back" in family.text
        family.open("/family/reports/")
        assert report.reference in family.text

    def test_by_two_taps_takes_it_back_once(self, family, report):
        for _tap in range(2):
            page = family.send(f"{page_of(report)}withdrawal/", version=report.version)

        assert page.status_code == 200
        assert ReportEvent._base_manager.filter(report=report, what="withdrawn").count() == 1

    def test_shows_the_schools_answer_when_it_came_meanwhile(self, family, report, office):
        family.open(f"{page_of(report)}withdrawal/")
        accept(report, office)
        page = family.answer(version=report.version)

        assert page.status_code == 422
        assert "The school has answered in the meantime. Its answer is below." in family.text
        assert 'href="#answer"' in family.text
        report.refresh_from_db()
        assert report.state == ReportState.ACCEPTED

    def test_without_a_version_changes_nothing(self, family, report):
        page = family.send(f"{page_of(report)}withdrawal/")

        assert page.status_code == 422
        report.refresh_from_db()
        assert report.state == ReportState.WAITING

    def test_is_offered_no_more_once_the_school_answered(self, family, report, office):
        accept(report, office)
        family.open(f"{page_of(report)}withdrawal/")

        assert "The school has answered already. Call the office if something is wrong." in family.text
        assert 'name="version"' not in family.text


class TestTheList:
    def test_has_the_newest_first(self, family, report, pupil):
        family.begin(pupil)
        family.go("days")
        family.answer(first_day="2025-11-13", last_day="2025-11-13", part="day")
        family.answer(reason="injury")
        family.answer()
        family.open("/family/reports/")

        assert family.text.index("Thu 13 Nov") < family.text.index("Today, Tue 11 Nov")

    def test_costs_the_same_for_three_reports_and_for_thirty(
        self, family, report, pupil, parent, django_assert_num_queries
    ):
        from tests.factories.absences import ReportFactory

        def told(many: int) -> None:
            for number in range(many):
                ReportFactory(
                    pupil=pupil,
                    contact=report.contact,
                    first_day=date(2025, 11, 3),
                    last_day=date(2025, 11, 3),
                    reference=f"X{many}-{number}",
                )

        told(2)
        family.open("/family/reports/")  # the session is read once more after signing in
        # The person, roles held, children 2, reports.
        with django_assert_num_queries(5):
            family.client.get("/family/reports/")
        told(27)
        with django_assert_num_queries(5):
            family.client.get("/family/reports/")
