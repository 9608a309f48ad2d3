"""What a person decides about a step, one at a time, many at once, and two people at the same moment."""

from collections.abc import Iterator
from datetime import date, time
from threading import Barrier, Thread

import pytest
from django.db import connection
from django_scopes import scopes_disabled

from accounts.errors import DomainError
from accounts.models import Event, User
from escalation.models import OPEN_STATES, TRANSITIONS, Step, StepState
from escalation.services.decisions import (
    AlreadyDecided,
    ChangedMeanwhile,
    EditsRefused,
    NotReady,
    ReasonMissing,
    approve_step,
    approve_steps,
    dismiss_step,
    edit_step,
    fingerprint,
    hold_step,
    release_step,
)
from letters.models import Letter
from registers.models import Pupil, Session
from registers.services.amendments import amend_mark
from tests.escalation.scenes import FIVE_DAYS, JUDGED_ON, TODAY, Scene, days, morning, open_school
from tests.factories.accounts import UserFactory
from tests.factories.registers import ContactFactory, PupilContactFactory, london

AT = morning(TODAY)


@pytest.fixture(autouse=True)
def _everything_in_sight() -> Iterator[None]:
    with scopes_disabled():
        yield


def assert_nothing_was_done(step: Step) -> None:
    fresh = Step.objects.get(pk=step.pk)
    assert {name: getattr(fresh, name) for name in ("state", "edits", "held_because", "decided_at")} == {
        name: getattr(step, name) for name in ("state", "edits", "held_because", "decided_at")
    }
    assert not Letter.objects.exists()
    assert not Event.objects.filter(kind__startswith="step.").exists()


