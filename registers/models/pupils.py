"""The admission register: pupils, the time they are on roll, their classes and what is known of them."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from accounts.models import School, User
from registers.models.periods import ends_after_start, no_overlap


class Pupil(models.Model):
    """One child as one school knows them."""

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="pupils")
    upn = models.CharField(max_length=13, help_text="unique pupil number")
    surname = models.CharField(max_length=100)
    forename = models.CharField(max_length=100)
    date_of_birth = models.DateField()
    sex = models.CharField(max_length=1, blank=True)
    fsm = models.BooleanField(default=False, help_text="eligible for free school meals")
    sen = models.CharField(max_length=1, default="N", help_text="N none, K support, E plan")
    ehcp = models.BooleanField(default=False, help_text="education, health and care plan")
    middle_names = models.CharField(max_length=150, blank=True)
    known_as = models.CharField(max_length=100, blank=True, help_text="the forename the pupil is called by")
    home_language = models.CharField(max_length=60, blank=True)
    last_school_name = models.CharField(max_length=150, blank=True, help_text="the last school attended")
    last_school_address = models.TextField(blank=True, help_text="one line of the address on each line")

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["school", "upn"], name="pupil_upn_is_unique_in_school"),
            models.CheckConstraint(condition=Q(sen__in=["N", "K", "E"]), name="pupil_sen_is_known"),
            models.CheckConstraint(condition=Q(sex__in=["", "F", "M"]), name="pupil_sex_is_known"),
        ]
        indexes: ClassVar = [models.Index(fields=["school", "surname", "forename"], name="pupil_by_name")]

    def __str__(self) -> str:
        return f"pupil {self.pk}"

    @property
    def full_name(self) -> str:
        """Return forename and surname."""
        return f"{self.forename} {self.surname}"

    @property
    def register_name(self) -> str:
        """Return the name as registers sort it: surname first."""
        return f"{self.surname}, {self.forename}"

    @property
    def legal_name(self) -> str:
        """Return the full name of the admission register, middle names and all (SI 2024/208 reg 8)."""
        return " ".join(part for part in (self.forename, self.middle_names, self.surname) if part)


class PupilFlag(models.Model):
    """Something known of a pupil from a day to a day, under the name policies use ("significant_medical")."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    pupil = models.ForeignKey(Pupil, on_delete=models.PROTECT, related_name="flags")
    name = models.SlugField(max_length=40)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            ends_after_start(
                "pupilflag_ends_after_start", starts="starts_on", ends="ends_on", may_stay_open=True
            ),
            models.UniqueConstraint(fields=["pupil", "name", "starts_on"], name="pupilflag_stands_once"),
        ]

    def __str__(self) -> str:
        return f"{self.pupil_id} {self.name}"


class Enrolment(models.Model):
    """A pupil is on roll from a day to a last day (both included; no last day: still on roll)."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    pupil = models.ForeignKey(Pupil, on_delete=models.PROTECT, related_name="enrolments")
    starts_on = models.DateField()
    leaving_on = models.DateField(null=True, blank=True, help_text="last day on roll")

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(leaving_on__isnull=True) | Q(leaving_on__gte=F("starts_on")),
                name="enrolment_leaves_after_start",
                violation_error_message="A pupil cannot leave before joining.",
            ),
            no_overlap(
                "enrolment_once_at_a_time",
                of="pupil_id",
                starts="starts_on",
                ends="leaving_on",
                message="The pupil is on roll already on some of these days.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pupil_id} from {self.starts_on}"


class ClassGroup(models.Model):
    """A registration class of one academic year."""

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="class_groups")
    academic_year = models.SmallIntegerField()
    name = models.CharField(max_length=40)

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["school", "academic_year", "name"],
                name="classgroup_name_is_unique_in_year",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.academic_year}"


class ClassMembership(models.Model):
    """A pupil is in a class, and in a year group, from a day to a day; moves keep past registers right."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    pupil = models.ForeignKey(Pupil, on_delete=models.PROTECT, related_name="memberships")
    class_group = models.ForeignKey(ClassGroup, on_delete=models.PROTECT, related_name="memberships")
    year_group = models.CharField(max_length=3, help_text="N, R, 1 to 13")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            ends_after_start(
                "classmembership_ends_after_start", starts="starts_on", ends="ends_on", may_stay_open=True
            ),
            no_overlap(
                "classmembership_one_class_at_a_time",
                of="pupil_id",
                starts="starts_on",
                ends="ends_on",
                message="The pupil is in a class already on some of these days.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pupil_id} in {self.class_group_id}"


class ClassTeacher(models.Model):
    """A teacher takes the registers of a class from a day to a day."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    class_group = models.ForeignKey(ClassGroup, on_delete=models.PROTECT, related_name="teachers")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="classes_taught")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            ends_after_start(
                "classteacher_ends_after_start", starts="starts_on", ends="ends_on", may_stay_open=True
            ),
            models.UniqueConstraint(
                fields=["class_group", "user", "starts_on"],
                name="classteacher_stands_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} teaches {self.class_group_id}"
