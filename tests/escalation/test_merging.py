"""What the letters of a step say, and where each of their fields comes from."""

from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal

import pytest
from django_scopes import scopes_disabled

from escalation.models import Step, StepState
from escalation.selectors import merging
from escalation.selectors.merging import SOURCES, Source, merge_values
from escalation.services.policies import policy_of
from letters import services as letters
from letters.rules.catalogue import TEMPLATES
from letters.rules.fields import Field, Kind, Share
from letters.selectors.known import known_fields
from letters.services.preparing import complete_values
from registers.models import Session
from registers.services.marks import MarkRow, load_marks
from tests.escalation.scenes import Scene, days, evening, morning, open_school
from tests.factories.registers import PartTimeTimetableFactory, PupilFlagFactory, TimetableAbsenceFactory

pytestmark = pytest.mark.django_db

GIVEN = sorted({field.name for template in TEMPLATES.values() for field in template.fields if field.is_given})


@pytest.fixture(autouse=True)
def _everything_in_sight() -> Iterator[None]:
    with scopes_disabled():
        yield


def values_of(step: Step, key: str) -> dict[str, object]:
    """Return what escalation gives for a letter of the step."""
    return merge_values(step, policy_of(step.policy_version), TEMPLATES[key])


def all_values(step: Step, key: str, on: date) -> dict[str, object]:
    """Return every value of the letter, those of the register included."""
    template = TEMPLATES[key]
    return complete_values(step.school, step.pupil, template, values_of(step, key), on=on)


class TestEveryField:
    @pytest.mark.parametrize("name", GIVEN)
    def test_has_a_source(self, name: str) -> None:
        assert name in SOURCES

    def test_that_has_a_source_is_declared_by_a_letter(self) -> None:
        assert sorted(set(SOURCES) - set(GIVEN)) == []

    def test_that_only_a_person_knows_can_be_typed(self) -> None:
        typed = set(Kind) - {Kind.SHARE, Kind.SESSIONS, Kind.NATIONAL, Kind.LETTER}
        kinds = {
            field.kind
            for template in TEMPLATES.values()
            for field in template.fields
            if SOURCES.get(field.name) is Source.PERSON
        }

        assert kinds <= typed

    def test_of_the_register_the_school_and_the_calendar_is_known(self) -> None:
        scene = open_school()
        pupil = scene.pupil()
        scene.mark(pupil, {"U": days("09-15"), "L": days("09-16")}, up_to=date(2025, 12, 1))

        known = known_fields(scene.school, pupil, on=date(2025, 12, 1))

        # Worked out from the policy's next trigger, which only the step knows.
        expected = {
            name
            for name, source in SOURCES.items()
            if source in {Source.SCHOOL, Source.PUPIL, Source.REGISTER, Source.CALENDAR}
        } - {"max_year_pct_at_next_trigger"}
        assert sorted(expected - known.keys()) == []


