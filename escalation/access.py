"""Who may see and decide which step; the right to the page itself is checked by the page."""

from dataclasses import dataclass

from django.shortcuts import get_object_or_404

from accounts import access
from accounts.access import Right
from accounts.models import School
from escalation.models import Step, StepState
from escalation.selectors.steps import StepDetail


@dataclass(frozen=True)
class Act:
    """Whether a button is shown, whether it may be used, and if not, why."""

    is_shown: bool
    reason: str = ""

    @property
    def is_enabled(self) -> bool:
        """Say whether the person may do it now."""
        return self.is_shown and not self.reason


@dataclass(frozen=True)
class Acts:
    """What a person may do with a step as it stands."""

    approve: Act
    edit: Act
    dismiss: Act
    hold: Act
    release: Act


def step_for(school: School, pk: int) -> Step:
    """
    Return a step of the school with everything that its page and its decisions read.

    :raises Http404: there is no such step at this school
    """
    steps = Step.objects.select_related("school", "pupil", "policy_version", "decided_by")
    return get_object_or_404(steps, school=school, pk=pk)


def acts_for(roles: frozenset[str], detail: StepDetail) -> Acts:
    """Return which buttons the step's page shows to somebody with these roles, and why one cannot be used."""
    may = access.can(roles, Right.DECIDE_STEPS) and detail.step.is_open
    is_held = detail.step.state == StepState.HELD
    return Acts(
        approve=Act(may, " ".join(problem.message for problem in detail.problems)),
        edit=Act(may),
        dismiss=Act(may),
        hold=Act(may and not is_held),
        release=Act(may and is_held),
    )
