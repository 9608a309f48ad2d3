"""What holds for every command: exit statuses, one clear line, JSON alone, and a database that is ready."""

import io
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import School
from attendance_site import embedded
from registers.commands import Progress
from tests.commands import everything_stored, run, write_csv

ROOT = Path(__file__).resolve().parents[2]
IMPORTS = (
    "import_calendar",
    "import_pupils",
    "import_contacts",
    "import_marks",
    "import_timetables",
    "import_previous_marks",
)
PERIOD = ("--from", "2025-09-01", "--to", "2025-10-31")


@pytest.mark.django_db
class TestASchoolNobodyKnows:
    def test_is_named_beside_those_there_are(self, school, other_school):
        ran = run("figures", "--school", "dale", *PERIOD)

        assert (ran.status, ran.out) == (1, "")
        assert ran.err == "There is no school with the key 'dale': there are hill, vale.\n"

    def test_is_told_from_having_none(self):
        ran = run("figures", "--school", "dale", *PERIOD)

        assert ran.err == "There is no school with the key 'dale': add one with ./manage.py add_school.\n"
        assert School.objects.count() == 0


@pytest.mark.django_db
class TestAFileThatCannotBeRead:
    @pytest.mark.parametrize("name", IMPORTS)
    def test_gets_one_line(self, name, school, tmp_path):
        missing = tmp_path / "missing.csv"

        ran = run(name, missing, "--school", "hill")

        assert (ran.status, ran.err) == (1, f"{missing}: no such file or directory.\n")

    @pytest.mark.parametrize("name", IMPORTS)
    def test_gets_one_line_when_it_is_a_folder(self, name, school, tmp_path):
        ran = run(name, tmp_path, "--school", "hill")

        assert (ran.status, ran.err) == (1, f"{tmp_path}: is a directory.\n")

    @pytest.mark.parametrize("name", IMPORTS)
    def test_gets_one_line_when_it_is_empty(self, name, school, tmp_path):
        path = tmp_path / "empty.csv"
        path.touch()
        before = everything_stored()

        ran = run(name, path, "--school", "hill")

        assert (ran.status, ran.out, ran.err) == (1, "", "empty.csv: the file is empty\n")
        assert everything_stored() == before

    @pytest.mark.parametrize("name", IMPORTS)
    def test_gets_one_line_when_it_is_another_kind_of_file(self, name, school, tmp_path):
        ran = run(name, write_csv(tmp_path, "other.csv", "colour,size", "red,1"), "--school", "hill")

        assert ran.status == 1
        assert all(line.startswith("other.csv: line 1, column ") for line in ran.problems)


@pytest.mark.django_db
class TestWrongUsage:
    @pytest.mark.parametrize("name", [*IMPORTS, "amend_mark", "export_marks", "figures"])
    def test_ends_with_status_two(self, name, capsys):
        assert run(name).status == 2
        assert "the following arguments are required: --school" in capsys.readouterr().err

    def test_is_a_shortened_option(self, school, capsys):
        assert run("figures", "--scho", "hill", *PERIOD).status == 2
        assert "the following arguments are required: --school" in capsys.readouterr().err

    def test_is_a_date_that_is_none(self, school, capsys):
        assert run("figures", "--school", "hill", "--from", "1/9/2025", "--to", "2025-10-31").status == 2
        assert "'1/9/2025' is not a date: write it as 2025-09-03" in capsys.readouterr().err


@pytest.mark.django_db
class TestHelp:
    @pytest.mark.parametrize("name", [*IMPORTS, "amend_mark", "export_marks", "figures", "add_school"])
    def test_names_the_options_and_ends_well(self, name, capsys):
        assert run(name, "--help").status == 0

        said = capsys.readouterr().out
        assert "--json" in said
        assert "--pythonpath" not in said


@pytest.mark.django_db
class TestFromPython:
    def test_a_refusal_is_an_error_with_the_same_words(self, school, tmp_path):
        with pytest.raises(CommandError, match=r"no such file or directory\.$"):
            call_command("import_calendar", tmp_path / "missing.csv", school="hill")


