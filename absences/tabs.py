"""
The pages of absences, side by side: every staff page of absences shows them below its heading.

Each area adds the line of its page to `ABSENCE_TABS` when the page exists, in the order Calls, Reports,
Leave, Tasks, Records, Families. A view passes `tabs_of(…)` as `tabs`, and its template includes
`absences/_tabs.html`.
"""

from accounts.access import Right
from accounts.http import StaffRequest
from registers.pupil_tabs import Tab, TabLine, tabs_from

# In the order shown. The address of each takes `school_key`.
ABSENCE_TABS: tuple[TabLine, ...] = (
    TabLine("Calls", "absences:calls", Right.FOLLOW_UP_ABSENCES),
    TabLine("Reports", "absences:reports", Right.FOLLOW_UP_ABSENCES),
    TabLine("Leave", "absences:leave", Right.FOLLOW_UP_ABSENCES),
    TabLine("Evidence", "absences:evidence", Right.FOLLOW_UP_ABSENCES),
    TabLine("Tasks", "absences:tasks", Right.FOLLOW_UP_ABSENCES),
    TabLine("Records", "absences:records", Right.FOLLOW_UP_ABSENCES),
    TabLine("Families", "absences:settings", Right.SET_UP_SCHOOL),
)


def tabs_of(request: StaffRequest, current: str) -> list[Tab]:
    """
    Return the pages of absences that the person may open.

    `current` is the name of the address of the page that is shown ("absences:calls"), or of the page it
    belongs under.
    """
    return tabs_from(request, ABSENCE_TABS, current)
