"""
One grown-up of one pupil at a time: added, linked to a brother or sister, changed, taken off; and people of
other bodies who work with a pupil.

Lists of many are taken in by `registers.services.contacts`. The database writes the history of every change
itself (migrations/sql/particulars.sql).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from accounts import events
from accounts.errors import DomainError
from accounts.models import School, User
from registers.models import Contact, OutsideContact, Pupil, PupilContact, PupilOutsideContact
from registers.rules.fingerprints import fingerprint
from registers.services.particulars import ChangedMeanwhile, ParticularRefused, noting

# What a form may change of the person, and of what the person is to the pupil; nothing else.
PERSON = (
    "name",
    "phone",
    "home_phone",
    "work_phone",
    "email",
    "address",
    "address_confidential",
    "language",
)
LINK = (
    "relationship",
    "priority",
    "parental_responsibility",
    "lives_with",
    "receives_letters",
    "may_sign_in",
    "court_order_restricts",
    "court_order_type",
    "court_order_from",
    "court_order_until",
    "court_order_note",
)
OUTSIDE = ("name", "role", "organisation", "phone", "email", "is_current")


class AlreadyLinked(DomainError):
    """The person is a contact of the pupil already."""


@dataclass(frozen=True)
class ContactChange:
    """What a save changed: fields of the person, shared by brothers and sisters, and of the link."""

    person: tuple[str, ...]
    link: tuple[str, ...]


def contact_values(link: PupilContact) -> dict[str, object]:
    """Return what the form of a contact shows, by field: the person's own and those of the link."""
    return {name: getattr(link.contact, name) for name in PERSON} | {
        name: getattr(link, name) for name in LINK
    }


@transaction.atomic
def add_contact(
    pupil: Pupil, values: Mapping[str, object], *, by: User, at: datetime, position: str, on: date
) -> PupilContact:
    """
    Add a new grown-up to a pupil from a day on; `values` has the fields of `PERSON` and `LINK`.

    :raises ParticularRefused: a court order ends before it begins
    """
    with noting(by=by, at=at, position=position, counts_from=on):
        contact = Contact(school_id=pupil.school_id, **{name: values[name] for name in PERSON})
        contact.save(force_insert=True)
        return _link(pupil, contact, values)


@transaction.atomic
def link_contact(
    pupil: Pupil,
    contact: Contact,
    values: Mapping[str, object],
    *,
    by: User,
    at: datetime,
    position: str,
    on: date,
) -> PupilContact:
    """
    Make somebody whom the school knows already a contact of another pupil; `values` has the fields of `LINK`.

    :raises AlreadyLinked: the person is a contact of the pupil already
    :raises ParticularRefused: a court order ends before it begins
    """
    with noting(by=by, at=at, position=position, counts_from=on):
        return _link(pupil, contact, values)


@transaction.atomic
def change_contact(
    link: PupilContact,
    values: Mapping[str, object],
    *,
    seen: str,
    by: User,
    at: datetime,
    position: str,
    counts_from: date | None,
) -> ContactChange:
    """
    Change a contact of a pupil and return which fields changed.

    What belongs to the person (name, numbers, address) changes for every brother and sister at once.

    :raises ChangedMeanwhile: somebody else changed one of the fields since
    :raises ParticularRefused: a court order ends before it begins
    """
    Pupil.objects.select_for_update(no_key=True).get(pk=link.pupil_id)
    contact = Contact.objects.select_for_update(no_key=True).get(pk=link.contact_id)
    stands = PupilContact.objects.select_for_update(no_key=True).get(pk=link.pk)
    stands.contact = contact
    current = contact_values(stands)
    if seen != fingerprint(current):
        raise ChangedMeanwhile(current)
    wanted = _with_order(values)
    person = tuple(name for name in PERSON if current[name] != wanted[name])
    own = tuple(name for name in LINK if current[name] != wanted[name])
    with noting(by=by, at=at, position=position, counts_from=counts_from):
        if person:
            for name in person:
                setattr(contact, name, wanted[name])
            contact.save(update_fields=list(person))
        if own:
            for name in own:
                setattr(stands, name, wanted[name])
            stands.save(update_fields=[*own])
            if "priority" in own:
                _make_room(stands)
    return ContactChange(person, own)


@transaction.atomic
def remove_contact(link: PupilContact, *, by: User, at: datetime, position: str, on: date) -> None:
    """
    Take a grown-up off a pupil's record from a day on; the person stays a contact of brothers and sisters.

    :raises ParticularRefused: an address on record says that the pupil lives with this person
    """
    lives = link.pupil.addresses.filter(with_contact=link.contact_id, ends_on__isnull=True)
    if lives.exists():
        raise ParticularRefused(
            "", "An address of the pupil names this person. Change the address on the page Details first."
        )
    with noting(by=by, at=at, position=position, counts_from=on):
        link.delete()


