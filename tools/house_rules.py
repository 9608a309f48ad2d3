"""Rules of the house that no linter knows: `python -m tools.house_rules` prints each breach with what to do.

Every tracked file is read once; a rule is a pattern for the lines of some files. A rule that turns out wrong
is changed here, for everybody: there is no comment that switches it off.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LONGEST_FILE = 600
# Files that others made: packages, generated migrations and lock files.
FOREIGN = re.compile(
    r"^(static/vendor/|frontend/node_modules/|.*/migrations/|uv\.lock$|.*package-lock\.json$)"
)
SOURCE = re.compile(r"\.(py|html|css|js|mjs|sh)$|^(start|test|Makefile|tools/with_python)$")
# This file and its tests spell out what they look for.
EXEMPT = {"tools/house_rules.py", "tests/house/test_house_rules.py"}


@dataclass(frozen=True)
class Rule:
    """Lines of the files `where` that match `pattern` are breaches; `advice` says what to do instead."""

    where: str
    pattern: str
    advice: str
    but_not: str = r"^$"


RULES = (
    Rule(
        r"^templates/.*\.html$", r"(?i)<style\b|\sstyle\s*=", "put it in a style sheet: the policy refuses it"
    ),
    Rule(
        r"^templates/.*\.html$",
        r"(?i)<script(?![^>]*\s(?:src=|type=.application/json))",
        "put the script in a file under static/",
    ),
    Rule(
        r"^templates/.*\.html$", r"(?i)\son[a-z]+\s*=|hx-on|javascript:", "listen from a script under static/"
    ),
    Rule(
        r"^templates/.*\.html$",
        r"(?i)<(?:script|link|img|iframe)[^>]*(?:src|href)\s*=\s*[\"'](?:https?:)?//",
        "serve it from static/: pages load nothing from other machines",
    ),
    Rule(r"\.py$", r"(?i)\b(?:todo|fixme|xxx)\b", "do it, or file it as an issue"),
    Rule(
        # Sign-in (accounts) goes by the real clock even while the demo lives on another day.
        r"^(registers|letters|absences|escalation|reports)/.*\.py$",
        r"\btimezone\.(?:now|localtime|localdate)\(\)|\b(?:datetime\.(?:utc)?now|date\.today|time\.time)\(",
        "ask registers.clock.present_moment() in views, tasks and commands, and pass the time on",
        but_not=r"^registers/clock\.py$",
    ),
    Rule(r"^.*$", r"(?<![\w.}])/(?:work|home|Users|root)/\w", "name no folder of one machine"),
)


def breaches(files: Iterable[str], root: Path = ROOT) -> Iterator[str]:
    """Every breach in these files (paths below `root`), as `file:line: advice`."""
    for name in files:
        if FOREIGN.match(name) or name in EXEMPT:
            continue
        try:
            lines = (root / name).read_text().splitlines()
        except (UnicodeDecodeError, FileNotFoundError):
            continue  # pictures and fonts; files deleted but not yet committed
        if SOURCE.search(name) and len(lines) > LONGEST_FILE:
            yield f"{name}:{len(lines)}: split it by concern, so that no file is over {LONGEST_FILE} lines"
        rules = [rule for rule in RULES if re.search(rule.where, name) and not re.search(rule.but_not, name)]
        for number, line in enumerate(lines, start=1):
            for rule in rules:
                if re.search(rule.pattern, line):
                    yield f"{name}:{number}: {rule.advice}"


def main() -> int:
    """Look at every tracked file; print breaches to standard error and return 1 if there are any."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607
    found = list(breaches(listed.stdout.split("\0")[:-1]))
    for breach in found:
        print(breach, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
