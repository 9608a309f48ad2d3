"""
What a parent sends from the family's pages: reports for children of several schools at once, their changes,
and the message that confirms them.

Reports themselves are `absences.services.reports`; here stands what is the family's side of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _
from django_scopes import scope

from absences import languages
from absences.models import Channel, Report, ReportState, SchoolAbsenceSettings
from absences.rules.reporting import Exclusion, Limits, exclusion_hours, exclusion_of
from absences.rules.telling import Draft, default_return
from absences.selectors.parents import SchoolFacts, contact_at, limits_of, reports_of_submission
from absences.services import attachments, reports
from absences.services.reports import ReportChangedMeanwhile, Told
from accounts import events
from accounts.errors import DomainError
from accounts.models import School, User
from letters.services import messages
from registers.models import Pupil


class SettingsChangedMeanwhile(DomainError):
    """Somebody else changed what families may report."""


@dataclass(frozen=True)
class Span:
    """The days of an absence at one school, with what its terms add to what was told."""

    first_day: date
    first_half: str
    last_day: date
    last_half: str
    expected_return: date | None
    exclusion: Exclusion | None  # by the school's rule after vomiting or diarrhoea


def span_of(draft: Draft, facts: SchoolFacts) -> Span:
    """
    Return the days of a draft at a school; a rule of so many hours lengthens them (003:154-155).

    :raises ValueError: the draft has no days yet
    """
    if draft.first_day is None or draft.last_day is None:
        raise ValueError("the draft has no days yet")
    last, last_half = draft.last_day, draft.last_half
    hours = exclusion_hours(facts.terms.reporting, draft.reason) if facts.terms else 0
    exclusion = exclusion_of(draft.first_day, draft.first_half, hours=hours) if hours else None
    if exclusion is not None:
        # Not beyond the last school day: a Saturday is no day of an absence.
        day = facts.calendar.day_before(exclusion.last_day + timedelta(days=1)) or last
        reached = (day, exclusion.last_half if day == exclusion.last_day else "PM")
        last, last_half = max((last, last_half), reached)
    if draft.back_unknown:
        back = None
    else:
        not_before = exclusion.earliest_return if exclusion else None
        back = default_return(last, last_half, facts.calendar, not_before=not_before)
        if draft.expected_return is not None and (back is None or draft.expected_return > back):
            back = draft.expected_return
    return Span(draft.first_day, draft.first_half, last, last_half, back, exclusion)


def told_of(draft: Draft, facts: SchoolFacts, *, by: User, at: datetime) -> Told:
    """Return what a draft tells a school. One statement, for the person as the school's contact."""
    span = span_of(draft, facts)
    return Told(
        first_day=span.first_day,
        first_half=span.first_half,
        last_day=span.last_day,
        last_half=span.last_half,
        reason=draft.reason,
        note=draft.note,
        expected_return=span.expected_return,
        appointment_at=draft.appointment_at,
        channel=Channel.ONLINE,
        contact=contact_at(by, facts.school),
        received_at=at,
    )


@transaction.atomic
def send(
    children: Sequence[Pupil],
    draft: Draft,
    facts: Mapping[int, SchoolFacts],
    uploads: Sequence["UploadedFile[Any]"],
    *,
    by: User,
    at: datetime,
) -> list[Report]:
    """
    Send a report for each child, with the files, and queue the message that confirms it; all or nothing.

    Sent again, from a second tap or another tab, it returns what was sent the first time.

    :raises ReportRefused: a school cannot take it; nothing was sent to any
    :raises AttachmentsRefused: a file cannot be kept; nothing was sent
    """
    # Two taps wait for each other here, so that the second finds what the first sent.
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    standing = reports_of_submission(by, draft.key)
    if standing:
        return standing
    sent: list[Report] = []
    for school_id, own in facts.items():
        pupils = [child for child in children if child.school_id == school_id]
        with scope(school=own.school):
            told = told_of(draft, own, by=by, at=at)
            made = reports.submit(own.school, pupils, told, submission=draft.key, by=by, at=at, on=own.today)
            attachments.keep_for_all(uploads, owners=made, by=by, at=at)
            for report in made:
                if uploads:  # the proof may be what kept it from being taken at its word
                    reports.judge_again(report, by=by, at=at)
                _confirm(report, own, by=by, at=at)
        sent += made
    return sent


