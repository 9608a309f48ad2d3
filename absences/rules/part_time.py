"""When a part-time timetable has to be looked at again."""

from datetime import date, timedelta

from absences.rules.terms import PartTime


def review_due(part_time: PartTime | None, *, agreed_for: date, looked_at_from: date) -> date:
    """
    Return the day by which a timetable is reviewed: as agreed, and no later than the policy says.

    `agreed_for` is the review that the agreement names; `looked_at_from` the day on which the timetable began
    or, later, the last review. Welbourn reviews after four weeks (003:250); the other documents name no time.
    """
    weeks = part_time.review.weeks if part_time is not None else None
    if weeks is None:
        return agreed_for
    return min(agreed_for, looked_at_from + timedelta(weeks=weeks))
