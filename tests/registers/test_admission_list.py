"""The list of pupils: found by name without a name in the address, chosen by class, year, flag and day."""

from datetime import date

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_scopes import scope

from tests.factories.registers import (
    ClassGroupFactory,
    EnrolmentFactory,
    PupilFactory,
    PupilFlagFactory,
    pupil_in_class,
)
from tests.registers.admission_pages import NOW, text_of


@pytest.fixture(autouse=True)
def thursday_at_nine(school):
    with time_machine.travel(NOW, tick=False), scope(school=school):
        yield


@pytest.fixture
def client(sign_in, office):
    return sign_in(office)


@pytest.fixture
def url(school):
    """Return a function that gives the address of a page of the school."""

    def of(name, *args):
        return reverse(f"registers:{name}", args=[school.key, *args])

    return of


class TestTheListOfPupils:
    @pytest.fixture
    def elm(self, school):
        return ClassGroupFactory(school=school, name="Elm", academic_year=2025)

    def names(self, response):
        return [line.pupil.register_name for line in response.context["lines"]]

    def test_shows_those_on_roll_by_name(self, client, url, pupil, class_group, school):
        pupil_in_class(class_group, surname="Zed", forename="Amy")
        left = PupilFactory(school=school, surname="Gone")
        EnrolmentFactory(pupil=left, leaving_on=date(2025, 10, 1))

        response = client.get(url("pupils"))

        assert self.names(response) == ["Ashdown, Robin", "Zed, Amy"]
        assert "2 pupils on roll" in text_of(response)

    def test_finds_by_parts_of_names_and_by_number_without_a_name_in_the_address(
        self, client, url, pupil, class_group
    ):
        pupil_in_class(class_group, surname="Birch", forename="Robina", upn="B123456789012")
        for words, found in (
            ("robin ash", ["Ashdown, Robin"]),
            ("ROBIN", ["Ashdown, Robin", "Birch, Robina"]),
            ("b12345", ["Birch, Robina"]),
            ("nobody", []),
        ):
            response = client.post(url("pupils"), {"words": words})

            assert response.status_code == 302
            assert response.headers["Location"] == f"{url('pupils')}?searched=1"
            assert self.names(client.get(response.headers["Location"])) == found

    def test_forgets_the_words_when_the_page_is_opened_anew(self, client, url, pupil):
        client.post(url("pupils"), {"words": "nobody"})

        assert self.names(client.get(url("pupils"))) == ["Ashdown, Robin"]

    def test_chooses_by_class_year_flag_and_day(self, client, url, pupil, class_group, elm, school):
        small = pupil_in_class(elm, surname="Elmer", year_group="R", sen="K")
        PupilFlagFactory(pupil=small, name="young_carer", starts_on=date(2025, 10, 1))
        coming = PupilFactory(school=school, surname="New")
        EnrolmentFactory(pupil=coming, starts_on=date(2026, 1, 5))
        asked = {
            f"class_id={elm.pk}": ["Elmer, Robin"],
            "year_group=5": ["Ashdown, Robin"],
            "flag=young_carer": ["Elmer, Robin"],
            "flag=young_carer&on_day=30&on_month=9&on_year=2025": [],
            "flag=sen": ["Elmer, Robin"],
            "flag=ehcp": [],
            "roll=coming": ["New, Robin"],
            "roll=left": [],
            "roll=all": ["Ashdown, Robin", "Elmer, Robin", "New, Robin"],
            "on_day=31&on_month=8&on_year=2025": [],
            "on_day=6&on_month=1&on_year=2026": ["Ashdown, Robin", "Elmer, Robin", "New, Robin"],
        }

        assert {query: self.names(client.get(f"{url('pupils')}?{query}")) for query in asked} == asked

    def test_tells_leavers_with_their_last_class(self, client, url, pupil):
        pupil.enrolments.update(leaving_on=date(2025, 10, 24))
        pupil.memberships.update(ends_on=date(2025, 10, 24))

        response = client.get(f"{url('pupils')}?roll=left")

        assert self.names(response) == ["Ashdown, Robin"]
        assert "Mon 1 Sep to Fri 24 Oct" in text_of(response)
        assert response.context["lines"][0].class_name == "Oak"

    @pytest.mark.parametrize(
        "query",
        [
            "class_id=x",
            "flag=%00",
            "year_group=99",
            "page=zzz",
            "page=-1",
            "on_day=31&on_month=2&on_year=2025",
        ],
    )
    def test_shows_everybody_for_an_address_that_makes_no_sense(self, client, url, pupil, query):
        response = client.get(f"{url('pupils')}?{query}")

        assert response.status_code == 200
        assert self.names(response) == ["Ashdown, Robin"]

    def test_says_what_is_wrong_with_a_day(self, client, url, pupil):
        response = client.post(url("pupils"), {"on_day": "31", "on_month": "2", "on_year": "2025"})

        assert response.status_code == 422
        assert "The day must be a real date" in text_of(response)
        assert "<title>Error:" in text_of(response)

    def test_takes_as_many_statements_for_thirty_pupils_as_for_three(self, client, url, class_group):
        def statements():
            with CaptureQueriesContext(
                connection,
            ) as counted:
                client.get(url("pupils"))
            return len(counted)

        for number in range(3):
            pupil_in_class(class_group, surname=f"A{number}")
        client.get(url("pupils"))
        few = statements()
        for number in range(27):
            child = pupil_in_class(class_group, surname=f"B{number}")
            PupilFlagFactory(pupil=child)

        assert statements() == few

    def test_shows_thirty_on_a_page_and_keeps_what_was_asked(self, client, url, class_group):
        for number in range(31):
            pupil_in_class(class_group, surname=f"Ash{number:02d}")
        found = client.post(url("pupils"), {"words": "ash", "class_id": str(class_group.pk)})

        first = client.get(found.headers["Location"])
        second = client.get(f"{found.headers['Location']}&page=2")

        assert (len(self.names(first)), self.names(second)) == (30, ["Ash30, Robin"])
        assert f"?page=2&amp;class_id={class_group.pk}&amp;searched=1" in first.content.decode()
