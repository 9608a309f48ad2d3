"""The worked examples that registers alone decide, through the commands that schools use."""

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction
from django_scopes import scope

from accounts.models import School
from registers.models import MarkEntry
from tests.calendars import calendar_file
from tests.commands import done, run, write_csv
from tests.factories.accounts import RoleAssignmentFactory, UserFactory

pytestmark = [pytest.mark.django_db]

PUPILS = "upn,surname,forename,date_of_birth,year_group,class_name,start_date"
TIMES = ("--pm-opens", "13:00", "--pm-closes", "13:15", "--day-ends", "15:15")


@pytest.fixture
def set_up(tmp_path):
    """Return a function that sets a school up with its calendar and P1 to P4, of compulsory age."""

    def set_up_school(key, year):
        assert run("add_school", key, *TIMES).status == 0
        done("import_calendar", calendar_file(tmp_path, year), "--school", key)
        rows = [f"P{n},Ash,Robin,2017-05-14,3,Oak,{year}-09-01" for n in (1, 2, 3, 4)]
        assert (
            run("import_pupils", write_csv(tmp_path, "pupils.csv", PUPILS, *rows), "--school", key).status
            == 0
        )

    return set_up_school


@pytest.fixture
def record(tmp_path):
    """Return a function that imports rows of marks at a school."""

    def record_marks(key, *rows, header="upn,date,session,code,arrived_at", options=()):
        return run("import_marks", write_csv(tmp_path, "marks.csv", header, *rows), "--school", key, *options)

    return record_marks


def codes(key, day, half="AM"):
    """Return the codes of P1, P2, … in a session."""
    lines = done("export_marks", "--school", key, "--from", day, "--to", day, "--json").lines
    return [line["code"] for line in lines if line["session"] == half]


def figures(key, first_day, last_day, upn="P1"):
    ran = done("figures", "--school", key, "--from", first_day, "--to", last_day, "--upn", upn, "--json")
    return ran.lines[0]


class TestArrivals:
    @pytest.mark.parametrize(
        ("key", "year", "day", "arrivals"),
        [
            ("werrington", 2025, "2025-09-09", ["8:50", "8:51", "9:20", "9:21"]),  # WER-S1
            ("strathmore", 2025, "2025-09-09", ["9:00", "9:01", "9:15", "9:16"]),  # STR-S1
            ("welbourn", 2024, "2024-11-12", ["9:00", "9:01", "9:15", "9:16"]),  # WEL-S1
            ("leedon", 2024, "2024-11-04", ["8:45", "8:46", "9:00", "9:01"]),  # LEE-S1
        ],
    )
    def test_are_present_late_or_too_late_by_the_minute(self, set_up, record, key, year, day, arrivals):
        set_up(key, year)

        ran = record(key, *[f"P{n},{day},AM,,{at}" for n, at in enumerate(arrivals, start=1)])

        assert (ran.status, ran.err) == (0, "")
        assert codes(key, day) == ["/", "L", "L", "U"]
        counted = [figures(key, day, day, upn=f"P{n}") for n in (1, 2, 3, 4)]
        assert [(one["unauthorised"], one["late"]) for one in counted] == [(0, 0), (0, 1), (0, 1), (1, 1)]

    def test_at_lunts_heath_are_late_from_the_opening_on(self, set_up, record):  # LUN-S1
        set_up("lunts_heath", 2024)

        ran = record(
            "lunts_heath",
            "P1,2024-11-04,AM,/,",
            "P2,2024-11-04,AM,,8:50",
            "P3,2024-11-04,AM,,8:55",
            "P4,2024-11-04,AM,,8:56",
            "P1,2024-11-04,PM,,13:20",
            "P2,2024-11-04,PM,,13:31",
        )

        assert (ran.status, ran.err) == (0, "")
        assert codes("lunts_heath", "2024-11-04") == ["/", "L", "L", "U"]
        assert codes("lunts_heath", "2024-11-04", "PM") == ["L", "U"]


