"""Proof of absences: proposed, asked for, received, judged; and what parents are told before marks change."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from absences.forms import evidence as entered
from absences.models import EvidenceDemand, EvidenceRequest, EvidenceState
from absences.selectors import evidence as selectors
from absences.services import evidence as services
from absences.services import notices
from absences.services.attachments import AttachmentsRefused
from absences.services.evidence import EvidenceChangedMeanwhile, EvidenceRefused
from absences.tabs import tabs_of
from accounts.access import Right
from accounts.errors import DomainError
from accounts.http import StaffRequest, staff_page
from registers.access import pupil_for
from registers.clock import present_moment
from registers.posts import position_of
from registers.selectors.contacts import ContactShown, contacts_of
from registers.views.pupils import pupil_page

TAB = "absences:evidence"
PUPIL_TAB = "absences:pupil_evidence"
GONE = "This request for proof was changed in the meantime. Look at it again."
USUAL_TIME = timedelta(days=10)  # what families are given to find a card or a letter
GROUPS: tuple[tuple[str, str], ...] = (
    ("received", "Received: look at it"),
    ("overdue", "Asked for, and overdue"),
    ("proposed", "Proposed: ask, or say that it is not needed"),
    ("asked", "Asked for"),
    ("unsatisfied", "Not accepted"),
    ("done", "Done with"),
)


@require_safe
@staff_page(Right.FOLLOW_UP_ABSENCES)
def evidence_list(request: StaffRequest) -> HttpResponse:
    """Show what is to be looked at, what is overdue, what rules propose, and what was judged lately."""
    today = present_moment().date()
    rows = selectors.open_requests(request.school, on=today)
    groups = [(key, label, [row for row in rows if row.group == key]) for key, label in GROUPS]
    context = {
        "tabs": tabs_of(request, TAB),
        "groups": [group for group in groups if group[2]],
        "tells_first": selectors.tells_before_unauthorising(request.school, today),
        "today": today,
    }
    return render(request, "absences/evidence/list.html", context)


# --- one request


@dataclass(frozen=True)
class Page:
    """A request with everything that its page shows."""

    request: StaffRequest
    row: EvidenceRequest
    people: list[ContactShown]
    at: datetime
    bound: dict[str, forms.Form] = field(default_factory=dict)

    def form(self, name: str) -> forms.Form:
        """Return the form of an act, bound where it was just refused."""
        return self.bound.get(name) or FORMS[name](self, None, None)


def _talk(page: Page, data: Any, files: Any) -> forms.Form:
    return entered.TalkForm(data, prefix="talk")


def _ask(page: Page, data: Any, files: Any) -> forms.Form:
    due_on = page.at.date() + USUAL_TIME
    return entered.AskForm(
        data,
        prefix="ask",
        people=page.people,
        initial={
            "contact": next(
                (str(one.contact.pk) for one in page.people if not one.link.court_order_restricts), ""
            ),
            "way": "message",
            "due_on": due_on,
            "words": services.asking_words(page.row, due_on),
        },
    )


def _receive(page: Page, data: Any, files: Any) -> forms.Form:
    return entered.ReceiveForm(data, files, prefix="receive")


def _judge(page: Page, data: Any, files: Any) -> forms.Form:
    return entered.JudgeForm(data, prefix="judge")


def _withdraw(page: Page, data: Any, files: Any) -> forms.Form:
    return entered.WithdrawForm(data, prefix="withdraw")


def _notice(page: Page, data: Any, files: Any) -> forms.Form:
    local = timezone.localtime(page.at)
    return entered.NoticeForm(
        data,
        prefix="notice",
        people=page.people,
        initial={
            "told_on": local.date(),
            "told_at": local.time(),
            "first_day": page.row.first_day,
            "last_day": page.row.last_day,
            "last_half": "PM",
        },
    )


def _unauthorise(page: Page, data: Any, files: Any) -> forms.Form:
    return entered.UnauthoriseForm(data, prefix="unauthorise")


FORMS: dict[str, Callable[[Page, Any, Any], forms.Form]] = {
    "talk": _talk,
    "ask": _ask,
    "receive": _receive,
    "judge": _judge,
    "withdraw": _withdraw,
    "notice": _notice,
    "unauthorise": _unauthorise,
}


def _page_of(request: StaffRequest, request_id: int) -> Page:
    at = present_moment()
    row: EvidenceRequest = get_object_or_404(
        EvidenceRequest.objects.select_related(
            "school", "pupil", "report", "proposed_by", "spoken_by", "asked_by", "received_by", "closed_by"
        ),
        school=request.school,
        pk=request_id,
    )
    return Page(request, row, contacts_of(row.pupil, on=at.date()), at)


@require_safe
@staff_page(Right.FOLLOW_UP_ABSENCES)
def one(request: StaffRequest, request_id: int) -> HttpResponse:
    """Show one request with what came, what was said, and what can be done next."""
    return _show(_page_of(request, request_id))


def _show(page: Page, *, status: int = 200) -> HttpResponse:
    row = page.row
    state = EvidenceState(row.state)
    marks = notices.standing(row)
    told = [one for one in selectors.notices_of(row.pupil) if one.evidence_request_id == row.pk]
    files = list(row.attachments.select_related("uploaded_by").order_by("uploaded_at", "pk"))
    if row.report is not None:
        files += list(row.report.attachments.select_related("uploaded_by").order_by("uploaded_at", "pk"))
    is_open = state in selectors.OPEN
    shown = {
        "talk": state == EvidenceState.PROPOSED and services.needs_talk(row, on=page.at.date()),
        "ask": state == EvidenceState.PROPOSED and not services.needs_talk(row, on=page.at.date()),
        "receive": is_open,
        "judge": state == EvidenceState.RECEIVED
        or (state == EvidenceState.ASKED and row.due_on is not None and row.due_on < page.at.date()),
        "withdraw": is_open,
        "notice": state == EvidenceState.NOT_SATISFIED and bool(marks),
        "unauthorise": state == EvidenceState.NOT_SATISFIED
        and bool(marks)
        and page.request.may(Right.AMEND_MARKS),
    }
    # Sent from a page that was open too long: the form is not on this one, and there is nothing to mend.
    refused = next(iter(page.bound), "")
    is_gone = bool(refused) and not shown[refused] and not page.bound[refused].non_field_errors()
    context = {
        "tabs": tabs_of(page.request, TAB),
        "row": row,
        "pupil": row.pupil,
        "files": files,
        "marks": marks,
        "notices": told,
        "tells_first": selectors.tells_before_unauthorising(page.request.school, page.at.date()),
        "span": services.span_words(row),
        "forms": {name: page.form(name) for name, is_shown in shown.items() if is_shown},
        # The form that was refused: its errors stand in the summary.
        "form": None if is_gone else page.bound.get(refused),
        "errors": [GONE] if is_gone else [],
        # What came is not late any more: it waits for the school.
        "is_overdue": is_open
        and row.received_at is None
        and row.due_on is not None
        and row.due_on < page.at.date(),
        "today": page.at.date(),
    }
    return render(page.request, "absences/evidence/one.html", context, status=status)


def _act(
    request: StaffRequest, request_id: int, name: str, do: Callable[[Page, Any, int], str]
) -> HttpResponse:
    """Do one act of a request, or show the page again with what was entered and why it cannot stand."""
    page = _page_of(request, request_id)
    form = FORMS[name](page, request.POST, request.FILES)
    if form.is_valid():
        seen = request.POST.get("version", "")
        try:
            done = do(page, form, int(seen) if seen.isdecimal() and len(seen) < 9 else page.row.version)
        except AttachmentsRefused as refusal:
            for words in refusal.faults.values():
                form.add_error("files", words)
        except EvidenceRefused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        except DomainError as refusal:
            form.add_error(None, refusal.message)
            if isinstance(refusal, EvidenceChangedMeanwhile):
                page = _page_of(request, request_id)
        else:
            messages.success(request, done)
            return redirect("absences:evidence_one", request.school.key, request_id)
    return _show(Page(request, page.row, page.people, page.at, {name: form}), status=422)


@require_POST
@staff_page(Right.FOLLOW_UP_ABSENCES)
def talk(request: StaffRequest, request_id: int) -> HttpResponse:
    """Write down that the school spoke with the parent."""

    def do(page: Page, form: Any, version: int) -> str:
        services.log_talk(
            page.row, words=form.cleaned_data["words"], version=version, by=request.user, at=page.at
        )
        return "Written down. Now you can ask for proof, or say that it is not needed."

    return _act(request, request_id, "talk", do)


@require_POST
@staff_page(Right.FOLLOW_UP_ABSENCES)
def ask(request: StaffRequest, request_id: int) -> HttpResponse:
    """Ask a parent for proof."""

    def do(page: Page, form: Any, version: int) -> str:
        given = form.cleaned_data
        services.ask(
            page.row,
            to=form.person(),
            way=given["way"],
            due_on=given["due_on"],
            words=given["words"].strip(),
            version=version,
            by=request.user,
            at=page.at,
        )
        return f"{form.person().name} is asked for proof."

    return _act(request, request_id, "ask", do)


@require_POST
@staff_page(Right.FOLLOW_UP_ABSENCES)
def receive(request: StaffRequest, request_id: int) -> HttpResponse:
    """Take in what came."""

    def do(page: Page, form: Any, version: int) -> str:
        given = form.cleaned_data
        services.receive(
            page.row,
            kind=given["kind"],
            uploads=given["files"],
            is_on_paper=given["is_on_paper"],
            version=version,
            by=request.user,
            at=page.at,
        )
        return "The proof is kept."

    return _act(request, request_id, "receive", do)


@require_POST
@staff_page(Right.FOLLOW_UP_ABSENCES)
def judge(request: StaffRequest, request_id: int) -> HttpResponse:
    """Say whether the school is satisfied."""

    def do(page: Page, form: Any, version: int) -> str:
        is_satisfied = form.is_satisfied()
        services.judge(
            page.row,
            satisfied=is_satisfied,
            why=form.cleaned_data["why"],
            version=version,
            by=request.user,
            at=page.at,
        )
        return "Accepted: the absence stays authorised." if is_satisfied else "Not accepted."

    return _act(request, request_id, "judge", do)


@require_POST
@staff_page(Right.FOLLOW_UP_ABSENCES)
def withdraw(request: StaffRequest, request_id: int) -> HttpResponse:
    """Say that proof is not needed."""

    def do(page: Page, form: Any, version: int) -> str:
        services.withdraw(
            page.row, why=form.cleaned_data["why"], version=version, by=request.user, at=page.at
        )
        return "Proof is not needed."

    return _act(request, request_id, "withdraw", do)


@require_POST
@staff_page(Right.FOLLOW_UP_ABSENCES)
def notice(request: StaffRequest, request_id: int) -> HttpResponse:
    """Log that a parent was told that the marks are going to change."""

    def do(page: Page, form: Any, version: int) -> str:
        notices.log_notice(page.row.pupil, form.told(), by=request.user, at=page.at, request=page.row)
        return "Logged. The marks of these sessions can change now."

    return _act(request, request_id, "notice", do)


@require_POST
@staff_page(Right.AMEND_MARKS)
def unauthorise(request: StaffRequest, request_id: int) -> HttpResponse:
    """Record the sessions as unauthorised."""

    def do(page: Page, form: Any, version: int) -> str:
        saved = notices.unauthorise(
            page.row,
            by=request.user,
            at=page.at,
            position=position_of(request.roles),
            code=form.cleaned_data["code"],
        )
        count = saved.changed
        return f"{count} session{'' if count == 1 else 's'} recorded as {form.cleaned_data['code']}."

    return _act(request, request_id, "unauthorise", do)


# --- of one pupil


@require_safe
@staff_page(Right.FOLLOW_UP_ABSENCES)
def pupil_evidence(request: StaffRequest, pupil_id: int) -> HttpResponse:
    """Show what proof was asked for of one pupil, what the parents were told, and what is demanded."""
    at = present_moment()
    pupil = pupil_for(request.user, request.roles, school=request.school, pk=pupil_id, on=at.date())
    context = {
        **pupil_page(request, pupil, PUPIL_TAB, on=at.date()),
        "rows": selectors.requests_of(pupil, on=at.date()),
        "notices": selectors.notices_of(pupil),
        "demands": selectors.standing_demands(pupil, on=at.date()),
        "tells_first": selectors.tells_before_unauthorising(request.school, at.date()),
    }
    return render(request, "absences/evidence/pupil.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.FOLLOW_UP_ABSENCES)
def new(request: StaffRequest, pupil_id: int) -> HttpResponse:
    """Let a person say that proof of an absence is needed, and why."""
    at = present_moment()
    pupil = pupil_for(request.user, request.roles, school=request.school, pk=pupil_id, on=at.date())
    form = entered.RaiseForm(
        request.POST if request.method == "POST" else None,
        rules=selectors.rules_for(request.school, at.date()),
    )
    if form.is_valid():
        try:
            made = services.raise_request(
                pupil,
                form.cleaned_data["rule"],
                form.span(),
                why=form.cleaned_data["why"],
                by=request.user,
                at=at,
            )
        except EvidenceRefused as refusal:
            form.add_error(refusal.field or None, refusal.message)
        else:
            messages.success(request, "Proposed. Now ask the family, or say that proof is not needed.")
            return redirect("absences:evidence_one", request.school.key, made.pk)
    return _pupil_form(request, pupil, form, "absences/evidence/new.html", at=at)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.FOLLOW_UP_ABSENCES)
def pupil_notice(request: StaffRequest, pupil_id: int) -> HttpResponse:
    """Log that a parent was told before an illness becomes unauthorised, without a request for proof."""
    at = present_moment()
    local = timezone.localtime(at)
    pupil = pupil_for(request.user, request.roles, school=request.school, pk=pupil_id, on=at.date())
    form = entered.NoticeForm(
        request.POST if request.method == "POST" else None,
        people=contacts_of(pupil, on=at.date()),
        initial={"told_on": local.date(), "told_at": local.time(), "last_half": "PM"},
    )
    if form.is_valid():
        try:
            notices.log_notice(pupil, form.told(), by=request.user, at=at)
        except EvidenceRefused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        else:
            messages.success(request, "Logged. The marks of these sessions can change now.")
            return redirect("absences:pupil_evidence", request.school.key, pupil.pk)
    return _pupil_form(request, pupil, form, "absences/evidence/notice.html", at=at)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.FOLLOW_UP_ABSENCES)
def demand_end(request: StaffRequest, pupil_id: int, demand_id: int) -> HttpResponse:
    """Take back that every illness of a pupil needs proof."""
    at = present_moment()
    pupil = pupil_for(request.user, request.roles, school=request.school, pk=pupil_id, on=at.date())
    made = get_object_or_404(EvidenceDemand, school=request.school, pupil=pupil, pk=demand_id)
    form = entered.WithdrawForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            services.end_demand(made, why=form.cleaned_data["why"], by=request.user, at=at)
        except EvidenceRefused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        else:
            messages.success(request, "Illness no longer needs proof.")
            return redirect("absences:pupil_evidence", request.school.key, pupil.pk)
    return _pupil_form(request, pupil, form, "absences/evidence/demand_end.html", at=at, demand=made)


def _pupil_form(
    request: StaffRequest, pupil: Any, form: forms.Form, template: str, *, at: datetime, **more: Any
) -> HttpResponse:
    context = {"pupil": pupil, "form": form, "today": at.date(), **more}
    return render(request, template, context, status=422 if form.errors else 200)
