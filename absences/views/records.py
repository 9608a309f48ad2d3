"""Records of support: programmes of reintegration, support that was offered, reviews."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from absences.forms.records import EndForm, ProgrammeForm, ReviewForm, StepForm, SupportForm
from absences.models import ReintegrationProgramme, ReintegrationStep, SupportNote
from absences.selectors import records as selectors
from absences.services import records as services
from absences.services.records import RecordRefused
from absences.tabs import tabs_of
from accounts.access import Right
from accounts.http import StaffRequest, staff_page
from registers.access import pupil_for
from registers.clock import present_moment
from registers.views.pupils import pupil_page

TAB = "absences:records"
PUPIL_TAB = "absences:pupil_records"


@require_safe
@staff_page(Right.FOLLOW_UP_ABSENCES)
def records(request: StaffRequest) -> HttpResponse:
    """Show what is running at the school, the next review first."""
    today = present_moment().date()
    context = {
        "tabs": tabs_of(request, TAB),
        "running": selectors.running(request.school, on=today),
        "today": today,
    }
    return render(request, "absences/records/list.html", context)


@require_safe
@staff_page(Right.FOLLOW_UP_ABSENCES)
def pupil_records(request: StaffRequest, pupil_id: int) -> HttpResponse:
    """Show everything kept of one pupil."""
    today = present_moment().date()
    pupil = pupil_for(request.user, request.roles, school=request.school, pk=pupil_id, on=today)
    context = {
        **pupil_page(request, pupil, PUPIL_TAB, on=today),
        "records": selectors.records_of(pupil),
    }
    return render(request, "absences/records/pupil.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.FOLLOW_UP_ABSENCES)
def programme_new(request: StaffRequest, pupil_id: int) -> HttpResponse:
    """Plan a pupil's return."""
    at = present_moment()
    pupil = pupil_for(request.user, request.roles, school=request.school, pk=pupil_id, on=at.date())
    form = ProgrammeForm(
        request.POST if request.method == "POST" else None,
        staff=selectors.staff_of(request.school, on=at.date()),
        timetables=[one for one in selectors.records_of(pupil).timetables if one.last_day >= at.date()],
    )
    if form.is_valid():
        try:
            made = services.start_programme(pupil, form.programme(), by=request.user, at=at)
        except RecordRefused as refusal:
            form.add_error(refusal.field or None, refusal.message)
        else:
            messages.success(request, "The programme is kept. Its first review stands among the tasks.")
            return redirect("absences:programme", request.school.key, made.pk)
    context = {"pupil": pupil, "form": form, "today": at.date()}
    return render(request, "absences/records/programme_new.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.FOLLOW_UP_ABSENCES)
def support_new(request: StaffRequest, pupil_id: int) -> HttpResponse:
    """Write down support that was offered."""
    at = present_moment()
    pupil = pupil_for(request.user, request.roles, school=request.school, pk=pupil_id, on=at.date())
    form = SupportForm(request.POST if request.method == "POST" else None, initial={"offered_on": at.date()})
    if form.is_valid():
        try:
            services.note_support(pupil, form.support(), by=request.user, at=at)
        except RecordRefused as refusal:
            form.add_error(refusal.field or None, refusal.message)
        else:
            messages.success(request, "The support is kept.")
            return redirect("absences:pupil_records", request.school.key, pupil.pk)
    context = {"pupil": pupil, "form": form, "today": at.date()}
    return render(request, "absences/records/support_new.html", context, status=422 if form.errors else 200)


@require_safe
@staff_page(Right.FOLLOW_UP_ABSENCES)
def programme(request: StaffRequest, programme_id: int) -> HttpResponse:
    """Show one programme with its steps and reviews."""
    return _show(request, _programme(request, programme_id))


@require_safe
@staff_page(Right.FOLLOW_UP_ABSENCES)
def support(request: StaffRequest, note_id: int) -> HttpResponse:
    """Show support that was offered with its reviews."""
    return _show(request, _note(request, note_id))


def _programme(request: StaffRequest, pk: int) -> ReintegrationProgramme:
    return get_object_or_404(
        ReintegrationProgramme.objects.select_related(
            "pupil", "designated", "timetable", "made_by", "ended_by"
        ),
        school=request.school,
        pk=pk,
    )


def _note(request: StaffRequest, pk: int) -> SupportNote:
    return get_object_or_404(
        SupportNote.objects.select_related("pupil", "offered_by", "ended_by"), school=request.school, pk=pk
    )


def _show(
    request: StaffRequest,
    record: ReintegrationProgramme | SupportNote,
    refused: tuple[str, forms.Form] | None = None,
) -> HttpResponse:
    is_programme = isinstance(record, ReintegrationProgramme)
    acts: dict[str, forms.Form] = {}
    if record.ended_on is None:
        acts = {"review": ReviewForm(prefix="review"), "end": EndForm(prefix="end")}
        if is_programme:
            acts["step"] = StepForm(prefix="step")
    if refused is not None:
        acts[refused[0]] = refused[1]
    context = {
        "record": record,
        "pupil": record.pupil,
        "steps": list(record.steps.select_related("done_by").order_by("on", "pk"))
        if isinstance(record, ReintegrationProgramme)
        else [],
        "reviews": list(record.reviews.select_related("by").order_by("-held_on", "-pk")),
        "forms": acts,
        "form": refused[1] if refused else None,
        "today": present_moment().date(),
    }
    template = "programme" if is_programme else "support"
    return render(
        request, f"absences/records/{template}.html", context, status=422 if refused is not None else 200
    )


Do = Callable[[dict[str, Any]], object]


def _act(
    request: StaffRequest,
    record: ReintegrationProgramme | SupportNote,
    name: str,
    form: forms.Form,
    do: Do,
    *,
    done: str,
) -> HttpResponse:
    """Do one act of a record, or show its page again with why it cannot stand."""
    if form.is_valid():
        try:
            do(form.cleaned_data)
        except RecordRefused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        else:
            messages.success(request, done)
            if isinstance(record, ReintegrationProgramme):
                return redirect("absences:programme", request.school.key, record.pk)
            return redirect("absences:support", request.school.key, record.pk)
    return _show(request, record, (name, form))


def _review(request: StaffRequest, record: ReintegrationProgramme | SupportNote) -> HttpResponse:
    def do(given: dict[str, Any]) -> None:
        services.review(
            record, words=given["words"], next_on=given["next_on"], by=request.user, at=present_moment()
        )

    form = ReviewForm(request.POST, prefix="review")
    return _act(request, record, "review", form, do, done="The review is kept.")


def _end(request: StaffRequest, record: ReintegrationProgramme | SupportNote) -> HttpResponse:
    def do(given: dict[str, Any]) -> None:
        services.end(record, outcome=given["outcome"], by=request.user, at=present_moment())

    return _act(request, record, "end", EndForm(request.POST, prefix="end"), do, done="It has ended.")


@require_POST
@staff_page(Right.FOLLOW_UP_ABSENCES)
def programme_review(request: StaffRequest, programme_id: int) -> HttpResponse:
    """Keep what a review of a programme found."""
    return _review(request, _programme(request, programme_id))


@require_POST
@staff_page(Right.FOLLOW_UP_ABSENCES)
def programme_end(request: StaffRequest, programme_id: int) -> HttpResponse:
    """End a programme."""
    return _end(request, _programme(request, programme_id))


@require_POST
@staff_page(Right.FOLLOW_UP_ABSENCES)
def programme_step(request: StaffRequest, programme_id: int) -> HttpResponse:
    """Add a step to a programme."""
    record = _programme(request, programme_id)

    def do(given: dict[str, Any]) -> None:
        services.add_step(record, on=given["on"], what=given["what"], by=request.user, at=present_moment())

    form = StepForm(request.POST, prefix="step")
    return _act(request, record, "step", form, do, done="The step is added.")


@require_POST
@staff_page(Right.FOLLOW_UP_ABSENCES)
def step_done(request: StaffRequest, programme_id: int, step_id: int) -> HttpResponse:
    """Say that a step was reached."""
    record = _programme(request, programme_id)
    step = get_object_or_404(ReintegrationStep, school=request.school, programme=record, pk=step_id)
    services.finish_step(step, by=request.user, at=present_moment())
    messages.success(request, "The step is reached.")
    return redirect("absences:programme", request.school.key, record.pk)


@require_POST
@staff_page(Right.FOLLOW_UP_ABSENCES)
def support_review(request: StaffRequest, note_id: int) -> HttpResponse:
    """Keep what a review of support found."""
    return _review(request, _note(request, note_id))


@require_POST
@staff_page(Right.FOLLOW_UP_ABSENCES)
def support_end(request: StaffRequest, note_id: int) -> HttpResponse:
    """End support."""
    return _end(request, _note(request, note_id))
