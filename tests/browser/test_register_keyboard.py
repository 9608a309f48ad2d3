"""A register taken with the keyboard alone, in a real browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Dialog, Page, expect

from accounts.models import School, User
from registers.models import ClassGroup
from tests.browser.conftest import OpenPage, violations_of
from tests.factories.registers import PartTimeTimetableFactory, TimetableAbsenceFactory
from tests.registers.taking import TUESDAY, Morning, make_morning, mark, standing

pytestmark = pytest.mark.django_db(transaction=True)


class Keys:
    """A keyboard that counts: a chord is one keystroke; text is one for each character."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.strokes = 0

    def press(self, *keys: str) -> "Keys":
        for key in keys:
            self.page.keyboard.press(key)
            self.strokes += 1
        return self

    def type(self, text: str) -> "Keys":
        self.page.keyboard.type(text)
        self.strokes += len(text)
        return self


@pytest.fixture
def morning(present_moment: Callable[[str], None], school: School, class_group: ClassGroup) -> Morning:
    present_moment("2025-11-11T08:56")
    return make_morning(school, class_group, pupils=30)


@pytest.fixture
def register(open_page: OpenPage, morning: Morning, class_teacher: User) -> Page:
    """The register on a wide screen, its script ready."""
    page = open_page(morning.url, class_teacher)
    expect(page.locator("#register-form[data-ready]")).to_be_visible()
    return page


def said(page: Page) -> str:
    return page.locator("#message").inner_text()


def shown(page: Page, row: int) -> str:
    """Return the code in the grid's row, counted from 0."""
    return page.locator("td.register__mark .register__glyph > [aria-hidden]").nth(row).inner_text()


def focused_row(page: Page) -> int:
    """Return the row in which the focus is, -1 when it is outside the grid."""
    row: int = page.evaluate(
        "[...document.querySelectorAll('#register tbody tr')]"
        ".findIndex((row) => row.contains(document.activeElement))"
    )
    return row


def expect_saved(page: Page) -> None:
    """Wait until the bar says that every mark is on the server."""
    expect(page.locator("#unsaved")).to_have_text("· all saved")


class TestSpeed:
    def test_takes_thirty_pupils_with_three_exceptions_in_sixteen_keystrokes(
        self, register: Page, morning: Morning
    ) -> None:
        pointer_events = (
            "window.pointerEvents = 0; addEventListener('pointerdown', () => window.pointerEvents++)"
        )
        register.evaluate(pointer_events)
        keys = Keys(register)

        keys.press("Alt+Shift+F").type("d").press("Enter", "i")
        keys.press("Alt+Shift+F").type("h").press("Enter", "n")
        keys.press("Alt+Shift+F").type("j").press("Enter", "l")
        keys.press("Alt+Shift+P")
        assert register.evaluate("window.pointerEvents") == 0
        keys.press("Control+Enter")
        expect_saved(register)

        assert keys.strokes <= 16
        marks = {surname: values[0] for surname, values in standing(morning.session).items()}
        assert {surname: code for surname, code in marks.items() if code != "/"} == {
            "Dyer": "I",
            "Harper": "N",
            "Jarvis": "L",
        }
        assert len(marks) == 30

    def test_takes_exactly_one_keystroke_for_each_pupil(self, register: Page, morning: Morning) -> None:
        keys = Keys(register)

        keys.press(*["/"] * 10, "i", *["/"] * 19)
        assert keys.strokes == 30
        expect(register.locator("#count")).to_have_text("30 of 30 marked")
        keys.press("Control+Enter")
        expect_saved(register)

        codes = [standing(morning.session)[pupil.surname][0] for pupil in morning.pupils]
        assert codes == ["/"] * 10 + ["I"] + ["/"] * 19


