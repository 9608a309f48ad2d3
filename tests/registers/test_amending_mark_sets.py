"""Setting any marks of a school at once."""

import threading
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django_scopes import scope

from accounts.errors import DomainError
from accounts.models import School, User
from registers.models import ClassGroup, EntryBatch, Mark, MarkEntry, Pupil, Session
from registers.services import history, mark_sets
from registers.services.mark_sets import (
    MarkSetChangedMeanwhile,
    MarkSetRefused,
    WantedMark,
    set_marks,
)
from registers.services.marks import MarkRow, RegisterClosed, Saved, load_marks
from tests.factories.accounts import UserFactory
from tests.factories.registers import (
    ClassGroupFactory,
    PartTimeTimetableFactory,
    SessionFactory,
    TimetableAbsenceFactory,
    YearGroupTimesFactory,
    held_sessions,
    london,
    pupil_in_class,
)

MONDAY, FRIDAY = date(2025, 9, 8), date(2025, 9, 12)
LATER = london(date(2025, 9, 15), time(10, 0))


@pytest.fixture(autouse=True)
def _scope(school: School) -> Iterator[None]:
    with scope(school=school):
        yield


@pytest.fixture
def author(db: None) -> User:
    return UserFactory(name="Office Person")


@pytest.fixture
def week(school: School) -> list[Session]:
    return held_sessions(school, MONDAY, FRIDAY)


def take(school: School, pupil: Pupil, sessions: list[Session], code: str, *, by: User) -> None:
    rows = [MarkRow(pupil.pk, one.pk, one.academic_year, code) for one in sessions]
    load_marks(school, rows, by=by, at=sessions[0].opens_at, source="register")


def wanted(pupil: Pupil, sessions: list[Session], code: str, **values: Any) -> list[WantedMark]:
    return [WantedMark(pupil.pk, session.pk, code, **values) for session in sessions]


def codes_of(pupil: Pupil) -> list[str]:
    return list(
        Mark.objects.filter(pupil=pupil).order_by("session__number").values_list("code_id", flat=True)
    )


def written() -> tuple[int, int, int]:
    return Mark.objects.count(), MarkEntry.objects.count(), EntryBatch.objects.count()


