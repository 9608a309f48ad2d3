"""Who may keep records of support."""

from tests.whole.access_row import RECORD_KEEPERS, Row, of_school

PUPIL = {"pupil_id": "pupil_id"}
PROGRAMME = {"programme_id": "programme"}
SUPPORT = {"note_id": "support"}

# Nothing is entered in what is posted here, so it is refused and changes nothing.
ROWS: tuple[Row, ...] = (
    of_school("absences:records", RECORD_KEEPERS),
    of_school("absences:pupil_records", RECORD_KEEPERS, "pupil_id", parts=PUPIL),
    *(
        row
        for name in ("absences:programme_new", "absences:support_new")
        for row in (
            of_school(name, RECORD_KEEPERS, "pupil_id", parts=PUPIL),
            of_school(name, RECORD_KEEPERS, "pupil_id", parts=PUPIL, method="post", status=422),
        )
    ),
    of_school("absences:programme", RECORD_KEEPERS, "programme_id", parts=PROGRAMME),
    *(
        of_school(
            f"absences:programme_{act}",
            RECORD_KEEPERS,
            "programme_id",
            parts=PROGRAMME,
            method="post",
            status=422,
        )
        for act in ("review", "end", "step")
    ),
    # Said again, the first stands.
    of_school(
        "absences:step_done",
        RECORD_KEEPERS,
        "programme_id",
        "step_id",
        parts=PROGRAMME | {"step_id": "programme_step"},
        method="post",
        status=302,
    ),
    of_school("absences:support", RECORD_KEEPERS, "note_id", parts=SUPPORT),
    *(
        of_school(
            f"absences:support_{act}", RECORD_KEEPERS, "note_id", parts=SUPPORT, method="post", status=422
        )
        for act in ("review", "end")
    ),
)
