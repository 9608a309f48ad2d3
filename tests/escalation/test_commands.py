"""The commands of escalation as scripts drive them: the worked examples from files to lines of JSON."""

from datetime import date
from pathlib import Path

import pytest
from django_scopes import scopes_disabled

from accounts.models import School
from escalation.models import Step, SweepRun
from escalation.rules.loading import SHIPPED, shipped_text
from tests.calendars import calendar_file
from tests.commands import done, everything_stored, run, write_csv
from tests.escalation.policies import changed

pytestmark = [pytest.mark.django_db]

UPN = "C999123425001"
PUPILS = "upn,surname,forename,date_of_birth,year_group,class_name,start_date,flags"
BORN = "2017-05-14"
Marks = dict[str, str]  # "2025-09-15" (both sessions) or "2025-09-29 AM" -> code


def rows_of(upn: str, marks: Marks) -> list[str]:
    """Write marks as rows of the file; a day alone means both sessions."""
    return [
        f"{upn},{day},{half},{code}"
        for place, code in marks.items()
        for day, _, only in [place.partition(" ")]
        for half in ([only] if only else ["AM", "PM"])
    ]


def open_school(
    tmp_path: Path,
    key: str,
    year: int,
    marks: Marks,
    *,
    to: str,
    born: str = BORN,
    flags: str = "",
    timetable: str = "",
) -> str:
    """Set a school up with one pupil who was present for every session up to a day but those named."""
    # Lunt's Heath states when the afternoon register closes, Welbourn alone does not say when the day ends.
    times = [] if key == "lunts_heath" else ["--pm-closes", "13:15"]
    times += ["--day-ends", "15:15"] if key == "welbourn" else []
    done("add_school", key, "--pm-opens", "13:00", *times)
    at = ("--school", key)
    done("import_calendar", calendar_file(tmp_path, year), *at)
    row = f"{UPN},Ash,Robin,{born},3,Oak,{year}-09-01,{flags}"
    done("import_pupils", write_csv(tmp_path, "pupils.csv", PUPILS, row), *at)
    if timetable:
        header = "upn,first_day,last_day,review_on,agreed_on,absent_sessions"
        done("import_timetables", write_csv(tmp_path, "times.csv", header, f"{UPN},{timetable}"), *at)
    file = write_csv(tmp_path, "marks.csv", "upn,date,session,code", *rows_of(UPN, marks))
    done("import_marks", file, *at, "--rest-present", "--from", f"{year}-09-01", "--to", to)
    return key


def replayed(key: str, first: str, last: str, *words: str) -> list[dict[str, object]]:
    """Replay a period and give its lines."""
    return done(
        "replay", "--school", key, "--from", first, "--to", last, "--upn", UPN, "--json", *words
    ).lines


def steps(lines: list[dict[str, object]], *wanted: str) -> list[tuple[object, ...]]:
    """Give date, rung, state and letters of the lines, of some rungs only when any are named."""
    return [
        (line["on"], line["rung"], line["state"], *line["letters"])  # type: ignore[misc]
        for line in lines
        if not wanted or line["rung"] in wanted
    ]


def days_of(first: str, last: str, code: str) -> Marks:
    """Mark every weekday of a period with a code."""
    start, end = date.fromisoformat(first).toordinal(), date.fromisoformat(last).toordinal()
    days = [date.fromordinal(number) for number in range(start, end + 1)]
    return {day.isoformat(): code for day in days if day.weekday() < 5}


WER_S3 = {
    **days_of("2025-09-15", "2025-09-18", "I"),
    "2025-09-29 AM": "I",
    "2025-10-07 AM": "M",
    **days_of("2025-11-10", "2025-11-12", "I"),
}


