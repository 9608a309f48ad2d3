"""
Marks and their history.

A mark is one row for a pupil and a session, in a table partitioned by academic year. The database itself
judges
every change in triggers (see the migration `marks_and_history`): a code that cannot stand there, a pupil off
roll, a
session not held, or a change without author and reason is refused whoever asks. Every change leaves an entry;
the
entries of one statement make a batch; the batches of a school make a chain of SHA-256 digests.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from accounts.models import School, User
from registers.models.calendar import Session
from registers.models.pupils import ClassGroup, Pupil


class Code(models.Model):
    """A national code as the database's own checks need it; written from rules/codes.py at every migrate."""

    symbol = models.CharField(max_length=2, primary_key=True)
    name = models.CharField(max_length=80)
    group = models.CharField(max_length=20)
    statistical_class = models.CharField(max_length=2)
    half = models.CharField(max_length=2, blank=True)
    is_late = models.BooleanField(default=False)
    nature_required = models.BooleanField(default=False)
    age_rule = models.CharField(max_length=14, blank=True)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    is_mark = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(statistical_class__in=["P", "A", "AU", "UN", "NP"]),
                name="code_class_is_known",
            )
        ]

    def __str__(self) -> str:
        return self.symbol


class Register(models.Model):
    """The register of one class for one session, once somebody has begun to take it."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    class_group = models.ForeignKey(ClassGroup, on_delete=models.PROTECT, related_name="registers")
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="registers")
    taken_at = models.DateTimeField(help_text="first saved")
    taken_by = models.ForeignKey(User, on_delete=models.PROTECT)
    saved_at = models.DateTimeField(help_text="last saved")

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["class_group", "session"], name="register_stands_once")
        ]

    def __str__(self) -> str:
        return f"{self.class_group_id} {self.session_id}"


class Mark(models.Model):
    """The current mark of a pupil in a session."""

    SOURCES: ClassVar = [
        ("register", "Taken in the register"),
        ("office", "Entered by the office"),
        ("import", "Imported"),
        ("system", "Set by Rollcall"),
        ("ahead", "Known ahead"),
    ]

    # No foreign keys of the database on school, code and author: the statement trigger judges them set-
    # wise, which costs a bulk load a tenth of the checks of each row.
    pk = models.CompositePrimaryKey("academic_year", "pupil_id", "session_id")
    academic_year = models.SmallIntegerField()
    pupil = models.ForeignKey(Pupil, on_delete=models.PROTECT, related_name="marks")
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="marks")
    school = models.ForeignKey(School, on_delete=models.PROTECT, db_index=False, db_constraint=False)
    code = models.ForeignKey(
        Code,
        on_delete=models.PROTECT,
        db_column="code",
        db_index=False,
        db_constraint=False,
    )
    arrived_at = models.TimeField(null=True, blank=True)
    nature = models.CharField(max_length=200, blank=True, default="")
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, db_index=False, db_constraint=False)
    source = models.CharField(max_length=8, choices=SOURCES)

    objects = ScopedManager(school="school")

    def __str__(self) -> str:
        return f"{self.pupil_id} {self.session_id} {self.code_id}"


class HistoryHead(models.Model):
    """The last link of a school's chain; the row is locked while a batch is added."""

    school = models.OneToOneField(School, on_delete=models.PROTECT, primary_key=True)
    number = models.BigIntegerField(default=0)
    digest = models.BinaryField(default=bytes)

    objects = ScopedManager(school="school")

    def __str__(self) -> str:
        return f"{self.school_id} {self.number}"


class EntryBatch(models.Model):
    """All changes of one statement at one school: who, when, why, and a link of the chain. Append-only."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    number = models.BigIntegerField()
    by = models.ForeignKey(User, on_delete=models.PROTECT)
    by_name = models.CharField(max_length=150)
    by_position = models.CharField(max_length=80, blank=True)
    at = models.DateTimeField(help_text="when the person did it")
    written_at = models.DateTimeField(help_text="when the database wrote it")
    reason = models.TextField(blank=True)
    entries_count = models.IntegerField()
    entries_digest = models.BinaryField()
    previous_digest = models.BinaryField()
    digest = models.BinaryField()

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["school", "number"], name="entrybatch_number_is_unique")
        ]

    def __str__(self) -> str:
        return f"{self.school_id} {self.number}"


class MarkEntry(models.Model):
    """One change of one mark: what stood there, what stands there now (empty: no mark). Append-only."""

    pk = models.CompositePrimaryKey("academic_year", "batch_id", "pupil_id", "session_id")
    academic_year = models.SmallIntegerField()
    batch = models.ForeignKey(
        EntryBatch,
        on_delete=models.PROTECT,
        related_name="entries",
        db_constraint=False,
    )
    pupil = models.ForeignKey(
        Pupil,
        on_delete=models.PROTECT,
        related_name="mark_entries",
        db_constraint=False,
    )
    session = models.ForeignKey(
        Session,
        on_delete=models.PROTECT,
        related_name="mark_entries",
        db_constraint=False,
    )
    old_code = models.CharField(max_length=2, null=True)  # noqa: DJ001 - null: there was no mark
    old_arrived_at = models.TimeField(null=True)
    old_nature = models.CharField(max_length=200, null=True)  # noqa: DJ001 - null: there was no mark
    new_code = models.CharField(max_length=2, null=True)  # noqa: DJ001 - null: the mark was cleared
    new_arrived_at = models.TimeField(null=True)
    new_nature = models.CharField(max_length=200, null=True)  # noqa: DJ001 - null: the mark was cleared

    objects = ScopedManager(school="batch__school")

    def __str__(self) -> str:
        return f"{self.batch_id} {self.pupil_id} {self.session_id}"
