"""Who may open the admission register."""

from tests.whole.access_row import HEAD, OFFICE, RECORD_KEEPERS, SCHOOL_STAFF, Row, of_school

ADMISSIONS = frozenset({OFFICE, HEAD})
PUPIL = {"pupil_id": "pupil_id"}
ADDRESS = PUPIL | {"address_id": "address"}
FLAG = PUPIL | {"flag_id": "flag"}
CONTACT = PUPIL | {"contact_id": "contact"}
OUTSIDE = {"outside_id": "outside"}
OUTSIDE_LINK = PUPIL | {"link_id": "outside_link"}


def form(name: str, parts: dict[str, str]) -> tuple[Row, Row]:
    """Return the rows of a form; what is posted is empty, so it is refused and changes nothing."""
    rows = tuple(parts)
    return (
        of_school(name, ADMISSIONS, *rows, parts=parts),
        of_school(name, ADMISSIONS, *rows, parts=parts, method="post", status=422),
    )


ROWS: tuple[Row, ...] = (
    of_school("registers:pupils", RECORD_KEEPERS),
    # A search for nothing shows everybody.
    of_school("registers:pupils", RECORD_KEEPERS, method="post", status=302),
    of_school("registers:pupil_details", SCHOOL_STAFF, "pupil_id", parts=PUPIL),
    of_school("registers:particulars_history", RECORD_KEEPERS, "pupil_id", parts=PUPIL),
    of_school("registers:pupil_contacts", RECORD_KEEPERS, "pupil_id", parts=PUPIL),
    of_school("registers:outside_contacts", RECORD_KEEPERS),
    *form("registers:pupil_particulars", PUPIL),
    *form("registers:address_add", PUPIL),
    *form("registers:address", ADDRESS),
    *form("registers:flag_add", PUPIL),
    *form("registers:flag", FLAG),
    *form("registers:contact_add", PUPIL),
    *form("registers:contact", CONTACT),
    *form("registers:contact_link", CONTACT),
    *form("registers:contact_remove", CONTACT),
    *form("registers:outside_contact_add", {}),
    *form("registers:outside_contact", OUTSIDE),
    *form("registers:pupil_outside_add", PUPIL),
    *form("registers:pupil_outside", OUTSIDE_LINK),
)
