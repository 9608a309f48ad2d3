"""What the database itself keeps of marks and their history, whoever asks and however."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django_scopes import scopes_disabled

from accounts.models import School, User
from registers.models import EntryBatch, Mark, MarkEntry, Pupil, Session
from registers.services import history, marks
from tests.factories.accounts import SchoolFactory, UserFactory
from tests.factories.registers import (
    EnrolmentFactory,
    PartTimeTimetableFactory,
    PupilFactory,
    SessionFactory,
    TimetableAbsenceFactory,
    london,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _everything_in_sight() -> Iterator[None]:
    with scopes_disabled():
        yield


@pytest.fixture
def author() -> User:
    return UserFactory(name="Office Person")


@pytest.fixture
def session() -> Session:
    return SessionFactory(on=date(2025, 11, 3), half="AM")


@pytest.fixture
def pupil(session: Session) -> Pupil:
    made = PupilFactory(school=session.school)
    EnrolmentFactory(pupil=made, starts_on=date(2025, 9, 1))
    return made


def insert(pupil: Pupil, session: Session, code: str, author: User, table: str = "registers_mark") -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} VALUES (%s, %s, %s, %s, %s, NULL, '', %s, %s, 'register')",  # noqa: S608
            [
                session.academic_year,
                pupil.pk,
                session.pk,
                session.school_id,
                code,
                session.opens_at,
                author.pk,
            ],
        )


def raw(sql: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def constraint_of(refused: pytest.ExceptionInfo[IntegrityError]) -> str:
    cause: Any = refused.value.__cause__
    return str(cause.diag.constraint_name)


def assert_refused(constraint: str, action: Any, *arguments: Any) -> None:
    before = (
        list(Mark.objects.order_by("pk").values()),
        EntryBatch.objects.count(),
        MarkEntry.objects.count(),
    )
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        action(*arguments)
    assert constraint_of(refused) == constraint
    after = (
        list(Mark.objects.order_by("pk").values()),
        EntryBatch.objects.count(),
        MarkEntry.objects.count(),
    )
    assert after == before


class TestTheDatabaseRefusesAFirstMark:
    def test_with_a_code_that_is_none(self, pupil: Pupil, session: Session, author: User) -> None:
        assert_refused("mark_code_is_valid_that_day", insert, pupil, session, "QQ", author)

    @pytest.mark.parametrize("code", ["H", "J", "Y", "F"])
    def test_with_a_withdrawn_code(self, pupil: Pupil, session: Session, author: User, code: str) -> None:
        assert_refused("mark_code_is_valid_that_day", insert, pupil, session, code, author)

    @pytest.mark.parametrize("code", ["#", "Y4", "Z"])
    def test_with_a_code_of_the_whole_school(
        self, pupil: Pupil, session: Session, author: User, code: str
    ) -> None:
        assert_refused("mark_code_is_valid_that_day", insert, pupil, session, code, author)

    def test_with_a_new_code_before_its_day(self, author: User) -> None:
        session = SessionFactory(on=date(2024, 7, 1), academic_year=2023, half_term="Summer 2")
        pupil = PupilFactory(school=session.school)
        EnrolmentFactory(pupil=pupil, starts_on=date(2023, 9, 1))

        assert_refused("mark_code_is_valid_that_day", insert, pupil, session, "J1", author)
        insert(pupil, session, "J", author)
        assert Mark.objects.get(pupil=pupil).code_id == "J"

    def test_with_a_code_of_the_other_half(self, pupil: Pupil, session: Session, author: User) -> None:
        assert_refused("mark_code_is_of_that_half", insert, pupil, session, "\\", author)

    def test_before_admission(self, session: Session, author: User) -> None:
        late_joiner = PupilFactory(school=session.school)
        EnrolmentFactory(pupil=late_joiner, starts_on=session.on + timedelta(days=1))

        assert_refused("mark_pupil_is_on_roll", insert, late_joiner, session, "/", author)

    def test_after_the_last_day_on_roll(self, session: Session, author: User) -> None:
        leaver = PupilFactory(school=session.school)
        EnrolmentFactory(pupil=leaver, starts_on=date(2025, 9, 1), leaving_on=session.on - timedelta(days=1))

        assert_refused("mark_pupil_is_on_roll", insert, leaver, session, "/", author)

    def test_and_takes_it_on_the_last_day_on_roll(self, session: Session, author: User) -> None:
        leaver = PupilFactory(school=session.school)
        EnrolmentFactory(pupil=leaver, starts_on=date(2025, 9, 1), leaving_on=session.on)

        insert(leaver, session, "/", author)

        assert Mark.objects.get(pupil=leaver).code_id == "/"

    @pytest.mark.parametrize("status", ["closed", "cancelled"])
    def test_of_a_session_not_held(self, pupil: Pupil, author: User, status: str) -> None:
        shut = SessionFactory(school=pupil.school, on=date(2025, 11, 4), status=status)

        assert_refused("mark_session_is_held", insert, pupil, shut, "/", author)

    def test_in_another_schools_session(self, pupil: Pupil, author: User) -> None:
        elsewhere = SessionFactory(school=SchoolFactory(), on=date(2025, 11, 3))

        assert_refused("mark_pupil_of_school", insert, pupil, elsewhere, "/", author)

    def test_x_for_a_pupil_of_compulsory_age(self, session: Session, author: User) -> None:
        # STR-S8: born 15 January 2021, of compulsory age from 31 March 2026.
        pupil = PupilFactory(school=session.school, date_of_birth=date(2021, 1, 15))
        EnrolmentFactory(pupil=pupil, starts_on=date(2025, 9, 1))
        after_easter = SessionFactory(
            school=session.school, on=date(2026, 4, 13), half_term="Summer 1", number=2, school_week=2
        )

        insert(pupil, session, "X", author)
        assert_refused("mark_code_is_of_that_age", insert, pupil, after_easter, "X", author)

    def test_c2_without_a_timetable_for_that_session(
        self, pupil: Pupil, session: Session, author: User
    ) -> None:
        timetable = PartTimeTimetableFactory(pupil=pupil)
        TimetableAbsenceFactory(timetable=timetable, weekday=0, half="PM")

        assert_refused("mark_has_part_time_timetable", insert, pupil, session, "C2", author)
        TimetableAbsenceFactory(timetable=timetable, weekday=0, half="AM")
        insert(pupil, session, "C2", author)
        assert Mark.objects.get(pupil=pupil).code_id == "C2"

    def test_and_every_mark_of_a_statement_with_one_bad_mark(
        self, pupil: Pupil, session: Session, author: User
    ) -> None:
        not_on_roll = PupilFactory(school=session.school)

        def two_rows() -> None:
            raw(
                "INSERT INTO registers_mark SELECT %s, p, %s, %s, c, NULL, '', now(), %s, 'import'"
                " FROM (VALUES (%s, '/'), (%s, '/')) AS v (p, c)",
                session.academic_year,
                session.pk,
                session.school_id,
                author.pk,
                pupil.pk,
                not_on_roll.pk,
            )

        assert_refused("mark_pupil_is_on_roll", two_rows)


class TestTheDatabaseRefusesAChange:
    @pytest.fixture(autouse=True)
    def _marked(self, pupil: Pupil, session: Session, author: User) -> None:
        insert(pupil, session, "N", author)

    def test_without_an_author(self) -> None:
        assert_refused(
            "mark_change_has_author", raw, "UPDATE registers_mark SET code = 'I', recorded_at = now()"
        )

    def test_without_a_reason_after_the_register_closed(self, session: Session, author: User) -> None:
        def change() -> None:
            with marks.attribution(by=author, at=session.closes_at + timedelta(minutes=1), reason="  "):
                raw("UPDATE registers_mark SET code = 'I', recorded_at = now()")

        assert_refused("mark_change_has_reason", change)

    def test_that_names_the_partition_instead_of_the_table(self) -> None:
        assert_refused("mark_change_has_author", raw, "UPDATE registers_mark_2025 SET code = 'I'")
        assert_refused("mark_change_has_author", raw, "DELETE FROM registers_mark_2025")

    def test_of_who_recorded_it_alone(self, author: User, session: Session) -> None:
        def rewrite() -> None:
            with marks.attribution(by=author, at=session.opens_at):
                raw("UPDATE registers_mark SET recorded_by_id = 1")

        assert_refused("mark_author_changes_with_mark", rewrite)

    def test_that_moves_it_to_another_pupil(self, author: User, session: Session) -> None:
        somebody = PupilFactory(school=session.school)
        EnrolmentFactory(pupil=somebody, starts_on=date(2025, 9, 1))

        def move() -> None:
            with marks.attribution(by=author, at=session.opens_at):
                raw("UPDATE registers_mark SET pupil_id = %s", somebody.pk)

        assert_refused("mark_stays_in_place", move)

    def test_of_the_history(self) -> None:
        assert_refused("history_is_append_only", raw, "UPDATE registers_markentry SET new_code = '/'")
        assert_refused("history_is_append_only", raw, "DELETE FROM registers_markentry_2025")
        assert_refused("history_is_append_only", raw, "UPDATE registers_entrybatch SET reason = 'other'")
        assert_refused("history_is_append_only", raw, "DELETE FROM registers_entrybatch")

    def test_that_empties_the_tables(self) -> None:
        raw("DROP TABLE rollcall_test_database")
        for table in (
            "registers_mark",
            "registers_mark_2025",
            "registers_markentry",
            "registers_markentry_2025",
        ):
            assert_refused("history_is_append_only", raw, f"TRUNCATE {table}")

    def test_of_the_calendar_under_it(self, session: Session) -> None:
        assert_refused(
            "session_with_marks_stays_held",
            raw,
            "UPDATE registers_session SET status = 'closed', number = NULL, school_week = NULL WHERE id = %s",
            session.pk,
        )

    def test_of_the_roll_under_it(self, pupil: Pupil) -> None:
        assert_refused(
            "enrolment_covers_marks",
            raw,
            "UPDATE registers_enrolment SET leaving_on = '2025-10-31' WHERE pupil_id = %s",
            pupil.pk,
        )


class TestEveryChangeLeavesAnEntry:
    def test_of_original_amended_reason_time_name_and_position(
        self, pupil: Pupil, session: Session, author: User
    ) -> None:
        # LUN-S2: N on 11 November becomes I the next day.
        insert(pupil, session, "N", author)
        at = london(session.on + timedelta(days=1), session.opens_at.time())
        with marks.attribution(by=author, at=at, reason="Parent phoned: ill", position="Attendance officer"):
            raw("UPDATE registers_mark SET code = 'I', recorded_at = %s", at)

        first, second = MarkEntry.objects.select_related("batch").order_by("batch__number")
        assert (first.old_code, first.new_code) == (None, "N")
        assert (second.old_code, second.new_code) == ("N", "I")
        assert second.batch.reason == "Parent phoned: ill"
        assert second.batch.at == at
        assert (second.batch.by_id, second.batch.by_name) == (author.pk, "Office Person")
        assert second.batch.by_position == "Attendance officer"
        assert Mark.objects.get().code_id == "I"

    def test_and_none_when_nothing_changed(self, pupil: Pupil, session: Session, author: User) -> None:
        insert(pupil, session, "N", author)
        with marks.attribution(by=author, at=session.opens_at):
            raw("UPDATE registers_mark SET code = 'N'")

        assert MarkEntry.objects.count() == 1
        assert EntryBatch.objects.count() == 1

    def test_in_one_chain_for_each_school(self, author: User) -> None:
        for _ in range(2):
            session = SessionFactory(on=date(2025, 11, 3))
            for _ in range(3):
                pupil = PupilFactory(school=session.school)
                EnrolmentFactory(pupil=pupil, starts_on=date(2025, 9, 1))
                insert(pupil, session, "/", author)

        for school in School.objects.all():
            batches = list(EntryBatch.objects.filter(school=school).order_by("number"))
            assert [batch.number for batch in batches] == [1, 2, 3]
            assert bytes(batches[0].previous_digest) == b""
            assert bytes(batches[1].previous_digest) == bytes(batches[0].digest)
            assert bytes(batches[2].previous_digest) == bytes(batches[1].digest)
            assert history.first_fault(school) is None


class TestVerifyingTheHistory:
    """A superuser can switch triggers off; the chain shows what was done then."""

    @pytest.fixture(autouse=True)
    def _history(self, pupil: Pupil, session: Session, author: User) -> None:
        insert(pupil, session, "N", author)
        with marks.attribution(by=author, at=session.opens_at, reason="came in"):
            raw("UPDATE registers_mark SET code = '/', recorded_at = now()")
        raw("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("mark", "mark_2025", "markentry", "markentry_2025", "entrybatch", "historyhead"):
            raw(f"ALTER TABLE registers_{table} DISABLE TRIGGER USER")

    @pytest.mark.parametrize(
        "tampering",
        [
            "UPDATE registers_markentry SET new_code = 'I' WHERE old_code IS NULL",
            "UPDATE registers_markentry SET new_code = 'I' WHERE old_code = 'N'",
            "UPDATE registers_entrybatch SET reason = 'another reason' WHERE number = 2",
            "UPDATE registers_entrybatch SET by_name = 'Somebody Else' WHERE number = 1",
            "UPDATE registers_entrybatch SET at = at - interval '1 day' WHERE number = 1",
            "DELETE FROM registers_markentry WHERE old_code = 'N'",
            "DELETE FROM registers_entrybatch WHERE number = 1",
            "DELETE FROM registers_entrybatch WHERE number = 2",
            "UPDATE registers_mark SET code = 'I'",
            "DELETE FROM registers_mark",
            "UPDATE registers_historyhead SET number = 1",
        ],
    )
    def test_finds(self, tampering: str, session: Session) -> None:
        assert history.first_fault(session.school) is None
        raw(tampering)
        assert history.first_fault(session.school) is not None
