"""What the desk reads: the worklist with its weeks and ages, and everything about one step."""

from collections.abc import Iterator
from datetime import date

import pytest
from django.template.loader import render_to_string
from django_scopes import scopes_disabled
from pytest_django import DjangoAssertNumQueries

from accounts.errors import DomainError
from escalation.models import Step, StepState
from escalation.rules.loading import SHIPPED, shipped_policy
from escalation.selectors import wording
from escalation.selectors.readiness import reaches_for_the_law
from escalation.selectors.rejudging import is_gone
from escalation.selectors.steps import StepDetail, step_detail
from escalation.selectors.worklist import Filters, Week, Worklist, worklist
from escalation.services.decisions import approve_step, dismiss_step, hold_step, release_step
from escalation.services.policies import policy_of
from escalation.services.sweep import sweep_school
from escalation.templatetags.desk import strip as draw_strip
from registers.models import Session
from registers.services.amendments import amend_mark
from tests.escalation.scenes import Scene, days, evening, morning, open_school

pytestmark = pytest.mark.django_db

JUDGED_ON = date(2025, 11, 14)  # a Friday
TODAY = date(2025, 11, 18)  # the Tuesday after
FIVE_DAYS = {"I": days("09-15", "09-16", "09-17", "11-13", "11-14")}


@pytest.fixture(autouse=True)
def _everything_in_sight() -> Iterator[None]:
    with scopes_disabled():
        yield


@pytest.fixture
def scene(db: None) -> Scene:
    return open_school()


def work_of(scene: Scene, *, on: date = TODAY, **filters: object) -> Worklist:
    return worklist(scene.school, policy_of(scene.version), on=on, filters=Filters(**filters))  # type: ignore[arg-type]


def detail_of(step: Step, *, on: date = TODAY) -> StepDetail:
    fresh = Step.objects.select_related("school", "pupil", "policy_version", "decided_by").get(pk=step.pk)
    return step_detail(fresh, policy_of(fresh.policy_version), on=on, at=morning(on))


class TestTheStrip:
    def test_shows_the_last_ten_school_weeks_over_the_holiday(self, scene: Scene) -> None:
        pupil = scene.pupil()
        scene.mark(pupil, FIVE_DAYS, up_to=TODAY)
        scene.step(pupil, judged_on=JUDGED_ON)

        (row,) = work_of(scene).rows

        assert [(week.label, week.count, week.of) for week in row.weeks] == [
            ("week of Mon 8 Sep", 0, 10),
            ("week of Mon 15 Sep", 6, 10),
            ("week of Mon 22 Sep", 0, 10),
            ("week of Mon 29 Sep", 0, 10),
            ("week of Mon 6 Oct", 0, 10),
            ("week of Mon 13 Oct", 0, 10),
            ("week of Mon 20 Oct", 0, 10),
            ("week of Mon 3 Nov", 0, 10),
            ("week of Mon 10 Nov", 4, 10),
            ("week of Mon 17 Nov", 0, 4),
        ]
        assert [week.level for week in row.weeks] == ["", "much", "", "", "", "", "", "", "some", ""]
        assert row.strip_caption == "Sessions missed in each of the last 10 school weeks, oldest first"

    def test_is_shorter_at_the_beginning_of_the_first_year(self, scene: Scene) -> None:
        pupil = scene.pupil()
        scene.mark(pupil, {"O": days("09-03", "09-04", "09-05")}, up_to=date(2025, 9, 8))
        scene.step(pupil, judged_on=date(2025, 9, 5))

        (row,) = work_of(scene, on=date(2025, 9, 8)).rows

        assert [(week.count, week.of, week.level) for week in row.weeks] == [(6, 6, "all"), (0, 2, "")]

    def test_of_a_lateness_step_counts_lateness(self, scene: Scene) -> None:
        pupil = scene.pupil()
        scene.mark(
            pupil, {"L": [(day, "AM") for day in days("11-10", "11-11")], "I": days("11-12")}, up_to=TODAY
        )
        scene.step(
            pupil,
            judged_on=JUDGED_ON,
            ladder="wer_late_10",
            rung_id="wer_late_10",
            letters=["wer_late"],
            codes=["L"],
        )

        (row,) = work_of(scene).rows

        assert [week.count for week in row.weeks][-2:] == [2, 0]
        assert row.strip_caption.startswith("Times late in each of the last 10 school weeks")

    def test_leaves_out_sessions_that_were_not_possible(self, scene: Scene) -> None:
        pupil = scene.pupil(date_of_birth=date(2021, 3, 1), year_group="R")
        scene.mark(
            pupil, {"X": [(day, "PM") for day in days("11-10", "11-11")], "I": days("11-12")}, up_to=TODAY
        )
        scene.step(pupil, judged_on=JUDGED_ON)

        (row,) = work_of(scene).rows

        assert (row.weeks[-2].count, row.weeks[-2].of) == (2, 8)


