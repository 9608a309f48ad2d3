"""A school year with marks, and a family, for letters."""

from collections.abc import Callable, Iterator
from datetime import date, time

import pytest
from django_scopes import scopes_disabled

from accounts.models import School, User
from registers.models import Pupil, Session
from registers.services.marks import MarkRow, load_marks
from tests.factories.registers import (
    ContactFactory,
    DayTimesFactory,
    PupilContactFactory,
    SessionFactory,
    london,
    weekdays_between,
)

# 2025/26: 190 days, as the worked examples have it.
HALF_TERMS = (
    ("Autumn 1", date(2025, 9, 3), date(2025, 10, 24)),
    ("Autumn 2", date(2025, 11, 3), date(2025, 12, 19)),
    ("Spring 1", date(2026, 1, 5), date(2026, 2, 13)),
    ("Spring 2", date(2026, 2, 23), date(2026, 3, 27)),
    ("Summer 1", date(2026, 4, 13), date(2026, 5, 22)),
    ("Summer 2", date(2026, 6, 1), date(2026, 7, 15)),
)
MAY_DAY = date(2026, 5, 4)
MarkDays = Callable[..., None]


@pytest.fixture(autouse=True)
def _everything_in_sight() -> Iterator[None]:
    with scopes_disabled():
        yield


@pytest.fixture
def year(school: School) -> dict[tuple[date, str], Session]:
    """The sessions of 2025/26 at the school, by day and half."""
    rows: list[Session] = []
    for name, first_day, last_day in HALF_TERMS:
        for day in weekdays_between(first_day, last_day):
            if day == MAY_DAY:
                continue
            for half in ("AM", "PM"):
                number = len(rows) + 1
                rows.append(
                    SessionFactory.build(
                        school=school,
                        on=day,
                        half=half,
                        half_term=name,
                        number=number,
                        school_week=number // 10,
                    )
                )
    Session.objects.bulk_create(rows)
    assert len(rows) == 380
    DayTimesFactory(school=school, half="AM")
    return {(row.on, row.half): row for row in rows}


@pytest.fixture
def mark_days(year: dict[tuple[date, str], Session], office: User) -> MarkDays:
    """Mark a pupil present for every session up to a day, but for the codes given by day and half."""

    def mark(pupil: Pupil, *, up_to: date, codes: dict[tuple[date, str], str] | None = None) -> None:
        codes = codes or {}
        rows = [
            MarkRow(
                pupil.pk, session.pk, session.academic_year, codes.get(key, "/" if key[1] == "AM" else "\\")
            )
            for key, session in year.items()
            if session.on <= up_to
        ]
        load_marks(pupil.school, rows, by=office, at=london(up_to, time(16, 0)))

    return mark


@pytest.fixture
def family(pupil: Pupil) -> Pupil:
    """The pupil with a mother and a father at one address."""
    for priority, name, relationship in ((1, "Mona Ashdown", "mother"), (2, "Paul Ashdown", "father")):
        contact = ContactFactory(school=pupil.school, name=name)
        PupilContactFactory(pupil=pupil, contact=contact, priority=priority, relationship=relationship)
    return pupil


def both_halves(code: str, *days: date) -> dict[tuple[date, str], str]:
    """Return the code for morning and afternoon of each day."""
    return {(day, half): code for day in days for half in ("AM", "PM")}
