"""Saving, amending, loading and settling marks."""

from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django_scopes import scope

from accounts.errors import DomainError
from accounts.models import School, User
from registers.models import ClassGroup, EntryBatch, Mark, MarkEntry, Pupil, Register, Session
from registers.selectors.registers import history_of_mark, register_page
from registers.services import amendments, history, marks
from registers.services.marks import MarkInput, MarkRow
from tests.factories.accounts import UserFactory
from tests.factories.registers import (
    ClassGroupFactory,
    PartTimeTimetableFactory,
    SessionFactory,
    TimetableAbsenceFactory,
    held_sessions,
    pupil_in_class,
)


@pytest.fixture(autouse=True)
def _scope(school: School) -> Iterator[None]:
    with scope(school=school):
        yield


@pytest.fixture
def author(db: None) -> User:
    return UserFactory(name="Office Person")


@pytest.fixture
def session(school: School) -> Session:
    return SessionFactory(school=school, on=date(2025, 9, 9), half="AM")


@pytest.fixture
def pupils(class_group: ClassGroup) -> list[Pupil]:
    return [pupil_in_class(class_group, surname=f"Surname {letter}") for letter in "ABC"]


@pytest.fixture
def save(class_group: ClassGroup, session: Session, author: User) -> Any:
    def _save(
        *entered: MarkInput, after: timedelta = timedelta(), reason: str = "", by: User = author
    ) -> marks.Saved:
        page = register_page(class_group, session)
        return marks.save_marks(
            class_group,
            session,
            marks=list(entered),
            pupils=page.pupils,
            with_timetable=page.with_timetable,
            by=by,
            at=session.opens_at + after,
            reason=reason,
            position="School office",
        )

    return _save


def codes_by_pupil() -> dict[int, str]:
    return dict(Mark.objects.values_list("pupil_id", "code_id"))


AFTER_CLOSE = timedelta(hours=1)


