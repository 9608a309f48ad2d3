"""
Climbs a school's ladder: which rung is reached tonight, what holds it back, and what an open step is still
worth.

At most one step of a ladder is open for a pupil. Where several rungs are reached at once the highest is
proposed and the lower ones pass without a letter (GEN-02). A rung judged after another waits for a later
day than the one on which that other was acted on, so no evening climbs two rungs of a chain.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from escalation.rules.conditions import Explanation, Judge
from escalation.rules.facts import Decision, LadderState, Open, OpenState, PupilFacts, Ratio, Taken
from escalation.rules.grammar import AlwaysCondition, Condition, MeasureCondition, ReviewCondition, leaves
from escalation.rules.schema import Rung

MAIN = "ladder"
_AUTHORITY_AGREES = "la_confirmation"


@dataclass(frozen=True, slots=True)
class _Step:
    """A rung with what does not depend on any pupil worked out once."""

    place: int
    rung: Rung
    is_automatic: bool
    is_variant: bool
    is_reviewed: bool  # judged only on review days
    holds_for: tuple[str, ...]
    variants: tuple[int, ...]  # places of the rungs that take this one's place while they hold


class LadderRules:
    """The ladder of one policy. It holds no state of any pupil and can be kept and shared."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self.ladder = judge.ladder
        rungs = self.ladder.rungs
        self._places = {rung.id: place for place, rung in enumerate(rungs)}
        self._steps = tuple(
            _Step(
                place=place,
                rung=rung,
                is_automatic=not rung.is_manual and _names_a_pupil(rung),
                is_variant=bool(rung.replaces),
                is_reviewed=rung.at is not None
                or self.ladder.evaluate in ("half_term_review", "every_3_weeks"),
                holds_for=tuple(
                    hold for name in rung.letters if (hold := judge.policy.letter(name).hold_for) is not None
                ),
                variants=tuple(other for other, by in enumerate(rungs) if rung.id in by.replaces),
            )
            for place, rung in enumerate(rungs)
        )
        self._automatic = tuple(step for step in self._steps if step.is_automatic)
        self._carried = (
            MeasureCondition.model_validate(
                {"measure": "attendance_pct", "op": "<", "value": "term_threshold"}
            )
            if self.ladder.carry_over is not None
            else None
        )

    def decide(self, facts: PupilFacts, state: LadderState, then: PupilFacts | None = None) -> list[Decision]:
        """
        Judge the ladder for one pupil on one evening.

        :param then: for an open step judged at a review, the facts of that day with the marks as they stand
            now; without them such a step waits for the next review
        """
        past = self.in_force(state, facts.day.academic_year)
        decisions: list[Decision] = []
        waiting = state.open
        if waiting is not None:
            gone = self._why_gone(waiting, facts, past, then)
            if gone is not None:
                decisions.append(Decision(MAIN, waiting.rung, "withdrawn", gone))
                waiting = None
        if not self._automatic:
            return decisions
        reached = self._reached(facts, past)
        top = reached[-1] if reached else None
        if waiting is not None:
            step = self._steps[self._places[waiting.rung]]
            if top is None or top.place <= step.place:
                return decisions + self._judge_waiting(step, waiting, facts, past, then)
            if self.ladder.engine.on_jump != "any":
                decisions.append(self._passed(step, top))
            reached = [other for other in reached if other.place != step.place]
        if top is not None:
            if self.ladder.engine.on_jump != "any":
                decisions += [self._passed(step, top) for step in reached[:-1] if not step.is_variant]
            decisions.append(self._proposal(top, facts, past))
        return decisions

    def in_force(self, state: LadderState, academic_year: int) -> LadderState:
        """
        Return what still counts of what was done: this year's rungs only, where the ladder restarts (GEN-09).
        """
        if self.ladder.stage_reset == "never":
            return state
        return replace(
            state, taken=tuple(taken for taken in state.taken if taken.academic_year == academic_year)
        )

    def is_reviewed(self, rung: str) -> bool:
        """Say whether a rung is judged on review days only."""
        return rung in self._places and self._steps[self._places[rung]].is_reviewed

    def figure(self, facts: PupilFacts) -> Ratio:
        """Return the attendance that a letter of tonight prints, and later letters compare with (GEN-22)."""
        return self.judge.ratio(facts)

    # --- which rungs are reached

    def _reached(self, facts: PupilFacts, past: LadderState) -> list[_Step]:
        """Return the rungs reached tonight and not yet acted on, lowest first."""
        done = {taken.rung for taken in past.taken}
        stage = max(
            (step.place for step in self._steps if step.rung.id in done and not step.is_variant), default=-1
        )
        blocked = self._blocked_place(facts, past)
        return [
            step
            for step in self._automatic
            if (step.place > stage or step.is_variant)
            and step.place > blocked
            and step.rung.id not in done
            and self._is_judged_on(step, facts)
            and self._follows(step, past, facts)
            and not self._is_replaced(step, facts, past)
            and self._is_met(step, facts, past)
        ]

    def _is_judged_on(self, step: _Step, facts: PupilFacts) -> bool:
        if not step.is_reviewed:
            return True
        if step.rung.at is None and self.ladder.evaluate == "every_3_weeks":
            return facts.day.is_three_week_review
        return facts.day.is_half_term_review

    def _follows(self, step: _Step, past: LadderState, facts: PupilFacts) -> bool:
        earlier = step.rung.after
        return earlier is None or any(
            taken.rung == earlier and not taken.is_passed and taken.on < facts.day.on for taken in past.taken
        )

    def _is_replaced(self, step: _Step, facts: PupilFacts, past: LadderState) -> bool:
        return any(self.judge.holds(self._steps[place].rung.when, facts, past) for place in step.variants)

    def _is_met(self, step: _Step, facts: PupilFacts, past: LadderState) -> bool:
        return self.judge.holds(self._condition(step, facts, past), facts, past)

    def _condition(self, step: _Step, facts: PupilFacts, past: LadderState) -> Condition:
        """
        Return what the rung waits for: in a new year of a ladder that never restarts, only the threshold
        (WEL-06).
        """
        if self._carried is not None and _is_carried_over(past, facts):
            return self._carried
        return step.rung.when

    def _blocked_place(self, facts: PupilFacts, past: LadderState) -> int:
        """Return the place up to which a dismissed step keeps rungs from returning (GEN-10); -1 for none."""
        dismissed = past.dismissed
        if dismissed is None or dismissed.rung not in self._places:
            return -1
        day = facts.day
        if day.on > dismissed.on:
            is_review = day.is_half_term_review or (
                self.ladder.evaluate == "every_3_weeks" and day.is_three_week_review
            )
            if is_review or has_since(facts, dismissed.on, self.judge.absences(facts)):
                return -1
        return self._places[dismissed.rung]

    # --- open steps

    def _why_gone(
        self, waiting: Open, facts: PupilFacts, past: LadderState, then: PupilFacts | None
    ) -> str | None:
        place = self._places.get(waiting.rung)
        if place is None:
            return "the policy no longer has this rung"
        step = self._steps[place]
        if self.ladder.stage_reset == "academic_year" and waiting.academic_year != facts.day.academic_year:
            return "the academic year in which it was proposed has ended"
        if not step.is_automatic:
            return None  # a person started it
        if self._is_replaced(step, facts, past):
            return f"{self._steps[step.variants[0]].rung.id} takes its place"
        judged = facts if self._is_judged_on(step, facts) else then
        if judged is None or self._is_met(step, judged, past):
            return None
        return f"no longer holds: {self._standing(judged)}"

    def _judge_waiting(
        self, step: _Step, waiting: Open, facts: PupilFacts, past: LadderState, then: PupilFacts | None
    ) -> list[Decision]:
        """Say so when an open step becomes held or is released; otherwise it goes on waiting in silence."""
        judged = facts if self._is_judged_on(step, facts) else then
        if judged is None or not step.is_automatic:
            return []
        agreements = facts.agreements
        if waiting.state == "proposed":
            # It was only proposed, or released by a person, because what it waited for had been agreed.
            agreements |= frozenset(step.holds_for)
        decision = self._proposal(step, judged, past, agreements)
        return [] if decision.state == waiting.state else [decision]

    # --- decisions

    def _proposal(
        self, step: _Step, facts: PupilFacts, past: LadderState, agreements: frozenset[str] | None = None
    ) -> Decision:
        rung = step.rung
        explanation = self.judge.explain(self._condition(step, facts, past), facts, past)
        clauses = list(explanation.clauses)
        if self._carried is not None and _is_carried_over(past, facts):
            last = past.taken[-1]
            figure = f" at {last.figure}" if last.figure is not None else ""
            clauses.append(
                f"the ladder does not restart: {last.rung} was reached on {last.on.isoformat()}{figure}"
            )
        reasons = self._reasons_to_hold(
            step, facts, past, facts.agreements if agreements is None else agreements
        )
        state: OpenState = "held" if reasons else "proposed"
        if reasons:
            clauses.append("held: " + ", and ".join(reasons))
        ratio = self.judge.ratio(facts)
        return Decision(
            ladder=MAIN,
            rung=rung.id,
            state=state,
            why="; ".join(clauses),
            letters=rung.letters,
            sessions=explanation.sessions,
            figures={"attended": ratio.attended, "absent": ratio.absent, "possible": ratio.possible},
            unresolved_n=sum(1 for occasion in explanation.occasions if occasion.code == "N"),
            held_because=" and ".join(reasons),
            judged_on=facts.day.on,
        )

    def _reasons_to_hold(
        self, step: _Step, facts: PupilFacts, past: LadderState, agreements: frozenset[str]
    ) -> list[str]:
        reasons = []
        guard = step.rung.guard
        if guard is not None and not self.judge.holds(guard, facts, past):
            found: Explanation = self.judge.explain(guard, facts, past)
            reasons.append(f"{found.text} needed" if found.text else "its guard is not met")
        if _AUTHORITY_AGREES in step.holds_for and _AUTHORITY_AGREES not in agreements:
            reasons.append("the local authority's agreement is not recorded")
        if step.rung.refers_to_law and not facts.is_compulsory_age(facts.day.on):
            reasons.append("the pupil is not of compulsory school age")
        return reasons

    def _passed(self, step: _Step, by: _Step) -> Decision:
        return Decision(MAIN, step.rung.id, "passed", f"{by.rung.id} was reached")

    def _standing(self, facts: PupilFacts) -> str:
        ratio = self.judge.ratio(facts)
        if ratio.possible == 0:
            return "no possible sessions yet"
        return f"{ratio.absent} absences in {ratio.possible} sessions, {ratio.percent} %"


