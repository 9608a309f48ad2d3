"""Leave in a browser: a parent on a phone without scripts asks for two children, the head grants a part."""

from datetime import date

import pytest
from django_scopes import scope, scopes_disabled
from playwright.sync_api import Page, expect

from absences.models import LeaveRequest
from accounts.models import School, User
from registers.models import ClassGroup, Contact, KnownAhead, Pupil
from tests.absences.leave_pages import give_policy
from tests.browser.conftest import NARROW, PHONE, WIDE, OpenPage, overflow_of, small_targets, violations_of
from tests.factories.absences_leave import LeaveRequestFactory
from tests.factories.registers import PupilContactFactory, pupil_in_class

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def welbourn(school: School, present_moment) -> School:
    present_moment("2025-09-05T19:30")
    return give_policy(school, "welbourn")


@pytest.fixture
def children(welbourn: School, pupil: Pupil, parent: User, class_group: ClassGroup) -> list[Pupil]:
    sister = pupil_in_class(class_group, surname="Ashdown", forename="Sky")
    with scopes_disabled():
        PupilContactFactory(pupil=sister, contact=Contact.objects.get(user=parent))
    return [pupil, sister]


def sound(page: Page) -> None:
    """Hold a page of a family to axe, the width of a phone and targets for thumbs."""
    assert violations_of(page) == [], page.url
    assert overflow_of(page) <= 0, page.url
    assert small_targets(page, least=24) == [], page.url


def fill_date(page: Page, name: str, on: date) -> None:
    for part, text in (("day", on.day), ("month", on.month), ("year", on.year)):
        page.locator(f"#id_{name}_{part}").fill(str(text))


def ask_for_both(page: Page) -> None:
    page.get_by_role("link", name="Ask for leave").or_(
        page.get_by_role("button", name="Ask for leave")
    ).click()
    page.get_by_label("Robin Ashdown").check()
    page.get_by_label("Sky Ashdown").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("A family event").check()
    page.get_by_role("button", name="Continue").click()
    fill_date(page, "first_day", date(2025, 10, 2))
    fill_date(page, "return_on", date(2025, 10, 6))
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Your reasons").fill("My sister marries abroad on the Friday.")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("I do", exact=True).check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Yes").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("I have read this and I understand it").check()
    page.get_by_label("Your full name").fill("Pat Parent")
    page.get_by_role("button", name="Sign and send").click()


class TestAFamilyOnAPhoneWithoutScripts:
    def test_asks_for_two_children_and_reads_the_answer(
        self, open_page: OpenPage, parent: User, head: User, children: list[Pupil], school: School
    ) -> None:
        page = open_page("/family/leave/", parent, viewport=PHONE, scripts=False)
        ask_for_both(page)
        expect(page.get_by_role("heading", name="Request sent")).to_be_visible()
        with scope(school=school):
            robin, sky = LeaveRequest.objects.order_by("pk")

        desk = open_page(f"/s/hill/absences/leave/{robin.pk}/", head)
        desk.get_by_label("Grant a part of the days").check()
        fill_date(desk, "granted_from", date(2025, 10, 3))
        desk.get_by_label("What you weighed, and why you decide so").fill("One day is enough.")
        desk.get_by_label("Why it is not agreed, in words for the family").fill(
            "The wedding is on the Friday."
        )
        desk.get_by_role("button", name="Record the decision").click()
        expect(desk.get_by_text("Leave for Robin Ashdown: agreed in part.")).to_be_visible()
        with scope(school=school):
            ahead = KnownAhead.objects.get()
            assert (ahead.code_id, ahead.first_day) == ("C", date(2025, 10, 3))

        page.goto(f"/family/leave/{robin.pk}/")
        expect(page.get_by_text("The wedding is on the Friday.")).to_be_visible()
        expect(page.get_by_text("Agreed. Our register will show it as authorised.")).to_be_visible()
        page.goto(f"/family/leave/{sky.pk}/")
        expect(page.get_by_text("Waiting for the headteacher")).to_be_visible()


class TestThePagesOfAFamily:
    @pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["narrow", "wide"])
    def test_have_no_fault_that_axe_finds_and_fit_the_screen(
        self, open_page: OpenPage, parent: User, children: list[Pupil], viewport: dict[str, int]
    ) -> None:
        page = open_page("/family/leave/", parent, viewport=viewport)
        page.goto("/family/leave/new/")
        sound(page)
        page.get_by_label("Sky Ashdown").check()
        page.get_by_role("button", name="Continue").click()
        key = page.url.split("/")[-3]
        page.get_by_role("button", name="Continue").click()
        expect(page.locator(".govuk-error-summary")).to_be_focused()
        sound(page)
        page.get_by_label("A religious festival").check()
        page.get_by_role("button", name="Continue").click()
        sound(page)
        fill_date(page, "first_day", date(2025, 9, 8))
        fill_date(page, "return_on", date(2025, 9, 9))
        page.get_by_role("button", name="Continue").click()
        sound(page)
        page.get_by_label("Your reasons").fill("Our festival.")
        page.get_by_label("Which religious body").fill("Our temple")
        page.get_by_role("button", name="Continue").click()
        sound(page)
        page.get_by_role("button", name="Continue").click()
        sound(page)
        page.get_by_label("Yes").check()
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_role("heading", name="Check your answers")).to_be_visible()
        expect(page.get_by_text("There is less time now. You can still ask.")).to_be_visible()
        sound(page)
        page.goto(f"/family/leave/new/{key}/sign/")
        page.get_by_role("button", name="Sign and send").click()
        expect(page.locator(".govuk-error-summary")).to_be_focused()
        sound(page)


class TestTheDecisionPage:
    @pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["narrow", "wide"])
    def test_has_no_fault_that_axe_finds_and_fits_the_screen(
        self,
        open_page: OpenPage,
        head: User,
        welbourn: School,
        pupil: Pupil,
        parent: User,
        viewport: dict[str, int],
    ) -> None:
        with scopes_disabled():
            contact = Contact.objects.get(user=parent)
        row = LeaveRequestFactory(pupil=pupil, applicant=contact, kind="holiday")
        page = open_page("/s/hill/absences/leave/", head, viewport=viewport)
        for path in ("", "form/", "paper/", f"paper/{pupil.pk}/", "designates/", f"{row.pk}/"):
            page.goto(f"/s/hill/absences/leave/{path}")
            assert violations_of(page) == [], path
            assert overflow_of(page) <= 0, path
            assert small_targets(page, least=24) == [], path
        expect(page.get_by_label("Send the letter that warns of a holiday")).to_be_checked()
        page.get_by_role("button", name="Record the decision").click()
        expect(page.locator(".govuk-error-summary")).to_be_focused()
        assert violations_of(page) == []
