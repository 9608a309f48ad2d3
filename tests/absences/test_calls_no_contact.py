"""A case of no contact rests on calls: ten school days of one absence with nobody reached (WER-S8)."""

from collections.abc import Iterator
from datetime import date, time
from uuid import UUID

import pytest
from django_scopes import scope, scopes_disabled

from absences.models import Report, Task
from absences.selectors.reaching import contacted_on, days_reached
from absences.services.calls import Attempted, log_attempt, strike
from absences.services.follow_up import FollowedUp, follow_up
from accounts.people import system_user
from escalation.selectors.replaying import replayed
from escalation.services.policies import policy_of
from escalation.services.sweep import engine_for, sweep_school
from registers.models import Mark, Pupil
from tests.absences.calling import Calls, make_calls
from tests.escalation.scenes import Scene, days, evening, open_school
from tests.factories.absences import ReportFactory
from tests.factories.absences_calls import ContactAttemptFactory
from tests.factories.registers import RegisterFactory, london

ENTRY = UUID("6f2a1c8e-0d55-4d5b-9f0e-2f2a6c1b7a10")
MONDAY, THURSDAY, FRIDAY = date(2025, 11, 3), date(2025, 11, 13), date(2025, 11, 14)
SILENT = {"N": days(*(f"11-{day:02}" for day in (3, 4, 5, 6, 7, 10, 11, 12, 13, 14)))}
TEN_DAYS = [date(2025, 11, day) for day in (3, 4, 5, 6, 7, 10, 11, 12, 13, 14)]


@pytest.fixture
def in_sight(db: None) -> Iterator[None]:
    with scopes_disabled():
        yield


@pytest.fixture
def scene(in_sight: None) -> Scene:
    return open_school()


def reach(pupil: Pupil, on: date, at: time = time(10, 0)) -> None:
    ContactAttemptFactory(pupil=pupil, on=on, outcome="spoke_knew", at=london(on, at))


def cases(scene: Scene, *nights: date) -> list[tuple[str, str, str]]:
    """Sweep each night; return what was said of no contact."""
    found = []
    for on in nights:
        swept = sweep_school(scene.school, on=on, by=system_user(), at=evening(on))
        found += [(str(on), line.rung, line.state) for line in swept.lines if line.rung == "no_contact"]
    return found


class TestWerS8:
    """N from Monday 3 November; nobody is reached, or a parent is on Thursday 13 November."""

    def test_the_marks_of_the_3rd_turn_to_o_after_the_10th(self, scene):
        pupil = scene.pupil()
        scene.mark(pupil, SILENT, up_to=date(2025, 11, 11))
        monday = Mark.objects.filter(pupil=pupil, session__on=MONDAY)

        codes = []
        for night in (date(2025, 11, 10), date(2025, 11, 11)):
            sweep_school(scene.school, on=night, by=system_user(), at=evening(night))
            codes.append(set(monday.values_list("code", flat=True)))

        assert codes == [{"N"}, {"O"}]

    def test_the_tenth_school_day_is_a_mandatory_case(self, scene):
        pupil = scene.pupil()
        scene.mark(pupil, SILENT, up_to=FRIDAY)
        ContactAttemptFactory(pupil=pupil, on=THURSDAY, at=london(THURSDAY, time(9, 40)))

        assert cases(scene, THURSDAY, FRIDAY) == [("2025-11-14", "no_contact", "proposed")]

    def test_a_parent_reached_on_the_thursday_means_no_case(self, scene):
        pupil = scene.pupil()
        scene.mark(pupil, SILENT, up_to=FRIDAY)
        reach(pupil, THURSDAY)

        assert cases(scene, THURSDAY, FRIDAY) == []

    def test_a_replay_says_the_same_of_the_calls(self, scene):
        silent, reached = scene.pupil(), scene.pupil()
        for pupil in (silent, reached):
            scene.mark(pupil, SILENT, up_to=FRIDAY)
        reach(reached, THURSDAY)

        lines = [
            line
            for line in replayed(
                scene.school, engine_for(policy_of(scene.version)), first_day=MONDAY, last_day=FRIDAY
            )
            if line.rung == "no_contact"
        ]

        assert [(line.upn, line.on) for line in lines] == [(silent.upn, FRIDAY)]

    def test_a_conversation_before_the_absence_does_not_count(self, scene):
        pupil = scene.pupil()
        scene.mark(pupil, SILENT, up_to=FRIDAY)
        reach(pupil, date(2025, 10, 24))

        assert cases(scene, FRIDAY) == [("2025-11-14", "no_contact", "proposed")]

    def test_a_conversation_later_withdraws_the_case(self, scene):
        pupil = scene.pupil()
        scene.mark(pupil, SILENT, up_to=FRIDAY)
        assert cases(scene, FRIDAY) == [("2025-11-14", "no_contact", "proposed")]

        reach(pupil, FRIDAY, time(20, 0))

        assert cases(scene, FRIDAY) == [("2025-11-14", "no_contact", "withdrawn")]


