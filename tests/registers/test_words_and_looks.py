"""Days, times and marks in words, and the eight looks."""

from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from django.template.loader import render_to_string

from registers import words
from registers.rules.codes import NATIONAL_CODES
from registers.rules.looks import Look, look_of

ON = date(2025, 11, 11)
BEFORE_2014 = date(2013, 11, 11)


class TestDays:
    @pytest.mark.parametrize(
        ("on", "today", "expected"),
        [
            (date(2026, 11, 24), date(2026, 11, 25), "Tue 24 Nov"),
            (date(2026, 11, 24), date(2027, 7, 20), "Tue 24 Nov"),
            (date(2026, 7, 7), date(2026, 9, 1), "Tue 7 Jul 2026"),
            (date(2026, 11, 24), None, "Tue 24 Nov"),
        ],
    )
    def test_carry_the_year_only_outside_this_school_year(
        self, on: date, today: date | None, expected: str
    ) -> None:
        assert words.day(on, today) == expected


class TestTimes:
    @pytest.mark.parametrize(
        ("at", "expected"),
        [
            (time(8, 5), "8:05am"),
            (time(0, 0), "12:00am"),
            (time(12, 30), "12:30pm"),
            (datetime(2026, 1, 6, 8, 50, tzinfo=UTC), "8:50am"),
            (datetime(2026, 6, 9, 8, 50, tzinfo=UTC), "9:50am"),
            (None, ""),
        ],
    )
    def test_are_told_as_the_schools_clock_shows_them(
        self, at: datetime | time | None, expected: str
    ) -> None:
        assert words.clock(at) == expected

    def test_tell_an_instant_with_its_day(self) -> None:
        assert words.moment(datetime(2026, 6, 9, 23, 30, tzinfo=UTC), ON) == "Wed 10 Jun at 12:30am"


class TestLooks:
    @pytest.mark.parametrize(
        ("codes", "look"),
        [
            ("/ \\", Look.PRESENT),
            ("L", Look.LATE),
            ("K V P W B", Look.APPROVED),
            ("C C1 C2 E I J1 M R S T", Look.AUTHORISED),
            ("G O U", Look.UNAUTHORISED),
            ("N", Look.UNEXPLAINED),
            ("D Q X Y1 Y2 Y3 Y5 Y6 Y7", Look.IMPOSSIBLE),
        ],
    )
    def test_follow_the_class_of_the_code(self, codes: str, look: Look) -> None:
        assert {code: look_of(code, ON) for code in codes.split()} == dict.fromkeys(codes.split(), look)

    def test_are_there_for_every_code_that_was_ever_valid(self) -> None:
        drawn = {rule.symbol: look_of(rule.symbol, rule.valid_to or ON) for rule in NATIONAL_CODES}

        assert len(drawn) == len(NATIONAL_CODES)
        assert drawn["J"] == Look.APPROVED  # an interview counted as attending until August 2024

    def test_are_empty_without_a_mark(self) -> None:
        assert look_of("", ON) == Look.NONE

    def test_refuse_a_code_that_was_not_valid_that_day(self) -> None:
        with pytest.raises(KeyError):
            look_of("H", ON)

    def test_are_each_drawn_in_the_style_sheet(self) -> None:
        sheet = Path(__file__).resolve().parents[2] / "static" / "rollcall" / "marks.css"
        css = sheet.read_text(encoding="utf-8")

        assert [look for look in Look if f".mark--{look} {{" not in css] == []

    def test_are_drawn_alike_in_python_and_in_the_component(self) -> None:
        drawn = words.draw_mark("I", ON, "Tue 11 Nov AM: Illness", "small")
        context = {"look": "authorised", "code": "I", "label": "Tue 11 Nov AM: Illness", "is_small": True}

        assert render_to_string("_components/mark.html", context).strip() == drawn
