"""Rules of the five schools' documents, and worked examples, that go through several parts of absences."""

from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_scopes import scope, scopes_disabled

from absences.models import EvidenceRequest, Report, Task, TaskKind
from absences.rules.leave import KINDS, grant_codes
from absences.selectors.reports import report_page
from absences.services import evidence, notices, reports
from absences.services.evidence_proposals import propose
from absences.services.follow_up import follow_up
from absences.services.reports import ReportRefused
from absences.services.timetable_reviews import plan_reviews
from absences.tasks import follow_up_everywhere
from accounts.errors import DomainError
from accounts.models import Event, School, User
from accounts.people import system_user
from registers.models import Contact, Enrolment, PartTimeTimetable, Pupil, Session
from registers.selectors.registers import history_of_mark
from registers.services.marks import settle_unexplained
from registers.services.part_time import TimetablePlan, agree_timetable, record_review
from tests.absences.calling import make_calls
from tests.absences.evidence_world import class_of, code_of, days, ill, pupil_of, shipped, under
from tests.absences.intake_world import TUESDAY, at, close, give_terms, send, told
from tests.cast import SignIn
from tests.factories.absences_calls import ContactAttemptFactory
from tests.factories.accounts import SchoolFactory
from tests.factories.registers import (
    ContactFactory,
    PupilContactFactory,
    RegisterFactory,
    held_sessions,
    london,
)
from tests.registers.taking import clock_at, words_of

pytestmark = pytest.mark.django_db

TELL_FIRST = (
    "This illness cannot become unauthorised yet. First tell the parent, and log that you did (Absences,"
    " Evidence)."
)
ASK_THE_HEAD = (
    "The headteacher decides about routine appointments in school hours: choose O, or leave it to the"
    " headteacher"
)


@pytest.fixture(autouse=True)
def _everything_in_sight() -> Iterator[None]:
    with scopes_disabled():
        yield


@pytest.fixture
def contact(parent: User) -> Contact:
    return Contact.objects.get(user=parent)


def school_under(key: str) -> School:
    made: School = SchoolFactory(key=key.replace("_", "-"))
    under(made, key)
    return made


def state_of(report: Report) -> tuple[str, str, int]:
    found = Report.objects.get(pk=report.pk)
    return found.state, found.code, found.version