class Terminal(io.StringIO):
    """Standard error as a terminal."""

    def isatty(self):
        return True


class TestProgress:
    def test_counts_up_on_one_line_of_a_terminal_and_clears_it(self, monkeypatch):
        monkeypatch.setattr(sys, "stderr", Terminal())
        progress = Progress("Reading marks.csv")

        progress(1000)
        progress(2000, 4000)
        progress.end()

        assert sys.stderr.getvalue() == (
            "\rReading marks.csv: 1,000 \rReading marks.csv: 2,000 of 4,000 \r\033[K"
        )

    def test_is_silent_elsewhere(self, capsys):
        progress = Progress("Reading marks.csv")

        progress(1000)
        progress.end()

        assert capsys.readouterr() == ("", "")


@pytest.mark.django_db
class TestAnInterruptedImport:
    def test_changes_nothing_and_says_so(self, school, tmp_path, monkeypatch):
        def interrupt(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr("registers.management.commands.import_calendar.present_moment", interrupt)
        path = write_csv(tmp_path, "cal.csv", "kind,name,first_day,last_day")
        before = everything_stored()

        ran = run("import_calendar", path, "--school", "hill")

        assert (ran.status, ran.out, ran.err) == (130, "", "Stopped; nothing was changed.\n")
        assert everything_stored() == before


@pytest.fixture
def empty_database(django_db_setup, django_db_blocker):
    """A database without tables beside the tests' own; its URL."""
    name = f"{connection.settings_dict['NAME']}_empty"
    with django_db_blocker.unblock():
        connection.ensure_connection()
        parameters = connection.connection.info.get_parameters()
        parameters["password"] = connection.connection.info.password
    with psycopg.connect(**parameters, autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}"')
        admin.execute(f'CREATE DATABASE "{name}"')
        yield settings.DATABASE_URL.replace("/rollcall?", f"/{name}?")
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def manage(*words, **environment):
    """Run ./manage.py in a process of its own, as people do."""
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


class TestADatabaseOfYourOwn:
    def test_without_tables_gets_one_line_saying_what_to_run(self, empty_database):
        ran = manage(
            "figures",
            "--school",
            "hill",
            *PERIOD,
            DATABASE_URL=empty_database,
            REDIS_URL="redis://localhost:1/0",
            SECRET_KEY="x" * 50,
            DEBUG="False",
        )

        assert (ran.returncode, ran.stdout) == (1, "")
        assert ran.stderr == "The database is not up to date: run ./manage.py migrate first.\n"

    def test_that_does_not_answer_gets_one_line(self):
        ran = manage(
            "figures",
            "--school",
            "hill",
            *PERIOD,
            DATABASE_URL="postgres://nobody:x@127.0.0.1:1/nothing",
            REDIS_URL="redis://localhost:1/0",
            SECRET_KEY="x" * 50,
            DEBUG="False",
        )

        assert (ran.returncode, ran.stdout) == (1, "")
        assert ran.stderr.startswith("The database does not answer: ")
        assert ran.stderr.count("\n") == 1


@pytest.fixture
def new_home():
    """A folder for servers of its own, which end with it."""
    folder = Path(tempfile.mkdtemp(prefix="rc"))
    folder.chmod(0o711)  # the servers' user walks through it
    yield folder / "home"
    embedded.stop(folder / "home")
    shutil.rmtree(folder)


class TestAMachineWithNothing:
    def test_is_ready_for_the_first_command_by_itself(self, new_home):
        words = ("add_school", "leedon", "--pm-opens", "13:00", "--pm-closes", "13:15", "--json")
        own_servers = {"ROLLCALL_HOME": str(new_home), "DATABASE_URL": "", "REDIS_URL": ""}

        first = manage(*words, **own_servers)
        second = manage(*words, **own_servers)

        assert (first.returncode, first.stderr) == (0, "")
        assert first.stdout == '{"school": "leedon", "name": "Leedon Lower School"}\n'
        assert (second.returncode, second.stdout) == (1, "")
        assert second.stderr == "There is a school with the key 'leedon' already: nothing was changed.\n"
