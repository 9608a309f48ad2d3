"""Illness does not become unauthorised before the parent was told, where the school's policy says so."""

from collections.abc import Callable, Iterator
from datetime import date, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django_scopes import scopes_disabled

from absences.models import SchoolTerms
from accounts.errors import DomainError
from accounts.models import School, User
from registers.models import Pupil, Session
from registers.rules.times import SessionTimes
from registers.services.amendments import amend_mark
from registers.services.entries import Entry, Sender, Values, take_entries
from registers.services.mark_sets import WantedMark, set_marks
from registers.services.marks import (
    MarkInput,
    attribution,
    save_marks,
    settle_unexplained,
)
from tests.absences.evidence_world import (
    SCHOOLS,
    after,
    class_of,
    code_of,
    days,
    ill,
    pupil_of,
    told_of,
    under,
)
from tests.factories.absences_evidence import UnauthorisingNoticeFactory
from tests.factories.accounts import SchoolFactory, UserFactory
from tests.factories.registers import london

pytestmark = pytest.mark.django_db
MONDAY = date(2024, 11, 11)
SENTENCE = (
    "This illness cannot become unauthorised yet. First tell the parent, and log that you did (Absences,"
    " Evidence)."
)


@pytest.fixture(autouse=True)
def _everything_in_sight() -> Iterator[None]:
    with scopes_disabled():
        yield


@pytest.fixture
def officer() -> User:
    made: User = UserFactory(name="Attendance Officer")
    return made


@pytest.fixture
def school() -> School:
    made: School = SchoolFactory(key="lunts", name="Lunt's Heath")
    under(made, "lunts_heath")
    return made


@pytest.fixture
def pupil(school: School) -> Pupil:
    return pupil_of(class_of(school))


@pytest.fixture
def morning(school: School, pupil: Pupil, officer: User) -> Session:
    """Monday morning, of which the register says that the pupil was ill."""
    session = days(MONDAY, MONDAY, school)[MONDAY, "AM"]
    ill(pupil, [session], by=officer)
    return session


# --- every way in which a mark can be changed


def by_sql(pupil: Pupil, session: Session, by: User, code: str = "O") -> None:
    with attribution(by=by, at=after(session), reason="Not satisfied"), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE registers_mark SET code = %s, recorded_at = %s WHERE pupil_id = %s AND session_id = %s",
            [code, after(session), pupil.pk, session.pk],
        )


def by_sql_on_a_partition(pupil: Pupil, session: Session, by: User) -> None:
    with attribution(by=by, at=after(session), reason="Not satisfied"), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE registers_mark_2024 SET code = 'O' WHERE pupil_id = %s AND session_id = %s",
            [pupil.pk, session.pk],
        )


def by_taking_it_away_and_back(pupil: Pupil, session: Session, by: User) -> None:
    set_marks(
        pupil.school,
        [WantedMark(pupil.pk, session.pk, "")],
        by=by,
        at=after(session),
        reason="Entered by mistake",
    )
    set_marks(
        pupil.school,
        [WantedMark(pupil.pk, session.pk, "O")],
        by=by,
        at=after(session),
        reason="Not satisfied",
    )


def by_way_of_leave(pupil: Pupil, session: Session, by: User) -> None:
    for code in ("C", "O"):
        set_marks(
            pupil.school,
            [WantedMark(pupil.pk, session.pk, code)],
            by=by,
            at=after(session),
            reason="Not satisfied",
        )


def by_a_set(pupil: Pupil, session: Session, by: User) -> None:
    set_marks(
        pupil.school,
        [WantedMark(pupil.pk, session.pk, "G")],
        by=by,
        at=after(session),
        reason="Not satisfied",
    )


def by_the_amend_page(pupil: Pupil, session: Session, by: User) -> None:
    amend_mark(pupil, session, code="N", reason="Not satisfied", by=by, at=after(session))


def by_the_register_page(pupil: Pupil, session: Session, by: User) -> None:
    save_marks(
        pupil.memberships.get().class_group,
        session,
        marks=[MarkInput(pupil.pk, "O")],
        pupils={pupil.pk: pupil},
        with_timetable=frozenset(),
        by=by,
        at=after(session),
        reason="Not satisfied",
    )