class TestSettingMarks:
    def test_amends_five_days_in_one_batch_of_ten_entries(
        self, school: School, pupil: Pupil, week: list[Session], author: User
    ) -> None:
        take(school, pupil, week, "N", by=author)

        saved = set_marks(
            school,
            wanted(pupil, week, "I", seen_code="N"),
            by=author,
            at=LATER,
            reason="Note from home",
            position="Office",
        )

        assert saved == Saved(recorded=0, changed=10, cleared=0)
        assert codes_of(pupil) == ["I"] * 10
        batch = EntryBatch.objects.order_by("-number")[0]
        assert (batch.number, batch.entries_count, batch.reason) == (2, 10, "Note from home")
        assert (batch.by_name, batch.by_position, batch.at) == ("Office Person", "Office", LATER)
        assert MarkEntry.objects.filter(batch=batch, old_code="N", new_code="I").count() == 10
        assert history.first_fault(school) is None

    def test_reaches_several_pupils_at_once(
        self, school: School, class_group: ClassGroup, week: list[Session], author: User
    ) -> None:
        pupils = [pupil_in_class(class_group) for _ in range(3)]

        saved = set_marks(
            school,
            [mark for child in pupils for mark in wanted(child, week[:2], "E")],
            by=author,
            at=LATER,
        )

        assert saved == Saved(recorded=6, changed=0, cleared=0)
        assert [codes_of(child) for child in pupils] == [["E", "E"]] * 3
        assert EntryBatch.objects.get().entries_count == 6

    def test_leaves_equal_marks_alone(
        self, school: School, pupil: Pupil, week: list[Session], author: User
    ) -> None:
        take(school, pupil, week[:4], "I", by=author)
        before = list(Mark.objects.order_by("session__number").values())

        saved = set_marks(school, wanted(pupil, week[:6], "I"), by=author, at=LATER, reason="Ill all week")

        assert saved == Saved(recorded=2, changed=0, cleared=0)
        assert list(Mark.objects.order_by("session__number").values())[:4] == before

    def test_writes_nothing_when_all_stands_already(
        self, school: School, pupil: Pupil, week: list[Session], author: User
    ) -> None:
        take(school, pupil, week, "I", by=author)
        before = written()

        assert set_marks(school, wanted(pupil, week, "I"), by=author, at=LATER) == Saved(0, 0, 0)
        assert set_marks(school, [], by=author, at=LATER) == Saved(0, 0, 0)

        assert written() == before

    def test_clears_marks_and_keeps_them_in_the_history(
        self, school: School, pupil: Pupil, week: list[Session], author: User
    ) -> None:
        take(school, pupil, week[:3], "N", by=author)

        saved = set_marks(
            school,
            [*wanted(pupil, week[:2], "", seen_code="N"), *wanted(pupil, week[2:3], "I")],
            by=author,
            at=LATER,
            reason="Marked for the wrong pupil",
        )

        assert saved == Saved(recorded=0, changed=1, cleared=2)
        assert codes_of(pupil) == ["I"]
        assert MarkEntry.objects.filter(old_code="N", new_code=None).count() == 2
        assert history.first_fault(school) is None

    def test_keeps_arrival_nature_and_source(
        self, school: School, pupil: Pupil, week: list[Session], author: User
    ) -> None:
        set_marks(
            school,
            [
                WantedMark(pupil.pk, week[0].pk, "L", arrived_at=time(9, 5)),
                WantedMark(pupil.pk, week[1].pk, "V", nature=" Museum "),
            ],
            by=author,
            at=LATER,
            source="ahead",
        )

        assert list(
            Mark.objects.order_by("session__number").values_list("code_id", "arrived_at", "nature", "source")
        ) == [("L", time(9, 5), "", "ahead"), ("V", None, "Museum", "ahead")]

    def test_changes_a_mark_whose_arrival_alone_differs(
        self, school: School, pupil: Pupil, week: list[Session], author: User
    ) -> None:
        set_marks(school, [WantedMark(pupil.pk, week[0].pk, "L", arrived_at=time(9, 5))], by=author, at=LATER)

        saved = set_marks(
            school,
            [WantedMark(pupil.pk, week[0].pk, "L", arrived_at=time(9, 15, 30, 500))],
            by=author,
            at=LATER,
            reason="Read the clock wrong",
        )
        again = set_marks(
            school,
            [WantedMark(pupil.pk, week[0].pk, "L", seen_code="L")],
            by=author,
            at=LATER,
            reason="Not known when",
        )

        assert (saved.changed, again.changed) == (1, 1)
        assert Mark.objects.get().arrived_at is None

    def test_takes_as_many_statements_for_one_mark_as_for_sixty(
        self,
        school: School,
        class_group: ClassGroup,
        week: list[Session],
        author: User,
        django_assert_num_queries: Any,
    ) -> None:
        pupils = [pupil_in_class(class_group) for _ in range(6)]

        # savepoint of the test's transaction (2), attribution, registers' rows, what stands, upsert
        with django_assert_num_queries(6):
            set_marks(school, wanted(pupils[0], week[:1], "I"), by=author, at=LATER)
        with django_assert_num_queries(6):
            set_marks(
                school,
                [mark for child in pupils for mark in wanted(child, week, "M")],
                by=author,
                at=LATER,
                reason="A change of many",
            )

        assert Mark.objects.filter(code_id="M").count() == 60


