"""Which telephone numbers take a text, and how they are written."""

import re
from collections.abc import Iterable

# Numbers written by people: digits with blanks, brackets, dots and dashes between them.
_BETWEEN = re.compile(r"[\s().\-/]+")
_UK_MOBILE = re.compile(r"(?:\+44|0044|44|0)(?:0)?(7[1-57-9]\d{8}|7624\d{6})")
_ABROAD = re.compile(r"(?:\+|00)([1-9]\d{7,14})")


def mobile(number: str) -> str:
    """
    Return a number that takes texts as "07700900123", one abroad as "+48123456789"; "" for any other.

    Numbers of pagers and personal numbers (070, 076 but 07624 of the Isle of Man) take none. A land line
    abroad cannot be told from a mobile there.
    """
    bare = _BETWEEN.sub("", number.strip().replace("(0)", ""))
    if found := _UK_MOBILE.fullmatch(bare):
        return f"0{found[1]}"
    found = _ABROAD.fullmatch(bare)
    return f"+{found[1]}" if found and not found[1].startswith("44") else ""


def first_mobile(numbers: Iterable[str]) -> str:
    """Return the first of the numbers that takes texts, "" when none does."""
    return next(filter(None, map(mobile, numbers)), "")
