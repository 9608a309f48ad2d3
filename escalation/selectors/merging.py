"""
What the letters of a step say: where each merge field comes from, and its value.

The register's figures are those of the day on which the step was judged, so that a letter says what its step
says; names, flags, times and signatures are those of the day on which it is approved. Both are gathered by
`letters`; this module adds what only the policy, the letters before and a person's entries know.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.utils import timezone

from escalation.models import Step, StepState
from escalation.rules.facts import PART_TIME_CODE
from escalation.rules.grammar import CompareCondition, MeasureCondition, leaves
from escalation.rules.ladder import MAIN
from escalation.rules.schema import Policy, Rung
from letters.models import Letter, LetterState
from letters.rules.absences import NamedSession
from letters.rules.catalogue import template_for
from letters.rules.fields import Field, Share, parsed
from letters.rules.templates import LetterTemplate
from letters.selectors.known import known_fields
from registers.models import Mark, Session
from registers.rules.calendar import academic_year_of
from registers.rules.codes import CODE_BY_SYMBOL, StatisticalClass
from registers.rules.figures import NO_SESSIONS
from registers.selectors.figures import figures_for


class Source(StrEnum):
    """Where the value of a merge field comes from."""

    SCHOOL = "the school’s details"
    PUPIL = "the admission register"
    REGISTER = "the attendance register"
    CALENDAR = "the school’s calendar and times"
    POLICY = "the attendance policy"
    LETTERS = "the letters sent before"
    PERSON = "an entry on this page"


SOURCES: dict[str, Source] = {
    **dict.fromkeys(("how_to_reach", "office_phone", "council"), Source.SCHOOL),
    **dict.fromkeys(
        (
            *("pupil", "forename", "class", "date_of_birth", "below_compulsory_age"),
            *("significant_medical", "bereavement", "part_time_timetable"),
        ),
        Source.PUPIL,
    ),
    **dict.fromkeys(
        (
            *("absence_days", "absent_dates", "attendance_pct", "attendance_record", "year_pct"),
            *("max_year_pct", "max_year_pct_at_next_trigger", "year_sessions", "offences", "offence_on"),
            *("late_count", "late_dates", "punctuality"),
            *("period_to", "sessions_absent_unauthorised", "sessions_possible"),
        ),
        Source.REGISTER,
    ),
    **dict.fromkeys(
        ("since", "term", "next_half_term", "evidence_from_date", "late_after", "register_closes"),
        Source.CALENDAR,
    ),
    **dict.fromkeys(
        (
            *("target_pct", "threshold_pct", "minimum_pct", "next_trigger_days", "lessons_begin"),
            "no_work_set",
        ),
        Source.POLICY,
    ),
    **dict.fromkeys(("prior_letter_date", "period_from"), Source.LETTERS),
    **dict.fromkeys(
        (
            *("meeting_at", "review_meeting_at", "panel_at", "met_on", "plan_meeting_date", "plan_date"),
            *("nti_rows", "period", "period_start", "period_end", "early_issue_grounds"),
            *("support_so_far", "support_available", "sufficient_improvement"),
            *("concern", "why", "reply_by", "tried_on"),
            *("leave_dates", "decision", "dates_from", "dates_to", "refusal_reason", "own_words"),
        ),
        Source.PERSON,
    ),
}
# What follows from the marks is as on the day of judgement, everything else as on the day of the letter.
_OF_THE_JUDGEMENT = frozenset(name for name, source in SOURCES.items() if source is Source.REGISTER) | {
    "term"
}
# Steps beside the ladder are about a run of sessions, and their letters name those alone.
_ABOUT_THEIR_SESSIONS = frozenset({"evidence", "no_contact"})


@dataclass(frozen=True)
class SentLetter:
    """One letter that an earlier step of the same ladder sent: which, and on which day."""

    key: str
    on: date


def templates_of(step: Step) -> list[LetterTemplate]:
    """
    Return the templates of the step's letters, in the order of the policy.

    :raises UnknownTemplate: the policy names a letter that no template supplies
    """
    return [template_for(key) for key in step.letters]


def fields_to_enter(step: Step) -> list[Field]:
    """Return the fields of the step's letters that only a person can give, each once, in order."""
    found: dict[str, Field] = {}
    for template in templates_of(step):
        for field in template.fields:
            if SOURCES.get(field.name) is Source.PERSON:
                found.setdefault(field.name, field)
    return list(found.values())