class TestGrid:
    def test_begins_in_the_first_empty_cell_and_is_one_tab_stop(
        self, open_page: OpenPage, morning: Morning, class_teacher: User
    ) -> None:
        for pupil in morning.pupils[:2]:
            mark(morning.session, pupil, "/", by=class_teacher)
        page = open_page(morning.url, class_teacher)
        expect(page.locator("#register-form[data-ready]")).to_be_visible()

        assert focused_row(page) == 2
        assert page.locator("#register [tabindex='0']").count() == 1
        page.keyboard.press("Tab")
        assert focused_row(page) == -1

    def test_moves_by_arrows_and_stops_at_the_edges(self, register: Page) -> None:
        column = "[...document.activeElement.parentElement.cells].indexOf(document.activeElement)"
        keys = Keys(register)

        keys.press("ArrowUp")
        assert focused_row(register) == 0
        keys.press("PageDown")
        assert focused_row(register) == 10
        keys.press("Control+End")
        assert (focused_row(register), register.evaluate(column)) == (29, 7)
        keys.press("ArrowRight", "ArrowDown", "PageDown")
        assert (focused_row(register), register.evaluate(column)) == (29, 7)
        keys.press("Home", "ArrowLeft")
        assert (focused_row(register), register.evaluate(column)) == (29, 0)
        keys.press("Control+Home")
        assert (focused_row(register), register.evaluate(column)) == (0, 0)

    def test_says_what_was_marked(self, register: Page) -> None:
        Keys(register).press("/")

        assert said(register) == "Robin Abbot, Tuesday AM, Present. 1 of 30 marked"
        assert focused_row(register) == 1

    def test_gives_the_stroke_of_the_half_for_either_key(self, register: Page) -> None:
        Keys(register).press("\\", "/")

        assert (shown(register, 0), shown(register, 1)) == ("/", "/")

    def test_waits_for_the_digit_of_j_and_y_and_takes_c_at_once(self, register: Page) -> None:
        keys = Keys(register)

        keys.press("j")
        assert (shown(register, 0), focused_row(register)) == ("J…", 0)
        keys.press("1", "c", "1")
        assert (shown(register, 0), shown(register, 1), focused_row(register)) == ("J1", "C1", 2)
        keys.press("c", "ArrowUp", "1")
        assert (shown(register, 2), focused_row(register)) == ("C1", 3)

    def test_keeps_the_mark_and_the_focus_when_a_code_cannot_stand(self, register: Page) -> None:
        keys = Keys(register).press("i", "ArrowUp")

        keys.press("z")
        assert said(register) == "Z is not a code for a mark. The mark stays I."
        keys.press("x")
        assert said(register) == "X is not possible for Robin Abbot. The mark stays I."
        keys.press("y", "4")
        assert said(register) == "Y4 is not a code for a mark. The mark stays I."
        assert (shown(register, 0), focused_row(register)) == ("I", 0)

    def test_clears_with_backspace_and_takes_back_with_control_z(self, register: Page) -> None:
        keys = Keys(register).press("i", "ArrowUp", "Backspace")
        assert shown(register, 0) == ""

        keys.press("Control+z")
        assert shown(register, 0) == "I"
        keys.press("Control+z")
        assert shown(register, 0) == ""

    def test_fills_a_selection(self, register: Page) -> None:
        Keys(register).press("Shift+ArrowDown", "Shift+ArrowDown", "m")

        assert [shown(register, row) for row in range(4)] == ["M", "M", "M", ""]
        assert said(register) == "3 pupils, Medical or dental appointment. 3 of 30 marked"

    def test_fills_the_blanks_of_a_selection_only(self, register: Page) -> None:
        keys = Keys(register).press("i", "ArrowUp", "Shift+ArrowDown", "Shift+ArrowDown", "Alt+Shift+P")

        assert [shown(register, row) for row in range(4)] == ["I", "/", "/", ""]
        keys.press("Escape", "Alt+Shift+P")
        expect(register.locator("#count")).to_have_text("30 of 30 marked")
        assert shown(register, 0) == "I"

    def test_asks_for_the_nature_of_an_activity_and_carries_it_on(
        self, register: Page, morning: Morning
    ) -> None:
        keys = Keys(register)

        keys.press("v").type("County museum").press("Enter", "v")
        assert focused_row(register) == 2
        keys.press("Control+Enter")
        expect_saved(register)

        first, second = (pupil.surname for pupil in morning.pupils[:2])
        assert standing(morning.session) == {
            first: ("V", None, "County museum"),
            second: ("V", None, "County museum"),
        }

    def test_turns_a_time_of_arrival_into_the_code_it_means(self, register: Page) -> None:
        keys = Keys(register).press("/", "ArrowUp", "Enter").type("8:54").press("Enter")

        assert (shown(register, 0), focused_row(register)) == ("L", 1)
        assert said(register) == "Robin Abbot, Tuesday AM, Late, before the register closed. 1 of 30 marked"
        assert keys.strokes == 8

    def test_uses_single_keys_only_in_the_grid(self, register: Page) -> None:
        register.locator("#find").focus()

        Keys(register).type("in")

        expect(register.locator("#count")).to_have_text("0 of 30 marked")

    def test_takes_codes_by_pointer_from_the_key(self, register: Page) -> None:
        register.locator("#register tbody tr").nth(4).locator("td.register__mark").click()

        register.get_by_role("button", name="I: Illness").click()

        assert (shown(register, 4), focused_row(register)) == ("I", 5)

    def test_shows_where_each_mark_stands(self, register: Page) -> None:
        Keys(register).press("/", "v")
        state = register.locator(".save-state")
        assert state.nth(0).get_attribute("data-state") == "saving"
        assert state.nth(1).get_attribute("data-state") == "changed"  # it waits for its nature
        expect(register.locator("#unsaved")).to_have_text("· 1 not saved yet")

        Keys(register).type("Museum").press("Enter")
        expect_saved(register)

        assert [state.nth(row).get_attribute("data-state") for row in range(3)] == ["saved", "saved", ""]
        assert focused_row(register) == 2

    def test_says_what_is_left_when_asked_to_save(self, register: Page) -> None:
        Keys(register).press("/", "Control+Enter")

        expect(register.locator("#message")).to_have_text("Saved. 29 of 30 still to mark.")
        assert focused_row(register) == 1

    def test_warns_before_a_mark_without_its_nature_is_left(self, register: Page) -> None:
        asked: list[str] = []

        def stay(dialog: Dialog) -> None:
            asked.append(dialog.type)
            dialog.dismiss()

        register.on("dialog", stay)
        Keys(register).press("v", "Escape")

        register.get_by_role("link", name="Registers of Tue 11 Nov").click()

        assert asked == ["beforeunload"]
        expect(register.locator("#count")).to_have_text("1 of 30 marked")

    def test_takes_codes_from_a_list_in_the_cell(self, register: Page) -> None:
        keys = Keys(register).press("F2")
        editor = register.get_by_role("combobox", name="Code for Robin Abbot")
        expect(editor).to_be_focused()
        editor.select_option("M")
        keys.press("Enter")
        assert (shown(register, 0), focused_row(register)) == ("M", 1)

        keys.press("F2", "ArrowDown", "Escape")
        assert (shown(register, 1), focused_row(register)) == ("", 1)

    def test_offers_a_known_absence(self, open_page: OpenPage, morning: Morning, class_teacher: User) -> None:
        timetable = PartTimeTimetableFactory(pupil=morning.pupils[0])
        TimetableAbsenceFactory(timetable=timetable, weekday=TUESDAY.weekday(), half="AM")

        page = open_page(morning.url, class_teacher)
        expect(page.locator("#register-form[data-ready]")).to_be_visible()

        assert (shown(page, 0), focused_row(page)) == ("C2", 1)
        expect(page.locator("#unsaved")).to_have_text("· 1 not saved yet")


