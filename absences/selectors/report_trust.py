"""Which reports can be taken at their word, and why the others cannot."""

from collections.abc import Sequence
from datetime import date, timedelta

from django.utils import timezone

from absences.models import Channel, Report, ReportState
from absences.rules.reasons import ILLNESS, REASON_BY_KEY
from absences.rules.report_codes import ROUTINE, is_told_too_late, only_the_head_authorises
from absences.rules.reporting import Limits
from absences.rules.terms import Terms
from absences.rules.trust import Circumstances, doubts
from absences.selectors.evidence import why_held
from absences.selectors.parents import limits_of
from accounts.models import School
from registers.models import PupilContact, Session

# What staff write down for a caller has wider limits than what families send: they know what they do.
STAFF_LIMITS = Limits(days_ahead=366, days_at_once=100, days_back=190)
# A report goes on after another one when no school day lies between them; a fortnight covers every holiday
# within a term.
DAYS_BETWEEN = 14


def school_days(school: School, first: date, last: date) -> list[date]:
    """Return the days with a session held, both ends included, in order. One statement."""
    return list(
        Session.objects.filter(school=school, status="held", on__gte=first, on__lte=last)
        .order_by("on")
        .values_list("on", flat=True)
        .distinct()
    )


def overlap(one: Report, other: Report) -> bool:
    """Say whether two reports speak of one session."""
    return (one.first_day, one.first_half) <= (other.last_day, other.last_half) and (
        other.first_day,
        other.first_half,
    ) <= (one.last_day, one.last_half)


def doubts_about(
    school: School, reports: Sequence[Report], *, terms: Terms, on: date
) -> dict[int, tuple[str, ...]]:
    """
    Return for each waiting report why it is not taken at its word, nothing for one that is, by id.

    Seven statements at most, however many reports.
    """
    if not reports:
        return {}
    pupil_ids = {report.pupil_id for report in reports}
    first = min(report.first_day for report in reports)
    last = max(report.last_day for report in reports)
    held = school_days(school, min(first, on) - timedelta(days=DAYS_BETWEEN), max(last, on))
    limits = limits_of(school)
    links = {
        (link.pupil_id, link.contact_id): link
        for link in PupilContact.objects.filter(pupil__in=pupil_ids).select_related("contact")
    }
    held_for_proof = why_held(reports, terms=terms, days=[day for day in held if first <= day <= last])
    of_pupil: dict[int, list[Report]] = {}
    for other in Report.objects.filter(
        pupil__in=pupil_ids,
        state__in=[ReportState.WAITING, ReportState.ACCEPTED],
        first_day__lte=last,
        last_day__gte=first - timedelta(days=DAYS_BETWEEN),
    ):
        of_pupil.setdefault(other.pupil_id, []).append(other)
    return {
        report.pk: doubts(
            _circumstances(
                report,
                link=links.get((report.pupil_id, report.contact_id or 0)),
                others=[other for other in of_pupil.get(report.pupil_id, ()) if other.pk != report.pk],
                held=held,
                limits=limits,
                terms=terms,
                evidence_needed=held_for_proof.get(report.pk, ""),
            )
        )
        for report in reports
    }


def _circumstances(
    report: Report,
    *,
    link: PupilContact | None,
    others: Sequence[Report],
    held: Sequence[date],
    limits: Limits,
    terms: Terms,
    evidence_needed: str,
) -> Circumstances:
    received_on = timezone.localtime(report.received_at).date()
    days = [day for day in held if report.first_day <= day <= report.last_day]
    back = len([day for day in held if report.first_day <= day < received_on])
    own = link is not None and not link.court_order_restricts and link.may_sign_in
    return Circumstances(
        is_online=report.channel == Channel.ONLINE,
        is_own_account=own and link is not None and link.contact.user_id == report.recorded_by_id,
        has_responsibility=link is not None and link.parental_responsibility,
        reason=report.reason,
        is_within_limits=(
            len(days) <= limits.days_at_once
            and back <= limits.days_back
            and (report.first_day - received_on).days <= limits.days_ahead
        ),
        awaits_call_back=report.needs_call_back and report.called_back_at is None,
        evidence_needed=evidence_needed,
        contradicted_by=next(
            (other.reference for other in others if other.code != report.code and overlap(report, other)), ""
        ),
        is_longer_than_said=terms.reporting.note_if_longer_than_indicated
        and goes_on_after(report, others, held) is not None,
        has_note=bool(report.note.strip()),
        is_for_the_head=report.reason == ROUTINE and only_the_head_authorises(terms.appointments),
        is_told_too_late=REASON_BY_KEY[report.reason].needs_time
        and is_told_too_late(
            terms.appointments,
            on=report.first_day,
            at=report.appointment_at,
            told_at=timezone.localtime(report.received_at),
        ),
    )


def goes_on_after(report: Report, others: Sequence[Report], held: Sequence[date]) -> Report | None:
    """
    Return the report of an illness that this one goes on after, without a school day between them (003:200).

    `held` are the school days before the report.
    """
    if report.reason not in ILLNESS:
        return None
    before = [day for day in held if day < report.first_day]
    return next(
        (
            other
            for other in others
            if other.reason in ILLNESS
            and other.pk != report.pk
            and (other.first_day, other.first_half) < (report.first_day, report.first_half)
            and (other.last_day >= report.first_day or (before and other.last_day >= before[-1]))
            and (other.last_day, other.last_half) < (report.last_day, report.last_half)
        ),
        None,
    )