class TestApproveStep:
    def test_says_who_approved_it_and_when(self, scene: Scene, step: Step) -> None:
        approve_step(step, by=scene.champion, at=AT)

        fresh = Step.objects.get(pk=step.pk)
        assert (fresh.state, fresh.decided_by, fresh.decided_at) == (StepState.APPROVED, scene.champion, AT)

    def test_prepares_the_letter_with_the_figures_of_the_step(self, scene: Scene, step: Step) -> None:
        (letter,) = approve_step(step, by=scene.champion, at=AT)

        assert (letter.template_key, letter.origin) == ("wer_1", f"step:{step.pk}")
        assert letter.recipients == ["Pat Ashdown"]
        printed = dict(letter.content["printed"])
        assert printed["absence_days"] == "5\N{NO-BREAK SPACE}days"
        assert printed["target_pct"] == "97\N{NO-BREAK SPACE}%"
        assert printed["next_trigger_days"] == "8\N{NO-BREAK SPACE}days"

    def test_prepares_a_copy_for_each_address(self, scene: Scene, pupil: Pupil, step: Step) -> None:
        other = ContactFactory(school=scene.school, name="Sam Ashdown", address="9 Hill Road\nAnytown")
        PupilContactFactory(pupil=pupil, contact=other, priority=2)

        prepared = approve_step(step, by=scene.champion, at=AT)

        assert [letter.recipients for letter in prepared] == [["Pat Ashdown"], ["Sam Ashdown"]]

    def test_leaves_a_line_in_the_log_with_the_letters(self, scene: Scene, step: Step) -> None:
        (letter,) = approve_step(step, by=scene.champion, at=AT)

        event = Event.objects.get(kind="step.approved")
        assert (event.subject_id, event.by_name, event.at) == (step.pk, "Charlie Champion", AT)
        assert event.data == {"rung": "wer_d5", "letters": [letter.pk]}

    def test_of_a_rung_without_a_letter_sends_none(self, scene: Scene, pupil: Pupil) -> None:
        step = scene.step(pupil, judged_on=JUDGED_ON, rung_id="wer_la", letters=[])

        assert approve_step(step, by=scene.champion, at=AT) == []

        assert Step.objects.get(pk=step.pk).state == StepState.APPROVED
        assert not Letter.objects.exists()

    def test_is_refused_the_second_time_and_says_who_was_first(self, scene: Scene, step: Step) -> None:
        approve_step(step, by=scene.champion, at=AT)

        with pytest.raises(AlreadyDecided) as refused:
            approve_step(step, by=scene.head, at=morning(date(2025, 10, 9)))

        assert refused.value.message == "Charlie Champion approved this step Wed 8 Oct at 9:30am."
        assert Letter.objects.count() == 1
        assert Step.objects.get(pk=step.pk).decided_by == scene.champion

    def test_is_refused_when_the_step_is_not_what_the_person_saw(self, scene: Scene, panel: Step) -> None:
        seen = fingerprint(panel)
        edit_step(panel, edits={"panel_at": "2025-10-20T14:00"}, by=scene.head, at=AT)

        with pytest.raises(ChangedMeanwhile):
            approve_step(panel, by=scene.champion, at=AT, seen=seen)

        fresh = Step.objects.get(pk=panel.pk)
        assert fresh.state == StepState.PROPOSED
        assert not Letter.objects.exists()
        assert len(approve_step(fresh, by=scene.champion, at=AT, seen=fingerprint(fresh))) == 1

    def test_is_refused_while_the_step_is_held(self, scene: Scene, step: Step) -> None:
        hold_step(step, reason="The family has lost a grandmother.", by=scene.head, at=AT)

        with pytest.raises(NotReady) as refused:
            approve_step(step, by=scene.champion, at=AT)

        assert refused.value.message == (
            "This step is held: The family has lost a grandmother. Release it first."
        )
        assert Step.objects.get(pk=step.pk).state == StepState.HELD
        assert not Letter.objects.exists()

    def test_names_each_required_field_and_where_to_enter_it(self, scene: Scene, panel: Step) -> None:
        with pytest.raises(NotReady) as refused:
            approve_step(panel, by=scene.champion, at=AT)

        (problem,) = refused.value.problems
        assert problem.message == (
            "The day and time of the panel is missing. Enter it under “Details of the letter”."
        )
        assert problem.field == "panel_at"
        assert_nothing_was_done(panel)

    def test_names_what_the_schools_details_lack(self, scene: Scene, step: Step) -> None:
        scene.school.office_phone = ""
        scene.school.save()

        with pytest.raises(NotReady) as refused:
            approve_step(step, by=scene.champion, at=AT)

        (problem,) = refused.value.problems
        assert (
            problem.message == "The school office’s phone number is missing. Add it to the school’s details."
        )
        assert problem.field == ""
        assert_nothing_was_done(step)

    def test_is_refused_when_nobody_may_be_written_to(self, scene: Scene) -> None:
        pupil = scene.pupil("Birch", has_family=False)
        scene.mark(pupil, FIVE_DAYS, up_to=JUDGED_ON)
        step = scene.step(pupil, judged_on=JUDGED_ON)

        with pytest.raises(NotReady) as refused:
            approve_step(step, by=scene.champion, at=AT)

        assert refused.value.message == (
            "Robin Birch has no parent or carer on record. Add one who receives letters."
        )
        assert_nothing_was_done(step)

    def test_of_two_letters_sends_neither_when_one_cannot_be_printed(
        self, scene: Scene, pupil: Pupil
    ) -> None:
        step = scene.step(pupil, judged_on=JUDGED_ON, rung_id="wer_d17", letters=["wer_1", "wer_4"])

        with pytest.raises(NotReady):
            approve_step(step, by=scene.champion, at=AT)

        assert_nothing_was_done(step)

    def test_keeps_the_figures_that_the_letter_prints(self, scene: Scene, pupil: Pupil, step: Step) -> None:
        session = Session.objects.get(school=scene.school, on=date(2025, 9, 3), half="AM")
        amend_mark(pupil, session, code="I", reason="A note came.", by=scene.clerk, at=AT)

        (letter,) = approve_step(step, by=scene.champion, at=AT)

        assert dict(letter.content["printed"])["absence_days"] == "5.5\N{NO-BREAK SPACE}days"
        assert Step.objects.get(pk=step.pk).figures == {"attended": 39, "absent": 11, "possible": 50}


