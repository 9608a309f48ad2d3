"""The calendar of the school: a year at a glance, half terms, closures, emergencies, and undoing them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import Right
from accounts.errors import DomainError
from accounts.http import StaffRequest, staff_page
from registers.clock import present_moment
from registers.forms.set_up import ClosureForm, HalfTermForm, UndoForm
from registers.models import CalendarPeriod, Session
from registers.posts import position_of
from registers.rules.calendar import academic_year_name, academic_year_of
from registers.rules.closures import EMERGENCY, PLANNED
from registers.rules.codes import CODE_BY_SYMBOL
from registers.rules.numbers import counted
from registers.selectors import school_calendar as selectors
from registers.services import calendar as calendar_service
from registers.services import closures
from registers.services.calendar import CalendarPlan
from registers.services.calendar_periods import FIRST_YEAR, LAST_YEAR, Period
from registers.services.closures import ClosurePlan, MarksOfSession, ReasonMissing, ReopeningPlan
from registers.services.refusals import RowsRefused
from registers.words import code_name, day

FAR_AHEAD = timedelta(days=7)  # an emergency is not known a week before


@dataclass(frozen=True)
class Preview:
    """What would change, in words; `token` says what was shown."""

    lines: tuple[str, ...]
    notes: tuple[str, ...] = ()
    marks: tuple["MarksLine", ...] = ()
    token: str = ""


@dataclass(frozen=True)
class MarksLine:
    """The marks of one session that would go."""

    session: Session
    total: int
    words: str
    taken: str


@require_safe
@staff_page(Right.SET_UP_SCHOOL)
def calendar(request: StaffRequest, year: int | None = None) -> HttpResponse:
    """Show one academic year at a glance, with its half terms and closures."""
    today = present_moment().date()
    academic_year = academic_year_of(today) if year is None else year
    if not FIRST_YEAR <= academic_year <= LAST_YEAR:
        raise Http404
    shown = selectors.year_calendar(request.school, academic_year, today=today)
    context = {
        "year": shown,
        "years": [
            (one, academic_year_name(one), one == academic_year)
            for one in selectors.years_of(request.school, today=today)
        ],
        "today": today,
        "is_this_year": academic_year == academic_year_of(today),
        "emergency": EMERGENCY,
    }
    return render(request, "registers/set_up_calendar.html", context)


# --- half terms


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.SET_UP_SCHOOL)
def half_term_new(request: StaffRequest, year: int) -> HttpResponse:
    """Add a half term: what it adds is shown first."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Http404
    return _half_term(request, None, year=year)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.SET_UP_SCHOOL)
def half_term(request: StaffRequest, period_id: int) -> HttpResponse:
    """Change the name or days of a half term: what changes is shown first."""
    row = get_object_or_404(CalendarPeriod, school=request.school, pk=period_id, kind="half_term")
    return _half_term(request, row, year=academic_year_of(row.first_day))


def _half_term(request: StaffRequest, row: CalendarPeriod | None, *, year: int) -> HttpResponse:
    at = present_moment()
    initial = {"name": row.name, "first_day": row.first_day, "last_day": row.last_day} if row else None
    if request.method != "POST":
        return _show_half_term(request, HalfTermForm(initial=initial), row, year)
    form = HalfTermForm(request.POST, initial=initial)
    preview, status = None, 422
    if form.is_valid():
        period = form.period()
        drop = [row.pk] if row else []
        try:
            if row is None:
                _check_is_new(request, period)
            plan = calendar_service.plan_calendar(request.school, [period], drop=drop, today=at.date())
            in_the_way = calendar_service.faults_of_marks(plan.sessions.closing, [period])
            if in_the_way:
                raise RowsRefused(in_the_way)
            preview = Preview(tuple(_session_lines(plan, at.date())), token=_token(period, plan))
            if "save" in request.POST and request.POST.get("seen", "") == preview.token:
                calendar_service.set_calendar(request.school, [period], by=request.user, at=at, drop=drop)
                done = "changed" if row else "added"
                messages.success(request, f"{period.name} is {done}. {' '.join(preview.lines)}")
                return redirect("registers:set_up_calendar_of", request.school.key, period.academic_year)
            status = 200
        except RowsRefused as refused:
            form.refuse(refused)
        except DomainError as refusal:
            form.add_error(None, refusal.message)
    return _show_half_term(request, form, row, year, preview=preview, status=status)


