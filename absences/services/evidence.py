"""
Asking for proof of an absence, receiving it and judging it: proposed by a rule, done by a person.

Proposing stands in `evidence_proposals`, telling a parent before marks change in `notices`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from absences.models import (
    Attachment,
    EvidenceDemand,
    EvidenceKind,
    EvidenceRequest,
    EvidenceRule,
    EvidenceState,
    Task,
    TaskKind,
)
from absences.rules.evidence import must_speak_first
from absences.selectors.evidence import rules_for, terms_if_any
from absences.services import attachments
from absences.services.tasks import TaskClosedMeanwhile, close_task, raise_task
from accounts import events
from accounts.errors import DomainError
from accounts.models import User
from letters.services import messages
from registers.models import Contact, Pupil
from registers.words import day

WORDS_LENGTH = 500
WHY_LENGTH = 300
Way = Literal["message", "letter", "phone", "in_person"]
WAYS: dict[Way, str] = {
    "message": "by message",
    "letter": "by letter",
    "phone": "by telephone",
    "in_person": "in person",
}


class EvidenceRefused(DomainError):
    """What was entered cannot stand; `field` is the field to blame, empty for none."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class EvidenceChangedMeanwhile(DomainError):
    """Somebody else acted on the request first; `request` is as it stands now."""

    def __init__(self, request: EvidenceRequest) -> None:
        super().__init__(
            f"Somebody else acted on this request meanwhile: it is “{request.get_state_display().lower()}”"
            " now. Nothing was changed."
        )
        self.request = request


@dataclass(frozen=True)
class Span:
    """The days of an absence, both included."""

    first_day: date
    last_day: date


@transaction.atomic
def raise_request(
    pupil: Pupil, rule: str, span: Span, *, why: str, by: User, at: datetime
) -> EvidenceRequest:
    """
    Propose to ask for proof on a person's own judgement.

    :raises EvidenceRefused: the policy does not ask for proof in such a case, the days or the reason are
        missing, or the days are proposed already
    """
    why = " ".join(why.split())
    if not why:
        raise EvidenceRefused("Say why proof is needed", "why")
    if len(why) > WHY_LENGTH:
        raise EvidenceRefused(f"Say why in {WHY_LENGTH} characters or fewer", "why")
    if span.last_day < span.first_day:
        raise EvidenceRefused("The last day cannot be before the first", "last_day")
    if rule not in rules_for(pupil.school, at.date()):
        raise EvidenceRefused("The school’s policy does not ask for proof in such a case", "rule")
    cause = f"{rule}:{span.first_day}"
    if EvidenceRequest.objects.filter(pupil=pupil, cause=cause).exists():
        raise EvidenceRefused("Proof of this absence was proposed already", "first_day")
    made = EvidenceRequest.objects.create(
        school_id=pupil.school_id,
        pupil=pupil,
        rule=EvidenceRule(rule),
        cause=cause,
        first_day=span.first_day,
        last_day=span.last_day,
        why=why,
        proposed_at=at,
        proposed_by=by,
    )
    note_proposed(made, by=by, at=at)
    return made


def note_proposed(request: EvidenceRequest, *, by: User, at: datetime) -> None:
    """Write a new request into the log, and raise the task to ask while nothing was sent yet."""
    events.record(
        "evidence.proposed",
        school=request.school,
        by=by,
        at=at,
        subject=request,
        data={"pupil": request.pupil_id, "rule": request.rule, "cause": request.cause},
    )
    if request.state == EvidenceState.PROPOSED:
        raise_task(
            request.pupil,
            TaskKind.EVIDENCE,
            cause=_task_cause(request),
            what=f"Ask for proof of the absence of {span_words(request)}: {request.why}"[:300],
            at=at,
        )


