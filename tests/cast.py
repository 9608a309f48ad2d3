"""
The fixed cast of the tests: one person for each role at one school, and the people who must not get in.

Pupils live at `school`; nobody of `other_school` may see them. Each fixture is a `User`; `sign_in` opens a
client without a browser for one of them, with the second factor that staff need.
"""

from collections.abc import Callable
from datetime import date

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from accounts import second_factor
from accounts.models import Role, School, User
from registers.models import ClassGroup, ClassTeacher, Contact, Pupil
from tests.factories.accounts import RoleAssignmentFactory, SchoolFactory, UserFactory
from tests.factories.registers import (
    ClassGroupFactory,
    ClassTeacherFactory,
    ContactFactory,
    PupilContactFactory,
    pupil_in_class,
)

SignIn = Callable[[User], Client]


def person(school: School, role: str, *, name: str, title: str = "") -> User:
    """Make somebody who holds a role at a school, with a second factor."""
    user: User = UserFactory(name=name, email=f"{role}@{school.key}.example")
    RoleAssignmentFactory(user=user, school=school, role=role, title=title)
    give_second_factor(user)
    return user


def give_second_factor(user: User) -> None:
    """Give a person a second factor, without which staff pages send them to set one up."""
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "unused"})


@pytest.fixture
def school(db: None) -> School:
    """The school at which the cast works."""
    made: School = SchoolFactory(key="hill", name="Hill Primary School")
    return made


@pytest.fixture
def other_school(db: None) -> School:
    """Another school of the same installation."""
    made: School = SchoolFactory(key="vale", name="Vale Primary School")
    return made


@pytest.fixture
def class_group(school: School) -> ClassGroup:
    """Oak, a class of 2025/26."""
    made: ClassGroup = ClassGroupFactory(school=school, name="Oak", academic_year=2025)
    return made


@pytest.fixture
def pupil(class_group: ClassGroup) -> Pupil:
    """A pupil of Oak since 1 September 2025."""
    return pupil_in_class(class_group, surname="Ashdown", forename="Robin")


@pytest.fixture
def class_teacher(school: School, class_group: ClassGroup) -> User:
    """The teacher of Oak."""
    user = person(school, Role.TEACHER, name="Tess Teacher", title="Class teacher")
    made: ClassTeacher = ClassTeacherFactory(class_group=class_group, user=user, starts_on=date(2025, 9, 1))
    return made.user


@pytest.fixture
def office(school: School) -> User:
    """The school's office."""
    return person(school, Role.OFFICE, name="Olive Office", title="Office attendance contact")


@pytest.fixture
def champion(school: School) -> User:
    """The attendance champion."""
    return person(school, Role.CHAMPION, name="Charlie Champion", title="Senior Attendance Champion")


@pytest.fixture
def head(school: School) -> User:
    """The headteacher."""
    return person(school, Role.HEAD, name="Hilary Head", title="Headteacher")


@pytest.fixture
def governor(school: School) -> User:
    """A governor."""
    return person(school, Role.GOVERNOR, name="Gale Governor", title="Attendance governor")


@pytest.fixture
def trust_officer(school: School) -> User:
    """An officer of the trust."""
    return person(school, Role.TRUST, name="Terry Trust", title="Trust attendance lead")


@pytest.fixture
def former_office(school: School) -> User:
    """Somebody who worked in the school's office until July 2024 and has no role any more."""
    user: User = UserFactory(name="Frances Former", email="former@hill.example")
    RoleAssignmentFactory(user=user, school=school, role=Role.OFFICE, ends_on=date(2024, 7, 17))
    give_second_factor(user)
    return user


@pytest.fixture
def other_head(other_school: School) -> User:
    """The headteacher of the other school."""
    return person(other_school, Role.HEAD, name="Otis Other", title="Headteacher")


@pytest.fixture
def parent(school: School, pupil: Pupil) -> User:
    """The pupil's mother, who signs in without a second factor and holds no role."""
    user: User = UserFactory(name="Pat Parent", email="parent@family.example")
    contact: Contact = ContactFactory(school=school, name="Pat Parent", email=user.email, user=user)
    PupilContactFactory(pupil=pupil, contact=contact)
    return user


@pytest.fixture
def visitor(client: Client) -> Client:
    """Somebody who is not signed in."""
    return client


@pytest.fixture
def sign_in() -> SignIn:
    """Return a function that gives a client signed in as a person."""

    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        if user.authenticator_set.exists():
            session = client.session
            session[second_factor.SHOWN_KEY] = True  # as after the sign-in that tests/accounts walks through
            session.save()
        return client

    return signed_in
