"""The demo's own pages: who can be looked at, and signing in as them with one click."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Role, School, User
from accounts.second_factor import DEMO_SESSION_KEY
from demo import access, selectors
from demo.selectors import DemoUser
from registers.clock import present_moment

BACKEND = "django.contrib.auth.backends.ModelBackend"
LONGEST_SEARCH = 80


@dataclass
class SchoolCast:
    """Who can sign in at one school."""

    school: School
    staff: list[DemoUser] = field(default_factory=list)
    teachers: list[DemoUser] = field(default_factory=list)
    parents: list[DemoUser] = field(default_factory=list)

    def add(self, user: DemoUser) -> None:
        """Put somebody among their like."""
        lists = {Role.TEACHER: self.teachers, selectors.PARENT: self.parents}
        lists.get(user.role, self.staff).append(user)


@login_not_required
@require_safe
@ensure_csrf_cookie
def welcome(request: HttpRequest) -> HttpResponse:
    """Show a button for everybody of the demo, by school and role; `q` filters."""
    access.check_demo_exists(request)
    searched = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    today = present_moment().date()
    everybody = selectors.demo_users(on=today)
    found = [user for user in everybody if user.matches(searched.split())]
    casts: dict[int, SchoolCast] = {}
    for user in found:
        if user.school is not None:
            casts.setdefault(user.school.pk, SchoolCast(user.school)).add(user)
    context: dict[str, Any] = {
        "casts": list(casts.values()),
        "trust_officers": [user for user in found if user.school is None],
        "searched": searched,
        "found": len(found),
        "everybody": len(everybody),
        "today": today,
    }
    return render(request, "demo/welcome.html", context)


@login_not_required
@require_safe
def users(request: HttpRequest) -> HttpResponse:
    """List everybody of the demo for scripts."""
    access.check_demo_exists(request)
    listed = [
        {
            "email": user.email,
            "role": user.role,
            "school": user.school.key if user.school else None,
            "landing": user.landing,
        }
        for user in selectors.demo_users(on=present_moment().date())
    ]
    return JsonResponse(listed, safe=False)


@login_not_required
@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in as somebody of the demo, without password or second factor, and go to their first page."""
    access.check_demo_exists(request)
    chosen = selectors.demo_user(request.POST.get("email", ""), on=present_moment().date())
    if chosen is None:
        raise Http404
    login(request, User.objects.get(email=chosen.email), backend=BACKEND)
    request.session[DEMO_SESSION_KEY] = True
    return redirect(chosen.landing)