def log_talk(
    request: EvidenceRequest, *, words: str, version: int, by: User, at: datetime
) -> EvidenceRequest:
    """
    Write down that the school spoke with the parent about its concern (000:272).

    :raises EvidenceRefused: nothing says what was said, or it is too late for that
    :raises EvidenceChangedMeanwhile: somebody acted first
    """
    words = _words(words, "Say what was said", "words")

    def talk(held: EvidenceRequest) -> list[str]:
        _check(held, EvidenceState.PROPOSED)
        held.spoken_at, held.spoken_by, held.spoken_words = at, by, words
        return ["spoken_at", "spoken_by", "spoken_words"]

    return _act(request, talk, "evidence.talked", version=version, by=by, at=at)


def ask(
    request: EvidenceRequest,
    *,
    to: Contact,
    way: Way,
    due_on: date,
    words: str,
    version: int,
    by: User,
    at: datetime,
) -> EvidenceRequest:
    """
    Ask a parent for proof by a day: by a message that is sent now, or in another way that is written down.

    :raises EvidenceRefused: the policy has the school speak with the parent first, the day is past, or no
        message reaches this person
    :raises EvidenceChangedMeanwhile: somebody acted first
    """
    if due_on < at.date():
        raise EvidenceRefused("The day by which you ask for it cannot be past", "due_on")

    def put(held: EvidenceRequest) -> list[str]:
        _check(held, EvidenceState.PROPOSED)
        if needs_talk(held, on=at.date()):
            raise EvidenceRefused(
                "The policy has the school speak with the parent first: write that down before you ask"
            )
        if way == "message":
            sent = messages.queue(
                held.school,
                key=f"evidence:{held.pk}:asked",
                kind="evidence_request",
                to=to,
                pupil=held.pupil,
                subject="Please send proof of an absence",
                body=words or asking_words(held, due_on),
                by=by,
                at=at,
            )
            if sent is None:
                raise EvidenceRefused("No message can reach this person. Choose another way", "to")
        held.state, held.asked_at, held.asked_by, held.due_on = EvidenceState.ASKED, at, by, due_on
        held.asked_how = f"{to.name}, {WAYS[way]}"
        return ["state", "asked_at", "asked_by", "due_on", "asked_how"]

    return _act(
        request, put, "evidence.asked", version=version, by=by, at=at, ends_task="Asked for the proof."
    )


@transaction.atomic
def note_letter(
    pupil: Pupil, span: Span, *, why: str, due_on: date, by: User, at: datetime
) -> EvidenceRequest:
    """
    Write down that a letter of the policy asks for proof of an illness: in the standing request or a new one.

    A request that was asked for already, or judged, is left as it is.
    """
    standing = (
        EvidenceRequest.objects.select_for_update()
        .filter(pupil=pupil, first_day__lte=span.last_day, last_day__gte=span.first_day)
        .exclude(rule=EvidenceRule.APPOINTMENT)
        .order_by("pk")
        .first()
    )
    if standing is None:
        standing = EvidenceRequest.objects.create(
            school_id=pupil.school_id,
            pupil=pupil,
            rule=EvidenceRule.LONG_ILLNESS,
            cause=f"illness:{span.first_day}",
            first_day=span.first_day,
            last_day=span.last_day,
            why=why[:WHY_LENGTH],
            proposed_at=at,
            proposed_by=by,
        )
    if standing.state != EvidenceState.PROPOSED:
        return standing

    def put(held: EvidenceRequest) -> list[str]:
        held.state, held.asked_at, held.asked_by, held.due_on = EvidenceState.ASKED, at, by, due_on
        held.asked_how = "by letter"
        return ["state", "asked_at", "asked_by", "due_on", "asked_how"]

    return _act(standing, put, "evidence.asked", version=None, by=by, at=at, ends_task="Asked for the proof.")


def asking_words(request: EvidenceRequest, due_on: date) -> str:
    """Return what a parent is written, in plain words."""
    return (
        f"{request.pupil.forename} was away on {span_words(request)}. Please send us proof of this absence by"
        f" {day(due_on)}. An appointment card, a prescription, or a letter or message from the surgery is"
        " enough; a photo of it will do. You do not need to pay for a doctor’s letter. If you cannot get"
        " proof, please call the school."
    )


