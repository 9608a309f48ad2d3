"""
Judges the conditions of a policy over one pupil's facts.

`holds` answers yes or no in a few integer operations, because a sweep asks it for every pupil and rung.
`explain` is asked only about what is proposed: it says the same in words, with the figures and exactly the
sessions that met the condition. Percentages are compared as exact fractions (GEN-05), days as sessions
(GEN-04).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from operator import eq, ge, gt, le, lt
from typing import Any

from escalation.rules import wording
from escalation.rules.facts import PART_TIME_CODE, Kind, LadderState, Occasion, PupilFacts, Ratio, Taken
from escalation.rules.grammar import (
    PERCENT_MEASURES,
    AllCondition,
    AlwaysCondition,
    AnyCondition,
    CompareCondition,
    Condition,
    FlagCondition,
    HasMarkCondition,
    ManualCondition,
    MeasureCondition,
    NotCondition,
    ReviewCondition,
)
from escalation.rules.schema import Policy
from registers.rules.codes import LATE_CODES

_OPERATORS = {"<": lt, "<=": le, ">=": ge, ">": gt, "==": eq}
_ILLNESS = frozenset({"I"})
# Measures in days are counted in sessions, two to a day.
_SESSIONS_TO_ONE = {"absence_days": 2, "illness_days": 2, "late_count": 1, "unauthorised_sessions": 1}


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a condition holds: clauses in words, and the sessions that made it so."""

    clauses: tuple[str, ...] = ()
    occasions: tuple[Occasion, ...] = field(default=())

    @property
    def sessions(self) -> tuple[int, ...]:
        """Return the numbers of the sessions, each once, in order."""
        return tuple(sorted({occasion.number for occasion in self.occasions}))

    @property
    def text(self) -> str:
        """Return the clauses as one sentence part."""
        return "; ".join(self.clauses)

    def __add__(self, other: "Explanation") -> "Explanation":
        return Explanation(self.clauses + other.clauses, self.occasions + other.occasions)


