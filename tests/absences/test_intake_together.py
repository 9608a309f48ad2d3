"""Two people at one report at the same moment, each on a connection of their own."""

import threading
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django_scopes import scope

from absences.models import Report, ReportEvent
from absences.services import reports
from absences.services.reports import ReportChangedMeanwhile, ReportRefused
from accounts.models import School, User
from registers.models import Contact, KnownAhead, Mark, MarkEntry, Pupil, Session
from registers.services import closing, history
from tests.absences.intake_world import TUESDAY, at, close, codes, give_terms, mark, send, told
from tests.factories.registers import held_sessions

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _open(school: School) -> Iterator[None]:
    with scope(school=school):
        give_terms(school)
        held_sessions(school, date(2025, 11, 3), date(2025, 11, 21))
        yield


@pytest.fixture
def contact(parent: User) -> Contact:
    return Contact.objects.get(user=parent)


def at_once(school: School, *acts: Callable[[], Any]) -> list[Any]:
    """Let each act begin at the same moment in a thread of its own; return results or what was raised."""
    barrier = threading.Barrier(len(acts), timeout=20)
    results: list[Any] = [None] * len(acts)

    def run(place: int, act: Callable[[], Any]) -> None:
        try:
            with scope(school=school):
                barrier.wait()
                results[place] = act()
        except Exception as raised:
            results[place] = raised
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert not any(thread.is_alive() for thread in threads)
    return results


class TestTwoOfTheOffice:
    def test_who_accept_one_report_accept_it_once(
        self, school: School, pupil: Pupil, parent: User, contact: Contact, office: User, champion: User
    ) -> None:
        close(Session.objects.get(on=TUESDAY, half="AM"), by=office)
        report = send(pupil, told(clock="9:30"), by=parent, contact=contact)

        done = at_once(
            school,
            *(
                lambda who=who: reports.accept(report, version=1, by=who, at=at(TUESDAY, "9:40"), position="")
                for who in (office, champion)
            ),
        )

        (second,) = [one for one in done if isinstance(one, Exception)]
        report.refresh_from_db()
        assert isinstance(second, ReportChangedMeanwhile)
        assert report.decided_by is not None
        assert second.message.startswith(f"{report.decided_by.name} accepted this report at 9:40am")
        assert (report.state, report.version) == ("accepted", 2)
        assert ReportEvent.objects.filter(report=report, what="accepted").count() == 1
        assert codes(pupil) == {"Tue AM": "I"}
        assert MarkEntry.objects.filter(pupil=pupil).count() == 2
        assert history.first_fault(school) is None


class TestTheOfficeAndTheParent:
    def test_who_accept_and_withdraw_see_one_result(
        self, school: School, class_group: Any, pupil: Pupil, parent: User, contact: Contact, office: User
    ) -> None:
        for _ in range(3):
            report = send(pupil, told(), by=parent, contact=contact)

            done = at_once(
                school,
                lambda report=report: reports.accept(
                    report, version=1, by=office, at=at(TUESDAY, "8:45"), position=""
                ),
                lambda report=report: reports.withdraw(report, version=1, by=parent, at=at(TUESDAY, "8:45")),
            )

            report.refresh_from_db()
            first = next(one for one in done if isinstance(one, Report))
            second = next(one for one in done if isinstance(one, Exception))
            assert isinstance(second, ReportChangedMeanwhile)
            assert report.state == first.state == second.report.state
            assert report.version == 2
            standing = KnownAhead.objects.filter(withdrawn_at__isnull=True)
            assert standing.count() == (1 if report.state == "accepted" else 0)
            if report.state == "accepted":
                reports.withdraw(
                    report,
                    version=2,
                    by=office,
                    at=at(TUESDAY, "8:46"),
                    why="for the next round",
                    by_school=True,
                )


class TestAReportSentTwice:
    def test_counts_once_for_each_child(
        self, school: School, pupil: Pupil, parent: User, contact: Contact
    ) -> None:
        key, said = uuid4(), told(contact=contact)

        done = at_once(
            school,
            *(
                lambda: reports.submit(
                    school, [pupil], said, submission=key, by=parent, at=said.received_at, on=TUESDAY
                )
                for _ in range(3)
            ),
        )

        assert not [one for one in done if isinstance(one, Exception)]
        assert len({made.pk for (made,) in done}) == 1
        assert (Report.objects.count(), KnownAhead.objects.count()) == (1, 1)


class TestTwoReportsOfOneSession:
    def test_that_disagree_are_not_both_accepted(
        self, school: School, pupil: Pupil, parent: User, office: User, champion: User
    ) -> None:
        ill, feast = send(pupil, told(), by=parent), send(pupil, told(reason="religious"), by=parent)

        done = at_once(
            school,
            lambda: reports.accept(ill, version=1, by=office, at=at(TUESDAY, "8:45"), position=""),
            lambda: reports.accept(feast, version=1, by=champion, at=at(TUESDAY, "8:45"), position=""),
        )

        (refused,) = [one for one in done if isinstance(one, Exception)]
        assert isinstance(refused, ReportRefused)
        assert "for the same session" in refused.message
        assert Report.objects.filter(state="accepted").count() == 1


class TestARegisterThatClosesAtTheMomentOfAcceptance:
    def test_ends_with_what_was_accepted(
        self, school: School, pupil: Pupil, parent: User, contact: Contact, office: User
    ) -> None:
        morning = Session.objects.get(on=TUESDAY, half="AM")
        report = send(pupil, told(reason="religious"), by=parent, contact=contact)

        at_once(
            school,
            lambda: reports.accept(report, version=1, by=office, at=at(TUESDAY, "9:20"), position=""),
            lambda: closing.close_session(school, morning, by=office, at=at(TUESDAY, "9:21")),
        )
        reports.follow_accepted(school, by=office, at=at(TUESDAY, "9:22"))

        assert codes(pupil) == {"Tue AM": "R"}
        assert Report.objects.get().state == "accepted"
        assert history.first_fault(school) is None

    def test_keeps_the_mark_of_a_teacher_who_saves_then(
        self, school: School, pupil: Pupil, parent: User, contact: Contact, office: User
    ) -> None:
        morning = Session.objects.get(on=TUESDAY, half="AM")
        report = send(pupil, told(), by=parent, contact=contact)

        done = at_once(
            school,
            lambda: reports.accept(report, version=1, by=office, at=at(TUESDAY, "9:00"), position=""),
            lambda: mark(pupil, morning, "L", by=office, when=at(TUESDAY, "9:00")),
        )

        assert not [one for one in done if isinstance(one, Exception)]
        assert codes(pupil) == {"Tue AM": "L"}
        assert Mark.objects.count() == 1
