"""Asking for leave: one question a page, the answers to check, the signature, and what became of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID, uuid4

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_scopes import scope, scopes_disabled

from absences import access, leave_drafts
from absences.forms import leave as forms
from absences.leave_drafts import LeaveDraft
from absences.models import LeaveRequest, LeaveState
from absences.rules.leave import (
    KIND_BY_KEY,
    applicant_fault,
    days_words,
    kind_label,
    never_granted,
    notice_given,
)
from absences.selectors.leave import (
    Adult,
    FormOfSchool,
    adults_of,
    applicants_of,
    form_of,
    parts_of,
    requests_of_family,
)
from absences.selectors.terms import NoTerms
from absences.services import leave
from absences.services.attachments import AttachmentsRefused, keep_for_all
from absences.services.leave import Asked, LeaveChangedMeanwhile, LeaveRefused
from accounts.http import SignedInRequest
from accounts.models import School, User
from letters.rules.national import national_words
from registers.clock import present_moment
from registers.models import Contact, Pupil, PupilContact

STEPS = ("kind", "days", "reasons", "going", "address", "check", "sign")
# Where the answers page leads from a fault that a school finds in what was asked.
PLACE_OF_FAULT = {
    "kind": "kind",
    "detail": "reasons",
    "first_day": "days",
    "return_on": "days",
    "reasons": "reasons",
    "home_address": "address",
}


@dataclass(frozen=True)
class Journey:
    """One request on its way: what was answered, for whom, and what the schools' forms say."""

    request: HttpRequest
    user: User
    draft: LeaveDraft
    children: list[Pupil]
    contacts: dict[int, Contact]  # who the person is, by school
    forms_of_schools: list[FormOfSchool]
    adults: list[Adult]
    at: datetime

    @property
    def today(self) -> date:
        """Return the day on which the parent asks."""
        return self.at.date()

    @property
    def names(self) -> str:
        """Return the children's forenames."""
        return _joined([child.forename for child in self.children])

    @property
    def addresses(self) -> list[str]:
        """Return the person's own addresses as the schools hold them, each once; never anybody else's."""
        return list(dict.fromkeys(contact.address for contact in self.contacts.values() if contact.address))

    def asked(self, **signed: Any) -> Asked:
        """Return the answers as the service takes them."""
        draft = self.draft
        assert draft.first_day is not None and draft.return_on is not None  # noqa: S101 - next_step asked
        own = {contact.pk for contact in self.contacts.values()} if "self" in (draft.going or ()) else set()
        return Asked(
            **{
                "kind": draft.kind,
                "first_day": draft.first_day,
                "first_half": draft.first_half,
                "return_on": draft.return_on,
                "return_half": draft.return_half,
                "reasons": draft.reasons,
                "detail": draft.detail,
                "traveller_ids": forms.checked_ids(draft.going or ()) | own,
                "other_adults": draft.other_adults,
                "address_confirmed": draft.address == "yes",
                "home_address": draft.home_address,
                "signed_name": self.user.name,
                "signed_on": self.today,
                "understood_penalty": True,
                **signed,
            }
        )

    def go_on(self, draft: LeaveDraft) -> HttpResponse:
        """Keep the answers and go to the next open question."""
        leave_drafts.keep(self.request, draft)
        return redirect("absences:leave_step", draft.key, draft.next_step)

    def show(self, step: str, *, status: int = 200, **context: Any) -> HttpResponse:
        """Render a page of the journey."""
        return render(
            self.request,
            f"absences/leave/{step}.html",
            {
                "journey": self,
                "draft": self.draft,
                "schools": self.forms_of_schools,
                "today": self.today,
                "back_url": self._back_from(step),
                **context,
            },
            status=status,
        )

    def _back_from(self, step: str) -> str:
        if self.draft.next_step == "check" and step not in ("check", "sign"):
            return reverse("absences:leave_step", args=[self.draft.key, "check"])
        place = STEPS.index(step)
        if place == 0:
            return reverse("absences:leave_start")
        return reverse("absences:leave_step", args=[self.draft.key, STEPS[place - 1]])


