"""Authorised collectors: age, letter, period, siblings, and the end of a permission."""

from datetime import date, time
from html import unescape

import pytest
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django_scopes import scope, scopes_disabled

from accounts.models import Event, School, User
from registers.models import AuthorisedCollector, ClassGroup, CollectorPupil, Pupil
from registers.selectors import collectors as selectors
from tests.cast import SignIn
from tests.factories.registers import ContactFactory, PupilContactFactory, pupil_in_class
from tests.factories.registers_arrivals import AuthorisedCollectorFactory, CollectorPupilFactory
from tests.registers.taking import TUESDAY, clock_at, queries_of, words_of

LETTER = {"letter_received_on_day": "3", "letter_received_on_month": "11", "letter_received_on_year": "2025"}


@pytest.fixture
def hatch(office: User, sign_in: SignIn) -> Client:
    return sign_in(office)


@pytest.fixture
def sibling(class_group: ClassGroup, pupil: Pupil) -> Pupil:
    """A brother who shares the mother."""
    brother = pupil_in_class(class_group, surname="Ashdown", forename="Toby")
    mother = ContactFactory(school=pupil.school, name="Mara Ashdown")
    for child in (pupil, brother):
        PupilContactFactory(pupil=child, contact=mother)
    return brother


def add(client: Client, pupil: Pupil, **values: object) -> HttpResponse:
    first = {"valid_from_day": "11", "valid_from_month": "11", "valid_from_year": "2025"}
    entered = {"name": "Sia Ashdown", "relationship": "sister", **first, **values}
    with clock_at(time(9, 0)):
        return client.post(reverse("registers:collectors", args=[pupil.school.key, pupil.pk]), entered)


def page(client: Client, pupil: Pupil) -> str:
    with clock_at(time(9, 0)):
        return unescape(
            words_of(
                client.get(
                    reverse("registers:collectors", args=[pupil.school.key, pupil.pk])
                ).content.decode()
            )
        )


def born(day: int, month: int, year: int) -> dict[str, str]:
    return {
        "date_of_birth_day": str(day),
        "date_of_birth_month": str(month),
        "date_of_birth_year": str(year),
    }


def count() -> int:
    with scopes_disabled():
        return AuthorisedCollector.objects.count()


