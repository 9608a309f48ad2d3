"""The leave desk: what waits, one request with all that is weighed, the decision, notes and paper forms."""

from datetime import datetime, time
from uuid import UUID, uuid4

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_scopes import scopes_disabled

from absences import access
from absences.forms.leave import PaperForm, checked_ids
from absences.forms.leave_desk import DecisionForm, DesignateForm, NoteForm
from absences.models import LeaveDesignate, LeaveRequest, LeaveState
from absences.rules.leave import first_code
from absences.selectors.leave import children_elsewhere, desk_of, form_of, weighing_of
from absences.selectors.leave_outcomes import outcomes_of, proposals_of
from absences.selectors.terms import NoTerms
from absences.services import leave, leave_decisions, leave_outcomes
from absences.services.leave import Asked, LeaveChangedMeanwhile, LeaveRefused
from absences.tabs import tabs_of
from accounts.access import RIGHTS, Right
from accounts.errors import DomainError
from accounts.http import StaffRequest, day_of_roles, staff_page
from accounts.models import Role, RoleAssignment, User
from letters.rules.national import national_words
from registers.clock import present_moment
from registers.models import Pupil
from registers.posts import position_of
from registers.selectors.contacts import contacts_of, siblings_of
from registers.selectors.pupils import Wanted, pupil_lines, pupils_wanted

FOUND_SHOWN = 30
FOLLOWERS = [role for role in Role.values if Right.FOLLOW_UP_ABSENCES in RIGHTS[role]]


