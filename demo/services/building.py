"""Building the demo trust in an empty database."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django_scopes import scopes_disabled

from accounts import events
from accounts.errors import DomainError
from accounts.models import Installation, School
from accounts.people import system_user
from demo.generation import calendars, showing, trust
from demo.services import (
    absences_calls,
    absences_evidence,
    absences_intake,
    absences_leave,
    absences_parents,
    marking,
    messages,
    people,
)
from demo.services.schools import DemoSchool, open_school
from registers import clock

LONDON = ZoneInfo("Europe/London")
BUILT = "demo.built"

Report = Callable[[str], None]


class HasSchoolsAlready(DomainError):
    """The database has schools: the demo would mix invented pupils with theirs."""


class TooSmall(DomainError):
    """The demo needs more pupils than asked for."""


@dataclass(frozen=True)
class Built:
    """What building did, in numbers of rows; `today` is the day on which the demo lives."""

    today: date
    schools: int
    pupils: int
    contacts: int
    accounts: int
    marks: int
    amendments: int


def silent(line: str) -> None:
    """Report nothing."""


@transaction.atomic
def claim_installation() -> None:
    """
    Declare the installation a demo, from which on its clock may be set.

    :raises HasSchoolsAlready: there are schools in the database
    """
    if School.objects.exists():
        raise HasSchoolsAlready(
            "There are schools in this database already: the demo can only be built in an empty one."
        )
    Installation.objects.update_or_create(pk=1, defaults={"is_demo": True})


@transaction.atomic
def build_demo(*, pupils: int, seed: int, at: datetime, report: Report = silent) -> Built:
    """
    Build the demo trust: five schools, their people, last year's marks and this year's up to yesterday.

    The demo lives on the day of `at`, or on the latest school day before it. `report` is told each step.

    :raises HasSchoolsAlready: there are schools in the database
    :raises TooSmall: fewer pupils than the smallest trust
    """
    claim_installation()
    today = calendars.latest_school_day(at.astimezone(LONDON).date())
    report("Inventing pupils and families")
    try:
        invented = trust.generate(pupils=pupils, seed=seed, today=today)
    except ValueError as error:
        raise TooSmall(str(error)) from error
    with scopes_disabled():
        schools = _open_schools(invented, at=at)
        users, contacts = _add_people(schools, invented, today=today, report=report)
        loaded, amended = _mark(schools, invented, today=today, at=at, report=report)
        report("Telling the schools of absences")
        absences_intake.add_reports([school.row for school in schools], today=today, seed=seed)
        messages.tell_parents([school.row for school in schools], today=today, seed=seed)
        absences_calls.add_calls([school.row for school in schools], today=today, seed=seed)
        absences_leave.add_leave([school.row for school in schools], today=today, seed=seed)
        absences_evidence.add_evidence([school.row for school in schools], today=today, seed=seed)
        absences_parents.add_details([school.row for school in schools], today=today, seed=seed)
        events.record(
            BUILT,
            school=None,
            by=system_user(),
            at=at,
            data={"pupils": pupils, "seed": seed, "today": today},
        )
    clock.latest_school_day.cache_clear()
    return Built(
        today=today,
        schools=len(schools),
        pupils=sum(len(school.pupils) for school in schools),
        contacts=contacts,
        accounts=users,
        marks=loaded,
        amendments=amended,
    )


def _open_schools(invented: trust.Trust, *, at: datetime) -> list[DemoSchool]:
    system = system_user()
    return [
        open_school(
            plan,
            [invented.calendars[year][plan.key] for year in (invented.current - 1, invented.current)],
            invented.classes,
            seed=invented.seed,
            by=system,
            at=at,
        )
        for plan in invented.schools
    ]


def _add_people(
    schools: list[DemoSchool], invented: trust.Trust, *, today: date, report: Report
) -> tuple[int, int]:
    """Add accounts, pupils and contacts; return how many accounts and contacts."""
    report("Admitting pupils")
    staff = [(member.email, member.name) for member in invented.staff]
    parents = [invented.contacts[account.contact] for account in invented.parents]
    users = people.add_accounts(staff + [(parent.email, parent.name) for parent in parents])
    people.add_roles(invented.staff, users, schools, first_year=invented.current - 1)
    by_key = {school.plan.key: school for school in schools}
    contacts = people.add_contacts(invented.contacts, invented.parents, users, by_key)
    for school in schools:
        known = [
            pupil
            for pupil in invented.pupils
            if pupil.school_key == school.plan.key and pupil.starts_on <= today
        ]
        people.add_pupils(school, known, contacts, current=invented.current, today=today)
        for year in (invented.current - 1, invented.current):
            agreed = invented.year_of_marks(year).timetables
            people.add_timetables(school, [one for one in agreed if one.first_day <= today])
    return len(users), len(contacts)


def _mark(
    schools: list[DemoSchool], invented: trust.Trust, *, today: date, at: datetime, report: Report
) -> tuple[int, int]:
    """Load and take all marks; return how many, and how many of them were amended."""
    loaded = amended = 0
    known = {
        school.plan.key: range(showing.days_before(marking.row_of(school, invented), today))
        for school in schools
    }
    marking.analyse()
    for school in schools:
        report(f"Marking two years of {school.row.name}")
        loaded += marking.mark_last_year(school, invented)
        loaded += marking.mark_past_days(school, invented, known[school.plan.key])
    marking.analyse()
    report("Taking the registers of the last days")
    for school in schools:
        loaded += marking.mark_last_days(school, invented, known[school.plan.key])
        amended += marking.explain(school, invented, today=today)
        loaded += marking.take_early_registers(school, invented, today=today, at=at)
    marking.analyse()
    return loaded, amended
