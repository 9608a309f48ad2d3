"""Proof that the school asks for, and what it tells parents before it changes its mind about an illness."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from absences.models.reports import Report
from accounts.models import School, User
from registers.models import Contact, Pupil
from registers.models.calendar import HALVES


class EvidenceRule(models.TextChoices):
    """Why proof is asked for: the rules of absences.rules.evidence, and a person's own judgement."""

    LONG_ILLNESS = "long_illness", "A long illness"
    SEVERAL_ILLNESSES = "several_illnesses", "Several illnesses"
    DOUBT = "doubt", "Doubt about the illness"
    AFTER_LETTER = "after_letter", "Every illness, after a letter"
    APPOINTMENT = "appointment", "An appointment in school time"
    LEAVE_EARLY = "leave_early", "Leaving early"
    EXCEPTIONAL_LEAVE = "exceptional_leave", "Leave for exceptional circumstances"
    OTHER = "other", "Another reason"


class EvidenceState(models.TextChoices):
    """Where a request stands. A rule proposes; only a person asks, and only a person judges."""

    PROPOSED = "proposed", "Proposed"
    ASKED = "asked", "Asked for"
    RECEIVED = "received", "Received"
    SATISFIED = "satisfied", "Accepted"
    NOT_SATISFIED = "not_satisfied", "Not accepted"
    WITHDRAWN = "withdrawn", "Not needed"


class EvidenceKind(models.TextChoices):
    """What proof may be (001:183, 002:176): never more than is needed."""

    DOCTOR_NOTE = "doctor_note", "Note or letter from a doctor or clinic"
    PRESCRIPTION = "prescription", "Prescription or medicine label"
    APPOINTMENT_CARD = "appointment_card", "Appointment card"
    LETTER = "letter", "Appointment letter"
    TEXT = "text", "Text message"
    EMAIL = "email", "E-mail"
    OTHER = "other", "Something else"


ANSWERED = ["satisfied", "not_satisfied"]


class EvidenceRequest(models.Model):
    """
    Proof for one absence of one pupil: proposed by a rule or a person, asked for, received and judged.

    `cause` names what raised it ("illness:2024-11-11", "report:12"): it is proposed once. `version` goes up
    with every act, so that two people who act on one request find out.
    """

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="evidence_requests")
    pupil = models.ForeignKey(Pupil, on_delete=models.PROTECT, related_name="evidence_requests")
    report = models.ForeignKey(
        Report, on_delete=models.PROTECT, null=True, blank=True, related_name="evidence_requests"
    )
    rule = models.CharField(max_length=20, choices=EvidenceRule)
    cause = models.CharField(max_length=60)
    first_day = models.DateField()
    last_day = models.DateField()
    why = models.CharField(max_length=300, help_text="why proof is needed, in one sentence")
    source = models.CharField(max_length=60, blank=True, help_text="the rule, such as 002:176")
    state = models.CharField(max_length=13, choices=EvidenceState, default=EvidenceState.PROPOSED)
    proposed_at = models.DateTimeField()
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    spoken_at = models.DateTimeField(
        null=True, blank=True, help_text="when the school spoke with the parent, where it has to first"
    )
    spoken_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    spoken_words = models.CharField(max_length=500, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    asked_how = models.CharField(max_length=200, blank=True, help_text="whom, and by what way")
    due_on = models.DateField(null=True, blank=True)
    received_at = models.DateTimeField(null=True, blank=True)
    received_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    received_kind = models.CharField(max_length=20, choices=EvidenceKind, blank=True)
    is_on_paper = models.BooleanField(default=False, help_text="seen, and given back")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    closed_why = models.CharField(max_length=500, blank=True)
    version = models.IntegerField(default=1)

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["pupil", "cause"], name="evidencerequest_is_proposed_once"),
            models.CheckConstraint(
                condition=Q(state__in=EvidenceState.values), name="evidencerequest_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(rule__in=EvidenceRule.values), name="evidencerequest_rule_is_known"
            ),
            models.CheckConstraint(
                condition=Q(received_kind__in=["", *EvidenceKind.values]),
                name="evidencerequest_kind_is_known",
            ),
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")), name="evidencerequest_ends_after_start"
            ),
            models.CheckConstraint(
                condition=~Q(why=""),
                name="evidencerequest_says_why",
                violation_error_message="Say why proof is needed.",
            ),
            models.CheckConstraint(
                condition=Q(spoken_at__isnull=True, spoken_by__isnull=True)
                | Q(spoken_at__isnull=False, spoken_by__isnull=False),
                name="evidencerequest_talk_has_author",
            ),
            models.CheckConstraint(
                condition=Q(asked_at__isnull=True, asked_by__isnull=True, due_on__isnull=True)
                | Q(asked_at__isnull=False, asked_by__isnull=False, due_on__isnull=False),
                name="evidencerequest_is_asked_by_somebody_until_a_day",
            ),
            models.CheckConstraint(
                condition=Q(received_at__isnull=True, received_by__isnull=True)
                | Q(received_at__isnull=False, received_by__isnull=False),
                name="evidencerequest_receipt_has_author",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True, closed_why="")
                | (Q(closed_at__isnull=False, closed_by__isnull=False) & ~Q(closed_why="")),
                name="evidencerequest_is_closed_with_a_reason",
                violation_error_message="Say why.",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", asked_at__isnull=True, closed_at__isnull=True)
                | Q(state="asked", asked_at__isnull=False, closed_at__isnull=True)
                | Q(state="received", received_at__isnull=False, closed_at__isnull=True)
                | Q(state="withdrawn", closed_at__isnull=False)
                | Q(state="satisfied", received_at__isnull=False, closed_at__isnull=False)
                # What was asked for may never come.
                | (
                    Q(state="not_satisfied", closed_at__isnull=False)
                    & (Q(asked_at__isnull=False) | Q(received_at__isnull=False))
                ),
                name="evidencerequest_state_agrees_with_its_times",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["school", "state", "due_on"],
                condition=Q(closed_at__isnull=True),
                name="evidencerequest_open",
            ),
            models.Index(fields=["pupil", "-first_day"], name="evidencerequest_by_pupil"),
        ]

    def __str__(self) -> str:
        return f"evidence {self.pk}"


