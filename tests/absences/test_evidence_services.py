"""Asking for proof, receiving it and judging it, school by school."""

from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Any

import pytest
from django_scopes import scopes_disabled

from absences.models import (
    Attachment,
    EvidenceDemand,
    EvidenceRequest,
    EvidenceState,
    ReportState,
    Task,
    TaskKind,
    UnauthorisingNotice,
)
from absences.selectors.evidence import holding, open_requests, why_held
from absences.services import evidence, notices
from absences.services.attachments import AttachmentsRefused
from absences.services.evidence import EvidenceChangedMeanwhile, EvidenceRefused, Span
from absences.services.evidence_proposals import propose
from accounts.errors import DomainError
from accounts.models import Event, School, User
from letters.models import Message
from registers.models import Contact, Pupil
from tests.absences.evidence_world import class_of, code_of, days, ill, pupil_of, shipped, under
from tests.factories.absences import ReportFactory
from tests.factories.absences_evidence import (
    EvidenceDemandFactory,
    EvidenceRequestFactory,
    picture,
    sent,
    stored_attachment,
)
from tests.factories.accounts import SchoolFactory, UserFactory
from tests.factories.registers import ContactFactory, PupilContactFactory, london

pytestmark = pytest.mark.django_db
MONDAY = date(2024, 11, 11)
FRIDAY = date(2024, 11, 15)
NEXT_MONDAY = date(2024, 11, 18)
AT = london(NEXT_MONDAY, time(19, 0))


@pytest.fixture(autouse=True)
def _everything_in_sight() -> Iterator[None]:
    with scopes_disabled():
        yield


@pytest.fixture
def officer() -> User:
    made: User = UserFactory(name="Attendance Officer")
    return made


def school_under(key: str) -> School:
    made: School = SchoolFactory(key=key.replace("_", "-"))
    under(made, key)
    return made


@pytest.fixture
def school() -> School:
    return school_under("lunts_heath")


@pytest.fixture
def pupil(school: School) -> Pupil:
    return pupil_of(class_of(school))


@pytest.fixture
def parent(pupil: Pupil) -> Contact:
    made: Contact = ContactFactory(school=pupil.school, name="Alex Parent", email="alex@example.org")
    PupilContactFactory(pupil=pupil, contact=made, priority=1)
    return made


@pytest.fixture
def request_(pupil: Pupil, officer: User) -> EvidenceRequest:
    made: EvidenceRequest = EvidenceRequestFactory(
        pupil=pupil, first_day=MONDAY, last_day=FRIDAY, proposed_by=officer
    )
    return made


def state_of(request: EvidenceRequest) -> tuple[str, int]:
    request.refresh_from_db()
    return request.state, request.version


def ask(request: EvidenceRequest, parent: Contact, by: User, **values: Any) -> EvidenceRequest:
    return evidence.ask(
        request,
        **{
            "to": parent,
            "way": "message",
            "due_on": NEXT_MONDAY + timedelta(days=10),
            "words": "",
            "version": request.version,
            "by": by,
            "at": AT,
            **values,
        },
    )


