"""Who stands on the call list of a day, from when, in which order, and who does not."""

from datetime import date, time

import pytest
from django_scopes import scope

from absences.selectors.calls import shared_by
from accounts.models import School, User
from registers.models import ClassGroup
from tests.absences.calling import TUESDAY, Calls, make_calls
from tests.factories.absences import ReportFactory
from tests.factories.absences_calls import ContactAttemptFactory, ContactAttemptStrikeFactory
from tests.factories.registers import (
    ClassGroupFactory,
    PupilContactFactory,
    PupilFlagFactory,
    RegisterFactory,
    YearGroupTimesFactory,
    london,
)
from tests.factories.registers_ahead import known_ahead_for
from tests.registers.taking import mark

MONDAY = date(2025, 11, 10)
FRIDAY = date(2025, 11, 7)


@pytest.fixture
def calls(school: School, class_group: ClassGroup, office: User) -> Calls:
    return make_calls(school, class_group, office)


def begins(school: School, class_group: ClassGroup, office: User, policy: str) -> str:
    found = make_calls(school, class_group, office, policy=policy).listed(time(7, 0))
    assert found.begins_at is not None
    return f"{found.begins_at:%H:%M}"


class TestCallsBegin:
    def test_at_werrington_when_the_register_closes_at_9_20(self, school, class_group, office):
        """000:139-148: parents report by 9:20, when the register closes."""
        assert begins(school, class_group, office, "werrington") == "09:20"

    def test_at_strathmore_when_the_register_closes_at_9_15(self, school, class_group, office):
        """001:131-133, STR-01."""
        assert begins(school, class_group, office, "strathmore") == "09:15"

    def test_at_lunts_heath_not_before_9_although_the_register_closes_at_8_55(
        self, school, class_group, office
    ):
        """LUN-07: parents may report until nine (002:174)."""
        assert begins(school, class_group, office, "lunts_heath") == "09:00"

    def test_at_welbourn_at_9_15(self, school, class_group, office):
        """003:189: from 9:15 office staff follow up; parents were to report by nine."""
        assert begins(school, class_group, office, "welbourn") == "09:15"

    def test_at_leedon_when_the_register_closes_at_9(self, school, class_group, office):
        """004:114-121, LEE-01."""
        assert begins(school, class_group, office, "leedon") == "09:00"

    def test_for_nobody_a_minute_before(self, school, class_group, office):
        calls = make_calls(school, class_group, office, policy="lunts_heath")
        calls.missing()

        assert (calls.names(time(8, 59)), calls.names(time(9, 0))) == ([], ["Ashdown"])
        assert not calls.listed(time(8, 59)).has_begun

    def test_for_a_year_group_with_a_later_close_when_that_has_passed(self, calls):
        YearGroupTimesFactory(session=calls.session(), year_group="N")  # closes 9:30
        calls.missing("Early")
        calls.missing("Nursery", year_group="N")

        assert calls.names(time(9, 25)) == ["Early"]
        assert calls.names(time(9, 30)) == ["Early", "Nursery"]

    def test_on_no_day_without_school(self, calls):
        found = calls.listed(london(date(2025, 11, 8), time(10, 0)), on=date(2025, 11, 8))

        assert (found.begins_at, found.has_begun, found.to_call) == (None, False, ())


