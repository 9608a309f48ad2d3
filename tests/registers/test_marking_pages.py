"""What an open register asks for: changes of colleagues, who is signed in, and the switch for single keys."""

from collections.abc import Iterator
from datetime import time

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import School, User
from registers.live_page import NoOpenPage, page_data, read_page, sign_page
from registers.models import ClassGroup
from tests.cast import SignIn
from tests.factories.registers import ClassGroupFactory, pupil_in_class
from tests.registers.entering import Typist, at
from tests.registers.taking import SURNAMES, Browser, Morning, clock_at, make_morning, mark, queries_of


@pytest.fixture(autouse=True)
def while_open() -> Iterator[None]:
    with clock_at(time(8, 56)):
        yield


@pytest.fixture
def morning(school: School, class_group: ClassGroup) -> Morning:
    return make_morning(school, class_group)


@pytest.fixture
def teacher(class_teacher: User, sign_in: SignIn) -> Client:
    return sign_in(class_teacher)


class TestChanges:
    def test_are_told_once(self, teacher: Client, morning: Morning, office: User) -> None:
        mark(morning.session, morning.pupils[0], "L", by=office, arrived_at=time(8, 54))

        first = teacher.get(f"{morning.url}changes/").json()
        assert first == {
            "number": 1,
            "marks": {
                str(morning.pupils[0].pk): {
                    **{"code": "L", "arrived": "08:54", "nature": "", "source": "register"},
                    **{"by": "Olive Office", "at": "8:50am"},
                }
            },
        }
        again = teacher.get(f"{morning.url}changes/?since=1")
        assert (again.status_code, again.content) == (204, b"")

    def test_tell_of_a_mark_taken_away(self, teacher: Client, morning: Morning, class_teacher: User) -> None:
        typist = Typist(teacher, class_teacher, morning)
        typist.states(typist.entry(morning.pupils[0], "L"))
        typist.states(typist.entry(morning.pupils[0], "", seen="L"))

        told = teacher.get(f"{morning.url}changes/?since=1").json()

        assert (told["number"], told["marks"][str(morning.pupils[0].pk)]["code"]) == (2, "")

    def test_leave_out_other_classes_and_sessions(
        self, teacher: Client, morning: Morning, office: User, school: School
    ) -> None:
        elsewhere = pupil_in_class(ClassGroupFactory(school=school, academic_year=2025))
        mark(morning.session, elsewhere, "L", by=office)
        mark(morning.sessions[0], morning.pupils[0], "L", by=office)

        assert teacher.get(f"{morning.url}changes/?since=0").json() == {"number": 2, "marks": {}}

    @pytest.mark.parametrize("since", ["", "x", "-1", "²", "9" * 40, "7"])
    def test_are_told_whole_to_whoever_asks_strangely(
        self, teacher: Client, morning: Morning, office: User, since: str
    ) -> None:
        mark(morning.session, morning.pupils[0], "L", by=office)

        told = teacher.get(f"{morning.url}changes/", {"since": since})

        assert list(told.json()["marks"]) == [str(morning.pupils[0].pk)]

    def test_cost_five_statements_at_most_and_four_mostly(
        self, school: School, class_group: ClassGroup, teacher: Client, office: User
    ) -> None:
        morning = make_morning(school, class_group, pupils=30)
        for pupil in morning.pupils:
            mark(morning.session, pupil, "/", by=office)

        def statements(since: str) -> int:
            with CaptureQueriesContext(connection) as captured:
                teacher.get(f"{morning.url}changes/{since}")
            return len([one for one in captured if "SAVEPOINT" not in one["sql"]])

        # Whoever is signed in with their roles; the class, whether the teacher teaches it, the session with
        # the latest link; and the marks, when there are any.
        assert statements("?since=30") == 4
        assert statements("?since=29") == statements("") == 5

    def test_are_no_other_teachers(self, morning: Morning, sign_in: SignIn, other_head: User) -> None:
        assert sign_in(other_head).get(f"{morning.url}changes/").status_code == 404


