"""The office's pages of reports."""

from collections.abc import Iterator
from datetime import date, time
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django_scopes import scope

from absences.models import Report, ReportingApp
from absences.services import reports
from accounts.models import School, User
from registers.models import ClassGroup, Contact, Pupil, Session
from tests.absences.intake_world import TUESDAY, at, close, codes, give_terms, mark, send, told
from tests.cast import SignIn
from tests.factories.registers import (
    ContactFactory,
    PupilContactFactory,
    PupilFlagFactory,
    held_sessions,
    pupil_in_class,
)
from tests.registers.taking import clock_at, queries_of, words_of

REPORTS = "/s/hill/absences/reports/"
NEW = f"{REPORTS}new/"


@pytest.fixture(autouse=True)
def _open(school: School) -> Iterator[None]:
    with scope(school=school), clock_at(time(8, 55), TUESDAY):
        give_terms(school)
        held_sessions(school, date(2025, 11, 3), date(2025, 11, 21))
        yield


@pytest.fixture
def contact(parent: User) -> Contact:
    return Contact.objects.get(user=parent)


@pytest.fixture
def client(sign_in: SignIn, office: User) -> Client:
    return sign_in(office)


def page(client: Client, url: str = REPORTS) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return words_of(response.content.decode())


def act(client: Client, report: Report, what: str, **data: Any) -> Any:
    return client.post(f"{REPORTS}{report.pk}/{what}/", {"version": report.version, **data}, follow=True)


class TestTheQueue:
    def test_says_what_comes_when_nothing_waits(self, client: Client) -> None:
        assert "No report waits What parents report" in page(client)

    def test_has_vulnerable_pupils_first_and_then_the_newest(
        self, client: Client, class_group: ClassGroup, pupil: Pupil, parent: User, contact: Contact
    ) -> None:
        looked_after = pupil_in_class(class_group, surname="Birch")
        PupilFlagFactory(pupil=looked_after, name="looked_after")
        newest = pupil_in_class(class_group, surname="Cedar")
        send(pupil, told(clock="8:00"), by=parent, contact=contact)
        send(looked_after, told(clock="7:30"), by=parent)
        send(newest, told(clock="8:30"), by=parent)

        shown = page(client)

        places = [shown.index(name) for name in ("Birch", "Cedar", "Ashdown")]
        assert places == sorted(places)
        assert "Looked after" in shown
        assert "Accept 1 trusted report" in shown

    def test_is_narrowed_by_state_and_way(
        self, client: Client, class_group: ClassGroup, pupil: Pupil, parent: User, office: User
    ) -> None:
        other = pupil_in_class(class_group, surname="Birch")
        done = send(pupil, told(), by=parent)
        reports.accept(done, version=1, by=office, at=at(TUESDAY, "8:30"), position="")
        send(other, told(channel="phone", caller="Bo Birch"), by=office)

        assert "Ashdown" not in page(client)
        assert "Ashdown" in page(client, f"{REPORTS}?show=today")
        assert "Birch" not in page(client, f"{REPORTS}?show=all&channel=online")
        assert "Birch" in page(client, f"{REPORTS}?show=waiting&channel=phone")

    def test_costs_the_same_for_one_report_and_thirty(
        self, client: Client, class_group: ClassGroup, pupil: Pupil, parent: User, contact: Contact
    ) -> None:
        send(pupil, told(), by=parent, contact=contact)
        with_one = queries_of(client, REPORTS)
        for number in range(29):
            send(pupil_in_class(class_group, surname=f"More{number:02d}"), told(), by=parent)

        assert len(with_one) == len(queries_of(client, REPORTS)) <= 16


