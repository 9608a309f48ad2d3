"""What the set-up page of a school says of its attendance policy."""

from datetime import date

from accounts.models import School
from escalation.models import PolicyVersion
from escalation.services.policies import NoPolicyInForce, policy_in_force
from registers.selectors.set_up import DONE, MISSING, Check
from registers.words import day

TITLE = "Attendance policy"


def policy(school: School, on: date) -> Check:
    """Judge whether a policy is in force. Two statements."""
    try:
        version, _ = policy_in_force(school, on)
    except NoPolicyInForce:
        waiting = PolicyVersion.objects.filter(school=school, in_force_from__gt=on).order_by("in_force_from")
        coming = waiting.values_list("in_force_from", flat=True).first()
        words = f"The first comes into force on {day(coming, on)}." if coming else "None is in force."
        return Check(TITLE, MISSING, f"{words} Without one no step and no letter is proposed.")
    since = day(version.in_force_from, on)
    return Check(TITLE, DONE, f"Version {version.number} is in force since {since}.")
