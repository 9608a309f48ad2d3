"""Leave of absence: what a parent asks for, what the head decides, and what came of it."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from absences.models.reports import Report
from accounts.models import School, User
from registers.models import Contact, KnownAhead, Pupil
from registers.models.calendar import HALVES


class LeaveChannel(models.TextChoices):
    """How a request reached the school."""

    ONLINE = "online", "Online"
    PAPER = "paper", "On paper"
    EMAIL = "email", "E-mail"
    IN_PERSON = "in_person", "In person"
    PHONE = "phone", "Telephone"


class LeaveState(models.TextChoices):
    """Where a request stands; none is ever deleted."""

    WAITING = "waiting", "Waiting for the headteacher"
    GRANTED = "granted", "Agreed"
    PARTLY = "partly", "Agreed in part"
    REFUSED = "refused", "Not agreed"
    WITHDRAWN = "withdrawn", "Withdrawn"
    NOT_AN_APPLICATION = "not_an_application", "Not taken as a request"


class LeaveRequest(models.Model):
    """
    Leave of one child as one grown-up asked for it on the school's form (003:273-311), from a session to a
    session (both included).

    Children asked for together share `submission`, at one school or several. `version` goes up with every
    change, so that two people who decide one request find out.
    """

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="leave_requests")
    pupil = models.ForeignKey(Pupil, on_delete=models.PROTECT, related_name="leave_requests")
    submission = models.UUIDField(help_text="one key for what was sent in one go")
    reference = models.CharField(max_length=12, help_text="what the parent may quote")
    channel = models.CharField(max_length=9, choices=LeaveChannel)
    applicant = models.ForeignKey(
        Contact, on_delete=models.PROTECT, null=True, blank=True, related_name="leave_requests"
    )
    asked_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", help_text="who sent or entered it"
    )
    asked_at = models.DateTimeField(help_text="when the school got it")
    recorded_at = models.DateTimeField()
    kind = models.SlugField(max_length=20, help_text="a key of absences.rules.leave")
    first_day = models.DateField()
    first_half = models.CharField(max_length=2, choices=HALVES, default="AM")
    last_day = models.DateField()
    last_half = models.CharField(max_length=2, choices=HALVES, default="PM")
    return_on = models.DateField()
    sessions = models.SmallIntegerField(help_text="half days of school missed, counted in the calendar")
    reasons = models.TextField(help_text="why it is exceptional, in the applicant's words")
    detail = models.CharField(
        max_length=200, blank=True, help_text="religious body, licence, school of the interview or regiment"
    )
    class_name = models.CharField(max_length=40, blank=True, help_text="the class when it was asked for")
    home_address = models.TextField(blank=True, help_text="the applicant's own, as confirmed or corrected")
    home_address_confirmed = models.BooleanField(default=False)
    other_adults = models.CharField(max_length=300, blank=True, help_text="others who go, as written")
    understood_penalty = models.BooleanField(default=False)
    signed_name = models.CharField(max_length=150)
    signed_on = models.DateField()
    notice_days = models.SmallIntegerField(help_text="days from asking to the first day; negative when late")
    notice_met = models.BooleanField(null=True, help_text="null where the policy sets no time")
    applicant_ok = models.BooleanField(default=True, help_text="somebody who may ask by the policy")
    applicant_why = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=20, choices=LeaveState, default=LeaveState.WAITING)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decision_note = models.TextField(blank=True, help_text="what was weighed and why it is decided so")
    told = models.TextField(blank=True, help_text="why it is not agreed, as the family is told")
    weighed = models.JSONField(default=list, blank=True, help_text="points of the policy's test found met")
    withdrawn_why = models.CharField(max_length=300, blank=True)
    version = models.IntegerField(default=1)

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["school", "reference"], name="leaverequest_reference_is_its_own"),
            models.UniqueConstraint(fields=["submission", "pupil"], name="leaverequest_is_sent_once"),
            models.CheckConstraint(
                condition=Q(channel__in=LeaveChannel.values), name="leaverequest_channel_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=LeaveState.values), name="leaverequest_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(last_day__gt=F("first_day"))
                | Q(last_day=F("first_day"), last_half__gte=F("first_half")),
                name="leaverequest_ends_after_start",
                violation_error_message="The last session cannot be before the first.",
            ),
            models.CheckConstraint(
                condition=Q(first_half__in=["AM", "PM"], last_half__in=["AM", "PM"]),
                name="leaverequest_halves_are_known",
            ),
            models.CheckConstraint(
                condition=Q(return_on__gte=F("last_day")), name="leaverequest_return_is_not_before_the_end"
            ),
            models.CheckConstraint(condition=Q(sessions__gte=1), name="leaverequest_misses_school"),
            models.CheckConstraint(
                condition=~Q(state__in=["granted", "partly", "refused"])
                | (Q(decided_at__isnull=False, decided_by__isnull=False) & ~Q(decision_note="")),
                name="leaverequest_decision_has_author_and_reasons",
                violation_error_message="Say what was weighed and why it is decided so.",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["partly", "refused"]) | ~Q(told=""),
                name="leaverequest_refusal_says_why",
                violation_error_message="Say why it is not agreed.",
            ),
            models.CheckConstraint(
                condition=Q(applicant_ok=True) | ~Q(applicant_why=""),
                name="leaverequest_wrong_applicant_says_why",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["pupil", "-first_day"], name="leaverequest_by_pupil"),
            models.Index(fields=["school", "last_day", "first_day"], name="leaverequest_by_day"),
            models.Index(
                fields=["school", "first_day"], condition=Q(state="waiting"), name="leaverequest_waiting"
            ),
        ]

    def __str__(self) -> str:
        return f"leave {self.reference}"


class LeaveTraveller(models.Model):
    """A contact of the child who goes along, and so allows the absence (000:242, 001:232, 004:194)."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    request = models.ForeignKey(LeaveRequest, on_delete=models.PROTECT, related_name="travellers")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="+")

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "contact"], name="leavetraveller_goes_once")
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} on {self.request_id}"


