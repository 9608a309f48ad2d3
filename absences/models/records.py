"""What a school does to help a child back and to keep them in school: programmes, support, reviews."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from accounts.models import School, User
from registers.models import PartTimeTimetable, Pupil


class ReintegrationProgramme(models.Model):
    """
    The planned return of a pupil after a long absence (000:171, 002:114, 002:290).

    A part-time timetable that belongs to it stands in registers and is linked, never copied.
    """

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="reintegrations")
    pupil = models.ForeignKey(Pupil, on_delete=models.PROTECT, related_name="reintegrations")
    designated = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", help_text="who decides on it and runs it"
    )
    starts_on = models.DateField()
    circumstances = models.TextField(help_text="the absence, and what this child needs")
    support = models.TextField(blank=True, help_text="help in class and elsewhere")
    is_phased = models.BooleanField(default=False)
    timetable = models.ForeignKey(
        PartTimeTimetable, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    agreed_with = models.CharField(max_length=200, help_text="the parents, and the child where able")
    review_on = models.DateField(null=True, blank=True, help_text="the next review; none once it ended")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    ended_on = models.DateField(null=True, blank=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    outcome = models.CharField(max_length=500, blank=True)

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["pupil"],
                condition=Q(ended_on__isnull=True),
                name="reintegration_one_at_a_time",
                violation_error_message="The pupil has a programme already.",
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True, ended_by__isnull=True, outcome="", review_on__isnull=False)
                | (
                    Q(ended_on__isnull=False, ended_by__isnull=False, review_on__isnull=True) & ~Q(outcome="")
                ),
                name="reintegration_is_reviewed_until_it_ends_with_an_outcome",
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("starts_on")),
                name="reintegration_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"reintegration {self.pk}"


class ReintegrationStep(models.Model):
    """One step of a programme: what is to be reached, by when."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    programme = models.ForeignKey(ReintegrationProgramme, on_delete=models.PROTECT, related_name="steps")
    on = models.DateField()
    what = models.CharField(max_length=200)
    done_on = models.DateField(null=True, blank=True)
    done_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(done_on__isnull=True, done_by__isnull=True)
                | Q(done_on__isnull=False, done_by__isnull=False),
                name="reintegrationstep_done_by_somebody",
            )
        ]

    def __str__(self) -> str:
        return f"step {self.pk}"


class SupportKind(models.TextChoices):
    """What was offered, in the words of the five policies."""

    SCHOOL = "school", "Help in school"
    ADJUSTMENT = "adjustment", "Reasonable adjustment"
    EARLY_HELP = "early_help", "Early help"
    HEALTH = "health", "Health or mental health service"
    EBSA = "ebsa", "Emotionally based school avoidance support"
    SEND = "send", "Support for special educational needs"
    YOUNG_CARER = "young_carer", "Help for a young carer"
    FAMILY = "family", "Help for the family"
    OTHER = "other", "Something else"


class SupportAnswer(models.TextChoices):
    """What the family said."""

    ACCEPTED = "accepted", "Accepted"
    DECLINED = "declined", "Declined"
    OPEN = "open", "Not answered yet"


class SupportNote(models.Model):
    """Support that was offered to a pupil or the family, and what came of it."""

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="support_notes")
    pupil = models.ForeignKey(Pupil, on_delete=models.PROTECT, related_name="support_notes")
    kind = models.CharField(max_length=12, choices=SupportKind)
    offered = models.CharField(max_length=500, help_text="what was offered")
    offered_on = models.DateField()
    offered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    answer = models.CharField(max_length=8, choices=SupportAnswer)
    agreed_with = models.CharField(max_length=200, blank=True)
    review_on = models.DateField(null=True, blank=True)
    recorded_at = models.DateTimeField()
    ended_on = models.DateField(null=True, blank=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    outcome = models.CharField(max_length=500, blank=True)

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=SupportKind.values), name="supportnote_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(answer__in=SupportAnswer.values), name="supportnote_answer_is_known"
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True, ended_by__isnull=True, outcome="")
                | (
                    Q(ended_on__isnull=False, ended_by__isnull=False, review_on__isnull=True) & ~Q(outcome="")
                ),
                name="supportnote_ends_with_an_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"support {self.pk}"


class RecordReview(models.Model):
    """A review of a programme or of support: only ever added to."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    programme = models.ForeignKey(
        ReintegrationProgramme, on_delete=models.PROTECT, null=True, blank=True, related_name="reviews"
    )
    note = models.ForeignKey(
        SupportNote, on_delete=models.PROTECT, null=True, blank=True, related_name="reviews"
    )
    held_on = models.DateField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    words = models.CharField(max_length=1000)
    next_on = models.DateField(null=True, blank=True)

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(programme__isnull=False, note__isnull=True)
                | Q(programme__isnull=True, note__isnull=False),
                name="recordreview_is_of_one_thing",
            ),
            models.CheckConstraint(condition=~Q(words=""), name="recordreview_says_what_was_found"),
            models.CheckConstraint(
                condition=Q(next_on__isnull=True) | Q(next_on__gt=F("held_on")),
                name="recordreview_next_is_later",
            ),
        ]

    def __str__(self) -> str:
        return f"review {self.pk}"
