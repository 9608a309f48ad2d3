"""The sweep: what it proposes, holds and withdraws, and that running it again, or twice at once, is safe."""

from collections.abc import Iterator
from datetime import date, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scopes_disabled

from accounts.people import system_user
from escalation.models import OPEN_STATES, PolicyVersion, Step, StepState, SweepRun
from escalation.rules.loading import shipped_text
from escalation.rules.replay import Line
from escalation.selectors.replaying import replayed
from escalation.services import sweep as sweeping
from escalation.services.decisions import dismiss_step, hold_step, release_step
from escalation.services.policies import NoPolicyInForce, policy_of
from escalation.services.sweep import Swept, engine_for, sweep_school
from registers.models import Enrolment, Mark, Pupil, PupilFlag, Session
from registers.services.amendments import amend_mark
from tests.escalation.scenes import Scene, days, evening, morning, open_school
from tests.factories.registers import PartTimeTimetableFactory

FIVE_DAYS = {"I": days("09-15", "09-16", "09-17", "09-18", "10-06")}
JUDGED_ON = date(2025, 10, 7)


@pytest.fixture(autouse=True)
def _everything_in_sight(db: None) -> Iterator[None]:
    with scopes_disabled():
        yield


@pytest.fixture
def scene(db: None) -> Scene:
    return open_school()


def sweep(scene: Scene, on: date) -> Swept:
    return sweep_school(scene.school, on=on, by=system_user(), at=evening(on))


def said(swept: Swept) -> list[tuple[str, str]]:
    return [(line.rung, line.state) for line in swept.lines]


def amend(scene: Scene, pupil: Pupil, on: date, code: str, half: str = "AM") -> None:
    session = Session.objects.get(school=scene.school, on=on, half=half)
    amend_mark(
        pupil, session, code=code, reason="The parent brought a letter.", by=scene.champion, at=evening(on)
    )


def approve(on: date) -> None:
    """Take every proposal as approved on the same day, as a replay does."""
    for step in Step.objects.filter(state=StepState.PROPOSED):
        step.state, step.decided_at, step.decided_by = StepState.APPROVED, morning(on), system_user()
        step.save(update_fields=["state", "decided_at", "decided_by"])


