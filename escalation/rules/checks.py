"""
What the shape of a policy file cannot say: references that must lead somewhere, times that must be in order.

The checks work on the plain data of the file, not on the finished models, so that they run however many other
faults the file has and everything is reported at once. Values of the wrong type are left to the models.
"""

import re
from collections.abc import Iterator
from typing import Any

from escalation.rules.grammar import AT_LETTER, rolling_weeks
from escalation.rules.reading import Block, Fault, Items, join
from escalation.rules.schema import RESERVED_RUNGS
from registers.rules.codes import LATE_CODES

LONGEST_OPEN_MINUTES = 30
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
# 80 pounds, £160, 120.00 GBP: amounts come from the national table by date of offence (GEN-07).
_MONEY = re.compile(r"£\s*\d|\bGBP\s*\d|\d\s*(?:GBP|pounds?|quid)\b", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[a-z]{2,}", re.IGNORECASE)
_TELEPHONE = re.compile(r"(?<!\d)(?:\+44|0)(?:[\s()-]*\d){9,10}(?!\d)")
_AFTER_RUNG = re.compile(r"after_rung\(([A-Za-z0-9_]+)\)")


def check_policy(block: Block) -> list[Fault]:
    """Return every fault of a school's policy that concerns more than one value, or that no model can see."""
    faults = list(_money_and_people(block, ""))
    faults += _times(block)
    faults += _letters(block)
    faults += _rungs(block)
    faults += _roles(block)
    return faults


def minutes_of(clock: object) -> int | None:
    """Return minutes since midnight of a time such as "08:50", or None when it is no such text."""
    match = _CLOCK.fullmatch(clock) if isinstance(clock, str) else None
    return int(match[1]) * 60 + int(match[2]) if match else None


def _block(parent: object, key: str) -> Block:
    value = parent.get(key) if isinstance(parent, Block) else None
    return value if isinstance(value, Block) else Block()


def _items(parent: object, key: str) -> Items:
    value = parent.get(key) if isinstance(parent, Block) else None
    return value if isinstance(value, Items) else Items()


def _blocks(parent: object, key: str) -> list[tuple[int, Block]]:
    return [(place, item) for place, item in enumerate(_items(parent, key)) if isinstance(item, Block)]


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, Items) else []


# --- words that must not stand in a policy


def _money_and_people(value: object, path: str) -> Iterator[Fault]:
    if path == "penalty.ignore_stated":
        return  # the stale amounts of a document, listed so that they are never printed
    if isinstance(value, Block):
        for key, item in value.items():
            yield from _in_text(item, join(path, key), value.lines.get(key, value.line))
            yield from _money_and_people(item, join(path, key))
    elif isinstance(value, Items):
        for place, item in enumerate(value):
            yield from _in_text(item, join(path, place), value.lines[place])
            yield from _money_and_people(item, join(path, place))


def _in_text(value: object, path: str, line: int) -> Iterator[Fault]:
    if not isinstance(value, str):
        return
    if _MONEY.search(value):
        yield Fault(
            line, path, "an amount of money is typed here; amounts come from the national table (GEN-07)"
        )
    if _EMAIL.search(value) or _TELEPHONE.search(value):
        yield Fault(
            line, path, "contact details of people stand in role assignments, never in a policy (GEN-24)"
        )


# --- the school day


def _times(block: Block) -> Iterator[Fault]:
    day = _block(block, "day")
    for half in ("am", "pm"):
        times = _block(day, half)
        path = f"day.{half}"
        opens, late, closes = (
            minutes_of(times.get(key)) for key in ("register_opens", "late_after", "register_closes")
        )
        line = times.lines.get("register_closes", times.line)
        if opens is not None and late is not None and late < opens:
            yield Fault(times.lines["late_after"], path, "late_after is before register_opens")
        if late is not None and closes is not None and closes < late:
            yield Fault(line, path, "register_closes is before late_after")
        if opens is not None and closes is not None:
            if late is None and closes < opens:
                yield Fault(line, path, "register_closes is before register_opens")
            if closes - opens > LONGEST_OPEN_MINUTES:
                open_for = f"the register is open for {closes - opens} minutes"
                yield Fault(line, path, f"{open_for}; at most {LONGEST_OPEN_MINUTES} are allowed")


