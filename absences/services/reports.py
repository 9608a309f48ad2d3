"""
Reports of absences: taken in, changed, withdrawn, accepted and refused, each in one transaction.

A report is evidence, a mark is the school's. What is here moves reports and what registers open with; marks
change through `registers.services.mark_sets` alone. Whoever acts sends the version they saw.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Literal
from uuid import UUID

from absences.models import Report
from accounts.errors import DomainError
from accounts.models import School, User
from registers.models import Contact, Pupil


class ReportRefused(DomainError):
    """
    The report, or what is to be done with it, cannot stand; `faults` says why for each field.

    Fields are those of `Told`, besides "pupils", "code", "decision_note", "call_back" and "" (the whole).
    """

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = dict(faults)


class ReportChangedMeanwhile(DomainError):
    """Somebody else acted on the report since it was shown; `report` is as it stands now."""

    def __init__(self, report: Report, words: str) -> None:
        super().__init__(words)
        self.report = report


@dataclass(frozen=True)
class Told:
    """What a parent or a caller said of an absence, from a session to a session (both included)."""

    first_day: date
    last_day: date
    reason: str  # a key of absences.rules.reasons
    channel: str  # one of absences.models.Channel
    received_at: datetime  # when it was said, in the school's time zone
    first_half: str = "AM"
    last_half: str = "PM"
    note: str = ""
    expected_return: date | None = None
    appointment_at: time | None = None
    contact: Contact | None = None
    caller: str = ""  # who said it, when it is no contact of the pupil


def submit(
    school: School,
    pupils: Sequence[Pupil],
    told: Told,
    *,
    submission: UUID,
    by: User,
    at: datetime,
    on: date,
) -> list[Report]:
    """
    Take in one report for each pupil and return them in the order given; sent again, it changes nothing.

    :raises ReportRefused: something that was told cannot stand; nothing was recorded
    """
    raise NotImplementedError


def change(report: Report, told: Told, *, version: int, by: User, at: datetime) -> Report:
    """
    Put a newer report in the place of one that waits, and return the newer one.

    :raises ReportRefused: something that was told cannot stand
    :raises ReportChangedMeanwhile: the school acted on it, or somebody changed it
    """
    raise NotImplementedError


def withdraw(
    report: Report, *, version: int, by: User, at: datetime, why: str = "", by_school: bool = False
) -> Report:
    """
    Withdraw a report: a parent one that waits, the school also one that it accepted (and says why).

    :raises ReportRefused: the school did not say why
    :raises ReportChangedMeanwhile: the school acted on it, or somebody changed it
    """
    raise NotImplementedError


def accept(
    report: Report, *, version: int, code: str | None = None, by: User, at: datetime, position: str
) -> Report:
    """
    Accept a report, with its proposed code or another.

    :raises ReportRefused: the code cannot stand, or a call back is outstanding
    :raises ReportChangedMeanwhile: somebody else acted on it
    """
    raise NotImplementedError


def refuse(
    report: Report,
    *,
    version: int,
    code: Literal["O"] | None = None,
    note: str,
    by: User,
    at: datetime,
    position: str,
) -> Report:
    """
    Do not accept a report; `note` is what the parent is told.

    :raises ReportRefused: no reason was given
    :raises ReportChangedMeanwhile: somebody else acted on it
    """
    raise NotImplementedError


def call_back(report: Report, *, version: int, spoke_with: str, by: User, at: datetime) -> Report:
    """
    Record that somebody was called back about a voicemail, and who it was.

    :raises ReportRefused: nobody was named
    :raises ReportChangedMeanwhile: somebody else acted on it
    """
    raise NotImplementedError
