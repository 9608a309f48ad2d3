"""Parents and carers: one row for each grown-up, shared by siblings, and what each is to each pupil."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from accounts import events
from accounts.models import School, User
from registers.models import Contact, Pupil, PupilContact
from registers.services.marks import attribution
from registers.services.refusals import RowFault, RowsRefused

# What makes two rows of one name speak of one person.
TELLING = ("phone", "email", "address")
DETAILS = (*TELLING, "home_phone", "work_phone", "language")
LINK_FIELDS = ("relationship", "priority", "parental_responsibility", "lives_with", "receives_letters")


@dataclass(frozen=True)
class ContactInput:
    """What one grown-up is to one pupil; empty details are not known and leave what is known alone."""

    upn: str
    name: str
    relationship: str
    priority: int
    phone: str = ""
    email: str = ""
    address: str = ""
    home_phone: str = ""
    work_phone: str = ""
    language: str = ""
    parental_responsibility: bool = True
    lives_with: bool = True
    receives_letters: bool = True


@dataclass(frozen=True)
class ContactsSet:
    """What taking in a list did, in numbers of grown-ups and of their links to pupils."""

    contacts_added: int
    contacts_changed: int
    links_added: int
    links_changed: int

    @property
    def is_empty(self) -> bool:
        """Say whether nothing changed."""
        return not any(vars(self).values())


@dataclass
class _Known:
    """A grown-up who is stored or about to be."""

    contact: Contact
    links: dict[int, PupilContact] = field(default_factory=dict)  # by pupil
    stored: tuple[str, ...] = ()  # the details before the list was read

    @property
    def is_changed(self) -> bool:
        """Say whether the list as a whole changes the details: siblings' rows may contradict each other."""
        return details_of(self.contact) != self.stored


@transaction.atomic
def set_contacts(school: School, rows: Sequence[ContactInput], *, by: User, at: datetime) -> ContactsSet:
    """
    Take in a list of grown-ups with what each is to a pupil, new ones and changes.

    Rows speak of the same person when the pupil has a contact of that name already, or when the name and
    one of e-mail, telephone and address agree: so siblings share their parents. Contacts that the list
    does not name stay.

    :raises RowsRefused: a pupil is not known, or a contact stands twice for one pupil
    """
    School.objects.select_for_update(no_key=True).get(pk=school.pk)
    pupil_ids = dict(
        Pupil.objects.filter(school=school, upn__in={row.upn for row in rows}).values_list("upn", "pk")
    )
    _refuse_wrong_rows(rows, pupil_ids)

    by_name = _known_by_name(school, rows)
    new_contacts: list[Contact] = []
    new_links: list[PupilContact] = []
    changed_links: dict[int, PupilContact] = {}
    for row in rows:
        pupil_id = pupil_ids[row.upn]
        known = _same_person(by_name.setdefault(_folded(row.name), []), row, pupil_id)
        if known is None:
            known = _Known(Contact(school=school, name=row.name))
            by_name[_folded(row.name)].append(known)
            new_contacts.append(known.contact)
        _take_details(known, row)
        values = {name: getattr(row, name) for name in LINK_FIELDS}
        link = known.links.get(pupil_id)
        if link is None:
            link = PupilContact(school=school, pupil_id=pupil_id, contact=known.contact, **values)
            known.links[pupil_id] = link
            new_links.append(link)
        elif any(getattr(link, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(link, name, value)
            changed_links[link.pk] = link

    changed = [
        known.contact
        for group in by_name.values()
        for known in group
        if known.is_changed and known.contact.pk
    ]
    with attribution(by=by, at=at):  # the database writes the history of what the list changes
        Contact.objects.bulk_create(new_contacts, batch_size=1000)
        Contact.objects.bulk_update(changed, DETAILS, batch_size=500)
        PupilContact.objects.bulk_create(new_links, batch_size=1000)
        PupilContact.objects.bulk_update(changed_links.values(), LINK_FIELDS, batch_size=500)
    done = ContactsSet(len(new_contacts), len(changed), len(new_links), len(changed_links))
    if not done.is_empty:
        events.record("contacts.set", school=school, by=by, at=at, data=vars(done))
    return done


def details_of(contact: Contact) -> tuple[str, ...]:
    """Return how the grown-up is reached, in the order of `DETAILS`."""
    return tuple(getattr(contact, name) for name in DETAILS)


def _refuse_wrong_rows(rows: Sequence[ContactInput], pupil_ids: dict[str, int]) -> None:
    faults = []
    seen: set[tuple[str, str]] = set()
    for place, row in enumerate(rows):
        if row.upn not in pupil_ids:
            faults.append(RowFault(place, "upn", f"there is no pupil {row.upn} at this school"))
        person = (row.upn, _folded(row.name))
        if person in seen:
            faults.append(RowFault(place, "name", f"the contact stands twice for pupil {row.upn}"))
        seen.add(person)
    if faults:
        raise RowsRefused(faults)


def _known_by_name(school: School, rows: Sequence[ContactInput]) -> dict[str, list[_Known]]:
    """
    Return the school's contacts with the names of the list, oldest first, by folded name. Two statements.
    """
    names = {_folded(row.name) for row in rows}
    known = {
        contact.pk: _Known(contact, stored=details_of(contact))
        for contact in Contact.objects.filter(school=school).order_by("pk")
        if _folded(contact.name) in names
    }
    for link in PupilContact.objects.filter(contact__in=known):
        known[link.contact_id].links[link.pupil_id] = link
    by_name: dict[str, list[_Known]] = {}
    for found in known.values():
        by_name.setdefault(_folded(found.contact.name), []).append(found)
    return by_name


def _same_person(namesakes: Sequence[_Known], row: ContactInput, pupil_id: int) -> _Known | None:
    of_pupil = [known for known in namesakes if pupil_id in known.links]
    agreeing = [known for known in namesakes if _agrees(known.contact, row)]
    both = [known for known in of_pupil if known in agreeing]
    return next(iter(both or of_pupil or agreeing), None)


def _agrees(contact: Contact, row: ContactInput) -> bool:
    return any(
        (given := _comparable(detail, getattr(row, detail)))
        and given == _comparable(detail, getattr(contact, detail))
        for detail in TELLING
    )


def _comparable(detail: str, text: str) -> str:
    if detail == "phone":
        return "".join(character for character in text if character.isdigit())
    return _folded(text)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _take_details(known: _Known, row: ContactInput) -> None:
    for detail in DETAILS:
        given = getattr(row, detail)
        if given:
            setattr(known.contact, detail, given)
