"""Keeping attempts, claims, steps and tasks, and the rules of each school that follow from calls."""

from datetime import date, time, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction
from django_scopes import scope, scopes_disabled

from absences.models import CallClaim, ContactAttempt, Task
from absences.rules.calling import Step, quiet_until, steps_after_calls, workers_for
from absences.rules.contact import OUTCOMES_OF, fits
from absences.services import calls as services
from absences.services.calls import Attempted, AttemptRefused, CalledBySomebody, log_attempt
from absences.services.follow_up import FollowedUp, StepRefused, choose_step, follow_up
from absences.services.tasks import TaskClosedMeanwhile, TaskRefused, close_task, raise_task
from accounts.errors import DomainError
from accounts.models import Event
from registers.models import Contact, Pupil
from tests.absences.calling import TUESDAY, Calls, make_calls
from tests.absences.test_terms import shipped_terms
from tests.factories.absences_calls import ContactAttemptFactory
from tests.factories.registers import PupilFlagFactory, RegisterFactory, london

AT = london(TUESDAY, time(9, 40))
ENTRY = UUID("6f2a1c8e-0d55-4d5b-9f0e-2f2a6c1b7a10")
SCHOOLS = ("werrington", "strathmore", "lunts_heath", "welbourn", "leedon")


@pytest.fixture
def calls(school, class_group, office) -> Calls:
    return make_calls(school, class_group, office)


def log(calls: Calls, *pupils: Pupil, entry: UUID = ENTRY, at=AT, outcome="no_answer", **values):
    values.setdefault("channel", "call")
    values.setdefault("at", at)
    with scope(school=calls.school):
        return log_attempt(
            calls.school,
            pupils,
            Attempted(outcome=outcome, **values),
            entry=entry,
            on=TUESDAY,
            by=calls.by,
            at=at,
        )


def attempts() -> int:
    with scopes_disabled():
        return ContactAttempt.objects.count()


