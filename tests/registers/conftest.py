"""A school that is open: with times, a calendar and a clock that stands still."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
import time_machine
from django_scopes import scope

from accounts.models import School
from accounts.people import system_user
from registers.services.calendar import set_calendar
from tests.calendars import periods_of
from tests.factories.registers import DayTimesFactory

SUMMER_2026 = datetime(2026, 7, 16, 9, 0, tzinfo=UTC)


@pytest.fixture
def summer_holidays() -> Iterator[datetime]:
    """Let it be the morning after the last day of 2025/26."""
    with time_machine.travel(SUMMER_2026, tick=False):
        yield SUMMER_2026


@pytest.fixture
def open_school(school: School, summer_holidays: datetime) -> School:
    """The cast's school with the calendar of 2025/26; Fridays end at half past one."""
    for half in ("AM", "PM"):
        DayTimesFactory(school=school, half=half)
        DayTimesFactory(school=school, half=half, weekday=4, day_ends_at=time(13, 30))
    with scope(school=school):
        set_calendar(school, periods_of(2025), by=system_user(), at=datetime(2025, 7, 1, tzinfo=UTC))
    return school


@pytest.fixture
def first_day() -> date:
    """The first day of 2025/26."""
    return date(2025, 9, 3)


@pytest.fixture
def time_machine_at() -> Any:
    """Return a context that stops the clock at another moment."""
    return lambda moment: time_machine.travel(moment, tick=False)
