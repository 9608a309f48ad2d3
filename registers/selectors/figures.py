"""The one place where attendance is counted."""

from collections.abc import Collection
from datetime import date

from django.db import connection

from accounts.models import School
from registers.models import Enrolment
from registers.rules.calendar import academic_year_of
from registers.rules.figures import NO_SESSIONS, Figures, figures_of

# Counted by code and not by class, so that what a code counts as stands in one table (rules/codes.py) only.
# The academic years name the partitions to read.
COUNT_BY_CODE = """
SELECT m.pupil_id, m.code, count(*)
FROM registers_mark AS m
JOIN registers_session AS s ON s.id = m.session_id
WHERE m.school_id = %(school)s
    AND m.academic_year BETWEEN %(first_year)s AND %(last_year)s
    AND s."on" BETWEEN %(first_day)s AND %(last_day)s
    AND (%(pupils)s::bigint[] IS NULL OR m.pupil_id = ANY (%(pupils)s::bigint[]))
GROUP BY m.pupil_id, m.code
"""


def figures_for(
    school: School, *, first_day: date, last_day: date, pupil_ids: Collection[int] | None = None
) -> dict[int, Figures]:
    """
    Return the figures of each pupil on roll on any day of the period (both days included), by pupil id.

    Two statements, however many pupils. A pupil without a mark in the period has figures of zero.
    """
    counted: dict[int, dict[str, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            COUNT_BY_CODE,
            {
                "school": school.pk,
                "first_day": first_day,
                "last_day": last_day,
                "first_year": academic_year_of(first_day),
                "last_year": academic_year_of(last_day),
                "pupils": None if pupil_ids is None else sorted(pupil_ids),
            },
        )
        for pupil_id, code, count in cursor.fetchall():
            counted.setdefault(pupil_id, {})[code] = count
    on_roll = (
        Enrolment.objects.filter(school=school, starts_on__lte=last_day)
        .exclude(leaving_on__lt=first_day)
        .values_list("pupil_id", flat=True)
    )
    if pupil_ids is not None:
        on_roll = on_roll.filter(pupil_id__in=pupil_ids)
    figures = {pupil_id: NO_SESSIONS for pupil_id in on_roll}
    figures.update({pupil_id: figures_of(by_code) for pupil_id, by_code in counted.items()})
    return figures


def total_of(figures: Collection[Figures]) -> Figures:
    """Return the figures of a group: the sum of its pupils' sessions, never an average of percentages."""
    return sum(figures, NO_SESSIONS)
