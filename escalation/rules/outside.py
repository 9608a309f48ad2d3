"""
The rules that stand beside the ladder, each a ladder of its own with a single step.

Lateness rungs, proof after days of illness in a row, no contact by a school day, the national penalty
threshold, extra returns to the authority and letters of praise. They differ in what they look for and in
how often they may come again; proposing, withdrawing and returning after a dismissal are the same for all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from operator import eq, ge, gt, le, lt

from escalation.rules import wording
from escalation.rules.calendar import monday_of
from escalation.rules.conditions import Explanation, Judge
from escalation.rules.facts import (
    NOWHERE,
    Decision,
    Kind,
    LadderState,
    Occasion,
    PupilFacts,
    SessionElsewhere,
)
from escalation.rules.national import NationalPolicy
from escalation.rules.schema import Rung
from escalation.rules.sections import RewardRule
from registers.rules.codes import LATE_CODES

_DAYS_TO_SETTLE = 5  # school days, both for N and for how late an illness run may still ask for proof
_UNHEARD = frozenset({"N", "O"})
_ACTIONS = {
    "refer_to_la": "refer to the local authority",
    "inform_la": "inform the local authority",
    "consider_la_referral": "whether to refer to the local authority",
}
_OPERATORS = {"<": lt, "<=": le, ">=": ge, ">": gt, "==": eq}


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule found in a pupil's marks."""

    why: str
    occasions: tuple[Occasion, ...] = ()
    letters: tuple[str, ...] = ()
    figures: dict[str, int] = field(default_factory=dict)
    unresolved_n: int = 0


class SideRule:
    """A rule with one step. Subclasses say what they look for; `decide` does the rest."""

    ladder: str
    rung: str
    looks_back = True  # an open step also stands while it still holds as of the day it was judged

    def find(self, facts: PupilFacts, state: LadderState) -> Found | None:
        """Look for the rule's condition today, leaving out what an earlier step of the rule already used."""
        raise NotImplementedError

    def is_due(self, facts: PupilFacts) -> bool:
        """Say whether the rule is judged tonight."""
        return True

    def has_further(self, facts: PupilFacts, on: date) -> bool:
        """Say whether something that the rule counts has happened since a day."""
        return any(occasion.is_absence and occasion.on > on for occasion in facts.occasions)

    def decide(self, facts: PupilFacts, state: LadderState, then: PupilFacts | None = None) -> list[Decision]:
        """
        Judge the rule for one pupil on one evening; `then` are the facts of the day an open step was judged.
        """
        if state.open is not None:
            if then is None and self.looks_back and not self.is_due(facts):
                return []
            holds = self.find(facts, state) is not None if self.is_due(facts) else False
            if not holds and self.looks_back:
                holds = then is not None and self.find(then, state) is not None
            return [] if holds else [Decision(self.ladder, self.rung, "withdrawn", "no longer holds")]
        if not self.is_due(facts):
            return []
        found = self.find(facts, state)
        if found is None or self._is_dismissed(facts, state):
            return []
        return [
            Decision(
                ladder=self.ladder,
                rung=self.rung,
                state="proposed",
                why=found.why,
                letters=found.letters,
                sessions=tuple(occasion.number for occasion in found.occasions),
                figures=found.figures,
                unresolved_n=found.unresolved_n,
                judged_on=facts.day.on,
            )
        ]

    def _is_dismissed(self, facts: PupilFacts, state: LadderState) -> bool:
        """
        Say whether a dismissed step stays away: until something further happens or the next review (GEN-10).
        """
        if state.dismissed is None:
            return False
        on = state.dismissed.on
        if facts.day.on <= on:
            return True
        return not (facts.day.is_half_term_review or self.has_further(facts, on))


def _taken_this_year(facts: PupilFacts, state: LadderState) -> bool:
    return any(taken.academic_year == facts.day.academic_year for taken in state.taken)


def _used_up_to(state: LadderState) -> int:
    """Return the number of the latest session that an earlier step of the rule has used; 0 for none."""
    return state.taken[-1].last_number if state.taken else 0