class TestAddingACollector:
    def test_takes_somebody_of_sixteen_on_the_day_with_a_letter(self, hatch: Client, pupil: Pupil) -> None:
        assert add(hatch, pupil, **born(11, 11, 2009), **LETTER).status_code == 302

        assert "Sia Ashdown , sister May collect" in page(hatch, pupil)

    def test_refuses_somebody_a_day_younger(self, hatch: Client, pupil: Pupil) -> None:
        response = add(hatch, pupil, **born(12, 11, 2009), **LETTER)

        assert response.status_code == 422
        assert 'href="#id_exception_reason"' in response.content.decode()
        assert count() == 0

    def test_takes_the_heads_exception_with_a_reason_and_a_name(self, hatch: Client, pupil: Pupil) -> None:
        alone = add(hatch, pupil, **born(12, 11, 2010), **LETTER, exception_reason="Lives next door")
        assert (alone.status_code, count()) == (422, 0)

        agreed = add(
            hatch,
            pupil,
            **born(12, 11, 2010),
            **LETTER,
            exception_reason="Lives next door",
            exception_agreed_by="Hilary Head",
        )

        assert agreed.status_code == 302
        assert "exception agreed by Hilary Head: Lives next door" in page(hatch, pupil)

    def test_asks_for_the_age(self, hatch: Client, pupil: Pupil) -> None:
        response = add(hatch, pupil, **LETTER)

        assert 'href="#id_date_of_birth_day"' in response.content.decode()
        assert count() == 0

    def test_keeps_no_date_of_birth_of_a_grown_up(self, hatch: Client, pupil: Pupil) -> None:
        add(hatch, pupil, **born(1, 2, 1980), **LETTER, is_adult="on")

        with scopes_disabled():
            assert AuthorisedCollector.objects.get().date_of_birth is None

    def test_waits_for_the_letter(self, hatch: Client, pupil: Pupil) -> None:
        add(hatch, pupil, is_adult="on")
        assert "The letter signed by the parents is not here yet." in page(hatch, pupil)
        with scopes_disabled():
            collector = AuthorisedCollector.objects.get()

        with clock_at(time(9, 5)):
            hatch.post(
                reverse("registers:collector_letter", args=[pupil.school.key, collector.pk]),
                {"received_on_day": "11", "received_on_month": "11", "received_on_year": "2025"},
            )

        assert "Sia Ashdown , sister May collect" in page(hatch, pupil)

    def test_refuses_a_letter_of_tomorrow(self, hatch: Client, pupil: Pupil) -> None:
        tomorrow = {**LETTER, "letter_received_on_day": "12"}

        assert add(hatch, pupil, is_adult="on", **tomorrow).status_code == 422
        assert count() == 0

    def test_counts_for_siblings_at_once(self, hatch: Client, pupil: Pupil, sibling: Pupil) -> None:
        add(hatch, pupil, is_adult="on", **LETTER, siblings=[str(sibling.pk)])

        assert "Also for Toby Ashdown." in page(hatch, pupil)
        assert "Also for Robin Ashdown." in page(hatch, sibling)

    def test_is_not_for_children_of_other_families(
        self, hatch: Client, pupil: Pupil, class_group: ClassGroup
    ) -> None:
        stranger = pupil_in_class(class_group)

        assert add(hatch, pupil, is_adult="on", siblings=[str(stranger.pk)]).status_code == 302
        with scopes_disabled():
            assert not CollectorPupil.objects.filter(pupil=stranger).exists()

    def test_writes_an_event_without_a_name(self, hatch: Client, pupil: Pupil) -> None:
        add(hatch, pupil, is_adult="on", **LETTER)

        assert Event.objects.get(kind="collector.added").data == {"pupils": [pupil.pk]}


class TestAPermission:
    @pytest.mark.parametrize(
        ("values", "refusal"),
        [
            ({}, ""),
            ({"valid_from": date(2025, 11, 12)}, "May collect from Wed 12 Nov only."),
            (
                {"valid_from": date(2025, 9, 3), "valid_to": date(2025, 11, 10)},
                "Could collect until Mon 10 Nov only.",
            ),
            ({"letter_received_on": None}, "The letter signed by the parents is not here yet."),
        ],
    )
    def test_holds_in_its_days_with_its_letter(
        self, pupil: Pupil, values: dict[str, date], refusal: str
    ) -> None:
        collector = AuthorisedCollectorFactory(school=pupil.school, **values)

        assert selectors.refusal_of(collector, on=TUESDAY) == refusal

    def test_ends_at_once_with_a_reason(self, hatch: Client, pupil: Pupil) -> None:
        link = CollectorPupilFactory(pupil=pupil)
        end = reverse("registers:collector_end", args=[pupil.school.key, link.collector_id])
        with clock_at(time(9, 5)):
            hatch.post(end, {"why": " "})
            with scopes_disabled():
                assert AuthorisedCollector.objects.get().ended_at is None
            hatch.post(end, {"why": "The mother rang"})

        shown = page(hatch, pupil)
        assert "The parents' permission was ended." in shown
        assert "by Olive Office: The mother rang." in shown

    def test_of_another_school_does_not_exist(
        self, hatch: Client, pupil: Pupil, other_school: School
    ) -> None:
        foreign = AuthorisedCollectorFactory(school=other_school)
        end = reverse("registers:collector_end", args=[pupil.school.key, foreign.pk])

        assert hatch.post(end, {"why": "x"}).status_code == 404


