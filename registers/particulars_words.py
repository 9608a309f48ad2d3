"""Particulars in words: what each field is called, how a value reads, and how two versions differ."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from registers.models.contacts import COURT_ORDERS, OUTSIDE_ROLES
from registers.selectors.pupils import SEN, SEX
from registers.words import day

LABELS = {
    "surname": "surname",
    "forename": "forename",
    "middle_names": "middle names",
    "known_as": "name known by",
    "upn": "unique pupil number",
    "date_of_birth": "date of birth",
    "sex": "sex",
    "home_language": "home language",
    "last_school_name": "last school",
    "last_school_address": "address of the last school",
    "sen": "special educational needs",
    "ehcp": "education, health and care plan",
    "fsm": "free school meals",
    "lines": "address",
    "with_contact": "person lived with there",
    "with_contact_id": "person lived with there",
    "starts_on": "first day",
    "ends_on": "last day",
    "name": "name",
    "email": "e-mail",
    "phone": "first telephone number",
    "home_phone": "home telephone",
    "work_phone": "work telephone",
    "language": "language",
    "address": "address",
    "address_confidential": "address confidential",
    "user_id": "account to sign in with",
    "relationship": "relationship",
    "priority": "place in the order of calls",
    "parental_responsibility": "parental responsibility",
    "lives_with": "pupil lives with them",
    "receives_letters": "receives letters",
    "may_sign_in": "may sign in",
    "court_order_restricts": "court order limits contact",
    "court_order_type": "court order",
    "court_order_from": "first day of the court order",
    "court_order_until": "last day of the court order",
    "court_order_note": "what the court order limits",
    "role": "role",
    "organisation": "organisation",
    "is_current": "works with the school now",
}
CHOICES = {
    "sex": SEX,
    "sen": SEN,
    "court_order_type": dict(COURT_ORDERS),
    "role": dict(OUTSIDE_ROLES),
}
DAYS = frozenset({"starts_on", "ends_on", "court_order_from", "court_order_until"})
TRUTH = {"true": "yes", "false": "no"}


def label_of(field: str) -> str:
    """Return what a field is called in a sentence."""
    return LABELS.get(field, field.replace("_", " "))


def value_words(field: str, value: object, *, today: date, names: Mapping[int, str] | None = None) -> str:
    """
    Return a value as people read it, "" for none.

    The value is Python's, or the text that the history holds; `names` has the names of contacts by id.
    """
    text = "" if value is None else str(value)
    if not text:
        return ""
    if field in CHOICES:
        return CHOICES[field].get(text, text)
    if field in ("with_contact", "with_contact_id"):
        return (names or {}).get(int(text), "a contact")
    if text.lower() in TRUTH:
        return TRUTH[text.lower()]
    if field in DAYS:
        return day(date.fromisoformat(text), today)
    if field == "date_of_birth":
        born = date.fromisoformat(text)
        return f"{born.day} {born:%b %Y}"
    return ", ".join(line for line in text.splitlines() if line.strip())


@dataclass(frozen=True)
class Difference:
    """One field that two people want to be different: what stands there now, and what was typed."""

    label: str
    stands: str
    typed: str


def differences(
    current: Mapping[str, object],
    typed: Mapping[str, object],
    *,
    today: date,
    names: Mapping[int, str] | None = None,
) -> list[Difference]:
    """Return the fields in which what was typed is not what stands now, in words."""
    return [
        Difference(
            label_of(field).capitalize(),
            value_words(field, value, today=today, names=names),
            value_words(field, typed[field], today=today, names=names),
        )
        for field, value in current.items()
        if field in typed and typed[field] != value
    ]
