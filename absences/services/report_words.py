"""What services of reports take and refuse."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from absences.models import Report, ReportState
from accounts.errors import DomainError
from registers.models import Contact
from registers.words import clock


class ReportRefused(DomainError):
    """
    The report, or what is to be done with it, cannot stand; `faults` says why for each field.

    Fields are those of `Told`, besides "pupils", "code", "decision_note", "call_back", "why" and "" (the
    whole).
    """

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(" ".join(f"{fault.rstrip('.')}." for fault in faults.values()))
        self.faults = dict(faults)


class ReportChangedMeanwhile(DomainError):
    """Somebody else acted on the report since it was shown; `report` is as it stands now."""

    def __init__(self, report: Report) -> None:
        super().__init__(f"{who_acted(report)}: nothing was changed.")
        self.report = report


@dataclass(frozen=True)
class Told:
    """What a parent or a caller said of an absence, from a session to a session (both included)."""

    first_day: date
    last_day: date
    reason: str  # a key of absences.rules.reasons
    channel: str  # one of absences.models.Channel
    received_at: datetime  # when it was said
    first_half: str = "AM"
    last_half: str = "PM"
    note: str = ""
    expected_return: date | None = None
    appointment_at: time | None = None
    contact: Contact | None = None
    caller: str = ""  # who said it, when it is no contact of the pupil


_DONE = {
    ReportState.ACCEPTED: "accepted this report",
    ReportState.REFUSED: "did not accept this report",
    ReportState.WITHDRAWN: "withdrew this report",
    ReportState.REPLACED: "changed this report",
    ReportState.WAITING: "changed this report",
}


def who_acted(report: Report) -> str:
    """Return who did what to a report last, and when, as a clause. One statement."""
    last = report.events.select_related("by").order_by("-at", "-pk").first()
    if last is None:
        return "Somebody changed this report"
    return f"{last.by.name} {_DONE[ReportState(report.state)]} at {clock(last.at)}"
