"""The Strathmore policy, worked example by worked example, in 2025/26."""

from datetime import date, time

import pytest

from registers.rules.codes import CODE_BY_SYMBOL
from registers.rules.times import classify_arrival
from tests.escalation.calendars import Period, both, calendar_of, every_day, half, lines_of, pupil, rungs
from tests.escalation.test_rules_werrington import times_of

CALENDAR = calendar_of(2025)
EXACTLY_96 = both("I", "2025-09-10")
BELOW_96 = EXACTLY_96 | half("O", "2025-10-06")


class TestStrS1:
    @pytest.mark.parametrize(
        ("arrived", "code"), [("09:00", "/"), ("09:01", "L"), ("09:15", "L"), ("09:16", "U")]
    )
    def test_the_register_closes_at_a_quarter_past_str_01(self, arrived, code):
        assert classify_arrival(times_of("strathmore"), time.fromisoformat(arrived)) == code


class TestStrS2:
    def test_exactly_96_per_cent_is_not_below_96_gen_05(self):
        lines = lines_of("strathmore", pupil(CALENDAR, EXACTLY_96), CALENDAR, last="2025-10-07")

        assert rungs(lines) == []

    def test_94_per_cent_gets_letter_1_on_the_first_night_with_50_sessions_gen_08_str_07(self):
        lines = lines_of("strathmore", pupil(CALENDAR, BELOW_96), CALENDAR, last="2025-10-07")

        assert rungs(lines) == [("2025-10-07", "str_1", "proposed")]
        assert lines[0].letters == ("str_B",)
        assert lines[0].why == "3 absences in 50 sessions: 94.0 %, below 96 %"

    def test_nothing_comes_on_any_night_before_50_sessions_are_possible(self):
        assert rungs(lines_of("strathmore", pupil(CALENDAR, BELOW_96), CALENDAR, last="2025-10-06")) == []


class TestStrS5:
    MEDICAL = (("significant_medical", Period(date(2025, 9, 1))),)

    def test_a_significant_medical_need_gets_the_letter_of_appendix_d_and_no_letter_1_str_08(self):
        lines = lines_of(
            "strathmore", pupil(CALENDAR, BELOW_96, flags=self.MEDICAL), CALENDAR, last="2025-10-10"
        )

        assert rungs(lines) == [("2025-10-07", "str_med", "proposed")]
        assert lines[0].letters == ("str_D",)
        assert (
            lines[0].why == "3 absences in 50 sessions: 94.0 %, below 96 %; flag significant medical is set"
        )

    def test_letters_1_to_3_stay_away_while_the_flag_is_on(self):
        lines = lines_of(
            "strathmore",
            pupil(CALENDAR, every_day("I", "2025-10-06", "2025-12-05", CALENDAR), flags=self.MEDICAL),
            CALENDAR,
        )

        assert rungs(lines) == [("2025-10-07", "str_med", "proposed")]

    def test_the_ladder_takes_over_when_the_flag_goes(self):
        flags = (("significant_medical", Period(date(2025, 9, 1), date(2025, 10, 7))),)

        lines = lines_of("strathmore", pupil(CALENDAR, BELOW_96, flags=flags), CALENDAR, last="2025-10-08")

        assert rungs(lines) == [("2025-10-07", "str_med", "proposed"), ("2025-10-08", "str_1", "proposed")]

    def test_a_part_time_timetable_is_the_other_reason_for_it(self):
        flags = (("part_time_timetable", Period(date(2025, 9, 1))),)

        lines = lines_of("strathmore", pupil(CALENDAR, BELOW_96, flags=flags), CALENDAR, last="2025-10-07")

        assert rungs(lines) == [("2025-10-07", "str_med", "proposed")]