def has_since(facts: PupilFacts, on: object, occasions: tuple[object, ...]) -> bool:
    """Say whether one of the occasions lies after a day."""
    return any(occasion.on > on for occasion in occasions)  # type: ignore[attr-defined]


def _names_a_pupil(rung: Rung) -> bool:
    """
    Say whether a rung's condition singles out pupils.

    `always` and a bare review describe what the whole school does at a stage; nothing is proposed for a pupil
    (LUN-06: moves between stages are made by people).
    """
    return any(not isinstance(leaf, AlwaysCondition | ReviewCondition) for leaf in leaves(rung.when))


def _is_carried_over(past: LadderState, facts: PupilFacts) -> bool:
    return bool(past.taken) and past.taken[-1].academic_year < facts.day.academic_year


Figure = Callable[[PupilFacts], Ratio]


def settle(state: LadderState, decisions: list[Decision], facts: PupilFacts, figure: Figure) -> LadderState:
    """
    Return where a pupil stands after an evening on which every proposal of a ladder was approved at once.
    """
    for decision in decisions:
        match decision.state:
            case "withdrawn":
                state = replace(state, open=None)
            case "held":
                state = replace(state, open=_opened(decision, facts, "held"))
            case "passed" | "proposed":
                state = replace(state, taken=(*state.taken, taken_by(decision, facts, figure)), open=None)
    return state


def _opened(decision: Decision, facts: PupilFacts, state: OpenState) -> Open:
    return Open(decision.rung, state, facts.day.on, facts.day.academic_year, facts.day.last_number)


def taken_by(decision: Decision, facts: PupilFacts, figure: Figure) -> Taken:
    """
    Return the record of a step acted on (or passed) this evening, with the figure that its letters print.
    """
    return Taken(
        rung=decision.rung,
        on=facts.day.on,
        academic_year=facts.day.academic_year,
        last_number=facts.day.last_number,
        letters=decision.letters,
        figure=figure(facts),
        is_passed=decision.state == "passed",
    )
