"""Deciding leave: granted wholly or in part, refused, or recorded as no application, and what follows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from django.db import transaction

from absences.models import LeaveNote, LeavePart, LeaveRequest, LeaveState
from absences.rules.leave import CONSULTED, Half, Span, grant_codes, never_granted, split
from absences.rules.terms import Leave, Terms
from absences.selectors.terms import terms_on
from absences.services.leave import LeaveChangedMeanwhile, LeaveRefused, hold
from accounts import events
from accounts.models import User
from letters.errors import LetterError
from letters.services import messages, prepare_letters
from registers.models import Session
from registers.services import ahead

DECISION_LETTER = "leave_decision"
DECISION_SLIP = "wel_leave_decision"  # for a policy whose document prints the slip (003:299-311)
NOTE_LENGTH = 1000

Outcome = Literal["grant", "part", "refuse", "not_an_application"]
STATE_OF: dict[str, LeaveState] = {
    "grant": LeaveState.GRANTED,
    "part": LeaveState.PARTLY,
    "refuse": LeaveState.REFUSED,
    "not_an_application": LeaveState.NOT_AN_APPLICATION,
}
LETTER_WORDS = {"grant": "granted", "part": "granted in part", "refuse": "refused"}


@dataclass(frozen=True)
class Decision:
    """
    What the head or a designate decides.

    `note` is what was weighed, `told` what the family reads; `granted` is the part that is granted, for
    "part" only. `warn` sends the policy's letter that warns of taking a refused holiday.
    """

    outcome: Outcome
    note: str
    told: str = ""
    code: str = ""
    granted: Span | None = None
    licence: str = ""
    weighed: tuple[str, ...] = ()
    warn: bool = False


@dataclass(frozen=True)
class Decided:
    """What was decided, and why a letter could not be made, where one could not."""

    requests: tuple[LeaveRequest, ...]
    without_letter: tuple[str, ...] = field(default=())


@transaction.atomic
def decide(
    seen: Sequence[tuple[LeaveRequest, int]], decision: Decision, *, by: User, at: datetime, position: str
) -> Decided:
    """
    Decide the same for some children of one school; each request comes with the version that was shown.

    Registers open with what is granted, the decision is put into a letter to the applicant, and they are
    told that it is there. Leave is never granted once it has begun (SI 2024/208 reg 11).

    :raises LeaveRefused: the decision cannot stand; nothing was changed
    :raises LeaveChangedMeanwhile: somebody decided one of them first, or it was withdrawn
    """
    # In one order, so that two deciders of the same children never wait for each other.
    held = [hold(request, version) for request, version in sorted(seen, key=lambda pair: pair[0].pk)]
    for request in held:
        if request.state != LeaveState.WAITING:
            raise LeaveChangedMeanwhile(request)
    school = held[0].school
    terms = terms_on(school, at.date())
    faults = _faults(held, decision, terms.leave, at=at)
    if faults:
        raise LeaveRefused(faults)
    problems = []
    for request in held:
        _record(request, decision, by=by, at=at)
        parts = _parts(request, decision, by=by, at=at, position=position)
        LeavePart.objects.bulk_create(parts)
        events.record(
            "leave.decided",
            school=school,
            by=by,
            at=at,
            subject=request,
            data={"state": request.state, "code": decision.code},
        )
        problems += _write_letters(request, decision, parts, terms, by=by, at=at)
        _tell(request, by=by, at=at)
    return Decided(tuple(held), tuple(problems))


@transaction.atomic
def add_note(request: LeaveRequest, *, consulted: str, words: str, by: User, at: datetime) -> LeaveNote:
    """
    Add whom the school asked about a request and what was said; notes are never changed.

    :raises LeaveRefused: nobody is named, or nothing was said
    """
    faults = {}
    if consulted not in dict(CONSULTED):
        faults["consulted"] = "Choose whom you asked"
    if not words.strip():
        faults["words"] = "Enter what was said"
    elif len(words.strip()) > NOTE_LENGTH:
        faults["words"] = f"The note must be {NOTE_LENGTH:,} characters or fewer"
    if faults:
        raise LeaveRefused(faults)
    note = LeaveNote.objects.create(
        school=request.school, request=request, at=at, by=by, consulted=consulted, words=words.strip()
    )
    events.record("leave.noted", school=request.school, by=by, at=at, subject=request)
    return note


def has_begun(request: LeaveRequest, *, at: datetime) -> bool:
    """Say whether the register of the first session of the leave has opened. One statement."""
    opens = (
        Session.objects.filter(school=request.school, on=request.first_day, half=request.first_half)
        .values_list("opens_at", flat=True)
        .first()
    )
    return request.first_day < at.date() if opens is None else at >= opens


def missed_of(request: LeaveRequest) -> tuple[Half, ...]:
    """Return the sessions that the request speaks of, as the calendar stands now. One statement."""
    return tuple(
        Half(session.on, session.half)
        for session in ahead.sessions_between(
            request.school,
            request.first_day,
            request.first_half,
            last_day=request.last_day,
            last_half=request.last_half,
        )
    )


# --- what can stand -----------------------------------------------------------------------------------------


def _faults(
    held: Sequence[LeaveRequest], decision: Decision, leave: Leave, *, at: datetime
) -> dict[str, str]:
    faults: dict[str, str] = {}
    grants = decision.outcome in ("grant", "part")
    if decision.outcome not in STATE_OF:
        faults["outcome"] = "Choose what you decide"
    if not decision.note.strip():
        faults["note"] = "Enter what you weighed and why you decide so"
    if decision.outcome in ("part", "refuse", "not_an_application") and not decision.told.strip():
        faults["told"] = "Enter why, in the words that the family reads"
    if grants:
        if decision.code not in dict(grant_codes(leave)):
            faults["code"] = "Choose the code that registers will show"
        elif decision.code == "C1" and not (
            decision.licence.strip() or all(request.detail for request in held)
        ):
            faults["licence"] = "Enter the reference of the licence, or why none is needed"
        faults |= _grant_faults(held, decision, at=at)
    return faults


def _grant_faults(held: Sequence[LeaveRequest], decision: Decision, *, at: datetime) -> dict[str, str]:
    if any(never_granted(request.kind) for request in held):
        return {"outcome": "Leave cannot be granted for a protest in school hours"}
    if any(has_begun(request, at=at) for request in held):
        return {
            "outcome": (
                "This leave has begun, and leave cannot be granted afterwards. Refuse it, or record that it "
                "was no application"
            )
        }
    if decision.outcome == "part":
        if decision.granted is None:
            return {"granted_from": "Enter the first and the last day that you grant"}
        for request in held:
            missed = missed_of(request)
            before, granted, after = split(missed, decision.granted)
            if not granted:
                return {"granted_from": "None of the days asked for lies in what you grant"}
            if not before and not after:
                return {"granted_to": "This is all that was asked for: choose to grant it wholly"}
            if decision.granted.first < missed[0] or decision.granted.last > missed[-1]:
                return {"granted_to": "Only days that were asked for can be granted"}
    return {}


# --- what follows -------------------------------------------------------------------------------------------


def _record(request: LeaveRequest, decision: Decision, *, by: User, at: datetime) -> None:
    request.state = STATE_OF[decision.outcome]
    request.decided_by, request.decided_at = by, at
    request.decision_note, request.told = decision.note.strip(), decision.told.strip()
    request.weighed = list(decision.weighed)
    if decision.code == "C1" and decision.licence.strip():
        request.detail = decision.licence.strip()[:200]
    request.version += 1
    request.save(
        update_fields=[
            "state",
            "decided_by",
            "decided_at",
            "decision_note",
            "told",
            "weighed",
            "detail",
            "version",
        ]
    )


def _parts(
    request: LeaveRequest, decision: Decision, *, by: User, at: datetime, position: str
) -> list[LeavePart]:
    """Return the parts of the request as decided; registers open with those that are granted from now on."""
    if decision.outcome == "not_an_application":
        return []
    missed = missed_of(request)
    if decision.outcome == "grant":
        refused, granted = [], [missed]
    elif decision.outcome == "refuse" or decision.granted is None:
        refused, granted = [missed], []
    else:
        before, inside, after = split(missed, decision.granted)
        refused, granted = [before, after], [inside]
    parts = [_part(request, halves) for halves in refused if halves]
    for halves in granted:
        part = _part(request, halves)
        arranged = ahead.arrange(
            request.school,
            ahead.Arrangement(
                # Teachers read it beside the name: that there is leave, not why.
                name=f"Leave {request.reference}",
                code=decision.code,
                first_day=part.first_day,
                first_half=part.first_half,
                last_day=part.last_day,
                last_half=part.last_half,
                pupil_ids=(request.pupil_id,),
            ),
            by=by,
            at=at,
            position=position,
        )
        part.is_granted, part.code, part.known_ahead = True, decision.code, arranged.known_ahead
        parts.append(part)
    return sorted(parts, key=lambda part: (part.first_day, part.first_half))


def _part(request: LeaveRequest, halves: Sequence[Half]) -> LeavePart:
    first, last = halves[0], halves[-1]
    return LeavePart(
        school=request.school,
        request=request,
        is_granted=False,
        first_day=first.on,
        first_half=first.half,
        last_day=last.on,
        last_half=last.half,
    )


def letter_key(leave: Leave) -> str:
    """Return the template of the decision: the document's own slip, else neutral words (GEN-15)."""
    return DECISION_SLIP if leave.decision_fields else DECISION_LETTER