class TestOnTheListStands:
    def test_who_is_n(self, calls):
        calls.missing()

        assert calls.names() == ["Ashdown"]

    def test_who_has_no_mark_although_the_register_is_taken(self, calls):
        RegisterFactory(class_group=calls.class_group, session=calls.session())
        calls.pupil()

        assert calls.one(time(9, 20)).is_marked is False

    def test_who_has_no_mark_when_the_register_closed_untaken_and_the_list_says_so(self, calls):
        calls.pupil()

        assert calls.names(time(9, 20)) == []  # the register is still open
        assert calls.names(time(9, 21)) == ["Ashdown"]
        assert calls.listed(time(9, 21)).untaken == ((calls.class_group.pk, "Oak", "AM", 1),)

    @pytest.mark.parametrize("code", ["/", "L", "U", "I", "M", "C", "O"])
    def test_nobody_with_another_mark(self, calls, code):
        calls.missing(code=code)

        assert calls.names() == []

    def test_nobody_of_whom_it_was_known_ahead(self, calls):
        pupil = calls.missing()
        known_ahead_for(pupil, first_day=TUESDAY, last_day=TUESDAY)

        assert calls.names() == []

    def test_nobody_who_came_in_for_the_afternoon(self, calls):
        pupil = calls.missing()
        mark(calls.session(half="PM"), pupil, "\\", by=calls.by)

        assert calls.names(time(13, 5)) == []

    def test_who_was_there_in_the_morning_and_is_missing_in_the_afternoon(self, calls):
        pupil = calls.missing(code="/")
        mark(calls.session(half="PM"), pupil, "N", by=calls.by)

        found = calls.one(time(13, 5))
        assert (found.half, found.left_at_lunch) == ("PM", True)

    def test_who_is_missing_all_day_without_having_left_at_lunch(self, calls):
        pupil = calls.missing()
        mark(calls.session(half="PM"), pupil, "N", by=calls.by)

        found = calls.one(time(13, 5))
        assert (found.half, found.left_at_lunch) == ("PM", False)

    def test_nobody_who_has_left_the_school(self, calls):
        pupil, stays = calls.pupil("Left"), calls.pupil("Stays")
        with scope(school=calls.school):
            pupil.enrolments.update(leaving_on=MONDAY)

        assert calls.names() == [stays.surname]

    def test_nobody_of_another_school(self, calls, other_school, office):
        group = ClassGroupFactory(school=other_school, academic_year=2025)
        other = make_calls(other_school, group, office)
        other.missing("Elsewhere")
        calls.missing()

        assert calls.names() == ["Ashdown"]


class TestWordThatCame:
    def test_and_waits_for_a_decision_keeps_the_pupil_off_the_calls(self, calls):
        pupil = calls.missing()
        ReportFactory(pupil=pupil, first_day=TUESDAY, last_day=TUESDAY)

        found = calls.listed()

        assert (found.to_call, [one.id for one in found.word_came]) == ((), [pupil.pk])

    def test_by_voicemail_wants_a_call_back(self, calls):
        pupil = calls.missing()
        ReportFactory(
            pupil=pupil, first_day=TUESDAY, last_day=TUESDAY, channel="voicemail", needs_call_back=True
        )

        assert calls.one().word.wants_call_back

    @pytest.mark.parametrize("state", ["withdrawn", "replaced"])
    def test_and_stands_no_more_counts_for_nothing(self, calls, state):
        pupil = calls.missing()
        ReportFactory(pupil=pupil, first_day=TUESDAY, last_day=TUESDAY, state=state)

        assert calls.names() == ["Ashdown"]

    def test_of_a_day_that_is_over_lets_the_next_day_be_called_about(self, calls):
        """000:139-148: every further day again."""
        pupil = calls.missing("Ashdown", MONDAY, TUESDAY)
        ReportFactory(pupil=pupil, first_day=MONDAY, last_day=MONDAY)

        assert calls.names() == ["Ashdown"]

    def test_with_a_later_return_covers_the_days_until_then(self, calls):
        pupil = calls.missing("Ashdown", MONDAY, TUESDAY)
        ReportFactory(pupil=pupil, first_day=MONDAY, last_day=MONDAY, expected_return=date(2025, 11, 12))

        assert calls.names() == []


class TestWelbourn:
    def test_does_not_call_within_48_hours_of_sickness(self, school, class_group, office):
        """003:154-155: daily contact except an illness with 48 hours."""
        calls = make_calls(school, class_group, office, policy="welbourn")
        pupil = calls.missing("Ashdown", MONDAY, TUESDAY, date(2025, 11, 12))
        ReportFactory(pupil=pupil, first_day=MONDAY, last_day=MONDAY, reason="sickness")

        assert calls.names() == []
        assert calls.listed().word_came[0].word.quiet_until == date(2025, 11, 12)
        assert calls.names(on=date(2025, 11, 12)) == ["Ashdown"]

    def test_calls_the_next_day_about_any_other_illness(self, school, class_group, office):
        calls = make_calls(school, class_group, office, policy="welbourn")
        pupil = calls.missing("Ashdown", MONDAY, TUESDAY)
        ReportFactory(pupil=pupil, first_day=MONDAY, last_day=MONDAY, reason="illness")

        assert calls.names() == ["Ashdown"]


@pytest.mark.parametrize("policy", ["werrington", "strathmore", "lunts_heath", "leedon"])
def test_other_schools_call_the_day_after_sickness_too(school, class_group, office, policy):
    calls = make_calls(school, class_group, office, policy=policy)
    pupil = calls.missing("Ashdown", MONDAY, TUESDAY)
    ReportFactory(pupil=pupil, first_day=MONDAY, last_day=MONDAY, reason="sickness")

    assert calls.names() == ["Ashdown"]


