"""Attendance history as a file: codes by date and half, arrivals by the school's times, all or nothing."""

from datetime import UTC, date, datetime, time

import pytest
from django_scopes import scope

from accounts.models import Event, User
from registers.models import Mark, MarkEntry, Session
from registers.services import history
from tests.calendars import calendar_file
from tests.commands import done, everything_stored, run, write_csv
from tests.factories.registers import EnrolmentFactory, PupilFactory

pytestmark = [pytest.mark.django_db]

HEADER = "upn,date,session,code"
FULL_HEADER = f"{HEADER},arrived_at,nature"


@pytest.fixture
def within(open_school):
    """Hill with two pupils: A1 of compulsory age, and A2 who turns five in January and joins on 8 Sept."""
    EnrolmentFactory(pupil=PupilFactory(school=open_school, upn="A1"))
    young = PupilFactory(school=open_school, upn="A2", date_of_birth=date(2021, 1, 15))
    EnrolmentFactory(pupil=young, starts_on=date(2025, 9, 8))
    with scope(school=open_school):
        yield open_school


def import_rows(tmp_path, *rows, header=HEADER, options=()):
    return run("import_marks", write_csv(tmp_path, "marks.csv", header, *rows), "--school", "hill", *options)


def marks():
    return [
        (
            mark.pupil.upn,
            mark.session.on.isoformat(),
            mark.session.half,
            mark.code_id,
            mark.arrived_at,
            mark.nature,
        )
        for mark in Mark.objects.select_related("pupil", "session").order_by("pupil__upn", "session__number")
    ]


def counts(ran):
    """Return the numbers of a report that are not zero."""
    return {key: value for key, value in ran.lines[0].items() if value and key not in ("file", "dry_run")}


class TestAFileOfMarks:
    def test_is_recorded(self, tmp_path, within):
        ran = import_rows(
            tmp_path,
            "A1,2025-09-09,AM,/,,",
            "A1,2025-09-09,PM,\\,,",
            "A1,2025-09-10,AM,I,,",
            "A1,2025-09-11,AM,L,9:05,",
            "A1,2025-09-12,AM,V,,Museum",
            header=FULL_HEADER,
            options=["--json"],
        )

        assert (ran.status, ran.err) == (0, "")
        assert ran.lines == [
            {
                "file": "marks.csv",
                "rows": 5,
                "recorded": 5,
                "present": 0,
                "amended": 0,
                "unchanged": 0,
                "closed": 0,
                "dry_run": False,
            }
        ]
        assert marks() == [
            ("A1", "2025-09-09", "AM", "/", None, ""),
            ("A1", "2025-09-09", "PM", "\\", None, ""),
            ("A1", "2025-09-10", "AM", "I", None, ""),
            ("A1", "2025-09-11", "AM", "L", time(9, 5), ""),
            ("A1", "2025-09-12", "AM", "V", None, "Museum"),
        ]

    def test_is_written_down_for_the_program_as_one_batch_of_history(self, tmp_path, within, summer_holidays):
        import_rows(tmp_path, "A1,2025-09-09,AM,/", "A1,2025-09-09,PM,I")

        entries = MarkEntry.objects.select_related("batch")
        assert {(e.batch.by_name, e.batch.reason, e.batch.entries_count, e.batch.at) for e in entries} == {
            ("Rollcall", "", 2, summer_holidays)
        }
        assert {mark.source for mark in Mark.objects.all()} == {"import"}
        assert history.first_fault(within) is None

    def test_may_be_written_down_for_a_person(self, tmp_path, within, office):
        import_rows(tmp_path, "A1,2025-09-09,AM,/", options=["--by", office.email])

        batch = MarkEntry.objects.get().batch
        assert (batch.by, batch.by_name, batch.by_position) == (
            office,
            "Olive Office",
            "Office attendance contact",
        )

    def test_is_told_in_the_log_without_names(self, tmp_path, within):
        import_rows(tmp_path, "A1,2025-09-09,AM,/")

        event = Event.objects.latest("pk")
        assert (event.kind, event.data["recorded"]) == ("marks.imported", 1)

    def test_needs_no_rows(self, tmp_path, within):
        ran = import_rows(tmp_path, options=["--json"])

        assert (ran.status, counts(ran)) == (0, {})