def _joined(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _journey(request: HttpRequest, draft: LeaveDraft) -> Journey:
    """
    Return the journey of a draft.

    :raises Http404: a child of the draft is not, or no longer, the person's
    """
    user, at = cast(SignedInRequest, request).user, present_moment()
    children = [child for child in access.children_of(user, on=at.date()) if child.pk in draft.children]
    if len(children) != len(draft.children):
        raise Http404
    schools = list(dict.fromkeys(child.school for child in children))
    said = [_form_of(school, on=at.date()) for school in schools]
    with scopes_disabled():
        contacts = applicants_of(user.pk, schools)
        adults = adults_of(children, without=[contact.pk for contact in contacts.values()])
    return Journey(request, user, draft, children, contacts, [one for one in said if one], adults, at)


def _form_of(school: School, *, on: date) -> FormOfSchool | None:
    with scope(school=school):
        try:
            return form_of(school, on=on)
        except NoTerms:
            return None


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show a parent what they asked, and the way to ask."""
    user, today = cast(SignedInRequest, request).user, present_moment().date()
    children = access.children_of(user, on=today)
    with scopes_disabled():
        requests = requests_of_family(user.pk, [child.pk for child in children])
    lines = [(row, kind_label(row.kind)) for row in requests]
    return render(request, "absences/leave/home.html", {"lines": lines, "children": children, "today": today})


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Ask which children the leave is for, and begin a request."""
    user, today = cast(SignedInRequest, request).user, present_moment().date()
    children = access.children_of(user, on=today)
    context = {"children": children, "back_url": reverse("absences:leave_home")}
    if request.method != "POST":
        form = forms.ChildrenForm(children=children, initial={"children": [str(c.pk) for c in children[:1]]})
        return render(request, "absences/leave/start.html", {**context, "form": form})
    form = forms.ChildrenForm(request.POST, children=children)
    if not form.is_valid():
        return render(request, "absences/leave/start.html", {**context, "form": form}, status=422)
    chosen = tuple(int(key) for key in form.cleaned_data["children"])
    draft = LeaveDraft(key=uuid4(), children=chosen)
    leave_drafts.keep(request, draft)
    return redirect("absences:leave_step", draft.key, draft.next_step)


@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, key: UUID, step: str) -> HttpResponse:
    """Ask one question of a request, show the answers to check, or take the signature and send it."""
    draft = leave_drafts.find(request, key)
    if draft is None:
        return (
            redirect("absences:leave_sent", key) if _sent(request, key) else redirect("absences:leave_start")
        )
    if step not in STEPS:
        raise Http404
    # A page that rests on answers before it cannot be opened without them.
    open_step = draft.next_step
    if STEPS.index(step) > STEPS.index(open_step) and not (step == "sign" and open_step == "check"):
        return redirect("absences:leave_step", key, open_step)
    return ASK[step](_journey(request, draft))


def _kind(journey: Journey) -> HttpResponse:
    request, draft = journey.request, journey.draft
    form = forms.KindForm(initial={"kind": draft.kind})
    if request.method == "POST":
        form = forms.KindForm(request.POST)
        if form.is_valid():
            kind = form.cleaned_data["kind"]
            same = kind == draft.kind
            # Another kind asks for other details: what was said of the first must not stand under it.
            answers = {"kind": kind} if same else {"kind": kind, "detail": "", "reasons": draft.reasons}
            if not same and KIND_BY_KEY[kind].needs_detail:
                answers["reasons"] = ""
            return journey.go_on(draft.changed(**answers))
    return journey.show("kind", form=form, status=422 if form.is_bound else 200)


def _days(journey: Journey) -> HttpResponse:
    request, draft = journey.request, journey.draft
    names = ("first_day", "first_half", "return_on", "return_half")
    form = forms.DaysForm(initial={name: getattr(draft, name) for name in names})
    if request.method == "POST":
        form = forms.DaysForm(request.POST)
        if form.is_valid():
            changed = draft.changed(**form.cleaned_data)
            faults = _faults_of_days(journey, changed)
            if not faults:
                return journey.go_on(changed)
            form.refuse(faults)
    return journey.show("days", form=form, status=422 if form.is_bound else 200)


