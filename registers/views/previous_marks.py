"""Marks of one pupil that another school made: shown, entered, taken from a file, taken away."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import Right
from accounts.errors import DomainError
from accounts.http import StaffRequest, staff_page
from registers.clock import present_moment
from registers.forms.roll import PreviousFileForm, PreviousMarksForm, numbers_of
from registers.imports.faults import FileRefused
from registers.imports.previous_marks import import_previous_marks
from registers.models import Pupil
from registers.rules.numbers import counted
from registers.services import previous_marks as services
from registers.services.previous_marks import PreviousMarksSet
from registers.services.refusals import RowsRefused
from registers.views.pupils import pupil_page
from registers.views.roll import pupil_of
from registers.words import day

UNAUTHORISED = frozenset({"G", "N", "O", "U"})


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ADMISSIONS)
def previous_marks(request: StaffRequest, pupil_id: int) -> HttpResponse:
    """Show and change what other schools marked for a pupil."""
    pupil = pupil_of(request, pupil_id)
    if request.method != "POST":
        return _show(request, pupil)
    match request.POST.get("do"):
        case "remove":
            return _remove(request, pupil)
        case "file":
            return _take_in(request, pupil)
        case _:
            return _add(request, pupil)


def _add(request: StaffRequest, pupil: Pupil) -> HttpResponse:
    at = present_moment()
    form = PreviousMarksForm(request.POST)
    if form.is_valid():
        try:
            with transaction.atomic():
                done = services.record_previous_marks(
                    request.school, form.rows(pupil), on=at.date(), by=request.user, at=at
                )
        except RowsRefused as refused:
            fields = {"date": "first_day", "code": "code", "school": "source_school"}
            first = refused.faults[0]
            form.refuse([(fields.get(first.field, ""), _capital(first.text))])
        else:
            return _done(request, pupil, done)
    return _show(request, pupil, form=form, status=422)


def _take_in(request: StaffRequest, pupil: Pupil) -> HttpResponse:
    at = present_moment()
    form = PreviousFileForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            done = import_previous_marks(
                request.school, file, name="The file", on=at.date(), by=request.user, at=at, pupil=pupil
            )
        except FileRefused as refused:
            for line in refused.lines:
                form.add_error("file", line.removeprefix("The file: "))
        else:
            return _done(request, pupil, done)
    return _show(request, pupil, file_form=form, status=422)


def _remove(request: StaffRequest, pupil: Pupil) -> HttpResponse:
    try:
        gone = services.remove_previous_marks(
            pupil,
            numbers_of(request.POST.getlist("mark")),
            reason=request.POST.get("reason", ""),
            by=request.user,
            at=present_moment(),
        )
    except DomainError as refused:
        errors = [{"message": refused.message, "href": "#remove-reason" if "why" in refused.message else ""}]
        return _show(request, pupil, errors=errors, status=422)
    messages.success(request, f"{counted(gone, 'mark')} taken away.")
    return redirect("registers:previous_marks", request.school.key, pupil.pk)


def _done(request: StaffRequest, pupil: Pupil, done: PreviousMarksSet) -> HttpResponse:
    said = f"{counted(done.recorded, 'mark')} recorded"
    if done.changed:
        said += f", {done.changed} replaced"
    if done.unchanged:
        said += f", {done.unchanged} stood there already"
    messages.success(request, f"{said}.")
    return redirect("registers:previous_marks", request.school.key, pupil.pk)


def _show(
    request: StaffRequest,
    pupil: Pupil,
    *,
    form: PreviousMarksForm | None = None,
    file_form: PreviousFileForm | None = None,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> HttpResponse:
    today = present_moment().date()
    marks = list(pupil.previous_marks.select_related("recorded_by", "code").order_by("-on", "half"))
    wrong: Any = form if form is not None and form.errors else file_form
    context = {
        **pupil_page(request, pupil, "registers:pupil_roll", on=today),
        "marks": [(mark, f"{day(mark.on, today)} {mark.half}") for mark in marks],
        "unauthorised": sum(mark.code_id in UNAUTHORISED for mark in marks),
        "form": wrong,
        "add": form or PreviousMarksForm(),
        "file_form": file_form or PreviousFileForm(auto_id="id_file_%s"),
        "errors": errors or [],
        "chosen": numbers_of(request.POST.getlist("mark")),
        "reason": request.POST.get("reason", ""),
    }
    return render(request, "registers/roll_previous_marks.html", context, status=status)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