class TestRefusingMarks:
    def test_changes_nothing_when_a_closed_register_would_change_without_reason(
        self, school: School, pupil: Pupil, week: list[Session], author: User
    ) -> None:
        take(school, pupil, week[:1], "N", by=author)
        before = written()

        with pytest.raises(RegisterClosed, match="give a reason"):
            set_marks(school, wanted(pupil, week, "I"), by=author, at=LATER, reason=" ")

        assert written() == before
        assert codes_of(pupil) == ["N"]

    def test_needs_no_reason_while_the_register_is_open(
        self, school: School, pupil: Pupil, week: list[Session], author: User
    ) -> None:
        take(school, pupil, week[:1], "N", by=author)

        set_marks(school, wanted(pupil, week[:1], "L"), by=author, at=week[0].opens_at)

        assert codes_of(pupil) == ["L"]

    def test_says_for_each_place_why_it_cannot_stand(
        self, school: School, class_group: ClassGroup, pupil: Pupil, week: list[Session], author: User
    ) -> None:
        closed = SessionFactory(school=school, on=date(2025, 9, 15), status="closed")
        joiner = pupil_in_class(class_group, starts_on=date(2025, 9, 10))

        with pytest.raises(MarkSetRefused) as refused:
            set_marks(
                school,
                [
                    WantedMark(pupil.pk, week[0].pk, "I"),
                    WantedMark(pupil.pk, week[1].pk, "/"),
                    WantedMark(pupil.pk, week[2].pk, "V"),
                    WantedMark(pupil.pk, week[3].pk, "C2"),
                    WantedMark(pupil.pk, week[4].pk, "X"),
                    WantedMark(pupil.pk, week[5].pk, "I", arrived_at=time(9, 0)),
                    WantedMark(pupil.pk, closed.pk, "I"),
                    WantedMark(joiner.pk, week[0].pk, "I"),
                ],
                by=author,
                at=LATER,
            )

        assert refused.value.faults == {
            (pupil.pk, week[1].pk): "Code / is for AM sessions only.",
            (pupil.pk, week[2].pk): "Say what the activity or circumstance is for code V.",
            (pupil.pk, week[3].pk): "Code C2 needs a part-time timetable for this session.",
            (pupil.pk, week[4].pk): "Code X is only for pupils outside compulsory school age.",
            (pupil.pk, week[5].pk): "An arrival time goes with present, L or U only.",
            (pupil.pk, closed.pk): "The school was closed for this session.",
            (joiner.pk, week[0].pk): "The pupil was not on roll on this day.",
        }
        assert written() == (0, 0, 0)

    def test_takes_c2_where_a_timetable_excuses(
        self, school: School, pupil: Pupil, week: list[Session], author: User
    ) -> None:
        timetable = PartTimeTimetableFactory(pupil=pupil, first_day=MONDAY, last_day=FRIDAY)
        TimetableAbsenceFactory(timetable=timetable, weekday=0, half="PM")

        set_marks(school, wanted(pupil, week[1:2], "C2"), by=author, at=LATER)

        assert codes_of(pupil) == ["C2"]

    def test_knows_no_pupil_and_no_session_of_another_school(
        self, school: School, other_school: School, pupil: Pupil, week: list[Session], author: User
    ) -> None:
        with scope(school=other_school):
            stranger = pupil_in_class(ClassGroupFactory(school=other_school))
            elsewhere = SessionFactory(school=other_school, on=MONDAY)

        with pytest.raises(MarkSetRefused) as refused:
            set_marks(
                school,
                [WantedMark(stranger.pk, week[0].pk, "I"), WantedMark(pupil.pk, elsewhere.pk, "I")],
                by=author,
                at=LATER,
            )

        assert set(refused.value.faults.values()) == {"There is no such pupil or session at this school."}
        assert len(refused.value.faults) == 2
        assert written() == (0, 0, 0)

    def test_refuses_one_place_given_twice(
        self, school: School, pupil: Pupil, week: list[Session], author: User
    ) -> None:
        with pytest.raises(DomainError, match="One mark was given twice"):
            set_marks(school, [*wanted(pupil, week, "I"), *wanted(pupil, week[:1], "N")], by=author, at=LATER)

        assert written() == (0, 0, 0)


class TestTheTimesOfTheYearGroup:
    @pytest.fixture
    def nursery_child(self, class_group: ClassGroup, week: list[Session]) -> Pupil:
        """Return a child of the nursery in a class of several year groups; the nursery closes at 9:30am."""
        YearGroupTimesFactory(session=week[0])
        return pupil_in_class(class_group, year_group="N")

    def test_let_its_marks_change_without_a_reason_until_they_close_it(
        self, school: School, nursery_child: Pupil, pupil: Pupil, week: list[Session], author: User
    ) -> None:
        at = london(MONDAY, time(9, 30))
        assert week[0].closes_at < at
        for child in (nursery_child, pupil):
            take(school, child, week[:1], "N", by=author)

        set_marks(school, wanted(nursery_child, week[:1], "L"), by=author, at=at)
        with pytest.raises(RegisterClosed):
            set_marks(school, wanted(pupil, week[:1], "L"), by=author, at=at)

        assert [codes_of(child) for child in (nursery_child, pupil)] == [["L"], ["N"]]
        with pytest.raises(RegisterClosed):
            set_marks(school, wanted(nursery_child, week[:1], "I"), by=author, at=at + timedelta(seconds=1))
        assert codes_of(nursery_child) == ["L"]

    def test_want_a_reason_where_it_closes_before_the_school(
        self, school: School, class_group: ClassGroup, pupil: Pupil, week: list[Session], author: User
    ) -> None:
        early = pupil_in_class(class_group, year_group="R")
        YearGroupTimesFactory(
            session=week[0],
            year_group="R",
            opens_at=week[0].opens_at,
            late_after_at=week[0].opens_at,
            closes_at=week[0].opens_at + timedelta(minutes=5),
        )
        at = week[0].closes_at
        for child in (early, pupil):
            take(school, child, week[:1], "N", by=author)

        with pytest.raises(RegisterClosed):
            set_marks(
                school,
                [*wanted(early, week[:1], "I"), *wanted(pupil, week[:1], "I")],
                by=author,
                at=at,
            )

        assert [codes_of(child) for child in (early, pupil)] == [["N"], ["N"]]
        set_marks(school, wanted(pupil, week[:1], "I"), by=author, at=at)
        assert codes_of(pupil) == ["I"]


