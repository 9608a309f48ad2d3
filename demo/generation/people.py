"""What the generator makes: pupils, families, contacts and staff as plain values."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Contact:
    """A parent, carer or emergency contact of one school."""

    number: int  # its place in `Trust.contacts`
    school_key: str
    name: str
    email: str  # "" if the school has none
    phone: str
    address: str  # lines parted by "\n"
    address_confidential: bool


@dataclass(frozen=True, slots=True)
class ContactLink:
    """What a contact is to one pupil."""

    contact: int
    relationship: str
    priority: int
    parental_responsibility: bool
    lives_with: bool
    receives_letters: bool
    court_order_restricts: bool


@dataclass(frozen=True, slots=True)
class Flag:
    """A fact about a pupil that changes how a policy treats them."""

    name: str
    starts_on: date
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """One academic year of a pupil in one class; both days are school days of that year, included."""

    academic_year: int
    class_name: str
    year_group: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class Pupil:
    """A pupil on roll on at least one day of last year or of this one."""

    number: int  # its place in `Trust.pupils`
    school_key: str
    upn: str
    surname: str
    forename: str
    date_of_birth: date
    sex: str  # F or M
    fsm: bool
    sen: str  # N none, K support, E education, health and care plan
    flags: tuple[Flag, ...]
    family: int
    starts_on: date
    leaving_on: date | None  # last day on roll, in the future for some of this year's leavers
    places: tuple[Place, ...]
    contacts: tuple[ContactLink, ...]

    @property
    def ehcp(self) -> bool:
        """Say whether the pupil has an education, health and care plan."""
        return self.sen == "E"

    def place_in(self, academic_year: int) -> Place | None:
        """Return the pupil's place in an academic year, if they were on roll then."""
        return next((place for place in self.places if place.academic_year == academic_year), None)


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A person who signs in with a role at a school, or at every school (trust)."""

    email: str
    name: str
    role: str  # teacher, office, champion, head, governor or trust
    school_key: str  # "" for the trust officer
    classes: tuple[tuple[int, str], ...] = ()  # (academic year, class name)


@dataclass(frozen=True, slots=True)
class ParentAccount:
    """A contact who can sign in as a parent."""

    contact: int
    school_key: str
