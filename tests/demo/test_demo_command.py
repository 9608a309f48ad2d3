"""`./manage.py demo` as a person calls it, on databases that are no demo."""

from datetime import date
from typing import Any

from django_scopes import scopes_disabled

from accounts.models import Installation, School, User
from registers.models import Mark
from tests.commands import run
from tests.factories.accounts import SchoolFactory


class TestADatabaseWithSchools:
    def test_is_refused_in_one_line_and_not_changed(self, db: None) -> None:
        SchoolFactory(key="hill")

        ran = run("demo", "--pupils", "60")

        assert ran.status == 1
        assert ran.problems == [
            "There are schools in this database already: the demo can only be built in an empty one."
        ]
        assert list(School.objects.values_list("key", flat=True)) == ["hill"]
        assert not User.objects.exists()
        assert not Installation.objects.exists()


class TestTooSmallATrust:
    def test_is_refused_and_leaves_the_database_empty(self, db: None) -> None:
        ran = run("demo", "--pupils", "12")

        assert ran.status == 1
        assert ran.problems[-1] == "The demo trust needs at least 60 pupils, not 12."
        assert not School.objects.exists()
        assert not Installation.objects.exists()


class TestTheCommand:
    def test_builds_as_of_the_moment_that_is_set(self, db: None, settings: Any) -> None:
        settings.DEBUG = True
        settings.ROLLCALL_NOW = "2027-01-06T07:45"

        ran = run("demo", "--pupils", "60", "--seed", "3", "--json")

        assert ran.status == 0
        assert [(line["today"], line["schools"]) for line in ran.lines] == [("2027-01-06", 5)]
        with scopes_disabled():
            last = Mark.objects.order_by("-session__on").values_list("session__on", flat=True).first()
        assert last == date(2027, 1, 5)


class TestCatchingUpWithoutADemo:
    def test_is_refused_in_one_line(self, db: None) -> None:
        ran = run("demo", "--catch-up")

        assert ran.status == 1
        assert ran.problems == ["There is no demo in this database: build one with ./manage.py demo."]
