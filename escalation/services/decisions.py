"""
What a person decides about a step: approve, edit, hold, release, dismiss.

Every decision names the state it starts from, so that of two people at once one wins and the other is told
who it was. A decision is all or nothing: a step is approved together with its letters or not at all.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import events
from accounts.errors import DomainError
from accounts.models import User
from escalation.models import TRANSITIONS, Step, StepState
from escalation.selectors import merging, readiness
from escalation.selectors.readiness import Problem
from escalation.services.evidence import follow_approval
from escalation.services.policies import policy_of
from letters import services as letters
from letters.errors import LetterError
from letters.models import Letter
from letters.rules import fields
from registers.words import moment

REASON_LIMIT = 1_000

_DONE: dict[str, str] = {
    StepState.APPROVED: "approved",
    StepState.DISMISSED: "dismissed",
    StepState.WITHDRAWN: "withdrew",
    StepState.PASSED: "passed over",
}


class AlreadyDecided(DomainError):
    """Somebody else, or the sweep, decided the step first; the message says who and when."""

    def __init__(self, step: Step) -> None:
        self.step = step
        super().__init__(_how_it_stands(step))


class ChangedMeanwhile(DomainError):
    """Somebody edited the step, or the sweep judged it again, since the person looked at it."""

    def __init__(self) -> None:
        super().__init__("Somebody changed this step while you had it open. Look at the letter again.")


class NotReady(DomainError):
    """A step cannot be approved as it stands; `problems` says all that is missing and where to add it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(problem.message for problem in self.problems))


class ReasonMissing(DomainError):
    """A decision that needs a reason came without one."""


