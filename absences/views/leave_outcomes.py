"""Absences without leave: a person looks at the marks and says whether the child went."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from absences import access
from absences.forms.leave_desk import OutcomeForm
from absences.models import LeaveRequest, Report
from absences.selectors.leave_outcomes import Allowing, Proposal, proposal_for
from absences.services import leave_outcomes
from absences.services.leave import LeaveRefused
from absences.services.leave_outcomes import OutcomeDecidedMeanwhile
from absences.tabs import tabs_of
from accounts.access import Right
from accounts.errors import DomainError
from accounts.http import StaffRequest, staff_page
from letters.rules.national import national_words
from registers.clock import present_moment
from registers.models import PupilContact
from registers.posts import position_of


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.FOLLOW_UP_ABSENCES)
def of_request(request: StaffRequest, pk: int) -> HttpResponse:
    """Decide whether a child went although the request was not agreed."""
    return _outcome(request, access.leave_request_for(request.school, pk))


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.FOLLOW_UP_ABSENCES)
def of_report(request: StaffRequest, pk: int) -> HttpResponse:
    """Decide whether a child went on a holiday for which nobody asked leave."""
    reports = Report.objects.select_related("school", "pupil")
    return _outcome(request, get_object_or_404(reports, school=request.school, pk=pk, reason="holiday"))


def _outcome(request: StaffRequest, source: LeaveRequest | Report) -> HttpResponse:
    at = present_moment()
    proposal = proposal_for(source, on=at.date())
    if proposal is None or source_is_decided(source):
        words = (
            "There is no absence without leave to decide here: it was decided, or the marks are explained."
        )
        messages.info(request, words)
        return redirect("absences:leave", request.school.key)
    others = _others(proposal)
    form = OutcomeForm(allowing=proposal.allowing, others=others)
    if request.method == "POST":
        form = OutcomeForm(request.POST, allowing=proposal.allowing, others=others)
        if form.is_valid() and _keep(request, source, form):
            return redirect("absences:leave", request.school.key)
    context = {
        "tabs": tabs_of(request, "absences:leave"),
        "proposal": proposal,
        "form": form,
        "national": national_words(proposal.marks[0].on),
        "today": at.date(),
    }
    return render(request, "absences/leave/outcome.html", context, status=422 if form.is_bound else 200)


def source_is_decided(source: LeaveRequest | Report) -> bool:
    """Say whether somebody decided on it. One statement."""
    rows = source.outcomes if isinstance(source, LeaveRequest) else source.leave_outcomes
    return bool(rows.exists())


def _others(proposal: Proposal) -> list[Allowing]:
    """Return the child's other parents, for a person to name who allowed it after all."""
    known = {one.contact_id for one in proposal.allowing}
    links = (
        PupilContact.objects.filter(pupil=proposal.pupil, parental_responsibility=True)
        .exclude(contact_id__in=known)
        .select_related("contact")
        .order_by("priority", "contact_id")
    )
    return [Allowing(link.contact_id, link.contact.name, "") for link in links]


def _keep(request: StaffRequest, source: LeaveRequest | Report, form: OutcomeForm) -> bool:
    """Record what was entered; show beside the fields what stands against it."""
    said, at = form.cleaned_data, present_moment()
    try:
        if said["went"] == "yes":
            outcome = leave_outcomes.confirm(
                source,
                note=said["note"],
                liable_ids=[int(pk) for pk in said["liable"]],
                by=request.user,
                at=at,
                position=position_of(request.roles),
            )
            words = f"Recorded as {outcome.code}: {outcome.amended} marks amended."
        else:
            leave_outcomes.dismiss(source, note=said["note"], by=request.user, at=at)
            words = "Recorded. The marks stay as they are."
    except LeaveRefused as refused:
        form.refuse(refused.faults)
        return False
    except OutcomeDecidedMeanwhile as refusal:
        messages.warning(request, refusal.message)
        return True
    except DomainError as refusal:
        form.add_error(None, refusal.message)
        return False
    messages.success(request, words)
    return True
