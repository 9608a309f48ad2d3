"""E-mails and texts to parents: the list, those about a pupil, one message, sending one again."""

from datetime import timedelta

from django.contrib import messages as notes
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.access import Right
from accounts.events import record
from accounts.http import StaffRequest, staff_page
from letters import access
from letters.forms import MessageSearchForm
from letters.selectors import messages as selectors
from letters.services.messages import NotToBeSentAgain, send_again
from letters.tabs import tabs_of
from registers.clock import present_moment
from registers.services import particulars
from registers.views.pupils import pupil_of, pupil_page

PAGE_LENGTH = 50
# Older failures are history; what needs a person is recent.
RECENT = timedelta(days=14)


@require_safe
@staff_page(Right.SEE_LETTERS)
def message_list(request: StaffRequest) -> HttpResponse:
    """Show the school's messages, newest first, searched by name, state and channel."""
    at = present_moment()
    form = MessageSearchForm(request.GET or None)
    asked = form.cleaned_data if form.is_valid() else {}
    found = selectors.messages_of(
        request.school,
        name=asked.get("name", ""),
        state=asked.get("state", ""),
        channel=asked.get("channel", ""),
    )
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "search": form,
        "asked": asked,
        "page": Paginator(found, PAGE_LENGTH).get_page(request.GET.get("page")),
        "query": f"&{query.urlencode()}" if query else "",
        "tabs": tabs_of(request, "letters:messages"),
        "not_arrived": selectors.count_not_arrived(request.school, since=at - RECENT),
        "parts": selectors.text_parts_since_april(request.school, on=at.date()),
        "may_see_addresses": request.may(Right.SEE_PUPILS),
        "today": at.date(),
    }
    return render(request, "letters/messages.html", context)


@require_safe
@staff_page(Right.SEE_LETTERS)
def pupil_messages(request: StaffRequest, pupil_id: int) -> HttpResponse:
    """Show the messages about one pupil, newest first."""
    at = present_moment()
    pupil = pupil_of(request, pupil_id, at=at)
    particulars.note_seen(pupil, by=request.user, at=at)
    context = {
        **pupil_page(request, pupil, "letters:pupil_messages", on=at.date()),
        "page": Paginator(selectors.messages_about(pupil), PAGE_LENGTH).get_page(request.GET.get("page")),
        "query": "",
        "may_see_addresses": request.may(Right.SEE_PUPILS),
    }
    return render(request, "letters/pupil_messages.html", context)


@require_safe
@staff_page(Right.SEE_LETTERS)
def message_page(request: StaffRequest, pk: int) -> HttpResponse:
    """Show one message: what it says, to whom, and every step of its way; who looked is written down."""
    at = present_moment()
    message = access.message_for(request.school, pk)
    record("message.seen", school=request.school, by=request.user, at=at, subject=message)
    context = {
        "message": message,
        "events": selectors.events_of(message),
        "replacements": selectors.replacements_of(message),
        "may_see_addresses": request.may(Right.SEE_PUPILS),
        "at": at,
        "today": at.date(),
    }
    return render(request, "letters/message.html", context)


@require_POST
@staff_page(Right.SEE_LETTERS)
def message_again(request: StaffRequest, pk: int) -> HttpResponse:
    """Send what did not arrive once more, as a new message."""
    message = access.message_for(request.school, pk)
    try:
        made = send_again(message, by=request.user, at=present_moment())
    except NotToBeSentAgain as refusal:
        notes.info(request, refusal.message)
        return redirect("letters:message", school_key=request.school.key, pk=message.pk)
    notes.success(request, "The message is sent again in a moment.")
    return redirect("letters:message", school_key=request.school.key, pk=made.pk)
