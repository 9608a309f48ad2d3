"""
What a closure may overwrite.

`#` says that the whole school was planned to be closed, so no session was due; Y4 that a session was due and
the school closed unexpectedly, so it counts as cancelled (SI 2024/208 reg 10). Neither leaves a mark of a
pupil standing, D included: the session is no possible session of anybody. What took place stands.
"""

PLANNED, EMERGENCY = "closure", "emergency_closure"
WORDS = {PLANNED: "Planned closure (#)", EMERGENCY: "Emergency closure (Y4)"}
# Marks that nobody took: known ahead, or written by Rollcall itself at the end of a register or of five days.
NOT_TAKEN = frozenset({"ahead", "system"})


def is_taken(source: str) -> bool:
    """Say whether a person took the mark or brought it in, so that taking it away wants a reason."""
    return source not in NOT_TAKEN


def reason_needed(kind: str, taken: int) -> bool:
    """
    Say whether a closure that takes away so many taken marks must be explained beyond its name.

    The name of an emergency closure says what happened, and that is the reason. A planned one may take away
    what was only foreseen; a mark that somebody took says that the school was open.
    """
    return kind == PLANNED and taken > 0


def reason_of(kind: str, name: str, reason: str) -> str:
    """Return the reason under which the history keeps the marks that a closure takes away."""
    return ": ".join([WORDS[kind], name]) + (f". {reason.strip()}" if reason.strip() else "")


def reason_of_reopening(kind: str, name: str, reason: str) -> str:
    """Return the reason under which marks stand again when a closure is undone."""
    return f"{WORDS[kind]} undone: {name}" + (f". {reason.strip()}" if reason.strip() else "")
