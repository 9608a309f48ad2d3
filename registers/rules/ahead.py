"""Which codes can be arranged before a register is taken."""

from datetime import date

from registers.rules.codes import LATE_CODES, NATIONAL_CODES, PRESENT_IN_HALF, CodeRule

# Nobody arranges to be present, late or unexplained; C2 stands on a part-time timetable alone.
_NEVER = frozenset({*PRESENT_IN_HALF.values(), *LATE_CODES, "N", "O", "C2"})
# What comes back every week: the rest is arranged for its days.
_WEEKLY = ("X", "D", "M", "B", "K", "W", "P", "C1")


def codes_for_days(on: date) -> tuple[CodeRule, ...]:
    """Return the codes that can be arranged for a day or some days."""
    return tuple(
        rule for rule in NATIONAL_CODES if rule.is_mark and rule.is_valid_on(on) and rule.symbol not in _NEVER
    )


def codes_for_weeks(on: date) -> tuple[CodeRule, ...]:
    """Return the codes that can be arranged for the same sessions of every week."""
    by_symbol = {rule.symbol: rule for rule in codes_for_days(on)}
    return tuple(by_symbol[symbol] for symbol in _WEEKLY if symbol in by_symbol)
