"""What is known ahead of registers: the list, one arrangement, and what stands ahead for one pupil."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import Right
from accounts.errors import DomainError
from accounts.http import StaffRequest, staff_page
from registers import access
from registers.clock import present_moment
from registers.forms.ahead import ArrangementForm, WhyForm
from registers.models import KnownAhead, Pupil
from registers.posts import position_of
from registers.pupil_tabs import tabs_of
from registers.rules.numbers import counted
from registers.selectors import ahead as selectors
from registers.selectors.pupils import standing_of
from registers.services import ahead
from registers.services.ahead import ArrangementRefused, MarkedAlready
from registers.services.mark_sets import MarkSetRefused

LEAVE, AMEND = "leave", "amend"


@require_safe
@staff_page(Right.MARK_AHEAD)
def ahead_list(request: StaffRequest) -> HttpResponse:
    """Show what is arranged from today on: trips and absences, timetables with their tasks, patterns."""
    today = present_moment().date()
    found = selectors.ahead_of(request.school, on=today)
    return render(request, "registers/ahead.html", {"ahead": found, "today": today})


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.MARK_AHEAD)
def ahead_new(request: StaffRequest) -> HttpResponse:
    """Arrange a trip or a planned absence; where marks stand already, ask first what is to become of them."""
    at = present_moment()
    if request.method != "POST":
        chosen = request.GET.get("pupil", "")
        pupil_ids = (int(chosen),) if chosen.isdecimal() and len(chosen) < 19 else ()
        return _show_form(request, ArrangementForm(on=at.date()), pupil_ids=pupil_ids)
    form = ArrangementForm(request.POST, on=at.date())
    if not form.is_valid():
        return _show_form(request, form, pupil_ids=form.pupil_ids, status=422)
    plan = form.plan()
    standing, reason = request.POST.get("standing", ""), request.POST.get("reason", "").strip()
    try:
        outlook = ahead.outlook_of(request.school, plan)
        if outlook.marked_already and standing not in (LEAVE, AMEND):
            return _show_check(request, form, outlook.marked_already)
        if standing == AMEND and outlook.marked_already and not reason:
            fault = "Enter why the marks are amended"
            return _show_check(request, form, outlook.marked_already, fault=fault)
        done = ahead.arrange(
            request.school,
            plan,
            by=request.user,
            at=at,
            position=position_of(request.roles),
            amend_reason=reason if standing == AMEND else "",
        )
    except ArrangementRefused as refused:
        form.refuse(refused.faults)
        return _show_form(request, form, pupil_ids=form.pupil_ids, status=422)
    except MarkSetRefused as refused:
        form.add_error(None, next(iter(refused.faults.values())))
        return _show_form(request, form, pupil_ids=form.pupil_ids, status=422)
    except DomainError as refusal:
        form.add_error(None, refusal.message)
        return _show_form(request, form, pupil_ids=form.pupil_ids, status=422)
    amended = f" {counted(done.amended, 'mark')} amended." if done.amended else ""
    messages.success(request, f"{plan.name} arranged: {ahead.describe(done.outlook).rstrip('.')}.{amended}")
    return redirect("registers:ahead_one", request.school.key, done.known_ahead.pk)


def _show_form(
    request: StaffRequest, form: ArrangementForm, *, pupil_ids: tuple[int, ...], status: int = 200
) -> HttpResponse:
    today = present_moment().date()
    context = {
        "form": form,
        "classes": selectors.classes_with_pupils(request.school, on=today),
        "chosen": frozenset(pupil_ids),
        "pupils_fault": next(
            (str(message) for message in form.non_field_errors() if "pupil" in str(message).lower()),
            "",
        ),
    }
    return render(request, "registers/ahead_new.html", context, status=status)


def _show_check(
    request: StaffRequest, form: ArrangementForm, marked: tuple[MarkedAlready, ...], fault: str = ""
) -> HttpResponse:
    """Ask whether marks that stand already are left or amended."""
    names = {
        pupil.pk: pupil.register_name
        for pupil in Pupil.objects.filter(school=request.school, pk__in={mark.pupil_id for mark in marked})
    }
    kept = [
        (name, value)
        for name in request.POST
        if name not in ("csrfmiddlewaretoken", "standing", "reason")
        for value in request.POST.getlist(name)
    ]
    context = {
        "plan": form.plan(),
        "kept": kept,
        "marked": [(names[mark.pupil_id], mark) for mark in marked[:200]],
        "count": len(marked),
        "standing": request.POST.get("standing", ""),
        "today": present_moment().date(),
        "errors": [{"message": fault, "href": "#reason"}] if fault else [],
        "fault": fault,
    }
    return render(request, "registers/ahead_check.html", context, status=422 if fault else 200)


@require_safe
@staff_page(Right.MARK_AHEAD)
def ahead_one(request: StaffRequest, pk: int) -> HttpResponse:
    """Show one arrangement with the pupils who take part."""
    return _show_one(request, _known_ahead(request, pk), WhyForm())


@require_POST
@staff_page(Right.MARK_AHEAD)
def ahead_withdraw(request: StaffRequest, pk: int) -> HttpResponse:
    """Withdraw an arrangement."""
    row = _known_ahead(request, pk)
    form = WhyForm(request.POST)
    if form.is_valid():
        try:
            ahead.withdraw(row, why=form.cleaned_data["why"], by=request.user, at=present_moment())
        except DomainError as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, f"{row.name} is withdrawn. Marks made from it stay as they are.")
            return redirect("registers:ahead", request.school.key)
    return _show_one(request, row, form, status=422)


@require_POST
@staff_page(Right.MARK_AHEAD)
def ahead_leave_out(request: StaffRequest, pk: int) -> HttpResponse:
    """Take pupils out of an arrangement."""
    row = _known_ahead(request, pk)
    chosen = [int(text) for text in request.POST.getlist("pupil") if text.isdecimal() and len(text) < 19]
    try:
        if not chosen:
            raise DomainError("Choose who no longer takes part")
        left_out = ahead.leave_out(row, chosen, by=request.user, at=present_moment())
    except DomainError as refusal:
        faults = [{"message": refusal.message, "href": "#pupils"}]
        return _show_one(request, row, WhyForm(), errors=faults, status=422)
    messages.success(request, f"{counted(left_out, 'pupil')} taken out of {row.name}.")
    return redirect("registers:ahead_one", request.school.key, row.pk)


def _known_ahead(request: StaffRequest, pk: int) -> KnownAhead:
    return get_object_or_404(
        KnownAhead.objects.select_related("code", "recorded_by", "withdrawn_by"), school=request.school, pk=pk
    )


def _show_one(
    request: StaffRequest,
    row: KnownAhead,
    form: WhyForm,
    *,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> HttpResponse:
    pupils = Pupil.objects.filter(school=request.school, known_ahead__known_ahead=row).order_by(
        "surname", "forename", "pk"
    )
    context = {
        "row": row,
        "pupils": list(pupils),
        "form": form,
        "errors": errors or [],
        "today": present_moment().date(),
    }
    return render(request, "registers/ahead_one.html", context, status=status)


@require_safe
@staff_page(Right.MARK_AHEAD)
def pupil_ahead(request: StaffRequest, pupil_id: int) -> HttpResponse:
    """Show what stands ahead for one pupil."""
    today = present_moment().date()
    pupil = access.pupil_for(request.user, request.roles, school=request.school, pk=pupil_id, on=today)
    context = {
        "pupil": pupil,
        "standing": standing_of(pupil, on=today),
        "tabs": tabs_of(request, pupil, "registers:pupil_ahead"),
        "ahead": selectors.ahead_of_pupil(pupil, on=today),
        "today": today,
    }
    return render(request, "registers/pupil_ahead.html", context)
