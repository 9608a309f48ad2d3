"""Who may open the office's reports."""

from tests.whole.access_row import HEAD, OFFICE, RECORD_KEEPERS, Row, of_school

ONE = {"pk": "report"}
SETTERS_UP = frozenset({OFFICE, HEAD})

# Nothing is entered in what is posted here, so it is refused and changes nothing.
ROWS: tuple[Row, ...] = (
    of_school("absences:reports", RECORD_KEEPERS),
    of_school("absences:reports_accept_trusted", RECORD_KEEPERS, method="post", status=302),
    of_school("absences:report_new", RECORD_KEEPERS),
    of_school("absences:report_new", RECORD_KEEPERS, method="post", status=422),
    of_school("absences:report_callers", RECORD_KEEPERS),
    of_school("absences:reporting_app", SETTERS_UP),
    of_school("absences:reporting_app", SETTERS_UP, method="post", status=302),
    of_school("absences:report", RECORD_KEEPERS, "pk", parts=ONE),
    *(
        of_school(f"absences:report_{act}", RECORD_KEEPERS, "pk", parts=ONE, method="post", status=422)
        for act in ("accept", "refuse", "withdraw", "call_back")
    ),
)
