"""
The catalogues of families' languages: `python -m tools.translations` says what is missing, or compiles them.

A message is a text in a translate tag or a gettext call of the families' pages, or a reason of the picker.
Each language has one catalogue in absences/locale; the compiled one beside it is committed, so that no
machine needs the tools of gettext.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "absences" / "locale"
LANGUAGES = ("pl", "ro", "uk", "ur")
# The frame that every page of the families shares, and the pages and words of the report of an absence.
TEMPLATES = (
    "templates/base.html",
    "templates/base_family.html",
    "templates/_partials/error_summary.html",
    "templates/_partials/masthead.html",
    "templates/rollcall_forms/hint_and_errors.html",
    "templates/absences/parents/*.html",
)
MODULES = (
    "accounts/templatetags/rollcall.py",
    "absences/family_words.py",
    "absences/journey.py",
    "absences/forms/parents.py",
    "absences/services/parents.py",
    "absences/views/parents.py",
    "absences/views/parents_reports.py",
)
TAG = re.compile(r"{%-?\s*translate\s+(?P<quote>[\"'])(?P<text>.*?)(?P=quote)")
BLOCK = re.compile(r"{%\s*blocktranslate\s+trimmed\b.*?%}(?P<text>.*?){%\s*endblocktranslate\s*%}", re.DOTALL)
VARIABLE = re.compile(r"{{\s*(\w+)\s*}}")
CALLS = {"_", "gettext", "gettext_lazy"}


def messages(root: Path = ROOT) -> set[str]:
    """Return every text of the families' pages that is to be translated."""
    found: set[str] = set()
    for pattern in TEMPLATES:
        for path in root.glob(pattern):
            found |= of_template(path.read_text())
    for name in MODULES:
        found |= of_module((root / name).read_text())
    return found | of_reasons((root / "absences/rules/reasons.py").read_text())


def of_template(text: str) -> set[str]:
    """Return the messages of a template, as Django looks them up."""
    blocks = (VARIABLE.sub(r"%(\1)s", match["text"].replace("%", "%%")) for match in BLOCK.finditer(text))
    return {match["text"] for match in TAG.finditer(text)} | {" ".join(block.split()) for block in blocks}


def of_module(text: str) -> set[str]:
    """Return the messages of a Python file: texts that are handed to gettext as they stand."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                found.add(first.value)
    return found


def of_reasons(text: str) -> set[str]:
    """Return the words and hints of the reasons for an absence."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Reason":
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            parts = [node.args[1], given.get("hint") or (node.args[4] if len(node.args) > 4 else None)]
            found |= {
                part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)
            }
    return found


def catalogue(language: str) -> Path:
    """Return where the catalogue of a language lies."""
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def compiled(language: str) -> bytes:
    """Return the compiled catalogue of a language."""
    return bytes(polib.pofile(str(catalogue(language))).to_binary())


def faults(root: Path = ROOT) -> list[str]:
    """Return what is missing, left over or changed in the catalogues, one line each."""
    wanted = messages(root)
    found = []
    for language in LANGUAGES:
        entries = {entry.msgid: entry for entry in polib.pofile(str(catalogue(language)))}
        found += [f"{language}: no translation of {text!r}" for text in sorted(wanted - entries.keys())]
        found += [f"{language}: nothing says {text!r} any more" for text in sorted(entries.keys() - wanted)]
        for text, entry in entries.items():
            if not entry.msgstr.strip() or entry.msgstr == text or entry.fuzzy:
                found.append(f"{language}: {text!r} is not translated")
            elif names_of(text) != names_of(entry.msgstr):
                found.append(f"{language}: {text!r} and its translation name different things")
    return found


def names_of(text: str) -> list[str]:
    """Return the names in a text that are filled in."""
    return sorted(re.findall(r"%\((\w+)\)s", text))


def main() -> int:
    """Print what is wrong to standard error, or compile every catalogue."""
    wrong = faults()
    for line in wrong:
        print(line, file=sys.stderr)
    if wrong:
        return 1
    for language in LANGUAGES:
        catalogue(language).with_suffix(".mo").write_bytes(compiled(language))
    return 0


if __name__ == "__main__":
    sys.exit(main())
