"""What comes in: checks, one report for each child, what registers open with at once."""

import re
from collections.abc import Iterator
from datetime import date, time
from typing import Any
from uuid import uuid4

import pytest
from django_scopes import scope

from absences.models import Report, ReportEvent
from absences.services import reports
from absences.services.reports import ReportRefused
from accounts.models import School, User
from registers.models import AbsenceWord, ClassGroup, Contact, Enrolment, KnownAhead, Mark, Pupil, Session
from registers.selectors.registers import register_page
from tests.absences.intake_world import (
    FRIDAY,
    MONDAY,
    NEXT_MONDAY,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    at,
    give_terms,
    send,
    told,
)
from tests.factories.registers import (
    ContactFactory,
    PupilContactFactory,
    PupilFactory,
    held_sessions,
    pupil_in_class,
)


@pytest.fixture(autouse=True)
def _open(school: School) -> Iterator[None]:
    with scope(school=school):
        give_terms(school)
        held_sessions(school, date(2025, 11, 3), date(2025, 12, 5))
        yield


@pytest.fixture
def contact(parent: User) -> Contact:
    return Contact.objects.get(user=parent)


def morning(pupil: Pupil) -> Session:
    return Session.objects.get(school=pupil.school, on=TUESDAY, half="AM")


def written() -> tuple[int, ...]:
    return (
        Report.objects.count(),
        ReportEvent.objects.count(),
        KnownAhead.objects.count(),
        AbsenceWord.objects.count(),
        Mark.objects.count(),
    )


class TestAReportThatComesIn:
    def test_is_kept_as_it_was_told(self, pupil: Pupil, parent: User, contact: Contact) -> None:
        report = send(pupil, told(note=" a cold ", last=WEDNESDAY), by=parent, contact=contact)

        report.refresh_from_db()
        assert (report.first_day, report.last_day, report.reason, report.note, report.code) == (
            TUESDAY,
            WEDNESDAY,
            "illness",
            "a cold",
            "I",
        )
        assert (report.state, report.version, report.in_time) == ("waiting", 1, True)
        assert [event.what for event in report.events.order_by("pk")] == ["received", "prefilled"]

    def test_has_a_reference_that_nobody_misreads(self, pupil: Pupil, parent: User) -> None:
        references = {send(pupil, told(), by=parent).reference for _ in range(20)}

        assert len(references) == 20
        assert all(re.fullmatch(r"[2-9A-Z]{3}-[2-9A-Z]{3}", each) for each in references)
        assert not set("01OIL").intersection("".join(references))

    def test_counts_once_however_often_it_is_sent(
        self, school: School, pupil: Pupil, parent: User, contact: Contact
    ) -> None:
        key, said = uuid4(), told(contact=contact)
        first = reports.submit(
            school, [pupil], said, submission=key, by=parent, at=said.received_at, on=TUESDAY
        )
        before = written()

        again = reports.submit(
            school, [pupil], said, submission=key, by=parent, at=at(TUESDAY, "8:25"), on=TUESDAY
        )

        assert again == first
        assert written() == before

    def test_is_one_for_each_child_in_the_order_given(
        self, school: School, class_group: ClassGroup, pupil: Pupil, parent: User
    ) -> None:
        younger = pupil_in_class(class_group, surname="Ashdown", forename="Ash")
        said = told()

        made = reports.submit(
            school, [younger, pupil], said, submission=uuid4(), by=parent, at=said.received_at, on=TUESDAY
        )

        assert [report.pupil for report in made] == [younger, pupil]
        assert len({report.submission for report in made}) == 1
        assert len({report.reference for report in made}) == 2