class TestTheOrder:
    def test_is_vulnerable_first_then_away_longest_then_class_and_name(self, calls):
        birch = ClassGroupFactory(school=calls.school, name="Birch", academic_year=2025)
        calls.missing("Young")
        calls.missing("Abel")
        calls.missing("Long", FRIDAY, MONDAY, TUESDAY)
        PupilFlagFactory(pupil=calls.missing("Vulnerable"), name="looked_after")
        in_birch = Calls(calls.school, birch, calls.sessions, calls.by)
        in_birch.missing("Zed")
        for group in (calls.class_group, birch):
            RegisterFactory(class_group=group, session=calls.session())

        assert calls.names() == ["Vulnerable", "Long", "Zed", "Abel", "Young"]
        assert [one.absent_days for one in calls.listed().to_call] == [1, 3, 1, 1, 1]

    def test_puts_a_child_of_a_guardian_who_did_not_know_before_all(self, calls):
        PupilFlagFactory(pupil=calls.missing("Vulnerable"), name="child_protection")
        surprised = calls.missing("Surprised")
        RegisterFactory(class_group=calls.class_group, session=calls.session())
        ContactAttemptFactory(pupil=surprised, on=TUESDAY, outcome="spoke_did_not_know")

        assert calls.names() == ["Surprised", "Vulnerable"]

    def test_puts_classes_whose_register_nobody_took_last(self, calls):
        birch = ClassGroupFactory(school=calls.school, name="Birch", academic_year=2025)
        untaken = Calls(calls.school, birch, calls.sessions, calls.by).pupil("Untaken")
        PupilFlagFactory(pupil=untaken, name="looked_after")
        calls.missing("Taken")
        RegisterFactory(class_group=calls.class_group, session=calls.session())

        found = calls.listed()

        assert [one.surname for one in found.to_call] == ["Taken", "Untaken"]
        assert [one.surname for one in found.ready] == ["Taken"]
        assert [one.surname for one in found.not_ready] == ["Untaken"]
        ContactAttemptFactory(pupil=untaken, on=TUESDAY)
        assert len(calls.listed().ready) == 2


class TestAnAbsence:
    def test_is_followed_back_to_its_first_unexplained_day(self, calls):
        calls.missing("Ashdown", FRIDAY, MONDAY, TUESDAY)

        run = calls.one().run

        assert (run.first_day, run.days) == (FRIDAY, 3)

    def test_is_broken_by_a_day_that_is_explained(self, calls):
        pupil = calls.missing("Ashdown", FRIDAY, TUESDAY)
        mark(calls.session(MONDAY), pupil, "I", by=calls.by)

        assert (calls.one().run.days, calls.one().absent_days) == (1, 3)

    def test_is_unexplained_still_when_marks_turned_into_o(self, calls):
        pupil = calls.missing("Ashdown", MONDAY, TUESDAY)
        mark(calls.session(FRIDAY), pupil, "O", by=calls.by)

        assert calls.one().run.days == 3


class TestAConfirmedConversation:
    @pytest.mark.parametrize(
        ("channel", "outcome"),
        [("call", "spoke_knew"), ("call", "confirmed_safe"), ("visit", "visited_seen")],
    )
    def test_ends_the_calls_of_the_day(self, calls, channel, outcome):
        pupil = calls.missing()
        ContactAttemptFactory(pupil=pupil, on=TUESDAY, channel=channel, outcome=outcome)

        found = calls.listed()

        assert (found.to_call, [one.id for one in found.spoken]) == ((), [pupil.pk])

    @pytest.mark.parametrize("outcome", ["no_answer", "voicemail", "number_wrong", "spoke_did_not_know"])
    def test_is_no_other_outcome(self, calls, outcome):
        ContactAttemptFactory(pupil=calls.missing(), on=TUESDAY, outcome=outcome)

        assert calls.names() == ["Ashdown"]

    def test_of_yesterday_does_not_count_for_today(self, calls):
        pupil = calls.missing("Ashdown", MONDAY, TUESDAY)
        ContactAttemptFactory(pupil=pupil, on=MONDAY, outcome="spoke_knew")

        assert calls.names() == ["Ashdown"]

    def test_that_was_struck_out_does_not_count(self, calls):
        pupil = calls.missing()
        attempt = ContactAttemptFactory(pupil=pupil, on=TUESDAY, outcome="spoke_knew")
        ContactAttemptStrikeFactory(attempt=attempt)

        assert calls.names() == ["Ashdown"]


