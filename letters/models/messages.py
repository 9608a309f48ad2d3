"""Messages to parents: the outbox from which each goes out once, and what became of it."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from accounts.models import School, User
from registers.models import Contact, Pupil


class MessageChannel(models.TextChoices):
    """How a message travels."""

    EMAIL = "email", "E-mail"
    TEXT = "text", "Text"


class MessageState(models.TextChoices):
    """Where a message stands on its way (see letters.rules.outbox for the moves between states)."""

    READY = "ready", "Waiting to be sent"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Could not be sent"
    RETURNED = "returned", "Could not be delivered"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Message(models.Model):
    """
    One message to one person by one channel. The row is written with the fact that it tells of.

    What it says and where it goes are frozen; only its way there changes, along the moves that a trigger of
    the database allows. `reference` is ours and is given to the provider, who can be asked for it: that is
    how a second try finds out what became of the first (docs/adr/0019).
    """

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="messages")
    key = models.CharField(max_length=160, help_text="what makes it one message, such as report:12:accepted")
    kind = models.SlugField(max_length=40, help_text="what sort of message it is, such as report_accepted")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="messages")
    pupil = models.ForeignKey(Pupil, on_delete=models.PROTECT, null=True, blank=True, related_name="messages")
    channel = models.CharField(max_length=5, choices=MessageChannel)
    address = models.CharField(max_length=254, help_text="the e-mail address or number it goes to")
    subject = models.CharField(max_length=200)
    body = models.TextField(help_text="word for word as it is sent")
    original = models.TextField(help_text="the words as asked for, for another channel")
    parts = models.SmallIntegerField(help_text="parts of a text that are paid for; 1 for an e-mail")
    others = ArrayField(
        models.CharField(max_length=5, choices=MessageChannel),
        default=list,
        blank=True,
        help_text="channels to try, in order, when this one fails for good",
    )
    instead_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replacements"
    )
    queued_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    queued_at = models.DateTimeField()
    reference = models.UUIDField(default=uuid.uuid4, unique=True, help_text="what the provider knows it by")
    state = models.CharField(max_length=9, choices=MessageState, default=MessageState.READY)
    attempts = models.SmallIntegerField(default=0)
    next_try_at = models.DateTimeField(
        null=True, blank=True, help_text="when to try to send it, or to ask what became of it"
    )
    claim = models.UUIDField(null=True, blank=True, help_text="the try that has it now")
    claimed_at = models.DateTimeField(null=True, blank=True)
    handed_over_at = models.DateTimeField(
        null=True, blank=True, help_text="when a try began that may have reached the provider"
    )
    provider = models.CharField(max_length=10, blank=True, help_text="the back end that has it")
    provider_id = models.CharField(max_length=80, blank=True, help_text="the provider's own id for it")
    looks = models.SmallIntegerField(default=0, help_text="how often the provider was asked about it")
    sent_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True, help_text="when its last state was reached")
    failure = models.CharField(max_length=300, blank=True, help_text="in words fit to show")

    objects = ScopedManager(school="school")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["school", "key", "contact", "channel"], name="message_goes_once_by_a_channel"
            ),
            # Two calls at once may choose different channels; only one of them begins a message.
            models.UniqueConstraint(
                fields=["school", "key", "contact"],
                condition=Q(instead_of__isnull=True),
                name="message_begins_once",
            ),
            models.CheckConstraint(condition=Q(state__in=MessageState.values), name="message_state_is_known"),
            models.CheckConstraint(
                condition=Q(channel__in=MessageChannel.values), name="message_channel_is_known"
            ),
            models.CheckConstraint(condition=~Q(address="") & ~Q(body=""), name="message_says_and_goes"),
            models.CheckConstraint(condition=Q(parts__gte=1), name="message_has_parts"),
            models.CheckConstraint(condition=Q(attempts__gte=0), name="message_attempts_from_none"),
            models.CheckConstraint(
                condition=Q(state="sending", claim__isnull=False, claimed_at__isnull=False)
                | (~Q(state="sending") & Q(claim__isnull=True, claimed_at__isnull=True)),
                name="message_sending_has_claim",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["sent", "delivered", "returned"])
                | (Q(sent_at__isnull=False) & ~Q(provider="")),
                name="message_sent_by_whom_and_when",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["failed", "returned"]) ^ Q(failure=""), name="message_failed_says_why"
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["delivered", "failed", "returned", "withdrawn"],
                    settled_at__isnull=False,
                    next_try_at__isnull=True,
                )
                | (
                    ~Q(state__in=["delivered", "failed", "returned", "withdrawn"])
                    & Q(settled_at__isnull=True)
                ),
                name="message_settled_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="ready") | Q(next_try_at__isnull=False), name="message_ready_has_next_try"
            ),
        ]
        indexes = [
            models.Index(fields=["school", "-queued_at", "-id"], name="message_by_time"),
            models.Index(fields=["pupil", "-queued_at"], name="message_by_pupil"),
            models.Index(fields=["contact", "-queued_at"], name="message_by_contact"),
            # The minutely looks read these few rows only.
            models.Index(fields=["next_try_at", "id"], condition=Q(state="ready"), name="message_waiting"),
            models.Index(fields=["claimed_at"], condition=Q(state="sending"), name="message_under_way"),
            models.Index(
                fields=["next_try_at", "id"],
                condition=Q(state="sent", next_try_at__isnull=False),
                name="message_to_ask_about",
            ),
            # The list of what needs a person.
            models.Index(
                fields=["school", "-settled_at"],
                condition=Q(state__in=["failed", "returned"]),
                name="message_not_arrived",
            ),
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"

    @property
    def is_text(self) -> bool:
        """Say whether it goes to a telephone."""
        return self.channel == MessageChannel.TEXT

    @property
    def has_failed(self) -> bool:
        """Say whether it did not arrive, for good."""
        return self.state in {MessageState.FAILED, MessageState.RETURNED}


class MessageEvent(models.Model):
    """One move of one message. The database refuses to change or remove it."""

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="+")
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=9, choices=MessageState)
    words = models.CharField(max_length=300, blank=True)

    objects = ScopedManager(school="school")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=MessageState.values), name="messageevent_state_is_known"
            )
        ]
        indexes = [models.Index(fields=["message", "id"], name="messageevent_of_message")]

    def __str__(self) -> str:
        return f"{self.state} of message {self.message_id}"
