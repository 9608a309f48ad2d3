"""Who may open imports, exports and retention."""

from tests.whole.access_row import HEAD, OFFICE, Row, of_school

KEEPERS = frozenset({OFFICE, HEAD})
ONE = {"pk": "upload"}

# Nothing is entered in what is posted here, so it is refused, or changes nothing but the file that waits.
ROWS: tuple[Row, ...] = (
    of_school("registers:files", KEEPERS),
    of_school("registers:upload", KEEPERS, method="post", status=422),
    of_school("registers:upload_look", KEEPERS, "pk", parts=ONE),
    of_school("registers:upload_look", KEEPERS, "pk", parts=ONE, method="post", status=302),
    of_school("registers:upload_aside", KEEPERS, "pk", parts=ONE, method="post", status=302),
    of_school("registers:export", KEEPERS, method="post", status=422),
)
