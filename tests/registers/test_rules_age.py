"""Compulsory school age, checked against worked dates and against its own definition."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registers.rules.age import birthday, csa_end, csa_start, is_compulsory_age

BIRTHS = st.dates(date(1995, 1, 1), date(2040, 12, 31))


class TestCompulsorySchoolAgeStarts:
    @pytest.mark.parametrize(
        ("born", "starts"),
        [
            (date(2020, 9, 1), date(2025, 12, 31)),
            (date(2020, 12, 31), date(2025, 12, 31)),
            (date(2021, 1, 1), date(2026, 3, 31)),
            (date(2021, 1, 15), date(2026, 3, 31)),
            (date(2021, 3, 31), date(2026, 3, 31)),
            (date(2021, 4, 1), date(2026, 8, 31)),
            (date(2021, 8, 31), date(2026, 8, 31)),
        ],
    )
    def test_on_the_prescribed_day_on_or_next_after_the_fifth_birthday(self, born, starts):
        assert csa_start(born) == starts

    def test_for_a_birth_on_29_february_counts_the_fifth_birthday_on_1_march(self):
        assert birthday(date(2020, 2, 29), 5) == date(2025, 3, 1)
        assert csa_start(date(2020, 2, 29)) == date(2025, 3, 31)

    @given(BIRTHS)
    def test_never_before_the_fifth_birthday_nor_five_months_after_it(self, born):
        starts = csa_start(born)

        assert birthday(born, 5) <= starts < birthday(born, 5) + timedelta(days=153)
        assert (starts.month, starts.day) in {(3, 31), (8, 31), (12, 31)}


class TestCompulsorySchoolAgeEnds:
    @pytest.mark.parametrize(
        ("born", "ends"),
        [
            (date(2007, 9, 23), date(2024, 6, 28)),
            (date(2007, 8, 31), date(2023, 6, 30)),
            (date(2007, 9, 1), date(2024, 6, 28)),
            (date(2008, 2, 29), date(2024, 6, 28)),
            (date(2008, 12, 31), date(2025, 6, 27)),
        ],
    )
    def test_on_the_last_friday_in_june_of_the_year_of_the_sixteenth_birthday(self, born, ends):
        assert csa_end(born) == ends

    @given(BIRTHS)
    def test_on_a_friday_with_no_other_friday_left_in_june(self, born):
        ends = csa_end(born)

        assert (ends.weekday(), ends.month) == (4, 6)
        assert (ends + timedelta(days=7)).month == 7


class TestCompulsoryAge:
    def test_counts_its_first_and_last_day_and_not_the_days_beside_them(self):
        born = date(2021, 1, 15)
        first, last = date(2026, 3, 31), date(2037, 6, 26)

        assert not is_compulsory_age(born, first - timedelta(days=1))
        assert is_compulsory_age(born, first)
        assert is_compulsory_age(born, last)
        assert not is_compulsory_age(born, last + timedelta(days=1))
