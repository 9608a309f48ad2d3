"""A school's day, its calendar, and the sessions that follow from both."""

from datetime import date
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from accounts.models import School
from registers.models.periods import ends_after_start
from registers.rules.times import LONGEST_OPEN_MINUTES, SessionTimes

HALVES = [("AM", "Morning"), ("PM", "Afternoon")]
# The first day of which Rollcall keeps marks: a school's first times hold for all the past that it brings.
FIRST_DAY = date(2018, 8, 1)


class DayTimes(models.Model):
    """
    The times of one half of the school day, from a day on.

    All rows of a school with one `starts_on` make its day; it holds until the next such day. Among them the
    row of a year group and weekday wins over that of the year group, this over that of the weekday, and this
    over the row for every day and all years.
    """

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="day_times")
    half = models.CharField(max_length=2, choices=HALVES)
    weekday = models.SmallIntegerField(null=True, blank=True, help_text="0 is Monday; empty means every day")
    year_group = models.CharField(
        max_length=3, blank=True, default="", help_text="N, R, 1 to 13; empty: all years"
    )
    starts_on = models.DateField(default=FIRST_DAY)
    gates_open_at = models.TimeField(null=True, blank=True)
    entry_from = models.TimeField(null=True, blank=True, help_text="pupils may come in")
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
            models.CheckConstraint(
                condition=Q(gates_open_at__isnull=True) | Q(gates_open_at__lte=F("opens_at")),
                name="daytimes_gates_open_first",
                violation_error_message="The gates open before the register.",
            ),
            models.CheckConstraint(
                condition=Q(entry_from__isnull=True) | Q(entry_from__lte=F("opens_at")),
                name="daytimes_entry_comes_first",
                violation_error_message="Pupils come in before the register opens.",
            ),
            models.UniqueConstraint(
                fields=["school", "starts_on", "half", "weekday", "year_group"],
                nulls_distinct=False,
                name="daytimes_are_set_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.school_id} {self.starts_on} {self.half} {self.weekday} {self.year_group}"

    def as_rule(self) -> SessionTimes:
        """Return the times as the pure rules take them."""
        return SessionTimes(self.half, self.opens_at, self.late_after, self.closes_at, self.day_ends_at)


assert LONGEST_OPEN_MINUTES == 30  # noqa: S101 - the migration's check constraint repeats this number


class CalendarPeriod(models.Model):
    """
    A half term, a planned closure (#) or an emergency closure (Y4), first to last day, both included.

    A closure may begin with an afternoon and end with a morning. Marks that stood where the school then
    closed were removed with a reason: `cleared_from` to `cleared_to` are the batches of the history that did
    it, so that they stand again when the closure is undone.
    """

    KINDS: ClassVar = [
        ("half_term", "Half term"),
        ("closure", "Planned closure (#)"),
        ("emergency_closure", "Emergency closure (Y4)"),
    ]

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="calendar_periods")
    kind = models.CharField(max_length=20, choices=KINDS)
    name = models.CharField(max_length=60)
    first_day = models.DateField()
    first_half = models.CharField(max_length=2, choices=HALVES, default="AM")
    last_day = models.DateField()
    last_half = models.CharField(max_length=2, choices=HALVES, default="PM")
    cleared_from = models.BigIntegerField(null=True, blank=True)
    cleared_to = models.BigIntegerField(null=True, blank=True)

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=["half_term", "closure", "emergency_closure"]),
                name="calendarperiod_kind_is_known",
            ),
            ends_after_start("calendarperiod_ends_after_start", starts="first_day", ends="last_day"),
            models.CheckConstraint(
                condition=Q(first_half__in=["AM", "PM"], last_half__in=["AM", "PM"])
                & (~Q(kind="half_term") | Q(first_half="AM", last_half="PM")),
                name="calendarperiod_halves_are_known",
            ),
            models.CheckConstraint(
                condition=Q(last_day__gt=F("first_day")) | Q(last_half__gte=F("first_half")),
                name="calendarperiod_ends_after_first_half",
            ),
            models.CheckConstraint(
                condition=Q(cleared_from__isnull=True, cleared_to__isnull=True)
                | Q(cleared_from__isnull=False, cleared_to__gte=F("cleared_from")),
                name="calendarperiod_cleared_is_a_span",
            ),
            models.UniqueConstraint(
                fields=["school", "kind", "first_day", "first_half", "last_day", "last_half"],
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


class YearGroupTimes(models.Model):
    """The times of one session for a year group whose registers keep other times than the school's."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="year_group_times")
    year_group = models.CharField(max_length=3)
    opens_at = models.DateTimeField()
    late_after_at = models.DateTimeField()
    closes_at = models.DateTimeField()

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(late_after_at__gte=F("opens_at")) & Q(closes_at__gte=F("late_after_at")),
                name="yeargrouptimes_are_in_order",
            ),
            models.UniqueConstraint(fields=["session", "year_group"], name="yeargrouptimes_stand_once"),
        ]

    def __str__(self) -> str:
        return f"{self.session_id} {self.year_group}"
