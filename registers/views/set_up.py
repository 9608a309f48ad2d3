"""What of the school is set up and what is missing, its details, and why a pupil is on a register."""

from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import Right
from accounts.errors import DomainError
from accounts.http import StaffRequest, staff_page
from registers.clock import present_moment
from registers.forms.set_up import DetailsForm, LookForm
from registers.models import Pupil
from registers.selectors import set_up as selectors
from registers.selectors.set_up import LOOK, MISSING, Check
from registers.selectors.why_on_register import why_on_register
from registers.services import schools

MOST_FOUND = 30
# A state in a word, with the colour of its tag.
STATES = {
    selectors.DONE: ("Done", "green"),
    selectors.LATER: ("Later", "blue"),
    LOOK: ("Look", "orange"),
    MISSING: ("Missing", "red"),
}


@dataclass(frozen=True)
class CheckLine:
    """One line of the page: the check, its state in a word, and where its link leads."""

    check: Check
    state: str
    colour: str
    url: str


@require_safe
@staff_page(Right.SET_UP_SCHOOL)
def set_up(request: StaffRequest) -> HttpResponse:
    """Show what is set up, and what is missing with the page on which to do it."""
    today = present_moment().date()
    lines = [
        CheckLine(
            check,
            *STATES[check.state],
            url=reverse(
                check.link.url_name, kwargs={"school_key": request.school.key, **check.link.arguments}
            )
            if check.link
            else "",
        )
        for check in selectors.checks_of(request.school, on=today)
    ]
    missing = sum(line.check.state == MISSING for line in lines)
    to_look_at = sum(line.check.state == LOOK for line in lines)
    words = [f"{missing} missing"] if missing else []
    words += [f"{to_look_at} to look at"] if to_look_at else []
    context = {
        "lines": lines,
        "summary": " · ".join(words) or "Nothing is missing",
        "today": today,
    }
    return render(request, "registers/set_up.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.SET_UP_SCHOOL)
def details(request: StaffRequest) -> HttpResponse:
    """Show the school's details, and change them."""
    at = present_moment()
    if request.method != "POST":
        form = DetailsForm(request.school)
        context = {"form": form, "seen": schools.details_token(request.school)}
        return render(request, "registers/set_up_details.html", context)
    form = DetailsForm(request.school, request.POST)
    seen = request.POST.get("seen", "")
    if form.is_valid():
        try:
            changed = schools.change_details(
                request.school, form.details(), by=request.user, at=at, seen=seen
            )
        except DomainError as refusal:
            form.add_error(None, refusal.message)
            request.school.refresh_from_db()
            seen = schools.details_token(request.school)
        else:
            words = "The school's details are changed." if changed else "Nothing was changed."
            messages.success(request, words)
            return redirect("registers:set_up", request.school.key)
    return render(request, "registers/set_up_details.html", {"form": form, "seen": seen}, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.SET_UP_SCHOOL)
def why(request: StaffRequest) -> HttpResponse:
    """Look for a pupil by name or UPN; names are posted, so that none stands in an address."""
    today = present_moment().date()
    if request.method != "POST":
        return render(request, "registers/set_up_why.html", {"form": LookForm(on=today)})
    form = LookForm(request.POST, on=today)
    if not form.is_valid():
        return render(request, "registers/set_up_why.html", {"form": form}, status=422)
    asked = form.cleaned_data["name"].strip()
    # "Ashdown, Robin" and "Robin Ashdown" both find Robin Ashdown: each word is part of some name.
    wanted = Q(upn__iexact=asked)
    words = Q()
    for word in asked.replace(",", " ").split():
        words &= Q(surname__icontains=word) | Q(forename__icontains=word)
    found = Pupil.objects.filter(wanted | words, school=request.school)
    rows = list(found.order_by("surname", "forename", "pk")[: MOST_FOUND + 1])
    context = {
        "form": form,
        "asked": True,
        "found": rows[:MOST_FOUND],
        "is_more": len(rows) > MOST_FOUND,
        "on": form.cleaned_data["on"],
    }
    return render(request, "registers/set_up_why.html", context)


@require_safe
@staff_page(Right.SET_UP_SCHOOL)
def why_pupil(request: StaffRequest, pupil_id: int, on: date) -> HttpResponse:
    """Say in sentences why a pupil is, or is not, on a register on a day."""
    today = present_moment().date()
    pupil = get_object_or_404(Pupil, school=request.school, pk=pupil_id)
    context = {
        "pupil": pupil,
        "on": on,
        "today": today,
        "why": why_on_register(request.school, pupil, on=on, today=today),
    }
    return render(request, "registers/set_up_why_pupil.html", context)
