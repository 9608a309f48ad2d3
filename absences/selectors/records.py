"""Programmes, support and their reviews, fully loaded."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from absences.models import ReintegrationProgramme, SupportNote
from accounts.models import Role, RoleAssignment, School, User
from registers.models import PartTimeTimetable, Pupil

STAFF = (Role.TEACHER, Role.OFFICE, Role.CHAMPION, Role.HEAD)


@dataclass(frozen=True)
class Records:
    """What is running at a school: the next review first, what has none last."""

    programmes: tuple[ReintegrationProgramme, ...]
    notes: tuple[SupportNote, ...]
    timetables: tuple[PartTimeTimetable, ...]

    @property
    def is_empty(self) -> bool:
        """Say whether nothing is running."""
        return not (self.programmes or self.notes or self.timetables)


def running(school: School, *, on: date) -> Records:
    """Return what has not ended at a school. Three statements."""
    return Records(
        tuple(
            ReintegrationProgramme.objects.filter(school=school, ended_on__isnull=True)
            .select_related("pupil", "designated")
            .order_by("review_on", "pk")
        ),
        tuple(
            SupportNote.objects.filter(school=school, ended_on__isnull=True)
            .select_related("pupil", "offered_by")
            .order_by("review_on", "-offered_on", "pk")
        ),
        tuple(
            PartTimeTimetable.objects.filter(school=school, first_day__lte=on, last_day__gte=on)
            .select_related("pupil")
            .order_by("review_on", "pk")
        ),
    )


@dataclass(frozen=True)
class RecordsOfPupil:
    """Everything kept of one pupil, the newest first."""

    programmes: tuple[ReintegrationProgramme, ...]
    notes: tuple[SupportNote, ...]
    timetables: tuple[PartTimeTimetable, ...]


def records_of(pupil: Pupil) -> RecordsOfPupil:
    """Return everything kept of one pupil. Three statements."""
    return RecordsOfPupil(
        tuple(
            ReintegrationProgramme.objects.filter(pupil=pupil)
            .select_related("designated")
            .order_by("-starts_on", "-pk")
        ),
        tuple(
            SupportNote.objects.filter(pupil=pupil)
            .select_related("offered_by")
            .order_by("-offered_on", "-pk")
        ),
        tuple(PartTimeTimetable.objects.filter(pupil=pupil).order_by("-first_day")),
    )


def staff_of(school: School, *, on: date) -> list[User]:
    """Return who works at a school that day, by name: whom a programme can be given to. One statement."""
    held = RoleAssignment.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=on), school=school, role__in=STAFF, starts_on__lte=on
    )
    return list(User.objects.filter(pk__in=held.values("user_id")).order_by("name", "pk"))
