"""Sheets for marking on paper, and the registers entered from them."""

from datetime import date, time

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django_scopes import scopes_disabled

from accounts.models import School, User
from registers.models import ClassGroup, PaperRegister, Register
from registers.selectors.registers import history_of_mark
from registers.services import arrivals as arrival_services
from registers.services.arrivals import Arrival
from registers.services.marks import MarkRow, load_marks
from tests.cast import SignIn
from tests.factories.registers import (
    ClassGroupFactory,
    PartTimeTimetableFactory,
    TimetableAbsenceFactory,
    london,
    pupil_in_class,
)
from tests.registers.taking import (
    TUESDAY,
    Controls,
    Morning,
    clock_at,
    make_morning,
    queries_of,
    rows_written,
    standing,
    words_of,
)

ENTERED = time(10, 40)


@pytest.fixture
def morning(school: School, class_group: ClassGroup, class_teacher: User) -> Morning:
    return make_morning(school, class_group)


@pytest.fixture
def hatch(office: User, sign_in: SignIn) -> Client:
    return sign_in(office)


def url(morning: Morning) -> str:
    group = morning.class_group
    return reverse("registers:paper", args=[group.school.key, TUESDAY, "AM", group.pk])


def enter(client: Client, morning: Morning, at: time = ENTERED, **values: str) -> tuple[int, str]:
    """Open the page, change some controls and send it; return the status and the words of the answer."""
    with clock_at(at):
        fields = Controls(client.get(url(morning)).content.decode()).fields
        fields = {name: value for name, value in fields.items() if name != "rest_present"}
        response = client.post(url(morning), {**fields, "marked_at": "8:55", **values})
        return response.status_code, words_of(response.content.decode())


def close(morning: Morning, by: User) -> None:
    """Mark everybody N, as the closing of the register does."""
    rows = [
        MarkRow(pupil.pk, morning.session.pk, morning.session.academic_year, "N") for pupil in morning.pupils
    ]
    with scopes_disabled():
        load_marks(morning.session.school, rows, by=by, at=morning.session.closes_at, source="system")


class TestTheSheets:
    def words(self, client: Client, school: School, on: date = TUESDAY) -> str:
        with clock_at(time(7, 45)):
            page = client.get(reverse("registers:sheets_on", args=[school.key, on]))
        return words_of(page.content.decode())

    def test_list_each_class_with_known_absences_filled_in(
        self, hatch: Client, school: School, morning: Morning
    ) -> None:
        timetable = PartTimeTimetableFactory(pupil=morning.pupils[1])
        TimetableAbsenceFactory(timetable=timetable, weekday=TUESDAY.weekday(), half="AM")

        words = self.words(hatch, school)

        assert "Oak, Tue 11 Nov" in words
        assert "1 Abbot, Robin 2 Baker, Robin C2 3 Carter, Robin" in words
        assert "AM opens 8:50am, late after 8:50am, closes 9:20am." in words

    def test_show_a_teacher_the_own_classes(
        self, sign_in: SignIn, class_teacher: User, school: School, morning: Morning
    ) -> None:
        other = ClassGroupFactory(school=school, academic_year=2025, name="Elm")
        pupil_in_class(other, surname="Elmtree")

        words = self.words(sign_in(class_teacher), school)

        assert "Abbot, Robin" in words
        assert "Elm" not in words

    def test_are_not_made_for_a_closed_day(self, hatch: Client, school: School, morning: Morning) -> None:
        assert "No school on Sat 15 Nov" in self.words(hatch, school, date(2025, 11, 15))

    def test_need_as_many_statements_for_many_pupils_as_for_few(
        self, hatch: Client, school: School, class_group: ClassGroup, morning: Morning
    ) -> None:
        page = reverse("registers:sheets_on", args=[school.key, TUESDAY])
        with clock_at(time(7, 45)):
            few = len(queries_of(hatch, page))
            for number in range(27):
                pupil_in_class(class_group, surname=f"Zebra{number:02d}")
            assert len(queries_of(hatch, page)) == few


