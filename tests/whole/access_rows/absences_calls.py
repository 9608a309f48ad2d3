"""Who may call families, keep what came of it, and do what is left to do."""

from tests.whole.access_row import HEAD, OFFICE, RECORD_KEEPERS, Row, of_school

PUPIL_DAY = {"on": "on", "pupil_id": "pupil_id"}

ROWS: tuple[Row, ...] = (
    of_school("absences:calls", RECORD_KEEPERS),
    of_school("absences:calls_on", RECORD_KEEPERS, parts={"on": "on"}),
    of_school("absences:call_claim", RECORD_KEEPERS, parts={"on": "on"}, method="post", status=302),
    of_school("absences:calls_paper", RECORD_KEEPERS, parts={"on": "on"}),
    of_school("absences:attempt", RECORD_KEEPERS, "pupil_id", parts=PUPIL_DAY),
    # Nothing entered: nothing is kept.
    of_school("absences:attempt", RECORD_KEEPERS, "pupil_id", parts=PUPIL_DAY, method="post", status=422),
    # Nobody named: there is nobody to text.
    of_school("absences:text", RECORD_KEEPERS, "pupil_id", parts=PUPIL_DAY, method="post", status=404),
    # No step named: the policy has no such step.
    of_school("absences:step", RECORD_KEEPERS, "pupil_id", parts=PUPIL_DAY, status=404),
    of_school("absences:step", RECORD_KEEPERS, "pupil_id", parts=PUPIL_DAY, method="post", status=404),
    of_school("absences:strike", RECORD_KEEPERS, "attempt_id", parts={"attempt_id": "attempt"}),
    of_school(
        "absences:strike",
        RECORD_KEEPERS,
        "attempt_id",
        parts={"attempt_id": "attempt"},
        method="post",
        status=422,
    ),
    of_school("absences:tasks", RECORD_KEEPERS),
    of_school("absences:task", RECORD_KEEPERS, "task_id", parts={"task_id": "task"}),
    of_school(
        "absences:task", RECORD_KEEPERS, "task_id", parts={"task_id": "task"}, method="post", status=422
    ),
    of_school("absences:pupil_calls", RECORD_KEEPERS, "pupil_id", parts={"pupil_id": "pupil_id"}),
    of_school("absences:contact_health", RECORD_KEEPERS),
    of_school("absences:contact_health_file", RECORD_KEEPERS),
    of_school("absences:call_settings", frozenset({OFFICE, HEAD})),
    of_school("absences:call_settings", frozenset({OFFICE, HEAD}), method="post", status=422),
)
