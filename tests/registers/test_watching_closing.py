"""The closing of registers: who is left unmarked gets a mark, once, and nobody else's mark is touched."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from threading import Event, Thread

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django_scopes import scope, scopes_disabled

from accounts.models import School, User
from accounts.people import system_user
from registers.models import (
    ClassClosing,
    ClassGroup,
    EntryBatch,
    Mark,
    MarkEntry,
    Pupil,
    RegisterClosing,
    Session,
)
from registers.selectors.registers import history_of_mark, register_page
from registers.services import closing, marks
from registers.services.amendments import amend_mark
from registers.services.closing import Closed
from registers.services.history import first_fault
from registers.services.marks import MarkInput, settle_unexplained
from registers.tasks import close_registers
from tests.factories.accounts import UserFactory
from tests.factories.registers import (
    ClassGroupFactory,
    EnrolmentFactory,
    PartTimeTimetableFactory,
    PupilFactory,
    RegisterFactory,
    TimetableAbsenceFactory,
    held_sessions,
    london,
    pupil_in_class,
)
from tests.registers.taking import clock_at, mark

FIRST_DAY, LAST_DAY = date(2025, 11, 3), date(2025, 11, 28)
MONDAY, TUESDAY = date(2025, 11, 3), date(2025, 11, 4)


def minutes_after(session: Session, minutes: int = 1) -> datetime:
    return session.closes_at + timedelta(minutes=minutes)


def standing() -> dict[tuple[str, str, str], str]:
    """Return what stands, by surname, day and half."""
    return {
        (surname, f"{on:%d}", half): f"{code}{f' {nature}' if nature else ''} {source}"
        for surname, on, half, code, nature, source in Mark.objects.values_list(
            "pupil__surname", "session__on", "session__half", "code_id", "nature", "source"
        )
    }


class Sitting:
    """A school in whose first session Oak's register was begun: Abbot is marked, Baker is not."""

    def __init__(self, school: School, oak: ClassGroup) -> None:
        self.school = school
        self.oak = oak
        self.sessions = held_sessions(school, FIRST_DAY, LAST_DAY, half_term="Autumn 2")
        self.teacher: User = UserFactory(name="Tess Teacher")
        self.abbot = pupil_in_class(oak, surname="Abbot")
        self.baker = pupil_in_class(oak, surname="Baker")
        self.begin(self.am)
        mark(self.am, self.abbot, "/", by=self.teacher)

    @property
    def am(self) -> Session:
        return self.sessions[0]

    @property
    def pm(self) -> Session:
        return self.sessions[1]

    def begin(self, session: Session, group: ClassGroup | None = None) -> None:
        RegisterFactory(class_group=group or self.oak, session=session, taken_by=self.teacher)

    def close(self, at: datetime) -> list[Closed]:
        return closing.close_due(self.school, by=system_user(), at=at)

    def save(self, *entered: MarkInput, session: Session, at: datetime, reason: str = "") -> marks.Saved:
        page = register_page(self.oak, session)
        return marks.save_marks(
            self.oak,
            session,
            marks=list(entered),
            pupils=page.pupils,
            with_timetable=page.with_timetable,
            by=self.teacher,
            at=at,
            reason=reason,
            position="Class teacher",
        )


@pytest.fixture
def sitting(school: School, class_group: ClassGroup) -> Iterator[Sitting]:
    with scope(school=school):
        yield Sitting(school, class_group)


