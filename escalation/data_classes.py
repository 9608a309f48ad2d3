"""What kind of data each column of policies and steps holds (see accounts.data_classes)."""

from accounts.data_classes import DataClass, classed

COLUMNS: dict[str, dict[str, DataClass]] = {
    "escalation.PolicyVersion": classed(
        operational="id school_id number sha256 activated_by_id activated_at",
        public="text in_force_from in_force_to",
    ),
    "escalation.SweepRun": classed(operational="id school_id on state started_at finished_at runs counts"),
    # Why a step was proposed tells of illness and of unauthorised days; so do its figures and sessions.
    "escalation.Step": classed(
        special=(
            "ladder rung_id letters why held_because figures session_ids unresolved_n edits decision_reason"
        ),
        operational=(
            "id school_id pupil_id policy_version_id state judged_on proposed_at decided_at decided_by_id"
        ),
    ),
}
