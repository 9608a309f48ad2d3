"""The register of a class for one session: shown, and saved."""

from datetime import date, datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import Right
from accounts.errors import DomainError
from accounts.http import StaffRequest, staff_page
from registers import access
from registers.clock import present_moment
from registers.code_choices import code_key
from registers.forms.register import Fault, RegisterForm, minutes_left
from registers.live_page import page_data
from registers.models import Session
from registers.posts import position_of
from registers.register_rows import draw_rows
from registers.selectors import registers as selectors
from registers.services import marks
from registers.services.marks import MarksChangedMeanwhile, MarksRefused, RegisterClosed, Saved


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.SEE_REGISTERS)
def register(request: StaffRequest, on: date, half: str, class_id: int) -> HttpResponse:
    """Show one class's register for one session, and save what was entered: all of it, or nothing."""
    at = present_moment()
    group, session = access.register_for(
        request.user, request.roles, school=request.school, pk=class_id, on=on, half=half
    )
    if request.method != "POST":
        page = selectors.register_page(group, session)
        page.times.apply_to(session)
        return _show_register(request, RegisterForm(page, at=at), at=at)

    page = selectors.register_page(group, session, recent_days=0)
    page.times.apply_to(session)
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
                position=position_of(request.roles),
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
    form.show_recent(selectors.register_page(group, session))
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
        "rows": draw_rows(
            form.rows,
            label=f"{session.on:%a} {session.half}",
            present=form.present,
            can_enter=not refusal,
            history_url=_history_url(request, session) if closed else "",
        ),
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
            **page_data(request.user, request.school, form.page.class_group, session, at=at),
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


def _history_url(request: StaffRequest, session: Session) -> str:
    """Return the address of the history of a mark of this session, with 0 for the pupil's id."""
    return reverse(
        "registers:mark_history",
        kwargs={"school_key": request.school.key, "pupil_id": 0, "session_id": session.pk},
    )


def _late_after(form: RegisterForm) -> str:
    return f"{form.times.late_after:%H:%M}"


def _closes(form: RegisterForm) -> str:
    return f"{form.times.closes_at:%H:%M}"


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
