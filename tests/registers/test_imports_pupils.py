"""An admission register as a file: admissions, changes, moves between classes, leavers and flags."""

from datetime import UTC, date, datetime

import pytest
from django_scopes import scope

from registers.models import ClassGroup, ClassMembership, Enrolment, Pupil, PupilFlag, Session
from registers.rules.upn import has_right_check_letter
from tests.calendars import calendar_file
from tests.commands import done, everything_stored, run, write_csv
from tests.factories.registers import MarkFactory

pytestmark = [pytest.mark.django_db]

HEADER = "upn,surname,forename,date_of_birth,year_group,class_name,start_date"
FULL_HEADER = f"{HEADER},leaving_date,sex,fsm,sen,ehcp,flags"
UPN = "C999123425001"  # the check letter is right
ROBIN = f"{UPN},Ash,Robin,2016-03-15,5,Oak,2025-09-01"


@pytest.fixture
def within(open_school):
    with scope(school=open_school):
        yield open_school


def import_rows(tmp_path, *rows, header=HEADER, options=()):
    return run(
        "import_pupils", write_csv(tmp_path, "pupils.csv", header, *rows), "--school", "hill", *options
    )


def classes_of(upn=UPN):
    """Return the classes of a pupil as (year, name, year group, from, to)."""
    return [
        (m.class_group.academic_year, m.class_group.name, m.year_group, m.starts_on, m.ends_on)
        for m in ClassMembership.objects.filter(pupil__upn=upn)
        .select_related("class_group")
        .order_by("starts_on")
    ]


def times_on_roll(upn=UPN):
    return list(
        Enrolment.objects.filter(pupil__upn=upn).order_by("starts_on").values_list("starts_on", "leaving_on")
    )


def flags_of(upn=UPN):
    return list(
        PupilFlag.objects.filter(pupil__upn=upn)
        .order_by("name", "starts_on")
        .values_list("name", "starts_on", "ends_on")
    )


class TestANewPupil:
    def test_is_on_roll_and_in_a_class_from_the_start_date(self, tmp_path, within):
        ran = import_rows(tmp_path, ROBIN, options=["--json"])

        assert (ran.status, ran.err) == (0, "")
        assert ran.lines == [
            {
                "file": "pupils.csv",
                "added": 1,
                "changed": 0,
                "unchanged": 0,
                "classes_added": 1,
                "dry_run": False,
            }
        ]
        pupil = Pupil.objects.get()
        assert (pupil.upn, pupil.surname, pupil.forename) == (UPN, "Ash", "Robin")
        assert (pupil.date_of_birth, pupil.sex, pupil.fsm, pupil.sen, pupil.ehcp) == (
            date(2016, 3, 15),
            "",
            False,
            "N",
            False,
        )
        assert times_on_roll() == [(date(2025, 9, 1), None)]
        assert classes_of() == [(2025, "Oak", "5", date(2025, 9, 1), None)]

    def test_keeps_everything_the_optional_columns_say(self, tmp_path, within):
        row = f"{ROBIN},2026-02-13,f,yes,k,N,significant_medical; part_time_timetable"
        assert import_rows(tmp_path, row, header=FULL_HEADER).status == 0

        pupil = Pupil.objects.get()
        assert (pupil.sex, pupil.fsm, pupil.sen, pupil.ehcp) == ("F", True, "K", False)
        assert times_on_roll() == [(date(2025, 9, 1), date(2026, 2, 13))]
        assert classes_of() == [(2025, "Oak", "5", date(2025, 9, 1), date(2026, 2, 13))]
        assert flags_of() == [
            ("part_time_timetable", date(2025, 9, 1), None),
            ("significant_medical", date(2025, 9, 1), None),
        ]

    def test_who_joined_years_ago_is_in_a_class_of_this_year(self, tmp_path, within):
        import_rows(tmp_path, ROBIN.replace("2025-09-01", "2021-09-06"))

        assert classes_of() == [(2025, "Oak", "5", date(2021, 9, 6), None)]

    def test_of_the_same_class_shares_it(self, tmp_path, within):
        import_rows(tmp_path, ROBIN, "B2,Birch,Kim,2016-04-15,5,Oak,2025-09-01")

        assert list(ClassGroup.objects.values_list("academic_year", "name")) == [(2025, "Oak")]
        assert Pupil.objects.count() == 2

    def test_may_start_next_year(self, tmp_path, within):
        import_rows(tmp_path, ROBIN.replace("2025-09-01", "2026-09-01"))

        assert classes_of() == [(2026, "Oak", "5", date(2026, 9, 1), None)]

    def test_is_in_the_latest_year_of_an_older_calendar(self, tmp_path, within, time_machine_at):
        with time_machine_at(datetime(2027, 10, 1, tzinfo=UTC)):
            import_rows(tmp_path, ROBIN)

        assert classes_of()[0][0] == 2025

    def test_of_a_school_without_calendar_is_in_the_year_of_the_newest_admission(self, tmp_path, school):
        import_rows(tmp_path, ROBIN.replace("2025-09-01", "2024-09-04"))

        with scope(school=school):
            assert classes_of() == [(2024, "Oak", "5", date(2024, 9, 4), None)]


