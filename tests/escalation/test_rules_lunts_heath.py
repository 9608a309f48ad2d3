"""
The Lunt's Heath policy, worked example by worked example, in 2024/25: stages moved by people, and prompts.
"""

from datetime import date, time

import pytest

from escalation.rules.facts import LadderState, Taken
from escalation.rules.loading import shipped_policy
from registers.rules.times import SessionTimes, classify_arrival
from tests.escalation.calendars import both, calendar_of, engine_of, every_day, half, lines_of, pupil, rungs
from tests.escalation.test_rules_werrington import times_of
from tests.escalation.tracks import facts_of

CALENDAR = calendar_of(2024)
ILL = every_day("I", "2024-11-11", "2024-11-15", CALENDAR)


class TestLunS1:
    @pytest.mark.parametrize(
        ("arrived", "code"), [("08:45", "/"), ("08:50", "L"), ("08:55", "L"), ("08:56", "U")]
    )
    def test_late_begins_when_the_register_is_taken_lun_01(self, arrived, code):
        assert classify_arrival(times_of("lunts_heath"), time.fromisoformat(arrived)) == code

    @pytest.mark.parametrize(("arrived", "code"), [("13:20", "L"), ("13:31", "U")])
    def test_an_afternoon_arrival_after_the_opening_is_late_until_the_close_lun_02(self, arrived, code):
        closes = time.fromisoformat(shipped_policy("lunts_heath").day.pm.register_closes or "")
        opens = time(13, 0)

        assert classify_arrival(SessionTimes("PM", opens, opens, closes), time.fromisoformat(arrived)) == code


class TestLunS4:
    def test_five_days_of_illness_ask_for_nothing_and_the_sixth_for_proof_lun_08(self):
        lines = lines_of("lunts_heath", pupil(CALENDAR, ILL, half("I", "2024-11-18")), CALENDAR)

        assert rungs(lines) == [("2024-11-18", "evidence", "proposed")]
        assert lines[0].letters == ("lun_evidence",)
        assert lines[0].why == "ill on 6 school days in a row, over 5, from 2024-11-11"
        assert len(lines[0].sessions) == 11

    def test_the_parent_is_told_before_a_mark_becomes_unauthorised(self):
        evidence = shipped_policy("lunts_heath").evidence

        assert evidence.notify_parent_before_unauthorising is True
        assert evidence.notice_letter == "lun_unauthorise_notice"

    def test_a_day_at_school_in_between_starts_a_new_run(self):
        history = pupil(
            CALENDAR, ILL, both("/", "2024-11-13"), every_day("I", "2024-11-18", "2024-11-20", CALENDAR)
        )

        assert rungs(lines_of("lunts_heath", history, CALENDAR)) == []

    def test_a_holiday_in_between_does_not(self):
        history = pupil(CALENDAR, every_day("I", "2024-10-23", "2024-11-06", CALENDAR))

        assert rungs(lines_of("lunts_heath", history, CALENDAR)) == [("2024-11-06", "evidence", "proposed")]

    def test_each_run_is_asked_about_once(self):
        history = pupil(CALENDAR, every_day("I", "2024-11-11", "2024-11-29", CALENDAR))

        assert rungs(lines_of("lunts_heath", history, CALENDAR)) == [("2024-11-18", "evidence", "proposed")]

    def test_an_illness_of_long_ago_is_left_alone(self):
        history = pupil(CALENDAR, every_day("I", "2024-11-11", "2024-11-20", CALENDAR))

        assert rungs(lines_of("lunts_heath", history, CALENDAR, first="2024-11-27")) == [
            ("2024-11-27", "evidence", "proposed")
        ]
        assert rungs(lines_of("lunts_heath", history, CALENDAR, first="2024-11-28")) == []


class TestTheStagesOfLuntsHeath:
    def test_no_stage_is_proposed_for_a_pupil_because_people_move_them_lun_06(self):
        history = pupil(CALENDAR, every_day("M", "2024-09-04", "2024-12-20", CALENDAR))

        assert rungs(lines_of("lunts_heath", history, CALENDAR)) == []

    def test_persistent_absence_puts_a_pupil_on_the_list_for_listening(self):
        engine = engine_of("lunts_heath")
        nine = facts_of(
            pupil(CALENDAR, every_day("M", "2024-10-23", "2024-10-25", CALENDAR)), CALENDAR, "2024-10-25"
        )
        ten = facts_of(
            pupil(CALENDAR, every_day("M", "2024-10-22", "2024-10-25", CALENDAR)), CALENDAR, "2024-10-25"
        )

        assert engine.prompts(nine, {}) == []
        (prompt,) = engine.prompts(ten, {})
        assert (prompt.ladder, prompt.rung) == ("ladder", "lun_listen")
        assert prompt.why == "8 absences in 76 sessions: 10.5 %, at or over 10 %"
        assert len(prompt.sessions) == 8

    def test_three_late_sessions_in_three_school_weeks_put_a_pupil_on_the_punctuality_list_lun_13(self):
        engine = engine_of("lunts_heath")
        marks = half("L", "2024-10-15") | half("L", "2024-10-22", "PM") | half("U", "2024-11-05")

        inside = facts_of(pupil(CALENDAR, marks), CALENDAR, "2024-11-08")
        after = facts_of(pupil(CALENDAR, marks), CALENDAR, "2024-11-11")

        assert [prompt.rung for prompt in engine.prompts(inside, {})] == ["lun_late"]
        assert engine.prompts(after, {}) == []

    def test_a_prompt_whose_rung_was_acted_on_this_year_is_gone(self):
        engine = engine_of("lunts_heath")
        facts = facts_of(
            pupil(CALENDAR, every_day("M", "2024-10-22", "2024-10-25", CALENDAR)), CALENDAR, "2024-10-25"
        )
        acted = LadderState((Taken("lun_listen", date(2024, 10, 25), 2024, 76),))

        assert engine.prompts(facts, {"ladder": acted}) == []

    def test_the_three_week_review_falls_on_the_last_day_of_every_third_school_week_lun_14(self):
        reviews = [on for on in CALENDAR.days if CALENDAR.day(on).is_three_week_review]

        assert [on.isoformat() for on in reviews[:5]] == [
            *("2024-09-20", "2024-10-11", "2024-11-08", "2024-11-29", "2024-12-20")
        ]
