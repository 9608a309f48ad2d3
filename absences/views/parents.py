"""Reporting an absence: one question a page, then the answers to check, then what happens next."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import is_valid_path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from absences import access, drafts, languages
from absences import family_words as say
from absences.forms import parents as forms
from absences.journey import Journey, SchoolLines, journey_of, lines_of
from absences.languages import in_family_language
from absences.rules.reasons import REASON_BY_KEY
from absences.rules.telling import NOT_KNOWN, WHOLE_DAY, Draft, days_to_choose
from absences.selectors.parents import (
    facts_for,
    is_in_class_this_morning,
    report_of,
    reports_of_submission,
    unexplained,
    with_files,
)
from absences.services import parents
from absences.services.attachments import AttachmentsRefused
from absences.services.parents import span_of
from absences.services.reports import ReportChangedMeanwhile, ReportRefused
from accounts.errors import DomainError
from accounts.http import SignedInRequest
from registers.clock import present_moment
from registers.models import Pupil

OTHER_DAYS = "other"
# Where the answers page leads from a fault that a school finds in what was told.
PLACE_OF_FAULT = {
    "first_day": "when",
    "last_day": "when",
    "reason": "reason",
    "note": "note",
    "expected_return": "back",
    "appointment_at": "appointment",
}


@require_http_methods(["GET", "HEAD", "POST"])
@in_family_language
def start(request: HttpRequest) -> HttpResponse:
    """Ask who is away, and begin a report; with one child there is nothing to ask."""
    user, at = cast(SignedInRequest, request).user, present_moment()
    children = access.children_of(user, on=at.date())
    context = {"children": children, "languages": languages.languages(), "user": user}
    if request.method != "POST" or not children:
        form = forms.ChildrenForm(children, initial={"children": [str(one.pk) for one in children[:1]]})
        status = 422 if request.method == "POST" else 200
        return render(request, "absences/parents/start.html", {**context, "form": form}, status=status)
    form = forms.ChildrenForm(children, request.POST)
    if not form.is_valid():
        return render(request, "absences/parents/start.html", {**context, "form": form}, status=422)
    chosen = [child for child in children if child.pk in form.chosen()]
    facts = facts_for(chosen, at=at)
    draft = Draft(key=uuid4(), children=tuple(child.pk for child in chosen))
    if all(one.today_ends_at is not None and at <= one.today_ends_at for one in facts.values()):
        draft = _today(draft, chosen, today=at.date())
    return Journey(request, user, draft, chosen, len(children) > 1, facts, at).go_on(draft)


def _today(draft: Draft, children: list[Pupil], *, today: date) -> Draft:
    """Preselect today: the afternoon, when every child was marked present this morning."""
    draft = replace(draft, first_day=today, last_day=today)
    return draft.with_part("PM") if is_in_class_this_morning(children, on=today) else draft


@require_http_methods(["GET", "HEAD", "POST"])
@in_family_language
def step(request: HttpRequest, key: UUID, step: str) -> HttpResponse:
    """Ask one question of a report, or show the answers to check and send them."""
    user = cast(SignedInRequest, request).user
    journey = journey_of(request, user, key, at=present_moment())
    if journey is None:
        if reports_of_submission(user, key):
            return redirect("absences:report_sent", key)
        return redirect("absences:report_start")
    ask = STEPS.get(step)
    if ask is None:
        raise Http404
    if step not in ("when", "days") and not journey.draft.has_days:
        return redirect(journey.address("when"))
    return ask(journey)


def _when(journey: Journey) -> HttpResponse:
    request, today = journey.request, journey.today
    facts = journey.schools
    spans: dict[str, tuple[date, str]] = {}
    options: list[tuple[str, str]] = []
    choosable = days_to_choose(
        [own.calendar for own in facts], today=today, limits=[own.limits for own in facts]
    )
    coming = [on for on in choosable if on >= today][:2]
    for on in coming if coming[:1] == [today] else coming[:1]:
        spans[on.isoformat()] = (on, WHOLE_DAY)
        options.append((on.isoformat(), say.coming_words(on, today)))
    for past in unexplained(journey.children, journey.facts, on=today):
        value = f"{past.on.isoformat()}-{past.part}"
        spans[value] = (past.on, past.part)
        shown = say.span_words(
            past.on,
            "PM" if past.part == "PM" else "AM",
            past.on,
            "AM" if past.part == "AM" else "PM",
            today=today,
        )
        away = [child for child in journey.children if child.pk in past.pupil_ids]
        options.append(
            (
                value,
                _("%(day)s: the school does not know why %(child)s was away")
                % {"day": shown, "child": say.names_of(away)},
            )
        )
    options.append((OTHER_DAYS, _("Other days")))
    chosen = next(
        (
            value
            for value, (on, part) in spans.items()
            if (on, on, part) == (journey.draft.first_day, journey.draft.last_day, journey.draft.part)
        ),
        OTHER_DAYS if journey.draft.has_days else "",
    )
    question = journey.question(_("When is %(child)s away?"), _("When are they away?"))
    form = forms.WhenForm(question, options, request.POST or None, initial={"when": chosen})
    if request.method == "POST":
        form = forms.WhenForm(question, options, request.POST)
        if form.is_valid():
            value = form.cleaned_data["when"]
            if value == OTHER_DAYS:
                return redirect(journey.address("days"))
            on, part = spans[value]
            draft = journey.draft
            if part == WHOLE_DAY and on == today:
                draft = replace(_today(draft, journey.children, today=today), is_span_chosen=True)
                return journey.go_on(replace(draft, expected_return=None, back_unknown=False))
            return journey.go_on(draft.with_days(on, on, part))
    return journey.show("when", "when", form=form, closed=journey.closed_today(), status=_status(form))


def _days(journey: Journey) -> HttpResponse:
    request, today, draft = journey.request, journey.today, journey.draft
    facts = journey.schools
    limits = [own.limits for own in facts]
    days = days_to_choose([own.calendar for own in facts], today=today, limits=limits)
    shown = [(on, say.day_words(on, today)) for on in days]
    most = min(limit.days_at_once for limit in limits)
    initial = {"first_day": draft.first_day, "last_day": draft.last_day, "part": draft.part or WHOLE_DAY}
    initial = {
        name: value.isoformat() if isinstance(value, date) else value for name, value in initial.items()
    }
    data = request.POST if request.method == "POST" else None
    form = forms.DaysForm(shown, data, initial=initial, most_at_once=most)
    if form.is_valid():
        first, last, part = (form.cleaned_data[name] for name in ("first_day", "last_day", "part"))
        words = journey.faults_of_days(first, last)
        if not words:
            return journey.go_on(draft.with_days(first, last, part))
        for fault in words:
            form.add_error("last_day", fault)
    context = {"most": most, "last_day": today + timedelta(days=min(one.days_ahead for one in limits))}
    return journey.show("days", "days", form=form, status=_status(form), **context)


def _reason(journey: Journey) -> HttpResponse:
    request = journey.request
    question = journey.question(_("Why is %(child)s away?"), _("Why are they away?"))
    data = request.POST if request.method == "POST" else None
    form = forms.ReasonForm(question, data, initial={"reason": journey.draft.reason})
    if form.is_valid():
        reason = REASON_BY_KEY[form.cleaned_data["reason"]]
        draft = replace(
            journey.draft,
            reason=reason.key,
            appointment_at=journey.draft.appointment_at if reason.needs_time else None,
        )
        return journey.go_on(draft)
    groups = say.reason_groups(str(form["reason"].value() or ""), form["reason"].auto_id)
    return journey.show("reason", "reason", form=form, groups=groups, status=_status(form))


def _leave(journey: Journey) -> HttpResponse:
    if journey.request.method == "POST":
        return redirect(journey.address("reason"))
    leave_url = "/family/leave/"
    context: dict[str, Any] = {
        "leave_url": leave_url if is_valid_path(leave_url) else "",
        "schools": [own.school for own in journey.schools],
    }
    return journey.show("leave", "leave", **context)


def _appointment(journey: Journey) -> HttpResponse:
    request, draft = journey.request, journey.draft
    reason = journey.reason
    if reason is None or not reason.needs_time:
        return redirect(journey.address(journey.next_step))
    is_one_day = draft.first_day == draft.last_day
    data = request.POST if request.method == "POST" else None
    initial = {"appointment_at": draft.appointment_at, "part": draft.part if draft.appointment_at else ""}
    form = forms.AppointmentForm(data, initial=initial, is_one_day=is_one_day)
    if form.is_valid():
        if is_one_day:
            draft = draft.with_part(form.cleaned_data["part"])
        return journey.go_on(replace(draft, appointment_at=form.time))
    said = list(
        dict.fromkeys(words for own in journey.schools for words in say.appointment_words(reason, own))
    )
    return journey.show("appointment", "appointment", form=form, said=said, status=_status(form))


def _note(journey: Journey) -> HttpResponse:
    request = journey.request
    data = request.POST if request.method == "POST" else None
    form = forms.NoteForm(
        data, initial={"note": journey.draft.note}, is_reason=journey.draft.reason == "other"
    )
    if form.is_valid():
        return journey.go_on(replace(journey.draft, note=form.cleaned_data["note"].strip()))
    return journey.show("note", "note", form=form, status=_status(form))


def _back(journey: Journey) -> HttpResponse:
    request, draft = journey.request, journey.draft
    days = journey.days_back()
    question = journey.question(_("When do you expect %(child)s back?"), _("When do you expect them back?"))
    spans = [span_of(draft, own) for own in journey.schools]
    expected = max((span.expected_return for span in spans if span.expected_return), default=None)
    chosen = NOT_KNOWN if draft.back_unknown else expected.isoformat() if expected else ""
    shown = [(on, say.day_words(on, journey.today)) for on in days]
    form = forms.BackForm(
        question,
        shown,
        request.POST if request.method == "POST" else None,
        initial={"back": chosen},
        may_be_unknown=not journey.must_say_when_back,
    )
    if form.is_valid():
        return journey.go_on(journey.until(form.day()))
    return journey.show("back", "back", form=form, status=_status(form))


def _check(journey: Journey) -> HttpResponse:
    if journey.next_step != "check":
        return redirect(journey.address(journey.next_step))
    request = journey.request
    form = forms.FilesForm(request.POST, request.FILES) if request.method == "POST" else forms.FilesForm()
    errors: list[dict[str, str]] = []
    if form.is_valid():
        try:
            return _send(journey, form.cleaned_data["files"])
        except AttachmentsRefused as refused:
            for words in file_faults(refused):
                form.add_error("files", words)
        except ReportRefused as refused:
            errors = [
                {"message": words, "href": f"#change-{PLACE_OF_FAULT.get(place, 'when')}"}
                for place, words in refused.faults.items()
            ]
        except DomainError as refusal:  # a school without a policy in force
            errors = [{"message": refusal.message, "href": ""}]
    lines = [lines_of(journey, own) for own in journey.schools]
    reason = journey.reason
    context = {
        "form": form,
        "errors": errors,
        "lines": lines,
        "reason": say.reason_label(reason) if reason else "",
        "is_unauthorised": reason is not None and reason.usually == "unauthorised",
        "appointment": languages.clock(journey.draft.appointment_at),
        "needs_proof": any(line.needs_proof for line in lines),
        "back_words": _back_words(lines),
        "replaces": report_of(journey.user, journey.draft.changes, journey.children),
    }
    return journey.show("check", "check", status=422 if errors else _status(form), **context)


def _back_words(lines: list[SchoolLines]) -> str:
    if len({line.back for line in lines}) == 1:
        return lines[0].back
    return "\n".join(f"{line.names}: {line.back}" for line in lines)


def file_faults(refused: AttachmentsRefused) -> list[str]:
    """Return why files were not kept: in English of each file, in other languages of them all."""
    if get_language() == languages.ENGLISH:
        return list(refused.faults.values())
    return [_("These files cannot be sent. Choose up to 5 photos or PDF files of 10 MB or less.")]


def _send(journey: Journey, files: Any) -> HttpResponse:
    draft, request = journey.draft, journey.request
    if draft.changes is None:
        parents.send(journey.children, draft, journey.facts, files, by=journey.user, at=journey.at)
        drafts.drop(request, draft.key)
        return redirect("absences:report_sent", draft.key)
    report = report_of(journey.user, draft.changes, journey.children)
    if report is None:
        raise Http404
    facts = journey.facts[report.school_id]
    try:
        newer = parents.change(report, draft, facts, files, by=journey.user, at=journey.at)
    except ReportChangedMeanwhile as conflict:
        drafts.drop(request, draft.key)
        return redirect(f"{reverse('absences:family_report', args=[conflict.report.pk])}?answered=1")
    drafts.drop(request, draft.key)
    return redirect("absences:report_sent", newer.submission)


def _status(form: Any) -> int:
    return 422 if form.is_bound and not form.is_valid() else 200


@require_safe
@in_family_language
def sent(request: HttpRequest, key: UUID) -> HttpResponse:
    """Confirm a report: its references, what happens next, and how to reach the office. It can be kept."""
    user, at = cast(SignedInRequest, request).user, present_moment()
    children = access.children_of(user, on=at.date())
    own = {child.pk for child in children}
    reports = [report for report in reports_of_submission(user, key) if report.pupil_id in own]
    if not reports:
        raise Http404
    pupils = [child for child in children if child.pk in {report.pupil_id for report in reports}]
    facts = facts_for(pupils, at=at)
    proven = with_files(reports)
    each_day = {
        one.school.pk: one.terms is not None and one.terms.reporting.each_day for one in facts.values()
    }
    context = {
        "lines": [
            {
                "report": report,
                "name": say.name_of(report.pupil),
                "span": say.span_words(
                    report.first_day,
                    report.first_half,
                    report.last_day,
                    report.last_half,
                    today=at.date(),
                ),
                "each_day": each_day[report.school_id] and not report.expected_return,
                "needs_proof": say.needs_proof(REASON_BY_KEY[report.reason], facts[report.school_id])
                and report.pk not in proven,
            }
            for report in reports
        ],
        "schools": [one.school for one in facts.values()],
        "asks_daily": any(each_day.values()),
        "today": at.date(),
        "languages": languages.languages(),
    }
    return render(request, "absences/parents/sent.html", context)


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Keep the language of families' pages in this browser, and go back to the page."""
    wanted, back = request.POST.get("language", ""), request.POST.get("next", "")
    is_ours = back.startswith("/family/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    response = redirect(back if is_ours else "absences:report_start")
    if wanted in {one.code for one in languages.languages()}:
        languages.keep_language(response, wanted)
    return response


STEPS: dict[str, Callable[[Journey], HttpResponse]] = {
    "when": _when,
    "days": _days,
    "reason": _reason,
    "leave": _leave,
    "appointment": _appointment,
    "note": _note,
    "back": _back,
    "check": _check,
}
