"""Who a pupil's grown-ups are, who shares them, and for whom the school has too few."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from accounts.models import School
from registers.models import (
    ClassMembership,
    Contact,
    Enrolment,
    OutsideContact,
    Pupil,
    PupilContact,
    PupilOutsideContact,
)

# SI 2024/208 reg 8 and 002:139: more than one person whom the school can reach, where that is possible.
WANTED_CONTACTS = 2


@dataclass(frozen=True)
class ContactShown:
    """One grown-up of a pupil, as pages show them."""

    link: PupilContact
    contact: Contact
    address: tuple[str, ...]
    order_has_ended: bool

    @property
    def can_be_called(self) -> bool:
        """Say whether the school may and can reach this person by telephone."""
        return bool(self.contact.phones) and not self.link.court_order_restricts


def contacts_of(pupil: Pupil, *, on: date) -> list[ContactShown]:
    """Return a pupil's grown-ups in the order in which they are called. One statement."""
    return [
        ContactShown(
            link=link,
            contact=link.contact,
            address=tuple(line for line in link.contact.address.splitlines() if line.strip()),
            order_has_ended=link.court_order_until is not None and link.court_order_until < on,
        )
        for link in PupilContact.objects.filter(pupil=pupil)
        .select_related("contact")
        .order_by("priority", "contact_id")
    ]


@dataclass(frozen=True)
class Sibling:
    """Another child of this school who has a parent or carer in common with a pupil."""

    pupil: Pupil
    class_name: str
    shared: tuple[str, ...]  # the names of the people in common
    shared_ids: frozenset[int]
    is_on_roll: bool


def siblings_of(pupil: Pupil, *, on: date) -> list[Sibling]:
    """
    Return the children who share a contact with a pupil, eldest first. Three statements.

    A shared neighbour or grandparent makes no brother or sister, but the page says who is shared, so that the
    reader can judge.
    """
    shared: dict[int, dict[int, str]] = {}  # names by contact, by pupil
    pupils: dict[int, Pupil] = {}
    links = (
        PupilContact.objects.filter(contact__pupil_contacts__pupil=pupil)
        .exclude(pupil=pupil)
        .select_related("pupil", "contact")
        .order_by("pupil__date_of_birth", "pupil_id", "priority", "pk")
    )
    for link in links:
        pupils[link.pupil_id] = link.pupil
        shared.setdefault(link.pupil_id, {})[link.contact_id] = link.contact.name
    classes = dict(
        ClassMembership.objects.filter(pupil__in=pupils, starts_on__lte=on)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))
        .values_list("pupil_id", "class_group__name")
    )
    on_roll = set(
        Enrolment.objects.filter(pupil__in=pupils, starts_on__lte=on)
        .filter(Q(leaving_on__isnull=True) | Q(leaving_on__gte=on))
        .values_list("pupil_id", flat=True)
    )
    return [
        Sibling(other, classes.get(pk, ""), tuple(shared[pk].values()), frozenset(shared[pk]), pk in on_roll)
        for pk, other in pupils.items()
    ]


@dataclass(frozen=True)
class FewContacts:
    """A pupil on roll whom too few people can be called about."""

    pupil: Pupil
    class_name: str
    reachable: int


def pupils_with_fewer_than_two_contacts(school: School, on: date) -> list[FewContacts]:
    """
    Return the pupils on roll that day with fewer than two people whom the school can call, fewest first.

    Somebody without a telephone number cannot be called, and somebody whom a court order restricts may not
    be. Three statements, however many pupils.
    """
    reachable: dict[int, int] = {}
    for pupil_id in (
        PupilContact.objects.filter(school=school, court_order_restricts=False)
        .exclude(contact__phone="", contact__home_phone="", contact__work_phone="")
        .values_list("pupil_id", flat=True)
    ):
        reachable[pupil_id] = reachable.get(pupil_id, 0) + 1
    pupils = Pupil.objects.filter(
        Q(enrolments__leaving_on__isnull=True) | Q(enrolments__leaving_on__gte=on),
        school=school,
        enrolments__starts_on__lte=on,
    ).distinct()
    few = [
        pupil
        for pupil in pupils.order_by("surname", "forename", "pk")
        if reachable.get(pupil.pk, 0) < WANTED_CONTACTS
    ]
    classes = dict(
        ClassMembership.objects.filter(pupil__in=few, starts_on__lte=on)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))
        .values_list("pupil_id", "class_group__name")
    )
    found = [FewContacts(pupil, classes.get(pupil.pk, ""), reachable.get(pupil.pk, 0)) for pupil in few]
    return sorted(found, key=lambda each: each.reachable)