class TestDecidingFromTheQueue:
    def test_accepts_and_says_what_was_left_alone(
        self, client: Client, pupil: Pupil, parent: User, contact: Contact, office: User
    ) -> None:
        close(Session.objects.get(on=TUESDAY, half="AM"), by=office, when=at(TUESDAY, "8:54"))
        report = send(pupil, told(reason="other"), by=parent, contact=contact)

        response = act(client, report, "accept", code="R", show="waiting")

        assert response.redirect_chain == [(REPORTS, 302)]
        assert "Robin Ashdown: accepted. As R, Religious observance." in words_of(response.content.decode())
        assert codes(pupil) == {"Tue AM": "R"}

    def test_asks_for_a_code_where_none_is_proposed(self, client: Client, pupil: Pupil, parent: User) -> None:
        report = send(pupil, told(reason="other"), by=parent)

        response = act(client, report, "accept", code="", show="waiting")

        html = response.content.decode()
        assert response.status_code == 422
        assert "<title>Error: Report" in html
        assert '<a href="#id_code">Choose the code</a>' in html
        report.refresh_from_db()
        assert (report.state, report.version) == ("waiting", 1)

    def test_refuses_with_a_reason_only_and_keeps_what_was_chosen(
        self, client: Client, pupil: Pupil, parent: User
    ) -> None:
        report = send(pupil, told(), by=parent)

        wrong = act(client, report, "refuse", decision_note=" ", code="O")
        right = act(client, report, "refuse", decision_note="Seen in town.", code="O", show="waiting")

        html = wrong.content.decode()
        assert wrong.status_code == 422
        assert '<a href="#id_decision_note">Enter why, as the parent will read it</a>' in html
        assert 'value="O" checked' in html
        report.refresh_from_db()
        assert (report.state, report.decision_note) == ("refused", "Seen in town.")
        assert right.redirect_chain == [(REPORTS, 302)]

    def test_tells_the_second_of_two_what_the_first_did(
        self, client: Client, pupil: Pupil, parent: User, champion: User
    ) -> None:
        report = send(pupil, told(), by=parent)
        reports.accept(report, version=1, by=champion, at=at(TUESDAY, "8:50"), position="")

        response = act(client, report, "refuse", decision_note="No.")

        shown = words_of(response.content.decode())
        assert response.redirect_chain == [(f"{REPORTS}{report.pk}/", 302)]
        assert "Charlie Champion accepted this report at 8:50am: nothing was changed." in shown
        report.refresh_from_db()
        assert (report.state, report.decision_note) == ("accepted", "")

    def test_accepts_all_trusted_ones_in_one_go_and_names_those_it_left(
        self,
        client: Client,
        school: School,
        class_group: ClassGroup,
        pupil: Pupil,
        parent: User,
        contact: Contact,
    ) -> None:
        trusted = send(pupil, told(), by=parent, contact=contact)
        doubtful = send(pupil_in_class(class_group, forename="Bo", surname="Birch"), told(), by=parent)

        response = client.post(
            f"{REPORTS}trusted/",
            {"report": [f"{trusted.pk}-1", f"{doubtful.pk}-1", "x-1", "99999-1"]},
            follow=True,
        )

        shown = words_of(response.content.decode())
        assert "1 report accepted." in shown
        assert "Bo Birch: left. Sent by somebody who is no contact of the child." in shown
        assert [one.state for one in Report.objects.order_by("pk")] == ["accepted", "waiting"]

    def test_records_a_call_back_before_accepting(self, client: Client, pupil: Pupil, office: User) -> None:
        report = send(pupil, told(channel="voicemail", caller="Pat Parent"), by=office)
        assert "Called back, spoke to" in page(client)

        refused = act(client, report, "accept", code="I")
        act(client, report, "call-back", call_back="Pat Parent", show="waiting")
        report.refresh_from_db()
        act(client, report, "accept", code="I", show="waiting")

        assert refused.status_code == 422
        assert "Call back first" in words_of(refused.content.decode())
        report.refresh_from_db()
        assert (report.state, report.called_back_by) == ("accepted", office)


class TestTheReportsOwnPage:
    def test_shows_what_was_told_the_marks_the_history_and_earlier_reports(
        self, client: Client, pupil: Pupil, parent: User, contact: Contact, office: User
    ) -> None:
        earlier = send(pupil, told(date(2025, 11, 4)), by=parent, contact=contact)
        close(Session.objects.get(on=TUESDAY, half="AM"), by=office, when=at(TUESDAY, "8:50"))
        report = send(pupil, told(note="<b>Flu</b>", clock="8:52"), by=parent, contact=contact)

        response = client.get(f"{REPORTS}{report.pk}/")

        shown = words_of(response.content.decode())
        for words in (
            f"Waiting for the office {report.reference}",
            "Pat Parent, online",
            "&lt;b&gt;Flu&lt;/b&gt;",
            "Taken at its word: registers open with I",
            "Becomes the code when you accept",
            "The register opens with the code",
            "Taken in Pat Parent, Tue 11 Nov at 8:52am",
            "Tue 4 Nov waiting for the office",
        ):
            assert words in shown, words
        assert f"{REPORTS}{earlier.pk}/" in response.content.decode()

    def test_warns_of_a_mark_that_says_otherwise(
        self, client: Client, pupil: Pupil, parent: User, office: User
    ) -> None:
        mark(pupil, Session.objects.get(on=TUESDAY, half="AM"), "/", by=office)
        report = send(pupil, told(), by=parent)

        assert "In school by the register: left alone." in page(client, f"{REPORTS}{report.pk}/")

    def test_withdraws_an_accepted_report_with_a_reason(
        self, client: Client, pupil: Pupil, parent: User, office: User
    ) -> None:
        report = send(pupil, told(), by=parent)
        report = reports.accept(report, version=1, by=office, at=at(TUESDAY, "8:50"), position="")

        wrong = act(client, report, "withdraw", why="")
        act(client, report, "withdraw", why="The parent rang")

        assert wrong.status_code == 422
        assert '<a href="#id_why">Enter why it is withdrawn</a>' in wrong.content.decode()
        report.refresh_from_db()
        assert (report.state, report.version) == ("withdrawn", 3)


