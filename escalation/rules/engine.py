"""One policy ready to judge pupils: its ladder, the rules beside it, and its prompts."""

from collections.abc import Mapping

from escalation.rules.conditions import Judge
from escalation.rules.facts import NOWHERE, Decision, Prompt, PupilFacts, Standing
from escalation.rules.grammar import (
    PERCENT_MEASURES,
    Condition,
    ManualCondition,
    MeasureCondition,
    leaves,
    rolling_weeks,
)
from escalation.rules.ladder import MAIN, LadderRules
from escalation.rules.national import NationalPolicy
from escalation.rules.outside import side_rules
from escalation.rules.schema import Policy, Rung

_NO_FACTS: Mapping[str, PupilFacts] = {}


class Engine:
    """Judges pupils under one policy. It holds no state of any pupil; sweep and replay use the same one."""

    def __init__(self, policy: Policy, national: NationalPolicy) -> None:
        self.policy = policy
        self.judge = Judge(policy)
        self.ladder = LadderRules(self.judge)
        self.side_rules = side_rules(self.judge, national)
        self._prompting = [
            (MAIN if rung in policy.ladder.rungs else rung.id, rung, rung.when.prompt)
            for rung in (*policy.ladder.rungs, *policy.lateness.rungs)
            if isinstance(rung.when, ManualCondition) and rung.when.prompt is not None
        ]
        self.longest_rolling_weeks = max(
            national.penalty_threshold.window_school_weeks,
            *(rolling_weeks(window) or 0 for window in _windows(policy)),
        )
        self.percentage_windows = tuple(sorted(_percentage_windows(policy)))

    def decide(
        self, facts: PupilFacts, standing: Standing, then: Mapping[str, PupilFacts] = _NO_FACTS
    ) -> list[Decision]:
        """
        Judge one pupil on one evening, every ladder in turn.

        :param then: by ladder, for a step that is open: the facts of the day on which it was judged, with
            the marks as they stand now
        """
        decisions = self.ladder.decide(facts, standing.get(MAIN, NOWHERE), then.get(MAIN))
        for rule in self.side_rules:
            decisions += rule.decide(facts, standing.get(rule.ladder, NOWHERE), then.get(rule.ladder))
        return decisions

    def prompts(self, facts: PupilFacts, standing: Standing) -> list[Prompt]:
        """
        Return the lists that a pupil belongs on tonight: prompts of manual rungs that were not yet acted on.
        """
        prompts = []
        for ladder, rung, condition in self._prompting:
            state = self.ladder.in_force(standing.get(ladder, NOWHERE), facts.day.academic_year)
            if any(taken.rung == rung.id for taken in state.taken) or not self.judge.holds(
                condition, facts, state
            ):
                continue
            explanation = self.judge.explain(condition, facts, state)
            prompts.append(Prompt(ladder, rung.id, explanation.text, explanation.sessions))
        return prompts

    def looks_back(self, ladder: str, rung: str) -> bool:
        """Say whether an open step is judged by the facts of its own day, and not by tonight's alone."""
        if ladder == MAIN:
            return self.ladder.is_reviewed(rung)
        return any(rule.looks_back for rule in self.side_rules if rule.ladder == ladder)


def _conditions(policy: Policy) -> list[Condition]:
    found: list[Condition] = []
    for rung in (*policy.ladder.rungs, *policy.lateness.rungs):
        for condition in _conditions_of(rung):
            found += leaves(condition)
    return found


def _conditions_of(rung: Rung) -> list[Condition]:
    conditions: list[Condition] = [rung.when]
    if rung.guard is not None:
        conditions.append(rung.guard)
    if isinstance(rung.when, ManualCondition) and rung.when.prompt is not None:
        conditions.append(rung.when.prompt)
    return conditions


def _windows(policy: Policy) -> set[str]:
    return {
        window
        for condition in _conditions(policy)
        if (window := getattr(condition, "window", None)) is not None
    }


def _percentage_windows(policy: Policy) -> set[str]:
    """Return the windows for which a provider must count attended sessions."""
    windows: set[str] = {policy.ladder.window}
    windows |= {
        condition.window
        for condition in _conditions(policy)
        if isinstance(condition, MeasureCondition)
        and condition.measure in (*PERCENT_MEASURES, "absence_days")
        and condition.window not in (None, "letter_period")
    }
    praise = policy.rewards.rules if policy.rewards is not None else ()
    return windows | {"term" for rule in praise if rule.at == "end_of_main_term"}
