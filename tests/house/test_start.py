"""What ./start says when it cannot run: one line, exit status 1, and nothing left behind."""

import fcntl
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from attendance_site import embedded

ROOT = Path(__file__).resolve().parents[2]


def start(home: Path, **environment: str) -> tuple[int, str]:
    """Run what ./start becomes after its set-up; return exit status and standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.start"],
        cwd=ROOT,
        env=os.environ | {"ROLLCALL_HOME": str(home)} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout == ""
    return done.returncode, done.stderr


class TestAStartThatCannotBe:
    def test_says_that_its_port_is_taken_and_offers_another(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            status, said = start(tmp_path / "home", PORT=str(port))

        assert status == 1
        taken = f"Port {port} cannot be used (Address already in use)"
        assert said == f"{taken}: try another, such as PORT={port + 1} ./start\n"
        assert embedded.running(tmp_path / "home") == []

    @pytest.mark.parametrize("written", ["abc", "-1", "0"])
    def test_says_that_its_port_is_no_number(self, tmp_path: Path, written: str) -> None:
        status, said = start(tmp_path / "home", PORT=written)

        assert (status, said) == (1, f"PORT={written} is not a whole number of 1 or more.\n")

    def test_says_that_it_runs_from_this_home_already(self, tmp_path: Path) -> None:
        home = tmp_path / "home"
        home.mkdir()
        with (home / ".start.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            status, said = start(home, PORT="8000")

        assert (status, said) == (
            1,
            f"Rollcall runs from {home} already: stop it first, or set ROLLCALL_HOME and PORT to others.\n",
        )
        assert embedded.running(home) == []

    def test_says_that_the_database_does_not_answer(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        status, said = start(
            tmp_path / "home",
            PORT=str(port),
            DATABASE_URL="postgres://a:b@127.0.0.1:1/x",
            REDIS_URL="redis://127.0.0.1:1/0",
            SECRET_KEY="0123456789-not-a-secret",
        )

        assert status == 1
        assert said.startswith("The database does not answer: connection failed: ")
        assert said.count("\n") == 1

    def test_says_which_argument_it_does_not_know(self, tmp_path: Path) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "tools.start", "--chekc"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.returncode == 2
        assert done.stderr.endswith("./start: error: unrecognized arguments: --chekc\n")
