"""Whom the school tried to reach about an absence, and who is calling now."""

from functools import reduce
from operator import or_
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from absences.rules.contact import OUTCOMES_OF, TO_A_HOME
from accounts.models import School, User
from registers.models import Contact, OutsideContact, Pupil


class AttemptChannel(models.TextChoices):
    """How the school tried (000:146-148, 002:192-197, 003:153)."""

    CALL = "call", "Call"
    TEXT = "text", "Text"
    EMAIL = "email", "E-mail"
    VISIT = "visit", "Home visit"
    IN_PERSON = "in_person", "In person"
    POLICE_CHECK = "police_check", "Police welfare check"
    LETTER = "letter", "Letter home"


class AttemptOutcome(models.TextChoices):
    """What it came to."""

    SPOKE_KNEW = "spoke_knew", "Spoke: knew"
    SPOKE_DID_NOT_KNOW = "spoke_did_not_know", "Spoke: did not know"
    VOICEMAIL = "voicemail", "Voicemail left"
    NO_ANSWER = "no_answer", "No answer"
    NUMBER_WRONG = "number_wrong", "Number does not work"
    SENT = "sent", "Sent"
    VISITED_SEEN = "visited_seen", "Visited: child seen"
    VISITED_NO_ANSWER = "visited_no_answer", "Visited: no answer"
    CONFIRMED_SAFE = "confirmed_safe", "Confirmed safe"


class ContactAttempt(models.Model):
    """
    One attempt to reach somebody about one day of a pupil's absence: only ever added to.

    `at` is when it happened, `recorded_at` when it was written down: what was kept on paper while the network
    was out is entered later with its real time. A mistake is struck out (`ContactAttemptStrike`), which
    deletes nothing. `entry` is one key for what was sent in one go, so that a button pressed twice counts
    once; one call about several children of a family shares it.
    """

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="contact_attempts")
    pupil = models.ForeignKey(Pupil, on_delete=models.PROTECT, related_name="contact_attempts")
    entry = models.UUIDField()
    on = models.DateField(help_text="the day of absence that it is about")
    contact = models.ForeignKey(
        Contact, on_delete=models.PROTECT, null=True, blank=True, related_name="contact_attempts"
    )
    outside_contact = models.ForeignKey(
        OutsideContact, on_delete=models.PROTECT, null=True, blank=True, related_name="contact_attempts"
    )
    person = models.CharField(max_length=150, blank=True, help_text="who, when on no record")
    address = models.CharField(max_length=254, blank=True, help_text="the number or address used")
    channel = models.CharField(max_length=12, choices=AttemptChannel)
    outcome = models.CharField(max_length=20, choices=AttemptOutcome)
    reason = models.SlugField(max_length=40, blank=True, help_text="learnt: a key of absences.rules.reasons")
    note = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["entry", "pupil"], name="contactattempt_counts_once"),
            models.CheckConstraint(
                condition=reduce(
                    or_,
                    (
                        Q(channel=channel, outcome__in=sorted(outcomes))
                        for channel, outcomes in OUTCOMES_OF.items()
                    ),
                ),
                name="contactattempt_outcome_fits_channel",
            ),
            models.CheckConstraint(
                condition=Q(contact__isnull=True) | Q(outside_contact__isnull=True),
                name="contactattempt_is_to_one_person",
            ),
            models.CheckConstraint(
                condition=Q(contact__isnull=False)
                | Q(outside_contact__isnull=False)
                | ~Q(person="")
                | Q(channel__in=sorted(TO_A_HOME)),
                name="contactattempt_says_to_whom",
                violation_error_message="Say who it was.",
            ),
            models.CheckConstraint(
                condition=Q(at__lte=F("recorded_at")), name="contactattempt_is_not_ahead_of_time"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["school", "on", "pupil"], name="contactattempt_by_day"),
            models.Index(fields=["pupil", "-at"], name="contactattempt_by_pupil"),
            models.Index(fields=["contact", "-at"], name="contactattempt_by_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} about {self.pupil_id} on {self.on}"


class ContactAttemptStrike(models.Model):
    """An attempt was entered by mistake: it counts no more, and stays to be read. Only ever added to."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    attempt = models.OneToOneField(ContactAttempt, on_delete=models.PROTECT, related_name="strike")
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="contactattemptstrike_says_why",
                violation_error_message="Say why it is struck out.",
            )
        ]

    def __str__(self) -> str:
        return f"strike of {self.attempt_id}"


class CallClaim(models.Model):
    """Somebody is calling about a pupil now, until a moment, so that nobody else does at the same time."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    pupil = models.ForeignKey(Pupil, on_delete=models.CASCADE, related_name="call_claims")
    on = models.DateField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    until = models.DateTimeField()

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["pupil", "on"], name="callclaim_is_one_persons")
        ]

    def __str__(self) -> str:
        return f"{self.by_id} calls about {self.pupil_id}"


class CallSettings(models.Model):
    """What a school chose about following up absences; without a row the defaults hold."""

    SAFEGUARDING_MINUTES: ClassVar[int] = 30

    school = models.OneToOneField(School, on_delete=models.PROTECT, related_name="call_settings")
    safeguarding_minutes = models.SmallIntegerField(
        default=SAFEGUARDING_MINUTES,
        help_text="until a safeguarding task is due, once a guardian said that they did not know",
    )

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(safeguarding_minutes__range=(5, 240)),
                name="callsettings_minutes_are_sensible",
                violation_error_message="Choose between 5 and 240 minutes.",
            )
        ]

    def __str__(self) -> str:
        return f"calls of {self.school_id}"