class LeavePart(models.Model):
    """Some sessions of a request, as they were decided: a code for those granted, none for those refused."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    request = models.ForeignKey(LeaveRequest, on_delete=models.PROTECT, related_name="parts")
    is_granted = models.BooleanField()
    code = models.CharField(max_length=2, blank=True)
    first_day = models.DateField()
    first_half = models.CharField(max_length=2, choices=HALVES)
    last_day = models.DateField()
    last_half = models.CharField(max_length=2, choices=HALVES)
    known_ahead = models.ForeignKey(
        KnownAhead,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="what registers open with because of it",
    )

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(is_granted=True, code__in=["C", "C1", "J1", "S", "R"], known_ahead__isnull=False)
                | Q(is_granted=False, code="", known_ahead__isnull=True),
                name="leavepart_granted_has_a_code_of_leave",
            ),
            models.CheckConstraint(
                condition=Q(last_day__gt=F("first_day"))
                | Q(last_day=F("first_day"), last_half__gte=F("first_half")),
                name="leavepart_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code or 'refused'} of {self.request_id}"


class LeaveNote(models.Model):
    """Whom the school asked about a request and what was said: only ever added to."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    request = models.ForeignKey(LeaveRequest, on_delete=models.PROTECT, related_name="notes")
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    consulted = models.CharField(max_length=20, help_text="a key of absences.rules.leave.CONSULTED")
    words = models.CharField(max_length=1000)

    objects = ScopedManager(school="school")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["request", "at", "id"], name="leavenote_in_order")]

    def __str__(self) -> str:
        return f"note of {self.request_id}"


class LeaveOutcome(models.Model):
    """
    Whether a child went although leave was not agreed or not asked for, as a person found.

    It rests on a request, or on a report of a holiday for which nobody asked leave.
    """

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    pupil = models.ForeignKey(Pupil, on_delete=models.PROTECT, related_name="leave_outcomes")
    request = models.ForeignKey(
        LeaveRequest, on_delete=models.PROTECT, null=True, blank=True, related_name="outcomes"
    )
    report = models.ForeignKey(
        Report, on_delete=models.PROTECT, null=True, blank=True, related_name="leave_outcomes"
    )
    went = models.BooleanField(help_text="false: away for another reason, or not at all")
    code = models.CharField(max_length=2, blank=True, help_text="G or O, where they went")
    sessions = models.SmallIntegerField(default=0, help_text="sessions missed in the time")
    amended = models.SmallIntegerField(default=0, help_text="marks that were changed")
    note = models.CharField(max_length=500)
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(request__isnull=False, report__isnull=True)
                | Q(request__isnull=True, report__isnull=False),
                name="leaveoutcome_rests_on_one_thing",
            ),
            models.UniqueConstraint(fields=["request"], name="leaveoutcome_once_for_a_request"),
            models.UniqueConstraint(fields=["report", "pupil"], name="leaveoutcome_once_for_a_report"),
            models.CheckConstraint(
                condition=Q(went=True, code__in=["G", "O"]) | Q(went=False, code=""),
                name="leaveoutcome_code_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(note=""),
                name="leaveoutcome_says_how_it_is_known",
                violation_error_message="Say how you know.",
            ),
        ]

    def __str__(self) -> str:
        return f"outcome of {self.request_id or self.report_id}"


class LeaveLiable(models.Model):
    """A parent believed to have allowed an absence without leave (000:242, 001:232, 004:194)."""

    school = models.ForeignKey(School, on_delete=models.PROTECT)
    outcome = models.ForeignKey(LeaveOutcome, on_delete=models.PROTECT, related_name="liable")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="+")

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["outcome", "contact"], name="leaveliable_is_named_once")
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} for {self.outcome_id}"


class LeaveDesignate(models.Model):
    """Somebody who may decide leave in the head's place from a day to a day, both included (000:242)."""

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="leave_designates")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    first_day = models.DateField()
    last_day = models.DateField()
    named_at = models.DateTimeField()
    named_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = ScopedManager(school="school")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")),
                name="leavedesignate_ends_after_start",
                violation_error_message="The last day cannot be before the first day.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} from {self.first_day}"