class TestAMarkAmendedSince:
    """GEN-19: a step whose reason is gone sends nothing, before the sweep has withdrawn it."""

    GONE = (
        "The register has changed, and the reason for this step is gone. "
        "The next sweep withdraws it; you can also dismiss it."
    )

    def amend(self, scene: Scene, pupil: Pupil, on: str, half: str, code: str) -> None:
        session = Session.objects.get(school=scene.school, on=days(on)[0], half=half)
        amend_mark(pupil, session, code=code, reason="The teacher was mistaken.", by=scene.clerk, at=AT)

    def test_keeps_the_step_from_being_approved_when_its_reason_is_gone(
        self, scene: Scene, pupil: Pupil, step: Step
    ) -> None:
        self.amend(scene, pupil, "10-06", "AM", "/")

        with pytest.raises(NotReady) as refused:
            approve_step(step, by=scene.champion, at=AT)

        assert refused.value.message == self.GONE
        assert_nothing_was_done(step)

    def test_lets_it_be_approved_with_the_new_figures_while_the_reason_stands(self, db: None) -> None:
        scene = open_school("strathmore")
        pupil = scene.pupil(year_group="2")
        scene.mark(pupil, {"I": days("09-10", "10-06")}, up_to=JUDGED_ON)
        step = scene.step(pupil, judged_on=JUDGED_ON, rung_id="str_1", letters=["str_B"])
        self.amend(scene, pupil, "10-06", "PM", "\\")

        (letter,) = approve_step(step, by=scene.champion, at=AT)

        space = "\N{NO-BREAK SPACE}"
        assert (
            dict(letter.content["printed"])["attendance_pct"]
            == f"94.0{space}% (47{space}of{space}50 sessions)"
        )
        assert Step.objects.get(pk=step.pk).figures == {"attended": 47, "absent": 3, "possible": 50}

    def test_of_another_reason_for_the_absence_changes_nothing(
        self, scene: Scene, pupil: Pupil, step: Step
    ) -> None:
        self.amend(scene, pupil, "10-06", "AM", "M")

        assert len(approve_step(step, by=scene.champion, at=AT)) == 1

    def test_takes_the_ground_from_under_a_threshold(self, scene: Scene) -> None:
        pupil = scene.pupil("Birch")
        scene.mark(pupil, {"O": days("09-15", "09-16", "09-17", "09-18", "09-19")}, up_to=JUDGED_ON)
        step = scene.step(pupil, judged_on=JUDGED_ON, ladder="threshold", rung_id="threshold", letters=[])
        self.amend(scene, pupil, "09-19", "PM", "I")

        with pytest.raises(NotReady) as refused:
            approve_step(step, by=scene.champion, at=AT)

        assert refused.value.message == self.GONE


class TestSessionsStillN:
    """GEN-06: no notice or referral while a counted session is N."""

    @pytest.fixture
    def pupil(self, scene: Scene) -> Pupil:
        made = scene.pupil()
        away = {"O": days("09-15", "09-16", "09-17", "09-18"), "N": days("10-06", "10-07")}
        scene.mark(made, away, up_to=JUDGED_ON)
        return made

    @pytest.mark.parametrize(
        ("rung", "ladder", "letters", "edits"),
        [
            (
                "wer_nti",
                "ladder",
                ["wer_nti"],
                {"plan_date": "2025-09-30", "nti_rows": "On time | A call | Friday"},
            ),
            ("wer_la", "ladder", [], {}),
            ("threshold", "threshold", [], {}),
        ],
    )
    def test_keep_back_notices_and_referrals(
        self,
        scene: Scene,
        pupil: Pupil,
        rung: str,
        ladder: str,
        letters: list[str],
        edits: dict[str, str],
    ) -> None:
        step = scene.step(
            pupil, judged_on=JUDGED_ON, rung_id=rung, ladder=ladder, letters=letters, edits=edits
        )

        with pytest.raises(NotReady) as refused:
            approve_step(step, by=scene.champion, at=AT)

        assert refused.value.message == (
            "4 counted sessions still have code N. "
            "Settle the reason first: until then no notice or referral can be made."
        )
        assert_nothing_was_done(step)

    def test_are_counted_as_the_register_stands_now(self, scene: Scene, pupil: Pupil) -> None:
        step = scene.step(pupil, judged_on=JUDGED_ON, rung_id="wer_la", letters=[])
        for on in days("10-06", "10-07"):
            for session in Session.objects.filter(school=scene.school, on=on):
                amend_mark(pupil, session, code="O", reason="No reason given.", by=scene.clerk, at=AT)

        approve_step(step, by=scene.champion, at=AT)

        assert Step.objects.get(pk=step.pk).state == StepState.APPROVED

    def test_do_not_keep_back_a_letter_that_asks_for_their_reason(self, scene: Scene, pupil: Pupil) -> None:
        step = scene.step(pupil, judged_on=JUDGED_ON)

        assert len(approve_step(step, by=scene.champion, at=AT)) == 1

    def test_do_not_keep_back_the_report_that_nobody_was_reached(self, scene: Scene, pupil: Pupil) -> None:
        step = scene.step(pupil, judged_on=JUDGED_ON, rung_id="no_contact", ladder="no_contact", letters=[])

        approve_step(step, by=scene.champion, at=AT)

        assert Step.objects.get(pk=step.pk).state == StepState.APPROVED


