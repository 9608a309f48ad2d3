"""
Reports of absences: taken in, changed, withdrawn, accepted and refused, each in one transaction.

A report is evidence, a mark is the school’s. Reports move here, and with them what registers open with;
marks change through `registers.services.mark_sets` alone. Whoever acts sends the version they saw: the second
of two people is told what the first did.

>>> from absences.services import reports
>>> made = reports.submit(school, pupils, told, submission=key, by=user, at=now, on=today)
"""

from absences.services.report_decisions import (
    AcceptedAll,
    WrittenDown,
    accept,
    accept_trusted,
    call_back,
    refuse,
    withdraw,
    write_down,
)
from absences.services.report_follow_up import ask_again, follow_accepted
from absences.services.report_intake import change, judge_again, submit
from absences.services.report_words import ReportChangedMeanwhile, ReportRefused, Told, who_acted

__all__ = [
    "AcceptedAll",
    "ReportChangedMeanwhile",
    "ReportRefused",
    "Told",
    "WrittenDown",
    "accept",
    "accept_trusted",
    "ask_again",
    "call_back",
    "change",
    "follow_accepted",
    "judge_again",
    "refuse",
    "submit",
    "who_acted",
    "withdraw",
    "write_down",
]
