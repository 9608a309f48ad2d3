"""What the school decides about reports, and what becomes of registers and marks."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest
from django_scopes import scope

from absences.models import Report, ReportEvent
from absences.services import reports
from absences.services.reports import ReportChangedMeanwhile, ReportRefused
from accounts.models import School, User
from letters.models import Message
from registers.models import AbsenceWord, ClassGroup, Contact, KnownAhead, MarkEntry, Pupil, Session
from registers.selectors.registers import register_page
from registers.services.mark_sets import WantedMark, set_marks
from tests.absences.intake_world import (
    MONDAY,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    at,
    close,
    codes,
    give_terms,
    mark,
    send,
    told,
)
from tests.factories.registers import held_sessions

POST = "Office attendance contact"


@pytest.fixture(autouse=True)
def _open(school: School) -> Iterator[None]:
    with scope(school=school):
        give_terms(school)
        yield


@pytest.fixture
def week(school: School) -> dict[str, Session]:
    """The sessions of the week by name: "Tue AM"."""
    sessions = held_sessions(school, date(2025, 11, 3), date(2025, 11, 21))
    return {f"{one.on:%a} {one.half}": one for one in sessions if MONDAY <= one.on <= date(2025, 11, 14)}


@pytest.fixture
def contact(parent: User) -> Contact:
    return Contact.objects.get(user=parent)


def accept(report: Report, *, by: User, clock: str = "8:55", **values: Any) -> Report:
    values.setdefault("version", report.version)
    return reports.accept(report, by=by, at=at(TUESDAY, clock), position=POST, **values)


def refuse(report: Report, *, by: User, clock: str = "9:30", **values: Any) -> Report:
    values.setdefault("note", "We saw the child in town.")
    return reports.refuse(
        report, version=report.version, by=by, at=at(TUESDAY, clock), position=POST, **values
    )


def word(report: Report) -> AbsenceWord:
    return AbsenceWord.objects.get(about=f"report:{report.pk}")


class TestAccepting:
    def test_counts_though_nobody_opens_the_register(
        self, pupil: Pupil, week: dict[str, Session], parent: User, office: User
    ) -> None:
        report = send(pupil, told(reason="religious", last=WEDNESDAY), by=parent)

        accepted = accept(report, by=office)
        for name in ("Tue AM", "Tue PM", "Wed AM", "Wed PM", "Thu AM"):
            close(week[name], by=office)

        assert (accepted.state, accepted.code, accepted.decided_by) == ("accepted", "R", office)
        assert codes(pupil) == {"Tue AM": "R", "Tue PM": "R", "Wed AM": "R", "Wed PM": "R", "Thu AM": "N"}
        assert word(report).settled_at == at(TUESDAY, "8:55")

    def test_turns_n_into_the_code_with_the_reference_as_reason(
        self, pupil: Pupil, week: dict[str, Session], parent: User, contact: Contact, office: User
    ) -> None:
        close(week["Tue AM"], by=office)
        report = send(pupil, told(clock="9:40"), by=parent, contact=contact)
        assert codes(pupil) == {"Tue AM": "N"}

        accept(report, by=office, clock="9:45")

        entry = MarkEntry.objects.filter(pupil=pupil).order_by("batch__number").last()
        assert entry is not None
        assert codes(pupil) == {"Tue AM": "I"}
        assert (entry.old_code, entry.new_code, entry.batch.reason, entry.batch.by_position) == (
            "N",
            "I",
            f"Reported by Pat Parent ({report.reference})",
            POST,
        )
        assert report.in_time is False

    @pytest.mark.parametrize("seen", ["/", "L", "U", "V"])
    def test_leaves_a_mark_alone_by_which_the_child_was_there_and_says_so(
        self, pupil: Pupil, week: dict[str, Session], parent: User, office: User, seen: str
    ) -> None:
        report = send(pupil, told(), by=parent)
        if seen == "V":
            close(week["Tue PM"], by=office)
            set_marks(
                pupil.school,
                [WantedMark(pupil.pk, week["Tue AM"].pk, "V", nature="museum")],
                by=office,
                at=at(TUESDAY, "8:52"),
            )
        else:
            mark(pupil, week["Tue AM"], seen, by=office)

        accept(report, by=office)

        assert codes(pupil)["Tue AM"] == seen
        event = ReportEvent.objects.get(report=report, what="accepted")
        assert event.words == (
            f"As I, Illness. Left alone, because the register says otherwise: Tue 11 Nov AM ({seen})"
        )

    def test_leaves_another_reason_alone_that_somebody_recorded(
        self, pupil: Pupil, week: dict[str, Session], parent: User, office: User
    ) -> None:
        report = send(pupil, told(), by=parent)
        mark(pupil, week["Tue AM"], "M", by=office)

        accept(report, by=office)

        assert codes(pupil) == {"Tue AM": "M"}

    def test_with_another_code_changes_what_the_report_put_there(
        self,
        class_group: ClassGroup,
        pupil: Pupil,
        week: dict[str, Session],
        parent: User,
        contact: Contact,
        office: User,
    ) -> None:
        report = send(pupil, told(last=WEDNESDAY), by=parent, contact=contact)
        close(week["Tue AM"], by=office)
        assert codes(pupil) == {"Tue AM": "I"}

        accept(report, by=office, clock="9:45", code="M")

        assert codes(pupil) == {"Tue AM": "M"}
        (row,) = register_page(class_group, week["Wed PM"]).rows
        assert row.expected is not None
        assert row.expected.code == "M"
        assert KnownAhead.objects.filter(withdrawn_at__isnull=True).count() == 1

    def test_as_unauthorised_counts_once_the_register_has_closed(
        self, school: School, pupil: Pupil, week: dict[str, Session], parent: User, office: User
    ) -> None:
        report = accept(send(pupil, told(reason="overslept"), by=parent), by=office)
        assert report.code == "O"
        close(week["Tue AM"], by=office)
        assert codes(pupil) == {"Tue AM": "N"}

        assert reports.follow_accepted(school, by=office, at=at(TUESDAY, "9:21")) == 1
        assert reports.follow_accepted(school, by=office, at=at(TUESDAY, "9:22")) == 0

        assert codes(pupil) == {"Tue AM": "O"}

    def test_asks_for_the_circumstances_of_a_code_that_needs_them(
        self, pupil: Pupil, week: dict[str, Session], parent: User, office: User
    ) -> None:
        accept(send(pupil, told(reason="transport"), by=parent), by=office)

        ahead = KnownAhead.objects.get()
        assert (ahead.code_id, ahead.nature) == ("Y1", "School transport did not come")

    @pytest.mark.parametrize("code", ["N", "U", "X", "#", "/", "ZZ"])
    def test_refuses_a_code_that_explains_nothing(
        self, pupil: Pupil, week: dict[str, Session], parent: User, office: User, code: str
    ) -> None:
        report = send(pupil, told(), by=parent)

        with pytest.raises(ReportRefused) as refused:
            accept(report, by=office, code=code)

        report.refresh_from_db()
        assert refused.value.faults == {"code": "Choose the code with which the absence is recorded"}
        assert (report.state, report.version) == ("waiting", 1)

    def test_of_two_reports_of_one_session_asks_for_one_code(
        self, pupil: Pupil, week: dict[str, Session], parent: User, office: User
    ) -> None:
        first, second = send(pupil, told(), by=parent), send(pupil, told(reason="religious"), by=parent)
        accept(first, by=office)

        with pytest.raises(ReportRefused) as refused:
            accept(second, by=office)
        agreed = accept(second, by=office, code="I")

        assert refused.value.faults["code"].startswith(
            f"Report {first.reference} was accepted as I for the same session"
        )
        assert agreed.state == "accepted"

    def test_of_a_report_that_somebody_decided_tells_who_it_was(
        self, pupil: Pupil, week: dict[str, Session], parent: User, office: User, champion: User
    ) -> None:
        report = send(pupil, told(), by=parent)
        accept(report, by=office, version=1)
        before = ReportEvent.objects.count()

        with pytest.raises(ReportChangedMeanwhile) as changed:
            reports.refuse(report, version=1, note="No.", by=champion, at=at(TUESDAY, "8:56"), position=POST)

        assert changed.value.message == ("Olive Office accepted this report at 8:55am: nothing was changed.")
        assert changed.value.report.state == "accepted"
        assert ReportEvent.objects.count() == before


class TestAcceptingAllThatAreTrusted:
    def test_takes_those_and_says_why_it_leaves_others(
        self,
        school: School,
        class_group: ClassGroup,
        pupil: Pupil,
        week: dict[str, Session],
        parent: User,
        contact: Contact,
        office: User,
    ) -> None:
        trusted = send(pupil, told(), by=parent, contact=contact)
        doubtful = send(pupil, told(THURSDAY, reason="birthday"), by=parent, contact=contact)
        decided = accept(send(pupil, told(WEDNESDAY, told_on=TUESDAY), by=parent, contact=contact), by=office)

        done = reports.accept_trusted(
            school,
            {trusted.pk: 1, doubtful.pk: 1, decided.pk: 1},
            by=office,
            at=at(TUESDAY, "9:00"),
            position=POST,
        )

        assert [report.pk for report in done.accepted] == [trusted.pk]
        assert done.left == {
            doubtful.pk: "Absences for this reason are usually not authorised.",
            decided.pk: "Decided meanwhile.",
        }


class TestRefusing:
    def test_takes_back_what_the_register_opens_with_and_tells_the_parent_why(
        self,
        class_group: ClassGroup,
        pupil: Pupil,
        week: dict[str, Session],
        parent: User,
        contact: Contact,
        office: User,
    ) -> None:
        report = send(pupil, told(last=WEDNESDAY), by=parent, contact=contact)
        close(week["Tue AM"], by=office)
        assert codes(pupil) == {"Tue AM": "I"}

        refused = refuse(report, by=office)

        assert (refused.state, refused.decision_note) == ("refused", "We saw the child in town.")
        assert codes(pupil) == {"Tue AM": "N"}  # what nobody chose is unexplained again
        assert register_page(class_group, week["Wed AM"]).rows[0].expected is None
        message = Message.objects.get()
        assert (message.contact, message.kind) == (contact, "report_refused")
        assert "We saw the child in town." in message.body

    def test_makes_marks_unauthorised_only_where_the_person_chose_it(
        self, pupil: Pupil, week: dict[str, Session], parent: User, office: User
    ) -> None:
        report = send(pupil, told(reason="other"), by=parent)
        close(week["Tue AM"], by=office)

        refuse(report, by=office, code="O")

        assert codes(pupil) == {"Tue AM": "O"}

    def test_needs_a_reason_that_the_parent_can_read(
        self, pupil: Pupil, week: dict[str, Session], parent: User, office: User
    ) -> None:
        report = send(pupil, told(), by=parent)

        with pytest.raises(ReportRefused) as refused:
            refuse(report, by=office, note="  ")

        report.refresh_from_db()
        assert refused.value.faults == {"decision_note": "Enter why, as the parent will read it"}
        assert (report.state, Message.objects.count()) == ("waiting", 0)


class TestWithdrawing:
    def test_by_the_parent_leaves_the_register_as_if_nothing_had_been_said(
        self,
        class_group: ClassGroup,
        pupil: Pupil,
        week: dict[str, Session],
        parent: User,
        contact: Contact,
    ) -> None:
        report = send(pupil, told(), by=parent, contact=contact)

        withdrawn = reports.withdraw(report, version=1, by=parent, at=at(TUESDAY, "8:30"))

        assert (withdrawn.state, withdrawn.version) == ("withdrawn", 2)
        assert register_page(class_group, week["Tue AM"]).rows[0].expected is None
        assert word(report).settled_at is not None

    def test_by_the_parent_is_refused_once_the_register_was_taken_with_it(
        self, pupil: Pupil, week: dict[str, Session], parent: User, contact: Contact, office: User
    ) -> None:
        report = send(pupil, told(last=WEDNESDAY), by=parent, contact=contact)
        close(week["Tue AM"], by=office)

        for act in (
            lambda: reports.withdraw(report, version=1, by=parent, at=at(TUESDAY, "9:30")),
            lambda: reports.change(report, told(), version=1, by=parent, at=at(TUESDAY, "9:30")),
        ):
            with pytest.raises(ReportRefused) as refused:
                act()
            assert refused.value.message == "The register was taken with this report: call the school office."
        report.refresh_from_db()
        assert (report.state, codes(pupil)) == ("waiting", {"Tue AM": "I"})

    def test_after_acceptance_is_the_schools_to_do(
        self, pupil: Pupil, week: dict[str, Session], parent: User, contact: Contact, office: User
    ) -> None:
        close(week["Tue AM"], by=office)
        report = accept(
            send(pupil, told(clock="9:25", last=WEDNESDAY), by=parent, contact=contact),
            by=office,
            clock="9:30",
        )
        assert codes(pupil) == {"Tue AM": "I"}

        with pytest.raises(ReportChangedMeanwhile) as told_off:
            reports.withdraw(report, version=2, by=parent, at=at(TUESDAY, "9:35"))
        withdrawn = reports.withdraw(
            report,
            version=2,
            by=office,
            at=at(TUESDAY, "9:40"),
            why="The parent rang: a mistake",
            by_school=True,
        )
        close(week["Wed AM"], by=office)

        assert told_off.value.message == ("Olive Office accepted this report at 9:30am: nothing was changed.")
        assert withdrawn.state == "withdrawn"
        assert codes(pupil) == {"Tue AM": "N", "Wed AM": "N"}

    def test_keeps_a_mark_that_another_accepted_report_backs(
        self, pupil: Pupil, week: dict[str, Session], parent: User, office: User
    ) -> None:
        close(week["Tue AM"], by=office)
        first, second = (send(pupil, told(clock="9:25"), by=parent) for _ in range(2))
        first, second = accept(first, by=office, clock="9:30"), accept(second, by=office, clock="9:31")

        reports.withdraw(
            first, version=2, by=office, at=at(TUESDAY, "9:40"), why="Sent twice", by_school=True
        )

        assert codes(pupil) == {"Tue AM": "I"}

    def test_by_the_school_needs_a_reason(
        self, pupil: Pupil, week: dict[str, Session], parent: User, office: User
    ) -> None:
        report = send(pupil, told(), by=parent)

        with pytest.raises(ReportRefused) as refused:
            reports.withdraw(report, version=1, by=office, at=at(TUESDAY, "9:40"), why=" ", by_school=True)

        assert refused.value.faults == {"why": "Enter why it is withdrawn"}


class TestChanging:
    def test_puts_a_newer_report_in_the_place_of_the_old_one(
        self,
        class_group: ClassGroup,
        pupil: Pupil,
        week: dict[str, Session],
        parent: User,
        contact: Contact,
    ) -> None:
        old = send(pupil, told(last=WEDNESDAY), by=parent, contact=contact)

        new = reports.change(
            old,
            replace(told(clock="8:30"), contact=contact, reason="religious"),
            version=1,
            by=parent,
            at=at(TUESDAY, "8:30"),
        )

        old.refresh_from_db()
        assert (old.state, old.version, new.replaces, new.state) == ("replaced", 2, old, "waiting")
        assert old.first_day == TUESDAY and old.last_day == WEDNESDAY  # what was said stays as it was said
        assert register_page(class_group, week["Wed AM"]).rows[0].expected is None
        assert [(one.settled_at is None) for one in (word(old), word(new))] == [False, True]

    def test_is_refused_when_the_school_was_first(
        self, pupil: Pupil, week: dict[str, Session], parent: User, office: User
    ) -> None:
        report = send(pupil, told(), by=parent)
        accept(report, by=office)

        with pytest.raises(ReportChangedMeanwhile):
            reports.change(report, told(), version=1, by=parent, at=at(TUESDAY, "9:00"))

        assert Report.objects.count() == 1


class TestARegisterThatIsBeingTaken:
    def test_keeps_what_the_teacher_saves_before_and_what_the_office_accepts_after(
        self, pupil: Pupil, week: dict[str, Session], parent: User, office: User, class_teacher: User
    ) -> None:
        mark(pupil, week["Tue AM"], "N", by=class_teacher, when=at(TUESDAY, "8:51"))
        report = send(pupil, told(clock="8:52"), by=parent)

        accept(report, by=office, clock="8:53")

        assert codes(pupil) == {"Tue AM": "I"}
        assert list(
            MarkEntry.objects.filter(pupil=pupil).order_by("pk").values_list("old_code", "new_code")
        ) in ([("", "N"), ("N", "I")], [(None, "N"), ("N", "I")])

    def test_that_says_n_after_acceptance_follows_it_when_it_closes(
        self, school: School, pupil: Pupil, week: dict[str, Session], parent: User, office: User
    ) -> None:
        accept(send(pupil, told(), by=parent), by=office, clock="8:53")
        mark(pupil, week["Tue AM"], "N", by=office, when=at(TUESDAY, "8:54"))

        assert reports.follow_accepted(school, by=office, at=at(TUESDAY, "9:00")) == 0
        assert reports.follow_accepted(school, by=office, at=at(TUESDAY, "9:21")) == 1

        assert codes(pupil) == {"Tue AM": "I"}

    def test_that_the_office_amended_to_n_is_left_alone(
        self, school: School, pupil: Pupil, week: dict[str, Session], parent: User, office: User
    ) -> None:
        accept(send(pupil, told(), by=parent), by=office, clock="8:53")
        close(week["Tue AM"], by=office)
        set_marks(
            school,
            [WantedMark(pupil.pk, week["Tue AM"].pk, "N")],
            by=office,
            at=at(TUESDAY, "10:00"),
            reason="The report cannot be true",
        )

        assert reports.follow_accepted(school, by=office, at=at(TUESDAY, "10:01")) == 0

        assert codes(pupil) == {"Tue AM": "N"}


class TestTimesOfDay:
    def test_of_an_afternoon_alone_touch_nothing_else(
        self, pupil: Pupil, week: dict[str, Session], parent: User, office: User
    ) -> None:
        report = send(
            pupil,
            told(reason="hospital", first_half="PM", appointment_at=time(14, 0)),
            by=parent,
        )
        accept(report, by=office)
        for name in ("Tue AM", "Tue PM"):
            close(week[name], by=office)

        assert codes(pupil) == {"Tue AM": "N", "Tue PM": "M"}
