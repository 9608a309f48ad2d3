"""
What parents of the demo told their schools: of the last days, long decided, and of today, still waiting.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.utils import timezone
from django_scopes import scope

from absences.models import Channel, Report, ReportEvent, ReportingApp, ReportState
from absences.rules.reasons import REASON_BY_KEY
from absences.rules.references import new_reference
from absences.rules.reporting import is_in_time
from absences.selectors.terms import terms_on
from absences.services import reports
from absences.services.reports import ReportRefused, Told
from accounts.models import Role, RoleAssignment, School, User
from registers.models import Enrolment, Mark, PupilContact, Session

SCHOOL_DAYS = 10
# What reaches a school in the morning: reason, way, note. The first are taken at their word.
MORNING: tuple[tuple[str, str, str], ...] = (
    ("illness", Channel.ONLINE, "A high temperature since last night."),
    ("sickness", Channel.ONLINE, ""),
    ("illness", Channel.PHONE, "Sore throat"),
    ("hospital", Channel.ONLINE, "Fracture clinic"),
    ("other", Channel.ONLINE, "We are having a difficult morning. I will ring you."),
    ("illness", Channel.VOICEMAIL, "Cough"),
    ("overslept", Channel.ONLINE, ""),
    ("illness", Channel.ONLINE, "Still not well"),
)
WAYS = (Channel.ONLINE, Channel.ONLINE, Channel.ONLINE, Channel.PHONE, Channel.VOICEMAIL, Channel.EMAIL)


def add_reports(schools: Iterable[School], *, today: date, seed: int) -> int:
    """Let parents have told each school of absences, and return of how many."""
    told = 0
    for school in schools:
        chance = random.Random(f"reports {seed} {school.key}")
        with scope(school=school):
            if school.key == "leedon":
                ReportingApp.objects.get_or_create(school=school, defaults={"name": "StudyBugs"})  # 004:115
            told += _past(school, today=today, chance=chance)
            told += _this_morning(school, today=today, chance=chance)
    return told


def _office(school: School) -> User:
    held = RoleAssignment.objects.filter(school=school, role=Role.OFFICE, ends_on__isnull=True)
    return held.select_related("user").order_by("pk")[0].user


def _clock(on: date, chance: random.Random, first: time, minutes: int) -> datetime:
    begin = timezone.make_aware(datetime.combine(on, first))
    return begin + timedelta(minutes=chance.randrange(minutes))


def _callers(pupil_ids: Iterable[int]) -> dict[int, PupilContact]:
    """Return the contact who is called first, of each pupil."""
    found: dict[int, PupilContact] = {}
    for link in (
        PupilContact.objects.filter(pupil__in=set(pupil_ids), court_order_restricts=False)
        .select_related("contact", "contact__user")
        .order_by("priority", "pk")
    ):
        found.setdefault(link.pupil_id, link)
    return found


# --- days that are over -------------------------------------------------------------------------------------


def _past(school: School, *, today: date, chance: random.Random) -> int:
    """Report most of the illnesses that the registers of the last days hold, accepted at once."""
    days = list(
        Session.objects.filter(school=school, status="held", on__lt=today)
        .order_by("-on")
        .values_list("on", flat=True)
        .distinct()[:SCHOOL_DAYS]
    )[::-1]
    if not days:
        return 0
    ill: dict[int, set[date]] = {}
    for pupil_id, on in Mark.objects.filter(
        school=school, academic_year__gte=days[0].year - 1, code="I", session__on__in=days
    ).values_list("pupil_id", "session__on"):
        ill.setdefault(pupil_id, set()).add(on)
    callers = _callers(ill)
    office, deadline = _office(school), terms_on(school, today).reporting.deadline
    rows = []
    for pupil_id, absent in sorted(ill.items()):
        if pupil_id not in callers or chance.random() < 0.25:
            continue
        for run in _runs(days, absent):
            rows.append(
                _row(school, pupil_id, run, callers[pupil_id], office, deadline=deadline, chance=chance)
            )
    made = Report.objects.bulk_create(rows)
    ReportEvent.objects.bulk_create(
        event
        for report in made
        for event in (
            ReportEvent(
                school=school,
                report=report,
                at=report.recorded_at,
                by_id=report.recorded_by_id,
                what="received",
                words="Illness, I",
            ),
            ReportEvent(
                school=school,
                report=report,
                at=report.decided_at or report.recorded_at,
                by=office,
                what="accepted",
                words="As I, Illness",
            ),
        )
    )
    return len(made)


def _runs(days: Sequence[date], absent: set[date]) -> list[tuple[date, date]]:
    runs: list[tuple[date, date]] = []
    for place, on in enumerate(days):
        if on not in absent:
            continue
        if runs and place and runs[-1][1] == days[place - 1]:
            runs[-1] = (runs[-1][0], on)
        else:
            runs.append((on, on))
    return runs


def _row(
    school: School,
    pupil_id: int,
    run: tuple[date, date],
    link: PupilContact,
    office: User,
    *,
    deadline: str,
    chance: random.Random,
) -> Report:
    first, last = run
    way = chance.choice(WAYS)
    if way == Channel.ONLINE and link.contact.user is None:
        way = Channel.PHONE
    told_at = _clock(first, chance, time(7, 15), 140)
    decided_at = max(told_at, _clock(first, chance, time(9, 0), 50))
    return Report(
        school=school,
        pupil_id=pupil_id,
        submission=UUID(int=chance.getrandbits(128), version=4),
        reference=new_reference(chance.choice),
        channel=way,
        contact=link.contact,
        received_at=told_at,
        recorded_at=told_at,
        recorded_by=(link.contact.user or office) if way == Channel.ONLINE else office,
        in_time=is_in_time(told_at, first_day=first, deadline=deadline),
        first_day=first,
        last_day=last,
        reason="illness",
        code="I",
        needs_call_back=False,
        state=ReportState.ACCEPTED,
        decided_at=decided_at,
        decided_by=office,
        version=2,
    )


# --- today --------------------------------------------------------------------------------------------------


def _this_morning(school: School, *, today: date, chance: random.Random) -> int:
    """Let some parents report this morning, of children whom no register has seen yet."""
    seen = Mark.objects.filter(school=school, academic_year__gte=today.year - 1, session__on=today)
    away = (
        Enrolment.objects.filter(school=school, starts_on__lt=today, leaving_on__isnull=True)
        .exclude(pupil__in=seen.exclude(code="N").values("pupil_id"))
        .exclude(pupil__absence_reports__last_day__gte=today - timedelta(days=4))
        .exclude(pupil__known_ahead__known_ahead__last_day__gte=today)
        .order_by("pupil_id")
        .select_related("pupil", "pupil__school")
    )
    pupils = [enrolment.pupil for enrolment in away]
    chance.shuffle(pupils)
    callers, office = _callers(pupil.pk for pupil in pupils[:200]), _office(school)
    # Whoever can sign in comes first, for most parents report online.
    pupils = sorted(
        (pupil for pupil in pupils[:200] if pupil.pk in callers),
        key=lambda pupil: callers[pupil.pk].contact.user_id is None,
    )
    made = 0
    for pupil, (reason, way, note) in zip(pupils, MORNING, strict=False):
        link = callers[pupil.pk]
        by = link.contact.user if way == Channel.ONLINE else office
        told = Told(
            first_day=today,
            last_day=today,
            reason=reason,
            channel=way if by else Channel.PHONE,
            received_at=_clock(today, chance, time(7, 10), 90),
            note=note,
            contact=link.contact,
            appointment_at=time(10, 15) if REASON_BY_KEY[reason].needs_time else None,
        )
        if terms_on(school, today).reporting.expected_return_date:
            told = replace(told, expected_return=today + timedelta(days=1 if today.weekday() < 4 else 3))
        try:
            reports.submit(
                school,
                [pupil],
                told,
                submission=UUID(int=chance.getrandbits(128), version=4),
                by=by or office,
                at=told.received_at,
                on=today,
            )
        except ReportRefused:
            continue  # no school today, or the child is not on roll
        made += 1
    return made
