"""What the five schools ask of a parent whose child is absent, each with its own rule."""

from collections.abc import Callable, Iterator
from datetime import date, time
from typing import Any

import pytest
from django_scopes import scope

from absences.models import Channel, Task
from absences.selectors.calls import list_begins_at
from absences.selectors.reports import report_page
from absences.selectors.terms import terms_on
from absences.services import reports
from absences.services.reports import ReportRefused
from accounts.models import School, User
from registers.models import Contact, Pupil, Session
from tests.absences.intake_world import (
    FRIDAY,
    MONDAY,
    NEXT_MONDAY,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    at,
    close,
    codes,
    give_terms,
    send,
    told,
)
from tests.factories.absences_intake import ReportingAppFactory
from tests.factories.registers import held_sessions

POST = "Office"


@pytest.fixture(autouse=True)
def _scope(school: School) -> Iterator[None]:
    with scope(school=school):
        held_sessions(school, date(2025, 11, 3), date(2025, 11, 28))
        yield


@pytest.fixture
def contact(parent: User) -> Contact:
    return Contact.objects.get(user=parent)


@pytest.fixture
def at_school(school: School) -> Callable[[str], None]:
    """Put the terms of one of the five schools in force."""
    return lambda key: give_terms(school, key) and None


def voicemail(**values: Any) -> Any:
    return told(channel=Channel.VOICEMAIL, caller="Pat Parent", **values)


def doubts(report: Any) -> tuple[str, ...]:
    return report_page(report, on=TUESDAY).row.doubts


class TestTheDeadline:
    @pytest.mark.parametrize(
        ("key", "in_time", "late"),
        [
            pytest.param("werrington", "9:20", "9:21", id="WER 000:139"),
            pytest.param("strathmore", "9:15", "9:16", id="STR 001:131"),
            pytest.param("lunts_heath", "9:00", "9:01", id="LUN 002:174"),
            pytest.param("welbourn", "9:00", "9:01", id="WEL 003:153"),
            pytest.param("leedon", "9:00", "9:01", id="LEE 004:114"),
        ],
    )
    def test_stamps_a_report_and_never_refuses_it(
        self, at_school: Any, pupil: Pupil, parent: User, key: str, in_time: str, late: str
    ) -> None:
        """Later reports are accepted and stamped (WEL-18, which holds everywhere)."""
        at_school(key)
        back = {"expected_return": WEDNESDAY}

        assert send(pupil, told(clock=in_time, **back), by=parent).in_time is True
        assert send(pupil, told(clock=late, **back), by=parent).in_time is False
        assert send(pupil, told(clock="15:00", **back), by=parent).in_time is False

    @pytest.mark.parametrize("key", ["werrington", "strathmore", "lunts_heath", "welbourn", "leedon"])
    def test_is_that_of_each_further_day_for_a_report_of_that_day(
        self, at_school: Any, school: School, pupil: Pupil, parent: User, key: str
    ) -> None:
        """Every policy asks on day one and on every further day (000:139, 001:131, 002:138, 004:114)."""
        at_school(key)
        assert terms_on(school, TUESDAY).reporting.each_day is True

        first = send(pupil, told(TUESDAY, clock="8:00", expected_return=WEDNESDAY), by=parent)
        second = send(pupil, told(WEDNESDAY, clock="9:45", expected_return=THURSDAY), by=parent)

        assert (first.in_time, second.in_time) == (True, False)

    def test_is_kept_by_who_reports_before_the_day(self, at_school: Any, pupil: Pupil, parent: User) -> None:
        at_school("werrington")

        assert send(pupil, told(THURSDAY, told_on=TUESDAY, clock="19:30"), by=parent).in_time is True


