"""Who may ask for leave, see the desk on which it is decided, and decide."""

from tests.whole.access_row import EVERYBODY, HEAD, RECORD_KEEPERS, Row, of_family, of_school

ONE = {"pk": "leave"}
FAMILYS = {"pk": "family_leave"}
DRAFT = {"key": "draft", "step": "question"}
HEAD_ALONE = frozenset({HEAD})

# Nothing is entered in what is posted here, so it is refused and changes nothing. A designate decides as the
# head does, on their days: tests/absences/test_leave_decisions.py.
ROWS: tuple[Row, ...] = (
    Row("absences:leave_home", EVERYBODY),
    Row("absences:leave_start", EVERYBODY),
    Row("absences:leave_start", EVERYBODY, method="post", status=422),
    # Nobody has begun this draft: they are sent to where one begins.
    Row("absences:leave_step", EVERYBODY, parts=DRAFT, status=302),
    Row("absences:leave_step", EVERYBODY, parts=DRAFT, method="post", status=302),
    Row("absences:leave_sent", EVERYBODY, parts={"key": "draft"}, status=302),
    of_family("absences:leave_one", "pk", parts=FAMILYS),
    of_family("absences:leave_withdraw", "pk", parts=FAMILYS, method="post", status=422),
    of_school("absences:leave", RECORD_KEEPERS),
    of_school("absences:leave_blank", RECORD_KEEPERS),
    of_school("absences:leave_paper_find", RECORD_KEEPERS),
    of_school("absences:leave_paper", RECORD_KEEPERS, "pupil_id", parts={"pupil_id": "pupil_id"}),
    of_school(
        "absences:leave_paper",
        RECORD_KEEPERS,
        "pupil_id",
        parts={"pupil_id": "pupil_id"},
        method="post",
        status=422,
    ),
    of_school("absences:leave_designates", HEAD_ALONE),
    of_school("absences:leave_designates", HEAD_ALONE, method="post", status=422),
    of_school(
        "absences:leave_designate_end",
        HEAD_ALONE,
        "pk",
        parts={"pk": "designate"},
        method="post",
        status=302,
    ),
    of_school("absences:leave_request", RECORD_KEEPERS, "pk", parts=ONE),
    # No version is sent: it is not the request that stands.
    of_school("absences:leave_request", HEAD_ALONE, "pk", parts=ONE, method="post", status=409),
    of_school("absences:leave_note", RECORD_KEEPERS, "pk", parts=ONE, method="post", status=422),
    # The days are to come: there is nothing to say of them yet.
    of_school("absences:leave_went", RECORD_KEEPERS, "pk", parts=ONE, status=302),
    of_school("absences:leave_went", RECORD_KEEPERS, "pk", parts=ONE, method="post", status=302),
    of_school("absences:leave_report_went", RECORD_KEEPERS, "pk", parts={"pk": "holiday_report"}, status=302),
    of_school(
        "absences:leave_report_went",
        RECORD_KEEPERS,
        "pk",
        parts={"pk": "holiday_report"},
        method="post",
        status=302,
    ),
)
