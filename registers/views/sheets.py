"""Sheets for marking on paper, and the registers entered from them."""

from datetime import date, datetime

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import Right
from accounts.errors import DomainError
from accounts.http import StaffRequest, staff_page
from registers import access
from registers.clock import present_moment
from registers.code_choices import code_key
from registers.forms.arrivals import PaperForm
from registers.forms.register import Fault, RegisterForm
from registers.models import ClassTeacher, Session
from registers.posts import position_of
from registers.selectors import registers as register_selectors
from registers.selectors import sheets as selectors
from registers.services import paper as services
from registers.services.marks import MarkInput, MarksChangedMeanwhile, MarksRefused
from registers.services.paper import WrongPaperTime


@require_safe
@staff_page(Right.SEE_REGISTERS)
def sheets(request: StaffRequest, on: date | None = None) -> HttpResponse:
    """Show a sheet for each class of a day, one to a printed page."""
    at = present_moment()
    today = at.date()
    shown = on or today
    sessions = [one for one in register_selectors.sessions_of_day(request.school, on=shown) if one.is_held]
    groups = list(
        access.class_groups_for(request.user, request.roles, school=request.school, on=shown).order_by(
            "name", "pk"
        )
    )
    context = {
        "on": shown,
        "today": today,
        "at": at,
        "sessions": sessions,
        "sheets": selectors.sheets(
            request.school, on=shown, class_groups=groups, halves=[one.half for one in sessions]
        )
        if sessions
        else [],
        "key": code_key(shown, "AM"),
        "previous_day": register_selectors.previous_school_day(request.school, before=shown),
        "next_day": register_selectors.next_school_day(request.school, after=shown),
        "may_enter": request.may(Right.KEEP_ARRIVALS),
    }
    return render(request, "registers/sheets.html", context)


@require_safe
@staff_page(Right.KEEP_ARRIVALS)
def paper_of_day(request: StaffRequest, on: date) -> HttpResponse:
    """Show the classes of a day whose sheets can be entered, and what was entered from paper."""
    at = present_moment()
    sessions = [one for one in register_selectors.sessions_of_day(request.school, on=on) if one.is_held]
    groups = list(
        access.class_groups_for(request.user, request.roles, school=request.school, on=on).order_by(
            "name", "pk"
        )
    )
    context = {
        "on": on,
        "today": at.date(),
        "sessions": sessions,
        "groups": groups,
        "entered": selectors.paper_of_day(request.school, on=on),
    }
    return render(request, "registers/paper_day.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ARRIVALS)
def paper(request: StaffRequest, on: date, half: str, class_id: int) -> HttpResponse:
    """Enter a register that was marked on paper: who marked it, when, and the marks."""
    at = present_moment()
    group = access.class_group_for(request.user, request.roles, school=request.school, pk=class_id, on=on)
    session = get_object_or_404(Session, school=request.school, on=on, half=half)
    if group.academic_year != session.academic_year:
        raise Http404
    page = register_selectors.register_page(group, session)
    teacher = (
        ClassTeacher.objects.filter(class_group=group, starts_on__lte=on)
        .exclude(ends_on__lt=on)
        .select_related("user")
        .order_by("pk")
        .first()
    )
    form = RegisterForm(page, at=at)
    _empty_unexplained(form)
    about = PaperForm(initial={"marked_by": teacher.user.name if teacher else ""})
    if request.method == "POST":
        access.check_can_save_marks(request.roles, session, at=at)
        about = PaperForm(request.POST)
        form = RegisterForm(page, request.POST, at=at)
        if about.is_valid() and form.is_valid():
            marks, filled = _marks_of(form, rest_present=about.cleaned_data["rest_present"])
            try:
                saved = services.enter_paper(
                    group,
                    session,
                    marks=marks,
                    pupils=page.pupils,
                    with_timetable=page.with_timetable,
                    marked_by_name=about.cleaned_data["marked_by"],
                    marked_at=_moment(on, about),
                    by=request.user,
                    at=at,
                    position=position_of(request.roles),
                )
            except MarksRefused as refused:
                form.refuse(refused.faults)
            except MarksChangedMeanwhile as changed:
                form.show_conflict(changed.current)
            except WrongPaperTime as refusal:
                about.add_error("marked_at", refusal.message)
            except DomainError as refusal:
                form.other_faults.append(Fault(refusal.message))
            else:
                count = saved.recorded + saved.changed + saved.cleared
                rest = f", {filled} of them present without a mark on the sheet" if filled else ""
                messages.success(request, f"Entered from paper: {count} mark{'s' * (count != 1)}{rest}.")
                return redirect(reverse("registers:paper_day", args=[request.school.key, on]))
    context = {
        "form": about,
        "register": form,
        "errors": form.faults,
        "page": page,
        "session": session,
        "today": at.date(),
        "present": form.present,
        "entered": selectors.paper_registers(group, session),
        "is_open": session.is_held and at >= session.opens_at,
    }
    return render(request, "registers/paper.html", context, status=422 if request.method == "POST" else 200)


def _moment(on: date, about: PaperForm) -> datetime:
    return timezone.make_aware(datetime.combine(on, about.cleaned_data["marked_at"]))


def _marks_of(form: RegisterForm, *, rest_present: bool) -> tuple[list[MarkInput], int]:
    """
    Return the marks of the sheet, and how many of them are those of pupils without one.

    A blank box takes no mark away: the sheet says nothing of the pupil.
    """
    marks = [one for one in form.marks if one.code]
    if not rest_present:
        return marks, 0
    blank = [
        MarkInput(row.id, form.present, seen_code=row.seen.code)
        for row in form.rows
        if not row.code and row.seen.code in ("", "N")
    ]
    return [*marks, *blank], len(blank)


def _empty_unexplained(form: RegisterForm) -> None:
    """Leave blank what only the closing of the register marked N: the sheet knows better."""
    closed_over = {
        row.pupil.pk for row in form.page.rows if row.code == "N" and row.source in ("system", "ahead")
    }
    for row in form.rows:
        if row.id in closed_over:
            row.code = row.shown = ""