class TestEnteringASheet:
    def test_counts_as_marked_when_it_was_and_says_so(
        self, hatch: Client, morning: Morning, office: User
    ) -> None:
        first, second, third = morning.pupils
        status, _ = enter(
            hatch,
            morning,
            **{
                f"mark_{first.pk}": "/",
                f"mark_{second.pk}": "N",
                f"mark_{third.pk}": "L",
                f"arrived_{third.pk}": "8:58",
            },
        )

        assert status == 302
        assert standing(morning.session) == {
            "Abbot": ("/", None, ""),
            "Baker": ("N", None, ""),
            "Carter": ("L", time(8, 58), ""),
        }
        with scopes_disabled():
            (change,) = history_of_mark(first, morning.session)
            row, register = PaperRegister.objects.get(), Register.objects.get()
        assert change.reason == "From paper, marked by Tess Teacher at 8:55am, entered 10:40am"
        assert (change.by_name, change.at) == ("Olive Office", london(TUESDAY, time(8, 55)))
        assert (row.marked_by_name, row.marked_at, row.entered_by_id, row.entered_at, row.marks_count) == (
            "Tess Teacher",
            london(TUESDAY, time(8, 55)),
            office.pk,
            london(TUESDAY, ENTERED),
            3,
        )
        assert (register.taken_at, register.saved_at) == (
            london(TUESDAY, time(8, 55)),
            london(TUESDAY, ENTERED),
        )

    def test_puts_right_what_the_closing_marked_unexplained(
        self, hatch: Client, morning: Morning, office: User
    ) -> None:
        close(morning, office)

        status, _ = enter(hatch, morning, rest_present="on", **{f"mark_{morning.pupils[1].pk}": "N"})

        assert status == 302
        assert {name: values[0] for name, values in standing(morning.session).items()} == {
            "Abbot": "/",
            "Baker": "N",
            "Carter": "/",
        }

    def test_leaves_alone_whom_the_sheet_does_not_mark(
        self, hatch: Client, morning: Morning, office: User
    ) -> None:
        close(morning, office)

        enter(hatch, morning, **{f"mark_{morning.pupils[0].pk}": "/"})

        assert {name: values[0] for name, values in standing(morning.session).items()} == {
            "Abbot": "/",
            "Baker": "N",
            "Carter": "N",
        }

    def test_keeps_what_the_desk_signed_in(self, hatch: Client, morning: Morning, office: User) -> None:
        with scopes_disabled():
            arrival_services.sign_in(
                morning.pupils[0],
                Arrival(time(9, 5), reason="overslept", company="parent"),
                on=TUESDAY,
                by=office,
                at=london(TUESDAY, time(9, 5)),
            )

        enter(hatch, morning, rest_present="on")

        assert standing(morning.session)["Abbot"] == ("L", time(9, 5), "")
        assert standing(morning.session)["Baker"] == ("/", None, "")

    def test_shows_a_mark_that_changed_while_it_was_entered(
        self, hatch: Client, morning: Morning, office: User
    ) -> None:
        pupil = morning.pupils[0]
        with clock_at(ENTERED):
            fields = Controls(hatch.get(url(morning)).content.decode()).fields
            fields.pop("rest_present")
            with scopes_disabled():
                arrival_services.sign_in(
                    pupil,
                    Arrival(time(9, 5), reason="overslept", company="parent"),
                    on=TUESDAY,
                    by=office,
                    at=london(TUESDAY, ENTERED),
                )
            before = rows_written()
            response = hatch.post(url(morning), {**fields, "marked_at": "8:55", f"mark_{pupil.pk}": "N"})

        assert response.status_code == 422
        assert "Somebody else changed this mark to L" in words_of(response.content.decode())
        assert rows_written() == before

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"marked_at": "8:49"}, "The register opened at 8:50am: enter when it was marked."),
            ({"marked_at": "10:41"}, "The sheet cannot have been marked later than now."),
            ({"marked_at": "then"}, "Enter a time like 9:12 or 1:15pm"),
            ({"marked_by": " "}, "Enter marked on paper by"),
        ],
    )
    def test_refuses_what_cannot_be(
        self, hatch: Client, morning: Morning, values: dict[str, str], message: str
    ) -> None:
        before = rows_written()

        status, words = enter(hatch, morning, **{f"mark_{morning.pupils[0].pk}": "/"}, **values)

        assert status == 422
        assert message in words
        assert rows_written() == before

    def test_refuses_an_empty_sheet(self, hatch: Client, morning: Morning) -> None:
        status, words = enter(hatch, morning)

        assert (status, "Enter at least one mark of the sheet." in words) == (422, True)
        assert standing(morning.session) == {}

    def test_marked_after_the_close_is_a_change_of_now(
        self, hatch: Client, morning: Morning, office: User
    ) -> None:
        close(morning, office)
        pupil = morning.pupils[0]

        enter(hatch, morning, marked_at="9:40", **{f"code_{pupil.pk}": "I"})

        with scopes_disabled():
            change = history_of_mark(pupil, morning.session)[-1]
        assert (change.old_code, change.new_code, change.at) == ("N", "I", london(TUESDAY, ENTERED))
        assert change.reason == "From paper, marked by Tess Teacher at 9:40am, entered 10:40am"

    def test_is_listed_on_the_day(self, hatch: Client, morning: Morning, school: School) -> None:
        enter(hatch, morning, rest_present="on")

        with clock_at(ENTERED):
            page = hatch.get(reverse("registers:paper_day", args=[school.key, TUESDAY]))
        words = words_of(page.content.decode())
        assert (
            "Oak AM: marked by Tess Teacher at 8:55am, entered by Olive Office, Tue 11 Nov at 10:40am"
            in words
        )
        assert "; 3 marks" in words

    def test_stays_in_the_book(self, hatch: Client, morning: Morning) -> None:
        enter(hatch, morning, rest_present="on")

        with (
            scopes_disabled(),
            pytest.raises(IntegrityError, match="can only grow"),
            transaction.atomic(),
        ):
            PaperRegister.objects.update(marked_by_name="Somebody else")
