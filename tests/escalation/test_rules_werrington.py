"""The Werrington policy, worked example by worked example, in 2025/26."""

from datetime import date, time

import pytest

from escalation.rules.facts import Ratio
from escalation.rules.loading import shipped_policy
from registers.rules.times import SessionTimes, classify_arrival
from tests.escalation.calendars import both, calendar_of, engine_of, every_day, half, lines_of, pupil, rungs

CALENDAR = calendar_of(2025)
S2 = (
    both("I", "2025-09-15", "2025-09-16", "2025-09-17", "2025-09-18")
    | half("I", "2025-09-29")
    | half("M", "2025-10-07")
)


def times_of(key: str) -> SessionTimes:
    """Give a school's morning register as its policy states it."""
    am = shipped_policy(key).day.am
    opens, late, closes = (
        time.fromisoformat(at) for at in (am.register_opens, am.late_after, am.register_closes)
    )
    return SessionTimes("AM", opens, late, closes)


class TestWerS1:
    @pytest.mark.parametrize(
        ("arrived", "code"), [("08:50", "/"), ("08:51", "L"), ("09:20", "L"), ("09:21", "U")]
    )
    def test_an_arrival_is_judged_by_the_minute_gen_03(self, arrived, code):
        assert classify_arrival(times_of("werrington"), time.fromisoformat(arrived)) == code


class TestWerS2:
    def test_two_days_propose_nothing_and_the_third_the_short_letter_wer_02(self):
        lines = lines_of("werrington", pupil(CALENDAR, S2), CALENDAR, last="2025-09-30")

        assert rungs(lines) == [("2025-09-17", "wer_d3", "proposed")]
        assert lines[0].letters == ("wer_notice_3",)
        assert lines[0].why == "3 days of absence this academic year (6 of 22 sessions), at or over 3"

    def test_four_and_a_half_days_are_not_five_gen_04(self):
        lines = lines_of("werrington", pupil(CALENDAR, S2), CALENDAR, first="2025-09-18", last="2025-10-06")

        assert rungs(lines) == [("2025-09-18", "wer_d3", "proposed")]

    def test_letter_1_comes_on_the_night_of_the_tenth_session(self):
        lines = lines_of("werrington", pupil(CALENDAR, S2), CALENDAR)

        assert rungs(lines)[-1] == ("2025-10-07", "wer_d5", "proposed")
        assert lines[-1].letters == ("wer_1",)
        assert lines[-1].why == "5 days of absence this academic year (10 of 50 sessions), at or over 5"

    def test_the_step_names_exactly_the_sessions_that_caused_it(self):
        line = lines_of("werrington", pupil(CALENDAR, S2), CALENDAR)[-1]

        named = [(CALENDAR.session(number).on, CALENDAR.session(number).half) for number in line.sessions]
        assert named == sorted(S2)


class TestWerS3:
    def test_letter_2_comes_at_eight_days_with_its_meeting_and_plan_wer_04(self):
        history = pupil(CALENDAR, S2, both("I", "2025-11-10", "2025-11-11", "2025-11-12"))

        lines = lines_of("werrington", history, CALENDAR)

        assert rungs(lines)[-1] == ("2025-11-12", "wer_d8", "proposed")
        assert lines[-1].letters == ("wer_2",)
        assert lines[-1].why == "8 days of absence this academic year (16 of 92 sessions), at or over 8"
        actions = shipped_policy("werrington").rung("wer_d8").do
        assert actions[1].meeting is not None
        assert actions[1].meeting.with_roles == ("attendance_champion", "letter_signatory", "support_team")
        assert actions[2].plan == "support_plan"

    def test_seven_days_propose_nothing_new(self):
        history = pupil(CALENDAR, S2, both("I", "2025-11-10", "2025-11-11", "2025-11-12"))

        assert rungs(lines_of("werrington", history, CALENDAR, last="2025-11-11"))[-1][1] == "wer_d5"


