"""
Merge fields: what a letter may be given, of which kind, and how each kind is checked and printed.

A value is checked by its kind before anything is printed, so a template can never show "None", a date in
American order or a percentage without its basis.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from letters.rules import printing
from letters.rules.absences import HALF_ORDER, NamedSession
from letters.rules.text import LINE_LIMIT, PASSAGE_LIMIT, clean_line, clean_passage

SCHOOL_TIME = ZoneInfo("Europe/London")
_NUMBER_GAPS = re.compile(r"(?<=\d) (?=\d)")  # a phone number is not broken over two lines


class Kind(StrEnum):
    """What a field holds; the comment names the Python type of its value."""

    TEXT = "text"  # str, one line
    PASSAGE = "passage"  # str, several lines
    COUNT = "count"  # int, not negative
    DAYS = "days"  # Decimal or int, a multiple of one half
    PERCENT = "percent"  # Decimal or int, a fixed figure such as a target
    SHARE = "share"  # Share
    DATE = "date"  # date, printed with its weekday
    BIRTH_DATE = "birth_date"  # date, printed without
    MOMENT = "moment"  # datetime
    TIME = "time"  # time
    PERIOD = "period"  # (date, date), both included
    SESSIONS = "sessions"  # sequence of NamedSession
    ROWS = "rows"  # sequence of sequences of str, one for each column
    FLAG = "flag"  # bool
    NATIONAL = "national"  # never given: comes from the national table
    LETTER = "letter"  # never given: the letter itself has it (date, reference, school, signatory)


class Need(StrEnum):
    """Whether a letter can be printed without the field."""

    REQUIRED = "required"
    CONDITIONAL = "conditional"


@dataclass(frozen=True, slots=True)
class Share:
    """A percentage as the two whole numbers that make it; compared exactly, printed truncated."""

    part: int
    whole: int


@dataclass(frozen=True, slots=True)
class Field:
    """One declared merge field. `noun` is (one, many) of a count; `columns` are the headings of rows."""

    name: str
    kind: Kind
    label: str
    need: Need = Need.REQUIRED
    noun: tuple[str, str] = ("", "")
    columns: tuple[str, ...] = ()

    @property
    def is_given(self) -> bool:
        """Whether a caller may give the value; national and letter fields are filled by the software."""
        return self.kind not in {Kind.NATIONAL, Kind.LETTER}


class WrongValue(ValueError):
    """A value that its field cannot hold; the text completes "attendance is …"."""


def is_empty(value: Any) -> bool:
    """Say whether a value counts as not given. Nought, false and a share are values."""
    return value is None or value == "" or value == () or value == []


def checked(field: Field, value: Any) -> Any:
    """
    Return the value cleaned and in its exact type.

    :raises WrongValue: the value is not of the field's kind, or out of its range
    """
    try:
        return _CHECKS[field.kind](field, value)
    except (TypeError, InvalidOperation) as error:
        raise WrongValue(f"not {_WANTED[field.kind]}") from error


def printed(field: Field, value: Any) -> str:
    """Return a checked value as the letter prints it inside a sentence."""
    match field.kind:
        case Kind.COUNT:
            return printing.counted(value, *field.noun) if field.noun[0] else f"{value:,}"
        case Kind.DAYS:
            return printing.days(value)
        case Kind.PERCENT:
            return printing.per_cent(value)
        case Kind.SHARE:
            return printing.share(value.part, value.whole)
        case Kind.DATE:
            return printing.long_date(value)
        case Kind.BIRTH_DATE:
            return printing.letter_date(value)
        case Kind.MOMENT:
            return printing.moment(value)
        case Kind.TIME:
            return printing.clock(value)
        case Kind.PERIOD:
            return printing.period(*value)
        case Kind.FLAG:
            return "yes" if value else "no"
        case Kind.TEXT:
            return _NUMBER_GAPS.sub(printing.NBSP, value)
        case Kind.SESSIONS:
            return _named(value)
        case Kind.ROWS:
            return printing.joined([": ".join(row) for row in value])
        case _:
            return str(value)


def _named(sessions: Sequence[NamedSession]) -> str:
    """Name sessions inside a sentence: the year once, and the morning goes without saying."""
    names = []
    for session, after in zip(sessions, [*sessions[1:], None], strict=True):
        day = printing.short_date(session.on, with_year=after is None or after.on.year != session.on.year)
        notes = ["afternoon"] * (session.half == "PM") + ["after the register closed"] * (session.code == "U")
        names.append(f"{day} ({', '.join(notes)})" if notes else day)
    return printing.joined(names)


def parsed(field: Field, raw: str) -> Any:
    """
    Read a value that a person typed into a form: ISO dates, "2026-11-24T09:00", whole or half days.

    :raises WrongValue: the text does not read as the field's kind
    """
    text = raw.strip()
    if text == "":
        return None
    try:
        match field.kind:
            case Kind.COUNT:
                return checked(field, int(text))
            case Kind.DAYS | Kind.PERCENT:
                return checked(field, Decimal(text.removesuffix("%").strip()))
            case Kind.DATE | Kind.BIRTH_DATE:
                return date.fromisoformat(text)
            case Kind.MOMENT:
                return datetime.fromisoformat(text)
            case Kind.TIME:
                return time.fromisoformat(text)
            case Kind.PERIOD:
                first, last = text.replace(" to ", "/").split("/")
                return checked(field, (date.fromisoformat(first), date.fromisoformat(last)))
            case Kind.FLAG:
                return {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}[
                    text.lower()
                ]
            case Kind.ROWS:
                return checked(field, [line.split("|") for line in text.splitlines() if line.strip()])
            case Kind.TEXT | Kind.PASSAGE:
                return checked(field, text)
            case _:
                raise WrongValue("not a field that can be typed")
    except (ValueError, KeyError, InvalidOperation) as error:
        if isinstance(error, WrongValue):
            raise
        raise WrongValue(f"not {_WANTED[field.kind]}") from error


def _text(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    limit, clean = (LINE_LIMIT, clean_line) if field.kind is Kind.TEXT else (PASSAGE_LIMIT, clean_passage)
    if len(value) > limit:
        raise WrongValue(f"longer than {limit:,} characters")
    text = clean(value)
    if not text:
        raise WrongValue("empty once characters that cannot be printed are taken out")
    return text


def _count(_field: Field, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    if value < 0:
        raise WrongValue("below nought")
    return value


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise TypeError
    number = Decimal(value)
    if not number.is_finite():
        raise TypeError
    return number


def _days(_field: Field, value: Any) -> Decimal:
    number = _number(value)
    if number < 0 or number * 2 != int(number * 2):
        raise WrongValue("not whole or half days")
    return number


def _percent(_field: Field, value: Any) -> Decimal:
    number = _number(value)
    if not 0 <= number <= 100:
        raise WrongValue("not between 0 and 100")
    return number


def _share(_field: Field, value: Any) -> Share:
    if not isinstance(value, Share):
        raise TypeError
    if value.whole <= 0 or not 0 <= value.part <= value.whole:
        raise WrongValue("not a part of a whole")
    return value


def _date(_field: Field, value: Any) -> date:
    if isinstance(value, datetime) or not isinstance(value, date):
        raise TypeError
    return value


def _moment(_field: Field, value: Any) -> datetime:
    if not isinstance(value, datetime):
        raise TypeError
    # The database gives instants in universal time; a family reads the clock of an English school.
    return value.astimezone(SCHOOL_TIME) if value.tzinfo else value


def _time(_field: Field, value: Any) -> time:
    if not isinstance(value, time):
        raise TypeError
    return value


def _period(field: Field, value: Any) -> tuple[date, date]:
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise TypeError
    first, last = (_date(field, day) for day in value)
    if last < first:
        raise WrongValue("a period that ends before it begins")
    return first, last


def _sessions(_field: Field, value: Any) -> tuple[NamedSession, ...]:
    if not isinstance(value, tuple | list) or not all(isinstance(one, NamedSession) for one in value):
        raise TypeError
    return tuple(sorted(value, key=lambda one: (one.on, HALF_ORDER[one.half])))


def _rows(field: Field, value: Any) -> tuple[tuple[str, ...], ...]:
    if not isinstance(value, tuple | list):
        raise TypeError
    rows = []
    for row in value:
        if not isinstance(row, tuple | list) or not all(isinstance(cell, str) for cell in row):
            raise TypeError
        if len(row) != len(field.columns):
            raise WrongValue(f"not rows of {len(field.columns)} cells")
        if sum(map(len, row)) > PASSAGE_LIMIT:
            raise WrongValue(f"longer than {PASSAGE_LIMIT:,} characters in one row")
        cells = tuple(clean_line(cell) for cell in row)
        if not all(cells):
            raise WrongValue("a row with an empty cell")
        rows.append(cells)
    return tuple(rows)


def _flag(_field: Field, value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


_CHECKS = {
    Kind.TEXT: _text,
    Kind.PASSAGE: _text,
    Kind.COUNT: _count,
    Kind.DAYS: _days,
    Kind.PERCENT: _percent,
    Kind.SHARE: _share,
    Kind.DATE: _date,
    Kind.BIRTH_DATE: _date,
    Kind.MOMENT: _moment,
    Kind.TIME: _time,
    Kind.PERIOD: _period,
    Kind.SESSIONS: _sessions,
    Kind.ROWS: _rows,
    Kind.FLAG: _flag,
}
_WANTED = {
    Kind.TEXT: "a line of text",
    Kind.PASSAGE: "a passage of text",
    Kind.COUNT: "a whole number",
    Kind.DAYS: "a number of days",
    Kind.PERCENT: "a percentage",
    Kind.SHARE: "a share of sessions",
    Kind.DATE: "a date",
    Kind.BIRTH_DATE: "a date",
    Kind.MOMENT: "a date with a time",
    Kind.TIME: "a time of day",
    Kind.PERIOD: "a first and a last day",
    Kind.SESSIONS: "a list of sessions",
    Kind.ROWS: "a list of rows",
    Kind.FLAG: "yes or no",
}
