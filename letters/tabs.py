"""The two pages of what went to parents, side by side: letters and messages."""

from accounts.access import Right
from accounts.http import StaffRequest
from registers.pupil_tabs import Tab, TabLine, tabs_from

LETTER_TABS: tuple[TabLine, ...] = (
    TabLine("Letters", "letters:list", Right.SEE_LETTERS),
    TabLine("E-mails and texts", "letters:messages", Right.SEE_LETTERS),
)


def tabs_of(request: StaffRequest, current: str) -> list[Tab]:
    """Return the pages that the person may open; `current` names the address of the one that is shown."""
    return tabs_from(request, LETTER_TABS, current)