class TestWerS8:
    SILENT = every_day("N", "2025-11-03", "2025-11-14", CALENDAR)

    def test_the_tenth_school_day_without_contact_opens_a_mandatory_referral(self):
        lines = lines_of("werrington", pupil(CALENDAR, self.SILENT), CALENDAR)

        (line,) = [line for line in lines if line.rung == "no_contact"]
        assert (line.on, line.state) == (date(2025, 11, 14), "proposed")
        assert line.why == (
            "no contact on 10 school days in a row from 2025-11-03; mandatory: refer to the local authority"
        )
        assert len(line.sessions) == 20

    def test_a_parent_reached_the_day_before_means_no_case(self):
        history = pupil(CALENDAR, self.SILENT, reached_on=(date(2025, 11, 13),))

        assert rungs(lines_of("werrington", history, CALENDAR), "no_contact") == []

    def test_contact_before_the_absence_does_not_count(self):
        history = pupil(CALENDAR, self.SILENT, reached_on=(date(2025, 10, 24),))

        assert rungs(lines_of("werrington", history, CALENDAR), "no_contact") == [
            ("2025-11-14", "no_contact", "proposed")
        ]

    def test_marks_settled_as_o_after_five_school_days_still_count_as_silence(self):
        settled = every_day("O", "2025-11-03", "2025-11-06", CALENDAR)

        lines = lines_of("werrington", pupil(CALENDAR, self.SILENT, settled), CALENDAR)

        assert rungs(lines, "no_contact") == [("2025-11-14", "no_contact", "proposed")]

    def test_one_session_attended_starts_the_count_again(self):
        history = pupil(CALENDAR, self.SILENT, half("L", "2025-11-07"))

        assert rungs(lines_of("werrington", history, CALENDAR), "no_contact") == []

    def test_nine_days_are_not_ten(self):
        history = pupil(CALENDAR, every_day("N", "2025-11-04", "2025-11-14", CALENDAR))

        assert rungs(lines_of("werrington", history, CALENDAR), "no_contact") == []

    def test_each_silent_absence_has_one_case(self):
        history = pupil(CALENDAR, every_day("N", "2025-11-03", "2025-12-05", CALENDAR))

        assert rungs(lines_of("werrington", history, CALENDAR), "no_contact") == [
            ("2025-11-14", "no_contact", "proposed")
        ]


class TestTheWerringtonLadder:
    def test_a_jump_proposes_the_highest_rung_and_passes_the_lower_ones_gen_02(self):
        history = pupil(CALENDAR, every_day("I", "2025-09-03", "2025-09-12", CALENDAR))

        lines = lines_of("werrington", history, CALENDAR, first="2025-09-15")

        assert rungs(lines) == [
            ("2025-09-15", "wer_d3", "passed"),
            ("2025-09-15", "wer_d5", "passed"),
            ("2025-09-15", "wer_d8", "proposed"),
        ]
        assert [line.letters for line in lines] == [(), (), ("wer_2",)]

    def test_manual_rungs_never_fire_and_are_never_passed_wer_03(self):
        history = pupil(CALENDAR, every_day("I", "2025-09-03", "2025-09-30", CALENDAR))

        lines = lines_of("werrington", history, CALENDAR)

        assert [rung for _, rung, _ in rungs(lines)] == ["wer_d3", "wer_d5", "wer_d8", "wer_d10", "wer_d17"]

    def test_seventeen_days_print_91_0_not_the_documents_90_wer_06(self):
        assert Ratio(380 - 34, 380).percent == "91.0"
        assert Ratio(380 - 38, 380).percent == "90.0"

    def test_any_absence_counts_authorised_or_not_wer_18(self):
        marks = (
            both("I", "2025-09-08")
            | both("G", "2025-09-09")
            | half("U", "2025-09-10")
            | half("M", "2025-09-10", "PM")
        )

        lines = lines_of("werrington", pupil(CALENDAR, marks), CALENDAR)

        assert rungs(lines) == [("2025-09-10", "wer_d3", "proposed")]

    def test_a_late_arrival_in_time_is_no_absence(self):
        history = pupil(CALENDAR, every_day("L", "2025-09-03", "2025-09-08", CALENDAR))

        assert rungs(lines_of("werrington", history, CALENDAR)) == []

    def test_counts_restart_each_academic_year_gen_09(self):
        calendar = calendar_of(2024, 2025)
        history = pupil(
            calendar,
            both("I", "2025-07-14", "2025-07-15", "2025-07-16"),
            both("I", "2025-09-03", "2025-09-04"),
        )

        assert rungs(lines_of("werrington", history, calendar)) == [("2025-07-16", "wer_d3", "proposed")]