class TestTheOpenPage:
    def test_names_nobody(
        self, teacher: Client, morning: Morning, class_teacher: User, school: School
    ) -> None:
        data = page_data(class_teacher, school, morning.class_group, morning.session, at=at(8, 56))
        text = str(data).lower()

        assert [name for name in ("robin", "tess", *map(str.lower, SURNAMES)) if name in text] == []

    def test_is_signed_with_the_moment_at_which_it_was_shown(
        self, class_teacher: User, morning: Morning
    ) -> None:
        signature = sign_page(class_teacher, morning.class_group, morning.session, at=at(8, 56))

        page = read_page(signature)
        assert (page.user_id, page.shown_at) == (class_teacher.pk, at(8, 56))
        with pytest.raises(NoOpenPage):
            read_page(signature[:-1])

    def test_costs_no_statement_more_for_it(self, teacher: Client, morning: Morning) -> None:
        assert [sql for sql in queries_of(teacher, morning.url) if "historyhead" in sql.lower()] == []

    def test_follows_the_switch(self, teacher: Client, morning: Morning, class_teacher: User) -> None:
        assert "Type a code in a cell" in Browser(teacher, morning).open().words
        assert '"single_keys": true' in Browser(teacher, morning).open().html

        teacher.post("/s/hill/keyboard/", {"single_keys": "off"})

        assert "Enter opens the list of codes in a cell" in Browser(teacher, morning).open().words
        assert '"single_keys": false' in Browser(teacher, morning).open().html


class TestTheSwitch:
    def test_turns_single_keys_off_and_on_for_the_person_alone(
        self, teacher: Client, class_teacher: User, office: User
    ) -> None:
        page = teacher.post("/s/hill/keyboard/", {"single_keys": "off"}, follow=True)
        assert "Single keys are off." in page.content.decode()
        for user in (class_teacher, office):
            user.refresh_from_db()
        assert (class_teacher.uses_single_keys, office.uses_single_keys) == (False, True)

        teacher.post("/s/hill/keyboard/", {"single_keys": "on"})
        class_teacher.refresh_from_db()
        assert class_teacher.uses_single_keys is True

    def test_leads_back_to_the_page_it_stood_on(self, teacher: Client, morning: Morning) -> None:
        answer = teacher.post("/s/hill/keyboard/", {"single_keys": "off", "back": morning.url})

        assert answer["Location"] == morning.url

    @pytest.mark.parametrize("back", ["https://example.org/", "//example.org/", "javascript:alert(1)", ""])
    def test_leads_nowhere_else(self, teacher: Client, back: str) -> None:
        answer = teacher.post("/s/hill/keyboard/", {"single_keys": "off", "back": back})

        assert answer["Location"] == "/s/hill/keyboard/"

    def test_changes_the_list_of_keys(self, teacher: Client) -> None:
        on = teacher.get("/s/hill/keyboard/").content.decode()
        teacher.post("/s/hill/keyboard/", {"single_keys": "off"})
        off = teacher.get("/s/hill/keyboard/").content.decode()

        assert "Present, and down to the next pupil" in on
        assert "Present, and down to the next pupil" not in off
        assert 'data-jump-r="/s/hill/registers/"' in on
        assert "data-jump-" not in off

    def test_offers_the_jumps_that_lead_somewhere(
        self, teacher: Client, office: User, sign_in: SignIn
    ) -> None:
        assert "data-jump-n" not in teacher.get("/s/hill/keyboard/").content.decode()
        assert (
            'data-jump-n="/s/hill/unexplained/"' in sign_in(office).get("/s/hill/keyboard/").content.decode()
        )


class TestSigningOut:
    def test_keeps_what_waits_in_the_browser(self, teacher: Client) -> None:
        answer = teacher.post("/accounts/logout/", {"marks_wait": "1"})

        assert answer["Clear-Site-Data"] == '"cache"'

    def test_by_the_program_never_wipes_it(self, teacher: Client, morning: Morning) -> None:
        with clock_at(time(21, 0)):
            answer = teacher.get(f"{morning.url}changes/")

        assert answer.status_code == 302
        assert "storage" not in answer.headers.get("Clear-Site-Data", "")
