"""The day board, the register of a class, and the history of one mark."""

from dataclasses import dataclass
from datetime import date, datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import Right
from accounts.errors import DomainError
from accounts.http import StaffRequest, staff_page
from accounts.models import Role
from registers import access
from registers.clock import present_moment
from registers.code_choices import code_key
from registers.forms import Fault, RegisterForm, minutes_left
from registers.models import Session
from registers.selectors import registers as selectors
from registers.selectors.registers import ClassDay, HalfTaken
from registers.services import marks
from registers.services.marks import MarksChangedMeanwhile, MarksRefused, RegisterClosed, Saved
from registers.words import clock, day

# The post that the history prints beside a person's name, when they hold several: the most senior.
POSTS = (Role.HEAD, Role.CHAMPION, Role.OFFICE, Role.TEACHER)


@dataclass(frozen=True)
class HalfTile:
    """One half of one class on the day board, in words."""

    half: str
    url: str
    look: str  # due, part, taken, late, or "" when nothing is asked of anybody
    state: str
    details: tuple[str, ...]
    is_open: bool


@dataclass(frozen=True)
class ClassTile:
    """One class on the day board."""

    name: str
    on_roll: int
    halves: tuple[HalfTile, ...]


@require_safe
@staff_page(Right.SEE_REGISTERS)
def day_board(request: StaffRequest, on: date | None = None) -> HttpResponse:
    """Show every class that the person may open, morning and afternoon, taken or not."""
    at = present_moment()
    today = at.date()
    on = on or today
    groups = list(
        access.class_groups_for(request.user, request.roles, school=request.school, on=on).order_by(
            "name", "pk"
        )
    )
    sessions = selectors.sessions_of_day(request.school, on=on)
    is_school_day = any(session.is_held for session in sessions)
    classes = selectors.school_day(groups, sessions=sessions) if is_school_day else []
    previous_day = selectors.previous_school_day(request.school, before=on)
    next_day = selectors.next_school_day(request.school, after=on)
    context = {
        "on": on,
        "today": today,
        "is_school_day": is_school_day,
        "closure": next((session.get_status_display() for session in sessions if not session.is_held), ""),
        "tiles": [_class_tile(request, one_class, at=at) for one_class in classes],
        "summaries": [_half_summary(half, classes, at=at) for half in ("AM", "PM")] if classes else [],
        "previous_day": previous_day,
        "next_day": next_day,
        "has_classes": bool(groups),
        "sees_all": request.may(Right.SEE_PUPILS),
    }
    return render(request, "registers/day.html", context)


def _class_tile(request: StaffRequest, one_class: ClassDay, *, at: datetime) -> ClassTile:
    halves = tuple(
        _half_tile(
            taken,
            url=reverse(
                "registers:register",
                kwargs={
                    "school_key": request.school.key,
                    "on": taken.session.on,
                    "half": taken.session.half,
                    "class_id": one_class.class_group.pk,
                },
            ),
            at=at,
        )
        for taken in one_class.halves
    )
    on_roll = max((taken.on_roll for taken in one_class.halves), default=0)
    return ClassTile(one_class.class_group.name, on_roll, halves)


def _half_tile(taken: HalfTaken, *, url: str, at: datetime) -> HalfTile:
    """Say in words where one register stands; nothing is asked for a register that cannot be taken."""
    session = taken.session
    details = [f"{taken.absent} absent"] if taken.absent else []
    if taken.unexplained:
        details.append(f"{taken.unexplained} unexplained")
    if taken.register is not None:
        details.append(f"{taken.register.taken_by.name}, {clock(taken.register.taken_at)}")
    if not session.is_held:
        return HalfTile(session.half, url, "", "School closed", (), is_open=False)
    if not taken.on_roll:
        return HalfTile(session.half, url, "", "No pupils", (), is_open=False)
    if taken.is_complete:
        return HalfTile(session.half, url, "taken", "Taken", tuple(details), is_open=True)
    if at < session.opens_at:
        state = f"Opens {clock(session.opens_at)}"
        return HalfTile(session.half, url, "", state, tuple(details), is_open=taken.marked > 0)
    closed = at > session.closes_at
    if not taken.marked:
        detail = f"closed {clock(session.closes_at)}" if closed else f"closes {clock(session.closes_at)}"
        return HalfTile(session.half, url, "late" if closed else "due", "Not taken", (detail,), is_open=True)
    state = f"{taken.marked} of {taken.on_roll} marked"
    return HalfTile(session.half, url, "late" if closed else "part", state, tuple(details), is_open=True)


