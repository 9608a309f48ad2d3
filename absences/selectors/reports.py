"""Reports as the office sees them: the queue, one report with all that belongs to it, whom to choose from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from absences.models import Attachment, Report, ReportEvent, ReportingApp, ReportState
from absences.rules.outcomes import Effect, effect_of
from absences.rules.reasons import REASON_BY_KEY
from absences.selectors.report_trust import doubts_about, overlap
from absences.selectors.terms import NoTerms, terms_on
from accounts.models import School
from registers import words
from registers.models import ClassMembership, Mark, Pupil, PupilContact, PupilFlag, Session
from registers.rules.flags import flag_label
from registers.selectors.unexplained import COME_FIRST

WAITING, TODAY, ALL = "waiting", "today", "all"
DAYS_BACK = 60
MOST_ROWS = 200


def span_words(report: Report, today: date | None = None) -> str:
    """Return from when to when a report speaks: "Tue 11 Nov", "Tue 11 Nov PM", "Tue 11 to Thu 13 Nov"."""
    first, last = words.day(report.first_day, today), words.day(report.last_day, today)
    if report.first_day == report.last_day:
        return first if report.first_half != report.last_half else f"{first} {report.first_half}"
    begin = f"{first} PM" if report.first_half == "PM" else first
    end = f"{last} AM" if report.last_half == "AM" else last
    return f"{begin} to {end}"


def who_told(report: Report) -> str:
    """Return who told the school, as pages write it."""
    return report.contact.name if report.contact else report.caller or "Not said"


@dataclass(frozen=True)
class QueueRow:
    """One report in the queue."""

    report: Report
    class_name: str
    flags: tuple[str, ...]  # words of those for whom the school looks first
    doubts: tuple[str, ...]  # why it is not taken at its word
    span: str
    who: str
    told_at: str  # the time; with the day when it was not today
    others: tuple[str, ...]  # references of other reports of the same sessions

    @property
    def is_waiting(self) -> bool:
        """Say whether somebody still has to decide."""
        return self.report.state == ReportState.WAITING

    @property
    def is_trusted(self) -> bool:
        """Say whether it is taken at its word."""
        return self.is_waiting and not self.doubts

    @property
    def wants_call_back(self) -> bool:
        """Say whether somebody has to be called back first."""
        return self.is_waiting and self.report.needs_call_back and self.report.called_back_at is None

    @property
    def reason(self) -> str:
        """Return the reason in the parent's words."""
        return REASON_BY_KEY[self.report.reason].label


@dataclass(frozen=True)
class Queue:
    """The office's page of reports."""

    rows: tuple[QueueRow, ...]
    waiting: int
    today: int
    is_cut: bool  # there are more than are shown

    @property
    def trusted(self) -> tuple[QueueRow, ...]:
        """Return those that can be accepted in one go."""
        return tuple(row for row in self.rows if row.is_trusted)


def queue_of(school: School, *, show: str, channel: str, on: date) -> Queue:
    """
    Return reports: those that wait, those of today, or all of late; pupils for whom the school looks first,
    then the newest.

    Twelve statements at most, however many reports.
    """
    reports = Report.objects.filter(school=school).exclude(state=ReportState.REPLACED)
    waiting = reports.filter(state=ReportState.WAITING)
    of_today = reports.filter(Q(first_day__lte=on, last_day__gte=on) | Q(received_at__date=on))
    chosen = {
        WAITING: waiting,
        TODAY: of_today,
        ALL: reports.filter(received_at__date__gte=on - timedelta(days=DAYS_BACK)),
    }[show]
    if channel:
        chosen = chosen.filter(channel=channel)
    found = list(_loaded(chosen).order_by("-received_at", "-pk")[: MOST_ROWS + 1])
    rows = _rows(school, found[:MOST_ROWS], on=on)
    return Queue(
        rows=tuple(sorted(rows, key=lambda row: (not row.is_waiting, not (row.is_waiting and row.flags)))),
        waiting=waiting.count(),
        today=of_today.count(),
        is_cut=len(found) > MOST_ROWS,
    )


