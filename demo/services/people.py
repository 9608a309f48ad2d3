"""The people of the demo: accounts, pupils with families and classes, part-time timetables."""

from collections.abc import Iterable, Sequence
from datetime import date

from django.contrib.auth.hashers import make_password

from accounts.models import RoleAssignment, User
from demo.generation.people import Contact as InventedContact
from demo.generation.people import ParentAccount, Place, StaffMember
from demo.generation.people import Pupil as InventedPupil
from demo.generation.sheets import Timetable
from demo.services.schools import ONE_DAY, DemoSchool
from escalation.rules.loading import shipped_policy
from registers.models import (
    ClassMembership,
    ClassTeacher,
    Contact,
    Enrolment,
    PartTimeTimetable,
    Pupil,
    PupilContact,
    PupilFlag,
    TimetableAbsence,
)

# The post in a policy's list of roles whose title each of our roles takes.
POSTS = {
    "office": "day_to_day_contact",
    "champion": "attendance_champion",
    "governor": "attendance_governor",
}
TITLES = {
    "teacher": "Class teacher",
    "office": "School office",
    "champion": "Attendance champion",
    "head": "Headteacher",
    "governor": "Governor",
    "trust": "Trust attendance lead",
}
LONGEST_TITLE = 80


def year_starts(academic_year: int) -> date:
    """Return the day on which classes of an academic year begin."""
    return date(academic_year, 8, 1)


def year_ends(academic_year: int) -> date:
    """Return the last day of the classes of an academic year."""
    return year_starts(academic_year + 1) - ONE_DAY


def add_accounts(people: Iterable[tuple[str, str]]) -> dict[str, User]:
    """Create an account for each e-mail address and name; nobody can sign in to it with a password."""
    users = User.objects.bulk_create(
        User(email=email, name=name, password=make_password(None)) for email, name in people
    )
    return {user.email: user for user in users}


def add_roles(
    staff: Sequence[StaffMember], users: dict[str, User], schools: Sequence[DemoSchool], *, first_year: int
) -> None:
    """Give each member of staff their role, the trust officer at every school, and teachers their classes."""
    roles, teachers = [], []
    for member in staff:
        user = users[member.email]
        for school in schools:
            if member.school_key not in ("", school.plan.key):
                continue
            roles.append(
                RoleAssignment(
                    user=user,
                    school=school.row,
                    role=member.role,
                    title=title_of(member.role, school.plan.key),
                    starts_on=year_starts(first_year),
                )
            )
            if member.role == "office" and school.office is None:
                school.office = user
            for academic_year, class_name in member.classes:
                school.teachers[class_name] = user
                teachers.append(
                    ClassTeacher(
                        school=school.row,
                        class_group_id=school.classes[academic_year, class_name],
                        user=user,
                        starts_on=year_starts(academic_year),
                        ends_on=year_ends(academic_year) if academic_year == first_year else None,
                    )
                )
    RoleAssignment.objects.bulk_create(roles)
    ClassTeacher.objects.bulk_create(teachers)


def title_of(role: str, school_key: str) -> str:
    """Return what a school's policy calls a post, or our own word where it names none."""
    named = shipped_policy(school_key).roles.get(POSTS.get(role, ""))
    title = named.title if named is not None and named.title is not None else ""
    return title if title and len(title) <= LONGEST_TITLE else TITLES[role]


def add_contacts(
    contacts: Sequence[InventedContact],
    accounts: Iterable[ParentAccount],
    users: dict[str, User],
    schools: dict[str, DemoSchool],
) -> dict[int, int]:
    """Add every contact, linked to their account if they have one; return keys by the generator's number."""
    signs_in = {account.contact for account in accounts}
    rows = Contact.objects.bulk_create(
        Contact(
            school=schools[contact.school_key].row,
            name=contact.name,
            email=contact.email,
            phone=contact.phone,
            address=contact.address,
            address_confidential=contact.address_confidential,
            user=users[contact.email] if contact.number in signs_in else None,
        )
        for contact in contacts
    )
    return {contact.number: row.pk for contact, row in zip(contacts, rows, strict=True)}


