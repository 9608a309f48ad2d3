"""What registers and the day board show of reports."""

from collections.abc import Iterator
from datetime import date, time
from typing import Any

import pytest
from django.test import Client
from django_scopes import scope

from absences.services import reports
from accounts.models import School, User
from registers.models import ClassGroup, Contact, Pupil, Session
from tests.absences.intake_world import TUESDAY, at, close, codes, give_terms, send, told
from tests.cast import SignIn
from tests.factories.registers import held_sessions
from tests.registers.taking import clock_at, words_of

BOARD = "/s/hill/registers/"


@pytest.fixture(autouse=True)
def _open(school: School) -> Iterator[None]:
    with scope(school=school):
        give_terms(school)
        held_sessions(school, date(2025, 11, 3), date(2025, 11, 21))
        yield


@pytest.fixture
def contact(parent: User) -> Contact:
    return Contact.objects.get(user=parent)


def register_of(client: Client, group: ClassGroup, half: str = "AM") -> str:
    with clock_at(time(8, 52), TUESDAY):
        response: Any = client.get(f"/s/hill/registers/{TUESDAY}/{half}/{group.pk}/")
    assert response.status_code == 200
    return words_of(response.content.decode())


class TestTheRegister:
    def test_says_that_word_came_and_fills_in_nothing(
        self, class_group: ClassGroup, pupil: Pupil, parent: User, class_teacher: User, sign_in: SignIn
    ) -> None:
        send(pupil, told(reason="other"), by=parent)

        shown = register_of(sign_in(class_teacher), class_group)

        assert "Ashdown, Robin Reported by a parent: another reason" in shown
        assert "0 of 1 marked" in shown

    def test_fills_in_what_is_taken_at_its_word_and_says_why_once(
        self,
        class_group: ClassGroup,
        pupil: Pupil,
        parent: User,
        contact: Contact,
        class_teacher: User,
        sign_in: SignIn,
    ) -> None:
        send(pupil, told(), by=parent, contact=contact)

        shown = register_of(sign_in(class_teacher), class_group)

        assert shown.count("Reported by a parent: illness") == 1
        assert "1 of 1 marked" in shown

    def test_says_nothing_of_another_half_of_the_day(
        self, class_group: ClassGroup, pupil: Pupil, parent: User, class_teacher: User, sign_in: SignIn
    ) -> None:
        send(pupil, told(reason="other", first_half="PM"), by=parent)

        assert "Reported by" not in register_of(sign_in(class_teacher), class_group)

    def test_says_no_more_that_word_came_once_it_is_judged(
        self, class_group: ClassGroup, pupil: Pupil, parent: User, class_teacher: User, sign_in: SignIn
    ) -> None:
        report = send(pupil, told(reason="other"), by=parent)
        reports.refuse(report, version=1, note="No.", by=class_teacher, at=at(TUESDAY, "8:40"), position="")

        assert "Reported by" not in register_of(sign_in(class_teacher), class_group)


class TestTheDayBoard:
    def test_counts_the_reports_that_wait_and_leads_to_them(
        self, pupil: Pupil, parent: User, contact: Contact, office: User, sign_in: SignIn
    ) -> None:
        send(pupil, told(), by=parent, contact=contact)
        send(pupil, told(reason="other", first_half="PM"), by=parent, contact=contact)

        with clock_at(time(8, 52), TUESDAY):
            response = sign_in(office).get(BOARD)

        assert '<a id="strip-reports" href="/s/hill/absences/reports/">2 reports to accept</a>' in (
            response.content.decode()
        )

    def test_tells_no_teacher_how_many_wait(
        self, class_group: ClassGroup, pupil: Pupil, parent: User, class_teacher: User, sign_in: SignIn
    ) -> None:
        send(pupil, told(), by=parent)

        with clock_at(time(8, 52), TUESDAY):
            response = sign_in(class_teacher).get(BOARD)

        assert response.status_code == 200
        assert "to accept" not in response.content.decode()


class TestAReportThatComesAfterTheRegisterClosed:
    def test_leaves_n_until_the_office_accepts_it(
        self, pupil: Pupil, parent: User, contact: Contact, office: User, class_group: ClassGroup
    ) -> None:
        morning = Session.objects.get(on=TUESDAY, half="AM")
        close(morning, by=office)
        report = send(pupil, told(clock="9:40"), by=parent, contact=contact)

        assert codes(pupil) == {"Tue AM": "N"}
        reports.accept(report, version=1, by=office, at=at(TUESDAY, "9:45"), position="")
        assert codes(pupil) == {"Tue AM": "I"}