class TestApproveSteps:
    def test_gives_a_result_for_each_and_approves_what_it_can(self, scene: Scene, step: Step) -> None:
        without_family = scene.pupil("Birch", has_family=False)
        other = scene.pupil("Cedar")
        scene.mark([without_family, other], FIVE_DAYS, up_to=JUDGED_ON)
        refused = scene.step(without_family, judged_on=JUDGED_ON)
        last = scene.step(other, judged_on=JUDGED_ON)

        outcomes = approve_steps([step, refused, last], by=scene.champion, at=AT)

        assert [outcome.is_approved for outcome in outcomes] == [True, False, True]
        assert [len(outcome.letters) for outcome in outcomes] == [1, 0, 1]
        assert outcomes[1].refusal.startswith("Robin Birch has no parent or carer on record.")
        states = dict(Step.objects.values_list("pupil__surname", "state"))
        assert states == {"Ashdown": "approved", "Birch": "proposed", "Cedar": "approved"}
        assert Letter.objects.count() == 2

    def test_of_nothing_does_nothing(self, scene: Scene) -> None:
        assert approve_steps([], by=scene.champion, at=AT) == []


class TestEditStep:
    def test_keeps_what_was_entered_and_leaves_a_line_in_the_log(self, scene: Scene, panel: Step) -> None:
        edit_step(panel, edits={"panel_at": " 2025-10-20T14:00 "}, by=scene.champion, at=AT)

        assert Step.objects.get(pk=panel.pk).edits == {"panel_at": "2025-10-20T14:00"}
        assert Event.objects.get(kind="step.edited").data == {"rung": "wer_d17", "fields": ["panel_at"]}

    def test_prints_it_in_the_letter(self, scene: Scene, panel: Step) -> None:
        edit_step(panel, edits={"panel_at": "2025-10-20T14:00"}, by=scene.champion, at=AT)

        (letter,) = approve_step(panel, by=scene.champion, at=AT)

        space = "\N{NO-BREAK SPACE}"
        assert (
            dict(letter.content["printed"])["panel_at"]
            == f"Monday{space}20{space}October 2025 at{space}2:00pm"
        )

    def test_takes_an_entry_away_with_an_empty_text(self, scene: Scene, panel: Step) -> None:
        edit_step(panel, edits={"panel_at": "2025-10-20T14:00"}, by=scene.champion, at=AT)

        edit_step(panel, edits={"panel_at": ""}, by=scene.champion, at=AT)

        assert Step.objects.get(pk=panel.pk).edits == {}

    def test_that_changes_nothing_leaves_no_line(self, scene: Scene, panel: Step) -> None:
        edit_step(panel, edits={"panel_at": ""}, by=scene.champion, at=AT)

        assert_nothing_was_done(panel)

    @pytest.mark.parametrize(
        ("edits", "faults"),
        [
            ({"panel_at": "soon"}, {"panel_at": "The day and time of the panel is not a date with a time."}),
            ({"panel_at": "2025-10-07T14:00"}, {"panel_at": "The day and time of the panel is in the past."}),
            ({"absence_days": "4"}, {"absence_days": "No letter of this step has a place for absence_days."}),
            (
                {"panel_at": "2025-10-20T14:00", "meeting_at": "2025-10-20T14:00"},
                {"meeting_at": "No letter of this step has a place for meeting_at."},
            ),
        ],
    )
    def test_refuses_what_cannot_stand_there_and_keeps_none_of_it(
        self, scene: Scene, panel: Step, edits: dict[str, str], faults: dict[str, str]
    ) -> None:
        with pytest.raises(EditsRefused) as refused:
            edit_step(panel, edits=edits, by=scene.champion, at=AT)

        assert refused.value.faults == faults
        assert_nothing_was_done(panel)

    def test_refuses_a_meeting_that_was_to_be_held_but_is_still_to_come(
        self, scene: Scene, pupil: Pupil
    ) -> None:
        step = scene.step(pupil, judged_on=JUDGED_ON, rung_id="wer_d10", letters=["wer_3"])

        with pytest.raises(EditsRefused) as refused:
            edit_step(step, edits={"plan_meeting_date": "2025-10-09"}, by=scene.champion, at=AT)

        assert refused.value.faults == {"plan_meeting_date": "The day the plan was made is still to come."}

    def test_is_refused_once_the_step_is_decided(self, scene: Scene, panel: Step) -> None:
        dismiss_step(panel, reason="The family moves away.", by=scene.head, at=AT)

        with pytest.raises(AlreadyDecided) as refused:
            edit_step(panel, edits={"panel_at": "2025-10-20T14:00"}, by=scene.champion, at=AT)

        assert refused.value.message == "Hilary Head dismissed this step Wed 8 Oct at 9:30am."
        assert Step.objects.get(pk=panel.pk).edits == {}


