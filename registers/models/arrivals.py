"""
The books of the hatch: who came late, who left early and came back, who was at the gate, who may collect.

The books only grow: an entry is never changed or deleted. A correction is a new entry that replaces the old
one and says why; a withdrawal is a new entry that stands for nothing. The database refuses anything else
(migration 0005), as it does for the history of marks.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from accounts.models import School, User
from registers.models.calendar import Session
from registers.models.contacts import Contact
from registers.models.marks import Code
from registers.models.periods import ends_after_start
from registers.models.pupils import ClassGroup, Pupil


class BookEntry(models.Model):
    """What every book of the hatch says: of whom, by whom, when, and what it puts right."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    pupil = models.ForeignKey(Pupil, on_delete=models.PROTECT, related_name="%(class)ss")
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    replaces = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by"
    )
    is_withdrawal = models.BooleanField(default=False)
    correction_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        abstract = True
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(replaces__isnull=True, correction_reason="", is_withdrawal=False)
                | (Q(replaces__isnull=False) & ~Q(correction_reason="")),
                name="%(class)s_correction_has_reason",
                violation_error_message="Say why the entry is put right.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.pupil_id} {self.pk}"


class LateArrival(BookEntry):
    """
    One line of the late book: a pupil signed in at the office.

    `proposed_code` is what the school's times say of the arrival, `code` what stood in the register after the
    signing in (empty: no mark was set), `previous_*` what stood there before, so that it can be undone.
    """

    REASONS: ClassVar = [
        ("overslept", "Overslept"),
        ("transport", "Transport or traffic"),
        ("family", "Family reason"),
        ("unwell", "Unwell earlier"),
        ("appointment", "Appointment"),
        ("weather", "Weather"),
        ("other", "Other"),
        ("not_given", "Not given"),
    ]
    COMPANY: ClassVar = [
        ("parent", "Parent or carer"),
        ("sibling", "Brother or sister"),
        ("adult", "Other adult"),
        ("alone", "Alone"),
    ]

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="late_arrivals")
    arrived_at = models.TimeField()
    minutes_late = models.SmallIntegerField(help_text="after arrivals count as late; 0 when in time")
    reason = models.CharField(max_length=12, choices=REASONS)
    reason_text = models.CharField(max_length=200, blank=True)
    company = models.CharField(max_length=8, choices=COMPANY)
    company_name = models.CharField(max_length=100, blank=True)
    proposed_code = models.ForeignKey(
        Code, on_delete=models.PROTECT, db_column="proposed_code", related_name="+", db_index=False
    )
    code = models.CharField(max_length=2, blank=True)
    previous_code = models.CharField(max_length=2, blank=True)
    previous_arrived_at = models.TimeField(null=True, blank=True)
    previous_nature = models.CharField(max_length=200, blank=True)

    objects = ScopedManager(school="school")

    class Meta(BookEntry.Meta):
        abstract = False
        constraints: ClassVar = [
            *BookEntry.Meta.constraints,
            models.CheckConstraint(
                condition=Q(minutes_late__range=(0, 1440)), name="latearrival_minutes_are_of_a_day"
            ),
            models.CheckConstraint(
                condition=Q(
                    reason__in=[
                        "overslept",
                        "transport",
                        "family",
                        "unwell",
                        "appointment",
                        "weather",
                        "other",
                        "not_given",
                    ]
                ),
                name="latearrival_reason_is_known",
            ),
            models.CheckConstraint(
                condition=Q(company__in=["parent", "sibling", "adult", "alone"]),
                name="latearrival_company_is_known",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["school", "session"], name="latearrival_by_session")]


class AuthorisedCollector(models.Model):
    """
    Somebody other than a parent whom the parents let collect a child (001: sibling collection letter).

    At least 16 on the first day, or the head agreed to an exception; nobody collects before the letter signed
    by the parents is here. Only whether a grown-up is one is kept, a date of birth only of the young.
    """

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    name = models.CharField(max_length=150)
    relationship = models.CharField(max_length=40)
    phone = models.CharField(max_length=40, blank=True)
    is_adult = models.BooleanField(default=False, help_text="18 or over, as the parents or a document say")
    date_of_birth = models.DateField(null=True, blank=True)
    exception_reason = models.CharField(max_length=300, blank=True)
    exception_agreed_by = models.CharField(max_length=150, blank=True, help_text="the head who agreed")
    letter_received_on = models.DateField(null=True, blank=True, help_text="signed by the parents")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=300, blank=True)
    replaces = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="replaced_by",
        help_text="the permission that this one puts right; it ended with that",
    )

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(is_adult=True) | Q(date_of_birth__isnull=False),
                name="authorisedcollector_age_is_known",
                violation_error_message="Enter the date of birth of somebody under 18.",
            ),
            models.CheckConstraint(
                condition=Q(exception_reason="", exception_agreed_by="")
                | (~Q(exception_reason="") & ~Q(exception_agreed_by="")),
                name="authorisedcollector_exception_is_agreed",
                violation_error_message="Say why the head agreed to the exception, and who the head is.",
            ),
            ends_after_start(
                "authorisedcollector_ends_after_start",
                starts="valid_from",
                ends="valid_to",
                may_stay_open=True,
                message="The last day cannot be before the first.",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True, end_reason="")
                | (Q(ended_at__isnull=False, ended_by__isnull=False) & ~Q(end_reason="")),
                name="authorisedcollector_end_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"collector {self.pk}"