@dataclass(frozen=True)
class KnownPerson:
    """Somebody whom the school knows already and who may be the person that is being added."""

    contact: Contact
    because: str  # what agrees
    children: tuple[str, ...]


def people_like(
    pupil: Pupil, *, name: str = "", email: str = "", phones: Iterable[str] = ()
) -> list[KnownPerson]:
    """
    Return contacts of the school who may be the person entered: the same number or e-mail, or the same name.

    Those who are contacts of the pupil already are left out. Two statements; a school has a few thousand
    contacts, which are compared here because numbers are written in many ways.
    """
    wanted = {digits_of(phone) for phone in phones} - {""}
    folded = _folded(name)
    address = email.strip().casefold()
    found: list[tuple[int, Contact, str]] = []
    others = Contact.objects.filter(school_id=pupil.school_id).exclude(pupil_contacts__pupil=pupil)
    for contact in others.order_by("pk"):
        if wanted & {digits_of(number) for number in contact.phones}:
            found.append((0, contact, "the same telephone number"))
        elif address and contact.email.casefold() == address:
            found.append((1, contact, "the same e-mail address"))
        elif folded and _folded(contact.name) == folded:
            found.append((2, contact, "the same name"))
    found.sort(key=lambda each: each[0])
    children: dict[int, list[str]] = {}
    for link in (
        PupilContact.objects.filter(contact__in=[contact for _, contact, _ in found[:8]])
        .select_related("pupil")
        .order_by("pupil__date_of_birth", "pk")
    ):
        children.setdefault(link.contact_id, []).append(link.pupil.full_name)
    return [
        KnownPerson(contact, because, tuple(children.get(contact.pk, ())))
        for _, contact, because in found[:8]
    ]


def family_contacts(pupil: Pupil) -> list[KnownPerson]:
    """
    Return the other contacts of a pupil's brothers and sisters: whom a new pupil of the family may share.
    """
    mine = PupilContact.objects.filter(pupil=pupil).values("contact")
    siblings = PupilContact.objects.filter(contact__in=mine).exclude(pupil=pupil).values("pupil")
    links = (
        PupilContact.objects.filter(pupil__in=siblings)
        .exclude(contact__in=mine)
        .select_related("contact", "pupil")
        .order_by("contact__name", "contact_id", "pupil__date_of_birth")
    )
    people: dict[int, Contact] = {}
    children: dict[int, list[str]] = {}
    for link in links:
        people[link.contact_id] = link.contact
        children.setdefault(link.contact_id, []).append(link.pupil.full_name)
    return [
        KnownPerson(contact, "a contact of a brother or sister", tuple(children[pk]))
        for pk, contact in people.items()
    ]


def digits_of(phone: str) -> str:
    """Return a telephone number as it is compared: digits alone, +44 as 0."""
    digits = "".join(character for character in phone if character in "0123456789")
    if phone.strip().startswith("+44"):
        digits = "0" + digits[2:].removeprefix("0")
    return digits


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def outside_contacts_of(pupil: Pupil) -> list[PupilOutsideContact]:
    """Return who of other bodies works or worked with a pupil, those who still do first. One statement."""
    links = (
        PupilOutsideContact.objects.filter(pupil=pupil)
        .select_related("outside_contact")
        .order_by("-starts_on", "pk")
    )
    return sorted(links, key=lambda link: link.ends_on is not None)


def outside_contacts(school: School) -> list[OutsideContact]:
    """Return the people of other bodies whom the school works with, those of now first. One statement."""
    return list(OutsideContact.objects.filter(school=school).order_by("-is_current", "role", "name", "pk"))
