"""The history of a pupil's particulars in words, and the particulars as they were on a past day."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from registers.models import Contact, OutsideContact, ParticularsChange, Pupil, PupilAddress, PupilContact
from registers.particulars_words import label_of, value_words
from registers.rules.flags import flag_label
from registers.words import day

# What a person is called by on a past day.
PUPIL_AT = (
    "surname",
    "forename",
    "middle_names",
    "known_as",
    "upn",
    "date_of_birth",
    "sex",
    "home_language",
    "last_school_name",
)
CONTACT_AT = ("name", "address", "phone", "home_phone", "work_phone", "email")


@dataclass(frozen=True)
class Noted:
    """One line of the history: what it is of, what changed, from which day it counts, who did it and when."""

    about: str
    what: str
    old: str
    new: str
    counts_from: date | None
    is_addition: bool
    by: str
    position: str
    at: datetime


def history_of(pupil: Pupil, *, today: date) -> list[Noted]:
    """
    Return every change of a pupil's particulars, of the grown-ups' on record and of flags, newest first.

    Four statements.
    """
    linked = set(PupilContact.objects.filter(pupil=pupil).values_list("contact_id", flat=True))
    changes = [
        *ParticularsChange.objects.filter(school_id=pupil.school_id, pupil_id=pupil.pk),
        *ParticularsChange.objects.filter(
            school_id=pupil.school_id, subject="contact", contact_id__in=linked
        ),
    ]
    names = dict(Contact.objects.filter(school_id=pupil.school_id).values_list("pk", "name"))
    outside = dict(OutsideContact.objects.filter(school_id=pupil.school_id).values_list("pk", "name"))
    flags = _flag_names(pupil, changes)
    changes.sort(key=lambda change: change.pk, reverse=True)
    return [_noted(change, names, outside, flags, today) for change in changes]


def _flag_names(pupil: Pupil, changes: Sequence[ParticularsChange]) -> dict[int, str]:
    known = {flag.pk: flag.name for flag in pupil.flags.all()}
    for change in changes:
        if change.subject == "flag" and not change.field:
            known.setdefault(change.subject_id, _row(change)["name"])
    return known


def _row(change: ParticularsChange) -> dict[str, Any]:
    row: dict[str, Any] = json.loads(change.new or change.old or "{}")
    return row


def _noted(
    change: ParticularsChange,
    names: Mapping[int, str],
    outside: Mapping[int, str],
    flags: Mapping[int, str],
    today: date,
) -> Noted:
    contact = names.get(change.contact_id or 0, "a contact")
    about = {
        "pupil": "Pupil",
        "address": "Address",
        "flag": flag_label(flags.get(change.subject_id, "")),
        "contact": contact,
        "link": contact,
        "outside": "Outside contact",
    }[change.subject]
    is_addition = not change.field
    if is_addition:
        row = _row(change)
        what = {
            "pupil": "entered in the register",
            "address": "address",
            "flag": "flag",
            "contact": "person",
            "link": "contact of the pupil",
            "outside": outside.get(row.get("outside_contact_id", 0), "person"),
        }[change.subject]
        shown = _row_in_words(change.subject, row, today)
        old, new = ("", shown) if change.old is None else (shown, "")
        what = f"{what} {'added' if change.old is None else 'removed'}"
        if change.subject == "pupil":
            what = "entered in the register" if change.old is None else "removed from the register"
    else:
        what = label_of(change.field)
        old, new = (
            value_words(change.field, value, today=today, names=names) for value in (change.old, change.new)
        )
    return Noted(
        about=about,
        what=what,
        old=old,
        new=new,
        counts_from=change.counts_from,
        is_addition=is_addition,
        by=change.by_name or "Rollcall",
        position=change.by_position,
        at=change.at,
    )


def _row_in_words(subject: str, row: Mapping[str, Any], today: date) -> str:
    if subject == "pupil":
        parts = (row.get(name) for name in ("forename", "middle_names", "surname"))
        return " ".join(str(part) for part in parts if part)
    if subject == "contact":
        return str(row.get("name", ""))
    if subject == "link":
        return str(row.get("relationship", ""))
    span = _span(row, today)
    if subject == "address":
        return f"{', '.join(str(row['lines']).splitlines())}, {span}"
    return span


def _span(row: Mapping[str, Any], today: date) -> str:
    words = f"from {day(date.fromisoformat(row['starts_on']), today)}"
    if row.get("ends_on"):
        words += f" to {day(date.fromisoformat(row['ends_on']), today)}"
    return words


@dataclass(frozen=True)
class ContactThen:
    """A grown-up of a pupil as they were on a past day."""

    values: Mapping[str, str]
    relationship: str
    is_confidential: bool  # today: an address once secret is told to nobody from an old record either


@dataclass(frozen=True)
class Then:
    """A pupil's particulars as they were on a day, with what is known today of how they were."""

    on: date
    values: Mapping[str, str]
    addresses: tuple[str, ...]
    contacts: tuple[ContactThen, ...]

    @property
    def full_name(self) -> str:
        """Return the name of that day, middle names and all."""
        parts = (self.values["forename"], self.values["middle_names"], self.values["surname"])
        return " ".join(part for part in parts if part)


