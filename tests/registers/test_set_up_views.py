"""The pages on which a school is set up: nothing is saved before it was shown, and refusals keep entries."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
import time_machine
from django.test import Client
from django_scopes import scope

from accounts.models import Role, School, User
from registers.models import CalendarPeriod, DayTimes, Mark, Session
from registers.services.calendar import Period, set_calendar
from tests.cast import SignIn, person
from tests.commands import everything_stored
from tests.factories.escalation import PolicyVersionFactory
from tests.factories.registers import (
    ClassGroupFactory,
    EnrolmentFactory,
    MarkFactory,
    PupilContactFactory,
    PupilFactory,
    RegisterFactory,
    london,
    pupil_in_class,
)
from tests.registers.taking import Controls, queries_of, words_of

TUESDAY = date(2025, 11, 18)
SCHOOL = "/s/hill/school/"


@pytest.fixture(autouse=True)
def mid_morning(open_school: School) -> Iterator[None]:
    """Half past ten on Tuesday 18 November 2025, after the morning's register closed."""
    with time_machine.travel(london(TUESDAY, time(10, 30)), tick=False):
        yield


@pytest.fixture
def client(sign_in: SignIn, office: User) -> Client:
    return sign_in(office)


class Form:
    """A browser without a script at one page's form."""

    def __init__(self, client: Client, url: str) -> None:
        self.client, self.url = client, url
        self.read(client.get(url))

    def read(self, response: Any) -> None:
        """Keep what a page shows and what its form would send."""
        self.status = response.status_code
        self.html = response.content.decode()
        controls = Controls(self.html)
        texts = dict(re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>\s*([^<]*)</textarea>', self.html))
        self.fields = {**controls.fields, **texts}
        self.words = words_of(self.html)

    def send(self, act: str, **typed: str) -> int:
        """Press one of the buttons; follow the redirect of a success and return the status before it."""
        response = self.client.post(self.url, {**self.fields, **typed, act: "1"})
        status = int(response.status_code)
        self.read(self.client.get(response["Location"]) if status == 302 else response)
        return status


def days(first: date, last: date) -> dict[str, str]:
    """Return two dates as three texts each."""
    parts = {}
    for name, on in (("first_day", first), ("last_day", last)):
        parts |= {f"{name}_day": str(on.day), f"{name}_month": str(on.month), f"{name}_year": str(on.year)}
    return parts


class TestAnEmergency:
    @pytest.fixture
    def pupils(self, open_school, class_group) -> None:
        with scope(school=open_school):
            for half, code in (("AM", "/"), ("PM", "M")):
                session = Session.objects.get(on=TUESDAY, half=half)
                source = {"AM": "register", "PM": "ahead"}[half]
                MarkFactory(session=session, pupil=pupil_in_class(class_group), code_id=code, source=source)

    def test_begins_with_the_afternoon_once_the_morning_has_taken_place(self, client):
        form = Form(client, f"{SCHOOL}closures/emergency/")

        assert (form.fields["first_half"], form.fields["first_day_day"]) == ("PM", "18")

    def test_shows_what_goes_before_anything_is_done(self, client, pupils):
        form = Form(client, f"{SCHOOL}closures/emergency/")
        before = everything_stored()

        assert form.send("check", name="Boiler failure") == 200

        assert "1 session no longer held: Tue 18 Nov PM." in form.words
        assert "1 mark taken away. They stay in the history" in form.words
        assert "Tue 18 Nov PM 1 1 M " in form.words
        assert everything_stored() == before

    def test_closes_the_afternoon_and_leaves_the_morning(self, client, open_school, pupils):
        form = Form(client, f"{SCHOOL}closures/emergency/")
        form.send("check", name="Boiler failure")

        assert form.send("save") == 302

        assert (
            "The school is closed: Boiler failure. 1 session no longer held, 1 mark taken away." in form.words
        )
        with scope(school=open_school):
            assert list(Mark.objects.values_list("session__half", "code_id")) == [("AM", "/")]
            assert Session.objects.get(on=TUESDAY, half="PM").status == "cancelled"

    def test_warns_of_a_session_that_took_place(
        self, client, open_school, pupils, class_teacher, class_group
    ):
        with scope(school=open_school):
            session = Session.objects.get(on=TUESDAY, half="AM")
        RegisterFactory(class_group=class_group, session=session, taken_by=class_teacher)
        form = Form(client, f"{SCHOOL}closures/emergency/")

        form.send("check", name="Boiler failure", first_half="AM")

        assert (
            "The register of Tue 18 Nov AM was taken in 1 class. A session that took place stands"
            in form.words
        )

    def test_is_not_declared_on_other_marks_than_were_shown(self, client, open_school, pupils, class_group):
        form = Form(client, f"{SCHOOL}closures/emergency/")
        form.send("check", name="Boiler failure")
        with scope(school=open_school):
            MarkFactory(
                session=Session.objects.get(on=TUESDAY, half="PM"),
                pupil=pupil_in_class(class_group),
                code_id="I",
            )
        before = everything_stored()

        assert form.send("save") == 422
        assert "The marks or the calendar changed since this was shown" in form.words
        assert "2 marks taken away" in form.words
        assert everything_stored() == before

        assert form.send("save") == 302

    def test_of_days_without_school_is_refused_with_the_entries_kept(self, client):
        form = Form(client, f"{SCHOOL}closures/emergency/")
        before = everything_stored()

        status = form.send("check", name="Snow", **days(date(2025, 12, 24), date(2025, 12, 24)))

        assert status == 422
        assert "<title>Error: Declare an emergency closure" in form.html
        assert "The closure is not within a half term" in form.words
        assert (form.fields["name"], form.fields["first_day_month"]) == ("Snow", "12")
        assert everything_stored() == before

    def test_ends_no_earlier_than_it_begins(self, client):
        form = Form(client, f"{SCHOOL}closures/emergency/")

        assert form.send("check", name="Snow", first_half="PM", last_half="AM") == 422
        assert "The closure cannot end with the morning before it begins" in form.words

    def test_can_be_undone_with_its_marks(self, client, open_school, pupils):
        form = Form(client, f"{SCHOOL}closures/emergency/")
        form.send("check", name="Boiler failure")
        form.send("save")
        with scope(school=open_school):
            row = CalendarPeriod.objects.get(kind="emergency_closure")

        undo = Form(client, f"{SCHOOL}closures/{row.pk}/removal/")
        assert "1 session held again: Tue 18 Nov PM." in undo.words
        assert "1 mark that the closure took away stand again." in undo.words
        assert undo.send("save") == 302

        assert "Boiler failure is undone: 1 session held again, 1 mark stand again." in undo.words
        with scope(school=open_school):
            assert Mark.objects.count() == 2


class TestAPlannedClosure:
    def test_of_a_day_ahead_is_added_and_removed(self, client, open_school):
        form = Form(client, f"{SCHOOL}closures/new/")
        day = date(2025, 11, 28)
        assert form.send("check", name="Staff training", **days(day, day)) == 200
        assert form.send("save") == 302
        assert (
            "189 days (378 sessions): 2 sessions fewer than a maintained school needs (190 days)."
            in form.words
        )
        with scope(school=open_school):
            row = CalendarPeriod.objects.get(name="Staff training")

        undo = Form(client, f"{SCHOOL}closures/{row.pk}/removal/")
        assert undo.send("save") == 302

        assert "190 days (380 sessions): as many as a maintained school needs." in undo.words

    def test_over_a_taken_register_asks_for_a_reason(self, client, open_school, class_group):
        with scope(school=open_school):
            MarkFactory(session=Session.objects.get(on=TUESDAY, half="AM"), pupil=pupil_in_class(class_group))
        form = Form(client, f"{SCHOOL}closures/new/")
        form.send("check", name="Staff training", **days(TUESDAY, TUESDAY))
        assert "1 mark of them were taken: give a reason." in form.words
        before = everything_stored()

        assert form.send("save") == 422
        assert "Give a reason: 1 of the marks were taken" in form.words
        assert everything_stored() == before

        assert form.send("save", reason="Marked by mistake") == 302


class TestAHalfTerm:
    def test_of_next_year_is_added(self, client, open_school):
        form = Form(client, f"{SCHOOL}calendar/2026/half-terms/new/")

        typed = days(date(2026, 9, 2), date(2026, 10, 23))
        assert form.send("check", name="Autumn 1", **typed) == 200
        assert "76 sessions added: Wed 2 Sep 2026 AM to Fri 23 Oct 2026 PM." in form.words
        assert form.send("save") == 302

        with scope(school=open_school):
            assert Session.objects.filter(academic_year=2026, status="held").count() == 76

    def test_that_the_year_has_already_is_refused(self, client):
        form = Form(client, f"{SCHOOL}calendar/2025/half-terms/new/")
        before = everything_stored()

        status = form.send("check", name="autumn 2", **days(date(2025, 11, 3), date(2025, 12, 18)))

        assert status == 422
        assert "2025/26 has a half term autumn 2 already: change that one." in form.words
        assert everything_stored() == before

    def test_can_change_its_name_and_days_at_once(self, client, open_school):
        with scope(school=open_school):
            row = CalendarPeriod.objects.get(name="Autumn 2")
        form = Form(client, f"{SCHOOL}half-terms/{row.pk}/")
        assert form.fields["name"] == "Autumn 2"

        form.send("check", name="Autumn B", **days(date(2025, 11, 3), date(2025, 12, 18)))
        assert "2 sessions removed: Fri 19 Dec AM to Fri 19 Dec PM." in form.words
        assert form.send("save") == 302

        with scope(school=open_school):
            assert Session.objects.filter(half_term="Autumn B").count() == 68
            assert Session.objects.filter(half_term="Autumn 2").count() == 0

    def test_with_marks_in_the_way_keeps_its_days(self, client, open_school, class_group):
        with scope(school=open_school):
            row = CalendarPeriod.objects.get(name="Autumn 2")
            MarkFactory(
                session=Session.objects.get(on=date(2025, 11, 3), half="AM"),
                pupil=pupil_in_class(class_group),
            )
        form = Form(client, f"{SCHOOL}half-terms/{row.pk}/")
        before = everything_stored()

        status = form.send("save", **days(date(2025, 11, 4), date(2025, 12, 19)))

        assert status == 422
        assert "2025-11-03 has 1 mark already, so that day cannot be taken away" in form.words
        assert everything_stored() == before

    def test_without_marks_is_removed(self, client, open_school):
        with scope(school=open_school):
            row = CalendarPeriod.objects.get(name="Spring 1")
        page = Form(client, f"{SCHOOL}half-terms/{row.pk}/removal/")
        assert "60 sessions removed: Mon 5 Jan AM to Fri 13 Feb PM." in page.words

        assert page.send("save") == 302

        with scope(school=open_school):
            assert Session.objects.filter(half_term="Spring 1").count() == 0

    def test_with_a_closure_in_it_is_not_removed(self, client, open_school):
        with scope(school=open_school):
            row = CalendarPeriod.objects.get(name="Summer 1")
        before = everything_stored()

        page = Form(client, f"{SCHOOL}half-terms/{row.pk}/removal/")

        assert "Remove the closures on days that would lie in no half term first: Bank holiday" in page.words
        assert client.post(page.url).status_code == 422
        assert everything_stored() == before


class TestTheYearAtAGlance:
    def test_counts_days_and_sessions(self, client):
        page = Form(client, f"{SCHOOL}calendar/2025/")

        assert "190 days (380 sessions): as many as a maintained school needs." in page.words
        assert "December 2025 30 sessions" in page.words
        assert "4 # , closed: Bank holiday" in page.words

    def test_of_a_year_that_is_not_entered_says_so(self, client):
        assert "No half term in 2026/27 yet" in Form(client, f"{SCHOOL}calendar/2026/").words

    @pytest.mark.parametrize("year", [2017, 2036, 99999])
    def test_of_a_year_without_marks_does_not_exist(self, client, year):
        assert client.get(f"{SCHOOL}calendar/{year}/").status_code == 404

    def test_takes_as_many_statements_with_more_closures(self, client, open_school, office):
        url = f"{SCHOOL}calendar/2025/"
        before = len(queries_of(client, url))
        with scope(school=open_school):
            closures = [Period("closure", "Day", date(2026, 1, n), date(2026, 1, n)) for n in range(5, 10)]
            set_calendar(open_school, closures, by=office, at=datetime(2025, 11, 18, tzinfo=UTC))

        assert len(queries_of(client, url)) == before


class TestTheTimesOfTheDay:
    def test_show_what_changes_and_then_change_it(self, client, open_school):
        form = Form(client, f"{SCHOOL}times/")
        assert (form.fields["am_opens_0"], form.fields["starts_on_day"]) == ("8:50", "24")
        before = everything_stored()

        assert form.send("check", am_opens_0="8.45am", am_late_0="8:45", am_closes_0="0915") == 200
        assert "AM: opens 8:45am, late after 8:45am, closes 9:15am" in form.words
        assert everything_stored() == before

        assert form.send("save") == 302
        assert "The times hold from Mon 24 Nov" in form.words
        with scope(school=open_school):
            first = Session.objects.get(on=date(2025, 11, 24), half="AM")
        assert first.opens_at == london(date(2025, 11, 24), time(8, 45))

    def test_of_a_friday_that_ends_early_are_one_time_to_read(self, client):
        form = Form(client, f"{SCHOOL}times/")

        line = {name: value for name, value in form.fields.items() if name.endswith("_1")}
        assert {name: value for name, value in line.items() if value} == {"weekday_1": "4", "ends_1": "13:30"}

    def test_take_a_year_group_with_other_times(self, client, open_school):
        form = Form(client, f"{SCHOOL}times/")

        form.send("check", year_2="N", am_opens_2="9:00", am_late_2="9:10", am_closes_2="9:30")
        assert "AM, Nursery: opens 9:00am, late after 9:10am, closes 9:30am" in form.words
        assert form.send("save") == 302

        with scope(school=open_school):
            row = DayTimes.objects.get(year_group="N")
        assert (row.half, row.opens_at, row.day_ends_at) == ("AM", time(9), time(15, 15))

    def test_are_not_saved_without_having_been_shown(self, client):
        form = Form(client, f"{SCHOOL}times/")
        before = everything_stored()

        assert form.send("save", am_late_0="8:55") == 200
        assert "What changes" in form.words
        assert everything_stored() == before

    @pytest.mark.parametrize(
        ("typed", "fault"),
        [
            ({"am_opens_0": "half nine"}, "Every day, AM opens: enter a time like 8:50 or 1:15pm"),
            ({"pm_closes_0": ""}, "Enter when the afternoon register closes"),
            ({"am_closes_0": "9:21"}, "The AM register may be open for at most 30 minutes."),
            ({"ends_1": "13:10"}, "The PM register must close before the day ends (Friday)."),
            ({"ends_2": "14:00"}, "Choose a day or a year group for the line"),
            ({"weekday_2": "4", "ends_2": "14:00"}, "Friday: there are two lines for it"),
            (
                {"starts_on_day": "18"},
                "New times hold from tomorrow at the earliest: past registers keep theirs.",
            ),
            ({"starts_on_month": "13"}, "The day must be a real date"),
        ],
    )
    def test_that_cannot_be_are_refused_with_the_entries_kept(self, client, typed, fault):
        form = Form(client, f"{SCHOOL}times/")
        before = everything_stored()

        assert form.send("check", **typed) == 422

        assert fault in form.words
        assert "<title>Error: " in form.html
        assert {name: form.fields[name] for name in typed} == typed
        assert everything_stored() == before

    def test_get_two_more_lines_on_request(self, client):
        form = Form(client, f"{SCHOOL}times/")
        assert "ends_4" not in form.fields

        assert form.send("more", am_opens_0="8:45") == 200

        assert (form.fields["am_opens_0"], "ends_5" in form.fields) == ("8:45", True)

    def test_of_somebody_who_saw_others_are_refused(self, client, sign_in, head):
        mine = Form(client, f"{SCHOOL}times/")
        mine.send("check", am_late_0="8:55")
        theirs = Form(sign_in(head), f"{SCHOOL}times/")
        theirs.send("check", am_late_0="9:00")
        theirs.send("save")
        before = everything_stored()

        assert mine.send("save") == 422
        assert "Somebody else changed the times while you had them open" in mine.words
        assert everything_stored() == before

    def test_to_come_can_be_taken_back(self, client, open_school):
        form = Form(client, f"{SCHOOL}times/")
        form.send("check", am_late_0="8:55")
        form.send("save")

        answer = client.post(f"{SCHOOL}times/2025-11-24/removal/")

        assert answer.status_code == 302
        with scope(school=open_school):
            assert set(DayTimes.objects.values_list("starts_on", flat=True)) == {date(2018, 8, 1)}


class TestTheDetails:
    def test_are_changed_with_the_names_of_what_changed_in_the_log(self, client, open_school):
        form = Form(client, f"{SCHOOL}details/")

        assert form.send("save", office_phone="01632 960555") == 302

        open_school.refresh_from_db()
        assert open_school.office_phone == "01632 960555"
        assert open_school.address == "1 Hill Road\nAnytown\nAN1 1AA"

    def test_that_somebody_changed_meanwhile_are_not_overwritten(self, client, open_school):
        form = Form(client, f"{SCHOOL}details/")
        School.objects.update(office_phone="01632 960999")

        assert form.send("save", name="Hill School") == 422
        assert "Somebody else changed the details while you had them open" in form.words
        open_school.refresh_from_db()
        assert (open_school.name, open_school.office_phone) == ("Hill Primary School", "01632 960999")

    def test_need_a_name(self, client):
        form = Form(client, f"{SCHOOL}details/")

        assert form.send("save", name="") == 422
        assert "Enter name of the school" in form.words


class TestWhatIsMissing:
    def test_is_said_with_the_pupils_named(self, client, open_school, class_group, class_teacher):
        year = ClassGroupFactory(school=open_school, name="Elm", academic_year=2024)
        left_behind = pupil_in_class(year, surname="Left", forename="Behind")
        lost = PupilFactory(school=open_school, surname="Lost", forename="Lee")
        EnrolmentFactory(pupil=lost)
        PupilContactFactory(pupil=left_behind)

        words = Form(client, SCHOOL).words

        assert "1 pupil on roll but in no class, and so on no register. Lost, Lee" in words
        assert "1 pupil still in a class of another school year, which has no register" in words
        assert "1 pupil without any contact: nobody can be rung or written to. Lost, Lee" in words
        assert "Nobody holds the post of headteacher or attendance champion today." in words
        assert "Calendar 2026/27 Later Not entered yet; it is wanted from April on." in words
        assert "Registers are open AM 8:50am to 9:20am and PM 1:00pm to 1:15pm. Other times: Friday." in words

    def test_is_little_at_a_school_that_is_set_up(
        self, client, open_school, class_teacher, pupil, head, champion
    ):
        PupilContactFactory(pupil=pupil)
        words = Form(client, SCHOOL).words

        assert "1 to look at" in words  # the afternoon's register is open for a quarter of an hour
        assert "Every pupil on roll is in a class." in words
        assert "1 class, each with a teacher." in words

    def test_of_an_empty_school_is_everything(self, other_school, sign_in):
        user = person(other_school, Role.OFFICE, name="Olga Office")

        words = Form(sign_in(user), "/s/vale/school/").words

        assert "No times are entered: without them there is no register to open." in words
        assert "No half term is entered: registers exist only on the days of the calendar." in words
        assert "There is no class in 2025/26: registers are taken by class." in words
        assert "Nobody is on roll today: enter or import the pupils." in words
        assert "None is in force. Without one no step and no letter is proposed." in words

    def test_names_the_version_of_the_policy_in_force(self, client, open_school, office):
        with scope(school=open_school):
            PolicyVersionFactory(school=open_school, in_force_from=date(2025, 9, 1), activated_by=office)

        assert "Version 1 is in force since Mon 1 Sep." in Form(client, SCHOOL).words

    def test_takes_as_many_statements_for_thirty_pupils_as_for_three(self, client, class_group):
        for _ in range(3):
            pupil_in_class(class_group)
        few = len(queries_of(client, SCHOOL))
        for _ in range(27):
            pupil_in_class(class_group)

        assert len(queries_of(client, SCHOOL)) == few


class TestWhyAPupilIsOnARegister:
    def test_is_found_by_a_name_that_stands_in_no_address(self, client, pupil):
        form = Form(client, f"{SCHOOL}why/")

        assert form.send("find", name="ashdown robin") == 200

        assert "1 pupil found Ashdown, Robin" in form.words
        assert f'href="{SCHOOL}why/{pupil.pk}/2025-11-18/"' in form.html

    def test_finds_nobody_of_another_school(self, client, other_school):
        PupilFactory(school=other_school, surname="Elsewhere")

        form = Form(client, f"{SCHOOL}why/")
        form.send("find", name="Elsewhere")

        assert "No pupil found" in form.words

    def ask(self, client: Client, pupil: Any, on: str = "2025-11-18") -> str:
        return Form(client, f"{SCHOOL}why/{pupil.pk}/{on}/").words

    def test_is_said_of_a_pupil_who_is_on_one(self, client, pupil, class_teacher):
        words = self.ask(client, pupil)

        assert "Robin Ashdown is on the register of Oak on Tue 18 Nov." in words
        assert "On roll from Mon 1 Sep." in words
        assert "In Oak, Year 5, from Mon 1 Sep." in words
        assert "The register is taken by Tess Teacher, or the office." in words
        assert "AM opens 8:50am, late after 8:50am, closes 9:20am; not marked." in words

    @pytest.mark.parametrize(
        ("on", "reason"),
        [
            ("2025-08-29", "Not on roll on that day: the starting day is Mon 1 Sep."),
            ("2025-10-28", "The day is in no half term of the calendar: the next school day is Mon 3 Nov."),
            ("2025-11-15", "A Saturday or Sunday: no session."),
            ("2026-05-04", "AM: no session, Planned closure (#)."),
        ],
    )
    def test_is_said_of_a_day_without_register(self, client, pupil, on, reason):
        words = self.ask(client, pupil, on)

        assert "Robin Ashdown is on no register" in words
        assert f"In the way: {reason}" in words

    def test_is_said_of_a_pupil_without_class(self, client, open_school):
        pupil = PupilFactory(school=open_school)
        EnrolmentFactory(pupil=pupil)

        assert "In the way: In no class on that day" in self.ask(client, pupil)

    def test_is_said_of_a_pupil_in_a_class_of_last_year(self, client, open_school):
        pupil = pupil_in_class(ClassGroupFactory(school=open_school, name="Elm", academic_year=2024))

        assert "In the way: In Elm, a class of 2024/25, which has no register in 2025/26" in self.ask(
            client, pupil
        )

    def test_is_said_of_a_pupil_who_was_never_on_roll(self, client, open_school):
        assert "In the way: Never entered on roll" in self.ask(client, PupilFactory(school=open_school))
