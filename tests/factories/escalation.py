"""Policy versions, runs of the sweep and steps."""

from datetime import UTC, date, datetime
from hashlib import sha256

from factory.declarations import LazyAttribute, LazyFunction, SelfAttribute, SubFactory

from escalation.models import PolicyVersion, Step, StepState, SweepRun
from escalation.rules.loading import shipped_text
from tests.factories.accounts import SchoolFactory, UserFactory
from tests.factories.base import RowFactory
from tests.factories.registers import PupilFactory


class PolicyVersionFactory(RowFactory[PolicyVersion]):
    """Werrington's policy, in force since before any calendar of the tests."""

    class Meta:
        model = PolicyVersion

    school = SubFactory(SchoolFactory)
    number = 1
    text = LazyFunction(lambda: shipped_text("werrington"))
    sha256 = LazyAttribute(lambda version: sha256(version.text.encode()).hexdigest())
    in_force_from = date(2024, 8, 19)
    activated_by = SubFactory(UserFactory)
    activated_at = datetime(2024, 8, 19, 8, 0, tzinfo=UTC)


class SweepRunFactory(RowFactory[SweepRun]):
    """A sweep of one evening that has finished."""

    class Meta:
        model = SweepRun

    school = SubFactory(SchoolFactory)
    on = date(2025, 12, 1)
    state = "finished"
    started_at = datetime(2025, 12, 1, 19, 0, tzinfo=UTC)
    finished_at = datetime(2025, 12, 1, 19, 0, 2, tzinfo=UTC)
    counts = LazyFunction(dict)


class StepFactory(RowFactory[Step]):
    """A step of Werrington's ladder at five days, which waits for a person."""

    class Meta:
        model = Step

    pupil = SubFactory(PupilFactory)
    school = SelfAttribute("pupil.school")
    policy_version = SubFactory(PolicyVersionFactory, school=SelfAttribute("..school"))
    ladder = "ladder"
    rung_id = "wer_d5"
    state = StepState.PROPOSED
    judged_on = date(2025, 12, 1)
    letters = LazyFunction(lambda: ["wer_1"])
    why = "5 days of absence this academic year (10 of 116 sessions), at or over 5"
    proposed_at = datetime(2025, 12, 1, 19, 0, tzinfo=UTC)
