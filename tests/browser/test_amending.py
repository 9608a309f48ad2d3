"""A pupil's marks amended in a real browser: by keyboard, on a phone, and without the script."""

from collections.abc import Callable
from datetime import date, time

import pytest
from django_scopes import scopes_disabled
from playwright.sync_api import Page, expect

from accounts.models import School, User
from registers.models import ClassGroup, EntryBatch, Mark, MarkEntry, Pupil, Session
from registers.services.mark_sets import WantedMark, set_marks
from tests.arranging import write_marks
from tests.browser.conftest import NARROW, PHONE, WIDE, OpenPage, overflow_of, small_targets, violations_of
from tests.factories.registers import SessionFactory, held_sessions, london

pytestmark = pytest.mark.django_db(transaction=True)

# Monday 3 November 2025 is the first day; the present is Friday the 14th in the afternoon.
FIRST_DAY, LAST_DAY = date(2025, 11, 3), date(2025, 11, 21)
NOW = "2025-11-14T15:30"
# In the table of the year the first column names the row.
FIRST_WEEK, SECOND_WEEK = 0, 1


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
def sessions(
    present_moment: Callable[[str], None], school: School, pupil: Pupil, office: User
) -> list[Session]:
    """Three weeks, the third still to come; the pupil has no reason for the whole second week."""
    present_moment(NOW)
    made = held_sessions(school, FIRST_DAY, LAST_DAY, half_term="Autumn 2")
    write_marks(pupil, made[:20], "/" * 10 + "N" * 10, by=office)
    return made


@pytest.fixture
def url(pupil: Pupil) -> str:
    return f"/s/hill/pupils/{pupil.pk}/"


@pytest.fixture
def year(open_page: OpenPage, sessions: list[Session], url: str, office: User) -> Page:
    """The pupil's page on a wide screen, its grid ready, the focus on Monday AM of the second week."""
    page = open_page(url, office)
    expect(page.locator("#heat[data-ready]")).to_be_visible()
    page.locator(f"#s{sessions[10].pk}").focus()
    return page


def codes() -> list[str]:
    with scopes_disabled():
        return list(Mark.objects.order_by("session__number").values_list("code_id", flat=True))


def said(page: Page) -> str:
    return page.locator("#amend-what").inner_text()


def focused(page: Page) -> str:
    """Return the words of the cell in which the focus is."""
    words: str = page.evaluate("document.activeElement.querySelector('.mark')?.title ?? ''")
    return words


class TestSpeed:
    def test_amends_five_days_with_one_reason_in_fourteen_keys_and_one_request(
        self, year: Page, office: User
    ) -> None:
        requests: list[tuple[str, str]] = []
        year.on("request", lambda request: requests.append((request.method, request.resource_type)))
        keys = Keys(year)

        keys.press(*["Shift+ArrowDown"] * 9)
        keys.type("i").type("1")
        assert requests == []
        assert said(year) == "10 sessions, Mon 10 Nov AM to Fri 14 Nov PM: 10 become I, Illness"
        keys.press("Enter")
        expect(year.get_by_role("alert")).to_contain_text("10 marks amended to I, Illness.")

        assert keys.strokes == 12
        assert [method for method, kind in requests if method == "POST" or kind == "fetch"] == ["POST"]
        assert codes() == ["/", "\\"] * 5 + ["I"] * 10
        with scopes_disabled():
            batch = EntryBatch.objects.order_by("-number")[0]
            assert MarkEntry.objects.filter(batch=batch, old_code="N", new_code="I").count() == 10
            assert (batch.entries_count, batch.reason) == (10, "Note from home")
            assert (batch.by_name, batch.by_position) == ("Olive Office", "Office staff")

    def test_selects_a_week_at_once(self, year: Page) -> None:
        keys = Keys(year)

        keys.press("Shift+PageDown").type("m").type("3").press("Enter")
        expect(year.get_by_role("alert")).to_contain_text("10 marks amended to M")

        assert keys.strokes == 4

    def test_undoes_it_from_the_message(self, year: Page) -> None:
        Keys(year).press("Shift+PageDown").type("i").type("my own words").press("Enter")
        year.get_by_role("alert").get_by_role("link", name="Undo").click()
        expect(year.get_by_role("heading", level=1)).to_contain_text("Undo the amendment")
        assert violations_of(year) == []
        year.get_by_role("button", name="Undo 10 marks").click()

        expect(year.get_by_role("alert")).to_contain_text("Amendment undone: 10 marks put back.")
        assert codes() == ["/", "\\"] * 5 + ["N"] * 10
        expect(year.locator(".history__item").first).to_contain_text("Undo of the amendment of")
        expect(year.locator(".history__item").nth(1)).to_contain_text("Reason: my own words")


