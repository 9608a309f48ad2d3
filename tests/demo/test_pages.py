"""The demo's pages: one click signs in as anybody, so they exist on a demo at this very machine only."""

import importlib
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY
from django.http import Http404
from django.test import Client, RequestFactory
from django.urls import Resolver404, clear_url_caches, resolve, set_script_prefix

import attendance_site.urls
from accounts.models import Role, School, User
from accounts.people import system_user
from accounts.second_factor import DEMO_SESSION_KEY
from demo import access, selectors
from registers.models import ClassGroup, Pupil
from tests.cast import person
from tests.factories.accounts import InstallationFactory, RoleAssignmentFactory, UserFactory
from tests.factories.registers import (
    ClassGroupFactory,
    ClassTeacherFactory,
    ContactFactory,
    PupilContactFactory,
)

ADDRESSES = ("/demo/", "/demo/users.json", "/demo/sign-in/")
NOW = "2026-01-14T08:52"  # a Wednesday of the cast's school year
TODAY = date(2026, 1, 14)


def route() -> None:
    """Make the routes again, as a starting server does."""
    importlib.reload(attendance_site.urls)
    clear_url_caches()
    set_script_prefix("/")


@pytest.fixture
def with_debug(settings: Any) -> Iterator[Any]:
    """Run with DEBUG, as ./start does."""
    settings.DEBUG = True
    settings.ROLLCALL_NOW = NOW
    route()
    yield settings
    settings.DEBUG = False
    route()


@pytest.fixture
def demo(with_debug: Any, school: School) -> None:
    """Declare the school's installation a demo, looked at from this machine."""
    InstallationFactory(is_demo=True)


def invented(made: Any) -> User:
    """Take the password from a person: everybody in the demo is without one."""
    user: User = made
    user.set_unusable_password()
    user.save(update_fields=["password"])
    return user


@pytest.fixture
def head(school: School) -> User:
    return invented(person(school, Role.HEAD, name="Hilary Head", title="Headteacher"))


@pytest.fixture
def oak_teacher(school: School, class_group: ClassGroup) -> User:
    teacher = invented(person(school, Role.TEACHER, name="Tess Teacher", title="Class teacher"))
    ClassTeacherFactory(class_group=class_group, user=teacher, starts_on=date(2025, 9, 1))
    return teacher


@pytest.fixture
def mother(school: School, pupil: Pupil) -> User:
    user = invented(UserFactory(name="Moira Mother", email="moira@example.org"))
    contact = ContactFactory(school=school, name="Moira Mother", user=user)
    PupilContactFactory(pupil=pupil, contact=contact, relationship="mother")
    return user


@pytest.fixture
def officer(school: School, other_school: School) -> User:
    user = invented(UserFactory(name="Terry Trust", email="trust@example.org"))
    for one in (school, other_school):
        RoleAssignmentFactory(user=user, school=one, role=Role.TRUST, title="Trust attendance lead")
    return user


def local_client(**options: Any) -> Client:
    return Client(HTTP_HOST="localhost:8000", REMOTE_ADDR="127.0.0.1", **options)


def ask(client: Client, address: str, **extra: Any) -> int:
    if address == "/demo/sign-in/":
        return client.post(address, {"email": "head@hill.example"}, **extra).status_code
    return client.get(address, **extra).status_code


