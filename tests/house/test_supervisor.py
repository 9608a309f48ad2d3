"""Children that start together and stop together: real processes, real signals."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.supervisor import Child, ChildEndedError, supervised

ROOT = Path(__file__).resolve().parents[2]
# Each child writes its process number and sleeps; `nest` has a child of its own, as gunicorn and Celery have.
CHILD = """
import os, pathlib, subprocess, sys, time
folder, name, does = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
if does == "nest":
    subprocess.Popen([sys.executable, *sys.argv[:1], str(folder), f"{name}-nested", "sleep"])
if does == "deaf":
    import signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
fresh = folder / f"{name}.new"
fresh.write_text(str(os.getpid()))
fresh.rename(folder / f"{name}.pid")
while does != "end" or not (folder / "end").exists():
    time.sleep(0.02)
sys.exit(7)
"""
PARENT = """
import sys
from pathlib import Path
from tools import supervisor
supervisor.STOP_SECONDS = 1.0
folder = Path(sys.argv[1])
children = [
    supervisor.Child(name, [sys.executable, folder / "child.py", folder, name, does])
    for name, does in (part.split(":") for part in sys.argv[2:])
]
sys.exit(supervisor.run_for_ever(children, folder / "log"))
"""


class Family:
    """A supervisor with its children, and what is known about each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "child.py").write_text(CHILD)

    def start(self, *children: str) -> None:
        self.parent = subprocess.Popen(
            [sys.executable, "-c", PARENT, str(self.folder), *children],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )
        names = [child.split(":")[0] for child in children]
        names += [f"{child.split(':')[0]}-nested" for child in children if child.endswith(":nest")]
        self.pids = {name: self.pid(name) for name in names}

    def pid(self, name: str) -> int:
        path = self.folder / f"{name}.pid"
        wait_for(path.exists)
        return int(path.read_text())

    def end(self) -> tuple[int, str]:
        """Wait for the supervisor; return its exit status and what it said."""
        _, said = self.parent.communicate(timeout=30)
        return self.parent.returncode, said

    def living(self) -> list[str]:
        return [name for name, pid in self.pids.items() if is_alive(pid)]


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and is not yet collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_for(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Family]:
    made = Family(tmp_path)
    yield made
    if made.parent.poll() is None:
        made.parent.kill()
    made.parent.communicate()


class TestWhenOneChildEnds:
    def test_all_stop_and_one_line_names_it(self, family: Family) -> None:
        family.start("web:nest", "worker:end", "beat:sleep")

        (family.folder / "end").touch()
        status, said = family.end()

        log = family.folder / "log/worker.log"
        assert (status, said) == (1, f"Rollcall stops: the worker ended with status 7; see {log}\n")
        assert family.living() == []

    def test_all_stop_when_it_was_killed(self, family: Family) -> None:
        family.start("web:nest", "worker:sleep", "beat:sleep")

        os.kill(family.pids["beat"], signal.SIGKILL)
        status, said = family.end()

        log = family.folder / "log/beat.log"
        assert (status, said) == (1, f"Rollcall stops: the beat was ended by signal 9; see {log}\n")
        assert family.living() == []

    def test_what_it_left_behind_stops_too(self, family: Family) -> None:
        family.start("web:nest", "worker:sleep")

        os.kill(family.pids["web"], signal.SIGKILL)
        family.end()

        assert family.living() == []


class TestWhenSomebodyStopsTheSupervisor:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_all_stop_and_nothing_is_wrong(self, family: Family, number: signal.Signals) -> None:
        family.start("web:nest", "worker:sleep")

        family.parent.send_signal(number)
        status, said = family.end()

        assert (status, said) == (0, "")
        assert family.living() == []

    def test_a_child_that_does_not_listen_is_killed(self, family: Family) -> None:
        family.start("web:deaf")

        family.parent.send_signal(signal.SIGTERM)
        status, _ = family.end()

        assert status == 0
        assert family.living() == []

    def test_its_kill_does_not_leave_children_behind(self, family: Family) -> None:
        family.start("web:nest", "worker:sleep")

        family.parent.kill()
        family.end()

        wait_for(lambda: family.living() == [])


class TestASupervisedBlock:
    def test_stops_children_first_and_then_does_what_was_left_for_afterwards(self, tmp_path: Path) -> None:
        (tmp_path / "child.py").write_text(CHILD)
        seen: list[bool] = []
        with supervised(tmp_path / "log") as supervisor:
            supervisor.start(Child("web", [sys.executable, tmp_path / "child.py", tmp_path, "web", "sleep"]))
            wait_for((tmp_path / "web.pid").exists)
            pid = int((tmp_path / "web.pid").read_text())
            supervisor.afterwards.append(lambda: seen.append(is_alive(pid)))

        assert seen == [False]

    def test_ends_when_its_watchman_is_killed(self, tmp_path: Path) -> None:
        with (
            pytest.raises(ChildEndedError, match=r"^Rollcall stops: its watchman was ended$"),
            supervised(tmp_path / "log") as supervisor,
        ):
            supervisor.watchman.kill()
            supervisor.wait(lambda: False, seconds=10)

    def test_keeps_what_a_child_says_in_its_log(self, tmp_path: Path) -> None:
        command = [sys.executable, "-uc", "print('tick'); import time; time.sleep(60)"]
        log = tmp_path / "log/beat.log"
        with supervised(tmp_path / "log") as supervisor:
            supervisor.start(Child("beat", command))
            supervisor.wait(lambda: log.stat().st_size == 5, seconds=20)

        assert log.read_text() == "tick\n"