def _half_summary(half: str, classes: list[ClassDay], *, at: datetime) -> str:
    """Return one half of the day in one line: "AM 13 of 14 taken · 6 unexplained"."""
    halves = [
        taken
        for one_class in classes
        for taken in one_class.halves
        if taken.session.half == half and taken.session.is_held and taken.on_roll
    ]
    if not halves:
        return f"{half} closed"
    if at < halves[0].session.opens_at and not any(taken.marked for taken in halves):
        return f"{half} opens {clock(halves[0].session.opens_at)}"
    complete = sum(taken.is_complete for taken in halves)
    unexplained = sum(taken.unexplained for taken in halves)
    words = f"{half} {complete} of {len(halves)} taken"
    return f"{words} · {unexplained} unexplained" if unexplained else words


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.SEE_REGISTERS)
def register(request: StaffRequest, on: date, half: str, class_id: int) -> HttpResponse:
    """Show one class's register for one session, and save what was entered: all of it, or nothing."""
    at = present_moment()
    group = access.class_group_for(request.user, request.roles, school=request.school, pk=class_id, on=on)
    session = get_object_or_404(Session, school=request.school, on=on, half=half)
    if group.academic_year != session.academic_year:
        raise Http404
    page = selectors.register_page(group, session)
    if request.method != "POST":
        return _show_register(request, RegisterForm(page, at=at), at=at)

    access.check_can_save_marks(request.roles, session, at=at)
    form = RegisterForm(page, request.POST, at=at)
    if form.is_valid():
        try:
            saved = marks.save_marks(
                group,
                session,
                marks=form.marks,
                pupils=page.pupils,
                with_timetable=page.with_timetable,
                by=request.user,
                at=at,
                reason=form.reason,
                position=_position(request),
            )
        except MarksRefused as refused:
            form.refuse(refused.faults)
        except MarksChangedMeanwhile as changed:
            form.show_conflict(changed.current)
        except RegisterClosed as closed:
            form.reason_fault = closed.message
        except DomainError as refusal:
            form.other_faults.append(Fault(refusal.message))
        else:
            for text in (_saved_words(saved, form), *form.notes):
                messages.success(request, text)
            return redirect(request.path)
    return _show_register(request, form, at=at, status=422)


def _show_register(
    request: StaffRequest, form: RegisterForm, *, at: datetime, status: int = 200
) -> HttpResponse:
    session = form.session
    closed = marks.is_closed(session, at=at)
    try:
        access.check_can_save_marks(request.roles, session, at=at)
        refusal = ""
    except PermissionDenied as denied:
        refusal = str(denied)
    if not session.is_held:
        refusal = f"The school was closed: {session.get_status_display()}."
    context = {
        "form": form,
        "errors": form.faults,
        "page": form.page,
        "session": session,
        "today": timezone.localdate(at),
        "refusal": refusal,
        "is_closed": closed,
        "is_open": session.opens_at <= at <= session.closes_at,
        "minutes_left": minutes_left(session, at=at),
        "code_key": code_key(session.on, session.half),
        "present": form.present,
        "script": {
            "present": form.present,
            "day": f"{session.on:%A}",
            "half": session.half,
            "times": [clock_text(form) for clock_text in (_late_after, _closes)],
            "codes": {
                choice.symbol: {
                    "name": choice.name,
                    "look": choice.look,
                    "nature": choice.needs_nature,
                    "arrival": choice.takes_arrival,
                }
                for kind in code_key(session.on, session.half)
                for choice in kind.codes
            },
        },
    }
    return render(request, "registers/register.html", context, status=status)


def _late_after(form: RegisterForm) -> str:
    return f"{form.times.late_after:%H:%M}"


def _closes(form: RegisterForm) -> str:
    return f"{form.times.closes_at:%H:%M}"


def _position(request: StaffRequest) -> str:
    """Return the post under which the person acts, as the history keeps it."""
    return next((str(post.label) for post in POSTS if post in request.roles), "")


def _saved_words(saved: Saved, form: RegisterForm) -> str:
    """Say what a save did, and what is left to do."""
    done = [
        f"{count} {word}"
        for count, word in (
            (saved.recorded, "recorded"),
            (saved.changed, "changed"),
            (saved.cleared, "taken away"),
        )
        if count
    ]
    left = len(form.rows) - form.marked
    words = f"Marks saved: {', '.join(done)}." if done else "Nothing was changed."
    return (
        f"{words} {left} of {len(form.rows)} still to mark."
        if left
        else f"{words} All {len(form.rows)} are marked."
    )


@require_safe
@staff_page(Right.SEE_REGISTERS)
def mark_history(request: StaffRequest, pupil_id: int, session_id: int) -> HttpResponse:
    """Tell in words what was marked for a pupil in a session, by whom, and every change since."""
    at = present_moment()
    pupil = access.pupil_for(request.user, request.roles, school=request.school, pk=pupil_id, on=at.date())
    session = get_object_or_404(Session, school=request.school, pk=session_id)
    context = {
        "pupil": pupil,
        "session": session,
        "today": at.date(),
        "changes": selectors.history_of_mark(pupil, session),
        "heading": f"{pupil.full_name}, {day(session.on, at.date())} {session.half}",
    }
    return render(request, "registers/mark_history.html", context)