def _check_is_new(request: StaffRequest, period: Period) -> None:
    """
    Refuse a name that the year has already: adding it again would move the half term that stands.

    :raises DomainError: the year has a half term of this name
    """
    first, last = date(period.academic_year, 8, 1), date(period.academic_year + 1, 7, 31)
    rows = CalendarPeriod.objects.filter(
        school=request.school, kind="half_term", name__iexact=period.name, first_day__range=(first, last)
    )
    if rows.exists():
        name = academic_year_name(period.academic_year)
        raise DomainError(f"{name} has a half term {period.name} already: change that one.")


def _show_half_term(
    request: StaffRequest,
    form: HalfTermForm,
    row: CalendarPeriod | None,
    year: int,
    *,
    preview: Preview | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "row": row,
        "year": year,
        "year_name": academic_year_name(year),
        "heading": f"Change {row.name}" if row else "Add a half term",
        "preview": preview,
    }
    return render(request, "registers/set_up_half_term.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.SET_UP_SCHOOL)
def half_term_removal(request: StaffRequest, period_id: int) -> HttpResponse:
    """Take a half term without marks out of the calendar, with its sessions."""
    at = present_moment()
    row = get_object_or_404(CalendarPeriod, school=request.school, pk=period_id, kind="half_term")
    year, name = academic_year_of(row.first_day), row.name
    errors, preview = [], Preview(())
    try:
        plan = calendar_service.plan_calendar(request.school, drop=[row.pk], today=at.date())
        marked = calendar_service.marks_by_day(plan.sessions.closing)
        if marked:
            days = counted(len(marked), "day")
            raise DomainError(
                f"{counted(sum(marked.values()), 'mark')} on {days} stand in {name}: it cannot be removed. "
                "Change its days, or close the days on which nobody was there."
            )
        preview = Preview(tuple(_session_lines(plan, at.date())))
        if request.method == "POST":
            calendar_service.set_calendar(request.school, by=request.user, at=at, drop=[row.pk])
            messages.success(request, f"{name} is removed. {' '.join(preview.lines)}")
            return redirect("registers:set_up_calendar_of", request.school.key, year)
    except RowsRefused as refused:
        errors = [{"message": f"{refused.faults[0].text}."}]
    except DomainError as refusal:
        errors = [{"message": refusal.message}]
    context = {
        "row": row,
        "year": year,
        "year_name": academic_year_name(year),
        "errors": errors if request.method == "POST" else [],
        "refusal": errors[0]["message"] if errors else "",
        "preview": preview,
    }
    status = 422 if errors and request.method == "POST" else 200
    return render(request, "registers/set_up_half_term_removal.html", context, status=status)


# --- closures


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.SET_UP_SCHOOL)
def closure_new(request: StaffRequest) -> HttpResponse:
    """Enter a planned closure (#)."""
    return _closure(request, PLANNED, initial={})


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.SET_UP_SCHOOL)
def emergency(request: StaffRequest) -> HttpResponse:
    """Declare an emergency closure (Y4), from the first session that does not take place."""
    at = present_moment()
    today = at.date()
    morning = Session.objects.filter(school=request.school, on=today, half="AM", status="held").first()
    # A morning whose register has closed took place; what follows is what can still be cancelled.
    first_half = "PM" if morning is not None and at > morning.closes_at else "AM"
    return _closure(
        request, EMERGENCY, initial={"first_day": today, "last_day": today, "first_half": first_half}
    )