class TestAMarkSetAtClosing:
    @pytest.mark.parametrize(("code", "source"), [("N", "system"), ("I", "ahead")])
    def test_gives_way_to_what_somebody_chose_who_saw_none(
        self, school: School, pupil: Pupil, week: list[Session], author: User, code: str, source: str
    ) -> None:
        close(school, pupil, week[0], code, source=source, by=author)

        saved = set_marks(
            school, wanted(pupil, week[:1], "M", seen_code=""), by=author, at=LATER, reason="Dentist"
        )

        assert saved == Saved(recorded=0, changed=1, cleared=0)
        assert codes_of(pupil) == ["M"]

    @pytest.mark.parametrize(("code", "source"), [("N", "system"), ("I", "ahead")])
    def test_stays_where_somebody_who_saw_none_left_it_empty(
        self, school: School, pupil: Pupil, week: list[Session], author: User, code: str, source: str
    ) -> None:
        close(school, pupil, week[0], code, source=source, by=author)
        before = written()

        saved = set_marks(school, wanted(pupil, week[:1], "", seen_code=""), by=author, at=LATER)

        assert (saved, written()) == (Saved(recorded=0, changed=0, cleared=0), before)
        assert codes_of(pupil) == [code]

    def test_still_needs_a_reason_once_the_register_has_closed(
        self, school: School, pupil: Pupil, week: list[Session], author: User
    ) -> None:
        close(school, pupil, week[0], "N", source="system", by=author)

        with pytest.raises(RegisterClosed):
            set_marks(school, wanted(pupil, week[:1], "M", seen_code=""), by=author, at=LATER)

        assert codes_of(pupil) == ["N"]

    @pytest.mark.parametrize(("code", "source"), [("N", "register"), ("O", "system")])
    def test_is_no_mark_of_another_kind(
        self, school: School, pupil: Pupil, week: list[Session], author: User, code: str, source: str
    ) -> None:
        close(school, pupil, week[0], code, source=source, by=author)

        for entered in ("M", ""):
            with pytest.raises(MarkSetChangedMeanwhile):
                set_marks(
                    school, wanted(pupil, week[:1], entered, seen_code=""), by=author, at=LATER, reason="Why"
                )

        assert codes_of(pupil) == [code]


def close(school: School, pupil: Pupil, session: Session, code: str, *, source: str, by: User) -> None:
    """Record what the closing of a register sets."""
    row = MarkRow(pupil.pk, session.pk, session.academic_year, code)
    load_marks(school, [row], by=by, at=moment_after(session), source=source)


class TestChangesMeanwhile:
    def test_are_shown_and_nothing_is_overwritten(
        self, school: School, pupil: Pupil, week: list[Session], author: User
    ) -> None:
        take(school, pupil, week[:2], "N", by=author)
        set_marks(school, wanted(pupil, week[:1], "M"), by=author, at=LATER, reason="Dentist")
        before = written()

        with pytest.raises(MarkSetChangedMeanwhile) as refused:
            set_marks(school, wanted(pupil, week[:2], "I", seen_code="N"), by=author, at=LATER, reason="Note")

        assert refused.value.current == {(pupil.pk, week[0].pk): "M"}
        assert written() == before
        assert codes_of(pupil) == ["M", "N"]

    def test_to_the_same_mark_are_no_conflict(
        self, school: School, pupil: Pupil, week: list[Session], author: User
    ) -> None:
        take(school, pupil, week[:1], "I", by=author)

        saved = set_marks(school, wanted(pupil, week[:2], "I", seen_code=""), by=author, at=LATER)

        assert saved == Saved(recorded=1, changed=0, cleared=0)

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("code", ["I", ""])
    def test_of_the_very_moment_are_not_lost(
        self, school: School, pupil: Pupil, week: list[Session], author: User, monkeypatch: Any, code: str
    ) -> None:
        take(school, pupil, week[:1], "N", by=author)
        read = mark_sets.standing_marks
        others: list[threading.Thread] = []

        def change_after_reading(*arguments: Any) -> Any:
            found = read(*arguments)
            if not others:
                others.append(threading.Thread(target=change_elsewhere, args=(school, pupil, week[0])))
                others[0].start()
                others[0].join()
            return found

        monkeypatch.setattr(mark_sets, "standing_marks", change_after_reading)
        with pytest.raises(MarkSetChangedMeanwhile) as refused:
            set_marks(school, wanted(pupil, week[:1], code), by=author, at=LATER, reason="Note")

        assert refused.value.current == {(pupil.pk, week[0].pk): "E"}
        assert codes_of(pupil) == ["E"]
        assert history.first_fault(school) is None


def change_elsewhere(school: School, pupil: Pupil, session: Session) -> None:
    """Suspend the pupil on a connection of one's own, as another request does."""
    try:
        with scope(school=school):
            set_marks(
                school,
                [WantedMark(pupil.pk, session.pk, "E")],
                by=UserFactory(name="Head Person"),
                at=moment_after(session),
                reason="Suspended",
            )
    finally:
        connection.close()


def moment_after(session: Session) -> datetime:
    return session.closes_at + timedelta(hours=1)