class TestAnAttempt:
    def test_keeps_whom_how_and_what_came_of_it(self, calls):
        pupil = calls.missing()
        jo = calls.contact(pupil)

        (one,) = log(calls, pupil, contact=jo, address="07700 900001", note=" rang long ", at=AT)

        assert (one.contact, one.address, one.channel, one.outcome) == (
            jo,
            "07700 900001",
            "call",
            "no_answer",
        )
        assert (one.note, one.on, one.at, one.recorded_at, one.by) == (
            "rang long",
            TUESDAY,
            AT,
            AT,
            calls.by,
        )
        event = Event.objects.get(kind="contact.attempted")
        assert event.data == {
            "pupil": pupil.pk,
            "on": "2025-11-11",
            "channel": "call",
            "outcome": "no_answer",
        }

    def test_sent_twice_counts_once(self, calls):
        pupil = calls.missing()
        jo = calls.contact(pupil)

        first, again = (log(calls, pupil, contact=jo)[0] for _ in range(2))

        assert (first.pk, attempts()) == (again.pk, 1)

    def test_from_paper_keeps_the_time_at_which_it_was_made(self, calls):
        pupil = calls.missing()
        jo = calls.contact(pupil)
        made = AT - timedelta(minutes=15)
        with scope(school=calls.school):
            (one,) = log_attempt(
                calls.school,
                [pupil],
                Attempted("call", "no_answer", made, contact=jo),
                entry=ENTRY,
                on=TUESDAY,
                by=calls.by,
                at=AT,
            )

        assert (one.at, one.recorded_at) == (made, AT)

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"channel": "call"}, "who"),
            ({"channel": "call", "person": "Grandmother", "outcome": "sent"}, "outcome"),
            ({"channel": "letter", "outcome": "no_answer"}, "outcome"),
            ({"channel": "call", "person": "Aunt", "reason": "nonsense"}, "reason"),
        ],
    )
    def test_that_cannot_be_is_refused_and_nothing_is_kept(self, calls, values, field):
        pupil = calls.missing()

        with pytest.raises(AttemptRefused) as refusal:
            log(calls, pupil, **values)

        assert (list(refusal.value.faults), attempts()) == ([field], 0)

    def test_in_the_future_or_before_the_absence_is_refused(self, calls):
        pupil = calls.missing()
        for made in (AT + timedelta(minutes=1), london(date(2025, 11, 10), time(10, 0))):
            with scope(school=calls.school), pytest.raises(AttemptRefused) as refusal:
                log_attempt(
                    calls.school,
                    [pupil],
                    Attempted("call", "no_answer", made, person="Grandmother"),
                    entry=uuid4(),
                    on=TUESDAY,
                    by=calls.by,
                    at=AT,
                )
            assert list(refusal.value.faults) == ["at"]
        assert attempts() == 0

    def test_to_somebody_whom_a_court_order_keeps_away_is_refused_for_every_child(self, calls):
        elder, younger = calls.missing("Elder"), calls.missing("Younger")
        kept: Contact = calls.contact(elder, "Parent")
        with scope(school=calls.school):
            elder.pupil_contacts.model.objects.create(
                school=calls.school,
                pupil=younger,
                contact=kept,
                relationship="father",
                priority=1,
                court_order_restricts=True,
            )

        with pytest.raises(AttemptRefused, match="A court order keeps this person away from Robin Younger"):
            log(calls, elder, younger, contact=kept)

        assert attempts() == 0

    def test_to_somebody_elses_contact_is_refused(self, calls):
        mine, theirs = calls.missing("Mine"), calls.missing("Theirs")

        with pytest.raises(AttemptRefused, match="no contact of Robin Mine"):
            log(calls, mine, contact=calls.contact(theirs))

        assert attempts() == 0

    def test_cannot_be_changed_into_nonsense_even_by_the_database(self, calls):
        pupil = calls.missing()
        for wrong in (
            {"channel": "letter", "outcome": "spoke_knew"},
            {"contact": None},
            {"recorded_at": AT - timedelta(days=900)},
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                ContactAttemptFactory(pupil=pupil, **wrong)

    def test_can_come_only_to_what_its_channel_allows(self):
        assert fits("letter", "sent")
        assert not fits("letter", "spoke_knew")
        assert not fits("nonsense", "sent")
        assert set(OUTCOMES_OF) == {"call", "text", "email", "visit", "in_person", "police_check", "letter"}


class TestAGuardianWhoDidNotKnow:
    def test_raises_a_safeguarding_task_due_in_half_an_hour(self, calls):
        pupil = calls.missing()
        (one,) = log(calls, pupil, contact=calls.contact(pupil), outcome="spoke_did_not_know")

        with scope(school=calls.school):
            task = Task.objects.get()
        assert (task.kind, task.cause, task.is_mandatory) == ("safeguarding", f"attempt:{one.pk}", True)
        assert task.due_at == AT + timedelta(minutes=30)
        assert task.what == (
            "Find out where Robin Ashdown is: Jo Ashdown did not know of the absence on Tue 11 Nov."
        )

    def test_raises_it_for_each_child_that_the_call_was_about(self, calls):
        elder, younger = calls.missing("Elder"), calls.missing("Younger")
        log(calls, elder, younger, person="Grandmother", outcome="spoke_did_not_know")

        with scope(school=calls.school):
            assert set(Task.objects.values_list("pupil_id", flat=True)) == {elder.pk, younger.pk}

    def test_raises_it_in_the_time_that_the_school_chose(self, calls):
        with scope(school=calls.school):
            services.choose_safeguarding_minutes(calls.school, 10, by=calls.by, at=AT)
        log(calls, calls.missing(), person="Grandmother", outcome="spoke_did_not_know")

        with scope(school=calls.school):
            assert Task.objects.get().due_at == AT + timedelta(minutes=10)

    def test_stays_on_the_list_and_the_task_open_after_a_later_conversation(self, calls):
        """Nothing closes a safeguarding task but a person with an outcome."""
        pupil = calls.missing()
        log(calls, pupil, person="Grandmother", outcome="spoke_did_not_know")
        log(calls, pupil, entry=uuid4(), person="Mother", outcome="confirmed_safe")

        found = calls.listed()
        assert (found.to_call, len(found.safeguarding)) == ((), 1)

    def test_has_a_school_choose_no_absurd_time(self, calls):
        with scope(school=calls.school), pytest.raises(DomainError, match="between 5 and 240"):
            services.choose_safeguarding_minutes(calls.school, 4, by=calls.by, at=AT)


class TestStrikingOut:
    def test_keeps_the_attempt_to_be_read(self, calls):
        (one,) = log(calls, calls.missing(), person="Aunt", outcome="spoke_knew")
        with scope(school=calls.school):
            struck = services.strike(one, reason=" Wrong child ", by=calls.by, at=AT)

            assert (struck.reason, ContactAttempt.objects.count()) == ("Wrong child", 1)
        assert calls.names() == ["Ashdown"]

    def test_wants_a_reason_and_happens_once(self, calls):
        (one,) = log(calls, calls.missing(), person="Aunt")
        with scope(school=calls.school):
            with pytest.raises(AttemptRefused, match="Say why"):
                services.strike(one, reason="  ", by=calls.by, at=AT)
            services.strike(one, reason="Wrong child", by=calls.by, at=AT)
            with pytest.raises(AttemptRefused, match="already"):
                services.strike(one, reason="Again", by=calls.by, at=AT)


class TestAClaim:
    def test_is_one_persons_for_five_minutes(self, calls, head):
        pupil = calls.missing()
        with scope(school=calls.school):
            services.claim(calls.school, pupil.pk, on=TUESDAY, by=calls.by, at=AT)

            with pytest.raises(
                CalledBySomebody, match="Olive Office is calling about this pupil until 9:45am"
            ):
                services.claim(
                    calls.school, pupil.pk, on=TUESDAY, by=head, at=AT + timedelta(minutes=4, seconds=59)
                )
            services.claim(calls.school, pupil.pk, on=TUESDAY, by=head, at=AT + timedelta(minutes=5))
            assert CallClaim.objects.get().by == head

    def test_gives_two_people_two_children(self, calls, head):
        first, second = calls.missing("Abel"), calls.missing("Baker")
        order = [first.pk, second.pk]
        with scope(school=calls.school):
            taken = [
                services.claim_next(calls.school, order, on=TUESDAY, by=person, at=AT)
                for person in (calls.by, head)
            ]
            third = services.claim_next(calls.school, [first.pk], on=TUESDAY, by=head, at=AT)

        assert (taken, third) == (order, None)

    def test_frees_what_the_person_called_about_before(self, calls):
        first, second = calls.missing("Abel"), calls.missing("Baker")
        with scope(school=calls.school):
            services.claim(calls.school, first.pk, on=TUESDAY, by=calls.by, at=AT)
            services.claim(calls.school, second.pk, on=TUESDAY, by=calls.by, at=AT)

            assert CallClaim.objects.get().pupil == second

    def test_ends_with_a_confirmed_conversation(self, calls):
        pupil = calls.missing()
        with scope(school=calls.school):
            services.claim(calls.school, pupil.pk, on=TUESDAY, by=calls.by, at=AT)
        log(calls, pupil, person="Aunt", outcome="spoke_knew")

        with scope(school=calls.school):
            assert CallClaim.objects.count() == 0


class TestTheStepsAfterTheCalls:
    @pytest.mark.parametrize("policy", ["werrington", "strathmore", "leedon"])
    def test_are_a_letter_home_and_a_visit(self, policy):
        """000:146-148, 001:138-139, 004:121-122."""
        kinds = [step.kind for step in steps_after_calls(shipped_terms(policy), days=1)]

        assert kinds == ["letter_home", "home_visit"]

    def test_at_lunts_heath_are_a_visit_or_the_police_and_then_the_welfare_officer(self):
        """002:192-195."""
        terms = shipped_terms("lunts_heath")

        assert [(step.kind, step.source) for step in steps_after_calls(terms, days=1)] == [
            ("home_visit", "002:193"),
            ("welfare_check", "002:193"),
        ]
        assert [step.kind for step in steps_after_calls(terms, days=2)][2:] == ["welfare_officer"]

    def test_at_welbourn_are_none_but_the_next_contact(self):
        """003:153, 003:189."""
        assert steps_after_calls(shipped_terms("welbourn"), days=5) == ()

    def test_are_kept_as_a_task_when_chosen(self, calls):
        pupil = calls.missing()
        with scope(school=calls.school):
            task = choose_step(
                pupil,
                Step("home_visit", "Visit the home"),
                on=TUESDAY,
                is_wanted=True,
                why="",
                by=calls.by,
                at=AT,
            )

        assert (task.kind, task.cause, task.closed_at) == ("home_visit", "calls:2025-11-11", None)

    def test_are_kept_with_the_reason_when_left_out(self, calls):
        pupil = calls.missing()
        step = Step("letter_home", "Write home")
        values = {"on": TUESDAY, "is_wanted": False, "by": calls.by, "at": AT}
        with scope(school=calls.school):
            with pytest.raises(StepRefused, match="Say why not"):
                choose_step(pupil, step, why=" ", **values)
            assert Task.objects.count() == 0
            task = choose_step(pupil, step, why="The mother rang back", **values)
            Task.objects.get(pk=task.pk, closed_by=calls.by, outcome="Decided against: The mother rang back")


class TestPeopleOutsideTheSchool:
    @pytest.mark.parametrize(
        ("flag", "kinds"),
        [
            ("social_worker", ["social_worker"]),
            ("child_protection", ["social_worker"]),
            ("looked_after", ["social_worker", "virtual_school"]),
            ("youth_offending", ["youth_justice"]),
            ("young_carer", []),
        ],
    )
    def test_are_those_whom_the_flag_names(self, flag, kinds):
        """Annex A of Werrington, Strathmore and Leedon; 002:196 for the youth offending officer."""
        assert [kind for kind, _, _ in workers_for([flag])] == kinds

    @pytest.mark.parametrize("policy", SCHOOLS)
    def test_are_told_once_for_each_absence(self, school, class_group, office, policy):
        calls = make_calls(school, class_group, office, policy=policy)
        monday = date(2025, 11, 10)
        pupil = calls.missing("Ashdown", monday, TUESDAY)
        PupilFlagFactory(pupil=pupil, name="social_worker")
        for day in (monday, TUESDAY):
            RegisterFactory(class_group=class_group, session=calls.session(day))

        with scope(school=school):
            done = [
                follow_up(school, at=at)
                for at in (
                    london(monday, time(9, 30)),
                    london(monday, time(10, 30)),
                    london(TUESDAY, time(10, 30)),
                )
            ]
            task = Task.objects.get()

        assert done == [FollowedUp(0, 0), FollowedUp(1, 0), FollowedUp(0, 0)]
        assert (task.kind, task.cause) == ("social_worker", "absence:2025-11-10")

    def test_are_not_told_of_an_absence_that_was_explained_in_time(self, calls):
        pupil = calls.missing()
        PupilFlagFactory(pupil=pupil, name="social_worker")
        RegisterFactory(class_group=calls.class_group, session=calls.session())
        log(calls, pupil, person="Aunt", outcome="spoke_knew")

        with scope(school=calls.school):
            assert follow_up(calls.school, at=london(TUESDAY, time(10, 30))) == FollowedUp(0, 0)

    def test_are_not_told_of_a_class_whose_register_nobody_took(self, calls):
        PupilFlagFactory(pupil=calls.pupil(), name="social_worker")

        with scope(school=calls.school):
            assert follow_up(calls.school, at=london(TUESDAY, time(10, 30))) == FollowedUp(0, 0)


class TestIllnessOfKnownLength:
    def test_is_a_rule_of_welbourn_alone(self):
        until = {key: quiet_until(shipped_terms(key), "sickness", TUESDAY) for key in SCHOOLS}

        assert {key for key, day in until.items() if day} == {"welbourn"}
        assert until["welbourn"] == date(2025, 11, 13)
        assert quiet_until(shipped_terms("welbourn"), "illness", TUESDAY) is None


class TestATask:
    def test_is_raised_once_for_a_cause(self, calls):
        pupil = calls.missing()
        with scope(school=calls.school):
            first = raise_task(pupil, "review", cause="x:1", what="Look", at=AT)
            again = raise_task(pupil, "review", cause="x:1", what="Other words", at=AT)
            other = raise_task(pupil, "review", cause="x:2", what="Look", at=AT)

            assert (first.pk, again.what) == (again.pk, "Look")
            assert other.pk != first.pk
            assert Event.objects.filter(kind="task.raised").count() == 2

    def test_is_closed_by_a_person_with_an_outcome(self, calls):
        with scope(school=calls.school):
            task = raise_task(calls.missing(), "review", cause="x:1", what="Look", at=AT)
            with pytest.raises(TaskRefused, match="Say what was done"):
                close_task(task, outcome=" ", by=calls.by, at=AT)
            with pytest.raises(TaskRefused, match="500"):
                close_task(task, outcome="x" * 501, by=calls.by, at=AT)
            done = close_task(task, outcome=" Looked ", by=calls.by, at=AT)

            assert (done.outcome, done.closed_by, done.closed_at) == ("Looked", calls.by, AT)

    def test_that_somebody_closed_meanwhile_says_who_and_with_what(self, calls, head):
        with scope(school=calls.school):
            task = raise_task(calls.missing(), "review", cause="x:1", what="Look", at=AT)
            close_task(task, outcome="Looked", by=head, at=AT)

            with pytest.raises(TaskClosedMeanwhile, match="Hilary Head closed this meanwhile: Looked"):
                close_task(task, outcome="I did", by=calls.by, at=AT)
            assert Task.objects.get().outcome == "Looked"

    def test_of_a_cause_that_was_closed_stays_closed(self, calls):
        pupil = calls.missing()
        with scope(school=calls.school):
            task = raise_task(pupil, "review", cause="x:1", what="Look", at=AT)
            close_task(task, outcome="Looked", by=calls.by, at=AT)

            assert raise_task(pupil, "review", cause="x:1", what="Look", at=AT).closed_at == AT
