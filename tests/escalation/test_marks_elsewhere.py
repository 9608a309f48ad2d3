"""Sessions that another school marked count towards the national threshold, and towards nothing else."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scopes_disabled

from accounts.people import system_user
from escalation.models import Step, StepState
from escalation.rules.facts import SessionElsewhere
from escalation.selectors import readiness, rejudging
from escalation.selectors.replaying import replayed
from escalation.services.policies import policy_of
from escalation.services.sweep import engine_for, sweep_school
from registers.models import ClassMembership, Enrolment, PreviousMark, Pupil
from registers.rules.figures import NO_SESSIONS
from registers.selectors.figures import figures_for
from tests.escalation.calendars import both, calendar_of, every_day, lines_of, pupil, rungs
from tests.escalation.scenes import Scene, days, evening, open_school
from tests.factories.registers_roll import PreviousMarkFactory

CALENDAR = calendar_of(2025)  # from Wednesday 3 September 2025


def elsewhere(code: str, *on: str) -> tuple[SessionElsewhere, ...]:
    """Give both sessions of ISO days at another school."""
    return tuple(SessionElsewhere(date.fromisoformat(one), half, code) for one in on for half in ("AM", "PM"))


def threshold(history, calendar=CALENDAR, **options):
    return rungs(lines_of("werrington", history, calendar, **options), "threshold")


class TestTheThreshold:
    def test_adds_sessions_at_the_school_before(self):
        here = every_day("U", "2025-10-06", "2025-10-08", CALENDAR)
        brought = elsewhere("G", "2025-09-22", "2025-09-23")

        alone = pupil(CALENDAR, here)
        lines = lines_of("werrington", replace(alone, elsewhere=brought), CALENDAR)

        assert threshold(alone) == []
        (line,) = [line for line in lines if line.rung == "threshold"]
        assert (line.on, line.state, len(line.sessions)) == (date(2025, 10, 8), "proposed", 6)
        assert line.why == (
            "10 unauthorised sessions (G and U) in 10 school weeks, threshold 10; 4 of them at another school"
        )

    def test_counts_only_unauthorised_codes(self):
        here = every_day("U", "2025-10-06", "2025-10-08", CALENDAR)
        brought = elsewhere("I", "2025-09-22", "2025-09-23")

        assert threshold(replace(pupil(CALENDAR, here), elsewhere=brought)) == []

    def test_says_how_many_are_still_n(self):
        here = every_day("O", "2025-10-06", "2025-10-08", CALENDAR)
        brought = elsewhere("N", "2025-10-02", "2025-10-03")
        lines = lines_of("werrington", replace(pupil(CALENDAR, here), elsewhere=brought), CALENDAR)

        (line,) = [line for line in lines if line.rung == "threshold"]
        assert line.why.endswith("4 of them still N: no notice or referral can be drafted")

    @pytest.mark.parametrize(
        ("first_marked", "is_met"),
        [
            # Ten school weeks end with the week of 3 November 2025: nine here (1 September to 20 October,
            # and 3 November), so one week of July before them still counts.
            ("2025-07-14", True),
            ("2025-07-07", False),
        ],
    )
    def test_counts_the_weeks_of_that_school_before_this_calendar_begins(self, first_marked, is_met):
        here = every_day("U", "2025-11-03", "2025-11-05", CALENDAR)
        brought = elsewhere("G", first_marked, str(date.fromisoformat(first_marked) + timedelta(days=1)))
        between = () if is_met else elsewhere("/", "2025-07-14")
        history = replace(pupil(CALENDAR, here), elsewhere=brought + between)

        assert bool(threshold(history, last="2025-11-05")) is is_met

    def test_lets_a_week_that_only_that_school_held_use_up_one_of_the_ten(self):
        # This school's half term is the week of 27 October; the other school was open.
        marked = every_day("G", "2025-09-03", "2025-09-05", CALENDAR)  # the first of eleven weeks then
        here = every_day("U", "2025-11-10", "2025-11-11", CALENDAR)
        with_open_week = replace(pupil(CALENDAR, marked, here), elsewhere=elsewhere("/", "2025-10-28"))

        # The weeks of 1 September to 10 November are ten of this school's, eleven with the other's.
        assert threshold(pupil(CALENDAR, marked, here)) == [("2025-11-11", "threshold", "proposed")]
        assert threshold(with_open_week) == []

    def test_uses_a_session_for_one_case_only(self):
        brought = elsewhere("O", "2025-09-22", "2025-09-23", "2025-09-24", "2025-09-25", "2025-09-26")
        here = every_day("O", "2025-10-06", "2025-10-09", CALENDAR)
        history = replace(pupil(CALENDAR, here), elsewhere=brought)

        # The first evening of the replay on which they count is the day itself; afterwards they are used.
        assert threshold(history, first="2025-09-29") == [("2025-09-29", "threshold", "proposed")]

    def test_leaves_out_sessions_under_compulsory_age(self):
        here = every_day("U", "2025-10-06", "2025-10-08", CALENDAR)
        brought = elsewhere("G", "2025-09-22", "2025-09-23")
        young = replace(pupil(CALENDAR, here), elsewhere=brought, date_of_birth=date(2020, 10, 5))

        assert threshold(young) == []

    def test_changes_nothing_else_of_the_policy(self):
        here = both("I", "2025-09-15", "2025-09-16", "2025-09-17")
        plain = pupil(CALENDAR, here)
        brought = replace(plain, elsewhere=elsewhere("O", "2025-09-08", "2025-09-09", "2025-09-10"))

        assert lines_of("werrington", brought, CALENDAR) == lines_of("werrington", plain, CALENDAR)


@pytest.mark.django_db
class TestTheSweep:
    JOINED = date(2025, 9, 29)
    TONIGHT = date(2025, 10, 8)

    @pytest.fixture(autouse=True)
    def _everything_in_sight(self, db: None):
        with scopes_disabled():
            yield

    @pytest.fixture
    def scene(self, db: None) -> Scene:
        return open_school()

    def joiner(self, scene: Scene, surname: str = "Newman") -> Pupil:
        """Make a pupil with six unauthorised sessions here and four at the school before."""
        child = scene.pupil(surname, has_family=False)
        Enrolment.objects.filter(pupil=child).update(starts_on=date(2025, 9, 3))
        scene.mark(child, {"U": days("10-06", "10-07", "10-08")}, up_to=self.TONIGHT)
        for on in days("09-01", "09-02"):
            for half in ("AM", "PM"):
                PreviousMarkFactory(pupil=child, on=on, half=half, code_id="G")
        return child

    def sweep(self, scene: Scene, on: date = TONIGHT):
        return sweep_school(scene.school, on=on, by=system_user(), at=evening(on))

    def test_proposes_what_a_replay_says(self, scene: Scene):
        child = self.joiner(scene)
        swept = [line for line in self.sweep(scene).lines if line.rung == "threshold"]
        step = Step.objects.get(ladder="threshold")
        engine = engine_for(policy_of(scene.version))
        again = [
            line
            for line in replayed(scene.school, engine, first_day=date(2025, 9, 3), last_day=self.TONIGHT)
            if line.rung == "threshold"
        ]

        assert swept == again
        assert (step.pupil, len(step.session_ids)) == (child, 6)
        assert step.figures == {"counted": 10, "elsewhere": 4}

    def test_keeps_marks_of_another_school_out_of_every_figure(self, scene: Scene):
        child = self.joiner(scene)
        counted = figures_for(scene.school, first_day=date(2025, 8, 1), last_day=self.TONIGHT)
        figures = counted.get(child.pk, NO_SESSIONS)

        assert (figures.possible, figures.unauthorised) == (52, 6)

    def test_withdraws_the_case_when_they_are_taken_away(self, scene: Scene):
        self.joiner(scene)
        self.sweep(scene)
        step = Step.objects.get(ladder="threshold")
        policy = policy_of(scene.version)
        assert rejudging.is_gone(step, policy) is False
        PreviousMark.objects.filter(on=date(2025, 9, 1), half="AM").delete()

        assert rejudging.is_gone(step, policy) is True
        assert [(line.rung, line.state) for line in self.sweep(scene).lines if line.rung == "threshold"] == [
            ("threshold", "withdrawn")
        ]
        step.refresh_from_db()
        assert step.state == StepState.WITHDRAWN

    def test_says_that_an_n_of_another_school_keeps_a_referral_back(self, scene: Scene):
        self.joiner(scene)
        PreviousMark.objects.filter(on=date(2025, 9, 1)).update(code_id="N")
        self.sweep(scene)

        assert readiness.unsettled_sessions(Step.objects.get(ladder="threshold")) == 2

    def test_knows_nothing_of_another_school_of_ours(self, scene: Scene):
        child = scene.pupil(has_family=False)
        scene.mark(child, {"U": days("10-06", "10-07", "10-08")}, up_to=self.TONIGHT)
        elsewhere_school = open_school("leedon")
        for on in days("09-01", "09-02"):
            for half in ("AM", "PM"):
                PreviousMarkFactory(pupil=elsewhere_school.pupil(f"P{on.day}{half}"), on=on, half=half)

        assert [line for line in self.sweep(scene).lines if line.rung == "threshold"] == []

    def test_costs_the_same_with_and_without_them(self, scene: Scene):
        other = open_school("leedon")
        for place in range(10):
            self.joiner(scene, f"Newman{place}")
        child = other.pupil("Alone", has_family=False)
        other.mark(child, {"U": days("10-06", "10-07", "10-08")}, up_to=self.TONIGHT)
        counts = []
        for one in (scene, other):
            with CaptureQueriesContext(connection) as captured:
                self.sweep(one)
            counts.append(len([query for query in captured if "registers_previousmark" in query["sql"]]))

        assert counts == [1, 1]
        assert ClassMembership.objects.count() == 11
