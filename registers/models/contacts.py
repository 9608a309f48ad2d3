"""Parents and carers in the wide sense of the Education Act 1996, section 576."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from accounts.models import School, User
from registers.models.pupils import Pupil


class Contact(models.Model):
    """One grown-up; siblings share the same row."""

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="contacts")
    name = models.CharField(max_length=150)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
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

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["pupil", "contact"], name="pupilcontact_stands_once"),
            models.CheckConstraint(condition=Q(priority__gte=1), name="pupilcontact_priority_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} of {self.pupil_id}"
