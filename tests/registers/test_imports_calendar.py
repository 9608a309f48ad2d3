"""A calendar file makes sessions, numbers them over all years, and refuses what cannot be."""

from datetime import UTC, date, datetime, time

import pytest
from django_scopes import scope

from accounts.models import Event
from registers.models import CalendarPeriod, Session
from registers.services.calendar import instant
from tests.calendars import HEADER, calendar_file
from tests.commands import done, everything_stored, run, write_csv
from tests.factories.registers import EnrolmentFactory, MarkFactory, PupilFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("open_school")]


@pytest.fixture
def within(open_school):
    with scope(school=open_school):
        yield open_school


def import_rows(tmp_path, *rows, header=HEADER, options=()):
    return run("import_calendar", write_csv(tmp_path, "cal.csv", header, *rows), "--school", "hill", *options)


class TestTheCalendarOfAYear:
    def test_has_two_sessions_on_each_of_its_190_days(self, within):
        held = Session.objects.filter(status="held")

        assert held.count() == 380
        assert sorted(held.values_list("number", flat=True)) == list(range(1, 381))
        assert Session.objects.filter(on__week_day__in=(1, 7)).count() == 0

    def test_numbers_its_weeks_over_the_holidays(self, within):
        weeks = dict(Session.objects.filter(status="held", half="AM").values_list("on", "school_week"))

        assert weeks[date(2025, 9, 3)] == 1  # a Wednesday: the week began on the Monday before
        assert weeks[date(2025, 9, 8)] == 2
        assert weeks[date(2025, 10, 24)] == 8
        assert weeks[date(2025, 11, 3)] == 9
        assert weeks[date(2026, 7, 15)] == 39

    def test_keeps_closed_days_without_number(self, within):
        closed = Session.objects.filter(on=date(2026, 5, 4)).order_by("half")

        assert [(s.half, s.status, s.number, s.school_week) for s in closed] == [
            ("AM", "closed", None, None),
            ("PM", "closed", None, None),
        ]

    def test_opens_registers_by_the_clock_on_the_wall_in_summer_and_winter(self, within):
        opens = dict(Session.objects.filter(half="AM").values_list("on", "opens_at"))

        assert opens[date(2025, 10, 24)] == datetime(2025, 10, 24, 7, 50, tzinfo=UTC)
        assert opens[date(2025, 11, 3)] == datetime(2025, 11, 3, 8, 50, tzinfo=UTC)
        assert opens[date(2026, 3, 27)] == datetime(2026, 3, 27, 8, 50, tzinfo=UTC)
        assert opens[date(2026, 4, 13)] == datetime(2026, 4, 13, 7, 50, tzinfo=UTC)

    def test_names_the_term_and_year_of_each_session(self, within):
        session = Session.objects.get(on=date(2026, 2, 23), half="PM")

        assert (session.academic_year, session.half_term, session.term) == (2025, "Spring 2", "spring")


class TestTheSameFileAgain:
    def test_changes_nothing(self, tmp_path, within):
        before = everything_stored()

        ran = done("import_calendar", calendar_file(tmp_path, 2025), "--school", "hill", "--json")

        assert ran.lines == [
            {
                "file": "calendar.csv",
                "periods_added": 0,
                "periods_changed": 0,
                "sessions_added": 0,
                "sessions_changed": 0,
                "sessions_removed": 0,
                "dry_run": False,
            }
        ]
        assert everything_stored() == before


class TestAnEarlierYear:
    def test_moves_every_number_on(self, tmp_path, within):
        done("import_calendar", calendar_file(tmp_path, 2024), "--school", "hill")

        first = Session.objects.get(on=date(2025, 9, 3), half="AM")
        assert (first.number, first.school_week) == (381, 40)
        assert Session.objects.get(on=date(2024, 9, 4), half="AM").number == 1


