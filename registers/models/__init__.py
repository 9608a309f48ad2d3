"""The two statutory registers."""

from registers.models.absence_words import AbsenceWord
from registers.models.ahead import KnownAhead, KnownAheadPupil, PatternSession, WeeklyPattern
from registers.models.arrivals import (
    AuthorisedCollector,
    CollectorPupil,
    DepartureReturn,
    EarlyDeparture,
    GateStrike,
    LateArrival,
    LateGate,
    LateGatePupil,
    PaperRegister,
)
from registers.models.calendar import CalendarPeriod, DayTimes, Session, YearGroupTimes
from registers.models.contacts import Contact, OutsideContact, PupilContact, PupilOutsideContact
from registers.models.entries import ReceivedEntry
from registers.models.files import UploadedFile
from registers.models.history import HistoryAnchor
from registers.models.marks import (
    Code,
    EntryBatch,
    HistoryHead,
    Mark,
    MarkEntry,
    Register,
)
from registers.models.particulars import ParticularsChange, PupilAddress
from registers.models.pupils import (
    ClassGroup,
    ClassMembership,
    ClassTeacher,
    Enrolment,
    Pupil,
    PupilFlag,
)
from registers.models.retention import RetiredEntries, RetiredYear
from registers.models.roll import Departure, Enquiry, Joining, PreviousMark, RollOver
from registers.models.timetables import PartTimeTimetable, TimetableAbsence, TimetableReview
from registers.models.watching import ClassClosing, RegisterClosing, RegisterNudge

__all__ = [
    "AbsenceWord",
    "AuthorisedCollector",
    "CalendarPeriod",
    "ClassClosing",
    "ClassGroup",
    "ClassMembership",
    "ClassTeacher",
    "Code",
    "CollectorPupil",
    "Contact",
    "DayTimes",
    "Departure",
    "DepartureReturn",
    "EarlyDeparture",
    "Enquiry",
    "Enrolment",
    "EntryBatch",
    "GateStrike",
    "HistoryAnchor",
    "HistoryHead",
    "Joining",
    "KnownAhead",
    "KnownAheadPupil",
    "LateArrival",
    "LateGate",
    "LateGatePupil",
    "Mark",
    "MarkEntry",
    "OutsideContact",
    "PaperRegister",
    "PartTimeTimetable",
    "ParticularsChange",
    "PatternSession",
    "PreviousMark",
    "Pupil",
    "PupilAddress",
    "PupilContact",
    "PupilFlag",
    "PupilOutsideContact",
    "ReceivedEntry",
    "Register",
    "RegisterClosing",
    "RegisterNudge",
    "RetiredEntries",
    "RetiredYear",
    "RollOver",
    "Session",
    "TimetableAbsence",
    "TimetableReview",
    "UploadedFile",
    "WeeklyPattern",
    "YearGroupTimes",
]