class TestTheAgeOfAStep:
    def test_is_counted_in_school_days(self, scene: Scene) -> None:
        scene.step(
            scene.pupil(), judged_on=date(2025, 10, 23)
        )  # a Thursday, the last but one day of the half term
        scene.step(scene.pupil("Birch"), judged_on=TODAY)

        work = work_of(scene)

        assert {row.pupil.surname: row.waiting for row in work.rows} == {"Ashdown": 13, "Birch": 0}
        assert (work.oldest, work.groups[0].oldest) == (13, 13)


class TestTheList:
    def test_holds_open_steps_of_this_school_only(self, scene: Scene) -> None:
        other = open_school("leedon")
        other.step(other.pupil("Elsewhere"), judged_on=JUDGED_ON, rung_id="lee_1", letters=["lee_below_95"])
        shown = scene.step(scene.pupil(), judged_on=JUDGED_ON)
        for state in (StepState.APPROVED, StepState.DISMISSED, StepState.WITHDRAWN, StepState.PASSED):
            scene.step(
                scene.pupil(f"Done{state}"),
                judged_on=JUDGED_ON,
                state=state,
                decided_at=morning(TODAY),
                decided_by=scene.champion,
                decision_reason="done",
            )

        assert work_of(scene).row_ids == (shown.pk,)

    def test_leads_from_each_step_to_the_next_and_from_the_last_one_up(self, scene: Scene) -> None:
        first, second, third = (
            scene.step(scene.pupil(name), judged_on=JUDGED_ON).pk for name in ("Ashdown", "Birch", "Cedar")
        )
        work = work_of(scene)

        assert [work.after(pk) for pk in (first, second, third)] == [second, third, second]
        assert work.after(0) == first

    def test_leads_nowhere_from_the_only_step(self, scene: Scene) -> None:
        only = scene.step(scene.pupil(), judged_on=JUDGED_ON)

        assert work_of(scene).after(only.pk) is None

    def test_keeps_the_counts_of_groups_and_list_the_same(self, scene: Scene) -> None:
        for place in range(4):
            step = scene.step(scene.pupil(f"Five{place}"), judged_on=JUDGED_ON)
        hold_step(step, reason="Bereavement.", by=scene.head, at=morning(TODAY))
        for place in range(3):
            scene.step(scene.pupil(f"Eight{place}"), judged_on=JUDGED_ON, rung_id="wer_d8", letters=["wer_2"])

        work = work_of(scene)

        assert {group.key: group.count for group in work.groups} == {"wer_d8": 3, "wer_d5": 4}
        for group in work.groups:
            assert work_of(scene, rung=group.key).count == group.count
        assert (work.open_count, work.held_count) == (7, 1)
        assert work_of(scene, rung="held").count == 1

    def test_turns_back_from_a_page_beyond_the_last(self, scene: Scene) -> None:
        scene.step(scene.pupil(), judged_on=JUDGED_ON)

        work = work_of(scene, page=9)

        assert (work.filters.page, len(work.rows), work.first, work.last) == (1, 1, 1, 1)