class TestSavingARegister:
    def test_records_every_mark_and_who_took_it(
        self, save: Any, pupils: list[Pupil], author: User, session: Session, class_group: ClassGroup
    ) -> None:
        saved = save(MarkInput(pupils[0].pk, "/"), MarkInput(pupils[1].pk, "N"), MarkInput(pupils[2].pk, "I"))

        assert saved == marks.Saved(recorded=3, changed=0, cleared=0)
        assert codes_by_pupil() == {pupils[0].pk: "/", pupils[1].pk: "N", pupils[2].pk: "I"}
        register = Register.objects.get()
        assert (register.class_group, register.session, register.taken_by) == (class_group, session, author)
        assert register.taken_at == session.opens_at
        batch = EntryBatch.objects.get()
        assert (batch.by_name, batch.by_position, batch.entries_count) == (
            "Office Person",
            "School office",
            3,
        )

    def test_twice_changes_nothing_the_second_time(self, save: Any, pupils: list[Pupil]) -> None:
        save(MarkInput(pupils[0].pk, "/"))
        before = list(Mark.objects.values())

        saved = save(MarkInput(pupils[0].pk, "/"), after=timedelta(minutes=2))

        assert saved == marks.Saved(recorded=0, changed=0, cleared=0)
        assert list(Mark.objects.values()) == before
        assert MarkEntry.objects.count() == 1

    def test_takes_a_change_without_reason_until_it_closes_and_keeps_it(
        self, save: Any, pupils: list[Pupil], session: Session
    ) -> None:
        save(MarkInput(pupils[0].pk, "N"))
        save(MarkInput(pupils[0].pk, "L", arrived_at=time(8, 55)), after=timedelta(minutes=5))

        assert codes_by_pupil() == {pupils[0].pk: "L"}
        changes = history_of_mark(pupils[0], session)
        assert [(change.old_code, change.new_code) for change in changes] == [("", "N"), ("N", "L")]

    def test_refuses_a_change_without_reason_after_it_closed(self, save: Any, pupils: list[Pupil]) -> None:
        save(MarkInput(pupils[0].pk, "N"))

        with pytest.raises(marks.RegisterClosed):
            save(MarkInput(pupils[0].pk, "I"), MarkInput(pupils[1].pk, "/"), after=AFTER_CLOSE)

        assert codes_by_pupil() == {pupils[0].pk: "N"}
        assert MarkEntry.objects.count() == 1

    def test_amends_with_a_reason_after_it_closed_and_keeps_the_original(
        self, save: Any, pupils: list[Pupil], session: Session, school: School
    ) -> None:
        save(MarkInput(pupils[0].pk, "N"))
        save(MarkInput(pupils[0].pk, "I"), after=AFTER_CLOSE, reason="Parent phoned")

        assert codes_by_pupil() == {pupils[0].pk: "I"}
        original, amendment = history_of_mark(pupils[0], session)
        assert (original.new_code, original.reason) == ("N", "")
        assert (amendment.old_code, amendment.new_code) == ("N", "I")
        assert (amendment.reason, amendment.by_name) == ("Parent phoned", "Office Person")
        assert Mark.objects.get().source == "office"
        assert history.first_fault(school) is None

    def test_records_a_first_mark_after_it_closed_without_reason(
        self, save: Any, pupils: list[Pupil]
    ) -> None:
        assert save(MarkInput(pupils[0].pk, "N"), after=AFTER_CLOSE).recorded == 1

    def test_clears_a_mark_while_it_is_open(self, save: Any, pupils: list[Pupil], session: Session) -> None:
        save(MarkInput(pupils[0].pk, "/"), MarkInput(pupils[1].pk, "/"))

        assert save(MarkInput(pupils[0].pk, "")) == marks.Saved(recorded=0, changed=0, cleared=1)

        assert codes_by_pupil() == {pupils[1].pk: "/"}
        assert history_of_mark(pupils[0], session)[-1].new_code == ""

    def test_shows_what_somebody_else_marked_meanwhile_and_saves_nothing(
        self, save: Any, pupils: list[Pupil]
    ) -> None:
        save(MarkInput(pupils[0].pk, "I", seen_code=""))

        with pytest.raises(marks.MarksChangedMeanwhile) as refused:
            save(MarkInput(pupils[0].pk, "N", seen_code=""), MarkInput(pupils[1].pk, "/", seen_code=""))

        assert refused.value.current == {pupils[0].pk: "I"}
        assert codes_by_pupil() == {pupils[0].pk: "I"}

    def test_agrees_with_somebody_else_who_marked_the_same_meanwhile(
        self, save: Any, pupils: list[Pupil]
    ) -> None:
        save(MarkInput(pupils[0].pk, "/", seen_code=""))

        saved = save(MarkInput(pupils[0].pk, "/", seen_code=""), MarkInput(pupils[1].pk, "/", seen_code=""))

        assert saved.recorded == 1

    @pytest.mark.parametrize(
        ("entered", "fault"),
        [
            ({"code": "QQ"}, "Code 'QQ' is not a national attendance code."),
            ({"code": "H"}, "Code H was withdrawn after 2024-08-18."),
            ({"code": "\\"}, "Code \\ is for PM sessions only."),
            ({"code": "Y4"}, "Code Y4 is set for the whole school in the calendar, not as a mark."),
            ({"code": "X"}, "Code X is only for pupils outside compulsory school age."),
            ({"code": "C2"}, "Code C2 needs a part-time timetable for this session."),
            ({"code": "V"}, "Say what the activity or circumstance is for code V."),
            (
                {"code": "I", "arrived_at": time(9, 0)},
                "An arrival time goes with present, L or U only.",
            ),
        ],
    )
    def test_saves_nothing_when_one_mark_cannot_stand(
        self, save: Any, pupils: list[Pupil], entered: dict[str, Any], fault: str
    ) -> None:
        with pytest.raises(marks.MarksRefused) as refused:
            save(MarkInput(pupils[0].pk, "/"), MarkInput(pupils[1].pk, **entered))

        assert refused.value.faults == {pupils[1].pk: fault}
        assert Mark.objects.count() == 0
        assert Register.objects.count() == 0

    def test_refuses_a_pupil_of_another_class(self, save: Any, school: School) -> None:
        stranger = pupil_in_class(ClassGroupFactory(school=school))

        with pytest.raises(marks.MarksRefused) as refused:
            save(MarkInput(stranger.pk, "/"))

        assert refused.value.faults == {stranger.pk: "This pupil is not in the class on this day."}

    def test_takes_c2_where_a_timetable_excuses(self, save: Any, pupils: list[Pupil]) -> None:
        timetable = PartTimeTimetableFactory(
            pupil=pupils[0], first_day=date(2025, 9, 8), last_day=date(2025, 9, 26)
        )
        TimetableAbsenceFactory(timetable=timetable, weekday=1, half="AM")

        save(MarkInput(pupils[0].pk, "C2"))

        assert codes_by_pupil() == {pupils[0].pk: "C2"}

    def test_takes_the_same_number_of_statements_for_three_pupils_and_thirty(
        self,
        class_group: ClassGroup,
        session: Session,
        author: User,
        pupils: list[Pupil],
        django_assert_num_queries: Any,
    ) -> None:
        def save_all(code: str) -> None:
            page = register_page(class_group, session)
            # savepoint of the test's transaction (2), attribution, register row, present marks, upsert
            with django_assert_num_queries(6):
                marks.save_marks(
                    class_group,
                    session,
                    marks=[MarkInput(pk, code) for pk in page.pupils],
                    pupils=page.pupils,
                    with_timetable=page.with_timetable,
                    by=author,
                    at=session.opens_at,
                )

        save_all("/")
        for number in range(27):
            pupil_in_class(class_group, surname=f"Surname {number:02d}")
        save_all("N")
        assert Mark.objects.count() == 30