class TestTheContacts:
    def test_stand_in_their_order_with_every_number_and_the_language(self, calls):
        pupil = calls.missing()
        calls.contact(pupil, "Second", priority=2, phone="", work_phone="020 7946 0000")
        calls.contact(pupil, "First", phone="07700 900001", home_phone="01733 555 999", language="Polish")

        first, second = calls.one().contacts

        assert (first.name, first.phones, first.language) == (
            "First",
            ("07700 900001", "01733 555 999"),
            "Polish",
        )
        assert (second.name, second.phones) == ("Second", ("020 7946 0000",))

    def test_whom_a_court_order_keeps_away_have_no_number_and_say_why(self, calls):
        pupil = calls.missing()
        calls.contact(
            pupil,
            "Kept Away",
            court_order_restricts=True,
            court_order_type="non_molestation",
            email="away@family.example",
        )

        listed = calls.one()

        (away,) = listed.contacts
        assert (away.is_kept_away, away.order, away.phones, away.email) == (
            True,
            "Non-molestation order",
            (),
            "",
        )
        assert (listed.callable_contacts, listed.next_call) == ((), None)

    def test_are_prompted_one_after_the_other(self, calls):
        """003:153: the first contact, then the next on the list."""
        pupil = calls.missing()
        first = calls.contact(pupil, "First", phone="07700 900001", home_phone="01733 555 999")
        second = calls.contact(pupil, "Second", priority=2, phone="07700 900002")
        asked = []
        for contact, number in (
            (first, "07700 900001"),
            (first, "01733 555 999"),
            (second, "07700 900002"),
        ):
            following = calls.one().next_call
            asked.append((following.person_id, following.number, following.is_first_round))
            ContactAttemptFactory(pupil=pupil, on=TUESDAY, contact=contact, address=number)

        assert asked == [
            (first.pk, "07700 900001", True),
            (first.pk, "01733 555 999", True),
            (second.pk, "07700 900002", True),
        ]
        assert calls.one().is_exhausted
        assert calls.one().next_call.number == "07700 900001"  # tried longest ago

    def test_with_a_number_that_does_not_work_are_not_prompted_on_it(self, calls):
        pupil = calls.missing("Ashdown", MONDAY, TUESDAY)
        first = calls.contact(pupil, "First", phone="07700 900001")
        second = calls.contact(pupil, "Second", priority=2, phone="07700 900002")
        ContactAttemptFactory(
            pupil=pupil, on=MONDAY, contact=first, address="07700 900001", outcome="number_wrong"
        )

        assert calls.one().next_call.person_id == second.pk

    def test_of_brothers_and_sisters_join_them_for_one_call(self, calls):
        elder, younger, other = (calls.missing(name) for name in ("Elder", "Younger", "Other"))
        shared = calls.contact(elder, "Mother")
        PupilContactFactory(pupil=younger, contact=shared)
        calls.contact(other, "Somebody")

        listed = {one.surname: one for one in calls.listed().to_call}

        assert [one.surname for one in listed["Elder"].siblings] == ["Younger"]
        assert [one.surname for one in shared_by(listed["Younger"], shared.pk)] == ["Elder"]
        assert listed["Other"].siblings == ()

    def test_who_may_hear_of_one_child_alone_do_not_join_the_other(self, calls):
        elder, younger = calls.missing("Elder"), calls.missing("Younger")
        shared = calls.contact(elder, "Father")
        PupilContactFactory(pupil=younger, contact=shared, court_order_restricts=True)

        assert all(one.siblings == () for one in calls.listed().to_call)


class TestTheListOfADay:
    @pytest.mark.parametrize("count", [3, 30])
    def test_takes_three_statements_beside_the_terms_for_3_and_for_30(
        self, calls, count, django_assert_num_queries
    ):
        for number in range(count):
            pupil = calls.missing(f"Pupil{number:02}", MONDAY, TUESDAY)
            contact = calls.contact(pupil)
            ContactAttemptFactory(pupil=pupil, on=TUESDAY, contact=contact)

        with django_assert_num_queries(4):  # terms, the pupils, tasks, contacts
            assert len(calls.listed().to_call) == count