class EvidenceDemand(models.Model):
    """
    From a day on every absence of these codes needs proof: a step of the school's policy that was approved.

    Written by the app that approves steps (001:362: no improvement after Letter 2); a person may end it.
    """

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="evidence_demands")
    pupil = models.ForeignKey(Pupil, on_delete=models.PROTECT, related_name="evidence_demands")
    cause = models.CharField(max_length=60, help_text="the step, such as step:12")
    codes = models.CharField(max_length=40, help_text="symbols, separated by blanks")
    first_day = models.DateField()
    last_day = models.DateField()
    source = models.CharField(max_length=60, blank=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    ended_why = models.CharField(max_length=300, blank=True)

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["pupil", "cause"], name="evidencedemand_is_made_once"),
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")), name="evidencedemand_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True, ended_why="")
                | (Q(ended_at__isnull=False, ended_by__isnull=False) & ~Q(ended_why="")),
                name="evidencedemand_is_ended_with_a_reason",
                violation_error_message="Say why it ends.",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["school", "last_day"], condition=Q(ended_at__isnull=True), name="evidencedemand_open"
            )
        ]

    def __str__(self) -> str:
        return f"demand {self.pk}"


class NoticeWay(models.TextChoices):
    """How a parent was told."""

    PHONE = "phone", "Telephone"
    IN_PERSON = "in_person", "In person"
    EMAIL = "email", "E-mail"
    TEXT = "text", "Text message"
    LETTER = "letter", "Letter"


class UnauthorisingNotice(models.Model):
    """
    A parent was told that sessions of illness are going to be recorded as unauthorised (002:177).

    Only ever added to: the database lets the marks change because it stands here.
    """

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="unauthorising_notices")
    pupil = models.ForeignKey(Pupil, on_delete=models.PROTECT, related_name="unauthorising_notices")
    evidence_request = models.ForeignKey(
        EvidenceRequest, on_delete=models.PROTECT, null=True, blank=True, related_name="notices"
    )
    first_day = models.DateField()
    first_half = models.CharField(max_length=2, choices=HALVES, default="AM")
    last_day = models.DateField()
    last_half = models.CharField(max_length=2, choices=HALVES, default="PM")
    told_at = models.DateTimeField()
    how = models.CharField(max_length=9, choices=NoticeWay)
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="unauthorising_notices")
    words = models.CharField(max_length=500, help_text="what was said, and what the parent answered")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(last_day__gt=F("first_day"))
                | Q(last_day=F("first_day"), last_half__gte=F("first_half")),
                name="unauthorisingnotice_ends_after_start",
                violation_error_message="The last session cannot be before the first.",
            ),
            models.CheckConstraint(
                condition=Q(first_half__in=["AM", "PM"], last_half__in=["AM", "PM"]),
                name="unauthorisingnotice_halves_are_known",
            ),
            models.CheckConstraint(
                condition=Q(told_at__lte=F("recorded_at")),
                name="unauthorisingnotice_was_given_before_it_is_logged",
                violation_error_message="Log the notice after the parent was told.",
            ),
            models.CheckConstraint(
                condition=Q(how__in=NoticeWay.values), name="unauthorisingnotice_way_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(words=""),
                name="unauthorisingnotice_says_what_was_said",
                violation_error_message="Say what was said.",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["pupil", "last_day"], name="unauthorisingnotice_by_pupil")]

    def __str__(self) -> str:
        return f"notice {self.pk}"
