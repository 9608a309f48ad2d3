"""The calendars of the demo: the settled one of 2025/26 and the computed ones of every other year."""

from datetime import date

import pytest

from demo.generation import calendars, schools


class TestTheSettledYear:
    def test_has_the_half_terms_of_2025_26(self) -> None:
        year = calendars.school_year(2025)
        days = year.school_days()

        held = [sum(half_term.holds(day) for day in days) for half_term in year.half_terms]
        assert held == [38, 35, 30, 25, 29, 33]
        assert (days[0], days[-1]) == (date(2025, 9, 3), date(2026, 7, 15))
        assert date(2026, 5, 4) not in days


class TestAComputedYear:
    @pytest.mark.parametrize("starts", range(2024, 2036))
    def test_has_190_weekdays_in_six_half_terms_without_bank_holidays(self, starts: int) -> None:
        year = calendars.compute_school_year(starts)
        days = year.school_days()

        assert len(days) == 190
        assert len(year.half_terms) == 6
        assert all(day.weekday() <= calendars.FRIDAY for day in days)
        assert not {day for _, day in calendars.bank_holidays(starts)} & set(days)
        assert sum(closure.name == "Staff training day" for closure in year.closures) == 5
        assert days[-1] <= date(starts + 1, 7, 26)

    def test_of_2026_27_has_the_dates_a_school_would_choose(self) -> None:
        year = calendars.school_year(2026)

        assert [(half_term.first_day, half_term.last_day) for half_term in year.half_terms] == [
            (date(2026, 9, 1), date(2026, 10, 23)),
            (date(2026, 11, 2), date(2026, 12, 18)),
            (date(2027, 1, 4), date(2027, 2, 12)),
            (date(2027, 2, 22), date(2027, 3, 26)),
            (date(2027, 4, 12), date(2027, 5, 28)),
            (date(2027, 6, 7), date(2027, 7, 21)),
        ]

    def test_of_2027_28_is_closed_on_the_holiday_that_stands_in_for_new_year(self) -> None:
        closed = {closure.first_day: closure.name for closure in calendars.school_year(2027).closures}

        assert closed[date(2028, 1, 3)] == "New Year's Day"
        assert closed[date(2028, 1, 4)] == "Staff training day"


class TestTheLatestSchoolDay:
    @pytest.mark.parametrize(
        ("today", "expected"),
        [
            (date(2026, 11, 20), date(2026, 11, 20)),
            (date(2026, 11, 22), date(2026, 11, 20)),
            (date(2026, 10, 30), date(2026, 10, 23)),
            (date(2026, 8, 10), date(2026, 7, 15)),
            (date(2026, 9, 2), date(2026, 7, 15)),
            (date(2026, 9, 3), date(2026, 9, 3)),
        ],
    )
    def test_is_today_or_the_last_day_the_schools_were_open(self, today: date, expected: date) -> None:
        assert calendars.latest_school_day(today) == expected


class TestFestivals:
    @pytest.mark.parametrize(
        ("year", "expected"),
        [
            (2024, date(2024, 3, 31)),
            (2025, date(2025, 4, 20)),
            (2026, date(2026, 4, 5)),
            (2027, date(2027, 3, 28)),
            (2038, date(2038, 4, 25)),
        ],
    )
    def test_easter_is_on_its_sunday(self, year: int, expected: date) -> None:
        assert calendars.easter_sunday(year) == expected

    def test_eid_falls_where_the_islamic_table_says(self) -> None:
        assert calendars.islamic_festivals(2025) == (date(2026, 3, 20), date(2026, 5, 27))
        assert calendars.islamic_festivals(2026) == (date(2027, 3, 10), date(2027, 5, 17))


class TestTheSchoolWhoseBoilerFailed:
    def test_lost_one_day_of_the_current_year_and_none_before(self) -> None:
        welbourn = next(school for school in schools.SCHOOLS if school.key == "welbourn")

        lost = schools.calendar_of(welbourn, 2026, current=2026)

        assert len(lost.school_days()) == 189
        assert [closure.kind for closure in lost.closures].count("emergency_closure") == 1
        assert len(schools.calendar_of(welbourn, 2025, current=2026).school_days()) == 190
