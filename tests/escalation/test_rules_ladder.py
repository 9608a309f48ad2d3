"""
How a ladder is climbed: one open step, dismissals, withdrawals, holds, and what each school's order means.
"""

from dataclasses import replace
from datetime import date

from escalation.rules.engine import Engine
from escalation.rules.facts import NOWHERE, Decision, Dismissed, LadderState, Open, Taken
from tests.escalation.calendars import (
    Period,
    both,
    calendar_of,
    engine_from,
    engine_of,
    every_day,
    half,
    lines_of,
    pupil,
    rungs,
)
from tests.escalation.policies import changed
from tests.escalation.tracks import facts_of

CALENDAR = calendar_of(2025)
FIVE_DAYS = every_day("I", "2025-09-15", "2025-09-19", CALENDAR)


def open_step(rung: str, on: str, state: str = "proposed") -> Open:
    day = CALENDAR.day(date.fromisoformat(on))
    return Open(rung, state, day.on, day.academic_year, day.last_number)  # type: ignore[arg-type]


def taken(rung: str, on: str, *letters: str) -> Taken:
    day = CALENDAR.day(date.fromisoformat(on))
    return Taken(rung, day.on, day.academic_year, day.last_number, letters)


def judged(
    key: str | Engine, marks: dict[tuple[date, str], str], on: str, state: LadderState, *, then: str = ""
) -> list[tuple[str, str]]:
    """Judge the main ladder for one evening: rung and state of each decision."""
    engine = engine_of(key) if isinstance(key, str) else key
    history = pupil(CALENDAR, marks)
    facts = facts_of(history, CALENDAR, on)
    before = facts_of(history, CALENDAR, then) if then else None
    return [(made.rung, made.state) for made in engine.ladder.decide(facts, state, before)]


class TestAnOpenStep:
    def test_is_not_proposed_again_gen_10(self):
        assert (
            judged("werrington", FIVE_DAYS, "2025-09-22", LadderState(open=open_step("wer_d5", "2025-09-19")))
            == []
        )

    def test_gives_way_to_a_higher_rung(self):
        state = LadderState((), open_step("wer_d3", "2025-09-17"))

        assert judged("werrington", FIVE_DAYS, "2025-09-19", state) == [
            ("wer_d3", "passed"),
            ("wer_d5", "proposed"),
        ]

    def test_is_withdrawn_with_the_figures_when_marks_change_gen_19(self):
        engine = engine_of("werrington")
        facts = facts_of(pupil(CALENDAR, both("I", "2025-09-15", "2025-09-16")), CALENDAR, "2025-09-22")

        (decision,) = engine.ladder.decide(facts, LadderState((), open_step("wer_d3", "2025-09-17")))

        assert (decision.rung, decision.state) == ("wer_d3", "withdrawn")
        assert decision.why == "no longer holds: 4 absences in 28 sessions, 85.7 %"

    def test_is_withdrawn_and_a_lower_rung_that_still_holds_is_proposed(self):
        marks = both("I", "2025-09-15", "2025-09-16", "2025-09-17")

        state = LadderState((), open_step("wer_d5", "2025-09-19"))

        assert judged("werrington", marks, "2025-09-22", state) == [
            ("wer_d5", "withdrawn"),
            ("wer_d3", "proposed"),
        ]

    def test_of_last_year_is_withdrawn_where_the_ladder_restarts(self):
        state = LadderState((), replace(open_step("wer_d5", "2025-09-19"), academic_year=2024))

        assert judged("werrington", FIVE_DAYS, "2025-09-22", state)[0] == ("wer_d5", "withdrawn")

    def test_whose_rung_left_the_policy_is_withdrawn(self):
        state = LadderState((), open_step("wer_d4", "2025-09-19"))

        assert judged("werrington", FIVE_DAYS, "2025-09-22", state)[0] == ("wer_d4", "withdrawn")

    def test_that_a_person_started_is_left_to_people(self):
        state = LadderState((taken("wer_d5", "2025-09-19", "wer_1"),), open_step("wer_nti", "2025-09-22"))

        assert judged("werrington", FIVE_DAYS, "2025-09-23", state) == []

    def test_of_a_review_stands_while_its_review_figures_hold(self):
        # 70 of 76 at the review of 24 October; by 12 November the day's figure is above the threshold.
        marks = every_day("I", "2025-09-15", "2025-09-18", CALENDAR)
        state = LadderState((), open_step("wel_1", "2025-10-24"))

        assert judged("welbourn", marks, "2025-11-12", state, then="2025-10-24") == []

    def test_of_a_review_is_withdrawn_when_the_marks_behind_it_change(self):
        marks = every_day("I", "2025-09-15", "2025-09-17", CALENDAR)
        state = LadderState((), open_step("wel_1", "2025-10-24"))

        assert judged("welbourn", marks, "2025-11-12", state, then="2025-10-24") == [("wel_1", "withdrawn")]

    def test_of_a_review_is_judged_afresh_at_the_next_review(self):
        marks = every_day("I", "2025-09-15", "2025-09-18", CALENDAR)
        state = LadderState((), open_step("wel_1", "2025-10-24"))

        assert judged("welbourn", marks, "2025-12-19", state, then="2025-10-24") == [("wel_1", "withdrawn")]


