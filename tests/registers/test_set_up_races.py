"""Nobody's mark of the very moment at which the school closes is left standing on a closed session."""

import threading
from datetime import UTC, date, datetime, time

import pytest
from django.db import IntegrityError, connection, transaction
from django_scopes import scope

from accounts.models import School, User
from accounts.people import system_user
from registers.models import ClassGroup, Mark, Session
from registers.services import closures
from registers.services.calendar import Period, set_calendar
from registers.services.marks import MarkRow, load_marks
from tests.calendars import periods_of
from tests.factories.registers import DayTimesFactory, london, pupil_in_class

pytestmark = pytest.mark.django_db(transaction=True)
DAY = date(2025, 11, 18)
LONGEST_WAIT = 20


@pytest.fixture
def afternoon(school: School) -> Session:
    for half in ("AM", "PM"):
        DayTimesFactory(school=school, half=half)
    with scope(school=school):
        set_calendar(school, periods_of(2025), by=system_user(), at=datetime(2025, 7, 1, tzinfo=UTC))
        return Session.objects.get(on=DAY, half="PM")


def test_a_mark_that_is_being_written_is_taken_away_with_the_others(
    school: School, afternoon: Session, class_group: ClassGroup, office: User
) -> None:
    pupil = pupil_in_class(class_group)
    written, done = threading.Event(), threading.Event()
    failures: list[BaseException] = []

    def close() -> None:
        try:
            assert written.wait(LONGEST_WAIT)
            with scope(school=school):
                period = Period("emergency_closure", "Boiler failure", DAY, DAY, "PM", "PM")
                closures.close_school(school, period, by=office, at=london(DAY, time(13, 5)))
        except BaseException as failure:
            failures.append(failure)
        finally:
            done.set()
            connection.close()

    closer = threading.Thread(target=close)
    closer.start()
    with scope(school=school), transaction.atomic():
        row = MarkRow(pupil.pk, afternoon.pk, afternoon.academic_year, "I")
        load_marks(school, [row], by=office, at=afternoon.opens_at, source="register")
        written.set()
        assert not done.wait(0.5)  # the closing waits for the mark
    closer.join(LONGEST_WAIT)

    assert failures == []
    with scope(school=school):
        assert Mark.objects.count() == 0
        assert Session.objects.get(pk=afternoon.pk).status == "cancelled"


def test_a_mark_that_comes_while_the_school_closes_is_refused(
    school: School, afternoon: Session, class_group: ClassGroup, office: User
) -> None:
    pupil = pupil_in_class(class_group)
    refused: list[BaseException] = []
    closing, done = threading.Event(), threading.Event()

    def mark() -> None:
        try:
            assert closing.wait(LONGEST_WAIT)
            with scope(school=school):
                row = MarkRow(pupil.pk, afternoon.pk, afternoon.academic_year, "I")
                load_marks(school, [row], by=office, at=afternoon.opens_at, source="register")
        except BaseException as refusal:
            refused.append(refusal)
        finally:
            done.set()
            connection.close()

    marker = threading.Thread(target=mark)
    marker.start()
    with scope(school=school), transaction.atomic():
        period = Period("emergency_closure", "Boiler failure", DAY, DAY, "PM", "PM")
        closures.close_school(school, period, by=office, at=london(DAY, time(13, 5)))
        closing.set()
        assert not done.wait(0.5)  # the mark waits for the closing
    marker.join(LONGEST_WAIT)

    assert [type(one) for one in refused] == [IntegrityError]
    assert "The school was closed on 2025-11-18 PM." in str(refused[0])
    with scope(school=school):
        assert Mark.objects.count() == 0