class LatenessRule(SideRule):
    """A lateness rung: fires once in an academic year (WER-05, STR-12)."""

    looks_back = False

    def __init__(self, judge: Judge, rung: Rung) -> None:
        self.ladder = self.rung = rung.id
        self._judge = judge
        self._rung = rung

    def find(self, facts: PupilFacts, state: LadderState) -> Found | None:
        """Look for the rung's condition."""
        if _taken_this_year(facts, state) or not self._judge.holds(self._rung.when, facts, NOWHERE):
            return None
        explanation: Explanation = self._judge.explain(self._rung.when, facts, NOWHERE)
        return Found(
            explanation.text, explanation.occasions, self._rung.letters, {"late": len(explanation.occasions)}
        )

    def has_further(self, facts: PupilFacts, on: date) -> bool:
        """Say whether the pupil was late since a day."""
        return any(occasion.code in LATE_CODES and occasion.on > on for occasion in facts.occasions)


class EvidenceRule(SideRule):
    """Proof of illness, asked for once per run of school days in a row (LUN-08)."""

    ladder = rung = "evidence"

    def __init__(self, judge: Judge) -> None:
        evidence = judge.policy.evidence
        self._days = evidence.after_days or 0
        self._is_reached = _OPERATORS[evidence.after_op]
        self._operator = evidence.after_op
        self._letters = (evidence.letter,) if evidence.letter is not None else ()

    def find(self, facts: PupilFacts, state: LadderState) -> Found | None:
        """
        Look for the latest run of illness long enough and not yet asked about.

        The run must have reached into the last five school days: marks are settled within that time, so a
        run that only now turns out to be illness is still caught, while one of months ago is left alone.
        """
        if not any(occasion.code == "I" for occasion in facts.occasions):
            return None
        used = _used_up_to(state)
        recent = facts.day.number_before_days(_DAYS_TO_SETTLE)
        for run in runs(facts.occasions, frozenset({"I"})):
            days = _days_touched(run)
            if run[-1].number >= recent and run[0].number > used and self._is_reached(days, self._days):
                compared = wording.comparison(self._operator, self._days)
                since = run[0].on.isoformat()
                why = f"ill on {wording.counted(days, 'school day')} in a row, {compared}, from {since}"
                return Found(why, tuple(run), self._letters, {"days": days})
        return None

    def has_further(self, facts: PupilFacts, on: date) -> bool:
        """Say whether the pupil was ill since a day."""
        return any(occasion.code == "I" and occasion.on > on for occasion in facts.occasions)


class NoContactRule(SideRule):
    """Nobody reached by a school day of one absence (GEN-20 a)."""

    ladder = rung = "no_contact"
    looks_back = False

    def __init__(self, judge: Judge) -> None:
        self._rule = judge.policy.no_contact
        self._days = self._rule.school_day or 0

    def find(self, facts: PupilFacts, state: LadderState) -> Found | None:
        """
        Look for an absence without a known reason that lasts up to tonight, with no parent reached in it.
        """
        last = facts.occasions[-1] if facts.occasions else None
        if last is None or last.number != facts.day.last_number or last.code not in _UNHEARD:
            return None
        run = next(iter(runs(facts.occasions, _UNHEARD)))
        days = _days_touched(run)
        if days < self._days or run[0].number <= _used_up_to(state):
            return None
        if facts.reached_on is not None and facts.reached_on >= run[0].on:
            return None
        action = _ACTIONS.get(self._rule.action, self._rule.action.replace("_", " "))
        force = "mandatory" if self._rule.mandatory else "a decision is needed"
        silent = f"no contact on {wording.counted(days, 'school day')} in a row from {run[0].on.isoformat()}"
        why = f"{silent}; {force}: {action}"
        unresolved = sum(1 for occasion in run if is_unresolved(occasion, facts))
        return Found(why, tuple(run), (), {"days": days}, unresolved)


