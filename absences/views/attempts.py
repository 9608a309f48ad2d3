"""Writing down what was tried: an attempt, a text, a step of the policy, an entry struck out."""

from datetime import date, datetime

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from absences.call_rows import CallList, ListedPupil
from absences.forms.calls import AttemptForm, StepForm, StrikeForm
from absences.models import AttemptOutcome, ContactAttempt
from absences.rules import calling
from absences.rules.calling import Step
from absences.selectors import calls as selectors
from absences.selectors.reaching import listed_contacts
from absences.services import calls as services
from absences.services import conversations, follow_up
from absences.services.calls import Attempted, AttemptRefused
from absences.services.conversations import Explained, Logged
from absences.services.reports import ReportRefused
from absences.views.calls import Days, days_around, list_of, take_next, to_list
from accounts.access import Right
from accounts.errors import DomainError
from accounts.http import StaffRequest, staff_page
from registers.access import pupil_for
from registers.clock import present_moment
from registers.models import Contact, Pupil
from registers.posts import position_of
from registers.selectors.contacts import outside_contacts_of

# Fields of a refusal that have another name on the form.
FIELDS = {"at": "happened_at", "contact": "who", "caller": "who"}


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.FOLLOW_UP_ABSENCES)
def attempt(request: StaffRequest, on: date, pupil_id: int) -> HttpResponse:
    """Write down one attempt about a pupil's day; what cannot stand is shown again with what was entered."""
    at = present_moment()
    if on > at.date():
        raise Http404
    pupil = pupil_for(request.user, request.roles, school=request.school, pk=pupil_id, on=at.date())
    days = days_around(request, on)
    found = list_of(request, on, days, at=at)
    listed = found.pupil(pupil.pk)
    form = _form(request, pupil, listed, days, on=on, at=at)
    if request.method != "POST":
        return _show(request, pupil, form, on=on, at=at)
    if not form.is_valid():
        return _show(request, pupil, form, on=on, at=at)
    about = _about(request, pupil, form)
    try:
        logged = _log(request, about, form, on=on, at=at)
    except (AttemptRefused, ReportRefused) as refusal:
        for field, words in refusal.faults.items():
            name = FIELDS.get(field, field)
            form.add_error(name if name in form.fields else None, words)
        return _show(request, pupil, form, on=on, at=at)
    messages.success(request, _success(logged, about))
    return _onwards(request, pupil, days, on=on, at=at)


def _form(
    request: StaffRequest,
    pupil: Pupil,
    listed: ListedPupil | None,
    days: Days,
    *,
    on: date,
    at: datetime,
) -> AttemptForm:
    contacts = listed.contacts if listed else listed_contacts(pupil, on=on)
    who = request.POST.get("who", "")
    siblings: tuple[ListedPupil, ...] = ()
    if listed is not None and who[1:].isdecimal():
        siblings = selectors.shared_by(listed, int(who[1:]))
    elif listed is not None:
        siblings = listed.siblings
    return AttemptForm(
        request.POST if request.method == "POST" else None,
        contacts=contacts,
        outside=[link for link in outside_contacts_of(pupil) if link.ends_on is None],
        siblings=[(one.id, one.full_name) for one in siblings],
        school_days=days.following[:10],
        on=on,
        at=at,
    )


def _about(request: StaffRequest, pupil: Pupil, form: AttemptForm) -> list[Pupil]:
    """Return the pupils that the attempt was about: the one of the page, and brothers and sisters ticked."""
    ticked = form.cleaned_data.get("also") or []
    others = Pupil.objects.filter(school=request.school, pk__in=ticked).exclude(pk=pupil.pk).order_by("pk")
    return [pupil, *others]


def _log(request: StaffRequest, about: list[Pupil], form: AttemptForm, *, on: date, at: datetime) -> Logged:
    entered = form.cleaned_data
    contact = (
        Contact.objects.filter(school=request.school, pk=form.contact_id).first()
        if form.contact_id is not None
        else None
    )
    return conversations.log_call(
        request.school,
        about,
        Attempted(
            channel=entered["channel"],
            outcome=entered["outcome"],
            at=form.happened,
            contact=contact,
            outside_contact=form.outside_contact,
            person=entered["person"],
            address=entered["address"],
            reason=form.learnt,
            note=entered["note"],
        ),
        Explained(entered["last_day"] or on, entered["record_now"]) if form.learnt else None,
        entry=form.key,
        on=on,
        by=request.user,
        at=at,
        position=position_of(request.roles),
    )


def _success(logged: Logged, about: list[Pupil]) -> str:
    names = " and ".join(pupil.full_name for pupil in about)
    words = f"{names}: {AttemptOutcome(logged.attempts[0].outcome).label.lower()}."
    if logged.attempts[0].outcome == AttemptOutcome.SPOKE_DID_NOT_KNOW:
        return f"{words} A safeguarding task stands at the top until it is closed."
    if not logged.reports:
        return words
    if logged.accepted:
        return f"{words} The register follows."
    return f"{words} The reason waits with the reports for a decision."