def _loaded(reports: QuerySet[Report]) -> QuerySet[Report]:
    return reports.select_related(
        "pupil", "contact", "recorded_by", "decided_by", "called_back_by", "known_ahead", "school"
    )


def _rows(school: School, found: Sequence[Report], *, on: date) -> list[QueueRow]:
    if not found:
        return []
    ids = {report.pupil_id for report in found}
    classes = dict(
        ClassMembership.objects.filter(pupil__in=ids, starts_on__lte=on)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))
        .values_list("pupil_id", "class_group__name")
    )
    flags: dict[int, list[str]] = {}
    for pupil_id, name in (
        PupilFlag.objects.filter(pupil__in=ids, name__in=COME_FIRST, starts_on__lte=on)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))
        .order_by("name")
        .values_list("pupil_id", "name")
        .distinct()
    ):
        flags.setdefault(pupil_id, []).append(flag_label(name))
    waiting = [report for report in found if report.state == ReportState.WAITING]
    doubts = _doubts(school, waiting, on=on)
    beside = _beside(waiting)
    return [
        QueueRow(
            report=report,
            class_name=classes.get(report.pupil_id, ""),
            flags=tuple(flags.get(report.pupil_id, ())),
            doubts=doubts.get(report.pk, ()),
            span=span_words(report, on),
            who=who_told(report),
            told_at=_told_at(report, on),
            others=beside.get(report.pk, ()),
        )
        for report in found
    ]


def _doubts(school: School, waiting: Sequence[Report], *, on: date) -> dict[int, tuple[str, ...]]:
    if not waiting:
        return {}
    try:
        terms = terms_on(school, on)
    except NoTerms as none:
        return {report.pk: (none.message,) for report in waiting}
    return doubts_about(school, waiting, terms=terms, on=on)


def _told_at(report: Report, on: date) -> str:
    received = timezone.localtime(report.received_at)
    return words.clock(received) if received.date() == on else words.moment(received, on)


def _beside(reports: Sequence[Report]) -> dict[int, tuple[str, ...]]:
    """Return the references of other standing reports of the same sessions, by report. One statement."""
    if not reports:
        return {}
    standing = list(
        Report.objects.filter(
            pupil__in={report.pupil_id for report in reports},
            state__in=[ReportState.WAITING, ReportState.ACCEPTED],
            last_day__gte=min(report.first_day for report in reports),
            first_day__lte=max(report.last_day for report in reports),
        ).order_by("received_at", "pk")
    )
    return {
        report.pk: tuple(
            other.reference
            for other in standing
            if other.pupil_id == report.pupil_id and other.pk != report.pk and overlap(report, other)
        )
        for report in reports
    }


# --- one report ---------------------------------------------------------------------------------------------

_EFFECTS = {
    Effect.TO_COME: "The register opens with the code",
    Effect.CHANGES: "Becomes the code when you accept",
    Effect.SAME: "Says so already",
    Effect.CONTRADICTS: "In school by the register: left alone. Ask the teacher, or amend the mark",
    Effect.STANDS: "Another reason stands there: left alone. Amend the mark if this one is right",
}
_EVENTS = {
    "received": "Taken in",
    "extended": "Made longer",
    "prefilled": "Taken at its word",
    "held": "No longer taken at its word",
    "changed": "Changed",
    "called_back": "Called back",
    "accepted": "Accepted",
    "refused": "Not accepted",
    "withdrawn": "Withdrawn",
    "ask_again": "Asked again",
}


@dataclass(frozen=True)
class SessionLine:
    """One session of a report: what stands there, and what accepting would do or did."""

    session: Session
    code: str
    words: str
    is_contradiction: bool


@dataclass(frozen=True)
class EventLine:
    """One thing that happened to a report, in words."""

    at: datetime
    by_name: str
    title: str
    words: str


