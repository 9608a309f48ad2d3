"""
What the engine needs to judge a school's pupils, gathered with a fixed number of statements.

The second provider of `rules.facts` (the first is `rules.replay`): the database counts attended sessions for
each window, and only marks that are not plain presence come as rows, a few per cent of all marks.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from absences.selectors.reaching import days_reached
from accounts.models import School
from escalation.models import OPEN_STATES, Step, StepState
from escalation.rules.calendar import CalendarSession, SchoolCalendar, SchoolDay
from escalation.rules.engine import Engine
from escalation.rules.facts import (
    PART_TIME_FLAG,
    Dismissed,
    LadderState,
    Occasion,
    Open,
    PupilFacts,
    Ratio,
    SessionElsewhere,
    Taken,
    kind_of,
)
from escalation.rules.ladder import MAIN
from escalation.rules.replay import Period, PupilHistory
from registers.models import Enrolment, PartTimeTimetable, Pupil, PupilFlag, Session
from registers.rules.calendar import academic_year_of
from registers.rules.codes import ATTENDING, NATIONAL_CODES
from registers.selectors.roll import previous_sessions

ATTENDING_CODES = sorted(rule.symbol for rule in NATIONAL_CODES if rule.statistical_class in ATTENDING)

OCCASIONS = """
SELECT m.pupil_id, s.number, m.code
FROM registers_mark AS m
JOIN registers_session AS s ON s.id = m.session_id
WHERE m.school_id = %(school)s AND m.code NOT IN ('/', '\\')
    AND m.academic_year BETWEEN %(first_year)s AND %(last_year)s
    AND s.number BETWEEN %(first)s AND %(last)s
ORDER BY m.pupil_id, s.number
"""

# One count for each window, in one pass over the marks of the longest.
ATTENDED = """
SELECT m.pupil_id, {counts}
FROM registers_mark AS m
JOIN registers_session AS s ON s.id = m.session_id
WHERE m.school_id = %(school)s AND m.code = ANY (%(attending)s)
    AND m.academic_year BETWEEN %(first_year)s AND %(last_year)s
    AND s.number BETWEEN %(first)s AND %(last)s
GROUP BY m.pupil_id
"""

HISTORIES = """
SELECT m.pupil_id, array_agg(s.number ORDER BY s.number), array_agg(m.code ORDER BY s.number)
FROM registers_mark AS m
JOIN registers_session AS s ON s.id = m.session_id
WHERE m.school_id = %(school)s AND m.pupil_id = ANY (%(pupils)s)
    AND m.academic_year BETWEEN %(first_year)s AND %(last_year)s
GROUP BY m.pupil_id
"""


@dataclass(frozen=True)
class Calendar:
    """A school's held sessions as the rules see them, with the row of each number."""

    school_calendar: SchoolCalendar
    session_ids: Mapping[int, int]  # session number -> row


@dataclass(frozen=True)
class JudgedPupil:
    """One pupil on roll with what the engine judges: facts of tonight and where the pupil stands."""

    pupil_id: int
    upn: str
    facts: PupilFacts
    standing: Mapping[str, LadderState]
    open_steps: Mapping[str, Step]  # by ladder


def calendar_of(school: School, *, years: tuple[int, int]) -> Calendar:
    """Return the held sessions of some academic years, first and last included, the planned ones too."""
    held = list(
        Session.objects.filter(
            school=school, status="held", academic_year__range=years, number__isnull=False
        ).order_by("number")
    )
    sessions = [
        CalendarSession(
            row.number or 0,
            row.on,
            row.half,
            row.school_week or 0,
            row.half_term,
            row.term,
            row.academic_year,
        )
        for row in held
    ]
    return Calendar(SchoolCalendar(sessions), {row.number or 0: row.pk for row in held})


def pupils_to_judge(school: School, engine: Engine, calendar: Calendar, *, on: date) -> list[JudgedPupil]:
    """
    Return every pupil on roll that day with facts and standing, by surname.

    Nine statements, however many pupils: pupils, occasions, attended sessions, flags, timetables, the steps
    taken before, what other schools marked, and on which days a family was reached.
    """
    day = calendar.school_calendar.day(on)
    pupils = list(
        Pupil.objects.filter(school=school, enrolments__starts_on__lte=on)
        .filter(Q(enrolments__leaving_on__isnull=True) | Q(enrolments__leaving_on__gte=on))
        .order_by("surname", "forename", "pk")
        .values_list("pk", "upn", "date_of_birth")
    )
    occasions = _occasions(school, engine, calendar.school_calendar, day)
    attended = _attended(school, engine, day)
    flags = _flags(school, on)
    elsewhere = _elsewhere(school, on=on)
    reached = days_reached(school, since=date(academic_year_of(on) - 1, 8, 1))
    standing, open_steps = standing_of(school, calendar.school_calendar, on=on)
    nothing = dict.fromkeys(engine.percentage_windows, 0)
    return [
        JudgedPupil(
            pupil_id,
            upn,
            PupilFacts(
                day=day,
                date_of_birth=date_of_birth,
                occasions=occasions.get(pupil_id, ()),
                attended=attended.get(pupil_id, nothing),
                flags=frozenset(flags.get(pupil_id, ())),
                reached_on=max((day for day in reached.get(pupil_id, ()) if day <= on), default=None),
                elsewhere=elsewhere.get(pupil_id, ()),
            ),
            standing.get(pupil_id, {}),
            open_steps.get(pupil_id, {}),
        )
        for pupil_id, upn, date_of_birth in pupils
    ]


