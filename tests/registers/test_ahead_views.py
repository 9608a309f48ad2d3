"""The pages of what is known ahead."""

from datetime import date, time
from typing import Any

import pytest
from django.test import Client
from django_scopes import scope

from accounts.models import School, User
from registers.models import ClassGroup, KnownAhead, Mark, PartTimeTimetable, Pupil, Session, WeeklyPattern
from registers.services.marks import MarkRow, load_marks
from tests.cast import SignIn
from tests.factories.registers import held_sessions, london, pupil_in_class
from tests.factories.registers_ahead import WeeklyPatternFactory, known_ahead_for
from tests.registers.taking import clock_at, queries_of, words_of

TUESDAY = date(2025, 11, 11)


@pytest.fixture
def sessions(school: School) -> list[Session]:
    return held_sessions(school, date(2025, 11, 3), date(2025, 11, 14))


@pytest.fixture
def child(class_group: ClassGroup, sessions: list[Session]) -> Pupil:
    return pupil_in_class(class_group, surname="Abbot")


@pytest.fixture
def client(sign_in: SignIn, office: User) -> Client:
    return sign_in(office)


@pytest.fixture(autouse=True)
def _morning() -> Any:
    with clock_at(time(8, 30)):
        yield


def days(**parts: date) -> dict[str, str]:
    return {
        f"{name}_{part}": str(getattr(on, part))
        for name, on in parts.items()
        for part in ("day", "month", "year")
    }


def trip(*pupils: Pupil, **changes: Any) -> dict[str, Any]:
    return {
        "name": "Museum visit",
        "code": "V",
        "nature": "Museum of the town",
        "first_half": "AM",
        "last_half": "PM",
        "pupil": [str(pupil.pk) for pupil in pupils],
        **days(first_day=TUESDAY),
    } | changes


class TestArrangingATrip:
    def test_leads_to_its_page(self, client: Client, child: Pupil, school: School) -> None:
        answer = client.post("/s/hill/ahead/new/", trip(child), follow=True)

        words = words_of(answer.content.decode())
        assert "Museum visit arranged: 2 sessions for 1 pupil." in words
        assert "1 pupil takes part" in words
        with scope(school=school):
            row = KnownAhead.objects.get()
        assert (row.first_day, row.last_day, row.code_id) == (TUESDAY, TUESDAY, "V")

    def test_keeps_what_was_entered_and_says_what_is_missing(self, client: Client, child: Pupil) -> None:
        answer = client.post("/s/hill/ahead/new/", trip(name="Zoo & park"))

        page = answer.content.decode()
        assert answer.status_code == 422
        assert "<title>Error: Arrange a trip or absence" in page
        assert 'value="Zoo &amp; park"' in page
        assert "Choose at least one pupil" in words_of(page)

    def test_says_at_once_all_that_is_wrong(self, client: Client, school: School) -> None:
        wrong = trip(name="", nature=" ", last_day_day="3", last_day_month="11", last_day_year="2025")

        page = words_of(client.post("/s/hill/ahead/new/", wrong).content.decode())

        for words in (
            "Enter what it is, as registers will show it",
            "Say what the activity or circumstance is for code V",
            "The last session cannot be before the first",
            "Choose at least one pupil",
        ):
            assert page.count(words) == 2, words  # in the summary, and beside the control
        with scope(school=school):
            assert KnownAhead.objects.count() == 0

    def test_asks_for_pupils_also_where_the_first_day_is_no_day(self, client: Client) -> None:
        page = words_of(client.post("/s/hill/ahead/new/", trip(first_day_day="31")).content.decode())

        assert "First day must be a real date" in page
        assert "Choose at least one pupil" in page
        assert "cannot be before the first" not in page

    def test_with_a_code_that_asks_for_its_nature_is_refused_beside_the_field(
        self, client: Client, child: Pupil
    ) -> None:
        page = client.post("/s/hill/ahead/new/", trip(child, nature="")).content.decode()

        assert 'href="#id_nature">Say what the activity or circumstance is for code V</a>' in page
        assert f'value="{child.pk}" checked' in page

    def test_over_marks_asks_first_and_then_leaves_or_amends_them(
        self, client: Client, child: Pupil, school: School, sessions: list[Session], office: User
    ) -> None:
        session = next(one for one in sessions if one.on == TUESDAY and one.half == "AM")
        with scope(school=school):
            at = london(TUESDAY, time(8, 52))
            load_marks(school, [MarkRow(child.pk, session.pk, 2025, "/")], by=office, at=at)

        asked = client.post("/s/hill/ahead/new/", trip(child))
        assert "1 mark stands there already" in words_of(asked.content.decode())
        without = client.post("/s/hill/ahead/new/", trip(child, standing="amend"))
        assert without.status_code == 422
        assert "Enter why the marks are amended" in words_of(without.content.decode())
        with scope(school=school):
            assert KnownAhead.objects.count() == 0
        client.post("/s/hill/ahead/new/", trip(child, standing="leave"))
        with scope(school=school):
            assert (KnownAhead.objects.count(), Mark.objects.get().code_id) == (1, "/")
        done = client.post(
            "/s/hill/ahead/new/", trip(child, standing="amend", reason="Left early for it"), follow=True
        )
        assert "1 mark amended." in words_of(done.content.decode())
        with scope(school=school):
            assert Mark.objects.get().code_id == "V"

    @pytest.mark.parametrize("pupil", ["0", "-1", "x", "9" * 30, "٣"])
    def test_for_pupils_that_are_none_changes_nothing(
        self, client: Client, child: Pupil, school: School, pupil: str
    ) -> None:
        answer = client.post("/s/hill/ahead/new/", trip(pupil=[pupil]))

        assert answer.status_code == 422
        with scope(school=school):
            assert KnownAhead.objects.count() == 0

    def test_opened_from_a_pupil_has_the_pupil_chosen(self, client: Client, child: Pupil) -> None:
        page = client.get(f"/s/hill/ahead/new/?pupil={child.pk}").content.decode()

        assert f'value="{child.pk}" checked' in page


