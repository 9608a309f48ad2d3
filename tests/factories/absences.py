"""What parents and callers say of absences."""

from datetime import date, time
from uuid import uuid4

from factory.declarations import LazyFunction, SelfAttribute, Sequence, SubFactory

from absences.models import Channel, Report, ReportEvent, SchoolTerms, Task, TaskKind
from tests.factories.accounts import SchoolFactory, UserFactory
from tests.factories.base import RowFactory
from tests.factories.registers import PupilFactory, london

TOLD_AT = london(date(2025, 9, 9), time(8, 20))


class ReportFactory(RowFactory[Report]):
    """Illness on Tuesday 9 September 2025, told online at 8:20 that morning."""

    class Meta:
        model = Report

    pupil = SubFactory(PupilFactory)
    school = SelfAttribute("pupil.school")
    submission = LazyFunction(uuid4)
    reference = Sequence(lambda number: f"R{number:05}")
    channel = Channel.ONLINE
    received_at = TOLD_AT
    recorded_at = TOLD_AT
    recorded_by = SubFactory(UserFactory)
    in_time = True
    first_day = date(2025, 9, 9)
    last_day = date(2025, 9, 9)
    reason = "illness"
    code = "I"


class TaskFactory(RowFactory[Task]):
    """A guardian did not know of the absence of Tuesday 9 September 2025."""

    class Meta:
        model = Task

    pupil = SubFactory(PupilFactory)
    school = SelfAttribute("pupil.school")
    kind = TaskKind.SAFEGUARDING
    cause = "absence:2025-09-09"
    what = "Find out where the child is: the guardian did not know of the absence."
    raised_at = TOLD_AT


class SchoolTermsFactory(RowFactory[SchoolTerms]):
    """Terms in force since 1 September 2025; `data` is the caller's, and says nothing otherwise."""

    class Meta:
        model = SchoolTerms

    school = SubFactory(SchoolFactory)
    in_force_from = date(2025, 9, 1)
    policy_number = 1
    data = "{}"
    adopted_at = london(date(2025, 9, 1), time(8, 0))


class ReportEventFactory(RowFactory[ReportEvent]):
    """The report arrived."""

    class Meta:
        model = ReportEvent

    report = SubFactory(ReportFactory)
    school = SelfAttribute("report.school")
    at = TOLD_AT
    by = SelfAttribute("report.recorded_by")
    what = "received"
