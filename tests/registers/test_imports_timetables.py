"""Part-time timetables as a file, without which C2 is refused."""

from datetime import date

import pytest
from django_scopes import scope

from registers.models import PartTimeTimetable, Session
from tests.commands import everything_stored, run, write_csv
from tests.factories.registers import EnrolmentFactory, MarkFactory, PupilFactory

pytestmark = [pytest.mark.django_db]

HEADER = "upn,first_day,last_day,review_on,agreed_on,absent_sessions"
NOVEMBER = "A1,2025-11-03,2025-11-28,2025-12-01,2025-10-24,Mon PM;Tue PM"


@pytest.fixture
def within(open_school):
    for upn in ("A1", "A2"):
        EnrolmentFactory(pupil=PupilFactory(school=open_school, upn=upn))
    with scope(school=open_school):
        yield open_school


def import_rows(tmp_path, *rows, options=()):
    path = write_csv(tmp_path, "timetables.csv", HEADER, *rows)
    return run("import_timetables", path, "--school", "hill", "--json", *options)


def timetables():
    return [
        (
            timetable.pupil.upn,
            timetable.first_day,
            timetable.last_day,
            timetable.review_on,
            timetable.agreed_on,
            sorted((absence.weekday, absence.half) for absence in timetable.absent_sessions.all()),
        )
        for timetable in PartTimeTimetable.objects.select_related("pupil").order_by("pupil__upn", "first_day")
    ]


class TestATimetable:
    def test_excuses_from_the_sessions_it_names(self, tmp_path, within):
        ran = import_rows(tmp_path, NOVEMBER)

        assert ran.lines == [
            {"file": "timetables.csv", "added": 1, "changed": 0, "unchanged": 0, "dry_run": False}
        ]
        assert timetables() == [
            (
                "A1",
                date(2025, 11, 3),
                date(2025, 11, 28),
                date(2025, 12, 1),
                date(2025, 10, 24),
                [(0, "PM"), (1, "PM")],
            )
        ]

    def test_lets_c2_stand_there(self, tmp_path, within):
        import_rows(tmp_path, NOVEMBER)
        marks = write_csv(tmp_path, "marks.csv", "upn,date,session,code", "A1,2025-11-03,PM,C2")

        assert run("import_marks", marks, "--school", "hill").status == 0

    def test_is_the_same_when_the_file_comes_again(self, tmp_path, within):
        import_rows(tmp_path, NOVEMBER)
        before = everything_stored()

        ran = import_rows(tmp_path, NOVEMBER.replace("Mon PM;Tue PM", "tuesday pm; Monday PM"))

        assert ran.lines[0]["unchanged"] == 1
        assert everything_stored() == before

    def test_is_changed_by_a_file_that_differs(self, tmp_path, within):
        import_rows(tmp_path, NOVEMBER)

        ran = import_rows(tmp_path, "A1,2025-11-03,2025-12-05,2025-12-08,2025-10-24,Mon PM;Wed AM")

        assert ran.lines[0]["changed"] == 1
        assert timetables() == [
            (
                "A1",
                date(2025, 11, 3),
                date(2025, 12, 5),
                date(2025, 12, 8),
                date(2025, 10, 24),
                [(0, "PM"), (2, "AM")],
            )
        ]

    def test_may_follow_another(self, tmp_path, within):
        import_rows(tmp_path, NOVEMBER)

        ran = import_rows(tmp_path, "A1,2025-11-29,2025-12-19,2025-12-19,2025-11-28,Fri AM")

        assert (ran.status, len(timetables())) == (0, 2)

    def test_under_c2_marks_cannot_be_taken_away(self, tmp_path, within):
        import_rows(tmp_path, NOVEMBER)
        pupil = PartTimeTimetable.objects.get().pupil
        session = Session.objects.get(on=date(2025, 11, 24), half="PM")
        MarkFactory(pupil=pupil, session=session, code_id="C2")
        before = everything_stored()

        ran = import_rows(tmp_path, NOVEMBER.replace("2025-11-28", "2025-11-21"))

        assert ran.problems == [
            "timetables.csv: line 2, column absent_sessions:"
            " 1 C2 mark of pupil A1 would be left without a timetable"
        ]
        assert everything_stored() == before


class TestAWrongFile:
    @pytest.mark.parametrize(
        ("row", "fault"),
        [
            (NOVEMBER.replace("A1", "A9"), "column upn: there is no pupil A9 at this school"),
            (NOVEMBER, "column first_day: pupil A1 has two timetables from this day"),
            (
                "A2,2025-11-28,2025-11-03,2025-12-01,2025-10-24,Mon PM",
                "column last_day: is before the first day",
            ),
            (
                "A2,2025-11-03,2025-11-28,2025-11-02,2025-10-24,Mon PM",
                "column review_on: is before the first day",
            ),
            (
                "A2,2025-11-03,2025-11-28,2025-12-01,2025-11-04,Mon PM",
                "column agreed_on: is after the first day: leave is agreed in advance",
            ),
            (
                "A2,2025-11-03,2025-11-28,2025-12-01,2025-10-24,Mon",
                "column absent_sessions: 'Mon' is not a session of the week: write Mon PM;Tue PM",
            ),
            (
                "A2,2025-11-03,2025-11-28,2025-12-01,2025-10-24,Sat AM",
                "column absent_sessions: 'Sat AM' is not a session of the week: write Mon PM;Tue PM",
            ),
            (
                "A1,2025-11-28,2025-12-19,2025-12-19,2025-11-28,Mon PM",
                "column first_day: pupil A1 has a timetable from 2025-11-03 to 2025-11-28 already",
            ),
            ("A2,2025-11-03,2025-11-28,2025-12-01,,Mon PM", "column agreed_on: is empty"),
        ],
    )
    def test_is_refused_whole(self, tmp_path, within, row, fault):
        before = everything_stored()

        ran = import_rows(tmp_path, NOVEMBER, row)

        assert (ran.status, ran.out, ran.problems) == (1, "", [f"timetables.csv: line 3, {fault}"])
        assert everything_stored() == before

    def test_that_reaches_into_a_stored_timetable_is_refused(self, tmp_path, within):
        import_rows(tmp_path, NOVEMBER)

        ran = import_rows(tmp_path, "A1,2025-10-06,2025-11-03,2025-11-03,2025-10-01,Mon PM")

        assert ran.problems == [
            "timetables.csv: line 2, column first_day:"
            " pupil A1 has a timetable from 2025-11-03 to 2025-11-28 already"
        ]

    def test_is_only_looked_at_in_a_trial_run(self, tmp_path, within):
        before = everything_stored()

        ran = import_rows(tmp_path, NOVEMBER, options=["--dry-run"])

        assert (ran.status, ran.lines[0]["added"]) == (0, 1)
        assert everything_stored() == before