class TestFaults:
    def test_lead_to_the_nature_that_is_missing(self, register: Page, morning: Morning) -> None:
        Keys(register).press("v", "Escape", "Control+Enter")

        expect(register.locator(f"#nature-{morning.pupils[0].pk}")).to_be_focused()
        expect(register.locator("#message")).to_have_text(
            "Robin Abbot: say what the activity or circumstance is. It is not saved yet."
        )
        assert standing(morning.session) == {}

    def test_in_a_time_are_told_beside_it(self, register: Page, morning: Morning) -> None:
        Keys(register).press("l", "ArrowUp", "Enter").type("soon").press("Enter")

        expect(register.locator(f"#note-{morning.pupils[0].pk}")).to_have_text(
            "Enter the time of arrival like 9:12."
        )
        assert register.locator(".save-state").first.get_attribute("data-state") == "refused"


class TestAccessibility:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_has_no_violation_while_marking(
        self, open_page: OpenPage, morning: Morning, class_teacher: User, scheme: str
    ) -> None:
        page = open_page(morning.url, class_teacher, color_scheme=scheme)
        expect(page.locator("#register-form[data-ready]")).to_be_visible()
        Keys(page).press("/", "i", "l", "n", "Shift+ArrowDown")

        assert violations_of(page) == []

    def test_has_no_violation_with_faults(self, register: Page) -> None:
        Keys(register).press("l", "ArrowUp", "Enter").type("soon").press("Enter")
        expect(register.locator(".entry-note")).to_be_visible()

        assert violations_of(register) == []

    def test_never_hides_the_focus_behind_the_bar(self, register: Page) -> None:
        keys = Keys(register)
        hidden = """() => {
            const cell = document.activeElement.getBoundingClientRect();
            const bar = document.querySelector(".register-bar").getBoundingClientRect();
            return cell.bottom > bar.top + 1 || cell.top < 0;
        }"""

        for _ in range(29):
            keys.press("ArrowDown")
            assert register.evaluate(hidden) is False
