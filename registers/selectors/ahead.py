"""What is arranged ahead, for the office's list and for one pupil."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Prefetch, Q, QuerySet

from accounts.models import School
from registers.models import (
    ClassMembership,
    KnownAhead,
    PartTimeTimetable,
    Pupil,
    PupilFlag,
    TimetableReview,
    WeeklyPattern,
)

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
SOCIAL_WORKER_FLAGS = ("social_worker", "child_in_need", "child_protection", "looked_after")


@dataclass(frozen=True)
class TimetableTask:
    """Something that a part-time timetable asks of a person; overdue when its day has passed."""

    what: str  # the field that records it, "review" for a review
    text: str
    is_overdue: bool


@dataclass(frozen=True)
class LiveTimetable:
    """A part-time timetable with what it asks for."""

    timetable: PartTimeTimetable
    sessions: str
    tasks: tuple[TimetableTask, ...]


@dataclass(frozen=True)
class LivePattern:
    """A weekly pattern with its sessions in words."""

    pattern: WeeklyPattern
    sessions: str


@dataclass(frozen=True)
class Ahead:
    """What stands ahead at a school on a day."""

    arrangements: tuple[KnownAhead, ...]
    patterns: tuple[LivePattern, ...]
    timetables: tuple[LiveTimetable, ...]


def week_in_words(sessions: Iterable[tuple[int, str]]) -> str:
    """Return sessions of the week in words: "Monday, Tuesday PM"; a day without half is all of it."""
    halves: dict[int, set[str]] = {}
    for weekday, half in sessions:
        halves.setdefault(weekday, set()).add(half)
    return ", ".join(
        WEEKDAYS[weekday] if len(found) == 2 else f"{WEEKDAYS[weekday]} {next(iter(found))}"
        for weekday, found in sorted(halves.items())
    )


def ahead_of(school: School, *, on: date) -> Ahead:
    """Return what is arranged from this day on. Seven statements, however many rows."""
    arrangements = (
        KnownAhead.objects.filter(school=school, withdrawn_at__isnull=True, last_day__gte=on)
        .select_related("code")
        .annotate(pupils=Count("taking_part"))
        .order_by("first_day", "first_half", "pk")
    )
    return Ahead(
        tuple(arrangements),
        _patterns(WeeklyPattern.objects.filter(school=school), on=on),
        _timetables(PartTimeTimetable.objects.filter(school=school), on=on),
    )


@dataclass(frozen=True)
class AheadOfPupil:
    """What stands ahead for one pupil, and the timetables that have ended."""

    arrangements: tuple[KnownAhead, ...]
    patterns: tuple[LivePattern, ...]
    timetables: tuple[LiveTimetable, ...]
    ended: tuple[LiveTimetable, ...]


def ahead_of_pupil(pupil: Pupil, *, on: date) -> AheadOfPupil:
    """Return what is arranged for a pupil from this day on. A constant number of statements."""
    arrangements = (
        KnownAhead.objects.filter(
            school_id=pupil.school_id,
            taking_part__pupil=pupil,
            withdrawn_at__isnull=True,
            last_day__gte=on,
        )
        .select_related("code")
        .order_by("first_day", "first_half", "pk")
    )
    timetables = _timetables(PartTimeTimetable.objects.filter(pupil=pupil), on=None, today=on)
    return AheadOfPupil(
        tuple(arrangements),
        _patterns(WeeklyPattern.objects.filter(pupil=pupil), on=on),
        tuple(found for found in timetables if found.timetable.last_day >= on),
        tuple(found for found in timetables if found.timetable.last_day < on),
    )


def timetable_with_tasks(timetable: PartTimeTimetable, *, on: date) -> LiveTimetable:
    """Return one timetable with what it asks for on a day."""
    return _timetables(PartTimeTimetable.objects.filter(pk=timetable.pk), on=None, today=on)[0]


@dataclass(frozen=True)
class ClassOfPupils:
    """A class with its pupils, for choosing who takes part."""

    name: str
    year_groups: str
    pupils: tuple[Pupil, ...]


def classes_with_pupils(school: School, *, on: date) -> list[ClassOfPupils]:
    """Return the classes of a day with the pupils in them, as registers sort them. One statement."""
    found: dict[str, list[ClassMembership]] = {}
    for membership in (
        ClassMembership.objects.filter(school=school, starts_on__lte=on)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))
        .filter(
            Q(pupil__enrolments__leaving_on__isnull=True) | Q(pupil__enrolments__leaving_on__gte=on),
            pupil__enrolments__starts_on__lte=on,
        )
        .select_related("pupil", "class_group")
        .order_by("class_group__name", "pupil__surname", "pupil__forename", "pupil_id")
        .distinct()
    ):
        found.setdefault(membership.class_group.name, []).append(membership)
    return [
        ClassOfPupils(
            name,
            ", ".join(sorted({membership.year_group for membership in memberships})),
            tuple(membership.pupil for membership in memberships),
        )
        for name, memberships in found.items()
    ]


def _patterns(rows: QuerySet[WeeklyPattern], *, on: date) -> tuple[LivePattern, ...]:
    return tuple(
        LivePattern(row, week_in_words((one.weekday, one.half) for one in row.sessions.all()))
        for row in rows.filter(Q(last_day__isnull=True) | Q(last_day__gte=on))
        .select_related("pupil", "code")
        .prefetch_related("sessions")
        .order_by("pupil__surname", "pupil__forename", "pk")
    )


def _timetables(
    rows: QuerySet[PartTimeTimetable], *, on: date | None, today: date | None = None
) -> tuple[LiveTimetable, ...]:
    """Return timetables with their tasks; with `on`, those that have not ended by that day."""
    if on is not None:
        rows = rows.filter(last_day__gte=on)
    judged = on or today
    assert judged is not None  # noqa: S101 - one of the two is always given
    found = list(
        rows.select_related("pupil")
        .prefetch_related(
            "absent_sessions", Prefetch("reviews", queryset=TimetableReview.objects.order_by("-held_on"))
        )
        .order_by("last_day", "pupil__surname", "pk")
    )
    with_worker = set(
        PupilFlag.objects.filter(
            pupil__in=[row.pupil_id for row in found], name__in=SOCIAL_WORKER_FLAGS, starts_on__lte=judged
        )
        .exclude(ends_on__lt=judged)
        .values_list("pupil_id", flat=True)
    )
    return tuple(
        LiveTimetable(
            row,
            week_in_words((one.weekday, one.half) for one in row.absent_sessions.all()),
            _tasks(row, on=judged, has_worker=row.pupil_id in with_worker),
        )
        for row in found
    )


def _tasks(row: PartTimeTimetable, *, on: date, has_worker: bool) -> tuple[TimetableTask, ...]:
    if row.last_day < on:
        return ()  # nothing is left to review, and what nobody was told of it stays to be seen
    tasks = []
    if row.review_on <= on and not any(review.held_on >= row.review_on for review in row.reviews.all()):
        tasks.append(TimetableTask("review", "Hold the review", row.review_on < on))
    if row.authority_told_on is None:
        tasks.append(TimetableTask("authority_told_on", "Tell the local authority", row.first_day < on))
    if row.plan_discussed_on is None and row.pupil.ehcp:
        text = "Discuss the education, health and care plan with the authority"
        tasks.append(TimetableTask("plan_discussed_on", text, row.first_day < on))
    if row.social_worker_told_on is None and has_worker:
        tasks.append(TimetableTask("social_worker_told_on", "Tell the social worker", row.first_day < on))
    if not row.agreed_with:
        text = "Record which parent agreed, the circumstances and the ambition"
        tasks.append(TimetableTask("agreement", text, row.first_day < on))
    return tuple(tasks)
