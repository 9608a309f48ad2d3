"""Whatever joins, leaves and moves come after each other, past class lists stay as they were."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from random import Random

import pytest
from django.db import connection, transaction
from django_scopes import scope

from accounts.errors import DomainError
from accounts.models import School, User
from registers.models import ClassGroup, ClassMembership, Departure, Enrolment, Pupil
from registers.selectors.registers import pupils_in_class
from registers.services.joining import NewPupil, Place, join_pupil, readmit_pupil
from registers.services.leaving import LeavingInput, cancel_leaving, plan_leaving
from registers.services.moving import move_pupils
from registers.services.rolling_over import Choices, roll_over
from tests.factories.registers import ClassGroupFactory, held_sessions, london

FIRST = date(2025, 11, 3)
STEPS = 60
SEEDS = 4


class Office:
    """An office that does one thing after another at random, on days that go on."""

    def __init__(self, school: School, by: User, seed: int) -> None:
        self.school, self.by, self.chance = school, by, Random(seed)
        self.today = FIRST
        self.groups: list[ClassGroup] = [
            ClassGroupFactory(school=school, name=name, academic_year=2025) for name in ("Ash", "Elm", "Oak")
        ]
        self.done: dict[str, int] = {}

    @property
    def at(self) -> datetime:
        """Return this morning."""
        return london(self.today, time(9, 0))

    def some_day(self) -> date:
        """Return today or one of the three weeks after it."""
        return self.today + timedelta(days=self.chance.randrange(21))

    def place(self) -> Place:
        """Return some place in the school."""
        return Place(self.some_day(), self.chance.choice(self.groups).pk, self.chance.choice(("4", "5", "6")))

    def somebody(self) -> Pupil | None:
        """Return one of the pupils the school knows."""
        known = list(Pupil.objects.filter(school=self.school).order_by("pk"))
        return self.chance.choice(known) if known else None

    def join(self) -> None:
        """Put a new pupil on roll."""
        new = NewPupil("", f"S{self.chance.random()}", "Robin", date(2016, 3, 15))
        join_pupil(self.school, new, self.place(), by=self.by, at=self.at)

    def readmit(self) -> None:
        """Put somebody on roll again."""
        if (pupil := self.somebody()) is not None:
            readmit_pupil(pupil, self.place(), by=self.by, at=self.at)

    def leave(self) -> None:
        """Plan somebody's leaving."""
        pupil = self.somebody()
        enrolment = Enrolment.objects.filter(pupil=pupil).order_by("-starts_on").first()
        if enrolment is not None:
            given = LeavingInput(
                leaving_on=self.some_day(),
                ground="a",
                confirmations=frozenset({"registered", "no_exception"}),
                decider="Head",
                new_school_name="Vale",
                return_sent_on=self.today,
                return_sent_to="Authority",
            )
            plan_leaving(enrolment, given, on=self.today, by=self.by, at=self.at)

    def stay(self) -> None:
        """Take somebody's leaving back."""
        departure = Departure.objects.filter(cancelled_at__isnull=True).order_by("-pk").first()
        if departure is not None:
            cancel_leaving(departure, reason="Stays", on=self.today, by=self.by, at=self.at)

    def move(self) -> None:
        """Move some pupils to another class from today or later."""
        pupils = {pupil.pk for _ in range(3) if (pupil := self.somebody()) is not None}
        move_pupils(
            self.school,
            pupils,
            to=self.chance.choice(self.groups),
            starts_on=self.some_day(),
            reason="",
            on=self.today,
            by=self.by,
            at=self.at,
        )

    def act(self) -> None:
        """Do one thing, or be refused."""
        acts: tuple[Callable[[], None], ...] = (
            *(self.join, self.join, self.readmit, self.leave, self.stay, self.move, self.move),
        )
        one = self.chance.choice(acts)
        try:
            with transaction.atomic():
                one()
                with connection.cursor() as cursor:
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        except DomainError:
            return
        self.done[one.__name__] = self.done.get(one.__name__, 0) + 1


def class_lists(office: Office, until: date) -> dict[tuple[str, date], list[int]]:
    """Return who stood in each class on each day before one."""
    days = [FIRST + timedelta(days=n) for n in range((until - FIRST).days)]
    return {
        (group.name, on): [pupil.pk for pupil in pupils_in_class(group, on=on)]
        for group in office.groups
        for on in days
    }


def assert_sound(school: School) -> None:
    """See that the roll says one thing: times apart, each class within one, leavings as recorded."""
    for model, ends in ((Enrolment, "leaving_on"), (ClassMembership, "ends_on")):
        for pupil in Pupil.objects.filter(school=school):
            spans = sorted(
                (row["starts_on"], row[ends] or date.max)
                for row in model.objects.filter(pupil=pupil).values("starts_on", ends)
            )
            assert all(first <= last for first, last in spans)
            assert all(before[1] < after[0] for before, after in pairwise(spans))
    for one in ClassMembership.objects.select_related("pupil"):
        assert any(
            time.starts_on <= one.starts_on and (one.ends_on or date.max) <= (time.leaving_on or date.max)
            for time in Enrolment.objects.filter(pupil=one.pupil)
        ), one
    for departure in Departure.objects.filter(cancelled_at__isnull=True).select_related("enrolment"):
        assert departure.leaving_on == departure.enrolment.leaving_on


@pytest.mark.django_db
class TestARandomOffice:
    @pytest.mark.parametrize("seed", range(SEEDS))
    def test_never_changes_a_past_class_list(self, school: School, office: User, seed: int) -> None:
        held_sessions(school, date(2026, 7, 13), date(2026, 7, 15))
        acting = Office(school, office, seed)
        with scope(school=school):
            for step in range(STEPS):
                before = class_lists(acting, acting.today) if step % 10 == 9 else None
                acting.act()
                if before is not None:
                    assert class_lists(acting, acting.today) == before
                if step % 3 == 2:
                    acting.today += timedelta(days=1)
            assert_sound(school)
            assert {"join", "leave", "move"} <= acting.done.keys()
            past = class_lists(acting, acting.today)
            acting.today = date(2026, 7, 1)
            roll_over(
                school,
                Choices({f"{group.pk}_{year}": "New" for group in acting.groups for year in ("4", "5", "6")}),
                to_year=2026,
                on=acting.today,
                by=office,
                at=acting.at,
            )
            assert_sound(school)
            acting.today = FIRST + timedelta(days=STEPS // 3)
            assert class_lists(acting, acting.today) == past