class TestArrivals:
    def test_become_codes_by_the_times_of_their_session(self, tmp_path, within):
        import_rows(
            tmp_path,
            "A1,2025-09-09,AM,,8:50,",
            "A1,2025-09-10,AM,,08:51,",
            "A1,2025-09-11,AM,,09:20:59,",
            "A1,2025-09-12,AM,,09:21,",
            "A1,2025-09-09,PM,,13:00,",
            "A1,2025-09-10,PM,,13:15,",
            "A1,2025-09-11,PM,,13:16,",
            "A1,2026-01-06,AM,,08:50,",
            header=FULL_HEADER,
        )

        assert [
            (day, half, code, arrived.strftime("%H:%M")) for _, day, half, code, arrived, _ in marks()
        ] == [
            ("2025-09-09", "AM", "/", "08:50"),
            ("2025-09-09", "PM", "\\", "13:00"),
            ("2025-09-10", "AM", "L", "08:51"),
            ("2025-09-10", "PM", "L", "13:15"),
            ("2025-09-11", "AM", "L", "09:20"),
            ("2025-09-11", "PM", "U", "13:16"),
            ("2025-09-12", "AM", "U", "09:21"),
            ("2026-01-06", "AM", "/", "08:50"),  # winter time: the clock on the wall counts
        ]


class TestTheSameFileAgain:
    def test_changes_nothing(self, tmp_path, within):
        rows = ("A1,2025-09-09,AM,,9:05,", "A1,2025-09-09,PM,V,,Museum", "A1,2026-05-04,AM,#,,")
        import_rows(tmp_path, *rows, header=FULL_HEADER)
        before = everything_stored()

        ran = import_rows(tmp_path, *rows, header=FULL_HEADER, options=["--json"])

        assert counts(ran) == {"rows": 3, "unchanged": 2, "closed": 1}
        assert everything_stored() == before

    def test_may_come_without_the_columns_it_says_nothing_in(self, tmp_path, within):
        import_rows(tmp_path, "A1,2025-09-09,AM,,9:05,", header=FULL_HEADER)

        ran = import_rows(tmp_path, "A1,2025-09-09,AM,L", options=["--json"])

        assert counts(ran) == {"rows": 1, "unchanged": 1}
        assert marks() == [("A1", "2025-09-09", "AM", "L", time(9, 5), "")]


class TestAMarkThatDiffers:
    @pytest.fixture
    def recorded(self, tmp_path, within):
        import_rows(tmp_path, "A1,2025-09-09,AM,N,,", "A1,2025-09-09,PM,L,13:05,", header=FULL_HEADER)

    def test_is_refused(self, tmp_path, recorded):
        before = everything_stored()

        ran = import_rows(
            tmp_path,
            "A1,2025-09-10,AM,/,,",
            "A1,2025-09-09,AM,I,,",
            "A1,2025-09-09,PM,L,13:09,",
            header=FULL_HEADER,
        )

        assert (ran.status, ran.problems) == (
            1,
            [
                "marks.csv: line 3, column code: the register has N, not I;"
                " give --amend-reason and --by to amend it",
                "marks.csv: line 4, column arrived_at: the register has L with another arrival time or"
                " nature; give --amend-reason and --by to amend it",
            ],
        )
        assert everything_stored() == before

    def test_is_amended_with_a_reason_and_an_author(self, tmp_path, recorded, office):
        ran = import_rows(
            tmp_path,
            "A1,2025-09-10,AM,/",
            "A1,2025-09-09,AM,I",
            options=["--amend-reason", "Doctor's note", "--by", office.email.upper(), "--json"],
        )

        assert counts(ran) == {"rows": 2, "recorded": 1, "amended": 1}
        assert marks()[0] == ("A1", "2025-09-09", "AM", "I", None, "")
        amendment = MarkEntry.objects.select_related("batch").get(old_code__isnull=False)
        assert (
            amendment.old_code,
            amendment.new_code,
            amendment.batch.reason,
            amendment.batch.by_name,
            amendment.batch.by_position,
        ) == ("N", "I", "Doctor's note", "Olive Office", "Office attendance contact")

    def test_loses_its_arrival_time_with_its_code_only(self, tmp_path, recorded, office):
        options = ["--amend-reason", "Mistaken", "--by", office.email]

        import_rows(tmp_path, "A1,2025-09-09,PM,U", options=options)
        assert marks()[1] == ("A1", "2025-09-09", "PM", "U", None, "")

    def test_by_somebody_unknown_names_the_address(self, tmp_path, recorded):
        import_rows(
            tmp_path, "A1,2025-09-09,AM,I", options=["--amend-reason", "x", "--by", "clerk@council.example"]
        )

        author = User.objects.get(email="clerk@council.example")
        assert (author.name, author.is_active, author.has_usable_password()) == (
            "clerk@council.example",
            False,
            False,
        )
        assert MarkEntry.objects.filter(batch__by=author).count() == 1

    @pytest.mark.parametrize("who", ["class_teacher", "governor", "other_head", "parent", "former_office"])
    def test_is_not_amended_for_somebody_who_may_not(self, tmp_path, recorded, request, who):
        email = request.getfixturevalue(who).email
        before = everything_stored()

        ran = import_rows(tmp_path, "A1,2025-09-09,AM,I", options=["--amend-reason", "x", "--by", email])

        assert (ran.status, ran.problems) == (1, [f"{email} may not amend a closed register at this school."])
        assert everything_stored() == before


