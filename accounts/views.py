"""Where people arrive after signing in, and the error pages."""

from typing import cast

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts import landings
from accounts.http import SignedInRequest, day_of_roles


@login_not_required
def home(request: HttpRequest) -> HttpResponse:
    """Send a visitor to sign in, and everybody else to their own first page."""
    if not request.user.is_authenticated:
        return redirect("account_login")
    return redirect("landing")


def landing(request: HttpRequest) -> HttpResponse:
    """Send a person to the first page of their work; someone with several schools chooses."""
    signed_in = cast(SignedInRequest, request)
    places = landings.landings_of(signed_in.user, on=day_of_roles())
    if len(places) == 1:
        return redirect(places[0].url)
    return render(request, "accounts/landing.html", {"places": places})


@login_not_required
def closed(request: HttpRequest) -> HttpResponse:
    """Answer the pages of django-allauth that have no place where schools make the accounts."""
    raise Http404


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that the request could not be read."""
    return render(request, "400.html", status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say which right is missing, in the words of the check that refused."""
    return render(request, "403.html", {"reason": str(exception)}, status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that there is nothing here, without saying whether there ever was."""
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Say that something went wrong on our side."""
    return render(request, "500.html", status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that the page was open too long, and what to do."""
    return render(request, "403_csrf.html", status=403)
