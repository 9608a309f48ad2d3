"""The attendance champion's desk: the worklist, one step, and what a person decides about it."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET, require_POST
from kombu.exceptions import OperationalError

from accounts.access import Right
from accounts.errors import DomainError
from accounts.http import StaffRequest, staff_page
from accounts.templatetags.rollcall import error_items
from escalation import access
from escalation.forms import DetailsForm, FilterForm, ReasonForm, filters_of, query_of
from escalation.models import Step
from escalation.rules.schema import Policy
from escalation.selectors import steps as step_selectors
from escalation.selectors.merging import templates_of
from escalation.selectors.steps import StepDetail
from escalation.selectors.worklist import HELD, Filters, worklist
from escalation.services import decisions
from escalation.services.decisions import EditsRefused, NotReady, Outcome
from escalation.services.policies import NoPolicyInForce, policy_in_force, policy_of
from escalation.tasks import sweep_school
from letters import services as letters
from letters.errors import LetterError
from registers.clock import present_moment

logger = logging.getLogger(__name__)

Fault = dict[str, str]


@dataclass
class OpenStep:
    """The step that a page shows, with its forms."""

    detail: StepDetail
    acts: access.Acts
    details: DetailsForm
    reasons: dict[str, ReasonForm]
    seen: str

    @property
    def needs_details(self) -> bool:
        """Say whether something has to be entered, or put right, before a letter can be printed."""
        return bool(self.details.errors) or any(problem.field for problem in self.detail.problems)


@require_GET
@staff_page(Right.SEE_DESK)
def desk(request: StaffRequest) -> HttpResponse:
    """Show what waits for a decision, and beside it the step that was chosen."""
    chosen = request.GET.get("step", "")
    step = access.step_for(request.school, int(chosen)) if chosen.isdecimal() and len(chosen) < 19 else None
    shown = _opened(request, step) if step is not None else None
    return _desk_page(request, filters_of(request.GET), shown=shown)


@require_GET
@staff_page(Right.SEE_DESK)
def step(request: StaffRequest, step_id: int) -> HttpResponse:
    """Show everything about one step."""
    return _step_page(request, _opened(request, access.step_for(request.school, step_id)))


@require_GET
@staff_page(Right.SEE_DESK)
def step_preview(request: StaffRequest, step_id: int, letter: str) -> HttpResponse:
    """Show one letter of a step as the PDF that would be sent now."""
    found = access.step_for(request.school, step_id)
    template = next(
        (one for one in templates_of(found) if one.key == letter and found.is_open),
        None,
    )
    if template is None:
        raise Http404("The step has no such letter to be sent.")
    policy = policy_of(found.policy_version)
    at = present_moment()
    try:
        pdf = letters.preview_pdf(**step_selectors.preview_arguments(found, policy, template, at))
    except LetterError as error:
        return render(request, "escalation/no_preview.html", {"step": found, "error": error}, status=409)
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="preview-{template.key}.pdf"'
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@staff_page(Right.DECIDE_STEPS)
def approvals(request: StaffRequest) -> HttpResponseBase:
    """Approve the selected steps, each by itself."""
    filters = filters_of(QueryDict(request.POST.get("desk", "").lstrip("?")))
    selected = [int(text) for text in request.POST.getlist("step") if text.isdecimal() and len(text) < 19]
    if not selected:
        return _desk_page(
            request, filters, errors=[{"message": "Select a step first", "href": ""}], status=422
        )
    chosen = list(
        Step.objects.filter(school=request.school, pk__in=selected).select_related("pupil").order_by("pk")
    )
    if len(chosen) != len(set(selected)):
        raise Http404("There is no such step at this school.")
    outcomes = decisions.approve_steps(chosen, by=request.user, at=present_moment())
    refused = [outcome for outcome in outcomes if not outcome.is_approved]
    if len(refused) == len(outcomes):
        return _desk_page(request, filters, errors=_refusals(request, refused, filters), status=422)
    messages.success(request, _approved(outcomes))
    for outcome in refused:
        messages.warning(request, f"{outcome.step.pupil.full_name}: {outcome.refusal}")
    return redirect(_desk_url(request, filters))


@require_POST
@staff_page(Right.DECIDE_STEPS)
def step_approval(request: StaffRequest, step_id: int) -> HttpResponseBase:
    """Approve one step as it was shown."""

    def approve(found: Step) -> str:
        seen = request.POST.get("seen", "")
        prepared = decisions.approve_step(found, by=request.user, at=present_moment(), seen=seen)
        return _approved([Outcome(found, tuple(prepared))])

    return _decide(request, step_id, approve)


@require_POST
@staff_page(Right.DECIDE_STEPS)
def step_details(request: StaffRequest, step_id: int) -> HttpResponseBase:
    """Keep the details of the letters that a person entered."""
    found = access.step_for(request.school, step_id)
    form = DetailsForm(found, request.POST)
    if not form.is_valid():
        return _shown_again(request, _opened(request, found, details=form), status=422)

    def edit(found: Step) -> str:
        decisions.edit_step(found, edits=form.edits(), by=request.user, at=present_moment())
        return "Saved. The letter shows what you entered."

    return _decide(request, step_id, edit, details=form, stays=True)


@require_POST
@staff_page(Right.DECIDE_STEPS)
def step_dismissal(request: StaffRequest, step_id: int) -> HttpResponseBase:
    """Dismiss a step with a reason."""

    def dismiss(found: Step, reason: str) -> str:
        decisions.dismiss_step(found, reason=reason, by=request.user, at=present_moment())
        return f"Dismissed the step for {found.pupil.full_name}."

    return _decide_with_reason(request, step_id, "dismiss", dismiss)


@require_POST
@staff_page(Right.DECIDE_STEPS)
def step_hold(request: StaffRequest, step_id: int) -> HttpResponseBase:
    """Hold a step with a reason."""

    def hold(found: Step, reason: str) -> str:
        decisions.hold_step(found, reason=reason, by=request.user, at=present_moment())
        return f"Held the step for {found.pupil.full_name}. Nothing is sent until it is released."

    return _decide_with_reason(request, step_id, "hold", hold)


@require_POST
@staff_page(Right.DECIDE_STEPS)
def step_release(request: StaffRequest, step_id: int) -> HttpResponseBase:
    """Release a held step with a reason."""

    def release(found: Step, reason: str) -> str:
        decisions.release_step(found, reason=reason, by=request.user, at=present_moment())
        return f"Released the step for {found.pupil.full_name}. It waits for a decision."

    return _decide_with_reason(request, step_id, "release", release, stays=True)


@require_POST
@staff_page(Right.DECIDE_STEPS)
def sweep(request: StaffRequest) -> HttpResponseBase:
    """Queue tonight's sweep of this school now."""
    try:
        sweep_school.apply_async(kwargs={"school_id": request.school.pk}, retry=False)
    except OperationalError:
        logger.exception("The sweep of school %s could not be queued.", request.school.pk)
        messages.warning(request, "The sweep could not be started. It runs by itself at 19:00.")
    else:
        messages.success(
            request, "The sweep has started. Load the page again in a moment to see what it found."
        )
    return redirect("escalation:desk", school_key=request.school.key)


