"""The admission register in a browser: a phone, a keyboard, no scripts, and what axe finds on each page."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from django_scopes import scopes_disabled
from playwright.sync_api import expect

from accounts.models import User
from registers.models import Contact, Pupil, PupilContact
from tests.browser.conftest import NARROW, PHONE, WIDE, OpenPage, overflow_of, small_targets, violations_of
from tests.factories.registers import ContactFactory, PupilContactFactory, PupilFlagFactory, pupil_in_class
from tests.factories.registers_admission import (
    OutsideContactFactory,
    PupilAddressFactory,
    PupilOutsideContactFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)

LONG = ("Featherstonehaugh-Cholmondeley", "Maximiliana Wilhelmina")


@pytest.fixture
def child(present_moment: Callable[[str], None], class_group, office: User) -> Pupil:
    """A pupil with a long name, two homes, an order, flags and a brother."""
    present_moment("2025-11-20T09:00")
    with scopes_disabled():
        made = pupil_in_class(class_group, surname=LONG[0], forename=LONG[1], known_as="Max")
        mother = PupilContactFactory(pupil=made, contact__name=f"Ann {LONG[0]}").contact
        PupilContactFactory(pupil=pupil_in_class(class_group, forename="Sam"), contact=mother)
        PupilContactFactory(
            pupil=made,
            priority=2,
            relationship="father",
            court_order_restricts=True,
            court_order_type="prohibited_steps",
            court_order_note="Not to collect the pupil from school",
            contact=ContactFactory(school=made.school, name="Cy Cedar", address_confidential=True),
        )
        PupilAddressFactory(pupil=made, with_contact=mother)
        PupilAddressFactory(pupil=made, lines="9 New Road\nAnytown", starts_on=date(2026, 1, 1))
        PupilFlagFactory(pupil=made, name="ebsa")
        PupilOutsideContactFactory(pupil=made, outside_contact=OutsideContactFactory(school=made.school))
    return made


def pages(pupil: Pupil) -> list[str]:
    root = f"/s/hill/pupils/{pupil.pk}/"
    with scopes_disabled():
        contact = PupilContact.objects.filter(pupil=pupil, priority=1).get().contact_id
        address = pupil.addresses.order_by("pk").first().pk
        flag = pupil.flags.get().pk
    return [
        "/s/hill/pupils/",
        "/s/hill/outside-contacts/",
        "/s/hill/outside-contacts/new/",
        f"{root}details/",
        f"{root}details/change/",
        f"{root}details/history/?on_day=1&on_month=10&on_year=2025",
        f"{root}addresses/{address}/",
        f"{root}flags/new/",
        f"{root}flags/{flag}/",
        f"{root}contacts/",
        f"{root}contacts/new/",
        f"{root}contacts/{contact}/",
        f"{root}contacts/{contact}/remove/",
        f"{root}outside/new/",
    ]


class TestEveryPage:
    def test_is_sound_wide_and_narrow(self, child: Pupil, office: User, open_page: OpenPage):
        wrong: dict[str, list[object]] = {}
        page = open_page("/s/hill/pupils/", office, viewport=WIDE)
        for path in pages(child):
            for viewport in (WIDE, NARROW):
                page.set_viewport_size(viewport)
                page.goto(path)
                found = [*violations_of(page), *small_targets(page, least=24)]
                if overflow_of(page):
                    found.append(f"{overflow_of(page)} px too wide")
                if found:
                    wrong[f"{path} at {viewport['width']}"] = found

        assert wrong == {}

    def test_has_targets_for_fingers_on_a_phone(self, child: Pupil, office: User, open_page: OpenPage):
        page = open_page(f"/s/hill/pupils/{child.pk}/contacts/", office, viewport=PHONE, has_touch=True)
        number = page.get_by_role("link", name="01632 960123").first.bounding_box()

        assert number is not None
        assert number["height"] >= 44


class TestWithoutScripts:
    def test_a_contact_is_found_in_the_school_and_shared(
        self, child: Pupil, office: User, open_page: OpenPage, class_group
    ):
        with scopes_disabled():
            brother = pupil_in_class(class_group, surname="Newcomer", forename="Lee")
        page = open_page("/s/hill/pupils/", office, scripts=False)
        page.get_by_label("Name or UPN").fill("newcomer")
        page.get_by_role("button", name="Find").click()
        assert "newcomer" not in page.url.lower()
        page.get_by_role("link", name="Newcomer, Lee").click()
        page.get_by_role("link", name="Parents and contacts").click()
        page.get_by_role("main").get_by_role("link", name="Add a contact").first.click()
        page.get_by_label("Full name").fill(f"Ann {LONG[0]}")
        page.get_by_label("Relationship to the pupil").fill("mother")
        page.get_by_role("button", name="Add the contact").click()

        expect(page.get_by_role("heading", name="Is it one of these people?")).to_be_visible()
        page.get_by_role("link", name=f"Use Ann {LONG[0]}").click()
        page.get_by_role("button", name=f"Add Ann {LONG[0]}").click()

        expect(page.get_by_text(f"Ann {LONG[0]} is now a contact of Lee Newcomer.")).to_be_visible()
        with scopes_disabled():
            assert Contact.objects.filter(name=f"Ann {LONG[0]}").count() == 1
            assert PupilContact.objects.filter(pupil=brother).count() == 1


class TestByKeyboard:
    def test_an_error_leads_to_its_field(self, child: Pupil, office: User, open_page: OpenPage):
        page = open_page(f"/s/hill/pupils/{child.pk}/details/change/", office)
        page.get_by_label("Surname").fill("")
        page.keyboard.press("Enter")

        expect(page).to_have_title(re.compile("^Error: "))
        expect(page.locator(".govuk-error-summary")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_label("Surname")).to_be_focused()
