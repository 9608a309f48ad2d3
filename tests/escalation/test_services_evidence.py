"""What an approved step means for proof of illness."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from django_scopes import scopes_disabled

from absences.models import EvidenceDemand, EvidenceRequest
from accounts.models import User
from escalation.models import Step
from escalation.rules.loading import shipped_text
from escalation.services.decisions import approve_step
from escalation.services.evidence import follow_approval
from escalation.services.policies import policy_of
from registers.models import Pupil
from tests.factories.absences_evidence import EvidenceRequestFactory
from tests.factories.accounts import UserFactory
from tests.factories.escalation import PolicyVersionFactory, StepFactory
from tests.factories.registers import PupilFactory, held_sessions

pytestmark = pytest.mark.django_db
AT = datetime(2025, 12, 2, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _everything_in_sight() -> Iterator[None]:
    with scopes_disabled():
        yield


@pytest.fixture
def champion() -> User:
    made: User = UserFactory(name="Attendance Champion")
    return made


def step_of(key: str, **values: object) -> Step:
    pupil: Pupil = PupilFactory()
    version = PolicyVersionFactory(school=pupil.school, text=shipped_text(key))
    made: Step = StepFactory(pupil=pupil, policy_version=version, **values)
    return made


class TestStrathmoresEvidenceLetter:
    """001:362: after Letter 2 with no improvement every illness absence needs proof."""

    def test_makes_every_illness_need_proof_until_the_school_year_ends(self, champion: User) -> None:
        step = step_of("strathmore", rung_id="str_3", letters=[])

        approve_step(step, by=champion, at=AT)

        demand = EvidenceDemand.objects.get()
        assert (
            demand.pupil,
            demand.cause,
            demand.codes,
            demand.first_day,
            demand.last_day,
            demand.source,
            demand.made_by,
        ) == (step.pupil, f"step:{step.pk}", "I", date(2025, 12, 2), date(2026, 7, 31), "str_3", champion)

    def test_is_demanded_by_no_other_step(self, champion: User) -> None:
        approve_step(step_of("strathmore", rung_id="str_1", letters=[]), by=champion, at=AT)

        assert not EvidenceDemand.objects.exists()


class TestLuntsHeathsEvidenceLetter:
    """002:176: the letter about a long illness asks for the proof."""

    def step(self) -> Step:
        step = step_of("lunts_heath", ladder="evidence", rung_id="evidence", letters=["lun_evidence"])
        sessions = held_sessions(step.school, date(2025, 11, 24), date(2025, 12, 1))
        step.session_ids = [one.pk for one in sessions]
        return step

    def test_is_the_asking_where_a_request_was_proposed(self, champion: User) -> None:
        step = self.step()
        proposed = EvidenceRequestFactory(
            pupil=step.pupil, first_day=date(2025, 11, 24), last_day=date(2025, 12, 1)
        )

        follow_approval(step, policy_of(step.policy_version), by=champion, at=AT)

        asked = EvidenceRequest.objects.get()
        assert (asked.pk, asked.state, asked.asked_how, asked.due_on, asked.version) == (
            proposed.pk,
            "asked",
            "by letter",
            date(2025, 12, 12),
            2,
        )

    def test_is_a_request_of_its_own_otherwise(self, champion: User) -> None:
        step = self.step()

        for _ in range(2):
            follow_approval(step, policy_of(step.policy_version), by=champion, at=AT)

        asked = EvidenceRequest.objects.get()
        assert (asked.rule, asked.first_day, asked.last_day, asked.state) == (
            "long_illness",
            date(2025, 11, 24),
            date(2025, 12, 1),
            "asked",
        )