def pm_window_problems(block: Block) -> list[Fault]:
    """
    Return why the afternoon window keeps a policy from being activated.

    A null window (GEN-13), a day without an end, or a window that does not end before the end of one of the
    days (LEE-03).
    """
    day = _block(block, "day")
    window = _block(day, "pm")
    faults = [
        Fault(
            window.lines.get(key, window.line),
            f"day.pm.{key}",
            "must be set before the policy can be activated (GEN-13)",
        )
        for key in ("register_opens", "register_closes")
        if window.get(key) is None
    ]
    closes = minutes_of(window.get("register_closes"))
    for place, end in _blocks(day, "ends"):
        path = f"day.ends[{place}].at"
        line = end.lines.get("at", end.line)
        ends = minutes_of(end.get("at"))
        if ends is None:
            faults.append(Fault(line, path, "must be set before the policy can be activated (GEN-13)"))
        elif closes is not None and closes >= ends:
            days = " ".join(_texts(end.get("weekdays"))) or "every day"
            text = f"the afternoon register closes at {window['register_closes']}, not before the day ends"
            faults.append(Fault(line, path, f"{text} at {end['at']} ({days})"))
    return faults


# --- letters and rungs


def _letter_ids(block: Block) -> set[str]:
    found = (item.get("id") for _, item in _blocks(_block(block, "letters"), "items"))
    return {name for name in found if isinstance(name, str)}


def _all_rungs(block: Block) -> list[tuple[str, int, Block]]:
    return [
        (part, place, rung)
        for part in ("lateness", "ladder")
        for place, rung in _blocks(_block(block, part), "rungs")
    ]


def _letters(block: Block) -> Iterator[Fault]:
    known = _letter_ids(block)
    seen: set[str] = set()
    for place, item in _blocks(_block(block, "letters"), "items"):
        name = item.get("id")
        if isinstance(name, str):
            if name in seen:
                yield Fault(item.lines["id"], f"letters.items[{place}].id", f"a letter {name} stands twice")
            seen.add(name)
    for path, line, name in _letters_used(block):
        if name not in known:
            yield Fault(line, path, f"there is no letter {name} under letters.items")


def _letters_used(block: Block) -> Iterator[tuple[str, int, str]]:
    for part, place, rung in _all_rungs(block):
        for step, action in _blocks(rung, "do"):
            name = action.get("letter")
            if isinstance(name, str):
                yield f"{part}.rungs[{place}].do[{step}].letter", action.lines["letter"], name
    for place, rule in _blocks(_block(block, "rewards"), "rules"):
        for key in ("letter", "unless"):
            if isinstance(rule.get(key), str):
                yield f"rewards.rules[{place}].{key}", rule.lines[key], rule[key]
    for part, keys in (("leave", ("on_holiday_refusal",)), ("evidence", ("letter", "notice_letter"))):
        section = _block(block, part)
        for key in keys:
            if isinstance(section.get(key), str):
                yield f"{part}.{key}", section.lines[key], section[key]


