"""The sign-in desk with its late book, the late gate, and the book of a period."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import Right
from accounts.errors import DomainError
from accounts.http import StaffRequest, staff_page
from registers.clock import present_moment
from registers.forms.arrivals import ArrivalForm, CorrectionForm, GateForm, PeriodForm, StrikeForm, WhyForm
from registers.models import LateArrival, LateGate, Pupil
from registers.posts import position_of
from registers.rules.numbers import counted
from registers.rules.times import SessionTimes
from registers.selectors import arrivals as selectors
from registers.selectors import registers as register_selectors
from registers.selectors.arrivals import DayOfTimes, DeskPupil
from registers.services import arrivals as services
from registers.services.arrivals import AlreadySignedIn, MarkStands, SignedIn, WrongCode, WrongTime
from registers.words import clock, day

# For so long after the entry a button takes it back without asking for a reason.
UNDO_MINUTES = 10
UNDO_REASON = "Undone at once: entered by mistake"


@dataclass(frozen=True)
class PupilGroup:
    """Pupils of the day's list under their heading."""

    label: str
    pupils: tuple[DeskPupil, ...]


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ARRIVALS)
def desk(request: StaffRequest, on: date | None = None) -> HttpResponse:
    """Sign a pupil in who came late, and show the late book of the day."""
    at = present_moment()
    today = at.date()
    shown = on or today
    pupils = selectors.desk_pupils(request.school, on=shown)
    if request.method != "POST":
        initial = {"arrived_at": timezone.localtime(at).time()} if shown == today else {}
        return _show_desk(request, ArrivalForm(pupils, initial=initial), pupils, on=shown, at=at)

    form = ArrivalForm(pupils, request.POST)
    if form.is_valid():
        pupil = get_object_or_404(Pupil, school=request.school, pk=form.pupil_id)
        try:
            signed = services.sign_in(
                pupil, form.arrival(), on=shown, by=request.user, at=at, position=position_of(request.roles)
            )
        except DomainError as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _signed_words(signed))
            return redirect(request.path)
    return _show_desk(request, form, pupils, on=shown, at=at, status=422)


def refuse(form: ArrivalForm, refusal: DomainError) -> None:
    """Show beside the control to blame why the entry cannot stand."""
    field: str | None = None
    match refusal:
        case WrongTime():
            field = "arrived_at"
        case MarkStands():
            field = "code"
            form.show_seen(refusal.code)
        case WrongCode():
            field = "code"
        case AlreadySignedIn():
            field = "pupil" if "pupil" in form.fields else None
    form.add_error(field, refusal.message)


def _show_desk(
    request: StaffRequest,
    form: ArrivalForm,
    pupils: Sequence[DeskPupil],
    *,
    on: date,
    at: datetime,
    status: int = 200,
) -> HttpResponse:
    today = at.date()
    times = selectors.times_of_day(request.school, on=on)
    lines = selectors.late_book(request.school, first_day=on, last_day=on)
    signed_in = {line.entry.pupil_id for line in lines}
    gate = selectors.seen_at_gate(request.school, on=on)
    half = current_half(times, on=on, at=at)
    more = [form[name] for name in ("reason_text", "company_name", "half", "code")]
    context = {
        "form": form,
        "main_fields": [form[name] for name in ("arrived_at", "reason", "company")],
        "more_fields": more,
        "more_open": any(field.errors for field in more) or form["code"].value() not in (None, "", "auto"),
        "chosen": {str(form["pupil"].value() or "")},
        "on": on,
        "today": today,
        "times": times,
        "groups": groups_of(pupils, half=half),
        "has_pupils": bool(pupils),
        "lines": [(line, _may_undo(line.entry, request, at=at)) for line in lines],
        "at_gate": [
            (pupil, gate[pupil.id])
            for pupil in pupils
            if pupil.id in gate and pupil.id not in signed_in and not pupil.is_in(half)
        ],
        "previous_day": register_selectors.previous_school_day(request.school, before=on),
        "next_day": register_selectors.next_school_day(request.school, after=on),
        "script": {
            "half": half,
            "afternoon": f"{times.afternoon_opens:%H:%M}" if times.afternoon_opens else "",
            "times": {
                **{key: _minutes(value) for key, value in times.school.items()},
                **{f"{key} {year}": _minutes(value) for (key, year), value in times.year_groups.items()},
            },
        },
    }
    return render(request, "registers/arrivals.html", context, status=status)


def _minutes(times: SessionTimes) -> list[str]:
    """Return late after and close as the script takes them."""
    return [f"{times.late_after:%H:%M}", f"{times.closes_at:%H:%M}"]


