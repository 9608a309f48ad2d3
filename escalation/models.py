"""Policies as versioned data, the runs of the sweep, and the steps that it proposes."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from accounts.models import School, User
from registers.models import Pupil


class PolicyVersion(models.Model):
    """
    One wording of a school's attendance policy, as the text of its file, in force from a day to a day.

    A version is never changed: a new wording is a new version, and a step keeps the one it was judged by.
    """

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="policy_versions")
    number = models.IntegerField()
    text = models.TextField(help_text="the policy file, YAML")
    sha256 = models.CharField(max_length=64)
    in_force_from = models.DateField()
    in_force_to = models.DateField(null=True, blank=True, help_text="last day in force")
    activated_by = models.ForeignKey(User, on_delete=models.PROTECT)
    activated_at = models.DateTimeField()

    objects = ScopedManager(school="school")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["school", "number"], name="policyversion_number_is_unique"),
            models.UniqueConstraint(
                fields=["school"], condition=Q(in_force_to__isnull=True), name="policyversion_one_is_open"
            ),
            models.CheckConstraint(
                condition=Q(in_force_to__isnull=True) | Q(in_force_to__gte=F("in_force_from")),
                name="policyversion_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.school_id} version {self.number}"


class SweepRun(models.Model):
    """One sweep of one school for one day; running it again updates the same row."""

    STATES: ClassVar = [("running", "Running"), ("finished", "Finished"), ("failed", "Failed")]

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="sweep_runs")
    on = models.DateField()
    state = models.CharField(max_length=8, choices=STATES)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    runs = models.IntegerField(default=1, help_text="how often the sweep of this day was run")
    counts = models.JSONField(default=dict, help_text="steps by state, pupils judged, marks settled")

    objects = ScopedManager(school="school")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["school", "on"], name="sweeprun_stands_once"),
            models.CheckConstraint(
                condition=Q(state__in=["running", "finished", "failed"]), name="sweeprun_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state="running", finished_at__isnull=True)
                | (~Q(state="running") & Q(finished_at__isnull=False)),
                name="sweeprun_finishes_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.school_id} {self.on} {self.state}"


class StepState(models.TextChoices):
    """Where a step stands."""

    PROPOSED = "proposed", "Waiting for a decision"
    HELD = "held", "Held"
    APPROVED = "approved", "Approved"
    DISMISSED = "dismissed", "Dismissed"
    WITHDRAWN = "withdrawn", "Withdrawn"
    PASSED = "passed", "Passed without a letter"


OPEN_STATES = (StepState.PROPOSED, StepState.HELD)
# Who may move a step where; `services.decisions` and `services.sweep` follow this table.
TRANSITIONS: dict[str, frozenset[str]] = {
    StepState.PROPOSED: frozenset(
        {StepState.HELD, StepState.APPROVED, StepState.DISMISSED, StepState.WITHDRAWN, StepState.PASSED}
    ),
    StepState.HELD: frozenset(
        {StepState.PROPOSED, StepState.APPROVED, StepState.DISMISSED, StepState.WITHDRAWN, StepState.PASSED}
    ),
    StepState.APPROVED: frozenset(),
    StepState.DISMISSED: frozenset(),
    StepState.WITHDRAWN: frozenset(),
    StepState.PASSED: frozenset(),
}


class Step(models.Model):
    """
    One rung of a school's policy that a pupil reached, proposed to a person and decided by one (GEN-01).

    `ladder` names what the rung belongs to ("ladder", a lateness rung, "evidence", "no_contact", "threshold",
    "rewards"); a pupil has one open step on each at most (GEN-10). `figures` holds the exact integers behind
    `why`, `session_ids` exactly the sessions that caused the step.
    """

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="steps")
    pupil = models.ForeignKey(Pupil, on_delete=models.PROTECT, related_name="steps")
    policy_version = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="steps")
    ladder = models.CharField(max_length=40)
    rung_id = models.CharField(max_length=60)
    state = models.CharField(max_length=9, choices=StepState.choices)
    judged_on = models.DateField(help_text="the day whose registers brought the step about")
    letters = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    why = models.TextField(help_text="the condition with its figures, in words")
    held_because = models.TextField(blank=True)
    figures = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    session_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)
    unresolved_n = models.IntegerField(default=0, help_text="counted sessions that are still N (GEN-06)")
    # What a person added before approving: dates of meetings, a sentence of their own. By letter field.
    edits = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    proposed_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="decided_steps"
    )
    decision_reason = models.TextField(blank=True)

    objects = ScopedManager(school="school")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=StepState.values), name="step_state_is_known"),
            models.UniqueConstraint(
                fields=["pupil", "ladder"],
                condition=Q(state__in=["proposed", "held"]),
                name="step_one_open_on_each_ladder",
                violation_error_message="This pupil has an open step on this ladder already.",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state__in=["proposed", "held"]) & Q(decided_at__isnull=True, decided_by__isnull=True)
                )
                | (
                    ~Q(state__in=["proposed", "held"]) & Q(decided_at__isnull=False, decided_by__isnull=False)
                ),
                name="step_decision_has_author_and_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="dismissed") | ~Q(decision_reason=""),
                name="step_dismissal_has_reason",
                violation_error_message="Say why the step is dismissed.",
            ),
            models.CheckConstraint(
                condition=~Q(state="held") | ~Q(held_because=""), name="step_hold_has_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["school", "state", "rung_id"], name="step_worklist"),
            models.Index(fields=["pupil", "ladder", "judged_on"], name="step_of_pupil"),
        ]

    def __str__(self) -> str:
        return f"step {self.pk} {self.rung_id} {self.state}"

    @property
    def is_open(self) -> bool:
        """Say whether the step waits for a person."""
        return self.state in OPEN_STATES
