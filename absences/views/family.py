"""Families' pages."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from absences import access
from absences.selectors.family import family_cards
from accounts.http import SignedInRequest
from registers.clock import present_moment


@require_safe
def family(request: HttpRequest) -> HttpResponse:
    """Show a parent how each of their children stands today and this year."""
    user = cast(SignedInRequest, request).user
    now = present_moment()
    children = access.children_of(user, on=now.date())
    return render(
        request,
        "absences/family.html",
        {"now": now, "today": now.date(), "cards": family_cards(children, at=now)},
    )
