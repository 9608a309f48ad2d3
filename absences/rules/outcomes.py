"""What a decision about a report does to each session that it speaks of."""

from enum import StrEnum

from registers.rules.codes import ATTENDING, CODE_BY_SYMBOL, LATE_CODES


class Effect(StrEnum):
    """What becomes of one session."""

    TO_COME = "to_come"  # no mark yet: the register opens with the code
    CHANGES = "changes"  # a mark that says "not known why", or what the report itself put there
    SAME = "same"  # stands there already
    CONTRADICTS = "contradicts"  # the child was seen in school: left alone
    STANDS = "stands"  # somebody recorded another reason: left alone


def effect_of(
    decided: str, *, code: str, source: str, arranged: str = "", is_recorded_since: bool = False
) -> Effect:
    """
    Return what deciding on a code does to a session with this mark ("" for none).

    `arranged` is the code with which the report let registers open until now, and `is_recorded_since` says
    that the mark was made after that: such a mark rests on the report, not on anybody's own knowledge.
    """
    if not code:
        return Effect.TO_COME
    if code == decided:
        return Effect.SAME
    if CODE_BY_SYMBOL[code].statistical_class in ATTENDING or code in LATE_CODES:
        return Effect.CONTRADICTS
    if is_unexplained(code, source):
        return Effect.CHANGES
    if arranged and code == arranged and is_recorded_since and source in ("ahead", "register"):
        return Effect.CHANGES
    return Effect.STANDS


def is_unexplained(code: str, source: str) -> bool:
    """Say whether a mark says that nobody knows why: N, and O where N grew too old."""
    return code == "N" or (code == "O" and source == "system")
