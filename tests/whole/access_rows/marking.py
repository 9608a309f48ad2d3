"""Who may open the day board and the register of a class."""

from tests.whole.access_row import EVERYBODY, SCHOOL_STAFF, Row, of_school

REGISTER = {"on": "on", "half": "half", "class_id": "class_id"}

ROWS: tuple[Row, ...] = (
    of_school("registers:day", SCHOOL_STAFF),
    of_school("registers:day_on", SCHOOL_STAFF, parts={"on": "on"}),
    of_school("registers:register", SCHOOL_STAFF, "class_id", parts=REGISTER),
    # Nothing entered in an open register saves nothing and comes back to it.
    of_school("registers:register", SCHOOL_STAFF, "class_id", parts=REGISTER, method="post", status=302),
    # Nothing sent saves nothing.
    of_school("registers:entries", SCHOOL_STAFF, "class_id", parts=REGISTER, method="post", status=400),
    of_school("registers:changes", SCHOOL_STAFF, "class_id", parts=REGISTER),
    of_school("registers:keyboard", SCHOOL_STAFF),
    of_school("registers:keyboard", SCHOOL_STAFF, method="post", status=302),
    # Whoever is signed in may have marks waiting in this browser; the answer tells nothing else.
    Row("registers:outbox", EVERYBODY),
)
