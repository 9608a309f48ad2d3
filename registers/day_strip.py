"""
The counts of the day board's strip, and where apps above registers add theirs.

Registers know nothing of absences; an app that has something to count on a day hands in a function when it is
loaded (its `AppConfig.ready`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from accounts.http import StaffRequest


@dataclass(frozen=True)
class StripPart:
    """One count of the strip, with the list that it opens; no address: there is nothing to list."""

    key: str
    text: str
    url: str = ""
    is_harm: bool = False


Source = Callable[[StaffRequest, date, datetime], list[StripPart]]
_sources: list[Source] = []


def add_source(source: Source) -> None:
    """Let the strip of today's board ask this function as well: the request, the day and the moment."""
    if source not in _sources:
        _sources.append(source)


def parts_of_others(request: StaffRequest, *, on: date, at: datetime) -> list[StripPart]:
    """Return what apps above registers count on a day, in the order in which they were loaded."""
    return [part for source in _sources for part in source(request, on, at)]
