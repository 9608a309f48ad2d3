"""Moving pupils to another class, and a whole school into its next year."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.access import Right
from accounts.http import StaffRequest, staff_page
from registers.clock import present_moment
from registers.forms.roll import MoveForm, numbers_of
from registers.models import ClassGroup
from registers.rules.calendar import academic_year_of
from registers.rules.numbers import counted
from registers.selectors import roll as selectors
from registers.selectors.pupils import year_words
from registers.selectors.registers import pupils_in_class
from registers.selectors.roll_over import RisingGroup, RollOverPlan, roll_over_plan, years_to_roll_into
from registers.services.moving import CannotMove, move_pupils
from registers.services.rolling_over import Choices, RollChangedMeanwhile, RollOverRefused, roll_over
from registers.views.roll import classes_ahead
from registers.words import day


@dataclass(frozen=True)
class Line:
    """One year group of one class in the preview: where it goes, and what a person entered for it."""

    group: RisingGroup
    year: str
    to_year: str
    name: str
    staying: frozenset[int]

    @property
    def going(self) -> int:
        """Return how many of the pupils go up, or leave."""
        return sum(pupil.pupil_id not in self.staying for pupil in self.group.pupils)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ADMISSIONS)
def move_class(request: StaffRequest) -> HttpResponse:
    """Move pupils of a class to another from a day on."""
    at = present_moment()
    asked = request.POST.get("class") if request.method == "POST" else request.GET.get("class")
    group = (
        get_object_or_404(ClassGroup, school=request.school, pk=int(asked))
        if asked and asked.isdecimal() and len(asked) < 19
        else None
    )
    groups = classes_ahead(request)
    form = MoveForm(
        request.POST if request.method == "POST" else None,
        groups=[one for one in groups if group is None or one.pk != group.pk],
    )
    if form.is_bound and form.is_valid():
        to = next(one for one in groups if str(one.pk) == form.cleaned_data["to"])
        try:
            moved = move_pupils(
                request.school,
                form.pupil_ids,
                to=to,
                starts_on=form.cleaned_data["starts_on"],
                year_group=form.cleaned_data["year_group"],
                reason=form.cleaned_data["reason"],
                on=at.date(),
                by=request.user,
                at=at,
            )
        except CannotMove as refused:
            form.refuse([("" if refused.field == "pupils" else refused.field, refused.message)])
        else:
            since = day(form.cleaned_data["starts_on"], at.date())
            messages.success(request, f"{counted(moved.moved, 'pupil')} in {to.name} from {since}.")
            return redirect(f"{reverse('registers:move_class', args=[request.school.key])}?class={to.pk}")
    context = {
        "form": form,
        "group": group,
        "groups": selectors.classes_of_year(request.school, academic_year_of(at.date())),
        "pupils": pupils_in_class(group, on=_day_in(group, at.date())) if group is not None else [],
        "chosen": form.pupil_ids,
        "today": at.date(),
    }
    return render(request, "registers/roll_move.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ADMISSIONS)
def next_year(request: StaffRequest) -> HttpResponse:
    """Show what the move into the next year would do, check what a person chose, and then do it."""
    at = present_moment()
    plan = roll_over_plan(request.school, to_year=years_to_roll_into(request.school, on=at.date()))
    if request.method != "POST":
        return _show(request, plan, _proposed(plan))
    choices = _chosen(request, plan)
    if request.POST.get("do") != "move":
        missing = _missing(plan, choices)
        if missing or not plan.pupils:
            return _show(request, plan, choices, errors=missing or _nobody(), status=422)
        return _show(request, plan, choices, is_check=True)
    try:
        done = roll_over(
            request.school,
            choices,
            to_year=plan.to_year,
            on=at.date(),
            by=request.user,
            at=at,
            seen=request.POST.get("seen", ""),
        )
    except RollOverRefused as refused:
        href = f"#name_{refused.field}" if refused.field else ""
        return _show(request, plan, choices, errors=[{"message": refused.message, "href": href}], status=422)
    except RollChangedMeanwhile as refused:
        return _show(request, plan, choices, errors=[{"message": refused.message, "href": ""}], status=409)
    messages.success(
        request,
        f"{counted(done.moved, 'pupil')} moved up, {counted(done.kept, 'pupil')} kept in their year, "
        f"{counted(done.leaving, 'pupil')} leaving, {counted(done.classes, 'new class', 'new classes')}.",
    )
    return redirect("registers:next_year", request.school.key)


def _show(
    request: StaffRequest,
    plan: RollOverPlan,
    choices: Choices,
    *,
    errors: list[dict[str, str]] | None = None,
    is_check: bool = False,
    status: int = 200,
) -> HttpResponse:
    today = present_moment().date()
    lines = [
        Line(
            group,
            year_words(group.year_group),
            year_words(group.to_year_group) if group.to_year_group else "",
            choices.names.get(group.key, ""),
            choices.staying,
        )
        for group in plan.groups
    ]
    context: dict[str, Any] = {
        "plan": plan,
        "lines": lines,
        "keep_teachers": choices.keep_teachers,
        "is_check": is_check,
        "errors": errors or [],
        "leaving_on": max(plan.last_day, today) if plan.last_day else None,
        "year_name": f"{plan.to_year}/{(plan.to_year + 1) % 100:02d}",
        "is_early": today < date(plan.to_year, 4, 1),
        "today": today,
    }
    template = "registers/roll_next_year_check.html" if is_check else "registers/roll_next_year.html"
    return render(request, template, context, status=status)


def _proposed(plan: RollOverPlan) -> Choices:
    return Choices({group.key: group.proposed_name for group in plan.groups}, keep_teachers=False)


def _chosen(request: StaffRequest, plan: RollOverPlan) -> Choices:
    return Choices(
        names={group.key: request.POST.get(f"name_{group.key}", "").strip() for group in plan.groups},
        staying=frozenset(numbers_of(request.POST.getlist("stays"))),
        keep_teachers="keep_teachers" in request.POST,
    )


def _missing(plan: RollOverPlan, choices: Choices) -> list[dict[str, str]]:
    """Return a fault for each class that has no name, all at once."""
    return [
        {
            "message": f"Enter the new class of {year_words(group.year_group)} in {group.class_group.name}",
            "href": f"#name_{group.key}",
        }
        for group in plan.groups
        if not group.leaves and not choices.names.get(group.key)
    ]


def _nobody() -> list[dict[str, str]]:
    return [{"message": "Every pupil is in a class of the new year already, or leaves", "href": ""}]


def _day_in(group: ClassGroup, today: date) -> date:
    """Return today, or the first day of a class whose year has not begun."""
    return max(today, date(group.academic_year, 8, 1))
