"""The times of a school's session and what an arrival at a given minute means."""

from dataclasses import dataclass
from datetime import time

from registers.rules.codes import PRESENT_IN_HALF

LONGEST_OPEN_MINUTES = (
    30  # Working together to improve school attendance (2024): the register stays open at most so long
)


@dataclass(frozen=True)
class SessionTimes:
    """
    When a session's register opens, from when an arrival is late, when it closes, and when the day ends.
    """

    half: str
    opens_at: time
    late_after: time
    closes_at: time
    day_ends_at: time | None = None


def minutes(moment: time) -> int:
    """Return minutes since midnight; seconds are cut off, arrivals are judged by the minute (GEN-03)."""
    return moment.hour * 60 + moment.minute


def faults_of(times: SessionTimes) -> list[str]:
    """Return every reason why these times cannot be a school's, each as a sentence."""
    faults = []
    if minutes(times.late_after) < minutes(times.opens_at):
        faults.append(f"The {times.half} register cannot call arrivals late before it opens.")
    if minutes(times.closes_at) < minutes(times.late_after):
        faults.append(f"The {times.half} register cannot close before arrivals count as late.")
    if minutes(times.closes_at) - minutes(times.opens_at) > LONGEST_OPEN_MINUTES:
        faults.append(f"The {times.half} register may be open for at most {LONGEST_OPEN_MINUTES} minutes.")
    if times.day_ends_at is not None and minutes(times.closes_at) >= minutes(times.day_ends_at):
        faults.append(f"The {times.half} register must close before the day ends.")
    return faults


def classify_arrival(times: SessionTimes, arrived_at: time) -> str:
    """
    Return the code for an arrival: present until `late_after`, then L until the register closes, then U
    (GEN-03).

    The minute named still counts to the earlier side: 8:50 with `late_after` 8:50 is present, 8:51 is late.
    """
    arrived = minutes(arrived_at)
    if arrived <= minutes(times.late_after):
        return PRESENT_IN_HALF[times.half]
    return "L" if arrived <= minutes(times.closes_at) else "U"
