"""What an approved step means for proof of illness, handed down to absences."""

from datetime import date, datetime, timedelta

from absences.services import evidence
from absences.services.evidence import Span
from accounts.models import User
from escalation.models import Step
from escalation.rules.schema import Policy
from registers.models import Session
from registers.rules.calendar import academic_year_of

EVIDENCE_LADDER = "evidence"
# By when a family is to answer a letter that names no day.
ANSWER_WITHIN = timedelta(days=10)


def follow_approval(step: Step, policy: Policy, *, by: User, at: datetime) -> None:
    """
    Let absences know of a step that was just approved, in the same transaction.

    A rung that requires evidence (001:362) makes every absence of its codes need proof until the school year
    ends; a step about a long illness is the letter that asks for the proof (002:176).
    """
    try:
        actions = policy.rung(step.rung_id).do
    except KeyError:
        actions = ()
    for action in actions:
        if action.require_evidence is not None:
            evidence.demand(
                step.pupil,
                cause=f"step:{step.pk}",
                codes=action.require_evidence.codes,
                span=Span(at.date(), date(academic_year_of(at.date()) + 1, 7, 31)),
                source=policy.rung(step.rung_id).id,
                by=by,
                at=at,
            )
    if step.ladder == EVIDENCE_LADDER and step.letters:
        days = sorted(Session.objects.filter(pk__in=step.session_ids).values_list("on", flat=True))
        if days:
            evidence.note_letter(
                step.pupil,
                Span(days[0], days[-1]),
                why=step.why,
                due_on=at.date() + ANSWER_WITHIN,
                by=by,
                at=at,
            )
