"""The day of a school: every class, morning and afternoon, with what is taken, by whom, and who was asked."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import F, Q

from registers.models import (
    ClassClosing,
    ClassGroup,
    ClassMembership,
    ClassTeacher,
    Mark,
    Register,
    RegisterNudge,
    Session,
)
from registers.selectors.times import SessionTimesAt, session_times, times_of_classes


@dataclass(frozen=True)
class Nudged:
    """The latest time that somebody asked for a register."""

    at: datetime
    by_name: str


@dataclass(frozen=True)
class HalfTaken:
    """One half of one class's day on the day board, in numbers of pupils."""

    session: Session
    times: SessionTimesAt
    register: Register | None
    on_roll: int
    marked: int
    absent: int
    unexplained: int
    closing: ClassClosing | None = None
    nudged: Nudged | None = None

    @property
    def is_complete(self) -> bool:
        """Say whether every pupil of the class has a mark."""
        return self.marked >= self.on_roll > 0

    @property
    def was_closed_untaken(self) -> bool:
        """Say whether the register closed before anybody began it, and pupils were set to N for that."""
        return self.closing is not None and not self.closing.was_begun and self.closing.unexplained > 0

    @property
    def is_taken(self) -> bool:
        """Say whether every pupil has a mark that somebody gave, in the register or after it closed."""
        return self.is_complete and not (self.was_closed_untaken and self.unexplained and not self.register)

    @property
    def can_be_taken(self) -> bool:
        """Say whether there is anything to take: the school was open and the class has pupils."""
        return self.session.is_held and self.on_roll > 0


@dataclass(frozen=True)
class ClassDay:
    """One class on the day board."""

    class_group: ClassGroup
    halves: tuple[HalfTaken, ...]
    teachers: tuple[str, ...] = field(default=())  # names of those who can be asked

    @property
    def has_teacher(self) -> bool:
        """Say whether there is somebody to ask for the register."""
        return bool(self.teachers)


def school_day(
    class_groups: Sequence[ClassGroup], *, sessions: Sequence[Session], only_counts: bool = False
) -> list[ClassDay]:
    """
    Return the day board's classes with what is taken of each half. Seven statements, however many classes.

    Absence counts every code of the two absence classes; unexplained counts N. With `only_counts` the times
    are the school's own and nobody who teaches or was asked is told: four statements.
    """
    if not sessions:
        return [ClassDay(group, ()) for group in class_groups]
    on = sessions[0].on
    ids = [group.pk for group in class_groups]
    members: dict[int, set[int]] = {pk: set() for pk in ids}
    for class_group_id, pupil_id in (
        ClassMembership.objects.filter(class_group__in=ids, starts_on__lte=on)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))
        # Both conditions in one filter: of the same time on roll, not of two.
        .filter(
            Q(pupil__enrolments__leaving_on__isnull=True) | Q(pupil__enrolments__leaving_on__gte=on),
            pupil__enrolments__starts_on__lte=on,
        )
        .values_list("class_group_id", "pupil_id")
    ):
        members[class_group_id].add(pupil_id)
    marks: dict[tuple[int, int], tuple[str, str]] = {}
    for session_id, pupil_id, code, statistical_class in Mark.objects.filter(
        academic_year=sessions[0].academic_year, session__in=sessions
    ).values_list("session_id", "pupil_id", "code_id", "code__statistical_class"):
        marks[session_id, pupil_id] = (code, statistical_class)
    registers = {
        (register.class_group_id, register.session_id): register
        for register in Register.objects.filter(session__in=sessions).select_related("taken_by")
    }
    closings = _closings(sessions)
    times = {} if only_counts else times_of_classes(ids, sessions)
    nudges = {} if only_counts else _latest_nudges(ids, sessions)
    teachers = {} if only_counts else _teachers(ids, sessions[0])
    days = []
    for group in class_groups:
        halves = []
        for session in sessions:
            place = (group.pk, session.pk)
            standing = [
                marks[session.pk, pupil_id]
                for pupil_id in members[group.pk]
                if (session.pk, pupil_id) in marks
            ]
            halves.append(
                HalfTaken(
                    session=session,
                    times=times.get(place, session_times(session)),
                    register=registers.get(place),
                    on_roll=len(members[group.pk]),
                    marked=len(standing),
                    absent=sum(statistical_class in ("AU", "UN") for _, statistical_class in standing),
                    unexplained=sum(code == "N" for code, _ in standing),
                    closing=closings.get(place),
                    nudged=nudges.get(place),
                )
            )
        days.append(ClassDay(group, tuple(halves), tuple(teachers.get(group.pk, ()))))
    return days


def _closings(sessions: Sequence[Session]) -> dict[tuple[int, int], ClassClosing]:
    rows = ClassClosing.objects.filter(closing__session__in=sessions).annotate(of=F("closing__session_id"))
    return {(row.class_group_id, row.of): row for row in rows}


def _latest_nudges(ids: Collection[int], sessions: Sequence[Session]) -> dict[tuple[int, int], Nudged]:
    rows = (
        RegisterNudge.objects.filter(session__in=sessions, class_group__in=ids)
        .order_by("class_group_id", "session_id", "-nudged_at")
        .distinct("class_group_id", "session_id")
        .values_list("class_group_id", "session_id", "nudged_at", "nudged_by__name")
    )
    return {(group_id, session_id): Nudged(at, name) for group_id, session_id, at, name in rows}


def _teachers(ids: Collection[int], session: Session) -> dict[int, list[str]]:
    names: dict[int, list[str]] = {}
    for class_group_id, name in (
        ClassTeacher.objects.filter(class_group__in=ids, starts_on__lte=session.on, user__is_active=True)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=session.on))
        .order_by("user__name", "user_id")
        .values_list("class_group_id", "user__name")
    ):
        names.setdefault(class_group_id, []).append(name)
    return names
