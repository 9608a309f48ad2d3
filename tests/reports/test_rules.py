"""Who counts in a rate, what is hidden, and how a share reads."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registers.rules.figures import figures_of
from reports.rules import age_band, national
from reports.rules.governors import governors_table
from reports.rules.groups import Group, Share, group_of, year_name, year_order
from reports.rules.suppression import Count, Hidden, hidden_in


class TestAgeOn31August:
    @pytest.mark.parametrize(
        ("born", "age"),
        [
            (date(2020, 8, 31), 5),  # turns five on the day itself
            (date(2020, 9, 1), 4),
            (date(2010, 8, 31), 15),
            (date(2009, 9, 1), 15),
            (date(2009, 8, 31), 16),
        ],
    )
    def test_is_counted_to_the_day(self, born, age):
        assert age_band.age_at_start(born, academic_year=2025) == age

    @pytest.mark.parametrize(
        ("born", "counts"),
        [
            (date(2020, 9, 1), False),
            (date(2020, 8, 31), True),
            (date(2009, 9, 1), True),
            (date(2009, 8, 31), False),
        ],
    )
    def test_decides_who_counts(self, born, counts):
        assert age_band.is_in_rate(born, academic_year=2025) is counts

    def test_takes_the_last_half_term_from_those_of_fifteen_only(self):
        assert age_band.leaves_rate_before_summer_ends(date(2010, 1, 1), academic_year=2025)
        assert not age_band.leaves_rate_before_summer_ends(date(2011, 1, 1), academic_year=2025)


class TestSpringBankHoliday:
    @pytest.mark.parametrize(
        ("academic_year", "day"),
        [
            (2025, date(2026, 5, 25)),
            (2026, date(2027, 5, 31)),
            (2021, date(2022, 6, 2)),  # moved for the jubilee
        ],
    )
    def test_is_the_last_monday_in_may(self, academic_year, day):
        assert age_band.last_summer_half_starts(academic_year) == day


class TestShare:
    def test_has_its_basis_beside_it(self):
        share = Share(25_123, 26_700, "sessions")

        assert (share.value, share.basis) == ("94.0 %", "25,123 of 26,700 sessions")

    def test_is_truncated_never_rounded_up(self):
        assert Share(9596, 10_000, "sessions").value == "95.9 %"

    def test_of_nothing_is_empty(self):
        assert Share(0, 0, "pupils").value == ""


class TestGroup:
    def test_weighs_sessions_for_attendance_and_pupils_for_persistent_absence(self):
        full = figures_of({"/": 95, "\\": 95})
        short = figures_of({"/": 8, "I": 1, "O": 1})

        group = group_of("Year 5", [full, short])

        assert group.pupils == 2
        assert (group.attendance.part, group.attendance.whole) == (198, 200)
        assert (group.authorised.part, group.unauthorised.part) == (1, 1)
        assert (group.persistent.part, group.persistent.whole) == (1, 2)
        assert group.severe.part == 0

    def test_leaves_out_pupils_without_a_possible_session(self):
        group = group_of("Year 5", [figures_of({"/": 10}), figures_of({"X": 10}), figures_of({})])

        assert group.pupils == 1


class TestYearGroups:
    def test_stand_in_the_order_in_which_children_pass_through_them(self):
        assert sorted(["10", "R", "", "2", "N"], key=year_order) == ["N", "R", "2", "10", ""]

    def test_have_names(self):
        assert [year_name(year) for year in ("N", "R", "4", "")] == [
            "Nursery",
            "Reception",
            "Year 4",
            "No year group",
        ]


class TestEnglandsRates:
    def test_are_those_of_last_year_and_phase(self):
        rates = national.national_rates("primary", before=2026)

        assert (rates.period, rates.phase_name) == ("2025/26 to 10 July", "primary schools")
        assert [
            national.shown(rate)
            for rate in (rates.attendance, rates.authorised, rates.unauthorised, rates.persistent)
        ] == ["94.7 %", "3.7 %", "1.5 %", "13.8 %"]

    def test_are_never_of_the_same_year(self):
        assert national.national_rates("secondary", before=2025).academic_year == 2024

    def test_of_a_lower_school_are_the_primary_ones(self):
        assert national.national_rates("Lower", before=2026).phase == "primary"

    def test_of_an_unknown_phase_are_of_all_schools(self):
        assert national.national_rates("", before=2026).phase == "all"

    def test_of_a_year_before_the_first_published_are_the_first(self):
        assert national.national_rates("primary", before=2020).academic_year == 2022

    @pytest.mark.parametrize("rates", national.NATIONAL_RATES, ids=lambda r: f"{r.academic_year} {r.phase}")
    def test_add_up(self, rates):
        total = float(rates.attendance) + float(rates.authorised) + float(rates.unauthorised)

        assert total == pytest.approx(100, abs=0.001)


def counts(*values, most=100):
    return [Count(value, most=most) for value in values]


class TestHiddenCounts:
    def test_nothing_is_hidden_without_a_small_number(self):
        assert hidden_in(counts(0, 5, 12)) == Hidden()

    def test_a_lone_small_number_takes_the_smallest_others_with_it(self):
        # 3 alone could be had by subtraction; 3 + 0 is small still; 3 + 0 + 6 is not.
        assert hidden_in(counts(12, 3, 0, 6)) == Hidden(frozenset({1, 2, 3}))

    def test_two_small_numbers_that_are_no_small_number_together_need_no_third(self):
        assert hidden_in(counts(12, 3, 4, 20)) == Hidden(frozenset({1, 2}))

    def test_two_ones_could_be_worked_out_and_take_a_third(self):
        assert hidden_in(counts(1, 1, 9)) == Hidden(frozenset({0, 1, 2}))

    def test_a_small_total_is_hidden(self):
        assert hidden_in(counts(3, 0, 0)) == Hidden(frozenset({0}), total=True)

    def test_a_bound_that_everybody_knows_does_not_give_a_number_away(self):
        # With at most 3 in the second group, 5 together would leave 2 to 4 for the first: three
        # possibilities.
        assert hidden_in([Count(4, most=9), Count(1, most=3), Count(9, most=30)]) == Hidden(frozenset({0, 1}))
        # With at most 1 in the second, the first is 4 or 5: too few.
        assert hidden_in([Count(4, most=9), Count(1, most=1), Count(9, most=30)]).rows == {0, 1, 2}


def feasible(values, shown_total, bounds, hidden):
    """Return, for each hidden index, the numbers it could be to a reader who sees the rest and the bounds."""
    import itertools

    rows = sorted(hidden)
    together = shown_total - sum(value for index, value in enumerate(values) if index not in hidden)
    found = {index: set() for index in rows}
    for guess in itertools.product(*(range(bounds[index] + 1) for index in rows)):
        if sum(guess) == together:
            for index, number in zip(rows, guess, strict=True):
                found[index].add(number)
    return found


class TestASmallNumber:
    @given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 6)), min_size=1, max_size=5))
    def test_can_never_be_worked_out(self, drawn):
        values = [value for value, _ in drawn]
        bounds = [value + spare for value, spare in drawn]

        hidden = hidden_in([Count(value, most=most) for value, most in zip(values, bounds, strict=True)])

        small = {index for index, value in enumerate(values) if 1 <= value <= 4}
        assert small <= hidden.rows
        if not hidden.total:
            assert not 1 <= sum(values) <= 4
            possible = feasible(values, sum(values), bounds, hidden.rows)
            assert all(len(possible[index]) >= 3 for index in small)


def group(name, pupils, persistent=0, severe=0):
    return Group(name, pupils, figures_of({"/": pupils * 10}), persistent, severe)


def table(*years, outside=()):
    whole = Group(
        "Whole school",
        sum(year.pupils for year in years),
        figures_of({"/": sum(year.pupils for year in years) * 10}),
        sum(year.persistent_pupils for year in years),
        sum(year.severe_pupils for year in years),
    )
    return governors_table(whole, years, outside)


def part(share):
    return None if share is None else share.part


class TestGovernorsTable:
    def test_shows_everything_when_nothing_is_small(self):
        shown = table(group("Year 1", 30, 6, 5), group("Year 2", 28, 0, 0))

        assert not shown.has_hidden
        assert [(row.pupils, part(row.persistent), part(row.severe)) for row in shown.years] == [
            (30, 6, 5),
            (28, 0, 0),
        ]

    def test_hides_a_small_count_with_enough_others_and_keeps_the_total(self):
        shown = table(group("Year 1", 30, 3), group("Year 2", 28, 7), group("Year 3", 29, 11))

        assert [part(row.persistent) for row in shown.years] == [None, None, 11]
        assert part(shown.whole.persistent) == 21
        assert [part(row.attendance) for row in shown.years] == [300, 280, 290]

    def test_hides_a_small_total(self):
        shown = table(group("Year 1", 30, 8, 2), group("Year 2", 28, 9, 1))

        assert part(shown.whole.severe) is None
        assert [part(row.severe) for row in shown.years] == [None, None]
        assert part(shown.whole.persistent) == 17

    def test_shows_nothing_of_a_group_of_few_pupils_nor_of_the_one_that_would_give_it_away(self):
        shown = table(group("Year 1", 3), group("Year 2", 28), group("Year 3", 29))

        assert [(row.pupils, part(row.attendance), part(row.persistent)) for row in shown.years] == [
            (None, None, None),
            (None, None, None),
            (29, 290, 0),
        ]
        assert shown.whole.pupils == 60

    def test_does_not_hide_a_zero_behind_a_count_that_shows_it_to_be_zero(self):
        # Nobody in Year 2 is persistently absent, so everybody knows that nobody is severely absent there: it
        # cannot be what keeps the 3 of Year 1 unknown.
        shown = table(group("Year 1", 30, 8, 3), group("Year 2", 28, 0, 0), group("Year 3", 29, 9, 6))

        assert [part(row.severe) for row in shown.years] == [None, None, None]
        assert part(shown.whole.severe) == 9

    def test_judges_groups_outside_the_rates_one_by_one(self):
        shown = table(group("Year 1", 30), outside=[group("Reception", 3), group("Year 12", 40, 2)])

        assert shown.outside[0].pupils is None
        assert (shown.outside[1].pupils, part(shown.outside[1].persistent)) == (40, None)
        assert shown.whole.pupils == 30