WAYS = [
    by_sql,
    by_sql_on_a_partition,
    by_taking_it_away_and_back,
    by_way_of_leave,
    by_a_set,
    by_the_amend_page,
    by_the_register_page,
]
Way = Callable[[Pupil, Session, User], None]


class TestAtLuntsHeathIllness:
    """LUN 002:177, LUN-08: unauthorised, "and parents will be notified of this in advance"."""

    @pytest.mark.parametrize("way", WAYS)
    def test_stays_until_the_parent_is_told(
        self, way: Way, pupil: Pupil, morning: Session, officer: User
    ) -> None:
        with pytest.raises((IntegrityError, DomainError)) as refused, transaction.atomic():
            way(pupil, morning, officer)

        error = refused.value
        if isinstance(error, DomainError):
            assert error.message == SENTENCE
        else:
            cause: Any = error.__cause__
            assert cause.diag.constraint_name == "mark_parent_is_told"
        assert code_of(pupil, morning) == "I"

    @pytest.mark.parametrize("way", WAYS)
    def test_changes_once_it_is_logged(self, way: Way, pupil: Pupil, morning: Session, officer: User) -> None:
        told_of(pupil, MONDAY, MONDAY, at=morning.closes_at)

        way(pupil, morning, officer)

        assert code_of(pupil, morning) in {"G", "N", "O"}

    def test_typed_into_the_register_is_answered_with_the_sentence(
        self, pupil: Pupil, morning: Session, officer: User
    ) -> None:
        typed_at = after(morning)
        entry = Entry(
            key=uuid4(),
            pupil_id=pupil.pk,
            wanted=Values("O"),
            seen=Values("I"),
            typed_at=typed_at,
            reason="Not satisfied",
            fingerprint="one",
        )

        outcomes = take_entries(
            pupil.memberships.get().class_group,
            morning,
            [entry],
            times=SessionTimes("AM", time(8, 50), time(8, 50), time(9, 20)),
            sender=Sender(officer, "Office", may_amend=True, shown_at=typed_at),
            at=typed_at,
        )

        assert [(one["state"], one["message"]) for one in outcomes] == [("refused", SENTENCE)]
        assert code_of(pupil, morning) == "I"

    @pytest.mark.parametrize("code", ["/", "M", "C"])
    def test_may_become_anything_else(self, code: str, pupil: Pupil, morning: Session, officer: User) -> None:
        by_sql(pupil, morning, officer, code)

        assert code_of(pupil, morning) == code

    def test_may_be_typed_over_while_the_register_is_open(
        self, pupil: Pupil, morning: Session, officer: User
    ) -> None:
        set_marks(pupil.school, [WantedMark(pupil.pk, morning.pk, "N")], by=officer, at=morning.closes_at)

        assert code_of(pupil, morning) == "N"

    def test_that_was_typed_over_while_the_register_was_open_settles_as_ever(
        self, pupil: Pupil, morning: Session, officer: User
    ) -> None:
        set_marks(pupil.school, [WantedMark(pupil.pk, morning.pk, "N")], by=officer, at=morning.closes_at)
        later = MONDAY + timedelta(days=8)
        days(MONDAY + timedelta(days=1), later, pupil.school)

        settled = settle_unexplained(pupil.school, on=later, by=officer, at=london(later, time(18, 45)))

        assert (settled, code_of(pupil, morning)) == (1, "O")

    def test_that_became_unexplained_after_a_notice_settles_as_ever(
        self, pupil: Pupil, morning: Session, officer: User
    ) -> None:
        told_of(pupil, MONDAY, MONDAY, at=morning.closes_at)
        by_sql(pupil, morning, officer, "N")
        later = MONDAY + timedelta(days=8)
        days(MONDAY + timedelta(days=1), later, pupil.school)

        assert settle_unexplained(pupil.school, on=later, by=officer, at=london(later, time(18, 45))) == 1
        assert code_of(pupil, morning) == "O"

    def test_of_another_pupil_is_not_covered(self, pupil: Pupil, morning: Session, officer: User) -> None:
        told_of(pupil_of(pupil.memberships.get().class_group), MONDAY, MONDAY, at=morning.closes_at)

        with pytest.raises(IntegrityError, match="was not told"), transaction.atomic():
            by_sql(pupil, morning, officer)

        assert code_of(pupil, morning) == "I"

    @pytest.mark.parametrize(
        ("first_half", "last_half", "refused"), [("AM", "AM", False), ("AM", "PM", False), ("PM", "PM", True)]
    )
    def test_is_covered_by_the_session(
        self,
        first_half: str,
        last_half: str,
        refused: bool,
        pupil: Pupil,
        morning: Session,
        officer: User,
    ) -> None:
        told_of(pupil, MONDAY, MONDAY, at=morning.closes_at, first_half=first_half, last_half=last_half)

        if refused:
            with pytest.raises(IntegrityError, match="was not told"), transaction.atomic():
                by_sql(pupil, morning, officer)
        else:
            by_sql(pupil, morning, officer)

        assert code_of(pupil, morning) == ("I" if refused else "O")

    def test_is_not_covered_by_what_the_parent_will_be_told(
        self, pupil: Pupil, morning: Session, officer: User
    ) -> None:
        told_of(pupil, MONDAY, MONDAY, at=after(morning) + timedelta(minutes=1))

        with pytest.raises(IntegrityError, match="was not told"), transaction.atomic():
            by_sql(pupil, morning, officer)


