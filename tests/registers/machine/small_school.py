"""The small school that the state machine works in, and the chance that chooses for it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, Protocol, TypeVar
from uuid import UUID

from django_scopes import scopes_disabled
from hypothesis import strategies

from accounts.models import School, User
from accounts.people import system_user
from registers.models import ClassGroup, Pupil, Session
from registers.rules.times import SessionTimes
from registers.services.calendar import Period, set_calendar
from registers.services.entries import Entry, Outcome
from tests.factories.accounts import SchoolFactory, UserFactory
from tests.factories.registers import (
    TIMES,
    ClassGroupFactory,
    DayTimesFactory,
    PartTimeTimetableFactory,
    TimetableAbsenceFactory,
    london,
    pupil_in_class,
)

FIRST_DAY, LAST_DAY = date(2025, 11, 3), date(2025, 11, 21)
BEFORE = datetime(2025, 10, 1, 9, 0, tzinfo=UTC)
MORNING, EVENING = time(8, 30), time(16, 30)
MOST_PUPILS = 11

Option = TypeVar("Option")
Place = tuple[int, int]  # pupil and session
Values = tuple[str, time | None, str]  # code, arrival time, nature


class Chance(Protocol):
    """Whatever chooses: a seeded die, or a search for the shortest way to a fault."""

    def pick(self, options: Sequence[Option]) -> Option:
        """Return one of some options."""

    def number(self, first: int, last: int) -> int:
        """Return a whole number, both ends included."""


def one_in(chance: Chance, how_many: int) -> bool:
    """Say yes once in so many times; the simplest answer is no."""
    return chance.number(1, how_many) == how_many


class Die:
    """Chance with a seed: the same seed makes the same school year."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def pick(self, options: Sequence[Option]) -> Option:
        """Return one of some options."""
        return options[self.random.randrange(len(options))]

    def number(self, first: int, last: int) -> int:
        """Return a whole number, both ends included."""
        return self.random.randint(first, last)


class Searched:
    """Chance that hypothesis chooses, and makes smaller when it found a fault."""

    def __init__(self, data: Any) -> None:
        self.data = data

    def pick(self, options: Sequence[Option]) -> Option:
        """Return one of some options."""
        return options[self.number(0, len(options) - 1)]

    def number(self, first: int, last: int) -> int:
        """Return a whole number, both ends included."""
        found: int = self.data.draw(strategies.integers(first, last))
        return found


@dataclass(frozen=True)
class Sent:
    """A request of a browser with the marks typed in it."""

    class_group: ClassGroup
    session: Session
    entries: tuple[Entry, ...]
    shown_at: datetime


@dataclass(frozen=True)
class File:
    """A file of marks, with the marks it names by place."""

    content: bytes
    marks: dict[Place, Values]
    has_details: bool  # arrival times and natures


@dataclass
class SmallSchool:
    """Two classes, eight pupils and three weeks of a real calendar; the clock is a moment that acts move."""

    school: School
    office: User
    teacher: User
    device: User  # the account that only ever sends marks typed in a browser
    rollcall: User
    groups: tuple[ClassGroup, ...]
    now: datetime
    ticks: int = 0
    sent: list[Sent] = field(default_factory=list)
    # The place and the first answer of each key that a browser used.
    keys: dict[UUID, tuple[Place, Outcome]] = field(default_factory=dict)
    files: list[File] = field(default_factory=list)
    # The first and last link of each act that one person did with one reason.
    acts: list[tuple[int, int]] = field(default_factory=list)
    # The marks that closures took away and that no undoing has brought back yet.
    cleared: dict[Place, Values] = field(default_factory=dict)
    calendar: list[Session] = field(default_factory=list)
    done: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)

    def moment(self) -> datetime:
        """Return the present moment; no two acts share one, as no two requests do."""
        self.ticks += 1
        return self.now + timedelta(microseconds=self.ticks)

    @property
    def today(self) -> date:
        """Return the day."""
        return self.now.date()

    def sessions(self) -> list[Session]:
        """Return every session of the calendar in order, held or not; read again after `calendar_changed`."""
        if not self.calendar:
            self.calendar = list(Session.objects.filter(school=self.school).order_by("on", "half"))
        return self.calendar

    def calendar_changed(self) -> None:
        """Note that sessions were closed or opened."""
        self.calendar = []

    def pupils(self) -> list[Pupil]:
        """Return every pupil the school ever had."""
        return list(Pupil.objects.filter(school=self.school).order_by("pk"))

    def some_session(self, chance: Chance) -> Session:
        """Return a session: mostly the latest that opened, or one of the last ones; sometimes any."""
        sessions = self.sessions()
        opened = [session for session in sessions if session.opens_at <= self.now]
        if not opened or one_in(chance, 15):
            return chance.pick(sessions)
        return opened[-min(chance.pick((1, 1, 1, 1, 2, 2, 3, 5, 9)), len(opened))]

    def some_day(self, chance: Chance) -> date:
        """Return a day around today."""
        return self.today + timedelta(days=chance.number(-3, 6))

    def tick(self, chance: Chance) -> None:
        """Move the clock on: some minutes, or to the next morning."""
        self.now += timedelta(minutes=chance.pick((7, 20, 45, 90, 150, 240)))
        while self.now.time() > EVENING or self.now.weekday() > 4:
            self.now = london(self.now.date() + timedelta(days=1), MORNING)


def times_of(session: Session) -> SessionTimes:
    """Return the times of the small school's day."""
    return SessionTimes(session.half, *TIMES[session.half])


def make_small_school() -> SmallSchool:
    """
    Make the school on the first morning of its three weeks.

    One pupil is not of compulsory school age yet, one has a part-time timetable without Monday afternoons.
    """
    school = SchoolFactory()
    for half in ("AM", "PM"):
        DayTimesFactory(school=school, half=half)
    names = ("Olive Office", "Tess Teacher", "Dev Device")
    office, teacher, device = (UserFactory(name=name) for name in names)
    groups = tuple(ClassGroupFactory(school=school, name=name, academic_year=2025) for name in ("Ash", "Elm"))
    with scopes_disabled():
        rollcall = system_user()
        weeks = Period("half_term", "Autumn 2", FIRST_DAY, LAST_DAY)
        set_calendar(school, [weeks], by=office, at=BEFORE)
        pupils = [
            pupil_in_class(groups[n % 2], surname=f"Surname {letter}") for n, letter in enumerate("ABCDEF")
        ]
        pupil_in_class(groups[0], surname="Surname G", date_of_birth=date(2021, 3, 15), year_group="R")
        pupil_in_class(groups[1], surname="Surname H", starts_on=date(2025, 11, 10))
    TimetableAbsenceFactory(timetable=PartTimeTimetableFactory(pupil=pupils[0]))
    return SmallSchool(school, office, teacher, device, rollcall, groups, now=london(FIRST_DAY, time(8, 55)))
