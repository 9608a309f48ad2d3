"""Values that a person types."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from letters.rules.fields import Field, Kind, WrongValue, parsed


class TestATypedValue:
    @pytest.mark.parametrize(
        ("kind", "raw", "value"),
        [
            (Kind.TEXT, "  Oak ", "Oak"),
            (Kind.PASSAGE, "one\ntwo", "one\ntwo"),
            (Kind.COUNT, "10", 10),
            (Kind.DAYS, "5.5", Decimal("5.5")),
            (Kind.PERCENT, "97 %", Decimal(97)),
            (Kind.DATE, "2026-02-13", date(2026, 2, 13)),
            (Kind.MOMENT, "2026-02-13T09:15", datetime(2026, 2, 13, 9, 15)),  # noqa: DTZ001 - as typed
            (Kind.TIME, "08:50", time(8, 50)),
            (Kind.PERIOD, "2026-03-02 to 2026-03-06", (date(2026, 3, 2), date(2026, 3, 6))),
            (Kind.FLAG, "yes", True),
            (Kind.FLAG, "0", False),
            (Kind.TEXT, "   ", None),
        ],
    )
    def test_is_read_as_its_kind(self, kind: Kind, raw: str, value: Any) -> None:
        assert parsed(Field("f", kind, "the field"), raw) == value

    def test_of_rows_has_a_line_for_each(self) -> None:
        field = Field("f", Kind.ROWS, "the rows", columns=("a", "b"))
        assert parsed(field, "one | two\n\nthree|four") == (("one", "two"), ("three", "four"))

    @pytest.mark.parametrize(
        ("kind", "raw", "problem"),
        [
            (Kind.COUNT, "ten", "not a whole number"),
            (Kind.COUNT, "-1", "below nought"),
            (Kind.DAYS, "5.25", "not whole or half days"),
            (Kind.DAYS, "NaN", "not a number of days"),
            (Kind.DATE, "13/02/2026", "not a date"),
            (Kind.MOMENT, "tomorrow", "not a date with a time"),
            (Kind.PERIOD, "2026-03-02", "not a first and a last day"),
            (Kind.FLAG, "maybe", "not yes or no"),
            (Kind.SESSIONS, "2026-03-02 AM", "not a field that can be typed"),
        ],
    )
    def test_that_does_not_read_is_refused(self, kind: Kind, raw: str, problem: str) -> None:
        with pytest.raises(WrongValue, match=problem):
            parsed(Field("f", kind, "the field"), raw)
