"""
Every page of the access table in a real browser: sound wide and narrow, and whole without scripts.

The pages come from the table itself, so a new address is opened here as soon as it has its row there.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.urls import reverse
from django_scopes import scopes_disabled
from playwright.sync_api import Page

from accounts.models import User
from tests.browser.conftest import NARROW, WIDE, OpenPage, overflow_of, small_targets, violations_of
from tests.cast import SignIn, person
from tests.factories.accounts import UserFactory
from tests.factories.registers import ClassTeacherFactory, ContactFactory
from tests.whole.access_row import GOVERNOR, HEAD, OFFICE, PARENT, TEACHER, TRUST, Row
from tests.whole.access_table import TABLE
from tests.whole.world import DAY, World, give_to_family, world_of

pytestmark = pytest.mark.django_db(transaction=True)

# What a GET answers with something else than a page: JSON or a part of a page for scripts, letters and files.
NO_PAGES = frozenset(
    {
        "registers:changes",
        "registers:outbox",
        "letters:file",
        "absences:attachment",
        "absences:child_letter",
        "absences:contact_health_file",
        "absences:family_attachment",
        "absences:report_callers",
        "escalation:step-preview",
    }
)
WITHOUT_PAGE = [row for row in TABLE if row.name in NO_PAGES and row.method == "get"]
# Those who work with pages all day open each that they may; of the others one opens what is left.
BY_DAY = (OFFICE, TEACHER)
OTHERS = (HEAD, GOVERNOR, TRUST, PARENT)


def openers_of(row: Row) -> list[str]:
    """Return the roles that open a page here; a page above schools is also opened as a parent."""
    by_day = [role for role in BY_DAY if role in row.roles]
    others = [role for role in OTHERS if role in row.roles]
    above = [PARENT] if PARENT in row.roles and not row.is_of_a_school else []
    return [*by_day, *above] if by_day else others[:1]


PAGES = [
    (role, row)
    for row in TABLE
    if row.method == "get" and row.status == 200 and row.name not in NO_PAGES
    for role in openers_of(row)
]


@dataclass(frozen=True)
class Place:
    """The world on Tuesday 9 September 2025 at nine, and the people who look at it."""

    world: World
    people: dict[str, User]

    def address(self, row: Row) -> str:
        """Return the address of a row in this world."""
        return reverse(row.name, kwargs={part: self.world.arguments[of] for part, of in row.parts.items()})


@pytest.fixture
def place(present_moment: Callable[[str], None], school, class_group, pupil) -> Place:
    present_moment(f"{DAY.isoformat()}T09:00")
    with scopes_disabled():
        world = world_of(school, class_group, pupil)
        people = {role: person(school, role, name=f"{role} here") for role in (*BY_DAY, *OTHERS[:3])}
        people[PARENT] = UserFactory(name="parent here")
        ClassTeacherFactory(class_group=class_group, user=people[TEACHER])
        give_to_family(world, ContactFactory(school=school, user=people[PARENT]))
    return Place(world, people)


def faults_of_frame(page: Page) -> list[str]:
    """Return what is wrong with the title, the heading and the link to the main content."""
    found = []
    if not re.fullmatch(r".+ – Rollcall", page.title()):
        found.append(f"title {page.title()!r}")
    if page.locator("h1").count() != 1:
        found.append(f"{page.locator('h1').count()} headings of the first level")
    page.locator(".govuk-skip-link").focus()
    page.keyboard.press("Enter")
    if page.evaluate("document.activeElement.id") != "main-content":
        found.append("the skip link leads nowhere")
    return found


def faults_of_look(page: Page) -> list[str]:
    """Return what is wrong with the page at the width it has."""
    wider = overflow_of(page)
    return [
        *violations_of(page),
        *(f"too small: {control}" for control in small_targets(page, least=24)),
        *([f"{wider} px too wide"] if wider > 0 else []),
    ]


def lame_without_scripts(page: Page) -> list[str]:
    """Return forms that cannot be sent and have no page of their own, and controls that do nothing."""
    script = """() => {
      const links = [...document.querySelectorAll("main a")].map((link) => link.href);
      const shown = (node) => node.checkVisibility() || node.closest("details:not([open])");
      const sends = (form) => [...form.elements].some((one) => one.type === "submit" && shown(one));
      const forms = [...document.querySelectorAll("main form")]
        .filter((form) => !sends(form) && !links.some((link) => link.startsWith(form.action)));
      const controls = [...document.querySelectorAll("main button, main select, main textarea, main input")]
        .filter((one) => one.type !== "hidden" && one.checkVisibility())
        .filter((one) => !one.form || one.type === "button");
      return [...forms, ...controls].map((one) => one.outerHTML.slice(0, 120));
    }"""
    found: list[str] = page.evaluate(script)
    return found


class TestTheTable:
    def test_gives_pages_to_open_here(self):
        assert {role for role, _ in PAGES} == {OFFICE, TEACHER, HEAD, TRUST, PARENT}

    @pytest.mark.parametrize("row", WITHOUT_PAGE, ids=lambda row: row.name)
    def test_leaves_out_only_what_is_no_page(self, place: Place, sign_in: SignIn, row: Row):
        who = place.people[PARENT if row.is_of_family else HEAD]
        answer = sign_in(who).get(place.address(row))

        assert answer.status_code == row.status
        is_html = "text/html" in answer.headers["Content-Type"]
        assert not is_html or row.status == 409 or "<html" not in answer.content.decode()

    def test_leaves_out_each_of_these_once(self):
        assert {row.name for row in WITHOUT_PAGE} == NO_PAGES


@pytest.mark.parametrize("role", sorted({role for role, _ in PAGES}))
class TestEveryPage:
    def test_is_sound_wide_and_narrow(self, place: Place, open_page: OpenPage, role: str):
        wrong: list[str] = []
        page = open_page("/start/", place.people[role], viewport=WIDE)
        for row in [row for who, row in PAGES if who == role]:
            page.set_viewport_size(WIDE)
            answer = page.goto(place.address(row))
            found = [] if answer and answer.status == 200 else [f"status {answer and answer.status}"]
            for viewport in (WIDE, NARROW):
                page.set_viewport_size(viewport)
                found += [f"{fault}, at {viewport['width']} px" for fault in faults_of_look(page)]
            found += faults_of_frame(page)
            wrong += [f"{row.name}: {fault}" for fault in found]

        assert wrong == []

    def test_has_its_forms_and_no_dead_control_without_scripts(
        self, place: Place, open_page: OpenPage, role: str
    ):
        wrong: list[str] = []
        page = open_page("/start/", place.people[role], scripts=False)
        for row in [row for who, row in PAGES if who == role]:
            page.goto(place.address(row))
            wrong += [f"{row.name}: {fault}" for fault in lame_without_scripts(page)]

        assert wrong == []