class TestASweep:
    def test_proposes_the_highest_rung_with_exactly_the_sessions_that_caused_it(self, scene):
        pupil = scene.pupil()
        scene.mark(pupil, FIVE_DAYS, up_to=JUDGED_ON)

        swept = sweep(scene, JUDGED_ON)

        assert said(swept) == [("wer_d3", "passed"), ("wer_d5", "proposed")]
        step = Step.objects.get(state=StepState.PROPOSED)
        absent = Mark.objects.filter(pupil=pupil, code="I").order_by("session__number")
        assert (step.pupil, step.policy_version, step.judged_on) == (pupil, scene.version, JUDGED_ON)
        assert step.session_ids == list(absent.values_list("session_id", flat=True))
        assert step.figures == {"attended": 40, "absent": 10, "possible": 50}
        assert (step.letters, step.unresolved_n, step.held_because) == (["wer_1"], 0, "")
        assert step.why == "5 days of absence this academic year (10 of 50 sessions), at or over 5"

    def test_says_nothing_new_the_second_time(self, scene):
        scene.mark(scene.pupil(), FIVE_DAYS, up_to=JUDGED_ON)
        sweep(scene, JUDGED_ON)
        before = list(Step.objects.order_by("pk").values())

        again = sweep(scene, JUDGED_ON)

        assert again.lines == ()
        assert list(Step.objects.order_by("pk").values()) == before
        run = SweepRun.objects.get()
        assert (run.on, run.state, run.runs, run.counts["judged"]) == (JUDGED_ON, "finished", 2, 1)

    def test_looks_at_no_mark_after_its_day(self, scene):
        scene.mark(scene.pupil(), FIVE_DAYS, up_to=JUDGED_ON)

        assert said(sweep(scene, date(2025, 10, 3))) == [("wer_d3", "proposed")]

    def test_judges_only_pupils_on_roll(self, scene):
        pupil = scene.pupil()
        scene.mark(pupil, FIVE_DAYS, up_to=JUDGED_ON)
        sweep(scene, JUDGED_ON)
        Enrolment.objects.filter(pupil=pupil).update(leaving_on=JUDGED_ON)

        swept = sweep(scene, JUDGED_ON + timedelta(days=1))

        assert [(line.rung, line.state, line.why) for line in swept.lines] == [
            ("wer_d5", "withdrawn", "the pupil is no longer on roll")
        ]
        assert swept.judged == 0
        assert not Step.objects.filter(state__in=OPEN_STATES).exists()

    def test_withdraws_an_open_step_when_its_marks_change_gen_19(self, scene):
        pupil = scene.pupil()
        scene.mark(pupil, FIVE_DAYS, up_to=JUDGED_ON)
        sweep(scene, JUDGED_ON)
        amend(scene, pupil, date(2025, 10, 6), "/")

        swept = sweep(scene, JUDGED_ON)

        assert said(swept) == [("wer_d5", "withdrawn")]
        step = Step.objects.get(rung_id="wer_d5")
        assert (step.state, step.decided_by) == (StepState.WITHDRAWN, system_user())
        assert step.decision_reason == "no longer holds: 9 absences in 50 sessions, 82.0 %"

    def test_turns_n_into_o_on_the_day_after_its_fifth_school_day(self, scene):
        pupil = scene.pupil()
        silent = days("11-03", "11-04", "11-05", "11-06", "11-07", "11-10", "11-11")
        scene.mark(pupil, {"N": silent}, up_to=date(2025, 11, 11))

        def codes() -> str:
            rows = Mark.objects.filter(pupil=pupil, session__on__in=silent).order_by("session__number")
            return "".join(rows.values_list("code_id", flat=True))

        assert (sweep(scene, date(2025, 11, 10)).settled, codes()) == (0, "N" * 14)
        assert (sweep(scene, date(2025, 11, 11)).settled, codes()) == (2, "OO" + "N" * 12)
        step = Step.objects.get(ladder="threshold")
        assert (step.figures["counted"], step.unresolved_n) == (12, 12)

    def test_refuses_a_school_without_a_policy(self, scene):
        PolicyVersion.objects.update(in_force_from=date(2025, 12, 1))

        with pytest.raises(NoPolicyInForce):
            sweep(scene, JUDGED_ON)

        assert not SweepRun.objects.exists()

    def test_records_a_sweep_that_fails_and_writes_no_step(self, scene, monkeypatch):
        scene.mark(scene.pupil(), FIVE_DAYS, up_to=JUDGED_ON)

        def failing(*_: object, **__: object) -> None:
            raise RuntimeError("the machine stops here")

        monkeypatch.setattr(sweeping._Book, "write", failing)
        with pytest.raises(RuntimeError):
            sweep(scene, JUDGED_ON)

        assert SweepRun.objects.get().state == "failed"
        assert not Step.objects.exists()

    def test_keeps_each_school_to_itself(self, scene):
        other = open_school("leedon")
        other.mark(other.pupil(), FIVE_DAYS, up_to=JUDGED_ON)

        assert sweep(scene, JUDGED_ON).lines == ()
        assert not Step.objects.exists()

    def test_knows_flags_and_part_time_timetables(self):
        scene = open_school("strathmore")
        medical, part_time, neither = (scene.pupil(surname) for surname in ("Ash", "Birch", "Cedar"))
        away = {"I": [*days("09-10", "09-11"), (date(2025, 10, 6), "AM")]}
        scene.mark([medical, part_time, neither], away, up_to=JUDGED_ON)
        PupilFlag.objects.create(
            school=scene.school, pupil=medical, name="significant_medical", starts_on=date(2025, 9, 1)
        )
        PartTimeTimetableFactory(pupil=part_time, first_day=JUDGED_ON, last_day=JUDGED_ON)

        swept = sweep(scene, JUDGED_ON)

        assert said(swept) == [("str_med", "proposed"), ("str_med", "proposed"), ("str_1", "proposed")]


