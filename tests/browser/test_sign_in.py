"""Signing in, as a browser sees it: password, app, passkey, and a code by e-mail."""

import re

import pytest
from django.core import mail
from django.core.cache import cache
from playwright.sync_api import Page, expect

from accounts.models import Role
from tests.accounts.conftest import one_time_code
from tests.browser.conftest import PHONE, OpenPage, overflow_of, violations_of
from tests.factories.accounts import RoleAssignmentFactory, UserFactory

PASSWORD = "correct-horse-battery-staple"


@pytest.fixture(autouse=True)
def nothing_tried_before():
    """Forget earlier attempts to sign in, which are counted in the cache."""
    cache.clear()


@pytest.fixture
def clerk(transactional_db, school):
    """Somebody of the office who has never signed in."""
    user = UserFactory(name="Cleo Clerk", email="cleo@hill.example", password=PASSWORD)
    RoleAssignmentFactory(user=user, school=school, role=Role.OFFICE)
    return user


def type_password(page: Page) -> None:
    page.get_by_label("Email").fill("cleo@hill.example")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def look_at(page: Page) -> None:
    """Hold the page to axe and to a phone's width."""
    assert violations_of(page) == []
    assert overflow_of(page) == 0


class TestStaff:
    def test_set_up_the_app_on_their_first_day_and_go_on(self, clerk, open_page: OpenPage):
        page = open_page("/", viewport=PHONE)
        look_at(page)
        type_password(page)
        expect(page.get_by_role("heading", name="Signing in safely")).to_be_visible()
        look_at(page)

        page.get_by_role("button", name="Set up the app").click()
        look_at(page)
        # The picture to scan is drawn, which the content policy must allow.
        picture = page.locator("main img")
        assert picture.evaluate("image => image.complete && image.naturalWidth > 100")
        secret = page.get_by_label("If you cannot scan the square").input_value()
        page.get_by_label(re.compile("code", re.IGNORECASE)).last.fill(one_time_code(secret))
        page.locator("main form button[type=submit]").first.click()
        page.wait_for_load_state()
        look_at(page)

        page.goto("/")
        expect(page).to_have_url(re.compile("/s/hill/registers/$"))

    def test_sign_in_with_a_passkey_alone_once_it_is_set_up(self, clerk, open_page: OpenPage):
        page = open_page("/")
        tools = page.context.new_cdp_session(page)
        tools.send("WebAuthn.enable")
        tools.send(
            "WebAuthn.addVirtualAuthenticator",
            {
                "options": {
                    "protocol": "ctap2",
                    "transport": "internal",
                    "hasResidentKey": True,
                    "hasUserVerification": True,
                    "isUserVerified": True,
                }
            },
        )
        type_password(page)
        page.get_by_role("button", name="Add a passkey").click()
        look_at(page)
        page.get_by_label("Name").fill("My laptop")
        page.get_by_label(re.compile("asswordless")).check()
        page.locator("main form button").last.click()
        page.wait_for_url(re.compile("/accounts/2fa/(?!webauthn/add/)"))
        look_at(page)
        page.goto("/")
        expect(page).to_have_url(re.compile("/s/hill/registers/$"))

        page.get_by_role("button", name="Sign out").click()
        page.goto("/accounts/login/")
        page.get_by_role("button", name="Use a passkey").click()

        expect(page).to_have_url(re.compile("/s/hill/registers/$"))


class TestParents:
    def test_sign_in_with_a_code_from_their_mail(self, parent, transactional_db, open_page: OpenPage):
        page = open_page("/", viewport=PHONE)
        page.get_by_role("button", name="E-mail me a code").click()
        look_at(page)
        page.get_by_label("Email").fill(parent.email)
        page.locator("main form button[type=submit]").first.click()
        look_at(page)
        code = re.search(r"^([A-Z0-9-]{6,12})$", mail.outbox[-1].body, re.MULTILINE)[1]
        page.get_by_label(re.compile("code", re.IGNORECASE)).fill(code)
        page.locator("main form button[type=submit]").first.click()

        expect(page.get_by_role("heading", name="Your child", exact=True)).to_be_visible()
        look_at(page)