class TestTheGrid:
    def test_is_one_tab_stop_and_moves_by_arrows_to_the_edges(self, year: Page) -> None:
        keys = Keys(year)

        assert year.locator("#heat [tabindex='0']").count() == 1
        keys.press("ArrowLeft")
        assert focused(year) == "Mon 3 Nov AM: Present"
        keys.press("ArrowLeft", "ArrowUp")
        assert focused(year) == "Mon 3 Nov AM: Present"
        keys.press("ArrowDown")
        assert focused(year) == "Mon 3 Nov PM: Present"
        keys.press("End", "PageDown")
        assert focused(year) == "Fri 21 Nov PM: Not yet"
        keys.press("Control+Home")
        assert focused(year) == "Mon 3 Nov AM: Present"
        keys.press("Tab")
        assert focused(year) == ""

    def test_opens_the_history_of_a_mark(self, year: Page, sessions: list[Session]) -> None:
        year.keyboard.press("Enter")
        year.wait_for_url(f"**/marks/{sessions[10].pk}/")

        expect(year.get_by_role("heading", level=1)).to_contain_text("Mon 10 Nov AM")

    def test_previews_what_cannot_change_and_why(self, year: Page, school: School) -> None:
        keys = Keys(year)

        keys.press("ArrowRight", "Shift+ArrowDown").type("i")
        assert "2 cannot: not opened yet" in said(year)
        expect(year.locator("#amend-save")).to_be_disabled()
        keys.press("Escape", "ArrowLeft", "ArrowUp", "Shift+ArrowDown").type("/")
        assert said(year) == "2 sessions, Mon 10 Nov AM to Mon 10 Nov PM: 2 become /, Present"
        expect(year.locator(".heat__cell--becomes .mark > [aria-hidden]")).to_have_text(["/", "\\"])
        keys.press("Escape")
        expect(year.locator(".heat__cell--becomes")).to_have_count(0)
        assert focused(year) == "Mon 10 Nov PM: Reason not yet known"

    def test_waits_for_the_digit_of_a_code_with_two_signs(self, year: Page) -> None:
        keys = Keys(year)

        keys.type("y")
        assert said(year) == "Mon 10 Nov AM: Y, and which digit?"
        keys.type("7").type("Flood").press("Tab").type("2").press("Enter")
        expect(year.get_by_role("alert")).to_contain_text("1 mark amended to Y7")

        with scopes_disabled():
            assert Mark.objects.get(code_id="Y7").nature == "Flood"

    def test_needs_a_reason_before_it_sends_anything(self, year: Page) -> None:
        Keys(year).type("i").press("Enter")

        assert said(year) == "An amendment needs a reason."
        assert codes()[10:] == ["N"] * 10

    def test_overwrites_nobody_and_shows_both(
        self, year: Page, school: School, pupil: Pupil, sessions: list[Session], office: User
    ) -> None:
        with scopes_disabled():
            set_marks(
                school,
                [WantedMark(pupil.pk, sessions[11].pk, "M")],
                by=office,
                at=london(date(2025, 11, 14), time(15, 20)),
                reason="Dentist",
            )
        Keys(year).press("Shift+PageDown").type("i").type("1").press("Enter")

        expect(year.get_by_role("alert")).to_contain_text("Somebody else changed some of these marks")
        expect(year.locator(".plan-table__conflict")).to_contain_text(
            "Somebody else changed it from N (Reason not yet known) to M (Medical or dental appointment)"
        )
        assert codes()[10:] == ["N", "M", *["N"] * 8]
        assert violations_of(year) == []
        year.get_by_role("button", name="Amend 10 marks").click()
        expect(year.get_by_role("alert")).to_contain_text("10 marks amended")
        assert codes()[10:] == ["I"] * 10

    def test_leaves_letters_alone_for_who_wants_no_single_keys(
        self, open_page: OpenPage, sessions: list[Session], url: str, office: User
    ) -> None:
        office.uses_single_keys = False
        office.save(update_fields=["uses_single_keys"])
        page = open_page(url, office)
        expect(page.locator("#heat[data-ready]")).to_be_visible()
        page.locator(f"#s{sessions[10].pk}").focus()

        page.keyboard.press("i")
        expect(page.locator("#amend-form")).to_be_hidden()
        page.keyboard.press("Control+Enter")
        expect(page.locator("#amend-code")).to_be_focused()


