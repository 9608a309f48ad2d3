"""
Brings a policy file of the first schema to the present one, before it is checked.

Schools may hold files of `attendance-policy/1`. Each change here renames a key, unifies a spelling or adds
what the first schema left unsaid; no value is dropped. Lines are kept, so that faults still point into the
school's own file.
"""

import calendar
import re
from datetime import date

from escalation.rules.reading import Block, Items
from escalation.rules.schema import CURRENT_SCHEMA, FIRST_SCHEMA

# One word for one thing: the name a document used, and the name or names used here.
COHORT_NAMES: dict[str, tuple[str, ...]] = {"send_ehcp": ("send", "ehcp"), "military": ("armed_forces",)}
_LAST_MONTH_OF_TERM = {"spring": 4, "summer": 7, "autumn": 12}
_FIRST_MONTH_OF_TERM = {"spring": 1, "summer": 4, "autumn": 9}
_FIRST_DAYS = ("approved", "discussed", "staff_consulted", "guidance_from")


def upgrade(block: Block) -> None:
    """Bring a block of the first schema up to date in place; a block of any other schema is left alone."""
    if block.get("schema") != FIRST_SCHEMA:
        return
    block["schema"] = CURRENT_SCHEMA
    if block.get("kind") == "national":
        threshold = _part(block, "penalty_threshold")
        if threshold is not None and "codes_named_by_seeds" in threshold:
            threshold.rename("codes_named_by_seeds", "codes_named_by_documents")
        return
    _upgrade_dates(block)
    _upgrade_names(block)
    _upgrade_timetable_review(block)
    _state_what_was_implied(block)


def stated_date(text: str, *, last_day: bool) -> tuple[date, str] | None:
    """
    Read a date stated as a day, a month or a term, and give the day that counts with its wording.

    "2026-09" means 30 September 2026 where the last day counts (a review that is due) and the first where
    it does not; "2026-autumn" means 31 December or 1 September. None when the text is no such date.
    """
    match = re.fullmatch(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?|-(autumn|spring|summer))", text)
    if match is None:
        return None
    year = int(match[1])
    try:
        if match[3]:
            day = date(year, int(match[2]), int(match[3]))
            return day, f"{day.day} {calendar.month_name[day.month]} {year}"
        if match[4]:
            month = (_LAST_MONTH_OF_TERM if last_day else _FIRST_MONTH_OF_TERM)[match[4]]
            wording = f"{match[4].capitalize()} {year}"
        else:
            month = int(match[2])
            wording = f"{calendar.month_name[month]} {year}"
        return date(year, month, calendar.monthrange(year, month)[1] if last_day else 1), wording
    except (ValueError, IndexError):
        return None


def _part(block: Block, key: str) -> Block | None:
    part = block.get(key)
    return part if isinstance(part, Block) else None


def _upgrade_dates(block: Block) -> None:
    document = _part(block, "policy")
    if document is None:
        return
    for key in (*_FIRST_DAYS, "review_due"):
        text = document.get(key)
        read = stated_date(text, last_day=key == "review_due") if isinstance(text, str) else None
        if read is not None:
            stated = Block(document.lines[key])
            stated.put("date", read[0].isoformat())
            stated.put("wording", read[1])
            document[key] = stated


def _upgrade_names(block: Block) -> None:
    for key, old, new in (
        ("evidence", "kinds", "evidence_kinds"),
        ("register", "n_deadline_working_days", "n_deadline_school_days"),
    ):
        part = _part(block, key)
        if part is not None and old in part:
            part.rename(old, new)
    letters = _part(block, "letters")
    for item in (letters.get("items") or []) if letters is not None else []:
        if isinstance(item, Block) and "url_in_seed" in item:
            item.rename("url_in_seed", "url_in_document")
    cohorts = _part(block, "cohorts")
    named = cohorts.get("named") if cohorts is not None else None
    if cohorts is not None and isinstance(named, Items):
        unified = Items(named.line)
        for name, line in zip(named, named.lines, strict=True):
            for new_name in COHORT_NAMES.get(name, (name,)) if isinstance(name, str) else (name,):
                unified.add(new_name, line)
        cohorts["named"] = unified


def _upgrade_timetable_review(block: Block) -> None:
    part_time = _part(block, "part_time")
    if part_time is None:
        return
    for old, new in (("review_weeks", "weeks"), ("review", "when")):
        if old in part_time and not isinstance(part_time[old], Block):
            review = Block(part_time.lines[old])
            review.put(new, part_time.pop(old))
            part_time.put("review", review)


def _state_what_was_implied(block: Block) -> None:
    monitoring = _part(block, "monitoring")
    if monitoring is not None and "dfe_daily" not in monitoring:
        # Daily sharing with the Department is a national duty, whether or not a document mentions it.
        monitoring.put(key="dfe_daily", value=True)
    roles = _part(block, "roles")
    if roles is not None and "support_team" not in roles and _is_invited(block, "support_team"):
        role = Block(roles.line)
        role.put("title", "Support team")
        roles.put("support_team", role)
    evidence = _part(block, "evidence")
    if evidence is not None and evidence.get("after_days") is not None and "letter" not in evidence:
        for key, ending in (("letter", "_evidence"), ("notice_letter", "_unauthorise_notice")):
            letter = _letter_ending(block, ending)
            if letter is not None:
                evidence.put(key, letter)


def _is_invited(block: Block, role: str) -> bool:
    ladder = _part(block, "ladder")
    for rung in (ladder.get("rungs") or []) if ladder is not None else []:
        for action in (rung.get("do") or []) if isinstance(rung, Block) else []:
            meeting = action.get("meeting") if isinstance(action, Block) else None
            if isinstance(meeting, Block) and role in (meeting.get("with") or []):
                return True
    return False


def _letter_ending(block: Block, ending: str) -> str | None:
    letters = _part(block, "letters")
    items = letters.get("items") if letters is not None else None
    for item in items if isinstance(items, Items) else []:
        name = item.get("id") if isinstance(item, Block) else None
        if isinstance(name, str) and name.endswith(ending):
            return name
    return None
