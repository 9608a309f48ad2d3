"""The demo's page of people works for everybody, and one click leads to a first page."""

import importlib
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from django.urls import clear_url_caches
from playwright.sync_api import Page, expect
from pytest_django import Settings

import attendance_site.urls
from accounts.models import Role, School, User
from registers.models import ClassGroup
from tests.browser.conftest import NARROW, WIDE, OpenPage, overflow_of, small_targets, violations_of
from tests.factories.accounts import RoleAssignmentFactory, UserFactory
from tests.factories.registers import ClassGroupFactory, ClassTeacherFactory


def route() -> None:
    """Make the routes again, as a starting server does: the demo's exist with DEBUG only."""
    importlib.reload(attendance_site.urls)
    clear_url_caches()


@pytest.fixture
def demo(
    present_moment: Callable[[str], None], settings: Settings, school: School, class_group: ClassGroup
) -> Iterator[None]:
    """Invent a head and the teachers of two classes."""
    present_moment("2025-09-12T08:52")
    for number, group in enumerate((class_group, ClassGroupFactory(school=school, name="3 Elm"))):
        teacher: Any = UserFactory(name=f"Tess Teacher {number}", email=f"t{number}@hill.example")
        RoleAssignmentFactory(user=teacher, school=school, role=Role.TEACHER)
        ClassTeacherFactory(class_group=group, user=teacher, starts_on=date(2025, 9, 1))
    head: Any = UserFactory(name="Hilary Head", email="head@hill.example")
    RoleAssignmentFactory(user=head, school=school, role=Role.HEAD, title="Headteacher")
    for user in User.objects.all():
        user.set_unusable_password()
        user.save(update_fields=["password"])
    route()
    yield
    settings.DEBUG = False
    route()


@pytest.fixture
def page(demo: None, open_page: OpenPage) -> Page:
    """Open the page in a wide window."""
    return open_page("/demo/", viewport=WIDE)


def test_it_is_accessible_wide_and_narrow(demo: None, open_page: OpenPage) -> None:
    for viewport in (WIDE, NARROW):
        page = open_page("/demo/", viewport=viewport)

        assert page.locator("h1").count() == 1
        assert violations_of(page) == []
        assert overflow_of(page) == 0
        assert small_targets(page, least=24) == []


def test_one_click_signs_in_and_leads_to_the_first_page(page: Page) -> None:
    page.get_by_role("button", name="Headteacher").click()

    page.wait_for_url("**/s/hill/overview/")
    expect(page.get_by_text("Hilary Head")).to_be_visible()


def test_it_finds_a_teacher_and_signs_in_without_scripts(demo: None, open_page: OpenPage) -> None:
    page = open_page("/demo/", scripts=False)
    page.get_by_label("Find a person").fill("elm")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_text("1 of 3 people")).to_be_visible()

    page.get_by_role("button", name="Sign in as 3 Elm").click()

    page.wait_for_url("**/s/hill/registers/")