class TestLuntsHeath:
    def test_LUN_S4_proposes_on_the_sixth_day_and_lets_marks_change_after_the_notice(
        self, school: School, pupil: Pupil, parent: Contact, officer: User
    ) -> None:
        """002:175-177, LUN-08: I on 11 to 15 Nov nothing; the sixth day a request; then the notice first."""
        sessions = days(MONDAY, NEXT_MONDAY, school)
        ill(pupil, [one for (on, _), one in sessions.items() if on <= FRIDAY], by=officer)
        assert propose(school, on=FRIDAY, by=officer, at=london(FRIDAY, time(18, 50))) == 0

        ill(pupil, [sessions[NEXT_MONDAY, "AM"]], by=officer)
        assert propose(school, on=NEXT_MONDAY, by=officer, at=AT) == 1

        asked = EvidenceRequest.objects.get()
        assert (asked.rule, asked.first_day, asked.last_day, asked.state, asked.why) == (
            "long_illness",
            MONDAY,
            NEXT_MONDAY,
            "proposed",
            "Ill for 6 school days in a row; the policy asks for proof after 5.",
        )
        task = Task.objects.get()
        assert (task.kind, task.cause, task.closed_at) == (TaskKind.EVIDENCE, f"evidence:{asked.pk}", None)

        asked = ask(asked, parent, officer)
        later = AT + timedelta(days=11)
        asked = evidence.judge(
            asked, satisfied=False, why="Nothing came", version=asked.version, by=officer, at=later
        )
        with pytest.raises(DomainError, match="First tell the parent"):
            notices.unauthorise(asked, by=officer, at=later)
        assert code_of(pupil, sessions[MONDAY, "AM"]) == "I"

        notices.log_notice(
            pupil,
            notices.Told(parent, "phone", later, "Will be unauthorised", MONDAY, NEXT_MONDAY),
            by=officer,
            at=later,
            request=asked,
        )
        saved = notices.unauthorise(asked, by=officer, at=later, position="Office")
        assert saved.changed == 11
        assert code_of(pupil, sessions[MONDAY, "AM"]) == "O"
        assert code_of(pupil, sessions[NEXT_MONDAY, "AM"]) == "O"

    def test_proposes_once_and_stretches_what_is_open(
        self, school: School, pupil: Pupil, officer: User
    ) -> None:
        sessions = days(MONDAY, NEXT_MONDAY + timedelta(days=1), school)
        ill(pupil, [one for (on, _), one in sessions.items() if on <= NEXT_MONDAY], by=officer)
        assert propose(school, on=NEXT_MONDAY, by=officer, at=AT) == 1
        assert propose(school, on=NEXT_MONDAY, by=officer, at=AT) == 0

        tuesday = NEXT_MONDAY + timedelta(days=1)
        ill(pupil, [sessions[tuesday, "AM"]], by=officer)
        assert propose(school, on=tuesday, by=officer, at=AT + timedelta(days=1)) == 0
        assert EvidenceRequest.objects.get().last_day == tuesday
        assert Task.objects.count() == 1

    def test_does_not_ask_for_what_came_with_the_report(
        self, school: School, pupil: Pupil, officer: User
    ) -> None:
        ill(pupil, days(MONDAY, NEXT_MONDAY, school).values(), by=officer)
        report = ReportFactory(pupil=pupil, first_day=MONDAY, last_day=NEXT_MONDAY, recorded_by=officer)
        file = stored_attachment(report=report, uploaded_by=officer, uploaded_at=AT)

        assert propose(school, on=NEXT_MONDAY, by=officer, at=AT) == 1

        came = EvidenceRequest.objects.get()
        assert (came.state, came.report, came.received_by, came.received_at) == (
            "received",
            report,
            officer,
            file.uploaded_at,
        )
        assert not Task.objects.exists()


class TestWerrington:
    def test_speaks_with_the_parent_before_it_asks_on_doubt(self, officer: User) -> None:
        """000:272: a genuine concern is talked over with the parents first."""
        pupil = pupil_of(class_of(school_under("werrington")))
        parent = ContactFactory(school=pupil.school, email="w@example.org")
        PupilContactFactory(pupil=pupil, contact=parent)
        doubt = evidence.raise_request(
            pupil, "doubt", Span(MONDAY, MONDAY), why="Seen in town", by=officer, at=AT
        )

        with pytest.raises(EvidenceRefused, match="speak with the parent first"):
            ask(doubt, parent, officer)
        assert state_of(doubt) == ("proposed", 1)
        assert not Message.objects.exists()

        doubt = evidence.log_talk(doubt, words="Agreed to send a card", version=1, by=officer, at=AT)
        assert ask(doubt, parent, officer).state == EvidenceState.ASKED