class TestTheSameFileAgain:
    @pytest.mark.parametrize("tail", ["", ",2026-02-13,F,yes,K,N,significant_medical", ",,,,,,"])
    def test_changes_nothing(self, tmp_path, within, tail):
        header = FULL_HEADER if tail else HEADER
        import_rows(tmp_path, ROBIN + tail, header=header)
        before = everything_stored()

        ran = import_rows(tmp_path, ROBIN + tail, header=header, options=["--json"])

        assert ran.lines[0]["unchanged"] == 1
        assert everything_stored() == before

    def test_or_another_costs_the_same_statements_for_two_pupils_and_for_thirty(
        self, tmp_path, within, django_assert_max_num_queries
    ):
        rows = [f"B{n},Birch,Kim,2016-04-15,5,Oak,2025-09-01" for n in range(33)]
        import_rows(tmp_path, rows[0])
        with django_assert_max_num_queries(60) as few:
            import_rows(tmp_path, *rows[1:3])
        with django_assert_max_num_queries(60) as many:
            import_rows(tmp_path, *rows[3:])

        assert len(many) == len(few)


class TestAChangedPupil:
    def test_takes_the_new_values_and_keeps_what_the_file_does_not_say(self, tmp_path, within):
        import_rows(tmp_path, f"{ROBIN},,F,yes,K,yes,significant_medical", header=FULL_HEADER)

        ran = import_rows(tmp_path, ROBIN.replace("Ash", "Ashdown"), options=["--json"])

        assert (ran.lines[0]["changed"], ran.lines[0]["added"]) == (1, 0)
        pupil = Pupil.objects.get()
        assert (pupil.surname, pupil.sex, pupil.fsm, pupil.sen, pupil.ehcp) == (
            "Ashdown",
            "F",
            True,
            "K",
            True,
        )
        assert flags_of() == [("significant_medical", date(2025, 9, 1), None)]

    def test_moves_to_another_class_on_the_day_given(self, tmp_path, within):
        import_rows(tmp_path, ROBIN)

        import_rows(tmp_path, ROBIN.replace("Oak", "Elm"), options=["--on", "2026-01-05"])

        assert classes_of() == [
            (2025, "Oak", "5", date(2025, 9, 1), date(2026, 1, 4)),
            (2025, "Elm", "5", date(2026, 1, 5), None),
        ]
        assert (
            import_rows(tmp_path, ROBIN.replace("Oak", "Elm"), options=["--json"]).lines[0]["unchanged"] == 1
        )

    def test_moves_up_with_the_new_year(self, tmp_path, within, time_machine_at):
        import_rows(tmp_path, ROBIN)
        new_year = write_csv(
            tmp_path, "cal.csv", "kind,name,first_day,last_day", "half_term,Autumn 1,2026-09-02,2026-10-23"
        )
        done("import_calendar", new_year, "--school", "hill")

        with time_machine_at(datetime(2026, 9, 10, tzinfo=UTC)):
            import_rows(tmp_path, ROBIN.replace("5,Oak", "6,Oak"))

        assert classes_of() == [
            (2025, "Oak", "5", date(2025, 9, 1), date(2026, 7, 31)),
            (2026, "Oak", "6", date(2026, 8, 1), None),
        ]

    def test_gets_another_year_group_in_the_same_class(self, tmp_path, within):
        import_rows(tmp_path, ROBIN)

        import_rows(tmp_path, ROBIN.replace("5,Oak", "4,Oak"))

        assert classes_of() == [(2025, "Oak", "4", date(2025, 9, 1), None)]

    def test_cannot_move_before_the_latest_move(self, tmp_path, within):
        import_rows(tmp_path, ROBIN)
        import_rows(tmp_path, ROBIN.replace("Oak", "Elm"), options=["--on", "2026-01-05"])
        before = everything_stored()

        ran = import_rows(tmp_path, ROBIN.replace("Oak", "Fir"), options=["--on", "2025-11-03"])

        assert ran.problems == [
            "pupils.csv: line 2, column class_name: the pupil moved to Elm on 2026-01-05,"
            " after the day of this list"
        ]
        assert everything_stored() == before

    def test_has_other_flags_from_the_day_given(self, tmp_path, within):
        import_rows(tmp_path, f"{ROBIN},,,,,,significant_medical;young_carer", header=FULL_HEADER)

        row = f"{ROBIN},,,,,,young_carer;part_time_timetable"
        import_rows(tmp_path, row, header=FULL_HEADER, options=["--on", "2026-01-05"])

        assert flags_of() == [
            ("part_time_timetable", date(2026, 1, 5), None),
            ("significant_medical", date(2025, 9, 1), date(2026, 1, 4)),
            ("young_carer", date(2025, 9, 1), None),
        ]


