"""What happens around every request."""

import logging
import time
from collections.abc import Callable
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from accounts.models import Installation, RoleAssignment, User

GetResponse = Callable[[HttpRequest], HttpResponseBase]
logger = logging.getLogger(__name__)

# Set by the demo's one-click sign-in, which exists on loopback with demo data and DEBUG only.
DEMO_SESSION_KEY = "signed_in_by_demo"


def health_check(get_response: GetResponse) -> GetResponse:
    """Answer /healthz before sessions and host checks: 200 `ok` when web and database are up, 503 otherwise."""

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

    The demo runs with DEBUG, and a school looking at it must never see a traceback. The log has it.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if (
            settings.DEBUG
            and response.status_code in (400, 404, 500)
            and isinstance(response, HttpResponse)
            and b"<code>DEBUG = True</code>" in response.content
        ):
            return render(
                request, f"{response.status_code}.html", status=response.status_code
            )
        return response

    return middleware


def server_timing(get_response: GetResponse) -> GetResponse:
    """Tell signed-in people's browsers how long server and database took, with DEBUG or in the demo only."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if not settings.DEBUG:
            return get_response(request)
        queries, seconds = 0, 0.0

        def count(
            execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
        ) -> Any:  # noqa: FBT001
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


def second_factor(get_response: GetResponse) -> GetResponse:
    """Send staff without a second factor to set one up before anything else; the demo's sign-in is exempt."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        user = request.user
        if not isinstance(user, User) or request.path.startswith(
            ("/accounts/", "/static/", "/demo/")
        ):
            return get_response(request)
        if (
            request.session.get(DEMO_SESSION_KEY)
            and settings.DEBUG
            and Installation.objects.filter(is_demo=True).exists()
        ):
            return get_response(request)
        # The answer is kept in the session once the factor exists, so that a page costs no extra query.
        if not request.session.get("second_factor_seen"):
            today = timezone.localdate()
            is_staff = RoleAssignment.objects.filter(
                user=user, starts_on__lte=today
            ).exists()
            if is_staff and not is_mfa_enabled(user):
                return redirect(reverse("mfa_index"))
            request.session["second_factor_seen"] = True
        return get_response(request)

    return middleware


def private_pages(get_response: GetResponse) -> GetResponse:
    """Keep signed-in people's pages out of every cache (a shared office computer has a back button)."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store"
        return response

    return middleware