class TestStrathmore:
    def test_needs_proof_of_every_illness_once_the_step_is_approved(self, officer: User) -> None:
        """001:362: after Letter 2 with no improvement every illness absence needs proof."""
        school = school_under("strathmore")
        pupil = pupil_of(class_of(school))
        evidence.demand(
            pupil,
            cause="step:1",
            codes=("I",),
            span=Span(MONDAY, date(2025, 7, 31)),
            source="str_3",
            by=officer,
            at=AT,
        )
        ill(pupil, [days(MONDAY, MONDAY, school)[MONDAY, "AM"]], by=officer)
        report = ReportFactory(
            pupil=pupil, first_day=MONDAY, last_day=MONDAY, code="I", state=ReportState.WAITING
        )

        assert propose(school, on=MONDAY, by=officer, at=AT) == 1

        asked = EvidenceRequest.objects.get()
        assert (asked.rule, asked.source, asked.report) == ("after_letter", "str_3", report)
        assert list(holding([pupil.pk], [MONDAY])) == [pupil.pk]
        assert why_held([report], terms=shipped("strathmore"), days=[MONDAY]) == {
            report.pk: "Every illness of this pupil needs proof, and none was sent."
        }

    def test_needs_it_no_longer_once_the_demand_is_ended(self, officer: User) -> None:
        made = EvidenceDemandFactory()
        on = made.first_day
        assert holding([made.pupil_id], [on]) != {}

        evidence.end_demand(made, why="Attendance is 97 %", by=officer, at=AT)

        assert holding([made.pupil_id], [on]) == {}
        with pytest.raises(EvidenceRefused, match="ended already"):
            evidence.end_demand(made, why="Again", by=officer, at=AT)

    def test_is_demanded_once_for_a_step(self, pupil: Pupil, officer: User) -> None:
        for _ in range(2):
            evidence.demand(pupil, cause="step:7", codes=("I",), span=Span(MONDAY, FRIDAY), by=officer, at=AT)

        assert EvidenceDemand.objects.count() == 1
        assert Event.objects.filter(kind="evidence.demanded").count() == 1

    def test_proposes_proof_of_an_appointment(self, officer: User) -> None:
        """001:183: medical evidence needs to be given to the school office."""
        school = school_under("strathmore")
        pupil = pupil_of(class_of(school))
        ill(pupil, [days(MONDAY, MONDAY, school)[MONDAY, "AM"]], by=officer, code="M")

        assert propose(school, on=MONDAY, by=officer, at=AT) == 1
        assert EvidenceRequest.objects.get().rule == "appointment"


class TestAPersonWhoRaisesARequest:
    @pytest.mark.parametrize(
        ("key", "rule"),
        [("welbourn", "several_illnesses"), ("leedon", "appointment"), ("lunts_heath", "leave_early")],
    )
    def test_cannot_ask_for_what_the_policy_does_not(self, key: str, rule: str, officer: User) -> None:
        pupil = pupil_of(class_of(school_under(key)))

        with pytest.raises(EvidenceRefused) as refused:
            evidence.raise_request(pupil, rule, Span(MONDAY, MONDAY), why="So", by=officer, at=AT)

        assert (refused.value.field, refused.value.message) == (
            "rule",
            "The school’s policy does not ask for proof in such a case",
        )
        assert not EvidenceRequest.objects.exists()

    @pytest.mark.parametrize(
        ("span", "why", "field"),
        [
            (Span(MONDAY, MONDAY), "  ", "why"),
            (Span(MONDAY, MONDAY), "x" * 301, "why"),
            (Span(FRIDAY, MONDAY), "So", "last_day"),
        ],
    )
    def test_says_which_days_and_why(
        self, span: Span, why: str, field: str, pupil: Pupil, officer: User
    ) -> None:
        with pytest.raises(EvidenceRefused) as refused:
            evidence.raise_request(pupil, "doubt", span, why=why, by=officer, at=AT)

        assert refused.value.field == field
        assert not EvidenceRequest.objects.exists()

    def test_raises_an_absence_once(self, pupil: Pupil, officer: User) -> None:
        evidence.raise_request(pupil, "doubt", Span(MONDAY, FRIDAY), why="So", by=officer, at=AT)

        with pytest.raises(EvidenceRefused, match="proposed already"):
            evidence.raise_request(pupil, "doubt", Span(MONDAY, FRIDAY), why="So", by=officer, at=AT)


