"""
What of a school is set up, what is missing, and why it matters.

Each check is a function of the school and a day, and reads what it needs in one or two statements, however
many pupils there are. Apps above the registers add theirs with `add_check` when they start.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Role, RoleAssignment, School
from registers.models import (
    ClassGroup,
    ClassMembership,
    ClassTeacher,
    Enrolment,
    Pupil,
    PupilContact,
    Session,
)
from registers.rules.calendar import academic_year_name, academic_year_of
from registers.rules.day import days_words, notes_on_day
from registers.rules.numbers import counted
from registers.rules.school_year import is_short, year_in_words
from registers.selectors.times import day_times_on
from registers.services.sessions import as_input
from registers.words import clock

DONE, LATER, LOOK, MISSING = "done", "later", "look", "missing"
SHOWN = 5  # names of a list before "and 12 more"
NEXT_YEAR_WANTED_FROM = 4  # April: families and letters ask for next year's days by then
LAST_MONTH = 7  # July ends the academic year


@dataclass(frozen=True)
class Named:
    """One pupil, class or person that a check names; `pupil_id` where a page can say why."""

    name: str
    pupil_id: int | None = None


@dataclass(frozen=True)
class Link:
    """Where to do it: an address of the school, its further arguments, and the words of the link."""

    url_name: str
    action: str
    arguments: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """One line of the set-up page."""

    title: str
    state: str  # done, later, look (works, but wants a look) or missing (something cannot work)
    sentence: str
    link: Link | None = None
    named: tuple[Named, ...] = ()
    more: int = 0  # how many are not named


PUPILS_LINK = Link("registers:pupils", "Open the pupils")
CheckFunction = Callable[[School, date], Check]


def checks_of(school: School, *, on: date) -> list[Check]:
    """Return every line of the set-up page, in the order in which a school is set up."""
    return [check(school, on) for check in CHECKS]


def add_check(check: CheckFunction) -> None:
    """Add a line that an app above the registers knows how to judge; called once, when the app starts."""
    if check not in CHECKS:
        CHECKS.append(check)


def details(school: School, on: date) -> Check:
    """Judge the school's name and address, which head every letter."""
    missing = [
        words
        for words, value in (
            ("local authority", school.local_authority),
            ("address", school.address),
            ("telephone number", school.office_phone),
            ("e-mail address", school.office_email),
            ("last year group", school.leaving_year),
        )
        if not value.strip()
    ]
    link = Link("registers:set_up_details", "Change the details")
    if missing:
        return Check(
            "School details",
            LOOK,
            f"Empty, though letters and returns name it: {', '.join(missing)}.",
            link,
        )
    return Check("School details", DONE, f"{school.name}, {school.local_authority}.", link)


def school_day(school: School, on: date) -> Check:
    """Judge the times of the day."""
    lines = [as_input(row) for row in day_times_on(school, on).order_by("half", "year_group", "weekday")]
    link = Link("registers:set_up_times", "Change the times")
    usual = {line.times.half: line.times for line in lines if line.weekday is None and not line.year_group}
    if not lines:
        return Check(
            "School day", MISSING, "No times are entered: without them there is no register to open.", link
        )
    words = [
        f"{half} {clock(usual[half].opens_at)} to {clock(usual[half].closes_at)}"
        for half in ("AM", "PM")
        if half in usual
    ]
    others = list(
        dict.fromkeys(said for line in lines if (said := days_words(line.weekday, line.year_group)))
    )
    sentence = f"Registers are open {' and '.join(words)}." if words else "Each weekday has its own times."
    if others:
        sentence += f" Other times: {'; '.join(others)}."
    notes = notes_on_day(lines)
    return Check("School day", LOOK if notes else DONE, " ".join([sentence, *notes]), link)


def this_year(school: School, on: date) -> Check:
    """Judge the calendar of the academic year."""
    return _calendar(school, academic_year_of(on), wanted=True)


def next_year(school: School, on: date) -> Check:
    """Judge the calendar of the next academic year."""
    return _calendar(school, academic_year_of(on) + 1, wanted=NEXT_YEAR_WANTED_FROM <= on.month <= LAST_MONTH)


def _calendar(school: School, academic_year: int, *, wanted: bool) -> Check:
    statuses = list(
        Session.objects.filter(school=school, academic_year=academic_year).values_list("status", flat=True)
    )
    title = f"Calendar {academic_year_name(academic_year)}"
    link = Link("registers:set_up_calendar_of", "Open the calendar", {"year": academic_year})
    if not statuses:
        if wanted:
            sentence = "No half term is entered: registers exist only on the days of the calendar."
            return Check(title, MISSING, sentence, link)
        return Check(title, LATER, "Not entered yet; it is wanted from April on.", link)
    held, cancelled = statuses.count("held"), statuses.count("cancelled")
    state = LOOK if is_short(held, cancelled) else DONE
    return Check(title, state, year_in_words(held, cancelled), link)


def on_roll(on: date) -> QuerySet[Enrolment]:
    """Return the times on roll of a pupil of an outer query that cover a day."""
    return Enrolment.objects.filter(pupil=OuterRef("pk"), starts_on__lte=on).filter(
        Q(leaving_on__isnull=True) | Q(leaving_on__gte=on)
    )


