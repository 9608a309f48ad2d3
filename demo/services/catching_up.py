"""Bringing a demo trust that was built some time ago up to today."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django_scopes import scopes_disabled

from accounts import events
from accounts.errors import DomainError
from accounts.models import Event, Role, RoleAssignment, School
from accounts.people import system_user
from demo.generation import calendars, showing, trust
from demo.generation.people import Pupil as InventedPupil
from demo.generation.schools import SCHOOLS
from demo.services import marking, people
from demo.services.building import BUILT, LONDON, Report, silent
from demo.services.schools import DemoSchool, sessions_of
from registers import clock
from registers.models import (
    ClassGroup,
    ClassMembership,
    ClassTeacher,
    Contact,
    Enrolment,
    Mark,
    PartTimeTimetable,
    Pupil,
)
from registers.rules.calendar import academic_year_of
from registers.services import marks as mark_services

CAUGHT_UP = "demo.caught_up"


class NoDemo(DomainError):
    """There is no demo in this database."""


@dataclass(frozen=True)
class CaughtUp:
    """What catching up did; `refused` has a line for each school that could not be brought up to date."""

    today: date
    marks: int = 0
    amendments: int = 0
    joined: int = 0
    left: int = 0
    refused: tuple[str, ...] = ()


def is_behind(at: datetime) -> bool:
    """Say whether the demo of this database lacks a school day up to yesterday. Two statements."""
    span = _span(at)
    return span is not None and any(day < span[2] for day in span[1].values())


def _span(at: datetime) -> tuple[Event, dict[str, date], date] | None:
    """Return how the demo was built, the day that each school has reached, and the day it should live on."""
    built = Event.objects.filter(kind=BUILT).order_by("-pk").first()
    if built is None:
        return None
    built_on = date.fromisoformat(built.data["today"])
    last_day = calendars.school_year(academic_year_of(built_on)).school_days()[-1]
    today = min(last_day, calendars.latest_school_day(at.astimezone(LONDON).date()))
    latest = Event.objects.filter(kind=CAUGHT_UP).order_by("-pk").first()
    reached = {school.key: built_on for school in SCHOOLS}
    if latest is not None:
        reached |= {key: date.fromisoformat(day) for key, day in latest.data["reached"].items()}
    return built, reached, today


@transaction.atomic
def catch_up(*, at: datetime, report: Report = silent) -> CaughtUp:
    """
    Add what happened at the demo's schools since it was built or last caught up, up to yesterday.

    Marks that visitors made stay. The demo goes on to the end of the academic year in which it was built and
    lives on that year's last day from then on.

    :raises NoDemo: the database has no demo
    """
    span = _span(at)
    if span is None:
        raise NoDemo("There is no demo in this database: build one with ./manage.py demo.")
    built, reached, today = span
    if all(day >= today for day in reached.values()):
        return CaughtUp(today)

    built_on = date.fromisoformat(built.data["today"])
    invented = trust.generate(pupils=built.data["pupils"], seed=built.data["seed"], today=built_on)
    done = CaughtUp(today)
    refused: list[str] = []
    with scopes_disabled():
        for plan in invented.schools:
            row = School.objects.filter(key=plan.key).first()
            if row is None or reached[plan.key] >= today:
                continue
            report(f"Bringing {row.name} up to {today:%-d %B %Y}")
            school = DemoSchool(plan, row, sessions_of(row))
            try:
                with transaction.atomic():
                    done = _catch_up_school(
                        done, school, invented, since=reached[plan.key], today=today, at=at
                    )
            except (DomainError, IntegrityError) as error:
                # A visitor may have changed classes or rolls so that the drawn marks no longer fit.
                said = error.message if isinstance(error, DomainError) else mark_services.sentence_of(error)
                refused.append(f"{row.name} stays at {reached[plan.key]:%-d %B %Y}: {said}")
            else:
                reached[plan.key] = today
        marking.analyse()
        events.record(
            CAUGHT_UP,
            school=None,
            by=system_user(),
            at=at,
            data={"today": today, "reached": reached},
        )
    clock.latest_school_day.cache_clear()
    return CaughtUp(done.today, done.marks, done.amendments, done.joined, done.left, tuple(refused))


def _catch_up_school(
    done: CaughtUp, school: DemoSchool, invented: trust.Trust, *, since: date, today: date, at: datetime
) -> CaughtUp:
    """Bring one school from the day it had reached to today; return what was done so far and here."""
    find_people(school, invented)
    joined = _admit_joiners(school, invented, today=today)
    left = _let_leavers_go(school, invented, since=since, today=today)
    _start_timetables(school, invented, since=since, today=today)
    row = marking.row_of(school, invented)
    places = range(showing.days_before(row, since), showing.days_before(row, today))
    school.standing = set(
        Mark.objects.filter(
            school=school.row,
            academic_year=invented.current,
            session__in=[session for session in school.sessions.values() if since <= session.on <= today],
        ).values_list("pupil_id", "session_id")
    )
    marked = marking.mark_past_days(school, invented, places)
    marked += marking.mark_last_days(school, invented, places)
    amended = marking.explain(school, invented, today=today)
    return CaughtUp(
        today,
        done.marks + marked,
        done.amendments + amended,
        done.joined + joined,
        done.left + left,
    )


def find_people(school: DemoSchool, invented: trust.Trust) -> None:
    """Fill in what the database has of the school's classes, teachers, office and pupils."""
    groups = ClassGroup.objects.filter(school=school.row)
    school.classes = {(group.academic_year, group.name): group.pk for group in groups}
    teachers = ClassTeacher.objects.filter(
        school=school.row, class_group__academic_year=invented.current
    ).select_related("user", "class_group")
    for teacher in teachers.order_by("-starts_on", "-pk"):
        school.teachers[teacher.class_group.name] = teacher.user
    office = RoleAssignment.objects.filter(school=school.row, role=Role.OFFICE).select_related("user")
    first = office.order_by("pk").first()
    if first is None or not {name for year, name in school.classes if year == invented.current} <= set(
        school.teachers
    ):
        raise NoDemo("The school has lost its office staff or a class teacher.")
    school.office = first.user
    numbers = {pupil.upn: pupil.number for pupil in invented.pupils if pupil.school_key == school.plan.key}
    stored = Pupil.objects.filter(school=school.row, upn__in=numbers).values_list("upn", "pk")
    school.pupils = {numbers[upn]: key for upn, key in stored}


