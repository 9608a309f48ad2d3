"""The school that the benchmark measures: classes of thirty with teachers, and years of marks."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.db import connection
from django.utils import timezone
from django.utils.module_loading import import_string
from django_scopes import scope

from accounts.adapters import SIGNED_IN_AT_KEY
from accounts.models import Role, RoleAssignment, School, User
from accounts.second_factor import SHOWN_KEY
from registers.models import ClassGroup, ClassMembership, ClassTeacher, Enrolment, Pupil, Session
from registers.rules.calendar import academic_year_of
from registers.services.marks import MarkRow, load_marks

IN_A_CLASS = 30
DAYS_OF_A_YEAR = 190
# Of a hundred marks: about the country's mixture.
CODES = ["/"] * 93 + ["I"] * 4 + ["G", "O", "C"]


@dataclass
class Scene:
    """What was built, and how long the marks took."""

    school: School
    groups: list[ClassGroup]
    teachers: list[User]
    pupils: list[list[int]]  # of each class, in no particular order
    session: Session  # today's, whose registers are open
    marks: int = 0
    load_seconds: float = 0.0
    quick: bool = False
    cookies: list[str] = field(default_factory=list)  # of each teacher

    def url(self, place: int) -> str:
        """Return the address of a class's register."""
        group = self.groups[place]
        return f"/s/{self.school.key}/registers/{self.session.on}/{self.session.half}/{group.pk}/"


def build(*, pupils: int, years: int, days: int = DAYS_OF_A_YEAR) -> Scene:
    """Build a school of so many pupils with marks of so many years and a register that is open now."""
    now = timezone.localtime()
    school = School.objects.create(key="benchmark", name="Benchmark School", trust="")
    with scope(school=school):
        sessions = list(_sessions(school, years=years, days=days, now=now))
        Session.objects.bulk_create(sessions, batch_size=2000)
        scene = _people(school, pupils=pupils, year=academic_year_of(now.date()), session=sessions[-1])
        first_day = sessions[0].on
        ids = [pk for members in scene.pupils for pk in members]
        Enrolment.objects.bulk_create(
            [Enrolment(school=school, pupil_id=pk, starts_on=first_day) for pk in ids], batch_size=2000
        )
        began = time.perf_counter()
        for year in sorted({session.academic_year for session in sessions[:-1]}):
            of_year = [session for session in sessions[:-1] if session.academic_year == year]
            scene.marks += load_marks(school, _marks(ids, of_year), by=scene.teachers[0], at=now)
        scene.load_seconds = time.perf_counter() - began
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as the server itself would within a minute
    scene.cookies = [sign_in(teacher) for teacher in scene.teachers]
    return scene


def _sessions(school: School, *, years: int, days: int, now: datetime) -> Iterator[Session]:
    """Yield the sessions of so many years of school days up to yesterday, and one of today that is open."""
    open_on: list[date] = []
    year = academic_year_of(now.date())
    for start in range(year - years + 1, year):
        open_on += _weekdays(date(start, 9, 1), date(start + 1, 8, 31))[:days]
    # This year is as long as the others; days that have not come yet lie in the summer before.
    open_on += _weekdays(now.date() - timedelta(days=400), now.date() - timedelta(days=1))[-days:]
    number = 0
    for day in sorted(set(open_on)):
        for half, hour in (("AM", 8), ("PM", 13)):
            number += 1
            opens = timezone.make_aware(datetime(day.year, day.month, day.day, hour, 40))  # noqa: DTZ001
            yield _session(school, day, half, number, opens, opens + timedelta(minutes=30))
    yield _session(school, now.date(), "AM", number + 1, now - timedelta(hours=1), now + timedelta(hours=3))


def _weekdays(first_day: date, last_day: date) -> list[date]:
    spread = [first_day + timedelta(days=days) for days in range((last_day - first_day).days + 1)]
    return [day for day in spread if day.weekday() < 5]


def _session(school: School, on: date, half: str, number: int, opens: datetime, closes: datetime) -> Session:
    return Session(
        school=school,
        on=on,
        half=half,
        academic_year=academic_year_of(on),
        half_term="Autumn 1",
        term="autumn",
        number=number,
        school_week=1 + number // 10,
        opens_at=opens,
        late_after_at=opens + timedelta(minutes=10),
        closes_at=closes,
    )


def _people(school: School, *, pupils: int, year: int, session: Session) -> Scene:
    classes = max(14, pupils // IN_A_CLASS)
    groups = ClassGroup.objects.bulk_create(
        [ClassGroup(school=school, academic_year=year, name=f"Class {place + 1}") for place in range(classes)]
    )
    made = Pupil.objects.bulk_create(
        [
            Pupil(
                school=school,
                upn=f"A{place:012d}",
                surname=f"Surname{place * 7919 % 100_000:05d}",
                forename="Robin",
                date_of_birth=date(year - 9, 1 + place % 12, 1 + place % 28),
                sex="F",
            )
            for place in range(max(pupils, classes * IN_A_CLASS))
        ],
        batch_size=2000,
    )
    members = [made[place::classes] for place in range(classes)]
    starts_on = session.on - timedelta(days=60)
    ClassMembership.objects.bulk_create(
        [
            ClassMembership(
                school=school, class_group=group, pupil=pupil, starts_on=starts_on, year_group="4"
            )
            for group, of_class in zip(groups, members, strict=True)
            for pupil in of_class
        ],
        batch_size=2000,
    )
    teachers = User.objects.bulk_create(
        [User(email=f"teacher{place}@school.example", name=f"Teacher {place}") for place in range(classes)]
    )
    RoleAssignment.objects.bulk_create(
        [
            RoleAssignment(school=school, user=teacher, role=Role.TEACHER, starts_on=starts_on)
            for teacher in teachers
        ]
    )
    ClassTeacher.objects.bulk_create(
        [
            ClassTeacher(school=school, class_group=group, user=teacher, starts_on=starts_on)
            for group, teacher in zip(groups, teachers, strict=True)
        ]
    )
    return Scene(
        school, groups, teachers, [[pupil.pk for pupil in of_class] for of_class in members], session
    )


def _marks(pupils: list[int], sessions: list[Session]) -> Iterator[MarkRow]:
    chance = random.Random(1)
    for session in sessions:
        present = "/" if session.half == "AM" else "\\"
        for pupil in pupils:
            code = chance.choice(CODES)
            yield MarkRow(pupil, session.pk, session.academic_year, present if code == "/" else code)


def sign_in(user: User) -> str:
    """Return the key of a session in which this person has signed in with a second factor."""
    store: SessionBase = import_string(f"{settings.SESSION_ENGINE}.SessionStore")()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store[SHOWN_KEY] = True
    store[SIGNED_IN_AT_KEY] = time.time()
    store.save()
    return str(store.session_key)