# --- what the decisions share


def _decide(
    request: StaffRequest,
    step_id: int,
    decide: Callable[[Step], str],
    *,
    details: DetailsForm | None = None,
    stays: bool = False,
) -> HttpResponseBase:
    """Carry out one decision: on to the next step with a message, or the same page with what is wrong."""
    found = access.step_for(request.school, step_id)
    try:
        said = decide(found)
    except DomainError as error:
        shown = _opened(request, access.step_for(request.school, step_id), details=details)
        return _shown_again(request, shown, error=error, status=409 if _is_late(error) else 422)
    messages.success(request, said)
    return redirect(_next_url(request, found, stays=stays))


def _decide_with_reason(
    request: StaffRequest,
    step_id: int,
    act: str,
    decide: Callable[[Step, str], str],
    *,
    stays: bool = False,
) -> HttpResponseBase:
    form = ReasonForm(act, request.POST)
    if not form.is_valid():
        shown = _opened(request, access.step_for(request.school, step_id))
        shown.reasons[act] = form
        return _shown_again(request, shown, status=422)
    return _decide(request, step_id, lambda found: decide(found, form.cleaned_data["reason"]), stays=stays)


def _is_late(error: DomainError) -> bool:
    return isinstance(error, decisions.AlreadyDecided | decisions.ChangedMeanwhile)


def _opened(request: StaffRequest, step: Step, details: DetailsForm | None = None) -> OpenStep:
    policy = policy_of(step.policy_version)
    at = present_moment()
    detail = step_selectors.step_detail(step, policy, on=at.date(), at=at)
    return OpenStep(
        detail=detail,
        acts=access.acts_for(request.roles, detail),
        details=details or DetailsForm(step),
        reasons={act: ReasonForm(act) for act in ("dismiss", "hold", "release")},
        seen=decisions.fingerprint(step),
    )