class TestTheAddresses:
    @pytest.mark.parametrize("address", ADDRESSES)
    def test_exist_on_a_demo_at_this_machine(self, demo: None, head: User, address: str) -> None:
        assert ask(local_client(), address) in (200, 302)

    @pytest.mark.parametrize("address", ADDRESSES)
    def test_are_not_even_routed_without_debug(self, settings: Any, address: str) -> None:
        settings.DEBUG = False
        route()

        with pytest.raises(Resolver404):
            resolve(address)

    @pytest.mark.parametrize("address", ADDRESSES)
    def test_do_not_exist_without_debug_even_if_something_routed_them(
        self, demo: None, with_debug: Any, head: User, address: str
    ) -> None:
        with_debug.DEBUG = False

        assert ask(local_client(), address) == 404

    @pytest.mark.parametrize("address", ADDRESSES)
    def test_do_not_exist_without_demo_data(self, with_debug: Any, head: User, address: str) -> None:
        assert ask(local_client(), address) == 404

        InstallationFactory(is_demo=False)
        assert ask(local_client(), address) == 404

    @pytest.mark.parametrize("remote", ["192.0.2.7", "10.0.0.5", "169.254.1.1", "2001:db8::1", "", "unix:"])
    @pytest.mark.parametrize("address", ADDRESSES)
    def test_do_not_exist_for_a_visitor_from_another_machine(
        self, demo: None, head: User, address: str, remote: str
    ) -> None:
        assert ask(Client(HTTP_HOST="localhost:8000", REMOTE_ADDR=remote), address) == 404

    @pytest.mark.parametrize(
        "host", ["rollcall.example", "localhost.evil.example", "127.0.0.1.nip.example:8000", "192.0.2.7"]
    )
    @pytest.mark.parametrize("address", ADDRESSES)
    def test_do_not_exist_under_another_name(
        self, demo: None, with_debug: Any, head: User, address: str, host: str
    ) -> None:
        with_debug.ALLOWED_HOSTS = ["*"]

        assert ask(Client(HTTP_HOST=host, REMOTE_ADDR="127.0.0.1"), address) == 404

    @pytest.mark.parametrize("header", access.PASSED_ON)
    def test_do_not_exist_behind_a_proxy(self, demo: None, head: User, header: str) -> None:
        for address in ADDRESSES:
            assert ask(local_client(), address, **{header: "192.0.2.7"}) == 404

    @pytest.mark.parametrize("host", ["localhost", "localhost:8123", "127.0.0.1:8000", "[::1]", "[::1]:8000"])
    def test_exist_under_each_name_of_this_machine(self, demo: None, host: str) -> None:
        request = RequestFactory().get(
            "/demo/", HTTP_HOST=host, REMOTE_ADDR="::1" if "::" in host else "127.0.0.1"
        )

        access.check_demo_exists(request)

    def test_do_not_exist_when_the_name_is_none_at_all(self, demo: None) -> None:
        request = RequestFactory().get("/demo/", HTTP_HOST="localhost:8000/x", REMOTE_ADDR="127.0.0.1")

        with pytest.raises(Http404):
            access.check_demo_exists(request)


class TestSigningIn:
    def test_goes_to_the_first_page_of_each_role(
        self, demo: None, head: User, oak_teacher: User, mother: User, officer: User
    ) -> None:
        landings = {
            head: "/s/hill/overview/",
            oak_teacher: "/s/hill/registers/",
            mother: "/family/",
            officer: "/trust/",
        }

        for user, landing in landings.items():
            client = local_client()
            answer = client.post("/demo/sign-in/", {"email": user.email})
            assert (answer.status_code, answer["Location"]) == (302, landing)
            assert client.session[SESSION_KEY] == str(user.pk)
            assert client.get(landing).status_code == 200

    def test_asks_for_no_second_factor(self, demo: None, school: School) -> None:
        clerk = invented(UserFactory(name="Cleo Clerk", email="cleo@hill.example"))
        RoleAssignmentFactory(user=clerk, school=school, role=Role.OFFICE)
        client = local_client()

        client.post("/demo/sign-in/", {"email": clerk.email})

        assert client.session[DEMO_SESSION_KEY] is True
        assert client.get("/s/hill/registers/").status_code == 200

    def test_takes_the_place_of_whoever_was_signed_in(self, demo: None, head: User, mother: User) -> None:
        client = local_client()
        client.post("/demo/sign-in/", {"email": head.email})

        client.post("/demo/sign-in/", {"email": mother.email})

        assert client.session[SESSION_KEY] == str(mother.pk)
        assert client.get("/s/hill/overview/").status_code == 404

    def test_needs_the_token_of_the_page(self, demo: None, head: User) -> None:
        client = local_client(enforce_csrf_checks=True)
        assert client.post("/demo/sign-in/", {"email": head.email}).status_code == 403
        assert SESSION_KEY not in client.session

        client.get("/demo/")
        token = (
            client.cookies["csrftoken"].value
            if "csrftoken" in client.cookies
            else client.cookies["csrf"].value
        )
        answer = client.post("/demo/sign-in/", {"email": head.email, "csrfmiddlewaretoken": token})

        assert answer.status_code == 302

    def test_cannot_be_done_with_a_link(self, demo: None, head: User) -> None:
        client = local_client()

        assert client.get("/demo/sign-in/", {"email": head.email}).status_code == 405
        assert SESSION_KEY not in client.session

    @pytest.mark.parametrize(
        "email", ["", "nobody@example.org", "HEAD@hill.example", "system@rollcall.invalid"]
    )
    def test_refuses_whoever_is_not_listed(self, demo: None, head: User, email: str) -> None:
        system_user()
        client = local_client()

        assert client.post("/demo/sign-in/", {"email": email}).status_code == 404
        assert SESSION_KEY not in client.session

    def test_refuses_somebody_with_a_password_of_their_own(self, demo: None, school: School) -> None:
        real = person(school, Role.HEAD, name="Rhona Real")
        client = local_client()

        assert client.post("/demo/sign-in/", {"email": real.email}).status_code == 404
        assert SESSION_KEY not in client.session

    def test_refuses_somebody_who_is_not_active_any_more(self, demo: None, head: User) -> None:
        head.is_active = False
        head.save(update_fields=["is_active"])

        assert local_client().post("/demo/sign-in/", {"email": head.email}).status_code == 404