class TestWelbournRoutineAppointments:
    """003:157, WEL-11: hospital or emergency M; routine decided by the head, M if accepted, else O."""

    @pytest.fixture(autouse=True)
    def at_welbourn(self, school: School) -> None:
        give_terms(school, "welbourn")
        held_sessions(school, date(2025, 11, 10), date(2025, 11, 14))

    def routine(self, pupil: Pupil, parent: User, **values: Any) -> Report:
        return send(pupil, told(reason="appointment", appointment_at=time(10), **values), by=parent)

    def test_are_not_authorised_by_the_office(self, pupil: Pupil, parent: User, office: User) -> None:
        report = self.routine(pupil, parent)

        for code in ("M", "I", "C"):
            with pytest.raises(ReportRefused) as refused:
                reports.accept(
                    report, version=1, code=code, by=office, at=at(TUESDAY, "8:55"), position="Office"
                )
            assert refused.value.faults == {"code": ASK_THE_HEAD}

        assert state_of(report) == ("waiting", "M", 1)

    def test_say_on_their_page_who_decides(
        self, school: School, pupil: Pupil, parent: User, contact: Contact, office: User, sign_in: SignIn
    ) -> None:
        report = self.routine(pupil, parent, contact=contact)

        with clock_at(time(8, 55), TUESDAY):
            page = sign_in(office).get(reverse("absences:report", args=[school.key, report.pk]))

        words = words_of(page.content.decode())
        assert "The headteacher decides about routine appointments in school hours." in words
        assert "case by case" not in words

    def test_are_o_when_the_office_decides(self, pupil: Pupil, parent: User, office: User) -> None:
        report = self.routine(pupil, parent)

        reports.accept(report, version=1, code="O", by=office, at=at(TUESDAY, "8:55"), position="Office")

        assert state_of(report) == ("accepted", "O", 2)

    def test_that_a_caller_tells_of_wait_for_the_head(
        self, school: School, pupil: Pupil, office: User
    ) -> None:
        done = reports.write_down(
            school,
            [pupil],
            told(reason="appointment", appointment_at=time(10), channel="phone", caller="Pat Parent"),
            submission=uuid4(),
            accept_now=True,
            by=office,
            at=at(TUESDAY, "8:30"),
            on=TUESDAY,
            position="Office",
        )

        (report,) = done.reports
        assert done.left == {report.pk: f"{ASK_THE_HEAD}."}
        assert state_of(report) == ("waiting", "M", 1)

    def test_are_m_when_the_head_accepts_them_on_the_page(
        self, school: School, pupil: Pupil, parent: User, office: User, head: User, sign_in: SignIn
    ) -> None:
        report = self.routine(pupil, parent)
        url = reverse("absences:report_accept", args=[school.key, report.pk])

        with clock_at(time(8, 55), TUESDAY):
            by_office = sign_in(office).post(url, {"version": 1, "code": "M"})
            after_office = state_of(report)
            by_head = sign_in(head).post(url, {"version": 1, "code": "M"})

        assert (by_office.status_code, after_office) == (422, ("waiting", "M", 1))
        assert ASK_THE_HEAD in words_of(by_office.content.decode())
        assert (by_head.status_code, state_of(report)) == (302, ("accepted", "M", 2))

    def test_at_a_hospital_are_authorised_by_the_office(
        self, pupil: Pupil, parent: User, office: User
    ) -> None:
        report = send(pupil, told(reason="hospital", appointment_at=time(10)), by=parent)

        reports.accept(report, version=1, by=office, at=at(TUESDAY, "8:55"), position="Office")

        assert state_of(report) == ("accepted", "M", 2)


@pytest.mark.parametrize("key", ["werrington", "strathmore", "lunts_heath", "leedon"])
def test_elsewhere_the_office_authorises_appointments(
    key: str, school: School, pupil: Pupil, parent: User, office: User
) -> None:
    """000:270, 001:183, 002:181; 004 says nothing of them: no head is named."""
    give_terms(school, key)
    held_sessions(school, date(2025, 11, 10), date(2025, 11, 14))
    back = {"expected_return": TUESDAY + timedelta(days=1)}
    report = send(pupil, told(reason="appointment", appointment_at=time(10), **back), by=parent)

    reports.accept(report, version=1, by=office, at=at(TUESDAY, "8:55"), position="Office")

    assert state_of(report) == ("accepted", "M", 2)


class TestLuntsHeathAppointments:
    """002:181: authorised if the school is notified in advance."""

    @pytest.mark.parametrize(("clock", "is_late"), [("10:30", False), ("10:31", True)])
    def test_that_are_told_of_afterwards_are_for_the_office_to_judge(
        self, clock: str, is_late: bool, school: School, pupil: Pupil, parent: User, contact: Contact
    ) -> None:
        give_terms(school, "lunts_heath")
        held_sessions(school, date(2025, 11, 10), date(2025, 11, 14))
        back = {"expected_return": TUESDAY}
        said = told(
            reason="hospital",
            appointment_at=time(10, 30),
            clock=clock,
            first_half="AM",
            last_half="AM",
            **back,
        )

        report = send(pupil, said, by=parent, contact=contact)

        doubts = report_page(report, on=TUESDAY).row.doubts
        late = "Told after the appointment: the school authorises those that it is told of before."
        assert doubts == ((late,) if is_late else ())
        assert (report.known_ahead is None) is is_late

    @pytest.mark.parametrize("key", ["werrington", "welbourn", "leedon"])
    def test_are_judged_so_there_alone(
        self, key: str, school: School, pupil: Pupil, parent: User, contact: Contact
    ) -> None:
        """000:270 asks for notice where possible; 003:157 and 004 ask for none."""
        give_terms(school, key)
        held_sessions(school, date(2025, 11, 10), date(2025, 11, 14))
        said = told(reason="hospital", appointment_at=time(10, 30), clock="12:00")

        report = send(pupil, said, by=parent, contact=contact)

        assert not any("Told after" in doubt for doubt in report_page(report, on=TUESDAY).row.doubts)


