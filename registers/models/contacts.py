"""Parents and carers in the wide sense of the Education Act 1996, section 576."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from accounts.models import School, User
from registers.models.periods import ends_after_start
from registers.models.pupils import Pupil

# Orders of the family courts that a school meets (Children Act 1989, Family Law Act 1996).
COURT_ORDERS = (
    ("child_arrangements", "Child arrangements order"),
    ("prohibited_steps", "Prohibited steps order"),
    ("specific_issue", "Specific issue order"),
    ("special_guardianship", "Special guardianship order"),
    ("care", "Care order"),
    ("non_molestation", "Non-molestation order"),
    ("other", "Another order"),
)
# People of other bodies who work with pupils of a school (WT 2024; 002:139, 000:206).
OUTSIDE_ROLES = (
    ("authority", "Local authority"),
    ("welfare_officer", "Education welfare officer"),
    ("social_worker", "Social worker"),
    ("virtual_school", "Virtual school"),
    ("youth_justice", "Youth justice worker"),
    ("health", "Health professional"),
    ("other", "Another professional"),
)


class Contact(models.Model):
    """One grown-up; siblings share the same row."""

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="contacts")
    name = models.CharField(max_length=150)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True, help_text="the number to try first")
    home_phone = models.CharField(max_length=40, blank=True)
    work_phone = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=60, blank=True, help_text="the language to speak, if not English")
    address = models.TextField(blank=True, help_text="one line of the address on each line")
    address_confidential = models.BooleanField(default=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="contacts")

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["school", "user"],
                condition=Q(user__isnull=False),
                name="contact_user_is_one_person",
            )
        ]

    def __str__(self) -> str:
        return f"contact {self.pk}"

    @property
    def phones(self) -> tuple[str, ...]:
        """Return the telephone numbers in the order to try them."""
        return tuple(number for number in (self.phone, self.home_phone, self.work_phone) if number)


class PupilContact(models.Model):
    """What one grown-up is to one pupil, and what may reach them."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    pupil = models.ForeignKey(Pupil, on_delete=models.PROTECT, related_name="pupil_contacts")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="pupil_contacts")
    relationship = models.CharField(max_length=40)
    priority = models.SmallIntegerField(help_text="1 is called first")
    parental_responsibility = models.BooleanField(default=True)
    lives_with = models.BooleanField(default=True)
    receives_letters = models.BooleanField(default=True)
    court_order_restricts = models.BooleanField(
        default=False,
        help_text="a court order limits contact: no letters and no sign-in unless the school says so",
    )
    may_sign_in = models.BooleanField(default=True, help_text="may see the pupil's record online")
    court_order_type = models.CharField(max_length=24, blank=True, choices=COURT_ORDERS)
    court_order_from = models.DateField(null=True, blank=True)
    court_order_until = models.DateField(null=True, blank=True, help_text="the last day it holds")
    court_order_note = models.CharField(max_length=500, blank=True, help_text="what it limits")

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["pupil", "contact"], name="pupilcontact_stands_once"),
            models.CheckConstraint(condition=Q(priority__gte=1), name="pupilcontact_priority_from_one"),
            models.CheckConstraint(
                condition=Q(court_order_type__in=["", *(name for name, _ in COURT_ORDERS)]),
                name="pupilcontact_court_order_is_known",
            ),
            models.CheckConstraint(
                condition=Q(court_order_from__isnull=True)
                | Q(court_order_until__isnull=True)
                | Q(court_order_until__gte=F("court_order_from")),
                name="pupilcontact_court_order_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} of {self.pupil_id}"


class OutsideContact(models.Model):
    """Somebody of another body who works with the school or with some of its pupils."""

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="outside_contacts")
    name = models.CharField(max_length=150)
    role = models.CharField(max_length=20, choices=OUTSIDE_ROLES)
    organisation = models.CharField(max_length=150, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    email = models.EmailField(blank=True)
    is_current = models.BooleanField(default=True, help_text="still works with the school")

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(role__in=[name for name, _ in OUTSIDE_ROLES]), name="outsidecontact_role_is_known"
            )
        ]

    def __str__(self) -> str:
        return f"outside contact {self.pk}"


class PupilOutsideContact(models.Model):
    """Somebody of another body works with a pupil from a day to a day."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    pupil = models.ForeignKey(Pupil, on_delete=models.PROTECT, related_name="outside_contacts")
    outside_contact = models.ForeignKey(OutsideContact, on_delete=models.PROTECT, related_name="pupils")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            ends_after_start(
                "pupiloutsidecontact_ends_after_start", starts="starts_on", ends="ends_on", may_stay_open=True
            ),
            models.UniqueConstraint(
                fields=["pupil", "outside_contact"],
                condition=Q(ends_on__isnull=True),
                name="pupiloutsidecontact_stands_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outside_contact_id} with {self.pupil_id}"