def letters_before(step: Step) -> list[SentLetter]:
    """
    Return what earlier steps of the pupil on the same ladder have sent, oldest first. Two statements.

    Withdrawn letters are left out: a letter may quote only what a family has (GEN-02).
    """
    earlier = [
        f"step:{pk}"
        for pk in Step.objects.filter(
            pupil=step.pupil_id, ladder=step.ladder, state=StepState.APPROVED, judged_on__lte=step.judged_on
        )
        .exclude(pk=step.pk)
        .values_list("pk", flat=True)
    ]
    sent = (
        Letter.objects.filter(pupil=step.pupil_id, origin__in=earlier)
        .exclude(state=LetterState.WITHDRAWN)
        .order_by("prepared_at", "pk")
        .values_list("template_key", "prepared_at")
    )
    return [SentLetter(key, timezone.localdate(at)) for key, at in sent]


def merge_values(step: Step, policy: Policy, template: LetterTemplate) -> dict[str, Any]:
    """
    Return the values of one of the step's letters that `letters` cannot know by itself, by field.

    About fifteen statements, however long the record. Fields of the template without a value are left out:
    `letters` refuses to print a letter while one of them is required.
    """
    declared = {field.name: field for field in template.fields if field.is_given}
    before = letters_before(step)
    period = _period(step, before)
    known = known_fields(
        step.school, step.pupil, on=step.judged_on, late_halves=template.late_halves, period=period
    )
    values = {name: value for name, value in known.items() if name in _OF_THE_JUDGEMENT}
    values |= {"period_from": period[0], "period_to": period[1]} if period else {}
    values |= _about_its_sessions(policy, step)
    values |= _pro_rata(policy, values)
    values |= _of_policy(policy, step, values)
    values |= _of_letters_before(policy, step, before)
    values = {name: value for name, value in values.items() if name in declared and value is not None}
    return values | entered_values(step, declared.values())


def entered_values(step: Step, declared: Iterable[Field]) -> dict[str, Any]:
    """Return what a person entered for the step, in the types of the fields."""
    return {
        field.name: parsed(field, text)
        for field in declared
        if SOURCES.get(field.name) is Source.PERSON and (text := step.edits.get(field.name))
    }


def figures_now(step: Step, policy: Policy) -> dict[str, int]:
    """
    Return the ladder's figures of the day of judgement as the register says them now, which a letter prints.

    They are what later letters compare with (GEN-22). Nothing for steps beside the ladder. Two statements.
    """
    if step.ladder != MAIN:
        return {}
    first_day = date(academic_year_of(step.judged_on), 8, 1)
    counted = figures_for(
        step.school, first_day=first_day, last_day=step.judged_on, pupil_ids=[step.pupil_id]
    )
    figures = counted.get(step.pupil_id, NO_SESSIONS)
    excused = figures.by_code.get(PART_TIME_CODE, 0) if policy.is_pro_rata else 0
    return {
        "attended": figures.attended,
        "absent": figures.absent - excused,
        "possible": figures.possible - excused,
    }


def rung_of(policy: Policy, step: Step) -> Rung | None:
    """Return the rung that the step stands on; None for steps beside the ladder."""
    try:
        return policy.rung(step.rung_id)
    except KeyError:
        return None


# --- the register


def _about_its_sessions(policy: Policy, step: Step) -> dict[str, Any]:
    """Return what a letter about certain sessions says: those that caused the step, as they stand now."""
    is_late = any(rung.id == step.rung_id for rung in policy.lateness.rungs)
    if not step.session_ids or not (is_late or step.ladder in _ABOUT_THEIR_SESSIONS):
        return {}
    sessions = tuple(
        NamedSession(
            on, half, code, CODE_BY_SYMBOL[code].statistical_class is not StatisticalClass.UNAUTHORISED
        )
        for on, half, code in Mark.objects.filter(
            academic_year__in={academic_year_of(step.judged_on), academic_year_of(step.judged_on) - 1},
            pupil=step.pupil_id,
            session__in=step.session_ids,
        )
        .order_by("session__on", "session__half")
        .values_list("session__on", "session__half", "code_id")
    )
    if step.ladder in _ABOUT_THEIR_SESSIONS:
        return {"absent_dates": sessions, "absence_days": Decimal(len(sessions)) / 2}
    late = tuple(session for session in sessions if CODE_BY_SYMBOL[session.code].is_late)
    return {"late_dates": late, "late_count": len(late)}


