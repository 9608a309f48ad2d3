"""The history of one mark, and the registers of a class as they stood."""

import csv
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import Right
from accounts.http import StaffRequest, staff_page
from registers import access
from registers.clock import present_moment
from registers.forms.amending import LONGEST_SHOWN_DAYS, AsAtForm
from registers.heat_map import CLOSED_CODES, mark_words
from registers.imports.cells import with_formula_guard
from registers.models import ClassGroup, Mark, Session
from registers.rules.figures import Figures, figures_of
from registers.selectors import as_at as selectors
from registers.selectors import registers
from registers.selectors.as_at import ClassRegister, PupilLine, StoodMark
from registers.words import code_name, day, moment

CSV_COLUMNS = (
    "upn", "surname", "forename", "date", "session", "code", "arrived_at", "nature", "original_code",
    "amended", "recorded_by", "position", "recorded_at", "reason",
)  # fmt: skip


@require_safe
@staff_page(Right.SEE_REGISTERS)
def mark_history(request: StaffRequest, pupil_id: int, session_id: int) -> HttpResponse:
    """Tell in words what was marked for a pupil in a session, by whom, and every change since."""
    at = present_moment()
    pupil = access.pupil_for(request.user, request.roles, school=request.school, pk=pupil_id, on=at.date())
    session = get_object_or_404(Session, school=request.school, pk=session_id)
    mark = Mark.objects.filter(academic_year=session.academic_year, pupil=pupil, session=session).first()
    context = {
        "pupil": pupil,
        "session": session,
        "today": at.date(),
        "mark": mark,
        "mark_words": mark_words(mark.code_id, mark.arrived_at, mark.nature) if mark else "",
        "changes": registers.history_of_mark(pupil, session),
        "heading": f"{pupil.full_name}, {day(session.on, at.date())} {session.half}",
        "may_amend": request.may(Right.AMEND_MARKS) and session.is_held and at >= session.opens_at,
    }
    return render(request, "registers/mark_history.html", context)


@dataclass(frozen=True)
class ShownMark:
    """One cell of the page."""

    source: StoodMark
    label: str
    closed_symbol: str = ""


@require_safe
@staff_page(Right.SEE_REGISTERS)
def as_at(request: StaffRequest, class_id: int) -> HttpResponse:
    """
    Show a class's registers over some days as they stood at a moment, or, with no moment, as they stand.

    Without days it is the week of the present day; `format=csv` gives the same as a file.
    """
    now = present_moment()
    today = now.date()
    group = get_object_or_404(ClassGroup, school=request.school, pk=class_id)
    access.class_group_for(
        request.user, request.roles, school=request.school, pk=class_id, on=_day_in(group, today)
    )
    monday = _day_in(group, today) - timedelta(days=_day_in(group, today).weekday())
    form = AsAtForm.of(request.GET, first_day=monday, last_day=monday + timedelta(days=4))
    is_file = request.GET.get("format") == "csv"
    is_read = form.read(longest=None if is_file else LONGEST_SHOWN_DAYS)
    if not is_read or form.first_day is None or form.last_day is None:
        context = {"group": group, "form": form, "errors": form.faults, "field_errors": form.errors}
        return render(request, "registers/as_at.html", context | {"today": today}, status=422)
    stood_at = timezone.make_aware(form.moment) if form.moment else None
    register = selectors.class_register(
        group, first_day=form.first_day, last_day=form.last_day, as_at=stood_at
    )
    if is_file:
        return _file(register, form)
    week = timedelta(days=7)
    context = {
        "group": group,
        "form": form,
        "today": today,
        "first_day": form.first_day,
        "last_day": form.last_day,
        "stood_at": stood_at,
        "now": now,
        "register": register,
        "days": _days_of(register),
        "lines": [_line(line, today=today) for line in register.lines],
        "weeks": (form.first_day - week, form.last_day - week, form.first_day + week, form.last_day + week),
        "may_amend": request.may(Right.AMEND_MARKS),
    }
    return render(request, "registers/as_at.html", context)


def _day_in(group: ClassGroup, today: date) -> date:
    """Return today, or the nearest day of the class's academic year."""
    first, last = date(group.academic_year, 9, 1), date(group.academic_year + 1, 7, 31)
    return min(max(today, first), last)


def _days_of(register: ClassRegister) -> list[tuple[date, int]]:
    """Return each day with the number of its sessions."""
    return list(Counter(session.on for session in register.sessions).items())


def _line(line: PupilLine, *, today: date) -> tuple[PupilLine, list[ShownMark], Figures]:
    """Return a pupil's line with words for each mark, and the figures that the marks shown make."""
    counted = Counter(mark.code for mark in line.marks if mark.in_class and mark.code)
    return line, [_shown(line, mark, today=today) for mark in line.marks], figures_of(counted)


def _shown(line: PupilLine, mark: StoodMark, *, today: date) -> ShownMark:
    session = mark.session
    when = f"{line.full_name}, {day(session.on, today)} {session.half}"
    if not session.is_held:
        symbol = CLOSED_CODES[session.status]
        return ShownMark(mark, f"{when}: {code_name(symbol)}", symbol)
    words = mark_words(mark.code, mark.arrived_at, mark.nature) if mark.code else "No mark"
    if mark.is_amended and mark.at is not None:
        words += (
            f"; originally {mark.original or 'none'}, {code_name(mark.original)};"
            f" amended by {mark.by_name} on {moment(mark.at, today)}: {mark.reason}"
        )
    return ShownMark(mark, f"{when}: {words}")


def _file(register: ClassRegister, form: AsAtForm) -> HttpResponse:
    """Return the marks as CSV, one line for each, with what they were at first."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    name = f"register-{register.class_group.pk}-{form.first_on}-{form.last_on}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    writer = csv.writer(response)
    writer.writerow(CSV_COLUMNS)
    for line, mark in selectors.rows_of(register):
        cells = (
            line.upn, line.surname, line.forename, mark.session.on.isoformat(), mark.session.half, mark.code,
            mark.arrived_at.strftime("%H:%M") if mark.arrived_at else "", mark.nature, mark.original,
            "yes" if mark.is_amended else "", mark.by_name, mark.by_position, _local(mark.at), mark.reason,
        )  # fmt: skip
        writer.writerow([with_formula_guard(cell) for cell in cells])
    return response


def _local(at: datetime | None) -> str:
    return timezone.localtime(at).isoformat() if at else ""
