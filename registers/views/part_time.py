"""Weekly patterns and part-time timetables of one pupil."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import Right
from accounts.errors import DomainError
from accounts.http import StaffRequest, staff_page
from registers import access
from registers.clock import present_moment
from registers.forms.ahead import (
    EndEarlyForm,
    EndForm,
    FaultsMixin,
    PatternForm,
    ReviewForm,
    TimetableForm,
)
from registers.models import PartTimeTimetable, Pupil, WeeklyPattern
from registers.pupil_tabs import tabs_of
from registers.selectors.ahead import timetable_with_tasks
from registers.services import ahead, part_time
from registers.services.ahead import ArrangementRefused
from registers.words import day


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.MARK_AHEAD)
def pattern_new(request: StaffRequest, pupil_id: int) -> HttpResponse:
    """Record a weekly pattern of a pupil."""
    return _edit_pattern(request, _pupil(request, pupil_id), None)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.MARK_AHEAD)
def pattern(request: StaffRequest, pupil_id: int, pattern_id: int) -> HttpResponse:
    """Change a weekly pattern of a pupil."""
    pupil = _pupil(request, pupil_id)
    return _edit_pattern(request, pupil, get_object_or_404(WeeklyPattern, pupil=pupil, pk=pattern_id))


def _edit_pattern(request: StaffRequest, pupil: Pupil, row: WeeklyPattern | None) -> HttpResponse:
    at = present_moment()
    form = PatternForm(request.POST if request.method == "POST" else None, on=at.date(), pattern=row)
    if form.is_bound and form.is_valid():
        try:
            ahead.set_pattern(pupil, form.plan(), by=request.user, at=at, pattern=row)
        except ArrangementRefused as refused:
            form.refuse(refused.faults)
        else:
            messages.success(request, f"The weekly pattern of {pupil.full_name} is saved.")
            return _back(request, pupil)
    heading = "Change the weekly pattern" if row else "New weekly pattern"
    return _show(
        request,
        pupil,
        form,
        heading=heading,
        button="Save the pattern",
        pattern=row,
        end_form=EndForm(initial={"last_day": at.date()}) if row else None,
    )


@require_POST
@staff_page(Right.MARK_AHEAD)
def pattern_end(request: StaffRequest, pupil_id: int, pattern_id: int) -> HttpResponse:
    """End a weekly pattern after a day."""
    at = present_moment()
    pupil = _pupil(request, pupil_id)
    row = get_object_or_404(WeeklyPattern, pupil=pupil, pk=pattern_id)
    form = EndForm(request.POST)
    if form.is_valid():
        try:
            ahead.end_pattern(row, last_day=form.cleaned_data["last_day"], by=request.user, at=at)
        except DomainError as refusal:
            form.add_error("last_day", refusal.message)
        else:
            messages.success(
                request, f"{row.name} ends after {day(form.cleaned_data['last_day'], at.date())}."
            )
            return _back(request, pupil)
    return _show(
        request,
        pupil,
        PatternForm(on=at.date(), pattern=row),
        heading="Change the weekly pattern",
        button="Save the pattern",
        pattern=row,
        end_form=form,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.MARK_AHEAD)
def timetable_new(request: StaffRequest, pupil_id: int) -> HttpResponse:
    """Record that a part-time timetable was agreed."""
    at = present_moment()
    pupil = _pupil(request, pupil_id)
    form = TimetableForm(request.POST if request.method == "POST" else None, on=at.date())
    if form.is_bound and form.is_valid():
        try:
            row = part_time.agree_timetable(pupil, form.plan(), by=request.user, at=at)
        except ArrangementRefused as refused:
            form.refuse(refused.faults)
        else:
            messages.success(request, f"The part-time timetable of {pupil.full_name} is recorded.")
            return redirect("registers:timetable", request.school.key, pupil.pk, row.pk)
    return _show(
        request, pupil, form, heading="New part-time timetable", button="Record the timetable", is_c2=True
    )


@require_safe
@staff_page(Right.MARK_AHEAD)
def timetable(request: StaffRequest, pupil_id: int, timetable_id: int) -> HttpResponse:
    """Show one part-time timetable with its reviews and what it asks for."""
    pupil = _pupil(request, pupil_id)
    return _show_timetable(request, pupil, _timetable(pupil, timetable_id))


@require_POST
@staff_page(Right.MARK_AHEAD)
def timetable_review(request: StaffRequest, pupil_id: int, timetable_id: int) -> HttpResponse:
    """Record a review of a part-time timetable."""
    pupil = _pupil(request, pupil_id)
    row = _timetable(pupil, timetable_id)
    form = ReviewForm(request.POST)
    done = _change(request, row, form, part_time.record_review, said="The review is recorded.")
    return done or _show_timetable(request, pupil, row, review=form)


@require_POST
@staff_page(Right.MARK_AHEAD)
def timetable_end(request: StaffRequest, pupil_id: int, timetable_id: int) -> HttpResponse:
    """End a part-time timetable before its agreed end."""
    pupil = _pupil(request, pupil_id)
    row = _timetable(pupil, timetable_id)
    form = EndEarlyForm(request.POST)
    done = _change(request, row, form, part_time.end_timetable, said="The timetable ends early.")
    return done or _show_timetable(request, pupil, row, end=form)


@require_POST
@staff_page(Right.MARK_AHEAD)
def timetable_told(request: StaffRequest, pupil_id: int, timetable_id: int) -> HttpResponse:
    """Record today that somebody was told of a part-time timetable."""
    at = present_moment()
    pupil = _pupil(request, pupil_id)
    row = _timetable(pupil, timetable_id)
    what = request.POST.get("what", "")
    if what not in part_time.TOLD:
        errors = [{"message": "Choose what was done", "href": ""}]
        return _show_timetable(request, pupil, row, errors=errors)
    part_time.record_told(row, what, on=at.date(), by=request.user, at=at)
    messages.success(request, f"{part_time.TOLD[what]}: recorded.")
    return redirect("registers:timetable", request.school.key, pupil.pk, row.pk)


# --- shared -------------------------------------------------------------------------------------------------


def _pupil(request: StaffRequest, pupil_id: int) -> Pupil:
    today = present_moment().date()
    return access.pupil_for(request.user, request.roles, school=request.school, pk=pupil_id, on=today)


def _timetable(pupil: Pupil, pk: int) -> PartTimeTimetable:
    return get_object_or_404(PartTimeTimetable, pupil=pupil, pk=pk)


def _change(
    request: StaffRequest,
    row: PartTimeTimetable,
    form: FaultsMixin,
    change: Callable[..., object],
    *,
    said: str,
) -> HttpResponse | None:
    """Do to a timetable what the form says and lead back to it; None where the form now says why not."""
    if not form.is_valid():
        return None
    try:
        change(row, **form.cleaned_data, by=request.user, at=present_moment())
    except ArrangementRefused as refused:
        form.refuse(refused.faults)
        return None
    messages.success(request, said)
    return redirect("registers:timetable", request.school.key, row.pupil_id, row.pk)


def _back(request: StaffRequest, pupil: Pupil) -> HttpResponse:
    return redirect("registers:pupil_ahead", request.school.key, pupil.pk)


def _show(
    request: StaffRequest, pupil: Pupil, form: FaultsMixin, *, heading: str, button: str, **more: Any
) -> HttpResponse:
    end_form = more.get("end_form")
    is_wrong = bool(form.is_bound or (end_form is not None and end_form.is_bound))
    context = {
        "pupil": pupil,
        "tabs": tabs_of(request, pupil, "registers:pupil_ahead"),
        # The frame of the page reads the errors of `form`; the form that was posted is the one with errors.
        "form": end_form if end_form is not None and end_form.is_bound else form,
        "main_form": form,
        "heading": heading,
        "button": button,
        **more,
    }
    return render(request, "registers/pupil_arrangement.html", context, status=422 if is_wrong else 200)


def _show_timetable(
    request: StaffRequest,
    pupil: Pupil,
    row: PartTimeTimetable,
    *,
    review: ReviewForm | None = None,
    end: EndEarlyForm | None = None,
    errors: list[dict[str, str]] | None = None,
) -> HttpResponse:
    today = present_moment().date()
    posted = review or end
    context = {
        "pupil": pupil,
        "tabs": tabs_of(request, pupil, "registers:pupil_ahead"),
        "live": timetable_with_tasks(row, on=today),
        "told": [(what, label, getattr(row, what)) for what, label in part_time.TOLD.items()],
        "reviews": row.reviews.select_related("recorded_by").order_by("-held_on"),
        "review": review or ReviewForm(initial={"held_on": today}),
        "end": end or EndEarlyForm(),
        "form": posted,
        "errors": errors or [],
        "today": today,
        "is_running": row.last_day >= today,
    }
    return render(request, "registers/pupil_timetable.html", context, status=422 if posted or errors else 200)
