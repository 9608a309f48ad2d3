"""What is decided at the desk: approving one step or many, details of letters, reasons."""

import re

import pytest
from django.test import Client

from escalation.models import Step, StepState
from escalation.services.decisions import fingerprint, hold_step
from letters.models import Letter
from registers.models import Pupil
from tests.cast import SignIn
from tests.escalation.pages import assert_nothing_was_done, many_steps, text_of, url
from tests.escalation.scenes import FIVE_DAYS, JUDGED_ON, TODAY, Scene, morning, open_school

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("wednesday_morning")]


class TestApproving:
    def test_one_step_makes_its_letter_and_goes_on_to_the_next(
        self, scene: Scene, desk: Client, step: Step
    ) -> None:
        data = {"seen": fingerprint(step), "desk": "?rung=wer_d5", "next": "77"}

        answer = desk.post(url("step-approval", step.pk), data)

        assert answer.status_code == 302
        assert answer["Location"] == url("desk") + "?rung=wer_d5&step=77"
        fresh = Step.objects.get(pk=step.pk)
        assert (fresh.state, fresh.decided_by) == (StepState.APPROVED, scene.champion)
        assert Letter.objects.get().origin == f"step:{step.pk}"
        said = text_of(desk.get(url("desk")))
        assert "Approved Robin Ashdown. 1 letter is being made and will be under Letters." in said

    def test_from_the_steps_own_page_leads_back_to_the_desk(self, desk: Client, step: Step) -> None:
        answer = desk.post(url("step-approval", step.pk), {"seen": fingerprint(step)})

        assert answer["Location"] == url("desk")

    def test_is_refused_with_every_reason_and_a_link_to_where_to_enter_it(
        self, desk: Client, panel: Step
    ) -> None:
        answer = desk.post(url("step-approval", panel.pk), {"desk": "?", "seen": fingerprint(panel)})

        html = answer.content.decode()
        assert answer.status_code == 422
        assert '<a href="#id_panel_at_day">The day and time of the panel is missing.' in html
        assert 'id="id_panel_at_day"' in html
        assert "<title>Error: " in html
        assert_nothing_was_done(panel)

    def test_what_somebody_decided_meanwhile_says_who_did(
        self, scene: Scene, desk: Client, sign_in: SignIn, step: Step
    ) -> None:
        sign_in(scene.head).post(url("step-approval", step.pk), {})

        answer = desk.post(url("step-approval", step.pk), {"desk": "?"})

        assert answer.status_code == 409
        assert "Hilary Head approved this step Wed 8 Oct at 9:30am." in text_of(answer)
        assert Letter.objects.count() == 1

    def test_what_somebody_changed_meanwhile_asks_to_look_again(self, desk: Client, step: Step) -> None:
        answer = desk.post(url("step-approval", step.pk), {"seen": "of another day"})

        assert answer.status_code == 409
        assert "Somebody changed this step while you had it open." in text_of(answer)
        assert_nothing_was_done(step)


class TestApprovingMany:
    def test_approves_all_that_are_selected_and_keeps_the_filters(self, scene: Scene, desk: Client) -> None:
        steps = many_steps(scene, 3)

        answer = desk.post(
            url("approvals"), {"step": [one.pk for one in steps[:2]], "desk": "?rung=wer_d5&year=5"}
        )

        assert answer["Location"] == url("desk") + "?rung=wer_d5&year=5"
        states = list(Step.objects.order_by("pk").values_list("state", flat=True))
        assert states == ["approved", "approved", "proposed"]
        said = text_of(desk.get(url("desk")))
        assert "Approved 2 steps. 2 letters are being made and will be under Letters." in said

    def test_of_none_asks_to_select_one(self, desk: Client, step: Step) -> None:
        answer = desk.post(url("approvals"), {"desk": "?"})

        assert answer.status_code == 422
        assert "Select a step first" in text_of(answer)
        assert_nothing_was_done(step)

    def test_says_which_could_not_be_approved_and_why(
        self, scene: Scene, desk: Client, step: Step, pupil: Pupil
    ) -> None:
        other = scene.pupil("Birch")
        scene.mark(other, FIVE_DAYS, up_to=JUDGED_ON)
        panel = scene.step(other, judged_on=JUDGED_ON, rung_id="wer_d17", letters=["wer_4"])

        answer = desk.post(url("approvals"), {"step": [step.pk, panel.pk], "desk": "?"}, follow=True)

        said = text_of(answer)
        assert "Approved Robin Ashdown. 1 letter is being made" in said
        assert "Robin Birch: The day and time of the panel is missing." in said
        assert Step.objects.get(pk=panel.pk).state == StepState.PROPOSED
        assert Letter.objects.get().origin == f"step:{step.pk}"

    def test_of_only_such_steps_changes_nothing_and_links_to_each(self, desk: Client, panel: Step) -> None:
        answer = desk.post(url("approvals"), {"step": [panel.pk], "desk": "?rung=wer_d17"})

        assert answer.status_code == 422
        assert f'href="{url("desk")}?rung=wer_d17&amp;step={panel.pk}"' in answer.content.decode()
        assert_nothing_was_done(panel)

    def test_refuses_a_step_of_another_school_and_approves_none(
        self, scene: Scene, desk: Client, step: Step
    ) -> None:
        elsewhere = open_school("leedon")
        foreign = elsewhere.step(elsewhere.pupil(), judged_on=JUDGED_ON, rung_id="lee_1", letters=[])

        answer = desk.post(url("approvals"), {"step": [step.pk, foreign.pk], "desk": "?"})

        assert answer.status_code == 404
        assert_nothing_was_done(step)
        assert_nothing_was_done(foreign)