class TestADismissedStep:
    DISMISSED = LadderState(dismissed=Dismissed("wer_d5", date(2025, 9, 19)))

    def test_stays_away_without_a_further_absence_gen_10(self):
        assert judged("werrington", FIVE_DAYS, "2025-10-23", self.DISMISSED) == []

    def test_keeps_the_lower_rungs_away_as_well(self):
        assert ("wer_d3", "proposed") not in judged("werrington", FIVE_DAYS, "2025-09-22", self.DISMISSED)

    def test_returns_after_a_further_absence(self):
        later = half("I", "2025-10-01")

        assert judged("werrington", FIVE_DAYS | later, "2025-10-01", self.DISMISSED)[-1] == (
            "wer_d5",
            "proposed",
        )

    def test_returns_at_the_next_review(self):
        assert judged("werrington", FIVE_DAYS, "2025-10-24", self.DISMISSED)[-1] == ("wer_d5", "proposed")

    def test_does_not_keep_a_higher_rung_away(self):
        marks = every_day("I", "2025-09-15", "2025-09-24", CALENDAR)

        assert judged("werrington", marks, "2025-09-24", self.DISMISSED)[-1] == ("wer_d8", "proposed")

    def test_of_lateness_returns_after_a_further_late_session(self):
        engine = engine_of("werrington")
        (rule,) = [rule for rule in engine.side_rules if rule.ladder == "wer_late_10"]
        ten = every_day("L", "2025-09-15", "2025-09-19", CALENDAR)
        state = LadderState(dismissed=Dismissed("wer_late_10", date(2025, 9, 19)))

        absent = facts_of(pupil(CALENDAR, ten, both("I", "2025-09-24")), CALENDAR, "2025-09-25")
        late = facts_of(pupil(CALENDAR, ten, half("L", "2025-09-24")), CALENDAR, "2025-09-25")

        assert rule.decide(absent, state) == []
        assert [made.state for made in rule.decide(late, state)] == ["proposed"]


