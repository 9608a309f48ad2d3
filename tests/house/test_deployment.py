"""What a server is set up with: settings documented, containers watched, versions the same everywhere."""

import ast
import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from attendance_site.celery import app
from attendance_site.embedded import postgres
from tools import health, set_up

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
READERS = {"text", "required", "boolean", "number", "choice", "hours", "items", "folder", "moment"}


def settings_read_by_the_code() -> set[str]:
    """Every name that our code hands to a reader of attendance_site/env.py."""
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True)
    names = set()
    for path in listed.stdout.split():
        if path.startswith("tests/") or not (ROOT / path).exists():
            continue
        for node in ast.walk(ast.parse((ROOT / path).read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and (node.func.value.id, node.func.attr in READERS) == ("env", True)
            ):
                assert isinstance(node.args[0], ast.Constant), f"{path}: the name of a setting is written out"
                names.add(node.args[0].value)
    return names


def settings_of_the_example() -> dict[str, str]:
    """Name and comment of every setting in .env.example."""
    found, comment = {}, ""
    for line in (ROOT / ".env.example").read_text().splitlines():
        if line.startswith("#"):
            comment += line[1:]
        elif "=" in line:
            found[line.split("=")[0]] = comment
            comment = ""
        else:
            comment = ""
    return found


def services() -> dict[str, Any]:
    return dict(yaml.safe_load(COMPOSE)["services"])


class TestTheExampleOfSettings:
    def test_names_every_setting_and_no_other(self) -> None:
        used_by_containers = set(re.findall(r"\$\{([A-Z_]+)", COMPOSE))

        assert set(settings_of_the_example()) == settings_read_by_the_code() | used_by_containers

    def test_says_what_each_is_for(self) -> None:
        assert [name for name, comment in settings_of_the_example().items() if len(comment) < 30] == []

    def test_holds_no_value(self) -> None:
        lines = (ROOT / ".env.example").read_text().splitlines()

        assert [line for line in lines if not line.startswith("#") and line.strip().partition("=")[2]] == []


class TestTheContainers:
    def test_are_web_worker_beat_database_and_broker(self) -> None:
        assert sorted(services()) == ["beat", "postgres", "redis", "web", "worker"]

    @pytest.mark.parametrize("name", ["beat", "postgres", "redis", "web", "worker"])
    def test_have_a_health_check_and_a_volume_each(self, name: str) -> None:
        service, volumes = services()[name], yaml.safe_load(COMPOSE)["volumes"]

        assert service["healthcheck"]["test"][0] == "CMD"
        assert service["volumes"][0].split(":")[0] in volumes

    @pytest.mark.parametrize("name", ["beat", "web", "worker"])
    def test_of_ours_are_checked_by_our_own_command(self, name: str) -> None:
        assert services()[name]["healthcheck"]["test"] == ["CMD", "python", "-m", "tools.health", name]

    def test_take_every_secret_from_the_environment(self) -> None:
        values = [
            str(value)
            for service in services().values()
            for name, value in service["environment"].items()
            if re.search("PASSWORD|SECRET|AUTH|URL", name)
        ]

        assert len(values) == 14
        assert [value for value in values if not re.search(r"\$\{[A-Z_]+:\?set it in \.env\}", value)] == []

    def test_show_the_world_nothing_but_a_loopback_port(self) -> None:
        published = {name: service["ports"] for name, service in services().items() if "ports" in service}

        assert published == {"web": ["127.0.0.1:8000:8000"]}

    def test_run_the_database_that_trials_and_tests_run(self) -> None:
        assert services()["postgres"]["image"] == f"postgres:{postgres.VERSION}"
        order = "--locale=C --locale-provider=builtin --builtin-locale=C.UTF-8"
        assert order in services()["postgres"]["environment"]["POSTGRES_INITDB_ARGS"]
        for option in order.split():
            assert option in (ROOT / "attendance_site/embedded/postgres.py").read_text()

    def test_mount_files_that_exist(self) -> None:
        mounted = [volume for volume in services()["postgres"]["volumes"] if volume.startswith("./")]

        assert [volume.split(":")[0] for volume in mounted] == ["./deploy/create-role.sh"]
        assert os.access(ROOT / "deploy/create-role.sh", os.X_OK)

    def test_let_only_the_migration_own_the_database(self) -> None:
        with_owner = [name for name, service in services().items() if "DATABASE_OWNER_URL" in str(service)]
        command = services()["web"]["command"]

        assert with_owner == ["web"]
        assert command.index("migrate") < command.index("env -u DATABASE_OWNER_URL gunicorn")
        assert services()["worker"]["environment"]["DATABASE_URL"].startswith("postgres://rollcall_app:")


class TestTheImage:
    def test_has_the_libraries_and_the_installer_that_the_set_up_has(self) -> None:
        assert [package for *_, package in set_up.LIBRARIES if package not in DOCKERFILE] == []
        assert f"pip install --no-cache-dir {set_up.UV}\n" in DOCKERFILE

    def test_does_not_run_as_root(self) -> None:
        assert re.findall(r"^USER (.*)$", DOCKERFILE, flags=re.MULTILINE) == ["rollcall"]


class TestHealth:
    def test_of_beat_is_lost_when_it_writes_no_more(self, tmp_path: Path) -> None:
        never = health.beat(tmp_path)
        timetable = tmp_path / "celerybeat-schedule"
        timetable.touch()
        lately = health.beat(tmp_path)
        long_ago = time.time() - 601
        os.utime(timetable, (long_ago, long_ago))

        assert (never, lately, health.beat(tmp_path)) == (False, True, False)

    def test_of_a_web_server_that_does_not_run_is_bad(self) -> None:
        assert health.web(port=1) is False

    def test_of_an_unknown_part_is_a_usage_error(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert health.main(["printer"]) == 2
        assert capsys.readouterr().err == "usage: python -m tools.health web|worker|beat\n"


class TestTheTimetable:
    def test_names_tasks_that_exist(self) -> None:
        app.loader.import_default_modules()

        planned = [entry["task"] for entry in app.conf.beat_schedule.values()]
        assert [name for name in planned if name not in app.tasks] == []

    def test_sends_every_task_to_a_queue_that_workers_read(self) -> None:
        app.loader.import_default_modules()
        read = {queue.name for queue in app.conf.task_queues}
        ours = [name for name in app.tasks if not name.startswith("celery.")]
        used = {name: app.amqp.router.route({}, name)["queue"].name for name in ours}

        assert [name for name, queue in used.items() if queue not in read] == []
        assert used["escalation.tasks.sweep_all"] == "sweep"