def _closure(request: StaffRequest, kind: str, *, initial: dict[str, object]) -> HttpResponse:
    at = present_moment()
    if request.method != "POST":
        return _show_closure(request, ClosureForm(kind, initial={**DEFAULTS, **initial}), at=at)
    form = ClosureForm(kind, request.POST)
    preview, status = None, 422
    if form.is_valid():
        period, reason = form.period(), form.cleaned_data["reason"]
        try:
            plan = closures.plan_closure(request.school, period, at=at)
            if not plan.closing:
                raise DomainError("No session is held on these days: there is nothing to close.")
            preview, status = _closure_preview(plan, at), 200
            if "save" in request.POST:
                done = closures.close_school(
                    request.school,
                    period,
                    by=request.user,
                    at=at,
                    reason=reason,
                    position=position_of(request.roles),
                    seen=request.POST.get("seen", ""),
                )
                messages.success(request, _closed_words(period, done, at.date()))
                return redirect("registers:set_up_calendar_of", request.school.key, period.academic_year)
        except RowsRefused as refused:
            form.refuse(refused)
            preview, status = None, 422
        except ReasonMissing as missing:
            form.add_error("reason", missing.message)
            status = 422
        except DomainError as refusal:
            form.add_error(None, refusal.message)
            status = 422
    return _show_closure(request, form, at=at, preview=preview, status=status)


DEFAULTS = {"first_half": "AM", "last_half": "PM"}


def _show_closure(
    request: StaffRequest,
    form: ClosureForm,
    *,
    at: datetime,
    preview: Preview | None = None,
    status: int = 200,
) -> HttpResponse:
    is_emergency = form.kind == EMERGENCY
    context = {
        "form": form,
        "is_emergency": is_emergency,
        "heading": "Declare an emergency closure" if is_emergency else "Add a planned closure",
        "act": "Close the school" if is_emergency else "Add the closure",
        "preview": preview,
        "today": at.date(),
    }
    return render(request, "registers/set_up_closure.html", context, status=status)


def _closure_preview(plan: ClosurePlan, at: datetime) -> Preview:
    """Say what a closure would do, and what looks wrong about it."""
    today, period = at.date(), plan.period
    sessions = plan.closing
    lines = [f"{counted(len(sessions), 'session')} no longer held: {_sessions_words(sessions, today)}."]
    if plan.mark_count:
        lines.append(
            f"{counted(plan.mark_count, 'mark')} taken away. They stay in the history with the reason, and "
            "stand again if the closure is undone."
        )
    notes = []
    took_place = [one for one in plan.marks if one.registers and one.taken]
    if period.kind == EMERGENCY:
        if took_place:
            first = took_place[0].session
            notes.append(
                f"The register of {day(first.on, today)} {first.half} was taken in "
                f"{counted(took_place[0].registers, 'class', 'classes')}. A session that took place stands: "
                "begin with the first session that did not."
            )
        if period.first_day > today + FAR_AHEAD:
            notes.append("A closure that is known so far ahead is a planned closure (#), not an emergency.")
    elif period.first_day <= today:
        notes.append("A closure that nobody had planned is an emergency closure (Y4).")
    if plan.needs_reason:
        notes.append(f"{counted(plan.taken, 'mark')} of them were taken: give a reason.")
    return Preview(tuple(lines), tuple(notes), tuple(_marks_line(one) for one in plan.marks), plan.token)


def _marks_line(marks: MarksOfSession) -> MarksLine:
    """Return the marks of a session by what they mean, the most frequent first."""
    named: Counter[str] = Counter()
    for code, count in marks.by_code.items():
        known = CODE_BY_SYMBOL.get(code)
        present = known is not None and code_name(code) == "Present"
        named["present" if present else f"{code} {code_name(code).lower()}"] += count
    words = ", ".join(f"{count} {name}" for name, count in named.most_common())
    taken = f"taken in {counted(marks.registers, 'class', 'classes')}" if marks.registers else "not taken"
    return MarksLine(marks.session, marks.total, words, taken)


