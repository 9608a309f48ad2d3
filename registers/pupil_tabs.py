"""
The pages of one pupil, side by side: every page of a pupil shows them under the pupil's name.

Each area adds the line of its page to `PUPIL_TABS` when the page exists; the order of the lines is the order
shown. A view passes `tabs_of(…)` as `tabs`, and its template includes `registers/_pupil_tabs.html`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from accounts.access import Right
from accounts.http import StaffRequest
from registers.models import Pupil


@dataclass(frozen=True)
class TabLine:
    """One page of a pupil: the words of its tab, its address's name and the right that shows it."""

    label: str
    url_name: str
    right: Right


@dataclass(frozen=True)
class Tab:
    """One tab as a template shows it."""

    label: str
    url: str
    is_current: bool


# In the order shown. The address of each takes `school_key` and `pupil_id`.
PUPIL_TABS: tuple[TabLine, ...] = (
    TabLine("Marks", "registers:pupil", Right.SEE_REGISTERS),
    TabLine("Details", "registers:pupil_details", Right.SEE_REGISTERS),
    TabLine("Parents and contacts", "registers:pupil_contacts", Right.SEE_PUPILS),
    TabLine("Messages", "letters:pupil_messages", Right.SEE_LETTERS),
    TabLine("On roll", "registers:pupil_roll", Right.SEE_PUPILS),
    TabLine("Ahead", "registers:pupil_ahead", Right.MARK_AHEAD),
    TabLine("Follow-up", "absences:pupil_calls", Right.FOLLOW_UP_ABSENCES),
    TabLine("Evidence", "absences:pupil_evidence", Right.FOLLOW_UP_ABSENCES),
    TabLine("Support", "absences:pupil_records", Right.FOLLOW_UP_ABSENCES),
    TabLine("Collectors", "registers:collectors", Right.KEEP_ARRIVALS),
)


def tabs_of(request: StaffRequest, pupil: Pupil, current: str) -> list[Tab]:
    """
    Return the tabs of a pupil's pages that the person may open.

    `current` is the name of the address of the page that is shown ("registers:pupil"), or of the page it
    belongs under, such as that of a form.
    """
    return tabs_from(request, PUPIL_TABS, current, pupil_id=pupil.pk)


def tabs_from(request: StaffRequest, lines: Iterable[TabLine], current: str, **parts: int) -> list[Tab]:
    """Return the lines that the person may open; `parts` are what addresses need beside the school."""
    keys = {"school_key": request.school.key, **parts}
    return [
        Tab(line.label, reverse(line.url_name, kwargs=keys), line.url_name == current)
        for line in lines
        if request.may(line.right)
    ]
