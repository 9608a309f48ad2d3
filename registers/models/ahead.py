"""
What is known of pupils' sessions before a register is taken: trips and planned absences, and weekly patterns.

None of this is a mark. A register opens with it, and takes it as the mark when it closes with the pupil not
marked (view `registers_expectation`).
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from accounts.models import School, User
from registers.models.calendar import HALVES
from registers.models.marks import Code
from registers.models.periods import ends_after_start
from registers.models.pupils import Pupil


class KnownAhead(models.Model):
    """A trip, an activity or an absence of one or more pupils, from a session to a session."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    name = models.CharField(max_length=100, help_text="what it is, as registers show it")
    code = models.ForeignKey(Code, on_delete=models.PROTECT, db_column="code")
    nature = models.CharField(max_length=200, blank=True)
    leader = models.CharField(max_length=150, blank=True, help_text="who supervises it")
    first_day = models.DateField()
    first_half = models.CharField(max_length=2, choices=HALVES, default="AM")
    last_day = models.DateField()
    last_half = models.CharField(max_length=2, choices=HALVES, default="PM")
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    withdrawn_why = models.CharField(max_length=300, blank=True)

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            # AM sorts before PM, so that pairs of day and half compare as sessions do.
            models.CheckConstraint(
                condition=Q(last_day__gt=F("first_day"))
                | Q(last_day=F("first_day"), last_half__gte=F("first_half")),
                name="knownahead_ends_after_start",
                violation_error_message="The last session cannot be before the first.",
            ),
            models.CheckConstraint(
                condition=Q(first_half__in=["AM", "PM"], last_half__in=["AM", "PM"]),
                name="knownahead_halves_are_known",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="knownahead_withdrawn_by_somebody",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["school", "last_day"], name="knownahead_by_last_day")]

    def __str__(self) -> str:
        return f"{self.school_id} {self.code_id} from {self.first_day}"


class KnownAheadPupil(models.Model):
    """A pupil who takes part."""

    known_ahead = models.ForeignKey(KnownAhead, on_delete=models.CASCADE, related_name="taking_part")
    pupil = models.ForeignKey(Pupil, on_delete=models.PROTECT, related_name="known_ahead")

    objects = ScopedManager(school="known_ahead__school")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["known_ahead", "pupil"], name="knownaheadpupil_stands_once")
        ]

    def __str__(self) -> str:
        return f"{self.pupil_id} in {self.known_ahead_id}"


class WeeklyPattern(models.Model):
    """
    A code that a pupil has in the same sessions of every week, from a day to a day or until it is ended.

    Nursery and Reception sessions (X), the other school of a pupil registered at two (D, with its name as
    nature), a recurring appointment (M), provision elsewhere (B, K). Part-time timetables (C2) are agreements
    of their own: see `PartTimeTimetable`.
    """

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    pupil = models.ForeignKey(Pupil, on_delete=models.PROTECT, related_name="weekly_patterns")
    code = models.ForeignKey(Code, on_delete=models.PROTECT, db_column="code")
    name = models.CharField(max_length=100, help_text="why, as registers show it")
    nature = models.CharField(max_length=200, blank=True)
    first_day = models.DateField()
    last_day = models.DateField(null=True, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            ends_after_start(
                "weeklypattern_ends_after_start", starts="first_day", ends="last_day", may_stay_open=True
            ),
            models.CheckConstraint(condition=~Q(code="C2"), name="weeklypattern_is_no_part_time_timetable"),
            models.CheckConstraint(
                condition=~Q(code="D") | ~Q(nature=""),
                name="weeklypattern_names_the_other_school",
                violation_error_message="Say at which other school the pupil is registered.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pupil_id} {self.code_id} from {self.first_day}"


class PatternSession(models.Model):
    """A session of the week that the pattern speaks of."""

    pattern = models.ForeignKey(WeeklyPattern, on_delete=models.CASCADE, related_name="sessions")
    weekday = models.SmallIntegerField(help_text="0 is Monday")
    half = models.CharField(max_length=2, choices=HALVES)

    objects = ScopedManager(school="pattern__school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(weekday__range=(0, 4)), name="patternsession_weekday_is_known"
            ),
            models.CheckConstraint(condition=Q(half__in=["AM", "PM"]), name="patternsession_half_is_known"),
            models.UniqueConstraint(fields=["pattern", "weekday", "half"], name="patternsession_stands_once"),
        ]

    def __str__(self) -> str:
        return f"{self.pattern_id} {self.weekday} {self.half}"