class TestDismissStep:
    def test_says_who_why_and_when(self, scene: Scene, step: Step) -> None:
        dismiss_step(step, reason=" Operation, agreed with the family. ", by=scene.champion, at=AT)

        fresh = Step.objects.get(pk=step.pk)
        assert (fresh.state, fresh.decided_by, fresh.decided_at) == (StepState.DISMISSED, scene.champion, AT)
        assert fresh.decision_reason == "Operation, agreed with the family."
        assert Event.objects.get(kind="step.dismissed").subject_id == step.pk

    def test_may_end_a_hold(self, scene: Scene, step: Step) -> None:
        hold_step(step, reason="Bereavement.", by=scene.head, at=AT)

        dismiss_step(step, reason="The absence was the funeral.", by=scene.champion, at=AT)

        fresh = Step.objects.get(pk=step.pk)
        assert (fresh.state, fresh.held_because) == (StepState.DISMISSED, "")

    @pytest.mark.parametrize("reason", ["", "  \n"])
    def test_needs_a_reason(self, scene: Scene, step: Step, reason: str) -> None:
        with pytest.raises(ReasonMissing) as refused:
            dismiss_step(step, reason=reason, by=scene.champion, at=AT)

        assert refused.value.message == "Say why the step is dismissed."
        assert_nothing_was_done(step)

    def test_refuses_a_reason_without_end(self, scene: Scene, step: Step) -> None:
        with pytest.raises(ReasonMissing) as refused:
            dismiss_step(step, reason="x" * 1001, by=scene.champion, at=AT)

        assert refused.value.message == "Say why the step is dismissed in 1,000 characters or fewer."
        assert_nothing_was_done(step)

    def test_is_refused_after_the_sweep_withdrew_the_step(self, scene: Scene, step: Step) -> None:
        Step.objects.filter(pk=step.pk).update(
            state=StepState.WITHDRAWN,
            decided_at=london(date(2025, 10, 7), time(19, 0)),
            decided_by=UserFactory(name="Rollcall"),
        )

        with pytest.raises(AlreadyDecided) as refused:
            dismiss_step(step, reason="Not needed.", by=scene.champion, at=AT)

        assert refused.value.message == "Rollcall withdrew this step Tue 7 Oct at 7:00pm."
        assert Step.objects.get(pk=step.pk).state == StepState.WITHDRAWN


