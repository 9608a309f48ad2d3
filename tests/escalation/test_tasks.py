"""The nightly job as the worker runs it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
import time_machine
from django_scopes import scopes_disabled

from attendance_site.celery import app
from escalation import tasks
from escalation.models import Step, SweepRun
from tests.escalation.scenes import Scene, days, open_school

pytestmark = [pytest.mark.django_db]
EVENING = datetime(2025, 10, 7, 18, 0, tzinfo=UTC)  # 19:00 in England
FIVE_DAYS = {"I": days("09-15", "09-16", "09-17", "09-18", "10-06")}


@pytest.fixture
def schools(db: None) -> list[Scene]:
    with scopes_disabled():
        found = [open_school(key) for key in ("werrington", "leedon")]
        for scene in found:
            scene.mark(scene.pupil(has_family=False), FIVE_DAYS, up_to=date(2025, 10, 7))
    return found


@pytest.fixture
def _worker_at_hand() -> Iterator[None]:
    """Run each task where it is queued."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


def swept() -> list[tuple[str, str, str]]:
    with scopes_disabled():
        runs = SweepRun.objects.select_related("school").order_by("school__key")
        return [(run.school.key, run.on.isoformat(), run.state) for run in runs]


class TestSweepSchool:
    def test_sweeps_one_school_for_a_day(self, schools):
        tasks.sweep_school(school_id=schools[0].school.pk, on="2025-10-07")

        assert swept() == [("werrington", "2025-10-07", "finished")]

    def test_sweeps_today_when_no_day_is_named_and_bears_a_second_delivery(self, schools):
        with time_machine.travel(EVENING, tick=False):
            tasks.sweep_school(school_id=schools[0].school.pk)
            tasks.sweep_school(school_id=schools[0].school.pk)

        assert swept() == [("werrington", "2025-10-07", "finished")]
        with scopes_disabled():
            assert Step.objects.count() == 2


class TestSweepAll:
    @pytest.mark.usefixtures("_worker_at_hand")
    def test_gives_each_school_with_a_policy_a_task_of_its_own(self, schools):
        with time_machine.travel(EVENING, tick=False):
            tasks.sweep_all()

        assert swept() == [("leedon", "2025-10-07", "finished"), ("werrington", "2025-10-07", "finished")]