class TestDetails:
    DAY = {"panel_at_day": "20", "panel_at_month": "10", "panel_at_year": "2025"}

    def test_are_kept_and_shown_in_the_letter(self, desk: Client, panel: Step) -> None:
        answer = desk.post(
            url("step-details", panel.pk), self.DAY | {"panel_at_time": "2pm", "desk": "?"}, follow=True
        )

        assert Step.objects.get(pk=panel.pk).edits == {"panel_at": "2025-10-20T14:00"}
        said = text_of(answer)
        assert "Monday 20 October 2025 at 2:00pm" in said
        assert 'value="2:00pm"' in answer.content.decode()

    def test_may_hold_a_sentence_of_ones_own(self, desk: Client, step: Step) -> None:
        answer = desk.post(
            url("step-details", step.pk),
            {"own_words": "Thank you for ringing on Monday.", "desk": "?"},
            follow=True,
        )

        assert "<p>Thank you for ringing on Monday.</p>" in answer.content.decode()

    @pytest.mark.parametrize("typed", ["9:15", "9.15am", "0915", "915", "9:15 AM"])
    def test_take_a_time_as_people_write_it(self, desk: Client, panel: Step, typed: str) -> None:
        desk.post(url("step-details", panel.pk), self.DAY | {"panel_at_time": typed})

        assert Step.objects.get(pk=panel.pk).edits == {"panel_at": "2025-10-20T09:15"}

    @pytest.mark.parametrize(
        ("changes", "message", "control"),
        [
            ({"panel_at_time": ""}, "Enter the time as well", "id_panel_at_time"),
            ({"panel_at_time": "25:00"}, "Enter the time like 9:15am or 14:30", "id_panel_at_time"),
            ({"panel_at_time": "13pm"}, "Enter the time like 9:15am or 14:30", "id_panel_at_time"),
            ({"panel_at_month": "13"}, "The day must be a real date", "id_panel_at_month"),
            (
                {"panel_at_year": "2024"},
                "The day and time of the panel is in the past.",
                "id_panel_at_day",
            ),
        ],
    )
    def test_that_cannot_be_are_refused_beside_the_field(
        self, desk: Client, panel: Step, changes: dict[str, str], message: str, control: str
    ) -> None:
        answer = desk.post(
            url("step-details", panel.pk), self.DAY | {"panel_at_time": "2pm", "desk": "?"} | changes
        )

        html = answer.content.decode()
        assert answer.status_code == 422
        assert f'<a href="#{control}">{message}</a>' in html
        assert html.count(message) == 2  # in the summary and beside the field
        assert_nothing_was_done(panel)


class TestReasons:
    @pytest.mark.parametrize(
        ("name", "said", "state"),
        [
            ("step-dismissal", "Dismissed the step for Robin Ashdown.", StepState.DISMISSED),
            (
                "step-hold",
                "Held the step for Robin Ashdown. Nothing is sent until it is released.",
                StepState.HELD,
            ),
        ],
    )
    def test_are_kept_with_the_decision(
        self, desk: Client, step: Step, name: str, said: str, state: str
    ) -> None:
        answer = desk.post(url(name, step.pk), {"reason": "Operation, agreed.", "desk": "?"}, follow=True)

        fresh = Step.objects.get(pk=step.pk)
        assert (fresh.state, fresh.decision_reason) == (state, "Operation, agreed.")
        assert said in text_of(answer)

    @pytest.mark.parametrize(
        ("name", "act", "message"),
        [
            ("step-dismissal", "dismiss", "Enter why the step is dismissed"),
            ("step-hold", "hold", "Enter why the step is held"),
        ],
    )
    def test_that_are_missing_are_asked_for(
        self, desk: Client, step: Step, name: str, act: str, message: str
    ) -> None:
        answer = desk.post(url(name, step.pk), {"reason": " ", "desk": "?"})

        html = answer.content.decode()
        assert answer.status_code == 422
        assert f'<a href="#id_{act}_reason">{message}</a>' in html
        assert f'id="id_{act}_reason"' in html
        assert re.search(r'<details class="decide__reason" open>', html)
        assert_nothing_was_done(step)

    def test_of_a_hold_stand_in_the_list_and_beside_the_step(
        self, scene: Scene, desk: Client, step: Step
    ) -> None:
        hold_step(step, reason="Bereavement in the family.", by=scene.head, at=morning(TODAY))

        html = desk.get(url("desk") + f"?step={step.pk}").content.decode()

        assert "Held: Bereavement in the family." in html
        assert "This step is held: Bereavement in the family. Release it first." in html
        assert f'name="step" value="{step.pk}"' not in html

    def test_a_held_step_can_be_released(self, scene: Scene, desk: Client, step: Step) -> None:
        hold_step(step, reason="Bereavement.", by=scene.head, at=morning(TODAY))

        desk.post(url("step-release", step.pk), {"reason": "The family asked us to.", "desk": "?"})

        assert Step.objects.get(pk=step.pk).state == StepState.PROPOSED