def in_class(on: date) -> QuerySet[ClassMembership]:
    """Return the class of a pupil of an outer query on a day."""
    return ClassMembership.objects.filter(pupil=OuterRef("pk"), starts_on__lte=on).filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=on)
    )


def pupils(school: School, on: date) -> Check:
    """Judge whether anybody is on roll."""
    count = Pupil.objects.filter(Exists(on_roll(on)), school=school).count()
    if not count:
        words = "Nobody is on roll today: enter or import the pupils."
        return Check("Pupils on roll", MISSING, words, PUPILS_LINK)
    return Check("Pupils on roll", DONE, f"{counted(count, 'pupil')} on roll today.", PUPILS_LINK)


def pupils_without_class(school: School, on: date) -> Check:
    """Name the pupils on roll who are in no class, and so on no register."""
    found = Pupil.objects.filter(Exists(on_roll(on)), ~Exists(in_class(on)), school=school)
    return _of_pupils(
        "Pupils without a class",
        found,
        none="Every pupil on roll is in a class.",
        some="on roll but in no class, and so on no register.",
        state=MISSING,
    )


def pupils_of_an_old_class(school: School, on: date) -> Check:
    """Name the pupils who are still in a class of another academic year, which has no register any more."""
    year = academic_year_of(on)
    old = in_class(on).exclude(class_group__academic_year=year)
    found = Pupil.objects.filter(Exists(on_roll(on)), Exists(old), school=school)
    return _of_pupils(
        "Classes with a register",
        found,
        none=f"Every class that pupils are in is one of {academic_year_name(year)}.",
        some="still in a class of another school year, which has no register: move them up.",
        state=MISSING,
    )


def contacts(school: School, on: date) -> Check:
    """Name the pupils on roll of whom nobody can be reached."""
    found = Pupil.objects.filter(
        Exists(on_roll(on)), ~Exists(PupilContact.objects.filter(pupil=OuterRef("pk"))), school=school
    )
    return _of_pupils(
        "Contacts",
        found,
        none="Every pupil on roll has a contact.",
        some="without any contact: nobody can be rung or written to.",
        state=LOOK,
    )


def _of_pupils(title: str, found: QuerySet[Pupil], *, none: str, some: str, state: str) -> Check:
    rows = list(found.order_by("surname", "forename", "pk").values_list("pk", "surname", "forename"))
    if not rows:
        return Check(title, DONE, none)
    named = tuple(Named(f"{surname}, {forename}", pk) for pk, surname, forename in rows[:SHOWN])
    return Check(
        title,
        state,
        f"{counted(len(rows), 'pupil')} {some}",
        PUPILS_LINK,
        named=named,
        more=len(rows) - len(named),
    )


def classes(school: School, on: date) -> Check:
    """Name the classes of the year that no teacher takes."""
    groups = ClassGroup.objects.filter(school=school, academic_year=academic_year_of(on))
    teaching = ClassTeacher.objects.filter(class_group=OuterRef("pk"), starts_on__lte=on).filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=on)
    )
    rows = list(
        groups.annotate(has_teacher=Exists(teaching))
        .order_by("name", "pk")
        .values_list("name", "has_teacher")
    )
    if not rows:
        year = academic_year_name(academic_year_of(on))
        return Check("Classes", MISSING, f"There is no class in {year}: registers are taken by class.")
    without = [name for name, has_teacher in rows if not has_teacher]
    if without:
        said = "class has" if len(without) == 1 else "classes have"
        return Check(
            "Classes",
            LOOK,
            f"{len(without)} of {len(rows)} {said} no teacher: the office takes the register.",
            named=tuple(Named(name) for name in without[:SHOWN]),
            more=max(0, len(without) - SHOWN),
        )
    return Check("Classes", DONE, f"{counted(len(rows), 'class', 'classes')}, each with a teacher.")


def staff(school: School, on: date) -> Check:
    """Say which posts nobody holds, and which class teachers may no longer sign in here."""
    assignments = RoleAssignment.objects.filter(school=school, starts_on__lte=on).filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=on)
    )
    held = {(user_id, role) for user_id, role in assignments.values_list("user_id", "role")}
    roles = {role for _, role in held}
    empty = [str(role.label).lower() for role in (Role.HEAD, Role.CHAMPION, Role.OFFICE) if role not in roles]
    people = {user_id for user_id, _ in held}
    locked_out = list(
        ClassTeacher.objects.filter(
            class_group__school=school, class_group__academic_year=academic_year_of(on), starts_on__lte=on
        )
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))
        .exclude(user__in=people)
        .order_by("user__name", "class_group__name")
        .values_list("user__name", "class_group__name")
    )
    if empty:
        return Check("Staff", MISSING, f"Nobody holds the post of {' or '.join(empty)} today.")
    if locked_out:
        return Check(
            "Staff",
            MISSING,
            f"{counted(len(locked_out), 'class teacher')} without a role here, who cannot take a register.",
            named=tuple(Named(f"{name}, {group}") for name, group in locked_out[:SHOWN]),
            more=max(0, len(locked_out) - SHOWN),
        )
    return Check("Staff", DONE, f"{counted(len(people), 'person', 'people')} with a role here.")


CHECKS: list[CheckFunction] = [
    details,
    school_day,
    this_year,
    next_year,
    classes,
    staff,
    pupils,
    pupils_without_class,
    pupils_of_an_old_class,
    contacts,
]
