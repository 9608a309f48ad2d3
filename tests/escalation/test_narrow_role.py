"""The nightly sweep as the application's role of the database, which cannot touch the history."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django_scopes import scopes_disabled
from pytest_django import Settings

from escalation.models import Step, SweepRun
from escalation.tasks import sweep_school
from registers.models import Mark, MarkEntry, Pupil, Session
from registers.services import history
from registers.services.amendments import amend_mark
from tests.escalation.scenes import FIVE_DAYS, JUDGED_ON, Scene, evening, open_school
from tests.narrow_role import APPLICATION, as_application


class TestTheSweepAsTheApplicationsRole:
    """It works with rows that another connection can see, in a database that is emptied afterwards."""

    @pytest.fixture
    def scene(self, transactional_db: None) -> Iterator[Scene]:
        call_command("migrate", verbosity=0)  # codes, which an emptied database has lost
        with scopes_disabled():
            yield open_school()

    @pytest.fixture
    def pupil(self, scene: Scene) -> Pupil:
        made = scene.pupil()
        scene.mark(made, FIVE_DAYS, up_to=JUDGED_ON)
        return made

    @pytest.fixture
    def role(self, pupil: Pupil) -> Iterator[str]:
        with as_application(), connection.cursor() as cursor:
            cursor.execute("SELECT current_user::text")
            yield cursor.fetchone()[0]

    def test_proposes_keeps_and_withdraws_steps_and_leaves_the_history_alone(
        self, scene: Scene, pupil: Pupil, role: str, settings: Settings
    ) -> None:
        assert role == APPLICATION
        entries = MarkEntry.objects.count()
        settings.ROLLCALL_NOW = f"{JUDGED_ON}T19:00"
        for _ in range(2):  # the second time it finds its own steps
            sweep_school(school_id=scene.school.pk, on=JUDGED_ON.isoformat())
            assert self.steps() == [("wer_d3", "passed"), ("wer_d5", "proposed")]
        assert MarkEntry.objects.count() == entries

        for session in Session.objects.filter(school=scene.school, on=JUDGED_ON - timedelta(days=1)):
            amend_mark(
                pupil,
                session,
                code="/" if session.half == "AM" else "\\",
                reason="The teacher was mistaken.",
                by=scene.clerk,
                at=evening(JUDGED_ON),
            )
        sweep_school(school_id=scene.school.pk, on=(JUDGED_ON + timedelta(days=1)).isoformat())

        assert self.steps() == [("wer_d3", "passed"), ("wer_d5", "withdrawn")]
        assert list(SweepRun.objects.order_by("on").values_list("runs", "state")) == [
            (2, "finished"),
            (1, "finished"),
        ]
        assert Mark.objects.filter(pupil=pupil, code="I").count() == 8
        assert history.first_fault(scene.school) is None

    def steps(self) -> list[tuple[str, str]]:
        return list(Step.objects.order_by("rung_id").values_list("rung_id", "state"))
