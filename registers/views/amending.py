"""Amending a range of one pupil's marks: preview, confirmation, undo."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods

from accounts.access import Right
from accounts.errors import DomainError
from accounts.http import StaffRequest, staff_page
from registers import access
from registers.clock import present_moment
from registers.code_choices import code_key
from registers.forms.amending import REASONS, AmendForm, seen_text
from registers.heat_map import mark_words
from registers.models import EntryBatch, Pupil
from registers.posts import position_of
from registers.pupil_tabs import tabs_of
from registers.selectors.pupil_marks import latest_act, names_of
from registers.services import amendments
from registers.services.amendments import Plan, Planned
from registers.services.mark_sets import MarkSetChangedMeanwhile, MarkSetRefused, Place, Values
from registers.words import code_name


@dataclass(frozen=True)
class PreviewLine:
    """One session of a preview."""

    planned: Planned
    was: str  # in words
    becomes: str
    conflict: str = ""  # what somebody else made of the mark meanwhile


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.AMEND_MARKS)
def amend(request: StaffRequest, pupil_id: int) -> HttpResponse:
    """
    Show the form, then exactly what would change, then change it.

    The script of the pupil's page shows the preview itself and sends the confirmed form at once.
    """
    at = present_moment()
    child = access.pupil_for(request.user, request.roles, school=request.school, pk=pupil_id, on=at.date())
    if request.method != "POST":
        return _show(request, child, AmendForm.of(request.GET), at=at)
    form = AmendForm.of(request.POST)
    if not form.read():
        return _show(request, child, form, at=at, status=422)
    try:
        plan = _plan(request, child, form, at=at)
    except DomainError as refusal:
        form.refuse(refusal.message, "last_on")
        return _show(request, child, form, at=at, status=422)
    if not form.is_confirmed:
        return _show(request, child, form, at=at, plan=plan)
    return _save(request, child, form, plan, at=at)


def _plan(request: StaffRequest, child: Pupil, form: AmendForm, *, at: datetime) -> Plan:
    assert form.first and form.last and form.entered  # noqa: S101 - the form was read
    places = amendments.places_between(request.school, [child.pk], first=form.first, last=form.last)
    return amendments.plan_amendment(request.school, places, form.entered, at=at)


def _save(request: StaffRequest, child: Pupil, form: AmendForm, plan: Plan, *, at: datetime) -> HttpResponse:
    """Do what the person saw: the sessions of the preview, with the codes that stood there then."""
    by_session = {planned.place[1]: planned for planned in (*plan.changes, *plan.refused)}
    seen = [(planned, form.seen[session]) for session, planned in by_session.items() if session in form.seen]
    try:
        saved = amendments.amend(
            request.school,
            [planned.wanted_instead_of(code) for planned, code in seen],
            reason=form.reason,
            by=request.user,
            at=at,
            position=position_of(request.roles),
        )
    except MarkSetChangedMeanwhile as changed:
        form.refuse(
            "Somebody else changed some of these marks meanwhile. Look at them and save again", "plan"
        )
        return _show(request, child, form, at=at, plan=plan, conflicts=changed.current, status=422)
    except MarkSetRefused as refused:
        for place, fault in refused.faults.items():
            form.refuse(f"{by_session[place[1]].standing.words}: {fault}", "plan")
        return _show(request, child, form, at=at, plan=plan, status=422)
    except DomainError as refusal:
        form.refuse(refusal.message, "code")
        return _show(request, child, form, at=at, plan=plan, status=422)
    count = saved.recorded + saved.changed
    batch_id = latest_act(request.school, by=request.user, at=at)
    undo_url = reverse(
        "registers:undo_amendment", kwargs={"school_key": request.school.key, "batch_id": batch_id}
    )
    messages.success(
        request,
        format_html(
            '{} {} amended to {}. <a class="govuk-notification-banner__link" href="{}">Undo</a>',
            count,
            "mark" if count == 1 else "marks",
            f"{form.code}, {code_name(form.code)}",
            undo_url,
        ),
    )
    return redirect(_pupil_url(request, child, form))


def _pupil_url(request: StaffRequest, child: Pupil, form: AmendForm) -> str:
    """Return the pupil's page, at the part of the year from which the person came."""
    url = reverse("registers:pupil", kwargs={"school_key": request.school.key, "pupil_id": child.pk})
    back = {name: value for name in ("year", "period") if (value := getattr(form, name))}
    return f"{url}?{urlencode(back)}" if back else url


