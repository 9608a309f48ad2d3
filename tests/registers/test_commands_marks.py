"""`amend_mark`, `export_marks` and `figures`: a mark changed, the register out and in, the one count."""

import csv
import io
from datetime import UTC, date, datetime

import pytest
from django_scopes import scope

from registers.models import Mark, MarkEntry
from registers.services.marks import attribution
from tests.calendars import calendar_file
from tests.commands import done, everything_stored, run, write_csv
from tests.factories.registers import DayTimesFactory, EnrolmentFactory, PupilFactory

pytestmark = [pytest.mark.django_db]

HILL = ("--school", "hill")
AUTUMN = ("--from", "2025-09-01", "--to", "2025-10-31")


@pytest.fixture
def within(open_school, tmp_path, time_machine_at):
    """Hill with pupils A1 and A2, and four marks imported on 1 October 2025."""
    for upn in ("A1", "A2"):
        EnrolmentFactory(pupil=PupilFactory(school=open_school, upn=upn))
    rows = [
        "A1,2025-09-09,AM,N,,",
        "A1,2025-09-09,PM,\\,,",
        "A2,2025-09-09,AM,,9:05,",
        "A2,2025-09-10,AM,V,,'=Museum",
    ]
    path = write_csv(tmp_path, "first.csv", "upn,date,session,code,arrived_at,nature", *rows)
    with time_machine_at(datetime(2025, 10, 1, 12, 0, tzinfo=UTC)):
        done("import_marks", path, *HILL)
    with scope(school=open_school):
        yield open_school


def amend(
    code, *words, upn="A1", on="2025-09-09", half="AM", reason="A note from home", by="office@hill.example"
):
    return run(
        "amend_mark",
        *HILL,
        "--upn",
        upn,
        "--date",
        on,
        "--session",
        half,
        "--code",
        code,
        "--reason",
        reason,
        "--by",
        by,
        *words,
    )


def exported(*words):
    """Return the rows of an export as dictionaries."""
    return list(csv.DictReader(io.StringIO(done("export_marks", *HILL, *AUTUMN, *words).out)))


class TestAmendMark:
    def test_replaces_the_code_and_keeps_the_original(self, within, office):
        ran = amend("I", "--json")

        assert (ran.status, ran.lines) == (
            0,
            [{"upn": "A1", "date": "2025-09-09", "session": "AM", "code": "I"}],
        )
        mark = Mark.objects.get(pupil__upn="A1", session__half="AM")
        assert (mark.code_id, mark.recorded_by) == ("I", office)
        entry = MarkEntry.objects.select_related("batch").latest("batch_id")
        assert (
            entry.old_code,
            entry.new_code,
            entry.batch.reason,
            entry.batch.by_name,
            entry.batch.by_position,
        ) == ("N", "I", "A note from home", "Olive Office", "Office attendance contact")

    def test_records_a_mark_where_none_was(self, within, office):
        assert amend("L", "--arrived-at", "9:10", on="2025-09-11").status == 0

        assert Mark.objects.get(session__on=date(2025, 9, 11)).arrived_at.isoformat() == "09:10:00"

    @pytest.mark.parametrize(
        ("change", "problem"),
        [
            ({"code": "N"}, "The mark is N already: nothing was changed."),
            ({"code": "I", "reason": "  "}, "An amendment needs a reason."),
            ({"code": "I", "upn": "A9"}, "There is no pupil A9 at this school."),
            ({"code": "I", "on": "2025-10-27"}, "The calendar has no AM session on 2025-10-27."),
            ({"code": "I", "on": "2026-05-04"}, "The school was closed for this session."),
            ({"code": "\\"}, "Code \\ is for PM sessions only."),
            ({"code": "H"}, "Code H was withdrawn after 2024-08-18."),
            ({"code": "XYZ"}, "Code 'XYZ' is not a national attendance code."),
            ({"code": "C2"}, "Code C2 needs a part-time timetable for this session."),
            ({"code": "I", "by": "nobody"}, "'nobody' is not an e-mail address."),
            ({"code": "I", "reason": "caf\udce9"}, "An option holds bytes that are not UTF-8 text."),
            (
                {"code": "I", "by": "teacher@hill.example"},
                "teacher@hill.example may not amend a closed register at this school.",
            ),
        ],
    )
    def test_is_refused_in_one_line_and_changes_nothing(self, within, office, class_teacher, change, problem):
        before = everything_stored()

        ran = amend(**change)

        assert (ran.status, ran.out, ran.problems) == (1, "", [problem])
        assert everything_stored() == before

    def test_of_too_long_a_nature_is_refused_in_one_line(self, within, office):
        before = everything_stored()

        ran = amend("V", "--nature", "x" * 201)

        assert (ran.status, ran.problems) == (
            1,
            ["The database refused the change: value too long for type character varying(200)"],
        )
        assert everything_stored() == before

    @pytest.mark.parametrize("missing", ["--upn", "--date", "--session", "--code", "--reason", "--by"])
    def test_needs_every_option(self, within, missing, capsys):
        words = {
            "--upn": "A1",
            "--date": "2025-09-09",
            "--session": "AM",
            "--code": "I",
            "--reason": "x",
            "--by": "a@b.example",
        }  # fmt: skip
        del words[missing]

        ran = run("amend_mark", *HILL, *[word for pair in words.items() for word in pair])

        assert ran.status == 2
        assert f"the following arguments are required: {missing}" in capsys.readouterr().err


