"""The register of a class, the day of a school and the history of a mark, as pages show them."""

from dataclasses import dataclass
from datetime import date, datetime, time

from django.db.models import F, Q

from accounts.models import School
from registers.models import (
    ClassGroup,
    ClassMembership,
    Mark,
    MarkEntry,
    Pupil,
    Register,
    Session,
    TimetableAbsence,
)

RECENT_SCHOOL_DAYS = 5


@dataclass(frozen=True)
class RecentMark:
    """A mark of an earlier session, shown small beside the name; no code: none was taken."""

    on: date
    half: str
    code: str


@dataclass(frozen=True)
class Expected:
    """A code that is known before the register is taken, with its reason."""

    code: str
    reason: str


@dataclass(frozen=True)
class RegisterRow:
    """One pupil's line in a register."""

    pupil: Pupil
    code: str  # "" when no mark stands there
    arrived_at: time | None
    nature: str
    source: str
    expected: Expected | None
    recent: tuple[RecentMark, ...]  # oldest first, AM and PM of the recent school days before this session

    @property
    def is_marked(self) -> bool:
        """Say whether a mark stands there."""
        return bool(self.code)


@dataclass(frozen=True)
class RegisterPage:
    """One class's register for one session."""

    class_group: ClassGroup
    session: Session
    register: Register | None
    rows: tuple[RegisterRow, ...]
    recent_sessions: tuple[Session, ...]

    @property
    def marked(self) -> int:
        """Return how many pupils have a mark."""
        return sum(row.is_marked for row in self.rows)

    @property
    def pupils(self) -> dict[int, Pupil]:
        """Return the pupils of the class on that day, by id."""
        return {row.pupil.pk: row.pupil for row in self.rows}

    @property
    def with_timetable(self) -> frozenset[int]:
        """Return the pupils whom a part-time timetable excuses from this session."""
        return frozenset(
            row.pupil.pk for row in self.rows if row.expected is not None and row.expected.code in ("C2", "X")
        )


def pupils_in_class(class_group: ClassGroup, *, on: date) -> list[Pupil]:
    """Return the pupils in the class and on roll that day, as registers sort them. One statement."""
    return [
        membership.pupil
        for membership in ClassMembership.objects.filter(class_group=class_group, starts_on__lte=on)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))
        # Both conditions in one filter: of the same time on roll, not of two.
        .filter(
            Q(pupil__enrolments__leaving_on__isnull=True) | Q(pupil__enrolments__leaving_on__gte=on),
            pupil__enrolments__starts_on__lte=on,
        )
        .select_related("pupil")
        .order_by("pupil__surname", "pupil__forename", "pupil_id")
        .distinct()
    ]


def register_page(class_group: ClassGroup, session: Session) -> RegisterPage:
    """
    Return everything the register of this class and session shows.

    Five statements, however many pupils: pupils, recent sessions, marks, timetables, the register itself.
    """
    pupils = pupils_in_class(class_group, on=session.on)
    recent = list(
        Session.objects.filter(
            school=class_group.school_id, status="held", number__lt=session.number or 0
        ).order_by("-number")[: RECENT_SCHOOL_DAYS * 2]
    )[::-1]
    marks: dict[int, dict[int, Mark]] = {}
    for mark in Mark.objects.filter(
        academic_year__in={session.academic_year, *(earlier.academic_year for earlier in recent)},
        pupil__in=pupils,
        session__in=[session, *recent],
    ):
        marks.setdefault(mark.pupil_id, {})[mark.session_id] = mark
    excused = set(
        TimetableAbsence.objects.filter(
            timetable__pupil__in=pupils,
            timetable__first_day__lte=session.on,
            timetable__last_day__gte=session.on,
            weekday=session.on.weekday(),
            half=session.half,
        ).values_list("timetable__pupil_id", flat=True)
    )
    register = (
        Register.objects.filter(class_group=class_group, session=session).select_related("taken_by").first()
    )
    rows = []
    for pupil in pupils:
        of_pupil = marks.get(pupil.pk, {})
        today = of_pupil.get(session.pk)
        rows.append(
            RegisterRow(
                pupil=pupil,
                code=today.code_id if today else "",
                arrived_at=today.arrived_at if today else None,
                nature=today.nature if today else "",
                source=today.source if today else "",
                expected=Expected("C2", "Part-time timetable") if pupil.pk in excused else None,
                recent=tuple(
                    RecentMark(
                        earlier.on,
                        earlier.half,
                        of_pupil[earlier.pk].code_id if earlier.pk in of_pupil else "",
                    )
                    for earlier in recent
                ),
            )
        )
    return RegisterPage(class_group, session, register, tuple(rows), tuple(recent))


