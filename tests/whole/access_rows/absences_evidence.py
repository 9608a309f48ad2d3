"""Who may ask for proof of absences, judge it, and open the files that came."""

from tests.whole.access_row import RECORD_KEEPERS, Row, of_family, of_school

ONE = {"request_id": "evidence"}
PUPIL = {"pupil_id": "pupil_id"}

# Nothing is entered in what is posted here, so it is refused and changes nothing.
ROWS: tuple[Row, ...] = (
    of_school("absences:evidence", RECORD_KEEPERS),
    of_school("absences:evidence_one", RECORD_KEEPERS, "request_id", parts=ONE),
    *(
        of_school(
            f"absences:evidence_{act}", RECORD_KEEPERS, "request_id", parts=ONE, method="post", status=422
        )
        for act in ("talk", "ask", "receive", "judge", "withdraw", "notice", "unauthorise")
    ),
    of_school("absences:pupil_evidence", RECORD_KEEPERS, "pupil_id", parts=PUPIL),
    *(
        row
        for name in ("absences:evidence_new", "absences:pupil_notice")
        for row in (
            of_school(name, RECORD_KEEPERS, "pupil_id", parts=PUPIL),
            of_school(name, RECORD_KEEPERS, "pupil_id", parts=PUPIL, method="post", status=422),
        )
    ),
    of_school(
        "absences:demand_end", RECORD_KEEPERS, "pupil_id", "demand_id", parts=PUPIL | {"demand_id": "demand"}
    ),
    of_school(
        "absences:demand_end",
        RECORD_KEEPERS,
        "pupil_id",
        "demand_id",
        parts=PUPIL | {"demand_id": "demand"},
        method="post",
        status=422,
    ),
    of_school("absences:attachment", RECORD_KEEPERS, "attachment_id", parts={"attachment_id": "attachment"}),
    of_family("absences:family_attachment", "attachment_id", parts={"attachment_id": "family_attachment"}),
    of_family("absences:family_evidence", "request_id", parts={"request_id": "family_evidence"}),
    of_family(
        "absences:family_evidence",
        "request_id",
        parts={"request_id": "family_evidence"},
        method="post",
        status=422,
    ),
)