class TestWelbournLeave:
    def test_is_never_sickness_an_appointment_or_an_exclusion(self) -> None:
        """WEL-12: the document lists them as exceptional leave; they have codes of their own."""
        offered = {code for code, _ in grant_codes(shipped("welbourn").leave)}

        assert offered & {"I", "M", "E"} == set()
        assert {kind.code for kind in KINDS} & {"I", "M", "E"} == set()


class TestWelS9:
    """003:250, WEL-22: mornings only from Mon 4 Nov 2024; sent with a review date of four weeks."""

    AGREED = date(2024, 10, 25)

    def agreed(
        self, key: str, by: User, *, review_on: date = date(2024, 12, 20)
    ) -> tuple[School, PartTimeTimetable]:
        school = school_under(key)
        pupil = pupil_of(class_of(school))
        plan = TimetablePlan(
            first_day=date(2024, 11, 4),
            last_day=date(2024, 12, 20),
            review_on=review_on,
            agreed_on=self.AGREED,
            agreed_with="Alex Parent",
            circumstances="Back after an operation.",
            ambition="One more afternoon each week.",
            absent_sessions=frozenset((weekday, "PM") for weekday in range(5)),
        )
        return school, agree_timetable(pupil, plan, by=by, at=london(self.AGREED, time(10, 0)))

    def planned(self, school: School, on: date) -> int:
        return plan_reviews(school, by=system_user(), at=london(on, time(9, 0)))

    def test_is_reviewed_by_monday_2_december_whatever_was_agreed(self, office: User) -> None:
        school, timetable = self.agreed("welbourn", office)

        assert self.planned(school, date(2024, 11, 24)) == 0
        assert self.planned(school, date(2024, 11, 25)) == 1
        assert self.planned(school, date(2024, 11, 25)) == 0

        task = Task.objects.get()
        assert (task.kind, task.pupil_id, task.source) == ("review", timetable.pupil_id, "003:250")
        assert task.what == "Review the part-time timetable with the family on Mon 2 Dec."
        assert task.due_at == london(date(2024, 12, 2), time(15, 0))

    def test_is_planned_by_the_clock(self, office: User) -> None:
        self.agreed("welbourn", office)

        with clock_at(time(9, 0), date(2024, 11, 25)):
            follow_up_everywhere()
            follow_up_everywhere()

        assert [task.due_at for task in Task.objects.all()] == [london(date(2024, 12, 2), time(15, 0))]

    def test_is_reviewed_earlier_when_that_was_agreed(self, office: User) -> None:
        school, _ = self.agreed("welbourn", office, review_on=date(2024, 11, 18))

        assert self.planned(school, date(2024, 11, 11)) == 1
        assert Task.objects.get().due_at == london(date(2024, 11, 18), time(15, 0))

    def test_is_reviewed_again_four_weeks_after_a_review(self, office: User) -> None:
        school, timetable = self.agreed("welbourn", office)
        self.planned(school, date(2024, 11, 25))
        record_review(
            timetable,
            held_on=date(2024, 11, 29),
            outcome="Keep on for now.",
            next_review_on=date(2024, 12, 20),
            by=office,
            at=london(date(2024, 11, 29), time(16, 0)),
        )

        assert self.planned(school, date(2024, 11, 29)) == 0
        first = Task.objects.get()
        assert (first.closed_at is not None, first.outcome) == (True, "Reviewed on Fri 29 Nov.")

        # Four weeks on, 27 December, would be later than what was agreed.
        assert self.planned(school, date(2024, 12, 13)) == 1
        assert Task.objects.get(closed_at=None).due_at == london(date(2024, 12, 20), time(15, 0))

    @pytest.mark.parametrize("key", ["werrington", "strathmore", "lunts_heath", "leedon"])
    def test_has_its_four_weeks_from_welbourn_alone(self, key: str, office: User) -> None:
        """000:264, 002:238-248: regular reviews, no number; 001 and 004 have no section."""
        school, _ = self.agreed(key, office)

        assert self.planned(school, date(2024, 12, 2)) == 0
        assert self.planned(school, date(2024, 12, 13)) == 1
        task = Task.objects.get()
        assert (task.source, task.due_at) == ("", london(date(2024, 12, 20), time(15, 0)))

    def test_costs_the_same_for_one_and_for_five_that_are_known(self, office: User) -> None:
        school, timetable = self.agreed("welbourn", office)
        self.planned(school, date(2024, 11, 25))
        with CaptureQueriesContext(connection) as for_one:
            self.planned(school, date(2024, 11, 26))
        for _ in range(4):
            pupil = pupil_of(timetable.pupil.memberships.get().class_group)
            PartTimeTimetable.objects.create(
                school=school,
                pupil=pupil,
                first_day=timetable.first_day,
                last_day=timetable.last_day,
                review_on=timetable.review_on,
                agreed_on=self.AGREED,
            )
        assert self.planned(school, date(2024, 11, 26)) == 4

        with CaptureQueriesContext(connection) as for_five:
            assert self.planned(school, date(2024, 11, 26)) == 0
        assert len(for_five) == len(for_one)


