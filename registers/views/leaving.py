"""Taking a name off the admission register: the ground first, then everything else; and taking it back."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import Right
from accounts.http import StaffRequest, staff_page
from registers.clock import present_moment
from registers.forms.roll import EnquiryForm, GroundForm, LeavingForm, NextSchoolForm, StayForm
from registers.models import Departure, Enrolment
from registers.rules.leaving_grounds import GROUND_BY_KEY, Stated, faults_of
from registers.selectors import roll as selectors
from registers.services import leaving
from registers.services.leaving import LeavingRefused
from registers.views.pupils import pupil_page
from registers.views.roll import pupil_of
from registers.words import day


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ADMISSIONS)
def leave(request: StaffRequest, pupil_id: int, enrolment_id: int) -> HttpResponse:
    """Ask for day and ground, then for the conditions and the leaver's fields, and plan the leaving."""
    enrolment = _enrolment(request, pupil_id, enrolment_id)
    today = present_moment().date()
    if request.method != "POST":
        form = GroundForm(pupil=enrolment.pupil, on=today)
        return _show(request, enrolment, "registers/roll_ground.html", form)
    if "decider" in request.POST:
        return _plan(request, enrolment)
    first = GroundForm(request.POST, pupil=enrolment.pupil, on=today)
    if not first.is_valid():
        return _show(request, enrolment, "registers/roll_ground.html", first, status=422)
    if first.cleaned_data["leaving_on"] < today:
        first.add_error(
            "leaving_on", "A name is never deleted for a day in the past: choose today or a later day"
        )
        return _show(request, enrolment, "registers/roll_ground.html", first, status=422)
    return _ask_the_rest(request, enrolment, first.cleaned_data)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ADMISSIONS)
def stay(request: StaffRequest, pupil_id: int, enrolment_id: int) -> HttpResponse:
    """Take a planned leaving back."""
    at = present_moment()
    enrolment, departure = _departure(request, pupil_id, enrolment_id)
    form = StayForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            leaving.cancel_leaving(
                departure, reason=form.cleaned_data["reason"], on=at.date(), by=request.user, at=at
            )
        except LeavingRefused as refused:
            form.refuse((fault.field, fault.text) for fault in refused.faults)
        else:
            messages.success(request, f"{enrolment.pupil.full_name} stays on roll.")
            return redirect("registers:pupil_roll", request.school.key, enrolment.pupil_id)
    status = 422 if form.is_bound else 200
    return _show(request, enrolment, "registers/roll_stay.html", form, status=status, departure=departure)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ADMISSIONS)
def next_school(request: StaffRequest, pupil_id: int, enrolment_id: int) -> HttpResponse:
    """Add what becomes known of a leaver's new home and school."""
    at = present_moment()
    enrolment, departure = _departure(request, pupil_id, enrolment_id)
    form = NextSchoolForm(request.POST) if request.method == "POST" else NextSchoolForm.of(departure)
    if form.is_bound and form.is_valid():
        try:
            leaving.record_next_school(departure, form.cleaned_data, by=request.user, at=at)
        except LeavingRefused as refused:
            form.refuse((fault.field, fault.text) for fault in refused.faults)
        else:
            messages.success(request, "The new home and school are saved.")
            return redirect("registers:pupil_roll", request.school.key, enrolment.pupil_id)
    status = 422 if form.is_bound else 200
    return _show(request, enrolment, "registers/roll_next_school.html", form, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ADMISSIONS)
