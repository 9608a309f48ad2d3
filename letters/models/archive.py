"""The archive of letters: each copy with every word it says, and the file that was made of it once."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from accounts.models import School, User
from letters.rules.catalogue import TEMPLATES
from registers.models import Pupil


class LetterState(models.TextChoices):
    """Where a letter stands on its way to a file."""

    READY = "ready", "Waiting to be made"
    RENDERING = "rendering", "Being made"
    RENDERED = "rendered", "Made"
    FAILED = "failed", "Could not be made"
    WITHDRAWN = "withdrawn", "Withdrawn"


class LetterFile(models.Model):
    """A finished PDF under the SHA-256 of its bytes. The database refuses to change or delete it."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="letter_files")
    content = models.BinaryField()
    pages = models.SmallIntegerField()
    created_at = models.DateTimeField()

    objects = ScopedManager(school="school")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(sha256__regex="^[0-9a-f]{64}$"), name="letterfile_sha256_is_hex"
            ),
            models.CheckConstraint(condition=Q(pages__gte=1), name="letterfile_has_pages"),
        ]

    def __str__(self) -> str:
        return f"file {self.sha256[:12]}"


class Letter(models.Model):
    """
    One copy of one letter about one pupil, to the people at one address.

    What it says is frozen when it is prepared (`content`, see letters.rules.content); only its way to a file
    changes after that. A trigger of the database keeps it so, whoever asks.
    """

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="letters")
    pupil = models.ForeignKey(Pupil, on_delete=models.PROTECT, related_name="letters")
    origin = models.CharField(max_length=80, help_text="what asked for the letter, such as step:1234")
    template_key = models.CharField(max_length=60)
    template_version = models.SmallIntegerField()
    recipients = ArrayField(models.CharField(max_length=200), help_text="names of the people addressed")
    contact_ids = ArrayField(models.BigIntegerField(), help_text="the contacts addressed, at the time")
    address_key = models.CharField(max_length=64, help_text="the same for all people who share a copy")
    address = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    address_confidential = models.BooleanField(default=False)
    salutation = models.TextField()
    reference = models.CharField(max_length=20)
    content = models.JSONField()
    content_digest = models.CharField(max_length=64)
    state = models.CharField(max_length=9, choices=LetterState, default=LetterState.READY)
    failure = models.TextField(blank=True)
    prepared_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    prepared_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True, help_text="when a worker began to make the file")
    rendered_at = models.DateTimeField(null=True, blank=True)
    file = models.ForeignKey(
        LetterFile, on_delete=models.PROTECT, null=True, blank=True, related_name="letters"
    )

    objects = ScopedManager(school="school")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["school", "origin", "template_key", "address_key"],
                name="letter_goes_once_to_an_address",
            ),
            models.UniqueConstraint(fields=["school", "reference"], name="letter_reference_is_its_own"),
            models.CheckConstraint(condition=Q(state__in=LetterState.values), name="letter_state_is_known"),
            models.CheckConstraint(
                condition=Q(file__isnull=True, rendered_at__isnull=True)
                | Q(file__isnull=False, rendered_at__isnull=False),
                name="letter_file_and_time_together",
            ),
            models.CheckConstraint(
                condition=~Q(state="rendered") | Q(file__isnull=False), name="letter_rendered_has_file"
            ),
            models.CheckConstraint(
                condition=Q(state="failed") ^ Q(failure=""), name="letter_failed_says_why"
            ),
            models.CheckConstraint(
                condition=~Q(state="rendering") | Q(claimed_at__isnull=False),
                name="letter_rendering_since_when",
            ),
            models.CheckConstraint(condition=~Q(recipients=[]), name="letter_has_recipient"),
        ]
        indexes = [
            models.Index(fields=["school", "-prepared_at", "-id"], name="letter_by_time"),
            models.Index(fields=["pupil", "-prepared_at"], name="letter_by_pupil"),
            # The minutely look for letters whose wake-up message was lost reads these few rows only.
            models.Index(
                fields=["prepared_at"], condition=Q(state__in=["ready", "rendering"]), name="letter_waiting"
            ),
            models.Index(fields=["school", "content_digest"], name="letter_by_content"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def title(self) -> str:
        """Return what the letter says it is about."""
        return str(self.content["subject"])

    @property
    def template_title(self) -> str:
        """Return what the letter is called among letters; its key when it is supplied no more."""
        template = TEMPLATES.get(self.template_key)
        return template.title if template else self.template_key

    @property
    def is_waiting(self) -> bool:
        """Say whether the file is still to come."""
        return self.state in {LetterState.READY, LetterState.RENDERING}
