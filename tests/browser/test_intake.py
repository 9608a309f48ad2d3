"""The office's reports in a real browser: keys, phones, without scripts, axe."""

from collections.abc import Callable
from datetime import date

import pytest
from django_scopes import scope
from playwright.sync_api import Page, expect

from absences.models import Report
from accounts.models import School, User
from registers.models import ClassGroup, Contact, Pupil
from tests.absences.intake_world import TUESDAY, give_terms, send, told
from tests.browser.conftest import (
    NARROW,
    PHONE,
    OpenPage,
    overflow_of,
    sideways_tables,
    small_targets,
    violations_of,
)
from tests.factories.registers import (
    PupilContactFactory,
    PupilFlagFactory,
    held_sessions,
    pupil_in_class,
)

pytestmark = pytest.mark.django_db(transaction=True)

REPORTS = "/s/hill/absences/reports/"


@pytest.fixture
def told_four(
    present_moment: Callable[[str], None],
    school: School,
    class_group: ClassGroup,
    pupil: Pupil,
    parent: User,
) -> list[Report]:
    """Three reports that are taken at their word and one that is not, at five to nine."""
    present_moment("2025-11-11T08:55")
    with scope(school=school):
        give_terms(school)
        held_sessions(school, date(2025, 11, 3), date(2025, 11, 21))
        contact = Contact.objects.get(user=parent)
        children = [
            pupil,
            *(pupil_in_class(class_group, surname=name) for name in ("Birch", "Cedar", "Douglas")),
        ]
        for child in children[1:]:
            PupilContactFactory(pupil=child, contact=contact)
        PupilFlagFactory(pupil=children[3], name="looked_after")
        return [
            send(child, told(reason=reason), by=parent, contact=contact)
            for child, reason in zip(children, ("illness", "illness", "sickness", "birthday"), strict=True)
        ]


def states(school: School) -> dict[str, str]:
    with scope(school=school):
        return dict(Report.objects.values_list("pupil__surname", "state"))


class TestTheQueue:
    def test_takes_three_at_once_and_refuses_one_by_keyboard(
        self, open_page: OpenPage, told_four: list[Report], school: School, office: User
    ) -> None:
        page = open_page(REPORTS, office)
        assert violations_of(page) == []

        page.get_by_role("button", name="Accept 3 trusted reports").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("3 reports accepted.")
        summary = page.get_by_text("Do not accept").first
        summary.focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.type("A birthday is no reason.")
        page.keyboard.press("Enter")

        expect(page.get_by_role("alert")).to_contain_text("not accepted. The parent is told why.")
        assert states(school) == {
            "Ashdown": "accepted",
            "Birch": "accepted",
            "Cedar": "accepted",
            "Douglas": "refused",
        }

    def test_goes_from_report_to_report_by_single_keys(
        self, open_page: OpenPage, told_four: list[Report], school: School, office: User
    ) -> None:
        page = open_page(REPORTS, office)
        expect(page.locator("html[data-reports-ready]")).to_be_attached()

        page.keyboard.press("j")  # the looked-after child's, whose report is not trusted
        page.keyboard.press("j")
        page.keyboard.press("a")

        expect(page.get_by_role("alert")).to_contain_text("accepted. As I, Illness.")
        assert sorted(states(school).values()) == ["accepted", "waiting", "waiting", "waiting"]

    def test_leaves_single_keys_alone_for_those_who_do_not_want_them(
        self, open_page: OpenPage, told_four: list[Report], school: School, office: User
    ) -> None:
        office.uses_single_keys = False
        office.save(update_fields=["uses_single_keys"])
        page = open_page(REPORTS, office)

        for key in ("n", "j", "a"):
            page.keyboard.press(key)
        page.wait_for_timeout(200)

        assert page.url.endswith(REPORTS)
        assert set(states(school).values()) == {"waiting"}

    @pytest.mark.parametrize("viewport", [PHONE, NARROW])
    def test_fits_a_phone(
        self,
        open_page: OpenPage,
        told_four: list[Report],
        office: User,
        viewport: dict[str, int],
    ) -> None:
        page = open_page(REPORTS, office, viewport=viewport)
        for path in (REPORTS, f"{REPORTS}{told_four[3].pk}/", f"{REPORTS}new/"):
            page.goto(path)
            assert overflow_of(page) <= 0, path
            assert sideways_tables(page) == [], path
            assert violations_of(page) == [], path
            assert small_targets(page, least=24) == [], path

    def test_works_without_scripts(
        self, open_page: OpenPage, told_four: list[Report], school: School, office: User
    ) -> None:
        page = open_page(REPORTS, office, scripts=False)

        page.get_by_role("button", name="Accept the report about Robin Ashdown").click()
        expect(page.get_by_text("Robin Ashdown: accepted.")).to_be_visible()
        page.get_by_role("link", name="Douglas, Robin").click()
        page.get_by_label("Why is it not accepted?").fill("A birthday is no reason.")
        page.get_by_role("button", name="Do not accept").click()

        expect(page.get_by_text("not accepted. The parent is told why.")).to_be_visible()
        assert states(school) == {
            "Ashdown": "accepted",
            "Birch": "waiting",
            "Cedar": "waiting",
            "Douglas": "refused",
        }


