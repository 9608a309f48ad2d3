"""What the sweep of one evening would know of a pupil, for tests that judge a single evening."""

from datetime import date

from escalation.rules.calendar import SchoolCalendar
from escalation.rules.facts import PupilFacts
from escalation.rules.replay import PupilHistory, PupilTrack


def facts_of(history: PupilHistory, calendar: SchoolCalendar, on: str) -> PupilFacts:
    """Give the facts of one evening (ISO)."""
    return PupilTrack(history, calendar).facts_on(calendar.day(date.fromisoformat(on)))
