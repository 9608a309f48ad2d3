"""Every school night: which absences need proof by the school's policy, proposed to a person."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction

from absences.models import Attachment, EvidenceRequest, EvidenceState, Report, ReportState
from absences.rules.evidence import NOT_EXPECTED, AbsentSession, Demand, Proposal, proposals
from absences.selectors.evidence import OPEN, demands_of
from absences.selectors.terms import terms_on
from absences.services.evidence import note_proposed
from accounts.models import School, User
from registers.models import Mark, Pupil
from registers.rules.calendar import academic_year_of

# As far back as several illnesses are counted: thirty school days and the longest holidays of a year between
# them; and as far back as an absence is proposed that was recorded late.
LOOK_BACK = timedelta(days=90)
PROPOSE_BACK = timedelta(days=7)


@transaction.atomic
def propose(school: School, *, on: date, by: User, at: datetime) -> int:
    """
    Propose proof of the absences of the last week that need it by the policy, and return how many are new.

    An open request whose absence went on is stretched. Running it twice changes nothing the second time.
    Seven statements, and some for each new request.

    :raises NoTerms: the school has no policy in force
    """
    terms = terms_on(school, on)
    absences = _absences(school, on=on)
    if not absences:
        return 0
    requests: dict[int, list[EvidenceRequest]] = {}
    for request in EvidenceRequest.objects.filter(
        pupil__in=absences, last_day__gte=on - LOOK_BACK
    ).select_for_update():
        requests.setdefault(request.pupil_id, []).append(request)
    demands = demands_of(absences, first=on - LOOK_BACK, last=on)
    wanted: list[tuple[int, Proposal]] = []
    for pupil_id, sessions in absences.items():
        wanted += [
            (pupil_id, proposal)
            for proposal in _new(
                proposals(
                    terms,
                    sessions,
                    since=on - PROPOSE_BACK,
                    demands=demands.get(pupil_id, ()),
                    judged=[
                        (one.first_day, one.last_day)
                        for one in requests.get(pupil_id, ())
                        if one.state not in OPEN
                    ],
                ),
                requests.get(pupil_id, ()),
            )
        ]
    _create(school, wanted, demands=demands, by=by, at=at)
    return len(wanted)


def _absences(school: School, *, on: date) -> dict[int, list[AbsentSession]]:
    """Return what each pupil who was ill or at an appointment missed, as far back as it counts."""
    found: dict[int, list[AbsentSession]] = {}
    for pupil_id, day, half, code, number in (
        Mark.objects.filter(
            school=school,
            academic_year=academic_year_of(on),
            code__in=["I", "M", *NOT_EXPECTED],
            session__on__gt=on - LOOK_BACK,
            session__on__lte=on,
        )
        .order_by("pupil_id", "session__on", "session__half")
        .values_list("pupil_id", "session__on", "session__half", "code_id", "session__number")
    ):
        found.setdefault(pupil_id, []).append(AbsentSession(day, half, code, number or 0))
    return {
        pupil_id: sessions
        for pupil_id, sessions in found.items()
        if any(one.code not in NOT_EXPECTED for one in sessions)
    }


def _new(found: Sequence[Proposal], standing: Sequence[EvidenceRequest]) -> list[Proposal]:
    """Return the proposals of absences that no request is about; stretch the open request of one that is."""
    new = []
    for proposal in found:
        same = [
            one
            for one in standing
            if one.first_day <= proposal.last_day and proposal.first_day <= one.last_day
        ]
        if not same:
            new.append(proposal)
        for request in same:
            if request.state in OPEN and request.last_day < proposal.last_day:
                request.last_day = proposal.last_day
                request.save(update_fields=["last_day"])
    return new


def _create(
    school: School,
    wanted: Sequence[tuple[int, Proposal]],
    *,
    demands: dict[int, list[Demand]],
    by: User,
    at: datetime,
) -> None:
    pupils = Pupil.objects.select_related("school").in_bulk({pupil_id for pupil_id, _ in wanted})
    if not wanted:
        return
    reports = _reports(
        [pupil_id for pupil_id, _ in wanted], since=min(proposal.first_day for _, proposal in wanted)
    )
    sent: dict[int, Attachment] = {
        attachment.report_id or 0: attachment
        for attachment in Attachment.objects.filter(
            report__in=[one.pk for of_pupil in reports.values() for one in of_pupil]
        ).order_by("uploaded_at")
    }
    for pupil_id, proposal in wanted:
        covering = [
            report
            for report in reports.get(pupil_id, ())
            if report.first_day <= proposal.last_day and proposal.first_day <= report.last_day
        ]
        # Proof that came with the report is not asked for again; somebody has to look at it.
        came = next((sent[report.pk] for report in covering if report.pk in sent), None)
        request = EvidenceRequest.objects.create(
            school=school,
            pupil=pupils[pupil_id],
            report=next((one for one in covering if came and one.pk == came.report_id), None)
            or (covering[0] if covering else None),
            rule=proposal.rule,
            cause=proposal.cause,
            first_day=proposal.first_day,
            last_day=proposal.last_day,
            why=proposal.why,
            source=_source(proposal, demands.get(pupil_id, ())),
            state=EvidenceState.RECEIVED if came else EvidenceState.PROPOSED,
            proposed_at=at,
            proposed_by=by,
            received_at=came.uploaded_at if came else None,
            received_by=came.uploaded_by if came else None,
        )
        note_proposed(request, by=by, at=at)


def _source(proposal: Proposal, demands: Sequence[Demand]) -> str:
    return (
        next((one.source for one in demands if one.covers(proposal.last_day, "I")), "")
        if (proposal.rule == "after_letter")
        else ""
    )


def _reports(pupil_ids: Sequence[int], *, since: date) -> dict[int, list[Report]]:
    found: dict[int, list[Report]] = {}
    for report in Report.objects.filter(
        pupil__in=pupil_ids, state__in=[ReportState.WAITING, ReportState.ACCEPTED], last_day__gte=since
    ).order_by("first_day", "pk"):
        found.setdefault(report.pupil_id, []).append(report)
    return found
