"""The Leedon policy, worked example by worked example, in 2024/25."""

from datetime import time

import pytest

from escalation.rules.loading import shipped_policy
from registers.rules.times import classify_arrival
from tests.escalation.calendars import both, calendar_of, every_day, half, lines_of, pupil, rungs
from tests.escalation.test_rules_werrington import times_of

CALENDAR = calendar_of(2024)
EXACTLY_95 = both("I", "2024-11-13", "2024-11-14") | half("I", "2024-11-19")


class TestLeeS1:
    @pytest.mark.parametrize(
        ("arrived", "code"), [("08:45", "/"), ("08:46", "L"), ("09:00", "L"), ("09:01", "U")]
    )
    def test_the_register_closes_at_nine_lee_01(self, arrived, code):
        assert classify_arrival(times_of("leedon"), time.fromisoformat(arrived)) == code


class TestLeeS3:
    def test_exactly_95_per_cent_is_not_below_95_on_any_night(self):
        lines = lines_of("leedon", pupil(CALENDAR, EXACTLY_95), CALENDAR, last="2024-11-19")

        assert rungs(lines) == []

    def test_94_per_cent_gets_the_letter(self):
        history = pupil(CALENDAR, EXACTLY_95, half("I", "2024-11-19", "PM"))

        lines = lines_of("leedon", history, CALENDAR, last="2024-11-19")

        assert rungs(lines) == [("2024-11-19", "lee_1", "proposed")]
        assert lines[0].letters == ("lee_below_95",)
        assert lines[0].why == "6 absences in 100 sessions: 94.0 %, below 95 %"

    def test_every_next_step_is_taken_by_a_person(self):
        history = pupil(CALENDAR, every_day("I", "2024-10-01", "2025-07-17", CALENDAR))

        lines = lines_of("leedon", history, CALENDAR)

        assert {line.rung for line in lines} == {"lee_1"}
        assert [shipped_policy("leedon").rung(name).is_manual for name in ("lee_2", "lee_3", "lee_4")] == [
            True
        ] * 3


class TestTheLeedonLadder:
    def test_one_day_off_in_the_first_weeks_brings_no_letter_lee_16_gen_08(self):
        history = pupil(CALENDAR, both("I", "2024-09-05"))

        assert rungs(lines_of("leedon", history, CALENDAR)) == []

    def test_two_days_off_in_the_first_weeks_bring_it_at_40_sessions(self):
        history = pupil(CALENDAR, both("I", "2024-09-05", "2024-09-06"))

        lines = lines_of("leedon", history, CALENDAR)

        assert rungs(lines) == [("2024-10-01", "lee_1", "proposed")]
        assert lines[0].why == "4 absences in 40 sessions: 90.0 %, below 95 %"

    def test_no_contact_by_day_10_asks_for_a_decision_and_never_deletes_lee_05(self):
        lines = lines_of(
            "leedon", pupil(CALENDAR, every_day("N", "2024-11-04", "2024-11-15", CALENDAR)), CALENDAR
        )

        (line,) = [line for line in lines if line.rung == "no_contact"]
        assert line.on.isoformat() == "2024-11-15"
        assert line.why.endswith("a decision is needed: whether to refer to the local authority")
        assert shipped_policy("leedon").no_contact.auto_delete == "never"
