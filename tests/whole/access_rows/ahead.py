"""Who may open marks known ahead."""

from tests.whole.access_row import RECORD_KEEPERS, Row, of_school

ONE = {"pk": "known_ahead"}
PUPIL = {"pupil_id": "pupil_id"}
PATTERN = PUPIL | {"pattern_id": "pattern"}
TIMETABLE = PUPIL | {"timetable_id": "timetable"}

# Nothing is entered in what is posted here, so it is refused and changes nothing.
ROWS: tuple[Row, ...] = (
    of_school("registers:ahead", RECORD_KEEPERS),
    of_school("registers:ahead_new", RECORD_KEEPERS),
    of_school("registers:ahead_new", RECORD_KEEPERS, method="post", status=422),
    of_school("registers:ahead_one", RECORD_KEEPERS, "pk", parts=ONE),
    of_school("registers:ahead_withdraw", RECORD_KEEPERS, "pk", parts=ONE, method="post", status=422),
    of_school("registers:ahead_leave_out", RECORD_KEEPERS, "pk", parts=ONE, method="post", status=422),
    of_school("registers:pupil_ahead", RECORD_KEEPERS, "pupil_id", parts=PUPIL),
    of_school("registers:pattern_new", RECORD_KEEPERS, "pupil_id", parts=PUPIL),
    of_school("registers:pattern_new", RECORD_KEEPERS, "pupil_id", parts=PUPIL, method="post", status=422),
    of_school("registers:pattern", RECORD_KEEPERS, "pupil_id", "pattern_id", parts=PATTERN),
    of_school(
        "registers:pattern",
        RECORD_KEEPERS,
        "pupil_id",
        "pattern_id",
        parts=PATTERN,
        method="post",
        status=422,
    ),
    of_school(
        "registers:pattern_end",
        RECORD_KEEPERS,
        "pupil_id",
        "pattern_id",
        parts=PATTERN,
        method="post",
        status=422,
    ),
    of_school("registers:timetable_new", RECORD_KEEPERS, "pupil_id", parts=PUPIL),
    of_school("registers:timetable_new", RECORD_KEEPERS, "pupil_id", parts=PUPIL, method="post", status=422),
    of_school("registers:timetable", RECORD_KEEPERS, "pupil_id", "timetable_id", parts=TIMETABLE),
    *(
        of_school(
            f"registers:timetable_{act}",
            RECORD_KEEPERS,
            "pupil_id",
            "timetable_id",
            parts=TIMETABLE,
            method="post",
            status=422,
        )
        for act in ("review", "end", "told")
    ),
)
