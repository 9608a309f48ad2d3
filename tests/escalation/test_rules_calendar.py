"""What a date is in a school's calendar."""

from datetime import date

import pytest

from escalation.rules.calendar import SchoolCalendar
from tests.escalation.calendars import calendar_of, sessions_of

CALENDAR = calendar_of(2024, 2025)


class TestADayOfTheCalendar:
    def test_knows_the_windows_that_end_with_it(self):
        day = CALENDAR.day(date(2026, 1, 7))

        assert (day.term, day.half_term, day.academic_year) == ("spring", "Spring 1", 2025)
        assert CALENDAR.session(day.first_number("academic_year")).on == date(2025, 9, 3)
        assert CALENDAR.session(day.first_number("term")).on == date(2026, 1, 5)
        assert CALENDAR.session(day.first_number("half_term")).on == date(2026, 1, 5)
        assert CALENDAR.session(day.first_number("last_3_weeks")).on == date(2025, 12, 8)
        assert CALENDAR.session(day.first_number("rolling_school_weeks(10)")).on == date(2025, 10, 13)
        assert CALENDAR.session(day.last_number).on == date(2026, 1, 7)

    def test_in_a_holiday_describes_the_day_before_it_and_holds_no_review(self):
        day = CALENDAR.day(date(2025, 10, 28))

        assert (day.is_school_day, day.half_term, day.is_half_term_review) == (False, "Autumn 1", False)
        assert CALENDAR.session(day.last_number).on == date(2025, 10, 24)

    def test_in_august_belongs_to_the_new_year_in_which_nothing_counts_yet(self):
        day = CALENDAR.day(date(2025, 8, 20))

        assert (day.academic_year, day.term) == (2025, "")
        assert day.first_number("academic_year") == day.last_number + 1

    def test_before_the_first_session_is_empty(self):
        day = CALENDAR.day(date(2024, 9, 1))

        assert (day.last_number, day.day_number, day.school_week) == (0, -1, 0)

    def test_reviews_fall_on_the_last_school_day_of_each_half_term(self):
        reviews = [on.isoformat() for on in CALENDAR.days if CALENDAR.day(on).is_half_term_review]

        assert reviews == [
            *("2024-10-25", "2024-12-20", "2025-02-14", "2025-04-04", "2025-05-23", "2025-07-17"),
            *("2025-10-24", "2025-12-19", "2026-02-13", "2026-03-27", "2026-05-22", "2026-07-15"),
        ]

    def test_reviews_fall_on_other_days_where_the_school_says_so(self):
        calendar = SchoolCalendar(sessions_of([2025]), review_days=[date(2025, 10, 20)])

        assert [on for on in calendar.days if calendar.day(on).is_half_term_review] == [date(2025, 10, 20)]

    def test_main_terms_and_years_end_where_they_should(self):
        assert [on.isoformat() for on in CALENDAR.days if CALENDAR.day(on).ends_main_term] == [
            *("2024-12-20", "2025-04-04", "2025-07-17", "2025-12-19", "2026-03-27", "2026-07-15")
        ]
        assert [on.isoformat() for on in CALENDAR.days if CALENDAR.day(on).ends_year] == [
            "2025-07-17",
            "2026-07-15",
        ]

    def test_three_week_reviews_start_afresh_each_year(self):
        reviews = [on.isoformat() for on in CALENDAR.days if CALENDAR.day(on).is_three_week_review]

        assert "2024-09-20" in reviews
        assert "2025-09-19" in reviews

    def test_an_unknown_session_or_window_is_an_error(self):
        with pytest.raises(KeyError):
            CALENDAR.session(761)
        with pytest.raises(KeyError):
            CALENDAR.day(date(2025, 9, 3)).first_number("letter_period")

    def test_a_calendar_without_sessions_has_days_without_school(self):
        day = SchoolCalendar([]).day(date(2025, 9, 3))

        assert (day.last_number, day.first_number("rolling_school_weeks(10)"), day.number_before_days(5)) == (
            0,
            1,
            1,
        )