class TestMarksThatWereNoIllness:
    def test_become_unauthorised_as_ever(self, school: School, pupil: Pupil, officer: User) -> None:
        session = days(MONDAY, MONDAY, school)[MONDAY, "AM"]
        ill(pupil, [session], by=officer, code="/")

        by_sql(pupil, session, officer)

        assert code_of(pupil, session) == "O"

    def test_are_made_unauthorised_as_ever(self, school: School, pupil: Pupil, officer: User) -> None:
        session = days(MONDAY, MONDAY, school)[MONDAY, "AM"]

        set_marks(school, [WantedMark(pupil.pk, session.pk, "O")], by=officer, at=after(session))

        assert code_of(pupil, session) == "O"


class TestThePolicy:
    @pytest.mark.parametrize("key", SCHOOLS)
    def test_asks_for_it_at_lunts_heath_alone(self, key: str) -> None:
        school = SchoolFactory()
        under(school, key)

        assert SchoolTerms.objects.get(school=school).tells_before_unauthorising is (key == "lunts_heath")

    @pytest.mark.parametrize("key", [key for key in SCHOOLS if key != "lunts_heath"])
    def test_of_the_others_lets_the_mark_change(self, key: str, officer: User) -> None:
        school = SchoolFactory()
        under(school, key)
        pupil = pupil_of(class_of(school))
        session = days(MONDAY, MONDAY, school)[MONDAY, "AM"]
        ill(pupil, [session], by=officer)

        by_sql(pupil, session, officer)

        assert code_of(pupil, session) == "O"

    def test_is_the_one_in_force_when_the_mark_changes(
        self, school: School, pupil: Pupil, morning: Session, officer: User
    ) -> None:
        under(school, "leedon", since=MONDAY)

        by_sql(pupil, morning, officer)

        assert code_of(pupil, morning) == "O"

    def test_of_tomorrow_is_not_in_force_yet(
        self, school: School, pupil: Pupil, morning: Session, officer: User
    ) -> None:
        under(school, "leedon", since=MONDAY + timedelta(days=1))

        with pytest.raises(IntegrityError, match="was not told"), transaction.atomic():
            by_sql(pupil, morning, officer)


class TestANotice:
    @pytest.mark.parametrize(
        ("values", "constraint"),
        [
            ({"words": ""}, "unauthorisingnotice_says_what_was_said"),
            ({"how": "shouting"}, "unauthorisingnotice_way_is_known"),
            ({"last_day": date(2025, 9, 8)}, "unauthorisingnotice_ends_after_start"),
            ({"first_half": "PM", "last_half": "AM"}, "unauthorisingnotice_ends_after_start"),
            (
                {"told_at": london(date(2025, 9, 17), time(9, 0))},
                "unauthorisingnotice_was_given_before_it_is_logged",
            ),
        ],
    )
    def test_that_cannot_be_is_refused(self, values: dict[str, Any], constraint: str) -> None:
        with pytest.raises(IntegrityError, match=constraint):
            UnauthorisingNoticeFactory(**values)
