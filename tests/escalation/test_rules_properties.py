"""What must hold for every pupil and every register, checked over random ones."""

from datetime import date
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from escalation.rules.facts import Dismissed, LadderState, Open, Ratio
from escalation.rules.loading import SHIPPED
from escalation.rules.replay import PupilTrack, replay, walk
from registers.rules.codes import CODE_BY_SYMBOL
from tests.escalation.calendars import calendar_of, engine_of, pupil
from tests.escalation.tracks import facts_of

CALENDAR = calendar_of(2025)
CODES = ["I", "I", "I", "M", "C", "C2", "E", "G", "N", "O", "U", "L", "Y7", "B"]
PLACES = [(session.on, session.half) for session in CALENDAR.sessions]
REGISTERS = st.dictionaries(st.sampled_from(PLACES), st.sampled_from(CODES), max_size=60)
RUNS = st.builds(
    lambda start, length, code: {place: code for place in PLACES[start : start + length]},
    st.integers(0, 379),
    st.integers(1, 40),
    st.sampled_from(CODES),
)
PUPILS = st.builds(lambda marks, run: pupil(CALENDAR, run | marks), REGISTERS, RUNS)
KEYS = st.sampled_from(SHIPPED)
QUICK = settings(max_examples=60, deadline=None)


class TestReplay:
    @QUICK
    @given(PUPILS, KEYS)
    def test_takes_no_rung_of_a_year_twice_and_never_steps_down(self, history, key):
        engine = engine_of(key)
        places = {
            rung.id: place for place, rung in enumerate(engine.policy.ladder.rungs) if not rung.replaces
        }

        lines = [
            line
            for line in replay(
                engine, [history], CALENDAR, first_day=CALENDAR.days[0], last_day=CALENDAR.days[-1]
            )
        ]

        climbed = [places[line.rung] for line in lines if line.rung in places and line.state == "proposed"]
        assert climbed == sorted(set(climbed))

    @QUICK
    @given(PUPILS, KEYS)
    def test_has_at_most_one_step_on_a_ladder_and_evening(self, history, key):
        decided = [
            (day.on, decision.ladder)
            for day, decision in walk(
                engine_of(key), PupilTrack(history, CALENDAR), map(CALENDAR.day, CALENDAR.days)
            )
            if decision.state in ("proposed", "held")
        ]

        assert len(decided) == len(set(decided))

    @QUICK
    @given(st.lists(PUPILS, min_size=2, max_size=4), KEYS, st.randoms(use_true_random=False))
    def test_does_not_depend_on_the_order_of_the_pupils(self, histories, key, random):
        named = [
            type(history)(f"A{place:012}", history.date_of_birth, history.marks, history.enrolled)
            for place, history in enumerate(histories)
        ]
        shuffled = random.sample(named, len(named))
        first, last = CALENDAR.days[0], CALENDAR.days[-1]

        ours = list(replay(engine_of(key), named, CALENDAR, first_day=first, last_day=last))
        theirs = list(replay(engine_of(key), shuffled, CALENDAR, first_day=first, last_day=last))

        assert sorted(map(repr, ours)) == sorted(map(repr, theirs))

    @QUICK
    @given(PUPILS, KEYS, st.sampled_from(CALENDAR.days))
    def test_of_a_longer_period_begins_with_that_of_a_shorter_one(self, history, key, last):
        engine = engine_of(key)

        whole = list(
            replay(engine, [history], CALENDAR, first_day=CALENDAR.days[0], last_day=CALENDAR.days[-1])
        )
        part = list(replay(engine, [history], CALENDAR, first_day=CALENDAR.days[0], last_day=last))

        assert part == [line for line in whole if line.on <= last]