class TestDaysOfAbsence:
    """Werrington, five days: 15 to 18 September, and two mornings."""

    @pytest.fixture
    def scene(self) -> Scene:
        return open_school()

    @pytest.fixture
    def step(self, scene: Scene) -> Step:
        pupil = scene.pupil()
        away = {
            "I": [*days("09-15", "09-16", "09-17", "09-18"), (date(2025, 9, 29), "AM")],
            "M": [(date(2025, 10, 7), "AM")],
        }
        scene.mark(pupil, away, up_to=date(2025, 10, 7))
        return scene.step(pupil, judged_on=date(2025, 10, 7))

    def test_prints_the_days_the_target_and_the_next_trigger(self, step: Step) -> None:
        values = values_of(step, "wer_1")

        assert values["absence_days"] == Decimal("5")
        assert values["target_pct"] == 97
        assert values["next_trigger_days"] == 8
        assert values["max_year_pct"] == Share(370, 380)
        assert len(values["absent_dates"]) == 10  # type: ignore[arg-type]

    def test_says_what_the_register_said_on_the_day_of_judgement(self, scene: Scene, step: Step) -> None:
        next_day = Session.objects.filter(school=scene.school, on=date(2025, 10, 8))
        load_marks(
            scene.school,
            [MarkRow(step.pupil_id, session.pk, 2025, "I") for session in next_day],
            by=scene.clerk,
            at=evening(date(2025, 10, 8)),
        )

        values = all_values(step, "wer_1", date(2025, 10, 9))

        assert values["absence_days"] == Decimal("5")
        assert len(values["absent_dates"]) == 10  # type: ignore[arg-type]

    def test_prints_a_half_day_as_it_is(self, scene: Scene) -> None:
        pupil = scene.pupil("Birch")
        scene.mark(
            pupil,
            {"I": [*days("09-15", "09-16", "09-17", "09-18", "09-19"), (date(2025, 9, 29), "AM")]},
            up_to=date(2025, 9, 29),
        )

        values = values_of(scene.step(pupil, judged_on=date(2025, 9, 29)), "wer_1")

        assert values["absence_days"] == Decimal("5.5")

    def test_quotes_the_letter_before_and_the_best_year_at_the_next_trigger(
        self, scene: Scene, step: Step
    ) -> None:
        letters.prepare_letters(
            school=scene.school,
            pupil=step.pupil,
            template_key="wer_1",
            origin=f"step:{step.pk}",
            merge=values_of(step, "wer_1"),
            by=scene.champion,
            at=morning(date(2025, 10, 8)),
        )
        Step.objects.filter(pk=step.pk).update(
            state=StepState.APPROVED, decided_at=morning(date(2025, 10, 8)), decided_by=scene.champion
        )
        second = scene.step(step.pupil, judged_on=date(2025, 11, 12), rung_id="wer_d8", letters=["wer_2"])

        values = all_values(second, "wer_2", date(2025, 11, 13))

        assert values["prior_letter_date"] == date(2025, 10, 8)
        assert values["next_trigger_days"] == 10
        assert values["max_year_pct_at_next_trigger"] == Share(360, 380)  # 94.7 %

    def test_quotes_no_letter_that_was_not_sent(self, scene: Scene, step: Step) -> None:
        Step.objects.filter(pk=step.pk).update(
            state=StepState.PASSED, decided_at=evening(date(2025, 11, 12)), decided_by=scene.champion
        )
        second = scene.step(step.pupil, judged_on=date(2025, 11, 12), rung_id="wer_d8", letters=["wer_2"])

        assert "prior_letter_date" not in values_of(second, "wer_2")

    def test_quotes_no_letter_that_was_withdrawn(self, scene: Scene, step: Step) -> None:
        origin = f"step:{step.pk}"
        letters.prepare_letters(
            school=scene.school,
            pupil=step.pupil,
            template_key="wer_1",
            origin=origin,
            merge=values_of(step, "wer_1"),
            by=scene.champion,
            at=morning(date(2025, 10, 8)),
        )
        letters.withdraw_letters(origin=origin)
        Step.objects.filter(pk=step.pk).update(
            state=StepState.APPROVED, decided_at=morning(date(2025, 10, 8)), decided_by=scene.champion
        )
        second = scene.step(step.pupil, judged_on=date(2025, 11, 12), rung_id="wer_d8", letters=["wer_2"])

        assert "prior_letter_date" not in values_of(second, "wer_2")

    def test_takes_what_a_person_entered(self, scene: Scene, step: Step) -> None:
        step.rung_id, step.letters = "wer_d17", ["wer_4"]
        step.edits = {"panel_at": "2025-10-20T14:00"}

        values = values_of(step, "wer_4")

        assert values["panel_at"] == datetime(2025, 10, 20, 14, 0)  # noqa: DTZ001 - as a person writes it
        assert "next_trigger_days" not in values

    def test_best_year_counts_the_pupils_own_planned_sessions(self, scene: Scene) -> None:
        pupil = scene.pupil("Cedar")
        enrolment = pupil.enrolments.get()
        enrolment.leaving_on = date(2025, 12, 19)
        enrolment.save()
        scene.mark(pupil, {"I": days("09-15", "09-16", "09-17", "09-18", "09-19")}, up_to=date(2025, 9, 30))

        values = values_of(scene.step(pupil, judged_on=date(2025, 9, 30)), "wer_1")

        assert values["year_sessions"] == 146  # 73 days of autumn
        assert values["max_year_pct"] == Share(136, 146)