def current_half(times: DayOfTimes, *, on: date, at: datetime) -> str:
    """Return the half that the desk is at: the afternoon once its register has opened."""
    afternoon = times.sessions.get("PM")
    is_afternoon = afternoon is not None and on == at.date() and at >= afternoon.opens_at
    return "PM" if is_afternoon or "AM" not in times.sessions else "AM"


def groups_of(pupils: Sequence[DeskPupil], *, half: str) -> list[PupilGroup]:
    """Return the day's list, those first who are not marked in yet."""
    groups = (
        PupilGroup("Not marked in yet", tuple(pupil for pupil in pupils if not pupil.is_in(half))),
        PupilGroup("Marked in already", tuple(pupil for pupil in pupils if pupil.is_in(half))),
    )
    return [group for group in groups if group.pupils]


def _may_undo(entry: LateArrival, request: StaffRequest, *, at: datetime) -> bool:
    """Say whether the person may take the entry back without a reason: their own, a few minutes old."""
    age = at - entry.recorded_at
    return entry.recorded_by_id == request.user.pk and age <= timedelta(minutes=UNDO_MINUTES)


def _signed_words(signed: SignedIn) -> str:
    """Say what became of an arrival."""
    entry, proposal = signed.entry, signed.proposal
    words = f"{entry.pupil.full_name} is signed in: {clock(entry.arrived_at)}"
    if entry.minutes_late:
        words += f", {entry.minutes_late} minute{'s' * (entry.minutes_late != 1)} late"
    words += "."
    if not entry.code:
        return f"{words} The register is as it was."
    if proposal.is_kept and entry.code == proposal.code:
        return f"{words} The mark stays {entry.code}."
    return f"{words} The mark is {entry.code}."


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ARRIVALS)
def entry(request: StaffRequest, arrival_id: int) -> HttpResponse:
    """Show an entry of the late book with all that was put right in it, and put it right."""
    at = present_moment()
    row = _entry_of(request, arrival_id)
    if request.method != "POST":
        form = CorrectionForm(
            initial={
                "arrived_at": row.arrived_at,
                "reason": row.reason,
                "reason_text": row.reason_text,
                "company": row.company,
                "company_name": row.company_name,
                "seen": row.code,
            }
        )
        return _show_entry(
            request, row, form, WhyForm("Why is it withdrawn?", auto_id="id_withdraw_%s"), at=at
        )

    form = CorrectionForm(request.POST)
    if form.is_valid():
        try:
            signed = services.correct_arrival(
                row,
                form.arrival(),
                why=form.cleaned_data["why"],
                by=request.user,
                at=at,
                position=position_of(request.roles),
            )
        except DomainError as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, f"Put right. {_signed_words(signed)}")
            return redirect(_day_url(request, row.session.on, at=at))
    why = WhyForm("Why is it withdrawn?", auto_id="id_withdraw_%s")
    return _show_entry(request, row, form, why, at=at, status=422)


def _entry_of(request: StaffRequest, pk: int) -> LateArrival:
    rows = LateArrival.objects.select_related("pupil__school", "session", "recorded_by", "school")
    return get_object_or_404(rows, school=request.school, pk=pk)


def _day_url(request: StaffRequest, on: date, *, at: datetime) -> str:
    key = request.school.key
    return (
        reverse("registers:arrivals", args=[key])
        if on == at.date()
        else reverse("registers:arrivals_on", args=[key, on])
    )


def _show_entry(
    request: StaffRequest,
    row: LateArrival,
    form: CorrectionForm,
    why: WhyForm,
    *,
    at: datetime,
    status: int = 200,
) -> HttpResponse:
    context = {
        "entry": row,
        "form": form,
        "verify_form": why,
        "why": why,
        "chain": selectors.corrections_of(row),
        "stands": selectors.current_arrivals(request.school).filter(pk=row.pk).exists(),
        "today": at.date(),
        "back": _day_url(request, row.session.on, at=at),
    }
    return render(request, "registers/arrival.html", context, status=status)


@require_POST
@staff_page(Right.KEEP_ARRIVALS)
def withdraw(request: StaffRequest, arrival_id: int) -> HttpResponse:
    """Take an entry of the late book back; at once without a reason, later with one."""
    at = present_moment()
    row = _entry_of(request, arrival_id)
    why = WhyForm("Why is it withdrawn?", request.POST, auto_id="id_withdraw_%s")
    is_undo = "undo" in request.POST and _may_undo(row, request, at=at)
    if is_undo or why.is_valid():
        try:
            withdrawn = services.withdraw_arrival(
                row,
                why=UNDO_REASON if is_undo else why.cleaned_data["why"],
                by=request.user,
                at=at,
                position=position_of(request.roles),
            )
        except DomainError as refusal:
            messages.error(request, refusal.message)
        else:
            mark = f"The mark is {withdrawn.code}." if withdrawn.code else "There is no mark."
            messages.success(request, f"The entry of {row.pupil.full_name} is withdrawn. {mark}")
        return redirect(_day_url(request, row.session.on, at=at))
    form = CorrectionForm(
        initial={"arrived_at": row.arrived_at, "reason": row.reason, "company": row.company}
    )
    return _show_entry(request, row, form, why, at=at, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ARRIVALS)
