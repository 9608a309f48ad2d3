"""Loads policy files, reporting every fault at once."""

from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from escalation.rules import checks, sources
from escalation.rules.national import NationalPolicy
from escalation.rules.reading import Block, Fault, Items, join, read_policy_text
from escalation.rules.schema import CURRENT_SCHEMA, FIRST_SCHEMA, Policy
from escalation.rules.upgrading import upgrade

POLICIES = Path(__file__).resolve().parent.parent / "policies"
SHIPPED = ("werrington", "strathmore", "lunts_heath", "welbourn", "leedon")
_MISSING = "missing"


class PolicyFaults(Exception):
    """
    A policy file cannot be used; `faults` says everything that is wrong with it, in the order of its lines.
    """

    def __init__(self, name: str, faults: list[Fault]) -> None:
        self.name = name
        self.faults = tuple(sorted(set(faults)))
        super().__init__(f"{name}: {len(self.faults)} faults")

    @property
    def lines(self) -> tuple[str, ...]:
        """
        Return one clear line for each fault: `werrington.yaml: line 12: day.am: register_closes is ...`.
        """
        return tuple(f"{self.name}: {fault}" for fault in self.faults)


def load_policy(text: str | bytes, *, name: str) -> Policy:
    """
    Read one school's policy; `name` is what its faults call the file.

    Files of the first schema are brought up to date on the way.

    :raises PolicyFaults: with every fault of the file
    """
    block, found, taken = _read(text, name)
    if block.get("kind") == "national":
        raise PolicyFaults(name, [Fault(1, "kind", "these are the national values, not a school's policy")])
    found += checks.check_policy(block)
    try:
        policy = Policy.model_validate(block)
    except ValidationError as error:
        raise PolicyFaults(name, found + _faults_of(error, block)) from None
    if found:
        raise PolicyFaults(name, found)
    policy._sources.update(taken)
    return policy


def load_national(text: str | bytes, *, name: str) -> NationalPolicy:
    """
    Read the national values; `name` is what its faults call the file.

    :raises PolicyFaults: with every fault of the file
    """
    block, found, _ = _read(text, name)
    try:
        national = NationalPolicy.model_validate(block)
    except ValidationError as error:
        raise PolicyFaults(name, found + _faults_of(error, block)) from None
    if found:
        raise PolicyFaults(name, found)
    return national


def check_text(text: str | bytes, *, name: str) -> tuple[Fault, ...]:
    """Return every fault of a policy file, a school's or the national one; an empty tuple means it loads."""
    try:
        if is_national(text):
            load_national(text, name=name)
        else:
            load_policy(text, name=name)
    except PolicyFaults as error:
        return error.faults
    return ()


def is_national(text: str | bytes) -> bool:
    """Say whether a text holds the national values and not a school's policy."""
    block, _ = read_policy_text(text)
    return block is not None and block.get("kind") == "national"


def activation_faults(text: str | bytes, *, name: str) -> tuple[Fault, ...]:
    """
    Return why a policy that loads cannot yet come into force: the afternoon window is missing or too late.

    :raises PolicyFaults: the policy does not even load
    """
    load_policy(text, name=name)
    block, _, _ = _read(text, name)
    return tuple(sorted(checks.pm_window_problems(block)))


def shipped_text(key: str) -> str:
    """
    Return the text of one of the five policies that ship.

    :raises KeyError: there is no such policy
    """
    if key not in SHIPPED:
        raise KeyError(key)
    return (POLICIES / f"{key}.yaml").read_text(encoding="utf-8")


@lru_cache(maxsize=8)
def shipped_policy(key: str) -> Policy:
    """
    Return one of the five policies that ship, loaded.

    :raises KeyError: there is no such policy
    """
    return load_policy(shipped_text(key), name=f"{key}.yaml")


@lru_cache(maxsize=1)
def national() -> NationalPolicy:
    """Return the national values that all schools share."""
    return load_national((POLICIES / "national.yaml").read_bytes(), name="national.yaml")


def _read(text: str | bytes, name: str) -> tuple[Block, list[Fault], dict[str, tuple[str, ...]]]:
    block, found = read_policy_text(text)
    if block is None:
        raise PolicyFaults(name, found)
    stated = block.get("schema")
    if stated not in (FIRST_SCHEMA, CURRENT_SCHEMA):
        line = block.lines.get("schema", 1)
        text_of_fault = f"must be {CURRENT_SCHEMA} (or {FIRST_SCHEMA})"
        raise PolicyFaults(name, [*found, Fault(line, "schema", text_of_fault)])
    taken, missing = sources.take_sources(block)
    upgrade(block)
    return block, found + missing, taken


def _faults_of(error: ValidationError, block: Block) -> list[Fault]:
    wordings: dict[tuple[int, str], list[str]] = {}
    for detail in error.errors(include_url=False, include_context=False):
        path, line = _place(detail["loc"], block, missing=detail["type"] == _MISSING)
        wording = _wording(detail["type"], detail["msg"])
        said = wordings.setdefault((line, path), [])
        if wording not in said:
            said.append(wording)
    # A value that may be one of several kinds fails once for each: they are one fault, said in one line.
    return [Fault(line, path, ", or ".join(said)) for (line, path), said in wordings.items()]


def _place(location: tuple[int | str, ...], block: Block, *, missing: bool) -> tuple[str, int]:
    """Follow a location into the file: its path as a person would write it, and the line of its last part."""
    here: object = block
    path, line = "", block.line
    for position, step in enumerate(location):
        if isinstance(here, Block) and isinstance(step, str) and step in here:
            line = here.lines.get(step, here.line)
            here = here[step]
        elif isinstance(here, Items) and isinstance(step, int) and step < len(here):
            line = here.lines[step]
            here = here[step]
        elif missing and position == len(location) - 1:
            pass
        else:
            continue  # the name of a member of a union, which is no part of the file
        path = join(path, step)
    return path, line


def _wording(kind: str, message: str) -> str:
    match kind:
        case "extra_forbidden":
            return "unknown key"
        case "missing":
            return "is missing"
        case "string_type":
            return "must be text"
        case "bool_type":
            return "must be true or false"
        case "int_type" | "int_from_float":
            return "must be a whole number"
        case "none_required":
            return "must be null"
        case "tuple_type" | "list_type":
            return "must be a list"
        case "dict_type" | "model_type" | "model_attributes_type" | "mapping_type":
            return "must be a mapping of keys to values"
        case "is_instance_of":
            return "must be a number"
        case "greater_than_equal":
            return f"must be at least {message.rsplit(' ', 1)[-1]}"
        case "less_than_equal":
            return f"must be at most {message.rsplit(' ', 1)[-1]}"
        case "value_error":
            return message.removeprefix("Value error, ")
        case "string_pattern_mismatch":
            return "is not written as it should be (" + message[message.find("'") :].strip("'") + ")"
        case _:
            return message[:1].lower() + message[1:]
