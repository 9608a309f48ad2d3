"""Families: who the pupils are, their brothers and sisters, their parents and other contacts."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from demo.generation import names, randomness
from demo.generation.people import Contact, ContactLink, Flag, Pupil
from demo.generation.rolls import Draft, draw_birthday

HAS_A_SIBLING_AT_SCHOOL = 0.3
TWIN = 0.012
LARGEST_FAMILY = 4
CHILDREN_APART = timedelta(days=300)

FSM_SHARE = 0.25
SEN_SHARES = {"M": (0.17, 0.055), "F": (0.11, 0.025)}  # support, plan: 14 % and 4 % of all pupils

HOUSEHOLDS = ("together", "separated", "single", "step", "kinship", "foster")
HOUSEHOLD_SHARES = (0.595, 0.19, 0.15, 0.035, 0.02, 0.01)
EMERGENCY_CONTACT_SHARE = 0.55
EMERGENCY_RELATIONSHIPS = ("grandmother", "grandfather", "aunt", "uncle", "childminder", "family friend")
COURT_ORDER_SHARE = 0.05  # of parents who live apart
CONFIDENTIAL_SHARE = 0.03  # of the homes of parents who live apart, besides those with an order
NO_EMAIL_SHARE = 0.07

# Flags drawn for each pupil alone: name, share, share among pupils with an education, health and care plan.
PUPIL_FLAGS = (
    ("medical", 0.075, 0.25),
    ("significant_medical", 0.012, 0.08),
    ("young_carer", 0.014, 0.014),
    ("previously_looked_after", 0.009, 0.009),
    ("ebsa", 0.006, 0.02),
)
# Flags drawn for a family: all its children have them.
FAMILY_FLAGS = (("social_worker", 0.022), ("armed_forces", 0.018), ("traveller", 0.004))


@dataclass(slots=True)
class Family:
    """Children of one school who share a home, or two, and the people the school can reach."""

    number: int
    tradition: str
    surname: str
    household: str
    fsm: bool
    flags: tuple[str, ...]
    children: list[int] = field(default_factory=list)  # pupil numbers
    birthdays: list[date] = field(default_factory=list)
    forenames: list[str] = field(default_factory=list)
    cohorts: list[int] = field(default_factory=list)
    links: tuple[ContactLink, ...] = ()


@dataclass(slots=True)
class People:
    """All pupils, families and contacts of the trust; each stands at the place its number says."""

    pupils: list[Pupil] = field(default_factory=list)
    families: list[Family] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)


def add_school_people(people: People, drafts: list[Draft], *, seed: int) -> None:
    """Make each drafted pupil of one school a person with a family, and add them to the trust's people."""
    rng = randomness.stream(seed, "families", drafts[0].school.key)
    here: list[Family] = []
    oldest_first = sorted(range(len(drafts)), key=lambda place: drafts[place].cohort)
    finished: dict[int, Pupil] = {}
    twin_for: Family | None = None
    for place in oldest_first:
        draft = drafts[place]
        family = twin_for if twin_for and twin_for.cohorts[-1] == draft.cohort else None
        born_on = family.birthdays[-1] if family else draw_birthday(draft.cohort, rng)
        twin_for = None
        if family is None and rng.random() < HAS_A_SIBLING_AT_SCHOOL:
            family = _family_for_sibling(here, draft.cohort, born_on, rng)
        if family is None:
            family = _new_family(len(people.families), rng)
            people.families.append(family)
            here.append(family)
            family.links = tuple(_contacts_of(family, draft.school.key, people.contacts, rng))
        if rng.random() < TWIN and len(family.children) < LARGEST_FAMILY - 1:
            twin_for = family
        finished[place] = _make_pupil(len(people.pupils) + place, draft, family, born_on, rng)
    people.pupils += [finished[place] for place in range(len(drafts))]


def _new_family(number: int, rng: Random) -> Family:
    tradition = names.draw_tradition(rng)
    household = rng.choices(HOUSEHOLDS, HOUSEHOLD_SHARES)[0]
    return Family(
        number=number,
        tradition=tradition,
        surname=names.draw_surname(rng, tradition),
        household=household,
        fsm=rng.random() < FSM_SHARE * (1.6 if household in ("single", "separated") else 0.75),
        flags=tuple(name for name, share in FAMILY_FLAGS if rng.random() < share),
    )


def _family_for_sibling(here: list[Family], cohort: int, born_on: date, rng: Random) -> Family | None:
    """Return a family of the school whose next child this could be."""
    for _ in range(6):
        if not here:
            return None
        family = rng.choice(here)
        apart = all(abs(other - born_on) >= CHILDREN_APART for other in family.birthdays)
        if len(family.children) < LARGEST_FAMILY and family.cohorts[-1] < cohort and apart:
            return family
    return None