def histories_of(
    school: School, *, pupil_ids: Collection[int] | None, years: tuple[int, int]
) -> dict[int, PupilHistory]:
    """
    Return whole registers of pupils over some academic years, by pupil id; of every pupil when none are
    named.

    Seven statements, however many pupils.
    """
    pupils = Pupil.objects.filter(school=school)
    if pupil_ids is not None:
        pupils = pupils.filter(pk__in=pupil_ids)
    known = {pk: (upn, born) for pk, upn, born in pupils.values_list("pk", "upn", "date_of_birth")}
    marks: dict[int, dict[int, str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            HISTORIES,
            {"school": school.pk, "pupils": list(known), "first_year": years[0], "last_year": years[1]},
        )
        for pupil_id, numbers, codes in cursor.fetchall():
            marks[pupil_id] = dict(zip(numbers, codes, strict=True))
    enrolled: dict[int, list[Period]] = {}
    for pupil_id, starts_on, leaving_on in Enrolment.objects.filter(pupil_id__in=known).values_list(
        "pupil_id", "starts_on", "leaving_on"
    ):
        enrolled.setdefault(pupil_id, []).append(Period(starts_on, leaving_on))
    flags: dict[int, list[tuple[str, Period]]] = {}
    for pupil_id, name, starts_on, ends_on in PupilFlag.objects.filter(pupil_id__in=known).values_list(
        "pupil_id", "name", "starts_on", "ends_on"
    ):
        flags.setdefault(pupil_id, []).append((name, Period(starts_on, ends_on)))
    for pupil_id, first_day, last_day in PartTimeTimetable.objects.filter(pupil_id__in=known).values_list(
        "pupil_id", "first_day", "last_day"
    ):
        flags.setdefault(pupil_id, []).append((PART_TIME_FLAG, Period(first_day, last_day)))
    until = date(years[1] + 1, 7, 31)
    elsewhere = _elsewhere(school, on=until, since=date(years[0], 8, 1), pupil_ids=list(known))
    reached = days_reached(school, since=date(years[0], 8, 1), pupil_ids=list(known))
    return {
        pupil_id: PupilHistory(
            upn=upn,
            date_of_birth=date_of_birth,
            marks=marks.get(pupil_id, {}),
            enrolled=tuple(enrolled.get(pupil_id, ())),
            flags=tuple(flags.get(pupil_id, ())),
            reached_on=reached.get(pupil_id, ()),
            elsewhere=elsewhere.get(pupil_id, ()),
        )
        for pupil_id, (upn, date_of_birth) in known.items()
    }


def years_before(on: date) -> tuple[int, int]:
    """Return the academic years that a judgement of that day can reach into: this one and the one before."""
    return academic_year_of(on) - 1, academic_year_of(on)


def _first_number(engine: Engine, day: SchoolDay) -> int:
    """Return the first session any rule can look at: of the academic year or the longest rolling window."""
    rolling = day.first_number(f"rolling_school_weeks({engine.longest_rolling_weeks})")
    return min(day.year_from, rolling)


def _reach(school: School, day: SchoolDay, first: int) -> dict[str, int | list[str]]:
    """Return the sessions to read, from a number to tonight, and the partitions of marks that hold them."""
    latest = day.calendar.academic_year_of_number(day.last_number, otherwise=day.academic_year)
    earliest = day.calendar.academic_year_of_number(first, otherwise=latest)
    return {
        "school": school.pk,
        "first_year": earliest,
        "last_year": latest,
        "first": first,
        "last": day.last_number,
    }


def _occasions(
    school: School, engine: Engine, calendar: SchoolCalendar, day: SchoolDay
) -> dict[int, list[Occasion]]:
    found: dict[int, list[Occasion]] = {}
    with connection.cursor() as cursor:
        cursor.execute(OCCASIONS, _reach(school, day, _first_number(engine, day)))
        for pupil_id, number, code in cursor.fetchall():
            kind = kind_of(code)
            if kind is not None:
                session = calendar.session(number)
                found.setdefault(pupil_id, []).append(
                    Occasion(number, session.on, session.half, session.school_week, code, kind)
                )
    return found


def _attended(school: School, engine: Engine, day: SchoolDay) -> dict[int, dict[str, int]]:
    firsts = {window: day.first_number(window) for window in engine.percentage_windows}
    counts = ", ".join(f"count(*) FILTER (WHERE s.number >= {int(first)})" for first in firsts.values())
    reach = _reach(school, day, min(firsts.values()))
    with connection.cursor() as cursor:
        cursor.execute(ATTENDED.format(counts=counts), reach | {"attending": ATTENDING_CODES})
        return {row[0]: dict(zip(firsts, row[1:], strict=True)) for row in cursor.fetchall()}


def _elsewhere(
    school: School, *, on: date, since: date | None = None, pupil_ids: Collection[int] | None = None
) -> dict[int, tuple[SessionElsewhere, ...]]:
    """Return what schools before marked, from the academic year before that of the day. One statement."""
    first = since or date(years_before(on)[0], 8, 1)
    found = previous_sessions(school, since=first, until=on, pupil_ids=pupil_ids)
    return {
        pupil_id: tuple(SessionElsewhere(one.on, one.half, one.code) for one in sessions)
        for pupil_id, sessions in found.items()
    }


def _flags(school: School, on: date) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for pupil_id, name in (
        PupilFlag.objects.filter(school=school, starts_on__lte=on)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))
        .values_list("pupil_id", "name")
    ):
        found.setdefault(pupil_id, set()).add(name)
    for pupil_id in PartTimeTimetable.objects.filter(
        school=school, first_day__lte=on, last_day__gte=on
    ).values_list("pupil_id", flat=True):
        found.setdefault(pupil_id, set()).add(PART_TIME_FLAG)
    return found


