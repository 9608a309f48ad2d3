"""What parents and callers say, and what the school does about it."""

from absences.models.attachments import Attachment, AttachmentKind
from absences.models.calls import (
    AttemptChannel,
    AttemptOutcome,
    CallClaim,
    CallSettings,
    ContactAttempt,
    ContactAttemptStrike,
)
from absences.models.evidence import (
    EvidenceDemand,
    EvidenceKind,
    EvidenceRequest,
    EvidenceRule,
    EvidenceState,
    NoticeWay,
    UnauthorisingNotice,
)
from absences.models.intake import ReportingApp
from absences.models.leave import (
    LeaveChannel,
    LeaveDesignate,
    LeaveLiable,
    LeaveNote,
    LeaveOutcome,
    LeavePart,
    LeaveRequest,
    LeaveState,
    LeaveTraveller,
)
from absences.models.parents import DetailsRequest, DetailsState, SchoolAbsenceSettings
from absences.models.records import (
    RecordReview,
    ReintegrationProgramme,
    ReintegrationStep,
    SupportAnswer,
    SupportKind,
    SupportNote,
)
from absences.models.reports import Channel, Report, ReportEvent, ReportState
from absences.models.tasks import Task, TaskKind
from absences.models.terms import SchoolTerms

__all__ = [
    "Attachment",
    "AttachmentKind",
    "AttemptChannel",
    "AttemptOutcome",
    "CallClaim",
    "CallSettings",
    "Channel",
    "ContactAttempt",
    "ContactAttemptStrike",
    "DetailsRequest",
    "DetailsState",
    "EvidenceDemand",
    "EvidenceKind",
    "EvidenceRequest",
    "EvidenceRule",
    "EvidenceState",
    "LeaveChannel",
    "LeaveDesignate",
    "LeaveLiable",
    "LeaveNote",
    "LeaveOutcome",
    "LeavePart",
    "LeaveRequest",
    "LeaveState",
    "LeaveTraveller",
    "NoticeWay",
    "RecordReview",
    "ReintegrationProgramme",
    "ReintegrationStep",
    "Report",
    "ReportEvent",
    "ReportState",
    "ReportingApp",
    "SchoolAbsenceSettings",
    "SchoolTerms",
    "SupportAnswer",
    "SupportKind",
    "SupportNote",
    "Task",
    "TaskKind",
    "UnauthorisingNotice",
]