class TestAThresholdCase:
    TEN = every_day("O", "2025-11-03", "2025-11-07", CALENDAR)

    def decide(self, marks: dict[tuple[date, str], str], on: str, state: LadderState) -> list[Decision]:
        (rule,) = [rule for rule in engine_of("werrington").side_rules if rule.ladder == "threshold"]
        history = pupil(CALENDAR, marks)
        then = facts_of(history, CALENDAR, state.open.on.isoformat()) if state.open else None
        return rule.decide(facts_of(history, CALENDAR, on), state, then)

    def test_is_withdrawn_when_n_turns_out_authorised_gen_06(self):
        state = LadderState((), open_step("threshold", "2025-11-07"))

        assert [
            made.state for made in self.decide(self.TEN | both("I", "2025-11-07"), "2025-11-10", state)
        ] == ["withdrawn"]

    def test_is_not_withdrawn_because_weeks_pass(self):
        state = LadderState((), open_step("threshold", "2025-11-07"))

        assert self.decide(self.TEN, "2026-03-27", state) == []

    def test_is_not_opened_for_weeks_gone_by(self):
        assert self.decide(self.TEN, "2026-03-27", NOWHERE) == []

    def test_takes_n_of_more_than_five_school_days_ago_as_settled(self):
        unsettled = every_day("N", "2025-11-03", "2025-11-07", CALENDAR)

        after_five = self.decide(unsettled, "2025-11-10", NOWHERE)
        after_six = self.decide(unsettled, "2025-11-11", NOWHERE)

        assert [made.unresolved_n for made in after_five] == [10]
        assert [made.unresolved_n for made in after_six] == [8]


class TestAnotherSchoolsLadder:
    PERCENT = (
        '{id: lee_1b, when: {measure: attendance_pct, op: "<", value: 90}, '
        'do: [{letter: lee_below_95}], src: ["fix:GEN-02"]}'
    )

    def test_with_two_percentages_proposes_the_lower_one_reached_and_one_a_night_gen_02(self):
        text = changed("leedon", ("    - {id: lee_2,", f"    - {self.PERCENT}\n    - {{id: lee_2,"))
        history = pupil(CALENDAR, both("I", "2025-09-05", "2025-09-08", "2025-09-09"))

        lines = lines_of(engine_from(text), history, CALENDAR)

        assert rungs(lines) == [("2025-09-30", "lee_1", "passed"), ("2025-09-30", "lee_1b", "proposed")]

    def test_may_leave_the_small_number_guard_out_gen_08(self):
        text = changed("leedon", ("min_possible_sessions: 40, ", ""))

        lines = lines_of(engine_from(text), pupil(CALENDAR, half("I", "2025-09-05")), CALENDAR)

        assert rungs(lines) == [("2025-09-05", "lee_1", "proposed")]

    def test_may_wait_for_a_mark_a_flag_or_the_opposite_of_a_condition(self):
        parts = '{has_mark: ["G"]}, {not: {flag: medical}}, {any: [{flag: siblings}, {always: true}]}'
        when = f"when: {{all: [{parts}]}}"
        text = changed("leedon", ('when: {measure: attendance_pct, op: "<", value: 95}', when))

        lines = lines_of(engine_from(text), pupil(CALENDAR, half("G", "2025-09-05")), CALENDAR)

        assert rungs(lines) == [("2025-09-05", "lee_1", "proposed")]
        assert lines[0].why == "1 session marked G this academic year"
        assert len(lines[0].sessions) == 1

    def test_may_judge_illness_in_rolling_weeks(self):
        when = 'when: {measure: illness_days, op: ">", value: 2, window: rolling_school_weeks(2)}'
        text = changed("leedon", ('when: {measure: attendance_pct, op: "<", value: 95}', when))
        history = pupil(
            CALENDAR,
            both("I", "2025-09-05", "2025-09-19"),
            half("I", "2025-09-22"),
            half("I", "2025-09-23"),
            half("I", "2025-09-24"),
        )

        lines = lines_of(engine_from(text), history, CALENDAR)

        assert rungs(lines) == [("2025-09-24", "lee_1", "proposed")]
        assert lines[0].why == "2.5 days of illness in 2 school weeks, over 2"


class TestAPupilOffRoll:
    def test_is_not_judged(self):
        leaver = pupil(
            CALENDAR,
            every_day("I", "2025-09-15", "2025-09-18", CALENDAR),
            enrolled=(Period(date(2025, 9, 3), date(2025, 9, 18)),),
        )

        assert rungs(lines_of("werrington", leaver, CALENDAR, first="2025-09-19")) == []
        assert rungs(lines_of("werrington", leaver, CALENDAR))[-1][0] == "2025-09-17"
