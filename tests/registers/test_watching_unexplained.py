"""The list of unexplained marks: whose, how old, due when, whom to call; and settling several at once."""

from datetime import date, time

import pytest
from django.test import Client
from django_scopes import scope, scopes_disabled

from accounts.models import School, User
from accounts.people import system_user
from registers.models import ClassGroup, Mark, Pupil
from registers.selectors.registers import history_of_mark
from registers.selectors.unexplained import (
    UnexplainedCounts,
    UnexplainedDay,
    unexplained_counts,
    unexplained_days,
)
from registers.services.marks import settle_unexplained
from registers.tasks import settle_all
from tests.cast import SignIn
from tests.factories.registers import ContactFactory, PupilContactFactory, PupilFlagFactory, pupil_in_class
from tests.registers.taking import (
    TUESDAY,
    Controls,
    Morning,
    clock_at,
    london,
    make_morning,
    mark,
    queries_of,
    words_of,
)

LIST = "/s/hill/unexplained/"
AT = time(10, 0)


@pytest.fixture
def morning(school: School, class_group: ClassGroup) -> Morning:
    """Two weeks from Monday 3 November; today is Tuesday 11 November, the seventh school day."""
    return make_morning(school, class_group)


def give_n(morning: Morning, place: int, *days: tuple[int, str], by: User) -> Pupil:
    """Mark a pupil N on some days of November; return the pupil."""
    pupil = morning.pupils[place]
    for day, half in days:
        session = next(one for one in morning.sessions if (one.on.day, one.half) == (day, half))
        mark(session, pupil, "N", by=by)
    return pupil


def listed(school: School, on: date = TUESDAY) -> list[UnexplainedDay]:
    with scope(school=school):
        return unexplained_days(school, on=on)


class TestTheAgeOfAnN:
    @pytest.mark.parametrize(
        ("day", "age", "due_on", "is_due", "is_overdue"),
        [
            (11, 0, None, False, False),  # the calendar ends on the 14th
            (10, 1, None, False, False),
            (7, 2, date(2025, 11, 14), False, False),
            (5, 4, date(2025, 11, 12), False, False),
            (4, 5, TUESDAY, True, False),
            (3, 6, date(2025, 11, 10), False, True),
        ],
    )
    def test_is_in_school_days(
        self,
        school: School,
        morning: Morning,
        office: User,
        day: int,
        age: int,
        due_on: date | None,
        is_due: bool,
        is_overdue: bool,
    ) -> None:
        give_n(morning, 0, (day, "AM"), by=office)

        (one,) = listed(school)

        assert (one.age, one.due_on, one.is_due, one.is_overdue) == (age, due_on, is_due, is_overdue)

    def test_says_the_same_as_the_nightly_change(
        self, school: School, morning: Morning, office: User
    ) -> None:
        for number, day in enumerate((3, 4, 5)):
            give_n(morning, number, (day, "AM"), (day, "PM"), by=office)
        overdue = [one for one in listed(school) if one.is_overdue]
        with scope(school=school):
            counts = unexplained_counts(school, on=TUESDAY)
            settled = settle_unexplained(
                school, on=TUESDAY, by=system_user(), at=london(TUESDAY, time(18, 45))
            )

        assert counts == UnexplainedCounts(standing=6, overdue=2)
        assert [one.on for one in overdue] == [date(2025, 11, 3)]
        assert settled == 2

    def test_ends_with_o_by_a_task_of_its_own(self, school: School, morning: Morning, office: User) -> None:
        pupil = give_n(morning, 0, (3, "AM"), by=office)
        with clock_at(time(18, 45), date(2025, 11, 10)), scopes_disabled():
            settle_all()
            still = Mark.objects.get(pupil=pupil).code_id
        with clock_at(time(18, 45)), scopes_disabled():
            settle_all()
            settle_all()
            now = Mark.objects.get(pupil=pupil).code_id
            changes = history_of_mark(pupil, morning.sessions[0])

        assert (still, now) == ("N", "O")
        assert [(change.new_code, change.by_name) for change in changes] == [
            ("N", "Olive Office"),
            ("O", "Rollcall"),
        ]