class ThresholdRule(SideRule):
    """
    The national threshold: ten unauthorised sessions in ten school weeks, of compulsory school age (GEN-06,
    GEN-11).

    A session is used once: the next case needs ten sessions after those of the case before it. Sessions that
    another school marked before the pupil came count too, and so do the weeks of that school.
    """

    ladder = rung = "threshold"

    def __init__(self, national: NationalPolicy) -> None:
        threshold = national.penalty_threshold
        self._sessions = threshold.sessions
        self._weeks = threshold.window_school_weeks
        self._window = f"rolling_school_weeks({self._weeks})"
        self._codes = frozenset(threshold.codes_counted)

    def find(self, facts: PupilFacts, state: LadderState) -> Found | None:
        """Count the unauthorised sessions in the weeks that end with this one."""
        first = max(facts.day.first_number(self._window), _used_up_to(state) + 1)
        since = self._first_monday(facts)
        counted = tuple(
            occasion
            for occasion in facts.occasions
            if occasion.number >= first
            and occasion.on >= since
            and occasion.code in self._codes
            and facts.is_compulsory_age(occasion.on)
        )
        elsewhere = self._counted_elsewhere(facts, state, since)
        number = len(counted) + len(elsewhere)
        if number < self._sessions:
            return None
        together: tuple[Occasion | SessionElsewhere, ...] = (*counted, *elsewhere)
        unresolved = sum(1 for session in together if is_unresolved(session, facts))
        codes = wording.listed(sorted({session.code for session in together}))
        when = wording.window(self._window)
        why = f"{number} unauthorised sessions ({codes}) {when}, threshold {self._sessions}"
        figures = {"counted": number}
        if elsewhere:
            why += f"; {len(elsewhere)} of them at another school"
            figures["elsewhere"] = len(elsewhere)
        if unresolved:
            why += f"; {unresolved} of them still N: no notice or referral can be drafted"
        return Found(why, counted, (), figures, unresolved)

    def _first_monday(self, facts: PupilFacts) -> date:
        """
        Return the Monday of the first week that counts, for a pupil who brought marks; else no bound.

        A school week of the pupil is one in which this school or the one before held a session: weeks of the
        other school use up weeks of the window as this school's do.
        """
        if not facts.elsewhere:
            return date.min
        weeks = {monday_of(session.on) for session in facts.elsewhere if session.on <= facts.day.on}
        weeks.update(facts.day.calendar.weeks_up_to(facts.day.on))
        return min(sorted(weeks)[-self._weeks :], default=date.min)

    def _counted_elsewhere(
        self, facts: PupilFacts, state: LadderState, since: date
    ) -> tuple[SessionElsewhere, ...]:
        if not facts.elsewhere:
            return ()
        used = facts.day.calendar.date_of_number(_used_up_to(state))
        return tuple(
            session
            for session in facts.elsewhere
            if since <= session.on <= facts.day.on
            and session.on > used
            and session.code in self._codes
            and facts.is_compulsory_age(session.on)
        )

    def has_further(self, facts: PupilFacts, on: date) -> bool:
        """Say whether a counted session has been added since a day."""
        return any(occasion.code in self._codes and occasion.on > on for occasion in facts.occasions)


class UnauthorisedReturnRule(SideRule):
    """
    Unauthorised sessions in the academic year that this school's authority is told of, once a year (STR-03).
    """

    ladder = rung = "unauthorised_20_sessions"
    looks_back = False

    def __init__(self, sessions: int) -> None:
        self._sessions = sessions

    def find(self, facts: PupilFacts, state: LadderState) -> Found | None:
        """Count the unauthorised sessions of the year."""
        if _taken_this_year(facts, state):
            return None
        counted = tuple(
            occasion
            for occasion in facts.occasions
            if occasion.number >= facts.day.year_from
            and occasion.kind is Kind.UNAUTHORISED
            and facts.is_compulsory_age(occasion.on)
        )
        if len(counted) < self._sessions:
            return None
        told = f"the authority is told at {self._sessions}"
        why = f"{len(counted)} unauthorised sessions this academic year, {told}"
        unresolved = sum(1 for occasion in counted if is_unresolved(occasion, facts))
        return Found(why, counted, (), {"counted": len(counted)}, unresolved)