class TestExportMarks:
    def test_prints_the_register_by_day_half_and_pupil(self, within):
        ran = done("export_marks", *HILL, *AUTUMN)

        author = "system@rollcall.invalid,2025-10-01T13:00:00+01:00"
        assert ran.out.splitlines() == [
            "upn,date,session,code,arrived_at,nature,recorded_by,recorded_at",
            f"A1,2025-09-09,AM,N,,,{author}",
            f"A2,2025-09-09,AM,L,09:05,,{author}",
            f"A1,2025-09-09,PM,\\,,,{author}",
            f"A2,2025-09-10,AM,V,,'=Museum,{author}",
        ]

    def test_prints_objects_without_the_guard_against_formulas(self, within):
        ran = done("export_marks", *HILL, *AUTUMN, "--upn", "a2", "--json")

        assert [(line["upn"], line["code"], line["arrived_at"], line["nature"]) for line in ran.lines] == [
            ("A2", "L", "09:05", ""),
            ("A2", "V", "", "=Museum"),
        ]

    def test_covers_the_days_asked_for(self, within):
        assert [row["code"] for row in exported("--from", "2025-09-10", "--to", "2025-09-10")] == ["V"]

    def test_is_empty_without_marks(self, within):
        ran = done("export_marks", *HILL, "--from", "2026-01-01", "--to", "2026-01-31")

        assert ran.out == "upn,date,session,code,arrived_at,nature,recorded_by,recorded_at\n"

    def test_shows_the_register_as_it_stood_at_a_moment(self, within, office):
        amend("I")  # in July 2026

        def at_that_moment(moment):
            rows = exported("--upn", "A1", "--as-at", moment)
            return [(row["session"], row["code"], row["recorded_by"]) for row in rows]

        system = "system@rollcall.invalid"
        assert at_that_moment("2025-10-01T12:59:59") == []
        assert at_that_moment("2025-10-01T13:00") == [("AM", "N", system), ("PM", "\\", system)]
        assert at_that_moment("2025-10-01T12:00:00+00:00") == [("AM", "N", system), ("PM", "\\", system)]
        assert at_that_moment("2026-07-16T09:59:59") == [("AM", "N", system), ("PM", "\\", system)]
        assert at_that_moment("2026-07-16T10:00") == [
            ("AM", "I", "office@hill.example"),
            ("PM", "\\", system),
        ]

    def test_shows_no_mark_where_one_was_cleared(self, within, office):
        with attribution(by=office, at=datetime(2026, 1, 5, tzinfo=UTC), reason="Never due"):
            Mark.objects.filter(pupil__upn="A1", session__half="AM", academic_year=2025).delete()

        assert [row["code"] for row in exported("--upn", "A1", "--as-at", "2025-12-31T00:00")] == ["N", "\\"]
        assert [row["code"] for row in exported("--upn", "A1", "--as-at", "2026-01-31T00:00")] == ["\\"]

    def test_can_be_imported_again_without_changing_anything(self, within, tmp_path):
        path = tmp_path / "export.csv"
        path.write_text(done("export_marks", *HILL, *AUTUMN).out, encoding="utf-8")
        before = everything_stored()

        ran = done("import_marks", path, *HILL, "--json")

        assert (ran.lines[0]["rows"], ran.lines[0]["unchanged"]) == (4, 4)
        assert everything_stored() == before

    def test_fills_another_school_with_the_same_register(self, within, other_school, tmp_path):
        for half in ("AM", "PM"):
            DayTimesFactory(school=other_school, half=half)
        for upn in ("A1", "A2"):
            EnrolmentFactory(pupil=PupilFactory(school=other_school, upn=upn))
        done("import_calendar", calendar_file(tmp_path, 2025), "--school", "vale")
        path = tmp_path / "export.csv"
        path.write_text(done("export_marks", *HILL, *AUTUMN).out, encoding="utf-8")

        done("import_marks", path, "--school", "vale")

        def marks_of(key):
            lines = done("export_marks", "--school", key, *AUTUMN).out.splitlines()
            return [line.rsplit(",", 2)[0] for line in lines]

        assert marks_of("vale") == marks_of("hill")

    @pytest.mark.parametrize("moment", ["2025-10-01", "yesterday"])
    def test_needs_a_moment_and_not_a_day(self, within, moment, capsys):
        ran = run("export_marks", *HILL, *AUTUMN, "--as-at", moment)

        assert ran.status == 2
        assert f"{moment!r} is not a date and time: write it as 2025-09-03T15:30" in capsys.readouterr().err