class TestAVoicemail:
    @pytest.mark.parametrize(
        "key",
        [
            pytest.param("werrington", id="WER 000:140"),
            pytest.param("strathmore", id="STR 001:131-134"),
            pytest.param("leedon", id="LEE 004:114-117"),
        ],
    )
    def test_is_called_back_before_the_absence_is_authorised(
        self, at_school: Any, pupil: Pupil, office: User, key: str
    ) -> None:
        at_school(key)
        report = send(pupil, voicemail(), by=office)
        assert report.needs_call_back is True
        assert "A voicemail: somebody has to be called back first." in doubts(report)

        with pytest.raises(ReportRefused) as refused:
            reports.accept(report, version=1, by=office, at=at(TUESDAY, "8:55"), position=POST)
        called = reports.call_back(
            report, version=1, spoke_with="Pat Parent", by=office, at=at(TUESDAY, "9:00")
        )
        accepted = reports.accept(called, version=2, by=office, at=at(TUESDAY, "9:01"), position=POST)

        assert refused.value.faults == {
            "call_back": "Call back first: a voicemail alone does not authorise an absence"
        }
        assert (called.called_back_by, accepted.state) == (office, "accepted")
        assert [event.words for event in report.events.filter(what="called_back")] == ["Spoke to Pat Parent"]

    def test_may_be_unauthorised_without_a_call_at_werrington(
        self, at_school: Any, pupil: Pupil, office: User
    ) -> None:
        at_school("werrington")
        report = send(pupil, voicemail(), by=office)

        done = reports.accept(report, version=1, code="O", by=office, at=at(TUESDAY, "8:55"), position=POST)

        assert done.code == "O"

    @pytest.mark.parametrize("key", ["lunts_heath", "welbourn"])
    def test_is_enough_where_the_document_asks_for_no_call(
        self, at_school: Any, pupil: Pupil, office: User, key: str
    ) -> None:
        at_school(key)
        report = send(pupil, voicemail(expected_return=WEDNESDAY), by=office)

        assert report.needs_call_back is False
        done = reports.accept(report, version=1, by=office, at=at(TUESDAY, "8:55"), position=POST)
        assert done.state == "accepted"

    def test_names_whom_somebody_spoke_to(self, at_school: Any, pupil: Pupil, office: User) -> None:
        at_school("werrington")
        report = send(pupil, voicemail(), by=office)

        with pytest.raises(ReportRefused) as refused:
            reports.call_back(report, version=1, spoke_with=" ", by=office, at=at(TUESDAY, "9:00"))

        assert refused.value.faults == {"call_back": "Enter whom you spoke to"}


class TestLuntsHeath:
    def test_asks_for_the_day_of_return(self, at_school: Any, pupil: Pupil, parent: User) -> None:
        """By 9:00 each day, with the expected date of return (002:174)."""
        at_school("lunts_heath")

        with pytest.raises(ReportRefused) as refused:
            send(pupil, told(), by=parent)
        report = send(pupil, told(expected_return=WEDNESDAY), by=parent)

        assert refused.value.faults == {"expected_return": "Enter the day on which you expect the child back"}
        assert report.expected_return == WEDNESDAY

    def test_calls_nobody_before_9_though_the_register_closes_at_8_55(
        self, at_school: Any, school: School, pupil: Pupil, parent: User, contact: Contact, office: User
    ) -> None:
        """N between 8:55 and the report; no follow-up before 9:00 (LUN-07)."""
        at_school("lunts_heath")
        morning = Session.objects.get(on=TUESDAY, half="AM")
        morning.opens_at, morning.closes_at = at(TUESDAY, "8:45"), at(TUESDAY, "8:55")
        morning.late_after_at = at(TUESDAY, "8:45")
        morning.save()
        close(morning, by=office, when=at(TUESDAY, "8:56"))
        assert codes(pupil) == {"Tue AM": "N"}

        report = send(pupil, told(clock="8:58", expected_return=WEDNESDAY), by=parent, contact=contact)
        reports.accept(report, version=1, by=office, at=at(TUESDAY, "8:59"), position=POST)

        assert list_begins_at(terms_on(school, TUESDAY), [morning]) == at(TUESDAY, "9:00")
        assert (report.in_time, codes(pupil)) == (True, {"Tue AM": "I"})


