"""The benchmark runs and prints every line; how fast this machine is is no matter of a test."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
from django.conf import settings

from demo.benchmarks.figures import Figure, percentile

ROOT = Path(__file__).resolve().parents[2]


class TestTheBenchmark:
    def test_prints_every_figure_and_leaves_no_database(self) -> None:
        done = subprocess.run(
            [sys.executable, "manage.py", "benchmark", "--pupils", "420", "--quick", "--json"],
            cwd=ROOT,
            env={**os.environ, "ROLLCALL_HOME": str(settings.HOME)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

        assert done.returncode == 0, done.stderr
        figures = [json.loads(line) for line in done.stdout.splitlines()]
        assert [figure["name"].split(" of ")[0] for figure in figures] == [
            "register page",
            "save",
            "registers saved a second, 14 at once",
            "one",
            "call list",
            "bulk load",
            "verify_history",
        ]
        assert all(figure["p50"] > 0 for figure in figures)
        beside = {figure["name"]: figure["ratio"] for figure in figures if figure["bare"]}
        assert len(beside) == 5
        owner = settings.DATABASE_OWNER
        with psycopg.connect(dbname="rollcall", user=owner["USER"], host=owner["HOST"]) as connection:
            left = connection.execute("SELECT count(*) FROM pg_database WHERE datname LIKE 'rollcall_bench%'")
            assert left.fetchone() == (0,)


class TestAFigure:
    def test_says_how_it_stands_to_the_bare_sql(self) -> None:
        figure = Figure("page", "ms", 10.0, 20.0, bare=4.0, queries=5, target="p95 25 ms")

        assert figure.ratio == 2.5
        assert figure.as_words() == (
            "page: p50 10.0, p95 20.0 ms, 5 queries; bare SQL 4.0, ratio 2.5 (aim: p95 25 ms)"
        )

    def test_takes_the_value_below_which_a_share_lies(self) -> None:
        values = [float(number) for number in range(1, 101)]

        assert [percentile(values, share) for share in (0.5, 0.95, 1.0)] == [51.0, 96.0, 100.0]
