"""What the school decides about reports: accepted, not accepted, withdrawn, called back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from django.db import transaction

from absences.models import Report, ReportState
from absences.rules.report_codes import ROUTINE, codes_for_reports, only_the_head_authorises
from absences.selectors.report_trust import doubts_about, overlap
from absences.selectors.terms import terms_on
from absences.services import report_register
from absences.services.report_intake import (
    check_not_used,
    locked,
    move,
    settle_contradicted,
    submit,
    write,
)
from absences.services.report_words import ReportChangedMeanwhile, ReportRefused, Told
from accounts.errors import DomainError
from accounts.models import School, User
from letters.services import messages
from registers.models import Pupil
from registers.rules.codes import CODE_BY_SYMBOL, StatisticalClass
from registers.services.mark_sets import MarkSetRefused
from registers.words import code_name, day


@transaction.atomic
def accept(
    report: Report,
    *,
    version: int,
    code: str | None = None,
    decides_leave: bool = False,
    by: User,
    at: datetime,
    position: str,
) -> Report:
    """
    Accept a report, with its proposed code or another; what it speaks of counts from now on.

    Registers that are not closed open with the code. Marks that say "not known why" and those that rest on
    the report become it, with the reference as reason; a mark by which the child was in school stays.
    `decides_leave` says that the person is the head or a designate.

    :raises ReportRefused: the code cannot stand, another report was accepted with another code, a call back
        is outstanding, or the head decides about such absences at this school
    :raises ReportChangedMeanwhile: somebody else acted on it
    """
    row = locked(report, version=version, states=(ReportState.WAITING,))
    decided = code or row.code
    faults = _accepting_faults(row, decided, decides_leave=decides_leave, on=at.date())
    if faults:
        raise ReportRefused(faults)
    try:
        before = report_register.set_decided(
            row, decided, reason=report_register.who_told(row), by=by, at=at, position=position
        )
        opens_with = row.known_ahead.code_id if row.known_ahead and report_register.is_arranged(row) else ""
        if opens_with != decided:
            report_register.take_back(row, why=f"Accepted as {decided}.", by=by, at=at)
            if any(not now.code and at <= now.session.closes_at for now in before):
                report_register.arrange(row, decided, by=by, at=at)
    except MarkSetRefused as refused:
        raise ReportRefused({"code": next(iter(refused.faults.values()))}) from refused
    except DomainError as refused:
        raise ReportRefused({"code": refused.message}) from refused
    left = report_register.contradicting(row, before, decided)
    row.code, row.decided_at, row.decided_by = decided, at, by
    move(row, ReportState.ACCEPTED)
    report_register.settle(row, at=at)
    settle_contradicted(row, by=by, at=at)
    words = f"As {decided}, {code_name(decided)}"
    if left:
        seen = ", ".join(f"{day(now.session.on)} {now.session.half} ({now.code})" for now in left)
        words += f". Left alone, because the register says otherwise: {seen}"
    write(row, "accepted", words, by=by, at=at)
    return row


@transaction.atomic
def refuse(
    report: Report,
    *,
    version: int,
    code: Literal["O"] | None = None,
    note: str,
    by: User,
    at: datetime,
    position: str,
) -> Report:
    """
    Do not accept a report; `note` is what the parent is told, on their page and in a message.

    Registers open without it again, and marks that rest on it are N. With code "O" they, and the N of its
    sessions, are unauthorised at once.

    :raises ReportRefused: no reason was given, or the marks cannot become unauthorised yet
    :raises ReportChangedMeanwhile: somebody else acted on it
    """
    row = locked(report, version=version, states=(ReportState.WAITING,))
    note = note.strip()
    if not note:
        raise ReportRefused({"decision_note": "Enter why, as the parent will read it"})
    if len(note) > 500:
        raise ReportRefused({"decision_note": "The reason must be 500 characters or fewer"})
    if code not in (None, "O"):
        raise ReportRefused({"code": "Choose N or O"})
    try:
        report_register.set_back(
            row,
            unexplained_to=code or "",
            reason=f"Report {row.reference} was not accepted: {note}",
            by=by,
            at=at,
            position=position,
        )
    except DomainError as refused:
        raise ReportRefused({"code": refused.message}) from refused
    report_register.take_back(row, why="The report was not accepted.", by=by, at=at)
    row.decided_at, row.decided_by, row.decision_note = at, by, note
    move(row, ReportState.REFUSED)
    report_register.settle(row, at=at)
    write(row, "refused", note, by=by, at=at)
    _tell_parent(row, by=by, at=at)
    return row


@transaction.atomic
def withdraw(
    report: Report,
    *,
    version: int,
    by: User,
    at: datetime,
    why: str = "",
    by_school: bool = False,
    position: str = "",
) -> Report:
    """
    Withdraw a report: a parent one that waits, the school also one that it accepted (and says why).

    Registers open without it again. Marks that rest on it are N again, which only the school can do: once a
    register was taken with the report, the parent is asked to call.

    :raises ReportRefused: the school did not say why, or a register was taken with the parent's report
    :raises ReportChangedMeanwhile: the school acted on it, or somebody changed it
    """
    states = (ReportState.WAITING, ReportState.ACCEPTED) if by_school else (ReportState.WAITING,)
    row = locked(report, version=version, states=states)
    why = why.strip()
    if by_school:
        if not why:
            raise ReportRefused({"why": "Enter why it is withdrawn"})
        try:
            report_register.set_back(
                row,
                reason=f"Report {row.reference} was withdrawn: {why}",
                by=by,
                at=at,
                position=position,
            )
        except DomainError as refused:
            raise ReportRefused({"": refused.message}) from refused
    else:
        check_not_used(row)
    report_register.take_back(row, why=why or "The parent withdrew the report.", by=by, at=at)
    move(row, ReportState.WITHDRAWN)
    report_register.settle(row, at=at)
    write(row, "withdrawn", why, by=by, at=at)
    return row


@transaction.atomic
def call_back(report: Report, *, version: int, spoke_with: str, by: User, at: datetime) -> Report:
    """
    Record that somebody was called back about a voicemail, and who it was (000:140).

    :raises ReportRefused: nobody was named, or nobody has to be called back
    :raises ReportChangedMeanwhile: somebody else acted on it
    """
    row = locked(report, version=version, states=(ReportState.WAITING,))
    spoke_with = spoke_with.strip()
    if not row.needs_call_back or row.called_back_at is not None:
        raise ReportRefused({"call_back": "Nobody has to be called back about this report"})
    if not spoke_with:
        raise ReportRefused({"call_back": "Enter whom you spoke to"})
    row.called_back_at, row.called_back_by = at, by
    move(row, ReportState.WAITING)
    write(row, "called_back", f"Spoke to {spoke_with}", by=by, at=at)
    return row


@dataclass(frozen=True)
class AcceptedAll:
    """Which reports were accepted in one go, and why the others were not, by id."""

    accepted: tuple[Report, ...]
    left: Mapping[int, str]


def accept_trusted(
    school: School, seen: Mapping[int, int], *, by: User, at: datetime, position: str
) -> AcceptedAll:
    """
    Accept the reports of these ids and versions that can be taken at their word now, each by itself.

    What somebody else acted on, and what is not trusted any more, is left and said.
    """
    waiting = list(
        Report.objects.filter(school=school, pk__in=seen, state=ReportState.WAITING)
        .select_related("pupil", "school")
        .order_by("pk")
    )
    accepted: list[Report] = []
    left: dict[int, str] = dict.fromkeys(
        seen.keys() - {report.pk for report in waiting}, "Decided meanwhile."
    )
    if not waiting:
        return AcceptedAll((), left)
    terms = terms_on(school, at.date())
    for report in waiting:
        doubt = doubts_about(school, [report], terms=terms, on=at.date())[report.pk]
        if doubt:
            left[report.pk] = doubt[0]
            continue
        try:
            accepted.append(accept(report, version=seen[report.pk], by=by, at=at, position=position))
        except (ReportChangedMeanwhile, ReportRefused) as refusal:
            left[report.pk] = refusal.message
    return AcceptedAll(tuple(accepted), left)


@dataclass(frozen=True)
class WrittenDown:
    """What staff wrote down for a caller, and why some of it still waits, by report."""

    reports: tuple[Report, ...]
    left: Mapping[int, str]


@transaction.atomic
def write_down(
    school: School,
    pupils: Sequence[Pupil],
    told: Told,
    *,
    submission: UUID,
    accept_now: bool,
    by: User,
    at: datetime,
    on: date,
    position: str,
) -> WrittenDown:
    """
    Take in what a caller told and, if asked, accept it at once; what cannot be accepted yet waits.

    :raises ReportRefused: something that was told cannot stand; nothing was recorded
    """
    made = submit(school, pupils, told, submission=submission, by=by, at=at, on=on)
    left: dict[int, str] = {}
    done = []
    for report in made:
        if accept_now and report.state == ReportState.WAITING:
            try:
                report = accept(report, version=report.version, by=by, at=at, position=position)
            except ReportRefused as refused:
                left[report.pk] = refused.message
        done.append(report)
    return WrittenDown(tuple(done), left)


def _accepting_faults(report: Report, code: str, *, decides_leave: bool, on: date) -> dict[str, str]:
    if code not in {rule.symbol for rule in codes_for_reports(report.first_day)}:
        return {"code": "Choose the code with which the absence is recorded"}
    counts_as = CODE_BY_SYMBOL[code].statistical_class
    if counts_as is StatisticalClass.AUTHORISED and report.needs_call_back and report.called_back_at is None:
        return {"call_back": "Call back first: a voicemail alone does not authorise an absence"}
    if (
        counts_as is StatisticalClass.AUTHORISED
        and report.reason == ROUTINE
        and not decides_leave
        and only_the_head_authorises(terms_on(report.school, on).appointments)
    ):
        return {
            "code": "The headteacher decides about routine appointments in school hours: choose O, or leave"
            " it to the headteacher"
        }
    for other in Report.objects.filter(
        pupil_id=report.pupil_id,
        state=ReportState.ACCEPTED,
        first_day__lte=report.last_day,
        last_day__gte=report.first_day,
    ).exclude(code=code):
        if overlap(report, other):
            return {
                "code": f"Report {other.reference} was accepted as {other.code} for the same session: accept"
                f" this one as {other.code} too, or withdraw the other first"
            }
    return {}


def _tell_parent(report: Report, *, by: User, at: datetime) -> None:
    """Write to the parent who reported that it was not accepted, and why; nobody else is told."""
    if report.contact is None:
        return
    child = report.pupil.full_name
    messages.queue(
        report.school,
        key=f"report:{report.pk}:refused",
        kind="report_refused",
        to=report.contact,
        pupil=report.pupil,
        subject=f"About the absence that you reported ({report.reference})",
        body=(
            f"You told us about an absence of {child} from {day(report.first_day)} to {day(report.last_day)}."
            f" We have not accepted your report. The reason is: {report.decision_note}\n\n"
            "Please call the school office if you would like to talk about it."
        ),
        by=by,
        at=at,
    )