class TestAmendingOneMark:
    def test_needs_a_reason(self, save: Any, pupils: list[Pupil], session: Session, author: User) -> None:
        save(MarkInput(pupils[0].pk, "N"))

        with pytest.raises(DomainError, match="An amendment needs a reason"):
            amendments.amend_mark(
                pupils[0], session, code="I", reason=" ", by=author, at=session.closes_at + AFTER_CLOSE
            )

        assert codes_by_pupil() == {pupils[0].pk: "N"}

    def test_says_when_nothing_would_change(
        self, save: Any, pupils: list[Pupil], session: Session, author: User
    ) -> None:
        save(MarkInput(pupils[0].pk, "N"))

        with pytest.raises(DomainError, match="The mark is N already"):
            amendments.amend_mark(
                pupils[0], session, code="N", reason="again", by=author, at=session.closes_at + AFTER_CLOSE
            )

        assert MarkEntry.objects.count() == 1

    def test_says_in_words_what_the_database_refuses(
        self, class_group: ClassGroup, session: Session, author: User
    ) -> None:
        joiner = pupil_in_class(class_group, starts_on=session.on + timedelta(days=1))

        with pytest.raises(DomainError, match=r"^The pupil was not on roll on this day\.$"):
            amendments.amend_mark(joiner, session, code="/", reason="came", by=author, at=session.closes_at)

    def test_asks_for_the_nature_of_an_activity_and_keeps_it(
        self, save: Any, pupils: list[Pupil], session: Session, author: User
    ) -> None:
        save(MarkInput(pupils[0].pk, "N"))
        given = {"code": "V", "reason": "Trip", "by": author, "at": session.closes_at + AFTER_CLOSE}

        with pytest.raises(DomainError, match=r"^Say what the activity or circumstance is for code V\.$"):
            amendments.amend_mark(pupils[0], session, nature=" ", **given)
        assert codes_by_pupil() == {pupils[0].pk: "N"}

        amendments.amend_mark(pupils[0], session, nature=" Museum ", **given)
        assert Mark.objects.values_list("code_id", "nature", "source").get() == ("V", "Museum", "office")

    def test_is_not_a_way_to_take_a_mark_away(
        self, save: Any, pupils: list[Pupil], session: Session, author: User
    ) -> None:
        save(MarkInput(pupils[0].pk, "N"))

        with pytest.raises(DomainError, match="An amendment needs a code"):
            amendments.amend_mark(
                pupils[0], session, code="", reason="gone", by=author, at=session.closes_at + AFTER_CLOSE
            )

        assert codes_by_pupil() == {pupils[0].pk: "N"}


class TestLoadingMarks:
    def test_is_all_or_nothing(
        self, school: School, session: Session, pupils: list[Pupil], author: User
    ) -> None:
        rows = [MarkRow(pupils[0].pk, session.pk, 2025, "/"), MarkRow(pupils[1].pk, session.pk, 2025, "H")]

        with pytest.raises(IntegrityError):
            marks.load_marks(school, rows, by=author, at=session.opens_at)

    def test_writes_one_batch(
        self, school: School, session: Session, pupils: list[Pupil], author: User
    ) -> None:
        loaded = marks.load_marks(
            school,
            [MarkRow(pupil.pk, session.pk, 2025, "/") for pupil in pupils],
            by=author,
            at=session.opens_at,
        )

        assert loaded == 3
        assert EntryBatch.objects.get().entries_count == 3
        assert set(Mark.objects.values_list("source", flat=True)) == {"import"}


class TestSettlingUnexplainedMarks:
    def test_turns_n_into_o_once_five_school_days_have_passed(
        self, school: School, pupils: list[Pupil], author: User
    ) -> None:
        # WER-S8: N on Monday 3 November 2025 is O after Monday 10 November.
        sessions = held_sessions(school, date(2025, 11, 3), date(2025, 11, 14), half_term="Autumn 2")
        marks.load_marks(
            school,
            [MarkRow(pupils[0].pk, session.pk, 2025, "N") for session in sessions[:4]],
            by=author,
            at=sessions[0].opens_at,
        )

        def settle(on: date) -> int:
            return marks.settle_unexplained(school, on=on, by=author, at=sessions[0].opens_at)

        assert settle(date(2025, 11, 10)) == 0
        assert settle(date(2025, 11, 11)) == 2
        assert settle(date(2025, 11, 11)) == 0
        assert [mark.code_id for mark in Mark.objects.order_by("session__number")] == ["O", "O", "N", "N"]
        change = history_of_mark(pupils[0], sessions[0])[-1]
        assert (change.old_code, change.new_code, change.by_position) == ("N", "O", "set by Rollcall")
        assert change.reason == "No reason was established within 5 school days."
