"""Taking in what parents and callers tell of absences, and what they tell anew."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from absences.models import Channel, Report, ReportEvent, ReportState, TaskKind
from absences.rules.reasons import REASON_BY_KEY
from absences.rules.references import new_reference
from absences.rules.reporting import Saying, exclusion_hours, exclusion_of, faults_of, is_in_time, short_words
from absences.rules.terms import Terms
from absences.selectors.parents import limits_of
from absences.selectors.report_trust import (
    DAYS_BETWEEN,
    STAFF_LIMITS,
    doubts_about,
    goes_on_after,
    overlap,
    school_days,
)
from absences.selectors.terms import terms_on
from absences.services import report_register
from absences.services.report_words import ReportChangedMeanwhile, ReportRefused, Told
from absences.services.tasks import raise_task
from accounts import events
from accounts.models import School, User
from registers.models import Enrolment, Pupil
from registers.services.ahead import ArrangementRefused, sessions_between
from registers.words import day

STANDING = (ReportState.WAITING, ReportState.ACCEPTED)


@transaction.atomic
def submit(
    school: School,
    pupils: Sequence[Pupil],
    told: Told,
    *,
    submission: UUID,
    by: User,
    at: datetime,
    on: date,
) -> list[Report]:
    """
    Take in one report for each pupil and return them in the order given; sent again, it changes nothing.

    A report that can be taken at its word fills in the registers at once; any other lets them show that word
    came. An illness that keeps a child away for some hours by the school's rule lasts that long, whatever was
    told (003:154-155).

    :raises ReportRefused: something that was told cannot stand; nothing was recorded
    """
    held = _hold(school, [pupil.pk for pupil in pupils])
    if not pupils or len(held) < len({pupil.pk for pupil in pupils}):
        raise ReportRefused({"pupils": "Choose at least one child"})
    here = {
        report.pupil_id: report
        for report in Report.objects.filter(submission=submission, pupil__in=held).select_related("pupil")
    }
    new = [pupil for pupil in held.values() if pupil.pk not in here]
    if new:
        terms = terms_on(school, on)
        faults = _faults(school, new, told, terms=terms, at=at, on=on)
        if faults:
            raise ReportRefused(faults)
        for pupil in new:
            here[pupil.pk] = _record(pupil, told, terms=terms, submission=submission, by=by, at=at, on=on)
    return [here[pupil.pk] for pupil in pupils]


@transaction.atomic
def change(report: Report, told: Told, *, version: int, by: User, at: datetime) -> Report:
    """
    Put a newer report in the place of one that waits, and return the newer one.

    :raises ReportRefused: something that was told cannot stand, or a register was taken with the report
    :raises ReportChangedMeanwhile: the school acted on it, or somebody changed it
    """
    row = locked(report, version=version, states=(ReportState.WAITING,))
    on = timezone.localtime(at).date()
    check_not_used(row)
    terms = terms_on(row.school, on)
    faults = _faults(row.school, [row.pupil], told, terms=terms, at=at, on=on)
    if faults:
        raise ReportRefused(faults)
    move(row, ReportState.REPLACED)
    report_register.take_back(row, why="The parent changed the report.", by=by, at=at)
    report_register.settle(row, at=at)
    newer = _record(row.pupil, told, terms=terms, submission=uuid4(), by=by, at=at, on=on, replaces=row)
    write(row, "changed", f"Replaced by {newer.reference}", by=by, at=at)
    return newer


@transaction.atomic
def judge_again(report: Report, *, by: User, at: datetime) -> Report:
    """
    Take a waiting report at its word if it can be now, such as when the proof of it has come.

    Nothing happens to one that was taken at its word already, or that somebody decided.
    """
    _hold(report.school, [report.pupil_id])
    row = Report.objects.select_for_update(of=("self",)).select_related("school", "pupil").get(pk=report.pk)
    if row.state != ReportState.WAITING or row.known_ahead_id is not None:
        return row
    on = timezone.localtime(at).date()
    if not doubts_about(row.school, [row], terms=terms_on(row.school, on), on=on)[row.pk]:
        _prefill(row, by=by, at=at)
    return row


def locked(report: Report, *, version: int, states: Iterable[str]) -> Report:
    """
    Return the report as it stands, held until the transaction ends; the pupil goes first, as everywhere.

    :raises ReportChangedMeanwhile: it is in none of these states, or not of this version any more
    """
    _hold(report.school, [report.pupil_id])
    row = (
        Report.objects.select_for_update(of=("self",))
        .select_related("school", "pupil", "contact", "known_ahead", "decided_by")
        .get(pk=report.pk)
    )
    if row.version != version or row.state not in states:
        raise ReportChangedMeanwhile(row)
    return row


def move(report: Report, state: str) -> None:
    """Save a report in another state, or as it was changed in memory, as its next version."""
    report.state = state
    report.version += 1
    report.save()


def write(report: Report, what: str, words: str = "", *, by: User, at: datetime) -> None:
    """Keep what happened to a report, for its history and for that of the school."""
    ReportEvent.objects.create(
        school_id=report.school_id, report=report, at=at, by=by, what=what, words=words[:500]
    )
    events.record(
        f"report.{what}",
        school=report.school,
        by=by,
        at=at,
        subject=report,
        data={"pupil": report.pupil_id, "version": report.version},
    )


def check_not_used(report: Report) -> None:
    """
    Refuse when a register was taken with what the report filled in: from then on the school must act.

    :raises ReportRefused: a mark rests on the report
    """
    if report.known_ahead_id and any(
        now.is_made_from(report) for now in report_register.sessions_now(report)
    ):
        raise ReportRefused({"": "The register was taken with this report: call the school office"})


def settle_contradicted(report: Report, *, by: User, at: datetime) -> None:
    """
    Take nothing of a pupil at its word any more that says something else about the same session.

    What waits, waits for the office, which then sees both.
    """
    for other in _others(report, first=report.first_day, last=report.last_day):
        if other.state == ReportState.WAITING and other.code != report.code and overlap(report, other):
            if report_register.is_arranged(other):
                report_register.take_back(
                    other, why=f"Report {report.reference} says something else.", by=by, at=at
                )
                write(other, "held", f"Report {report.reference} says something else", by=by, at=at)


def _hold(school: School, pupil_ids: Iterable[int]) -> dict[int, Pupil]:
    """
    Return the pupils, held so that whoever acts on reports of one of them waits.

    Marks are not held up: they only refer to the pupil.
    """
    found = Pupil.objects.select_for_update(no_key=True).filter(school=school, pk__in=set(pupil_ids))
    return {pupil.pk: pupil for pupil in found.order_by("pk")}


def _others(report: Report, *, first: date, last: date) -> list[Report]:
    return list(
        Report.objects.filter(
            pupil_id=report.pupil_id, state__in=STANDING, first_day__lte=last, last_day__gte=first
        )
        .exclude(pk=report.pk)
        .select_related("school", "pupil", "known_ahead")
        .order_by("pk")
    )


# --- checks -------------------------------------------------------------------------------------------------


def _faults(
    school: School, pupils: Sequence[Pupil], told: Told, *, terms: Terms, at: datetime, on: date
) -> dict[str, str]:
    is_online = told.channel == Channel.ONLINE
    sessions = sessions_between(
        school, told.first_day, told.first_half, last_day=told.last_day, last_half=told.last_half
    )
    faults = faults_of(
        Saying(
            first=(told.first_day, told.first_half),
            last=(told.last_day, told.last_half),
            reason=told.reason,
            note=told.note,
            expected_return=told.expected_return,
            has_time=told.appointment_at is not None,
            is_online=is_online,
            is_named=told.contact is not None or bool(told.caller.strip()),
            days={session.on for session in sessions},
            school_days_back=len(school_days(school, told.first_day, on - timedelta(days=1)))
            if told.first_day < on
            else 0,
            on=on,
        ),
        reporting=terms.reporting,
        limits=limits_of(school) if is_online else STAFF_LIMITS,
    )
    if told.channel not in Channel.values:
        faults["channel"] = "Choose how the school was told"
    if told.received_at > at + timedelta(minutes=1):
        faults["received_at"] = "The time cannot be in the future"
    if len(told.note) > 1000:
        faults["note"] = "The note must be 1,000 characters or fewer"
    if not faults:
        on_roll = set(
            Enrolment.objects.filter(
                school=school, pupil__in=[pupil.pk for pupil in pupils], starts_on__lte=told.first_day
            )
            .exclude(leaving_on__lt=told.last_day)
            .values_list("pupil_id", flat=True)
        )
        missing = [pupil for pupil in pupils if pupil.pk not in on_roll]
        if missing:
            faults["pupils"] = f"{missing[0].full_name} is not on roll on these days"
    return faults


# --- recording ----------------------------------------------------------------------------------------------


def _record(
    pupil: Pupil,
    told: Told,
    *,
    terms: Terms,
    submission: UUID,
    by: User,
    at: datetime,
    on: date,
    replaces: Report | None = None,
) -> Report:
    reporting = terms.reporting
    told, hours = _with_exclusion(told, terms)
    report = Report.objects.create(
        school_id=pupil.school_id,
        pupil=pupil,
        submission=submission,
        reference=_free_reference(pupil.school),
        channel=told.channel,
        contact=told.contact,
        caller=told.caller.strip()[:150],
        received_at=told.received_at,
        recorded_at=at,
        recorded_by=by,
        in_time=is_in_time(
            timezone.localtime(told.received_at), first_day=told.first_day, deadline=reporting.deadline
        ),
        first_day=told.first_day,
        first_half=told.first_half,
        last_day=told.last_day,
        last_half=told.last_half,
        reason=told.reason,
        note=told.note.strip(),
        expected_return=told.expected_return,
        appointment_at=told.appointment_at,
        code=REASON_BY_KEY[told.reason].code,
        needs_call_back=told.channel == Channel.VOICEMAIL and reporting.voicemail_callback_before_authorising,
        replaces=replaces,
    )
    write(report, "received", f"{short_words(report.reason).capitalize()}, {report.code}", by=by, at=at)
    if hours:
        back = day(told.expected_return or told.last_day, on)
        write(report, "extended", f"{hours} hours by the school’s rule: back on {back}", by=by, at=at)
    report_register.tell(report, at=at)
    _note_if_longer(report, terms=terms, at=at)
    settle_contradicted(report, by=by, at=at)
    if not doubts_about(pupil.school, [report], terms=terms, on=on)[report.pk]:
        _prefill(report, by=by, at=at)
    return report


def _prefill(report: Report, *, by: User, at: datetime) -> None:
    """Let registers open with the code of a report that is taken at its word."""
    try:
        report_register.arrange(report, report.code, by=by, at=at)
    except ArrangementRefused:
        return  # the office sees the report all the same
    if report.known_ahead is not None:
        report.save(update_fields=["known_ahead"])
        write(report, "prefilled", f"Registers open with {report.code}", by=by, at=at)


def _with_exclusion(told: Told, terms: Terms) -> tuple[Told, int]:
    """Return what was told, as long as the illness keeps a child away, and for how many hours if longer."""
    hours = exclusion_hours(terms.reporting, told.reason)
    if not hours:
        return told, 0
    away = exclusion_of(told.first_day, told.first_half, hours=hours)
    if (told.last_day, told.last_half) >= (away.last_day, away.last_half):
        return told, 0
    back = max(told.expected_return or away.earliest_return, away.earliest_return)
    longer = replace(told, last_day=away.last_day, last_half=away.last_half, expected_return=back)
    return longer, hours


def _note_if_longer(report: Report, *, terms: Terms, at: datetime) -> None:
    """Ask for a note where an illness lasts longer than was said and the school then wants one (003:200)."""
    if not terms.reporting.note_if_longer_than_indicated or report.note:
        return
    since = report.first_day - timedelta(days=DAYS_BETWEEN)
    before = _others(report, first=since, last=report.last_day)
    earlier = goes_on_after(report, before, school_days(report.school, since, report.first_day))
    if earlier is not None:
        raise_task(
            report.pupil,
            TaskKind.EVIDENCE,
            cause=f"report:{report.pk}",
            what=f"Ask for a note: away longer than report {earlier.reference} said.",
            source="003:200",
            at=at,
        )


def _free_reference(school: School) -> str:
    while True:
        reference = new_reference(secrets.choice)
        if not Report.objects.filter(school=school, reference=reference).exists():
            return reference
