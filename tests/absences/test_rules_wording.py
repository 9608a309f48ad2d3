"""What families read of a mark."""

from datetime import date

import pytest

from absences.rules.wording import REASONS, Missed, missed_days, state_of
from registers.rules.codes import ABSENT, NATIONAL_CODES

MARKS = [rule.symbol for rule in NATIONAL_CODES if rule.is_mark and rule.symbol not in ("/", "\\")]


class TestTheStateOfHalfADay:
    @pytest.mark.parametrize(
        ("half", "symbol", "arrived", "words"),
        [
            ("AM", "", "", "Register not taken yet this morning"),
            ("PM", "", "", "Register not taken yet this afternoon"),
            ("AM", "/", "", "Marked present this morning"),
            ("PM", "\\", "", "Marked present this afternoon"),
            ("AM", "L", "9:02am", "Arrived late this morning, at 9:02am"),
            ("AM", "L", "", "Arrived late this morning"),
            (
                "AM",
                "U",
                "9:41am",
                "Arrived at 9:41am this morning, after the register had closed, which counts as an absence",
            ),
            ("AM", "N", "", "Not in school this morning, and the school does not know why yet"),
            ("AM", "I", "", "Absent this morning: illness"),
            ("PM", "G", "", "Absent this afternoon: holiday that the school did not agree to"),
            ("AM", "V", "", "This morning: school trip, which counts as attending"),
            (
                "PM",
                "Y1",
                "",
                "This afternoon: transport was not available, which does not count as an absence",
            ),
        ],
    )
    def test_is_a_sentence(self, half, symbol, arrived, words):
        assert state_of(half, symbol, arrived=arrived) == words

    def test_is_an_expectation_before_the_session_has_begun(self):
        assert (
            state_of("PM", "M", begun=False)
            == "The school expects an absence this afternoon: medical or dental appointment"
        )

    @pytest.mark.parametrize("symbol", MARKS)
    def test_has_words_for_every_code(self, symbol):
        assert state_of("AM", symbol)


class TestReasons:
    def test_exist_for_exactly_the_codes_that_can_be_marks(self):
        assert set(REASONS) == set(MARKS)

    def test_never_show_a_code(self):
        absent = {rule.symbol for rule in NATIONAL_CODES if rule.statistical_class in ABSENT}
        assert absent and not [symbol for symbol in absent if REASONS[symbol] == symbol]


TUESDAY, WEDNESDAY = date(2025, 9, 9), date(2025, 9, 10)


class TestDaysMissed:
    def test_are_one_line_when_both_halves_have_the_same_reason(self):
        assert missed_days([(WEDNESDAY, "AM", "I"), (WEDNESDAY, "PM", "I")]) == [
            Missed(WEDNESDAY, "all day", "illness")
        ]

    def test_are_two_lines_when_the_reasons_differ(self):
        assert missed_days([(WEDNESDAY, "AM", "U"), (WEDNESDAY, "PM", "M")]) == [
            Missed(WEDNESDAY, "morning", "arrived after the register had closed"),
            Missed(WEDNESDAY, "afternoon", "medical or dental appointment"),
        ]

    def test_do_not_join_over_midnight(self):
        assert missed_days([(WEDNESDAY, "AM", "I"), (TUESDAY, "PM", "I")]) == [
            Missed(WEDNESDAY, "morning", "illness"),
            Missed(TUESDAY, "afternoon", "illness"),
        ]
