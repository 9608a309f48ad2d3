"""What every answer carries, and what the error pages say."""

import pytest
from django.conf import settings as project_settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.test import Client, RequestFactory
from django.urls import path

from accounts.middleware import ContentPolicy, plain_error_pages
from tests.factories.accounts import UserFactory


def broken(request: HttpRequest) -> HttpResponse:
    """Fail with a secret at hand, as a fault would."""
    secret = "the pupil is called Ashdown"
    raise RuntimeError(secret)


def refused(request: HttpRequest) -> HttpResponse:
    """Answer that the request could not be read."""
    from django.core.exceptions import BadRequest

    raise BadRequest("the pupil is called Ashdown")


def cached(request: HttpRequest) -> HttpResponse:
    """Ask to be kept by every cache on the way."""
    return HttpResponse("file", headers={"Cache-Control": "public, max-age=3600"})


@pytest.fixture
def misbehaving_routes(settings):
    """Our routes with three that misbehave."""
    from attendance_site import urls  # read when a test runs: what is routed depends on DEBUG

    class Routes:
        urlpatterns = [
            path("broken/", broken),
            path("refused/", refused),
            path("cached/", cached),
            *urls.urlpatterns,
        ]
        handler400 = urls.handler400
        handler403 = urls.handler403
        handler404 = urls.handler404
        handler500 = urls.handler500

    settings.ROOT_URLCONF = Routes


@pytest.fixture
def signed_in(sign_in, db):
    client = sign_in(UserFactory())
    client.raise_request_exception = False
    return client


ANSWERS = [
    ("/", 302),
    ("/healthz", 200),
    ("/accounts/login/", 200),
    ("/family/", 200),
    ("/nothing/here/", 404),
    ("/trust/", 403),
    ("/refused/", 400),
    ("/broken/", 500),
    ("/static/rollcall/rollcall.css", 200),
    ("/static/nothing.css", 404),
]


@pytest.mark.usefixtures("misbehaving_routes")
class TestEveryAnswer:
    @pytest.mark.parametrize("debug", [False, True])
    @pytest.mark.parametrize(("address", "status"), [row for row in ANSWERS if row[0] != "/accounts/login/"])
    def test_has_the_headers_that_protect_it(self, signed_in, settings, debug, address, status):
        settings.DEBUG = debug

        response = signed_in.get(address)
        response.close()

        assert response.status_code == status
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "style-src 'self'" in policy
        assert "object-src 'none'" in policy
        assert "base-uri 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["X-Frame-Options"] == "DENY"
        assert response.headers["Referrer-Policy"] == "same-origin"
        assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "camera=()" in response.headers["Permissions-Policy"]

    def test_to_somebody_signed_in_is_kept_by_no_cache(self, signed_in):
        for address in ("/family/", "/trust/", "/nothing/here/", "/cached/", "/broken/"):
            assert signed_in.get(address).headers["Cache-Control"] == "no-store", address

    def test_to_a_visitor_with_a_form_to_sign_in_is_not_kept_either(self, db):
        assert "no-store" in Client().get("/accounts/login/").headers["Cache-Control"]

    def test_that_signs_out_wipes_what_the_browser_kept(self, signed_in):
        response = signed_in.post("/accounts/logout/")

        assert response.headers["Clear-Site-Data"] == '"cache", "storage"'
        assert response.headers["Cache-Control"] == "no-store"
        assert "_auth_user_id" not in signed_in.session

    def test_does_not_sign_out_on_a_mere_visit(self, signed_in):
        assert signed_in.get("/accounts/logout/").status_code == 200
        assert "_auth_user_id" in signed_in.session


@pytest.mark.usefixtures("misbehaving_routes")
class TestErrorPages:
    @pytest.mark.parametrize("accept", ["text/html", "text/plain", "*/*"])
    @pytest.mark.parametrize("address", ["/broken/", "/refused/", "/nothing/here/"])
    def test_say_nothing_of_the_inside_even_with_debug(self, signed_in, settings, address, accept):
        settings.DEBUG = True

        response = signed_in.get(address, headers={"accept": accept})

        page = response.content.decode()
        assert "Ashdown" not in page
        assert "Traceback" not in page
        assert "DEBUG" not in page
        assert "urlpatterns" not in page
        assert "<h1" in page

    def test_of_a_refusal_give_its_reason(self, head, sign_in):
        page = sign_in(head).get("/trust/").content.decode()

        assert "Your role does not let you compare schools." in page

    def test_of_an_old_form_say_what_to_do(self, head, sign_in):
        client = Client(enforce_csrf_checks=True)
        client.cookies = sign_in(head).cookies

        response = client.post("/accounts/logout/")

        assert response.status_code == 403
        assert "<h1" in response.content.decode()
        assert "CSRF" not in response.content.decode()
        assert "_auth_user_id" in client.session

    def test_of_a_missing_page_do_not_depend_on_who_asks(self, db):
        assert Client().get("/nothing/here/").status_code == 404

    def test_leave_pages_alone_that_only_speak_of_debugging(self, settings):
        settings.DEBUG = True
        answer = HttpResponseBadRequest("you have to set DEBUG = False")

        assert plain_error_pages(lambda request: answer)(RequestFactory().get("/")) is answer


class TestTheContentPolicy:
    def test_cannot_be_switched_off_by_a_view(self):
        def view(request):
            response = HttpResponse("page")
            response._csp_exempt = True
            return response

        response = ContentPolicy(view)(RequestFactory().get("/"))

        assert "default-src 'none'" in response.headers["Content-Security-Policy"]

    def test_allows_nothing_from_elsewhere(self):
        directives = project_settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]

        assert {source for sources in directives.values() for source in sources} == {
            "'none'",
            "'self'",
            "data:",
        }
        assert [name for name, sources in directives.items() if "data:" in sources] == ["img-src"]


class TestTheHealthCheck:
    def test_says_ok_while_the_database_answers(self, db):
        response = Client().get("/healthz")

        assert (response.status_code, response.content) == (200, b"ok")

    def test_answers_whatever_name_the_server_is_called_by(self, db):
        assert Client().get("/healthz", headers={"host": "10.0.0.7:8000"}).status_code == 200


class TestServerTiming:
    def test_is_told_to_people_signed_in_with_debug(self, signed_in, settings):
        settings.DEBUG = True

        timing = signed_in.get("/family/").headers["Server-Timing"]

        assert timing.startswith("total;dur=")
        assert timing.endswith('queries"')

    def test_is_never_told_without_debug(self, signed_in):
        assert "Server-Timing" not in signed_in.get("/family/").headers

    def test_is_never_told_to_visitors(self, settings, db):
        settings.DEBUG = True

        assert "Server-Timing" not in Client().get("/accounts/login/").headers
