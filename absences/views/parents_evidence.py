"""A parent sends the proof that the school asked for."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods
from django_scopes import scope

from absences import access
from absences.forms.evidence import FamilyProofForm
from absences.models import EvidenceState
from absences.services import evidence as services
from absences.services.attachments import AttachmentsRefused
from absences.services.evidence import EvidenceRefused
from accounts.http import SignedInRequest
from registers.clock import present_moment

OPEN = (EvidenceState.ASKED, EvidenceState.RECEIVED)


@require_http_methods(["GET", "HEAD", "POST"])
def proof(request: HttpRequest, request_id: int) -> HttpResponse:
    """Show what the school asks for, until when, and take in photos or files of it."""
    user = cast(SignedInRequest, request).user
    at = present_moment()
    asked = access.asked_of_family(user, request_id, on=at.date())
    form = FamilyProofForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
    )
    with scope(school=asked.school):
        if form.is_valid():
            try:
                services.receive(
                    asked,
                    kind=form.cleaned_data["kind"],
                    uploads=form.cleaned_data["files"],
                    version=None,
                    by=user,
                    at=at,
                )
            except AttachmentsRefused as refusal:
                for words in refusal.faults.values():
                    form.add_error("files", words)
            except EvidenceRefused as refusal:
                form.add_error(None, refusal.message)
            else:
                messages.success(request, "Thank you. The school has what you sent.")
                return redirect(request.path)
        context = {
            "asked": asked,
            "pupil": asked.pupil,
            "span": services.span_words(asked),
            "is_open": asked.state in OPEN,
            "files": list(asked.attachments.filter(uploaded_by=user).order_by("uploaded_at", "pk")),
            "form": form,
            "today": at.date(),
        }
        status = 422 if form.errors else 200
        return render(request, "absences/evidence/family.html", context, status=status)
