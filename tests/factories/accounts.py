"""Schools, people and their roles."""

from datetime import UTC, date, datetime

import factory
from factory.declarations import LazyAttribute, Sequence, SubFactory

from accounts.models import Event, Installation, Role, RoleAssignment, School, User
from tests.factories.base import RowFactory


class SchoolFactory(RowFactory[School]):
    """A school with nothing in it: no times, no calendar, no pupils."""

    class Meta:
        model = School

    key = Sequence(lambda n: f"school-{n}")
    name = Sequence(lambda n: f"Hill School {n}")
    phase = "primary"
    local_authority = "Anyshire"
    leaving_year = "6"
    office_phone = "01632 960001"
    office_email = LazyAttribute(lambda school: f"office@{school.key}.example")
    address = "1 Hill Road\nAnytown\nAN1 1AA"


class UserFactory(RowFactory[User]):
    """A person who may sign in and holds no role anywhere."""

    class Meta:
        model = User

    email = Sequence(lambda n: f"person{n}@school.example")
    name = Sequence(lambda n: f"Person {n}")
    password = factory.django.Password("correct-horse-battery-staple")


class RoleAssignmentFactory(RowFactory[RoleAssignment]):
    """A teacher's role, held since before any calendar of the tests and still held."""

    class Meta:
        model = RoleAssignment

    user = SubFactory(UserFactory)
    school = SubFactory(SchoolFactory)
    role = Role.TEACHER
    starts_on = date(2018, 9, 1)


class EventFactory(RowFactory[Event]):
    """One line of the log."""

    class Meta:
        model = Event

    kind = "test.happened"
    at = datetime(2025, 9, 9, 9, 0, tzinfo=UTC)


class InstallationFactory(RowFactory[Installation]):
    """The one row about the whole installation."""

    class Meta:
        model = Installation

    id = 1
    is_demo = False