class TestPercentages:
    def test_below_the_threshold_of_its_rung(self) -> None:
        scene = open_school("strathmore")
        pupil = scene.pupil(year_group="2")
        scene.mark(pupil, {"I": days("09-10"), "O": [(date(2025, 10, 6), "AM")]}, up_to=date(2025, 10, 7))
        step = scene.step(pupil, judged_on=date(2025, 10, 7), rung_id="str_1", letters=["str_B"])

        values = values_of(step, "str_B")

        assert values["attendance_pct"] == Share(47, 50)
        assert values["threshold_pct"] == 96

    def test_follow_the_letter_that_the_rung_compares_with(self) -> None:
        scene = open_school("strathmore")
        pupil = scene.pupil(year_group="2")
        scene.mark(pupil, {"I": days("09-10", "09-11")}, up_to=date(2025, 10, 24))
        for key, rung, judged_on, sent_on in (
            ("str_B", "str_1", date(2025, 10, 7), date(2025, 10, 8)),
            ("str_D", "str_med", date(2025, 10, 9), date(2025, 10, 10)),
        ):
            step = scene.step(
                pupil,
                judged_on=judged_on,
                rung_id=rung,
                letters=[key],
                state=StepState.HELD,
                held_because="x",
            )
            letters.prepare_letters(
                school=scene.school,
                pupil=pupil,
                template_key=key,
                origin=f"step:{step.pk}",
                merge=values_of(step, key),
                by=scene.champion,
                at=morning(sent_on),
            )
            Step.objects.filter(pk=step.pk).update(
                state=StepState.APPROVED,
                decided_at=morning(sent_on),
                decided_by=scene.champion,
                held_because="",
            )
        step = scene.step(pupil, judged_on=date(2025, 10, 24), rung_id="str_2", letters=["str_C"])

        values = values_of(step, "str_C")

        assert values["prior_letter_date"] == date(2025, 10, 8)

    def test_of_a_pupil_on_a_part_time_timetable_leave_its_sessions_out(self) -> None:
        scene = open_school("welbourn")
        pupil = scene.pupil()
        timetable = PartTimeTimetableFactory(pupil=pupil)
        for weekday in range(5):
            TimetableAbsenceFactory(timetable=timetable, weekday=weekday)
        november = [day for day in (date(2025, 11, number) for number in range(3, 29)) if day.weekday() < 5]
        scene.mark(
            pupil,
            {"C2": [(day, "PM") for day in november], "I": [(date(2025, 11, 12), "AM")]},
            up_to=date(2025, 11, 28),
        )
        step = scene.step(pupil, judged_on=date(2025, 11, 28), rung_id="wel_1", letters=["wel_1"])

        values = values_of(step, "wel_1")

        assert values["attendance_pct"] == Share(95, 96)  # 116 possible, 20 of the timetable, 1 missed
        assert [session.code for session in values["absent_dates"]] == ["I"]  # type: ignore[attr-defined]
        assert values["part_time_timetable"] is False
        assert merging.figures_now(step, policy_of(scene.version)) == {
            "attended": 95,
            "absent": 1,
            "possible": 96,
        }

    def test_of_a_warning_cover_the_days_since_the_letter_before(self) -> None:
        scene = open_school("welbourn")
        pupil = scene.pupil()
        scene.mark(
            pupil, {"O": days("09-15", "11-10", "11-11"), "I": days("11-12")}, up_to=date(2025, 12, 19)
        )
        first = scene.step(pupil, judged_on=date(2025, 10, 24), rung_id="wel_3", letters=["wel_3"])
        first.edits = {"panel_at": "2025-11-03T14:00"}
        letters.prepare_letters(
            school=scene.school,
            pupil=pupil,
            template_key="wel_3",
            origin=f"step:{first.pk}",
            merge=values_of(first, "wel_3"),
            by=scene.champion,
            at=morning(date(2025, 10, 24)),
        )
        Step.objects.filter(pk=first.pk).update(
            state=StepState.APPROVED, decided_at=morning(date(2025, 10, 24)), decided_by=scene.champion
        )
        step = scene.step(pupil, judged_on=date(2025, 12, 19), rung_id="wel_4", letters=["wel_4"])

        values = values_of(step, "wel_4")

        assert (values["period_from"], values["period_to"]) == (date(2025, 11, 3), date(2025, 12, 19))
        assert (values["sessions_absent_unauthorised"], values["sessions_possible"]) == (4, 70)
        assert len(values["absent_dates"]) == 8  # type: ignore[arg-type]


