"""Every file: its size, its imports, its tasks, and the words that pages say."""

import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class
from django.template import engines
from django.utils.module_loading import import_string

from attendance_site.celery import app as celery
from tests.whole.test_data import OUR_APPS
from tools import house_rules

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.suffix in (".html", ".txt"))
SOURCES = sorted(
    path for app in OUR_APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts
)


def modules() -> list[str]:
    """Return the name of every module of ours."""
    packages = [importlib.import_module(name) for name in (*OUR_APPS, "attendance_site")]
    return [
        module.name
        for package in packages
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        # They start a server, or run as a program.
        if not module.name.endswith(("__main__", "gunicorn_conf"))
    ]


class TestEveryModule:
    @pytest.mark.parametrize("name", modules())
    def test_can_be_imported(self, name):
        importlib.import_module(name)


class TestEveryFile:
    def test_keeps_the_rules_of_the_house(self):
        # Also files that are not tracked yet: a rule must not wait for the commit.
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )

        assert list(house_rules.breaches(listed.stdout.split("\0")[:-1])) == []


def is_called(name: str, code: str) -> bool:
    """Say whether a task is sent to workers somewhere, by its function or by its name."""
    function = name.rsplit(".", 1)[1]
    by_function = rf"\b{function}\.(delay|apply_async|s|si)\b"
    by_name = rf"send_task\(\s*\"{re.escape(name)}\""
    return re.search(f"{by_function}|{by_name}", code) is not None


class TestBackgroundWork:
    def test_of_the_timetable_can_be_imported(self):
        for name, entry in celery.conf.beat_schedule.items():
            task = import_string(entry["task"])
            assert celery.tasks[entry["task"]].name == task.name, name

    def test_is_all_in_the_timetable_or_called(self):
        celery.loader.import_default_modules()
        ours = {name for name in celery.tasks if name.split(".")[0] in OUR_APPS}
        on_time = {entry["task"] for entry in celery.conf.beat_schedule.values()}
        code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
        called = {name for name in ours if is_called(name, code)}

        assert ours - on_time - called == set()
        assert {"escalation.tasks.sweep_all", "letters.tasks.render_letter"} <= ours

    def test_goes_to_queues_that_a_worker_takes_from(self):
        queues = {queue.name for queue in celery.conf.task_queues}
        routed = {route["queue"] for route in celery.conf.task_routes.values()}

        assert routed <= queues
        assert celery.conf.task_default_queue in queues


class TestCommands:
    def test_can_be_loaded(self):
        ours = {name: app for name, app in get_commands().items() if app in OUR_APPS}

        for name, app in ours.items():
            assert load_command_class(app, name).help, name
        assert "sweep" in ours


class TestEveryTemplate:
    @pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
    def test_can_be_read(self, path):
        engines["django"].get_template(str(path.relative_to(ROOT / "templates")))

    @pytest.mark.parametrize(
        "path",
        [p for p in TEMPLATES if p.suffix == ".html"],
        ids=lambda path: str(path.relative_to(ROOT / "templates")),
    )
    def test_has_no_script_or_style_of_its_own(self, path):
        text = re.sub(
            r"{% comment %}.*?{% endcomment %}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL
        )

        scripts = [
            tag for tag in re.findall(r"<script\b[^>]*>", text) if "src=" not in tag and "json" not in tag
        ]
        assert scripts == []
        assert re.findall(r"<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:|hx-on", text) == []

    def test_loads_nothing_from_another_machine(self):
        outside = re.compile(r"(?:src|href|action)\s*=\s*[\"'](?:https?:)?//", re.IGNORECASE)
        found = {
            str(path.relative_to(ROOT)): outside.findall(
                re.sub(r"<a\b[^>]*>", "", path.read_text(encoding="utf-8"))
            )
            for path in TEMPLATES
        }

        assert {name: links for name, links in found.items() if links} == {}


class TestWords:
    @pytest.mark.parametrize("word", ["student", "parental unit", "lorem"])
    def test_that_no_page_says(self, word):
        texts = [*TEMPLATES, *SOURCES, *(ROOT / "static" / "rollcall").rglob("*.js")]
        assert texts

        assert [
            str(p.relative_to(ROOT)) for p in texts if word in p.read_text(encoding="utf-8").lower()
        ] == []

    def test_of_pages_are_spelt_as_in_england(self):
        american = re.compile(
            r"\b(?:color|center|behavior|enrollment|canceled|organize)\b(?!\s*[:=(\-.])", re.IGNORECASE
        )
        found = {}
        for path in TEMPLATES:
            text = re.sub(r"{[%#].*?[%#]}|<[^>]*>", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
            if words := american.findall(text):
                found[str(path.relative_to(ROOT))] = words

        assert found == {}


class TestImports:
    def test_run_one_way_only(self):
        done = subprocess.run(
            [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.returncode == 0, done.stdout