class RewardsRule(SideRule):
    """
    Letters of praise at the end of each main term, or of the year; the best one reached is the only one
    (WEL-21).
    """

    rung = "rewards"

    def __init__(self, judge: Judge, at: str, rules: Sequence[RewardRule]) -> None:
        self.ladder = f"rewards:{at}"
        self._at = at
        self._judge = judge
        self._rules = rules

    def is_due(self, facts: PupilFacts) -> bool:
        """Say whether a main term, or the year, ends today."""
        return facts.day.ends_year if self._at == "end_of_year" else facts.day.ends_main_term

    def find(self, facts: PupilFacts, state: LadderState) -> Found | None:
        """Look for the first rule reached whose better letter is not reached as well."""
        window = "academic_year" if self._at == "end_of_year" else "term"
        since = facts.day.year_from if self._at == "end_of_year" else facts.day.term_from
        if any(taken.last_number >= since for taken in state.taken):
            return None
        ratio = self._judge.ratio(facts, window)
        if ratio.possible == 0:
            return None
        reached = {
            rule.letter: rule
            for rule in self._rules
            if _OPERATORS[rule.when.op](ratio.attended * 100, rule.when.pct * ratio.possible)
        }
        for letter, rule in reached.items():
            if rule.unless not in reached:
                when = "this academic year" if window == "academic_year" else f"in the {facts.day.term} term"
                why = f"{ratio} {when}, {wording.comparison(rule.when.op, rule.when.pct)} %"
                return Found(why, (), (letter,), {"attended": ratio.attended, "possible": ratio.possible})
        return None


def side_rules(judge: Judge, national: NationalPolicy) -> tuple[SideRule, ...]:
    """Return the rules beside the ladder that a policy asks for, in the order in which they are reported."""
    policy = judge.policy
    rules: list[SideRule] = [
        LatenessRule(judge, rung) for rung in policy.lateness.rungs if not rung.is_manual
    ]
    if policy.evidence.after_days is not None:
        rules.append(EvidenceRule(judge))
    if policy.no_contact.school_day is not None:
        rules.append(NoContactRule(judge))
    rules.append(ThresholdRule(national))
    extra = policy.la_returns_extra.unauthorised_20_sessions if policy.la_returns_extra is not None else None
    if extra is not None:
        rules.append(UnauthorisedReturnRule(extra.sessions))
    praise = policy.rewards.rules if policy.rewards is not None else ()
    for at in ("end_of_main_term", "end_of_year"):
        chosen = [rule for rule in praise if rule.at == at]
        if chosen:
            rules.append(RewardsRule(judge, at, chosen))
    return tuple(rules)


# --- runs of absence


def runs(occasions: Sequence[Occasion], codes: frozenset[str]) -> Iterable[list[Occasion]]:
    """
    Give the runs of consecutive sessions with one of the codes, the latest first, each in order of time.

    Holidays and weekends hold no sessions and do not break a run; neither does a session that was not
    possible.
    """
    run: list[Occasion] = []
    next_number = 0
    for occasion in reversed(occasions):
        if run and occasion.number != next_number - 1:
            yield run[::-1]
            run = []
        if occasion.code in codes:
            run.append(occasion)
            next_number = occasion.number
        elif run and occasion.kind is Kind.NOT_POSSIBLE:
            next_number = occasion.number
        elif run:
            yield run[::-1]
            run = []
    if run:
        yield run[::-1]


def _days_touched(run: Sequence[Occasion]) -> int:
    return len({occasion.on for occasion in run})


def is_unresolved(occasion: Occasion | SessionElsewhere, facts: PupilFacts) -> bool:
    """Say whether a session is N and may still be settled; after five school days it is taken as O."""
    if occasion.code != "N":
        return False
    if facts.day.on - occasion.on < timedelta(days=_DAYS_TO_SETTLE):
        return True
    return facts.day.day_number - facts.day.calendar.day_number(occasion.on) <= _DAYS_TO_SETTLE