@require_safe
@staff_page(Right.FOLLOW_UP_ABSENCES)
def desk(request: StaffRequest) -> HttpResponse:
    """Show what waits for a decision, what was decided lately, and absences without leave to look at."""
    today = present_moment().date()
    context = {
        "tabs": tabs_of(request, "absences:leave"),
        "desk": desk_of(request.school, today=today),
        "proposals": proposals_of(request.school, on=today),
        "outcomes": outcomes_of(request.school),
        "may_decide": _may_decide(request),
        "is_head": request.may(Right.DECIDE_LEAVE),
        "today": today,
    }
    return render(request, "absences/leave/desk.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.FOLLOW_UP_ABSENCES)
def decide(request: StaffRequest, pk: int) -> HttpResponse:
    """Show one request with what the policy weighs; take the decision of the head or a designate."""
    row = access.leave_request_for(request.school, pk)
    at = present_moment()
    if request.method != "POST":
        return _show(request, row, at=at)
    access.check_can_decide_leave(request.user, request.roles, school=request.school, on=at.date())
    form = _decision_form(request, row, at=at)
    version = request.POST.get("version", "")
    seen = int(version) if version.isdecimal() and len(version) < 10 else 0
    if row.state != LeaveState.WAITING or seen != row.version:
        return _show(request, row, at=at, errors=[LeaveChangedMeanwhile(row).message], status=409)
    if form is None or not form.is_valid():
        return _show(request, row, at=at, decision=form, status=422)
    chosen = dict(form.others())
    others = LeaveRequest.objects.filter(
        school=request.school, submission=row.submission, pk__in=chosen
    ).select_related("school", "pupil")
    try:
        done = leave_decisions.decide(
            [(row, seen), *((other, chosen[other.pk]) for other in others)],
            form.decision(),
            by=request.user,
            at=at,
            position=position_of(request.roles),
        )
    except LeaveChangedMeanwhile as changed:
        fresh = access.leave_request_for(request.school, pk)
        return _show(request, fresh, at=at, decision=form, errors=[changed.message], status=409)
    except LeaveRefused as refused:
        form.refuse(refused.faults)
        return _show(request, row, at=at, decision=form, status=422)
    except DomainError as refusal:
        form.add_error(None, refusal.message)
        return _show(request, row, at=at, decision=form, status=422)
    for decided in done.requests:
        state = LeaveState(decided.state).label
        messages.success(request, f"Leave for {decided.pupil.full_name}: {state.lower()}.")
    for words in done.without_letter:
        messages.warning(request, f"No letter was made. {words}")
    return redirect("absences:leave_request", request.school.key, row.pk)


@require_POST
@staff_page(Right.FOLLOW_UP_ABSENCES)
def note(request: StaffRequest, pk: int) -> HttpResponse:
    """Add whom the school asked about a request."""
    row = access.leave_request_for(request.school, pk)
    at = present_moment()
    form = NoteForm(request.POST)
    if form.is_valid():
        try:
            leave_decisions.add_note(row, **form.cleaned_data, by=request.user, at=at)
        except LeaveRefused as refused:
            form.refuse(refused.faults)
        else:
            messages.success(request, "The note is kept.")
            return redirect("absences:leave_request", request.school.key, row.pk)
    return _show(request, row, at=at, note_form=form, status=422)


def _may_decide(request: StaffRequest) -> bool:
    today = present_moment().date()
    return access.can_decide_leave(request.user, request.roles, school=request.school, on=today)


def _decision_form(request: StaffRequest, row: LeaveRequest, *, at: datetime) -> DecisionForm | None:
    try:
        weighing = weighing_of(row, at=at, elsewhere=0)
    except NoTerms:
        return None
    return DecisionForm(
        request.POST if request.method == "POST" else None,
        weighing=weighing,
        first_code=first_code(row.kind, weighing.leave),
        has_begun=leave_decisions.has_begun(row, at=at),
    )


def _show(
    request: StaffRequest,
    row: LeaveRequest,
    *,
    at: datetime,
    decision: DecisionForm | None = None,
    note_form: NoteForm | None = None,
    errors: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    """Show a request with all that is weighed; a school without a policy in force says so."""
    with scopes_disabled():
        elsewhere = children_elsewhere(row)
    try:
        weighing = weighing_of(row, at=at, elsewhere=elsewhere)
    except NoTerms as refusal:
        messages.warning(request, refusal.message)
        return redirect("absences:leave", request.school.key)
    begun = leave_decisions.has_begun(row, at=at)
    open_now = row.state == LeaveState.WAITING and _may_decide(request)
    form = decision or (
        DecisionForm(weighing=weighing, first_code=first_code(row.kind, weighing.leave), has_begun=begun)
        if open_now
        else None
    )
    context = {
        "tabs": tabs_of(request, "absences:leave"),
        "row": row,
        "weighing": weighing,
        "begun": begun,
        "form": form if open_now else None,
        "note_form": note_form or NoteForm(),
        "verify_form": note_form,  # its faults stand in the summary too
        "attachments": list(row.attachments.order_by("pk")),
        "letters": _letters_of(row),
        "errors": [{"message": words, "href": ""} for words in errors or []],
        "today": at.date(),
    }
    return render(request, "absences/leave/request.html", context, status=status)


def _letters_of(row: LeaveRequest) -> list[object]:
    """Return the letters that were made of a decision."""
    return list(row.pupil.letters.filter(origin=f"leave:{row.pk}").order_by("pk"))


# --- forms that came on paper ---------------------------------------------------------------------------


@require_safe
@staff_page(Right.FOLLOW_UP_ABSENCES)
def paper_find(request: StaffRequest) -> HttpResponse:
    """Find the pupil whose form came on paper."""
    today = present_moment().date()
    words = request.GET.get("q", "").strip()[:60]
    found = list(pupils_wanted(request.school, Wanted(on=today, words=words))[:FOUND_SHOWN]) if words else []
    context = {
        "tabs": tabs_of(request, "absences:leave"),
        "words": words,
        "lines": pupil_lines(found, on=today),
        "most": FOUND_SHOWN,
    }
    return render(request, "absences/leave/paper_find.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.FOLLOW_UP_ABSENCES)
def paper(request: StaffRequest, pupil_id: int) -> HttpResponse:
    """Enter a form that came on paper, by e-mail or at the hatch."""
    pupil: Pupil = get_object_or_404(
        Pupil.objects.select_related("school"), school=request.school, pk=pupil_id
    )
    at = present_moment()
    contacts = [
        shown.contact for shown in contacts_of(pupil, on=at.date()) if not shown.link.court_order_restricts
    ]
    siblings = [sibling.pupil for sibling in siblings_of(pupil, on=at.date()) if sibling.is_on_roll]
    form = PaperForm(contacts=contacts, siblings=siblings, on=at.date())
    key = uuid4()
    if request.method == "POST":
        form = PaperForm(request.POST, contacts=contacts, siblings=siblings, on=at.date())
        key = _key_of(request.POST.get("key", ""))
        if form.is_valid():
            said = form.cleaned_data
            applicant = next(one for one in contacts if str(one.pk) == said["applicant"])
            chosen = {int(value) for value in said.get("children", ())}
            children = [pupil, *(child for child in siblings if child.pk in chosen)]
            try:
                rows = leave.ask(
                    children,
                    _asked_on_paper(said, at=at),
                    applicants={request.school.pk: applicant},
                    submission=key,
                    by=request.user,
                    at=at,
                )
            except NoTerms as refusal:
                form.add_error(None, refusal.message)
            except LeaveRefused as refused:
                form.refuse(refused.faults)
            else:
                messages.success(request, f"The form is kept under {rows[0].reference}.")
                return redirect("absences:leave_request", request.school.key, rows[0].pk)
    context = {
        "tabs": tabs_of(request, "absences:leave"),
        "pupil": pupil,
        "form": form,
        "key": key,
        "has_contacts": bool(contacts),
    }
    return render(request, "absences/leave/paper.html", context, status=422 if form.is_bound else 200)


def _key_of(said: str) -> UUID:
    try:
        return UUID(said)
    except ValueError:
        return uuid4()


def _asked_on_paper(said: dict[str, object], *, at: datetime) -> Asked:
    """Return a form on paper as asked; what came before today came at noon of its day."""
    received = said["received_on"]
    assert isinstance(received, type(at.date()))  # noqa: S101 - a field of dates
    noon = timezone.make_aware(datetime.combine(received, time(12, 0)))
    address = str(said["home_address"]).strip()
    return Asked(
        kind=str(said["kind"]),
        first_day=said["first_day"],  # type: ignore[arg-type]
        first_half=str(said["first_half"]),
        return_on=said["return_on"],  # type: ignore[arg-type]
        return_half=str(said["return_half"]),
        reasons=str(said["reasons"]),
        detail=str(said["detail"]),
        traveller_ids=checked_ids(said["adults"]),  # type: ignore[arg-type]
        other_adults=str(said["other_adults"]),
        address_confirmed=not address,
        home_address=address,
        understood_penalty=bool(said["understood_penalty"]),
        signed_name=str(said["signed_name"]),
        signed_on=said["signed_on"],  # type: ignore[arg-type]
        channel=str(said["channel"]),
        received_at=at if received == at.date() else min(noon, at),
    )


@require_safe
@staff_page(Right.FOLLOW_UP_ABSENCES)
def blank_form(request: StaffRequest) -> HttpResponse:
    """Show the school's blank form, to print."""
    today = present_moment().date()
    try:
        said = form_of(request.school, on=today)
    except NoTerms as refusal:
        messages.warning(request, refusal.message)
        return redirect("absences:leave", request.school.key)
    context = {"said": said, "national": national_words(today), "today": today}
    return render(request, "absences/leave/blank.html", context)


# --- who decides in the head's place --------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.DECIDE_LEAVE)
def designates(request: StaffRequest) -> HttpResponse:
    """Show who decides in the head's place, and name somebody."""
    at = present_moment()
    people = _people(request)
    form = DesignateForm(people=people, initial={"first_day": at.date()})
    if request.method == "POST":
        form = DesignateForm(request.POST, people=people)
        if form.is_valid():
            said = form.cleaned_data
            person = next(one for one in people if str(one.pk) == said["user"])
            try:
                leave_outcomes.name_designate(
                    request.school,
                    person,
                    first_day=said["first_day"],
                    last_day=said["last_day"],
                    by=request.user,
                    at=at,
                )
            except LeaveRefused as refused:
                form.refuse(refused.faults)
            else:
                messages.success(request, f"{person.name} may decide leave on these days.")
                return redirect("absences:leave_designates", request.school.key)
    context = {
        "tabs": tabs_of(request, "absences:leave"),
        "form": form,
        "rows": desk_of(request.school, today=at.date()).designates,
        "today": at.date(),
    }
    return render(request, "absences/leave/designates.html", context, status=422 if form.is_bound else 200)


@require_POST
@staff_page(Right.DECIDE_LEAVE)
def designate_end(request: StaffRequest, pk: int) -> HttpResponse:
    """End somebody's deciding in the head's place."""
    row: LeaveDesignate = get_object_or_404(
        LeaveDesignate.objects.select_related("user"), school=request.school, pk=pk
    )
    leave_outcomes.end_designate(row, by=request.user, at=present_moment())
    messages.success(request, f"{row.user.name} may no longer decide leave.")
    return redirect("absences:leave_designates", request.school.key)


def _people(request: StaffRequest) -> list[User]:
    """Return who may be named: those who follow up absences at this school today, besides the person."""
    today = day_of_roles()
    holding = RoleAssignment.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=today),
        school=request.school,
        role__in=FOLLOWERS,
        starts_on__lte=today,
    )
    people = User.objects.filter(pk__in=holding.values("user_id")).exclude(pk=request.user.pk)
    return list(people.order_by("name", "pk"))