class TestReplay:
    def test_wer_s2_and_wer_s3(self, tmp_path):
        key = open_school(tmp_path, "werrington", 2025, WER_S3, to="2025-11-14")

        lines = replayed(key, "2025-09-03", "2025-11-14")

        assert steps(lines) == [
            ("2025-09-17", "wer_d3", "proposed", "wer_notice_3"),
            ("2025-10-07", "wer_d5", "proposed", "wer_1"),
            ("2025-11-12", "wer_d8", "proposed", "wer_2"),
        ]
        assert lines[1] == {
            "school": "werrington",
            "on": "2025-10-07",
            "upn": UPN,
            "rung": "wer_d5",
            "letters": ["wer_1"],
            "state": "proposed",
            "why": "5 days of absence this academic year (10 of 50 sessions), at or over 5",
        }

    def test_wer_s8(self, tmp_path):
        marks = days_of("2025-11-03", "2025-11-14", "N")
        key = open_school(tmp_path, "werrington", 2025, marks, to="2025-11-14")

        lines = replayed(key, "2025-11-03", "2025-11-14")

        assert steps(lines, "no_contact") == [("2025-11-14", "no_contact", "proposed")]
        assert next(line["why"] for line in lines if line["rung"] == "no_contact") == (
            "no contact on 10 school days in a row from 2025-11-03; mandatory: refer to the local authority"
        )

    def test_str_s2(self, tmp_path):
        marks = {"2025-09-10": "I", "2025-10-06 AM": "O"}
        key = open_school(tmp_path, "strathmore", 2025, marks, to="2025-10-07")

        assert steps(replayed(key, "2025-09-03", "2025-10-06")) == []
        assert steps(replayed(key, "2025-09-03", "2025-10-07")) == [
            ("2025-10-07", "str_1", "proposed", "str_B")
        ]

    def test_str_s2_at_exactly_96_per_cent(self, tmp_path):
        key = open_school(tmp_path, "strathmore", 2025, {"2025-09-10": "I"}, to="2025-10-07")

        assert steps(replayed(key, "2025-09-03", "2025-10-07")) == []

    def test_str_s5(self, tmp_path):
        marks = {"2025-09-10": "I", "2025-10-06 AM": "O"}
        key = open_school(tmp_path, "strathmore", 2025, marks, to="2025-10-07", flags="significant_medical")

        assert steps(replayed(key, "2025-09-03", "2025-10-07")) == [
            ("2025-10-07", "str_med", "proposed", "str_D")
        ]

    def test_str_s8(self, tmp_path):
        marks = {**days_of("2025-11-03", "2025-11-07", "O"), **days_of("2026-04-13", "2026-04-17", "O")}
        key = open_school(tmp_path, "strathmore", 2025, marks, to="2026-04-17", born="2021-01-15")

        lines = replayed(key, "2025-09-03", "2026-04-17")

        assert steps(lines, "threshold") == [("2026-04-17", "threshold", "proposed")]

    def test_lun_s4(self, tmp_path):
        marks = {**days_of("2024-11-11", "2024-11-15", "I"), "2024-11-18 AM": "I"}
        key = open_school(tmp_path, "lunts_heath", 2024, marks, to="2024-11-18")

        lines = replayed(key, "2024-09-04", "2024-11-18")

        assert steps(lines) == [("2024-11-18", "evidence", "proposed", "lun_evidence")]

    def test_wel_s2(self, tmp_path):
        key = open_school(
            tmp_path, "welbourn", 2024, days_of("2024-09-10", "2024-09-13", "I"), to="2024-10-25"
        )

        lines = replayed(key, "2024-09-04", "2024-10-25")

        assert steps(lines, "wel_1") == [("2024-10-25", "wel_1", "proposed", "wel_1")]

    def test_wel_s4_and_wel_s5(self, tmp_path):
        marks = {
            **days_of("2024-09-10", "2024-09-12", "I"),
            **days_of("2024-11-12", "2024-11-13", "I"),
            **days_of("2025-01-14", "2025-01-16", "I"),
            **days_of("2025-03-10", "2025-03-13", "I"),
        }
        key = open_school(tmp_path, "welbourn", 2024, marks, to="2025-04-04")

        lines = replayed(key, "2024-09-04", "2025-04-04")

        assert steps(lines, "wel_1", "wel_2") == [
            ("2025-02-14", "wel_1", "proposed", "wel_1"),
            ("2025-04-04", "wel_2", "proposed", "wel_2"),
        ]

    def test_wel_s9(self, tmp_path):
        weekdays = days_of("2024-11-04", "2024-11-29", "C2")
        marks = {f"{day} PM": "C2" for day in weekdays} | {"2024-11-12 AM": "I"}
        away = "Mon PM;Tue PM;Wed PM;Thu PM;Fri PM"
        timetable = f"2024-11-04,2024-12-20,2024-12-02,2024-11-01,{away}"
        key = open_school(tmp_path, "welbourn", 2024, marks, to="2024-11-29", timetable=timetable)

        assert steps(replayed(key, "2024-09-04", "2024-11-29")) == []
        figures = done(
            *("figures", "--school", key, "--from", "2024-11-04", "--to", "2024-11-29", "--json")
        ).lines
        assert [(line["attended"], line["possible"], line["attendance_pct"]) for line in figures] == [
            (19, 40, "47.5")
        ]

    def test_lee_s3(self, tmp_path):
        marks = {"2024-11-13": "I", "2024-11-14": "I", "2024-11-19": "I"}
        key = open_school(tmp_path, "leedon", 2024, marks, to="2024-11-19")

        assert steps(replayed(key, "2024-09-04", "2024-11-18")) == []
        assert steps(replayed(key, "2024-09-04", "2024-11-19")) == [
            ("2024-11-19", "lee_1", "proposed", "lee_below_95")
        ]

    def test_tries_another_policy_and_writes_nothing(self, tmp_path):
        key = open_school(tmp_path, "werrington", 2025, WER_S3, to="2025-11-14")
        stricter = tmp_path / "stricter.yaml"
        stricter.write_text(
            changed("werrington", ('op: ">=", value: 3}', 'op: ">=", value: 1}')), encoding="utf-8"
        )
        before = everything_stored()

        lines = replayed(key, "2025-09-03", "2025-09-30", "--policy", str(stricter))

        assert steps(lines) == [("2025-09-15", "wer_d3", "proposed", "wer_notice_3")]
        assert everything_stored() == before

    def test_tries_one_of_the_shipped_policies_under_the_schools_own_key(self, tmp_path):
        key = open_school(tmp_path, "werrington", 2025, WER_S3, to="2025-11-14")

        lines = replayed(key, "2025-09-03", "2025-11-14", "--policy", "leedon")

        assert {(line["school"], line["rung"]) for line in lines} == {("werrington", "lee_1")}

    def test_refuses_a_faulty_policy_with_every_fault(self, tmp_path):
        key = open_school(tmp_path, "werrington", 2025, {}, to="2025-09-03")
        faulty = tmp_path / "faulty.yaml"
        faulty.write_text(
            changed("werrington", ("value: 17}", "valeu: 17}"), ("school_pct: 97", "school_pct: 101")),
            encoding="utf-8",
        )

        ran = run(
            *("replay", "--school", key, "--from", "2025-09-03", "--to", "2025-09-30", "--policy", faulty)
        )

        assert (ran.status, ran.out) == (1, "")
        assert ran.problems == [
            "faulty.yaml: line 60: targets.school_pct: must be a percentage between 0 and 100",
            "faulty.yaml: line 104: ladder.rungs[5].when.valeu: unknown key",
            "faulty.yaml: line 104: ladder.rungs[5].when.value: is missing",
        ]

    def test_refuses_an_unknown_pupil_and_a_period_that_ends_before_it_begins(self, tmp_path):
        key = open_school(tmp_path, "werrington", 2025, {}, to="2025-09-03")
        at = ("--school", key, "--from", "2025-09-03")

        unknown = run("replay", *at, "--to", "2025-09-30", "--upn", "X1")
        backwards = run("replay", *at, "--to", "2025-09-01")

        assert (unknown.status, unknown.problems) == (1, ["There is no pupil X1 at this school."])
        assert (backwards.status, backwards.problems) == (2, ["--to is before --from."])


