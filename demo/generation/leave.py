"""Absence with a story of its own: part-time timetables, suspensions, festivals, holidays and other leave."""

from datetime import timedelta
from random import Random

from demo.generation import calendars, names
from demo.generation.families import Family
from demo.generation.sheets import HALVES, DayRow, Sheet, Timetable
from registers.rules.age import is_compulsory_age

# Sessions of the week a part-time timetable leaves out: afternoons first, as schools do.
TIMETABLE_PATTERNS: tuple[tuple[tuple[int, str], ...], ...] = (
    tuple((weekday, "PM") for weekday in range(5)),
    ((0, "PM"), (2, "PM"), (4, "PM")),
    ((1, "PM"), (3, "PM"), (4, "AM"), (4, "PM")),
)
SHORTEST_TIMETABLE = 15  # sessions: five weeks of three afternoons

HOLIDAY_DAYS = (1, 2, 3, 4, 5, 6, 7, 8, 10)
HOLIDAY_WEIGHTS = (9, 9, 10, 9, 42, 4, 3, 3, 11)
SUSPENSION_SESSIONS = (1, 2, 3, 4, 6, 10)
SUSPENSION_WEIGHTS = (20, 36, 6, 24, 10, 4)


def place_timetables(sheets: list[Sheet], budget: int, rng: Random) -> tuple[list[Timetable], int]:
    """
    Put pupils who will miss much on part-time timetables (C2); return them and the sessions marked.

    Only pupils of compulsory age for the whole timetable (SI 2024/208 regulation 11), most likely those with
    special needs, a medical condition or fear of school.
    """
    able = [sheet for sheet in sheets if sheet.room >= SHORTEST_TIMETABLE and sheet.end - sheet.first > 200]
    able.sort(key=lambda sheet: (_needs_timetable(sheet) + rng.random() * 2, sheet.pupil.upn), reverse=True)
    made: list[Timetable] = []
    left = budget
    for sheet in able:
        if left < SHORTEST_TIMETABLE:
            break
        pattern = rng.choice(TIMETABLE_PATTERNS)
        weeks = min(rng.randrange(5, 13), min(sheet.room, left) // len(pattern))
        if weeks < 4:
            continue
        timetable, marked = _start_timetable(sheet, pattern, weeks, rng)
        if timetable is not None:
            made.append(timetable)
            left -= marked
    return made, budget - left


def _needs_timetable(sheet: Sheet) -> float:
    wanted = {"ebsa": 3.0, "significant_medical": 2.0, "medical": 0.5}
    return {"N": 0.0, "K": 1.5, "E": 3.0}[sheet.pupil.sen] + sum(
        wanted.get(flag.name, 0.0) for flag in sheet.pupil.flags
    )


def _start_timetable(
    sheet: Sheet, pattern: tuple[tuple[int, str], ...], weeks: int, rng: Random
) -> tuple[Timetable | None, int]:
    days = sheet.row.days
    first_place, last_place = sheet.first // 2, (sheet.end - 1) // 2
    starts = [
        place for place in range(first_place + 5, last_place - 5 * weeks) if sheet.row.weekdays[place] == 0
    ]
    starts = [place for place in starts if is_compulsory_age(sheet.pupil.date_of_birth, days[place])]
    if not starts:
        return None, 0
    start = rng.choice(starts)
    last = start + 5 * weeks - 1
    marked = 0
    for place in range(start, last + 1):
        for half, name in enumerate(HALVES):
            if (sheet.row.weekdays[place], name) in pattern:
                marked += sheet.set_run(2 * place + half, 1, "C2")
    timetable = Timetable(
        pupil=sheet.pupil.number,
        academic_year=sheet.row.academic_year,
        first_day=days[start],
        last_day=days[last],
        review_on=days[start] + timedelta(days=28),
        agreed_on=days[start] - timedelta(days=rng.randrange(3, 11)),
        absences=pattern,
    )
    return timetable, marked


def place_suspensions(sheets: list[Sheet], budget: int, rng: Random) -> int:
    """Suspend a few pupils (E), some more than once; return the sessions marked."""
    able = [sheet for sheet in sheets if sheet.place.year_group not in ("N", "R")]
    weights = [
        {"N": 0.2, "K": 2.0, "E": 4.0}[sheet.pupil.sen] * (3.0 if sheet.pupil.sex == "M" else 1.0)
        for sheet in able
    ]
    often = rng.choices(able, weights, k=max(1, budget // 8)) if able else []
    return _place(often, budget, SUSPENSION_SESSIONS, SUSPENSION_WEIGHTS, "E", rng)


def place_interviews(sheets: list[Sheet], budget: int, rng: Random) -> int:
    """Send pupils of the upper years to look at their next school (J1); return the sessions marked."""
    able = [sheet for sheet in sheets if sheet.place.year_group in ("2", "4", "5", "6")]
    return _place(able, budget, (1, 2), (7, 3), "J1", rng)


def place_performances(sheets: list[Sheet], budget: int, rng: Random) -> int:
    """Give two or three performers leave for regulated performances (C1); return the sessions marked."""
    able = [sheet for sheet in sheets if sheet.place.year_group not in ("N", "R")]
    performers = rng.sample(able, min(3, len(able)))
    return _place(performers, budget, (2, 4), (2, 1), "C1", rng)


def place_travelling(sheets: list[Sheet], budget: int, rng: Random) -> int:
    """Let families who travel for work be away for weeks at a time (T); return the sessions marked."""
    able = [sheet for sheet in sheets if any(flag.name == "traveller" for flag in sheet.pupil.flags)]
    return _place(able, budget, (10, 20), (1, 1), "T", rng)


def _place(
    able: list[Sheet], budget: int, lengths: tuple[int, ...], weights: tuple[int, ...], code: str, rng: Random
) -> int:
    """Mark runs of pupils with room for them until the budget is used; return the sessions marked."""
    marked = 0
    for _ in range(8 * budget):
        if marked >= budget or not able:
            break
        sheet = rng.choice(able)
        length = min(rng.choices(lengths, weights)[0], budget - marked)
        if sheet.room >= length:
            marked += sheet.set_run(2 * sheet.draw_day(sheet.row.other, rng) + length % 2, length, code)
    return marked


def place_festivals(sheets: list[Sheet], families: list[Family], budget: int) -> int:
    """Mark the festivals that families keep (R), up to the budget; return the sessions marked."""
    marked = 0
    keeping = [sheet for sheet in sheets if names.keeps_eid(families[sheet.pupil.family].tradition)]
    for festival in calendars.islamic_festivals(sheets[0].row.academic_year) if sheets else ():
        for sheet in keeping:
            place = sheet.row.place_of.get(festival)
            if place is not None and marked + 2 <= budget:
                marked += sheet.set_run(2 * place, 2, "R")
    return marked


def place_holidays(sheets: list[Sheet], budget: int, rng: Random) -> int:
    """
    Take families on holiday in term time (G), brothers and sisters together; return the sessions marked.

    Many holidays lengthen a school holiday; a week away mostly runs from Monday to Friday.
    """
    by_family: dict[int, list[Sheet]] = {}
    for sheet in sheets:
        by_family.setdefault(sheet.pupil.family, []).append(sheet)
    families = list(by_family.values())
    marked = 0
    for _ in range(40 * budget):
        if marked >= budget:
            break
        family = rng.choice(families)
        days = rng.choices(HOLIDAY_DAYS, HOLIDAY_WEIGHTS)[0]
        if max(sheet.room for sheet in family) < 2 * days or any("G" in sheet.codes for sheet in family):
            continue
        start = _holiday_start(family[0], days, rng)
        for sheet in family:
            marked += sheet.set_run(2 * start, min(2 * days, budget - marked), "G")
    return marked


def _holiday_start(sheet: Sheet, days: int, rng: Random) -> int:
    row: DayRow = sheet.row
    first, last = sheet.first // 2, (sheet.end - 1) // 2
    breaks = [place for place in row.last_days_before_breaks() if first + days <= place <= last]
    drawn = rng.random()
    if breaks and drawn < 0.3:
        return rng.choice(breaks) - days + 1
    if breaks and drawn < 0.42:
        return min(last, rng.choice(breaks) + 1)
    start = sheet.draw_day(row.other, rng)
    if days >= 5 and drawn < 0.85:
        start = max(first, start - row.weekdays[start])
    return start
