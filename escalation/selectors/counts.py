"""How many steps wait for a person, for pages that look at a school as a whole."""

from dataclasses import dataclass

from django.db.models import Count, Q

from accounts.models import School
from escalation.models import OPEN_STATES, Step, StepState


@dataclass(frozen=True)
class Waiting:
    """Steps of the school's policy that nobody has decided yet; those held are among them."""

    steps: int
    held: int


def waiting_steps(school: School) -> Waiting:
    """Return how many steps wait at the school. One statement."""
    counted = Step.objects.filter(school=school, state__in=OPEN_STATES).aggregate(
        steps=Count("pk"), held=Count("pk", filter=Q(state=StepState.HELD))
    )
    return Waiting(**counted)
