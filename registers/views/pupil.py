"""A pupil's main page: the figures, the marks of a year, a half term or a week, and what was amended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.access import Right
from accounts.http import StaffRequest, staff_page
from accounts.people import SYSTEM_EMAIL
from registers import access
from registers.clock import present_moment
from registers.code_choices import code_key
from registers.forms.amending import REASONS, AmendForm
from registers.heat_map import WEEKDAYS, HalfTerm, Week, heat_map
from registers.models import Pupil
from registers.pupil_tabs import tabs_of
from registers.rules.age import csa_end, csa_start, is_compulsory_age
from registers.rules.calendar import academic_year_name, academic_year_of
from registers.rules.codes import NATIONAL_CODES
from registers.rules.figures import NO_SESSIONS, Figures
from registers.rules.looks import LOOK_OF_CLASS, Look
from registers.selectors import pupil_marks
from registers.selectors.figures import figures_for
from registers.selectors.pupil_marks import (
    Amendment,
    MarkRun,
    PupilFacts,
    SessionMark,
)
from registers.services.amendments import MOST_TO_UNDO
from registers.words import code_name, day

WHOLE_YEAR = "year"
TIMELINE_LENGTH = 20
# The few flags whose name says too little on a page; others are their name with spaces.
FLAG_WORDS = {"ebsa": "Emotionally based school avoidance", "significant_medical": "Significant medical need"}


@dataclass(frozen=True)
class Period:
    """What part of the year is shown."""

    key: str  # "year", "half:Autumn 1" or "week:2026-11-16"
    label: str
    sessions: Sequence[SessionMark]


@dataclass(frozen=True)
class ShownHalfTerm:
    """One half term of the list, with its figures."""

    name: str
    figures: Figures
    weeks: Sequence[Week]
    is_open: bool


@dataclass(frozen=True)
class ShownAmendment:
    """One act of the timeline, in words."""

    act: Amendment
    runs: Sequence[tuple[MarkRun, str]]  # with the sessions in words
    can_undo: bool

    @property
    def others(self) -> int:
        """Return how many marks of other pupils the act changed."""
        return self.act.marks_of_all - len(self.act.lines)


@require_safe
@staff_page(Right.SEE_REGISTERS)
def pupil(request: StaffRequest, pupil_id: int) -> HttpResponse:
    """Show a pupil's marks over time, with the figures that they make."""
    at = present_moment()
    today = at.date()
    child = access.pupil_for(request.user, request.roles, school=request.school, pk=pupil_id, on=today)
    facts = pupil_marks.pupil_facts(child, on=today)
    year = _year_asked(request, facts, today=today)
    sessions = pupil_marks.sessions_of_year(child, academic_year=year)
    periods = _periods_of(sessions, today=today)
    period = next((one for one in periods if one.key == request.GET.get("period")), periods[0])
    half_terms = heat_map(period.sessions, at=at, today=today)
    may_amend = request.may(Right.AMEND_MARKS)
    until = min(today, period.sessions[-1].on) if period.sessions else today
    figures = _figures(request, child, period, until=until)
    acts = pupil_marks.amendments_of(child, academic_year=year)
    shows_all = request.GET.get("amendments") == "all"
    context = {
        "pupil": child,
        "facts": facts,
        "today": today,
        "age_gate": age_gate_words(child.date_of_birth, on=today),
        "flags": _flag_words(child, facts) if request.may(Right.SEE_PUPILS) else (),
        "siblings": facts.siblings if request.may(Right.SEE_PUPILS) else (),
        "tabs": tabs_of(request, child, "registers:pupil"),
        "year": year,
        "years": [(one, academic_year_name(one)) for one in sorted({*facts.academic_years, year})[::-1]],
        "periods": periods,
        "period": period,
        "neighbours": _neighbours(periods, period),
        "figures": figures,
        "figures_words": _figures_words(period, figures, until=until, today=today),
        "summary": _summary(child, figures),
        "half_terms": half_terms,
        "is_whole_year": period.key == WHOLE_YEAR,
        "rows": _rows_of(half_terms),
        "shown": [
            ShownHalfTerm(
                one.name,
                pupil_marks.figures_of_sessions(one.sources),
                [week for week in one.weeks if week.monday <= today],
                is_open=period.key != WHOLE_YEAR or _is_current(one, half_terms, today=today),
            )
            for one in half_terms
            if one.weeks[0].monday <= today
        ],
        "timeline": [
            _shown(act, today=today, may_amend=may_amend)
            for act in (acts if shows_all else acts[:TIMELINE_LENGTH])
        ],
        "older": 0 if shows_all else max(0, len(acts) - TIMELINE_LENGTH),
        "may_amend": may_amend,
        "sees_all": request.may(Right.SEE_PUPILS),
        "form": AmendForm(year=str(year), period=period.key),
        "code_groups": code_key(period.sessions[0].on if period.sessions else today, "AM"),
        "reasons": REASONS,
        "script": _script(request, child, period.sessions, at=at, may_amend=may_amend),
    }
    return render(request, "registers/pupil.html", context)


