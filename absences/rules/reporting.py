"""
What a school's terms make of what is told: in time or not, the earliest return, what a caller is still asked.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from absences.rules.reasons import REASON_BY_KEY, Reason
from absences.rules.terms import Reporting

# The kinds of illness that 003:154-155 names, as the list of reasons holds them.
_REASON_OF_KIND = {"vomiting": "sickness", "diarrhoea": "sickness"}
# How registers call a reason: as little as a teacher needs.
_SHORT = {
    "illness": "illness",
    "sickness": "sickness",
    "mental_health": "illness",
    "injury": "injury",
    "hospital": "hospital appointment",
    "appointment": "appointment",
    "bereavement": "a death in the family",
    "religious": "religious festival",
    "interview": "interview at another school",
    "transport": "school transport did not come",
    "weather": "travel was stopped",
    "overslept": "overslept",
    "minor": "a minor illness",
    "family_care": "looking after somebody",
    "birthday": "a day out",
    "holiday": "holiday",
    "other": "another reason",
}
assert _SHORT.keys() == REASON_BY_KEY.keys()  # noqa: S101 - a new reason needs its short words


def short_words(reason: str) -> str:
    """Return a reason as registers and lists call it, as the end of a sentence."""
    return _SHORT[reason]


def clock_of(text: str) -> time:
    """Return a time of a policy ("08:50") as a time of day."""
    return time.fromisoformat(text)


def is_in_time(received_at: datetime, *, first_day: date, deadline: str) -> bool:
    """
    Say whether word came by the deadline of the first day; `received_at` is in the school's time zone.

    On the minute is in time (GEN-03). Later word is taken in all the same and says that it was late (WEL-18).
    """
    return (received_at.date(), received_at.time().replace(second=0, microsecond=0)) <= (
        first_day,
        clock_of(deadline),
    )


def exclusion_hours(reporting: Reporting, reason: str) -> int:
    """Return for how many hours an illness keeps a child away by the school's rule, 0 for none (003:154)."""
    excepted = reporting.daily_contact_except
    if excepted is None or reason not in {_REASON_OF_KIND.get(kind) for kind in excepted.kinds}:
        return 0
    return excepted.illness_exclusion_hours


@dataclass(frozen=True)
class Exclusion:
    """How long an illness keeps a child away: the last session of it and the earliest day of return."""

    last_day: date
    last_half: str
    earliest_return: date


def exclusion_of(first_day: date, first_half: str, *, hours: int) -> Exclusion:
    """
    Return the end of an exclusion that begins with a session: 48 hours are four sessions from there.

    From Tuesday morning the child is back on Thursday morning, from Tuesday afternoon on Thursday afternoon.
    """
    days = -(-hours // 24)
    back = first_day + timedelta(days=days)
    if first_half == "AM":
        return Exclusion(back - timedelta(days=1), "PM", back)
    return Exclusion(back, "AM", back)


@dataclass(frozen=True)
class Limits:
    """How far ahead and back (days) and for how long (school days) a report may reach."""

    days_ahead: int
    days_at_once: int
    days_back: int


@dataclass(frozen=True)
class Saying:
    """What was told, and what is known of it, as the checks judge it."""

    first: tuple[date, str]  # day and half
    last: tuple[date, str]
    reason: str
    note: str
    expected_return: date | None
    has_time: bool  # of an appointment
    is_online: bool
    is_named: bool  # a contact or a typed name
    days: Collection[date]  # school days that it reaches
    school_days_back: int  # school days from the first day to the day it is told
    on: date


def faults_of(told: Saying, *, reporting: Reporting, limits: Limits) -> dict[str, str]:
    """Return why a report cannot stand, as a sentence for each field; empty when it can."""
    faults: dict[str, str] = {}
    reason = REASON_BY_KEY.get(told.reason)
    if told.last < told.first:
        faults["last_day"] = "The last day cannot be before the first day"
    elif not told.days:
        faults["first_day"] = "The school is closed then: choose a school day"
    elif len(told.days) > limits.days_at_once:
        faults["last_day"] = _too_long(limits.days_at_once, for_family=told.is_online)
    if "first_day" not in faults:
        ahead = (told.first[0] - told.on).days
        if ahead > limits.days_ahead:
            faults["first_day"] = f"Choose a day in the next {limits.days_ahead} days"
        elif told.school_days_back > limits.days_back:
            faults["first_day"] = "This is too long ago to report here: call the school office"
    if reason is None:
        faults["reason"] = "Choose a reason"
    else:
        faults |= _reason_faults(reason, told, reporting)
    faults |= _return_faults(told, reporting)
    if not told.is_online and not told.is_named:
        faults["caller"] = "Say who told the school"
    return faults


def _too_long(days: int, *, for_family: bool) -> str:
    most = "1 school day" if days == 1 else f"{days} school days"
    return f"Report {most} or fewer at once" + (
        ", and call the school office if it lasts longer" if for_family else ""
    )


def _reason_faults(reason: Reason, told: Saying, reporting: Reporting) -> dict[str, str]:
    if reason.asks_for == "leave" and told.is_online:
        return {"reason": "Ask for leave instead: the school decides about holidays before they begin"}
    if reason.needs_time and told.first[0] == told.last[0] and not told.has_time:
        return {"appointment_at": "Enter the time of the appointment"}
    if reason.key == "other" and reporting.reason_required and not told.note.strip():
        return {"note": "Say why: the school needs a reason"}  # 003:153
    return {}


def _return_faults(told: Saying, reporting: Reporting) -> dict[str, str]:
    back = told.expected_return
    if back is None:
        if reporting.expected_return_date:  # 002:174
            return {"expected_return": "Enter the day on which you expect the child back"}
        return {}
    if back < told.last[0] or (back == told.last[0] and told.last[1] == "PM"):
        return {"expected_return": "The day back at school must be after the last day of absence"}
    return {}
