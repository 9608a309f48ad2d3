"""How long a register is kept: six years from each entry (SI 2024/208 reg 7)."""

from datetime import date

YEARS_KEPT = 6


def may_go_on(last_entry_on: date) -> date:
    """Return the first day on which an entry of this day need no longer be kept."""
    try:
        return last_entry_on.replace(year=last_entry_on.year + YEARS_KEPT)
    except ValueError:  # 29 February
        return date(last_entry_on.year + YEARS_KEPT, 3, 1)