def age_gate_words(date_of_birth: date, *, on: date) -> str:
    """Return in words whether the law requires attendance (Education Act 1996 section 8)."""
    starts, ends = csa_start(date_of_birth), csa_end(date_of_birth)
    if on < starts:
        return f"Not yet of compulsory school age: from {starts.day} {starts:%b %Y}"
    if on > ends:
        return f"Above compulsory school age since {ends.day} {ends:%b %Y}"
    return f"Compulsory school age since {starts.day} {starts:%b %Y}"


def _flag_words(child: Pupil, facts: PupilFacts) -> tuple[str, ...]:
    words = [FLAG_WORDS.get(name, name.replace("_", " ").capitalize()) for name in facts.flags]
    if child.ehcp:
        words.append("Education, health and care plan")
    elif child.sen == "K":
        words.append("SEN support")
    return tuple(words)


def _year_asked(request: StaffRequest, facts: PupilFacts, *, today: date) -> int:
    asked = request.GET.get("year", "")
    years = facts.academic_years
    if asked.isdecimal() and len(asked) == 4 and int(asked) in years:
        return int(asked)
    return pupil_marks.current_year(years, on=today)


def _periods_of(sessions: Sequence[SessionMark], *, today: date) -> list[Period]:
    """Return the whole year, each half term, and each week up to the present one."""
    periods = [Period(WHOLE_YEAR, "Whole year", sessions)]
    half_terms: dict[str, list[SessionMark]] = {}
    weeks: dict[date, list[SessionMark]] = {}
    for one in sessions:
        half_terms.setdefault(one.half_term, []).append(one)
        weeks.setdefault(one.monday, []).append(one)
    periods += [Period(f"half:{name}", name, found) for name, found in half_terms.items()]
    periods += [
        Period(f"week:{monday.isoformat()}", f"Week of {day(monday, today)}", found)
        for monday, found in weeks.items()
        if monday <= today
    ]
    return periods


def _neighbours(periods: Sequence[Period], period: Period) -> tuple[Period | None, Period | None]:
    """Return the half term or week before and after the one shown."""
    alike = [one for one in periods if one.key.partition(":")[0] == period.key.partition(":")[0]]
    place = alike.index(period)
    before = alike[place - 1] if place > 0 else None
    after = alike[place + 1] if place + 1 < len(alike) else None
    return before, after


def _figures(request: StaffRequest, child: Pupil, period: Period, *, until: date) -> Figures:
    if not period.sessions:
        return NO_SESSIONS
    first_day = period.sessions[0].on
    found = figures_for(request.school, first_day=first_day, last_day=until, pupil_ids=[child.pk])
    return found.get(child.pk, NO_SESSIONS)


def _figures_words(period: Period, figures: Figures, *, until: date, today: date) -> str:
    if not period.sessions or period.sessions[0].on > today:
        return "No session yet"
    first_day = period.sessions[0].on
    span = f"{first_day.day} {first_day:%b} to {until.day} {until:%b}"
    if academic_year_of(until) != academic_year_of(today):
        span += f" {until.year}"
    return f"{figures.sentence()}, {span}"


