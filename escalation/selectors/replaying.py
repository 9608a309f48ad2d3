"""
Past registers, replayed under a policy. Nothing is written: the database is asked for a read-only
transaction.
"""

from collections.abc import Iterator
from datetime import date

from django.db import connection, transaction

from accounts.models import School
from escalation.rules.engine import Engine
from escalation.rules.replay import Line, replay
from escalation.selectors import judging
from registers.models import Pupil
from registers.rules.calendar import academic_year_of


def replayed(
    school: School, engine: Engine, *, first_day: date, last_day: date, pupil: Pupil | None = None
) -> Iterator[Line]:
    """
    Give what the engine's policy would have done from a day to a day, by date and then by the pupils' names.

    Every proposal is taken as approved the same day. Marks before the first day still count in figures. Seven
    statements, however many pupils.
    """
    years = (academic_year_of(first_day) - 1, academic_year_of(last_day))
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION READ ONLY")
        calendar = judging.calendar_of(school, years=years)
        histories = judging.histories_of(school, pupil_ids=None if pupil is None else [pupil.pk], years=years)
        names = Pupil.objects.filter(pk__in=histories).order_by("surname", "forename", "pk")
        ordered = [histories[pk] for pk in names.values_list("pk", flat=True)]
    return replay(
        engine,
        ordered,
        calendar.school_calendar,
        first_day=first_day,
        last_day=last_day,
        school=school.key,
    )
