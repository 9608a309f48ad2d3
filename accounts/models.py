"""
Schools as tenants, the people who sign in, the roles they hold at a school, and the log of what they did.

`School` stands here, and not in `registers`, because every row of every app belongs to a school and
roles point at it: the root of tenancy must not import anything else (docs/adr/0002).
"""

from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower


class School(models.Model):
    """One school: the tenant. Its key is the key of its policy and stands in every address."""

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    trust = models.CharField(max_length=120, blank=True)
    phase = models.CharField(max_length=40, blank=True)
    local_authority = models.CharField(max_length=120, blank=True)
    leaving_year = models.CharField(max_length=3, blank=True)
    office_phone = models.CharField(max_length=40, blank=True)
    office_email = models.EmailField(blank=True)
    address = models.TextField(blank=True, help_text="one line of the address on each line")

    def __str__(self) -> str:
        return self.key


class Installation(models.Model):
    """What is true of the whole installation; one row at most."""

    is_demo = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(pk=1), name="installation_is_one_row")]

    def __str__(self) -> str:
        return "installation"


class UserManager(BaseUserManager["User"]):
    """Makes people who sign in; e-mail addresses are compared in lower case."""

    def create_user(self, email: str, *, name: str, password: str | None = None) -> "User":
        """Create a person who may sign in; without a password only by a code sent to the address."""
        user = self.model(email=email.strip().lower(), name=name)
        user.set_password(password) if password else user.set_unusable_password()
        user.full_clean()
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        """Return the user of this e-mail address, whatever its capitals."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """
    A person who signs in, known by e-mail address.

    What they may do follows from their roles, never from a flag.
    """

    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=150)
    is_active = models.BooleanField(default=True)
    # WCAG 2.1.4: shortcuts of one character fight speech input, so each person can turn them off.
    uses_single_keys = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects = UserManager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(email=Lower("email")),
                name="user_email_is_lower_case",
            )
        ]

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        """Return the person's name as letters and history print it."""
        return self.name


class Role(models.TextChoices):
    """The posts that give rights at a school (Rollcall's own names; a school's titles are data, GEN-24)."""

    TEACHER = "teacher", "Class teacher"
    OFFICE = "office", "Office staff"
    CHAMPION = "champion", "Attendance champion"
    HEAD = "head", "Headteacher"
    GOVERNOR = "governor", "Governor"
    TRUST = "trust", "Trust officer"


class RoleAssignment(models.Model):
    """One person holds one role at one school from a day to a day (both included; no end: still held)."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="role_assignments")
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="role_assignments")
    role = models.CharField(max_length=12, choices=Role.choices)
    title = models.CharField(max_length=80, blank=True, help_text="the post as the school calls it")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    objects = models.Manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(role__in=Role.values), name="roleassignment_role_is_known"),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="roleassignment_ends_after_start",
            ),
            models.UniqueConstraint(
                fields=["user", "school", "role", "starts_on"],
                name="roleassignment_is_given_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} at {self.school_id} from {self.starts_on}"


class Event(models.Model):
    """
    One thing somebody did, in words a person can read later. Append-only.

    No foreign keys on purpose: the log can neither block the removal of a row nor vanish with one.
    """

    school_id = models.BigIntegerField(null=True, db_index=True)
    kind = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=60, blank=True)
    subject_id = models.BigIntegerField(null=True)
    by_id = models.BigIntegerField(null=True)
    by_name = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField()
    data = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    objects = models.Manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["school_id", "subject_type", "subject_id"], name="event_subject")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_type} {self.subject_id} at {self.at}"
