"""Running commands as a script does, and looking at all they left behind."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import get_commands, load_command_class
from django.db import connection


@dataclass(frozen=True)
class Ran:
    """What a command did: its exit status and what it printed."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Return standard output as one JSON object for each line; anything else there fails."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def problems(self) -> list[str]:
        """Return the lines of standard error."""
        return self.err.splitlines()


def run(name: str, *words: str | Path) -> Ran:
    """Run `./manage.py NAME WORDS…` inside this process and this test's transaction."""
    command = load_command_class(get_commands()[name], name)
    out, err = StringIO(), StringIO()
    command.stdout._out, command.stderr._out = out, err
    status = command.run(["manage.py", name, *map(str, words)])
    return Ran(status, out.getvalue(), err.getvalue())


def done(name: str, *words: str | Path) -> Ran:
    """Run a command that must succeed."""
    ran = run(name, *words)
    assert (ran.status, ran.err) == (0, ""), ran.err
    return ran


def write_csv(folder: Path, name: str, header: str, *rows: str) -> Path:
    """Write a CSV file and return where it is."""
    path = folder / name
    path.write_text("".join(f"{line}\n" for line in (header, *rows)), encoding="utf-8")
    return path


CONTENT = "SELECT count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {} AS t"


def everything_stored() -> dict[str, tuple[int, str]]:
    """Return the number of rows and a digest of the content of each of our tables."""
    stored = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
            " AND relname ~ '^(accounts|registers|letters|absences|escalation|reports)_'"
        )
        tables: Sequence[str] = [row[0] for row in cursor.fetchall()]
        for table in tables:
            cursor.execute(CONTENT.format(connection.ops.quote_name(table)))
            stored[table] = cursor.fetchone()
    return stored
