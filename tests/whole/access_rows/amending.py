"""Who may open a pupil's marks over time."""

from tests.whole.access_row import RECORD_KEEPERS, SCHOOL_STAFF, Row, of_school

PUPIL = {"pupil_id": "pupil_id"}
AMENDMENT = {"batch_id": "amendment"}

ROWS: tuple[Row, ...] = (
    of_school("registers:pupil", SCHOOL_STAFF, "pupil_id", parts=PUPIL),
    of_school("registers:amend", RECORD_KEEPERS, "pupil_id", parts=PUPIL),
    # Nothing is entered, so nothing changes.
    of_school("registers:amend", RECORD_KEEPERS, "pupil_id", parts=PUPIL, method="post", status=422),
    of_school("registers:undo_amendment", RECORD_KEEPERS, "batch_id", parts=AMENDMENT),
    # The marks were changed again since, so nothing changes here either.
    of_school(
        "registers:undo_amendment", RECORD_KEEPERS, "batch_id", parts=AMENDMENT, method="post", status=422
    ),
    of_school(
        "registers:mark_history",
        SCHOOL_STAFF,
        "pupil_id",
        "session_id",
        parts={"pupil_id": "pupil_id", "session_id": "session_id"},
    ),
    of_school("registers:as_at", SCHOOL_STAFF, "class_id", parts={"class_id": "class_id"}),
)