def add_pupils(
    school: DemoSchool,
    pupils: Sequence[InventedPupil],
    contacts: dict[int, int],
    *,
    current: int,
    today: date,
) -> None:
    """
    Admit pupils to one school with their classes, flags and contacts, and note their keys in `school.pupils`.

    What lies after `today` is not known yet: a last day on roll in the future is left open.
    """
    rows = Pupil.objects.bulk_create(
        Pupil(
            school=school.row,
            upn=pupil.upn,
            surname=pupil.surname,
            forename=pupil.forename,
            date_of_birth=pupil.date_of_birth,
            sex=pupil.sex,
            fsm=pupil.fsm,
            sen=pupil.sen,
            ehcp=pupil.ehcp,
        )
        for pupil in pupils
    )
    school.pupils |= {pupil.number: row.pk for pupil, row in zip(pupils, rows, strict=True)}
    keyed = [(pupil, school.pupils[pupil.number]) for pupil in pupils]
    Enrolment.objects.bulk_create(
        Enrolment(
            school=school.row,
            pupil_id=key,
            starts_on=pupil.starts_on,
            leaving_on=known_leaving_day(pupil, today),
        )
        for pupil, key in keyed
    )
    ClassMembership.objects.bulk_create(
        ClassMembership(
            school=school.row,
            pupil_id=key,
            class_group_id=school.classes[place.academic_year, place.class_name],
            year_group=place.year_group,
            starts_on=max(pupil.starts_on, year_starts(place.academic_year)),
            ends_on=_ends_on(pupil, place, current=current, today=today),
        )
        for pupil, key in keyed
        for place in pupil.places
    )
    PupilFlag.objects.bulk_create(
        PupilFlag(
            school=school.row, pupil_id=key, name=flag.name, starts_on=flag.starts_on, ends_on=flag.ends_on
        )
        for pupil, key in keyed
        for flag in pupil.flags
    )
    PupilContact.objects.bulk_create(
        (
            PupilContact(
                school=school.row,
                pupil_id=key,
                contact_id=contacts[link.contact],
                relationship=link.relationship,
                priority=link.priority,
                parental_responsibility=link.parental_responsibility,
                lives_with=link.lives_with,
                receives_letters=link.receives_letters,
                court_order_restricts=link.court_order_restricts,
            )
            for pupil, key in keyed
            for link in pupil.contacts
        ),
        batch_size=2000,
    )


def known_leaving_day(pupil: InventedPupil, today: date) -> date | None:
    """Return the pupil's last day on roll once it has come."""
    return pupil.leaving_on if pupil.leaving_on is not None and pupil.leaving_on < today else None


def _ends_on(pupil: InventedPupil, place: Place, *, current: int, today: date) -> date | None:
    left_on = known_leaving_day(pupil, today)
    if place.academic_year == current:
        return left_on
    return min(year_ends(place.academic_year), left_on or date.max)


def add_timetables(school: DemoSchool, timetables: Iterable[Timetable]) -> None:
    """Add the part-time timetables of pupils of one school."""
    agreed = [timetable for timetable in timetables if timetable.pupil in school.pupils]
    rows = PartTimeTimetable.objects.bulk_create(
        PartTimeTimetable(
            school=school.row,
            pupil_id=school.pupils[timetable.pupil],
            first_day=timetable.first_day,
            last_day=timetable.last_day,
            review_on=timetable.review_on,
            agreed_on=timetable.agreed_on,
        )
        for timetable in agreed
    )
    TimetableAbsence.objects.bulk_create(
        TimetableAbsence(timetable=row, weekday=weekday, half=half)
        for row, timetable in zip(rows, agreed, strict=True)
        for weekday, half in timetable.absences
    )