class TestAnEmergencyClosure:
    def test_cancels_the_day_and_closes_the_gap_in_the_numbers(self, tmp_path, within):
        ran = import_rows(tmp_path, "emergency_closure,Snow,2025-11-18,2025-11-19", options=["--json"])

        assert ran.lines[0] | {"file": ""} == {
            "file": "",
            "periods_added": 1,
            "periods_changed": 0,
            "sessions_added": 0,
            "sessions_changed": 4,
            "sessions_removed": 0,
            "dry_run": False,
        }
        rows = Session.objects.filter(on__range=(date(2025, 11, 17), date(2025, 11, 20)), half="PM")
        assert [(s.status, s.number) for s in rows.order_by("on")] == [
            ("held", 98),
            ("cancelled", None),
            ("cancelled", None),
            ("held", 100),
        ]

    def test_of_a_whole_week_makes_it_no_school_week(self, tmp_path, within):
        import_rows(tmp_path, "emergency_closure,Flood,2025-11-17,2025-11-21")

        weeks = dict(Session.objects.filter(status="held", half="AM").values_list("on", "school_week"))
        assert (weeks[date(2025, 11, 14)], weeks[date(2025, 11, 24)]) == (10, 11)

    def test_takes_the_place_of_a_planned_one(self, tmp_path, within):
        import_rows(tmp_path, "emergency_closure,Boiler,2026-05-04,2026-05-04")

        periods = CalendarPeriod.objects.filter(first_day=date(2026, 5, 4))
        assert [(p.kind, p.name) for p in periods] == [("emergency_closure", "Boiler")]
        assert set(Session.objects.filter(on=date(2026, 5, 4)).values_list("status", flat=True)) == {
            "cancelled"
        }

    def test_over_marks_is_refused_with_their_count(self, tmp_path, within):
        session = Session.objects.get(on=date(2025, 11, 18), half="AM")
        for _ in range(3):
            pupil = PupilFactory(school=within)
            EnrolmentFactory(pupil=pupil)
            MarkFactory(session=session, pupil=pupil)
        before = everything_stored()

        ran = import_rows(tmp_path, "emergency_closure,Snow,2025-11-18,2025-11-19")

        assert (ran.status, ran.problems) == (
            1,
            [
                "cal.csv: line 2, column first_day: 2025-11-18 has 3 marks already,"
                " so that day cannot be taken away"
            ],
        )
        assert everything_stored() == before


class TestAHalfTermWithOtherDays:
    def test_gains_and_loses_sessions(self, tmp_path, within):
        ran = import_rows(tmp_path, "half_term,Autumn 2,2025-11-04,2025-12-22", options=["--json"])

        assert (ran.lines[0]["periods_changed"], ran.lines[0]["sessions_added"]) == (1, 2)
        assert ran.lines[0]["sessions_removed"] == 2
        assert Session.objects.filter(on=date(2025, 11, 3)).count() == 0
        assert Session.objects.get(on=date(2025, 12, 22), half="PM").number == 146

    def test_cannot_leave_marks_behind(self, tmp_path, within):
        MarkFactory(session=Session.objects.get(on=date(2025, 11, 3), half="PM"))
        before = everything_stored()

        ran = import_rows(tmp_path, "half_term,Autumn 2,2025-11-04,2025-12-19")

        assert ran.status == 1
        assert "2025-11-03 has 1 mark already" in ran.err
        assert everything_stored() == before


class TestNewTimesOfTheDay:
    def test_count_for_sessions_still_to_come_only(self, tmp_path, within, time_machine_at):
        within.day_times.filter(half="AM").update(opens_at="08:40", late_after="08:40", closes_at="09:00")

        with time_machine_at(datetime(2025, 11, 10, 12, 0, tzinfo=UTC)):
            ran = done("import_calendar", calendar_file(tmp_path, 2025), "--school", "hill", "--json")

        opens = dict(Session.objects.filter(half="AM").values_list("on", "opens_at"))
        assert opens[date(2025, 11, 10)] == instant(date(2025, 11, 10), time(8, 50))
        assert opens[date(2025, 11, 11)] == instant(date(2025, 11, 11), time(8, 40))
        days_to_come = len({day for day in opens if day > date(2025, 11, 10)})
        assert ran.lines[0]["sessions_changed"] == days_to_come