class TestDaysOnWhichSomebodyWasReached:
    def test_are_those_of_conversations_and_of_word_from_the_family(self, scene):
        pupil = scene.pupil()
        reach(pupil, date(2025, 11, 5))
        ReportFactory(pupil=pupil, received_at=london(date(2025, 11, 7), time(8, 0)), state="withdrawn")

        assert days_reached(scene.school, since=MONDAY) == {pupil.pk: (date(2025, 11, 5), date(2025, 11, 7))}
        assert contacted_on(pupil.pk, TEN_DAYS) == {date(2025, 11, 5)}

    @pytest.mark.parametrize("outcome", ["no_answer", "voicemail", "spoke_did_not_know", "number_wrong"])
    def test_are_not_those_of_other_attempts(self, scene, outcome):
        pupil = scene.pupil()
        ContactAttemptFactory(pupil=pupil, on=MONDAY, outcome=outcome, at=london(MONDAY, time(10, 0)))

        assert days_reached(scene.school, since=MONDAY) == {}

    def test_leave_out_what_was_struck_out(self, scene):
        pupil = scene.pupil()
        attempt = ContactAttemptFactory(
            pupil=pupil, on=MONDAY, outcome="spoke_knew", at=london(MONDAY, time(10, 0))
        )
        strike(attempt, reason="The wrong child", by=scene.champion, at=london(MONDAY, time(11, 0)))

        assert days_reached(scene.school, since=MONDAY) == {}

    def test_are_days_of_an_english_school(self, scene):
        """A quarter past midnight in summer is the day before by Greenwich."""
        pupil = scene.pupil()
        june = date(2026, 6, 10)
        ContactAttemptFactory(pupil=pupil, on=june, outcome="spoke_knew", at=london(june, time(0, 15)))

        assert days_reached(scene.school, since=MONDAY) == {pupil.pk: (june,)}


def after_ten_days(calls: Calls, *, reached: date | None = None) -> tuple[Pupil, FollowedUp]:
    """Follow up on Friday 14 November, half past ten, a pupil who is N since Monday 3 November."""
    pupil = calls.missing("Ashdown", *TEN_DAYS)
    RegisterFactory(class_group=calls.class_group, session=calls.session(FRIDAY))
    if reached:
        reach(pupil, reached)
    with scope(school=calls.school):
        return pupil, follow_up(calls.school, at=london(FRIDAY, time(10, 30)))


def task_of(pupil: Pupil) -> Task:
    with scopes_disabled():
        return Task.objects.get(pupil=pupil, kind="no_contact")


class TestTheTaskOfNoContact:
    @pytest.mark.parametrize(
        ("policy", "is_mandatory", "source", "what"),
        [
            ("werrington", True, "000:149", "refer to the local authority"),
            ("strathmore", True, "001:141", "inform the local authority"),
            ("leedon", False, "004:123", "decide whether to refer to the local authority"),
        ],
    )
    def test_is_raised_on_the_tenth_school_day(
        self, school, class_group, office, policy, is_mandatory, source, what
    ):
        """Mandatory at Werrington and Strathmore, a decision at Leedon (LEE-05)."""
        pupil, done = after_ten_days(make_calls(school, class_group, office, policy=policy))

        assert done == FollowedUp(outside=0, no_contact=1)
        task = task_of(pupil)
        assert (task.is_mandatory, task.source, task.cause) == (is_mandatory, source, "absence:2025-11-03")
        assert task.what == f"Nobody reached on 10 school days of one absence: {what}."
        assert task.due_at == london(FRIDAY, time(16, 0))

    @pytest.mark.parametrize("policy", ["lunts_heath", "welbourn"])
    def test_is_not_raised_by_day_where_the_document_names_none(self, school, class_group, office, policy):
        """LUN-23; 003:260."""
        _, done = after_ten_days(make_calls(school, class_group, office, policy=policy))

        assert done == FollowedUp(0, 0)

    def test_is_not_raised_when_somebody_was_reached_in_the_absence(self, school, class_group, office):
        _, done = after_ten_days(make_calls(school, class_group, office), reached=THURSDAY)

        assert done == FollowedUp(0, 0)

    def test_is_not_raised_on_the_ninth_day(self, school, class_group, office):
        calls = make_calls(school, class_group, office)
        calls.missing("Ashdown", *TEN_DAYS[:9])
        RegisterFactory(class_group=class_group, session=calls.session(THURSDAY))

        with scope(school=school):
            assert follow_up(school, at=london(THURSDAY, time(10, 30))) == FollowedUp(0, 0)

    def test_is_raised_once(self, school, class_group, office):
        after_ten_days(make_calls(school, class_group, office))

        with scope(school=school):
            assert follow_up(school, at=london(FRIDAY, time(11, 0))) == FollowedUp(0, 0)
            assert Task.objects.count() == 1

    def test_waits_until_calls_had_their_hour(self, school, class_group, office):
        calls = make_calls(school, class_group, office)
        calls.missing("Ashdown", *TEN_DAYS)
        RegisterFactory(class_group=class_group, session=calls.session(FRIDAY))

        with scope(school=school):
            assert follow_up(school, at=london(FRIDAY, time(10, 19))) == FollowedUp(0, 0)
            assert follow_up(school, at=london(FRIDAY, time(10, 20))) == FollowedUp(0, 1)

    def test_is_closed_by_contact_and_comes_back_when_that_was_a_mistake(self, school, class_group, office):
        calls = make_calls(school, class_group, office)
        pupil, _ = after_ten_days(calls)
        jo = calls.contact(pupil)
        at = london(FRIDAY, time(11, 5))
        with scope(school=school):
            (attempt,) = log_attempt(
                school,
                [pupil],
                Attempted("call", "spoke_knew", at, contact=jo, reason="illness"),
                entry=ENTRY,
                on=FRIDAY,
                by=office,
                at=at,
            )

            task = task_of(pupil)
            assert (task.closed_by, task.outcome) == (
                office,
                "Reached: Jo Ashdown, Fri 14 Nov at 11:05am.",
            )

            struck = strike(attempt, reason="The wrong child", by=office, at=london(FRIDAY, time(11, 6)))

            again = Task.objects.get(pupil=pupil, kind="no_contact", closed_at__isnull=True)
            assert (again.cause, again.is_mandatory, again.what) == (f"strike:{struck.pk}", True, task.what)
            assert Report.objects.count() == 0
