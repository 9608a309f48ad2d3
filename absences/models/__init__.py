"""What parents and callers say, and what the school does about it."""

from absences.models.calls import (
    AttemptChannel,
    AttemptOutcome,
    CallClaim,
    CallSettings,
    ContactAttempt,
    ContactAttemptStrike,
)
from absences.models.reports import Channel, Report, ReportEvent, ReportState
from absences.models.tasks import Task, TaskKind
from absences.models.terms import SchoolTerms

__all__ = [
    "AttemptChannel",
    "AttemptOutcome",
    "CallClaim",
    "CallSettings",
    "Channel",
    "ContactAttempt",
    "ContactAttemptStrike",
    "Report",
    "ReportEvent",
    "ReportState",
    "SchoolTerms",
    "Task",
    "TaskKind",
]
