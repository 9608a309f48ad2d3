"""What happens around every request, outermost first as in settings.MIDDLEWARE."""

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from csp.constants import HEADER as POLICY_HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts import second_factor as factor
from accounts.adapters import SIGNED_IN_AT_KEY
from accounts.http import day_of_roles
from accounts.models import User
from accounts.second_factor import Standing

GetResponse = Callable[[HttpRequest], HttpResponseBase]

# Nothing of the machine but the passkey is asked for, so nothing else may be.
PERMISSIONS_POLICY = (
    "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=(), "
    "publickey-credentials-get=(self), publickey-credentials-create=(self)"
)


class ContentPolicy(CSPMiddleware):
    """Put the content security policy on every response; django-csp leaves out error pages with DEBUG on."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Add the header also where the library would not, and whatever the view asks."""
        answer: HttpResponseBase = super().process_response(request, response)
        if POLICY_HEADER not in answer:
            parts = self.get_policy_parts(request=request, response=answer)
            answer[POLICY_HEADER] = build_policy(**asdict(parts))
        return answer


def browser_limits(get_response: GetResponse) -> GetResponse:
    """Tell the browser what no page of ours needs: sensors, and being loaded by other sites."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("X-Frame-Options", settings.X_FRAME_OPTIONS)
        return response

    return middleware


def health_check(get_response: GetResponse) -> GetResponse:
    """Answer /healthz before sessions and host checks: 200 `ok` with web and database up, 503 otherwise."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.path != "/healthz":
            return get_response(request)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except DatabaseError:
            return HttpResponse("database down", status=503, content_type="text/plain")
        return HttpResponse("ok", content_type="text/plain")

    return middleware


def plain_error_pages(get_response: GetResponse) -> GetResponse:
    """
    Replace Django's technical error pages by ours even with DEBUG on.

    The demo runs with DEBUG, and a school looking at it must never see a traceback. The log has it. Django
    answers a browser with HTML and everything else with plain text: both end with the same words.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if settings.DEBUG and response.status_code in (400, 404, 500) and is_technical(response):
            return render(request, f"{response.status_code}.html", status=response.status_code)
        return response

    return middleware


def is_technical(response: HttpResponseBase) -> bool:
    """Say whether this is one of Django's own error pages, which show code, settings and addresses."""
    if not isinstance(response, HttpResponse):
        return False
    return b"you have <code>DEBUG = True</code>" in response.content or (
        b"you have DEBUG = True in your" in response.content
    )


def server_timing(get_response: GetResponse) -> GetResponse:
    """Tell signed-in people's browsers how long server and database took; only with DEBUG, as in the demo."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if not settings.DEBUG:
            return get_response(request)
        queries, seconds = 0, 0.0

        def count(execute: Callable[..., Any], sql: str, params: Any, many: Any, context: Any) -> Any:
            nonlocal queries, seconds
            started = time.perf_counter()
            try:
                return execute(sql, params, many, context)
            finally:
                queries += 1
                seconds += time.perf_counter() - started

        began = time.perf_counter()
        with connection.execute_wrapper(count):
            response = get_response(request)
        if getattr(request, "user", None) is not None and request.user.is_authenticated:
            total = (time.perf_counter() - began) * 1000
            response["Server-Timing"] = (
                f'total;dur={total:.1f}, db;dur={seconds * 1000:.1f};desc="{queries} queries"'
            )
        return response

    return middleware


def private_pages(get_response: GetResponse) -> GetResponse:
    """
    Keep signed-in people's pages out of every cache, and wipe what is left when they sign out.

    A shared office computer has a back button. `no-store` stands whatever the view says of caching. Marks
    that wait in the browser for the connection are no one's to wipe: the page says so with its sign-out, and
    a session that the program ends never wipes them (docs/adr/0010).
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        was_signed_in = request.user.is_authenticated
        response = get_response(request)
        if was_signed_in or request.user.is_authenticated:
            response["Cache-Control"] = "no-store"
        if was_signed_in and not request.user.is_authenticated:
            is_asked = request.path == reverse("account_logout") and "marks_wait" not in request.POST
            response["Clear-Site-Data"] = '"cache", "storage"' if is_asked else '"cache"'
        return response

    return middleware


def session_limit(get_response: GetResponse) -> GetResponse:
    """
    End every session when a school day has passed since sign-in, however busy it was.

    Django moves the expiry with each change of the session; this limit does not move.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        signed_in_at = request.session.get(SIGNED_IN_AT_KEY)
        if signed_in_at is not None and time.time() - signed_in_at >= settings.SESSION_COOKIE_AGE:
            logout(request)
            messages.info(request, "You were signed out because a day has passed. Sign in again.")
            return redirect_to_login(request.get_full_path())
        return get_response(request)

    return middleware


def second_factor(get_response: GetResponse) -> GetResponse:
    """
    Let staff go on only in a session that has shown a second factor; the demo's sign-in is exempt.

    Without a factor they are sent to set one up and reach nothing but their account. A session that began
    before the factor existed ends, on the account's pages too: it could otherwise add a factor of its own.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if not isinstance(request.user, User) or request.path == reverse("account_logout"):
            return get_response(request)
        standing = factor.standing_of(request, request.user, on=day_of_roles())
        if standing is Standing.NOT_SHOWN:
            logout(request)
            messages.info(request, "Sign in again, this time with your second factor.")
            return redirect_to_login(request.get_full_path())
        if standing is Standing.NOT_SET_UP and not request.path.startswith(("/accounts/", "/demo/")):
            return redirect("mfa_index")
        return get_response(request)

    return middleware
