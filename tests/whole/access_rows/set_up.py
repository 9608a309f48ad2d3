"""Who may open a school's calendar and day."""

from tests.whole.access_row import HEAD, OFFICE, Row, of_school

KEEPERS = frozenset({OFFICE, HEAD})
PUPIL = {"pupil_id": "pupil_id", "on": "on"}
HALF_TERM = {"period_id": "half_term"}
CLOSURE = {"closure_id": "closure"}
YEAR = {"year": "year"}

# Nothing is entered in what is posted here, so it is refused and changes nothing.
ROWS: tuple[Row, ...] = (
    of_school("registers:set_up", KEEPERS),
    of_school("registers:set_up_details", KEEPERS),
    of_school("registers:set_up_details", KEEPERS, method="post", status=422),
    of_school("registers:set_up_why", KEEPERS),
    of_school("registers:set_up_why", KEEPERS, method="post", status=422),
    of_school("registers:set_up_why_pupil", KEEPERS, "pupil_id", parts=PUPIL),
    of_school("registers:set_up_times", KEEPERS),
    of_school("registers:set_up_times", KEEPERS, method="post", status=422),
    of_school("registers:set_up_times_removal", KEEPERS, parts={"on": "on"}, method="post", status=422),
    of_school("registers:set_up_calendar", KEEPERS),
    of_school("registers:set_up_calendar_of", KEEPERS, parts=YEAR),
    of_school("registers:set_up_half_term_new", KEEPERS, parts=YEAR),
    of_school("registers:set_up_half_term_new", KEEPERS, parts=YEAR, method="post", status=422),
    of_school("registers:set_up_half_term", KEEPERS, "period_id", parts=HALF_TERM),
    of_school("registers:set_up_half_term", KEEPERS, "period_id", parts=HALF_TERM, method="post", status=422),
    of_school("registers:set_up_half_term_removal", KEEPERS, "period_id", parts=HALF_TERM),
    of_school(
        "registers:set_up_half_term_removal",
        KEEPERS,
        "period_id",
        parts=HALF_TERM,
        method="post",
        status=422,
    ),
    of_school("registers:set_up_closure_new", KEEPERS),
    of_school("registers:set_up_closure_new", KEEPERS, method="post", status=422),
    of_school("registers:set_up_emergency", KEEPERS),
    of_school("registers:set_up_emergency", KEEPERS, method="post", status=422),
    of_school("registers:set_up_closure_removal", KEEPERS, "closure_id", parts=CLOSURE),
    of_school(
        "registers:set_up_closure_removal", KEEPERS, "closure_id", parts=CLOSURE, method="post", status=422
    ),
)