class TestClosingARegister:
    def test_gives_n_to_whom_nobody_marked(self, sitting: Sitting) -> None:
        (closed,) = sitting.close(minutes_after(sitting.am))

        assert (closed.session, closed.known_ahead, closed.unexplained) == (sitting.am, 0, 1)
        assert standing() == {("Abbot", "03", "AM"): "/ register", ("Baker", "03", "AM"): "N system"}

    def test_says_in_the_history_who_set_it_and_why(self, sitting: Sitting) -> None:
        at = minutes_after(sitting.am)
        sitting.close(at)

        (change,) = history_of_mark(sitting.baker, sitting.am)
        assert (change.old_code, change.new_code, change.at) == ("", "N", at)
        assert (change.by_name, change.by_position) == ("Rollcall", "set by Rollcall")
        assert change.reason == "The register closed at 9:20am without a mark."

    def test_is_one_batch_for_the_whole_session(self, sitting: Sitting) -> None:
        for name in ("Elm", "Ash"):
            pupil_in_class(ClassGroupFactory(school=sitting.school, name=name, academic_year=2025))
        before = EntryBatch.objects.count()

        sitting.close(minutes_after(sitting.am))

        assert EntryBatch.objects.count() == before + 1
        assert EntryBatch.objects.latest("number").entries_count == 3
        assert first_fault(sitting.school) is None

    def test_does_nothing_before_its_time(self, sitting: Sitting) -> None:
        assert sitting.close(sitting.am.closes_at) == []
        assert standing() == {("Abbot", "03", "AM"): "/ register"}

    def test_does_nothing_the_second_time(self, sitting: Sitting) -> None:
        sitting.close(minutes_after(sitting.am))
        before = (Mark.objects.count(), MarkEntry.objects.count(), RegisterClosing.objects.count())

        assert sitting.close(minutes_after(sitting.am, 2)) == []
        assert (Mark.objects.count(), MarkEntry.objects.count(), RegisterClosing.objects.count()) == before

    def test_leaves_a_mark_taken_away_afterwards_as_it_is(self, sitting: Sitting) -> None:
        sitting.close(minutes_after(sitting.am))
        entered = MarkInput(sitting.baker.pk, "", seen_code="N")
        sitting.save(entered, session=sitting.am, at=minutes_after(sitting.am, 5), reason="Entered in error.")

        assert sitting.close(minutes_after(sitting.am, 6)) == []
        assert ("Baker", "03", "AM") not in standing()

    def test_notes_which_classes_were_not_taken(self, sitting: Sitting) -> None:
        elm = ClassGroupFactory(school=sitting.school, name="Elm", academic_year=2025)
        for _ in range(3):
            pupil_in_class(elm)

        sitting.close(minutes_after(sitting.am))

        assert sorted(
            ClassClosing.objects.values_list("class_group__name", "was_begun", "known_ahead", "unexplained")
        ) == [("Elm", False, 0, 3), ("Oak", True, 0, 1)]

    def test_marks_a_pupil_without_a_class_too(self, sitting: Sitting) -> None:
        EnrolmentFactory(pupil=PupilFactory(school=sitting.school, surname="Newcomer"))

        sitting.close(minutes_after(sitting.am))

        assert standing()["Newcomer", "03", "AM"] == "N system"
        assert ClassClosing.objects.get().unexplained == 1

    def test_marks_nobody_who_is_not_on_roll_that_day(self, sitting: Sitting) -> None:
        for starts_on, leaving_on in (
            (date(2025, 9, 1), date(2025, 10, 31)),
            (TUESDAY, None),
        ):
            EnrolmentFactory(
                pupil=PupilFactory(school=sitting.school), starts_on=starts_on, leaving_on=leaving_on
            )

        (closed,) = sitting.close(minutes_after(sitting.am))

        assert closed.unexplained == 1

    def test_touches_no_other_school(self, sitting: Sitting, other_school: School) -> None:
        with scopes_disabled():
            stranger = pupil_in_class(ClassGroupFactory(school=other_school, academic_year=2025))
            held_sessions(other_school, MONDAY, MONDAY, half_term="Autumn 2")

            sitting.close(minutes_after(sitting.am))

            assert not Mark.objects.filter(pupil=stranger).exists()

    def test_costs_the_same_for_3_pupils_and_30(self, sitting: Sitting) -> None:
        by, costs = system_user(), []
        for more, session in ((1, sitting.am), (27, sitting.pm)):
            for _ in range(more):
                pupil_in_class(sitting.oak)
            with CaptureQueriesContext(connection) as captured:
                closing.close_session(sitting.school, session, by=by, at=minutes_after(session))
            costs.append(len([query for query in captured if "SAVEPOINT" not in query["sql"]]))

        # The longest wait, the claim, who does it, the marks, their classes, what each got, the counts.
        assert costs == [7, 7]


class TestWhatIsKnownAhead:
    @pytest.fixture(autouse=True)
    def _timetable(self, sitting: Sitting) -> None:
        timetable = PartTimeTimetableFactory(pupil=sitting.baker)
        for half in ("AM", "PM"):
            TimetableAbsenceFactory(timetable=timetable, weekday=0, half=half)

    def test_becomes_the_mark(self, sitting: Sitting) -> None:
        (closed,) = sitting.close(minutes_after(sitting.am))

        assert (closed.known_ahead, closed.unexplained) == (1, 0)
        assert standing()["Baker", "03", "AM"] == "C2 ahead"

    def test_does_not_replace_what_the_teacher_saw(self, sitting: Sitting) -> None:
        mark(sitting.am, sitting.baker, "/", by=sitting.teacher)

        (closed,) = sitting.close(minutes_after(sitting.am))

        assert (closed.known_ahead, closed.unexplained) == (0, 0)
        assert standing()["Baker", "03", "AM"] == "/ register"

    def test_is_passed_over_where_it_cannot_stand(self, sitting: Sitting) -> None:
        Pupil.objects.filter(pk=sitting.baker.pk).update(date_of_birth=date(2021, 6, 1))

        (closed,) = sitting.close(minutes_after(sitting.am))

        assert (closed.known_ahead, closed.unexplained) == (0, 1)
        assert standing()["Baker", "03", "AM"] == "N system"


