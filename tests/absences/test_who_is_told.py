"""Messages and staff pages: no order is passed over, and no id of another school is followed."""

from datetime import date, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django_scopes import scope, scopes_disabled

from absences.models import (
    ContactAttempt,
    Report,
    SchoolAbsenceSettings,
    Task,
)
from absences.selectors.report_trust import doubts_about
from absences.services import evidence, leave_decisions
from absences.services.evidence import EvidenceRefused
from accounts.models import School, User
from letters.delivery.mail import MailBackEnd
from letters.delivery.port import Port
from letters.models import Message
from letters.services import messages, sending
from registers.models import ClassGroup, Pupil, PupilContact, Session
from tests.absences.intake_world import give_terms, mark
from tests.absences.kept_world import Kept, asked_twice, counts, kept_of, staff_addresses, words_of
from tests.absences.parents_world import EARLY, FIRST_HELD, LAST_HELD, TUESDAY
from tests.cast import SignIn, person
from tests.factories.absences import ReportFactory, TaskFactory
from tests.factories.absences_calls import ContactAttemptFactory
from tests.factories.absences_evidence import EvidenceRequestFactory
from tests.factories.registers import (
    ClassGroupFactory,
    ContactFactory,
    held_sessions,
    london,
    pupil_in_class,
)

pytestmark = pytest.mark.django_db


PARTS = ("day", "month", "year")