def _summary(child: Pupil, figures: Figures) -> str:
    """Return the marks shown in one sentence."""
    if not figures.by_code:
        return f"{child.forename} has no marks in this period yet."
    parts = [
        f"{count} {words}"
        for count, words in (
            (figures.authorised, "authorised absent"),
            (figures.unauthorised, "unauthorised absent"),
            (figures.late, "late"),
        )
        if count
    ]
    rest = f": {', '.join(parts)}" if parts else ", never absent or late"
    return f"{child.forename} attended {figures.attended} of {figures.possible} possible sessions{rest}."


def _is_current(half_term: HalfTerm, half_terms: Sequence[HalfTerm], *, today: date) -> bool:
    """Say whether this is the latest half term that has begun."""
    begun = [one for one in half_terms if one.weeks[0].monday <= today]
    return bool(begun) and begun[-1] is half_term


def _rows_of(half_terms: Sequence[HalfTerm]) -> list[tuple[str, list[Any]]]:
    """Return the year's ten rows, Mon AM to Fri PM, each with the cell of every week."""
    weeks = [week for half_term in half_terms for week in half_term.weeks]
    return [
        (f"{weekday} {half}", [week.cells[number * 2 + place] for week in weeks])
        for number, weekday in enumerate(WEEKDAYS)
        for place, half in enumerate(("AM", "PM"))
    ]


def _shown(act: Amendment, *, today: date, may_amend: bool) -> ShownAmendment:
    return ShownAmendment(
        act=act,
        runs=[(run, _sessions_words(run, today=today)) for run in pupil_marks.runs_of(act.lines)],
        can_undo=may_amend
        and bool(act.reason)
        and act.by_email != SYSTEM_EMAIL
        and act.marks_of_all <= MOST_TO_UNDO,
    )


def _sessions_words(run: MarkRun, *, today: date) -> str:
    """Return the sessions of a run: one by name, more from the first to the last."""
    first, last = run.lines[0], run.lines[-1]
    if first is last:
        return f"{day(first.on, today)} {first.half}"
    if first.on == last.on:
        return f"{day(first.on, today)}, AM and PM"
    return (
        f"{len(run.lines)} sessions, {day(first.on, today)} {first.half} to {day(last.on, today)} {last.half}"
    )


def _script(
    request: StaffRequest,
    child: Pupil,
    sessions: Sequence[SessionMark],
    *,
    at: datetime,
    may_amend: bool,
) -> dict[str, Any]:
    """
    Return what the script needs to preview an amendment without asking: what stands, and what may.

    The server judges again what is sent.
    """
    keys = {"school_key": request.school.key, "pupil_id": child.pk, "session_id": 0}
    return {
        "history": reverse("registers:mark_history", kwargs=keys),
        "mayAmend": may_amend,
        "singleKeys": request.user.uses_single_keys,
        "reasons": REASONS,
        "sessions": [
            [
                one.session_id,
                one.on.isoformat(),
                one.half,
                one.code,
                _standing_bits(one, child, at=at),
            ]
            for one in sessions
        ]
        if may_amend
        else [[one.session_id] for one in sessions],
        "codes": _codes_for_script() if may_amend else {},
    }


def _standing_bits(one: SessionMark, child: Pupil, *, at: datetime) -> str:
    """Return one letter for each thing that is so: held, on roll, begun, timetable, compulsory age."""
    return "".join(
        letter
        for letter, is_so in (
            ("h", one.is_held),
            ("r", one.is_on_roll),
            ("b", at >= one.opens_at),
            ("t", one.has_timetable),
            ("c", is_compulsory_age(child.date_of_birth, one.on)),
        )
        if is_so
    )


def _codes_for_script() -> dict[str, Any]:
    looks = {"L": Look.LATE, "N": Look.UNEXPLAINED}
    return {
        rule.symbol: {
            "name": code_name(rule.symbol),
            "look": looks.get(rule.symbol, LOOK_OF_CLASS[rule.statistical_class]),
            "half": rule.half,
            "nature": rule.nature_required,
            "age": rule.age_rule,
            "from": rule.valid_from.isoformat() if rule.valid_from else "",
            "to": rule.valid_to.isoformat() if rule.valid_to else "",
        }
        for rule in NATIONAL_CODES
        if rule.is_mark
    }