class TestALeaver:
    def test_is_off_roll_and_out_of_the_class_after_the_leaving_date(self, tmp_path, within):
        import_rows(tmp_path, ROBIN)

        import_rows(tmp_path, f"{ROBIN},2025-12-19,,,,,", header=FULL_HEADER)

        assert times_on_roll() == [(date(2025, 9, 1), date(2025, 12, 19))]
        assert classes_of() == [(2025, "Oak", "5", date(2025, 9, 1), date(2025, 12, 19))]

    def test_is_on_roll_again_when_the_file_takes_the_leaving_date_back(self, tmp_path, within):
        import_rows(tmp_path, f"{ROBIN},2025-12-19,,,,,", header=FULL_HEADER)

        import_rows(tmp_path, f"{ROBIN},,,,,,", header=FULL_HEADER)

        assert times_on_roll() == [(date(2025, 9, 1), None)]
        assert classes_of() == [(2025, "Oak", "5", date(2025, 9, 1), None)]

    def test_stays_off_roll_when_the_file_has_no_leaving_dates(self, tmp_path, within):
        import_rows(tmp_path, f"{ROBIN},2025-12-19,,,,,", header=FULL_HEADER)

        import_rows(tmp_path, ROBIN)

        assert times_on_roll() == [(date(2025, 9, 1), date(2025, 12, 19))]

    def test_may_come_back(self, tmp_path, within):
        import_rows(tmp_path, f"{ROBIN},2025-12-19,,,,,", header=FULL_HEADER)

        import_rows(tmp_path, ROBIN.replace("2025-09-01", "2026-04-13"))

        assert times_on_roll() == [(date(2025, 9, 1), date(2025, 12, 19)), (date(2026, 4, 13), None)]
        assert classes_of() == [
            (2025, "Oak", "5", date(2025, 9, 1), date(2025, 12, 19)),
            (2025, "Oak", "5", date(2026, 4, 13), None),
        ]

    def test_cannot_leave_marks_behind(self, tmp_path, within):
        import_rows(tmp_path, ROBIN)
        for day in (date(2025, 12, 18), date(2025, 12, 19)):
            MarkFactory(pupil=Pupil.objects.get(), session=Session.objects.get(on=day, half="AM"))
        before = everything_stored()

        ran = import_rows(tmp_path, f"{ROBIN},2025-12-17,,,,,", header=FULL_HEADER)

        assert ran.problems == [
            "pupils.csv: line 2, column leaving_date: the pupil has 2 marks from 2025-12-18 to 2025-12-19"
            " that would be off roll"
        ]
        assert everything_stored() == before


