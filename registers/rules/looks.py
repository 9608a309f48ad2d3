"""
The eight looks of a mark: one for each kind of code, the same on register, heat map, letters, charts and PDF.

A look is the ending of a CSS class (`mark--late`), drawn in `static/rollcall/marks.css`: a colour and a
shape, with the code's letter always there.
"""

from datetime import date
from enum import StrEnum

from registers.rules.codes import StatisticalClass, statistical_class

UNEXPLAINED_CODE = "N"
LATE_CODE = "L"


class Look(StrEnum):
    """How a mark is drawn."""

    PRESENT = "present"
    LATE = "late"
    APPROVED = "approved"
    AUTHORISED = "authorised"
    UNAUTHORISED = "unauthorised"
    UNEXPLAINED = "unexplained"
    IMPOSSIBLE = "impossible"
    NONE = "none"


LOOK_OF_CLASS: dict[StatisticalClass, Look] = {
    StatisticalClass.PRESENT: Look.PRESENT,
    StatisticalClass.ATTENDING_ELSEWHERE: Look.APPROVED,
    StatisticalClass.AUTHORISED: Look.AUTHORISED,
    StatisticalClass.UNAUTHORISED: Look.UNAUTHORISED,
    StatisticalClass.NOT_POSSIBLE: Look.IMPOSSIBLE,
}


def look_of(symbol: str, on: date) -> Look:
    """
    Return how a code is drawn for a session of that day; no code is drawn empty.

    L and N look different from their classes: a late pupil was there, and an N still waits for an answer.

    :raises KeyError: there is no such code, or it was not valid on that day
    """
    if not symbol:
        return Look.NONE
    kind = statistical_class(symbol, on)
    if symbol == LATE_CODE:
        return Look.LATE
    return Look.UNEXPLAINED if symbol == UNEXPLAINED_CODE else LOOK_OF_CLASS[kind]
