"""What parents and callers say of an absence, and what the school made of it."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from accounts.models import School, User
from registers.models import Contact, KnownAhead, Pupil
from registers.models.calendar import HALVES


class Channel(models.TextChoices):
    """How word reached the school (000:140, 001:131, 002:174, 003:153, 004:114-117)."""

    ONLINE = "online", "Online"
    PHONE = "phone", "Telephone"
    VOICEMAIL = "voicemail", "Voicemail"
    EMAIL = "email", "E-mail"
    IN_PERSON = "in_person", "In person"
    APP = "app", "Another app"
    LETTER = "letter", "Letter or note"


class ReportState(models.TextChoices):
    """
    Where a report stands; none is ever deleted. The parent changed a `replaced` one before the school acted.
    """

    WAITING = "waiting", "Waiting for the office"
    ACCEPTED = "accepted", "Accepted"
    REFUSED = "refused", "Not accepted"
    WITHDRAWN = "withdrawn", "Withdrawn"
    REPLACED = "replaced", "Replaced by a newer report"


class Report(models.Model):
    """
    One child's absence as one person told it, from a session to a session (both included).

    Children reported together share `submission`, which also keeps a report sent twice from counting twice.
    `version` goes up with every change, so that two people who act on one report find out.
    """

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="absence_reports")
    pupil = models.ForeignKey(Pupil, on_delete=models.PROTECT, related_name="absence_reports")
    submission = models.UUIDField(help_text="one key for what was sent in one go")
    reference = models.CharField(max_length=12, help_text="what the parent may quote")
    channel = models.CharField(max_length=9, choices=Channel)
    contact = models.ForeignKey(
        Contact, on_delete=models.PROTECT, null=True, blank=True, related_name="absence_reports"
    )
    caller = models.CharField(
        max_length=150, blank=True, help_text="who said it, when it is no contact of the pupil"
    )
    received_at = models.DateTimeField(help_text="when the parent said it")
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    in_time = models.BooleanField(help_text="by the school's deadline of the first day")
    first_day = models.DateField()
    first_half = models.CharField(max_length=2, choices=HALVES, default="AM")
    last_day = models.DateField()
    last_half = models.CharField(max_length=2, choices=HALVES, default="PM")
    reason = models.SlugField(max_length=40, help_text="a key of absences.rules.reasons")
    note = models.CharField(max_length=1000, blank=True)
    expected_return = models.DateField(null=True, blank=True)
    appointment_at = models.TimeField(null=True, blank=True)
    code = models.CharField(max_length=2, help_text="the code proposed, or decided once it is accepted")
    needs_call_back = models.BooleanField(
        default=False,
        help_text="a voicemail that the policy wants confirmed before the absence is authorised",
    )
    called_back_at = models.DateTimeField(null=True, blank=True)
    called_back_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    state = models.CharField(max_length=9, choices=ReportState, default=ReportState.WAITING)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decision_note = models.CharField(max_length=500, blank=True, help_text="what the parent is told")
    replaces = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by"
    )
    known_ahead = models.ForeignKey(
        KnownAhead,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="what registers open with because of this report",
    )
    version = models.IntegerField(default=1)

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["school", "reference"], name="report_reference_is_its_own"),
            models.UniqueConstraint(fields=["submission", "pupil"], name="report_is_sent_once"),
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="report_channel_is_known"),
            models.CheckConstraint(condition=Q(state__in=ReportState.values), name="report_state_is_known"),
            models.CheckConstraint(
                condition=Q(last_day__gt=F("first_day"))
                | Q(last_day=F("first_day"), last_half__gte=F("first_half")),
                name="report_ends_after_start",
                violation_error_message="The last session cannot be before the first.",
            ),
            models.CheckConstraint(
                condition=Q(first_half__in=["AM", "PM"], last_half__in=["AM", "PM"]),
                name="report_halves_are_known",
            ),
            models.CheckConstraint(
                condition=Q(expected_return__isnull=True) | Q(expected_return__gte=F("last_day")),
                name="report_return_is_not_before_the_end",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", "refused"])
                | Q(decided_at__isnull=False, decided_by__isnull=False),
                name="report_decision_has_author_and_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="refused") | ~Q(decision_note=""),
                name="report_refusal_says_why",
                violation_error_message="Say why it is not accepted.",
            ),
            models.CheckConstraint(
                condition=Q(called_back_at__isnull=True, called_back_by__isnull=True)
                | Q(called_back_at__isnull=False, called_back_by__isnull=False),
                name="report_call_back_has_author",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["school", "last_day", "first_day"], name="report_by_day"),
            models.Index(fields=["pupil", "-first_day"], name="report_by_pupil"),
            models.Index(
                fields=["school", "received_at"], condition=Q(state="waiting"), name="report_waiting"
            ),
        ]

    def __str__(self) -> str:
        return f"report {self.reference}"


class ReportEvent(models.Model):
    """One thing that happened to a report: only ever added to."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    what = models.CharField(max_length=20, help_text="received, changed, withdrawn, accepted, refused ...")
    words = models.CharField(max_length=500, blank=True, help_text="what was said or chosen")

    objects = ScopedManager(school="school")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["report", "at", "id"], name="reportevent_in_order")]

    def __str__(self) -> str:
        return f"{self.report_id} {self.what}"