class TestFigures:
    @QUICK
    @given(
        PUPILS,
        st.sampled_from(CALENDAR.days),
        st.sampled_from(["academic_year", "term", "half_term", "last_3_weeks"]),
    )
    def test_of_a_window_equal_a_plain_count_of_its_marks(self, history, on, window):
        facts = facts_of(history, CALENDAR, on.isoformat())
        counted = [
            str(CODE_BY_SYMBOL[history.marks[number]].statistical_class)
            for number in range(facts.day.first_number(window), facts.day.last_number + 1)
        ]

        ratio = engine_of("leedon").judge.ratio(facts, window)

        assert ratio.attended == sum(1 for kind in counted if kind in ("P", "A"))
        assert ratio.possible == sum(1 for kind in counted if kind != "NP")

    @QUICK
    @given(st.integers(0, 380), st.integers(1, 380), st.integers(0, 1000))
    def test_are_compared_as_exact_fractions_gen_05(self, attended, possible, tenths):
        ratio = Ratio(min(attended, possible), possible)
        bound = Fraction(tenths, 10)

        assert (ratio.attended * 100 * bound.denominator < bound.numerator * ratio.possible) == (
            ratio.fraction * 100 < bound
        )
        assert Fraction(ratio.percent) <= ratio.fraction * 100 < Fraction(ratio.percent) + Fraction(1, 10)


class TestAnyEvening:
    STATES = st.one_of(
        st.just(LadderState()),
        st.builds(
            lambda rung, day, state: LadderState(
                (), Open(rung, state, day, 2025, CALENDAR.day(day).last_number)
            ),
            st.sampled_from(["wer_d3", "wer_d5", "wer_d17"]),
            st.sampled_from(CALENDAR.days),
            st.sampled_from(["proposed", "held"]),
        ),
        st.builds(
            lambda rung, day: LadderState(dismissed=Dismissed(rung, day)),
            st.sampled_from(["wer_d3", "wer_d5", "wer_d17"]),
            st.sampled_from(CALENDAR.days),
        ),
    )

    @QUICK
    @given(PUPILS, st.sampled_from(CALENDAR.days), STATES)
    def test_leaves_at_most_one_step_open_whatever_went_before(self, history, on, state):
        facts = facts_of(history, CALENDAR, on.isoformat())

        decisions = engine_of("werrington").ladder.decide(facts, state)

        opened = [made for made in decisions if made.state in ("proposed", "held")]
        closed = [made for made in decisions if made.state in ("passed", "withdrawn")]
        still_open = state.open is not None and state.open.rung not in {made.rung for made in closed + opened}
        assert len(opened) + still_open <= 1

    @QUICK
    @given(PUPILS, st.sampled_from(CALENDAR.days))
    def test_proposes_the_highest_number_of_days_reached_and_names_its_sessions(self, history, on):
        facts = facts_of(history, CALENDAR, on.isoformat())
        absent = sum(1 for occasion in facts.occasions if occasion.kind in ("AU", "UN"))
        expected = [
            name
            for days, name in ((3, "wer_d3"), (5, "wer_d5"), (8, "wer_d8"), (10, "wer_d10"), (17, "wer_d17"))
            if absent >= 2 * days
        ]

        decisions = engine_of("werrington").ladder.decide(facts, LadderState())

        assert [made.rung for made in decisions] == expected
        assert [made.state for made in decisions] == ["passed"] * (len(expected) - 1) + ["proposed"] * bool(
            expected
        )
        if decisions:
            assert len(decisions[-1].sessions) == absent

    @QUICK
    @given(PUPILS)
    def test_a_birth_date_only_matters_to_what_leads_to_the_law_gen_11(self, history):
        young = type(history)(history.upn, date(2022, 1, 1), history.marks, history.enrolled)
        first, last = CALENDAR.days[0], CALENDAR.days[-1]

        old_lines = replay(engine_of("strathmore"), [history], CALENDAR, first_day=first, last_day=last)
        young_lines = replay(engine_of("strathmore"), [young], CALENDAR, first_day=first, last_day=last)

        legal = ("threshold", "unauthorised_20_sessions")
        assert list(young_lines) == [line for line in old_lines if line.rung not in legal]