class TestAnArrangement:
    def test_is_withdrawn_with_a_reason(self, client: Client, child: Pupil, school: School) -> None:
        row = known_ahead_for(child)
        refused = client.post(f"/s/hill/ahead/{row.pk}/withdraw/", {"why": ""})
        assert refused.status_code == 422
        answer = client.post(f"/s/hill/ahead/{row.pk}/withdraw/", {"why": "No coach"}, follow=True)

        assert "Museum visit is withdrawn." in words_of(answer.content.decode())
        with scope(school=school):
            assert KnownAhead.objects.get().withdrawn_why == "No coach"


class TestAPatternOnThePage:
    def test_is_recorded_changed_and_ended(self, client: Client, child: Pupil, school: School) -> None:
        base = f"/s/hill/pupils/{child.pk}"
        entered = {
            "name": "Speech therapy",
            "code": "M",
            "nature": "",
            "sessions": ["1-AM", "3-PM"],
            **days(first_day=TUESDAY),
        }
        client.post(f"{base}/patterns/new/", entered)
        with scope(school=school):
            row = WeeklyPattern.objects.get()
        words = words_of(client.get(f"{base}/ahead/").content.decode())
        assert "Tuesday AM, Thursday PM" in words
        client.post(f"{base}/patterns/{row.pk}/", entered | {"sessions": ["1-AM"]})
        client.post(f"{base}/patterns/{row.pk}/end/", days(last_day=date(2025, 11, 25)))

        with scope(school=school):
            row.refresh_from_db()
            assert row.last_day == date(2025, 11, 25)
            assert [(one.weekday, one.half) for one in row.sessions.all()] == [(1, "AM")]

    def test_that_cannot_end_says_why_beside_the_day(self, client: Client, child: Pupil) -> None:
        row = WeeklyPatternFactory(pupil=child)
        answer = client.post(
            f"/s/hill/pupils/{child.pk}/patterns/{row.pk}/end/", days(last_day=date(2025, 9, 1))
        )

        assert answer.status_code == 422
        assert "The last day cannot be before the first day of the pattern." in words_of(
            answer.content.decode()
        )

    def test_of_another_pupil_is_not_found(
        self, client: Client, child: Pupil, class_group: ClassGroup
    ) -> None:
        row = WeeklyPatternFactory(pupil=pupil_in_class(class_group))

        assert client.get(f"/s/hill/pupils/{child.pk}/patterns/{row.pk}/").status_code == 404


class TestATimetableOnThePage:
    def entered(self) -> dict[str, Any]:
        return {
            "absent_sessions": ["0-PM"],
            "agreed_with": "Mrs Parent",
            "circumstances": "Back after a long illness.",
            "ambition": "One more afternoon each week.",
            **days(
                first_day=TUESDAY,
                last_day=date(2025, 12, 12),
                review_on=date(2025, 11, 28),
                agreed_on=date(2025, 11, 10),
            ),
        }

    def test_is_recorded_reviewed_told_and_ended(self, client: Client, child: Pupil, school: School) -> None:
        base = f"/s/hill/pupils/{child.pk}"
        client.post(f"{base}/timetables/new/", self.entered())
        with scope(school=school):
            row = PartTimeTimetable.objects.get()
        page = f"{base}/timetables/{row.pk}"
        assert "Tell the local authority" in words_of(client.get(f"{page}/").content.decode())
        client.post(f"{page}/told/", {"what": "authority_told_on"})
        client.post(
            f"{page}/review/",
            {"outcome": "Well", **days(held_on=TUESDAY, next_review_on=date(2025, 12, 5))},
        )
        client.post(f"{page}/end/", {"why": "Back full time", **days(last_day=date(2025, 12, 8))})

        with scope(school=school):
            row.refresh_from_db()
            assert row.authority_told_on == TUESDAY
            assert row.reviews.get().outcome == "Well"
            assert (row.last_day, row.ended_early_why) == (date(2025, 12, 8), "Back full time")
        words = words_of(client.get(f"{page}/").content.decode())
        assert "ended early: Back full time" in words
        assert "The local authority was told: Tue 11 Nov" in words

    def test_with_nothing_entered_names_every_question(self, client: Client, child: Pupil) -> None:
        answer = client.post(f"/s/hill/pupils/{child.pk}/timetables/new/", {})

        words = words_of(answer.content.decode())
        assert answer.status_code == 422
        for sentence in (
            "Choose the sessions for which the pupil is not expected",
            "Enter the first day",
            "Enter the last day",
            "Enter the first review",
            "Enter when the parent agreed",
            "Enter the parent who agreed and with whom the pupil normally lives",
            "Enter what is exceptional about the circumstances",
            "Enter how the pupil is to come back to full time",
        ):
            assert words.count(sentence) == 2  # in the summary and beside the field


class TestTheList:
    def test_takes_the_same_statements_however_much_is_arranged(
        self, client: Client, class_group: ClassGroup, sessions: list[Session]
    ) -> None:
        counts = []
        for count in (3, 27):
            for _ in range(count):
                known_ahead_for(pupil_in_class(class_group), first_day=TUESDAY, last_day=TUESDAY)
            counts.append(len(queries_of(client, "/s/hill/ahead/")))

        assert counts[0] == counts[1]

    def test_says_what_happens_next_when_nothing_is_arranged(self, client: Client, child: Pupil) -> None:
        assert "Nothing is arranged" in words_of(client.get("/s/hill/ahead/").content.decode())