def _onwards(request: StaffRequest, pupil: Pupil, days: Days, *, on: date, at: datetime) -> HttpResponse:
    """Lead to what comes next: the same child with the next contact, or the next child, taken in hand."""
    if request.POST.get("then") == "pupil":
        return redirect("absences:pupil_calls", request.school.key, pupil.pk)
    found: CallList = list_of(request, on, days, at=at)
    listed = next((one for one in found.to_call if one.id == pupil.pk), None)
    if listed is not None and (not listed.is_exhausted or listed.guardian_did_not_know):
        services.try_claim(request.school, pupil.pk, on=on, by=request.user, at=at)
        return to_list(request, on, pupil_id=pupil.pk)
    if (
        listed is not None
        and found.terms is not None
        and calling.steps_after_calls(found.terms, days=listed.run.days)
    ):
        return to_list(request, on, pupil_id=pupil.pk)
    return to_list(request, on, pupil_id=take_next(request, found, at=at))


def _show(request: StaffRequest, pupil: Pupil, form: AttemptForm, *, on: date, at: datetime) -> HttpResponse:
    context = {
        "pupil": pupil,
        "form": form,
        "on": on,
        "today": at.date(),
        "then": request.POST.get("then") or request.GET.get("then", ""),
        "is_again": form.is_bound,
    }
    return render(request, "absences/calls/attempt.html", context, status=422 if form.is_bound else 200)


@require_POST
@staff_page(Right.FOLLOW_UP_ABSENCES)
def text(request: StaffRequest, on: date, pupil_id: int) -> HttpResponse:
    """Send one contact a text about a pupil's day and write it down; the words are fixed."""
    at = present_moment()
    pupil = pupil_for(request.user, request.roles, school=request.school, pk=pupil_id, on=at.date())
    asked = request.POST.get("contact", "")
    contact = get_object_or_404(Contact, school=request.school, pk=int(asked) if asked.isdecimal() else 0)
    try:
        sent = conversations.send_text(request.school, pupil, contact, on=on, by=request.user, at=at)
    except DomainError as refusal:
        messages.error(request, refusal.message)
    else:
        if sent is None:
            messages.error(request, f"No text reaches {contact.name}: call, or check the number.")
        else:
            messages.success(request, f"A text to {contact.name} is on its way.")
    return to_list(request, on, pupil_id=pupil.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.FOLLOW_UP_ABSENCES)
def step(request: StaffRequest, on: date, pupil_id: int) -> HttpResponse:
    """Choose whether a step of the policy is taken for a pupil whom nobody could be reached about."""
    at = present_moment()
    pupil = pupil_for(request.user, request.roles, school=request.school, pk=pupil_id, on=at.date())
    asked = request.POST.get("step") or request.GET.get("step", "")
    chosen = _step_of(request, pupil, asked, on=on, at=at)
    form = StepForm(request.POST if request.method == "POST" else None, initial={"step": asked})
    if request.method == "POST" and form.is_valid():
        is_wanted = form.cleaned_data["choice"] == "yes"
        try:
            follow_up.choose_step(
                pupil,
                chosen,
                on=on,
                is_wanted=is_wanted,
                why=form.cleaned_data["why"],
                by=request.user,
                at=at,
            )
        except DomainError as refusal:
            form.add_error(None, refusal.message)
        else:
            words = "is on the list of tasks" if is_wanted else "is not done, and why is kept"
            messages.success(request, f"{chosen.words}: {words}.")
            return to_list(request, on, pupil_id=pupil.pk)
    context = {"pupil": pupil, "form": form, "step": chosen, "on": on, "today": at.date()}
    status = 422 if form.is_bound else 200
    return render(request, "absences/calls/step.html", context, status=status)


def _step_of(request: StaffRequest, pupil: Pupil, kind: str, *, on: date, at: datetime) -> Step:
    """
    Return a step that the school's policy has.

    :raises Http404: it has no such step
    """
    found = list_of(request, on, days_around(request, on), at=at)
    listed = found.pupil(pupil.pk)
    days = listed.run.days if listed is not None else 1
    steps = calling.steps_after_calls(found.terms, days=days) if found.terms is not None else ()
    for one in steps:
        if one.kind == kind:
            return one
    raise Http404


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.FOLLOW_UP_ABSENCES)
def strike(request: StaffRequest, attempt_id: int) -> HttpResponse:
    """Strike out an attempt that was entered by mistake, with a reason."""
    at = present_moment()
    entry: ContactAttempt = get_object_or_404(
        ContactAttempt.objects.select_related("pupil__school", "school", "contact", "outside_contact", "by"),
        school=request.school,
        pk=attempt_id,
    )
    form = StrikeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            services.strike(entry, reason=form.cleaned_data["reason"], by=request.user, at=at)
        except AttemptRefused as refusal:
            form.add_error("reason", refusal.message)
        else:
            messages.success(request, "The entry is struck out. It stays to be read.")
            return redirect(reverse("absences:pupil_calls", args=[request.school.key, entry.pupil_id]))
    context = {
        "entry": entry,
        "who": services.who_in_words(entry),
        "form": form,
        "pupil": entry.pupil,
        "today": at.date(),
    }
    status = 422 if form.is_bound else 200
    return render(request, "absences/calls/strike.html", context, status=status)
