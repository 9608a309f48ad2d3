"""How pupils came on roll and how they left it, the yearly move up, and marks of schools they came from."""

from datetime import date, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from accounts.models import School, User
from registers.models.calendar import HALVES
from registers.models.marks import Code
from registers.models.pupils import Enrolment, Pupil
from registers.rules.leaving_grounds import GROUNDS

RETURN_DAYS = 5  # SI 2024/208 reg 13(1): by the end of the fifth day after the name is entered


class Joining(models.Model):
    """What was entered with a pupil's name: the school before, and the new pupil return (SI 2024/208)."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    enrolment = models.OneToOneField(Enrolment, on_delete=models.PROTECT, related_name="joining")
    entered_on = models.DateField(help_text="the day on which the name was entered")
    previous_school_name = models.CharField(max_length=120, blank=True)
    previous_school_address = models.TextField(blank=True)
    previous_first_day = models.DateField(null=True, blank=True)
    previous_last_day = models.DateField(null=True, blank=True)
    return_needed = models.BooleanField(help_text="false for the intake of the most junior class, reg 13(2)")
    return_sent_on = models.DateField(null=True, blank=True)
    return_sent_to = models.CharField(max_length=120, blank=True)
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(previous_first_day__isnull=True)
                | Q(previous_last_day__isnull=True)
                | Q(previous_last_day__gte=F("previous_first_day")),
                name="joining_previous_school_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(return_sent_on__isnull=True, return_sent_to="")
                | (Q(return_sent_on__isnull=False) & ~Q(return_sent_to="")),
                name="joining_return_has_day_and_place",
            ),
        ]

    def __str__(self) -> str:
        return f"joining {self.enrolment_id}"

    @property
    def return_due_on(self) -> date:
        """Return the last day for the new pupil return (SI 2024/208 reg 13(1))."""
        return self.entered_on + timedelta(days=RETURN_DAYS)

    @property
    def is_return_owed(self) -> bool:
        """Say whether the new pupil return is still to be made."""
        return self.return_needed and self.return_sent_on is None


class Departure(models.Model):
    """
    Why and where to a pupil leaves: the lawful ground, what was confirmed, the leaver's fields, the return.

    `memberships_before` keeps the class memberships as they stood, so that a planned leaving can be undone.
    """

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="departures")
    leaving_on = models.DateField(help_text="last day on roll")
    ground = models.CharField(max_length=6, help_text="a to o of SI 2024/208 reg 9(1), or 3a to 3e of 9(3)")
    is_exempt = models.BooleanField(default=False, help_text="at the normal end of the school's final year")
    confirmations = models.JSONField(default=list, help_text="the conditions that a person confirmed")
    decider = models.CharField(max_length=120, blank=True, help_text="who decided, with post (GEN-23)")
    notice_on = models.DateField(null=True, blank=True, help_text="day of the parent's written notice")
    class_name = models.CharField(max_length=40, blank=True)
    current_address = models.TextField(blank=True)
    new_address = models.TextField(blank=True)
    new_address_from = models.DateField(null=True, blank=True)
    new_school_name = models.CharField(max_length=120, blank=True)
    new_school_address = models.TextField(blank=True)
    new_school_from = models.DateField(null=True, blank=True)
    return_sent_on = models.DateField(null=True, blank=True)
    return_sent_to = models.CharField(max_length=120, blank=True)
    memberships_before = models.JSONField(default=list)
    recorded_on = models.DateField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    cancelled_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_because = models.CharField(max_length=300, blank=True)

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["enrolment"], condition=Q(cancelled_at__isnull=True), name="departure_stands_once"
            ),
            models.CheckConstraint(
                condition=Q(leaving_on__gte=F("recorded_on")),
                name="departure_is_never_retrospective",
                violation_error_message="A name cannot be deleted from a day in the past.",
            ),
            models.CheckConstraint(
                condition=Q(ground__in=[ground.key for ground in GROUNDS]), name="departure_ground_is_lawful"
            ),
            models.CheckConstraint(
                condition=Q(return_sent_on__isnull=True, return_sent_to="")
                | (Q(return_sent_on__isnull=False) & ~Q(return_sent_to="")),
                name="departure_return_has_day_and_place",
            ),
            models.CheckConstraint(
                condition=Q(is_exempt=True) | Q(return_sent_on__lte=F("leaving_on")),
                name="departure_has_return_in_time",
                violation_error_message="The deletion return goes before the removal or with it.",
            ),
            models.CheckConstraint(
                condition=Q(is_exempt=True) | Q(return_sent_on__isnull=False),
                name="departure_has_return",
            ),
            models.CheckConstraint(
                condition=Q(cancelled_at__isnull=True, cancelled_by__isnull=True)
                | Q(cancelled_at__isnull=False, cancelled_by__isnull=False),
                name="departure_cancelled_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"departure {self.enrolment_id}"


class Enquiry(models.Model):
    """One enquiry after a pupil who does not come: who asked whom, with the authority or alone, what came."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="enquiries")
    on = models.DateField()
    made_by = models.CharField(max_length=120, help_text="who enquired, with post")
    with_authority = models.BooleanField(default=False, help_text="jointly with the local authority")
    asked = models.CharField(max_length=300, help_text="what was done, or who was asked")
    result = models.CharField(max_length=300)
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(made_by="") & ~Q(asked="") & ~Q(result=""), name="enquiry_says_everything"
            )
        ]
        verbose_name_plural = "enquiries"

    def __str__(self) -> str:
        return f"enquiry {self.pk}"


class RollOver(models.Model):
    """The move of a whole school into its next academic year, done once for each year."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    to_year = models.SmallIntegerField(help_text="the academic year moved into: 2026 is 2026/27")
    moved = models.IntegerField(help_text="pupils who went up a year")
    kept = models.IntegerField(help_text="pupils who stay in their year")
    leaving = models.IntegerField(help_text="pupils whose leaving was planned")
    done_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    done_at = models.DateTimeField()

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["school", "to_year"], name="rollover_happens_once")
        ]

    def __str__(self) -> str:
        return f"{self.school_id} into {self.to_year}"


class PreviousMark(models.Model):
    """
    A mark that another school made before the pupil came: it counts towards the penalty threshold only.

    It stands apart from `Mark`, so that no figure of this school can count it.
    """

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    pupil = models.ForeignKey(Pupil, on_delete=models.PROTECT, related_name="previous_marks")
    on = models.DateField()
    half = models.CharField(max_length=2, choices=HALVES)
    code = models.ForeignKey(Code, on_delete=models.PROTECT, db_column="code", related_name="+")
    source_school = models.CharField(max_length=120, help_text="the school that made the mark")
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["pupil", "on", "half"], name="previousmark_stands_once"),
            models.CheckConstraint(condition=Q(half__in=["AM", "PM"]), name="previousmark_half_is_known"),
            models.CheckConstraint(condition=~Q(source_school=""), name="previousmark_has_source"),
        ]
        indexes: ClassVar = [models.Index(fields=["school", "on"], name="previousmark_by_day")]

    def __str__(self) -> str:
        return f"previous mark of {self.pupil_id} on {self.on}"
