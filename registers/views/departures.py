"""Leaving early: the list of a day, who collects, the return, and the afternoon that is missed."""

from datetime import date, datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import Right
from accounts.errors import DomainError
from accounts.http import StaffRequest, staff_page
from registers.clock import present_moment
from registers.forms.arrivals import DepartureForm, PupilForm, ReturnForm, WhyForm
from registers.models import EarlyDeparture, Pupil
from registers.posts import position_of
from registers.rules.arrivals import CODE_OF_DEPARTURE
from registers.selectors import arrivals as selectors
from registers.selectors import collectors as collector_selectors
from registers.selectors import registers as register_selectors
from registers.selectors.arrivals import DepartureLine
from registers.services import departures as services
from registers.services.arrivals import WrongTime
from registers.services.departures import ALONE, OTHER, NotOnTheList
from registers.views.arrivals import current_half, groups_of
from registers.words import clock


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ARRIVALS)
def desk(request: StaffRequest, on: date | None = None) -> HttpResponse:
    """Show who left early on a day; choosing a pupil opens the page on which they leave."""
    at = present_moment()
    today = at.date()
    shown = on or today
    pupils = selectors.desk_pupils(request.school, on=shown)
    form = PupilForm(pupils)
    if request.method == "POST":
        form = PupilForm(pupils, request.POST)
        if form.is_valid():
            url = reverse(
                "registers:departure_new", args=[request.school.key, int(form.cleaned_data["pupil"])]
            )
            return redirect(url if shown == today else f"{url}?on={shown.isoformat()}")
    times = selectors.times_of_day(request.school, on=shown)
    lines = selectors.departures(request.school, first_day=shown, last_day=shown)
    context = {
        "form": form,
        "on": shown,
        "today": today,
        "is_school_day": bool(times.sessions),
        "groups": groups_of(pupils, half=current_half(times, on=shown, at=at))[::-1],
        "lines": [(line, _afternoon_code(line)) for line in lines],
        "now": f"{timezone.localtime(at):%-H:%M}" if shown == today else "",
        "previous_day": register_selectors.previous_school_day(request.school, before=shown),
        "next_day": register_selectors.next_school_day(request.school, after=shown),
    }
    return render(request, "registers/departures.html", context, status=422 if form.is_bound else 200)


def _afternoon_code(line: DepartureLine) -> str:
    """Return the code that is proposed for the afternoon, "" when nothing is to be done."""
    if line.afternoon is None or line.returned is not None or line.afternoon.code not in ("", "N"):
        return ""
    return CODE_OF_DEPARTURE.get(line.entry.reason, "")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ARRIVALS)
def leave(request: StaffRequest, pupil_id: int) -> HttpResponse:
    """Sign a pupil out: time, reason, proof, and who collects."""
    at = present_moment()
    pupil: Pupil = get_object_or_404(
        Pupil.objects.select_related("school"), school=request.school, pk=pupil_id
    )
    on = _day_asked(request, today=at.date())
    choices = collector_selectors.choices_for(pupil, on=on)
    if request.method != "POST":
        initial = {"left_at": timezone.localtime(at).time()} if on == at.date() else {}
        return _show_leave(request, pupil, DepartureForm(choices, initial=initial), on=on, at=at)

    form = DepartureForm(choices, request.POST)
    if form.is_valid():
        try:
            entry = services.sign_out(pupil, form.departure(), on=on, by=request.user, at=at)
        except DomainError as refusal:
            _refuse(form, refusal)
        else:
            messages.success(request, f"{pupil.full_name} is signed out, {clock(entry.left_at)}.")
            return redirect(_day_url(request, on, at=at))
    return _show_leave(request, pupil, form, on=on, at=at, status=422)


def _day_asked(request: StaffRequest, *, today: date) -> date:
    try:
        return date.fromisoformat(request.GET.get("on", ""))
    except ValueError:
        return today


def _refuse(form: DepartureForm, refusal: DomainError) -> None:
    field: str | None = None
    match refusal:
        case WrongTime():
            field = "expected_back_at" if "back before" in refusal.message else "left_at"
        case NotOnTheList():
            field = "override_reason"
        case _ if form.cleaned_data.get("collected") == OTHER and not form.cleaned_data.get("other_name"):
            field = "other_name"
    form.add_error(field, refusal.message)


def _show_leave(
    request: StaffRequest,
    pupil: Pupil,
    form: DepartureForm,
    *,
    on: date,
    at: datetime,
    entry: EarlyDeparture | None = None,
    why: WhyForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "pupil": pupil,
        "desk": selectors.desk_pupil(pupil, on=on),
        "form": form,
        "verify_form": why,
        "why": why,
        "entry": entry,
        "chain": selectors.corrections_of(entry) if entry else [],
        "stands": entry is None or selectors.current_departures(request.school).filter(pk=entry.pk).exists(),
        "restrictions": collector_selectors.restrictions_of(pupil),
        "on": on,
        "today": at.date(),
        "back": _day_url(request, on, at=at),
    }
    return render(request, "registers/departure.html", context, status=status)