class TestSessionsThatAreDue:
    def test_begin_with_the_first_register_taken_here(self, sitting: Sitting) -> None:
        earlier = held_sessions(sitting.school, date(2025, 10, 20), date(2025, 10, 24), number=900, week=90)
        mark(earlier[0], sitting.abbot, "/", by=sitting.teacher)

        assert [one.session for one in sitting.close(minutes_after(sitting.am))] == [sitting.am]

    def test_are_none_at_a_school_that_took_no_register_here(
        self, school: School, class_group: ClassGroup
    ) -> None:
        with scope(school=school):
            held_sessions(school, FIRST_DAY, LAST_DAY)
            pupil_in_class(class_group)

            assert closing.close_due(school, by=system_user(), at=london(LAST_DAY, time(16, 0))) == []
            assert not Mark.objects.exists()

    def test_are_caught_up_with_after_a_day_without_a_server(self, sitting: Sitting) -> None:
        closed = sitting.close(london(TUESDAY, time(10, 0)))

        assert [(one.session.on, one.session.half, one.unexplained) for one in closed] == [
            (MONDAY, "AM", 1),
            (MONDAY, "PM", 2),
            (TUESDAY, "AM", 2),
        ]
        (change,) = history_of_mark(sitting.baker, sitting.am)
        assert change.at == london(TUESDAY, time(10, 0))

    def test_reach_ten_school_days_back(self, sitting: Sitting) -> None:
        closed = sitting.close(london(date(2025, 11, 18), time(16, 0)))

        assert (closed[0].session.on, len(closed)) == (date(2025, 11, 5), 20)

    def test_are_of_this_academic_year(self, sitting: Sitting) -> None:
        autumn = held_sessions(sitting.school, date(2026, 9, 3), date(2026, 9, 3), number=500, week=50)

        closed = sitting.close(london(date(2026, 9, 3), time(16, 0)))

        assert [one.session for one in closed] == autumn

    def test_do_not_include_a_closure(self, sitting: Sitting) -> None:
        Session.objects.filter(pk=sitting.pm.pk).update(status="cancelled", number=None, school_week=None)

        closed = sitting.close(london(MONDAY, time(16, 0)))

        assert [one.session for one in closed] == [sitting.am]

    def test_wait_for_the_year_group_that_closes_last(self, sitting: Sitting) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO registers_yeargrouptimes"
                " (school_id, session_id, year_group, opens_at, late_after_at, closes_at)"
                " VALUES (%s, %s, '6', %s, %s, %s)",
                [
                    sitting.school.pk,
                    sitting.am.pk,
                    sitting.am.opens_at,
                    sitting.am.opens_at,
                    sitting.am.closes_at + timedelta(minutes=20),
                ],
            )

        assert sitting.close(minutes_after(sitting.am, 20)) == []
        assert [one.session for one in sitting.close(minutes_after(sitting.am, 21))] == [sitting.am]


class TestAnNSetAtClosing:
    def test_gives_way_to_a_register_saved_at_the_last_second(self, sitting: Sitting) -> None:
        sitting.close(minutes_after(sitting.am, 0) + timedelta(seconds=1))

        saved = sitting.save(
            MarkInput(sitting.baker.pk, "/", seen_code=""), session=sitting.am, at=sitting.am.closes_at
        )

        assert saved.changed == 1
        assert standing()["Baker", "03", "AM"] == "/ register"
        assert [change.new_code for change in history_of_mark(sitting.baker, sitting.am)] == ["N", "/"]

    def test_stays_where_that_register_was_left_empty(self, sitting: Sitting) -> None:
        sitting.close(minutes_after(sitting.am))

        saved = sitting.save(
            MarkInput(sitting.baker.pk, "", seen_code=""), session=sitting.am, at=sitting.am.closes_at
        )

        assert (saved.recorded, saved.changed, saved.cleared) == (0, 0, 0)
        assert standing()["Baker", "03", "AM"] == "N system"

    def test_is_amended_by_the_office_with_a_reason(self, sitting: Sitting) -> None:
        sitting.close(minutes_after(sitting.am))
        entered = MarkInput(sitting.baker.pk, "I", seen_code="")
        at = minutes_after(sitting.am, 30)

        with pytest.raises(marks.RegisterClosed):
            sitting.save(entered, session=sitting.am, at=at)
        sitting.save(entered, session=sitting.am, at=at, reason="The mother called: a cold.")

        assert standing()["Baker", "03", "AM"] == "I office"

    def test_becomes_o_on_the_sixth_school_day(self, sitting: Sitting) -> None:
        sitting.close(minutes_after(sitting.am))
        system = system_user()

        on_the_fifth = settle_unexplained(
            sitting.school, on=date(2025, 11, 10), by=system, at=london(date(2025, 11, 10), time(18, 45))
        )
        assert (on_the_fifth, standing()["Baker", "03", "AM"]) == (0, "N system")
        on_the_sixth = [
            settle_unexplained(
                sitting.school, on=date(2025, 11, 11), by=system, at=london(date(2025, 11, 11), time(18, 45))
            )
            for _ in range(2)
        ]

        assert on_the_sixth == [1, 0]
        change = history_of_mark(sitting.baker, sitting.am)[-1]
        assert (change.old_code, change.new_code, change.by_name) == ("N", "O", "Rollcall")
        assert change.reason == "No reason was established within 5 school days."