class TestWhatAPersonDecided:
    def test_a_dismissed_step_returns_after_a_further_absence_only_gen_10(self, scene):
        pupil = scene.pupil()
        away = FIVE_DAYS | {"M": [(date(2025, 10, 10), "AM")]}
        scene.mark(pupil, away, up_to=date(2025, 10, 10))
        sweep(scene, JUDGED_ON)
        step = Step.objects.get(state=StepState.PROPOSED)
        dismiss_step(
            step, reason="We spoke on the telephone.", by=scene.champion, at=morning(date(2025, 10, 8))
        )

        assert sweep(scene, date(2025, 10, 8)).lines == ()
        assert sweep(scene, date(2025, 10, 9)).lines == ()
        assert said(sweep(scene, date(2025, 10, 10))) == [("wer_d5", "proposed")]

    def test_a_hold_by_a_person_is_not_lifted_by_the_sweep(self, scene):
        scene.mark(scene.pupil(), FIVE_DAYS, up_to=date(2025, 10, 10))
        sweep(scene, JUDGED_ON)
        step = Step.objects.get(state=StepState.PROPOSED)
        hold_step(step, reason="A bereavement.", by=scene.champion, at=morning(date(2025, 10, 8)))

        assert sweep(scene, date(2025, 10, 10)).lines == ()

        step.refresh_from_db()
        assert (step.state, step.held_because) == (StepState.HELD, "A bereavement.")

    def test_a_step_held_by_a_person_is_withdrawn_when_its_reason_is_gone(self, scene):
        pupil = scene.pupil()
        scene.mark(pupil, FIVE_DAYS, up_to=JUDGED_ON)
        sweep(scene, JUDGED_ON)
        step = Step.objects.get(state=StepState.PROPOSED)
        hold_step(step, reason="A bereavement.", by=scene.champion, at=morning(date(2025, 10, 8)))
        amend(scene, pupil, date(2025, 10, 6), "/")

        assert said(sweep(scene, date(2025, 10, 8))) == [("wer_d5", "withdrawn")]

    def test_back_dated_sweeps_take_a_later_approval_as_given_the_same_day(self):
        scene = open_school("strathmore")
        away = {"I": [*days("09-10", "10-20"), (date(2025, 10, 6), "AM")]}
        scene.mark(scene.pupil(), away, up_to=date(2025, 10, 24))
        sweep(scene, JUDGED_ON)
        approve(date(2026, 7, 1))

        assert said(sweep(scene, date(2025, 10, 24))) == [("str_2", "proposed")]

    def test_a_letter_sent_on_the_day_of_the_review_is_not_followed_by_the_next_that_evening(self):
        scene = open_school("strathmore")
        away = {"I": [*days("09-10", "10-20"), (date(2025, 10, 6), "AM")]}
        scene.mark(scene.pupil(), away, up_to=date(2025, 10, 24))
        sweep(scene, JUDGED_ON)
        approve(date(2025, 10, 24))

        assert sweep(scene, date(2025, 10, 24)).lines == ()


class TestHeldSteps:
    FALLING = {
        "I": [
            *days("09-10", "09-11", "09-12", "09-15"),  # Letter 1 on 24 October
            *days("11-17", "11-18", "11-19", "11-20", "11-21"),  # Letter 2 on 19 December
            *days(*(f"2026-01-{day}" for day in (12, 13, 14, 15, 16))),  # Letter 3 on 13 February
            *days(*(f"2026-03-{day:02}" for day in (2, 3, 4, 5, 6))),  # Letter 4 on 27 March
        ],
        "O": days(*(f"2026-05-{day:02}" for day in (11, 12, 13, 14, 15))),  # Letter 5 on 22 May
    }
    REVIEWS = (date(2025, 10, 24), date(2025, 12, 19), date(2026, 2, 13))
    FOURTH, FIFTH = date(2026, 3, 27), date(2026, 5, 22)

    @pytest.fixture
    def scene(self, db: None) -> Scene:
        return open_school("welbourn")

    @pytest.fixture
    def pupil(self, scene: Scene) -> Pupil:
        made = scene.pupil()
        scene.mark(made, self.FALLING, up_to=date(2026, 6, 1))
        for on in self.REVIEWS:
            sweep(scene, on)
            approve(on)
        return made

    def test_say_what_holds_them_wel_07(self, scene, pupil):
        swept = sweep(scene, self.FOURTH)

        assert said(swept) == [("wel_4", "held")]
        step = Step.objects.get(state=StepState.HELD)
        assert step.held_because == "0 unauthorised sessions since the last letter, at or over 1 needed"
        assert step.why.endswith(f"held: {step.held_because}")

    def test_are_released_on_the_night_after_a_mark_of_their_period_changes(self, scene, pupil):
        sweep(scene, self.FOURTH)
        amend(scene, pupil, date(2026, 3, 6), "O")

        assert said(sweep(scene, date(2026, 4, 14))) == [("wel_4", "proposed")]
        step = Step.objects.get(state=StepState.PROPOSED)
        assert (step.held_because, step.judged_on) == ("", self.FOURTH)

    def test_released_for_the_authoritys_agreement_stay_released_wel_08(self, scene, pupil):
        amend(scene, pupil, date(2026, 3, 6), "O")
        sweep(scene, self.FOURTH)
        approve(self.FOURTH)
        assert ("wel_5", "held") in said(sweep(scene, self.FIFTH))
        step = Step.objects.get(state=StepState.HELD)
        assert step.held_because == "the local authority's agreement is not recorded"

        release_step(step, reason="The county agreed.", by=scene.head, at=morning(date(2026, 6, 1)))

        assert sweep(scene, date(2026, 6, 1)).lines == ()
        step.refresh_from_db()
        assert step.state == StepState.PROPOSED


