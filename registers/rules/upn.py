"""Unique pupil numbers."""

import re

CHECK_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"  # I, O and S are never used
_FORM = re.compile(r"[A-Z0-9]{1,13}")
_FULL = re.compile(r"([A-Z])([0-9]{11})([0-9A-Z])")


def is_upn(text: str) -> bool:
    """Say whether a text can be a pupil's number: up to thirteen capital letters and digits."""
    return _FORM.fullmatch(text) is not None


def has_right_check_letter(upn: str) -> bool:
    """
    Say whether a full UPN begins with the letter that its other characters require.

    Character n of the UPN weighs n; a temporary UPN ends with a letter, which counts as its place among the
    check letters; the sum modulo 23 is the place of the first letter (school census rule 1510 of the
    Department).
    """
    match = _FULL.fullmatch(upn)
    if match is None or (match[3].isalpha() and match[3] not in CHECK_LETTERS):
        return False
    values = [int(digit) for digit in match[2]]
    values.append(int(match[3]) if match[3].isdigit() else CHECK_LETTERS.index(match[3]))
    return CHECK_LETTERS[sum(weight * value for weight, value in enumerate(values, start=2)) % 23] == match[1]