@pytest.mark.django_db(transaction=True)
class TestClosingWhileSomebodySaves:
    """Two real connections: the teacher's transaction is open while the closing runs."""

    def test_waits_for_the_next_minute_and_keeps_the_teachers_marks(
        self, school: School, class_group: ClassGroup
    ) -> None:
        with scope(school=school):
            sitting = Sitting(school, class_group)
        saving, closed = Event(), Event()

        def save() -> None:
            try:
                with scope(school=school), transaction.atomic():
                    sitting.save(
                        MarkInput(sitting.baker.pk, "L", seen_code="", arrived_at=time(9, 5)),
                        session=sitting.am,
                        at=sitting.am.closes_at,
                    )
                    saving.set()
                    closed.wait(timeout=20)
            finally:
                connection.close()

        teacher = Thread(target=save)
        teacher.start()
        with scope(school=school):
            assert saving.wait(timeout=20)
            at_once = sitting.close(minutes_after(sitting.am))
            assert not RegisterClosing.objects.exists()
            closed.set()
            teacher.join(timeout=20)
            later = sitting.close(minutes_after(sitting.am, 2))

            assert at_once == []
            assert [(one.session, one.unexplained) for one in later] == [(sitting.am, 0)]
            assert standing() == {
                ("Abbot", "03", "AM"): "/ register",
                ("Baker", "03", "AM"): "L register",
            }

    def test_of_another_class_waits_too_and_loses_nothing(
        self, school: School, class_group: ClassGroup
    ) -> None:
        with scope(school=school):
            sitting = Sitting(school, class_group)
            for _ in range(20):
                pupil_in_class(class_group)
            pupils = list(Pupil.objects.order_by("-pk"))  # the other way round than the closing goes
        failed: list[BaseException] = []

        def save() -> None:
            try:
                with scope(school=school):
                    sitting.save(
                        *[
                            MarkInput(pupil.pk, "/", seen_code="")
                            for pupil in pupils
                            if pupil != sitting.abbot
                        ],
                        session=sitting.am,
                        at=sitting.am.closes_at,
                    )
            except BaseException as error:
                failed.append(error)
            finally:
                connection.close()

        def close() -> None:
            try:
                with scope(school=school):
                    sitting.close(minutes_after(sitting.am))
            except BaseException as error:
                failed.append(error)
            finally:
                connection.close()

        threads = [Thread(target=save), Thread(target=close), Thread(target=close)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)

        assert failed == []
        with scope(school=school):
            sitting.close(minutes_after(sitting.am, 2))
            assert set(standing().values()) == {"/ register"}
            assert RegisterClosing.objects.count() == 1
            assert first_fault(school) is None


class TestTheMinutelyTask:
    def test_closes_every_school(self, sitting: Sitting, other_school: School) -> None:
        with scopes_disabled():
            elsewhere = Sitting(other_school, ClassGroupFactory(school=other_school, academic_year=2025))
            with clock_at(time(9, 21), MONDAY):
                close_registers()
                close_registers()

            assert sorted(RegisterClosing.objects.values_list("session_id", "unexplained")) == sorted(
                [(sitting.am.pk, 1), (elsewhere.am.pk, 1)]
            )


class TestTheCommand:
    def test_closes_one_school_at_a_moment(
        self, sitting: Sitting, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with scopes_disabled():
            call_command("close_registers", "--school", "hill", "--at", "2025-11-03T09:21")
            call_command("close_registers", "--school", "hill", "--at", "2025-11-03T09:21")

        assert capsys.readouterr().out.splitlines() == [
            "hill 2025-11-03 AM: 0 known ahead, 1 set to N.",
            "hill: nothing to close.",
        ]
        assert RegisterClosing.objects.get().closed_at == datetime(2025, 11, 3, 9, 21, tzinfo=UTC)

    def test_keeps_the_teachers_mark_beside_an_amendment(self, sitting: Sitting) -> None:
        amend_mark(
            sitting.baker,
            sitting.am,
            code="M",
            reason="Dentist.",
            by=sitting.teacher,
            at=minutes_after(sitting.am, 0),
        )

        call_command("close_registers", "--school", "hill", "--at", "2025-11-03T09:21")

        assert standing()["Baker", "03", "AM"] == "M office"