class CollectorPupil(models.Model):
    """A pupil whom an authorised collector may collect."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    collector = models.ForeignKey(AuthorisedCollector, on_delete=models.PROTECT, related_name="collected")
    pupil = models.ForeignKey(Pupil, on_delete=models.PROTECT, related_name="collectors")

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["collector", "pupil"], name="collectorpupil_stands_once")
        ]

    def __str__(self) -> str:
        return f"{self.collector_id} collects {self.pupil_id}"


class EarlyDeparture(BookEntry):
    """A pupil left before the end of the day; a mark given at registration stays (Working together 2024)."""

    REASONS: ClassVar = [
        ("medical", "Medical or dental appointment"),
        ("unwell", "Unwell, sent home"),
        ("interview", "Interview"),
        ("family", "Family emergency"),
        ("exceptional", "Other exceptional circumstances"),
        ("other", "Other"),
    ]
    PROOFS: ClassVar = [
        ("card", "Appointment card or letter"),
        ("message", "Text or e-mail"),
        ("seen_before", "Seen before, on file"),
        ("other", "Other proof"),
        ("not_needed", "Not needed"),
        ("none", "None shown"),
    ]

    on = models.DateField()
    left_at = models.TimeField()
    expected_back_at = models.TimeField(null=True, blank=True)
    reason = models.CharField(max_length=12, choices=REASONS)
    reason_text = models.CharField(max_length=200, blank=True)
    proof = models.CharField(max_length=12, choices=PROOFS)
    proof_text = models.CharField(max_length=200, blank=True)
    is_alone = models.BooleanField(default=False, help_text="nobody collected the pupil")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    collector = models.ForeignKey(
        AuthorisedCollector, on_delete=models.PROTECT, null=True, blank=True, related_name="departures"
    )
    # As it was that day: names and relationships change later.
    collected_by = models.CharField(max_length=150, blank=True)
    relationship = models.CharField(max_length=40, blank=True)
    override_reason = models.CharField(
        max_length=300, blank=True, help_text="why somebody who is not on the list collected"
    )

    objects = ScopedManager(school="school")

    class Meta(BookEntry.Meta):
        abstract = False
        constraints: ClassVar = [
            *BookEntry.Meta.constraints,
            models.CheckConstraint(
                condition=Q(
                    reason__in=["medical", "unwell", "interview", "family", "exceptional", "other"],
                    proof__in=["card", "message", "seen_before", "other", "not_needed", "none"],
                ),
                name="earlydeparture_reason_and_proof_are_known",
            ),
            models.CheckConstraint(
                condition=Q(expected_back_at__isnull=True) | Q(expected_back_at__gt=F("left_at")),
                name="earlydeparture_back_after_leaving",
                violation_error_message="The pupil cannot be back before leaving.",
            ),
            models.CheckConstraint(
                condition=Q(is_alone=True, collected_by="", contact__isnull=True, collector__isnull=True)
                | (Q(is_alone=False) & ~Q(collected_by="")),
                name="earlydeparture_says_who_collected",
            ),
            models.CheckConstraint(
                condition=Q(contact__isnull=True) | Q(collector__isnull=True),
                name="earlydeparture_one_collected",
            ),
            models.CheckConstraint(
                condition=Q(contact__isnull=False) | Q(collector__isnull=False) | ~Q(override_reason=""),
                name="earlydeparture_stranger_has_reason",
                violation_error_message="Say why the pupil left without somebody on the list.",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["school", "on"], name="earlydeparture_by_day")]


class DepartureReturn(BookEntry):
    """A pupil who left early was signed in again."""

    departure = models.ForeignKey(EarlyDeparture, on_delete=models.PROTECT, related_name="returns")
    returned_at = models.TimeField()

    objects = ScopedManager(school="school")

    class Meta(BookEntry.Meta):
        abstract = False


class LateGate(models.Model):
    """A check at the gate: who of the staff greeted the late, and when (000:196)."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    on = models.DateField()
    started_at = models.TimeField()
    staff_name = models.CharField(max_length=150)
    note = models.CharField(max_length=300, blank=True)
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    objects = ScopedManager(school="school")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["school", "on"], name="lategate_by_day")]

    def __str__(self) -> str:
        return f"{self.school_id} {self.on}"


class LateGatePupil(models.Model):
    """A pupil greeted at the gate."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    gate = models.ForeignKey(LateGate, on_delete=models.PROTECT, related_name="greeted")
    pupil = models.ForeignKey(Pupil, on_delete=models.PROTECT, related_name="gates")
    seen_at = models.TimeField()

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["gate", "pupil"], name="lategatepupil_stands_once")
        ]

    def __str__(self) -> str:
        return f"{self.pupil_id} at gate {self.gate_id}"


class GateStrike(models.Model):
    """A greeting at the gate that was struck out: it stays readable and counts no more."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    greeting = models.OneToOneField(LateGatePupil, on_delete=models.PROTECT, related_name="strike")
    reason = models.CharField(max_length=300)
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="gatestrike_has_reason",
                violation_error_message="Say why the entry is struck out.",
            )
        ]

    def __str__(self) -> str:
        return f"greeting {self.greeting_id} struck out"


class PaperRegister(models.Model):
    """A register that was marked on paper and entered afterwards: who marked it, who entered it, and when."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    class_group = models.ForeignKey(ClassGroup, on_delete=models.PROTECT, related_name="paper_registers")
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="paper_registers")
    marked_by_name = models.CharField(max_length=150)
    marked_at = models.DateTimeField()
    entered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()
    marks_count = models.SmallIntegerField(help_text="marks recorded, changed or cleared")

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(entered_at__gte=F("marked_at")),
                name="paperregister_entered_after_marking",
                violation_error_message="A register cannot be entered before it was marked.",
            ),
            models.CheckConstraint(
                condition=~Q(marked_by_name=""),
                name="paperregister_says_who_marked",
                violation_error_message="Say who marked the register on paper.",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["class_group", "session"], name="paperregister_by_session")]

    def __str__(self) -> str:
        return f"{self.class_group_id} {self.session_id}"
