"""The champion's desk in a browser: by keyboard alone, on a phone, without scripts, in both palettes."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from django_scopes import scopes_disabled
from playwright.sync_api import Page, expect

from escalation.models import Step, StepState
from escalation.services.decisions import hold_step
from letters.models import Letter
from tests.browser.conftest import PHONE, WIDE, OpenPage, overflow_of, small_targets, violations_of
from tests.escalation.scenes import Scene, days, morning, open_school
from tests.factories.escalation import SweepRunFactory

pytestmark = pytest.mark.django_db(transaction=True)

JUDGED_ON = date(2025, 12, 1)
ADDRESS = "/s/werrington/desk/"
LONG = ("Featherstonehaugh-Cholmondeley", "Maximiliana Wilhelmina")


@pytest.fixture
def scene(present_moment: Callable[[str], None]) -> Scene:
    """A desk with three letters to approve, one step that needs the day of a panel, and one that is held."""
    present_moment("2025-12-02T09:30")
    with scopes_disabled():
        made = open_school()
        names = [("Ashdown", "Robin"), LONG, ("Li", "Bo")]
        pupils = [made.pupil(surname, forename) for surname, forename in names]
        made.mark(pupils, {"I": days("09-15", "09-16", "09-17", "10-06", "12-01")}, up_to=JUDGED_ON)
        for pupil in pupils:
            made.step(pupil, judged_on=JUDGED_ON)
        panel, held = made.pupil("Okonkwo", "Adaeze"), made.pupil("Quist", "Sol")
        made.mark(
            [panel, held],
            {
                "O": [
                    day for day in days(*(f"11-{number:02d}" for number in range(3, 26))) if day.weekday() < 5
                ]
            },
            up_to=JUDGED_ON,
        )
        made.step(panel, judged_on=JUDGED_ON, rung_id="wer_d17", letters=["wer_4"])
        step = made.step(held, judged_on=JUDGED_ON, rung_id="wer_d8", letters=["wer_2"])
        hold_step(step, reason="Bereavement in the family.", by=made.head, at=morning(JUDGED_ON))
        SweepRunFactory(school=made.school, counts={"judged": 212})
    return made


def steps_by_name() -> dict[str, Step]:
    with scopes_disabled():
        return {step.pupil.surname: step for step in Step.objects.select_related("pupil", "decided_by")}


def letters() -> int:
    with scopes_disabled():
        return Letter.objects.count()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def focused(page: Page) -> str:
    text: str = page.evaluate(
        "document.activeElement.innerText || document.activeElement.getAttribute('aria-label')"
    )
    return text


class TestWithTheKeyboard:
    def test_a_step_is_opened_read_and_approved(self, open_page: OpenPage, scene: Scene) -> None:
        page = open_page(ADDRESS, scene.champion)
        page.get_by_role("link", name="Ashdown, Robin").focus()

        press(page, "ArrowDown")
        assert focused(page) == "Featherstonehaugh-Cholmondeley, Maximiliana Wilhelmina"
        press(page, "ArrowUp", "Enter")

        pane = page.locator("#pane")
        expect(pane.get_by_role("heading", name="Robin Ashdown", exact=True)).to_be_focused()
        expect(pane.get_by_role("article")).to_contain_text("Dear Pat Ashdown")
        assert page.url.endswith(f"?step={steps_by_name()['Ashdown'].pk}")
        approve = pane.get_by_role("button", name="Approve 1 letter")
        for _ in range(12):
            if approve.evaluate("button => button === document.activeElement"):
                break
            press(page, "Tab")
        expect(approve).to_be_focused()
        press(page, "Enter")

        expect(page.get_by_role("alert")).to_contain_text("Approved Robin Ashdown. 1 letter is being made")
        assert steps_by_name()["Ashdown"].state == StepState.APPROVED
        assert letters() == 1
        # The next step of the list is open already.
        expect(page.locator("#pane-title")).to_have_text(
            "Maximiliana Wilhelmina Featherstonehaugh-Cholmondeley"
        )

    def test_several_steps_are_selected_and_approved_at_once(self, open_page: OpenPage, scene: Scene) -> None:
        page = open_page(ADDRESS + "?rung=wer_d5", scene.champion)
        button = page.locator("#approve-selected")
        page.get_by_role("checkbox", name="Select Robin Ashdown").focus()

        press(page, "Space")
        expect(button).to_have_text("Approve 1 letter")
        press(page, "ArrowDown", "Space", "ArrowDown", "Space")
        expect(button).to_have_text("Approve 3 letters")
        button.focus()
        press(page, "Enter")

        expect(page.get_by_role("alert")).to_contain_text("Approved 3 steps. 3 letters are being made")
        assert letters() == 3

    def test_nothing_selected_asks_for_a_step_and_leads_to_the_first(
        self, open_page: OpenPage, scene: Scene
    ) -> None:
        page = open_page(ADDRESS + "?rung=wer_d5", scene.champion)
        page.locator("#approve-selected").focus()

        press(page, "Enter")

        expect(page.locator("#desk-message")).to_have_text("Select a step first")
        expect(page.get_by_role("checkbox", name="Select Robin Ashdown")).to_be_focused()
        assert letters() == 0

    def test_all_of_a_page_are_selected_with_one_box(self, open_page: OpenPage, scene: Scene) -> None:
        page = open_page(ADDRESS, scene.champion)

        page.get_by_label("Select all on this page").check()

        expect(page.locator("#approve-selected")).to_have_text(
            "Approve 4 letters"
        )  # the held one is left out
        page.get_by_role("checkbox", name="Select Bo Li").uncheck()
        expect(page.locator("#approve-selected")).to_have_text("Approve 3 letters")


class TestTheOpenStep:
    def test_takes_the_day_of_a_panel_then_shows_and_approves_the_letter(
        self, open_page: OpenPage, scene: Scene
    ) -> None:
        page = open_page(ADDRESS, scene.champion)
        page.get_by_role("link", name="Okonkwo, Adaeze").click()
        pane = page.locator("#pane")
        expect(pane).to_contain_text("The day and time of the panel is missing.")
        expect(pane.get_by_role("button", name="Approve 1 letter")).to_be_disabled()

        for part, text in (("Day", "15"), ("Month", "12"), ("Year", "2025")):
            pane.get_by_label(part, exact=True).fill(text)
        pane.get_by_label("Time (9:15am)").fill("2.30pm")
        pane.get_by_role("button", name="Save the details").click()

        expect(page.get_by_role("alert")).to_contain_text("Saved. The letter shows what you entered.")
        expect(pane.get_by_role("article")).to_contain_text(
            re.compile(r"Monday\s15\sDecember 2025 at\s2:30pm")
        )
        pane.get_by_role("button", name="Approve 1 letter").click()
        expect(page.get_by_role("alert")).to_contain_text("Approved Adaeze Okonkwo.")
        assert steps_by_name()["Okonkwo"].state == StepState.APPROVED

    def test_is_dismissed_with_a_reason_and_not_without(self, open_page: OpenPage, scene: Scene) -> None:
        page = open_page(ADDRESS, scene.champion)
        page.get_by_role("link", name="Li, Bo").click()
        pane = page.locator("#pane")

        pane.locator("summary", has_text="Dismiss").click()
        pane.get_by_role("button", name="Dismiss the step").click()
        expect(page.get_by_role("alert")).to_contain_text("Enter why the step is dismissed")
        page.get_by_role("link", name="Enter why the step is dismissed").click()
        expect(pane.get_by_label("Why is it not needed?")).to_be_focused()
        pane.get_by_label("Why is it not needed?").fill("An operation, agreed with the family.")
        pane.get_by_role("button", name="Dismiss the step").click()

        expect(page.get_by_role("alert")).to_contain_text("Dismissed the step for Bo Li.")
        step = steps_by_name()["Li"]
        assert (step.state, step.decision_reason) == (
            StepState.DISMISSED,
            "An operation, agreed with the family.",
        )

    def test_shows_the_letter_as_pdf_too(self, open_page: OpenPage, scene: Scene) -> None:
        step = steps_by_name()["Ashdown"]
        page = open_page(f"{ADDRESS}{step.pk}/", scene.champion)

        link = page.get_by_role("link", name="Open as PDF (new tab)")
        answer = page.context.request.get(str(link.get_attribute("href")))

        assert answer.headers["content-type"] == "application/pdf"
        assert answer.body().startswith(b"%PDF-")

    def test_leaves_its_row_in_sight_though_the_list_grows_longer(
        self, open_page: OpenPage, scene: Scene
    ) -> None:
        page = open_page(ADDRESS, scene.champion, viewport={"width": 1280, "height": 560})
        last = page.get_by_role("link", name="Li, Bo")

        last.click()

        expect(page.locator("#pane-title")).to_be_focused()
        expect(last).to_be_in_viewport(ratio=1)
        expect(page.locator("#pane-title")).to_be_in_viewport(ratio=1)


class TestWithoutScripts:
    def test_a_step_is_opened_and_approved(self, open_page: OpenPage, scene: Scene) -> None:
        page = open_page(ADDRESS, scene.champion, scripts=False)

        page.get_by_role("link", name="Ashdown, Robin").click()
        page.get_by_role("button", name="Approve 1 letter").click()

        assert "Approved Robin Ashdown." in page.content()
        assert steps_by_name()["Ashdown"].state == StepState.APPROVED

    def test_several_steps_are_approved_at_once_and_none_is_refused(
        self, open_page: OpenPage, scene: Scene
    ) -> None:
        page = open_page(ADDRESS + "?rung=wer_d5", scene.champion, scripts=False)
        assert not page.get_by_label("Select all on this page").is_visible()

        page.get_by_role("button", name="Approve the selected steps").click()
        assert "Select a step first" in page.content()
        for name in ("Robin Ashdown", "Bo Li"):
            page.get_by_role("checkbox", name=f"Select {name}").check()
        page.get_by_role("button", name="Approve the selected steps").click()

        assert "Approved 2 steps." in page.content()
        assert letters() == 2

    def test_the_list_is_narrowed(self, open_page: OpenPage, scene: Scene) -> None:
        page = open_page(ADDRESS, scene.champion, scripts=False)

        page.get_by_label("Waiting").select_option("5 school days or more")
        page.get_by_role("button", name="Filter").click()

        assert "Nothing waits for you here" in page.content()
        page.get_by_role("link", name="Clear the filters").click()
        assert page.locator(".step__name").count() == 5


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("palette", ["light", "dark"])
class TestEveryPage:
    """No violation, nothing wider than the window, nothing too small to hit."""

    def look_at(self, page: Page) -> None:
        assert violations_of(page) == []
        assert overflow_of(page) == 0
        assert small_targets(page, least=24) == []

    def test_of_the_desk_can_be_used(
        self, open_page: OpenPage, scene: Scene, viewport: dict[str, int], palette: str
    ) -> None:
        steps = steps_by_name()
        page = open_page(ADDRESS, scene.champion, viewport=viewport, color_scheme=palette)
        self.look_at(page)
        for surname in (LONG[0], "Okonkwo", "Quist"):
            page.goto(f"{ADDRESS}?step={steps[surname].pk}")
            self.look_at(page)
        page.goto(f"{ADDRESS}{steps[LONG[0]].pk}/")
        self.look_at(page)

    def test_of_an_empty_desk_can_be_used(
        self,
        open_page: OpenPage,
        present_moment: Callable[[str], None],
        viewport: dict[str, int],
        palette: str,
    ) -> None:
        present_moment("2025-12-02T09:30")
        with scopes_disabled():
            champion = open_school().champion

        page = open_page(ADDRESS, champion, viewport=viewport, color_scheme=palette)

        expect(page.get_by_role("heading", name="Nothing waits for you")).to_be_visible()
        self.look_at(page)


class TestOnAPhone:
    def test_a_step_takes_the_place_of_the_list_and_gives_it_back(
        self, open_page: OpenPage, scene: Scene
    ) -> None:
        page = open_page(ADDRESS, scene.champion, viewport=PHONE)

        page.get_by_role("link", name="Ashdown, Robin").click()
        expect(page.locator("#pane-title")).to_have_text("Robin Ashdown")
        expect(page.locator(".desk__list")).to_be_hidden()
        page.get_by_role("link", name="Close").click()

        expect(page.get_by_role("link", name="Ashdown, Robin")).to_be_visible()