@transaction.atomic
def add_outside_contact(
    school: School, values: Mapping[str, object], *, by: User, at: datetime
) -> OutsideContact:
    """Add somebody of another body whom the school works with; `values` has the fields of `OUTSIDE`."""
    person = OutsideContact(school=school, **{name: values[name] for name in OUTSIDE})
    person.save(force_insert=True)
    events.record("outside_contact.added", school=school, by=by, at=at, subject=person)
    return person


@transaction.atomic
def change_outside_contact(
    person: OutsideContact, values: Mapping[str, object], *, seen: str, by: User, at: datetime
) -> bool:
    """
    Change somebody of another body; say whether anything changed.

    :raises ChangedMeanwhile: somebody else changed it since
    """
    stands = OutsideContact.objects.select_for_update(no_key=True).get(pk=person.pk)
    current = outside_values(stands)
    if seen != fingerprint(current):
        raise ChangedMeanwhile(current)
    changed = [name for name in OUTSIDE if current[name] != values[name]]
    if changed:
        for name in changed:
            setattr(stands, name, values[name])
        stands.save(update_fields=changed)
        fields = {"fields": changed}
        events.record(
            "outside_contact.changed", school=stands.school, by=by, at=at, subject=stands, data=fields
        )
    return bool(changed)


def outside_values(person: OutsideContact) -> dict[str, object]:
    """Return what the form of somebody of another body shows, by field."""
    return {name: getattr(person, name) for name in OUTSIDE}


@transaction.atomic
def link_outside_contact(
    pupil: Pupil, person: OutsideContact, *, starts_on: date, by: User, at: datetime, position: str
) -> PupilOutsideContact:
    """
    Note that somebody of another body works with a pupil from a day on.

    :raises AlreadyLinked: the person does already
    """
    Pupil.objects.select_for_update(no_key=True).get(pk=pupil.pk)
    if PupilOutsideContact.objects.filter(pupil=pupil, outside_contact=person, ends_on__isnull=True).exists():
        raise AlreadyLinked(f"{person.name} works with {pupil.full_name} already.")
    link = PupilOutsideContact(
        school_id=pupil.school_id, pupil=pupil, outside_contact=person, starts_on=starts_on
    )
    with noting(by=by, at=at, position=position, counts_from=starts_on):
        link.save(force_insert=True)
    return link


@transaction.atomic
def end_outside_contact(
    link: PupilOutsideContact, *, ends_on: date, by: User, at: datetime, position: str
) -> None:
    """
    Note that somebody of another body worked with a pupil until a day.

    :raises ParticularRefused: that day is before the first
    """
    if ends_on < link.starts_on:
        raise ParticularRefused("ends_on", "The last day must be the same as or after the first day")
    link.ends_on = ends_on
    with noting(by=by, at=at, position=position, counts_from=ends_on):
        link.save(update_fields=["ends_on"])


def _link(pupil: Pupil, contact: Contact, values: Mapping[str, object]) -> PupilContact:
    Pupil.objects.select_for_update(no_key=True).get(pk=pupil.pk)
    if PupilContact.objects.filter(pupil=pupil, contact=contact).exists():
        raise AlreadyLinked(f"{contact.name} is a contact of {pupil.full_name} already.")
    wanted = _with_order(values)
    link = PupilContact(
        school_id=pupil.school_id, pupil=pupil, contact=contact, **{name: wanted[name] for name in LINK}
    )
    link.save(force_insert=True)
    _make_room(link)
    return link


def _with_order(values: Mapping[str, object]) -> dict[str, object]:
    """
    Return the values as they are stored: while a court order restricts somebody, letters and sign-in are off.

    Parents are treated alike unless a court order limits it; somebody who forgot a second tick must not send
    a letter to a person whom an order keeps away.
    """
    first, last = values["court_order_from"], values["court_order_until"]
    if isinstance(first, date) and isinstance(last, date) and last < first:
        raise ParticularRefused(
            "court_order_until", "The last day of the order must be the same as or after its first day"
        )
    if values["court_order_restricts"]:
        return {**values, "receives_letters": False, "may_sign_in": False}
    return dict(values)


def _make_room(placed: PupilContact) -> None:
    """Number the pupil's contacts from 1 in their order, the placed one before others of its number."""
    links = sorted(
        PupilContact.objects.filter(pupil=placed.pupil_id),
        key=lambda link: (link.priority, link.pk != placed.pk, link.contact_id),
    )
    for number, link in enumerate(links, start=1):
        if link.priority != number:
            link.priority = number
            link.save(update_fields=["priority"])