class TestTheList:
    def test_has_vulnerable_pupils_first_then_the_oldest(
        self, school: School, morning: Morning, office: User
    ) -> None:
        give_n(morning, 0, (4, "AM"), by=office)
        give_n(morning, 1, (3, "AM"), by=office)
        flagged = give_n(morning, 2, (10, "AM"), by=office)
        PupilFlagFactory(pupil=flagged, name="social_worker")
        PupilFlagFactory(pupil=flagged, name="medical")

        rows = listed(school)

        assert [row.surname for row in rows] == ["Carter", "Baker", "Abbot"]
        assert (rows[0].flag_words, rows[0].has_a_worker) == (("Social worker",), True)

    def test_takes_the_halves_of_a_day_together(self, school: School, morning: Morning, office: User) -> None:
        give_n(morning, 0, (10, "AM"), (10, "PM"), (11, "AM"), by=office)

        assert [(row.on.day, row.halves) for row in listed(school)] == [(10, "AM and PM"), (11, "AM")]

    def test_names_the_first_person_who_may_be_called_and_has_a_number(
        self, school: School, morning: Morning, office: User
    ) -> None:
        pupil = give_n(morning, 0, (10, "AM"), by=office)
        for priority, name, phone, restricted in (
            (1, "Kept Away", "01632 960001", True),
            (2, "No Number", "", False),
            (3, "Call Me", "01632 960003", False),
        ):
            contact = ContactFactory(school=school, name=name, phone=phone)
            PupilContactFactory(
                pupil=pupil, contact=contact, priority=priority, court_order_restricts=restricted
            )

        (row,) = listed(school)

        assert row.contact is not None
        assert (row.contact.name, row.contact.phone) == ("Call Me", "01632 960003")

    def test_has_no_row_of_another_school(
        self, school: School, other_school: School, morning: Morning, office: User
    ) -> None:
        give_n(morning, 0, (10, "AM"), by=office)

        assert listed(other_school) == []

    def test_costs_the_same_for_3_rows_and_30(
        self, school: School, morning: Morning, office: User, sign_in: SignIn
    ) -> None:
        client = sign_in(office)
        with clock_at(AT):
            for number in range(3):
                give_n(morning, number, (10, "AM"), by=office)
            with_three = queries_of(client, LIST)
            for _ in range(27):
                mark(morning.sessions[10], pupil_in_class(morning.class_group), "N", by=office)
            with_thirty = queries_of(client, LIST)

        # The person, school and roles; the list.
        assert len(with_three) == len(with_thirty) == 3


