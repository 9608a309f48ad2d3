"""Files that come in, looked at first, and files that go out."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import events
from accounts.access import Right
from accounts.errors import DomainError
from accounts.http import StaffRequest, staff_page
from registers.clock import present_moment
from registers.forms.files import ExportForm, OptionsForm, UploadForm
from registers.imports.faults import FileRefused
from registers.imports.uploads import look_at, take_in
from registers.models import UploadedFile
from registers.posts import position_of
from registers.selectors.tables import table_of
from registers.services.uploads import keep_upload, put_aside, set_options
from registers.spreadsheets import CSV_TYPE, XLSX_TYPE, as_csv, as_xlsx

OUT = "out_%s"  # ids of the form of exports, which stands beside that of imports


@require_safe
@staff_page(Right.TAKE_IN_FILES)
def files(request: StaffRequest) -> HttpResponse:
    """Show what can come in and go out, and the files that wait for a decision."""
    return _show_files(request, UploadForm(), None)


@require_POST
@staff_page(Right.TAKE_IN_FILES)
def upload(request: StaffRequest) -> HttpResponse:
    """Keep a file and lead to the look at it."""
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            kept = keep_upload(
                request.school,
                kind=form.cleaned_data["kind"],
                name=form.name(),
                content=form.cleaned_data["file"].read(),
                options={},
                by=request.user,
                at=present_moment(),
            )
        except DomainError as refusal:
            form.add_error("file", refusal.message)
        else:
            return redirect("registers:upload_look", request.school.key, kept.pk)
    return _show_files(request, form, None, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.TAKE_IN_FILES)
def upload_look(request: StaffRequest, pk: int) -> HttpResponse:
    """Show what taking a file in would do; with other options look again, or take it in for good."""
    kept = get_object_or_404(UploadedFile, school=request.school, pk=pk)
    if request.method != "POST":
        return _show_look(request, kept, OptionsForm(kind=kept.kind, options=kept.options))
    form = OptionsForm(request.POST, kind=kept.kind, options=kept.options)
    if not form.is_valid():
        return _show_look(request, kept, form, status=422)
    set_options(kept, form.options())
    if request.POST.get("act") != "take":
        return redirect("registers:upload_look", request.school.key, kept.pk)
    try:
        done = take_in(
            request.school,
            kept,
            by=request.user,
            at=present_moment(),
            position=position_of(request.roles),
        )
    except FileRefused:
        return _show_look(request, kept, form, status=422)
    except DomainError as refusal:
        form.add_error(None, refusal.message)
        return _show_look(request, kept, form, status=422)
    said = ", ".join(f"{count:,} {words}" for words, count in done if count)
    messages.success(request, f"{kept.name} is taken in: {said or 'nothing was new'}.")
    return redirect("registers:files", request.school.key)


@require_POST
@staff_page(Right.TAKE_IN_FILES)
def upload_aside(request: StaffRequest, pk: int) -> HttpResponse:
    """Put a file aside without taking it in."""
    kept = get_object_or_404(UploadedFile, school=request.school, pk=pk)
    if request.POST.get("act") != "aside":
        return redirect("registers:upload_look", request.school.key, kept.pk)
    put_aside(kept)
    messages.success(request, f"{kept.name} is put aside: nothing was changed.")
    return redirect("registers:files", request.school.key)


@require_POST
@staff_page(Right.TAKE_IN_FILES)
def export(request: StaffRequest) -> HttpResponse:
    """Give a view of the registers out as a file."""
    form = ExportForm(request.POST, auto_id=OUT)
    if not form.is_valid():
        return _show_files(request, None, form, status=422)
    asked = form.cleaned_data
    first_day, last_day = asked["first_day"], asked["last_day"]
    rows = table_of(asked["what"], request.school, first_day=first_day, last_day=last_day)
    content = as_csv(rows) if asked["kind"] == "csv" else as_xlsx(rows, title=asked["what"])
    events.record(
        "registers.exported",
        school=request.school,
        by=request.user,
        at=present_moment(),
        data={"what": asked["what"], "from": first_day.isoformat(), "to": last_day.isoformat()},
    )
    response = HttpResponse(content, content_type=CSV_TYPE if asked["kind"] == "csv" else XLSX_TYPE)
    name = f"{request.school.key}-{asked['what']}-{first_day}-{last_day}.{asked['kind']}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _show_files(
    request: StaffRequest, upload_form: UploadForm | None, export_form: ExportForm | None, status: int = 200
) -> HttpResponse:
    today = present_moment().date()
    posted = upload_form if upload_form is not None and upload_form.is_bound else export_form
    context = {
        "form": posted,
        "upload_form": upload_form or UploadForm(),
        "export_form": export_form
        or ExportForm(initial={"first_day": today, "last_day": today}, auto_id=OUT),
        "waiting": UploadedFile.objects.filter(school=request.school)
        .select_related("uploaded_by")
        .defer("content")
        .order_by("uploaded_at"),
        "today": today,
    }
    return render(request, "registers/files.html", context, status=status)


def _show_look(
    request: StaffRequest, kept: UploadedFile, form: OptionsForm, status: int = 200
) -> HttpResponse:
    errors = []
    look = None
    try:
        look = look_at(
            request.school,
            kept,
            by=request.user,
            at=present_moment(),
            position=position_of(request.roles),
        )
    except DomainError as refusal:
        errors.append({"message": refusal.message, "href": ""})
    context = {"kept": kept, "form": form, "look": look, "errors": errors}
    return render(request, "registers/upload_look.html", context, status=status)