class TestWritingDownAReport:
    def ready(self, page: Page) -> None:
        expect(page.locator("#report-form[data-ready]")).to_be_attached()
        expect(page.get_by_role("combobox", name="Who is away?")).to_be_focused()

    def test_takes_a_few_keys_from_the_queue(
        self, open_page: OpenPage, told_four: list[Report], school: School, pupil: Pupil, office: User
    ) -> None:
        with scope(school=school):
            Report.objects.filter(pupil=pupil).update(first_day=date(2025, 11, 4), last_day=date(2025, 11, 4))
        page = open_page(REPORTS, office)
        expect(page.locator("html[data-reports-ready]")).to_be_attached()
        page.keyboard.press("n")
        self.ready(page)

        page.keyboard.type("ash")
        page.keyboard.press("Enter")
        expect(page.get_by_role("radio", name="Pat Parent")).to_be_visible()
        for key in ("Tab", "Tab", "Space", "Tab", "Tab"):  # Remove; Pat Parent; the other name; reason
            page.keyboard.press(key)
        page.keyboard.type("ill")
        page.keyboard.press("Enter")

        expect(page.get_by_role("alert")).to_contain_text("Robin Ashdown: accepted, Tue 11 Nov")
        with scope(school=school):
            report = Report.objects.get(pupil=pupil, first_day=TUESDAY)
            assert (report.channel, report.reason, report.state) == ("phone", "illness", "accepted")
            assert report.contact is not None
            assert report.contact.name == "Pat Parent"
        self.ready(page)

    def test_shows_what_is_missing_first_and_keeps_the_children(
        self, open_page: OpenPage, told_four: list[Report], office: User
    ) -> None:
        page = open_page(f"{REPORTS}new/", office)
        self.ready(page)
        page.keyboard.type("ash")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Record and accept").click()

        summary = page.locator(".govuk-error-summary")
        expect(summary).to_be_focused()
        assert page.title().startswith("Error: ")
        for link in summary.get_by_role("link").all():
            target = (link.get_attribute("href") or "").removeprefix("#")
            assert page.locator(f"[id='{target}']").count() == 1, target
        expect(page.get_by_role("list", name="Children chosen")).to_contain_text("Ashdown")
        assert violations_of(page) == []

    def test_works_without_scripts(
        self, open_page: OpenPage, told_four: list[Report], school: School, pupil: Pupil, office: User
    ) -> None:
        page = open_page(f"{REPORTS}new/", office, scripts=False)

        page.get_by_label("Who is away?").select_option(label="Ashdown, Robin (Oak)")
        page.get_by_role("button", name="Show who may have called").click()
        page.get_by_role("radio", name="Pat Parent").check()
        page.get_by_label("Reason").select_option("illness")
        page.get_by_role("button", name="Record, decide later").click()

        expect(page.get_by_text("Robin Ashdown: waits")).to_be_visible()
        with scope(school=school):
            assert Report.objects.filter(pupil=pupil, channel="phone").count() == 1