@dataclass(frozen=True)
class HalfTaken:
    """One half of one class's day on the day board, in numbers of pupils."""

    session: Session
    register: Register | None
    on_roll: int
    marked: int
    absent: int
    unexplained: int

    @property
    def is_complete(self) -> bool:
        """Say whether every pupil of the class has a mark."""
        return self.marked >= self.on_roll > 0


@dataclass(frozen=True)
class ClassDay:
    """One class on the day board."""

    class_group: ClassGroup
    halves: tuple[HalfTaken, ...]


def sessions_of_day(school: School, *, on: date) -> list[Session]:
    """Return the sessions in the calendar of that day, morning first; closed ones too."""
    return list(Session.objects.filter(school=school, on=on).order_by("half"))


def next_school_day(school: School, *, after: date) -> date | None:
    """Return the next day with a session held."""
    return (
        Session.objects.filter(school=school, status="held", on__gt=after)
        .order_by("on", "half")
        .values_list("on", flat=True)
        .first()
    )


def previous_school_day(school: School, *, before: date) -> date | None:
    """Return the latest earlier day with a session held."""
    return (
        Session.objects.filter(school=school, status="held", on__lt=before)
        .order_by("-on", "half")
        .values_list("on", flat=True)
        .first()
    )


def school_day(class_groups: list[ClassGroup], *, sessions: list[Session]) -> list[ClassDay]:
    """
    Return the day board's classes with what is taken of each half. Three statements, however many classes.

    Absence counts every code of the two absence classes; unexplained counts N.
    """
    if not sessions:
        return [ClassDay(group, ()) for group in class_groups]
    on = sessions[0].on
    members: dict[int, set[int]] = {group.pk: set() for group in class_groups}
    for class_group_id, pupil_id in (
        ClassMembership.objects.filter(class_group__in=class_groups, starts_on__lte=on)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))
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
    days = []
    for group in class_groups:
        halves = []
        for session in sessions:
            standing = [
                marks[session.pk, pupil_id]
                for pupil_id in members[group.pk]
                if (session.pk, pupil_id) in marks
            ]
            halves.append(
                HalfTaken(
                    session=session,
                    register=registers.get((group.pk, session.pk)),
                    on_roll=len(members[group.pk]),
                    marked=len(standing),
                    absent=sum(statistical_class in ("AU", "UN") for _, statistical_class in standing),
                    unexplained=sum(code == "N" for code, _ in standing),
                )
            )
        days.append(ClassDay(group, tuple(halves)))
    return days


@dataclass(frozen=True)
class Change:
    """One change of one mark, in the order in which they were made. Empty code: no mark."""

    old_code: str
    new_code: str
    by_name: str
    by_position: str
    at: datetime
    reason: str


def history_of_mark(pupil: Pupil, session: Session) -> list[Change]:
    """Return every change of a pupil's mark in a session, oldest first. One statement."""
    return [
        Change(
            old_code=entry["old_code"] or "",
            new_code=entry["new_code"] or "",
            by_name=entry["author"],
            by_position=entry["batch__by_position"],
            at=entry["batch__at"],
            reason=entry["batch__reason"],
        )
        for entry in MarkEntry.objects.filter(
            academic_year=session.academic_year, pupil=pupil, session=session
        )
        .order_by("batch__number")
        .values(
            "old_code",
            "new_code",
            "batch__by_position",
            "batch__at",
            "batch__reason",
            author=F("batch__by_name"),
        )
    ]
