"""What the office sets and confirms for families: how far they may report, and their new contact details."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from absences.forms.details import DecisionForm
from absences.forms.parents import LimitsForm
from absences.models import DetailsRequest
from absences.rules.reporting import Limits
from absences.selectors.parents import limits_of
from absences.services import details, parents
from absences.services.details import FIELD_WORDS, DetailsDecidedMeanwhile
from absences.tabs import tabs_of
from accounts.access import Right
from accounts.errors import DomainError
from accounts.http import StaffRequest, staff_page
from registers.clock import present_moment
from registers.posts import position_of

LIMITS = ("days_ahead", "days_at_once", "days_back")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.SET_UP_SCHOOL)
def settings(request: StaffRequest) -> HttpResponse:
    """Show how far families may report an absence, and change it."""
    standing = limits_of(request.school)
    form = LimitsForm(initial={name: getattr(standing, name) for name in LIMITS})
    if request.method == "POST":
        form = LimitsForm(request.POST)
        if form.is_valid():
            try:
                changed = parents.change_limits(
                    request.school, form.limits(), seen=_seen(request), by=request.user, at=present_moment()
                )
            except DomainError as refusal:
                form.add_error(None, refusal.message)
            else:
                messages.success(request, "Saved." if changed else "Nothing was changed.")
                return redirect("absences:settings", request.school.key)
    context = {
        "form": form,
        "seen": ",".join(str(getattr(standing, name)) for name in LIMITS),
        "tabs": tabs_of(request, "absences:settings"),
    }
    return render(request, "absences/parents/settings.html", context, status=422 if form.is_bound else 200)


def _seen(request: StaffRequest) -> Limits:
    """Return the limits that the page showed; none that stands anywhere, when it says nothing sensible."""
    parts = request.POST.get("seen", "").split(",")
    if len(parts) != len(LIMITS) or not all(part.isascii() and part.isdigit() for part in parts):
        return Limits(-1, -1, -1)
    return Limits(*(int(part[:4]) for part in parts))


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.FOLLOW_UP_ABSENCES)
def details_request(request: StaffRequest, pk: int) -> HttpResponse:
    """Show what a parent asks to change, old beside new, and change it or say why not."""
    asked: DetailsRequest = get_object_or_404(
        DetailsRequest.objects.select_related("pupil", "contact", "asked_by", "decided_by"),
        school=request.school,
        pk=pk,
    )
    form = DecisionForm()
    faults: list[str] = []
    if request.method == "POST":
        at = present_moment()
        try:
            if request.POST.get("do") == "apply":
                details.apply(
                    asked, by=request.user, at=at, position=position_of(request.roles), on=at.date()
                )
                messages.success(request, "The record is changed.")
                return redirect("absences:details_request", request.school.key, pk)
            form = DecisionForm(request.POST)
            if form.is_valid():
                details.decline(asked, note=form.cleaned_data["note"], by=request.user, at=at)
                messages.success(request, "The record stays as it is; the parent reads why.")
                return redirect("absences:details_request", request.school.key, pk)
        except DetailsDecidedMeanwhile as conflict:
            messages.info(request, conflict.message)
            return redirect("absences:details_request", request.school.key, pk)
        except DomainError as refusal:
            faults = [refusal.message]
    context = {
        "asked": asked,
        "changes": [(FIELD_WORDS[name], old, new) for name, (old, new) in asked.changes.items()],
        "form": form,
        "errors": faults,
        "tabs": tabs_of(request, "absences:tasks"),
        "today": present_moment().date(),
    }
    status = 422 if faults or form.is_bound else 200
    return render(request, "absences/parents/details_request.html", context, status=status)