class Page:
    """The office at the list on Tuesday at ten."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def get(self, query: str = "") -> str:
        with clock_at(AT):
            answer = self.client.get(LIST + query)
        assert answer.status_code == 200
        self.html = answer.content.decode()
        return words_of(self.html)

    def settle(self, *keys: str, query: str = "", **entered: str) -> int:
        with clock_at(AT):
            answer = self.client.post(LIST + query, {"day": list(keys), **entered})
            status = answer.status_code
            if status == 302:
                assert answer["Location"] == LIST + query
                answer = self.client.get(answer["Location"])
        self.html = answer.content.decode()
        self.words = words_of(self.html)
        return status


@pytest.fixture
def page(office: User, sign_in: SignIn) -> Page:
    return Page(sign_in(office))


def codes() -> dict[tuple[str, int, str], str]:
    with scopes_disabled():
        return {
            (surname, on.day, half): f"{code}{f' {nature}' if nature else ''}"
            for surname, on, half, code, nature in Mark.objects.values_list(
                "pupil__surname", "session__on", "session__half", "code_id", "nature"
            )
        }


class TestThePage:
    def test_says_what_becomes_o_tonight(self, page: Page, morning: Morning, office: User) -> None:
        give_n(morning, 0, (3, "AM"), (3, "PM"), by=office)
        give_n(morning, 1, (4, "AM"), by=office)

        words = page.get()

        assert "2 become O tonight: no reason was found within five school days." in words
        assert "All (3) Overdue (2) Due today (1)" in words
        assert "Overdue: O tonight" in words
        assert "Due today" in words

    def test_shows_only_what_was_asked_for(self, page: Page, morning: Morning, office: User) -> None:
        give_n(morning, 0, (3, "AM"), by=office)
        give_n(morning, 1, (10, "AM"), by=office)
        give_n(morning, 2, (11, "AM"), by=office)

        assert "Abbot" in page.get("?age=overdue")
        assert "Baker" not in page.get("?age=overdue")
        assert "Baker" in page.get("?day=2025-11-10")
        assert "Carter" not in page.get("?day=2025-11-10")
        assert "Carter" in page.get("?age=today")
        assert "Abbot" in page.get("?age=nonsense&day=nonsense")

    def test_is_calm_when_everything_is_explained(self, page: Page, morning: Morning) -> None:
        assert "Every absence is explained" in page.get()
        assert "Nothing of this kind is unexplained." in page.get("?age=overdue")

    def test_is_for_those_who_see_pupils(
        self, class_teacher: User, governor: User, morning: Morning, sign_in: SignIn
    ) -> None:
        with clock_at(AT):
            assert sign_in(class_teacher).get(LIST).status_code == 403
            assert sign_in(governor).get(LIST).status_code == 403


class TestSettling:
    def test_gives_several_pupils_one_code_and_reason(
        self, page: Page, morning: Morning, office: User
    ) -> None:
        first = give_n(morning, 0, (10, "AM"), (10, "PM"), by=office)
        second = give_n(morning, 1, (10, "AM"), by=office)
        give_n(morning, 2, (10, "AM"), by=office)

        status = page.settle(
            f"{first.pk}-2025-11-10", f"{second.pk}-2025-11-10", code="I", reason="The mother rang: a cold."
        )

        assert status == 302
        assert "3 sessions settled: I, illness." in page.words
        assert codes() == {
            ("Abbot", 10, "AM"): "I",
            ("Abbot", 10, "PM"): "I",
            ("Baker", 10, "AM"): "I",
            ("Carter", 10, "AM"): "N",
        }
        with scopes_disabled():
            session = next(one for one in morning.sessions if (one.on.day, one.half) == (10, "AM"))
            last = history_of_mark(first, session)[-1]
        assert (last.old_code, last.new_code, last.by_name) == ("N", "I", "Olive Office")
        assert last.reason == "The mother rang: a cold."
        assert last.at == london(TUESDAY, AT)

    def test_writes_present_as_each_half_asks(self, page: Page, morning: Morning, office: User) -> None:
        pupil = give_n(morning, 0, (10, "AM"), (10, "PM"), by=office)

        page.settle(f"{pupil.pk}-2025-11-10", code="present", reason="Was in the library.")

        assert codes() == {("Abbot", 10, "AM"): "/", ("Abbot", 10, "PM"): "\\"}
        assert "2 sessions settled: present." in page.words

    def test_keeps_the_time_of_arrival(self, page: Page, morning: Morning, office: User) -> None:
        pupil = give_n(morning, 0, (10, "AM"), by=office)

        page.settle(f"{pupil.pk}-2025-11-10", code="U", reason="Came with his aunt.", arrived_at="9.45")

        with scopes_disabled():
            assert Mark.objects.get(pupil=pupil).arrived_at == time(9, 45)

    @pytest.mark.parametrize(
        ("entered", "words"),
        [
            ({"code": "", "reason": "A cold."}, "Choose a code"),
            ({"code": "I", "reason": " "}, "Enter the reason"),
            ({"code": "N", "reason": "A cold."}, "Select a valid choice"),
            ({"code": "V", "reason": "Trip."}, "Say what the activity or circumstance was for code V"),
            ({"code": "I", "reason": "Cold.", "arrived_at": "9:45"}, "An arrival time goes with present"),
            ({"code": "U", "reason": "Late.", "arrived_at": "soon"}, "Enter the time of arrival like 9:45am"),
            ({"code": "X", "reason": "Young."}, "Robin Abbot, Mon 10 Nov: Code X is only for pupils outside"),
        ],
    )
    def test_refuses_in_words_and_changes_nothing(
        self, page: Page, morning: Morning, office: User, entered: dict[str, str], words: str
    ) -> None:
        pupil = give_n(morning, 0, (10, "AM"), by=office)

        status = page.settle(f"{pupil.pk}-2025-11-10", **entered)

        assert status == 422
        assert "Error: Unexplained marks" in page.words
        assert "There is a problem" in page.words
        assert words in page.words
        assert codes() == {("Abbot", 10, "AM"): "N"}
        assert f'value="{pupil.pk}-2025-11-10" id="day-{pupil.pk}-2025-11-10"' in page.html
        assert "checked" in page.html

    def test_asks_for_a_pupil(self, page: Page, morning: Morning, office: User) -> None:
        give_n(morning, 0, (10, "AM"), by=office)

        assert page.settle(code="I", reason="A cold.") == 422
        assert "Select at least one pupil" in page.words
        assert "#days" in Controls(page.html).links

    def test_leaves_alone_what_somebody_else_settled_meanwhile(
        self, page: Page, morning: Morning, office: User
    ) -> None:
        pupil = give_n(morning, 0, (10, "AM"), by=office)
        page.settle(f"{pupil.pk}-2025-11-10", code="M", reason="Dentist.")

        assert page.settle(f"{pupil.pk}-2025-11-10", code="I", reason="A cold.") == 302
        assert "Somebody else settled these meanwhile: nothing was changed." in page.words
        assert codes() == {("Abbot", 10, "AM"): "M"}

    def test_takes_no_pupil_of_another_school(
        self, page: Page, morning: Morning, other_school: School, office: User
    ) -> None:
        with scopes_disabled():
            elsewhere = make_morning(
                other_school, ClassGroup.objects.create(school=other_school, academic_year=2025, name="Far")
            )
            stranger = give_n(elsewhere, 0, (10, "AM"), by=office)
        before = codes()

        page.settle(f"{stranger.pk}-2025-11-10", code="I", reason="A cold.")

        assert codes() == before

    def test_stays_at_the_narrowed_list(self, page: Page, morning: Morning, office: User) -> None:
        pupil = give_n(morning, 0, (3, "AM"), by=office)

        assert (
            page.settle(f"{pupil.pk}-2025-11-03", query="?age=overdue", code="O", reason="None given.") == 302
        )