def standing_of(
    school: School, calendar: SchoolCalendar, *, on: date, pupil_ids: Collection[int] | None = None
) -> tuple[dict[int, dict[str, LadderState]], dict[int, dict[str, Step]]]:
    """
    Return where pupils stand on each ladder, and the open step on it; every pupil when none are named.

    One statement.
    """
    standing: dict[int, dict[str, LadderState]] = {}
    open_steps: dict[int, dict[str, Step]] = {}
    steps = (
        Step.objects.filter(school=school)
        .exclude(state=StepState.WITHDRAWN)
        .only(
            *("pupil_id", "ladder", "rung_id", "state", "judged_on", "letters", "figures"),
            *("decided_at", "decision_reason"),
        )
        .order_by("judged_on", "pk")
    )
    if pupil_ids is not None:
        steps = steps.filter(pupil_id__in=pupil_ids)
    for step in steps:
        of_pupil = standing.setdefault(step.pupil_id, {})
        of_pupil[step.ladder] = _after(of_pupil.get(step.ladder, LadderState()), step, calendar, on)
        if step.state in OPEN_STATES:
            open_steps.setdefault(step.pupil_id, {})[step.ladder] = step
    return standing, open_steps


def _after(state: LadderState, step: Step, calendar: SchoolCalendar, on: date) -> LadderState:
    academic_year = academic_year_of(step.judged_on)
    if step.state in OPEN_STATES:
        # A hold that a person set stays until a person lifts it: to the rules the step waits like any other.
        is_held = step.state == StepState.HELD and not is_held_by_person(step)
        last_number = calendar.day(step.judged_on).last_number
        opened = Open(
            step.rung_id, "held" if is_held else "proposed", step.judged_on, academic_year, last_number
        )
        return replace(state, open=opened)
    decided_on = _decided_on(step, on)
    if step.state == StepState.DISMISSED:
        return replace(state, dismissed=Dismissed(step.rung_id, decided_on))
    is_passed = step.state == StepState.PASSED
    # The ladder goes on from the day of the letter; the rules beside it from the sessions they have used.
    counted_from = decided_on if step.ladder == MAIN and not is_passed else step.judged_on
    taken = Taken(
        rung=step.rung_id,
        on=step.judged_on if is_passed else decided_on,
        academic_year=academic_year,
        last_number=calendar.day(counted_from).last_number,
        letters=tuple(step.letters),
        figure=_figure(step.figures),
        is_passed=is_passed,
    )
    return replace(state, taken=(*state.taken, taken))


def is_held_by_person(step: Step) -> bool:
    """Say whether a person holds the step, and not the policy, whose hold the sweep may lift."""
    return step.state == StepState.HELD and step.decision_reason != ""


def _decided_on(step: Step, on: date) -> date:
    """Return the day of a decision; for a sweep of an earlier evening than that, the day it was proposed."""
    decided_on = timezone.localdate(step.decided_at) if step.decided_at is not None else step.judged_on
    return decided_on if step.judged_on <= decided_on <= on else step.judged_on


def _figure(figures: Mapping[str, int]) -> Ratio | None:
    if "attended" in figures and "possible" in figures:
        return Ratio(figures["attended"], figures["possible"])
    return None


def session_ids(calendar: Calendar, numbers: Sequence[int]) -> list[int]:
    """Return the rows of sessions by their numbers."""
    return [calendar.session_ids[number] for number in numbers]