class TestHoldAndRelease:
    def test_holding_keeps_the_step_open_with_its_reason(self, scene: Scene, step: Step) -> None:
        hold_step(step, reason="Bereavement.", by=scene.head, at=AT)

        fresh = Step.objects.get(pk=step.pk)
        assert (fresh.state, fresh.held_because, fresh.decision_reason) == (
            StepState.HELD,
            "Bereavement.",
            "Bereavement.",
        )
        assert (fresh.decided_at, fresh.decided_by) == (None, None)

    def test_releasing_lets_it_wait_for_a_decision_again(self, scene: Scene, step: Step) -> None:
        hold_step(step, reason="Bereavement.", by=scene.head, at=AT)

        release_step(step, reason="The family asked us to go on.", by=scene.champion, at=AT)

        fresh = Step.objects.get(pk=step.pk)
        assert (fresh.state, fresh.held_because, fresh.decision_reason) == (StepState.PROPOSED, "", "")
        kinds = list(Event.objects.filter(subject_id=step.pk).order_by("pk").values_list("kind", "data"))
        assert kinds == [
            ("step.held", {"rung": "wer_d5", "reason": "Bereavement."}),
            ("step.released", {"rung": "wer_d5", "reason": "The family asked us to go on."}),
        ]

    def test_both_need_a_reason(self, scene: Scene, step: Step) -> None:
        with pytest.raises(ReasonMissing) as refused:
            hold_step(step, reason="", by=scene.head, at=AT)
        assert refused.value.message == "Say why the step is held."
        assert_nothing_was_done(step)

        with pytest.raises(ReasonMissing) as refused:
            release_step(step, reason=" ", by=scene.head, at=AT)
        assert refused.value.message == "Say why the step is released."
        assert_nothing_was_done(step)

    def test_holding_twice_is_refused_with_the_reason_that_stands(self, scene: Scene, step: Step) -> None:
        hold_step(step, reason="Bereavement.", by=scene.head, at=AT)

        with pytest.raises(AlreadyDecided) as refused:
            hold_step(step, reason="Illness.", by=scene.champion, at=AT)

        assert refused.value.message == "This step is held: Bereavement."
        assert Step.objects.get(pk=step.pk).held_because == "Bereavement."

    def test_releasing_what_is_not_held_is_refused(self, scene: Scene, step: Step) -> None:
        with pytest.raises(AlreadyDecided) as refused:
            release_step(step, reason="Why not.", by=scene.champion, at=AT)

        assert refused.value.message == "This step is not held any more."
        assert_nothing_was_done(step)


class TestTransitions:
    @pytest.mark.parametrize("state", sorted(set(StepState) - set(OPEN_STATES)))
    def test_a_decided_step_stays_decided_whatever_is_asked(
        self, scene: Scene, step: Step, state: str
    ) -> None:
        Step.objects.filter(pk=step.pk).update(
            state=state, decided_at=AT, decided_by=scene.head, decision_reason="done"
        )

        for ask in (
            lambda: approve_step(step, by=scene.champion, at=AT),
            lambda: edit_step(step, edits={}, by=scene.champion, at=AT),
            lambda: dismiss_step(step, reason="Again.", by=scene.champion, at=AT),
            lambda: hold_step(step, reason="Again.", by=scene.champion, at=AT),
            lambda: release_step(step, reason="Again.", by=scene.champion, at=AT),
        ):
            with pytest.raises(AlreadyDecided):
                ask()

        fresh = Step.objects.get(pk=step.pk)
        assert (fresh.state, fresh.decided_by, fresh.decision_reason) == (state, scene.head, "done")
        assert TRANSITIONS[StepState(state)] == frozenset()


@pytest.mark.django_db(transaction=True)
class TestTwoChampionsAtOnce:
    def test_one_wins_and_the_other_is_told_who(self) -> None:
        scene = open_school()
        pupil = scene.pupil()
        scene.mark(pupil, FIVE_DAYS, up_to=JUDGED_ON)
        step = scene.step(pupil, judged_on=JUDGED_ON)
        start = Barrier(2, timeout=30)  # a thread that fails early must not leave the other waiting
        said: dict[str, str] = {}

        def approve(person: User) -> None:
            try:
                with scopes_disabled():
                    mine = Step.objects.get(pk=step.pk)
                    start.wait()
                    approve_step(mine, by=person, at=AT)
                said[person.name] = "done"
            except DomainError as error:
                said[person.name] = error.message
            finally:
                connection.close()

        threads = [Thread(target=approve, args=(person,)) for person in (scene.champion, scene.head)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        winner = Step.objects.select_related("decided_by").get(pk=step.pk).decided_by
        assert winner is not None
        loser = ({"Charlie Champion", "Hilary Head"} - {winner.name}).pop()
        assert said == {
            winner.name: "done",
            loser: f"{winner.name} approved this step Wed 8 Oct at 9:30am.",
        }
        assert Letter.objects.count() == 1
        assert Event.objects.filter(kind="step.approved").count() == 1