class TestSweep:
    def test_prints_the_lines_of_replay_and_nothing_the_second_time(self, tmp_path):
        key = open_school(tmp_path, "werrington", 2025, WER_S3, to="2025-11-14")
        words = ("sweep", "--school", key, "--on", "2025-10-07", "--json")

        first, second = done(*words).lines, done(*words).lines

        assert steps(first) == [
            ("2025-10-07", "wer_d3", "passed"),
            ("2025-10-07", "wer_d5", "proposed", "wer_1"),
        ]
        assert second == []
        with scopes_disabled():
            assert Step.objects.count() == 2
            assert SweepRun.objects.get().runs == 2

    def test_sweeps_all_schools_and_says_so(self, tmp_path):
        open_school(tmp_path, "werrington", 2025, WER_S3, to="2025-11-14")
        done("add_school", "leedon", "--pm-opens", "13:00", "--pm-closes", "13:15")

        ran = done("sweep", "--on", "2025-09-17")

        assert ran.out.splitlines() == [
            "leedon on 2025-09-17: 0 pupils judged; nothing to propose.",
            f"2025-09-17  {UPN}  wer_d3  proposed [wer_notice_3]  "
            "3 days of absence this academic year (6 of 22 sessions), at or over 3",
            "werrington on 2025-09-17: 1 pupils judged; 1 proposed.",
        ]

    def test_refuses_a_school_without_a_policy_and_an_unknown_one(self, db):
        School.objects.create(key="hill", name="Hill School")

        without = run("sweep", "--school", "hill", "--on", "2025-09-17")
        unknown = run("sweep", "--school", "dale")

        assert (without.status, without.problems) == (
            1,
            ["hill: Hill School has no attendance policy in force on 17 September 2025."],
        )
        assert unknown.status == 1
        assert len(unknown.problems) == 1

    def test_wer_s8_turns_the_marks_of_3_november_into_o_after_10_november(self, tmp_path):
        marks = days_of("2025-11-03", "2025-11-14", "N")
        key = open_school(tmp_path, "werrington", 2025, marks, to="2025-11-14")

        done("sweep", "--school", key, "--on", "2025-11-10")
        on_tenth = done(
            "figures", "--school", key, "--from", "2025-11-03", "--to", "2025-11-03", "--json"
        ).lines
        done("sweep", "--school", key, "--on", "2025-11-11")
        after = done("figures", "--school", key, "--from", "2025-11-03", "--to", "2025-11-03", "--json").lines

        assert on_tenth[0]["by_code"] == {"N": 2}
        assert after[0]["by_code"] == {"O": 2}


