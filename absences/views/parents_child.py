"""One child's record for the family: days missed, the register's month, letters, contact details."""

from datetime import date
from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import is_valid_path
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe
from django_scopes import scope

from absences import access
from absences.forms.details import DetailsForm
from absences.models import DetailsRequest
from absences.selectors.child_record import letters_to, record_of
from absences.selectors.parents import contact_at, reports_of
from absences.services import details
from absences.services.details import FIELD_WORDS
from absences.views.parents_reports import report_line
from accounts.events import record
from accounts.http import SignedInRequest
from accounts.models import User
from registers.clock import present_moment
from registers.models import Pupil


def _own(request: HttpRequest, child_id: int) -> tuple[User, Pupil]:
    """
    Return the person and one of their children.

    :raises Http404: the child is not theirs, or not any more
    """
    user = cast(SignedInRequest, request).user
    own = access.children_of(user, on=present_moment().date())
    child = next((child for child in own if child.pk == child_id), None)
    if child is None:
        raise Http404
    return user, child


@require_safe
def child(request: HttpRequest, child_id: int) -> HttpResponse:
    """Show a child's year in plain words, one month of the register, letters and reports."""
    user, pupil = _own(request, child_id)
    today = present_moment().date()
    with scope(school=pupil.school):
        found = record_of(user, pupil, month=_month(request.GET.get("month", ""), today), on=today)
    leave_url = "/family/leave/"
    context = {
        "pupil": pupil,
        "record": found,
        "figures": found.figures,
        "reports": [report_line(report, today) for report in reports_of(user, [pupil])],
        "leave_url": leave_url if is_valid_path(leave_url) else "",
        "today": today,
    }
    return render(request, "absences/parents/child.html", context)


def _month(typed: str, today: date) -> date:
    try:
        return date.fromisoformat(f"{typed[:7]}-01")
    except ValueError:
        return today


@require_safe
def letter(request: HttpRequest, child_id: int, letter_id: int) -> HttpResponse:
    """Send a letter that was addressed to this parent, and write down that they opened it."""
    user, pupil = _own(request, child_id)
    with scope(school=pupil.school):
        found = next((one for one in letters_to(user, pupil) if one.pk == letter_id), None)
        if found is None or found.file is None:
            raise Http404
        record(
            "letter.seen_by_parent",
            school=pupil.school,
            by=user,
            at=present_moment(),
            subject=found,
            data={"sha256": found.file.sha256},
        )
        response = HttpResponse(bytes(found.file.content), content_type="application/pdf")
    response["Content-Disposition"] = (
        content_disposition_header(as_attachment=False, filename=f"{found.reference}.pdf") or "inline"
    )
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def contact_details(request: HttpRequest, child_id: int) -> HttpResponse:
    """Show a parent the details that the school has of them, and ask the office to change some."""
    user, pupil = _own(request, child_id)
    contact = contact_at(user, pupil.school)
    if contact is None:
        raise Http404
    with scope(school=pupil.school):
        latest = DetailsRequest.objects.filter(contact=contact).order_by("-asked_at", "-pk").first()
        form = DetailsForm(contact, request.POST if request.method == "POST" else None)
        if form.is_valid():
            asked = details.ask(pupil, contact, form.wanted(), by=user, at=present_moment())
            if asked is None:
                messages.info(request, "These are the details that the school has: nothing to change.")
            else:
                messages.success(request, "The office has your new details and will confirm them.")
            return redirect("absences:child_details", child_id)
    changes = [
        (FIELD_WORDS[name], old, new) for name, (old, new) in (latest.changes if latest else {}).items()
    ]
    context = {"pupil": pupil, "form": form, "latest": latest, "changes": changes}
    return render(request, "absences/parents/details.html", context, status=422 if form.is_bound else 200)
