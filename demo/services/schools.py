"""The five schools as tenants: their times, policy, calendar and classes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django_scopes import scope

from accounts.models import School, User
from demo.generation import names, randomness
from demo.generation.calendars import SchoolYear
from demo.generation.schools import ClassPlan, SchoolPlan
from escalation.rules.loading import shipped_policy, shipped_text
from escalation.services import policies
from escalation.services.school_day import day_of_policy
from registers.models import ClassGroup, Session
from registers.services import calendar
from registers.services import schools as school_services

ONE_DAY = timedelta(days=1)
Key = tuple[int, str]  # academic year and class name


@dataclass(slots=True)
class DemoSchool:
    """One school of the demo as it stands in the database, by the generator's own names."""

    plan: SchoolPlan
    row: School
    sessions: dict[tuple[date, str], Session]  # the sessions held, by day and half
    classes: dict[Key, int] = field(default_factory=dict)
    pupils: dict[int, int] = field(default_factory=dict)  # pupil's number to primary key
    teachers: dict[str, User] = field(default_factory=dict)  # by class name
    office: User | None = None
    standing: set[tuple[int, int]] = field(
        default_factory=set
    )  # pupil and session of marks not to be set again


def open_school(
    plan: SchoolPlan,
    years: Sequence[SchoolYear],
    classes: Iterable[ClassPlan],
    *,
    seed: int,
    by: User,
    at: datetime,
) -> DemoSchool:
    """Create one school with its times, calendar and classes, its policy in force since the first year."""
    policy = shipped_policy(plan.key)
    row = school_services.add_school(
        key=plan.key,
        name=policy.school.name,
        times=day_of_policy(
            policy,
            pm_opens=plan.pm_opens,
            pm_closes=plan.pm_closes,
            day_ends=plan.day_ends or time(15, 15),
        ),
        trust=policy.school.trust or "",
        phase=policy.school.phase or "primary",
        local_authority=policy.school.local_authority,
        leaving_year=plan.year_groups[-1],
        by=by,
        at=at,
    )
    rng = randomness.stream(seed, "school", plan.key)
    row.office_phone = names.draw_landline(rng)
    row.office_email = f"office@{names.plain(plan.key.replace('_', '-'))}.example.org"
    row.address = names.draw_address(rng)
    row.save(update_fields=["office_phone", "office_email", "address"])
    with scope(school=row):
        policies.activate_policy(row, shipped_text(plan.key), on=date(years[0].starts, 8, 1), by=by, at=at)
        periods = [
            calendar.Period(period.kind, period.name, period.first_day, period.last_day)
            for year in years
            for period in year.periods()
        ]
        calendar.set_calendar(row, periods, by=by, at=at)
        groups = ClassGroup.objects.bulk_create(
            ClassGroup(school=row, academic_year=one.academic_year, name=one.name)
            for one in classes
            if one.school_key == plan.key
        )
        school = DemoSchool(plan, row, sessions_of(row))
    school.classes = {(group.academic_year, group.name): group.pk for group in groups}
    return school


def sessions_of(school: School) -> dict[tuple[date, str], Session]:
    """Return the sessions that a school holds, by day and half."""
    held = Session.objects.filter(school=school, status="held").order_by("on", "half")
    return {(session.on, session.half): session for session in held}