class TestClosedSessions:
    @pytest.fixture
    def snowed_in(self, tmp_path, within):
        path = write_csv(
            tmp_path,
            "cal.csv",
            "kind,name,first_day,last_day",
            "emergency_closure,Snow,2025-11-18,2025-11-18",
        )
        done("import_calendar", path, "--school", "hill")

    def test_store_nothing_of_what_the_calendar_says(self, tmp_path, snowed_in):
        ran = import_rows(
            tmp_path,
            "A1,2026-05-04,AM,#",
            "A1,2025-10-27,AM,#",
            "A1,2025-09-06,PM,#",
            "A1,2025-11-18,PM,Y4",
            options=["--json"],
        )

        assert (ran.err, counts(ran)) == ("", {"rows": 4, "closed": 4})
        assert marks() == []

    @pytest.mark.parametrize(
        ("row", "fault"),
        [
            (
                "A1,2025-09-09,AM,#",
                "column code: code # says that the school was closed;"
                " by the calendar it was open on 2025-09-09 AM",
            ),
            (
                "A1,2025-09-09,AM,Y4",
                "column code: code Y4 says that the school was closed;"
                " by the calendar it was open on 2025-09-09 AM",
            ),
            (
                "A1,2025-11-18,AM,#",
                "column date: the school was closed in an emergency (Y4) on 2025-11-18 AM",
            ),
            ("A1,2026-05-04,AM,/", "column date: the school was closed (#) on 2026-05-04 AM"),
            ("A1,2026-05-04,AM,Y4", "column date: the school was closed (#) on 2026-05-04 AM"),
            ("A1,2025-10-27,AM,/", "column date: the calendar has no AM session on 2025-10-27"),
            ("A1,2026-09-07,AM,#", "column date: the calendar has no AM session on 2026-09-07"),
        ],
    )
    def test_refuse_anything_else(self, tmp_path, snowed_in, row, fault):
        ran = import_rows(tmp_path, row)

        assert (ran.status, ran.problems) == (1, [f"marks.csv: line 2, {fault}"])


class TestLegacyCodes:
    @pytest.fixture
    def long_ago(self, tmp_path, open_school):
        rows = [
            "half_term,Summer 2,2024-06-03,2024-07-19",
            "half_term,Autumn 1,2024-09-04,2024-10-25",
            "emergency_closure,Heat,2024-07-12,2024-07-12",
        ]
        done(
            "import_calendar",
            write_csv(tmp_path, "cal.csv", "kind,name,first_day,last_day", *rows),
            "--school",
            "hill",
        )
        EnrolmentFactory(pupil=PupilFactory(school=open_school, upn="A1"), starts_on=date(2023, 9, 1))
        with scope(school=open_school):
            yield open_school

    def test_stand_on_days_when_they_were_in_use(self, tmp_path, long_ago):
        ran = import_rows(
            tmp_path, "A1,2024-07-15,AM,H", "A1,2024-07-16,AM,J", "A1,2024-07-17,AM,Y", "A1,2024-07-12,AM,Y",
            options=["--json"],
        )  # fmt: skip

        assert counts(ran) == {"rows": 4, "recorded": 3, "closed": 1}
        figures = run(
            "figures", "--school", "hill", "--from", "2024-06-03", "--to", "2024-07-19", "--json"
        ).lines
        assert [(f["possible"], f["attended"], f["authorised"], f["by_code"]) for f in figures] == [
            (2, 1, 1, {"H": 1, "J": 1, "Y": 1})
        ]

    @pytest.mark.parametrize(
        ("row", "fault"),
        [
            ("A1,2024-09-04,AM,H", "code H was withdrawn after 2024-08-18"),
            ("A1,2024-09-04,AM,J", "code J was withdrawn after 2024-08-18"),
            ("A1,2024-09-04,AM,Y", "code Y was withdrawn after 2024-08-18"),
            ("A1,2024-07-15,AM,F", "code F was withdrawn after 2014-04-20"),
            ("A1,2024-07-15,AM,J1", "code J1 was not yet in use on 2024-07-15"),
            ("A1,2024-07-15,AM,C2", "code C2 was not yet in use on 2024-07-15"),
        ],
    )
    def test_and_new_ones_are_refused_on_the_wrong_side(self, tmp_path, long_ago, row, fault):
        ran = import_rows(tmp_path, row)

        assert ran.problems == [f"marks.csv: line 2, column code: {fault}"]


