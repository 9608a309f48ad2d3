"""
The demo's day while it stays open: nobody sits in most of its classrooms.

Before a demo's registers are closed, its invented teachers take those that no visitor took, as a real
school's would; only the last class of each school is forgotten, so that a visitor sees what Rollcall does.
"""

from datetime import datetime

from django.db import transaction
from django_scopes import scopes_disabled

from accounts.models import Event, School
from accounts.people import system_user
from demo.generation import trust
from demo.services import catching_up, marking, marks
from demo.services.building import BUILT
from demo.services.bulk import copy_rows
from demo.services.schools import DemoSchool, sessions_of
from registers.models import Mark, Register, Session
from registers.services import closing
from registers.services.closing import Closed


def close_registers(*, at: datetime) -> list[Closed]:
    """
    Take and close the demo's registers whose time is over; doing it twice changes nothing more.

    Returns what the closing set. A database without a demo is left alone.
    """
    built = Event.objects.filter(kind=BUILT).order_by("-pk").first()
    if built is None:
        return []
    done: list[Closed] = []
    invented: trust.Trust | None = None
    with scopes_disabled():
        for row in School.objects.order_by("pk"):
            today = [one for one in closing.due_sessions(row, at=at) if one.on == at.date()]
            if today:
                invented = invented or trust.generate(
                    pupils=built.data["pupils"],
                    seed=built.data["seed"],
                    today=datetime.fromisoformat(built.data["today"]).date(),
                )
                _take(row, invented, today)
            done += closing.close_due(row, by=system_user(), at=at)
    return done


@transaction.atomic
def _take(row: School, invented: trust.Trust, sessions: list[Session]) -> None:
    """Let each teacher but the last take these registers, where nobody has begun to."""
    plan = next((plan for plan in invented.schools if plan.key == row.key), None)
    if plan is None:  # a school that a visitor added
        return
    school = DemoSchool(plan, row, sessions_of(row))
    catching_up.find_people(school, invented)
    school.standing = set(Mark.objects.filter(session__in=sessions).values_list("pupil_id", "session_id"))
    begun = set(Register.objects.filter(session__in=sessions).values_list("class_group_id", "session_id"))
    classes = sorted(marks.by_class(invented.sheets(invented.current, plan.key)).items())
    rows = []
    for session in sessions:
        for class_name, members in classes[:-1]:
            group = school.classes[session.academic_year, class_name]
            if (group, session.pk) not in begun and session.on in members[0].row.place_of:
                marks.take_register(school, members, session, class_name=class_name, seed=invented.seed)
                teacher = school.teachers[class_name]
                rows.append(marks.register_row(school, group, session, teacher, saved_at=session.closes_at))
    copy_rows("registers_register", marks.REGISTER_COLUMNS, rows)
    marking.analyse()