class TestEveryScreen:
    @pytest.mark.parametrize("viewport", [WIDE, NARROW])
    def test_has_no_violation_and_no_overflow(
        self,
        open_page: OpenPage,
        school: School,
        sessions: list[Session],
        url: str,
        office: User,
        viewport: dict[str, int],
    ) -> None:
        SessionFactory(school=school, on=date(2025, 11, 24), status="closed", half_term="Autumn 2")
        for path in (url, f"{url}?period=week:2025-11-10", f"{url}amend/"):
            page = open_page(path, office, viewport=viewport)
            assert overflow_of(page) == 0
            assert violations_of(page) == []
            assert small_targets(page, least=24) == []

    def test_is_a_list_without_a_grid_on_a_phone(
        self, open_page: OpenPage, sessions: list[Session], url: str, office: User
    ) -> None:
        page = open_page(url, office, viewport=PHONE, has_touch=True)

        expect(page.locator("#heat")).to_be_hidden()
        expect(page.get_by_role("grid")).to_have_count(0)
        link = page.locator(".week-card__link").nth(10)
        box = link.bounding_box()
        assert box is not None
        assert (box["width"], box["height"]) >= (44, 44)
        link.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Mon 10 Nov AM")

    def test_amends_without_a_script(
        self, open_page: OpenPage, sessions: list[Session], url: str, office: User
    ) -> None:
        page = open_page(url, office, scripts=False)
        page.get_by_role("link", name="Amend marks by date").click()
        page.get_by_label("From: day").fill("2025-11-10")
        page.get_by_label("To: day").fill("2025-11-14")
        page.get_by_label("New code").select_option("I")
        page.get_by_label("Usual reasons").select_option("The parent rang")
        page.get_by_role("button", name="Preview the amendment").click()
        expect(page.get_by_role("heading", name="10 marks will change")).to_be_visible()
        assert codes()[10:] == ["N"] * 10

        page.get_by_role("button", name="Amend 10 marks").click()

        expect(page.get_by_role("alert")).to_contain_text("10 marks amended to I, Illness.")
        assert codes()[10:] == ["I"] * 10


class TestTheRegisterAsItStood:
    @pytest.mark.parametrize("viewport", [WIDE, NARROW])
    def test_has_no_violation_and_scrolls_inside_itself(
        self,
        open_page: OpenPage,
        sessions: list[Session],
        class_group: ClassGroup,
        office: User,
        viewport: dict[str, int],
    ) -> None:
        page = open_page(f"/s/hill/classes/{class_group.pk}/as-at/", office, viewport=viewport)

        expect(page.get_by_role("heading", level=1)).to_have_text("Oak: Mon 10 Nov to Fri 14 Nov")
        assert overflow_of(page) == 0
        assert violations_of(page) == []
