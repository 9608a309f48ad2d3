"""
Reads the YAML of a policy into plain values that remember their lines, safely and strictly.

Only mappings with text keys, lists, text, numbers, true, false and null come out. Everything else YAML can
do is refused with a line number: tags, anchors and aliases (which can swell a small file to gigabytes),
duplicate keys, and the values that YAML silently turns into something else, such as an unquoted 8:45 or an
unquoted code NO.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import yaml

LONGEST_POLICY = 256 * 1024  # bytes; the five shipped policies are below 12 kB each
DEEPEST_POLICY = 24  # levels of nesting

_TAG = "tag:yaml.org,2002:"
# libyaml reads ten times as fast as the parser in Python; both read the same.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ALLOWED_TAGS = frozenset({"map", "seq", "str", "timestamp", "null", "bool", "int", "float"})
_SPELT_OUT = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong with a policy: where it stands and what it is, fit to show on one line."""

    line: int  # 1 for the first; 0 when the whole file is meant
    path: str
    text: str

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        return f"{place}{self.path}: {self.text}" if self.path else f"{place}{self.text}"


class Block(dict[str, Any]):
    """A mapping of a policy; `lines` gives the line on which each key stands."""

    def __init__(self, line: int = 0) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}

    def put(self, key: str, value: object, line: int | None = None) -> None:
        """Set a key, with the line to name if it turns out to be wrong (its own block's line by default)."""
        self[key] = value
        self.lines.setdefault(key, self.line if line is None else line)

    def rename(self, old: str, new: str) -> None:
        """Give a key another name, keeping its value and line."""
        self.put(new, self.pop(old), self.lines.pop(old, self.line))


class Items(list[Any]):
    """A list of a policy; `lines` gives the line on which each item stands."""

    def __init__(self, line: int = 0) -> None:
        super().__init__()
        self.line = line
        self.lines: list[int] = []

    def add(self, value: object, line: int) -> None:
        """Append an item that stands on a line."""
        self.append(value)
        self.lines.append(line)


def join(path: str, step: str | int) -> str:
    """Extend a path by a key or by the position of an item, counted from zero: `ladder.rungs[2]`."""
    if isinstance(step, int):
        return f"{path}[{step}]"
    return f"{path}.{step}" if path else step


def read_policy_text(text: str | bytes) -> tuple[Block | None, list[Fault]]:
    """
    Read YAML into blocks, items and plain values, and give every fault found on the way.

    The block is None when the text cannot be read at all; otherwise it holds what could be read.
    """
    raw = text.encode() if isinstance(text, str) else text
    if len(raw) > LONGEST_POLICY:
        return None, [Fault(0, "", f"the file is longer than {LONGEST_POLICY // 1024} kB")]
    try:
        decoded = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, [Fault(0, "", f"the file is not UTF-8 text (byte {error.start})")]
    problem = _problem_in_the_stream(decoded)
    if problem is not None:
        return None, [problem]
    node = yaml.compose(decoded, Loader=_Loader)
    if not isinstance(node, yaml.MappingNode):
        return None, [Fault(1, "", "a policy is a mapping of keys to values")]
    faults: list[Fault] = []
    block = _block(node, "", faults)
    return block, faults


def _problem_in_the_stream(decoded: str) -> Fault | None:
    """
    Check the bare events first: composing a node tree recurses, so depth and aliases must be known before.
    """
    depth = 0
    documents = 0
    try:
        for event in yaml.parse(decoded, Loader=_Loader):
            line = event.start_mark.line + 1 if event.start_mark else 0
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                return Fault(line, "", "anchors and aliases (& and *) are not allowed; write the value out")
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    return Fault(line, "", "a policy file holds one document only")
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > DEEPEST_POLICY:
                    return Fault(line, "", f"nested deeper than {DEEPEST_POLICY} levels")
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
    except yaml.YAMLError as error:
        return _reader_fault(error)
    return None


def _reader_fault(error: yaml.YAMLError) -> Fault:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read"
    hint = '; quote every attendance code, such as "#" or "\\\\"'
    return Fault(mark.line + 1 if mark else 0, "", f"not valid YAML: {what}{hint}")


def _value(node: yaml.Node, path: str, faults: list[Fault]) -> object:
    if node.tag.removeprefix(_TAG) not in _ALLOWED_TAGS:
        faults.append(Fault(node.start_mark.line + 1, path, f"the tag {node.tag} is not allowed"))
        return None
    if isinstance(node, yaml.MappingNode):
        return _block(node, path, faults)
    if isinstance(node, yaml.SequenceNode):
        items = Items(node.start_mark.line + 1)
        for position, child in enumerate(node.value):
            items.add(_value(child, join(path, position), faults), child.start_mark.line + 1)
        return items
    assert isinstance(node, yaml.ScalarNode)  # noqa: S101 (YAML has no fourth kind of node)
    return _scalar(node, path, faults)


def _block(node: yaml.MappingNode, path: str, faults: list[Fault]) -> Block:
    block = Block(node.start_mark.line + 1)
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode) or key_node.tag == f"{_TAG}merge":
            faults.append(Fault(line, path, "a key must be plain text"))
            continue
        key = key_node.value
        if key in block:
            faults.append(
                Fault(line, join(path, key), f"the key stands twice (first on line {block.lines[key]})")
            )
            continue
        block.put(key, _value(value_node, join(path, key), faults), line)
    return block


def _scalar(node: yaml.ScalarNode, path: str, faults: list[Fault]) -> object:
    text, line = node.value, node.start_mark.line + 1
    kind = node.tag.removeprefix(_TAG)
    if node.style or kind in ("str", "timestamp"):
        return text
    if kind == "null":
        return None
    if kind == "bool":
        if text in _SPELT_OUT:
            return _SPELT_OUT[text]
        faults.append(
            Fault(line, path, f'{text} would be read as true or false: quote attendance codes ("{text}")')
        )
        return None
    return _number(text, line, path, faults)


def _number(text: str, line: int, path: str, faults: list[Fault]) -> int | Decimal | None:
    if ":" in text:
        faults.append(Fault(line, path, f'{text} would be read as a number: quote times ("{text}")'))
        return None
    plain = text.removeprefix("-")
    if plain.isdecimal() and plain.isascii() and len(plain) <= 9 and (plain == "0" or plain[0] != "0"):
        return int(text)
    whole, _, decimals = plain.partition(".")
    if whole.isdecimal() and decimals.isdecimal() and plain.isascii() and len(plain) <= 12:
        return Decimal(text)
    faults.append(Fault(line, path, f"{text} is not a plain decimal number"))
    return None
