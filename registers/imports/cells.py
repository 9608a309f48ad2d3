"""
Readers of single cells: each takes the trimmed text and returns a value or raises CellFault with one clause.
"""

import re
from collections.abc import Callable
from datetime import date, time
from functools import lru_cache
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from registers.imports.sheets import CellFault
from registers.rules.upn import is_upn

T = TypeVar("T")
YES = frozenset({"yes", "true", "1", "y"})
NO = frozenset({"no", "false", "0", "n"})
YEAR_GROUPS = ("N", "R", *(str(year) for year in range(1, 14)))
FIRST_YEAR, LAST_YEAR = 1900, 2100  # a date outside is a slip of the pen
SEX = {"": "", "F": "F", "M": "M", "FEMALE": "F", "MALE": "M"}
_FLAG = re.compile(r"[a-z][a-z0-9_]{0,39}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")  # Python also reads 20250903 and 2025-W36-3
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")
# A spreadsheet takes a cell that begins so for a formula. Exports put an apostrophe before it; imports take
# it off.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def required(read: Callable[[str], T]) -> Callable[[str], T]:
    """Refuse an empty cell before reading it."""

    def read_required(cell: str) -> T:
        if not cell:
            raise CellFault("is empty")
        return read(cell)

    return read_required


def optional(read: Callable[[str], T]) -> Callable[[str], T | None]:
    """Read an empty cell as None."""
    return lambda cell: read(cell) if cell else None


def text(longest: int) -> Callable[[str], str]:
    """Read any text up to a length."""

    def read_text(cell: str) -> str:
        if len(cell) > longest:
            raise CellFault(f"is longer than {longest} characters")
        return without_formula_guard(cell)

    return read_text


@lru_cache(maxsize=4096)
def day(cell: str) -> date:
    """Read an ISO date."""
    try:
        found = date.fromisoformat(cell) if _DAY.fullmatch(cell) else None
    except ValueError:
        found = None
    if found is None:
        raise CellFault(f"{cell!r} is not a date: write it as 2025-09-03")
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise CellFault(f"{cell!r} is not between {FIRST_YEAR} and {LAST_YEAR}")
    return found


def upn(cell: str) -> str:
    """Read a unique pupil number, in capitals."""
    number = cell.upper()
    if not is_upn(number):
        raise CellFault(f"{cell!r} is not a UPN: up to 13 letters and digits")
    return number


def half(cell: str) -> str:
    """Read the half of the day that a session is."""
    if cell.upper() not in ("AM", "PM"):
        raise CellFault(f"{cell!r} is not a session: write AM or PM")
    return cell.upper()


@lru_cache(maxsize=4096)
def clock(cell: str) -> time:
    """Read a time of day; seconds are cut off, arrivals are judged by the minute."""
    match = _CLOCK.fullmatch(cell)
    if match is None:
        raise CellFault(f"{cell!r} is not a time: write it as 08:50")
    return time(int(match[1]), int(match[2]))


def yes_or_no(*, if_empty: bool) -> Callable[[str], bool]:
    """Read yes or no in the usual spellings."""

    def read_yes_or_no(cell: str) -> bool:
        word = cell.lower()
        if word in YES:
            return True
        if word in NO:
            return False
        if not word:
            return if_empty
        raise CellFault(f"{cell!r} is neither yes nor no")

    return read_yes_or_no


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """Read a whole number between two bounds."""

    def read_number(cell: str) -> int:
        if not (cell.isascii() and cell.isdigit() and len(cell) < 10 and least <= int(cell) <= most):
            raise CellFault(f"{cell!r} is not a whole number from {least} to {most}")
        return int(cell)

    return read_number


def year_group(cell: str) -> str:
    """Read a year group: N for nursery, R for reception, 1 to 13."""
    if cell.upper() not in YEAR_GROUPS:
        raise CellFault(f"{cell!r} is not a year group: N, R or 1 to 13")
    return cell.upper()


def sex(cell: str) -> str:
    """Read F, M or nothing."""
    if cell.upper() not in SEX:
        raise CellFault(f"{cell!r} is not F or M")
    return SEX[cell.upper()]


def sen(cell: str) -> str:
    """Read the kind of special educational needs provision: N none, K support, E plan."""
    if cell.upper() not in ("", "N", "K", "E"):
        raise CellFault(f"{cell!r} is not N, K or E")
    return cell.upper() or "N"


def flags(cell: str) -> tuple[str, ...]:
    """Read the names of flags, split by semicolons."""
    names = [name.strip() for name in cell.split(";") if name.strip()]
    for name in names:
        if not _FLAG.fullmatch(name):
            raise CellFault(f"{name!r} is not the name of a flag, such as significant_medical")
    return tuple(dict.fromkeys(names))


def email(cell: str) -> str:
    """Read an e-mail address, in lower case, or nothing."""
    address = without_formula_guard(cell).lower()
    if not address:
        return ""
    try:
        validate_email(address)
    except ValidationError:
        raise CellFault(f"{cell!r} is not an e-mail address") from None
    return address


def phone(cell: str) -> str:
    """Read a telephone number as people write it, or nothing."""
    number = without_formula_guard(cell)
    if number and (len(number) > 40 or sum(character.isdigit() for character in number) < 3):
        raise CellFault(f"{cell!r} is not a telephone number")
    return number


def address(cell: str) -> str:
    """Read a postal address, its lines split by commas, semicolons or line ends, into one line each."""
    if len(cell) > 1000:
        raise CellFault("is longer than 1000 characters")
    parts = (part.strip() for part in re.split(r"[,;\r\n]+", without_formula_guard(cell)))
    return "\n".join(part for part in parts if part)


def with_formula_guard(written: str) -> str:
    """
    Return a text so that no spreadsheet takes it for a formula; `without_formula_guard` takes this back.
    """
    return f"'{written}" if _FORMULA.match(written) else written


def without_formula_guard(cell: str) -> str:
    """Return a text as it was before `with_formula_guard`."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