class TestLuntsHeathRefusedReports:
    """002:177, LUN-08: unauthorised, "and parents will be notified of this in advance"."""

    @pytest.fixture
    def report(self, school: School, pupil: Pupil, parent: User, contact: Contact, office: User) -> Report:
        """A report that was taken at its word and stands in the closed registers of Tuesday as I."""
        give_terms(school, "lunts_heath")
        held_sessions(school, date(2025, 11, 10), date(2025, 11, 14))
        back = {"expected_return": TUESDAY + timedelta(days=1)}
        made = send(pupil, told(**back), by=parent, contact=contact)
        for session in Session.objects.filter(on=TUESDAY).order_by("half"):
            close(session, by=office)
        assert self.codes(pupil) == ["I", "I"]
        return made

    def codes(self, pupil: Pupil) -> list[str]:
        return [code_of(pupil, one) for one in Session.objects.filter(on=TUESDAY).order_by("half")]

    def refuse(self, client: Client, report: Report, code: str) -> Any:
        url = reverse("absences:report_refuse", args=[report.school.key, report.pk])
        data = {"version": report.version, "decision_note": "Seen at the fair.", "code": code}
        with clock_at(time(16, 0), TUESDAY):
            return client.post(url, data)

    @pytest.mark.parametrize("code", ["O", ""])
    def test_change_no_mark_and_tell_the_office_to_speak_first(
        self, code: str, report: Report, pupil: Pupil, office: User, sign_in: SignIn
    ) -> None:
        answer = self.refuse(sign_in(office), report, code)

        html = answer.content.decode()
        assert answer.status_code == 422
        assert TELL_FIRST in words_of(html)
        assert "Error: " in html.split("</title>")[0]
        assert "Seen at the fair." in html
        assert (state_of(report), self.codes(pupil)) == (("waiting", "I", 1), ["I", "I"])
        assert not report.events.filter(what="refused").exists()

    def test_change_the_marks_once_the_parent_was_told(
        self, report: Report, pupil: Pupil, contact: Contact, office: User, sign_in: SignIn
    ) -> None:
        notices.log_notice(
            pupil,
            notices.Told(contact, "phone", at(TUESDAY, "15:40"), "Will be unauthorised", TUESDAY, TUESDAY),
            by=office,
            at=at(TUESDAY, "15:45"),
        )

        answer = self.refuse(sign_in(office), report, "O")

        assert answer.status_code == 302
        assert (state_of(report)[0], self.codes(pupil)) == ("refused", ["O", "O"])

    @pytest.mark.parametrize("what", ["accept", "withdraw"])
    def test_are_no_way_around_by_another_decision(
        self, what: str, report: Report, pupil: Pupil, office: User, sign_in: SignIn
    ) -> None:
        url = reverse(f"absences:report_{what}", args=[report.school.key, report.pk])
        with clock_at(time(16, 0), TUESDAY):
            answer = sign_in(office).post(url, {"version": 1, "code": "O", "why": "A mistake"})

        assert (answer.status_code, self.codes(pupil)) == (422, ["I", "I"])
        assert TELL_FIRST in words_of(answer.content.decode())
        assert state_of(report) == ("waiting", "I", 1)


