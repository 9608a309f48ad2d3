"""Who may open families' reports, and what the office sets and confirms for them."""

from tests.whole.access_row import EVERYBODY, HEAD, OFFICE, RECORD_KEEPERS, Row, of_family, of_school

# Nobody has begun a report with this key: whoever asks is sent to begin one.
DRAFT = {"key": "draft", "step": "question"}
REPORT = {"pk": "report"}
CHILD = {"child_id": "child"}
KEEPERS = frozenset({OFFICE, HEAD})
ASKED = {"pk": "details_request"}

ROWS: tuple[Row, ...] = (
    # What is on these pages is one's own children's; without any they say how to be linked.
    Row("absences:family_language", EVERYBODY, method="post", status=302),
    Row("absences:report_start", EVERYBODY),
    Row("absences:report_start", EVERYBODY, method="post", status=422),
    Row("absences:report_step", EVERYBODY, parts=DRAFT, status=302),
    Row("absences:report_step", EVERYBODY, parts=DRAFT, method="post", status=302),
    of_family("absences:report_sent", parts={"key": "submission"}),
    Row("absences:family_reports", EVERYBODY),
    of_family("absences:family_report", "pk", parts=REPORT),
    # Opening the answers again changes nothing; the other two are asked for without what they need.
    of_family("absences:family_report_change", "pk", parts=REPORT, method="post", status=302),
    of_family("absences:family_report_withdrawal", "pk", parts=REPORT),
    of_family("absences:family_report_withdrawal", "pk", parts=REPORT, method="post", status=422),
    of_family("absences:family_report_files", "pk", parts=REPORT, method="post", status=422),
    of_family("absences:child", "child_id", parts=CHILD),
    of_family(
        "absences:child_letter",
        "child_id",
        "letter_id",
        parts=CHILD | {"letter_id": "letter_to_parent"},
    ),
    of_family("absences:child_details", "child_id", parts=CHILD),
    of_family("absences:child_details", "child_id", parts=CHILD, method="post", status=422),
    of_school("absences:settings", KEEPERS),
    of_school("absences:settings", KEEPERS, method="post", status=422),
    of_school("absences:details_request", RECORD_KEEPERS, "pk", parts=ASKED),
    of_school("absences:details_request", RECORD_KEEPERS, "pk", parts=ASKED, method="post", status=422),
)
