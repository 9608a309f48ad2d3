"""
Who may open which address: the table that a person decides and the whole-site tests hold the code to.

A new address fails the tests until it has a row here. Rows name roles, not rights, so that a slip in the
table of rights cannot move this one along.

Three rules stand above the rows:
- another school's address, and another school's row under one's own school's address, do not exist (404);
- at one's own school, a role without the right is refused (403);
- whoever is not signed in is sent to sign in.
"""

from tests.whole.access_row import (
    CHAMPION,
    DECIDERS,
    EVERYBODY,
    GOVERNOR,
    HEAD,
    PARENT,
    RECORD_KEEPERS,
    ROLES,
    TEACHER,
    TRUST,
    Row,
    of_school,
)
from tests.whole.access_rows import (
    absences_calls,
    absences_evidence,
    absences_intake,
    absences_leave,
    absences_parents,
    absences_records,
    admission,
    ahead,
    amending,
    arrivals,
    files,
    marking,
    roll,
    set_up,
    watching,
)

__all__ = [
    "ALLAUTH_CLOSED",
    "ALLAUTH_FOR_VISITORS",
    "ALLAUTH_PREFIX",
    "DEMO_PREFIX",
    "PARENT",
    "ROLES",
    "TABLE",
    "TEACHER",
    "Row",
]

STEP = {"step_id": "step"}

TABLE: tuple[Row, ...] = (
    # --- accounts
    Row("home", EVERYBODY, status=302),
    Row("landing", EVERYBODY, status=302),
    # --- registers, one module for each area, as in registers/urls
    *marking.ROWS,
    *amending.ROWS,
    *admission.ROWS,
    *roll.ROWS,
    *set_up.ROWS,
    *watching.ROWS,
    *arrivals.ROWS,
    *ahead.ROWS,
    *files.ROWS,
    # --- letters
    of_school("letters:list", RECORD_KEEPERS),
    of_school("letters:letter", RECORD_KEEPERS, "pk", parts={"pk": "letter"}),
    of_school("letters:file", RECORD_KEEPERS, "pk", parts={"pk": "letter"}),
    of_school("letters:again", RECORD_KEEPERS, "pk", parts={"pk": "letter"}, method="post", status=302),
    of_school("letters:messages", RECORD_KEEPERS),
    of_school("letters:message", RECORD_KEEPERS, "pk", parts={"pk": "message"}),
    of_school(
        "letters:message_again", RECORD_KEEPERS, "pk", parts={"pk": "message"}, method="post", status=302
    ),
    of_school("letters:pupil_messages", RECORD_KEEPERS, "pupil_id", parts={"pupil_id": "pupil_id"}),
    # --- escalation: what is asked here is refused (nothing selected, no reason, nobody to write to), so that
    # the rows show who may ask and nothing changes
    of_school("escalation:desk", DECIDERS),
    of_school("escalation:sweep", DECIDERS, method="post", status=302),
    of_school("escalation:approvals", DECIDERS, method="post", status=422),
    of_school("escalation:step", DECIDERS, "step_id", parts=STEP),
    of_school(
        "escalation:step-preview", DECIDERS, "step_id", parts=STEP | {"letter": "letter_key"}, status=409
    ),
    of_school("escalation:step-approval", DECIDERS, "step_id", parts=STEP, method="post", status=422),
    of_school("escalation:step-details", DECIDERS, "step_id", parts=STEP, method="post", status=302),
    of_school("escalation:step-dismissal", DECIDERS, "step_id", parts=STEP, method="post", status=422),
    of_school("escalation:step-hold", DECIDERS, "step_id", parts=STEP, method="post", status=422),
    of_school("escalation:step-release", DECIDERS, "step_id", parts=STEP, method="post", status=422),
    # --- absences: the page is everybody's, what is on it is one's own children's
    Row("absences:family", EVERYBODY),
    *absences_parents.ROWS,
    *absences_calls.ROWS,
    *absences_evidence.ROWS,
    *absences_records.ROWS,
    *absences_intake.ROWS,
    *absences_leave.ROWS,
    # --- reports
    of_school("reports:overview", frozenset({CHAMPION, HEAD, TRUST})),
    of_school("reports:governors", frozenset({GOVERNOR, HEAD, TRUST})),
    Row("reports:trust", frozenset({TRUST})),
)

# Pages of django-allauth under /accounts/ hold nothing of a school, only the person's own account. They are
# one rule: those named here answer visitors, all others send them to sign in.
ALLAUTH_PREFIX = "accounts/"
ALLAUTH_FOR_VISITORS = frozenset(
    {
        "account_login",
        "account_request_login_code",
        "account_confirm_login_code",
        "account_inactive",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key",
        "account_reset_password_from_key_done",
        "mfa_authenticate",
        "mfa_login_webauthn",
    }
)
# Closed by attendance_site.urls: schools make accounts and know people's addresses.
ALLAUTH_CLOSED = frozenset(
    {"account_signup", "account_email", "account_email_verification_sent", "account_confirm_email", "closed"}
)

# The demo's addresses are routed with DEBUG only; tests/demo proves what else they need.
DEMO_PREFIX = "demo/"
