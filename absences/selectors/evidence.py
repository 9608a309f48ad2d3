"""Which proof is asked for, which came, and which reports wait for it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from django_scopes import scopes_disabled

from absences.models import (
    Attachment,
    EvidenceDemand,
    EvidenceRequest,
    EvidenceState,
    Report,
    UnauthorisingNotice,
)
from absences.rules.evidence import Demand, RuleName, held_because, rules_of
from absences.rules.terms import Terms
from absences.selectors.terms import NoTerms, terms_on
from accounts.models import School
from registers.models import ClassMembership, Pupil

OPEN = (EvidenceState.PROPOSED, EvidenceState.ASKED, EvidenceState.RECEIVED)
JUDGED_SHOWN = 20  # of the newest that are done with
Group = Literal["received", "overdue", "asked", "proposed", "unsatisfied", "done"]


def terms_if_any(school: School, on: date) -> Terms | None:
    """Return the terms in force on a day, None before the school has a policy. One statement."""
    try:
        return terms_on(school, on)
    except NoTerms:
        return None


def tells_before_unauthorising(school: School, on: date) -> bool:
    """Say whether a parent is told before illness becomes unauthorised (002:177). One statement."""
    terms = terms_if_any(school, on)
    return terms is not None and terms.evidence.notify_parent_before_unauthorising


def rules_for(school: School, on: date) -> tuple[RuleName, ...]:
    """Return for what a person may ask for proof at a school on a day. One statement."""
    terms = terms_if_any(school, on)
    return rules_of(terms) if terms else ("doubt",)


def demands_of(pupil_ids: Iterable[int], *, first: date, last: date) -> dict[int, list[Demand]]:
    """Return what was demanded of each pupil in some of these days. One statement."""
    found: dict[int, list[Demand]] = {}
    for row in EvidenceDemand.objects.filter(
        pupil__in=list(pupil_ids), ended_at__isnull=True, first_day__lte=last, last_day__gte=first
    ).order_by("first_day", "pk"):
        found.setdefault(row.pupil_id, []).append(
            Demand(row.first_day, row.last_day, frozenset(row.codes.split()), row.source)
        )
    return found


def holding(pupil_ids: Collection[int], days: Collection[date]) -> dict[int, list[Demand]]:
    """
    Return for each pupil the demands for proof that cover some of these days: reports wait for a person.

    One statement; pupils of whom nothing is demanded are left out. `why_held` judges single reports by it.
    """
    if not pupil_ids or not days:
        return {}
    return demands_of(pupil_ids, first=min(days), last=max(days))


def why_held(reports: Sequence[Report], *, terms: Terms, days: Sequence[date]) -> dict[int, str]:
    """
    Return why reports wait for proof, as a sentence by report; those that do not wait are left out.

    `days` are the school days that the reports may cover. Two statements, however many reports.
    """
    if not reports:
        return {}
    demands = holding({report.pupil_id for report in reports}, days)
    with_files = set(
        Attachment.objects.filter(report__in=[report.pk for report in reports]).values_list(
            "report_id", flat=True
        )
    )
    found = {}
    for report in reports:
        words = held_because(
            report.code,
            [day for day in days if report.first_day <= day <= report.last_day],
            terms=terms,
            demands=demands.get(report.pupil_id, ()),
            has_file=report.pk in with_files,
        )
        if words:
            found[report.pk] = words
    return found


@dataclass(frozen=True)
class RequestRow:
    """One request as the list shows it."""

    request: EvidenceRequest
    class_name: str
    files: int
    is_overdue: bool
    has_notice: bool

    @property
    def group(self) -> Group:
        """Return the heading it stands under."""
        match self.request.state:
            case EvidenceState.RECEIVED:
                return "received"
            case EvidenceState.ASKED:
                return "overdue" if self.is_overdue else "asked"
            case EvidenceState.PROPOSED:
                return "proposed"
            case EvidenceState.NOT_SATISFIED:
                return "unsatisfied"
            case _:
                return "done"


def open_requests(school: School, *, on: date) -> list[RequestRow]:
    """
    Return what somebody has to do something about, the oldest first, and the newest that were not accepted.

    Five statements, however many requests.
    """
    rows = list(
        EvidenceRequest.objects.filter(school=school, state__in=OPEN)
        .select_related("pupil", "asked_by")
        .order_by("due_on", "first_day", "pk")
    )
    done = list(
        EvidenceRequest.objects.filter(school=school)
        .exclude(state__in=OPEN)
        .select_related("pupil", "closed_by")
        .order_by("-closed_at", "-pk")[:JUDGED_SHOWN]
    )
    return _rows([*rows, *done], on=on)


def requests_of(pupil: Pupil, *, on: date) -> list[RequestRow]:
    """Return every request about a pupil, the newest absence first. Four statements."""
    rows = list(
        EvidenceRequest.objects.filter(pupil=pupil)
        .select_related("pupil", "asked_by", "closed_by")
        .order_by("-first_day", "-pk")
    )
    return _rows(rows, on=on)


def _rows(requests: Sequence[EvidenceRequest], *, on: date) -> list[RequestRow]:
    pupil_ids = {request.pupil_id for request in requests}
    classes = {
        row.pupil_id: row.class_group.name
        for row in ClassMembership.objects.filter(pupil__in=pupil_ids, starts_on__lte=on)
        .order_by("starts_on")
        .select_related("class_group")
    }
    keys = [request.pk for request in requests]
    files: dict[int, int] = {}
    for owner in Attachment.objects.filter(evidence_request__in=keys).values_list(
        "evidence_request_id", flat=True
    ):
        files[owner or 0] = files.get(owner or 0, 0) + 1
    told: dict[int, list[UnauthorisingNotice]] = {}
    for notice in UnauthorisingNotice.objects.filter(pupil__in=pupil_ids):
        told.setdefault(notice.pupil_id, []).append(notice)
    return [
        RequestRow(
            request=request,
            class_name=classes.get(request.pupil_id, ""),
            files=files.get(request.pk, 0),
            is_overdue=request.due_on is not None and request.due_on < on,
            has_notice=any(covers(notice, request) for notice in told.get(request.pupil_id, ())),
        )
        for request in requests
    ]


def covers(notice: UnauthorisingNotice, request: EvidenceRequest) -> bool:
    """Say whether a notice tells of all days of a request."""
    return (notice.first_day, notice.first_half) <= (request.first_day, "AM") and (
        notice.last_day,
        notice.last_half,
    ) >= (request.last_day, "PM")


def asked_of_children(children: Sequence[Pupil]) -> dict[int, list[EvidenceRequest]]:
    """
    Return what families were asked to send and have not sent, by child, the most pressing first.

    One statement, without a school's scope: `absences.access.children_of` decided whose they are.
    """
    found: dict[int, list[EvidenceRequest]] = {}
    with scopes_disabled():
        for request in EvidenceRequest.objects.filter(
            pupil__in=[child.pk for child in children], state=EvidenceState.ASKED
        ).order_by("due_on", "pk"):
            found.setdefault(request.pupil_id, []).append(request)
    return found


def notices_of(pupil: Pupil) -> list[UnauthorisingNotice]:
    """Return what parents of a pupil were told, the newest first. One statement."""
    return list(
        UnauthorisingNotice.objects.filter(pupil=pupil)
        .select_related("contact", "by")
        .order_by("-told_at", "-pk")
    )


def standing_demands(pupil: Pupil, *, on: date) -> list[EvidenceDemand]:
    """Return the demands that hold for a pupil on a day. One statement."""
    return list(
        EvidenceDemand.objects.filter(
            pupil=pupil, ended_at__isnull=True, first_day__lte=on, last_day__gte=on
        ).order_by("first_day")
    )