class TestTheNumberOfStatements:
    def count(self, scene: Scene, pupils: int) -> int:
        made = [scene.pupil(f"Pupil{place}", has_family=False) for place in range(pupils)]
        scene.mark(made, {"I": days("09-15", "09-16", "09-17"), "N": days("10-06")}, up_to=date(2025, 10, 20))
        sweep(scene, date(2025, 9, 17))
        # Tonight there is something of everything: N to settle, steps to pass, to propose and to withdraw.
        Step.objects.filter(pupil=made[-1]).update(rung_id="wer_d17")
        with CaptureQueriesContext(connection) as statements:
            swept = sweep(scene, date(2025, 10, 20))
        assert swept.settled == 2 * pupils
        assert {state for _, state in said(swept)} >= {"withdrawn", "proposed"}
        return len(statements)

    def test_is_the_same_for_3_pupils_and_for_30(self, scene):
        assert self.count(scene, 3) == self.count(open_school("leedon", text=shipped_text("werrington")), 30)


class TestNightAfterNight:
    """Sweeping every school night and approving everything the same day is what `replay` shows."""

    AWAY = (
        {"I": days("09-15", "09-16", "09-17", "09-18"), "M": [(date(2025, 10, 7), "AM")]},
        {"O": days("11-03", "11-04", "11-05", "11-06", "11-07"), "I": days("09-10", "12-15")},
        {"N": days(*(f"11-{day:02}" for day in (3, 4, 5, 6, 7, 10, 11, 12, 13, 14)))},
        {"L": days(*(f"09-{day:02}" for day in (8, 9, 10, 11, 12, 15, 16, 17, 18, 19)))},
        {"I": days(*(f"12-{day:02}" for day in (1, 2, 3, 4, 5, 8, 9, 10)))},
        {},
    )
    FIRST, LAST = date(2025, 10, 20), date(2025, 12, 19)

    @pytest.mark.parametrize("key", ["werrington", "strathmore", "lunts_heath", "welbourn", "leedon"])
    def test_equals_the_replay(self, db, key):
        scene = open_school(key)
        for place, away in enumerate(self.AWAY):
            scene.mark(scene.pupil(f"Pupil{place}", has_family=False), away, up_to=self.LAST)
        engine = engine_for(policy_of(scene.version))
        expected = list(replayed(scene.school, engine, first_day=self.FIRST, last_day=self.LAST))

        seen: list[Line] = []
        school_days = Session.objects.filter(
            school=scene.school, on__range=(self.FIRST, self.LAST), status="held"
        )
        for on in school_days.order_by("on").values_list("on", flat=True).distinct():
            seen += [line for line in sweep(scene, on).lines if line.state != "withdrawn"]
            approve(on)

        assert seen == expected
        assert len(expected) > 3


@pytest.mark.django_db(transaction=True)
class TestTwoSweepsAtOnce:
    def test_do_what_one_does(self, transactional_db):
        scene = open_school()
        for place in range(4):
            scene.mark(scene.pupil(f"Pupil{place}", has_family=False), FIVE_DAYS, up_to=JUDGED_ON)
        by, start, found = system_user(), Barrier(2, timeout=30), []

        def one_sweep() -> None:
            try:
                start.wait()
                with scopes_disabled():
                    found.append(sweep_school(scene.school, on=JUDGED_ON, by=by, at=evening(JUDGED_ON)))
            finally:
                connection.close()

        both = [Thread(target=one_sweep) for _ in range(2)]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()

        assert sorted(len(swept.lines) for swept in found) == [0, 8]
        assert Step.objects.filter(state=StepState.PROPOSED).count() == 4
        assert SweepRun.objects.get().runs == 2

    def test_read_one_snapshot(self, transactional_db):
        scene = open_school()
        scene.mark(scene.pupil(has_family=False), FIVE_DAYS, up_to=JUDGED_ON)

        with CaptureQueriesContext(connection) as statements:
            sweep(scene, JUDGED_ON)

        texts = [query["sql"] for query in statements.captured_queries]
        isolated = texts.index("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        assert all(
            "registers_mark" not in text for text in texts[:isolated] if "UPDATE registers_mark" not in text
        )
        assert any("escalation_step" in text for text in texts[isolated:])