def _rungs(block: Block) -> Iterator[Fault]:
    rungs = _all_rungs(block)
    names = [rung.get("id") for _, _, rung in rungs]
    sent = {name for path, _, name in _letters_used(block) if ".rungs[" in path}
    for position, (part, place, rung) in enumerate(rungs):
        path = f"{part}.rungs[{place}]"
        name = rung.get("id")
        if isinstance(name, str) and name in names[:position]:
            yield Fault(rung.lines["id"], f"{path}.id", f"a rung {name} stands twice")
        if name in RESERVED_RUNGS:
            yield Fault(rung.lines["id"], f"{path}.id", f"{name} is a name that the sweep uses itself")
        earlier = [other.get("id") for other_part, _, other in rungs[:position] if other_part == part]
        after = rung.get("after")
        if isinstance(after, str) and after not in earlier:
            what = "stands later" if after in names else "does not exist"
            yield Fault(rung.lines["after"], f"{path}.after", f"the rung {after} {what}")
        for replaced in _texts(rung.get("replaces")):
            if replaced not in names or replaced == name:
                yield Fault(rung.lines["replaces"], f"{path}.replaces", f"there is no other rung {replaced}")
        for key in ("when", "guard"):
            yield from _condition(rung.get(key), join(path, key), block, sent)
    yield from _rungs_named_elsewhere(block, names)


def _rungs_named_elsewhere(block: Block, names: list[Any]) -> Iterator[Fault]:
    monitoring = _block(block, "monitoring")
    for name in _texts(monitoring.get("weekly_for")):
        if name not in names:
            yield Fault(monitoring.lines["weekly_for"], "monitoring.weekly_for", f"there is no rung {name}")
    evidence = _block(block, "evidence")
    for reason in _texts(evidence.get("ask_when")):
        match = _AFTER_RUNG.fullmatch(reason)
        if match and match[1] not in names:
            yield Fault(evidence.lines["ask_when"], "evidence.ask_when", f"there is no rung {match[1]}")


def _condition(value: object, path: str, block: Block, sent: set[str]) -> Iterator[Fault]:
    if not isinstance(value, Block):
        return
    for key in ("all", "any"):
        for place, part in enumerate(_items(value, key)):
            yield from _condition(part, join(join(path, key), place), block, sent)
    for key in ("not", "prompt"):
        yield from _condition(value.get(key), join(path, key), block, sent)
    nested_manual = "manual" in value and not path.endswith(".when")
    if nested_manual:
        yield Fault(value.lines["manual"], path, "manual stands alone as the whole condition of a rung")
    match = AT_LETTER.fullmatch(value["to"]) if isinstance(value.get("to"), str) else None
    if match and match[1] not in sent:
        yield Fault(value.lines["to"], join(path, "to"), f"no rung sends a letter {match[1]}")
    thresholds = _block(_block(block, "ladder"), "term_threshold_pct")
    if value.get("value") == "term_threshold" and not thresholds:
        yield Fault(value.lines["value"], join(path, "value"), "the ladder has no term_threshold_pct")
    if value.get("measure") == "late_count":
        strange = sorted(set(_texts(value.get("codes"))) - LATE_CODES)
        if strange:
            yield Fault(
                value.lines["codes"], join(path, "codes"), f"{', '.join(strange)} is no late code (L, U)"
            )
    window = value.get("window")
    if isinstance(window, str) and rolling_weeks(window) is not None and "measure" not in value:
        yield Fault(value.lines["window"], join(path, "window"), "a rolling window goes with a measure")


# --- roles


def _roles(block: Block) -> Iterator[Fault]:
    known = _block(block, "roles")
    if not known:
        return
    for path, line, name in _roles_used(block):
        if name not in known:
            yield Fault(line, path, f"there is no role {name} under roles")


def _roles_used(block: Block) -> Iterator[tuple[str, int, str]]:
    common = _block(_block(block, "letters"), "common")
    leave = _block(block, "leave")
    for section, path, keys in (
        (common, "letters.common", ("signatory",)),
        (leave, "leave", ("decider", "duration_set_by")),
        (_block(block, "monitoring"), "monitoring", ("daily_report_to",)),
    ):
        for key in keys:
            if isinstance(section.get(key), str):
                yield join(path, key), section.lines[key], section[key]
    for part, place, rung in _all_rungs(block):
        for step, action in _blocks(rung, "do"):
            path = f"{part}.rungs[{place}].do[{step}].meeting.with"
            meeting = _block(action, "meeting")
            for name in _texts(meeting.get("with")):
                yield path, meeting.lines["with"], name