def _shown_again(
    request: StaffRequest, shown: OpenStep, *, error: DomainError | None = None, status: int
) -> HttpResponse:
    """Show the page from which a decision came, with what is wrong above it and beside the fields."""
    errors: list[Fault] = []
    if isinstance(error, EditsRefused):
        shown.details.refuse(error.faults)
    elif isinstance(error, NotReady):
        errors = [_fault(shown, problem.message, problem.field) for problem in error.problems]
    elif error is not None:
        errors = [{"message": error.message, "href": ""}]
    faults = error_items(shown.details, *shown.reasons.values(), errors)
    if "desk" in request.POST:
        filters = filters_of(QueryDict(request.POST["desk"].lstrip("?")))
        return _desk_page(request, filters, shown=shown, errors=faults, status=status)
    return _step_page(request, shown, errors=faults, status=status)


def _fault(shown: OpenStep, message: str, field: str) -> Fault:
    control = shown.details.control_of(field) if field else ""
    return {"message": message, "href": f"#{control}" if control else ""}


def _refusals(request: StaffRequest, refused: Sequence[Outcome], filters: Filters) -> list[Fault]:
    return [
        {
            "message": f"{outcome.step.pupil.full_name}: {outcome.refusal}",
            "href": _desk_url(request, filters, step=outcome.step.pk),
        }
        for outcome in refused
    ]


def _approved(outcomes: Sequence[Outcome]) -> str:
    """Say what was approved: the button's own words, done."""
    done = [outcome for outcome in outcomes if outcome.is_approved]
    copies = sum(len(outcome.letters) for outcome in done)
    who = done[0].step.pupil.full_name if len(done) == 1 else f"{len(done)} steps"
    if not copies:
        return f"Approved {who}. There is no letter to send."
    made = "1 letter is" if copies == 1 else f"{copies} letters are"
    return f"Approved {who}. {made} being made and will be under Letters."


def _policy(request: StaffRequest, on: date) -> Policy | None:
    try:
        return policy_in_force(request.school, on)[1]
    except NoPolicyInForce:
        return None


def _desk_url(request: StaffRequest, filters: Filters, **changes: Any) -> str:
    return reverse("escalation:desk", args=[request.school.key]) + query_of(filters, **changes)


def _page_url(request: StaffRequest, filters: Filters, further: int) -> str:
    page = filters.page + further
    return _desk_url(request, filters, page=page if page > 1 else None)


def _next_url(request: StaffRequest, step: Step, *, stays: bool) -> str:
    """Return where a person goes on: the next step of the list, or the page they came from."""
    if "desk" not in request.POST:
        if stays:
            return reverse("escalation:step", args=[request.school.key, step.pk])
        return reverse("escalation:desk", args=[request.school.key])
    filters = filters_of(QueryDict(request.POST["desk"].lstrip("?")))
    after = request.POST.get("next", "")
    following = str(step.pk) if stays else after if after.isdecimal() else None
    return _desk_url(request, filters, step=following)


# --- pages


def _desk_page(
    request: StaffRequest,
    filters: Filters,
    *,
    shown: OpenStep | None = None,
    errors: Sequence[Any] = (),
    status: int = 200,
) -> HttpResponse:
    today = present_moment().date()
    policy = _policy(request, today)
    work = worklist(request.school, policy, on=today, filters=filters)
    filters = work.filters
    context = {
        "work": work,
        "has_policy": policy is not None,
        "groups": [
            {"group": group, "url": _desk_url(request, filters, rung=group.key, page=None)}
            for group in work.groups
        ],
        "every_url": _desk_url(request, filters, rung="", page=None),
        "held_url": _desk_url(request, filters, rung=HELD, page=None),
        "list_url": _desk_url(request, filters),
        "clear_url": _desk_url(request, filters, year="", class_id=None, age=None, page=None),
        "previous_url": _page_url(request, filters, -1) if filters.page > 1 else "",
        "following_url": _page_url(request, filters, 1) if filters.page < work.pages else "",
        "filter_form": FilterForm(work),
        "here": query_of(filters),
        "today": today,
        "may_decide": request.may(Right.DECIDE_STEPS),
        "shown": shown,
        "next_id": work.after(shown.detail.step.pk) if shown else None,
        "errors": list(errors),
    }
    fragment = "#pane" if request.headers.get("HX-Target") == "pane" else ""
    response = render(request, f"escalation/desk.html{fragment}", context, status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def _step_page(
    request: StaffRequest, shown: OpenStep, *, errors: Sequence[Any] = (), status: int = 200
) -> HttpResponse:
    context = {"shown": shown, "today": present_moment().date(), "errors": list(errors)}
    return render(request, "escalation/step.html", context, status=status)
