"""The office's reports: what waits, one report, and what is written down for callers."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from absences.access import can_decide_leave
from absences.forms.intake import (
    CHANNELS,
    AcceptForm,
    AppForm,
    CallBackForm,
    RefuseForm,
    ReportForm,
    WithdrawForm,
    chosen_pupils,
    code_choices,
)
from absences.models import Channel, Report, ReportState
from absences.selectors import reports as selectors
from absences.selectors.terms import NoTerms, terms_on
from absences.services import reports
from absences.services.reporting_app import name_app
from absences.services.reports import ReportChangedMeanwhile, ReportRefused
from absences.tabs import tabs_of
from accounts.access import Right
from accounts.http import StaffRequest, staff_page
from registers.clock import present_moment
from registers.forms.ahead import FaultsMixin
from registers.models import Pupil
from registers.posts import position_of
from registers.rules.numbers import counted
from registers.selectors.arrivals import desk_pupils
from registers.selectors.registers import next_school_day

SHOWN = (selectors.WAITING, selectors.TODAY, selectors.ALL)
MOST_AT_ONCE = 500
GONE = "This report was changed in the meantime. Look at it again."


@require_safe
@staff_page(Right.FOLLOW_UP_ABSENCES)
def queue(request: StaffRequest) -> HttpResponse:
    """Show the reports that wait, newest and vulnerable first, or those of today or of late."""
    on = present_moment().date()
    show, channel = _filters(request)
    found = selectors.queue_of(request.school, show=show, channel=channel, on=on)
    context = {
        "queue": found,
        "show": show,
        "channel": channel,
        "filters": [
            (selectors.WAITING, f"Waiting ({found.waiting})"),
            (selectors.TODAY, f"Today ({found.today})"),
            (selectors.ALL, "All of the last 60 days"),
        ],
        "channels": [(Channel.ONLINE, "Online"), *((one, one.label) for one in CHANNELS)],
        "codes": code_choices(on),
        "may_set_up": request.may(Right.SET_UP_SCHOOL),
        "tabs": tabs_of(request, "absences:reports"),
        "today": on,
    }
    return render(request, "absences/intake/queue.html", context)


@require_safe
@staff_page(Right.FOLLOW_UP_ABSENCES)
def report(request: StaffRequest, pk: int) -> HttpResponse:
    """Show one report: what was told, the marks of its sessions, its history, earlier reports."""
    return _show_report(request, _report(request, pk))


def _act(
    request: StaffRequest, row: Report, form: FaultsMixin, act: Callable[[dict[str, Any]], str]
) -> HttpResponse:
    """
    Do what a form asks of a report and say what was done, or show again what is wrong or who was first.

    `act` gets what was entered and returns the sentence that follows the child's name.
    """
    if not form.is_valid():
        return _show_report(request, row, form)
    try:
        said = act(form.cleaned_data)
    except ReportChangedMeanwhile as changed:
        return _tell_who_was_first(request, row, changed)
    except ReportRefused as refused:
        form.refuse(refused.faults)
        return _show_report(request, row, form)
    messages.success(request, f"{row.pupil.full_name}: {said}")
    return _back(request, row)


@require_POST
@staff_page(Right.FOLLOW_UP_ABSENCES)
def accept(request: StaffRequest, pk: int) -> HttpResponse:
    """Accept a report with the code that was chosen."""
    row = _report(request, pk)
    at = present_moment()

    def act(entered: dict[str, Any]) -> str:
        done = reports.accept(
            row,
            version=_version(request),
            code=entered["code"],
            decides_leave=can_decide_leave(request.user, request.roles, school=request.school, on=at.date()),
            by=request.user,
            at=at,
            position=position_of(request.roles),
        )
        return f"accepted. {selectors.last_words(done)}."

    return _act(request, row, AcceptForm(request.POST, on=row.first_day, code=row.code), act)


@require_POST
@staff_page(Right.FOLLOW_UP_ABSENCES)
def refuse(request: StaffRequest, pk: int) -> HttpResponse:
    """Do not accept a report, with a reason that the parent reads."""
    row = _report(request, pk)

    def act(entered: dict[str, Any]) -> str:
        reports.refuse(
            row,
            version=_version(request),
            code="O" if entered["code"] == "O" else None,
            note=entered["decision_note"],
            by=request.user,
            at=present_moment(),
            position=position_of(request.roles),
        )
        return "not accepted. The parent is told why."

    return _act(request, row, RefuseForm(request.POST), act)


@require_POST
@staff_page(Right.FOLLOW_UP_ABSENCES)
def withdraw(request: StaffRequest, pk: int) -> HttpResponse:
    """Withdraw a report, accepted or not, because the parent asks for it or it was a mistake."""
    row = _report(request, pk)

    def act(entered: dict[str, Any]) -> str:
        reports.withdraw(
            row,
            version=_version(request),
            why=entered["why"],
            by=request.user,
            at=present_moment(),
            by_school=True,
            position=position_of(request.roles),
        )
        return "the report is withdrawn."

    return _act(request, row, WithdrawForm(request.POST), act)


@require_POST
@staff_page(Right.FOLLOW_UP_ABSENCES)
def call_back(request: StaffRequest, pk: int) -> HttpResponse:
    """Record that somebody was called back about a voicemail."""
    row = _report(request, pk)

    def act(entered: dict[str, Any]) -> str:
        reports.call_back(
            row,
            version=_version(request),
            spoke_with=entered["call_back"],
            by=request.user,
            at=present_moment(),
        )
        return "the call back is recorded. Now accept the report."

    return _act(request, row, CallBackForm(request.POST), act)


@require_POST
@staff_page(Right.FOLLOW_UP_ABSENCES)
def accept_trusted(request: StaffRequest) -> HttpResponse:
    """Accept all that were shown as trusted; say which were left and why."""
    seen: dict[int, int] = {}
    for text in request.POST.getlist("report")[:MOST_AT_ONCE]:
        pk, _, version = text.partition("-")
        if _is_number(pk) and _is_number(version):
            seen[int(pk)] = int(version)
    try:
        done = reports.accept_trusted(
            request.school, seen, by=request.user, at=present_moment(), position=position_of(request.roles)
        )
    except NoTerms as none:
        messages.warning(request, none.message)
        return redirect(_queue_url(request))
    if done.accepted:
        messages.success(request, f"{counted(len(done.accepted), 'report')} accepted.")
    else:
        messages.warning(request, "No report was accepted.")
    for report_id, why in done.left.items():
        name = selectors.child_of(request.school, report_id)
        if name:
            messages.warning(request, f"{name}: left. {why}")
    return redirect(_queue_url(request))


# --- writing down for a caller ------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.FOLLOW_UP_ABSENCES)
def new(request: StaffRequest) -> HttpResponse:
    """Write down what a caller tells, for one child or several, and accept it at once where that can be."""
    at = present_moment()
    if request.method != "POST":
        chosen = [int(text) for text in request.GET.getlist("pupil") if _is_number(text)]
        return _show_form(request, _form(request, None, at=at, chosen=chosen), submission=uuid4())
    form = _form(request, request.POST, at=at)
    submission = _submission(request)
    act = request.POST.get("act", "")
    if act == "callers":
        return _show_form(request, form, submission=submission, is_asking=True)
    if not form.is_valid():
        return _show_form(request, form, submission=submission, status=422)
    pupils = chosen_pupils(Pupil.objects.filter(school=request.school, pk__in=form.pupil_ids), form.pupil_ids)
    form.callers = selectors.callers_of(pupils)
    try:
        done = reports.write_down(
            request.school,
            pupils,
            form.told(),
            submission=submission,
            accept_now=act != "wait",
            by=request.user,
            at=at,
            on=at.date(),
            position=position_of(request.roles),
        )
    except ReportRefused as refused:
        form.refuse(refused.faults)
        return _show_form(request, form, submission=submission, status=422)
    except NoTerms as none:
        form.add_error(None, none.message)
        return _show_form(request, form, submission=submission, status=422)
    for made in done.reports:
        left = done.left.get(made.pk)
        state = "accepted" if made.state == ReportState.ACCEPTED else "waits"
        words = (
            f"{made.pupil.full_name}: {state}, {selectors.span_words(made, at.date())} ({made.reference})."
        )
        if left:
            messages.warning(request, f"{words} {left}")
        else:
            messages.success(request, words)
    return redirect("absences:report_new", request.school.key)


@require_safe
@staff_page(Right.FOLLOW_UP_ABSENCES)
def callers(request: StaffRequest) -> HttpResponse:
    """Return the part of the form that names who may have told the school of the chosen children."""
    ids = [int(text) for text in request.GET.getlist("pupil")[:20] if _is_number(text)]
    pupils = list(Pupil.objects.filter(school=request.school, pk__in=ids))
    context = {"callers": selectors.callers_of(pupils), "chosen_contact": ""}
    return render(request, "absences/intake/_callers.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.SET_UP_SCHOOL)
def app(request: StaffRequest) -> HttpResponse:
    """Name the app through which families report beside Rollcall."""
    form = AppForm(
        request.POST if request.method == "POST" else None,
        initial={"name": selectors.app_of(request.school)},
    )
    if request.method == "POST" and form.is_valid():
        name_app(request.school, form.cleaned_data["name"], by=request.user, at=present_moment())
        messages.success(request, "Saved.")
        return redirect("absences:reports", request.school.key)
    context = {"form": form, "tabs": tabs_of(request, "absences:reports")}
    return render(request, "absences/intake/app.html", context, status=422 if form.errors else 200)


# --- parts --------------------------------------------------------------------------------------------------


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) < 19


def _version(request: StaffRequest) -> int:
    text = request.POST.get("version", "")
    return int(text) if _is_number(text) else 0


def _submission(request: StaffRequest) -> UUID:
    try:
        return UUID(request.POST.get("submission", ""))
    except ValueError:
        return uuid4()


def _filters(request: StaffRequest) -> tuple[str, str]:
    asked = request.POST if request.method == "POST" else request.GET
    show, channel = asked.get("show", ""), asked.get("channel", "")
    return (
        show if show in SHOWN else selectors.WAITING,
        channel if channel in Channel.values else "",
    )


def _queue_url(request: StaffRequest) -> str:
    show, channel = _filters(request)
    asked = {"show": show, "channel": channel}
    kept = {
        name: value for name, value in asked.items() if value and (name, value) != ("show", selectors.WAITING)
    }
    url = reverse("absences:reports", args=[request.school.key])
    return f"{url}?{urlencode(kept)}" if kept else url


def _report(request: StaffRequest, pk: int) -> Report:
    return get_object_or_404(Report.objects.select_related("pupil", "school"), school=request.school, pk=pk)


def _back(request: StaffRequest, row: Report) -> HttpResponse:
    """Return to the queue when the act came from there, else to the report."""
    if "show" in request.POST:
        return redirect(_queue_url(request))
    return redirect("absences:report", request.school.key, row.pk)


def _tell_who_was_first(request: StaffRequest, row: Report, changed: ReportChangedMeanwhile) -> HttpResponse:
    messages.warning(request, f"{row.pupil.full_name}: {changed.message}")
    return redirect("absences:report", request.school.key, row.pk)


def _show_report(request: StaffRequest, row: Report, wrong: forms.Form | None = None) -> HttpResponse:
    """Show a report; `wrong` is the form that could not be taken, shown with its errors in its place."""
    today = present_moment().date()
    page = selectors.report_page(row, on=today)
    shown: dict[str, forms.Form] = {
        "accept": AcceptForm(on=page.report.first_day, code=page.report.code),
        "refuse": RefuseForm(),
        "withdraw": WithdrawForm(),
        "call_back": CallBackForm(),
    }
    for name, form in shown.items():
        if type(form) is type(wrong) and wrong is not None:
            shown[name] = wrong
    # Sent from a page that was open too long: the form is not on this one, and there is nothing to mend.
    is_gone = (isinstance(wrong, AcceptForm | RefuseForm) and not page.row.is_waiting) or (
        isinstance(wrong, CallBackForm) and not page.row.wants_call_back
    )
    context = {
        "page": page,
        "report": page.report,
        "forms": shown,
        "form": None if is_gone else wrong,
        "errors": [GONE] if is_gone else [],
        "tabs": tabs_of(request, "absences:reports"),
        "today": today,
    }
    return render(request, "absences/intake/report.html", context, status=422 if wrong else 200)


def _form(
    request: StaffRequest, data: object, *, at: datetime, chosen: list[int] | None = None
) -> ReportForm:
    today = at.date()
    return ReportForm(
        data,
        desk=desk_pupils(request.school, on=today),
        app=selectors.app_of(request.school),
        at=at,
        chosen=chosen or (),
        expected_return=_usual_return(request, today),
    )


def _usual_return(request: StaffRequest, today: date) -> date | None:
    """Return the next school day where the school asks for the day of return (002:174), else nothing."""
    try:
        asks = terms_on(request.school, today).reporting.expected_return_date
    except NoTerms:
        return None
    if not asks:
        return None
    return next_school_day(request.school, after=today)


def _show_form(
    request: StaffRequest,
    form: ReportForm,
    *,
    submission: UUID,
    is_asking: bool = False,
    status: int = 200,
) -> HttpResponse:
    today = present_moment().date()
    pupils = chosen_pupils(Pupil.objects.filter(school=request.school, pk__in=form.pupil_ids), form.pupil_ids)
    context = {
        "form": form,
        "desk": desk_pupils(request.school, on=today),
        "chosen": {str(pk) for pk in form.pupil_ids},
        "callers": selectors.callers_of(pupils),
        "chosen_contact": form.contact_id,
        "submission": submission,
        "is_asking": is_asking,
        "tabs": tabs_of(request, "absences:reports"),
        "today": today,
    }
    return render(request, "absences/intake/new.html", context, status=status)
