"""What is still to be done: tasks, the log of a pupil's calls, and numbers that let the school down."""

import csv
from datetime import date, timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from absences.forms.calls import CloseForm, SettingsForm
from absences.models import Task, TaskKind
from absences.rules.reasons import REASON_BY_KEY
from absences.selectors import follow_up as selectors
from absences.services import calls as services
from absences.services.calls import who_in_words
from absences.services.tasks import TaskClosedMeanwhile, TaskRefused, close_task
from absences.tabs import tabs_of
from accounts.access import Right
from accounts.http import StaffRequest, staff_page
from registers.access import pupil_for
from registers.clock import present_moment
from registers.imports.cells import with_formula_guard
from registers.selectors.contacts import pupils_with_fewer_than_two_contacts
from registers.views.pupils import pupil_page

TAB = "absences:tasks"
CLOSED_SINCE = timedelta(days=7)
HEALTH_WORDS = {
    "wrong": "Does not work",
    "silent": "Never answered",
    "none": "No number",
}


@require_safe
@staff_page(Right.FOLLOW_UP_ABSENCES)
def tasks(request: StaffRequest) -> HttpResponse:
    """Show what is to be done, safeguarding first, then by when it is due."""
    at = present_moment()
    every = selectors.open_tasks(request.school)
    kind = request.GET.get("kind", "")
    kind = kind if kind in TaskKind.values else ""
    counts: dict[str, int] = {}
    for task in every:
        counts[task.kind] = counts.get(task.kind, 0) + 1
    context = {
        "tabs": tabs_of(request, TAB),
        "tasks": [task for task in every if not kind or task.kind == kind],
        "kinds": [(value, TaskKind(value).label, count) for value, count in counts.items()],
        "total": len(every),
        "kind": kind,
        "closed": selectors.closed_tasks(request.school, since=at - CLOSED_SINCE),
        "at": at,
        "today": at.date(),
    }
    return render(request, "absences/tasks/tasks.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.FOLLOW_UP_ABSENCES)
def task(request: StaffRequest, task_id: int) -> HttpResponse:
    """Close a task with what was done."""
    at = present_moment()
    asked: Task = get_object_or_404(
        Task.objects.select_related("pupil", "school", "closed_by"), school=request.school, pk=task_id
    )
    form = CloseForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            close_task(asked, outcome=form.cleaned_data["outcome"], by=request.user, at=at)
        except TaskRefused as refusal:
            form.add_error("outcome", refusal.message)
        except TaskClosedMeanwhile as refusal:
            asked = refusal.task
            form.add_error(None, refusal.message)
        else:
            messages.success(request, f"{asked.get_kind_display()}: closed.")
            return redirect("absences:tasks", request.school.key)
    context = {"task": asked, "form": form, "pupil": asked.pupil, "at": at, "today": at.date()}
    status = 422 if form.is_bound else 200
    return render(request, "absences/tasks/task.html", context, status=status)


@require_safe
@staff_page(Right.FOLLOW_UP_ABSENCES)
def pupil_calls(request: StaffRequest, pupil_id: int) -> HttpResponse:
    """Show everything that was tried about one pupil, and the pupil's tasks."""
    at = present_moment()
    pupil = pupil_for(request.user, request.roles, school=request.school, pk=pupil_id, on=at.date())
    attempts = selectors.attempts_of(pupil)
    context = {
        **pupil_page(request, pupil, "absences:pupil_calls", on=at.date()),
        "attempts": [
            (one, who_in_words(one), REASON_BY_KEY[one.reason].label if one.reason in REASON_BY_KEY else "")
            for one in attempts
        ],
        "conversations": selectors.conversations_of(attempts),
        "tasks": selectors.tasks_of(pupil),
        "at": at,
    }
    return render(request, "absences/tasks/pupil.html", context)


@require_safe
@staff_page(Right.FOLLOW_UP_ABSENCES)
def contact_health(request: StaffRequest) -> HttpResponse:
    """Show the numbers that let the school down, and the families to ask."""
    today = present_moment().date()
    found = selectors.contact_health(request.school, on=today)
    context = {
        "tabs": tabs_of(request, "absences:calls"),
        "wrong": [one for one in found if one.what == "wrong"],
        "silent": [one for one in found if one.what == "silent"],
        "without": [one for one in found if one.what == "none"],
        "few": pupils_with_fewer_than_two_contacts(request.school, today),
        "today": today,
    }
    return render(request, "absences/tasks/contact_health.html", context)


@require_safe
@staff_page(Right.FOLLOW_UP_ABSENCES)
def contact_health_file(request: StaffRequest) -> HttpResponse:
    """Give the list of contact health as a CSV file."""
    today: date = present_moment().date()
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="contact-health-{today}.csv"'
    writer = csv.writer(response)
    writer.writerow(["what", "contact", "number", "attempts", "last_tried", "children"])
    for one in selectors.contact_health(request.school, on=today):
        children = "; ".join(name for _, name in one.children)
        row = [HEALTH_WORDS[one.what], one.name, one.number, one.attempts, one.last_tried or "", children]
        writer.writerow([with_formula_guard(str(value)) for value in row])
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.SET_UP_SCHOOL)
def call_settings(request: StaffRequest) -> HttpResponse:
    """Choose within how many minutes safeguarding tasks are due."""
    at = present_moment()
    initial = {"minutes": services.safeguarding_minutes(request.school)}
    form = SettingsForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        services.choose_safeguarding_minutes(
            request.school, form.cleaned_data["minutes"], by=request.user, at=at
        )
        messages.success(request, "Saved. Tasks that stand keep their time.")
        return redirect(reverse("absences:tasks", args=[request.school.key]))
    context = {"form": form, "today": at.date()}
    status = 422 if form.is_bound else 200
    return render(request, "absences/tasks/settings.html", context, status=status)