def late_gate(request: StaffRequest) -> HttpResponse:
    """Log a check at the gate: several pupils at once, each with a time."""
    at = present_moment()
    today = at.date()
    pupils = selectors.desk_pupils(request.school, on=today)
    now = timezone.localtime(at).time()
    form = GateForm(pupils, initial={"staff_name": request.user.name, "started_at": now})
    if request.method == "POST":
        form = GateForm(pupils, request.POST)
        if form.is_valid():
            entered = form.cleaned_data
            try:
                gate = services.record_gate(
                    request.school,
                    on=today,
                    started_at=entered["started_at"],
                    staff_name=entered["staff_name"],
                    greeted=entered["greeted"],
                    note=entered["note"],
                    by=request.user,
                    at=at,
                )
            except DomainError as refusal:
                form.add_error("started_at" if isinstance(refusal, WrongTime) else "pupil", refusal.message)
            else:
                count = len(entered["greeted"])
                messages.success(
                    request,
                    f"{count} pupil{'' if count == 1 else 's'} logged at the gate, {clock(gate.started_at)}. "
                    "The office still signs them in.",
                )
                return redirect(request.path)
    times = selectors.times_of_day(request.school, on=today)
    chosen = set(request.POST.getlist("pupil"))
    context = {
        "form": form,
        "today": today,
        "now": f"{now:%-H:%M}",
        "is_school_day": bool(times.sessions),
        "groups": groups_of(pupils, half=current_half(times, on=today, at=at)),
        "chosen": chosen,
        "typed_times": {key: request.POST.get(f"seen_{key}", "") for key in chosen},
        "checks": selectors.gate_checks(request.school, first_day=today, last_day=today),
    }
    return render(request, "registers/late_gate.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ARRIVALS)
def gate_check(request: StaffRequest, gate_id: int) -> HttpResponse:
    """Show one check at the gate, and strike out whom nobody greeted."""
    at = present_moment()
    gate: LateGate = get_object_or_404(
        LateGate.objects.select_related("school"), school=request.school, pk=gate_id
    )
    check = selectors.gate_check(gate)
    form = StrikeForm(check.greeted, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            count = services.strike_out(
                gate, form.greeting_ids, why=form.cleaned_data["why"], by=request.user, at=at
            )
        except DomainError as refusal:
            form.add_error("greeting", refusal.message)
        else:
            messages.success(request, f"{counted(count, 'entry', 'entries')} struck out. They stay readable.")
            return redirect(request.path)
    context = {"form": form, "check": check, "today": at.date()}
    return render(request, "registers/gate_check.html", context, status=422 if form.is_bound else 200)


@require_safe
@staff_page(Right.KEEP_ARRIVALS)
def book(request: StaffRequest) -> HttpResponse:
    """Show the late book, departures and gate checks of a period, for reading and printing."""
    at = present_moment()
    today = at.date()
    first, last = today, today
    asked = {f"{name}_{part}" for name in ("first", "last") for part in ("day", "month", "year")}
    if asked & request.GET.keys():
        form = PeriodForm(request.GET)
        if form.is_valid():
            first, last = form.cleaned_data["first"], form.cleaned_data["last"]
    else:
        form = PeriodForm(initial={"first": first, "last": last})
    lines = selectors.late_book(request.school, first_day=first, last_day=last)
    context: dict[str, Any] = {
        "form": form,
        "first": first,
        "last": last,
        "today": today,
        "period": day(first, today) if first == last else f"{day(first, today)} to {day(last, today)}",
        "lines": lines,
        "counts": selectors.late_counts(lines),
        "departures": selectors.departures(request.school, first_day=first, last_day=last),
        "checks": selectors.gate_checks(request.school, first_day=first, last_day=last),
        "periods": _periods(today),
    }
    return render(request, "registers/late_book.html", context, status=422 if form.errors else 200)


def _periods(today: date) -> list[tuple[str, str]]:
    """Return the periods asked for most, with the query of each."""
    monday = today - timedelta(days=today.weekday())
    found = {
        "Today": (today, today),
        "This week": (monday, today),
        "Last week": (monday - timedelta(days=7), monday - timedelta(days=3)),
        "Last 30 days": (today - timedelta(days=29), today),
    }
    return [
        (
            label,
            "?"
            + "&".join(
                f"{name}_{part}={getattr(value, part)}"
                for name, value in (("first", first), ("last", last))
                for part in ("day", "month", "year")
            ),
        )
        for label, (first, last) in found.items()
    ]