class TestATrialRun:
    def test_says_what_it_would_do_and_does_not(self, tmp_path, within):
        before = everything_stored()

        ran = import_rows(tmp_path, "emergency_closure,Snow,2025-11-18,2025-11-18", options=["--dry-run"])

        assert (ran.status, ran.err) == (0, "")
        assert ran.out == (
            "cal.csv: periods added 1, periods changed 0, sessions added 0, sessions changed 2,"
            " sessions removed 0. Nothing was changed: this was a dry run.\n"
        )
        assert everything_stored() == before


class TestAnImpossibleCalendar:
    @pytest.mark.parametrize(
        ("row", "fault"),
        [
            (
                "holiday,Easter,2026-04-01,2026-04-02",
                "column kind: 'holiday' is not one of half_term, closure, emergency_closure",
            ),
            (
                "half_term,First half,2026-09-01,2026-10-23",
                "column name: 'First half' is not a half term:"
                " its name begins with one of Autumn, Spring, Summer",
            ),
            ("half_term,Autumn 1,2026-10-23,2026-09-01", "column last_day: is before the first day"),
            (
                "half_term,Autumn 1,2036-09-01,2036-10-23",
                "column first_day: is outside the academic years 2018/19 to 2035/36",
            ),
            (
                "half_term,Autumn 1,2018-07-01,2018-07-20",
                "column first_day: is outside the academic years 2018/19 to 2035/36",
            ),
            (
                "half_term,Summer 3,2026-07-20,2026-08-20",
                "column last_day: is in another academic year than the first day",
            ),
            (
                "half_term,Summer 3,2026-07-18,2026-07-19",
                "column first_day: the half term has no Monday to Friday",
            ),
            (
                "half_term,Autumn 3,2025-12-19,2025-12-23",
                "column first_day: overlaps with Autumn 2 (2025-11-03 to 2025-12-19)",
            ),
            (
                "closure,Christmas,2025-12-22,2026-01-02",
                "column first_day: the closure is not within a half term",
            ),
            (
                "emergency_closure,Snow,2026-05-01,2026-05-05",
                "column first_day: overlaps with Bank holiday (2026-05-04 to 2026-05-04)",
            ),
            ("half_term,,2026-09-01,2026-10-23", "column name: is empty"),
        ],
    )
    def test_is_refused_with_line_and_column(self, tmp_path, row, fault):
        before = everything_stored()

        ran = import_rows(tmp_path, "closure,Staff day,2025-11-28,2025-11-28", row)

        assert (ran.status, ran.out, ran.problems) == (1, "", [f"cal.csv: line 3, {fault}"])
        assert everything_stored() == before

    def test_has_both_of_two_clashing_rows_counted_once(self, tmp_path):
        ran = import_rows(
            tmp_path, "half_term,Autumn 1,2026-09-01,2026-10-23", "half_term,Autumn 2,2026-10-23,2026-12-18"
        )

        assert ran.problems == [
            "cal.csv: line 3, column first_day: overlaps with Autumn 1 (2026-09-01 to 2026-10-23)"
        ]

    def test_has_all_its_faults_named_at_once(self, tmp_path):
        ran = import_rows(
            tmp_path,
            "half_term,Autumn 1,2026-10-23,2026-09-01",
            "half_term,Autumn 2,2026-11-02,2026-12-18",
            "half_term,Autumn 2,2026-11-02,2026-12-17",
        )

        assert ran.problems == [
            "cal.csv: line 2, column last_day: is before the first day",
            "cal.csv: line 4, column name: the same period stands twice",
        ]

    def test_of_a_school_without_times_is_refused_in_one_line(self, tmp_path, other_school):
        path = calendar_file(tmp_path, 2025)

        ran = run("import_calendar", path, "--school", "vale")

        assert (ran.status, ran.err) == (1, "The school has no times for the AM register on 2025-09-03.\n")
        assert CalendarPeriod._base_manager.filter(school=other_school).count() == 0


class TestTheLog:
    def test_says_what_was_done(self, tmp_path, within):
        import_rows(tmp_path, "closure,Staff day,2025-11-28,2025-11-28")

        event = Event.objects.latest("pk")
        assert (event.kind, event.school_id, event.by_name) == ("calendar.set", within.pk, "Rollcall")
        assert event.data["sessions_changed"] == 2
