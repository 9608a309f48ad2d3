"""Who may open a pupil's marks over time."""

from tests.whole.access_row import SCHOOL_STAFF, Row, of_school

ROWS: tuple[Row, ...] = (
    of_school(
        "registers:mark_history",
        SCHOOL_STAFF,
        "pupil_id",
        "session_id",
        parts={"pupil_id": "pupil_id", "session_id": "session_id"},
    ),
)
