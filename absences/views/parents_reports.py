"""What a parent reported: the list, one report with the school's answer, changing and taking back."""

from datetime import date
from typing import Any, cast
from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_scopes import scope

from absences import access, drafts, languages
from absences import family_words as say
from absences.forms import parents as forms
from absences.languages import in_family_language
from absences.models import Attachment, Report, ReportState
from absences.rules.reasons import REASON_BY_KEY
from absences.rules.telling import Draft
from absences.selectors.parents import report_of, reports_of
from absences.services import parents, reports
from absences.services.attachments import AttachmentsRefused
from absences.services.reports import ReportChangedMeanwhile, ReportRefused
from absences.views.parents import file_faults
from accounts.http import SignedInRequest
from accounts.models import User
from registers.clock import present_moment


def _own(request: HttpRequest, pk: int) -> tuple[User, Report, date]:
    """
    Return the person, one of their reports and today.

    :raises Http404: it is not theirs, or the child is not, or no longer
    """
    user, today = cast(SignedInRequest, request).user, present_moment().date()
    report = report_of(user, pk, access.children_of(user, on=today))
    if report is None:
        raise Http404
    return user, report, today


def state_words(report: Report) -> str:
    """Return where a report stands, for the family."""
    return {
        ReportState.WAITING: _("The school has not answered yet"),
        ReportState.ACCEPTED: _("Accepted"),
        ReportState.REFUSED: _("Not accepted"),
        ReportState.WITHDRAWN: _("Taken back"),
        ReportState.REPLACED: _("Replaced by a newer report"),
    }[ReportState(report.state)]


def span_of_report(report: Report, today: date) -> str:
    """Return the days of a report in words."""
    return say.span_words(report.first_day, report.first_half, report.last_day, report.last_half, today=today)


def report_line(report: Report, today: date) -> dict[str, Any]:
    """Return what lists show of a report."""
    return {
        "report": report,
        "name": say.name_of(report.pupil),
        "span": span_of_report(report, today),
        "reason": say.reason_label(REASON_BY_KEY[report.reason]),
        "state": state_words(report),
    }


@require_safe
@in_family_language
def report_list(request: HttpRequest) -> HttpResponse:
    """Show everything that a parent reported, newest first."""
    user, today = cast(SignedInRequest, request).user, present_moment().date()
    children = access.children_of(user, on=today)
    context = {
        "lines": [report_line(report, today) for report in reports_of(user, children)],
        "languages": languages.languages(),
    }
    return render(request, "absences/parents/reports.html", context)


@require_safe
@in_family_language
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one report: what was told, where it stands, and what the school answered."""
    _user, found, today = _own(request, pk)
    return _show(request, found, today, has_answered=bool(request.GET.get("answered")))


def _show(
    request: HttpRequest,
    found: Report,
    today: date,
    *,
    form: forms.FilesForm | None = None,
    has_answered: bool = False,
    errors: list[dict[str, str]] | None = None,
) -> HttpResponse:
    with scope(school=found.school):
        files = list(Attachment.objects.filter(report=found).order_by("pk"))
        newer = Report.objects.filter(replaces=found).first()
    context = {
        **report_line(found, today),
        "today": today,
        "school": found.school,
        "received": _moment(found.received_at, today),
        "decided": _moment(found.decided_at, today) if found.decided_at else "",
        "back": say.day_words(found.expected_return, today) if found.expected_return else _("Not known yet"),
        "appointment": languages.clock(found.appointment_at),
        "files": files,
        "form": form or forms.FilesForm(required=True),
        "errors": errors or [],
        "newer": newer,
        "is_open": found.state == ReportState.WAITING,
        "has_answered": has_answered and found.state != ReportState.WAITING,
        "languages": languages.languages(),
    }
    status = 422 if errors or (form is not None and form.is_bound) else 200
    return render(request, "absences/parents/report.html", context, status=status)


def _moment(at: Any, today: date) -> str:
    local = languages.local(at)
    return _("%(day)s at %(time)s") % {
        "day": languages.day(local.date(), today),
        "time": languages.clock(local),
    }


@require_POST
@in_family_language
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Open the answers of a report that still waits, to change some of them."""
    _user, found, _today = _own(request, pk)
    if found.state != ReportState.WAITING:
        return redirect(f"{reverse('absences:family_report', args=[pk])}?answered=1")
    draft = Draft(
        key=uuid4(),
        children=(found.pupil_id,),
        first_day=found.first_day,
        first_half=found.first_half,
        last_day=found.last_day,
        last_half=found.last_half,
        reason=found.reason,
        note=found.note,
        expected_return=found.expected_return,
        back_unknown=found.expected_return is None,
        appointment_at=found.appointment_at,
        is_span_chosen=True,
        changes=found.pk,
        version=found.version,
    )
    drafts.keep(request, draft)
    return redirect("absences:report_step", draft.key, "check")


@require_http_methods(["GET", "HEAD", "POST"])
@in_family_language
def withdrawal(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a report back that still waits; it stays on record as taken back."""
    user, found, today = _own(request, pk)
    data = request.POST if request.method == "POST" else None
    form = forms.WithdrawalForm(data)
    errors = []
    if form.is_valid():
        typed = request.POST.get("version", "")
        version = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else 0
        try:
            with scope(school=found.school):
                reports.withdraw(
                    found, version=version, by=user, at=present_moment(), why=form.cleaned_data["why"].strip()
                )
        except ReportChangedMeanwhile as conflict:
            if conflict.report.state != ReportState.WITHDRAWN:
                conflict.report.pupil, conflict.report.school = found.pupil, found.school
                return _show(request, conflict.report, today, has_answered=True, errors=_answered(conflict))
        except ReportRefused as refused:
            errors = [{"message": words, "href": ""} for words in refused.faults.values()]
        if not errors:
            return redirect("absences:family_report", pk)
    context = {
        **report_line(found, today),
        "form": form,
        "errors": errors,
        "is_open": found.state == ReportState.WAITING,
        "back_url": reverse("absences:family_report", args=[pk]),
        "languages": languages.languages(),
        "school": found.school,
    }
    status = 422 if errors or (form.is_bound and not form.is_valid()) else 200
    return render(request, "absences/parents/withdrawal.html", context, status=status)


def _answered(conflict: ReportChangedMeanwhile) -> list[dict[str, str]]:
    if conflict.report.state == ReportState.WAITING:
        words = _("This report was changed in the meantime. Look at it again.")
    else:
        words = _("The school has answered in the meantime. Its answer is below.")
    return [{"message": words, "href": "#answer"}]


@require_POST
@in_family_language
def files(request: HttpRequest, pk: int) -> HttpResponse:
    """Add photos or letters to a report that was sent."""
    user, found, today = _own(request, pk)
    form = forms.FilesForm(request.POST, request.FILES, required=True)
    if form.is_valid():
        try:
            parents.add_files(found, form.cleaned_data["files"], by=user, at=present_moment())
        except AttachmentsRefused as refused:
            for words in file_faults(refused):
                form.add_error("files", words)
        else:
            return redirect(f"{reverse('absences:family_report', args=[pk])}#files")
    return _show(request, found, today, form=form)
