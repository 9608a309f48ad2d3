"""A parent reports an absence: the shortest way, every other way, and what each school adds."""

from datetime import date, datetime, time

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from absences.models import Attachment, Report, SchoolAbsenceSettings
from letters.models import Message
from registers.models import Contact
from tests.absences.intake_world import give_terms
from tests.absences.parents_world import (
    EARLY,
    FIRST_HELD,
    LAST_HELD,
    LONDON,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    Parent,
)
from tests.arranging import write_marks
from tests.factories.registers import (
    ClassGroupFactory,
    ContactFactory,
    PupilContactFactory,
    held_sessions,
    pupil_in_class,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def ten_past_eight():
    """Tuesday 11 November 2025, ten past eight."""
    with time_machine.travel(EARLY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def sessions(school):
    """Six weeks of school."""
    return held_sessions(school, FIRST_HELD, LAST_HELD)


@pytest.fixture
def at_home(parent, sessions, school, sign_in) -> Parent:
    """The parent of one child at a school with the terms of Werrington."""
    give_terms(school, "werrington")
    return Parent(sign_in(parent))


@pytest.fixture
def by(parent, school):
    """The contact that the parent is."""
    return Contact._base_manager.get(user=parent, school=school)


def reports() -> list[Report]:
    return list(Report._base_manager.order_by("pk"))


def sent(**wanted: object) -> Report:
    (report,) = reports()
    assert {name: getattr(report, name) for name in wanted} == wanted
    return report


class TestIllnessToday:
    def test_is_told_in_three_pages_after_the_landing(self, at_home, pupil, by):
        at_home.begin(pupil)
        assert at_home.step == "reason"
        at_home.answer(reason="illness")
        assert at_home.step == "check"
        at_home.answer()

        assert at_home.step == "sent"
        report = sent(
            pupil=pupil,
            reason="illness",
            first_day=TUESDAY,
            last_day=TUESDAY,
            first_half="AM",
            last_half="PM",
            expected_return=WEDNESDAY,
            channel="online",
            contact=by,
            in_time=True,
            state="waiting",
        )
        assert report.reference in at_home.text
        assert 'href="tel:01632960001"' in at_home.text

    def test_is_confirmed_by_one_e_mail_without_the_reason(self, at_home, pupil, by):
        at_home.begin(pupil)
        at_home.answer(reason="mental_health")
        at_home.answer()

        message = Message._base_manager.get()
        assert (message.kind, message.channel, message.contact_id) == ("report_received", "email", by.pk)
        assert sent().reference in message.subject
        assert "Anxious" not in message.body
        assert "Robin is away: Tue 11 Nov." in message.body

    def test_is_only_the_afternoon_once_the_child_was_marked_present(
        self, at_home, pupil, sessions, parent, ten_past_eight
    ):
        write_marks(pupil, [one for one in sessions if one.on == TUESDAY][:1], "/", by=parent)
        ten_past_eight.move_to(datetime(2025, 11, 11, 11, 0, tzinfo=LONDON))
        at_home.begin(pupil)
        at_home.answer(reason="illness")
        at_home.answer()

        sent(first_day=TUESDAY, first_half="PM", last_half="PM")

    def test_after_school_asks_for_the_day(self, at_home, pupil, ten_past_eight):
        ten_past_eight.move_to(datetime(2025, 11, 11, 16, 0, tzinfo=LONDON))
        at_home.begin(pupil)

        assert at_home.step == "when"
        assert "Tomorrow, Wed 12 Nov" in at_home.text

    def test_that_comes_after_the_deadline_is_taken_and_stamped_late(self, at_home, pupil, ten_past_eight):
        """000:139: by 9:20; WEL-18: later word is taken all the same."""
        ten_past_eight.move_to(datetime(2025, 11, 11, 9, 21, tzinfo=LONDON))
        at_home.begin(pupil)
        at_home.answer(reason="illness")
        assert "asks to be told by 9:20am. Your report is taken all the same." in at_home.text
        at_home.answer()

        report = sent(in_time=False)
        at_home.open(f"/family/reports/{report.pk}/")
        assert "after the time by which the school asks to be told" in at_home.text


class TestSentTwice:
    def test_from_a_second_tap_there_is_one_report_and_the_same_confirmation(self, at_home, pupil):
        at_home.begin(pupil)
        at_home.answer(reason="illness")
        check = at_home.at
        at_home.answer()
        first = at_home.at
        at_home.send(check)

        assert at_home.at == first
        assert len(reports()) == 1
        assert Message._base_manager.count() == 1

    def test_by_a_browser_that_had_the_draft_still_open_there_is_one_report(self, at_home, pupil):
        at_home.begin(pupil)
        at_home.answer(reason="illness")
        check, session = at_home.at, dict(at_home.client.session.items())
        at_home.answer()
        first = at_home.at
        store = at_home.client.session
        store["absence_drafts"] = session["absence_drafts"]
        store.save()
        at_home.send(check)

        assert at_home.at == first
        assert len(reports()) == 1


class TestDays:
    def test_of_a_longer_absence_are_chosen_from_the_school_days(self, at_home, pupil):
        at_home.begin(pupil)
        at_home.go("when")
        at_home.answer(when="other")
        assert at_home.step == "days"
        assert "Sat 15 Nov" not in at_home.text
        at_home.answer(first_day="2025-11-11", last_day="2025-11-13", part="day")
        at_home.answer(reason="illness")
        at_home.answer()

        sent(first_day=TUESDAY, last_day=THURSDAY, expected_return=date(2025, 11, 14))

    def test_may_be_tomorrow(self, at_home, pupil):
        at_home.begin(pupil)
        at_home.go("when")
        at_home.answer(when="2025-11-12")
        at_home.answer(reason="injury")
        at_home.answer()

        sent(first_day=WEDNESDAY, last_day=WEDNESDAY, in_time=True)

    def test_may_be_half_of_one(self, at_home, pupil):
        at_home.begin(pupil)
        at_home.go("days")
        at_home.answer(first_day="2025-11-13", last_day="2025-11-13", part="PM")
        at_home.answer(reason="illness")
        at_home.answer()

        sent(first_day=THURSDAY, first_half="PM", last_half="PM")

    def test_that_nobody_explained_are_offered_by_their_names(self, at_home, pupil, sessions, parent):
        monday = [one for one in sessions if one.on == date(2025, 11, 10)]
        write_marks(pupil, monday, "N", by=parent)
        write_marks(pupil, [one for one in sessions if one.on == date(2025, 11, 6)][1:], "N", by=parent)
        at_home.begin(pupil)
        at_home.go("when")
        assert "Mon 10 Nov: the school does not know why Robin was away" in at_home.text
        assert "Thu 6 Nov, afternoon: the school does not know why Robin was away" in at_home.text
        at_home.answer(when="2025-11-06-PM")
        at_home.answer(reason="illness")
        at_home.answer()

        sent(first_day=date(2025, 11, 6), first_half="PM", last_half="PM", in_time=False)
        at_home.begin(pupil)
        at_home.go("when")
        assert "Thu 6 Nov" not in at_home.text

    @pytest.mark.parametrize(
        ("answers", "fault"),
        [
            (
                {"first_day": "2025-11-13", "last_day": "2025-11-11", "part": "day"},
                "The last day must be the first day or later",
            ),
            (
                {"first_day": "2025-11-11", "last_day": "2025-11-18", "part": "day"},
                "Report 5 school days or fewer at once.",
            ),
            ({"first_day": "2025-11-11", "last_day": "2025-11-12", "part": "AM"}, "Select “All day”"),
            ({"first_day": "2025-12-01", "last_day": "2025-12-01", "part": "day"}, "Select the first day"),
            ({"first_day": "2025-10-27", "last_day": "2025-10-27", "part": "day"}, "Select the first day"),
            ({}, "Select the last day"),
        ],
        ids=["order", "too long", "half of several", "too far ahead", "too long ago", "none"],
    )
    def test_that_cannot_be_reported_are_refused_kindly(self, at_home, pupil, answers, fault):
        at_home.begin(pupil)
        at_home.go("days")
        page = at_home.answer(**answers)

        assert page.status_code == 422
        assert fault in at_home.text
        assert reports() == []

    def test_reach_as_far_as_the_school_allows(self, at_home, pupil, school):
        SchoolAbsenceSettings._base_manager.create(school=school, days_ahead=1, days_at_once=1, days_back=0)
        at_home.begin(pupil)
        at_home.go("days")

        assert "Wed 12 Nov" in at_home.text
        assert "Thu 13 Nov" not in at_home.text
        assert "Mon 10 Nov" not in at_home.text

    def test_on_which_the_school_is_closed_are_spoken_of_kindly(
        self, at_home, parent, pupil, sign_in, ten_past_eight
    ):
        ten_past_eight.move_to(datetime(2025, 11, 15, 10, 0, tzinfo=LONDON))
        at_home = Parent(sign_in(parent))
        at_home.begin(pupil)

        assert at_home.step == "when"
        assert (
            "There is no school today at Hill Primary School. School is open again on Mon 17 Nov."
            in at_home.text
        )
        assert "Next school day, Mon 17 Nov" in at_home.text


class TestReasons:
    def test_say_how_they_are_usually_recorded(self, at_home, pupil):
        at_home.begin(pupil)
        text = at_home.text

        order = ["Usually authorised", "Ill or unwell", "The school decides each time", "Religious festival"]
        order += ["Usually not authorised", "A birthday, a day out or shopping", "A holiday or a trip"]
        places = [text.index(words) for words in order]
        assert places == sorted(places)

    def test_that_are_usually_not_authorised_say_so_before_they_are_sent(self, at_home, pupil):
        """000:109-119."""
        at_home.begin(pupil)
        at_home.answer(reason="birthday")

        assert "An absence for this reason is usually not authorised. The school decides." in at_home.text
        assert reports() == []

    def test_of_a_holiday_lead_to_the_request_for_leave(self, at_home, pupil):
        at_home.begin(pupil)
        at_home.answer(reason="holiday")

        assert at_home.step == "leave"
        assert 'href="/family/leave/"' in at_home.text
        at_home.go("check")
        assert at_home.step == "leave"
        assert reports() == []

    def test_that_are_something_else_ask_what(self, at_home, pupil):
        at_home.begin(pupil)
        at_home.answer(reason="other")
        assert at_home.step == "note"
        page = at_home.answer(note="")
        assert page.status_code == 422
        at_home.answer(note="Stuck in the lift.")
        at_home.answer()

        sent(reason="other", note="Stuck in the lift.")


class TestTheWayBack:
    def test_that_is_later_makes_the_absence_longer(self, at_home, pupil):
        at_home.begin(pupil)
        at_home.answer(reason="illness")
        at_home.go("back")
        at_home.answer(back="2025-11-14")
        assert "Today, Tue 11 Nov to" not in at_home.text
        assert "Tue 11 Nov to Thu 13 Nov" in at_home.text
        at_home.answer()

        sent(last_day=THURSDAY, expected_return=date(2025, 11, 14))

    def test_may_not_be_known(self, at_home, pupil):
        at_home.begin(pupil)
        at_home.answer(reason="illness")
        at_home.go("back")
        at_home.answer(back="unknown")
        at_home.answer()

        sent(last_day=TUESDAY, expected_return=None)


class TestAppointments:
    def ask(self, parent: Parent, pupil, school, key: str, reason: str = "appointment") -> str:
        give_terms(school, key)
        parent.begin(pupil)
        parent.answer(reason=reason)
        assert parent.step == "appointment"
        return parent.text

    @pytest.fixture
    def anywhere(self, parent, sessions, sign_in) -> Parent:
        return Parent(sign_in(parent))

    def test_of_werrington_are_short_and_begin_at_the_office(self, anywhere, pupil, school):
        """000:270."""
        text = self.ask(anywhere, pupil, school, "werrington")

        assert "asks you to tell it before the appointment if you can" in text
        assert "A whole day is not usually needed" in text
        assert "Collect your child from the school office" in text

    def test_of_strathmore_need_proof_and_no_other_form(self, anywhere, pupil, school):
        """001:183."""
        text = self.ask(anywhere, pupil, school, "strathmore")

        assert "This report takes the place of the form of Hill Primary School for appointments." in text
        assert "asks for proof: a photo of the letter, card, text or e-mail" in text
        anywhere.answer(appointment_at="10.30", part="AM")
        assert "You can add it now, or later from the page of your report." in anywhere.text
        anywhere.answer()
        sent(appointment_at=time(10, 30), first_half="AM", last_half="AM", expected_return=TUESDAY)

    def test_of_lunts_heath_are_authorised_only_when_told_before(self, anywhere, pupil, school):
        """002:181-183."""
        text = self.ask(anywhere, pupil, school, "lunts_heath")

        assert "can only authorise it when you tell the school before the appointment" in text

    def test_of_welbourn_that_are_routine_belong_outside_school_hours(self, anywhere, pupil, school):
        """003:157-158."""
        routine = self.ask(anywhere, pupil, school, "welbourn")
        assert "asks for routine visits outside school hours" in routine
        anywhere.go("reason")
        anywhere.answer(reason="hospital")

        assert "routine visits" not in anywhere.text
        assert "asks for proof" in anywhere.text

    def test_of_leedon_say_nothing_that_the_document_does_not(self, anywhere, pupil, school):
        """004 has no section on appointments."""
        text = self.ask(anywhere, pupil, school, "leedon")

        assert "govuk-list--bullet" not in text

    def test_need_a_time_and_a_part_of_the_day(self, anywhere, pupil, school):
        self.ask(anywhere, pupil, school, "leedon")
        page = anywhere.answer(appointment_at="half ten")

        assert page.status_code == 422
        assert "Enter a time like 9:15 or 1:30pm" in anywhere.text
        assert "Select how much of the day" in anywhere.text
        assert 'value="half ten"' in anywhere.text


class TestWelbourn:
    def test_keeps_a_child_who_was_sick_at_home_for_48_hours(self, parent, sessions, school, pupil, sign_in):
        """003:154-155: 48 hours, authorised, and no daily call."""
        give_terms(school, "welbourn")
        family = Parent(sign_in(parent))
        family.begin(pupil)
        family.answer(reason="sickness")

        assert "stays at home for 48 hours. Robin: back on Thu 13 Nov at the earliest." in family.text
        family.answer()
        sent(first_day=TUESDAY, last_day=WEDNESDAY, expected_return=THURSDAY)

    def test_asks_for_a_reason_by_9(self, parent, sessions, school, pupil, sign_in, ten_past_eight):
        """003:153, WEL-18."""
        give_terms(school, "welbourn")
        ten_past_eight.move_to(datetime(2025, 11, 11, 9, 1, tzinfo=LONDON))
        family = Parent(sign_in(parent))
        family.begin(pupil)
        family.answer(reason="illness")

        assert "asks to be told by 9:00am." in family.text


class TestOtherSchools:
    def test_have_no_rule_of_48_hours(self, at_home, pupil):
        at_home.begin(pupil)
        at_home.answer(reason="sickness")
        at_home.answer()

        sent(last_day=TUESDAY, expected_return=WEDNESDAY)


class TestLuntsHeath:
    def test_asks_for_the_day_of_the_return(self, parent, sessions, school, pupil, sign_in):
        """002:138, 002:174: with the expected date of return, so "not known" is no answer."""
        give_terms(school, "lunts_heath")
        family = Parent(sign_in(parent))
        family.begin(pupil)
        family.answer(reason="illness")
        family.go("back")
        assert "I do not know yet" not in family.text
        page = family.answer(back="unknown")

        assert page.status_code == 422


class TestSeveralChildren:
    @pytest.fixture
    def sister(self, class_group, by):
        """A younger sister in the same class, for brevity."""
        sister = pupil_in_class(class_group, forename="Wren", date_of_birth=date(2017, 5, 1))
        PupilContactFactory(pupil=sister, contact=by)
        return sister

    @pytest.fixture
    def cousin(self, other_school, parent):
        """A child of the same parent at another school with the terms of Welbourn."""
        held_sessions(other_school, FIRST_HELD, LAST_HELD)
        give_terms(other_school, "welbourn")
        child = pupil_in_class(
            ClassGroupFactory(school=other_school, academic_year=2025),
            forename="Kit",
            date_of_birth=date(2014, 1, 1),
        )
        PupilContactFactory(pupil=child, contact=ContactFactory(school=other_school, user=parent))
        return child

    def test_are_reported_at_once_each_with_a_reference(self, at_home, pupil, sister):
        at_home.begin(pupil, sister)
        assert "Why are they away?" in at_home.text
        at_home.answer(reason="illness")
        at_home.answer()

        assert [report.pupil for report in reports()] == [pupil, sister]
        assert len({report.submission for report in reports()}) == 1
        assert all(report.reference in at_home.text for report in reports())

    def test_at_several_schools_keep_each_schools_rules(self, at_home, pupil, cousin):
        at_home.begin(pupil, cousin)
        at_home.answer(reason="sickness")
        assert "Hill Primary School" in at_home.text
        assert "Kit: back on Thu 13 Nov at the earliest" in at_home.text
        at_home.answer()

        found = {report.pupil: (report.school.key, report.last_day) for report in reports()}
        assert found == {pupil: ("hill", TUESDAY), cousin: ("vale", WEDNESDAY)}

    def test_are_reported_all_or_none(self, at_home, pupil, cousin, monkeypatch):
        at_home.begin(pupil, cousin)
        at_home.answer(reason="illness")
        # The second school is left without a policy between the questions and the sending.
        from absences.models import SchoolTerms

        SchoolTerms._base_manager.filter(school__key="vale").delete()
        page = at_home.answer()

        assert page.status_code == 422
        assert "has no attendance policy in force" in at_home.text
        assert reports() == []

    def test_are_asked_for_with_their_names(self, at_home, pupil, sister):
        at_home.open("/family/report/")
        assert "Who is away?" in at_home.text
        page = at_home.send("/family/report/")

        assert page.status_code == 422
        assert "Select who is away" in at_home.text


class TestFiles:
    def picture(self, name: str = "letter.png") -> SimpleUploadedFile:
        from io import BytesIO

        from PIL import Image

        drawn = BytesIO()
        Image.new("RGB", (40, 40), "white").save(drawn, "PNG")
        return SimpleUploadedFile(name, drawn.getvalue(), content_type="image/png")

    def test_are_kept_with_each_report(self, at_home, pupil, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path
        at_home.begin(pupil)
        at_home.answer(reason="illness")
        at_home.answer(files=[self.picture(), self.picture("card.png")])

        report = sent()
        assert Attachment._base_manager.filter(report=report).count() == 2

    def test_that_cannot_be_kept_send_nothing(self, at_home, pupil, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path
        at_home.begin(pupil)
        at_home.answer(reason="illness")
        page = at_home.answer(files=[SimpleUploadedFile("x.exe", b"MZ nothing good")])

        assert page.status_code == 422
        assert 'href="#id_files"' in at_home.text
        assert reports() == []

    def test_can_be_added_later(self, at_home, pupil, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path
        at_home.begin(pupil)
        at_home.answer(reason="illness")
        at_home.answer()
        report = sent()
        at_home.send(f"/family/reports/{report.pk}/files/", files=[self.picture()])

        assert "letter.jpg" in at_home.text or "letter.jpeg" in at_home.text
        assert Attachment._base_manager.filter(report=report).count() == 1