def particulars_on(pupil: Pupil, on: date) -> Then:
    """
    Return the particulars as they were on a past day: names, addresses, and the grown-ups on record then.

    What was later found to have been wrong is told as it was put right. Six statements.
    """
    changes = list(
        ParticularsChange.objects.filter(school_id=pupil.school_id, pupil_id=pupil.pk).order_by("pk")
    )
    own = [change for change in changes if change.subject == "pupil"]
    values = {name: _value_on(on, own, name, getattr(pupil, name)) for name in PUPIL_AT}
    addresses = PupilAddress.objects.filter(pupil=pupil, starts_on__lte=on).order_by("starts_on", "pk")
    return Then(
        on=on,
        values=values,
        addresses=tuple(
            ", ".join(row.lines.splitlines()) for row in addresses if (row.ends_on or date.max) >= on
        ),
        contacts=tuple(_contacts_on(pupil, changes, on)),
    )


def _contacts_on(pupil: Pupil, changes: Sequence[ParticularsChange], on: date) -> list[ContactThen]:
    links = {
        link.contact_id: (link.pk, link.relationship, link.priority)
        for link in PupilContact.objects.filter(pupil=pupil)
    }
    was_there = dict.fromkeys(links, True)
    for change in changes:
        if change.subject != "link" or change.field or change.contact_id is None:
            continue
        # What came with nobody's name, by the program itself, is where the record begins.
        counts = (change.by_id and change.counts_from) or date.min
        if change.old is None:
            was_there[change.contact_id] = counts <= on
        elif counts > on:
            row = _row(change)
            links[change.contact_id] = (change.subject_id, row["relationship"], row["priority"])
        else:
            was_there[change.contact_id] = False
    present = [pk for pk in links if was_there.get(pk)]
    notes: dict[int, list[ParticularsChange]] = {}
    for change in ParticularsChange.objects.filter(
        school_id=pupil.school_id, subject="contact", contact_id__in=present
    ).order_by("pk"):
        notes.setdefault(change.subject_id, []).append(change)
    people = Contact.objects.in_bulk(present)
    found = []
    for pk in sorted(present, key=lambda pk: (links[pk][2], pk)):
        if pk in people:
            link_id, relationship, _ = links[pk]
            of_link = [c for c in changes if c.subject == "link" and c.subject_id == link_id]
            values = {
                name: _value_on(on, notes.get(pk, []), name, getattr(people[pk], name)) for name in CONTACT_AT
            }
            values["address"] = ", ".join(values["address"].splitlines())
            role = _value_on(on, of_link, "relationship", relationship)
            found.append(ContactThen(values, role, people[pk].address_confidential))
    return found


def _value_on(on: date, changes: Sequence[ParticularsChange], field: str, now: object) -> str:
    """
    Return what a field was on a day: what the first change that counts from a later day replaced.

    Among changes that count from the same day the first recorded one is asked, since it replaced what was.
    """
    later = [
        change
        for change in changes
        if change.field == field and change.counts_from is not None and change.counts_from > on
    ]
    if not later:
        return str(now if now is not None else "")
    first = min(later, key=lambda change: (change.counts_from, change.pk))
    return first.old or ""
