"""Unique pupil numbers of invented pupils."""

CHECK_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"  # I, O and S are never used

# No local authority in England has this number, so no invented pupil can carry a real pupil's UPN.
INVENTED_AUTHORITY = 999


def check_letter(digits: str) -> str:
    """
    Return the check letter of the twelve digits of a permanent UPN.

    Digit n of the whole UPN (the letter being position 1) weighs n; the sum modulo 23 names the letter
    (Department for Education, school census rule 1510).

    :raises ValueError: not exactly twelve decimal digits
    """
    if len(digits) != 12 or not (digits.isascii() and digits.isdecimal()):
        raise ValueError(f"A UPN has twelve digits after its letter, not {digits!r}.")
    weighted = sum(weight * int(digit) for weight, digit in enumerate(digits, start=2))
    return CHECK_LETTERS[weighted % 23]


def make_upn(*, establishment: int, year: int, serial: int) -> str:
    """
    Return the UPN an establishment (four digits) gives its serial-th pupil of the year (0 to 999).

    :raises ValueError: a part does not fit its digits
    """
    if not (1000 <= establishment <= 9999 and 0 <= serial <= 999):
        raise ValueError(f"No UPN for establishment {establishment} and serial {serial}.")
    digits = f"{INVENTED_AUTHORITY}{establishment}{year % 100:02d}{serial:03d}"
    return check_letter(digits) + digits
