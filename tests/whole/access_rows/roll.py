"""Who may open the pages of joining, leaving and moving."""

from tests.whole.access_row import HEAD, OFFICE, RECORD_KEEPERS, Row, of_school

KEEPERS = frozenset({OFFICE, HEAD})
PUPIL = {"pupil_id": "pupil_id"}
LEFT = PUPIL | {"enrolment_id": "left"}

# Nothing is entered in what is posted here, so it is refused and changes nothing.
ROWS: tuple[Row, ...] = (
    of_school("registers:roll", RECORD_KEEPERS),
    of_school("registers:pupil_join", KEEPERS),
    of_school("registers:pupil_join", KEEPERS, method="post", status=422),
    of_school("registers:move_class", KEEPERS),
    of_school("registers:move_class", KEEPERS, method="post", status=422),
    of_school("registers:next_year", KEEPERS),
    of_school("registers:next_year", KEEPERS, method="post", status=422),
    of_school("registers:pupil_roll", RECORD_KEEPERS, "pupil_id", parts=PUPIL),
    of_school("registers:pupil_readmit", KEEPERS, "pupil_id", parts=PUPIL),
    of_school("registers:pupil_readmit", KEEPERS, "pupil_id", parts=PUPIL, method="post", status=422),
    of_school("registers:previous_marks", KEEPERS, "pupil_id", parts=PUPIL),
    of_school("registers:previous_marks", KEEPERS, "pupil_id", parts=PUPIL, method="post", status=422),
    *(
        row
        for name in ("pupil_leave", "pupil_stay", "pupil_enquiry")
        for row in (
            of_school(f"registers:{name}", KEEPERS, "pupil_id", "enrolment_id", parts=LEFT),
            of_school(
                f"registers:{name}",
                KEEPERS,
                "pupil_id",
                "enrolment_id",
                parts=LEFT,
                method="post",
                status=422,
            ),
        )
    ),
    of_school("registers:next_school", KEEPERS, "pupil_id", "enrolment_id", parts=LEFT),
    # A leaver on ground (a) may not lose the school it rests on.
    of_school(
        "registers:next_school", KEEPERS, "pupil_id", "enrolment_id", parts=LEFT, method="post", status=422
    ),
    of_school(
        "registers:joining_return", KEEPERS, "pupil_id", "enrolment_id", parts=LEFT, method="post", status=422
    ),
)