class TestAsking:
    def test_writes_to_the_parent_and_closes_the_task(
        self, request_: EvidenceRequest, parent: Contact, officer: User
    ) -> None:
        evidence.note_proposed(request_, by=officer, at=AT)

        ask(request_, parent, officer)

        message = Message.objects.get()
        assert (message.contact, message.pupil, message.kind) == (
            parent,
            request_.pupil,
            "evidence_request",
        )
        assert "You do not need to pay for a doctor’s letter." in message.body
        assert state_of(request_) == ("asked", 2)
        assert request_.asked_how == "Alex Parent, by message"
        assert Task.objects.get().outcome == "Asked for the proof."

    def test_by_message_is_refused_where_none_arrives(self, request_: EvidenceRequest, officer: User) -> None:
        unreachable = ContactFactory(school=request_.school, email="", phone="")
        PupilContactFactory(pupil=request_.pupil, contact=unreachable)

        with pytest.raises(EvidenceRefused, match="No message can reach this person"):
            ask(request_, unreachable, officer)

        assert state_of(request_) == ("proposed", 1)

    def test_in_person_sends_nothing(self, request_: EvidenceRequest, parent: Contact, officer: User) -> None:
        ask(request_, parent, officer, way="in_person")

        assert not Message.objects.exists()
        assert state_of(request_) == ("asked", 2)

    def test_by_a_day_that_is_past_is_refused(
        self, request_: EvidenceRequest, parent: Contact, officer: User
    ) -> None:
        with pytest.raises(EvidenceRefused, match="cannot be past"):
            ask(request_, parent, officer, due_on=FRIDAY)

        assert state_of(request_) == ("proposed", 1)

    def test_is_done_by_the_first_of_two_people(
        self, request_: EvidenceRequest, parent: Contact, officer: User
    ) -> None:
        ask(request_, parent, officer)

        with pytest.raises(EvidenceChangedMeanwhile, match="it is “asked for” now"):
            ask(request_, parent, UserFactory())

        assert Message.objects.count() == 1


class TestReceiving:
    def test_keeps_the_files_and_waits_for_a_person(self, request_: EvidenceRequest, officer: User) -> None:
        evidence.receive(
            request_,
            kind="appointment_card",
            uploads=[sent(picture())],
            version=1,
            by=officer,
            at=AT,
        )

        assert state_of(request_) == ("received", 2)
        assert Attachment.objects.get().evidence_request == request_

    def test_takes_what_was_seen_on_paper(self, request_: EvidenceRequest, officer: User) -> None:
        evidence.receive(request_, kind="letter", is_on_paper=True, version=1, by=officer, at=AT)

        assert state_of(request_) == ("received", 2)
        assert request_.is_on_paper

    def test_of_a_bad_file_changes_nothing(self, request_: EvidenceRequest, officer: User) -> None:
        with pytest.raises(AttachmentsRefused):
            evidence.receive(request_, kind="letter", uploads=[sent(b"MZ")], version=1, by=officer, at=AT)

        assert state_of(request_) == ("proposed", 1)

    def test_of_nothing_is_refused(self, request_: EvidenceRequest, officer: User) -> None:
        with pytest.raises(EvidenceRefused, match="Choose a file"):
            evidence.receive(request_, kind="letter", version=1, by=officer, at=AT)