class TestTheListForScripts:
    def test_names_address_role_school_and_first_page(
        self, demo: None, head: User, oak_teacher: User, mother: User, officer: User
    ) -> None:
        assert local_client().get("/demo/users.json").json() == [
            {"email": "trust@example.org", "role": "trust", "school": None, "landing": "/trust/"},
            {"email": head.email, "role": "head", "school": "hill", "landing": "/s/hill/overview/"},
            {
                "email": oak_teacher.email,
                "role": "teacher",
                "school": "hill",
                "landing": "/s/hill/registers/",
            },
            {"email": "moira@example.org", "role": "parent", "school": "hill", "landing": "/family/"},
        ]


class TestThePage:
    def test_has_a_button_for_everybody(
        self, demo: None, head: User, oak_teacher: User, mother: User, officer: User
    ) -> None:
        page = local_client().get("/demo/").content.decode()

        for user in (head, oak_teacher, mother, officer):
            assert page.count(f'value="{user.email}"') == 1
        assert "mother of Robin" in page
        assert page.count('name="csrfmiddlewaretoken"') == 1

    def test_finds_people_by_any_words_in_any_case(
        self, demo: None, head: User, oak_teacher: User, officer: User
    ) -> None:
        page = local_client().get("/demo/", {"q": " OAK hill "}).content.decode()

        assert f'value="{oak_teacher.email}"' in page
        assert f'value="{head.email}"' not in page
        assert "1 of 3 people" in page

    def test_says_so_when_nobody_is_found(self, demo: None, head: User) -> None:
        page = local_client().get("/demo/", {"q": "<xyz>"}).content.decode()

        assert "Nobody like this" in page
        assert "<xyz>" not in page

    def test_costs_as_many_queries_for_thirty_teachers_as_for_three(
        self, demo: None, school: School, django_assert_num_queries: Callable[..., Any]
    ) -> None:
        for wanted in (3, 30):
            for number in range(wanted):
                group = ClassGroupFactory(school=school, name=f"{wanted} {number}", academic_year=2025)
                user = invented(UserFactory(email=f"t{wanted}.{number}@hill.example"))
                RoleAssignmentFactory(user=user, school=school, role=Role.TEACHER)
                ClassTeacherFactory(class_group=group, user=user, starts_on=date(2025, 9, 1))
            # The installation (to admit the visitor, and for the clock), assignments, classes, parents.
            with django_assert_num_queries(5):
                local_client().get("/demo/")


class TestTheOrder:
    def test_of_classes_is_the_one_schools_use(self, demo: None, school: School) -> None:
        names = ["3 Oak", "Acorn (R, 1)", "10 Ash", "R Oak", "1A", "N Morning", "RB", "Robins (2)"]
        for number, name in enumerate(names):
            group = ClassGroupFactory(school=school, name=name, academic_year=2025)
            user = invented(UserFactory(email=f"t{number}@hill.example"))
            RoleAssignmentFactory(user=user, school=school, role=Role.TEACHER)
            ClassTeacherFactory(class_group=group, user=user, starts_on=date(2025, 9, 1))

        listed = [user.title for user in selectors.demo_users(on=TODAY)]

        assert listed == ["N Morning", "R Oak", "RB", "1A", "3 Oak", "10 Ash", "Acorn (R, 1)", "Robins (2)"]