class TestAWrongFile:
    @pytest.mark.parametrize(
        ("row", "fault"),
        [
            ("A9,2025-09-09,AM,/,,", "column upn: there is no pupil A9 at this school"),
            ("A1,2025-09-09,AM,PP,,", "column code: 'PP' is not a national attendance code"),
            ("A1,2025-09-09,AM,i,,", "column code: 'i' is not a national attendance code"),
            ("A1,2025-09-09,AM,-,,", "column code: '-' is not a national attendance code"),
            ("A1,2025-09-09,AM,Z,,", "column code: code Z is for pupils not yet on roll: leave the row out"),
            ("A1,2025-09-09,PM,/,,", "column code: code / is for AM sessions only"),
            ("A1,2025-09-09,AM,\\,,", "column code: code \\ is for PM sessions only"),
            ("A1,2025-09-09,AM,X,,", "column code: code X is only for pupils outside compulsory school age"),
            ("A2,2025-09-09,AM,C2,,", "column code: code C2 is only for pupils of compulsory school age"),
            (
                "A1,2025-09-09,AM,C2,,",
                "column code: code C2 needs a part-time timetable that excuses the pupil on 2025-09-09 AM",
            ),
            (
                "A2,2025-09-05,AM,/,,",
                "column date: pupil A2 was not on roll on 2025-09-05 (joined 2025-09-08)",
            ),
            ("A1,2025-09-06,AM,/,,", "column date: the calendar has no AM session on 2025-09-06"),
            ("A1,2025-09-09,AM,,,", "column code: is empty, and there is no arrived_at to tell it from"),
            ("A1,2025-09-09,AM,I,09:00,", "column arrived_at: an arrival time does not go with code I"),
            ("A1,2025-09-09,AM,,9.05,", "column arrived_at: '9.05' is not a time: write it as 08:50"),
            ("A1,2025-09-09,noon,/,,", "column session: 'noon' is not a session: write AM or PM"),
            ("A1,2025-09-10,AM,I,,", "column session: stands on line 2 already"),
            ("A1,2025-09", "has 2 cells, the header has 6"),
            ('A1,"2025-09-09,AM,/,,', "begins a quotation that never ends"),
        ],
    )
    def test_is_refused_whole_with_line_and_column(self, tmp_path, within, row, fault):
        before = everything_stored()

        ran = import_rows(tmp_path, "A1,2025-09-10,AM,/,,", row, header=FULL_HEADER)

        place = "line 3, " if fault.startswith("column") else "line 3: "
        assert (ran.status, ran.out, ran.problems) == (1, "", [f"marks.csv: {place}{fault}"])
        assert everything_stored() == before

    def test_has_its_faults_in_the_order_of_its_lines(self, tmp_path, within):
        import_rows(tmp_path, "A1,2025-09-09,AM,N")

        ran = import_rows(
            tmp_path,
            "A1,2025-09-09,AM,I",
            "A9,2025-09-09,AM,I",
            "A1,2025-09-10,AM,I",
            "A1,2025-09-10,AM,I",
            "A1,2025-09-11,AM",
        )

        assert [problem.split(":")[1].strip() for problem in ran.problems] == [
            "line 2, column code",
            "line 3, column upn",
            "line 5, column session",
            "line 6",
        ]

    def test_with_very_many_faults_shows_fifty(self, tmp_path, within):
        ran = import_rows(tmp_path, *["A9,2025-09-09,AM,/"] * 62)

        assert (len(ran.problems), ran.problems[-1]) == (51, "marks.csv: and 12 more")


class TestATrialRun:
    def test_says_what_it_would_do_and_does_not(self, tmp_path, within):
        before = everything_stored()

        ran = import_rows(tmp_path, "A1,2025-09-09,AM,/", options=["--dry-run", "--json"])

        assert (ran.status, ran.lines[0]["recorded"], ran.lines[0]["dry_run"]) == (0, 1, True)
        assert everything_stored() == before


