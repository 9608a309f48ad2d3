"""What an arrival, leaving or return means for the register, by the times and what stands there."""

from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum

from registers.rules.age import birthday
from registers.rules.codes import CODE_BY_SYMBOL, PRESENT_IN_HALF
from registers.rules.times import SessionTimes, classify_arrival, minutes

# An arrival so many minutes before the register opens is a slip of the pen ("1:15" for 13:15), where a school
# has not said when its gates open.
EARLIEST_MINUTES = 60
YOUNGEST_COLLECTOR = 16  # 001: sibling collection letter


class Kind(StrEnum):
    """How firmly a mark stands when the pupil turns up after all."""

    OPEN = "open"  # no mark, or an absence that nobody has explained: the arrival settles it
    EXPLAINED = "explained"  # an explained absence: the arrival counts only while the register is open
    FIXED = "fixed"  # educated elsewhere, not expected, suspended: an arrival at the desk says nothing of it
    ATTENDED = "attended"  # marked in already: by the teacher, or at the desk


def kind_of(code: str) -> Kind:
    """
    Return how firmly a code stands.

    After the register closed N becomes U or a better code, and an absence that is explained stays (Working
    together 2024); attending before the close is attending whatever was expected (SI 2024/208 regulation 10).
    """
    if not code:
        return Kind.OPEN
    rule = CODE_BY_SYMBOL[code]
    if rule.is_late or code in PRESENT_IN_HALF.values():
        return Kind.ATTENDED
    if rule.statistical_class == "UN":
        return Kind.OPEN
    if rule.statistical_class == "AU" and code != "E":
        return Kind.EXPLAINED
    return Kind.FIXED


@dataclass(frozen=True)
class Proposal:
    """
    What an arrival means.

    `by_times` is the code of the school's times, `code` what is to stand; `is_kept` says that an absence
    known already stays, `is_doubtful` that the pupil is marked in with another code, so that a person must
    choose.
    """

    by_times: str
    code: str
    is_kept: bool = False
    is_doubtful: bool = False


def propose(times: SessionTimes, arrived_at: time, *, standing: str, expected: str = "") -> Proposal:
    """
    Return what is to stand for a pupil who arrived at this time.

    `standing` is the mark, `expected` the code known ahead where there is no mark yet.
    """
    by_times = classify_arrival(times, arrived_at)
    known = standing or expected
    kind = kind_of(known)
    if kind is Kind.OPEN or (kind is Kind.EXPLAINED and by_times != "U"):
        return Proposal(by_times, by_times)
    if kind is Kind.ATTENDED:
        return Proposal(by_times, known, is_kept=True, is_doubtful=known != by_times)
    return Proposal(by_times, known, is_kept=True)


def propose_return(times: SessionTimes, returned_at: time, *, standing: str, explained: str) -> Proposal:
    """
    Return what is to stand for a pupil who left in an earlier session and came back in this one.

    `explained` is the code of the reason for leaving: after the close it is the better code than U.
    """
    found = propose(times, returned_at, standing=standing)
    if found.code == "U" and not found.is_kept and explained:
        return Proposal("U", explained)
    return found


def fault_of_choice(code: str, proposal: Proposal) -> str | None:
    """Return why a code cannot stand for an arrival at that time, or None; a sentence fit to show."""
    if code == "L" and proposal.by_times == "U":
        return "L is only for arrivals before the register closed: choose U or another code."
    if code == "U" and proposal.by_times != "U":
        return "U is only for arrivals after the register closed: choose L or another code."
    if code in PRESENT_IN_HALF.values() and proposal.by_times == "U":
        return "A pupil who came after the register closed cannot be marked present."
    return None


def minutes_late(times: SessionTimes, arrived_at: time) -> int:
    """Return whole minutes after arrivals count as late; 0 in time."""
    return max(0, minutes(arrived_at) - minutes(times.late_after))


def half_of_arrival(arrived_at: time, *, afternoon_opens: time | None) -> str:
    """Return the half an arrival belongs to: the morning until the afternoon's register opens."""
    return "PM" if afternoon_opens is not None and arrived_at >= afternoon_opens else "AM"


def is_too_early(times: SessionTimes, arrived_at: time, *, gates_open_at: time | None) -> bool:
    """Say whether nobody can have arrived at that time yet."""
    if gates_open_at is not None:
        return minutes(arrived_at) < minutes(gates_open_at)
    return minutes(arrived_at) < minutes(times.opens_at) - EARLIEST_MINUTES


# What a reason for leaving makes of a session that the pupil then misses; no entry: the teacher decides.
CODE_OF_DEPARTURE = {"medical": "M", "unwell": "I", "interview": "J1", "exceptional": "C"}


def is_old_enough(born: date, *, on: date) -> bool:
    """Say whether somebody is of the age at which they may collect a child."""
    return birthday(born, YOUNGEST_COLLECTOR) <= on
