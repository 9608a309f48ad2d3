"""Who signs in to the demo: staff with their roles, and the parents of a few pupils."""

from collections.abc import Iterable, Iterator

from demo.generation import names, randomness
from demo.generation.families import Family
from demo.generation.people import Contact, ContactLink, ParentAccount, Pupil, StaffMember
from demo.generation.schools import SCHOOLS, ClassPlan, SchoolPlan

# One of each besides the teachers; two people work in each office.
POSTS = (
    ("office", "office"),
    ("office.two", "office"),
    ("champion", "champion"),
    ("head", "head"),
    ("governor", "governor"),
)
TRUST_OFFICER = "trust@example.org"


def staff_of_trust(classes: list[ClassPlan], *, seed: int) -> list[StaffMember]:
    """Return the staff of all schools; each class name has a teacher's account of its own, for both years."""
    staff = [_person(TRUST_OFFICER, "trust", "", seed)]
    for school in SCHOOLS:
        staff += _staff_of_school(school, [plan for plan in classes if plan.school_key == school.key], seed)
    return staff


def _staff_of_school(school: SchoolPlan, classes: list[ClassPlan], seed: int) -> Iterator[StaffMember]:
    domain = f"{school.key.replace('_', '-')}.example.org"
    for account, role in POSTS:
        yield _person(f"{account}@{domain}", role, school.key, seed)
    taught: dict[str, list[tuple[int, str]]] = {}
    for plan in classes:
        taught.setdefault(plan.name, []).append((plan.academic_year, plan.name))
    for class_name, years in taught.items():
        email = f"{names.plain(class_name)}@{domain}"
        yield _person(email, "teacher", school.key, seed, classes=tuple(years))


def _person(
    email: str, role: str, school_key: str, seed: int, *, classes: tuple[tuple[int, str], ...] = ()
) -> StaffMember:
    rng = randomness.stream(seed, "staff", email)
    tradition = names.draw_tradition(rng)
    forename = names.draw_forename(rng, tradition, rng.choice("FFFM"))
    return StaffMember(email, f"{forename} {names.draw_surname(rng, tradition)}", role, school_key, classes)


def parent_accounts(
    families: Iterable[Family], pupils: list[Pupil], contacts: list[Contact], *, current: int
) -> list[ParentAccount]:
    """
    Return the parents who can sign in, for each school up to four.

    A parent of one child, a parent of several, and both parents of a child who live apart.
    """
    found: dict[tuple[str, str], list[ParentAccount]] = {}
    for family in families:
        children = [pupils[number] for number in family.children]
        here = [child for child in children if child.leaving_on is None and child.place_in(current)]
        if not here:
            continue
        links = [link for link in here[0].contacts if _may_sign_in(link, contacts)]
        case = _case(family, here, links)
        if case and (here[0].school_key, case) not in found:
            chosen = links if case == "apart" else links[:1]
            found[here[0].school_key, case] = [
                ParentAccount(link.contact, here[0].school_key) for link in chosen
            ]
    return [account for key in sorted(found) for account in found[key]]


def _may_sign_in(link: ContactLink, contacts: list[Contact]) -> bool:
    responsible = link.parental_responsibility and link.receives_letters and not link.court_order_restricts
    return responsible and bool(contacts[link.contact].email)


def _case(family: Family, here: list[Pupil], links: list[ContactLink]) -> str:
    if family.household == "separated" and len(links) == 2:
        return "apart"
    if family.household == "together" and links:
        return "one child" if len(here) == 1 else "several children"
    return ""