class TestTheRestPresent:
    OPTIONS = ("--rest-present", "--from", "2025-09-03", "--to", "2025-09-12", "--json")

    def test_fills_every_other_possible_session_of_everybody_on_roll(self, tmp_path, within):
        import_rows(tmp_path, "A1,2025-09-04,PM,N")

        ran = import_rows(tmp_path, "A1,2025-09-09,AM,I", options=self.OPTIONS)

        # A1: 8 days; A2 from the 8th: 5 days. One mark stood there, one is in the file.
        assert counts(ran) == {"rows": 1, "recorded": 25, "present": 24}
        of_first = {(day, half): code for upn, day, half, code, _, _ in marks() if upn == "A1"}
        assert len(of_first) == 16
        assert {key: code for key, code in of_first.items() if code not in ("/", "\\")} == {
            ("2025-09-04", "PM"): "N",
            ("2025-09-09", "AM"): "I",
        }
        assert all(
            code == {"AM": "/", "PM": "\\"}[half] for upn, _, half, code, _, _ in marks() if upn == "A2"
        )

    def test_leaves_closed_sessions_and_leavers_alone(self, tmp_path, within):
        ran = import_rows(
            tmp_path, options=["--rest-present", "--from", "2026-05-01", "--to", "2026-05-05", "--json"]
        )

        assert counts(ran) == {"recorded": 8, "present": 8}

    def test_changes_nothing_the_second_time(self, tmp_path, within):
        import_rows(tmp_path, "A1,2025-09-09,AM,I", options=self.OPTIONS)
        before = everything_stored()

        ran = import_rows(tmp_path, "A1,2025-09-09,AM,I", options=self.OPTIONS)

        assert counts(ran) == {"rows": 1, "unchanged": 1}
        assert everything_stored() == before

    @pytest.mark.parametrize(
        ("options", "problem"),
        [
            (["--rest-present"], "--rest-present needs --from and --to."),
            (["--rest-present", "--from", "2025-09-03"], "--rest-present needs --from and --to."),
            (["--from", "2025-09-03", "--to", "2025-09-12"], "--from and --to go with --rest-present."),
            (["--rest-present", "--from", "2025-09-12", "--to", "2025-09-03"], "--to is before --from."),
            (["--amend-reason", "x"], "--amend-reason needs --by: an amendment has an author."),
            (["--amend-reason", " ", "--by", "a@b.example"], "--amend-reason needs a text."),
        ],
    )
    def test_and_other_options_that_do_not_go_together_are_wrong_usage(
        self, tmp_path, within, options, problem
    ):
        ran = import_rows(tmp_path, options=options)

        assert (ran.status, ran.problems) == (2, [problem])


class TestManyMarks:
    def test_cost_the_same_statements_as_few(self, tmp_path, within, django_assert_max_num_queries):
        days = [
            d.isoformat()
            for d in Session.objects.filter(status="held", half="AM").values_list("on", flat=True)
        ]
        import_rows(tmp_path, "A1,2025-09-03,AM,/")
        with django_assert_max_num_queries(60) as few:
            import_rows(tmp_path, f"A1,{days[1]},AM,/")
        with django_assert_max_num_queries(60) as many:
            import_rows(tmp_path, *[f"A1,{day},AM,/" for day in days[2:]])

        assert len(many) == len(few)
        assert Mark.objects.count() == 190

    def test_may_span_years(self, tmp_path, within):
        done("import_calendar", calendar_file(tmp_path, 2024), "--school", "hill")
        EnrolmentFactory(pupil=PupilFactory(school=within, upn="A3"), starts_on=date(2024, 9, 1))

        ran = import_rows(tmp_path, "A3,2024-09-04,AM,/", "A3,2025-09-03,AM,/", options=["--json"])

        assert counts(ran) == {"rows": 2, "recorded": 2}
        assert sorted(Mark.objects.values_list("academic_year", flat=True)) == [2024, 2025]


class TestANature:
    def test_comes_back_from_behind_the_guard_against_formulas(self, tmp_path, within):
        import_rows(tmp_path, "A1,2025-09-09,AM,V,,'=HYPERLINK(1)", header=FULL_HEADER)

        assert marks()[0][5] == "=HYPERLINK(1)"


def test_instants_are_not_rounded(tmp_path, within, time_machine_at):
    with time_machine_at(datetime(2026, 7, 16, 9, 0, 0, 123456, tzinfo=UTC)):
        import_rows(tmp_path, "A1,2025-09-09,AM,/")

    assert Mark.objects.get().recorded_at == datetime(2026, 7, 16, 9, 0, 0, 123456, tzinfo=UTC)
