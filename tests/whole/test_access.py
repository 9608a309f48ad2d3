"""Every address of ours against every role, at the own school and at another."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import Role
from tests.cast import person
from tests.factories.accounts import UserFactory
from tests.factories.registers import (
    ClassGroupFactory,
    ClassTeacherFactory,
    ContactFactory,
    pupil_in_class,
)
from tests.whole.access_table import (
    ALLAUTH_CLOSED,
    ALLAUTH_FOR_VISITORS,
    ALLAUTH_PREFIX,
    DEMO_PREFIX,
    PARENT,
    ROLES,
    TABLE,
    TEACHER,
    Row,
)
from tests.whole.world import DAY, NOW, World, family_rows_of, give_to_family, world_of

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Address:
    """One pattern of the resolver."""

    route: str
    name: str


def addresses(resolver: URLResolver | None = None, prefix: str = "", space: str = "") -> Iterator[Address]:
    """Yield every pattern that the site answers, with its full route and name."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern).lstrip("^")
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from addresses(pattern, route, inner)
        else:
            assert isinstance(pattern, URLPattern)
            yield Address(route, f"{space}{pattern.name or pattern.lookup_str}")


def ours() -> list[Address]:
    """Return the addresses that need a row: all but django-allauth's and the demo's."""
    return [a for a in addresses() if not a.route.startswith((ALLAUTH_PREFIX, DEMO_PREFIX))]


@pytest.fixture(autouse=True)
def tuesday_at_nine():
    """Tuesday 9 September 2025 at nine, while the morning's register is open."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def here(school, class_group, pupil) -> World:
    return world_of(school, class_group, pupil)


@pytest.fixture
def there(other_school) -> World:
    return world_of(other_school)


@pytest.fixture
def clients(here, sign_in) -> dict[str, Client]:
    """A client for each role at the school; the teacher teaches the class, the parent is the pupil's."""
    people = {role: person(here.school, role, name=f"{role} here") for role in ROLES if role != PARENT}
    ClassTeacherFactory(class_group=here.class_group, user=people[TEACHER])
    people[PARENT] = UserFactory(name="parent here")
    give_to_family(here, ContactFactory(school=here.school, user=people[PARENT]))
    return {role: sign_in(user) for role, user in people.items()}


def send(client: Client, row: Row, world: World, *, method: str = "", **changed: object) -> Any:
    """Return the answer of the row's address, filled in from a school's world with some parts changed."""
    arguments = {part: world.arguments[source] for part, source in row.parts.items()} | changed
    return getattr(client, method or row.method)(reverse(row.name, kwargs=arguments))


def ask(client: Client, row: Row, world: World, **changed: object) -> int:
    """Return the status of the row's address."""
    return int(send(client, row, world, **changed).status_code)


def title(row: Row) -> str:
    """Return a row in a word or two."""
    return f"{row.method} {row.name}"


def statuses(
    clients: dict[str, Client], rows: list[Row], world: World, **changed: object
) -> dict[str, dict[str, int]]:
    """Return the status that each role gets at each row's address."""
    return {
        title(row): {role: ask(client, row, world, **changed) for role, client in clients.items()}
        for row in rows
    }


OF_A_SCHOOL = [row for row in TABLE if row.is_of_a_school]
WITH_A_ROW = [(row, part) for row in TABLE for part in row.of_school]
WITH_A_ROW_OF_A_FAMILY = [(row, part) for row in TABLE for part in row.of_family]


class TestTheTable:
    def test_has_a_row_for_every_address(self):
        assert {address.name for address in ours()} == {row.name for row in TABLE}

    def test_names_every_address_once(self):
        names = [address.name for address in ours()]

        assert sorted(names) == sorted(set(names))

    def test_says_of_every_number_in_an_address_whose_it_is(self):
        kinds = {
            row.name: {part for part in row.parts if part.endswith("_id") or part == "pk"} for row in TABLE
        }

        assert kinds == {row.name: {*row.of_school, *row.of_family} for row in TABLE}

    def test_has_every_row_of_a_school_under_the_schools_address(self):
        assert [title(row) for row in TABLE if row.of_school and not row.is_of_a_school] == []