class TestFigures:
    def test_counts_every_pupil_on_roll_in_the_period(self, within):
        EnrolmentFactory(pupil=PupilFactory(school=within, upn="A3"), starts_on=date(2025, 10, 31))
        EnrolmentFactory(pupil=PupilFactory(school=within, upn="A4"), starts_on=date(2025, 11, 3))

        ran = done("figures", *HILL, *AUTUMN, "--json")

        assert ran.lines == [
            {
                "upn": "A1",
                "possible": 2,
                "attended": 1,
                "authorised": 0,
                "unauthorised": 1,
                "absent": 1,
                "late": 0,
                "by_code": {"N": 1, "\\": 1},
                "attendance_pct": "50.0",
                "persistent": True,
                "severe": True,
            },
            {
                "upn": "A2",
                "possible": 2,
                "attended": 2,
                "authorised": 0,
                "unauthorised": 0,
                "absent": 0,
                "late": 1,
                "by_code": {"L": 1, "V": 1},
                "attendance_pct": "100.0",
                "persistent": False,
                "severe": False,
            },
            {
                "upn": "A3",
                "possible": 0,
                "attended": 0,
                "authorised": 0,
                "unauthorised": 0,
                "absent": 0,
                "late": 0,
                "by_code": {},
                "attendance_pct": None,
                "persistent": False,
                "severe": False,
            },
        ]

    def test_reads_as_a_sentence_without_json(self, within):
        ran = done("figures", *HILL, *AUTUMN, "--upn", "A1")

        assert ran.out == "A1  50.0 % (1 of 2 sessions)\n"

    def test_of_nobody_known_is_refused(self, within):
        ran = run("figures", *HILL, *AUTUMN, "--upn", "A9")

        assert (ran.status, ran.err) == (1, "There is no pupil A9 at this school.\n")

    def test_of_a_period_that_ends_before_it_begins_is_wrong_usage(self, within):
        ran = run("figures", *HILL, "--from", "2025-10-02", "--to", "2025-10-01")

        assert (ran.status, ran.err) == (2, "--to is before --from.\n")

    def test_cost_the_same_statements_for_two_pupils_and_for_thirty(
        self, within, django_assert_max_num_queries
    ):
        with django_assert_max_num_queries(20) as few:
            done("figures", *HILL, *AUTUMN, "--json")
        for _ in range(28):
            EnrolmentFactory(pupil=PupilFactory(school=within))
        with django_assert_max_num_queries(20) as many:
            ran = done("figures", *HILL, *AUTUMN, "--json")

        assert (len(ran.lines), len(many)) == (30, len(few))
