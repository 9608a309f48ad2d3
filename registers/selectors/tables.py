"""Views of the registers as plain tables, for spreadsheets."""

from collections.abc import Iterator, Sequence
from datetime import date

from django.db.models import Prefetch, Q

from accounts.models import School
from registers.models import ClassMembership, Enrolment, Mark, Pupil, Session
from registers.selectors.exports import marks_between
from registers.selectors.figures import figures_for

Cell = str | int | date | None


def table_of(what: str, school: School, *, first_day: date, last_day: date) -> Iterator[Sequence[Cell]]:
    """
    Yield the header and the rows of one view of the registers; days include both ends.

    The same few statements however many pupils.

    :raises KeyError: there is no such view
    """
    return TABLES[what](school, first_day, last_day)


def _register(school: School, first_day: date, last_day: date) -> Iterator[Sequence[Cell]]:
    sessions = list(
        Session.objects.filter(school=school, status="held", on__gte=first_day, on__lte=last_day).order_by(
            "on", "half"
        )
    )
    marks: dict[tuple[int, int], str] = {
        (pupil_id, session_id): code
        for pupil_id, session_id, code in Mark.objects.filter(
            academic_year__in={session.academic_year for session in sessions},
            session__in=[session.pk for session in sessions],
        ).values_list("pupil_id", "session_id", "code_id")
    }
    yield [
        "upn",
        "surname",
        "forename",
        "class_name",
        *(f"{session.on.isoformat()} {session.half}" for session in sessions),
    ]
    for pupil, class_name, _, _ in _on_roll(school, first_day, last_day):
        codes = (marks.get((pupil.pk, session.pk), "") for session in sessions)
        yield [pupil.upn, pupil.surname, pupil.forename, class_name, *codes]


def _marks(school: School, first_day: date, last_day: date) -> Iterator[Sequence[Cell]]:
    yield ["upn", "date", "session", "code", "arrived_at", "nature", "recorded_by", "recorded_at"]
    for mark in marks_between(school, first_day=first_day, last_day=last_day):
        yield [
            mark.upn,
            mark.on,
            mark.half,
            mark.code,
            f"{mark.arrived_at:%H:%M}" if mark.arrived_at else "",
            mark.nature,
            mark.recorded_by,
            mark.recorded_at.isoformat(timespec="seconds"),
        ]


def _figures(school: School, first_day: date, last_day: date) -> Iterator[Sequence[Cell]]:
    figures = figures_for(school, first_day=first_day, last_day=last_day)
    yield [
        *("upn", "surname", "forename", "class_name", "possible", "attended", "authorised"),
        *("unauthorised", "absent", "late", "attendance_pct", "persistent", "severe"),
    ]
    for pupil, class_name, _, _ in _on_roll(school, first_day, last_day):
        found = figures.get(pupil.pk)
        if found is None:
            continue
        yield [
            *(pupil.upn, pupil.surname, pupil.forename, class_name),
            *(found.possible, found.attended, found.authorised, found.unauthorised, found.absent),
            *(found.late, found.attendance_pct or ""),
            "yes" if found.persistent else "no",
            "yes" if found.severe else "no",
        ]


def _pupils(school: School, first_day: date, last_day: date) -> Iterator[Sequence[Cell]]:
    yield [
        *("upn", "surname", "forename", "date_of_birth", "year_group", "class_name", "start_date"),
        *("leaving_date", "sex", "fsm", "sen", "ehcp"),
    ]
    for pupil, class_name, year_group, enrolment in _on_roll(school, first_day, last_day):
        yield [
            *(pupil.upn, pupil.surname, pupil.forename, pupil.date_of_birth, year_group, class_name),
            *(enrolment.starts_on, enrolment.leaving_on, pupil.sex),
            "yes" if pupil.fsm else "no",
            pupil.sen,
            "yes" if pupil.ehcp else "no",
        ]


def _on_roll(school: School, first_day: date, last_day: date) -> Iterator[tuple[Pupil, str, str, Enrolment]]:
    """Yield each pupil on roll on any day, with the last class and year group there. Three statements."""
    enrolments = Enrolment.objects.filter(starts_on__lte=last_day).exclude(leaving_on__lt=first_day)
    memberships = (
        ClassMembership.objects.filter(starts_on__lte=last_day)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=first_day))
        .select_related("class_group")
        .order_by("starts_on")
    )
    pupils = (
        Pupil.objects.filter(school=school, pk__in=enrolments.filter(school=school).values("pupil_id"))
        .prefetch_related(
            Prefetch("enrolments", queryset=enrolments.order_by("starts_on"), to_attr="on_roll"),
            Prefetch("memberships", queryset=memberships, to_attr="in_classes"),
        )
        .order_by("surname", "forename", "pk")
    )
    for pupil in pupils:
        last = pupil.in_classes[-1] if pupil.in_classes else None
        yield (
            pupil,
            last.class_group.name if last else "",
            last.year_group if last else "",
            pupil.on_roll[-1],
        )


TABLES = {"register": _register, "marks": _marks, "figures": _figures, "pupils": _pupils}