@pytest.fixture(autouse=True)
def ten_past_eight() -> Any:
    """Tuesday 11 November 2025, ten past eight."""
    with time_machine.travel(EARLY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def kept(parent: User, pupil: Pupil, school: School) -> Kept:
    """A mother told of an illness, asked for leave, sent photos and got a letter."""
    return kept_of(parent, pupil, school)


# --- messages -----------------------------------------------------------------------------------------------


def queued(kept: Kept, by: User, **options: Any) -> Message | None:
    with scope(school=kept.pupil.school):
        return messages.queue(
            kept.pupil.school,
            key="test:1",
            kind="test",
            to=kept.contact,
            pupil=kept.pupil,
            subject="About an absence",
            body="Xanthippe Quillfeather is not at school.",
            by=by,
            at=EARLY,
            **options,
        )


class TestAMessage:
    @pytest.fixture
    def port(self, settings: Any) -> Port:
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        return Port({"email": MailBackEnd(sender="rollcall@school.example")})

    @pytest.mark.parametrize("change", [{"court_order_restricts": True}, None], ids=["order", "no contact"])
    def test_that_waits_does_not_go_to_somebody_who_may_not_hear_of_the_child_any_more(
        self, kept: Kept, office: User, port: Port, change: dict[str, bool] | None
    ) -> None:
        """An order that comes in the night stops the text that waits for the morning."""
        message = queued(kept, office)
        assert message is not None
        links = PupilContact._base_manager.filter(pupil=kept.pupil, contact=kept.contact)
        links.update(**change) if change else links.delete()

        with scopes_disabled():
            state = sending.send(message.pk, port=port, at=EARLY + timedelta(minutes=1), luck=0.5)

        message.refresh_from_db()
        assert (state, message.state) == ("failed", "failed")
        assert message.failure == "This person may not be told of the pupil any more."
        assert mail.outbox == []
        assert Message._base_manager.filter(instead_of=message).count() == 0

    def test_that_waits_goes_to_a_parent_for_whom_nothing_changed(
        self, kept: Kept, office: User, port: Port
    ) -> None:
        message = queued(kept, office)
        assert message is not None

        with scopes_disabled():
            assert sending.send(message.pk, port=port, at=EARLY, luck=0.5) == "sent"
        assert [each.to for each in mail.outbox] == [["her-own@family.example"]]

    def test_is_not_made_for_somebody_kept_away(self, kept: Kept, office: User) -> None:
        PupilContact._base_manager.filter(pupil=kept.pupil).update(court_order_restricts=True)

        assert queued(kept, office) is None
        assert Message._base_manager.count() == 0

    def test_of_a_request_for_proof_names_nobody_in_its_subject(
        self, kept: Kept, office: User, school: School
    ) -> None:
        """A subject stands on a locked screen, and in the mailbox of whoever shares it."""
        with scope(school=school):
            row = EvidenceRequestFactory(pupil=kept.pupil, rule="long_illness")
            evidence.ask(
                row,
                to=kept.contact,
                way="message",
                due_on=date(2025, 11, 20),
                words="",
                version=row.version,
                by=office,
                at=EARLY,
            )
            message = Message.objects.get()
        assert message.subject == "Please send proof of an absence"
        assert kept.pupil.forename in message.body

    def test_of_a_decision_on_leave_names_nobody_in_its_subject(
        self, kept: Kept, head: User, school: School
    ) -> None:
        with scope(school=school):
            decision = leave_decisions.Decision(
                outcome="refuse", note="Weighed.", told="Not a rare occasion."
            )
            leave_decisions.decide(
                [(kept.leave, kept.leave.version)], decision, by=head, at=EARLY, position="Headteacher"
            )
            message = Message.objects.get()
        assert message.subject == f"Your request for leave {kept.leave.reference}"
        assert "Not a rare occasion" not in message.body

    def test_of_proof_cannot_be_asked_of_another_family(
        self, kept: Kept, office: User, school: School, sign_in: SignIn
    ) -> None:
        stranger = ContactFactory(school=school, email="stranger@family.example")
        row = EvidenceRequestFactory(pupil=kept.pupil, rule="long_illness")
        answer = sign_in(office).post(
            f"/s/{school.key}/absences/evidence/{row.pk}/ask/",
            {
                "ask-contact": str(stranger.pk),
                "ask-way": "message",
                "ask-due_on_day": "20",
                "ask-due_on_month": "11",
                "ask-due_on_year": "2025",
                "ask-words": "Please.",
                "version": "1",
            },
        )

        assert answer.status_code == 422
        assert Message._base_manager.count() == 0
        with scope(school=school), pytest.raises(EvidenceRefused):
            evidence.ask(
                row,
                to=stranger,
                way="message",
                due_on=date(2025, 11, 20),
                words="",
                version=row.version,
                by=office,
                at=EARLY,
            )
        assert Message._base_manager.count() == 0


# --- staff --------------------------------------------------------------------------------------------------


class TestStaffOfAnotherSchool:
    @pytest.fixture
    def vale(self, other_school: School) -> School:
        """The other school is open too, with a class of its own."""
        held_sessions(other_school, FIRST_HELD, LAST_HELD)
        give_terms(other_school, "werrington")
        return other_school

    @pytest.fixture
    def theirs(self, vale: School, sign_in: SignIn) -> Client:
        return sign_in(person(vale, "head", name="Otis Other"))

    def test_open_and_change_nothing_by_its_id(self, kept: Kept, theirs: Client, vale: School) -> None:
        with scopes_disabled():
            task = TaskFactory(pupil=kept.pupil)
            attempt = ContactAttemptFactory(pupil=kept.pupil)
        before = counts()
        base = f"/s/{vale.key}/absences"
        more = [f"{base}/tasks/{task.pk}/", f"{base}/attempts/{attempt.pk}/strike/"]

        for address in [*staff_addresses(kept), *staff_addresses(kept, at=vale.key), *more]:
            for answer in asked_twice(theirs, address):
                assert answer.status_code in (404, 405), address
                page = words_of(answer)
                assert not [words for words in kept.said if words in page], address
        assert counts() == before
        task = Task._base_manager.get(pk=task.pk)
        assert task.closed_at is None
        for row, state in ((kept.report, "waiting"), (kept.leave, "waiting"), (kept.asked, "asked")):
            row.refresh_from_db()
            assert row.state == state

    def test_write_down_no_report_of_a_child_that_is_not_theirs(
        self, kept: Kept, theirs: Client, vale: School
    ) -> None:
        own = pupil_in_class(ClassGroupFactory(school=vale, academic_year=2025))
        base = f"/s/{vale.key}/absences/reports"
        posted = {
            "submission": str(kept.report.submission),
            "act": "accept",
            "pupils": [str(own.pk), str(kept.pupil.pk)],
            "contact": str(kept.contact.pk),
            "caller": "Gran",
            "reason": "illness",
            **{f"first_day_{part}": value for part, value in zip(PARTS, ("11", "11", "2025"), strict=True)},
            "first_half": "AM",
            "last_half": "PM",
            "channel": "phone",
            "received_at": "8:05",
            **{f"received_on_{part}": value for part, value in zip(PARTS, ("11", "11", "2025"), strict=True)},
        }
        answer = theirs.post(f"{base}/new/", posted, follow=True)

        assert not [words for words in kept.said if words in words_of(answer)]
        assert Report._base_manager.filter(pupil=kept.pupil).count() == 1
        assert not Report._base_manager.filter(school=vale, contact=kept.contact).exists()
        callers = theirs.get(f"{base}/callers/", {"pupil": [kept.pupil.pk]})
        assert "Pat Parent" not in words_of(callers)
        opened = theirs.get(f"{base}/new/", {"pupil": [kept.pupil.pk]})
        assert not [words for words in kept.said if words in words_of(opened)]

    def test_accept_none_of_its_reports_among_the_trusted(
        self, kept: Kept, theirs: Client, vale: School
    ) -> None:
        answer = theirs.post(
            f"/s/{vale.key}/absences/reports/trusted/", {"report": [f"{kept.report.pk}-1"]}, follow=True
        )

        assert not [words for words in kept.said if words in words_of(answer)]
        kept.report.refresh_from_db()
        assert (kept.report.state, kept.report.version) == ("waiting", 1)

    def test_write_to_none_of_its_contacts(self, kept: Kept, theirs: Client, vale: School) -> None:
        own = pupil_in_class(ClassGroupFactory(school=vale, academic_year=2025))
        base = f"/s/{vale.key}/absences/2025-11-11/pupils/{own.pk}"

        assert theirs.post(f"{base}/text/", {"contact": kept.contact.pk}).status_code == 404
        answer = theirs.post(
            f"{base}/attempt/",
            {
                "who": f"c{kept.contact.pk}",
                "channel": "call",
                "address": "01632 960777",
                "outcome": "no_answer",
                "also": [str(kept.pupil.pk)],
                "entry": str(uuid4()),
            },
        )

        assert answer.status_code == 422
        assert not [words for words in kept.said[:5] if words in words_of(answer)]
        assert (Message._base_manager.count(), ContactAttempt._base_manager.count()) == (0, 0)


class TestATeacher:
    def test_reads_no_report_no_leave_no_proof_and_no_file(
        self, kept: Kept, class_teacher: User, sign_in: SignIn
    ) -> None:
        """What families tell of health and home is for those who follow absences up."""
        client = sign_in(class_teacher)
        base = f"/s/{kept.pupil.school.key}/absences"
        lists = ("", "reports/", "leave/", "evidence/", "tasks/", "records/", "contact-health/")
        lists += ("contact-health.csv", "2025-11-11/paper/")

        for address in [*staff_addresses(kept), *(f"{base}/{path}" for path in lists)]:
            answer = client.get(address)
            assert answer.status_code in (403, 405), address
            page = words_of(answer)
            assert not [words for words in kept.said if words in page], address


class TestTheNumberOfSomebodyKeptAway:
    def test_is_not_among_the_calls_that_were_made_before(
        self, kept: Kept, school: School, office: User, sign_in: SignIn
    ) -> None:
        """It stands in the pupil's log for ever; beside the telephone it would be called again."""
        with scopes_disabled():
            ContactAttemptFactory(
                pupil=kept.pupil, contact=kept.contact, address="01632 960777", on=TUESDAY, at=EARLY
            )
            Report.objects.filter(pk=kept.report.pk).update(state="withdrawn")
        PupilContact._base_manager.filter(pupil=kept.pupil).update(court_order_restricts=True)

        with scopes_disabled():
            session = Session.objects.get(school=school, on=TUESDAY, half="AM")
            mark(kept.pupil, session, "N", by=office)
        client = sign_in(office)
        with time_machine.travel(london(TUESDAY, time(10, 30)), tick=False):
            pages = [
                words_of(client.get(f"/s/{school.key}/absences/{path}"))
                for path in (f"?pupil={kept.pupil.pk}", "2025-11-11/paper/")
            ]

        for page in pages:
            assert "Quillfeather" in page
            assert "960777" not in page


class TestAReportAfterMidnight:
    def test_is_of_the_day_that_clocks_in_school_show(self, school: School, class_group: ClassGroup) -> None:
        """At twenty past midnight in summer it is still yesterday in the time that databases keep."""
        held_sessions(school, date(2025, 9, 8), date(2025, 9, 26))
        terms = give_terms(school)
        with scopes_disabled():
            ahead = SchoolAbsenceSettings._meta.get_field("days_ahead").default
            first_day = date(2025, 9, 9) + timedelta(days=ahead)
            made = [
                ReportFactory(
                    pupil=pupil_in_class(class_group),
                    received_at=london(date(2025, 9, 9), clock),
                    first_day=first_day,
                    last_day=first_day,
                ).pk
                for clock in (time(0, 20), time(12, 0))
            ]
            rows = list(Report.objects.filter(pk__in=made).select_related("school", "pupil").order_by("pk"))
            found = doubts_about(school, rows, terms=terms, on=date(2025, 9, 9))

        assert rows[0].received_at.date() == date(2025, 9, 8)
        assert found[made[0]] == found[made[1]]