def enquiry(request: StaffRequest, pupil_id: int, enrolment_id: int) -> HttpResponse:
    """Record an enquiry after a pupil who does not come."""
    at = present_moment()
    enrolment = _enrolment(request, pupil_id, enrolment_id)
    form = (
        EnquiryForm(request.POST)
        if request.method == "POST"
        else EnquiryForm(initial={"asked_on": at.date(), "made_by": request.user.name})
    )
    if form.is_bound and form.is_valid():
        try:
            leaving.record_enquiry(enrolment, **form.cleaned_data, on=at.date(), by=request.user, at=at)
        except LeavingRefused as refused:
            form.refuse((fault.field, fault.text) for fault in refused.faults)
        else:
            messages.success(request, "The enquiry is recorded.")
            return redirect("registers:pupil_roll", request.school.key, enrolment.pupil_id)
    status = 422 if form.is_bound else 200
    return _show(request, enrolment, "registers/roll_enquiry.html", form, status=status)


def _plan(request: StaffRequest, enrolment: Enrolment) -> HttpResponse:
    """Plan the leaving, or show everything again with what is missing."""
    at = present_moment()
    ground = GROUND_BY_KEY.get(request.POST.get("ground", ""))
    if ground is None:
        raise Http404("There is no such ground.")
    form = LeavingForm(request.POST, ground=ground, is_exempt=False)
    if form.is_valid():
        try:
            departure = leaving.plan_leaving(enrolment, form.leaving(), on=at.date(), by=request.user, at=at)
        except LeavingRefused as refused:
            form.refuse(
                (fault.field if fault.field not in ("ground", "leaving_on") else "", fault.text)
                for fault in refused.faults
            )
        else:
            messages.success(
                request,
                f"{enrolment.pupil.full_name} leaves: the last day on roll is"
                f" {day(departure.leaving_on, at.date())}.",
            )
            return redirect("registers:pupil_roll", request.school.key, enrolment.pupil_id)
    given = {"ground": ground.key, "leaving_on": form.cleaned_data.get("leaving_on") or at.date()}
    return _ask_the_rest(request, enrolment, given, form=form, status=422)


def _ask_the_rest(
    request: StaffRequest,
    enrolment: Enrolment,
    given: dict[str, Any],
    *,
    form: LeavingForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """Show the conditions of the ground, what the registers say of it, and the leaver's fields."""
    today = present_moment().date()
    ground, leaving_on = GROUND_BY_KEY[given["ground"]], given["leaving_on"]
    facts = selectors.facts_for_leaving(enrolment, leaving_on=leaving_on, on=today)
    is_exempt = selectors.is_exempt_leaving(
        request.school, year_group=facts.year_group, leaving_on=leaving_on
    )
    everything = Stated(
        frozenset(one.key for one in ground.confirmations), dict.fromkeys(ground.needs, "given")
    )
    shown = form or LeavingForm(
        ground=ground,
        is_exempt=is_exempt,
        initial={
            "leaving_on": leaving_on,
            "ground": ground.key,
            "current_address": selectors.current_address(enrolment.pupil, on=today),
        },
    )
    return _show(
        request,
        enrolment,
        "registers/roll_leave.html",
        shown,
        status=status,
        ground=ground,
        leaving_on=leaving_on,
        is_exempt=is_exempt,
        against=[fault.text for fault in faults_of(ground, facts, everything)],
        needs_enquiries=ground.needs_enquiries,
    )


def _show(
    request: StaffRequest,
    enrolment: Enrolment,
    template: str,
    form: Any,
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    on = present_moment().date()
    context = {
        **pupil_page(request, enrolment.pupil, "registers:pupil_roll", on=on),
        "enrolment": enrolment,
        "form": form,
        **more,
    }
    return render(request, template, context, status=status)


def _enrolment(request: StaffRequest, pupil_id: int, enrolment_id: int) -> Enrolment:
    pupil = pupil_of(request, pupil_id)
    return get_object_or_404(Enrolment.objects.select_related("pupil"), pupil=pupil, pk=enrolment_id)


def _departure(request: StaffRequest, pupil_id: int, enrolment_id: int) -> tuple[Enrolment, Departure]:
    enrolment = _enrolment(request, pupil_id, enrolment_id)
    return enrolment, get_object_or_404(Departure, enrolment=enrolment, cancelled_at__isnull=True)