@dataclass(frozen=True)
class ReportPage:
    """One report with everything that the office weighs."""

    row: QueueRow
    sessions: tuple[SessionLine, ...]
    events: tuple[EventLine, ...]
    attachments: tuple[Attachment, ...]
    earlier: tuple[tuple[Report, str], ...]  # of the pupil, newest first, each with its span

    @property
    def report(self) -> Report:
        """Return the report itself."""
        return self.row.report


def report_page(report: Report, *, on: date, earlier: int = 10) -> ReportPage:
    """Return one report as its page shows it. A constant number of statements."""
    (loaded,) = _loaded(Report.objects.filter(pk=report.pk))
    (row,) = _rows(loaded.school, [loaded], on=on)
    others = (
        Report.objects.filter(pupil_id=loaded.pupil_id)
        .exclude(pk=loaded.pk)
        .exclude(state=ReportState.REPLACED)
        .order_by("-first_day", "-pk")[:earlier]
    )
    return ReportPage(
        row=row,
        sessions=_session_lines(loaded),
        events=tuple(
            EventLine(event.at, event.by.name, _EVENTS.get(event.what, event.what.capitalize()), event.words)
            for event in ReportEvent.objects.filter(report=loaded).select_related("by").order_by("at", "pk")
        ),
        attachments=tuple(Attachment.objects.filter(report=loaded).order_by("uploaded_at", "pk")),
        earlier=tuple((other, span_words(other, on)) for other in others),
    )


def _session_lines(report: Report) -> tuple[SessionLine, ...]:
    sessions = [
        session
        for session in Session.objects.filter(
            school_id=report.school_id, status="held", on__range=(report.first_day, report.last_day)
        ).order_by("on", "half")
        if (report.first_day, report.first_half)
        <= (session.on, session.half)
        <= (report.last_day, report.last_half)
    ]
    marks = {
        mark.session_id: mark
        for mark in Mark.objects.filter(
            academic_year__in={session.academic_year for session in sessions},
            pupil_id=report.pupil_id,
            session__in=sessions,
        )
    }
    opened = report.known_ahead
    lines = []
    for session in sessions:
        mark = marks.get(session.pk)
        effect = effect_of(
            report.code if report.code != "N" else "I",
            code=mark.code_id if mark else "",
            source=mark.source if mark else "",
            arranged=opened.code_id if opened else "",
            is_recorded_since=bool(mark and opened and mark.recorded_at >= opened.recorded_at),
        )
        is_waiting = report.state == ReportState.WAITING
        words_of = _EFFECTS[effect] if is_waiting or effect is Effect.CONTRADICTS else ""
        lines.append(
            SessionLine(session, mark.code_id if mark else "", words_of, effect is Effect.CONTRADICTS)
        )
    return tuple(lines)


# --- choosing -----------------------------------------------------------------------------------------------


def callers_of(pupils: Sequence[Pupil]) -> list[PupilContact]:
    """
    Return who may have told the school of these children: each contact once, who is called first on top.

    One statement. Somebody whom a court order restricts is among them and is shown as such.
    """
    found: dict[int, PupilContact] = {}
    for link in (
        PupilContact.objects.filter(pupil__in=pupils)
        .select_related("contact")
        .order_by("priority", "contact__name", "pk")
    ):
        found.setdefault(link.contact_id, link)
    return list(found.values())


def app_of(school: School) -> str:
    """Return the name of the app through which families report beside us, "" for none (004:115)."""
    return ReportingApp.objects.filter(school=school).values_list("name", flat=True).first() or ""


def last_words(report: Report) -> str:
    """Return what was last said of a report in its history. One statement."""
    words_of = (
        ReportEvent.objects.filter(report=report).order_by("-at", "-pk").values_list("words", flat=True)
    )
    return words_of.first() or ""


def child_of(school: School, report_id: int) -> str:
    """Return the name of the child of a report, "" when it is none of the school's. One statement."""
    found = Report.objects.filter(school=school, pk=report_id).select_related("pupil").first()
    return found.pupil.full_name if found else ""