class TestWhatCannotStand:
    @pytest.mark.parametrize(
        ("said", "field", "words"),
        [
            (told(TUESDAY, last=MONDAY), "last_day", "The last day cannot be before the first day"),
            (told(TUESDAY, first_half="PM", last_half="AM"), "last_day", "The last day cannot be before"),
            (
                told(date(2025, 11, 15), told_on=FRIDAY),
                "first_day",
                "The school is closed then: choose a school day",
            ),
            (told(TUESDAY, last=NEXT_MONDAY), "", ""),  # five school days: as many as may be
            (
                told(TUESDAY, last=date(2025, 11, 18)),
                "last_day",
                "Report 5 school days or fewer at once, and call the school office if it lasts longer",
            ),
            (told(date(2025, 11, 25), told_on=TUESDAY), "", ""),
            (
                told(date(2025, 11, 26), told_on=TUESDAY),
                "first_day",
                "Choose a day in the next 14 days",
            ),
            (
                told(date(2025, 11, 3), told_on=date(2025, 11, 18)),
                "first_day",
                "This is too long ago to report here: call the school office",
            ),
            (told(reason="unheard_of"), "reason", "Choose a reason"),
            (
                told(reason="holiday"),
                "reason",
                "Ask for leave instead: the school decides about holidays before they begin",
            ),
            (told(reason="appointment"), "appointment_at", "Enter the time of the appointment"),
            (told(reason="appointment", appointment_at=time(10, 15)), "", ""),
            (
                told(expected_return=TUESDAY),
                "expected_return",
                "The day back at school must be after the last day of absence",
            ),
            (told(last_half="AM", expected_return=TUESDAY), "", ""),
            (told(channel="pigeon", caller="Pat"), "channel", "Choose how the school was told"),
            (told(channel="phone"), "caller", "Say who told the school"),
        ],
    )
    def test_is_said_for_each_field(
        self, pupil: Pupil, parent: User, said: Any, field: str, words: str
    ) -> None:
        before = written()
        if not field:
            assert send(pupil, said, by=parent).state == "waiting"
            return

        with pytest.raises(ReportRefused) as refused:
            send(pupil, said, by=parent)

        assert list(refused.value.faults) == [field]
        assert refused.value.faults[field].startswith(words)
        assert written() == before

    def test_is_a_child_who_is_not_on_roll_then(self, pupil: Pupil, parent: User) -> None:
        Enrolment.objects.filter(pupil=pupil).update(leaving_on=TUESDAY)

        assert send(pupil, told(TUESDAY), by=parent).state == "waiting"
        with pytest.raises(ReportRefused) as refused:
            send(pupil, told(TUESDAY, last=WEDNESDAY), by=parent)

        assert refused.value.faults == {"pupils": "Robin Ashdown is not on roll on these days"}

    def test_is_a_time_to_come(self, school: School, pupil: Pupil, office: User) -> None:
        said = told(channel="phone", caller="Pat Parent", clock="8:20")

        with pytest.raises(ReportRefused) as refused:
            reports.submit(
                school,
                [pupil],
                said,
                submission=uuid4(),
                by=office,
                at=at(TUESDAY, "8:10"),
                on=TUESDAY,
            )

        assert refused.value.faults == {"received_at": "The time cannot be in the future"}

    def test_is_no_child_at_all_or_one_of_another_school(
        self, school: School, other_school: School, office: User
    ) -> None:
        stranger = PupilFactory(school=other_school)
        for pupils in ([], [stranger]):
            with pytest.raises(ReportRefused) as refused:
                reports.submit(
                    school,
                    pupils,
                    told(),
                    submission=uuid4(),
                    by=office,
                    at=at(TUESDAY, "8:30"),
                    on=TUESDAY,
                )

            assert refused.value.faults == {"pupils": "Choose at least one child"}
        assert Report.objects.count() == 0

    def test_lets_staff_write_down_what_families_may_not(self, pupil: Pupil, office: User) -> None:
        said = told(TUESDAY, last=date(2025, 12, 5), channel="phone", caller="Pat Parent", reason="holiday")

        assert send(pupil, said, by=office).code == "G"


class TestAReportTakenAtItsWord:
    def test_fills_in_the_register_at_once(
        self, class_group: ClassGroup, pupil: Pupil, parent: User, contact: Contact
    ) -> None:
        report = send(pupil, told(), by=parent, contact=contact)

        page = register_page(class_group, morning(pupil))
        (row,) = page.rows
        assert row.expected is not None
        assert (row.expected.code, row.expected.reason) == ("I", "Reported by a parent: illness")
        assert report.known_ahead is not None
        assert Mark.objects.count() == 0

    @pytest.mark.parametrize(
        ("change", "what"),
        [
            ({"parental_responsibility": False}, "no responsibility"),
            ({"court_order_restricts": True}, "a court order"),
            ({"may_sign_in": False}, "may not sign in"),
        ],
    )
    def test_is_not_one_of_a_contact_who_may_not_speak_for_the_child(
        self, pupil: Pupil, parent: User, contact: Contact, change: dict[str, bool], what: str
    ) -> None:
        contact.pupil_contacts.update(**change)

        assert send(pupil, told(), by=parent, contact=contact).known_ahead is None, what

    @pytest.mark.parametrize("reason", ["other", "religious", "overslept", "bereavement"])
    def test_is_not_one_that_the_school_must_judge(
        self, class_group: ClassGroup, pupil: Pupil, parent: User, contact: Contact, reason: str
    ) -> None:
        report = send(pupil, told(reason=reason), by=parent, contact=contact)

        assert report.known_ahead is None
        assert register_page(class_group, morning(pupil)).rows[0].expected is None
        word = AbsenceWord.objects.get(about=f"report:{report.pk}")
        assert word.settled_at is None

    def test_is_none_that_another_report_contradicts_nor_is_that_one_any_more(
        self, school: School, pupil: Pupil, parent: User, contact: Contact
    ) -> None:
        other = ContactFactory(school=school, name="Peter Parent")
        PupilContactFactory(pupil=pupil, contact=other, relationship="father", priority=2)
        first = send(pupil, told(last=THURSDAY), by=parent, contact=contact)
        assert first.known_ahead is not None

        second = send(
            pupil, told(WEDNESDAY, reason="hospital", appointment_at=time(9, 0)), by=parent, contact=other
        )

        first.refresh_from_db()
        assert second.known_ahead is None
        assert first.known_ahead is not None
        assert first.known_ahead.withdrawn_at is not None
        assert first.state == "waiting"