def _day_url(request: StaffRequest, on: date, *, at: datetime) -> str:
    key = request.school.key
    if on == at.date():
        return reverse("registers:departures", args=[key])
    return reverse("registers:departures_on", args=[key, on])


def _entry_of(request: StaffRequest, pk: int) -> EarlyDeparture:
    rows = EarlyDeparture.objects.select_related("pupil__school", "school", "recorded_by")
    return get_object_or_404(rows, school=request.school, pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ARRIVALS)
def entry(request: StaffRequest, departure_id: int) -> HttpResponse:
    """Show a departure with all that was put right in it, and put it right."""
    at = present_moment()
    row = _entry_of(request, departure_id)
    choices = collector_selectors.choices_for(row.pupil, on=row.on)
    why = WhyForm("Why is it withdrawn?", auto_id="id_withdraw_%s")
    if request.method != "POST":
        names = (
            "left_at",
            "expected_back_at",
            "reason",
            "reason_text",
            "proof",
            "proof_text",
            "override_reason",
        )
        initial = {name: getattr(row, name) for name in names} | {"collected": _collected(row)}
        if initial["collected"] == OTHER:
            initial |= {"other_name": row.collected_by, "other_relationship": row.relationship}
        form = DepartureForm(choices, initial=initial, is_correction=True)
        return _show_leave(request, row.pupil, form, on=row.on, at=at, entry=row, why=why)

    form = DepartureForm(choices, request.POST, is_correction=True)
    if form.is_valid():
        try:
            services.correct_departure(
                row, form.departure(), why=form.cleaned_data["why"], by=request.user, at=at
            )
        except DomainError as refusal:
            _refuse(form, refusal)
        else:
            messages.success(request, f"The departure of {row.pupil.full_name} is put right.")
            return redirect(_day_url(request, row.on, at=at))
    return _show_leave(request, row.pupil, form, on=row.on, at=at, entry=row, why=why, status=422)


def _collected(row: EarlyDeparture) -> str:
    if row.is_alone:
        return ALONE
    if row.contact_id is not None:
        return f"contact-{row.contact_id}"
    return OTHER if row.collector_id is None else f"collector-{row.collector_id}"


@require_POST
@staff_page(Right.KEEP_ARRIVALS)
def withdraw(request: StaffRequest, departure_id: int) -> HttpResponse:
    """Take a departure back with a reason."""
    at = present_moment()
    row = _entry_of(request, departure_id)
    why = WhyForm("Why is it withdrawn?", request.POST, auto_id="id_withdraw_%s")
    if not why.is_valid():
        choices = collector_selectors.choices_for(row.pupil, on=row.on)
        initial = {"left_at": row.left_at, "collected": _collected(row)}
        form = DepartureForm(choices, initial=initial, is_correction=True)
        return _show_leave(request, row.pupil, form, on=row.on, at=at, entry=row, why=why, status=422)
    try:
        services.withdraw_departure(row, why=why.cleaned_data["why"], by=request.user, at=at)
    except DomainError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(
            request, f"The departure of {row.pupil.full_name} is withdrawn. Marks are as they were."
        )
    return redirect(_day_url(request, row.on, at=at))


@require_POST
@staff_page(Right.KEEP_ARRIVALS)
def come_back(request: StaffRequest, departure_id: int) -> HttpResponse:
    """Sign a pupil in again who left early."""
    at = present_moment()
    row = _entry_of(request, departure_id)
    form = ReturnForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Enter the time of the return like 1:15pm.")
        return redirect(_day_url(request, row.on, at=at))
    try:
        back = services.sign_back_in(
            row,
            returned_at=form.cleaned_data["returned_at"],
            by=request.user,
            at=at,
            position=position_of(request.roles),
        )
    except DomainError as refusal:
        messages.error(request, refusal.message)
    else:
        mark = f" The afternoon is marked {back.code}." if back.code else ""
        messages.success(request, f"{row.pupil.full_name} is back, {clock(back.row.returned_at)}.{mark}")
    return redirect(_day_url(request, row.on, at=at))


@require_POST
@staff_page(Right.KEEP_ARRIVALS)
def afternoon(request: StaffRequest, departure_id: int) -> HttpResponse:
    """Mark the afternoon that a pupil misses by the reason for leaving."""
    at = present_moment()
    row = _entry_of(request, departure_id)
    try:
        code = services.mark_afternoon(
            row,
            by=request.user,
            at=at,
            position=position_of(request.roles),
            seen_code=request.POST.get("seen", ""),
        )
    except DomainError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, f"The afternoon of {row.pupil.full_name} is marked {code}.")
    return redirect(_day_url(request, row.on, at=at))
