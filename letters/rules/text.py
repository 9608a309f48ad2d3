"""
Text that comes from people, made safe to print.

A name or a note is data. It reaches a letter as the characters it is made of and nothing else: what
could change the direction of the line, hide text or break the page is taken out here, and markup is
escaped where the page is built.
"""

import re
import unicodedata

# One line of a letter (a name, a place), and a passage somebody wrote for the letter.
LINE_LIMIT = 200
PASSAGE_LIMIT = 3_000

# What has no shape of its own: controls, halves of characters, private and unassigned ones, and formatting
# characters. Among the last are the marks that turn or isolate the reading direction: a name that carried one
# could show the words after it in another order, or look like a different name.
_SHAPELESS = frozenset({"Cc", "Cs", "Co", "Cn", "Cf"})
_JOINERS = "\u200c\u200d"  # shape letters of some scripts, and so belong to names
_SPACES = re.compile(r"[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_BREAKS = re.compile(r"\r\n?|\u0085|\u2028|\u2029|\u000b|\u000c")
_MAX_MARKS = 3


def clean_line(value: str) -> str:
    """Return `value` as one printable line: no control characters, no direction marks, single spaces."""
    return _SPACES.sub(" ", _printable(value).replace("\n", " ")).strip()


def clean_passage(value: str) -> str:
    """Return `value` as printable lines joined by a line feed, at most one blank line between two."""
    lines = (_SPACES.sub(" ", line).strip() for line in _printable(value).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def _printable(value: str) -> str:
    """Drop what cannot be seen, and all but three of a pile of accents on one letter."""
    text = unicodedata.normalize("NFC", _BREAKS.sub("\n", value))
    kept: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        if category in _SHAPELESS and character not in f"\n\t{_JOINERS}":
            continue
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if marks <= _MAX_MARKS:
            kept.append(character)
    return "".join(kept)
