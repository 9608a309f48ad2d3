"""The champion's desk and the page of one step: what they show, what they carry out, whom they let in."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django_scopes import scopes_disabled
from kombu import pools
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import Event, Role
from attendance_site.celery import app
from escalation.models import Step, StepState, SweepRun
from escalation.services.decisions import fingerprint, hold_step
from letters.models import Letter
from registers.models import Pupil, Session
from registers.services.marks import amend_mark
from tests.cast import SignIn, person
from tests.escalation.scenes import Scene, days, evening, morning, open_school
from tests.factories.accounts import InstallationFactory
from tests.factories.escalation import SweepRunFactory
from tests.factories.registers import ClassGroupFactory, ContactFactory, PupilContactFactory

pytestmark = pytest.mark.django_db

JUDGED_ON = date(2025, 10, 7)
TODAY = date(2025, 10, 8)
# Of any page of a school: session, person, school, roles, and whether this is a demo.
EVERY_PAGE = 5
FIVE_DAYS = {"I": days("09-15", "09-16", "09-17", "09-18", "10-06")}


@pytest.fixture(autouse=True)
def _wednesday_morning(settings: Settings) -> Iterator[None]:
    """Wednesday 8 October 2025, half past nine."""
    settings.DEBUG = True
    settings.ROLLCALL_NOW = "2025-10-08T09:30"
    with scopes_disabled():
        InstallationFactory(is_demo=True)
        yield


@pytest.fixture
def scene(db: None) -> Scene:
    return open_school()


@pytest.fixture
def desk(scene: Scene, sign_in: SignIn) -> Client:
    """A client signed in as the champion."""
    return sign_in(scene.champion)


@pytest.fixture
def pupil(scene: Scene) -> Pupil:
    made = scene.pupil()
    scene.mark(made, FIVE_DAYS, up_to=JUDGED_ON)
    return made


@pytest.fixture
def step(scene: Scene, pupil: Pupil) -> Step:
    return scene.step(pupil, judged_on=JUDGED_ON)


@pytest.fixture
def panel(scene: Scene, pupil: Pupil) -> Step:
    """A step whose letter needs the day of the panel."""
    return scene.step(pupil, judged_on=JUDGED_ON, rung_id="wer_d17", letters=["wer_4"])


def url(name: str, *arguments: object, school: str = "werrington") -> str:
    return reverse(f"escalation:{name}", args=[school, *arguments])


def text_of(response: object) -> str:
    """Return what a page says, without its markup, spaces joined."""
    html = response.content.decode()  # type: ignore[attr-defined]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def many_steps(scene: Scene, count: int) -> list[Step]:
    """Make so many pupils with five days of absence and their steps."""
    pupils = [scene.pupil(f"Pupil{place:02d}") for place in range(count)]
    scene.mark(pupils, FIVE_DAYS, up_to=JUDGED_ON)
    return [scene.step(pupil, judged_on=JUDGED_ON) for pupil in pupils]


def assert_nothing_was_done(step: Step) -> None:
    fresh = Step.objects.get(pk=step.pk)
    assert (fresh.state, fresh.edits, fresh.decided_at) == (step.state, step.edits, None)
    assert not Letter.objects.exists()
    assert not Event.objects.filter(kind__startswith="step.").exists()


class TestDesk:
    def test_shows_each_open_step_with_why_and_how_long_it_waits(self, desk: Client, step: Step) -> None:
        page = desk.get(url("desk"))

        said = text_of(page)
        assert page.status_code == 200
        assert "Ashdown, Robin" in said
        assert "Oak, Year 5" in said
        assert "5 days of absence this academic year (10 of 50 sessions)" in said
        assert "Attendance letter 1 1 step oldest 1 school day" in said
        assert "week of Mon 6 Oct: 2 of 4 sessions" in said

    def test_says_what_happens_next_when_nothing_waits(self, desk: Client) -> None:
        page = desk.get(url("desk"))

        said = text_of(page)
        assert "Nothing waits for you" in said
        assert "The sweep runs at 19:00 each school day." in said
        assert "The sweep has not run yet." in said

    def test_says_so_when_no_policy_is_in_force(self, scene: Scene, desk: Client) -> None:
        scene.version.in_force_from = date(2026, 1, 5)
        scene.version.save()

        said = text_of(desk.get(url("desk")))

        assert "No policy is in force" in said
        assert "Run tonight’s sweep now" not in said

    def test_says_when_the_last_sweep_ran_and_how_many_it_judged(self, scene: Scene, desk: Client) -> None:
        SweepRunFactory(
            school=scene.school,
            on=JUDGED_ON,
            started_at=evening(JUDGED_ON),
            finished_at=evening(JUDGED_ON),
            counts={"judged": 212},
        )

        assert "Last sweep Tue 7 Oct at 7:00pm: 212 pupils judged." in text_of(desk.get(url("desk")))

    def test_says_so_when_the_last_sweep_failed(self, scene: Scene, desk: Client) -> None:
        SweepRunFactory(school=scene.school, on=JUDGED_ON, state="failed")

        assert "The sweep of Tue 7 Oct did not finish." in text_of(desk.get(url("desk")))

    def test_groups_by_rung_the_most_serious_first(self, scene: Scene, desk: Client, pupil: Pupil) -> None:
        for ladder, rung, letters in (
            ("ladder", "wer_d5", ["wer_1"]),
            ("threshold", "threshold", []),
            ("wer_late_10", "wer_late_10", ["wer_late"]),
        ):
            scene.step(pupil, judged_on=JUDGED_ON, ladder=ladder, rung_id=rung, letters=letters)
        other = scene.pupil("Birch")
        scene.step(other, judged_on=JUDGED_ON, rung_id="wer_d17", letters=["wer_4"])

        html = desk.get(url("desk")).content.decode()

        names = re.findall(r'<h2 class="desk__rung">(.*?)</h2>', html)
        assert names == [
            "National penalty threshold",
            "Attendance letter 4",
            "Attendance letter 1",
            "Letter about lateness",
        ]

    @pytest.mark.parametrize(
        ("query", "shown"),
        [
            ("?rung=wer_d5", {"Ashdown", "Cedar"}),
            ("?rung=wer_d8", {"Birch"}),
            ("?rung=held", {"Cedar"}),
            ("?year=2", {"Birch"}),
            ("?age=5", {"Cedar"}),
            ("?age=10", set()),
            ("?year=99&age=soon&class_id=x&page=-1", {"Ashdown", "Birch", "Cedar"}),
        ],
    )
    def test_is_narrowed_by_rung_year_and_age(
        self, scene: Scene, desk: Client, step: Step, query: str, shown: set[str]
    ) -> None:
        birch = scene.pupil("Birch", year_group="2")
        scene.step(birch, judged_on=JUDGED_ON, rung_id="wer_d8", letters=["wer_2"])
        cedar = scene.step(scene.pupil("Cedar"), judged_on=date(2025, 9, 29))
        hold_step(cedar, reason="Bereavement.", by=scene.head, at=morning(TODAY))

        html = desk.get(url("desk") + query).content.decode()

        names = re.findall(r'class="step__name"[^>]*>([^,<]+),', html)
        assert set(names) == shown

    def test_is_narrowed_by_class(self, scene: Scene, desk: Client, step: Step) -> None:
        elm = ClassGroupFactory(school=scene.school, name="Elm")
        scene.step(scene.pupil("Birch", class_group=elm), judged_on=JUDGED_ON)

        html = desk.get(url("desk") + f"?class_id={elm.pk}").content.decode()

        assert re.findall(r'class="step__name"[^>]*>([^,<]+),', html) == ["Birch"]

    def test_shows_fifty_steps_a_page(self, scene: Scene, desk: Client) -> None:
        for place in range(51):
            scene.step(scene.pupil(f"Pupil{place:02d}"), judged_on=JUDGED_ON)

        first = desk.get(url("desk")).content.decode()
        second = desk.get(url("desk") + "?page=2").content.decode()

        assert (first.count('class="step__name"'), second.count('class="step__name"')) == (50, 1)
        assert "Pupil50" in second
        assert "1 to 50 of 51 steps" in first

    def test_shows_names_as_they_are(self, scene: Scene, desk: Client) -> None:
        scene.step(scene.pupil("<script>alert(1)</script>", 'O"Brien'), judged_on=JUDGED_ON)

        html = desk.get(url("desk")).content.decode()

        assert "<script>alert" not in html
        assert "&lt;script&gt;alert(1)&lt;/script&gt;, O&quot;Brien" in html

    def test_takes_the_same_number_of_statements_for_three_steps_and_thirty(
        self, scene: Scene, desk: Client, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        many_steps(scene, 3)
        desk.get(url("desk"))  # loads the policy, once in each process

        # policy, steps with pupils, classes, school days, weeks of the pupils, last sweep
        with django_assert_num_queries(EVERY_PAGE + 6):
            desk.get(url("desk"))
        for place in range(27):
            pupil = scene.pupil(f"More{place:02d}")
            scene.mark(pupil, FIVE_DAYS, up_to=JUDGED_ON)
            scene.step(pupil, judged_on=JUDGED_ON)
        with django_assert_num_queries(EVERY_PAGE + 6):
            page = desk.get(url("desk"))

        assert page.content.decode().count('class="step__name"') == 30


class TestTheOpenStep:
    def test_stands_beside_the_list_with_the_letter_as_it_would_be_sent(
        self, desk: Client, step: Step
    ) -> None:
        page = desk.get(url("desk") + f"?step={step.pk}")

        said = text_of(page)
        assert "Dear Pat Ashdown" in said
        assert "Robin has now missed 5 days of school this year." in said
        assert "If the absence comes to 8 days, we will write again" in said
        assert "Approve 1 letter" in said
        assert "Talk it over by phone" in said

    def test_comes_alone_when_the_page_asks_for_it_alone(self, desk: Client, step: Step) -> None:
        page = desk.get(url("desk") + f"?step={step.pk}", headers={"HX-Request": "true", "HX-Target": "pane"})

        html = page.content.decode()
        assert html.lstrip().startswith('<section class="pane"')
        assert "Dear Pat Ashdown" in html
        assert "<html" not in html
        assert {"HX-Request", "HX-Target"} <= set(page["Vary"].split(", "))

    def test_of_a_confidential_address_does_not_show_the_address(self, desk: Client, step: Step) -> None:
        contact = step.pupil.pupil_contacts.get().contact
        contact.address_confidential = True
        contact.save()

        said = text_of(desk.get(url("desk") + f"?step={step.pk}"))

        assert "Pat Ashdown" in said
        assert "2 Valley Road" not in said

    def test_says_how_many_copies_go_out(self, scene: Scene, desk: Client, step: Step) -> None:
        other = ContactFactory(school=scene.school, name="Sam Ashdown", address="9 Hill Road\nAnytown")
        PupilContactFactory(pupil=step.pupil, contact=other, priority=2)

        said = text_of(desk.get(url("desk") + f"?step={step.pk}"))

        assert "2 copies, one for each address: Pat Ashdown; Sam Ashdown." in said

    def test_says_what_is_missing_and_does_not_offer_to_approve(self, desk: Client, panel: Step) -> None:
        html = desk.get(url("desk") + f"?step={panel.pk}").content.decode()

        assert "The day and time of the panel is missing. Enter it under “Details of the letter”." in html
        assert re.search(r"<button[^>]*disabled[^>]*>Approve 1 letter", html)

    def test_is_not_found_when_there_is_none(self, desk: Client, step: Step) -> None:
        assert desk.get(url("desk") + f"?step={step.pk + 1}").status_code == 404
        assert desk.get(url("desk") + "?step=x").status_code == 200


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


class TestStepPage:
    def test_opens_to_exactly_the_sessions_that_caused_it(self, desk: Client, step: Step) -> None:
        html = desk.get(url("step", step.pk)).content.decode()

        assert "10 sessions caused this step" in html
        sessions = html[html.index('id="sessions"') : html.index('id="before-title"')]
        assert sessions.count('class="mark mark--authorised"') == 10
        assert "80.0 %" in html
        assert "(40 of 50 sessions)" in html

    def test_shows_earlier_steps_and_their_letters(self, scene: Scene, desk: Client, step: Step) -> None:
        desk.post(url("step-approval", step.pk), {})
        second = scene.step(step.pupil, judged_on=JUDGED_ON, rung_id="wer_d8", letters=["wer_2"])

        page = desk.get(url("step", second.pk))

        letter = Letter.objects.get()
        assert "Attendance letter 1 , approved by Charlie Champion" in text_of(page)
        assert reverse("letters:letter", args=["werrington", letter.pk]) in page.content.decode()

    def test_of_a_decided_step_shows_who_decided_and_offers_nothing(self, desk: Client, step: Step) -> None:
        desk.post(url("step-dismissal", step.pk), {"reason": "An operation."})

        page = desk.get(url("step", step.pk))

        said = text_of(page)
        assert "Dismissed: Charlie Champion, Wed 8 Oct at 9:30am. An operation." in said
        assert "Charlie Champion dismissed it: An operation." in said
        assert "Approve" not in said

    def test_says_when_the_register_has_changed_since(self, scene: Scene, desk: Client, step: Step) -> None:
        session = Session.objects.get(school=scene.school, on=date(2025, 10, 6), half="AM")
        amend_mark(step.pupil, session, code="/", reason="Mistaken.", by=scene.clerk, at=morning(TODAY))

        said = text_of(desk.get(url("step", step.pk)))

        assert "1 of the 10 sessions no longer counts." in said
        assert "changed: no longer counts" in said
        assert "The register has changed, and the reason for this step is gone." in said


class TestPreview:
    def test_is_the_pdf_that_would_be_sent_and_is_kept_nowhere(self, desk: Client, step: Step) -> None:
        answer = desk.get(url("step-preview", step.pk, "wer_1"))

        assert answer.status_code == 200
        assert answer["Content-Type"] == "application/pdf"
        assert answer["Content-Disposition"].startswith("inline")
        assert answer["Cache-Control"] == "no-store"
        assert answer.content.startswith(b"%PDF-")
        assert not Letter.objects.exists()

    def test_says_what_is_missing(self, desk: Client, panel: Step) -> None:
        answer = desk.get(url("step-preview", panel.pk, "wer_4"))

        assert answer.status_code == 409
        assert "the day and time of the panel is missing" in text_of(answer)

    def test_is_not_found_for_a_letter_of_another_step(self, desk: Client, step: Step) -> None:
        assert desk.get(url("step-preview", step.pk, "wer_2")).status_code == 404

    def test_is_not_found_once_the_step_is_decided(self, desk: Client, step: Step) -> None:
        desk.post(url("step-approval", step.pk), {})

        assert desk.get(url("step-preview", step.pk, "wer_1")).status_code == 404


class TestAccess:
    READS = ("desk", "step", "step-preview")
    WRITES = (
        "approvals",
        "sweep",
        "step-approval",
        "step-details",
        "step-dismissal",
        "step-hold",
        "step-release",
    )

    def address(self, name: str, step: Step) -> str:
        arguments: list[object] = [] if name in ("desk", "approvals", "sweep") else [step.pk]
        return url(name, *arguments, *(["wer_1"] if name == "step-preview" else []))

    @pytest.mark.parametrize("role", [Role.TEACHER, Role.OFFICE, Role.GOVERNOR, Role.TRUST])
    @pytest.mark.parametrize("name", [*READS, *WRITES])
    def test_is_refused_to_roles_without_the_right(
        self, scene: Scene, sign_in: SignIn, step: Step, role: str, name: str
    ) -> None:
        client = sign_in(person(scene.school, role, name="Somebody Else"))
        ask = client.get if name in self.READS else client.post

        assert ask(self.address(name, step)).status_code == 403

        assert_nothing_was_done(step)

    @pytest.mark.parametrize("name", [*READS, *WRITES])
    def test_of_another_schools_champion_finds_nothing(self, sign_in: SignIn, step: Step, name: str) -> None:
        client = sign_in(open_school("leedon").champion)
        ask = client.get if name in self.READS else client.post

        assert ask(self.address(name, step)).status_code == 404

        assert_nothing_was_done(step)

    @pytest.mark.parametrize("name", ["step", "step-preview", "step-approval", "step-dismissal"])
    def test_to_another_schools_step_through_ones_own_school_finds_nothing(
        self, sign_in: SignIn, step: Step, name: str
    ) -> None:
        client = sign_in(open_school("leedon").champion)
        ask = client.get if name in self.READS else client.post
        arguments: list[object] = [step.pk, *(["wer_1"] if name == "step-preview" else [])]

        answer = ask(url(name, *arguments, school="leedon"), {"reason": "x"} if ask == client.post else {})

        assert answer.status_code == 404
        assert_nothing_was_done(step)

    @pytest.mark.parametrize("name", WRITES)
    def test_to_a_decision_needs_a_post(self, desk: Client, step: Step, name: str) -> None:
        assert desk.get(self.address(name, step)).status_code == 405

        assert_nothing_was_done(step)


@contextmanager
def broker_at(address: str) -> Iterator[None]:
    """Let the application look for its queues somewhere else."""
    before = app.conf.broker_url

    def look_at(where: str) -> None:
        app.conf.broker_url = where
        pools.reset()
        app._pool = app.amqp._producer_pool = None

    look_at(address)
    try:
        yield
    finally:
        look_at(before)


class TestSweepNow:
    def test_queues_the_sweep_of_this_school(self, scene: Scene, desk: Client, settings: Settings) -> None:
        app.conf.task_always_eager = True
        try:
            answer = desk.post(url("sweep"), follow=True)
        finally:
            app.conf.task_always_eager = False

        assert "The sweep has started." in text_of(answer)
        run = SweepRun.objects.get()
        assert (run.school, run.on, run.state) == (scene.school, TODAY, "finished")

    def test_says_so_when_the_queue_cannot_be_reached(self, desk: Client) -> None:
        with broker_at("redis://127.0.0.1:1/0"):
            answer = desk.post(url("sweep"), follow=True)

        assert "The sweep could not be started. It runs by itself at 19:00." in text_of(answer)
        assert not SweepRun.objects.exists()