def _show(
    request: StaffRequest,
    child: Pupil,
    form: AmendForm,
    *,
    at: datetime,
    plan: Plan | None = None,
    conflicts: Mapping[Place, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    lines = [_line(planned, conflicts or {}, form) for planned in plan.changes] if plan else []
    context = {
        "pupil": child,
        "form": form,
        "field_errors": form.errors,
        "errors": form.faults,
        "today": at.date(),
        "tabs": tabs_of(request, child, "registers:pupil"),
        "back": _pupil_url(request, child, form),
        "plan": plan,
        "lines": lines,
        "seen": seen_text(
            {planned.place[1]: planned.standing.values[0] for planned in plan.changes} if plan else {}
        ),
        "code_groups": code_key(form.first[0] if form.first else at.date(), "AM"),
        "reasons": REASONS,
    }
    return render(request, "registers/amend.html", context, status=status)


def _line(planned: Planned, conflicts: Mapping[Place, str], form: AmendForm) -> PreviewLine:
    conflict = ""
    if planned.place in conflicts:
        conflict = (
            f"Somebody else changed it from {_named(form.seen.get(planned.place[1], ''))}"
            f" to {_named(conflicts[planned.place])} meanwhile."
        )
    return PreviewLine(planned, _words(planned.standing.values), _words(planned.becomes), conflict)


def _named(code: str) -> str:
    return f"{code} ({code_name(code)})" if code else "no mark"


def _words(values: Values) -> str:
    return mark_words(*values) if values[0] else "No mark"


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.AMEND_MARKS)
def undo(request: StaffRequest, batch_id: int) -> HttpResponse:
    """Show what taking an amendment back would do, then do it as one new amendment."""
    at = present_moment()
    batch: EntryBatch = get_object_or_404(EntryBatch.objects.select_related("by", "school"), pk=batch_id)
    try:
        undoing = amendments.plan_undo(batch)
    except DomainError as refusal:
        context = {"refusal": refusal.message, "batch": batch, "today": at.date()}
        return render(request, "registers/undo_amendment.html", context, status=409)
    names = names_of(undoing.pupil_ids)
    errors: list[str] = []
    if request.method == "POST":
        try:
            saved = amendments.undo(undoing, by=request.user, at=at, position=position_of(request.roles))
        except MarkSetChangedMeanwhile as changed:
            errors.append(changed.message)
            undoing = amendments.plan_undo(batch)
        except DomainError as refusal:
            errors.append(refusal.message)
        else:
            count = saved.recorded + saved.changed + saved.cleared
            left = f" {len(undoing.left)} left as they are." if undoing.left else ""
            messages.success(
                request, f"Amendment undone: {count} {'mark' if count == 1 else 'marks'} put back.{left}"
            )
            keys = {"school_key": request.school.key, "pupil_id": undoing.pupil_ids[0]}
            return redirect(f"{reverse('registers:pupil', kwargs=keys)}?{urlencode({'year': undoing.year})}")
    context = {
        "batch": batch,
        "undoing": undoing,
        "errors": errors,
        "today": at.date(),
        "restored": [
            (names[one.standing.pupil_id], one, _words(one.standing.values), _words(one.becomes))
            for one in undoing.restored
        ],
        "left": [(names[one.standing.pupil_id], one) for one in undoing.left],
        "back": reverse(
            "registers:pupil",
            kwargs={"school_key": request.school.key, "pupil_id": undoing.pupil_ids[0]},
        ),
    }
    return render(request, "registers/undo_amendment.html", context, status=422 if errors else 200)
