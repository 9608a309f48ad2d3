"""The times of a school's day as its policy states them, filled up where it leaves them open (GEN-13)."""

from datetime import time

from escalation.rules.schema import Policy
from escalation.rules.sections import WEEKDAYS
from registers.rules.day import DayTimesInput, plain_day


def day_of_policy(
    policy: Policy, *, pm_opens: time, pm_closes: time, day_ends: time | None
) -> list[DayTimesInput]:
    """
    Return the times of the school's day, with a row of its own for a weekday that ends at another time.

    A day ends when its first groups go home. An afternoon arrival after the register opened is late (LUN-01).
    `pm_opens`, `pm_closes` and `day_ends` stand where the policy says nothing.
    """
    morning, afternoon = policy.day.am, policy.day.pm
    opens = clock_of(afternoon.register_opens) or pm_opens
    closes = clock_of(afternoon.register_closes) or pm_closes
    return plain_day(
        morning=(
            time.fromisoformat(morning.register_opens),
            time.fromisoformat(morning.late_after),
            time.fromisoformat(morning.register_closes),
        ),
        afternoon=(opens, opens, closes),
        ends=[earliest_end(policy, weekday, day_ends) for weekday in WEEKDAYS],
    )


def earliest_end(policy: Policy, weekday: str, day_ends: time | None) -> time | None:
    """Return when the first groups go home on a weekday."""
    ends = (clock_of(end.at) or day_ends for end in policy.day.ends if weekday in end.weekdays)
    return min((end for end in ends if end is not None), default=day_ends)


def clock_of(text: str | None) -> time | None:
    """Return a policy's time as a time."""
    return None if text is None else time.fromisoformat(text)