def entry(*pupils: Pupil, **changes: Any) -> dict[str, Any]:
    return {
        "submission": str(uuid4()),
        "act": "accept",
        "pupils": [str(pupil.pk) for pupil in pupils],
        "caller": "Gran",
        "reason": "illness",
        "first_day_day": "11",
        "first_day_month": "11",
        "first_day_year": "2025",
        "first_half": "AM",
        "last_half": "PM",
        "channel": "phone",
        "received_at": "8:40",
        "received_on_day": "11",
        "received_on_month": "11",
        "received_on_year": "2025",
    } | changes


class TestWritingDownAReport:
    def test_takes_several_children_of_one_call_and_accepts_at_once(
        self, client: Client, class_group: ClassGroup, pupil: Pupil, parent: User, contact: Contact
    ) -> None:
        sister = pupil_in_class(class_group, surname="Ashdown", forename="Ash")

        response = client.post(NEW, entry(pupil, sister, contact=str(contact.pk), caller=""), follow=True)

        assert response.redirect_chain == [(NEW, 302)]
        made = Report.objects.order_by("pk")
        assert [(one.pupil, one.state, one.code, one.contact) for one in made] == [
            (pupil, "accepted", "I", contact),
            (sister, "accepted", "I", contact),
        ]
        assert len({one.submission for one in made}) == 1
        assert made[0].received_at == at(TUESDAY, "8:40")
        assert "Robin Ashdown: accepted, Tue 11 Nov" in words_of(response.content.decode())

    def test_leaves_a_voicemail_waiting_and_says_why(self, client: Client, pupil: Pupil) -> None:
        response = client.post(NEW, entry(pupil, channel="voicemail"), follow=True)

        shown = words_of(response.content.decode())
        assert Report.objects.get().state == "waiting"
        assert "Robin Ashdown: waits" in shown
        assert "Call back first: a voicemail alone does not authorise an absence." in shown

    def test_can_leave_the_decision_for_later(self, client: Client, pupil: Pupil) -> None:
        client.post(NEW, entry(pupil, act="wait"))

        assert Report.objects.get().state == "waiting"

    def test_says_all_that_is_missing_at_once_and_keeps_what_was_entered(
        self, client: Client, pupil: Pupil
    ) -> None:
        response = client.post(NEW, entry(note="a cough", reason="", received_at="25:00"))

        html = response.content.decode()
        assert response.status_code == 422
        for item in (
            '<a href="#id_pupils">Choose at least one child</a>',
            '<a href="#id_reason">Choose a reason</a>',
            '<a href="#id_received_at">Enter a time like 9:12 or 1:15pm</a>',
        ):
            assert item in html, item
        assert "a cough" in html
        assert Report.objects.count() == 0

    def test_says_beside_the_field_what_the_rules_refuse(self, client: Client, pupil: Pupil) -> None:
        response = client.post(NEW, entry(pupil, caller="", first_day_day="15"))

        html = response.content.decode()
        assert response.status_code == 422
        assert '<a href="#id_first_day_day">The school is closed then: choose a school day</a>' in html
        assert '<a href="#id_caller">Say who told the school</a>' in html

    def test_counts_once_when_the_button_is_pressed_twice(self, client: Client, pupil: Pupil) -> None:
        data = entry(pupil)
        client.post(NEW, data)
        client.post(NEW, data)

        assert Report.objects.count() == 1

    def test_names_who_may_have_called_with_and_without_the_script(
        self, client: Client, school: School, pupil: Pupil, contact: Contact
    ) -> None:
        kept_away = ContactFactory(school=school, name="Kim Kept-Away")
        PupilContactFactory(pupil=pupil, contact=kept_away, priority=2, court_order_restricts=True)
        ContactFactory(school=school, name="Nobody Ofhis")

        part = words_of(client.get(f"{REPORTS}callers/?pupil={pupil.pk}").content.decode())
        whole = client.post(NEW, entry(pupil, act="callers"))

        assert "Pat Parent" in part
        assert "Kim Kept-Away mother Court order" in part
        assert "Nobody" not in part
        assert whole.status_code == 200
        assert "Kim Kept-Away" in whole.content.decode()
        assert Report.objects.count() == 0

    def test_offers_an_app_at_the_school_that_has_one(self, client: Client) -> None:
        assert "StudyBugs" not in page(client, NEW)

        client.post(f"{REPORTS}app/", {"name": "StudyBugs"})

        assert ReportingApp.objects.get().name == "StudyBugs"
        assert "StudyBugs" in page(client, NEW)
        client.post(f"{REPORTS}app/", {"name": ""})
        assert not ReportingApp.objects.exists()

    def test_opens_with_a_child_that_another_page_names(self, client: Client, pupil: Pupil) -> None:
        html = client.get(f"{NEW}?pupil={pupil.pk}").content.decode()

        assert f'<option value="{pupil.pk}" selected>' in html