class TestLuntsHeathContacts:
    def test_are_more_than_one_or_the_family_is_asked(
        self, school: School, class_group: Any, office: User, sign_in: SignIn
    ) -> None:
        """002:139: more than one emergency contact; a number that nobody can call is none."""
        calls = make_calls(school, class_group, office, policy="lunts_heath")
        two, one = calls.pupil("Twofold"), calls.pupil("Onefold")
        for pupil, names in ((two, ("Ada", "Ben")), (one, ("Cem",))):
            for place, name in enumerate(names, start=1):
                calls.contact(pupil, name, priority=place)
        calls.contact(one, "Silent", priority=2, phone="")

        with clock_at(time(9, 40), TUESDAY):
            page = sign_in(office).get(reverse("absences:contact_health", args=[school.key]))

        words = words_of(page.content.decode())
        asked = words.split("Families to ask: fewer than two people to call")[1]
        assert "Onefold, Robin" in asked
        assert "Twofold" not in asked
        assert shipped("lunts_heath").contacts is not None


class TestLunS2:
    """002:156-161, 002:169: N on Mon 11 Nov; on the 12th an officer accepts word of an illness."""

    def test_is_kept_with_both_codes_the_reason_the_day_and_the_person(self, office: User) -> None:
        monday, tuesday = date(2024, 11, 11), date(2024, 11, 12)
        school = school_under("lunts_heath")
        pupil = pupil_of(class_of(school))
        morning = days(monday, tuesday, school)[monday, "AM"]
        close(morning, by=system_user())
        assert code_of(pupil, morning) == "N"
        said = told(
            monday,
            told_on=tuesday,
            clock="9:10",
            last_half="AM",
            channel="phone",
            caller="Pat Parent",
            expected_return=tuesday,
        )
        report = send(pupil, said, by=office)

        reports.accept(report, version=1, by=office, at=at(tuesday, "9:12"), position="Attendance officer")

        change = history_of_mark(pupil, morning)[-1]
        assert (change.old_code, change.new_code, change.at) == ("N", "I", at(tuesday, "9:12"))
        assert change.reason == f"Reported by Pat Parent ({report.reference})"
        assert (change.by_name, change.by_position) == (office.name, "Attendance officer")
        with (
            pytest.raises(DatabaseError, match="can only grow"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("DELETE FROM registers_markentry WHERE pupil_id = %s", [pupil.pk])
        assert len(history_of_mark(pupil, morning)) == 2


class TestLunS4:
    """002:175-177, LUN-08: I on 11 to 15 Nov and on Mon 18 Nov, night by night, and the notice first."""

    def test_asks_on_the_sixth_night_and_becomes_o_only_after_the_notice(self, office: User) -> None:
        school = school_under("lunts_heath")
        pupil = pupil_of(class_of(school))
        parent: Contact = ContactFactory(school=school, name="Alex Parent", email="alex@example.org")
        PupilContactFactory(pupil=pupil, contact=parent, priority=1)
        monday, sixth = date(2024, 11, 11), date(2024, 11, 18)
        sessions = days(monday, sixth, school)
        nights = []
        for on in sorted({on for on, _ in sessions}):
            ill(pupil, [one for (day, _), one in sessions.items() if day == on], by=office)
            nights.append(propose(school, on=on, by=system_user(), at=london(on, time(18, 50))))
        assert nights == [0, 0, 0, 0, 0, 1]

        request = EvidenceRequest.objects.get()
        assert (request.rule, request.first_day, request.last_day) == ("long_illness", monday, sixth)
        tuesday = date(2024, 11, 19)
        request = evidence.ask(
            request,
            to=parent,
            way="phone",
            due_on=date(2024, 11, 26),
            words="",
            version=request.version,
            by=office,
            at=london(tuesday, time(9, 0)),
        )
        later = london(date(2024, 11, 27), time(9, 0))
        request = evidence.judge(
            request, satisfied=False, why="Nothing came", version=request.version, by=office, at=later
        )
        with pytest.raises(DomainError, match="First tell the parent"):
            notices.unauthorise(request, by=office, at=later, position="Office")
        assert {code_of(pupil, one) for one in sessions.values()} == {"I"}

        notices.log_notice(
            pupil,
            notices.Told(parent, "phone", later, "Will be unauthorised", monday, sixth),
            by=office,
            at=later,
            request=request,
        )
        notices.unauthorise(request, by=office, at=later, position="Office")

        assert {code_of(pupil, one) for one in sessions.values()} == {"O"}


class TestLuntsHeathFiveWorkingDays:
    def test_are_school_days_so_that_half_term_does_not_count(self, office: User) -> None:
        """002:194, LUN-09, GEN-16: N on Wed 23 Oct 2024 is settled by Wed 6 Nov, over the half term."""
        school = school_under("lunts_heath")
        pupil = pupil_of(class_of(school))
        autumn_1 = days(date(2024, 10, 23), date(2024, 10, 25), school)
        held_sessions(school, date(2024, 11, 4), date(2024, 11, 8), half_term="Autumn 2", number=7, week=2)
        wednesday = autumn_1[date(2024, 10, 23), "AM"]
        ill(pupil, [wednesday], by=office, code="N")

        # Five weekdays later the school is on holiday.
        nights = (date(2024, 10, 31), date(2024, 11, 6), date(2024, 11, 7))
        settled = [
            settle_unexplained(school, on=on, by=system_user(), at=london(on, time(19, 0))) for on in nights
        ]

        assert (settled, code_of(pupil, wednesday)) == ([0, 0, 1], "O")


TEN_DAYS = [date(2025, 11, day) for day in (3, 4, 5, 6, 7, 10, 11, 12, 13, 14)]


class TestWerS8:
    """000:149: nobody reached from Mon 3 Nov; on Fri 14 Nov a mandatory case with the call log."""

    def test_is_one_page_with_the_mandatory_task_and_every_call(
        self, school: School, class_group: Any, office: User, sign_in: SignIn
    ) -> None:
        calls = make_calls(school, class_group, office, policy="werrington")
        pupil = calls.missing("Ashdown", *TEN_DAYS)
        jo = calls.contact(pupil)
        for on in TEN_DAYS:
            ContactAttemptFactory(pupil=pupil, contact=jo, on=on, at=london(on, time(9, 40)))
        RegisterFactory(class_group=class_group, session=calls.session(TEN_DAYS[-1]))
        with scope(school=school):
            follow_up(school, at=london(TEN_DAYS[-1], time(10, 30)))

        with clock_at(time(11, 0), TEN_DAYS[-1]):
            page = sign_in(office).get(reverse("absences:pupil_calls", args=[school.key, pupil.pk]))

        assert Task.objects.get().is_mandatory
        words = words_of(page.content.decode())
        assert "Nobody reached on 10 school days of one absence: refer to the local authority." in words
        assert words.count("No answer") == 10


class TestLeedonPlaces:
    def test_are_never_lost_by_the_clock(self, school: School, class_group: Any, office: User) -> None:
        """004:123, LEE-05, GEN-23: a decision is asked for on day 10; the roll stays as it is."""
        calls = make_calls(school, class_group, office, policy="leedon")
        pupil = calls.missing("Ashdown", *TEN_DAYS)
        RegisterFactory(class_group=class_group, session=calls.session(TEN_DAYS[-1]))
        with scope(school=school):
            follow_up(school, at=london(TEN_DAYS[-1], time(10, 30)))

        task = Task.objects.get(kind=TaskKind.NO_CONTACT)
        assert (task.is_mandatory, task.closed_at) == (False, None)
        assert shipped("leedon").no_contact.auto_delete == "never"
        assert [one.leaving_on for one in Enrolment.objects.filter(pupil=pupil)] == [None]
        assert not Event.objects.filter(kind__startswith="roll.").exists()
