"""The codes that the office may decide on for an absence that somebody reported."""

from datetime import date, datetime, time

from absences.rules.terms import Appointments
from registers.rules.codes import NATIONAL_CODES, CodeRule

_GROUPS = ("leave", "authorised", "unavoidable", "unauthorised")
# X and C2 rest on the pupil's age and timetable, N says that nobody knows why, U on an arrival.
_NEVER = frozenset({"X", "C2", "N", "U"})

# The reason of a routine visit to a doctor, a dentist or an optician.
ROUTINE = "appointment"


def codes_for_reports(on: date) -> tuple[CodeRule, ...]:
    """Return the codes with which a report of an absence on that day can be accepted."""
    return tuple(
        rule
        for rule in NATIONAL_CODES
        if rule.group in _GROUPS and rule.is_mark and rule.is_valid_on(on) and rule.symbol not in _NEVER
    )


def only_the_head_authorises(appointments: Appointments | None) -> bool:
    """
    Say whether only the head may authorise a routine appointment in school hours.

    Welbourn wants those out of school hours (003:157); M if the head accepts it, else O (WEL-11).
    """
    return appointments is not None and appointments.routine == "unauthorised_in_hours"


def is_told_too_late(
    appointments: Appointments | None, *, on: date, at: time | None, told_at: datetime
) -> bool:
    """
    Say whether word of an appointment came after it, at a school that authorises only what it is told before.

    Lunt's Heath does (002:181). `told_at` is in local time; without a time the whole day counts as before.
    """
    if appointments is None or appointments.advance_notice != "required_to_authorise":
        return False
    return (told_at.date(), told_at.time()) > (on, at or time.max)
