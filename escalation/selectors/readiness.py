"""Why a step cannot be approved as it stands: everything at once, in plain words, with where to add it."""

from dataclasses import dataclass
from datetime import timedelta

from escalation.models import Step, StepState
from escalation.rules.outside import ThresholdRule
from escalation.rules.schema import Policy
from escalation.selectors import rejudging
from escalation.selectors.merging import SOURCES, Source, rung_of
from letters.errors import LetterError, MergeRefused, MissingFields
from letters.rules.catalogue import TEMPLATES
from letters.rules.templates import LetterTemplate
from letters.rules.wording.common import ONLY_SETTLED
from registers.selectors.roll import previous_sessions

UNSETTLED_CODE = "N"
LONGEST_UNSETTLED = timedelta(weeks=10)  # an N that another school left standing for longer counts as O
_WHERE: dict[Source, str] = {
    Source.PERSON: "Enter it under “Details of the letter”.",
    Source.SCHOOL: "Add it to the school’s details.",
    Source.PUPIL: "Add it to the pupil’s record.",
    Source.REGISTER: "The pupil has no possible session yet.",
    Source.CALENDAR: "Add it to the school’s calendar and times.",
    Source.POLICY: "The attendance policy does not give it.",
    Source.LETTERS: "No earlier letter gives it.",
}


@dataclass(frozen=True)
class Problem:
    """One reason why a step cannot be approved; `field` names the entry that would put it right, if any."""

    message: str
    field: str = ""


def problems_of_step(step: Step, policy: Policy) -> list[Problem]:
    """Return what stands against approving the step, whatever its letters say. A handful of statements."""
    problems = []
    if rejudging.is_gone(step, policy):
        problems.append(
            Problem(
                "The register has changed, and the reason for this step is gone. "
                "The next sweep withdraws it; you can also dismiss it."
            )
        )
    if step.state == StepState.HELD:
        problems.append(Problem(f"This step is held: {step.held_because.rstrip('.')}. Release it first."))
    unsettled = unsettled_sessions(step) if reaches_for_the_law(step, policy) else 0
    if unsettled:
        count = (
            "1 counted session still has" if unsettled == 1 else f"{unsettled} counted sessions still have"
        )
        problems.append(
            Problem(f"{count} code N. Settle the reason first: until then no notice or referral can be made.")
        )
    return problems


def reaches_for_the_law(step: Step, policy: Policy) -> bool:
    """Say whether the step drafts a notice or a referral, which a counted N keeps back (GEN-06)."""
    rung = rung_of(policy, step)
    return (
        step.ladder == ThresholdRule.ladder
        or (rung is not None and rung.refers_to_law)
        or any(ONLY_SETTLED in TEMPLATES[key].guards for key in step.letters if key in TEMPLATES)
    )


def unsettled_sessions(step: Step) -> int:
    """Return how many of the sessions that caused the step are N at this moment. Two statements at most."""
    here = sum(code == UNSETTLED_CODE for code in rejudging.codes_of_sessions(step).values())
    if not step.figures.get("elsewhere"):
        return here
    brought = previous_sessions(
        step.school,
        since=step.judged_on - LONGEST_UNSETTLED,
        until=step.judged_on,
        pupil_ids=[step.pupil_id],
    )
    return here + sum(one.code == UNSETTLED_CODE for one in brought.get(step.pupil_id, ()))


def problems_of_letter(error: LetterError, template: LetterTemplate) -> list[Problem]:
    """Return what keeps a letter from being printed, each problem with where to put it right."""
    if not isinstance(error, MergeRefused):
        return [Problem(error.message)]
    missing = error.missing if isinstance(error, MissingFields) else ()
    labels = {name: template.field(name).label for name in missing}
    problems = [
        Problem(
            f"{_capital(label)} is missing. {_WHERE[SOURCES[name]]}",
            name if SOURCES[name] is Source.PERSON else "",
        )
        for name, label in labels.items()
    ]
    said = {f"{label} is missing" for label in labels.values()}
    problems += [Problem(f"{_capital(text)}.") for text in error.problems if text not in said]
    return problems


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
