"""Marks as they are typed: taken in one by one, followed on other screens, and waiting in browsers."""

from datetime import date

from django.http import Http404, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.views.decorators.http import require_GET, require_POST

from accounts import access as rights
from accounts.access import Right
from accounts.browser import browser_id
from accounts.errors import DomainError
from accounts.http import SignedInRequest, StaffRequest, staff_page
from registers import access, live_page
from registers.clock import present_moment
from registers.forms.entries import EntriesUnreadable, read_entries
from registers.models import ClassGroup, Session
from registers.posts import position_of
from registers.selectors import marking as selectors
from registers.selectors.times import class_times
from registers.services import entries
from registers.services.entries import KeyUsedOtherwise, Sender


@require_POST
@staff_page(Right.TAKE_REGISTER)
def take_entries(request: StaffRequest, on: date, half: str, class_id: int) -> HttpResponse:
    """Save marks that were typed into one register, and say of each what became of it."""
    at = present_moment()
    group, session = _register_of(request, on, half, class_id)
    times = class_times(group, session)
    times.apply_to(session)
    try:
        sent = read_entries(request.body, session_id=session.pk)
        page = live_page.read_page(sent.page)
        if (page.class_group_id, page.session_id) != (group.pk, session.pk):
            raise live_page.NoOpenPage("The marks belong to another register.")
        if page.user_id != request.user.pk:
            # Whoever signed in on this browser afterwards must not save, or see, somebody else's marks.
            return _refused("Somebody else typed these marks. They wait until that person signs in.", 409)
        outcomes = entries.take_entries(
            group,
            session,
            sent.entries,
            times=times.as_rule(half),
            sender=Sender(
                user=request.user,
                position=position_of(request.roles),
                may_amend=rights.can(request.roles, Right.AMEND_MARKS),
                shown_at=page.shown_at,
            ),
            at=at,
        )
    except EntriesUnreadable as unreadable:
        return _refused(unreadable.message, unreadable.status)
    except (KeyUsedOtherwise, DomainError) as refusal:
        return _refused(refusal.message, 422)
    return JsonResponse(
        {
            "now": at.isoformat(),
            "outcomes": [
                {"key": str(entry.key), **outcome}
                for entry, outcome in zip(sent.entries, outcomes, strict=True)
            ],
        }
    )


@require_GET
@staff_page(Right.SEE_REGISTERS)
def changes(request: StaffRequest, on: date, half: str, class_id: int) -> HttpResponse:
    """Tell which marks of a register changed after a link of the school's history (`since`); 204: none."""
    group = access.class_group_for(request.user, request.roles, school=request.school, pk=class_id, on=on)
    asked = selectors.session_with_number(request.school, on=on, half=half)
    if asked is None or asked[0].academic_year != group.academic_year:
        raise Http404
    session, number = asked
    said = request.GET.get("since", "")
    since = int(said) if said.isascii() and said.isdigit() and len(said) < 19 else -1
    if number == since:
        return HttpResponse(status=204)
    # A number above ours is of a database that was put back: everything is told again.
    found = selectors.changed_marks(group, session, since=since if since < number else -1)
    return JsonResponse(
        {
            "number": number,
            "marks": {str(pupil_id): entries.as_sent(mark) for pupil_id, mark in found.items()},
        }
    )


@require_GET
def outbox(request: SignedInRequest) -> HttpResponse:
    """Tell a browser whose waiting marks it may send now, and with which token."""
    return JsonResponse({"person": browser_id(request.user), "token": get_token(request)})


def _register_of(request: StaffRequest, on: date, half: str, class_id: int) -> tuple[ClassGroup, Session]:
    return access.register_for(
        request.user, request.roles, school=request.school, pk=class_id, on=on, half=half
    )


def _refused(message: str, status: int) -> JsonResponse:
    return JsonResponse({"message": message}, status=status)
