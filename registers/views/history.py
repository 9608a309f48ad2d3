"""The history of one mark, in words."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.access import Right
from accounts.http import StaffRequest, staff_page
from registers import access
from registers.clock import present_moment
from registers.models import Session
from registers.selectors import registers as selectors
from registers.words import day


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
