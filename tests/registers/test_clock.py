"""The present moment at the edges."""

from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from pytest_django import Settings

from registers import clock
from tests.factories.accounts import InstallationFactory, SchoolFactory
from tests.factories.registers import SessionFactory

LONDON = ZoneInfo("Europe/London")
SUNDAY = datetime(2026, 11, 22, 10, 15, tzinfo=LONDON)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _friday_was_a_school_day() -> None:
    clock.latest_school_day.cache_clear()
    SessionFactory(school=SchoolFactory(), on=date(2026, 11, 20), half_term="Autumn 2")


class TestThePresentMomentOnASunday:
    @pytest.fixture(autouse=True)
    def _sunday(self) -> Iterator[None]:
        with time_machine.travel(SUNDAY, tick=False):
            yield

    def test_is_now_without_a_demo_whatever_is_said(self, settings: Settings) -> None:
        settings.DEBUG = True
        settings.ROLLCALL_NOW = "2026-11-20T08:50"

        assert clock.present_moment() == SUNDAY

    def test_is_now_with_a_demo_on_a_server(self, settings: Settings) -> None:
        InstallationFactory(is_demo=True)
        settings.DEBUG = False
        settings.ROLLCALL_NOW = "2026-11-20T08:50"

        assert clock.present_moment() == SUNDAY

    def test_is_what_is_said_in_a_demo(self, settings: Settings) -> None:
        InstallationFactory(is_demo=True)
        settings.DEBUG = True
        settings.ROLLCALL_NOW = "2026-07-20T08:50"

        moment = clock.present_moment()

        assert moment == datetime(2026, 7, 20, 8, 50, tzinfo=LONDON)
        assert moment.utcoffset() == datetime(2026, 7, 20, tzinfo=LONDON).utcoffset()  # summer time

    def test_is_on_the_latest_school_day_in_a_demo(self, settings: Settings) -> None:
        InstallationFactory(is_demo=True)
        settings.DEBUG = True
        settings.ROLLCALL_NOW = ""

        assert clock.present_moment() == datetime(2026, 11, 20, 10, 15, tzinfo=LONDON)


@time_machine.travel(datetime(2026, 11, 20, 7, 0, tzinfo=LONDON), tick=False)
def test_a_demo_lives_today_when_today_is_a_school_day(settings: Settings) -> None:
    InstallationFactory(is_demo=True)
    settings.DEBUG = True
    settings.ROLLCALL_NOW = ""

    assert clock.present_moment() == datetime(2026, 11, 20, 7, 0, tzinfo=LONDON)