@transaction.atomic
def change(
    report: Report,
    draft: Draft,
    facts: SchoolFacts,
    uploads: Sequence["UploadedFile[Any]"],
    *,
    by: User,
    at: datetime,
) -> Report:
    """
    Send a changed report in the place of one that still waits, and return the newer one.

    :raises ReportRefused: the school cannot take it
    :raises ReportChangedMeanwhile: the school answered meanwhile
    :raises AttachmentsRefused: a file cannot be kept; nothing was changed
    """
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    with scope(school=report.school):
        told = told_of(draft, facts, by=by, at=at)
        try:
            newer = reports.change(report, told, version=draft.version, by=by, at=at)
        except ReportChangedMeanwhile:
            before = _sent_before(report, told, by=by)
            if before is None:
                raise
            return before
        attachments.keep_for_all(uploads, owners=[newer], by=by, at=at)
        if uploads:
            reports.judge_again(newer, by=by, at=at)
        _confirm(newer, facts, by=by, at=at)
    return newer


def _sent_before(report: Report, told: Told, *, by: User) -> Report | None:
    """Return the report that the same change made already: a second tap is no conflict."""
    newer = Report.objects.filter(replaces=report, recorded_by=by).first()
    if newer is None or newer.state == ReportState.REPLACED:
        return None
    same = ("first_day", "first_half", "last_day", "last_half", "reason", "note", "appointment_at")
    return newer if all(getattr(newer, name) == getattr(told, name) for name in same) else None


@transaction.atomic
def add_files(report: Report, uploads: Sequence["UploadedFile[Any]"], *, by: User, at: datetime) -> int:
    """
    Add files to a report that was sent, and return how many; the school sees them whatever it decided.

    :raises AttachmentsRefused: there would be too many, or one cannot be kept; nothing was kept
    """
    with scope(school=report.school):
        kept = attachments.keep(uploads, owner=report, by=by, at=at)
        reports.judge_again(report, by=by, at=at)
        return len(kept)


def _confirm(report: Report, facts: SchoolFacts, *, by: User, at: datetime) -> None:
    """Queue the message that confirms a report, in the language of the page; it says no reason."""
    if report.contact is None:
        return
    name = report.pupil.known_as or report.pupil.forename
    first, last = (languages.day(on, facts.today) for on in (report.first_day, report.last_day))
    when = first if first == last else f"{first} – {last}"
    lines = [
        _("You told %(school)s that %(child)s is away: %(when)s.")
        % {"school": facts.school.name, "child": name, "when": when},
        _("Reference: %(reference)s") % {"reference": report.reference},
        _("The school office decides how the absence is recorded. You can see its answer in Rollcall."),
    ]
    messages.queue(
        facts.school,
        key=f"report:{report.pk}:received",
        kind="report_received",
        to=report.contact,
        pupil=report.pupil,
        subject=_("Your report of an absence: %(reference)s") % {"reference": report.reference},
        body="\n\n".join(lines),
        channels=["email"],
        by=by,
        at=at,
    )


@transaction.atomic
def change_limits(school: School, limits: Limits, *, seen: Limits, by: User, at: datetime) -> bool:
    """
    Set how far families may report an absence; say whether anything changed.

    :raises SettingsChangedMeanwhile: somebody else changed them since they were shown
    """
    School.objects.select_for_update(no_key=True).get(pk=school.pk)
    standing = limits_of(school)
    if standing != seen:
        raise SettingsChangedMeanwhile(
            "Somebody else changed this while you had it open: look at it again before you save."
        )
    if standing == limits:
        return False
    row, _is_new = SchoolAbsenceSettings.objects.update_or_create(
        school=school,
        defaults={
            "days_ahead": limits.days_ahead,
            "days_at_once": limits.days_at_once,
            "days_back": limits.days_back,
        },
    )
    events.record(
        "absence_settings.changed",
        school=school,
        by=by,
        at=at,
        subject=row,
        data={
            name: [getattr(standing, name), getattr(limits, name)]
            for name in ("days_ahead", "days_at_once", "days_back")
            if getattr(standing, name) != getattr(limits, name)
        },
    )
    return True