def _make_pupil(number: int, draft: Draft, family: Family, born_on: date, rng: Random) -> Pupil:
    sex = "M" if rng.random() < 0.51 else "F"
    forename = names.draw_forename(rng, family.tradition, sex)
    while forename in family.forenames:
        forename = names.draw_forename(rng, family.tradition, sex)
    support, plan = SEN_SHARES[sex]
    sen = rng.choices(("N", "K", "E"), (1 - support - plan, support, plan))[0]
    family.children.append(number)
    family.birthdays.append(born_on)
    family.forenames.append(forename)
    family.cohorts.append(draft.cohort)
    keeps_own_name = len(family.children) > 1 and rng.random() < 0.05
    return Pupil(
        number=number,
        school_key=draft.school.key,
        upn=draft.upn,
        surname=names.draw_surname(rng, family.tradition) if keeps_own_name else family.surname,
        forename=forename,
        date_of_birth=born_on,
        sex=sex,
        fsm=family.fsm,
        sen=sen,
        flags=tuple(_flags(draft, family, sen, rng)),
        family=family.number,
        starts_on=draft.starts_on,
        leaving_on=draft.leaving_on,
        places=tuple(draft.places),
        contacts=family.links,
    )


def _flags(draft: Draft, family: Family, sen: str, rng: Random) -> Iterator[Flag]:
    since = draft.places[0].starts_on
    if family.household == "foster":
        yield Flag("looked_after", since)
    for name in family.flags:
        yield Flag(name, since)
    for name, share, share_with_plan in PUPIL_FLAGS:
        if rng.random() < (share_with_plan if sen == "E" else share):
            yield Flag(name, since)


def _contacts_of(
    family: Family, school_key: str, contacts: list[Contact], rng: Random
) -> Iterator[ContactLink]:
    """Yield the family's links in order of priority, adding their contacts to the trust's."""
    at_home, apart = _grown_ups(family.household, rng)
    home, second_home = names.draw_address(rng), names.draw_address(rng)
    ordered = bool(apart) and rng.random() < COURT_ORDER_SHARE
    hidden = bool(apart) and (ordered or rng.random() < CONFIDENTIAL_SHARE)
    priority = 0
    for relationship, responsible in at_home:
        priority += 1
        yield ContactLink(
            contact=_add_contact(contacts, school_key, family, relationship, home, rng, confidential=hidden),
            relationship=relationship,
            priority=priority,
            parental_responsibility=responsible,
            lives_with=True,
            receives_letters=responsible or family.household == "foster",
            court_order_restricts=False,
        )
    for relationship, responsible in apart:
        priority += 1
        yield ContactLink(
            contact=_add_contact(contacts, school_key, family, relationship, second_home, rng),
            relationship=relationship,
            priority=priority,
            parental_responsibility=responsible,
            lives_with=False,
            receives_letters=not ordered,
            court_order_restricts=ordered,
        )
    if rng.random() < EMERGENCY_CONTACT_SHARE:
        relationship = rng.choice(EMERGENCY_RELATIONSHIPS)
        address = names.draw_address(rng)
        yield ContactLink(
            contact=_add_contact(contacts, school_key, family, relationship, address, rng),
            relationship=relationship,
            priority=priority + 1,
            parental_responsibility=False,
            lives_with=False,
            receives_letters=False,
            court_order_restricts=False,
        )


def _grown_ups(household: str, rng: Random) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]]:
    """Return who lives with the children and which parents live apart: relationship and responsibility."""
    mother, father = ("mother", True), ("father", True)
    if household == "together":
        return [mother, father if rng.random() < 0.96 else mother], []
    if household == "separated":
        return ([mother], [father]) if rng.random() < 0.85 else ([father], [mother])
    if household == "step":
        return [mother, ("step-father", False)], [father]
    if household == "kinship":
        return [("grandmother", True), ("grandfather", True)], []
    if household == "foster":
        return [("foster carer", False), ("foster carer", False)], []
    return [mother if rng.random() < 0.9 else father], []


MALE_RELATIONS = {"father", "step-father", "grandfather", "uncle"}


def _add_contact(
    contacts: list[Contact],
    school_key: str,
    family: Family,
    relationship: str,
    address: str,
    rng: Random,
    *,
    confidential: bool = False,
) -> int:
    number = len(contacts)
    sex = "M" if relationship in MALE_RELATIONS else "F"
    if relationship == "foster carer":
        sex = rng.choice("FM")
    tradition = family.tradition
    shares_name = relationship in {"mother", "father", "grandmother", "grandfather"} and rng.random() < 0.85
    if relationship in {"foster carer", "childminder", "family friend", "step-father"}:
        tradition = names.draw_tradition(rng)
    surname = family.surname if shares_name else names.draw_surname(rng, tradition)
    forename = names.draw_forename(rng, tradition, sex)
    has_email = rng.random() >= NO_EMAIL_SHARE
    email = f"{names.plain(forename)}.{names.plain(surname)}.{number}@example.org" if has_email else ""
    older = relationship in {"grandmother", "grandfather", "childminder"}
    phone = names.draw_landline(rng) if older and rng.random() < 0.6 else names.draw_mobile(rng)
    contacts.append(Contact(number, school_key, f"{forename} {surname}", email, phone, address, confidential))
    return number