class TestWerringtonLateness:
    TEN = [f"2025-09-{day:02}" for day in (3, 4, 5, 8, 9, 10, 11, 12, 15, 16)]

    def test_ten_late_occasions_of_both_kinds_in_both_halves_fire_once_wer_05_gen_17(self):
        marks = {}
        for place, on in enumerate(self.TEN):
            marks |= half("U" if place % 2 else "L", on, "PM" if place % 3 else "AM")
        later = half("L", "2025-09-17") | half("L", "2025-09-18")

        lines = lines_of("werrington", pupil(CALENDAR, marks, later), CALENDAR)

        late = [line for line in lines if line.rung == "wer_late_10"]
        assert rungs(late) == [("2025-09-16", "wer_late_10", "proposed")]
        assert late[0].letters == ("wer_late",)
        assert late[0].why == "10 late sessions this academic year, at or over 10"
        assert len(late[0].sessions) == 10

    def test_nine_do_not(self):
        marks = {place: "L" for on in self.TEN[:9] for place in half("L", on)}

        assert rungs(lines_of("werrington", pupil(CALENDAR, marks), CALENDAR)) == []


class TestThePenaltyThreshold:
    def test_counts_n_as_well_and_says_how_many_are_still_n_gen_06(self):
        history = pupil(
            CALENDAR,
            every_day("O", "2025-11-03", "2025-11-05", CALENDAR),
            both("N", "2025-11-06", "2025-11-07"),
        )

        lines = lines_of("werrington", history, CALENDAR)

        (line,) = [line for line in lines if line.rung == "threshold"]
        assert (line.on, line.state, len(line.sessions)) == (date(2025, 11, 7), "proposed", 10)
        assert line.why == (
            "10 unauthorised sessions (N and O) in 10 school weeks, threshold 10; "
            "4 of them still N: no notice or referral can be drafted"
        )

    def test_a_session_is_used_for_one_case_only(self):
        history = pupil(CALENDAR, every_day("O", "2025-11-03", "2025-11-20", CALENDAR))

        assert rungs(lines_of("werrington", history, CALENDAR), "threshold") == [
            ("2025-11-07", "threshold", "proposed"),
            ("2025-11-14", "threshold", "proposed"),
        ]

    def test_spans_terms_and_counts_school_weeks_not_holidays(self):
        four_before = every_day("G", "2025-12-18", "2025-12-19", CALENDAR)
        six_after = every_day("U", "2026-02-23", "2026-02-25", CALENDAR)

        lines = lines_of("werrington", pupil(CALENDAR, four_before, six_after), CALENDAR)

        # The week of 15 December to the week of 23 February are eight school weeks.
        assert rungs(lines, "threshold") == [("2026-02-25", "threshold", "proposed")]

    def test_forgets_the_eleventh_week_back(self):
        four_before = every_day("G", "2025-11-20", "2025-11-21", CALENDAR)
        six_after = every_day("U", "2026-02-09", "2026-02-11", CALENDAR)
        week_later = every_day("U", "2026-02-02", "2026-02-04", CALENDAR)

        late = lines_of("werrington", pupil(CALENDAR, four_before, six_after), CALENDAR)
        in_time = lines_of("werrington", pupil(CALENDAR, four_before, week_later), CALENDAR)

        assert rungs(late, "threshold") == []
        assert rungs(in_time, "threshold") == [("2026-02-04", "threshold", "proposed")]

    def test_spans_school_years(self):
        calendar = calendar_of(2024, 2025)
        two_in_summer = both("G", "2025-07-16")
        eight_in_autumn = every_day("G", "2025-09-15", "2025-09-18", calendar)

        lines = lines_of("werrington", pupil(calendar, two_in_summer, eight_in_autumn), calendar)

        assert rungs(lines, "threshold") == [("2025-09-18", "threshold", "proposed")]

    def test_every_policy_has_it(self):
        for key in ("werrington", "strathmore", "lunts_heath", "welbourn", "leedon"):
            assert "threshold" in {rule.ladder for rule in engine_of(key).side_rules}
