"""The pages that say something went wrong: plain words, a way on, nothing about the inside."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.test import Client, RequestFactory

from accounts import views
from accounts.models import User
from tests.cast import SignIn


@pytest.fixture
def request_of_visitor(rf: RequestFactory) -> HttpRequest:
    request = rf.get("/")
    request.user = AnonymousUser()
    return request


class TestErrorPages:
    def test_say_that_a_page_is_not_there(self, visitor: Client, db: None) -> None:
        answer = visitor.get("/no/such/page/")

        assert answer.status_code == 404
        assert '<h1 class="govuk-heading-l">Page not found</h1>' in answer.content.decode()

    def test_give_the_reason_of_a_refusal(self, request_of_visitor: HttpRequest) -> None:
        answer = views.permission_denied(request_of_visitor, PermissionDenied("This register has closed."))

        assert answer.status_code == 403
        assert "This register has closed." in answer.content.decode()
        assert "Nothing was changed." in answer.content.decode()

    def test_never_take_a_reason_for_markup(self, request_of_visitor: HttpRequest) -> None:
        answer = views.permission_denied(request_of_visitor, PermissionDenied("<script>"))

        assert "&lt;script&gt;" in answer.content.decode()

    def test_say_what_to_do_when_the_page_was_open_too_long(self, office: User, sign_in: SignIn) -> None:
        client = Client(enforce_csrf_checks=True)
        client.cookies = sign_in(office).cookies

        answer = client.post("/accounts/logout/")

        assert answer.status_code == 403
        assert "What you sent was <strong>not saved</strong>" in answer.content.decode()

    def test_say_that_a_request_could_not_be_read(self, request_of_visitor: HttpRequest) -> None:
        answer = views.bad_request(request_of_visitor, ValueError("secret detail"))

        assert answer.status_code == 400
        assert "secret detail" not in answer.content.decode()

    def test_stand_without_database_or_session_when_the_server_failed(self, rf: RequestFactory) -> None:
        request = rf.get("/")  # no user, no session, no messages: what failed may be any of them

        answer = views.server_error(request)

        assert answer.status_code == 500
        assert "Sorry, something went wrong" in answer.content.decode()
