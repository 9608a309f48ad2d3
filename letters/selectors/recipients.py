"""Who gets a letter about a pupil, and who shares a copy."""

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass

from letters.errors import NoRecipient
from letters.rules.text import clean_line
from registers.models import Pupil, PupilContact


@dataclass(frozen=True, slots=True)
class Addressee:
    """
    The people of one copy, the one called first in front.

    `key` is the same whenever the same people live at the same address, and says nothing about either.
    """

    key: str
    contact_ids: tuple[int, ...]
    names: tuple[str, ...]
    address: tuple[str, ...]
    is_confidential: bool


def recipients_for(pupil: Pupil, *, only: Collection[int] | None = None) -> tuple[Addressee, ...]:
    """
    Return one addressee for each address at which somebody may have letters about the pupil. One statement.

    Left out are contacts who do not receive letters and those whom a court order restricts. A person with a
    confidential address never shares a copy with somebody whose address is not, even at the same address: the
    copy would tell one where the other lives. Contacts without an address share a copy when the pupil lives
    with them, since then it is one home.

    With `only`, nobody but these contacts is among them.

    :raises NoRecipient: nobody is left; the message says what to add
    """
    links = list(
        PupilContact.objects.filter(pupil=pupil).select_related("contact").order_by("priority", "contact_id")
    )
    if only is not None:
        links = [link for link in links if link.contact_id in only]
    groups: dict[str, list[PupilContact]] = {}
    for link in links:
        if link.receives_letters and not link.court_order_restricts:
            groups.setdefault(_group(link), []).append(link)
    if not groups:
        raise NoRecipient(_nobody(pupil, links))
    return tuple(_addressee(group, together) for group, together in groups.items())


def _addressee(group: str, links: list[PupilContact]) -> Addressee:
    contacts = [link.contact for link in links]
    return Addressee(
        key=hashlib.sha256(group.encode()).hexdigest(),
        contact_ids=tuple(contact.pk for contact in contacts),
        names=tuple(clean_line(contact.name) for contact in contacts),
        address=address_lines(contacts[0].address),
        is_confidential=contacts[0].address_confidential,
    )


def address_lines(address: str) -> tuple[str, ...]:
    """Return the lines of an address, without empty ones."""
    return tuple(filter(None, (clean_line(line)[:200] for line in address.splitlines())))


def _group(link: PupilContact) -> str:
    """Return what two contacts must have in common to share a copy."""
    contact = link.contact
    address = re.sub(r"[\W_]+", " ", " ".join(address_lines(contact.address))).strip().casefold()
    if not address:
        home = link.lives_with and not contact.address_confidential
        return f"home of {link.pupil_id}" if home else f"contact {contact.pk}"
    return f"{'confidential ' if contact.address_confidential else ''}address {address}"


def _nobody(pupil: Pupil, links: list[PupilContact]) -> str:
    """Say why nobody can have the letter, and what to do about it."""
    if not links:
        return f"{pupil.full_name} has no parent or carer on record. Add one who receives letters."
    if all(link.court_order_restricts for link in links):
        return (
            f"A court order restricts every parent and carer of {pupil.full_name}. "
            "Add somebody who may have letters."
        )
    return (
        f"No parent or carer of {pupil.full_name} receives letters. "
        "Allow one to receive letters, or add another."
    )