class TestJudging:
    def test_satisfied_needs_something_that_came(self, request_: EvidenceRequest, officer: User) -> None:
        with pytest.raises(EvidenceRefused, match="cannot be done any more"):
            evidence.judge(request_, satisfied=True, why="Good", version=1, by=officer, at=AT)

        assert state_of(request_) == ("proposed", 1)

    def test_not_satisfied_waits_until_it_is_due(
        self, request_: EvidenceRequest, parent: Contact, officer: User
    ) -> None:
        ask(request_, parent, officer)

        with pytest.raises(EvidenceRefused, match="The family has until"):
            evidence.judge(request_, satisfied=False, why="No", version=2, by=officer, at=AT)

        assert state_of(request_) == ("asked", 2)

    def test_leaves_the_marks_alone(self, request_: EvidenceRequest, school: School, officer: User) -> None:
        session = days(MONDAY, MONDAY, school)[MONDAY, "AM"]
        ill(request_.pupil, [session], by=officer)
        evidence.receive(request_, kind="letter", is_on_paper=True, version=1, by=officer, at=AT)

        evidence.judge(request_, satisfied=False, why="Not theirs", version=2, by=officer, at=AT)

        assert state_of(request_) == ("not_satisfied", 3)
        assert code_of(request_.pupil, session) == "I"

    def test_withdraws_what_is_not_needed_with_the_message_that_waits(
        self, request_: EvidenceRequest, parent: Contact, officer: User
    ) -> None:
        ask(request_, parent, officer)

        evidence.withdraw(request_, why="The hospital called", version=2, by=officer, at=AT)

        assert state_of(request_) == ("withdrawn", 3)
        assert Message.objects.get().state == "withdrawn"

    def test_makes_nothing_unauthorised_that_was_accepted(
        self, request_: EvidenceRequest, officer: User
    ) -> None:
        evidence.receive(request_, kind="letter", is_on_paper=True, version=1, by=officer, at=AT)
        done = evidence.judge(request_, satisfied=True, why="Fine", version=2, by=officer, at=AT)

        with pytest.raises(EvidenceRefused, match="First say that the school is not satisfied"):
            notices.unauthorise(done, by=officer, at=AT)


class TestANotice:
    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"words": " "}, "words"),
            ({"how": "pigeon"}, "how"),
            ({"told_at": AT + timedelta(minutes=1)}, "told_at"),
            ({"last_day": MONDAY - timedelta(days=1)}, "last_day"),
        ],
    )
    def test_that_cannot_be_is_refused(
        self, values: dict[str, Any], field: str, pupil: Pupil, parent: Contact, officer: User
    ) -> None:
        told = {
            "contact": parent,
            "how": "phone",
            "told_at": AT,
            "words": "Said so",
            "first_day": MONDAY,
            "last_day": FRIDAY,
            **values,
        }
        with pytest.raises(EvidenceRefused) as refused:
            notices.log_notice(pupil, notices.Told(**told), by=officer, at=AT)

        assert refused.value.field == field
        assert not UnauthorisingNotice.objects.exists()

    def test_is_for_the_pupils_own_people(self, pupil: Pupil, officer: User) -> None:
        stranger = ContactFactory(school=pupil.school)
        kept_away = ContactFactory(school=pupil.school)
        PupilContactFactory(pupil=pupil, contact=kept_away, court_order_restricts=True)

        for one in (stranger, kept_away):
            with pytest.raises(EvidenceRefused) as refused:
                notices.log_notice(
                    pupil,
                    notices.Told(one, "phone", AT, "Said so", MONDAY, FRIDAY),
                    by=officer,
                    at=AT,
                )
            assert refused.value.field == "contact"
        assert not UnauthorisingNotice.objects.exists()


class TestTheList:
    @pytest.mark.parametrize("count", [3, 30])
    def test_costs_the_same_for_3_and_for_30(
        self, count: int, school: School, django_assert_num_queries: Any
    ) -> None:
        group = class_of(school)
        for _ in range(count):
            EvidenceRequestFactory(pupil=pupil_of(group))

        # open, done, classes, files, notices
        with django_assert_num_queries(5):
            rows = open_requests(school, on=NEXT_MONDAY)

        assert [row.group for row in rows] == ["proposed"] * count


class TestTheNight:
    @pytest.mark.parametrize("count", [3, 12])
    def test_costs_the_same_for_3_and_for_12_who_were_proposed_before(
        self, count: int, school: School, officer: User, django_assert_num_queries: Any
    ) -> None:
        group = class_of(school)
        sessions = list(days(MONDAY, NEXT_MONDAY, school).values())
        for _ in range(count):
            ill(pupil_of(group), sessions, by=officer)
        assert propose(school, on=NEXT_MONDAY, by=officer, at=AT) == count

        # savepoint, terms, absences, requests, demands, release
        with django_assert_num_queries(6):
            assert propose(school, on=NEXT_MONDAY, by=officer, at=AT) == 0