class TestEveryAddress:
    def test_lets_exactly_the_named_roles_through(self, here, clients):
        expected = {}
        for row in TABLE:
            # Parents hold no role at the school: its addresses do not exist for them. Nor does what belongs
            # to a family for anybody else.
            refused = {
                role: 404 if row.is_of_family or (row.is_of_a_school and role == PARENT) else 403
                for role in ROLES
            }
            expected[title(row)] = {
                role: row.status if role in row.roles else refused[role] for role in ROLES
            }

        assert statuses(clients, list(TABLE), here) == expected

    def test_sends_visitors_to_sign_in(self, here):
        visitor = Client()
        answers = {title(row): send(visitor, row, here) for row in TABLE}

        assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 302)
        assert [
            name
            for name, answer in answers.items()
            if not answer.headers["Location"].startswith("/accounts/login/")
        ] == []

    def test_answers_no_method_without_a_row(self, here, clients):
        got = {}
        for row in TABLE:
            if row.name in ("home", "landing"):
                continue  # they only send people on, whatever the method
            asked = {other.method for other in TABLE if other.name == row.name}
            client = next(client for role, client in clients.items() if role in row.roles)
            for method in METHODS:
                if method not in asked:
                    got[f"{method} {row.name}"] = send(client, row, here, method=method).status_code

        assert got == dict.fromkeys(got, 405)
        assert len(got) > len(TABLE)

    def test_needs_a_token_from_our_own_page_to_change_anything(self, here, clients):
        got = {}
        for row in TABLE:
            if row.method != "get":
                strict = Client(enforce_csrf_checks=True)
                strict.cookies = next(client for role, client in clients.items() if role in row.roles).cookies
                got[title(row)] = ask(strict, row, here)

        assert got == dict.fromkeys(got, 403)
        assert got


class TestAddressesOfAnotherSchool:
    def test_do_not_exist_for_anybody(self, there, clients):
        nowhere = dict.fromkeys(ROLES, 404)

        assert statuses(clients, OF_A_SCHOOL, there) == {title(row): nowhere for row in OF_A_SCHOOL}

    def test_do_not_exist_with_rows_of_the_own_school_either(self, here, there, clients):
        nowhere = dict.fromkeys(ROLES, 404)

        got = statuses(clients, OF_A_SCHOOL, here, school_key=there.school.key)

        assert got == {title(row): nowhere for row in OF_A_SCHOOL}


class TestRowsOfAnotherSchool:
    @pytest.mark.parametrize("is_real", [True, False], ids=["real", "invented"])
    def test_do_not_exist_under_the_own_schools_address(self, here, there, clients, is_real):
        got = {}
        for row, part in WITH_A_ROW:
            foreign = there.arguments[row.parts[part]] if is_real else 999_999_999
            for role in row.roles:
                got[title(row), part, role] = ask(clients[role], row, here, **{part: foreign})

        assert got == dict.fromkeys(got, 404)
        assert got


class TestRowsOfAnotherFamily:
    @pytest.mark.parametrize("whose", ["the same school", "another school", "nobody"])
    def test_do_not_exist_for_anybody_else(self, here, there, clients, class_group, whose):
        others = {
            "the same school": family_rows_of(pupil_in_class(class_group)),
            "another school": there.arguments,
            "nobody": {},
        }
        got = {}
        for row, part in WITH_A_ROW_OF_A_FAMILY:
            foreign = others[whose].get(row.parts[part], 999_999_999)
            for role, client in clients.items():
                got[title(row), part, role] = ask(client, row, here, **{part: foreign})

        assert got == dict.fromkeys(got, 404)
        assert got


