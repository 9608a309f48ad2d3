"""The national table by date of the offence."""

from datetime import date

import pytest

from letters.rules.national import national_words, penalty_band


class TestPenaltyAmounts:
    @pytest.mark.parametrize(
        ("offence_on", "early", "full", "second"),
        [
            (date(2024, 8, 18), 60, 120, None),
            (date(2024, 8, 19), 80, 160, 160),
            (date(2026, 11, 24), 80, 160, 160),
            (date(2015, 3, 2), 60, 120, None),
        ],
    )
    def test_follow_the_day_of_the_offence(
        self, offence_on: date, early: int, full: int, second: int | None
    ) -> None:
        band = penalty_band(offence_on)

        assert (band.early, band.full, band.second) == (early, full, second)
        assert (band.early_days, band.full_days) == (21, 28)

    def test_are_printed_with_their_days(self) -> None:
        words = national_words(date(2025, 11, 14))

        assert (words["penalty_first_discounted"], words["penalty_first_full"]) == ("£80", "£160")
        assert "£80 if it is paid within 21 days" in words["penalty_amounts"]
        assert "£160 if it is paid after that and within 28 days" in words["penalty_amounts"]
        assert "no third notice in those three years" in words["penalty_amounts"]

    def test_before_the_national_framework_know_no_second_notice(self) -> None:
        assert "second notice" not in national_words(date(2024, 7, 1))["penalty_amounts"]


class TestCourtMaxima:
    def test_are_those_of_the_act(self) -> None:
        words = national_words(date(2025, 11, 14))["court_penalties"]

        assert "£1,000" in words
        assert "£2,500" in words
        assert "3 months" in words
        assert "section 444(1) and (1A) of the Education Act 1996" in words
