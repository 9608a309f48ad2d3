"""Everyday absence: illness in runs, appointments, days kept off, and arrivals after the register closed."""

import math
from random import Random

from demo.generation import randomness, targets
from demo.generation.sheets import Sheet

# Lengths in sessions (half days), and how common each is.
ILLNESS_SESSIONS = (1, 2, 3, 4, 5, 6, 8, 10)
ILLNESS_WEIGHTS = (19, 36, 6, 19, 2, 8, 4, 6)
LONG_ILLNESS_SESSIONS = (6, 10, 20, 30)
LONG_ILLNESS_WEIGHTS = (3, 4, 2, 1)
UNEXPLAINED_SESSIONS = (1, 2, 4, 6, 10)
UNEXPLAINED_WEIGHTS = (14, 58, 15, 7, 6)
LEAVE_SESSIONS = (1, 2, 4)
LEAVE_WEIGHTS = (25, 50, 25)
APPOINTMENT_SESSIONS = (1, 2)
APPOINTMENT_WEIGHTS = (80, 20)
MUCH = 36  # sessions of one kind in a year from which on runs are long

TRIES = 20
LATEST_FAMILY = 45.0  # as likely late as so many usual ones


def place_everyday_absence(
    sheets: list[Sheet], budgets: dict[str, int], habits: dict[int, float], rng: Random, seed: int
) -> None:
    """
    Mark what is left of every sheet's target: M, C and U by chance, O and I by what each pupil has left.

    The budgets are numbers of sessions over all sheets; illness takes whatever the others leave. `habits` are
    those of `habits_of_lateness`.
    """
    _scatter(sheets, "M", budgets["M"], APPOINTMENT_SESSIONS, APPOINTMENT_WEIGHTS, rng)
    _scatter(sheets, "C", budgets["C"], LEAVE_SESSIONS, LEAVE_WEIGHTS, rng)
    _place_late_after_close(sheets, budgets["U"], habits, rng)
    rooms = [max(0, sheet.room) for sheet in sheets]
    weights = [room * unexplained_share(sheet, seed) for sheet, room in zip(sheets, rooms, strict=True)]
    for sheet, sessions in zip(sheets, targets.split(budgets["O"], weights, rooms, rng), strict=True):
        _place_unexplained(sheet, sessions, rng)
    for sheet in sheets:
        _place_illness(sheet, sheet.room, rng)


def unexplained_share(sheet: Sheet, seed: int) -> float:
    """Return how much of a pupil's absence goes without a good reason, against others; mostly by family."""
    of_family = randomness.stream(seed, "unexplained", sheet.pupil.family).lognormvariate(-1.0, 0.9)
    return 0.05 + of_family * (0.4 + 4 * sheet.target / max(1, sheet.possible))


def habits_of_lateness(sheets: list[Sheet], seed: int) -> dict[int, float]:
    """Return how likely each family comes late, against others; every school has one that often does."""
    habits: dict[int, float] = {}
    latest: dict[str, int] = {}
    for sheet in sheets:
        family, school_key = sheet.pupil.family, sheet.pupil.school_key
        if family not in habits:
            drawn = randomness.stream(seed, "lateness", family).lognormvariate(0, 1.35)
            habits[family] = min(drawn * (1.3 if sheet.pupil.fsm else 1.0), 30.0)
        if habits[family] > habits[latest.setdefault(school_key, family)]:
            latest[school_key] = family
    return habits | dict.fromkeys(latest.values(), LATEST_FAMILY)


def _scatter(
    sheets: list[Sheet],
    code: str,
    budget: int,
    lengths: tuple[int, ...],
    weights: tuple[int, ...],
    rng: Random,
) -> None:
    """Mark short runs of pupils with room, likelier the more room they have, until the budget is used."""
    running: list[float] = []
    total = 0.0
    for sheet in sheets:
        total += math.sqrt(max(0, sheet.room))
        running.append(total)
    if not total:
        return
    left = budget
    for _ in range(12 * budget):
        if left <= 0:
            break
        sheet = rng.choices(sheets, cum_weights=running)[0]
        length = min(rng.choices(lengths, weights)[0], left)
        if sheet.room >= length:
            start = 2 * sheet.draw_day(sheet.row.other, rng)
            left -= sheet.set_run(start + (rng.randrange(2) if length == 1 else 0), length, code)


def _place_late_after_close(sheets: list[Sheet], budget: int, habits: dict[int, float], rng: Random) -> None:
    """Mark mornings on which late families arrived after the register closed (U)."""
    able = [sheet for sheet in sheets if sheet.room > 0]
    if not able:
        return
    weights = [habits[sheet.pupil.family] for sheet in able]
    left = budget
    for _ in range(12 * budget):
        if left <= 0:
            break
        sheet = rng.choices(able, weights)[0]
        session = 2 * sheet.draw_day(sheet.row.late, rng)
        if sheet.room > 0 and sheet.is_present(session):
            sheet.codes[session] = "U"
            sheet.absent += 1
            left -= 1


def _place_illness(sheet: Sheet, sessions: int, rng: Random) -> None:
    lengths: tuple[int, ...] = LONG_ILLNESS_SESSIONS if sessions > MUCH else ILLNESS_SESSIONS
    weights = LONG_ILLNESS_WEIGHTS if sessions > MUCH else ILLNESS_WEIGHTS
    left = sessions
    misses = 0
    while left > 0 and misses < TRIES:
        length = min(rng.choices(lengths, weights)[0], left)
        start = 2 * sheet.draw_day(sheet.row.illness, rng)
        # Half days mostly begin at noon: the pupil fell ill at school and was collected.
        start += rng.random() < (0.68 if length % 2 else 0.06)
        marked = sheet.set_run(start, length, "I")
        left -= marked
        misses += not marked
    _fill(sheet, left, "I", rng)


def _place_unexplained(sheet: Sheet, sessions: int, rng: Random) -> None:
    """Mark days kept off (O); some pupils miss Fridays, some Mondays."""
    weekday = rng.choices((None, 4, 0), (50, 30, 20))[0]
    left = sessions
    misses = 0
    while left > 0 and misses < TRIES:
        if sessions > MUCH:
            length = min(rng.choices(LONG_ILLNESS_SESSIONS, LONG_ILLNESS_WEIGHTS)[0], left)
        else:
            length = min(rng.choices(UNEXPLAINED_SESSIONS, UNEXPLAINED_WEIGHTS)[0], left)
        day = sheet.draw_day(sheet.row.other, rng)
        if weekday is not None and rng.random() < 0.6:
            day += weekday - sheet.row.weekdays[day]
        marked = sheet.set_run(max(0, 2 * day) + (rng.randrange(2) if length == 1 else 0), length, "O")
        left -= marked
        misses += not marked
    _fill(sheet, left, "O", rng)


def _fill(sheet: Sheet, sessions: int, code: str, rng: Random) -> None:
    """Mark the rest on the first free sessions after a random one, for pupils who are hardly ever present."""
    span = sheet.end - sheet.first
    start = rng.randrange(span)
    left = sessions
    for step in range(span):
        if left <= 0:
            break
        session = sheet.first + (start + step) % span
        if sheet.is_present(session):
            left -= sheet.set_run(session, 1, code)
