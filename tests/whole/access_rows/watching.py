"""Who may open the lists of unexplained marks and of doubts, and ask for a register."""

from tests.whole.access_row import RECORD_KEEPERS, Row, of_school

REGISTER = {"on": "on", "half": "half", "class_id": "class_id"}

ROWS: tuple[Row, ...] = (
    # The first asks the teacher; the others hear that this was done, and come back to the day board as well.
    of_school("registers:nudge", RECORD_KEEPERS, "class_id", parts=REGISTER, method="post", status=302),
    of_school("registers:unexplained", RECORD_KEEPERS),
    # Nothing ticked: nothing is settled.
    of_school("registers:unexplained", RECORD_KEEPERS, method="post", status=422),
    of_school("registers:checks", RECORD_KEEPERS),
    of_school("registers:check", RECORD_KEEPERS, parts={"check_key": "check_key"}),
)
