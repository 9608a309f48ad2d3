"""
Whether an open step still holds when a person is about to approve it (GEN-19).

The sweep withdraws a step whose reason is gone, but only at night. A mark that was amended since is noticed
here, by the same rules and as on the day of judgement.
"""

from escalation.models import Step
from escalation.rules import loading
from escalation.rules.engine import Engine
from escalation.rules.facts import LadderState
from escalation.rules.replay import PupilTrack
from escalation.rules.schema import Policy
from escalation.selectors import judging, merging
from registers.models import Mark
from registers.rules.calendar import academic_year_of
from registers.rules.codes import ABSENT, CODE_BY_SYMBOL, StatisticalClass


def counting_codes(step: Step) -> frozenset[str]:
    """Return the codes with which a session counts towards the step."""
    rules = CODE_BY_SYMBOL.values()
    if "late" in step.figures:
        return frozenset(rule.symbol for rule in rules if rule.is_late)
    match step.ladder:
        case "evidence":
            return frozenset({"I"})
        case "no_contact":
            return frozenset({"N", "O"})
        case "threshold" | "unauthorised_20_sessions":
            wanted = frozenset({StatisticalClass.UNAUTHORISED})
        case _:
            wanted = ABSENT
    return frozenset(rule.symbol for rule in rules if rule.statistical_class in wanted)


def codes_of_sessions(step: Step) -> dict[int, str]:
    """Return the marks that stand now in the sessions that caused a step, by session. One statement."""
    year = academic_year_of(step.judged_on)
    return dict(
        Mark.objects.filter(
            academic_year__in=(year - 1, year), pupil=step.pupil_id, session__in=step.session_ids
        ).values_list("session_id", "code_id")
    )


def has_changed(step: Step, policy: Policy) -> bool:
    """Say whether the register says something else now of what the step was judged by. Three statements."""
    counting, codes = counting_codes(step), codes_of_sessions(step)
    if any(codes.get(session_id) not in counting for session_id in step.session_ids):
        return True
    now = merging.figures_now(step, policy)
    return any(step.figures.get(name, value) != value for name, value in now.items())


def is_gone(step: Step, policy: Policy) -> bool:
    """
    Say whether the step's reason is gone: judged again, as on its own day, the sweep would withdraw it.

    Nothing is judged again while the register says what it said, unless sessions at another school counted;
    otherwise a dozen statements.
    """
    # Marks of another school can change as well, and have no sessions here to tell by.
    is_partly_elsewhere = bool(step.figures.get("elsewhere"))
    if not is_partly_elsewhere and (not step.session_ids or not has_changed(step, policy)):
        return False
    years = judging.years_before(step.judged_on)
    calendar = judging.calendar_of(step.school, years=years)
    history = judging.histories_of(step.school, pupil_ids=[step.pupil_id], years=years)[step.pupil_id]
    day = calendar.school_calendar.day(step.judged_on)
    facts = PupilTrack(history, calendar.school_calendar).facts_on(day)
    standing, _ = judging.standing_of(
        step.school, calendar.school_calendar, on=step.judged_on, pupil_ids=[step.pupil_id]
    )
    of_pupil: dict[str, LadderState] = standing.get(step.pupil_id, {})
    engine = Engine(policy, loading.national())
    return any(
        decision.ladder == step.ladder and decision.rung == step.rung_id and decision.state == "withdrawn"
        for decision in engine.decide(facts, of_pupil, {step.ladder: facts})
    )
