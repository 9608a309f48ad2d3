"""Who may collect a pupil: the list, the parents' letter, the end of a permission."""

from datetime import date, datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import Right
from accounts.errors import DomainError
from accounts.http import StaffRequest, staff_page
from registers.clock import present_moment
from registers.forms.arrivals import CollectorCorrectionForm, CollectorForm, LetterForm, WhyForm
from registers.models import AuthorisedCollector, Pupil
from registers.pupil_tabs import tabs_of
from registers.selectors import collectors as selectors
from registers.selectors.pupils import standing_of
from registers.services import collectors as services
from registers.services.collectors import TooYoung


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ARRIVALS)
def collectors(request: StaffRequest, pupil_id: int) -> HttpResponse:
    """Show who may collect a pupil, and write down one more person."""
    at = present_moment()
    today = at.date()
    pupil: Pupil = get_object_or_404(
        Pupil.objects.select_related("school"), school=request.school, pk=pupil_id
    )
    siblings = selectors.siblings_of(pupil, on=today)
    if request.method != "POST":
        return _show(request, pupil, CollectorForm(siblings, initial={"valid_from": today}), at=at)

    form = CollectorForm(siblings, request.POST)
    if form.is_valid():
        also = {int(key) for key in form.cleaned_data.get("siblings", [])}
        try:
            collector = services.add_collector(
                request.school,
                form.collector(),
                pupils=[pupil, *(one for one in siblings if one.pk in also)],
                by=request.user,
                at=at,
            )
        except DomainError as refusal:
            _refuse(form, refusal)
        else:
            wait = "" if collector.letter_received_on else " Nobody collects before the letter is here."
            messages.success(request, f"{collector.name} is on the list.{wait}")
            return redirect(request.path)
    return _show(request, pupil, form, at=at, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ARRIVALS)
def correct(request: StaffRequest, collector_id: int) -> HttpResponse:
    """Put right who may collect, with a reason; the old entry ends and stays readable."""
    at = present_moment()
    collector = _collector_of(request, collector_id)
    collected = [row.pupil for row in collector.collected.select_related("pupil").order_by("pk")]
    siblings = selectors.siblings_of(collected[0], on=at.date())
    children = {one.pk: one for one in (*collected, *siblings)}
    if request.method == "POST":
        form = CollectorCorrectionForm(list(children.values()), request.POST)
    else:
        initial = {name: getattr(collector, name) for name in CollectorForm.base_fields if name != "siblings"}
        initial["siblings"] = [str(one.pk) for one in collected]
        form = CollectorCorrectionForm(list(children.values()), initial=initial)
    if form.is_bound and form.is_valid():
        try:
            written = services.correct_collector(
                collector,
                form.collector(),
                pupils=[children[int(key)] for key in form.cleaned_data["siblings"]],
                why=form.cleaned_data["why"],
                by=request.user,
                at=at,
            )
        except DomainError as refusal:
            _refuse(form, refusal)
        else:
            messages.success(request, f"{written.name} is put right. The old entry stays readable.")
            return redirect(_back(request, written))
    context = {
        "form": form,
        "collector": collector,
        "refusal": selectors.refusal_of(collector, on=at.date()),
        "others": collected,
        "pupil_id": collected[0].pk,
        "today": at.date(),
    }
    return render(request, "registers/collector.html", context, status=422 if form.is_bound else 200)


def _refuse(form: CollectorForm, refusal: DomainError) -> None:
    field: str | None = None
    if isinstance(refusal, TooYoung) or "exception" in refusal.message:
        field = "exception_reason"
    elif "date of birth" in refusal.message:
        field = "date_of_birth"
    elif "letter" in refusal.message:
        field = "letter_received_on"
    elif "last day" in refusal.message:
        field = "valid_to"
    form.add_error(field, refusal.message)


def _show(
    request: StaffRequest, pupil: Pupil, form: CollectorForm, *, at: datetime, status: int = 200
) -> HttpResponse:
    today = at.date()
    choices = selectors.choices_for(pupil, on=today)
    context = {
        "pupil": pupil,
        "standing": standing_of(pupil, on=today),
        "tabs": tabs_of(request, pupil, "registers:collectors"),
        "form": form,
        "today": today,
        "family": [choice for choice in choices if choice.key.startswith("contact-")],
        "restrictions": selectors.restrictions_of(pupil),
        "listed": [
            (collector, selectors.refusal_of(collector, on=today), _others(collector, pupil))
            for collector in selectors.collectors_of(pupil)
        ],
    }
    return render(request, "registers/collectors.html", context, status=status)


def _others(collector: AuthorisedCollector, pupil: Pupil) -> list[Pupil]:
    return [row.pupil for row in collector.collected.all() if row.pupil_id != pupil.pk]


@require_safe
@staff_page(Right.KEEP_ARRIVALS)
def collectors_list(request: StaffRequest) -> HttpResponse:
    """Show everybody who is on the school's list of collectors, for reading and printing."""
    today = present_moment().date()
    context = {
        "today": today,
        "listed": [
            (collector, selectors.refusal_of(collector, on=today), _others_of(collector))
            for collector in selectors.collectors_of_school(request.school, on=today)
        ],
    }
    return render(request, "registers/collectors_list.html", context)


def _others_of(collector: AuthorisedCollector) -> list[Pupil]:
    return [row.pupil for row in collector.collected.all()]


def _collector_of(request: StaffRequest, pk: int) -> AuthorisedCollector:
    return get_object_or_404(
        AuthorisedCollector.objects.select_related("school"), school=request.school, pk=pk
    )


def _back(request: StaffRequest, collector: AuthorisedCollector) -> str:
    """Return the page of the pupil that the person came from, the first of the collector's otherwise."""
    pupils = list(collector.collected.order_by("pk").values_list("pupil_id", flat=True))
    asked = request.POST.get("pupil", "")
    pupil_id = int(asked) if asked.isascii() and asked.isdigit() and int(asked) in pupils else pupils[0]
    return reverse("registers:collectors", args=[request.school.key, pupil_id])


@require_POST
@staff_page(Right.KEEP_ARRIVALS)
def letter(request: StaffRequest, collector_id: int) -> HttpResponse:
    """Note that the letter signed by the parents is here."""
    at = present_moment()
    collector = _collector_of(request, collector_id)
    form = LetterForm(request.POST)
    received_on: date | None = form.cleaned_data["received_on"] if form.is_valid() else None
    if received_on is None:
        messages.error(request, "Enter the day on which the letter came, such as 3 9 2026.")
    else:
        try:
            services.receive_letter(collector, received_on=received_on, by=request.user, at=at)
        except DomainError as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, f"The letter for {collector.name} is noted.")
    return redirect(_back(request, collector))


@require_POST
@staff_page(Right.KEEP_ARRIVALS)
def end(request: StaffRequest, collector_id: int) -> HttpResponse:
    """End a permission at once, with a reason."""
    at = present_moment()
    collector = _collector_of(request, collector_id)
    form = WhyForm("Why does the permission end?", request.POST)
    if not form.is_valid():
        messages.error(request, "Enter why the permission ends: 200 characters or fewer.")
    else:
        try:
            services.end_collector(collector, why=form.cleaned_data["why"], by=request.user, at=at)
        except DomainError as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, f"{collector.name} may no longer collect.")
    return redirect(_back(request, collector))
