"""
Statements about a pupil that a letter may only make when they are true.

A paragraph of a template can hang on the name of a statement. Each is worked out from the values of the
letter itself, with exact integers, so that no letter claims what its own figures do not show. A statement
whose values are not given is false.
"""

from collections.abc import Callable, Mapping
from typing import Any

from letters.rules.absences import NamedSession

Values = Mapping[str, Any]


def _given(values: Values, *names: str) -> bool:
    return all(values.get(name) is not None for name in names)


def _absent_sessions(values: Values) -> int:
    return int(values["absence_days"] * 2)


def _best_year(values: Values, *, more: int = 0) -> tuple[int, int]:
    """Sessions the pupil can attend this year if `more` more are missed, and those possible (GEN-12)."""
    possible = values["year_sessions"]
    return max(possible - _absent_sessions(values) - more, 0), possible


def _named(values: Values) -> tuple[NamedSession, ...]:
    """Every absence that the letter names, in whichever table."""
    return (*(values.get("absent_dates") or ()), *(values.get("offences") or ()))


def one_more_day_below_target(values: Values) -> bool:
    """One more day of absence takes the year below the target, and until then it is not (WER-16)."""
    if not _given(values, "target_pct", "absence_days", "year_sessions"):
        return False
    best, possible = _best_year(values)
    after, _ = _best_year(values, more=2)
    return bool(best * 100 >= values["target_pct"] * possible > after * 100)


def below_target_for_the_year(values: Values) -> bool:
    """The year's target cannot be reached any more, even without a further absence."""
    if not _given(values, "target_pct", "absence_days", "year_sessions"):
        return False
    best, possible = _best_year(values)
    return bool(best * 100 < values["target_pct"] * possible)


def persistent_for_the_year(values: Values) -> bool:
    """A tenth of the whole year is missed already: 38 of 380 sessions, and not before (WER-06)."""
    if not _given(values, "absence_days", "year_sessions"):
        return False
    return bool(_absent_sessions(values) * 10 >= values["year_sessions"])


def persistent_so_far(values: Values) -> bool:
    """A tenth or more of the sessions so far was missed."""
    share = values.get("attendance_pct")
    return share is not None and (share.whole - share.part) * 10 >= share.whole


def below_ninety(values: Values) -> bool:
    """Attendance is below 90 % (WEL-03)."""
    share = values.get("attendance_pct")
    return share is not None and share.part * 100 < share.whole * 90


def below_minimum(values: Values) -> bool:
    """Attendance is below the figure the letter names as the least it should be."""
    share = values.get("attendance_pct")
    return (
        share is not None
        and _given(values, "minimum_pct")
        and share.part * 100 < values["minimum_pct"] * share.whole
    )


def full_attendance(values: Values) -> bool:
    """Not one session was missed."""
    share = values.get("attendance_pct")
    return share is not None and share.part == share.whole


def all_authorised(values: Values) -> bool:
    """There are absences, and the school has agreed to every one."""
    sessions = values.get("absent_dates") or ()
    return bool(sessions) and all(session.authorised for session in sessions)


def some_unauthorised(values: Values) -> bool:
    """At least one session is unauthorised for a reason that is settled."""
    return any(not session.authorised and session.code != "N" for session in _named(values))


def some_unexplained(values: Values) -> bool:
    """For at least one session the reason is not known yet (code N)."""
    return any(session.code == "N" for session in _named(values))


def some_illness(values: Values) -> bool:
    """At least one session was missed through illness."""
    return any(session.code == "I" for session in values.get("absent_dates") or ())


def never_late(values: Values) -> bool:
    """The pupil was not late once."""
    return values.get("punctuality") == 0 or values.get("late_count") == 0


def leave_granted(values: Values) -> bool:
    """All of the leave asked for was agreed."""
    return values.get("decision") == "granted"


def leave_granted_in_part(values: Values) -> bool:
    """Some of the leave asked for was agreed."""
    return values.get("decision") == "granted in part"


def leave_refused(values: Values) -> bool:
    """None of the leave asked for was agreed."""
    return values.get("decision") == "refused"


def leave_decision_known(values: Values) -> bool:
    """The decision is one of the three that there are."""
    return leave_granted(values) or leave_granted_in_part(values) or leave_refused(values)


def leave_decision_complete(values: Values) -> bool:
    """Agreed leave has its days, and what was not agreed has a reason."""
    has_days = leave_refused(values) or _given(values, "dates_from", "dates_to")
    return has_days and (leave_granted(values) or _given(values, "refusal_reason"))


STATEMENTS: dict[str, Callable[[Values], bool]] = {
    check.__name__: check
    for check in (
        one_more_day_below_target,
        below_target_for_the_year,
        persistent_for_the_year,
        persistent_so_far,
        below_ninety,
        below_minimum,
        full_attendance,
        all_authorised,
        some_unauthorised,
        some_unexplained,
        some_illness,
        never_late,
        leave_granted,
        leave_granted_in_part,
        leave_refused,
        leave_decision_known,
        leave_decision_complete,
    )
}
