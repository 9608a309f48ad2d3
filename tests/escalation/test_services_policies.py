"""Putting a policy in force at a school, and finding the one that is."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from hashlib import sha256

import pytest
from django_scopes import scopes_disabled
from pytest_django import DjangoAssertNumQueries

from accounts.models import Event, School, User
from escalation.models import PolicyVersion
from escalation.rules.loading import SHIPPED, shipped_policy, shipped_text
from escalation.services import policies
from escalation.services.policies import (
    NoPolicyInForce,
    PolicyAlreadyInForce,
    PolicyRefused,
    TooEarly,
    activate_policy,
    policy_in_force,
)
from tests.factories.accounts import SchoolFactory, UserFactory
from tests.factories.escalation import PolicyVersionFactory
from tests.factories.registers import DayTimesFactory

pytestmark = pytest.mark.django_db

AT = datetime(2025, 9, 2, 16, 30, tzinfo=UTC)
TEXT = shipped_text("werrington")
CHANGED = TEXT.replace("school_pct: 97", "school_pct: 96")


@pytest.fixture(autouse=True)
def _everything_in_sight() -> Iterator[None]:
    with scopes_disabled():
        yield


@pytest.fixture
def school() -> School:
    made: School = SchoolFactory(key="werrington", name="Werrington Primary School")
    return made


@pytest.fixture
def afternoons(school: School) -> None:
    DayTimesFactory(school=school, half="PM", day_ends_at=time(15, 5))


def nothing_was_done() -> bool:
    return not PolicyVersion.objects.exists() and not Event.objects.exists()


@pytest.mark.usefixtures("afternoons")
class TestActivatePolicy:
    def test_puts_the_text_in_force_from_the_day_on(self, school: School, head: User) -> None:
        version = activate_policy(school, TEXT, by=head, at=AT)

        kept = PolicyVersion.objects.get()
        assert kept == version
        assert (kept.number, kept.text, kept.sha256) == (1, TEXT, sha256(TEXT.encode()).hexdigest())
        assert (kept.in_force_from, kept.in_force_to) == (date(2025, 9, 2), None)
        assert (kept.activated_by, kept.activated_at) == (head, AT)

    def test_leaves_a_line_in_the_log(self, school: School, head: User) -> None:
        version = activate_policy(school, TEXT, by=head, at=AT)

        event = Event.objects.get()
        assert (event.kind, event.by_id, event.at, event.subject_id) == (
            "policy.activated",
            head.pk,
            AT,
            version.pk,
        )
        assert event.data["number"] == 1

    def test_ends_the_version_before_on_the_day_before(self, school: School, head: User) -> None:
        former = activate_policy(school, TEXT, by=head, at=AT, on=date(2025, 9, 1))

        version = activate_policy(school, CHANGED, by=head, at=AT, on=date(2026, 1, 5))

        former.refresh_from_db()
        assert former.in_force_to == date(2026, 1, 4)
        assert (version.number, version.in_force_from, version.in_force_to) == (2, date(2026, 1, 5), None)

    def test_refuses_the_same_text_again_and_names_the_present_version(
        self, school: School, head: User
    ) -> None:
        version = activate_policy(school, TEXT, by=head, at=AT)

        with pytest.raises(PolicyAlreadyInForce) as refused:
            activate_policy(school, TEXT, by=head, at=AT, on=date(2026, 1, 5))

        assert refused.value.version == version
        assert refused.value.message == "This is the policy in force already (version 1)."
        assert PolicyVersion.objects.get().in_force_to is None

    def test_refuses_to_begin_on_the_day_on_which_the_present_version_began(
        self, school: School, head: User
    ) -> None:
        activate_policy(school, TEXT, by=head, at=AT)

        with pytest.raises(TooEarly) as refused:
            activate_policy(school, CHANGED, by=head, at=AT)

        assert refused.value.message == (
            "Version 1 comes into force on 2 September 2025. "
            "The next one can begin on the day after at the earliest."
        )
        assert PolicyVersion.objects.get().in_force_to is None

    def test_reports_every_fault_of_the_text_at_once_and_changes_nothing(
        self, school: School, head: User
    ) -> None:
        text = TEXT.replace("letter: wer_2", "letter: wer_9").replace("evaluate: nightly", "evaluate: hourly")

        with pytest.raises(PolicyRefused) as refused:
            activate_policy(school, text, by=head, at=AT)

        assert [fault.path for fault in refused.value.faults] == [
            "ladder.evaluate",
            "ladder.rungs[2].do[0].letter",
        ]
        assert refused.value.message == "The policy cannot come into force: 2 faults to put right."
        assert refused.value.lines[1].startswith("werrington.yaml: line ")
        assert nothing_was_done()

    def test_refuses_the_policy_of_another_school(self, school: School, head: User) -> None:
        with pytest.raises(PolicyRefused) as refused:
            activate_policy(school, shipped_text("strathmore"), by=head, at=AT)

        assert refused.value.lines == (
            "werrington.yaml: school.key: this is the policy of strathmore, and the school is werrington",
        )
        assert nothing_was_done()

    def test_keeps_the_versions_of_two_schools_apart(self, school: School, head: User) -> None:
        other = SchoolFactory(key="strathmore")
        DayTimesFactory(school=other, half="PM")
        activate_policy(school, TEXT, by=head, at=AT)

        version = activate_policy(other, shipped_text("strathmore"), by=head, at=AT)

        assert version.number == 1
        assert PolicyVersion.objects.filter(in_force_to__isnull=True).count() == 2


class TestTheAfternoon:
    def test_must_be_set_before_a_policy_without_its_times_can_come_into_force(
        self, school: School, head: User
    ) -> None:
        with pytest.raises(PolicyRefused) as refused:
            activate_policy(school, TEXT, by=head, at=AT)

        assert [fault.path for fault in refused.value.faults] == [
            "day.pm.register_closes",
            "day.pm.register_opens",
        ]
        assert nothing_was_done()

    def test_must_be_set_for_every_day_of_the_week(self, school: School, head: User) -> None:
        for weekday in range(4):
            DayTimesFactory(school=school, half="PM", weekday=weekday)

        with pytest.raises(PolicyRefused):
            activate_policy(school, TEXT, by=head, at=AT)

        assert nothing_was_done()

    def test_may_be_given_with_the_call(self, school: School, head: User) -> None:
        times = [DayTimesFactory.build(school=school, half="PM", day_ends_at=time(15, 0))]

        assert activate_policy(school, TEXT, by=head, at=AT, times=times).number == 1

    def test_must_close_before_the_day_ends_by_the_policy(self, school: School, head: User) -> None:
        DayTimesFactory(
            school=school, half="PM", opens_at=time(14, 45), late_after=time(14, 45), closes_at=time(15, 5)
        )

        with pytest.raises(PolicyRefused) as refused:
            activate_policy(school, TEXT, by=head, at=AT)

        assert refused.value.lines[0] == (
            "werrington.yaml: day.ends[0].at: the day ends at 15:05, and the school's afternoon register "
            "closes no earlier (mon 15:05, tue 15:05, wed 15:05, thu 15:05, fri 15:05)"
        )
        assert len(refused.value.faults) == 1  # the older classes stay until 15:10
        assert nothing_was_done()

    def test_of_one_weekday_may_differ(self, head: User) -> None:
        school = SchoolFactory(key="leedon")
        late = {"opens_at": time(13, 30), "late_after": time(13, 30), "closes_at": time(13, 45)}
        DayTimesFactory(school=school, half="PM", **late)

        with pytest.raises(PolicyRefused) as refused:
            activate_policy(school, shipped_text("leedon"), by=head, at=AT)
        DayTimesFactory(school=school, half="PM", weekday=4, day_ends_at=time(13, 30))
        version = activate_policy(school, shipped_text("leedon"), by=head, at=AT)

        assert [fault.text[-11:] for fault in refused.value.faults] == ["(fri 13:45)"]
        assert version.number == 1

    def test_end_of_the_day_comes_from_the_school_where_the_policy_has_none(self, head: User) -> None:
        school = SchoolFactory(key="welbourn")
        times = DayTimesFactory(school=school, half="PM", day_ends_at=None)

        with pytest.raises(PolicyRefused) as refused:
            activate_policy(school, shipped_text("welbourn"), by=head, at=AT)
        times.day_ends_at = time(15, 15)
        times.save()
        version = activate_policy(school, shipped_text("welbourn"), by=head, at=AT)

        assert [fault.path for fault in refused.value.faults] == ["day.ends[0].at"]
        assert version.number == 1

    @pytest.mark.parametrize("key", SHIPPED)
    def test_once_set_lets_every_policy_that_ships_come_into_force(self, key: str) -> None:
        school, head = SchoolFactory(key=key), UserFactory()
        DayTimesFactory(school=school, half="PM", day_ends_at=time(15, 0))

        assert activate_policy(school, shipped_text(key), by=head, at=AT).number == 1


class TestPolicyInForce:
    def test_is_the_version_of_that_day(self, school: School) -> None:
        PolicyVersionFactory(
            school=school, text=TEXT, in_force_from=date(2025, 9, 1), in_force_to=date(2026, 1, 4)
        )
        PolicyVersionFactory(school=school, text=CHANGED, number=2, in_force_from=date(2026, 1, 5))

        before, policy_before = policy_in_force(school, date(2026, 1, 4))
        after, policy_after = policy_in_force(school, date(2026, 1, 5))

        assert (before.number, policy_before.targets.school_pct) == (1, 97)
        assert (after.number, policy_after.targets.school_pct) == (2, 96)

    def test_says_so_when_there_is_none(self, school: School) -> None:
        PolicyVersionFactory(school=school, in_force_from=date(2025, 9, 1))

        with pytest.raises(NoPolicyInForce) as refused:
            policy_in_force(school, date(2025, 8, 31))

        assert refused.value.message == (
            "Werrington Primary School has no attendance policy in force on 31 August 2025."
        )

    def test_is_loaded_once_in_each_process(
        self, school: School, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        PolicyVersionFactory(school=school)
        policies._kept.clear()

        with django_assert_num_queries(2):  # the version, and once its text
            _, first = policy_in_force(school, date(2025, 9, 1))
        with django_assert_num_queries(1):  # the version
            _, again = policy_in_force(school, date(2025, 9, 1))

        assert again is first
        assert first == shipped_policy("werrington")