def _faults_of_days(journey: Journey, draft: LeaveDraft) -> dict[str, str]:
    """Return what the schools' calendars say against the days, by asking without sending."""
    probe = Journey(**{**vars(journey), "draft": draft.changed(reasons=draft.reasons or "-")})
    faults = leave.faults_of(
        journey.children,
        probe.asked(),
        applicants=journey.contacts,
        submission=draft.key,
        at=journey.at,
    )
    return {name: words for name, words in faults.items() if name in ("first_day", "return_on")}


def _reasons(journey: Journey) -> HttpResponse:
    request, draft = journey.request, journey.draft
    form = forms.ReasonsForm(kind=draft.kind, initial={"reasons": draft.reasons, "detail": draft.detail})
    if request.method == "POST":
        form = forms.ReasonsForm(request.POST, kind=draft.kind)
        if form.is_valid():
            return journey.go_on(draft.changed(**form.cleaned_data))
    return journey.show(
        "reasons", form=form, is_never=never_granted(draft.kind), status=422 if form.is_bound else 200
    )


def _going(journey: Journey) -> HttpResponse:
    request, draft = journey.request, journey.draft
    initial = {"adults": list(draft.going or ()), "other_adults": draft.other_adults}
    form = forms.GoingForm(adults=journey.adults, initial=initial)
    if request.method == "POST":
        form = forms.GoingForm(request.POST, adults=journey.adults)
        if form.is_valid():
            said = form.cleaned_data
            return journey.go_on(
                draft.changed(going=tuple(said["adults"]), other_adults=said["other_adults"].strip())
            )
    return journey.show("going", form=form, status=422 if form.is_bound else 200)


def _address(journey: Journey) -> HttpResponse:
    request, draft = journey.request, journey.draft
    form = forms.AddressForm(initial={"confirmed": draft.address, "home_address": draft.home_address})
    if request.method == "POST":
        form = forms.AddressForm(request.POST)
        if form.is_valid():
            said = form.cleaned_data
            right = said["confirmed"] == "yes"
            typed = "" if right else said["home_address"].strip()
            return journey.go_on(draft.changed(address=said["confirmed"], home_address=typed))
    return journey.show("address", form=form, status=422 if form.is_bound else 200)


def _check(journey: Journey) -> HttpResponse:
    if journey.request.method == "POST":
        return redirect("absences:leave_step", journey.draft.key, "sign")
    return journey.show("check", **_answers(journey))


def _answers(journey: Journey) -> dict[str, Any]:
    """Return the answers in words, with what each school's rules say of them."""
    draft, asked = journey.draft, journey.asked()
    lines = []
    for said in journey.forms_of_schools:
        own = [child for child in journey.children if child.school == said.school]
        with scope(school=said.school):
            missed = leave.sessions_missed(said.school, asked)
            homes = dict(
                PupilContact.objects.filter(
                    pupil__in=own, contact=journey.contacts[said.school.pk]
                ).values_list("pupil_id", "lives_with")
            )
        elsewhere = [
            child.forename
            for child in own
            if applicant_fault(said.leave, lives_with=homes.get(child.pk, False))
        ]
        short = missed and notice_given(
            said.leave.notice, asked_on=journey.today, first_day=missed[0].on, school_days=()
        )
        lines.append(
            {
                "school": said.school,
                "children": _joined([child.full_name for child in own]),
                "days": days_words(len(missed)),
                "short_notice": said.notice if short and short.is_met is False else "",
                "elsewhere": _joined(elsewhere) if elsewhere else "",
            }
        )
    chosen = [adult.name for adult in journey.adults if adult.key in (draft.going or ())]
    me = [journey.user.name] if "self" in (draft.going or ()) else []
    others = [draft.other_adults] if draft.other_adults else []
    return {
        "lines": lines,
        "kind": kind_label(draft.kind),
        "detail_label": KIND_BY_KEY[draft.kind].detail,
        "going": ", ".join([*me, *chosen, *others]) or "No parent or carer",
        "address": draft.home_address or "\n\n".join(journey.addresses),
    }