def _closed_words(period: Period, done: closures.Closed, today: date) -> str:
    what = "The school is closed" if period.kind == EMERGENCY else "The closure is added"
    words = f"{what}: {period.name}. {counted(done.sessions, 'session')} no longer held"
    cleared = f", {counted(done.cleared, 'mark')} taken away" if done.cleared else ""
    return f"{words}{cleared}."


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.SET_UP_SCHOOL)
def closure_removal(request: StaffRequest, closure_id: int) -> HttpResponse:
    """Undo a closure: its sessions are held again, and the marks that it took away stand again."""
    at = present_moment()
    row = get_object_or_404(
        CalendarPeriod, school=request.school, pk=closure_id, kind__in=[PLANNED, EMERGENCY]
    )
    year, name = academic_year_of(row.first_day), row.name
    form = UndoForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                done = closures.reopen_school(
                    request.school,
                    row,
                    by=request.user,
                    at=at,
                    reason=form.cleaned_data["reason"],
                    position=position_of(request.roles),
                    seen=request.POST.get("seen", ""),
                )
            except DomainError as refusal:
                form.add_error(None, refusal.message)
            else:
                messages.success(request, _reopened_words(name, done))
                return redirect("registers:set_up_calendar_of", request.school.key, year)
    try:
        preview = _reopening_preview(closures.plan_reopening(request.school, row, at=at), at)
    except DomainError as refusal:  # such as a school whose times were never entered
        preview = Preview((refusal.message,))
    context = {
        "form": form,
        "row": row,
        "span": selectors.span_words(row, at.date()),
        "year": year,
        "year_name": academic_year_name(year),
        "preview": preview,
    }
    return render(request, "registers/set_up_closure_removal.html", context, status=status)


def _reopening_preview(plan: ReopeningPlan, at: datetime) -> Preview:
    opening, today = plan.opening, at.date()
    if not opening:
        return Preview(("No session changes: the days stay closed for another reason.",), token=plan.token)
    lines = [f"{counted(len(opening), 'session')} held again: {_sessions_words(opening, today)}."]
    if plan.restored:
        lines.append(f"{counted(len(plan.restored), 'mark')} that the closure took away stand again.")
    notes = []
    if plan.lost:
        notes.append(f"{counted(plan.lost, 'mark')} cannot stand again: the pupils are not on roll then.")
    restored = {mark.session_id for mark in plan.restored}
    to_take = [row for row in opening if row.pk not in restored and row.opens_at <= at]
    if to_take:
        notes.append(
            f"No marks come back for {_sessions_words(to_take, today)}: take the registers, or each pupil "
            "counts as N."
        )
    return Preview(tuple(lines), tuple(notes), token=plan.token)


def _reopened_words(name: str, done: closures.Reopened) -> str:
    words = f"{name} is undone: {counted(done.sessions, 'session')} held again"
    restored = f", {counted(done.restored, 'mark')} stand again" if done.restored else ""
    lost = f" {counted(done.lost, 'mark')} could not stand again." if done.lost else ""
    return f"{words}{restored}.{lost}"


# --- words


def _session_lines(plan: CalendarPlan, today: date) -> list[str]:
    """Return what becomes of sessions, in sentences."""
    change, sessions = plan.change, plan.sessions
    lines = []
    if sessions.added:
        held = [row for row in sessions.added if row.is_held]
        lines.append(f"{counted(len(held), 'session')} added: {_sessions_words(held, today)}.")
    if sessions.removed:
        removed = _sessions_words(sessions.removed, today)
        lines.append(f"{counted(len(sessions.removed), 'session')} removed: {removed}.")
    if change.sessions_changed:
        lines.append(f"{counted(change.sessions_changed, 'session')} changed.")
    return lines or ["No session changes."]


def _sessions_words(rows: Sequence[Session], today: date) -> str:
    """Return sessions by their first and last: "Mon 3 Nov AM to Fri 19 Dec PM"."""
    if not rows:
        return "none"
    ordered = sorted(rows, key=lambda row: (row.on, row.half))
    first, last = (f"{day(row.on, today)} {row.half}" for row in (ordered[0], ordered[-1]))
    return first if first == last else f"{first} to {last}"


def _token(period: Period, plan: CalendarPlan) -> str:
    change = plan.change
    return "-".join(
        str(part)
        for part in (
            period.first_day,
            period.last_day,
            period.name.lower().replace(" ", "_"),
            change.sessions_added,
            change.sessions_removed,
            change.sessions_changed,
        )
    )
