"""Moves single days of absence until each term and each weekday has its published rate."""

from collections.abc import Callable
from random import Random

from demo.generation import facts
from demo.generation.sheets import PRESENT, Sheet, other_weekday_factors
from registers.rules.calendar import TERMS, term_of

SCHOOL_DAYS_A_WEEK = 5
# Codes of days that may be moved without breaking a story: no holiday, festival, timetable or suspension.
MOVABLE_ILLNESS = ("I",)
MOVABLE_OTHER = ("O", "C", "M")
ILLNESS = frozenset({"I"})
OTHER_ABSENCE = frozenset({"M", "C", "C1", "C2", "J1", "R", "T", "E", "G", "O", "U"})

GroupOfDay = Callable[[Sheet, int], int]  # which term or weekday a day of a sheet belongs to
DayInGroup = Callable[[Sheet, int, int], int]  # the day in another group that a day would move to


def fit_terms(sheets: list[Sheet], rng: Random) -> None:
    """Move single days to the same weekday of another term until each term has its published absence."""
    by_term = {term_of(row["half_term"]): float(row["absence"]) for row in facts.rows("season_factors.csv")}
    terms_of_rows = {
        id(sheet.row): [TERMS.index(term_of(name) or TERMS[0]) for name in sheet.row.half_terms]
        for sheet in sheets
    }

    def group(sheet: Sheet, day: int) -> int:
        return terms_of_rows[id(sheet.row)][day]

    def day_in_term(sheet: Sheet, day: int, wanted: int) -> int:
        terms = terms_of_rows[id(sheet.row)]
        first = terms.index(wanted)
        other = rng.randrange(first, first + terms.count(wanted))
        other += sheet.row.weekdays[day] - sheet.row.weekdays[other]
        return other if 0 <= other < len(terms) and terms[other] == wanted else -1

    factors = [by_term[term] for term in TERMS]
    _fit(sheets, ILLNESS | OTHER_ABSENCE, MOVABLE_ILLNESS + MOVABLE_OTHER, factors, group, day_in_term, rng)


def fit_weekdays(sheets: list[Sheet], rng: Random) -> None:
    """Move single days within their week until illness and other absence have their weekday rates."""

    def group(sheet: Sheet, day: int) -> int:
        return sheet.row.weekdays[day]

    def day_in_week(sheet: Sheet, day: int, wanted: int) -> int:
        other = day + wanted - sheet.row.weekdays[day]
        weeks = sheet.row.weeks
        return other if 0 <= other < len(weeks) and weeks[other] == weeks[day] else -1

    illness = list(facts.weekday_factors("code I"))
    _fit(sheets, ILLNESS, MOVABLE_ILLNESS, illness, group, day_in_week, rng)
    other = list(other_weekday_factors())
    _fit(sheets, OTHER_ABSENCE, MOVABLE_OTHER, other, group, day_in_week, rng)


def _fit(
    sheets: list[Sheet],
    counted: frozenset[str],
    movable: tuple[str, ...],
    factors: list[float],
    group: GroupOfDay,
    day_in_group: DayInGroup,
    rng: Random,
) -> None:
    """
    Move single days of a pupil from groups with too much of the counted absence to those with too little.

    Neither a pupil's total nor a code's total changes.
    """
    surplus = _surplus(sheets, counted, factors, group)
    single_days = _single_days(sheets, movable)
    rng.shuffle(single_days)
    for sheet, day in single_days:
        here = group(sheet, day)
        if surplus[here] < 2:
            continue
        there = min(range(len(factors)), key=lambda other: surplus[other])
        if surplus[there] <= -1 and _move(sheet, day, day_in_group(sheet, day, there)):
            surplus[here] -= 2
            surplus[there] += 2


def _surplus(
    sheets: list[Sheet], counted: frozenset[str], factors: list[float], group: GroupOfDay
) -> list[float]:
    """Return for each group how many sessions too many it has, the whole number of absences being right."""
    possible, absent = [0] * len(factors), [0] * len(factors)
    expected = counted | ILLNESS | OTHER_ABSENCE | frozenset(PRESENT)
    for sheet in sheets:
        for session in range(sheet.first, sheet.end):
            code = sheet.codes[session]
            if code in expected:
                place = group(sheet, session // 2)
                possible[place] += 1
                absent[place] += code in counted
    weights = [count * factor for count, factor in zip(possible, factors, strict=True)]
    scale = sum(absent) / sum(weights) if sum(weights) else 0.0
    return [count - weight * scale for count, weight in zip(absent, weights, strict=True)]


def _single_days(sheets: list[Sheet], codes: tuple[str, ...]) -> list[tuple[Sheet, int]]:
    """Return whole days with one code, both sessions, that stand alone."""
    found = []
    for sheet in sheets:
        for day in range((sheet.first + 1) // 2, sheet.end // 2):
            morning, afternoon = sheet.codes[2 * day], sheet.codes[2 * day + 1]
            if morning != afternoon or morning not in codes:
                continue
            if not _continues(sheet, 2 * day - 1) and not _continues(sheet, 2 * day + 2):
                found.append((sheet, day))
    return found


def _continues(sheet: Sheet, session: int) -> bool:
    return sheet.first <= session < sheet.end and sheet.codes[session] not in PRESENT


def _move(sheet: Sheet, day: int, other: int) -> bool:
    """Move a day's absence to another day on which the pupil was present; say whether it could be done."""
    if other < 0 or not (sheet.is_present(2 * other) and sheet.is_present(2 * other + 1)):
        return False
    for half in (0, 1):
        here, there = 2 * day + half, 2 * other + half
        sheet.codes[here], sheet.codes[there] = sheet.codes[there], sheet.codes[here]
    return True
