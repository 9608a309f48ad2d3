"""The champion's desk and the page of one step: what they show and whom they let in."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse
from kombu import pools
from pytest_django import DjangoAssertNumQueries

from accounts.models import Role
from attendance_site.celery import app
from escalation.models import Step, SweepRun
from escalation.services.decisions import hold_step
from letters.models import Letter
from registers.models import Pupil, Session
from registers.services.amendments import amend_mark
from tests.cast import SignIn, person
from tests.escalation.pages import assert_nothing_was_done, many_steps, text_of, url
from tests.escalation.scenes import FIVE_DAYS, JUDGED_ON, TODAY, Scene, evening, morning, open_school
from tests.factories.escalation import SweepRunFactory
from tests.factories.registers import ClassGroupFactory, ContactFactory, PupilContactFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("wednesday_morning")]

# Of any page of a school: person, school and roles, and whether this is a demo.
EVERY_PAGE = 3


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
    def test_queues_the_sweep_of_this_school(self, scene: Scene, desk: Client) -> None:
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