def _admit_joiners(school: DemoSchool, invented: trust.Trust, *, today: date) -> int:
    """Admit pupils who have joined since; return how many."""
    joiners = [
        pupil
        for pupil in invented.pupils
        if pupil.school_key == school.plan.key
        and pupil.starts_on <= today
        and pupil.number not in school.pupils
    ]
    contacts = _contact_keys(school, invented, joiners)
    people.add_pupils(school, joiners, contacts, current=invented.current, today=today)
    return len(joiners)


def _contact_keys(school: DemoSchool, invented: trust.Trust, pupils: list[InventedPupil]) -> dict[int, int]:
    """Return the stored keys of the pupils' contacts; a contact that was changed since is added anew."""
    stored = {
        (contact.name, contact.phone, contact.address): contact.pk
        for contact in Contact.objects.filter(school=school.row)
    }
    wanted = {link.contact for pupil in pupils for link in pupil.contacts}
    keys: dict[int, int] = {}
    for number in sorted(wanted):
        contact = invented.contacts[number]
        key = stored.get((contact.name, contact.phone, contact.address))
        if key is None:
            key = people.add_contacts([contact], [], {}, {school.plan.key: school})[number]
        keys[number] = key
    return keys


def _let_leavers_go(school: DemoSchool, invented: trust.Trust, *, since: date, today: date) -> int:
    """End the time on roll of pupils whose last day has come since; return how many."""
    left = 0
    for pupil in invented.pupils:
        leaving_on = people.known_leaving_day(pupil, today)
        key = school.pupils.get(pupil.number)
        if leaving_on is None or leaving_on < since or key is None:
            continue
        left += Enrolment.objects.filter(pupil=key, leaving_on__isnull=True).update(leaving_on=leaving_on)
        ClassMembership.objects.filter(pupil=key, ends_on__isnull=True).update(ends_on=leaving_on)
    return left


def _start_timetables(school: DemoSchool, invented: trust.Trust, *, since: date, today: date) -> None:
    """Add the part-time timetables that have begun since."""
    known = set(PartTimeTimetable.objects.filter(school=school.row).values_list("pupil_id", "first_day"))
    people.add_timetables(
        school,
        [
            one
            for one in invented.year_of_marks(invented.current).timetables
            if since < one.first_day <= today and (school.pupils.get(one.pupil), one.first_day) not in known
        ],
    )
