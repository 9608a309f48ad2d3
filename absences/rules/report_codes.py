"""The codes that the office may decide on for an absence that somebody reported."""

from datetime import date

from registers.rules.codes import NATIONAL_CODES, CodeRule

_GROUPS = ("leave", "authorised", "unavoidable", "unauthorised")
# X and C2 rest on the pupil's age and timetable, N says that nobody knows why, U on an arrival.
_NEVER = frozenset({"X", "C2", "N", "U"})


def codes_for_reports(on: date) -> tuple[CodeRule, ...]:
    """Return the codes with which a report of an absence on that day can be accepted."""
    return tuple(
        rule
        for rule in NATIONAL_CODES
        if rule.group in _GROUPS and rule.is_mark and rule.is_valid_on(on) and rule.symbol not in _NEVER
    )