class TestACorrectedStart:
    def test_moves_roll_and_class(self, tmp_path, within):
        import_rows(tmp_path, ROBIN)

        import_rows(tmp_path, ROBIN.replace("2025-09-01", "2025-09-08"))

        assert times_on_roll() == [(date(2025, 9, 8), None)]
        assert classes_of() == [(2025, "Oak", "5", date(2025, 9, 8), None)]

    def test_cannot_leave_marks_behind(self, tmp_path, within):
        import_rows(tmp_path, ROBIN)
        MarkFactory(pupil=Pupil.objects.get(), session=Session.objects.get(on=date(2025, 9, 3), half="AM"))
        before = everything_stored()

        ran = import_rows(tmp_path, ROBIN.replace("2025-09-01", "2025-09-08"))

        assert ran.problems == [
            "pupils.csv: line 2, column start_date: the pupil has 1 mark from 2025-09-03 to 2025-09-03"
            " that would be off roll"
        ]
        assert everything_stored() == before


class TestAWrongFile:
    @pytest.mark.parametrize(
        ("row", "fault"),
        [
            (ROBIN, f"column upn: pupil {UPN} stands twice"),
            (
                "B2,Birch,Kim,2025-09-01,R,Elm,2025-09-01",
                "column date_of_birth: is not before the start date",
            ),
            (
                "B2,Birch,Kim,2016-02-30,5,Elm,2025-09-01",
                "column date_of_birth: '2016-02-30' is not a date: write it as 2025-09-03",
            ),
            (
                "B2,Birch,Kim,2016-02-03,Y5,Elm,2025-09-01",
                "column year_group: 'Y5' is not a year group: N, R or 1 to 13",
            ),
            ("B2,,Kim,2016-02-03,5,Elm,2025-09-01", "column surname: is empty"),
            ("B2,Birch,Kim,2016-02-03,5,Elm", "has 6 cells, the header has 7"),
        ],
    )
    def test_is_refused_whole(self, tmp_path, open_school, row, fault):
        before = everything_stored()

        ran = import_rows(tmp_path, ROBIN, row)

        place = "line 3: " if fault.startswith("has ") else "line 3, "
        assert (ran.status, ran.out, ran.problems) == (1, "", [f"pupils.csv: {place}{fault}"])
        assert everything_stored() == before

    def test_with_leaving_before_starting_is_refused(self, tmp_path, open_school):
        ran = import_rows(tmp_path, f"{ROBIN},2025-08-31,,,,,", header=FULL_HEADER)

        assert ran.problems == ["pupils.csv: line 2, column leaving_date: is before the start date"]


class TestATrialRun:
    def test_says_what_it_would_do_and_does_not(self, tmp_path, open_school):
        before = everything_stored()

        ran = import_rows(tmp_path, ROBIN, options=["--dry-run", "--json"])

        assert (ran.lines[0]["added"], ran.lines[0]["dry_run"]) == (1, True)
        assert everything_stored() == before


class TestCheckLetters:
    @pytest.mark.parametrize("upn", [UPN, "N999000000000", "H801200001001", "G80120000101A"])
    def test_that_are_right(self, upn):
        assert has_right_check_letter(upn)

    @pytest.mark.parametrize("upn", ["B999123425001", "A1", "A99912342500I", "A9991234250012"])
    def test_that_are_wrong(self, upn):
        assert not has_right_check_letter(upn)

    def test_that_are_wrong_are_pointed_out_and_taken(self, tmp_path, open_school):
        ran = import_rows(tmp_path, ROBIN.replace(UPN, "B999123425001"))

        assert (ran.status, ran.err) == (0, "Note: 1 UPN with a wrong check letter: B999123425001.\n")


class TestTwoSchools:
    def test_may_have_the_same_pupil(self, tmp_path, within, other_school):
        import_rows(tmp_path, ROBIN)

        path = write_csv(tmp_path, "pupils.csv", HEADER, ROBIN)
        assert run("import_pupils", path, "--school", "vale").status == 0

        assert Pupil.objects.count() == 1
        assert Pupil._base_manager.filter(upn=UPN).count() == 2


def test_a_calendar_may_come_after_the_pupils(tmp_path, school, open_school):
    done("import_calendar", calendar_file(tmp_path, 2024), "--school", "hill")

    assert import_rows(tmp_path, ROBIN).status == 0