class TestWelbourn:
    def test_keeps_vomiting_and_diarrhoea_away_for_48_hours(
        self, at_school: Any, pupil: Pupil, parent: User, contact: Contact, office: User
    ) -> None:
        """48 hours absence, authorised (003:154-155), whatever the parent said."""
        at_school("welbourn")

        report = send(pupil, told(reason="sickness"), by=parent, contact=contact)
        for session in Session.objects.filter(on__range=(TUESDAY, THURSDAY)).order_by("number"):
            close(session, by=office)

        assert (report.last_day, report.last_half, report.expected_return) == (WEDNESDAY, "PM", THURSDAY)
        assert codes(pupil) == {
            "Tue AM": "I",
            "Tue PM": "I",
            "Wed AM": "I",
            "Wed PM": "I",
            "Thu AM": "N",
            "Thu PM": "N",
        }
        assert [event.words for event in report.events.filter(what="extended")] == [
            "48 hours by the school’s rule: back on Thu 13 Nov"
        ]

    def test_counts_48_hours_from_the_afternoon_on_which_it_begins(
        self, at_school: Any, pupil: Pupil, parent: User
    ) -> None:
        at_school("welbourn")

        report = send(pupil, told(reason="sickness", first_half="PM"), by=parent)

        assert (report.last_day, report.last_half, report.expected_return) == (THURSDAY, "AM", THURSDAY)

    def test_leaves_a_longer_illness_as_it_was_told(self, at_school: Any, pupil: Pupil, parent: User) -> None:
        at_school("welbourn")

        report = send(pupil, told(reason="sickness", last=FRIDAY, expected_return=NEXT_MONDAY), by=parent)

        assert (report.last_day, report.expected_return) == (FRIDAY, NEXT_MONDAY)
        assert not report.events.filter(what="extended").exists()

    @pytest.mark.parametrize("key", ["werrington", "strathmore", "leedon"])
    def test_is_alone_in_that_rule(self, at_school: Any, pupil: Pupil, parent: User, key: str) -> None:
        at_school(key)

        assert send(pupil, told(reason="sickness"), by=parent).last_day == TUESDAY

    def test_asks_for_a_note_when_it_lasts_longer_than_was_said(
        self, at_school: Any, school: School, pupil: Pupil, parent: User, contact: Contact
    ) -> None:
        """A note if the absence is longer than first indicated (003:200)."""
        at_school("welbourn")
        first = send(pupil, told(MONDAY), by=parent, contact=contact)

        longer = send(pupil, told(TUESDAY), by=parent, contact=contact)

        task = Task.objects.get(kind="evidence")
        assert (task.cause, task.source) == (f"report:{longer.pk}", "003:200")
        assert task.what == f"Ask for a note: away longer than report {first.reference} said."
        assert doubts(longer) == ("Longer than first said: the school asks for a note.",)

    def test_is_content_with_a_note_that_came_along(
        self, at_school: Any, pupil: Pupil, parent: User, contact: Contact
    ) -> None:
        at_school("welbourn")
        send(pupil, told(MONDAY), by=parent, contact=contact)

        longer = send(pupil, told(TUESDAY, note="Still a temperature"), by=parent, contact=contact)

        assert not Task.objects.filter(kind="evidence").exists()
        assert doubts(longer) == ()

    def test_needs_a_reason(self, at_school: Any, pupil: Pupil, parent: User) -> None:
        """By 9:00 with a reason (003:153)."""
        at_school("welbourn")

        with pytest.raises(ReportRefused) as refused:
            send(pupil, told(reason="other"), by=parent)

        assert refused.value.faults == {"note": "Say why: the school needs a reason"}
        assert send(pupil, told(reason="other", note="A family matter"), by=parent).code == "N"


class TestLeedon:
    def test_has_another_app_as_one_of_its_ways(
        self, at_school: Any, school: School, pupil: Pupil, office: User
    ) -> None:
        """StudyBugs (004:115)."""
        at_school("leedon")
        ReportingAppFactory(school=school)

        report = send(pupil, told(channel=Channel.APP, caller="Pat Parent"), by=office)

        assert (report.channel, report.known_ahead) == ("app", None)


class TestStrathmore:
    def test_waits_for_the_proof_of_an_appointment(
        self, at_school: Any, pupil: Pupil, parent: User, contact: Contact
    ) -> None:
        """Medical appointment in school time: form plus proof (001:183)."""
        at_school("strathmore")

        report = send(pupil, told(reason="hospital", appointment_at=time(10, 0)), by=parent, contact=contact)

        assert report.known_ahead is None
        assert doubts(report) == ("The policy asks for proof of appointments, and none was sent.",)


class TestAChildWhoIsNotBack:
    def test_is_asked_about_again_once(
        self, at_school: Any, school: School, pupil: Pupil, parent: User, office: User
    ) -> None:
        at_school("werrington")
        report = send(pupil, told(expected_return=WEDNESDAY), by=parent)
        close(Session.objects.get(on=TUESDAY, half="AM"), by=office)
        assert reports.ask_again(school, by=office, at=at(TUESDAY, "9:30")) == 0

        close(Session.objects.get(on=WEDNESDAY, half="AM"), by=office)
        assert reports.ask_again(school, by=office, at=at(WEDNESDAY, "9:30")) == 1
        assert reports.ask_again(school, by=office, at=at(WEDNESDAY, "9:31")) == 0

        task = Task.objects.get()
        assert (task.kind, task.cause) == ("ask_again", f"report:{report.pk}")
        assert task.what == (
            f"Expected back on Wed 12 Nov (report {report.reference}) and not there: ask again."
        )

    def test_is_not_asked_about_when_another_report_came_or_the_child_did(
        self,
        at_school: Any,
        school: School,
        pupil: Pupil,
        parent: User,
        office: User,
    ) -> None:
        at_school("werrington")
        send(pupil, told(expected_return=WEDNESDAY), by=parent)
        send(pupil, told(WEDNESDAY, reason="other"), by=parent)
        close(Session.objects.get(on=WEDNESDAY, half="AM"), by=office)

        assert reports.ask_again(school, by=office, at=at(WEDNESDAY, "9:30")) == 0