class TestPuttingRight:
    @pytest.fixture
    def collector(self, pupil: Pupil) -> AuthorisedCollector:
        return CollectorPupilFactory(pupil=pupil, collector__name="Nora Naybour").collector

    def put_right(self, client: Client, collector: AuthorisedCollector, **values: object) -> HttpResponse:
        address = reverse("registers:collector", args=[collector.school.key, collector.pk])
        with clock_at(time(9, 0)):
            initial = client.get(address).context["form"].initial
            entered = {"name": initial["name"], "relationship": initial["relationship"], "is_adult": "on"}
            for name in ("letter_received_on", "valid_from"):
                for part in ("day", "month", "year"):
                    entered[f"{name}_{part}"] = getattr(initial[name], part)
            return client.post(address, {**entered, "siblings": initial["siblings"], **values})

    def test_ends_the_old_entry_and_begins_a_new_one(
        self, hatch: Client, pupil: Pupil, sibling: Pupil, collector: AuthorisedCollector
    ) -> None:
        response = self.put_right(
            hatch,
            collector,
            name="Nora Neighbour",
            siblings=[str(pupil.pk), str(sibling.pk)],
            why="Her name was misspelt",
        )

        assert response.status_code == 302
        shown = page(hatch, pupil)
        assert "Nora Neighbour , neighbour May collect put right" in shown
        assert shown.index("Nora Neighbour") < shown.index("Nora Naybour")
        with scope(school=pupil.school):
            offered = [choice.name for choice in selectors.choices_for(pupil, on=TUESDAY)]
        assert offered == ["Mara Ashdown", "Nora Neighbour"]
        assert "by Olive Office: Put right: Her name was misspelt." in shown
        with scopes_disabled():
            collector.refresh_from_db()
            written = AuthorisedCollector.objects.get(replaces=collector)
            assert (collector.name, collector.ended_at is None) == ("Nora Naybour", False)
            assert (written.letter_received_on, written.valid_from) == (date(2025, 9, 3), date(2025, 9, 3))
            assert set(written.collected.values_list("pupil_id", flat=True)) == {pupil.pk, sibling.pk}

    def test_says_at_once_all_that_is_missing_and_changes_nothing(
        self, hatch: Client, collector: AuthorisedCollector
    ) -> None:
        response = self.put_right(hatch, collector, name="", siblings=[])

        assert response.status_code == 422
        shown = words_of(response.content.decode())
        for missing in ("Enter the name", "Choose at least one pupil", "Enter why it is put right"):
            assert missing in shown
        collector.refresh_from_db()
        assert (collector.ended_at, count()) == (None, 1)

    def test_that_is_refused_leaves_the_old_entry_standing(
        self, hatch: Client, collector: AuthorisedCollector
    ) -> None:
        response = self.put_right(hatch, collector, is_adult="", **born(12, 11, 2015), why="She is a child")

        assert response.status_code == 422
        with scopes_disabled():
            collector.refresh_from_db()
        assert (collector.ended_at, count()) == (None, 1)

    def test_of_an_entry_that_has_ended_is_refused(
        self, hatch: Client, collector: AuthorisedCollector
    ) -> None:
        assert self.put_right(hatch, collector, why="Once").status_code == 302

        assert self.put_right(hatch, collector, why="Twice").status_code == 422
        assert count() == 2


class TestTheDatabase:
    @pytest.mark.parametrize(
        "values",
        [
            {"is_adult": False, "date_of_birth": None},
            {"is_adult": False, "date_of_birth": date(2012, 1, 1)},
            {"exception_reason": "because"},
            {"valid_to": date(2025, 9, 2)},
            {"end_reason": "because"},
        ],
    )
    def test_refuses_a_collector_who_cannot_be(self, pupil: Pupil, values: dict[str, object]) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            AuthorisedCollectorFactory(school=pupil.school, **values)
        assert count() == 0


class TestTheListOfTheSchool:
    def test_needs_as_many_statements_for_thirty_as_for_three(
        self, hatch: Client, school: School, class_group: ClassGroup, pupil: Pupil
    ) -> None:
        url = reverse("registers:collectors_list", args=[school.key])
        for number in range(3):
            CollectorPupilFactory(pupil=pupil, collector__name=f"Collector {number}")
        few = len(queries_of(hatch, url))
        for number in range(27):
            CollectorPupilFactory(
                pupil=pupil_in_class(class_group), collector__name=f"Collector {number + 3}"
            )

        assert len(queries_of(hatch, url)) == few
        with scope(school=school):
            assert len(selectors.collectors_of_school(school, on=date(2025, 9, 9))) == 30