class TestStrS8:
    BORN = date(2021, 1, 15)
    MARKS = every_day("O", "2025-11-03", "2025-11-07", CALENDAR) | every_day(
        "O", "2026-04-13", "2026-04-17", CALENDAR
    )

    def test_only_sessions_of_compulsory_age_make_a_threshold_case_gen_11_str_10(self):
        lines = lines_of("strathmore", pupil(CALENDAR, self.MARKS, born=self.BORN), CALENDAR)

        (line,) = [line for line in lines if line.rung == "threshold"]
        assert line.on == date(2026, 4, 17)
        assert {CALENDAR.session(number).on.month for number in line.sessions} == {4}

    def test_the_return_of_20_sessions_counts_compulsory_age_only(self):
        lines = lines_of("strathmore", pupil(CALENDAR, self.MARKS, born=self.BORN), CALENDAR)

        assert rungs(lines, "unauthorised_20_sessions") == []

    def test_support_letters_remain_possible_below_it(self):
        lines = lines_of("strathmore", pupil(CALENDAR, self.MARKS, born=self.BORN), CALENDAR)

        assert rungs(lines, "str_1") == [("2025-11-04", "str_1", "proposed")]

    def test_x_is_for_pupils_below_it_only(self):
        assert CODE_BY_SYMBOL["X"].age_rule == "non_compulsory"


class TestTheStrathmoreLadder:
    def test_letter_2_is_judged_at_the_first_half_term_review_after_letter_1_str_06(self):
        history = pupil(CALENDAR, BELOW_96, both("I", "2025-10-20"))

        lines = lines_of("strathmore", history, CALENDAR, last="2025-10-24")

        # Letter 1 printed 94.0; at the review 71 of 76 is 93.4, not higher.
        assert rungs(lines) == [("2025-10-07", "str_1", "proposed"), ("2025-10-24", "str_2", "proposed")]
        assert lines[1].letters == ("str_C",)
        assert lines[1].why == (
            "5 absences in 76 sessions: 93.4 %, below 96 %; "
            "not higher than the 94.0 % (47 of 50 sessions) in letter str_B of 7 October 2025"
        )

    def test_an_improvement_by_the_review_brings_no_letter_2_then_but_a_later_fall_does(self):
        history = pupil(CALENDAR, BELOW_96, every_day("I", "2025-12-08", "2025-12-16", CALENDAR))

        lines = lines_of("strathmore", history, CALENDAR, last="2025-12-19")

        assert rungs(lines, "str_2") == [("2025-12-19", "str_2", "proposed")]

    def test_the_evidence_letter_comes_at_the_next_review_after_letter_2_str_05_str_06(self):
        history = pupil(
            CALENDAR, BELOW_96, both("I", "2025-10-20"), every_day("I", "2025-11-10", "2025-11-12", CALENDAR)
        )

        lines = lines_of("strathmore", history, CALENDAR, last="2025-12-19")

        assert rungs(lines)[-1] == ("2025-12-19", "str_3", "proposed")
        assert lines[-1].letters == ("str_evidence",)

    def test_no_evening_climbs_two_rungs_gen_02(self):
        history = pupil(CALENDAR, every_day("I", "2025-10-06", "2025-10-24", CALENDAR))

        lines = lines_of("strathmore", history, CALENDAR, first="2025-10-24", last="2025-12-19")

        assert rungs(lines)[0] == ("2025-10-24", "str_1", "proposed")
        assert len({line.on for line in lines}) == len(lines)

    def test_late_mornings_count_and_late_afternoons_do_not_str_12(self):
        mornings = {
            place: "L"
            for day in range(3, 13)
            for place in half("L", f"2025-09-{day:02}")
            if place[0].weekday() < 5
        }
        afternoons = {(on, "PM"): "L" for on, _ in mornings}
        more = half("L", "2025-09-15") | half("U", "2025-09-16")

        lines = lines_of("strathmore", pupil(CALENDAR, mornings, afternoons, more), CALENDAR)

        assert len(mornings) == 8
        assert rungs(lines, "str_late_10") == [("2025-09-16", "str_late_10", "proposed")]
        assert next(line for line in lines if line.rung == "str_late_10").why == (
            "10 late AM sessions this academic year, at or over 10"
        )

    def test_twenty_unauthorised_sessions_in_the_year_are_returned_once_str_03(self):
        history = pupil(
            CALENDAR,
            every_day("O", "2025-09-08", "2025-09-12", CALENDAR),
            every_day("G", "2026-01-12", "2026-01-19", CALENDAR),
        )

        lines = lines_of("strathmore", history, CALENDAR)

        assert rungs(lines, "unauthorised_20_sessions") == [
            ("2026-01-16", "unauthorised_20_sessions", "proposed")
        ]