class TestCheckPolicy:
    @pytest.mark.parametrize("key", SHIPPED)
    def test_finds_nothing_wrong_with_what_ships(self, key):
        ran = done("check_policy", key, "--json")

        assert ran.lines[0]["policy"] == f"{key}.yaml"
        assert ran.lines[0]["problems"] == 0
        assert "day.pm.register_opens" in str(ran.lines[0]["before_activation"])

    def test_reads_the_national_values_too(self):
        path = Path(__file__).parents[2] / "escalation" / "policies" / "national.yaml"

        assert done("check_policy", path).out == "national.yaml: no problem found.\n"

    def test_prints_every_problem_on_a_line_of_its_own(self, tmp_path):
        path = tmp_path / "mine.yaml"
        path.write_text(
            shipped_text("leedon").replace("letter: lee_below_95", "letter: lee_95").replace("ends:", "ens:"),
            encoding="utf-8",
        )

        ran = run("check_policy", path)

        assert (ran.status, ran.out) == (1, "")
        assert ran.problems == [
            "mine.yaml: line 25: day.ends: is missing",
            "mine.yaml: line 32: day.ens: unknown key",
            "mine.yaml: line 75: ladder.rungs[0].do[0].letter: there is no letter lee_95 under letters.items",
        ]

    def test_refuses_a_file_that_is_not_there(self):
        ran = run("check_policy", "no-such.yaml")

        assert (ran.status, ran.out, len(ran.problems)) == (1, "", 1)