def _sign(journey: Journey) -> HttpResponse:
    request, draft = journey.request, journey.draft
    assert draft.first_day is not None  # noqa: S101 - asked before
    form = forms.SignForm()
    errors: list[dict[str, str]] = []
    if request.method == "POST":
        form = forms.SignForm(request.POST, request.FILES)
        if form.is_valid():
            said = form.cleaned_data
            asked = journey.asked(
                signed_name=said["signed_name"], understood_penalty=said["understood_penalty"]
            )
            try:
                # The files and the requests stand or fall together.
                with transaction.atomic():
                    rows = leave.ask(
                        journey.children,
                        asked,
                        applicants=journey.contacts,
                        submission=draft.key,
                        by=journey.user,
                        at=journey.at,
                    )
                    with scopes_disabled():
                        keep_for_all(said["files"], owners=rows, by=journey.user, at=journey.at)
            except AttachmentsRefused as refused:
                for words in refused.faults.values():
                    form.add_error("files", words)
            except NoTerms as refusal:
                errors.append({"message": refusal.message, "href": ""})
            except LeaveRefused as refused:
                for name, words in refused.faults.items():
                    if name in form.fields:
                        form.add_error(name, words)
                    else:
                        place = reverse(
                            "absences:leave_step", args=[draft.key, PLACE_OF_FAULT.get(name, "check")]
                        )
                        errors.append({"message": words, "href": place})
            else:
                leave_drafts.drop(request, draft.key)
                return redirect("absences:leave_sent", draft.key)
    return journey.show(
        "sign",
        form=form,
        errors=errors,
        national=national_words(draft.first_day),
        councils=_joined(
            list(dict.fromkeys(said.school.local_authority for said in journey.forms_of_schools if said))
        ),
        status=422 if form.is_bound else 200,
    )


ASK: dict[str, Callable[[Journey], HttpResponse]] = {
    "kind": _kind,
    "days": _days,
    "reasons": _reasons,
    "going": _going,
    "address": _address,
    "check": _check,
    "sign": _sign,
}


def _sent(request: HttpRequest, key: UUID) -> list[LeaveRequest]:
    """Return the requests that the person sent in one go, of children who are theirs today."""
    user, today = cast(SignedInRequest, request).user, present_moment().date()
    children = [child.pk for child in access.children_of(user, on=today)]
    with scopes_disabled():
        return [row for row in requests_of_family(user.pk, children) if row.submission == key]


@require_safe
def sent(request: HttpRequest, key: UUID) -> HttpResponse:
    """Confirm what was sent, with its references and what happens next."""
    rows = _sent(request, key)
    if not rows:
        return redirect("absences:leave_home")
    return render(
        request,
        "absences/leave/sent.html",
        {
            "rows": sorted(rows, key=lambda row: row.pk),
            "taken": [row for row in rows if row.applicant_ok],
            "not_taken": [row for row in rows if not row.applicant_ok],
            "today": present_moment().date(),
        },
    )


@require_safe
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a parent one request of theirs and what was decided."""
    return _show_one(request, pk, forms.WithdrawForm())


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back a request that nobody has decided."""
    user, at = cast(SignedInRequest, request).user, present_moment()
    row = access.own_leave_request(user, pk, on=at.date())
    form = forms.WithdrawForm(request.POST)
    version = request.POST.get("version", "")
    if form.is_valid() and version.isdecimal() and len(version) < 10:
        try:
            with scope(school=row.school):
                leave.withdraw(row, version=int(version), by=user, at=at, why=form.cleaned_data["why"])
        except LeaveChangedMeanwhile:
            words = "The school has acted on this request meanwhile. See below what was decided."
            return _show_one(request, pk, forms.WithdrawForm(), errors=[{"message": words}], status=409)
        messages.success(request, "You have taken the request back.")
        return redirect("absences:leave_one", row.pk)
    return _show_one(request, pk, form, errors=[{"message": "Open the request again."}], status=422)


def _show_one(
    request: HttpRequest,
    pk: int,
    form: forms.WithdrawForm,
    *,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> HttpResponse:
    user, today = cast(SignedInRequest, request).user, present_moment().date()
    row = access.own_leave_request(user, pk, on=today)
    with scope(school=row.school):
        parts = parts_of(row)
        attachments = list(row.attachments.order_by("pk"))
    return render(
        request,
        "absences/leave/one.html",
        {
            "row": row,
            "parts": parts,
            "attachments": attachments,
            "kind": kind_label(row.kind),
            "days": days_words(row.sessions),
            "may_withdraw": row.state == LeaveState.WAITING,
            "form": form,
            "errors": errors or [],
            "today": today,
        },
        status=status,
    )
