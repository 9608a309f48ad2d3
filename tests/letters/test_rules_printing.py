"""How figures, days, dates and sessions read."""

from datetime import date, datetime, time
from decimal import Decimal

import pytest

from letters.rules import absences, printing
from letters.rules.absences import AbsenceRow, NamedSession


def plain(text: str) -> str:
    """Show no-break spaces as spaces, so that expectations stay readable."""
    return text.replace(printing.NBSP, " ")


class TestPercentages:
    @pytest.mark.parametrize(
        ("part", "whole", "text"),
        [
            (68, 76, "89.4 %"),
            (173, 190, "91.0 %"),
            (2399, 2500, "95.9 %"),
            (0, 7, "0.0 %"),
            (7, 7, "100.0 %"),
        ],
    )
    def test_are_cut_to_one_decimal_and_never_rounded_up(self, part: int, whole: int, text: str) -> None:
        assert plain(printing.percent(part, whole)) == text

    def test_say_what_they_are_made_of(self) -> None:
        assert plain(printing.share(178, 189)) == "94.1 % (178 of 189 sessions)"

    def test_of_a_target_are_plain(self) -> None:
        assert plain(printing.per_cent(Decimal("97"))) == "97 %"
        assert plain(printing.per_cent(Decimal("97.50"))) == "97.5 %"


class TestDays:
    @pytest.mark.parametrize(
        ("value", "text"),
        [("5", "5 days"), ("5.5", "5.5 days"), ("1", "1 day"), ("0.5", "half a day"), ("10.0", "10 days")],
    )
    def test_read_as_people_say_them(self, value: str, text: str) -> None:
        assert plain(printing.days(Decimal(value))) == text


class TestDates:
    def test_carry_weekday_and_year(self) -> None:
        assert plain(printing.long_date(date(2026, 11, 24))) == "Tuesday 24 November 2026"

    def test_of_a_moment_carry_the_clock(self) -> None:
        at = datetime(2026, 11, 24, 14, 5)  # noqa: DTZ001 - a local time, as a person writes it
        assert plain(printing.moment(at)) == "Tuesday 24 November 2026 at 2:05pm"

    @pytest.mark.parametrize(
        ("at", "text"), [(time(8, 50), "8:50am"), (time(12, 0), "12:00pm"), (time(0, 5), "12:05am")]
    )
    def test_clocks_read_as_in_school(self, at: time, text: str) -> None:
        assert printing.clock(at) == text

    @pytest.mark.parametrize(
        ("first", "last", "text"),
        [
            (date(2025, 11, 3), date(2025, 11, 7), "Monday 3 to Friday 7 November 2025"),
            (date(2025, 10, 31), date(2025, 11, 7), "Friday 31 October to Friday 7 November 2025"),
            (date(2025, 12, 19), date(2026, 1, 6), "Friday 19 December 2025 to Tuesday 6 January 2026"),
            (date(2025, 11, 3), date(2025, 11, 3), "Monday 3 November 2025"),
        ],
    )
    def test_of_a_period_say_month_and_year_once(self, first: date, last: date, text: str) -> None:
        assert plain(printing.period(first, last)) == text


def sessions(code: str, *days: int, halves: str = "AM PM", month: int = 11) -> list[NamedSession]:
    """Return sessions of November 2025 under one code."""
    authorised = code not in {"G", "N", "O", "U"}
    return [
        NamedSession(date(2025, month, day), half, code, authorised)
        for day in days
        for half in halves.split()
    ]


class TestTheTableOfAbsences:
    def test_puts_days_that_follow_one_another_on_one_line(self) -> None:
        rows = absences.absence_rows(sessions("I", 12, 10, 11))

        assert [(plain(row.dates), row.part, row.reason, row.kind, row.sessions) for row in rows] == [
            ("Mon 10 to Wed 12 Nov 2025", "All day", "Illness", "Authorised", 6)
        ]

    def test_keeps_a_weekend_between_two_lines(self) -> None:
        rows = absences.absence_rows(sessions("I", 14, 17))

        assert [plain(row.dates) for row in rows] == ["Fri 14 Nov 2025", "Mon 17 Nov 2025"]

    def test_gives_halves_with_different_codes_a_line_each(self) -> None:
        rows = absences.absence_rows(sessions("M", 10, halves="AM") + sessions("O", 10, halves="PM"))

        assert [(row.part, row.reason, row.kind, row.sessions) for row in rows] == [
            ("Morning", "Medical or dental appointment", "Authorised", 1),
            ("Afternoon", "Absence not agreed", "Unauthorised", 1),
        ]

    def test_asks_for_a_reason_that_is_not_known(self) -> None:
        (row,) = absences.absence_rows(sessions("N", 10))

        assert (row.reason, row.kind) == ("Reason not known yet", "Please tell us")

    def test_counts_every_session_once(self) -> None:
        named = sessions("I", 10, 11) + sessions("O", 12, halves="PM") + sessions("G", 13, 14)

        assert sum(row.sessions for row in absences.absence_rows(named)) == len(named) == 9
        assert absences.days_of(named) == Decimal("4.5")

    def test_of_nothing_is_empty(self) -> None:
        assert absences.absence_rows([]) == ()

    def test_shows_a_code_without_words_as_itself(self) -> None:
        assert absences.absence_rows(sessions("?", 10, halves="AM")) == (
            AbsenceRow(printing.short_date(date(2025, 11, 10)), "Morning", "Code ?", "Authorised", 1),
        )
