"""The hatch in a real browser: keys counted, phones, without scripts, axe."""

from collections.abc import Callable
from io import BytesIO

import pypdf
import pytest
from django.urls import reverse
from django_scopes import scopes_disabled
from playwright.sync_api import Page, expect

from accounts.models import School, User
from registers.models import ClassGroup, LateGatePupil
from tests.browser.conftest import (
    NARROW,
    PHONE,
    WIDE,
    OpenPage,
    overflow_of,
    sideways_tables,
    small_targets,
    violations_of,
)
from tests.factories.registers import ContactFactory, PupilContactFactory, pupil_in_class
from tests.factories.registers_arrivals import (
    AuthorisedCollectorFactory,
    CollectorPupilFactory,
    EarlyDepartureFactory,
    GateStrikeFactory,
    LateArrivalFactory,
    LateGateFactory,
    LateGatePupilFactory,
)
from tests.registers.taking import TUESDAY, Morning, make_morning, mark, standing

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def morning(present_moment: Callable[[str], None], school: School, class_group: ClassGroup) -> Morning:
    present_moment("2025-11-11T08:57")
    return make_morning(school, class_group, pupils=3)


def url(name: str, school: School, *parts: object) -> str:
    return reverse(f"registers:{name}", args=[school.key, *parts])


class TestAQueueAtTheDesk:
    @pytest.fixture
    def desk(self, open_page: OpenPage, morning: Morning, school: School, office: User) -> Page:
        page = open_page(url("arrivals", school), office)
        expect(page.locator("#arrival-form[data-ready]")).to_be_visible()
        return page

    def test_takes_five_keys_and_a_few_letters_for_each_child(self, desk: Page, morning: Morning) -> None:
        expect(desk.get_by_role("combobox", name="Pupil")).to_be_focused()

        for letters in ("ab", "rob ba"):
            desk.keyboard.type(letters)
            # Choose the pupil; overslept; next field; parent; sign in.
            for key in ("Enter", "o", "Tab", "p", "Enter"):
                desk.keyboard.press(key)
            expect(desk.get_by_role("alert")).to_contain_text("8:57am, 7 minutes late. The mark is L.")
            expect(desk.get_by_role("combobox", name="Pupil")).to_be_focused()

        assert {name: values[0] for name, values in standing(morning.session).items()} == {
            "Abbot": "L",
            "Baker": "L",
        }

    def test_says_the_mark_before_it_is_saved(self, desk: Page) -> None:
        proposal = desk.locator("#proposal")
        desk.keyboard.type("abbot")
        desk.keyboard.press("Enter")
        expect(proposal).to_have_text("L: 8:57am, 7 minutes late")

        for typed, said in (
            ("8:50", "Present: 8:50am"),
            ("9.20", "L: 9:20am, 30 minutes late"),
            ("0921", "U: 9:21am, 31 minutes late"),
            ("1:05pm", "L: 1:05pm, 5 minutes late"),
        ):
            desk.get_by_label("Arrived").fill(typed)
            expect(proposal).to_have_text(said)
        desk.get_by_label("Arrived").fill("soon")
        expect(proposal).to_contain_text("An absence that is explained stays")

    def test_undoes_the_last_entry(self, desk: Page, morning: Morning) -> None:
        desk.keyboard.type("abbot")
        for key in ("Enter", "o", "Tab", "p", "Enter"):
            desk.keyboard.press(key)
        desk.get_by_role("button", name="Undo the entry of Robin Abbot").click()

        expect(desk.get_by_role("alert")).to_contain_text("The entry of Robin Abbot is withdrawn.")
        assert standing(morning.session) == {}

    def test_finds_by_any_part_of_the_name_without_accents(
        self, open_page: OpenPage, morning: Morning, school: School, office: User, class_group: ClassGroup
    ) -> None:
        pupil_in_class(class_group, surname="Öztürk", forename="Zoë")
        page = open_page(url("arrivals", school), office)
        box = page.get_by_role("combobox", name="Pupil")

        box.press_sequentially("zoe oz")
        expect(page.get_by_role("listbox").get_by_role("option")).to_have_text(["Öztürk, Zoë (Oak)"])
        box.press("Escape")
        expect(page.get_by_role("listbox")).to_be_hidden()
        box.fill("nobody")
        expect(page.get_by_text("No pupil found")).to_be_attached()

    def test_moves_in_the_list_with_the_arrows(self, desk: Page) -> None:
        box = desk.get_by_role("combobox", name="Pupil")
        box.press_sequentially("robin")
        box.press("ArrowDown")
        active = box.get_attribute("aria-activedescendant")
        assert desk.locator(f"#{active}").inner_text() == "Baker, Robin (Oak)"
        box.press("Enter")

        expect(box).to_have_value("Baker, Robin (Oak)")

    def test_asks_when_a_teacher_marked_the_pupil_in(
        self, open_page: OpenPage, morning: Morning, school: School, office: User, class_teacher: User
    ) -> None:
        mark(morning.session, morning.pupils[0], "/", by=class_teacher)
        page = open_page(url("arrivals", school), office)
        page.get_by_role("combobox", name="Pupil").press_sequentially("abbot")
        page.keyboard.press("Enter")

        expect(page.locator("#proposal")).to_have_text(
            "Marked / already: choose to keep that mark, or another"
        )
        page.get_by_label("Reason", exact=True).select_option("overslept")
        page.get_by_label("Came with").select_option("alone")
        page.get_by_label("Mark").select_option("keep")
        page.get_by_role("button", name="Sign in", exact=True).click()

        expect(page.get_by_role("alert")).to_contain_text("The mark stays /.")