class EditsRefused(DomainError):
    """Some entries do not read as what their fields hold; `faults` has a sentence for each field."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        self.faults = dict(faults)
        super().__init__(" ".join(self.faults.values()))


@dataclass(frozen=True)
class Outcome:
    """What came of one step of many: its letters, or why it was not approved."""

    step: Step
    letters: tuple[Letter, ...] = ()
    refusal: str = ""

    @property
    def is_approved(self) -> bool:
        """Say whether the step was approved."""
        return not self.refusal


@transaction.atomic
def approve_step(step: Step, *, by: User, at: datetime, seen: str = "") -> list[Letter]:
    """
    Approve a proposed step and prepare its letters, all or nothing. Return the letters, one for each address.

    `seen` is the `fingerprint` that the person looked at; without it the step is approved as it stands.

    :raises AlreadyDecided: the step no longer waits for a decision
    :raises ChangedMeanwhile: the step is no longer what the person saw
    :raises NotReady: it is held, or a letter cannot be printed yet; every problem is named
    """
    step = _locked(step)
    if seen and seen != fingerprint(step):
        raise ChangedMeanwhile
    policy = policy_of(step.policy_version)
    problems = readiness.problems_of_step(step, policy)
    prepared: list[Letter] = []
    for template in [] if problems else merging.templates_of(step):
        try:
            prepared += letters.prepare_letters(
                school=step.school,
                pupil=step.pupil,
                template_key=template.key,
                origin=f"step:{step.pk}",
                merge=merging.merge_values(step, policy, template),
                by=by,
                at=at,
            )
        except LetterError as error:
            problems += readiness.problems_of_letter(error, template)
    if problems:
        raise NotReady(problems)
    figures = step.figures | merging.figures_now(step, policy)
    follow_approval(step, policy, by=by, at=at)
    _move(step, to=StepState.APPROVED, decided_at=at, decided_by=by, held_because="", figures=figures)
    _record("step.approved", step, by=by, at=at, letters=[letter.pk for letter in prepared])
    return prepared


def approve_steps(steps: Iterable[Step], *, by: User, at: datetime) -> list[Outcome]:
    """Approve many steps, each in a transaction of its own, and return what came of each, in their order."""
    outcomes = []
    for step in steps:
        try:
            outcomes.append(Outcome(step, tuple(approve_step(step, by=by, at=at))))
        except DomainError as error:
            outcomes.append(Outcome(step, refusal=error.message))
    return outcomes


@transaction.atomic
def edit_step(step: Step, *, edits: Mapping[str, str], by: User, at: datetime) -> None:
    """
    Keep what a person entered for the step's letters: text by field, as `letters.parse_values` reads it.

    An empty text takes an entry away; fields that are not named keep theirs.

    :raises AlreadyDecided: the step no longer waits for a decision
    :raises EditsRefused: an entry does not read as its field's kind, lies on the wrong side of today, or
        belongs to no letter of the step
    """
    step = _locked(step)
    declared = {one.name: one for one in merging.fields_to_enter(step)}
    faults, kept = {}, dict(step.edits)
    for name, text in edits.items():
        try:
            _check_entry(declared[name], text.strip(), at=at)
        except KeyError:
            faults[name] = f"No letter of this step has a place for {name[:60]}."
        except fields.WrongValue as error:
            faults[name] = f"{_capital(declared[name].label)} is {error}."
        else:
            kept.pop(name, None)
            if text.strip():
                kept[name] = text.strip()
    if faults:
        raise EditsRefused(faults)
    changed = sorted(name for name in edits if kept.get(name) != step.edits.get(name))
    if not changed:
        return
    Step.objects.filter(pk=step.pk).update(edits=kept)
    _record("step.edited", step, by=by, at=at, fields=changed)


@transaction.atomic
def dismiss_step(step: Step, *, reason: str, by: User, at: datetime) -> None:
    """
    Dismiss a step with a reason; it returns only after a further absence or at the next review (GEN-10).

    :raises ReasonMissing: no reason
    :raises AlreadyDecided: the step no longer waits for a decision
    """
    reason = _reason(reason, "Say why the step is dismissed")
    step = _locked(step)
    _move(step, to=StepState.DISMISSED, decided_at=at, decided_by=by, decision_reason=reason, held_because="")
    _record("step.dismissed", step, by=by, at=at, reason=reason)


@transaction.atomic
def hold_step(step: Step, *, reason: str, by: User, at: datetime) -> None:
    """
    Hold a step: it stays open, and nothing of it is sent until somebody releases it.

    `decision_reason` tells the hold of a person from one of the policy, which the sweep may lift by itself.

    :raises ReasonMissing: no reason
    :raises AlreadyDecided: the step no longer waits for a decision, or is held already
    """
    reason = _reason(reason, "Say why the step is held")
    step = _locked(step)
    if step.state == StepState.HELD:
        raise AlreadyDecided(step)
    _move(step, to=StepState.HELD, held_because=reason, decision_reason=reason)
    _record("step.held", step, by=by, at=at, reason=reason)


@transaction.atomic
def release_step(step: Step, *, reason: str, by: User, at: datetime) -> None:
    """
    Release a held step, so that it waits for a decision again.

    :raises ReasonMissing: no reason
    :raises AlreadyDecided: the step is not held any more
    """
    reason = _reason(reason, "Say why the step is released")
    step = _locked(step)
    if step.state != StepState.HELD:
        raise AlreadyDecided(step)
    _move(step, to=StepState.PROPOSED, held_because="", decision_reason="")
    _record("step.released", step, by=by, at=at, reason=reason)


def fingerprint(step: Step) -> str:
    """Return a short text that changes whenever what a person was shown of the step changes."""
    shown = [step.state, str(step.judged_on), step.session_ids, step.letters, step.figures, step.edits]
    return sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:16]


def _locked(step: Step) -> Step:
    """
    Return the step as it stands now, locked until the end of the transaction.

    Whoever comes second waits here and then finds the step decided.

    :raises AlreadyDecided: the step no longer waits for a decision
    """
    # Two statements on purpose: one that waited for the lock would join the rows of before the wait.
    Step.objects.select_for_update().values_list("pk").get(pk=step.pk)
    found = Step.objects.select_related("school", "pupil", "policy_version", "decided_by").get(pk=step.pk)
    if not found.is_open:
        raise AlreadyDecided(found)
    return found


def _move(step: Step, *, to: StepState, **changes: Any) -> None:
    """Move a locked step, if the table of transitions allows it and nothing moved it meanwhile."""
    if to not in TRANSITIONS[StepState(step.state)]:
        raise AlreadyDecided(step)
    moved = Step.objects.filter(pk=step.pk, state=step.state).update(state=to, **changes)
    if moved != 1:
        raise AlreadyDecided(Step.objects.select_related("decided_by").get(pk=step.pk))


def _record(kind: str, step: Step, *, by: User, at: datetime, **data: Any) -> None:
    events.record(kind, school=step.school, by=by, at=at, subject=step, data={"rung": step.rung_id, **data})


def _reason(text: str, asked: str) -> str:
    reason = text.strip()
    if not reason:
        raise ReasonMissing(f"{asked}.")
    if len(reason) > REASON_LIMIT:
        raise ReasonMissing(f"{asked} in {REASON_LIMIT:,} characters or fewer.")
    return reason


def _check_entry(field: fields.Field, text: str, *, at: datetime) -> None:
    """Refuse an entry that its field cannot hold, or a date on the wrong side of today."""
    value = fields.parsed(field, text)
    day = merging.day_of(value)
    today = timezone.localdate(at)
    if day is not None and merging.must_lie_ahead(field.name) and day < today:
        raise fields.WrongValue("in the past")
    if day is not None and merging.must_lie_behind(field.name) and day > today:
        raise fields.WrongValue("still to come")


def _how_it_stands(step: Step) -> str:
    """Say who did what to a step that somebody else wanted to decide."""
    if step.state == StepState.HELD:
        return f"This step is held: {step.held_because}"
    if step.state == StepState.PROPOSED:
        return "This step is not held any more."
    who = step.decided_by.name if step.decided_by else "Somebody"
    when = f" {moment(step.decided_at)}" if step.decided_at else ""
    return f"{who} {_DONE[step.state]} this step{when}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
