"""The one count of attendance."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registers.rules.codes import CODE_BY_SYMBOL
from registers.rules.figures import Figures, figures_of, percentage_text

# Written out by hand from the national table, so that the test does not count by the code under test.
ATTENDING = ["/", "\\", "L", "K", "V", "P", "W", "B", "J"]
AUTHORISED = ["C1", "M", "J1", "S", "C2", "C", "T", "R", "I", "E", "H", "F"]
UNAUTHORISED = ["G", "N", "O", "U"]
NOT_POSSIBLE = ["D", "X", "Q", "Y1", "Y2", "Y3", "Y4", "Y5", "Y6", "Y7", "Z", "#", "Y"]


class TestEveryCode:
    def test_stands_in_one_class(self) -> None:
        assert sorted(ATTENDING + AUTHORISED + UNAUTHORISED + NOT_POSSIBLE) == sorted(CODE_BY_SYMBOL)

    @pytest.mark.parametrize("symbol", ATTENDING)
    def test_that_attends_counts_as_attended(self, symbol: str) -> None:
        figures = figures_of({symbol: 3})
        assert (figures.possible, figures.attended, figures.absent) == (3, 3, 0)

    @pytest.mark.parametrize("symbol", AUTHORISED)
    def test_that_is_authorised_counts_as_absent(self, symbol: str) -> None:
        figures = figures_of({symbol: 3})
        assert (figures.possible, figures.authorised, figures.unauthorised) == (3, 3, 0)

    @pytest.mark.parametrize("symbol", UNAUTHORISED)
    def test_that_is_unauthorised_counts_as_absent(self, symbol: str) -> None:
        figures = figures_of({symbol: 3})
        assert (figures.possible, figures.authorised, figures.unauthorised) == (3, 0, 3)

    @pytest.mark.parametrize("symbol", NOT_POSSIBLE)
    def test_that_is_not_possible_counts_nowhere(self, symbol: str) -> None:
        figures = figures_of({symbol: 3})
        assert (figures.possible, figures.attended, figures.absent) == (0, 0, 0)
        assert figures.attendance_pct is None


class TestPersistentAbsence:
    def test_begins_at_exactly_ten_per_cent(self) -> None:
        assert figures_of({"/": 171, "I": 19}).persistent is True  # 19 of 190
        assert figures_of({"/": 172, "I": 19}).persistent is False  # 19 of 191

    def test_is_severe_from_half(self) -> None:
        assert figures_of({"/": 10, "O": 10}).severe is True
        assert figures_of({"/": 11, "O": 10}).severe is False

    def test_is_not_said_of_a_pupil_without_a_possible_session(self) -> None:
        figures = figures_of({"X": 10})
        assert (figures.persistent, figures.severe) == (False, False)


class TestThePercentage:
    @pytest.mark.parametrize(
        ("part", "whole", "text"),
        [
            (68, 76, "89.4"),
            (48, 50, "96.0"),
            (191, 199, "95.9"),
            (190, 190, "100.0"),
            (0, 7, "0.0"),
            (1, 3, "33.3"),
        ],
    )
    def test_is_truncated_to_one_decimal(self, part: int, whole: int, text: str) -> None:
        assert percentage_text(part, whole) == text

    @given(whole=st.integers(1, 5000), missed=st.integers(0, 5000))
    def test_never_reaches_a_threshold_that_the_fraction_does_not(self, whole: int, missed: int) -> None:
        part = max(whole - missed, 0)
        text = percentage_text(part, whole)
        assert text is not None
        tenths = int(text.replace(".", ""))
        assert tenths * whole <= part * 1000 < (tenths + 1) * whole

    def test_never_stands_without_its_basis(self) -> None:
        assert figures_of({"/": 178, "I": 11}).sentence() == "94.1 % (178 of 189 sessions)"


class TestFiguresOfAGroup:
    @given(st.lists(st.dictionaries(st.sampled_from(sorted(CODE_BY_SYMBOL)), st.integers(0, 50)), max_size=6))
    def test_are_the_sum_of_its_pupils(self, pupils: list[dict[str, int]]) -> None:
        together: dict[str, int] = {}
        for by_code in pupils:
            for symbol, count in by_code.items():
                together[symbol] = together.get(symbol, 0) + count

        assert sum(map(figures_of, pupils), Figures(0, 0, 0, 0, 0, {})) == figures_of(together)


def test_the_change_of_j_is_by_date() -> None:
    # J counted as attending until 18 August 2024; J1 is an authorised absence from the next day.
    assert CODE_BY_SYMBOL["J"].is_valid_on(date(2024, 8, 18))
    assert not CODE_BY_SYMBOL["J"].is_valid_on(date(2024, 8, 19))
    assert not CODE_BY_SYMBOL["J1"].is_valid_on(date(2024, 8, 18))
    assert CODE_BY_SYMBOL["J1"].is_valid_on(date(2024, 8, 19))