def _write_letters(
    request: LeaveRequest,
    decision: Decision,
    parts: Sequence[LeavePart],
    terms: Terms,
    *,
    by: User,
    at: datetime,
) -> list[str]:
    """
    Prepare the decision for the applicant, and the warning for each parent who would allow the absence.

    A letter that cannot be made (nobody may have letters, the child is too young for a warning) does not
    undo the decision: its reason is returned, for the page to show.
    """
    if decision.outcome not in LETTER_WORDS or request.applicant_id is None:
        return []
    leave = terms.leave
    key = letter_key(leave)
    merge: dict[str, Any] = {"decision": LETTER_WORDS[decision.outcome]}
    granted = next((part for part in parts if part.is_granted), None)
    if granted is not None:
        merge |= {"dates_from": granted.first_day, "dates_to": granted.last_day}
    if request.told:
        merge["refusal_reason"] = request.told
    if key == DECISION_LETTER:
        merge |= {
            "leave_dates": (request.first_day, request.last_day),
            "no_work_set": leave.work_set is False,
        }
    wanted: list[tuple[str, dict[str, Any], set[int]]] = [(key, merge, {request.applicant_id})]
    if decision.warn and decision.outcome == "refuse" and leave.on_holiday_refusal:
        warning = {
            "leave_dates": (request.first_day, request.last_day),
            "refusal_reason": request.told,
            "offence_on": request.first_day,  # the amounts are those of the day of the offence (GEN-07)
        }
        going = set(request.travellers.values_list("contact_id", flat=True))
        wanted.append((leave.on_holiday_refusal, warning, {request.applicant_id, *going}))
    problems = []
    for template, values, only in wanted:
        try:
            with transaction.atomic():
                prepare_letters(
                    school=request.school,
                    pupil=request.pupil,
                    template_key=template,
                    origin=f"leave:{request.pk}",
                    merge=values,
                    by=by,
                    at=at,
                    only=only,
                )
        except LetterError as error:
            problems.append(f"{request.pupil.full_name}: {error.message}")
    return problems


def _tell(request: LeaveRequest, *, by: User, at: datetime) -> None:
    """Tell the applicant that there is an answer; what it says stands behind their sign-in."""
    if request.applicant is None:
        return
    messages.queue(
        request.school,
        key=f"leave:{request.pk}:decided",
        kind="leave_decided",
        to=request.applicant,
        pupil=request.pupil,
        subject=f"Your request for leave {request.reference}",
        body=(
            f"We have answered your request for leave for {request.pupil.full_name} "
            f"(reference {request.reference}). Please sign in to Rollcall to read the answer, or ask the "
            "school office."
        ),
        by=by,
        at=at,
    )
