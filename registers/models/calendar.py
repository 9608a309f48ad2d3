"""A school's day, its calendar, and the sessions that follow from both."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from accounts.models import School
from registers.rules.times import LONGEST_OPEN_MINUTES, SessionTimes

HALVES = [("AM", "Morning"), ("PM", "Afternoon")]


class DayTimes(models.Model):
    """The times of one half of the school day; a row with a weekday wins over the row for every day."""

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="day_times")
    half = models.CharField(max_length=2, choices=HALVES)
    weekday = models.SmallIntegerField(null=True, blank=True, help_text="0 is Monday; empty means every day")
    opens_at = models.TimeField()
    late_after = models.TimeField()
    closes_at = models.TimeField()
    day_ends_at = models.TimeField(null=True, blank=True)

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(half__in=["AM", "PM"]), name="daytimes_half_is_known"),
            models.CheckConstraint(
                condition=Q(weekday__isnull=True) | Q(weekday__range=(0, 6)),
                name="daytimes_weekday_is_known",
            ),
            models.CheckConstraint(
                condition=Q(late_after__gte=F("opens_at")) & Q(closes_at__gte=F("late_after")),
                name="daytimes_are_in_order",
                violation_error_message="The register opens, then arrivals are late, then it closes.",
            ),
            models.CheckConstraint(
                condition=Q(day_ends_at__isnull=True) | Q(closes_at__lt=F("day_ends_at")),
                name="daytimes_close_before_day_ends",
                violation_error_message="The register must close before the day ends.",
            ),
            models.UniqueConstraint(
                fields=["school", "half", "weekday"],
                nulls_distinct=False,
                name="daytimes_are_set_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.school_id} {self.half} {self.weekday}"

    def as_rule(self) -> SessionTimes:
        """Return the times as the pure rules take them."""
        return SessionTimes(self.half, self.opens_at, self.late_after, self.closes_at, self.day_ends_at)


assert LONGEST_OPEN_MINUTES == 30  # noqa: S101 - the migration's check constraint repeats this number


class CalendarPeriod(models.Model):
    """A half term, a planned closure (#) or an emergency closure (Y4), first to last day."""

    KINDS: ClassVar = [
        ("half_term", "Half term"),
        ("closure", "Planned closure (#)"),
        ("emergency_closure", "Emergency closure (Y4)"),
    ]

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="calendar_periods")
    kind = models.CharField(max_length=20, choices=KINDS)
    name = models.CharField(max_length=60)
    first_day = models.DateField()
    last_day = models.DateField()

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=["half_term", "closure", "emergency_closure"]),
                name="calendarperiod_kind_is_known",
            ),
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")),
                name="calendarperiod_ends_after_start",
            ),
            models.UniqueConstraint(
                fields=["school", "kind", "first_day", "last_day"],
                name="calendarperiod_stands_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.school_id} {self.kind} {self.first_day}"


class Session(models.Model):
    """
    Half a school day of one school.

    `number` counts the sessions held over all years and `school_week` the weeks with at least one session
    held, so
    that runs of absence and windows of ten school weeks are integer arithmetic over holidays and years.
    Closed (#)
    and cancelled (Y4) sessions have neither and carry no mark.
    """

    STATUSES: ClassVar = [
        ("held", "Held"),
        ("closed", "Planned closure (#)"),
        ("cancelled", "Emergency closure (Y4)"),
    ]

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="sessions")
    on = models.DateField()
    half = models.CharField(max_length=2, choices=HALVES)
    academic_year = models.SmallIntegerField(help_text="2025 is 2025/26")
    half_term = models.CharField(max_length=60)
    term = models.CharField(max_length=6)
    status = models.CharField(max_length=9, choices=STATUSES, default="held")
    number = models.IntegerField(null=True, blank=True)
    school_week = models.IntegerField(null=True, blank=True)
    opens_at = models.DateTimeField()
    late_after_at = models.DateTimeField()
    closes_at = models.DateTimeField()

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(half__in=["AM", "PM"]), name="session_half_is_known"),
            models.CheckConstraint(
                condition=Q(status__in=["held", "closed", "cancelled"]),
                name="session_status_is_known",
            ),
            models.CheckConstraint(
                condition=Q(term__in=["autumn", "spring", "summer"]),
                name="session_term_is_known",
            ),
            models.CheckConstraint(
                condition=Q(status="held") | Q(number__isnull=True, school_week__isnull=True),
                name="session_only_held_is_numbered",
            ),
            models.UniqueConstraint(fields=["school", "on", "half"], name="session_stands_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["school", "academic_year", "number"], name="session_by_year"),
            models.Index(fields=["school", "school_week"], name="session_by_week"),
        ]

    def __str__(self) -> str:
        return f"{self.school_id} {self.on} {self.half}"

    @property
    def is_held(self) -> bool:
        """Say whether the school was open for this session."""
        return self.status == "held"