class TestTheLateGateOnAPhone:
    def test_takes_several_children_with_their_times(
        self, open_page: OpenPage, morning: Morning, school: School, office: User
    ) -> None:
        page = open_page(url("late_gate", school), office, viewport=PHONE, has_touch=True)
        expect(page.locator("#gate-form[data-ready]")).to_be_visible()
        box = page.get_by_role("combobox", name="Pupils greeted")
        for letters in ("abb", "bak", "car"):
            box.press_sequentially(letters)
            page.get_by_role("listbox").first.get_by_role("option").first.tap()
        page.get_by_role("button", name="Remove Carter").tap()
        page.get_by_label("Abbot, Robin (Oak)").fill("8:54")
        controls = page.locator(
            "#gate-form button:visible, #gate-form input:visible, #gate-form select:visible"
        ).all()
        assert [control.bounding_box()["height"] >= 44 for control in controls] == [True] * 9  # type: ignore[index]
        assert overflow_of(page) == 0

        page.get_by_role("button", name="Save the check").tap()

        expect(page.get_by_role("alert")).to_contain_text("2 pupils logged at the gate")
        with scopes_disabled():
            seen = LateGatePupil.objects.order_by("seen_at").values_list("pupil__surname", "seen_at")
            assert [(name, f"{at:%H:%M}") for name, at in seen] == [("Abbot", "08:54"), ("Baker", "08:57")]


class TestWithoutScripts:
    def test_signs_in_and_leaves_early(
        self, open_page: OpenPage, morning: Morning, school: School, office: User
    ) -> None:
        pupil = morning.pupils[0]
        PupilContactFactory(pupil=pupil, contact=ContactFactory(school=school, name="Mara Abbot"))
        page = open_page(url("arrivals", school), office, scripts=False)
        page.get_by_label("Pupil").select_option(str(pupil.pk))
        page.get_by_label("Reason", exact=True).select_option("transport")
        page.get_by_label("Came with").select_option("parent")
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("The mark is L.")

        page.get_by_role("link", name="Leaving early").click()
        page.get_by_label("Who is leaving?").select_option(str(pupil.pk))
        page.get_by_role("button", name="Continue").click()
        page.get_by_label("Reason", exact=True).select_option("medical")
        page.get_by_label("Proof").select_option("card")
        page.get_by_label("Mara Abbot, mother").check()
        page.get_by_role("button", name="Sign the pupil out").click()
        expect(page.get_by_role("alert")).to_contain_text("Robin Abbot is signed out, 8:57am.")

        page.get_by_role("button", name="Mark M for the afternoon of Robin Abbot").click()
        expect(page.get_by_role("alert")).to_contain_text("The afternoon of Robin Abbot is marked M.")

    def test_logs_the_gate_and_enters_a_sheet(
        self, open_page: OpenPage, morning: Morning, school: School, office: User, class_group: ClassGroup
    ) -> None:
        page = open_page(url("late_gate", school), office, scripts=False)
        page.get_by_label("Pupils greeted").select_option([str(one.pk) for one in morning.pupils[:2]])
        page.get_by_role("button", name="Save the check").click()
        expect(page.get_by_role("alert")).to_contain_text("2 pupils logged")

        page.goto(url("paper", school, TUESDAY, "AM", class_group.pk))
        page.get_by_label("Marked on paper by").fill("Tess Teacher")
        page.get_by_label("At", exact=True).fill("8:55")
        page.locator(f"#mark-{morning.pupils[0].pk}-absent").check()
        page.get_by_label("Everyone without a mark below").check()
        page.get_by_role("button", name="Enter the sheet").click()

        expect(page.get_by_role("alert")).to_contain_text("Entered from paper: 3 marks")
        assert {name: values[0] for name, values in standing(morning.session).items()} == {
            "Abbot": "N",
            "Baker": "/",
            "Carter": "/",
        }


