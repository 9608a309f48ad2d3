"""The lists that an office works down: unexplained marks by age, and the checks of both registers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import Right
from accounts.errors import DomainError
from accounts.http import StaffRequest, staff_page
from registers.clock import present_moment
from registers.forms.settling import NOTHING_SELECTED, SettleForm
from registers.posts import position_of
from registers.rules.numbers import counted
from registers.selectors import integrity, unexplained
from registers.selectors.integrity import CHECK_OF, CHECKS, Check, Finding
from registers.selectors.unexplained import UnexplainedDay
from registers.services.mark_sets import MarkSetChangedMeanwhile, MarkSetRefused, set_marks
from registers.words import day

ROWS_ON_A_PAGE = 100
# As many faults are told one by one; the rest would push the form out of sight.
FAULTS_SHOWN = 5
AGES: dict[str, tuple[str, Callable[[UnexplainedDay, date], bool]]] = {
    "": ("All", lambda _one, _today: True),
    "overdue": ("Overdue", lambda one, _today: one.is_overdue),
    "due": ("Due today", lambda one, _today: one.is_due),
    "today": ("Of today", lambda one, today: one.on == today),
    "first": ("Vulnerable pupils", lambda one, _today: one.comes_first),
}


@dataclass(frozen=True)
class AgeLink:
    """One way to narrow the list, with how many sessions it shows."""

    label: str
    url: str
    count: int
    is_current: bool


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.SEE_PUPILS)
def unexplained_list(request: StaffRequest) -> HttpResponse:
    """Show every N by age with whom to call, and settle several at once with one code and one reason."""
    at = present_moment()
    found = unexplained.unexplained_days(request.school, on=at.date())
    if request.method != "POST":
        return _show_unexplained(request, found, SettleForm(on=at.date()), today=at.date())
    if not request.may(Right.AMEND_MARKS):
        raise PermissionDenied("Your role does not let you amend a closed register.")
    form = SettleForm(request.POST, on=at.date())
    faults = [] if form.chosen else [{"message": NOTHING_SELECTED, "href": "#days"}]
    if form.is_valid() and form.chosen:
        # A day that is no longer in the list was settled by somebody else meanwhile: nothing is left to do.
        wanted = form.wanted(found)
        try:
            saved = set_marks(
                request.school,
                wanted,
                by=request.user,
                at=at,
                reason=form.cleaned_data["reason"],
                position=position_of(request.roles),
            )
        except MarkSetRefused as refused:
            faults += _refusals(found, refused)
        except MarkSetChangedMeanwhile:
            faults.append(
                {"message": "Somebody else settled some of these meanwhile: look again", "href": "#days"}
            )
        except DomainError as refusal:
            faults.append({"message": refusal.message, "href": ""})
        else:
            settled = saved.changed + saved.recorded
            messages.success(
                request,
                f"{counted(settled, 'session')} settled: {form.words}."
                if settled
                else "Somebody else settled these meanwhile: nothing was changed.",
            )
            return redirect(request.get_full_path())
    return _show_unexplained(request, found, form, today=at.date(), faults=faults, status=422)


def _refusals(found: list[UnexplainedDay], refused: MarkSetRefused) -> list[dict[str, str]]:
    """Say why marks could not stand, each once for a pupil's day."""
    of_place = {(one.pupil_id, session_id): one for one in found for session_id, _, _ in one.sessions}
    told = {}
    for place, words in refused.faults.items():
        one = of_place.get(place)
        name = f"{one.full_name}, {day(one.on)}: " if one else ""
        told[f"{name}{words}"] = f"#day-{one.key}" if one else "#days"
    return [{"message": words, "href": href} for words, href in list(told.items())[:FAULTS_SHOWN]]


