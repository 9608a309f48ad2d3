"""What the register knows for a letter: the values of merge fields that nobody has to type."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q

from accounts.models import Role, RoleAssignment, School
from letters.rules.absences import NamedSession
from letters.rules.content import Letterhead, Signature
from letters.rules.fields import Share
from letters.rules.text import clean_line
from letters.selectors.recipients import address_lines
from registers.models import (
    ClassMembership,
    Enrolment,
    Mark,
    PartTimeTimetable,
    Pupil,
    PupilFlag,
    Session,
)
from registers.rules.age import is_compulsory_age
from registers.rules.calendar import academic_year_of
from registers.rules.codes import ABSENT, CODE_BY_SYMBOL, StatisticalClass
from registers.rules.figures import NO_SESSIONS, Figures
from registers.selectors.figures import figures_for
from registers.selectors.times import day_times_on

FLAGS = ("significant_medical", "bereavement", "part_time_timetable")
LATE_CODES = [symbol for symbol, rule in CODE_BY_SYMBOL.items() if rule.is_late]
ABSENT_CODES = [symbol for symbol, rule in CODE_BY_SYMBOL.items() if rule.statistical_class in ABSENT]


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes: the letterhead, and name and post of the person who signs."""

    letterhead: Letterhead
    signature: Signature


def writer_of(school: School, *, on: date, role: str = Role.HEAD) -> Writer:
    """Return the school's letterhead and who signs its letters on that day. One statement."""
    holder = _holder(school, role, on=on)
    lines = [*address_lines(school.address), school.office_phone, school.office_email]
    return Writer(
        Letterhead(
            clean_line(school.name), clean_line(school.trust), tuple(filter(None, map(clean_line, lines)))
        ),
        Signature(
            closing="",
            name=clean_line(holder.user.name) if holder else "",
            post=clean_line(holder.title if holder and holder.title else "Headteacher"),
        ),
    )


def known_fields(
    school: School,
    pupil: Pupil,
    *,
    on: date,
    late_halves: Sequence[str] = ("AM", "PM"),
    period: tuple[date, date] | None = None,
) -> dict[str, Any]:
    """
    Return every merge field that follows from the records, as on that day, for the academic year so far.

    `period` narrows the sessions of a formal warning; by default it is the year up to that day. Figures come
    from the one selector of attendance. A dozen statements, however long the record.
    """
    year = academic_year_of(on)
    calendar = list(
        Session.objects.filter(school=school, academic_year=year, status="held")
        .order_by("on", "half")
        .values_list("on", "half_term", "term")
    )
    first_day = calendar[0][0] if calendar else date(year, 8, 1)
    spells = list(Enrolment.objects.filter(pupil=pupil).values_list("starts_on", "leaving_on"))
    marks = _exceptions(school, pupil, year, up_to=on)
    absent = [session for session, code in marks if code in ABSENT_CODES]
    late = [session for session, code in marks if code in LATE_CODES and session.half in late_halves]
    figures = _figures(school, pupil, date(year, 8, 1), on)
    of_period = _figures(school, pupil, *period) if period else figures
    planned = _year_sessions(pupil, spells, [day for day, _, _ in calendar], year)
    starts = max((starts_on for starts_on, _ in spells if starts_on <= on), default=first_day)
    unauthorised = [session for session in absent if not session.authorised]
    known: dict[str, Any] = {
        **_people(school, pupil, on=on),
        **_times(school, on=on),
        **_flags(pupil, on=on),
        "absence_days": Decimal(figures.absent) / 2,
        "absent_dates": tuple(absent),
        "offences": tuple(session for session in unauthorised if session.code != "N"),
        "late_dates": tuple(late),
        "late_count": len(late),
        "punctuality": figures.late,
        "since": max(first_day, starts),
        "period_from": period[0] if period else first_day,
        "period_to": period[1] if period else on,
        "sessions_absent_unauthorised": of_period.unauthorised,
        "sessions_possible": of_period.possible,
        "evidence_from_date": next((day for day, _, _ in calendar if day > on), None),
        "next_half_term": _end_of_next_half_term(calendar, on=on),
        "term": next((term for day, _, term in reversed(calendar) if day <= on), None),
        "offence_on": unauthorised[-1].on if unauthorised else None,
    }
    if figures.possible:
        share = Share(figures.attended, figures.possible)
        known |= {"attendance_pct": share, "attendance_record": share, "year_pct": share}
    if planned > 0:
        known |= {"year_sessions": planned, "max_year_pct": Share(max(planned - figures.absent, 0), planned)}
    return {name: value for name, value in known.items() if value not in (None, "")}


