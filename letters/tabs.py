"""The two pages of what went to parents, side by side: letters and messages."""

from django.urls import reverse

from accounts.access import Right
from accounts.http import StaffRequest
from registers.pupil_tabs import Tab, TabLine

LETTER_TABS: tuple[TabLine, ...] = (
    TabLine("Letters", "letters:list", Right.SEE_LETTERS),
    TabLine("E-mails and texts", "letters:messages", Right.SEE_LETTERS),
)


def tabs_of(request: StaffRequest, current: str) -> list[Tab]:
    """Return the pages that the person may open; `current` names the address of the one that is shown."""
    return [
        Tab(line.label, reverse(line.url_name, args=[request.school.key]), line.url_name == current)
        for line in LETTER_TABS
        if request.may(line.right)
    ]
