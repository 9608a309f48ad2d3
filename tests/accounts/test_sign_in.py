"""Signing in: password and second factor for staff, a code by e-mail for parents."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import Event, Role, User
from accounts.people import SYSTEM_EMAIL, system_user
from accounts.second_factor import DEMO_SESSION_KEY
from tests.accounts.conftest import one_time_code
from tests.factories.accounts import InstallationFactory, RoleAssignmentFactory, UserFactory

PASSWORD = "correct-horse-battery-staple"


@pytest.fixture
def clerk(school):
    """Somebody of the office who has never signed in."""
    user = UserFactory(name="Cleo Clerk", email="cleo@hill.example", password=PASSWORD)
    RoleAssignmentFactory(user=user, school=school, role=Role.OFFICE)
    return user


def type_password(client, user, password=PASSWORD):
    return client.post("/accounts/login/", {"login": user.email, "password": password})


def set_up_app(client):
    """Set up the authenticator app as the page asks and return its secret."""
    page = client.get("/accounts/2fa/totp/activate/")
    assert page.status_code == 200
    secret = page.context["form"].secret
    done = client.post("/accounts/2fa/totp/activate/", {"code": one_time_code(secret)})
    assert done.status_code == 302
    return secret


# What is done when a factor is set up happens on commit: these tests commit.
commits = pytest.mark.django_db(transaction=True)


@commits
class TestStaffSigningInForTheFirstTime:
    def test_reach_nothing_before_they_have_a_second_factor(self, clerk, school):
        client = Client()
        assert type_password(client, clerk).headers["Location"] == "/start/"

        for address in ("/start/", f"/s/{school.key}/registers/", "/family/", "/trust/"):
            assert client.get(address).headers["Location"] == "/accounts/2fa/"

    def test_go_on_when_they_have_set_one_up(self, clerk, school):
        client = Client()
        type_password(client, clerk)

        set_up_app(client)

        assert client.get("/start/").headers["Location"] == f"/s/{school.key}/registers/"
        assert [(event.kind, event.by_id) for event in Event.objects.order_by("pk")] == [
            ("person.signed_in", clerk.pk),
            ("second_factor.added", clerk.pk),
            ("second_factor.added", clerk.pk),
        ]
        assert [event.data.get("type") for event in Event.objects.order_by("pk")] == [
            None,
            "totp",
            "recovery_codes",
        ]

    def test_are_told_by_mail_that_it_was_set_up(self, clerk):
        client = Client()
        type_password(client, clerk)

        set_up_app(client)

        assert {message.to[0] for message in mail.outbox} == {"cleo@hill.example"}
        assert any("Authenticator app activated." in message.body for message in mail.outbox)


@commits
class TestStaffWithASecondFactor:
    @pytest.fixture
    def secret(self, clerk):
        client = Client()
        type_password(client, clerk)
        secret = set_up_app(client)
        mail.outbox.clear()
        return secret

    def test_are_asked_for_it_after_the_password(self, clerk, secret, school):
        client = Client()

        with time_machine.travel(timezone.now() + timedelta(minutes=2)):
            asked = type_password(client, clerk)
            assert asked.headers["Location"] == "/accounts/2fa/authenticate/"
            assert (
                client.get(f"/s/{school.key}/registers/").headers["Location"].startswith("/accounts/login/")
            )
            done = client.post("/accounts/2fa/authenticate/", {"code": one_time_code(secret)})

            assert done.headers["Location"] == "/start/"
            assert client.get("/start/").headers["Location"] == f"/s/{school.key}/registers/"

    def test_stay_outside_with_a_wrong_code(self, clerk, secret, school):
        client = Client()
        type_password(client, clerk)

        response = client.post("/accounts/2fa/authenticate/", {"code": "000000"})

        assert response.status_code == 200
        assert "_auth_user_id" not in client.session

    def test_cannot_use_a_code_twice(self, clerk, secret):
        with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=False):
            code = one_time_code(secret)
            for client, signed_in in ((Client(), True), (Client(), False)):
                type_password(client, clerk)
                client.post("/accounts/2fa/authenticate/", {"code": code})
                assert ("_auth_user_id" in client.session) is signed_in

    def test_are_asked_for_it_after_a_code_by_mail_too(self, clerk, secret):
        client = Client()
        ask_for_code(client, clerk.email)

        response = client.post("/accounts/login/code/confirm/", {"code": mailed_code()})

        assert response.headers["Location"] == "/accounts/2fa/authenticate/"
        assert "_auth_user_id" not in client.session

    def test_are_not_signed_in_by_a_new_password(self, clerk, secret):
        client = Client()
        client.post("/accounts/password/reset/", {"email": clerk.email})
        link = re.search(r"https?://testserver(/accounts/password/reset/key/\S+)", mail.outbox[0].body)[1]
        form = client.get(link).headers["Location"]

        changed = client.post(
            form, {"password1": "purple-monday-kettle", "password2": "purple-monday-kettle"}
        )

        assert changed.headers["Location"] == "/accounts/password/reset/key/done/"
        assert "_auth_user_id" not in client.session
        assert type_password(client, clerk, "purple-monday-kettle").headers["Location"] == (
            "/accounts/2fa/authenticate/"
        )

    def test_lose_the_way_in_when_they_remove_it(self, clerk, secret, school):
        client = Client()
        with time_machine.travel(timezone.now() + timedelta(minutes=2)):
            type_password(client, clerk)
            client.post("/accounts/2fa/authenticate/", {"code": one_time_code(secret)})
            client.get("/start/")

            client.post("/accounts/2fa/totp/deactivate/")

            assert client.get(f"/s/{school.key}/registers/").headers["Location"] == "/accounts/2fa/"


@commits
class TestASessionFromBeforeTheSecondFactor:
    def test_ends_when_somebody_else_set_one_up(self, clerk, school):
        waiting, owner = Client(), Client()
        type_password(waiting, clerk)
        type_password(owner, clerk)
        set_up_app(owner)

        response = waiting.get(f"/s/{school.key}/registers/")

        assert response.headers["Location"] == f"/accounts/login/?next=/s/{school.key}/registers/"
        assert "_auth_user_id" not in waiting.session

    @pytest.mark.parametrize("address", ["/accounts/2fa/", "/accounts/2fa/webauthn/add/"])
    def test_cannot_add_a_factor_of_its_own(self, clerk, address):
        waiting, owner = Client(), Client()
        type_password(waiting, clerk)
        type_password(owner, clerk)
        set_up_app(owner)

        assert waiting.get(address).headers["Location"].startswith("/accounts/login/")
        assert "_auth_user_id" not in waiting.session


class TestTheDemoSignIn:
    def test_needs_no_second_factor_while_there_is_demo_data_and_debug(self, clerk, settings, school):
        settings.DEBUG = True
        InstallationFactory(is_demo=True)
        client = signed_in_by_demo(clerk)

        assert client.get("/start/").headers["Location"] == f"/s/{school.key}/registers/"

    @pytest.mark.parametrize(("debug", "is_demo"), [(False, True), (True, False), (False, False)])
    def test_is_worth_nothing_otherwise(self, clerk, settings, debug, is_demo):
        settings.DEBUG = debug
        InstallationFactory(is_demo=is_demo)
        client = signed_in_by_demo(clerk)

        assert client.get("/start/").headers["Location"] == "/accounts/2fa/"


def signed_in_by_demo(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session[DEMO_SESSION_KEY] = True
    session.save()
    return client


def ask_for_code(client, email):
    response = client.post("/accounts/login/code/", {"email": email})
    assert response.headers["Location"] == "/accounts/login/code/confirm/"


def mailed_code():
    return re.search(r"^([A-Z0-9-]{6,12})$", mail.outbox[-1].body, re.MULTILINE)[1]


class TestAParent:
    def test_signs_in_with_a_code_sent_by_mail_and_nothing_else(self, parent):
        client = Client()
        ask_for_code(client, parent.email)

        assert mail.outbox[-1].to == [parent.email]
        assert mail.outbox[-1].subject == "Rollcall: Your code to sign in"
        done = client.post("/accounts/login/code/confirm/", {"code": mailed_code()})

        assert done.headers["Location"] == "/start/"
        assert client.get("/start/").headers["Location"] == "/family/"
        assert client.get("/family/").status_code == 200

    def test_may_type_the_address_in_capitals(self, parent):
        client = Client()
        ask_for_code(client, parent.email.upper())

        client.post("/accounts/login/code/confirm/", {"code": mailed_code()})

        assert client.session["_auth_user_id"] == str(parent.pk)

    def test_cannot_use_a_code_after_ten_minutes(self, parent):
        client = Client()
        ask_for_code(client, parent.email)
        code = mailed_code()

        with time_machine.travel(timezone.now() + timedelta(minutes=10, seconds=1)):
            client.post("/accounts/login/code/confirm/", {"code": code})

        assert "_auth_user_id" not in client.session

    def test_may_try_three_times(self, parent):
        client = Client()
        ask_for_code(client, parent.email)
        code = mailed_code()
        for _ in range(3):
            client.post("/accounts/login/code/confirm/", {"code": "WRONG-CODE"})

        client.post("/accounts/login/code/confirm/", {"code": code})

        assert "_auth_user_id" not in client.session

    def test_cannot_use_a_code_in_another_browser(self, parent):
        ask_for_code(Client(), parent.email)
        other = Client()

        other.post("/accounts/login/code/confirm/", {"code": mailed_code()})

        assert "_auth_user_id" not in other.session

    def test_needs_a_second_factor_from_the_day_a_role_begins(self, parent, school, sign_in):
        client = sign_in(parent)
        assert client.get("/family/").status_code == 200

        RoleAssignmentFactory(user=parent, school=school, role=Role.GOVERNOR)

        assert client.get("/family/").headers["Location"] == "/accounts/2fa/"


class TestAnAddressThatNobodyHas:
    def test_gets_the_same_answer_as_one_that_somebody_has(self, parent):
        known, unknown = Client(), Client()

        ask_for_code(known, parent.email)
        ask_for_code(unknown, "nobody@nowhere.example")

        pages = [client.get("/accounts/login/code/confirm/").content.decode() for client in (known, unknown)]
        cleaned = [
            re.sub(r'value="[A-Za-z0-9]{64}"', "", page).replace(email, "")
            for page, email in zip(pages, (parent.email, "nobody@nowhere.example"), strict=True)
        ]
        assert cleaned[0] == cleaned[1]

    def test_is_told_by_mail_and_offered_no_sign_up(self, db):
        ask_for_code(Client(), "nobody@nowhere.example")

        (message,) = mail.outbox
        assert message.to == ["nobody@nowhere.example"]
        assert "No school has this address." in message.body
        assert "http" not in message.body

    def test_gets_the_same_answer_for_a_wrong_password(self, clerk):
        wrong = type_password(Client(), clerk, "not-the-password").content.decode()
        unknown = Client().post(
            "/accounts/login/", {"login": "nobody@nowhere.example", "password": "not-the-password"}
        )

        sentence = "The email address and/or password you specified are not correct."
        assert sentence in wrong
        assert sentence in unknown.content.decode()

    def test_gets_the_same_answer_for_a_new_password(self, clerk):
        answers = [
            Client().post("/accounts/password/reset/", {"email": email})
            for email in (clerk.email, "nobody@nowhere.example")
        ]

        assert [answer.headers["Location"] for answer in answers] == ["/accounts/password/reset/done/"] * 2


class TestSigningUp:
    @pytest.mark.parametrize("address", ["/accounts/signup/", "/accounts/email/", "/accounts/confirm-email/"])
    def test_does_not_exist(self, address, db):
        client = Client()

        assert client.get(address).status_code == 404
        posted = client.post(
            address, {"email": "new@nowhere.example", "password1": PASSWORD, "password2": PASSWORD}
        )
        assert posted.status_code == 404
        assert User.objects.count() == 0

    def test_nobody_can_take_another_address_for_their_own(self, parent, sign_in):
        client = sign_in(parent)

        response = client.post("/accounts/email/", {"email": "head@hill.example", "action_add": ""})

        assert response.status_code == 404
        assert parent.emailaddress_set.count() == 0


class TestTooManyAttempts:
    def test_are_refused_even_with_the_right_password(self, clerk):
        client = Client()
        for _ in range(5):
            type_password(client, clerk, "not-the-password")

        page = type_password(client, clerk).content.decode()

        assert "Too many failed login attempts. Try again later." in page
        assert "_auth_user_id" not in client.session


class TestAnAccountThatWasClosed:
    def test_cannot_sign_in(self, clerk):
        clerk.is_active = False
        clerk.save(update_fields=["is_active"])
        client = Client()

        type_password(client, clerk)

        assert "_auth_user_id" not in client.session

    def test_the_programs_own_account_cannot_sign_in(self, db):
        user = system_user()
        client = Client()

        client.post("/accounts/login/", {"login": SYSTEM_EMAIL, "password": ""})

        assert not user.has_usable_password()
        assert not user.check_password("")
        assert "_auth_user_id" not in client.session


class TestASession:
    def test_ends_twelve_hours_after_sign_in_however_busy(self, parent):
        client = Client()
        ask_for_code(client, parent.email)
        client.post("/accounts/login/code/confirm/", {"code": mailed_code()})
        began = timezone.now()

        for hours in (6, 11):
            with time_machine.travel(began + timedelta(hours=hours)):
                session = client.session
                session["touched"] = hours
                session.save()
                assert client.get("/family/").status_code == 200
        with time_machine.travel(began + timedelta(hours=12, minutes=1)):
            assert client.get("/family/").headers["Location"] == "/accounts/login/?next=/family/"
        assert "_auth_user_id" not in client.session

    def test_has_a_new_key_after_sign_in(self, parent):
        client = Client()
        ask_for_code(client, parent.email)
        before = client.session.session_key

        client.post("/accounts/login/code/confirm/", {"code": mailed_code()})

        assert client.session.session_key != before

    def test_of_other_browsers_ends_with_a_new_password(self, parent, sign_in):
        client = sign_in(parent)
        parent.set_password("purple-monday-kettle")
        parent.save(update_fields=["password"])

        assert client.get("/family/").status_code == 302