def receive(
    request: EvidenceRequest,
    *,
    kind: str,
    uploads: Sequence["UploadedFile[Any]"] = (),
    is_on_paper: bool = False,
    version: int | None,
    by: User,
    at: datetime,
) -> EvidenceRequest:
    """
    Take in proof: files, or something that was seen on paper and given back. A parent's has no `version`.

    :raises EvidenceRefused: there is neither, or it is too late
    :raises AttachmentsRefused: some files cannot be kept; nothing was changed
    :raises EvidenceChangedMeanwhile: somebody acted first
    """
    if kind not in EvidenceKind.values:
        raise EvidenceRefused("Choose what it is", "kind")
    if not uploads and not is_on_paper:
        raise EvidenceRefused("Choose a file, or say that you saw it on paper", "files")

    def take(held: EvidenceRequest) -> list[str]:
        _check(held, EvidenceState.PROPOSED, EvidenceState.ASKED, EvidenceState.RECEIVED)
        attachments.keep(uploads, owner=held, by=by, at=at)
        held.state, held.received_at, held.received_by = EvidenceState.RECEIVED, at, by
        held.received_kind, held.is_on_paper = kind, held.is_on_paper or is_on_paper
        return ["state", "received_at", "received_by", "received_kind", "is_on_paper"]

    return _act(
        request, take, "evidence.received", version=version, by=by, at=at, ends_task="The proof came."
    )


def judge(
    request: EvidenceRequest, *, satisfied: bool, why: str, version: int, by: User, at: datetime
) -> EvidenceRequest:
    """
    Say whether the school is satisfied; marks change only by an act of their own (see `notices`).

    :raises EvidenceRefused: nothing says why, nothing came that could satisfy, or it is not yet due
    :raises EvidenceChangedMeanwhile: somebody acted first
    """
    why = _words(why, "Say why", "why")

    def decide(held: EvidenceRequest) -> list[str]:
        if satisfied:
            _check(held, EvidenceState.RECEIVED)
        else:
            _check(held, EvidenceState.RECEIVED, EvidenceState.ASKED)
            if held.state == EvidenceState.ASKED and held.due_on is not None and at.date() <= held.due_on:
                raise EvidenceRefused(f"The family has until {day(held.due_on)}: wait until then")
        held.state = EvidenceState.SATISFIED if satisfied else EvidenceState.NOT_SATISFIED
        held.closed_at, held.closed_by, held.closed_why = at, by, why
        return ["state", "closed_at", "closed_by", "closed_why"]

    return _act(request, decide, "evidence.judged", version=version, by=by, at=at, ends_task="Judged.")


def withdraw(request: EvidenceRequest, *, why: str, version: int, by: User, at: datetime) -> EvidenceRequest:
    """
    Say that proof is not needed after all; a message that still waits is taken back.

    :raises EvidenceRefused: nothing says why, or it was judged already
    :raises EvidenceChangedMeanwhile: somebody acted first
    """
    why = _words(why, "Say why proof is not needed", "why")

    def leave(held: EvidenceRequest) -> list[str]:
        _check(held, EvidenceState.PROPOSED, EvidenceState.ASKED, EvidenceState.RECEIVED)
        messages.withdraw(held.school, key=f"evidence:{held.pk}:asked", by=by, at=at, why=why)
        held.state, held.closed_at, held.closed_by, held.closed_why = EvidenceState.WITHDRAWN, at, by, why
        return ["state", "closed_at", "closed_by", "closed_why"]

    return _act(
        request, leave, "evidence.withdrawn", version=version, by=by, at=at, ends_task="Proof is not needed."
    )