class TestATeacher:
    @pytest.fixture
    def colleague(self, school):
        """A class of the same school that somebody else teaches."""
        group = ClassGroupFactory(school=school, academic_year=2025)
        return group, pupil_in_class(group)

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_may_not_open_or_save_another_class(self, here, clients, colleague, method):
        group, _ = colleague
        row = next(r for r in TABLE if (r.name, r.method) == ("registers:register", method))

        assert ask(clients[TEACHER], row, here, class_id=group.pk) == 403

    def test_may_not_see_the_marks_of_another_classs_pupil(self, here, clients, colleague):
        _, pupil = colleague
        row = next(r for r in TABLE if r.name == "registers:mark_history")

        assert ask(clients[TEACHER], row, here, pupil_id=pupil.pk) == 403

    def test_loses_a_pupil_who_moves_to_another_class(self, here, clients, colleague):
        group, _ = colleague
        row = next(r for r in TABLE if r.name == "registers:mark_history")
        assert ask(clients[TEACHER], row, here) == 200
        memberships = here.pupil.memberships.model._base_manager
        memberships.filter(pupil=here.pupil).update(ends_on=date_before(DAY))
        memberships.create(
            school=here.school, pupil=here.pupil, class_group=group, year_group="5", starts_on=DAY
        )

        assert ask(clients[TEACHER], row, here) == 403

    def test_may_not_change_a_register_that_has_closed(self, here, clients):
        row = next(r for r in TABLE if (r.name, r.method) == ("registers:register", "post"))

        with time_machine.travel(here.session.closes_at.replace(minute=59), tick=False):
            assert ask(clients[TEACHER], row, here) == 403


class TestAStepThatIsNoNumber:
    @pytest.mark.parametrize("typed", ["²", "-1", "1e9", "9" * 40, ""])
    def test_is_no_step(self, here, clients, typed):
        desk = reverse("escalation:desk", args=[here.school.key])

        assert clients["head"].get(desk, {"step": typed}).status_code == 200
        assert clients["head"].post(f"{desk}approvals/", {"step": typed}).status_code == 422


class TestPagesOfDjangoAllauth:
    def test_send_visitors_to_sign_in_but_for_those_that_are_named(self, db):
        names = {a.name for a in addresses() if a.route.startswith(ALLAUTH_PREFIX)}
        assert names >= ALLAUTH_FOR_VISITORS
        known = {"uidb36": "1", "key": "set-password", "pk": 1}
        answered = set()
        for name in names - ALLAUTH_CLOSED:
            url = reverse_with_some(name, known)
            answer = Client().get(url)
            location = answer.headers.get("Location", "")
            assert answer.status_code in (200, 302, 405), (name, answer.status_code)
            if answer.status_code != 302 or not location.startswith(f"/accounts/login/?next={url}"):
                answered.add(name)

        assert answered - {"account_logout"} == ALLAUTH_FOR_VISITORS

    def test_that_are_closed_do_not_exist(self, db):
        known = {"uidb36": "1", "key": "abc", "pk": 1}

        got = {
            name: Client().get(reverse_with_some(name, known)).status_code
            for name in ALLAUTH_CLOSED - {"closed"}
        }

        assert got == dict.fromkeys(got, 404)


class TestTheDemosAddresses:
    @pytest.mark.parametrize(
        ("method", "address"),
        [("get", "/demo/"), ("get", "/demo/users.json"), ("post", "/demo/sign-in/")],
    )
    def test_do_not_exist_without_debug(self, db, method, address):
        answer = getattr(Client(), method)(address, {"email": "head@hill.example"})

        assert answer.status_code == 404


class TestEveryRole:
    def test_is_in_the_table(self):
        assert set(ROLES) == {*Role.values, PARENT}


def reverse_with_some(name: str, known: dict[str, object]) -> str:
    """Return the address of this name with those of the known arguments that it takes."""
    from django.urls import NoReverseMatch

    for arguments in ({}, {"key": known["key"]}, {"uidb36": "1", "key": known["key"]}, {"pk": 1}):
        try:
            return reverse(name, kwargs=arguments)
        except NoReverseMatch:
            continue
    raise AssertionError(f"{name} takes arguments that this test does not know")


def date_before(day):
    from datetime import timedelta

    return day - timedelta(days=1)
