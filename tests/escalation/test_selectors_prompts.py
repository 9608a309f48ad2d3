"""The lists that prompts of manual rungs put pupils on."""

from collections.abc import Iterator
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scopes_disabled

from escalation.models import Step
from escalation.selectors.prompts import prompted_pupils
from escalation.services.policies import policy_of
from escalation.services.sweep import engine_for
from registers.models import Mark
from tests.escalation.scenes import Scene, days, open_school

ON = date(2025, 10, 7)


@pytest.fixture(autouse=True)
def _everything_in_sight(db: None) -> Iterator[None]:
    with scopes_disabled():
        yield


def listed(scene: Scene) -> list[tuple[str, str, str]]:
    engine = engine_for(policy_of(scene.version))
    return [
        (found.upn, found.prompt.rung, found.prompt.why)
        for found in prompted_pupils(scene.school, engine, on=ON)
    ]


class TestPromptedPupils:
    def test_are_those_whose_prompt_holds_with_their_sessions_lun_06_lun_13(self):
        scene = open_school("lunts_heath")
        often_away, often_late, well = (
            scene.pupil(name, has_family=False) for name in ("Ash", "Birch", "Cedar")
        )
        scene.mark(often_away, {"M": days("09-10", "09-11", "09-12")}, up_to=ON)
        scene.mark(often_late, {"L": [(day, "AM") for day in days("09-25", "09-30", "10-07")]}, up_to=ON)
        scene.mark(well, {"I": days("09-10")}, up_to=ON)

        engine = engine_for(policy_of(scene.version))
        found = prompted_pupils(scene.school, engine, on=ON)

        assert [(one.upn, one.prompt.rung) for one in found] == [
            (often_away.upn, "lun_listen"),
            (often_late.upn, "lun_late"),
        ]
        assert found[0].prompt.why == "6 absences in 50 sessions: 12.0 %, at or over 10 %"
        late = Mark.objects.filter(pupil=often_late, code="L").order_by("session__number")
        assert list(found[1].session_ids) == list(late.values_list("session_id", flat=True))

    def test_propose_nothing(self):
        scene = open_school("leedon")
        scene.mark(scene.pupil(has_family=False), {"L": days("09-10", "09-11", "09-12")}, up_to=ON)

        assert [rung for _, rung, _ in listed(scene)] == ["lee_late"]
        assert not Step.objects.exists()

    def test_are_found_with_as_many_statements_for_30_pupils_as_for_3(self):
        counts = []
        for key, pupils in (("lunts_heath", 3), ("leedon", 30)):
            scene = open_school(key)
            made = [scene.pupil(f"Pupil{place}", has_family=False) for place in range(pupils)]
            scene.mark(made, {"L": days("09-25", "09-30", "10-07")}, up_to=ON)
            with CaptureQueriesContext(connection) as statements:
                assert len(listed(scene)) == pupils
            counts.append(len(statements))

        # Calendar, pupils, marks, attended sessions, flags, timetables, steps, marks of other schools, and
        # the days on which somebody was reached.
        assert counts == [9, 9]
