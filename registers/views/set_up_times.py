"""The times of the school's day: as they stand, what a change would do, and the change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import Right
from accounts.errors import DomainError
from accounts.http import StaffRequest, staff_page
from registers.clock import present_moment
from registers.forms.school_day import Fault, SchoolDayForm
from registers.models.calendar import FIRST_DAY
from registers.rules.day import DayTimesInput, LineKey, by_key, days_words, notes_on_day
from registers.rules.numbers import counted
from registers.services import day_times
from registers.services.day_times import DayPlan
from registers.services.sessions import DayBook, day_book_of
from registers.words import clock, day


@dataclass(frozen=True)
class Preview:
    """What new times would change, in words."""

    sentence: str
    changes: tuple[str, ...]
    notes: tuple[str, ...]
    token: str  # of what was checked


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.SET_UP_SCHOOL)
def times(request: StaffRequest) -> HttpResponse:
    """Show the times of the day, say what a change would do, and make it from a day on."""
    at = present_moment()
    book = day_book_of(request.school)
    starts_on = _suggested_start(book, at.date()) if book.sets else None
    standing = list(book.sets[0][1].values()) if book.sets else []
    if request.method != "POST":
        return _show(request, SchoolDayForm(standing, starts_on=starts_on), book, at=at)
    form = SchoolDayForm(standing, request.POST, starts_on=starts_on)
    if "more" in request.POST:
        return _show(request, form, book, at=at, seen=request.POST.get("seen", ""))
    if not form.is_valid():
        return _show(request, form, book, at=at, seen=request.POST.get("seen", ""), status=422)
    first_day = form.starts_on or FIRST_DAY
    try:
        plan = day_times.plan_day_times(request.school, form.times, starts_on=first_day, today=at.date())
        if "save" in request.POST and request.POST.get("checked", "") == form.token:
            done = day_times.set_day_times(
                request.school,
                form.times,
                starts_on=first_day,
                by=request.user,
                at=at,
                seen=request.POST.get("seen", ""),
            )
            messages.success(request, _done_words(done, at.date()))
            return redirect("registers:set_up_times", request.school.key)
    except DomainError as refusal:
        form.other_faults.append(Fault(refusal.message))
        return _show(request, form, book, at=at, status=422)
    preview = _preview(form, plan, standing, at.date())
    return _show(request, form, book, at=at, preview=preview, seen=request.POST.get("seen", ""))


@require_POST
@staff_page(Right.SET_UP_SCHOOL)
def removal(request: StaffRequest, on: date) -> HttpResponse:
    """Take back times that have not begun."""
    at = present_moment()
    try:
        changed = day_times.drop_day_times(request.school, starts_on=on, by=request.user, at=at)
    except DomainError as refusal:
        book = day_book_of(request.school)
        standing = list(book.sets[0][1].values()) if book.sets else []
        form = SchoolDayForm(standing, starts_on=_suggested_start(book, at.date()))
        form.other_faults.append(Fault(refusal.message))
        return _show(request, form, book, at=at, status=422)
    words = f"The times from {day(on, at.date())} are taken back"
    messages.success(request, f"{words}: {counted(changed, 'session')} changed.")
    return redirect("registers:set_up_times", request.school.key)


def _show(
    request: StaffRequest,
    form: SchoolDayForm,
    book: DayBook,
    *,
    at: datetime,
    preview: Preview | None = None,
    seen: str = "",
    status: int = 200,
) -> HttpResponse:
    today = at.date()
    context = {
        "day_form": form,
        "form": form.start,
        "errors": form.faults,
        "preview": preview,
        # A page that was refused shows what stands now, so that saving again replaces it knowingly.
        "seen": seen if status == 200 and seen else day_times.token_of(book),
        "sets": [
            {
                "starts_on": starts_on,
                "is_coming": starts_on > today,
                "is_first": starts_on == FIRST_DAY,
                "lines": _lines_in_words(lines),
            }
            for starts_on, lines in book.sets
        ],
        "today": today,
    }
    return render(request, "registers/set_up_times.html", context, status=status)


def _suggested_start(book: DayBook, today: date) -> date:
    """Return the day of times that are to come already, otherwise the next Monday."""
    latest = book.sets[0][0] if book.sets else today
    return latest if latest > today else today + timedelta(days=7 - today.weekday())


def _preview(form: SchoolDayForm, plan: DayPlan, standing: Sequence[DayTimesInput], today: date) -> Preview:
    return Preview(
        sentence=_plan_words(plan, today),
        changes=tuple(_changes(by_key(standing), by_key(form.times))),
        notes=tuple(notes_on_day(form.times)),
        token=form.token,
    )


def _plan_words(plan: DayPlan, today: date) -> str:
    if not plan.session_count:
        return "No session of the calendar gets other times."
    words = f"{counted(plan.session_count, 'session')} from {day(plan.starts_on, today)}"
    until = f" to {day(plan.last_day, today)}" if plan.last_day else ""
    return f"{words}{until} get other times. Sessions before keep theirs."


def _done_words(plan: DayPlan, today: date) -> str:
    if plan.starts_on == FIRST_DAY:
        return "The times of the school day are entered."
    words = f"The times hold from {day(plan.starts_on, today)}"
    return f"{words}: {counted(plan.session_count, 'session')} changed."


def _changes(before: Mapping[LineKey, DayTimesInput], after: Mapping[LineKey, DayTimesInput]) -> list[str]:
    """Return in words which lines are new, changed or gone."""
    changes = []
    for key in [*after, *(key for key in before if key not in after)]:
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        half, weekday, year_group = key
        words = days_words(weekday, year_group)
        name = f"{half}, {words}" if words else half
        if new is None:
            changes.append(f"{name}: as on other days from then on")
        elif old is None:
            changes.append(f"{name}: {_in_words(new)}")
        else:
            changes.append(f"{name}: {_in_words(new)} (before: {_in_words(old)})")
    return changes


def _in_words(line: DayTimesInput) -> str:
    times = line.times
    late, closes = clock(times.late_after), clock(times.closes_at)
    words = [f"opens {clock(times.opens_at)}, late after {late}, closes {closes}"]
    words += [f"gates {clock(line.gates_open_at)}"] if line.gates_open_at else []
    words += [f"come in from {clock(line.entry_from)}"] if line.entry_from else []
    words += [f"day ends {clock(times.day_ends_at)}"] if times.day_ends_at else []
    return ", ".join(words)


def _lines_in_words(lines: Mapping[LineKey, DayTimesInput]) -> list[str]:
    return [
        f"{half}{f', {words}' if (words := days_words(weekday, year_group)) else ''}: {_in_words(line)}"
        for (half, weekday, year_group), line in sorted(
            lines.items(), key=lambda one: (one[0][2], -1 if one[0][1] is None else one[0][1], one[0][0])
        )
    ]