def _show_unexplained(
    request: StaffRequest,
    found: list[UnexplainedDay],
    form: SettleForm,
    *,
    today: date,
    faults: list[dict[str, str]] | None = None,
    status: int = 200,
) -> HttpResponse:
    age, of_day = request.GET.get("age", ""), _day(request.GET.get("day", ""))
    age = age if age in AGES else ""
    in_age = AGES[age][1]
    shown = [one for one in found if in_age(one, today) and (of_day is None or one.on == of_day)]
    page = Paginator(shown, ROWS_ON_A_PAGE).get_page(request.GET.get("page"))
    tonight = unexplained.sessions_in([one for one in found if one.is_overdue])
    context = {
        "settle": form,
        "errors": [*(faults or []), *_form_faults(form)],
        "page": page,
        "rows": page.object_list,
        "query": f"&{urlencode({'age': age, 'day': of_day.isoformat() if of_day else ''})}",
        "count": unexplained.sessions_in(shown),
        "tonight": tonight,
        "today": today,
        "of_day": of_day,
        "is_narrowed": bool(age or of_day),
        "may_amend": request.may(Right.AMEND_MARKS),
        "may_call": request.may(Right.FOLLOW_UP_ABSENCES),
        "ages": [
            AgeLink(
                label,
                f"{request.path}?{urlencode({'age': key})}" if key else request.path,
                unexplained.sessions_in([one for one in found if belongs(one, today)]),
                is_current=key == age and of_day is None,
            )
            for key, (label, belongs) in AGES.items()
        ],
    }
    return render(request, "registers/unexplained.html", context, status=status)


def _form_faults(form: SettleForm) -> list[dict[str, str]]:
    return [
        {"message": str(message), "href": f"#{form[name].id_for_label}"}
        for name, found in form.errors.items()
        for message in found
    ]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@dataclass(frozen=True)
class CheckLine:
    """One check on the page of checks."""

    check: Check
    count: int
    url: str


@require_safe
@staff_page(Right.SEE_PUPILS)
def checks(request: StaffRequest) -> HttpResponse:
    """Show every check with how many rows it finds; each count opens exactly these."""
    today = present_moment().date()
    counts = integrity.counts(request.school, on=today)
    lines = [CheckLine(check, counts[check.key], _check_url(request, check)) for check in CHECKS]
    context = {
        "found": sorted((line for line in lines if line.count), key=lambda line: -line.count),
        "clear": [line for line in lines if not line.count],
        "today": today,
    }
    return render(request, "registers/integrity.html", context)


def _check_url(request: StaffRequest, check: Check) -> str:
    return reverse("registers:check", kwargs={"school_key": request.school.key, "check_key": check.key})


@dataclass(frozen=True)
class FindingRow:
    """One row of a check with where it is put right."""

    finding: Finding
    url: str
    act: str
    pupil_url: str  # of the mark's history, or of the pupil


@require_safe
@staff_page(Right.SEE_PUPILS)
def check(request: StaffRequest, check_key: str) -> HttpResponse:
    """Show the rows of one check, each with a link to where it is put right."""
    if check_key not in CHECK_OF:
        raise Http404
    one = CHECK_OF[check_key]
    today = present_moment().date()
    found = integrity.findings(request.school, one, on=today)
    page = Paginator(found, ROWS_ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "check": one,
        "count": len(found),
        "page": page,
        "rows": [_finding_row(request, one, finding) for finding in page.object_list],
        "has_sessions": any(finding.session_id for finding in found),
        "has_pupils": any(finding.pupil_id for finding in found),
        "today": today,
    }
    return render(request, "registers/integrity_check.html", context)


def _finding_row(request: StaffRequest, one: Check, finding: Finding) -> FindingRow:
    key, pupil_url, history = request.school.key, "", ""
    if finding.pupil_id:
        pupil_url = reverse("registers:pupil", args=[key, finding.pupil_id])
        if finding.session_id:
            history = reverse("registers:mark_history", args=[key, finding.pupil_id, finding.session_id])
    if finding.session_id and finding.class_id and one.opens == "register":
        place = {"on": finding.on, "half": finding.half, "class_id": finding.class_id}
        url, act = reverse("registers:register", kwargs={"school_key": key, **place}), "Register"
    elif one.opens == "contacts":
        url, act = reverse("registers:pupil_contacts", args=[key, finding.pupil_id]), "Contacts"
    elif one.opens == "timetable":
        url, act = reverse("registers:pupil_ahead", args=[key, finding.pupil_id]), "Timetable"
    elif history:
        url, act = history, "History of the mark"
    else:
        url, act = pupil_url, "Pupil"
    return FindingRow(finding, url, act, history or pupil_url)