def demand(
    pupil: Pupil, *, cause: str, codes: Sequence[str], span: Span, source: str = "", by: User, at: datetime
) -> EvidenceDemand:
    """
    Make every absence of these codes in these days need proof, once for each cause (001:362).

    Called when a step of the policy that says so is approved; `cause` names the step ("step:12").
    """
    made, is_new = EvidenceDemand.objects.get_or_create(
        pupil=pupil,
        cause=cause,
        defaults={
            "school_id": pupil.school_id,
            "codes": " ".join(codes),
            "first_day": span.first_day,
            "last_day": span.last_day,
            "source": source,
            "made_at": at,
            "made_by": by,
        },
    )
    if is_new:
        events.record("evidence.demanded", school=pupil.school, by=by, at=at, subject=made)
    return made


@transaction.atomic
def end_demand(made: EvidenceDemand, *, why: str, by: User, at: datetime) -> EvidenceDemand:
    """
    Take a demand back: attendance improved, or it was made by mistake.

    :raises EvidenceRefused: nothing says why, or it ended already
    """
    why = _words(why, "Say why it ends", "why", longest=300)
    held: EvidenceDemand = EvidenceDemand.objects.select_for_update().get(pk=made.pk)
    if held.ended_at is not None:
        raise EvidenceRefused("This ended already.")
    held.ended_at, held.ended_by, held.ended_why = at, by, why
    held.save(update_fields=["ended_at", "ended_by", "ended_why"])
    events.record("evidence.demand_ended", school=held.school, by=by, at=at, subject=held)
    return held


def needs_talk(request: EvidenceRequest, *, on: date) -> bool:
    """Say whether the policy still has the school speak with the parent before it asks."""
    terms = terms_if_any(request.school, on)
    return terms is not None and request.spoken_at is None and must_speak_first(terms.evidence, request.rule)


def span_words(request: EvidenceRequest) -> str:
    """Return the days of a request in words: Tue 24 Nov, or Tue 24 Nov to Thu 26 Nov."""
    if request.first_day == request.last_day:
        return day(request.first_day)
    return f"{day(request.first_day)} to {day(request.last_day)}"


def files_of(request: EvidenceRequest) -> list[Attachment]:
    """Return the files that came for a request, the oldest first."""
    return list(request.attachments.order_by("uploaded_at", "pk"))


@transaction.atomic
def _act(
    request: EvidenceRequest,
    change: Callable[[EvidenceRequest], list[str]],
    kind: str,
    *,
    version: int | None,
    by: User,
    at: datetime,
    ends_task: str = "",
) -> EvidenceRequest:
    """Change a request that nobody else changed since it was seen, raise its version and log the act."""
    held: EvidenceRequest = (
        EvidenceRequest.objects.select_for_update(of=("self",))
        .select_related("school", "pupil__school")
        .get(pk=request.pk)
    )
    if version is not None and held.version != version:
        raise EvidenceChangedMeanwhile(held)
    fields = change(held)
    held.version += 1
    held.save(update_fields=[*fields, "version"])
    events.record(kind, school=held.school, by=by, at=at, subject=held, data={"state": held.state})
    if ends_task:
        _end_task(held, outcome=ends_task, by=by, at=at)
    return held


def _end_task(request: EvidenceRequest, *, outcome: str, by: User, at: datetime) -> None:
    for task in Task.objects.filter(
        pupil=request.pupil, kind=TaskKind.EVIDENCE, cause=_task_cause(request), closed_at__isnull=True
    ):
        try:
            close_task(task, outcome=outcome, by=by, at=at)
        except TaskClosedMeanwhile:
            continue  # somebody ticked it off themselves: it is done either way


def _task_cause(request: EvidenceRequest) -> str:
    return f"evidence:{request.pk}"


def _check(held: EvidenceRequest, *states: EvidenceState) -> None:
    if held.state not in states:
        raise EvidenceRefused(
            f"This request is “{held.get_state_display().lower()}”: that cannot be done any more."
        )


def _words(text: str, missing: str, field: str, *, longest: int = WORDS_LENGTH) -> str:
    found = text.strip()
    if not found:
        raise EvidenceRefused(missing, field)
    if len(found) > longest:
        raise EvidenceRefused(f"Use {longest} characters or fewer", field)
    return found
