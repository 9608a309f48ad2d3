"""What absences add to the strip of the day board."""

from datetime import date, datetime

from django.urls import reverse

from absences.selectors.calls import call_list
from absences.selectors.terms import NoTerms, terms_on
from accounts.access import Right
from accounts.http import StaffRequest
from registers.day_strip import StripPart
from registers.selectors.registers import sessions_of_day


def calls_part(request: StaffRequest, on: date, at: datetime) -> list[StripPart]:
    """Return how many pupils are to be called about today, once calls have begun. Four statements."""
    if not request.may(Right.FOLLOW_UP_ABSENCES):
        return []
    try:
        terms = terms_on(request.school, on)
    except NoTerms:
        return []
    sessions = sessions_of_day(request.school, on=on)
    found = call_list(request.school, on=on, at=at, terms=terms, sessions=sessions, with_contacts=False)
    parts = []
    url = reverse("absences:calls", args=[request.school.key])
    if found.ready:
        parts.append(StripPart("calls", f"{len(found.ready)} to call", url))
    if found.safeguarding:
        words = f"{len(found.safeguarding)} safeguarding"
        tasks = reverse("absences:tasks", args=[request.school.key])
        parts.append(StripPart("safeguarding", words, tasks, is_harm=True))
    return parts
