"""The archive of letters: the list, one letter, its file."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_POST

from accounts.access import Right
from accounts.events import record
from accounts.http import StaffRequest, staff_page
from letters import access
from letters.forms import SearchForm
from letters.selectors.archive import letters_of
from letters.services import filing, wake_worker
from letters.tabs import tabs_of
from registers.clock import present_moment

PAGE_LENGTH = 50


@require_GET
@staff_page(Right.SEE_LETTERS)
def letter_list(request: StaffRequest) -> HttpResponse:
    """Show the school's letters, newest first, searched by pupil and state."""
    form = SearchForm(request.GET or None)
    asked = form.cleaned_data if form.is_valid() else {}
    letters = letters_of(request.school, name=asked.get("name", ""), state=asked.get("state", ""))
    page = Paginator(letters, PAGE_LENGTH).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "search": form,
        "asked": asked,
        "page": page,
        "query": f"&{query.urlencode()}" if query else "",
        "tabs": tabs_of(request, "letters:list"),
        "today": present_moment().date(),
    }
    return render(request, "letters/list.html", context)


@require_GET
@staff_page(Right.SEE_LETTERS)
def letter_page(request: StaffRequest, pk: int) -> HttpResponse:
    """Show one letter: to whom, who prepared it, where it stands, and how to prove what was sent."""
    letter = access.letter_for(request.school, pk)
    return render(request, "letters/letter.html", {"letter": letter, "today": present_moment().date()})


@require_GET
@staff_page(Right.SEE_LETTERS)
def letter_file(request: StaffRequest, pk: int) -> HttpResponse:
    """Send the stored file as it is, and write down who looked at it."""
    letter = access.letter_for(request.school, pk)
    if letter.file is None:
        raise Http404("The letter has no file yet.")
    record(
        "letter.seen",
        school=request.school,
        by=request.user,
        at=present_moment(),
        subject=letter,
        data={"sha256": letter.file.sha256},
    )
    response = HttpResponse(bytes(letter.file.content), content_type="application/pdf")
    name = f"{letter.reference}.pdf"
    response["Content-Disposition"] = (
        content_disposition_header(as_attachment=False, filename=name) or "inline"
    )
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@staff_page(Right.SEE_LETTERS)
def letter_retry(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask a worker once more for a letter that could not be made."""
    letter = access.letter_for(request.school, pk)
    if filing.try_again(letter):
        wake_worker(letter.pk)
        messages.success(request, "The letter will be made again in a moment.")
    else:
        messages.info(request, "There is nothing to do again: the letter has not failed.")
    return redirect("letters:letter", school_key=request.school.key, pk=letter.pk)