class TestAnAmendment:
    """LUN-S2."""

    WORDS = (
        "--school", "lunts_heath", "--upn", "P1", "--date", "2024-11-11", "--session", "AM", "--code", "I",
        "--by", "officer@lunts-heath.example",
    )  # fmt: skip

    @pytest.fixture(autouse=True)
    def morning_after(self, set_up, record, time_machine_at):
        set_up("lunts_heath", 2024)
        officer = UserFactory(name="Ola Officer", email="officer@lunts-heath.example")
        RoleAssignmentFactory(
            user=officer, school=School.objects.get(), role="office", title="Attendance officer"
        )
        with time_machine_at(datetime(2024, 11, 11, 9, 0, tzinfo=UTC)):
            record("lunts_heath", "P1,2024-11-11,AM,N,")
        with time_machine_at(datetime(2024, 11, 12, 10, 30, tzinfo=UTC)):
            yield

    def test_keeps_both_codes_the_reason_the_day_and_the_person(self):
        done("amend_mark", *self.WORDS, "--reason", "Mother rang: a fever")

        with scope(school=School.objects.get()):
            entry = MarkEntry.objects.select_related("batch").latest("batch_id")
        batch = entry.batch
        assert (entry.old_code, entry.new_code, batch.reason) == ("N", "I", "Mother rang: a fever")
        assert (batch.at, batch.by_name, batch.by_position) == (
            datetime(2024, 11, 12, 10, 30, tzinfo=UTC),
            "Ola Officer",
            "Attendance officer",
        )

    def test_is_refused_without_a_reason(self):
        assert run("amend_mark", *self.WORDS).status == 2
        assert run("amend_mark", *self.WORDS, "--reason", " ").problems == ["An amendment needs a reason."]
        assert codes("lunts_heath", "2024-11-11") == ["N"]

    @pytest.mark.parametrize("table", ["registers_markentry", "registers_entrybatch"])
    def test_cannot_be_purged(self, table):
        done("amend_mark", *self.WORDS, "--reason", "Mother rang: a fever")

        with (
            pytest.raises(DatabaseError, match="can only grow"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608 - a name of this test


class TestAChildUnderCompulsoryAge:
    """STR-S8: born 15 January 2021, of compulsory age from 31 March 2026."""

    @pytest.fixture(autouse=True)
    def young_child(self, set_up, tmp_path):
        set_up("strathmore", 2025)
        path = write_csv(tmp_path, "more.csv", PUPILS, "Y1,Birch,Kim,2021-01-15,R,Acorns,2025-09-03")
        assert run("import_pupils", path, "--school", "strathmore").status == 0

    def test_may_have_x_in_november_and_not_in_april(self, record):
        assert record("strathmore", "Y1,2025-11-03,AM,X,").status == 0

        ran = record("strathmore", "Y1,2026-04-13,AM,X,")

        assert (ran.status, ran.problems) == (
            1,
            ["marks.csv: line 2, column code: code X is only for pupils outside compulsory school age"],
        )

    @pytest.mark.parametrize(("day", "status"), [("2026-03-27", 0), ("2026-04-13", 1)])
    def test_is_of_age_between_the_terms(self, record, day, status):
        assert record("strathmore", f"Y1,{day},AM,X,").status == status


class TestAPartTimeTimetable:
    """WEL-S9: mornings only from Monday 4 November 2024, C2 each afternoon, I on the morning of the 12th."""

    def test_lowers_the_statutory_figure_to_19_of_40(self, set_up, record, tmp_path):
        set_up("welbourn", 2024)
        afternoons = ";".join(f"{day} PM" for day in ("Mon", "Tue", "Wed", "Thu", "Fri"))
        timetable = write_csv(
            tmp_path,
            "timetables.csv",
            "upn,first_day,last_day,review_on,agreed_on,absent_sessions",
            f"P1,2024-11-04,2024-12-20,2024-12-02,2024-10-25,{afternoons}",
        )
        done("import_timetables", timetable, "--school", "welbourn")
        november = [day for day in range(4, 30) if datetime(2024, 11, day, tzinfo=UTC).weekday() < 5]

        ran = record(
            "welbourn",
            "P1,2024-11-12,AM,I,",
            *[f"P1,2024-11-{day:02d},PM,C2," for day in november],
            options=["--rest-present", "--from", "2024-11-04", "--to", "2024-11-29"],
        )

        assert (ran.status, ran.err) == (0, "")
        counted = figures("welbourn", "2024-11-04", "2024-11-29")
        assert (counted["attended"], counted["possible"], counted["attendance_pct"]) == (19, 40, "47.5")
        assert counted["by_code"] == {"/": 19, "C2": 20, "I": 1}
        assert (counted["persistent"], counted["severe"]) == (True, True)
        # Pro rata: the sessions the pupil was due at are those without C2.
        assert (counted["attended"], counted["possible"] - counted["by_code"]["C2"]) == (19, 20)


def days_ill(*days):
    return [f"P1,{day},{half},I," for day in days for half in ("AM", "PM")]


WEL_SEPTEMBER = ("2024-09-10", "2024-09-11", "2024-09-12")
WEL_S4 = (*WEL_SEPTEMBER, "2024-11-12", "2024-11-13", "2025-01-14", "2025-01-15", "2025-01-16")
WEL_S5 = (*WEL_S4, "2025-03-10", "2025-03-11", "2025-03-12", "2025-03-13")


class TestFigures:
    @pytest.mark.parametrize(
        ("key", "year", "rows", "last_day", "attended", "possible", "attendance_pct"),
        [
            ("werrington", 2025, [*days_ill("2025-09-15", "2025-09-16", "2025-09-17", "2025-09-18"),
             "P1,2025-09-29,AM,I,", "P1,2025-10-07,AM,M,"], "2025-10-07", 40, 50, "80.0"),  # WER-S2
            ("strathmore", 2025, days_ill("2025-09-10"), "2025-10-07", 48, 50, "96.0"),  # STR-S2
            ("strathmore", 2025, [*days_ill("2025-09-10"), "P1,2025-10-06,AM,O,"],
             "2025-10-07", 47, 50, "94.0"),
            ("strathmore", 2025, days_ill("2025-09-10"), "2025-10-03", 44, 46, "95.6"),
            ("welbourn", 2024, days_ill(*WEL_SEPTEMBER), "2024-10-25", 70, 76, "92.1"),  # WEL-S2
            ("welbourn", 2024, days_ill(*WEL_SEPTEMBER, "2024-09-13"), "2024-10-25", 68, 76, "89.4"),
            ("welbourn", 2024, days_ill(*WEL_S4), "2024-12-20", 136, 146, "93.1"),  # WEL-S4
            ("welbourn", 2024, days_ill(*WEL_S4), "2025-02-14", 190, 206, "92.2"),
            ("welbourn", 2024, days_ill(*WEL_S5), "2025-04-04", 242, 266, "90.9"),  # WEL-S5
            ("leedon", 2024, [*days_ill("2024-11-13", "2024-11-14"), "P1,2024-11-19,AM,I,"],
             "2024-11-19", 95, 100, "95.0"),  # LEE-S3
        ],
    )  # fmt: skip
    def test_are_exact_and_truncated(
        self, set_up, record, key, year, rows, last_day, attended, possible, attendance_pct
    ):
        set_up(key, year)
        first_day = f"{year}-09-01"

        ran = record(key, *rows, options=["--rest-present", "--from", first_day, "--to", last_day])

        assert (ran.status, ran.err) == (0, "")
        counted = figures(key, first_day, last_day)
        assert (counted["attended"], counted["possible"]) == (attended, possible)
        assert counted["attendance_pct"] == attendance_pct

    def test_of_a_whole_year_have_380_sessions(self, set_up, record):
        set_up("werrington", 2025)

        record(
            "werrington",
            *days_ill("2025-09-15"),
            options=["--rest-present", "--from", "2025-09-01", "--to", "2026-07-31"],
        )

        counted = figures("werrington", "2025-09-01", "2026-07-31")
        assert (counted["possible"], counted["attendance_pct"]) == (380, "99.4")
        assert (counted["persistent"], counted["severe"]) == (False, False)
