"""`add_school`: a school with its times and its first policy version, or one line saying what is missing."""

from datetime import date, time

import pytest
from django_scopes import scope

from accounts.models import School
from escalation.rules.loading import SHIPPED, shipped_text
from escalation.services.policies import policy_in_force
from registers.models import DayTimes
from tests.commands import everything_stored, run
from tests.escalation.policies import changed

pytestmark = [pytest.mark.django_db]

AFTERNOON = ("--pm-opens", "13:00", "--pm-closes", "13:15")


def times_of(school):
    """Return the times as {(half, weekday): (opens, late after, closes, day ends)}."""
    with scope(school=school):
        return {
            (row.half, row.weekday): (row.opens_at, row.late_after, row.closes_at, row.day_ends_at)
            for row in DayTimes.objects.all()
        }


class TestAShippedPolicy:
    def test_makes_a_school_with_its_times(self):
        ran = run("add_school", "werrington", *AFTERNOON, "--json")

        assert (ran.status, ran.err) == (0, "")
        assert ran.lines == [{"school": "werrington", "name": "Werrington Primary School"}]
        school = School.objects.get()
        assert (school.key, school.trust, school.phase, school.local_authority, school.leaving_year) == (
            "werrington",
            "Soke Education Trust",
            "primary",
            "Peterborough City Council",
            "6",
        )
        assert times_of(school) == {
            ("AM", None): (time(8, 50), time(8, 50), time(9, 20), time(15, 5)),
            ("PM", None): (time(13), time(13), time(13, 15), time(15, 5)),
        }

    def test_is_in_force_over_all_the_history_a_school_may_bring(self):
        run("add_school", "werrington", *AFTERNOON)

        school = School.objects.get()
        with scope(school=school):
            version, policy = policy_in_force(school, date(2018, 8, 1))
        assert (version.number, policy.school.key) == (1, "werrington")

    def test_keeps_the_times_it_states_and_says_which_options_it_does_not_use(self):
        ran = run("add_school", "lunts_heath", *AFTERNOON, "--day-ends", "15:00")

        assert (ran.status, ran.problems) == (
            0,
            [
                "Note: the policy states 13:30: --pm-closes is not used.",
                "Note: the policy states when the day ends: --day-ends is not used.",
            ],
        )
        assert times_of(School.objects.get())["PM", None] == (time(13), time(13), time(13, 30), time(15, 15))

    def test_may_have_a_day_that_ends_early(self):
        assert run("add_school", "leedon", *AFTERNOON).status == 0

        assert {key: row[3] for key, row in times_of(School.objects.get()).items()} == {
            ("AM", None): time(15, 30),
            ("AM", 4): time(13, 30),
            ("PM", None): time(15, 30),
            ("PM", 4): time(13, 30),
        }

    def test_may_leave_the_end_of_the_day_to_the_school(self):
        assert run("add_school", "welbourn", *AFTERNOON, "--day-ends", "15:20").status == 0

        assert {row[3] for row in times_of(School.objects.get()).values()} == {time(15, 20)}

    @pytest.mark.parametrize("key", SHIPPED)
    def test_becomes_a_school_with_all_three_options(self, key):
        assert run("add_school", key, *AFTERNOON, "--day-ends", "15:15").status == 0

        assert School.objects.get().key == key


class TestAPolicyFile:
    def test_makes_a_school_of_its_own_key(self, tmp_path):
        path = tmp_path / "ours.yaml"
        path.write_text(changed("werrington", ("key: werrington", "key: hilltop")), encoding="utf-8")

        assert run("add_school", path, *AFTERNOON).status == 0

        assert School.objects.get().key == "hilltop"

    def test_with_faults_has_each_named_on_a_line(self, tmp_path):
        path = tmp_path / "ours.yaml"
        path.write_text("colour: red\n" + shipped_text("werrington"), encoding="utf-8")
        before = everything_stored()

        ran = run("add_school", path, *AFTERNOON)

        assert (ran.status, ran.out) == (1, "")
        assert "ours.yaml: line 1: colour: unknown key" in ran.problems
        assert everything_stored() == before

    @pytest.mark.parametrize(
        ("content", "fault"),
        [
            (b"", "ours.yaml: "),
            (b"\xff\xfe", "ours.yaml: the file is not UTF-8 text (byte 0)."),
            (b"[1, 2", "ours.yaml: "),
        ],
    )
    def test_that_is_none_gets_one_line(self, tmp_path, content, fault):
        path = tmp_path / "ours.yaml"
        path.write_bytes(content)

        ran = run("add_school", path, *AFTERNOON)

        assert (ran.status, len(ran.problems)) == (1, 1)
        assert ran.problems[0].startswith(fault)


class TestWhatIsMissing:
    @pytest.mark.parametrize(
        ("words", "problem"),
        [
            (
                ["werrington"],
                "werrington.yaml does not state every time of the day: give --pm-opens"
                " and --pm-closes (GEN-13).",
            ),
            (
                ["lunts_heath"],
                "lunts_heath.yaml does not state every time of the day: give --pm-opens (GEN-13).",
            ),
            (
                ["welbourn", *AFTERNOON],
                "welbourn.yaml does not state every time of the day: give --day-ends (GEN-13).",
            ),
            (
                ["nowhere"],
                f"There is no policy nowhere: it is neither a file nor one of {', '.join(SHIPPED)}.",
            ),
            (
                ["werrington", "--pm-opens", "13:00", "--pm-closes", "13:31"],
                "The PM register may be open for at most 30 minutes.",
            ),
            (
                ["leedon", "--pm-opens", "13:15", "--pm-closes", "13:30"],
                "The PM register must close before the day ends (Friday).",
            ),
            (
                ["werrington", "--pm-opens", "13:15", "--pm-closes", "13:00"],
                "The PM register cannot close before arrivals count as late.",
            ),
        ],
    )
    def test_or_wrong_is_said_in_one_line(self, words, problem):
        before = everything_stored()

        ran = run("add_school", *words)

        assert (ran.status, ran.out, ran.problems) == (1, "", [problem])
        assert everything_stored() == before

    def test_is_a_time(self, capsys):
        ran = run("add_school", "werrington", "--pm-opens", "1pm", "--pm-closes", "13:15")

        assert ran.status == 2
        assert "argument --pm-opens: '1pm' is not a time: write it as 08:50" in capsys.readouterr().err


class TestTheSameSchoolAgain:
    def test_is_refused_in_one_line(self):
        run("add_school", "werrington", *AFTERNOON)
        before = everything_stored()

        ran = run("add_school", "werrington", *AFTERNOON)

        assert (ran.status, ran.problems) == (
            1,
            ["There is a school with the key 'werrington' already: nothing was changed."],
        )
        assert everything_stored() == before