class TestStepDetail:
    def test_names_exactly_the_sessions_that_caused_the_step(self, scene: Scene) -> None:
        pupil = scene.pupil()
        scene.mark(pupil, {"I": days("09-15"), "N": [(date(2025, 11, 13), "PM")]}, up_to=TODAY)
        step = scene.step(pupil, judged_on=JUDGED_ON)

        detail = detail_of(step)

        assert [(one.on, one.half, one.code, one.meaning) for one in detail.sessions] == [
            (date(2025, 9, 15), "AM", "I", "Illness"),
            (date(2025, 9, 15), "PM", "I", "Illness"),
            (date(2025, 11, 13), "PM", "N", "Reason not yet known"),
        ]
        assert len(detail.sessions) == detail.figures.absent == step.figures["absent"]
        assert (detail.changed, detail.unsettled) == (0, 1)
        assert [(on, bool(am), bool(pm)) for on, am, pm in detail.days] == [
            (date(2025, 9, 15), True, True),
            (date(2025, 11, 13), False, True),
        ]

    def test_says_which_sessions_no_longer_count(self, scene: Scene) -> None:
        pupil = scene.pupil()
        scene.mark(pupil, FIVE_DAYS, up_to=TODAY)
        step = scene.step(pupil, judged_on=JUDGED_ON)
        session = Session.objects.get(school=scene.school, on=date(2025, 11, 13), half="AM")
        amend_mark(pupil, session, code="/", reason="Mistaken.", by=scene.clerk, at=morning(TODAY))

        detail = detail_of(step)

        assert [(one.on, one.half) for one in detail.sessions if one.has_changed] == [
            (date(2025, 11, 13), "AM")
        ]
        assert len(detail.sessions) == 10

    def test_takes_the_same_number_of_statements_whatever_was_before(
        self, scene: Scene, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        pupil = scene.pupil()
        scene.mark(pupil, FIVE_DAYS, up_to=TODAY)
        step = scene.step(pupil, judged_on=JUDGED_ON)
        detail_of(step)  # loads the policy, once in each process

        counts = []
        for earlier in (range(3), range(3, 30)):
            for place in earlier:
                scene.step(
                    pupil,
                    judged_on=date(2025, 10, 1),
                    ladder=f"rewards:{place}",
                    rung_id="rewards",
                    letters=[],
                    state=StepState.DISMISSED,
                    decided_at=morning(TODAY),
                    decided_by=scene.champion,
                    decision_reason="done",
                )
            with django_assert_num_queries(STEP_STATEMENTS):
                counts.append(len(detail_of(step).earlier))

        assert counts == [3, 30]

    def test_tells_the_story_of_the_step(self, scene: Scene) -> None:
        pupil = scene.pupil()
        scene.mark(pupil, FIVE_DAYS, up_to=TODAY)
        step = scene.step(pupil, judged_on=JUDGED_ON)
        hold_step(step, reason="Bereavement.", by=scene.head, at=morning(date(2025, 11, 17)))
        release_step(step, reason="The family asked us to.", by=scene.champion, at=morning(TODAY))
        approve_step(step, by=scene.champion, at=morning(TODAY))

        detail = detail_of(step)

        assert [(one.who, one.what, one.reason) for one in detail.happenings] == [
            ("Hilary Head", "held it", "Bereavement."),
            ("Charlie Champion", "released it", "The family asked us to."),
            ("Charlie Champion", "approved it", ""),
        ]
        assert [letter.template_key for letter in detail.sent] == ["wer_1"]
        assert (detail.previews, detail.problems) == ((), ())


# The step's row; class, sessions and marks; the preview of one letter: earlier letters, what the register
# knows as on the day of judgement and today, recipients, who signs; what stands against it; figures, earlier
# steps with their letters, flags, addressees, the log.
STEP_STATEMENTS = 40


class TestTheSweepAndTheDesk:
    """What a person decided stands when the sweep of the evening comes."""

    def swept(self, scene: Scene, on: date) -> list[str]:
        return [
            line.state for line in sweep_school(scene.school, on=on, by=scene.clerk, at=evening(on)).lines
        ]

    @pytest.fixture
    def step(self, scene: Scene) -> Step:
        pupil = scene.pupil()
        scene.mark(pupil, FIVE_DAYS, up_to=TODAY)
        assert "proposed" in self.swept(scene, JUDGED_ON)
        return Step.objects.get(state=StepState.PROPOSED)

    def test_a_step_that_a_person_holds_stays_held(self, scene: Scene, step: Step) -> None:
        hold_step(step, reason="Bereavement.", by=scene.head, at=morning(date(2025, 11, 17)))

        self.swept(scene, date(2025, 11, 17))

        fresh = Step.objects.get(pk=step.pk)
        assert (fresh.state, fresh.held_because) == (StepState.HELD, "Bereavement.")

    def test_an_approved_step_is_not_proposed_again(self, scene: Scene, step: Step) -> None:
        approve_step(step, by=scene.champion, at=morning(date(2025, 11, 17)))

        assert self.swept(scene, date(2025, 11, 17)) == []

    def test_a_dismissed_step_stays_away(self, scene: Scene, step: Step) -> None:
        dismiss_step(step, reason="An operation.", by=scene.champion, at=morning(date(2025, 11, 17)))

        assert self.swept(scene, date(2025, 11, 17)) == []

    def test_a_step_that_the_sweep_would_withdraw_cannot_be_approved_before(
        self, scene: Scene, step: Step
    ) -> None:
        session = Session.objects.get(school=scene.school, on=date(2025, 11, 13), half="AM")
        amend_mark(step.pupil, session, code="/", reason="Mistaken.", by=scene.clerk, at=morning(TODAY))

        assert is_gone(step, policy_of(step.policy_version))
        with pytest.raises(DomainError):
            approve_step(step, by=scene.champion, at=morning(TODAY))
        assert self.swept(scene, TODAY) == ["withdrawn"]
        assert Step.objects.get(pk=step.pk).state == StepState.WITHDRAWN


class TestWording:
    @pytest.mark.parametrize("key", SHIPPED)
    def test_names_every_rung_and_all_that_it_asks_for_in_words(self, key: str) -> None:
        policy = shipped_policy(key)

        for rung in (*policy.ladder.rungs, *policy.lateness.rungs):
            lines = [
                wording.rung_name(policy, "ladder", rung.id, list(rung.letters)),
                *wording.actions_of(policy, "ladder", rung.id),
            ]
            assert len(lines) == len(rung.do) + 1
            for line in lines:
                assert line
                assert "_" not in line, line
                assert line[0].isupper() or not line[0].isalpha(), line

    def test_names_people_by_their_posts(self) -> None:
        policy = shipped_policy("werrington")

        assert wording.actions_of(policy, "ladder", "wer_d8") == [
            "Letter: Attendance letter 2",
            "Meeting with Senior Attendance Champion, Headteacher and Support team",
            "Support plan",
        ]

    @pytest.mark.parametrize(
        ("ladder", "name"),
        [
            ("threshold", "National penalty threshold"),
            ("no_contact", "Nobody reached"),
            ("evidence", "Proof of illness"),
            ("rewards:end_of_year", "Praise"),
        ],
    )
    def test_names_steps_beside_the_ladder(self, ladder: str, name: str) -> None:
        assert wording.rung_name(None, ladder, ladder, []) == name

    def test_of_a_rung_that_the_policy_no_longer_has_is_its_name(self) -> None:
        assert wording.rung_name(shipped_policy("leedon"), "ladder", "lee_9", []) == "Lee 9"


class TestWhatReachesForTheLaw:
    LAW = {"wer_nti", "wer_la", "str_nti", "str_la", "lun_formal", "lun_enforce", "wel_4", "wel_5", "lee_4"}

    @pytest.mark.parametrize("key", SHIPPED)
    def test_is_every_notice_warning_and_legal_referral_of_the_policies(self, key: str) -> None:
        policy = shipped_policy(key)

        found = {
            rung.id
            for rung in (*policy.ladder.rungs, *policy.lateness.rungs)
            if reaches_for_the_law(Step(ladder="ladder", rung_id=rung.id, letters=list(rung.letters)), policy)
        }

        assert found == {rung.id for rung in policy.ladder.rungs if rung.id in self.LAW}


class TestTheStripAsDrawn:
    def test_is_the_component_of_every_page(self) -> None:
        weeks = [
            Week("week of Mon 3 Nov", count, of) for count, of in ((0, 10), (2, 10), (5, 10), (8, 8), (0, 0))
        ]

        drawn = draw_strip('Sessions "missed"', weeks)

        component = render_to_string(
            "_components/heat_strip.html", {"caption": 'Sessions "missed"', "weeks": weeks}
        )
        assert drawn == component.strip()