def _figures(school: School, pupil: Pupil, first_day: date, last_day: date) -> Figures:
    counted = figures_for(school, first_day=first_day, last_day=last_day, pupil_ids=[pupil.pk])
    return counted.get(pupil.pk, NO_SESSIONS)


def _holder(school: School, role: str, *, on: date) -> RoleAssignment | None:
    return (
        RoleAssignment.objects.filter(school=school, role=role, starts_on__lte=on)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))
        .select_related("user")
        .order_by("starts_on", "pk")
        .first()
    )


def _people(school: School, pupil: Pupil, *, on: date) -> dict[str, Any]:
    """Names, class and council, and whom to get in touch with."""
    membership = (
        ClassMembership.objects.filter(pupil=pupil, starts_on__lte=on)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))
        .select_related("class_group")
        .first()
    )
    return {
        "pupil": clean_line(pupil.full_name),
        "forename": clean_line(pupil.forename),
        "class": clean_line(membership.class_group.name) if membership else None,
        "date_of_birth": pupil.date_of_birth,
        "below_compulsory_age": not is_compulsory_age(pupil.date_of_birth, on),
        "council": clean_line(school.local_authority),
        "office_phone": clean_line(school.office_phone),
        "how_to_reach": _how_to_reach(school, _holder(school, Role.CHAMPION, on=on)),
    }


def _how_to_reach(school: School, champion: RoleAssignment | None) -> str:
    """Complete "Please …": a person is offered where there is one, and a way to them in any case."""
    person = ""
    if champion:
        post = f" ({clean_line(champion.title)})" if champion.title else ""
        person = f"{clean_line(champion.user.name)}{post}"
    if school.office_phone:
        return f"ring {clean_line(school.office_phone)} and ask for {person or 'the school office'}"
    if school.office_email:
        return f"write to {f'{person} at ' if person else ''}{clean_line(school.office_email)}"
    return f"speak to {person or 'the school office'}"


def _times(school: School, *, on: date) -> dict[str, Any]:
    """The morning's times that lateness letters name."""
    morning = day_times_on(school, on).filter(half="AM", weekday__isnull=True, year_group="").first()
    return {"late_after": morning.late_after, "register_closes": morning.closes_at} if morning else {}


def _flags(pupil: Pupil, *, on: date) -> dict[str, bool]:
    """What is known of the pupil on that day, each yes or no."""
    standing = set(
        PupilFlag.objects.filter(pupil=pupil, name__in=FLAGS, starts_on__lte=on)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))
        .values_list("name", flat=True)
    )
    if PartTimeTimetable.objects.filter(pupil=pupil, first_day__lte=on, last_day__gte=on).exists():
        standing.add("part_time_timetable")
    return {name: name in standing for name in FLAGS}


def _exceptions(school: School, pupil: Pupil, year: int, *, up_to: date) -> list[tuple[NamedSession, str]]:
    """Return the pupil's absent and late sessions of the year, oldest first, with their codes."""
    rows = (
        Mark.objects.filter(
            school=school,
            academic_year=year,
            pupil=pupil,
            session__on__lte=up_to,
            code_id__in=[*ABSENT_CODES, *LATE_CODES],
        )
        .order_by("session__on", "session__half")
        .values_list("session__on", "session__half", "code_id")
    )
    return [
        (
            NamedSession(
                on, half, code, CODE_BY_SYMBOL[code].statistical_class is not StatisticalClass.UNAUTHORISED
            ),
            code,
        )
        for on, half, code in rows
    ]


def _year_sessions(
    pupil: Pupil, spells: Sequence[tuple[date, date | None]], days: Sequence[date], year: int
) -> int:
    """
    Return the pupil's own possible sessions of the whole year, to come ones included (GEN-12).

    These are the sessions held while they are on roll, less those already marked as not possible.
    """
    planned = sum(
        any(starts <= day and (leaves is None or day <= leaves) for starts, leaves in spells) for day in days
    )
    return (
        planned
        - Mark.objects.filter(
            academic_year=year, pupil=pupil, code__statistical_class=StatisticalClass.NOT_POSSIBLE
        ).count()
    )


def _end_of_next_half_term(calendar: Sequence[tuple[date, str, str]], *, on: date) -> date | None:
    """Return the last day of the half term after that day's; of this one when it is the year's last."""
    ends: dict[str, date] = {}
    for day, half_term, _ in calendar:
        ends[half_term] = day
    still = [day for day in ends.values() if day >= on]
    return still[min(1, len(still) - 1)] if still else None
