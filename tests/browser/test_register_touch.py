"""A register taken by touch on a phone, and in a browser without scripts."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import School, User
from registers.models import ClassGroup
from tests.browser.conftest import NARROW, PHONE, WIDE, OpenPage, overflow_of, small_targets, violations_of
from tests.factories.registers import pupil_in_class
from tests.registers.taking import Morning, make_morning, mark, standing

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def morning(present_moment: Callable[[str], None], school: School, class_group: ClassGroup) -> Morning:
    present_moment("2025-11-11T08:56")
    return make_morning(school, class_group, pupils=3)


class TestPhone:
    @pytest.fixture
    def register(self, open_page: OpenPage, morning: Morning, class_teacher: User) -> Page:
        page = open_page(morning.url, class_teacher, viewport=PHONE, has_touch=True)
        expect(page.locator("#register-form[data-ready]")).to_be_visible()
        return page

    def test_is_a_list_of_groups_and_no_grid(self, register: Page) -> None:
        assert register.get_by_role("grid").count() == 0
        assert register.get_by_role("group", name="Robin Abbot").get_by_role("radio").count() == 3

    def test_saves_what_was_tapped(self, register: Page, morning: Morning) -> None:
        register.get_by_role("group", name="Robin Abbot").get_by_text("Present").tap()
        register.get_by_role("group", name="Robin Baker").get_by_text("Absent").tap()
        register.get_by_label("Other code for Robin Carter").select_option("M")
        expect(register.locator("#count")).to_have_text("3 of 3 marked")

        expect(register.locator("#unsaved")).to_have_text("· all saved")
        codes = {surname: values[0] for surname, values in standing(morning.session).items()}
        assert codes == {"Abbot": "/", "Baker": "N", "Carter": "M"}

    def test_takes_the_last_touch_of_radio_and_list(self, register: Page) -> None:
        group = register.get_by_role("group", name="Robin Abbot")
        group.get_by_text("Present").tap()
        register.get_by_label("Other code for Robin Abbot").select_option("I")
        assert group.get_by_role("radio", checked=True).count() == 0

        group.get_by_text("Late").tap()
        assert register.get_by_label("Other code for Robin Abbot").input_value() == ""

    def test_asks_for_the_time_only_of_the_late_and_the_nature_only_of_activities(
        self, register: Page
    ) -> None:
        assert register.locator(".detail:visible").count() == 0

        register.get_by_role("group", name="Robin Abbot").get_by_text("Late").tap()
        assert register.locator(".detail:visible").count() == 1
        register.get_by_label("Other code for Robin Abbot").select_option("V")
        expect(register.get_by_label("Nature of the activity or circumstance, Robin Abbot")).to_be_visible()

    def test_marks_all_blanks_present(self, register: Page) -> None:
        register.get_by_role("group", name="Robin Baker").get_by_text("Absent").tap()
        register.get_by_role("button", name="Mark all blanks present").tap()

        assert [
            radio.get_attribute("value") for radio in register.get_by_role("radio", checked=True).all()
        ] == [
            "/",
            "N",
            "/",
        ]

    def test_has_large_targets(self, register: Page) -> None:
        assert small_targets(register.locator("form").page, least=24) == []
        boxes = register.locator(".choice__option, .choice__list, .register-bar button:visible").all()
        assert [box.bounding_box()["height"] >= 44 for box in boxes] == [True] * len(boxes)  # type: ignore[index]
        assert len(boxes) == 3 * 4 + 2

    def test_says_what_is_left_in_a_bar_that_stays(self, register: Page, school: School) -> None:
        bar = register.locator(".register-bar").bounding_box()

        assert bar is not None
        assert bar["y"] + bar["height"] <= PHONE["height"]


class TestSmallestScreen:
    def test_needs_no_sideways_scrolling_and_has_no_violation(
        self, open_page: OpenPage, morning: Morning, class_teacher: User, class_group: ClassGroup
    ) -> None:
        pupil_in_class(class_group, surname="Featherstonehaugh-Cholmondeley", forename="Wilhelmina Alexandra")
        page = open_page(morning.url, class_teacher, viewport=NARROW)
        expect(page.locator("#register-form[data-ready]")).to_be_visible()

        assert overflow_of(page) == 0
        assert violations_of(page) == []
        assert small_targets(page, least=24) == []


class TestWithoutScripts:
    @pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
    def test_saves_a_register(
        self, open_page: OpenPage, morning: Morning, class_teacher: User, viewport: dict[str, int]
    ) -> None:
        page = open_page(morning.url, class_teacher, viewport=viewport, scripts=False)
        page.locator(f"#mark-{morning.pupils[0].pk}-present").check()
        page.locator(f"#mark-{morning.pupils[1].pk}-late").check()
        page.locator(f"#arrived-{morning.pupils[1].pk}").fill("8:55")
        page.locator(f"#code-{morning.pupils[2].pk}").select_option("V")
        page.locator(f"#nature-{morning.pupils[2].pk}").fill("Swimming gala")

        page.get_by_role("button", name="Save register").click()

        expect(page.get_by_role("alert")).to_contain_text("All 3 are marked.")
        codes = {surname: (values[0], values[2]) for surname, values in standing(morning.session).items()}
        assert codes == {"Abbot": ("/", ""), "Baker": ("L", ""), "Carter": ("V", "Swimming gala")}

    def test_offers_no_button_that_needs_a_script(
        self, open_page: OpenPage, morning: Morning, class_teacher: User
    ) -> None:
        page = open_page(morning.url, class_teacher, scripts=False)

        assert [button.inner_text() for button in page.get_by_role("button").all()] == [
            "Sign out",
            "Save register",
            "Turn single keys off",
        ]

    def test_leads_from_the_summary_to_a_control(
        self, open_page: OpenPage, morning: Morning, class_teacher: User
    ) -> None:
        page = open_page(morning.url, class_teacher, scripts=False)
        page.locator(f"#code-{morning.pupils[2].pk}").select_option("V")
        page.get_by_role("button", name="Save register").click()

        page.locator(".govuk-error-summary a").click()

        assert page.url.endswith(f"#nature-{morning.pupils[2].pk}")
        assert page.title().startswith("Error: ")
        assert page.locator(f"#code-{morning.pupils[2].pk}").input_value() == "V"
        assert standing(morning.session) == {}


class TestPagesAround:
    @pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_have_no_violation(
        self,
        open_page: OpenPage,
        morning: Morning,
        class_teacher: User,
        office: User,
        viewport: dict[str, int],
        scheme: str,
        present_moment: Callable[[str], None],
    ) -> None:
        mark(morning.session, morning.pupils[0], "N", by=class_teacher)
        history = f"/s/hill/pupils/{morning.pupils[0].pk}/marks/{morning.session.pk}/"
        page = open_page("/s/hill/registers/", office, viewport=viewport, color_scheme=scheme)
        paths = [
            "/s/hill/registers/",
            "/s/hill/registers/2025-11-08/",
            "/s/hill/registers/2025-11-07/",
            history,
            "/no/such/",
        ]

        found = {}
        for path in paths:
            page.goto(path)
            found[path] = (violations_of(page), small_targets(page, least=24), overflow_of(page))
        present_moment("2025-11-11T10:30")
        page.goto(morning.url)
        found[morning.url] = (violations_of(page), small_targets(page, least=24), overflow_of(page))

        assert found == {path: ([], [], 0) for path in [*paths, morning.url]}

    def test_let_a_person_sign_in_and_out_without_violation(
        self, open_page: OpenPage, present_moment: object
    ) -> None:
        page = open_page("/accounts/login/")
        for path in ("/accounts/login/", "/accounts/login/code/", "/accounts/password/reset/"):
            page.goto(path)
            assert violations_of(page) == []
        page.goto("/accounts/login/")
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.locator(".govuk-error-summary")).to_be_focused()
        assert page.title() == "Error: Sign in – Rollcall"
        assert violations_of(page) == []
