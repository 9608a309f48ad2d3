"""The two statutory registers."""

from registers.models.ahead import KnownAhead, KnownAheadPupil, PatternSession, WeeklyPattern
from registers.models.calendar import CalendarPeriod, DayTimes, Session, YearGroupTimes
from registers.models.contacts import Contact, PupilContact
from registers.models.marks import (
    Code,
    EntryBatch,
    HistoryHead,
    Mark,
    MarkEntry,
    Register,
)
from registers.models.pupils import (
    ClassGroup,
    ClassMembership,
    ClassTeacher,
    Enrolment,
    Pupil,
    PupilFlag,
)
from registers.models.timetables import PartTimeTimetable, TimetableAbsence, TimetableReview

__all__ = [
    "CalendarPeriod",
    "ClassGroup",
    "ClassMembership",
    "ClassTeacher",
    "Code",
    "Contact",
    "DayTimes",
    "Enrolment",
    "EntryBatch",
    "HistoryHead",
    "KnownAhead",
    "KnownAheadPupil",
    "Mark",
    "MarkEntry",
    "PartTimeTimetable",
    "PatternSession",
    "Pupil",
    "PupilContact",
    "PupilFlag",
    "Register",
    "Session",
    "TimetableAbsence",
    "TimetableReview",
    "WeeklyPattern",
    "YearGroupTimes",
]