class TestStepsBesideTheLadder:
    def test_lateness_names_the_late_sessions_that_caused_it(self) -> None:
        scene = open_school("strathmore")
        pupil = scene.pupil(year_group="2")
        mornings = [(day, "AM") for day in days("09-09", "09-10", "09-11", "09-12", "09-15")]
        scene.mark(pupil, {"L": [*mornings, (date(2025, 9, 16), "PM")]}, up_to=date(2025, 9, 19))
        morning_ids = list(
            pupil.marks.filter(code="L", session__half="AM").values_list("session_id", flat=True)
        )
        step = scene.step(
            pupil,
            judged_on=date(2025, 9, 19),
            ladder="str_late_10",
            rung_id="str_late_10",
            letters=["str_A"],
            session_ids=morning_ids,
        )

        values = values_of(step, "str_A")

        assert values["late_count"] == 5
        assert {session.half for session in values["late_dates"]} == {"AM"}  # type: ignore[attr-defined]

    def test_proof_of_illness_names_only_the_days_in_question(self) -> None:
        scene = open_school("lunts_heath")
        pupil = scene.pupil()
        run = days("11-10", "11-11", "11-12", "11-13", "11-14", "11-17")
        scene.mark(pupil, {"I": [*days("09-15"), *run]}, up_to=date(2025, 11, 17))
        ids = list(pupil.marks.filter(session__on__in=run).values_list("session_id", flat=True))
        step = scene.step(
            pupil,
            judged_on=date(2025, 11, 17),
            ladder="evidence",
            rung_id="evidence",
            letters=["lun_evidence"],
            session_ids=ids,
        )

        values = values_of(step, "lun_evidence")

        assert sorted({session.on for session in values["absent_dates"]}) == run  # type: ignore[attr-defined]

    def test_times_of_the_morning_come_from_the_school_and_its_policy(self) -> None:
        scene = open_school("welbourn")
        pupil = scene.pupil()
        scene.mark(pupil, {"L": [(date(2025, 9, 9), "AM")]}, up_to=date(2025, 9, 19))
        step = scene.step(
            pupil,
            judged_on=date(2025, 9, 19),
            ladder="wel_late",
            rung_id="wel_late",
            letters=["wel_late"],
            codes=["L"],
        )

        values = all_values(step, "wel_late", date(2025, 9, 22))

        assert (values["late_after"], values["register_closes"]) == (time(8, 50), time(9, 20))
        assert values["lessons_begin"] == time(9, 5)


class TestFlags:
    def test_are_those_of_the_day_of_the_letter(self) -> None:
        scene = open_school()
        pupil = scene.pupil()
        scene.mark(pupil, {"I": days("09-15", "09-16", "09-17")}, up_to=date(2025, 9, 17))
        step = scene.step(pupil, judged_on=date(2025, 9, 17), rung_id="wer_d3", letters=["wer_notice_3"])
        PupilFlagFactory(pupil=pupil, name="bereavement", starts_on=date(2025, 9, 18))

        values = all_values(step, "wer_notice_3", date(2025, 9, 18))

        assert values["bereavement"] is True


def test_fields_to_enter_are_those_of_the_letters_that_only_a_person_knows() -> None:
    scene = open_school()
    step = scene.step(
        scene.pupil(), judged_on=date(2025, 9, 17), rung_id="wer_d17", letters=["wer_4", "wer_2"]
    )

    found: list[Field] = merging.fields_to_enter(step)

    assert [field.name for field in found] == ["panel_at", "meeting_at", "own_words"]
