"""Absences without leave that a person has to look at: what the marks of a refused or unasked time show."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from absences.models import LeaveOutcome, LeaveRequest, LeaveState, LeaveTraveller, Report, ReportState
from absences.rules.leave import UNACCEPTED, Half, Span, days_words, kind_label, taken_code
from absences.rules.terms import Leave
from absences.selectors.terms import NoTerms, terms_on
from accounts.models import School
from registers.models import Mark, Pupil, PupilContact
from registers.rules.calendar import academic_year_of

# How far back the desk looks: the ten school weeks of the national threshold, holidays counted in.
LOOK_BACK_DAYS = 120
# Requests after which an absence is one without leave; a part that was granted is taken out by its marks.
WITHOUT_LEAVE = (
    LeaveState.REFUSED,
    LeaveState.PARTLY,
    LeaveState.WITHDRAWN,
    LeaveState.NOT_AN_APPLICATION,
)
NOT_ASKED = (LeaveState.WITHDRAWN, LeaveState.NOT_AN_APPLICATION)


@dataclass(frozen=True)
class MarkSeen:
    """One session missed, as the register has it."""

    session_id: int
    on: date
    half: str
    code: str


@dataclass(frozen=True)
class Allowing:
    """A parent believed to have allowed an absence, and why."""

    contact_id: int
    name: str
    why: str


@dataclass(frozen=True)
class Proposal:
    """Sessions missed without leave, and the code that the policy gives them. Exactly one source is set."""

    pupil: Pupil
    request: LeaveRequest | None
    report: Report | None
    code: str
    marks: tuple[MarkSeen, ...]
    kind: str
    allowing: tuple[Allowing, ...]

    @property
    def reference(self) -> str:
        """Return what the family may quote."""
        source = self.request or self.report
        assert source is not None  # noqa: S101 - one of the two
        return source.reference

    @property
    def days(self) -> str:
        """Return how much was missed."""
        return days_words(len(self.marks))

    @property
    def to_change(self) -> int:
        """Return how many marks would be amended."""
        return sum(mark.code != self.code for mark in self.marks)


def proposals_of(school: School, *, on: date) -> list[Proposal]:
    """
    Return the absences without leave that nobody has decided on, whose last day is over, oldest first.

    Six statements, however many. A school without a policy in force has none.
    """
    since = date.fromordinal(on.toordinal() - LOOK_BACK_DAYS)
    requests = list(
        LeaveRequest.objects.filter(
            school=school, state__in=WITHOUT_LEAVE, last_day__lt=on, last_day__gte=since, outcomes=None
        )
        .select_related("pupil", "school")
        .order_by("last_day", "pk")
    )
    reports = list(
        Report.objects.filter(
            school=school, reason="holiday", last_day__lt=on, last_day__gte=since, leave_outcomes=None
        )
        .exclude(state__in=[ReportState.WITHDRAWN, ReportState.REPLACED])
        .select_related("pupil", "school")
        .order_by("last_day", "pk")
    )
    return _proposals(school, requests, reports, on=on)


def proposal_for(source: LeaveRequest | Report, *, on: date) -> Proposal | None:
    """Return the proposal that rests on a request or a report; None when nothing was missed without leave."""
    if source.last_day >= on:
        return None
    if isinstance(source, LeaveRequest):
        found = _proposals(source.school, [source] if source.state in WITHOUT_LEAVE else [], [], on=on)
    else:
        found = _proposals(source.school, [], [source] if source.reason == "holiday" else [], on=on)
    return found[0] if found else None


def outcomes_of(school: School, *, shown: int = 20) -> list[LeaveOutcome]:
    """Return what was decided lately on absences without leave, newest first. Two statements."""
    return list(
        LeaveOutcome.objects.filter(school=school)
        .select_related("pupil", "decided_by", "request", "report")
        .prefetch_related("liable__contact")
        .order_by("-decided_at", "-pk")[:shown]
    )


def _proposals(
    school: School, requests: Sequence[LeaveRequest], reports: Sequence[Report], *, on: date
) -> list[Proposal]:
    if not requests and not reports:
        return []
    try:
        leave = terms_on(school, on).leave
    except NoTerms:
        return []
    sources: list[LeaveRequest | Report] = [*requests, *_without_request(school, reports)]
    marks = _marks(school, sources)
    allowing = _allowing(requests, reports)
    found = []
    taken: set[tuple[int, int]] = set()  # a session is proposed once, however often it was asked for
    for source in sources:
        span = Span(Half(source.first_day, source.first_half), Half(source.last_day, source.last_half))
        missed = tuple(
            mark
            for mark in marks.get(source.pupil_id, [])
            if span.holds(Half(mark.on, mark.half)) and (source.pupil_id, mark.session_id) not in taken
        )
        if missed:
            taken |= {(source.pupil_id, mark.session_id) for mark in missed}
            found.append(_proposal(source, leave, missed, allowing.get((type(source), source.pk), ())))
    return found


def _proposal(
    source: LeaveRequest | Report, leave: Leave, marks: tuple[MarkSeen, ...], allowing: Iterable[Allowing]
) -> Proposal:
    request = source if isinstance(source, LeaveRequest) else None
    kind = request.kind if request else "holiday"
    was_asked = request is not None and request.state not in NOT_ASKED
    return Proposal(
        pupil=source.pupil,
        request=request,
        report=None if isinstance(source, LeaveRequest) else source,
        code=taken_code(kind, leave, was_asked=was_asked),
        marks=marks,
        kind=kind_label(kind),
        allowing=tuple(allowing),
    )


def _without_request(school: School, reports: Sequence[Report]) -> list[Report]:
    """Leave out reports of a time for which leave was asked: the request speaks of it. One statement."""
    asked: dict[int, list[tuple[date, date]]] = defaultdict(list)
    for pupil_id, first_day, last_day in LeaveRequest.objects.filter(
        school=school, pupil_id__in={report.pupil_id for report in reports}
    ).values_list("pupil_id", "first_day", "last_day"):
        asked[pupil_id].append((first_day, last_day))
    return [
        report
        for report in reports
        if not any(
            first <= report.last_day and report.first_day <= last for first, last in asked[report.pupil_id]
        )
    ]


def _marks(school: School, sources: Sequence[LeaveRequest | Report]) -> dict[int, list[MarkSeen]]:
    """Return the unaccepted absences of the pupils in the whole time, by pupil, in order. One statement."""
    if not sources:
        return {}
    first = min(source.first_day for source in sources)
    last = max(source.last_day for source in sources)
    found: dict[int, list[MarkSeen]] = defaultdict(list)
    rows = Mark.objects.filter(
        Q(academic_year__gte=academic_year_of(first)) & Q(academic_year__lte=academic_year_of(last)),
        school=school,
        pupil_id__in={source.pupil_id for source in sources},
        session__on__gte=first,
        session__on__lte=last,
        code_id__in=sorted(UNACCEPTED),
    ).order_by("session__on", "session__half", "pupil_id")
    for pupil_id, session_id, day, half, code in rows.values_list(
        "pupil_id", "session_id", "session__on", "session__half", "code_id"
    ):
        found[pupil_id].append(MarkSeen(session_id, day, half, code))
    return found


def _allowing(
    requests: Sequence[LeaveRequest], reports: Sequence[Report]
) -> dict[tuple[type, int], tuple[Allowing, ...]]:
    """
    Return who is believed to have allowed each absence: who asked, and each parent who went along.

    Only the child's own contacts are named. Two statements.
    """
    children = {request.pupil_id for request in requests} | {report.pupil_id for report in reports}
    links: dict[tuple[int, int], PupilContact] = {
        (link.pupil_id, link.contact_id): link
        for link in PupilContact.objects.filter(pupil_id__in=children).select_related("contact")
    }
    going: dict[int, set[int]] = defaultdict(set)
    for request_id, contact_id in LeaveTraveller.objects.filter(request__in=requests).values_list(
        "request_id", "contact_id"
    ):
        going[request_id].add(contact_id)
    found: dict[tuple[type, int], tuple[Allowing, ...]] = {}
    for request in requests:
        why = {request.applicant_id: "asked for the leave"} if request.applicant_id else {}
        for contact_id in sorted(going[request.pk]):
            why.setdefault(contact_id, "goes along")
        found[LeaveRequest, request.pk] = _named(request.pupil_id, why, links)
    for report in reports:
        why = {report.contact_id: "reported the holiday"} if report.contact_id else {}
        found[Report, report.pk] = _named(report.pupil_id, why, links)
    return found


def _named(
    pupil_id: int, why: dict[int, str], links: dict[tuple[int, int], PupilContact]
) -> tuple[Allowing, ...]:
    return tuple(
        Allowing(contact_id, links[pupil_id, contact_id].contact.name, words)
        for contact_id, words in why.items()
        if (pupil_id, contact_id) in links
    )
