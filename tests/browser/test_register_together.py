"""Two people at one register, and the switch for single keys."""

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import School, User
from registers.models import ClassGroup
from tests.browser.conftest import NARROW, WIDE, OpenPage, overflow_of, small_targets, violations_of
from tests.registers.taking import Morning, make_morning, mark, standing

pytestmark = pytest.mark.django_db(transaction=True)

BAR = "#unsaved"


@pytest.fixture
def morning(present_moment: Callable[[str], None], school: School, class_group: ClassGroup) -> Morning:
    present_moment("2025-11-11T08:56")
    return make_morning(school, class_group)


def ready(page: Page) -> Page:
    expect(page.locator("#register-form[data-ready]")).to_be_visible()
    return page


def glyph(page: Page, row: int) -> str:
    return page.locator("td.register__mark .register__glyph > [aria-hidden]").nth(row).inner_text()


class TestTwoPeople:
    def test_see_each_others_marks_within_five_seconds(
        self, open_page: OpenPage, morning: Morning, class_teacher: User, office: User
    ) -> None:
        one = ready(open_page(morning.url, class_teacher))
        other = ready(open_page(morning.url, office))
        other.keyboard.press("ArrowDown")
        focused = "document.activeElement.id"
        before = other.evaluate(focused)

        began = time.monotonic()
        one.keyboard.press("n")
        expect(other.locator("#count")).to_have_text("1 of 3 marked", timeout=5000)
        assert time.monotonic() - began < 5
        assert glyph(other, 0) == "N"
        assert other.evaluate(focused) == before
        said = "Tess Teacher marked Robin Abbot: Reason not yet known."
        expect(other.locator("#others")).to_have_text(said)

        other.keyboard.press("l")
        expect(one.locator("#count")).to_have_text("2 of 3 marked", timeout=5000)
        assert glyph(one, 1) == "L"

    def test_are_not_disturbed_in_a_field_and_told_of_a_different_mark(
        self, open_page: OpenPage, morning: Morning, class_teacher: User, office: User
    ) -> None:
        page = ready(open_page(morning.url, class_teacher))
        page.keyboard.press("v")  # waits for its nature
        page.keyboard.type("Mus")
        mark(morning.session, morning.pupils[0], "L", by=office)

        note = page.locator(f"#note-{morning.pupils[0].pk}")
        expect(note).to_contain_text("Olive Office marked L", timeout=6000)
        page.keyboard.type("eum")
        nature = page.locator(f"#nature-{morning.pupils[0].pk}")
        expect(nature).to_have_value("Museum")
        expect(nature).to_be_focused()
        assert standing(morning.session) == {"Abbot": ("L", None, "")}


class TestTheSwitch:
    @pytest.fixture
    def register(self, open_page: OpenPage, morning: Morning, class_teacher: User) -> Page:
        return ready(open_page(morning.url, class_teacher))

    def test_turns_letters_off_and_leaves_the_list(self, register: Page, morning: Morning) -> None:
        register.get_by_role("button", name="Turn single keys off").click()
        expect(register.get_by_role("alert")).to_contain_text("Single keys are off.")
        ready(register)
        register.locator("#register tbody tr").first.locator("td.register__mark").click()

        for key in ("i", "/", "1"):
            register.keyboard.press(key)
        assert glyph(register, 0) == ""
        register.keyboard.press("Enter")
        editor = register.get_by_role("combobox", name="Code for Robin Abbot")
        expect(editor).to_be_focused()
        assert violations_of(register) == []
        editor.select_option("V")
        register.keyboard.press("Enter")
        register.keyboard.type("Museum")
        register.keyboard.press("Enter")

        expect(register.locator(BAR)).to_have_text("· all saved")
        assert standing(morning.session) == {"Abbot": ("V", None, "Museum")}

    def test_stays_as_it_was_set_for_the_person(self, register: Page, class_teacher: User) -> None:
        register.get_by_role("button", name="Turn single keys off").click()
        expect(register.get_by_role("button", name="Turn single keys on")).to_be_visible()

        class_teacher.refresh_from_db()
        assert class_teacher.uses_single_keys is False

    def test_holds_for_the_jumps_of_every_page(self, register: Page) -> None:
        register.goto("/s/hill/keyboard/")
        register.keyboard.press("g")
        register.keyboard.press("r")
        register.wait_for_url("**/s/hill/registers/")

        register.goto("/s/hill/keyboard/")
        register.get_by_role("button", name="Turn single keys off").click()
        expect(register.get_by_role("heading", name="Single keys are off")).to_be_visible()
        register.locator("h1").click()
        register.keyboard.press("g")
        register.keyboard.press("r")
        register.wait_for_timeout(300)
        assert register.url.endswith("/s/hill/keyboard/")

    @pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
    def test_is_reached_without_scripts_and_without_violation(
        self, open_page: OpenPage, morning: Morning, class_teacher: User, viewport: dict[str, int]
    ) -> None:
        page = open_page(morning.url, class_teacher, viewport=viewport, scripts=False)
        page.get_by_role("button", name="Turn single keys off").click()
        expect(page.get_by_role("button", name="Turn single keys on")).to_be_visible()
        assert page.url.endswith(morning.url)

        page = open_page("/s/hill/keyboard/", class_teacher, viewport=viewport)
        assert (violations_of(page), small_targets(page, least=24), overflow_of(page)) == ([], [], 0)
