"""The two statutory registers."""

from registers.models.ahead import KnownAhead, KnownAheadPupil, PatternSession, WeeklyPattern
from registers.models.arrivals import (
    AuthorisedCollector,
    CollectorPupil,
    DepartureReturn,
    EarlyDeparture,
    LateArrival,
    LateGate,
    LateGatePupil,
    PaperRegister,
)
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
    "AuthorisedCollector",
    "CalendarPeriod",
    "ClassGroup",
    "ClassMembership",
    "ClassTeacher",
    "Code",
    "CollectorPupil",
    "Contact",
    "DayTimes",
    "DepartureReturn",
    "EarlyDeparture",
    "Enrolment",
    "EntryBatch",
    "HistoryHead",
    "KnownAhead",
    "KnownAheadPupil",
    "LateArrival",
    "LateGate",
    "LateGatePupil",
    "Mark",
    "MarkEntry",
    "PaperRegister",
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