class TestEveryPage:
    @pytest.fixture
    def pages(self, morning: Morning, school: School, office: User, class_group: ClassGroup) -> list[str]:
        """Something in every book, with long names, and the addresses of the pages."""
        pupil = pupil_in_class(
            class_group, surname="Featherstonehaugh-Cholmondeley", forename="Wilhelmina Alexandra"
        )
        PupilContactFactory(
            pupil=pupil,
            contact=ContactFactory(school=school, name="Maximiliana Featherstonehaugh-Cholmondeley"),
            court_order_restricts=True,
        )
        arrival = LateArrivalFactory(
            session=morning.session,
            pupil=pupil,
            reason="other",
            reason_text="Nothing-but-one-very-long-word-that-somebody-typed-without-a-space" * 2,
            recorded_by=office,
        )
        departure = EarlyDepartureFactory(
            pupil=pupil,
            on=TUESDAY,
            recorded_by=office,
            collector=AuthorisedCollectorFactory(school=school),
        )
        CollectorPupilFactory(pupil=pupil, collector=departure.collector)
        gate = LateGateFactory(school=school, on=TUESDAY)
        LateGatePupilFactory(gate=gate, pupil=morning.pupils[0])
        GateStrikeFactory(greeting__gate=gate, greeting__pupil=pupil)
        return [
            url("arrivals", school),
            url("arrival", school, arrival.pk),
            url("departures", school),
            url("departure", school, departure.pk),
            url("departure_new", school, morning.pupils[0].pk),
            url("late_gate", school),
            url("gate_check", school, gate.pk),
            url("late_book", school),
            url("collectors_list", school),
            url("collector", school, departure.collector.pk),
            url("collectors", school, pupil.pk),
            url("sheets", school),
            url("paper_day", school, TUESDAY),
            url("paper", school, TUESDAY, "AM", class_group.pk),
        ]

    @pytest.mark.parametrize(
        ("viewport", "scheme"), [(WIDE, "light"), (NARROW, "dark")], ids=["wide-light", "narrow-dark"]
    )
    def test_has_no_violation_small_target_or_sideways_scrolling(
        self,
        open_page: OpenPage,
        pages: list[str],
        office: User,
        viewport: dict[str, int],
        scheme: str,
    ) -> None:
        page = open_page(pages[0], office, viewport=viewport, color_scheme=scheme)
        found = {}
        for path in pages:
            page.goto(path)
            found[path] = (
                violations_of(page),
                small_targets(page, least=24),
                overflow_of(page),
                sideways_tables(page),
            )

        assert found == {path: ([], [], 0, []) for path in pages}

    def test_has_no_violation_when_something_is_wrong(
        self, open_page: OpenPage, pages: list[str], office: User
    ) -> None:
        page = open_page(pages[0], office, viewport=NARROW)
        page.get_by_role("button", name="Sign in", exact=True).click()

        expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
        assert page.title().startswith("Error: ")
        assert (violations_of(page), overflow_of(page)) == ([], 0)
        page.get_by_role("link", name="Choose a pupil").click()
        expect(page.get_by_role("combobox", name="Pupil")).to_be_focused()


class TestThePrintedSheets:
    def test_stand_one_class_on_a_page(
        self, open_page: OpenPage, morning: Morning, school: School, office: User, class_group: ClassGroup
    ) -> None:
        for number in range(37):
            pupil_in_class(class_group, surname=f"Zebra{number:02d}")
        page = open_page(url("sheets", school), office)

        pages = pypdf.PdfReader(BytesIO(page.pdf(prefer_css_page_size=True))).pages

        assert len(pages) == 1
        text = pages[0].extract_text()
        assert "Zebra36, Robin" in text
        assert "Registers" not in text
