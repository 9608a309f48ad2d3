"""The set-up that ./start and ./test share: what it finds and installs, and what it says when it cannot."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools import progress, set_up

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def path_without_python(tmp_path: Path) -> Path:
    """A PATH that holds no more than a shell script needs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("dirname", "sh"):
        found = shutil.which(name)
        assert found
        (folder / name).symlink_to(found)
    return folder


def program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


class TestTheSearchForPython:
    @pytest.mark.parametrize("command", ["start", "test"])
    def test_says_in_one_line_what_is_missing(self, path_without_python: Path, command: str) -> None:
        done = subprocess.run(
            [ROOT / command],
            env={"PATH": str(path_without_python)},
            capture_output=True,
            text=True,
            check=False,
        )

        need = "Rollcall needs Python 3.11 or later, and finds none on the PATH"
        assert (done.returncode, done.stdout, done.stderr) == (
            1,
            "",
            f"{need}: install it, then run this again.\n",
        )

    def test_passes_over_one_that_is_too_old(self, path_without_python: Path) -> None:
        program(path_without_python / "python3", "exit 1")
        program(
            path_without_python / "python3.12",
            f'[ "$1" = -c ] || echo "$2 $3 from $0" > {path_without_python}/run',
        )

        subprocess.run(
            [ROOT / "test", "tests/house"], env={"PATH": str(path_without_python)}, check=True, cwd="/"
        )

        assert (path_without_python / "run").read_text().split()[:2] == ["test", "tests/house"]


class TestSystemPackages:
    def test_are_left_alone_when_all_are_there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        installed: list[list[str]] = []
        monkeypatch.setattr(set_up, "apt_install", installed.append)

        set_up.install_system_packages(with_browser=True)

        assert installed == []

    def test_are_installed_at_once_as_root_on_debian(self, monkeypatch: pytest.MonkeyPatch) -> None:
        installed: list[list[str]] = []
        monkeypatch.setattr(set_up, "apt_install", installed.append)
        monkeypatch.setattr(set_up, "_may_install", lambda: True)
        monkeypatch.setattr(set_up, "_loads", lambda linux, mac: linux != "libpango-1.0.so.0")
        monkeypatch.setattr(set_up, "_browser", lambda: False)
        monkeypatch.setattr(set_up, "_distribution", lambda: "debian")
        monkeypatch.setattr(set_up.shutil, "which", lambda name: f"/usr/bin/{name}")

        set_up.install_system_packages(with_browser=True)

        assert installed == [["libpango-1.0-0", "chromium-headless-shell"]]

    @pytest.mark.parametrize(
        ("tool", "advice"),
        [
            ("apt-get", "sudo apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0"),
            ("dnf", "sudo dnf install -y pango harfbuzz"),
            ("brew", "brew install pango harfbuzz"),
        ],
    )
    def test_are_named_in_one_line_to_run_for_everybody_else(
        self, monkeypatch: pytest.MonkeyPatch, tool: str, advice: str
    ) -> None:
        monkeypatch.setattr(set_up, "_may_install", lambda: False)
        monkeypatch.setattr(set_up, "_loads", lambda linux, mac: "libpango" not in linux)
        monkeypatch.setattr(set_up.shutil, "which", lambda name: f"/usr/bin/{name}" if name == tool else None)

        with pytest.raises(progress.StepFailedError) as refused:
            set_up.install_system_packages(with_browser=False)

        assert str(refused.value) == f"Rollcall needs packages that are missing here. Run: {advice}"


class TestPythonPackages:
    def test_are_not_installed_again_while_the_lock_file_is_the_same(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        commands: list[str] = []
        monkeypatch.setattr(set_up, "run", lambda title, *_, **__: commands.append(title))
        monkeypatch.setattr(set_up, "STAMP", tmp_path / "stamp")

        set_up.install_packages(with_tests=False)
        first = list(commands)
        set_up.install_packages(with_tests=False)
        second = list(commands)
        set_up.install_packages(with_tests=True)
        set_up.install_packages(with_tests=False)

        assert first[-1] == "Installing Python packages"
        assert second == first
        assert len(commands) == 2 * len(first)


class TestAStep:
    def test_is_silent_below_two_seconds(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        progress.run("Counting", [sys.executable, "-c", "print(1)"], tmp_path / "log")

        assert capsys.readouterr().err == ""
        assert (tmp_path / "log").read_text() == "1\n"

    def test_shows_itself_and_its_seconds_above(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(progress, "QUIET_SECONDS", 0.0)

        with progress.step("Counting"):
            pass

        assert capsys.readouterr().err in ("Counting … 0 s\n", "Counting …\nCounting … 0 s\n")

    def test_that_fails_shows_the_end_of_what_it_said_and_where_the_rest_is(self, tmp_path: Path) -> None:
        script = "print('\\n'.join(map(str, range(100)))); raise SystemExit(3)"

        with pytest.raises(progress.StepFailedError) as failed:
            progress.run("Counting", [sys.executable, "-c", script], tmp_path / "log")

        last = [*map(str, range(85, 100)), f"Counting failed with status 3; all it said: {tmp_path / 'log'}"]
        assert str(failed.value).split("\n") == last

    def test_whose_program_is_missing_says_so(self, tmp_path: Path) -> None:
        with pytest.raises(progress.StepFailedError, match=r"^Counting failed: .*No such file"):
            progress.run("Counting", [tmp_path / "missing"], tmp_path / "log")

    def test_hands_its_program_the_environment_and_what_is_added(self, tmp_path: Path) -> None:
        script = "import os; print(os.environ['ADDED'], os.environ['PATH'])"

        progress.run("Counting", [sys.executable, "-c", script], tmp_path / "log", ADDED="yes")

        assert (tmp_path / "log").read_text() == f"yes {os.environ['PATH']}\n"
