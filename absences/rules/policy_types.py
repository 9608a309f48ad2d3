"""
The basic values of a policy file as typed models: texts, names, times, counts, codes and percentages.

Every part of a policy is built of them: those that absences follow (`absences.rules.terms`) and the rest
(`escalation.rules`).
"""

import re
from decimal import Decimal
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StrictBool,
    StrictInt,
    StrictStr,
)

from registers.rules.codes import CODE_BY_SYMBOL

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class Data(BaseModel):
    """A mapping of a policy file: unknown keys are refused, values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)


def _code(symbol: str) -> str:
    if symbol not in CODE_BY_SYMBOL:
        raise ValueError(f"{symbol!r} is not a national attendance code (quote every code)")
    return symbol


def _clock(text: str) -> str:
    if not _CLOCK.fullmatch(text):
        raise ValueError(f'{text!r} is not a time such as "08:50"')
    return text


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} is not a name of letters, digits and underscores")
    return text


def number_up_to(value: object, largest: int, what: str) -> int | Decimal:
    """
    Return the number when it lies between 0 and the largest.

    :raises ValueError: it does not, or is no number; says "must be" and what
    """
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 <= value <= largest:
        raise ValueError(f"must be {what}")
    return value


def _percent(value: object) -> int | Decimal:
    return number_up_to(value, 100, "a percentage between 0 and 100")


Text = Annotated[StrictStr, Field(min_length=1, max_length=500)]
Name = Annotated[Text, AfterValidator(_name)]
Names = tuple[Text, ...]
Symbol = Annotated[StrictStr, AfterValidator(_code)]
Clock = Annotated[StrictStr, AfterValidator(_clock)]
Flag = StrictBool
Count = Annotated[StrictInt, Field(ge=0, le=100_000)]
Percent = Annotated[int | Decimal, PlainValidator(_percent)]