class Judge:
    """Judges the conditions of one policy. It holds no state of any pupil and can be kept and shared."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.ladder = policy.ladder
        self._window = policy.ladder.window
        self._least_possible = policy.ladder.engine.min_possible_sessions
        self._is_pro_rata = policy.is_pro_rata
        self._holds: dict[type, Any] = {
            MeasureCondition: self._measure_holds,
            CompareCondition: self._compare_holds,
            FlagCondition: lambda condition, facts, state: condition.flag in facts.flags,
            HasMarkCondition: self._mark_holds,
            AlwaysCondition: lambda condition, facts, state: True,
            ReviewCondition: self._review_holds,
            ManualCondition: lambda condition, facts, state: False,
            AllCondition: lambda condition, facts, state: all(
                self.holds(part, facts, state) for part in condition.all_of
            ),
            AnyCondition: lambda condition, facts, state: any(
                self.holds(part, facts, state) for part in condition.any_of
            ),
            NotCondition: lambda condition, facts, state: not self.holds(condition.negated, facts, state),
        }

    # --- figures

    def ratio(self, facts: PupilFacts, window: str | None = None) -> Ratio:
        """
        Return the attendance that the ladder goes by, in a window (the ladder's own by default).

        For a policy that tracks part-time pupils pro rata, sessions of the timetable (C2) are left out
        (WEL-22).
        """
        name = window or self._window
        attended = facts.attended[name]
        return Ratio(attended, attended + len(self.absences(facts, name)))

    def threshold(self, facts: PupilFacts) -> int | Decimal:
        """
        Return the ladder's threshold in per cent for the term of the day, the autumn exception included.
        """
        by_term, exception = self.ladder.term_threshold_pct, self.ladder.autumn_exception
        if by_term is None:
            raise LookupError("this ladder has no threshold by term")
        if facts.day.term == "spring":
            return by_term.spring
        if facts.day.term == "summer":
            return by_term.summer
        if exception is not None and self._marked(facts, exception.codes, "academic_year"):
            return exception.threshold_pct
        return by_term.autumn

    def absences(self, facts: PupilFacts, window: str | None = None) -> tuple[Occasion, ...]:
        """Return the missed sessions that the ladder counts in a window, in order."""
        key = (window or self._window, self._is_pro_rata)
        if key not in facts.counted:
            first = facts.day.first_number(key[0])
            facts.counted[key] = tuple(
                occasion for occasion in _within(facts, first) if self._is_missed(occasion)
            )
        return facts.counted[key]

    def _is_missed(self, occasion: Occasion) -> bool:
        return occasion.is_absence and not (self._is_pro_rata and occasion.code == PART_TIME_CODE)

    # --- yes or no

    def holds(self, condition: Condition, facts: PupilFacts, state: LadderState) -> bool:
        """
        Say whether a condition holds for a pupil today; `state` is where the pupil stands on the ladder.
        """
        answer: bool = self._holds[type(condition)](condition, facts, state)
        return answer

    def _measure_holds(self, condition: MeasureCondition, facts: PupilFacts, state: LadderState) -> bool:
        compare = _OPERATORS[condition.op]
        if condition.measure in PERCENT_MEASURES:
            ratio = self.ratio(facts, condition.window)
            if ratio.possible == 0 or ratio.possible < self._least_possible:
                return False
            part = ratio.attended if condition.measure == "attendance_pct" else ratio.absent
            numerator, denominator = _exact(self._bound(condition, facts))
            return bool(compare(part * 100 * denominator, numerator * ratio.possible))
        number = len(self._counted(condition, facts, state))
        numerator, denominator = _exact(self._bound(condition, facts))
        return bool(compare(number * denominator, numerator * _SESSIONS_TO_ONE[condition.measure]))

    def _bound(self, condition: MeasureCondition, facts: PupilFacts) -> int | Decimal:
        return self.threshold(facts) if isinstance(condition.value, str) else condition.value

    def _counted(
        self, condition: MeasureCondition, facts: PupilFacts, state: LadderState
    ) -> Sequence[Occasion]:
        if (
            condition.measure == "absence_days"
            and condition.window != "letter_period"
            and not (condition.codes or condition.sessions)
        ):
            return self.absences(facts, condition.window)
        found = _within(facts, self._first_number(condition.window, facts, state))
        codes = frozenset(condition.codes) if condition.codes is not None else None
        if condition.measure == "late_count":
            codes = codes or LATE_CODES
        elif condition.measure == "illness_days":
            codes = codes or _ILLNESS
        elif condition.measure == "unauthorised_sessions":
            # What rests on unauthorised absence reaches towards the law and needs compulsory age (GEN-11).
            found = [
                occasion
                for occasion in found
                if occasion.kind is Kind.UNAUTHORISED and facts.is_compulsory_age(occasion.on)
            ]
        else:
            found = [occasion for occasion in found if self._is_missed(occasion)]
        return [
            occasion
            for occasion in found
            if (codes is None or occasion.code in codes)
            and (condition.sessions is None or occasion.half in condition.sessions)
        ]

    def _first_number(self, window: str | None, facts: PupilFacts, state: LadderState) -> int:
        name = window or self._window
        if name != "letter_period":
            return facts.day.first_number(name)
        last = last_letter(state)
        return last.last_number + 1 if last is not None else facts.day.year_from

    def _compare_holds(self, condition: CompareCondition, facts: PupilFacts, state: LadderState) -> bool:
        printed = figure_at_letter(state, condition.letter)
        now = self.ratio(facts)
        if printed is None or printed.possible == 0 or now.possible == 0:
            return False
        here, there = now.attended * printed.possible, printed.attended * now.possible
        return here < there if condition.relation == "lower" else here <= there

    def _mark_holds(self, condition: HasMarkCondition, facts: PupilFacts, state: LadderState) -> bool:
        first = self._first_number(condition.window, facts, state)
        return any(occasion.code in condition.has_mark for occasion in _within(facts, first))

    def _marked(self, facts: PupilFacts, codes: Iterable[str], window: str) -> bool:
        wanted = frozenset(codes)
        return any(occasion.code in wanted for occasion in _within(facts, facts.day.first_number(window)))

    def _review_holds(self, condition: ReviewCondition, facts: PupilFacts, state: LadderState) -> bool:
        day = facts.day
        return day.is_half_term_review if condition.review == "half_term" else day.is_three_week_review

    # --- in words

    def explain(self, condition: Condition, facts: PupilFacts, state: LadderState) -> Explanation:
        """Say why a condition that holds does so, with exactly the sessions that met it."""
        if isinstance(condition, AllCondition):
            return _joined(self.explain(part, facts, state) for part in condition.all_of)
        if isinstance(condition, AnyCondition):
            return _joined(
                self.explain(part, facts, state)
                for part in condition.any_of
                if self.holds(part, facts, state)
            )
        if isinstance(condition, MeasureCondition):
            return self._explain_measure(condition, facts, state)
        if isinstance(condition, CompareCondition):
            return self._explain_compare(condition, facts, state)
        if isinstance(condition, FlagCondition):
            return Explanation((f"flag {condition.flag.replace('_', ' ')} is set",))
        if isinstance(condition, HasMarkCondition):
            first = self._first_number(condition.window, facts, state)
            marked = [occasion for occasion in _within(facts, first) if occasion.code in condition.has_mark]
            codes = wording.listed(sorted(condition.has_mark), "or")
            when = wording.window(condition.window or self._window)
            return Explanation(
                (f"{wording.counted(len(marked), 'session')} marked {codes} {when}",), tuple(marked)
            )
        if isinstance(condition, ReviewCondition):
            return Explanation(
                ("the three-week review" if "3" in condition.review else "the half-term review",)
            )
        return Explanation()

    def _explain_measure(
        self, condition: MeasureCondition, facts: PupilFacts, state: LadderState
    ) -> Explanation:
        bound = self._bound(condition, facts)
        compared = wording.comparison(condition.op, bound)
        window = condition.window or self._window
        if condition.measure in PERCENT_MEASURES:
            ratio = self.ratio(facts, window)
            shown = ratio.percent if condition.measure == "attendance_pct" else _absence_percent(ratio)
            missed = wording.counted(ratio.absent, "absence")
            sentence = f"{missed} in {wording.counted(ratio.possible, 'session')}: {shown} %, {compared} %"
            if condition.value == "term_threshold":
                sentence += f" in {facts.day.term}"
            if self._is_pro_rata and any(occasion.code == PART_TIME_CODE for occasion in facts.occasions):
                sentence += ", counted pro rata without the part-time timetable's sessions"
            return Explanation((sentence,), self.absences(facts, window))
        found = self._counted(condition, facts, state)
        number = len(found)
        when = wording.window(window)
        match condition.measure:
            case "absence_days":
                ratio = self.ratio(facts, window)
                of_possible = f"({number} of {wording.counted(ratio.possible, 'session')})"
                sentence = f"{wording.days(number)} of absence {when} {of_possible}, {compared}"
            case "illness_days":
                sentence = f"{wording.days(number)} of illness {when}, {compared}"
            case "late_count":
                halves = f" {wording.listed(list(condition.sessions))}" if condition.sessions else ""
                sentence = (
                    f"{number} late{halves} {'session' if number == 1 else 'sessions'} {when}, {compared}"
                )
            case _:
                sentence = f"{wording.counted(number, 'unauthorised session')} {when}, {compared}"
        return Explanation((sentence,), tuple(found))

    def _explain_compare(
        self, condition: CompareCondition, facts: PupilFacts, state: LadderState
    ) -> Explanation:
        last = taken_with_letter(state, condition.letter)
        if last is None or last.figure is None:
            return Explanation()
        relation = "lower than" if condition.relation == "lower" else "not higher than"
        letter = f"letter {condition.letter} of {wording.day(last.on)}"
        return Explanation((f"{relation} the {last.figure} in {letter}",))


# --- what has been done


def taken_with_letter(state: LadderState, letter: str) -> Taken | None:
    """Return the latest rung acted on that sent a letter, or None."""
    return next(
        (taken for taken in reversed(state.taken) if not taken.is_passed and letter in taken.letters), None
    )


def last_letter(state: LadderState) -> Taken | None:
    """Return the latest rung acted on that sent any letter, or None."""
    return next((taken for taken in reversed(state.taken) if not taken.is_passed and taken.letters), None)


def figure_at_letter(state: LadderState, letter: str) -> Ratio | None:
    """Return the attendance printed in the latest letter of that id, or None when it was never sent."""
    taken = taken_with_letter(state, letter)
    return taken.figure if taken is not None else None


def _within(facts: PupilFacts, first_number: int) -> Sequence[Occasion]:
    """Return the occasions from a session number on. They are sorted, so a year's window needs one look."""
    occasions = facts.occasions
    if not occasions or occasions[0].number >= first_number:
        return occasions
    place = len(occasions)
    while place > 0 and occasions[place - 1].number >= first_number:
        place -= 1
    return occasions[place:]


@lru_cache(maxsize=256)
def _exact(value: int | Decimal) -> tuple[int, int]:
    """Return a number of a policy as numerator and denominator; integers compare faster than fractions."""
    return value.as_integer_ratio()


def _absence_percent(ratio: Ratio) -> str:
    return Ratio(ratio.absent, ratio.possible).percent


def _joined(parts: Iterable[Explanation]) -> Explanation:
    whole = Explanation()
    for part in parts:
        whole += part
    return whole