def _pro_rata(policy: Policy, values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the sessions of a part-time timetable where the policy judges pupils pro rata (WEL-22)."""
    absent: Sequence[NamedSession] = values.get("absent_dates", ())
    excused = sum(session.code == PART_TIME_CODE for session in absent)
    share = values.get("attendance_pct")
    if not policy.is_pro_rata or not excused or share is None:
        return {}
    due = Share(share.part, share.whole - excused) if share.whole > excused else None
    return {
        "absent_dates": tuple(session for session in absent if session.code != PART_TIME_CODE),
        "absence_days": Decimal(len(absent) - excused) / 2,
        "attendance_pct": due,
        "attendance_record": due,
        # The letter would otherwise say that these sessions are in the figure.
        "part_time_timetable": False,
    }


# --- the policy


def _of_policy(policy: Policy, step: Step, values: Mapping[str, Any]) -> dict[str, Any]:
    begins = policy.day.lessons_begin
    found: dict[str, Any] = {
        "target_pct": policy.targets.school_pct,
        "minimum_pct": policy.targets.letters_minimum_pct,
        "lessons_begin": time.fromisoformat(begins) if begins else None,
        "no_work_set": policy.leave.work_set is False,
    }
    rung = rung_of(policy, step)
    if rung is None:
        return found
    days = _days_of(rung)
    later = [more for other in policy.ladder.rungs if days and (more := _days_of(other)) and more > days]
    found["next_trigger_days"] = min(later, default=None)
    found["threshold_pct"] = _threshold(policy, rung, values)
    return found


def _days_of(rung: Rung) -> int | Decimal | None:
    """Return the days of absence at which a rung is reached."""
    return next(
        (
            leaf.value
            for leaf in leaves(rung.when)
            if isinstance(leaf, MeasureCondition)
            and leaf.measure == "absence_days"
            and not isinstance(leaf.value, str)
        ),
        None,
    )


def _threshold(policy: Policy, rung: Rung, values: Mapping[str, Any]) -> int | Decimal | None:
    """Return the attendance below which the rung is reached, by term and with the autumn exception if any."""
    for leaf in leaves(rung.when):
        if not isinstance(leaf, MeasureCondition) or leaf.measure != "attendance_pct":
            continue
        if not isinstance(leaf.value, str):
            return leaf.value
        by_term, exception, term = (
            policy.ladder.term_threshold_pct,
            policy.ladder.autumn_exception,
            values.get("term"),
        )
        if by_term is None or term is None:
            return None
        absent: Sequence[NamedSession] = values.get("absent_dates", ())
        if (
            term == "autumn"
            and exception is not None
            and any(session.code in exception.codes for session in absent)
        ):
            return exception.threshold_pct
        found: int | Decimal = getattr(by_term, term)
        return found
    return None


# --- earlier letters


def _of_letters_before(policy: Policy, step: Step, before: Sequence[SentLetter]) -> dict[str, Any]:
    """
    Return the date of the letter that this one follows.

    A rung that compares with a certain letter follows that one, any other the latest of the ladder. A letter
    of an earlier academic year is not quoted: what has happened "since then" is another year's figure.
    """
    rung = rung_of(policy, step)
    compared = (
        {leaf.letter for leaf in leaves(rung.when) if isinstance(leaf, CompareCondition)} if rung else set()
    )
    year = academic_year_of(step.judged_on)
    quoted = [
        letter
        for letter in before
        if academic_year_of(letter.on) == year and (not compared or letter.key in compared)
    ]
    return {"prior_letter_date": quoted[-1].on} if quoted else {}


def _period(step: Step, before: Sequence[SentLetter]) -> tuple[date, date] | None:
    """Return the days since the latest letter of the ladder; None without one: the whole year."""
    if not before or step.ladder != MAIN:
        return None
    sent_on = max(letter.on for letter in before)
    first = (
        Session.objects.filter(school=step.school_id, status="held", on__gt=sent_on, on__lte=step.judged_on)
        .order_by("number")
        .values_list("on", flat=True)
        .first()
    )
    return (first, step.judged_on) if first is not None else None


def must_lie_ahead(name: str) -> bool:
    """Say whether a date that a person enters is one to come."""
    return name in {"meeting_at", "review_meeting_at", "panel_at", "reply_by", "period_end"}


def must_lie_behind(name: str) -> bool:
    """Say whether a date that a person enters is one that has been."""
    return name in {"met_on", "plan_meeting_date", "plan_date", "tried_on"}


def day_of(value: Any) -> date | None:
    """Return the day of a date or a moment, and nothing for any other value."""
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else None
