"""A whole year of marks for the trust, calibrated to the published rates."""

from dataclasses import dataclass

from demo.generation import activities, facts, fitting, leave, randomness, schools, spells, targets
from demo.generation.families import Family
from demo.generation.people import Pupil
from demo.generation.sheets import NOT_POSSIBLE, DayRow, Sheet, Timetable, open_sheet

# N is settled within days, so that a finished year has none: its published share joins O, what N becomes.
SETTLED_AS = {"N": "O"}


@dataclass(frozen=True, slots=True)
class YearOfMarks:
    """Every sheet of one academic year, for all schools, and the timetables that C2 rests on."""

    academic_year: int
    sheets: tuple[Sheet, ...]
    timetables: tuple[Timetable, ...]


def draw_year(
    pupils: list[Pupil], families: list[Family], rows: dict[str, DayRow], *, seed: int
) -> YearOfMarks:
    """
    Draw one academic year of marks for all pupils with a place in it.

    `rows` has the days of each school by key. The same seed and pupils always give the same marks, however
    much of the year lies in the future: callers show the part up to today.
    """
    academic_year = next(iter(rows.values())).academic_year
    rng = randomness.stream(seed, "marks", academic_year)
    sheets = []
    for pupil in pupils:
        place = pupil.place_in(academic_year)
        if place is not None:
            sheet = open_sheet(pupil, place, rows[pupil.school_key])
            sheet.likeliness = targets.likeliness(pupil, academic_year, seed)
            sheets.append(sheet)
    activities.place_not_possible(sheets, rng)
    for sheet in sheets:
        sheet.possible = sheet.count_possible()
    budgets = budgets_for(sum(sheet.possible for sheet in sheets))

    strata = _strata(sheets)
    targets.let_one_stay_away(strata[0])
    totals = [_absence_total(stratum) for stratum in strata]
    for stratum, total in zip(strata, totals, strict=True):
        targets.set_targets(stratum, total)
    activities.place_hospital_school(sheets, budgets["K"], rng)
    timetables, part_time = leave.place_timetables(sheets, budgets["C2"], rng)
    placed = {
        "C2": part_time,
        "E": leave.place_suspensions(sheets, budgets["E"], rng),
        "R": leave.place_festivals(sheets, families, budgets["R"]),
        "T": leave.place_travelling(sheets, budgets["T"], rng),
        "J1": leave.place_interviews(sheets, budgets["J1"], rng),
        "C1": leave.place_performances(sheets, budgets["C1"], rng),
    }
    leave.place_holidays(sheets, budgets["G"], rng)
    # What could not be placed (no festival in term, no traveller on roll) is leave for another reason.
    unplaced = sum(budgets[code] - marked for code, marked in placed.items())
    everyday = {code: budgets[code] for code in ("M", "C", "U", "O")}
    everyday["C"] += max(0, unplaced)
    habits = spells.habits_of_lateness(sheets, seed)
    for stratum, total in zip(strata, totals, strict=True):
        _make_room(stratum, total, rng)
        shares = {code: round(budget * len(stratum) / len(sheets)) for code, budget in everyday.items()}
        spells.place_everyday_absence(stratum, shares, habits, rng, seed)
    fitting.fit_terms(sheets, rng)
    fitting.fit_weekdays(sheets, rng)
    _place_attendance_elsewhere(sheets, budgets, rng)
    _place_lateness(sheets, budgets, habits, rng)
    activities.set_arrivals_after_close(sheets, rng)
    return YearOfMarks(academic_year, tuple(sheets), tuple(timetables))


def budgets_for(possible: int) -> dict[str, int]:
    """Return the number of sessions each code has among so many possible sessions, N counted with O."""
    budgets: dict[str, int] = {}
    for measure, percent in facts.percentages().items():
        if measure.startswith("code "):
            code = measure.removeprefix("code ")
            code = SETTLED_AS.get(code, code)
            budgets[code] = budgets.get(code, 0) + round(possible * percent / 100)
    return budgets


def _strata(sheets: list[Sheet]) -> list[list[Sheet]]:
    """Return the groups that each have the published rates: Years 1 to 6 first, nursery, Reception."""
    groups: dict[str, list[Sheet]] = {}
    for sheet in sheets:
        year_group = sheet.place.year_group
        groups.setdefault(year_group if year_group in (schools.NURSERY, "R") else "", []).append(sheet)
    return [groups[key] for key in sorted(groups)]


def _absence_total(stratum: list[Sheet]) -> int:
    possible = sum(sheet.possible for sheet in stratum)
    return round(possible * facts.percentages()["overall_absence"] / 100)


def _make_room(stratum: list[Sheet], total: int, rng: randomness.Random) -> None:
    """Bring the targets of a group back to its total after some pupils missed more than theirs."""
    for sheet in stratum:
        sheet.target = max(sheet.target, sheet.absent)
    rng.shuffle(stratum)
    targets.shift_targets(stratum, total - sum(sheet.target for sheet in stratum))


def _place_attendance_elsewhere(sheets: list[Sheet], budgets: dict[str, int], rng: randomness.Random) -> None:
    by_class: dict[tuple[str, str], list[Sheet]] = {}
    for sheet in sheets:
        by_class.setdefault((sheet.pupil.school_key, sheet.place.class_name), []).append(sheet)
    classes = [by_class[key] for key in sorted(by_class)]
    activities.place_trips(classes, budgets["V"], rng)
    activities.place_sports(classes, budgets["P"], rng)
    activities.place_other_activities(sheets, budgets["B"], rng)


def _place_lateness(
    sheets: list[Sheet], budgets: dict[str, int], habits: dict[int, float], rng: randomness.Random
) -> None:
    """Bring so many late each morning that the marks / and \\ come out at their own published rates."""
    morning = max(0, activities.present(sheets, 0) - budgets["/"])
    afternoon = max(budgets["L"] // 50, budgets["L"] - morning)
    morning = max(0, budgets["L"] - afternoon)
    activities.place_lateness(sheets, morning, afternoon, habits, rng)


def counts_by_code(sheets: tuple[Sheet, ...]) -> dict[str, int]:
    """Return the number of possible sessions marked with each code."""
    found: dict[str, int] = {}
    for sheet in sheets:
        for code in sheet.codes[sheet.first : sheet.end]:
            if code not in NOT_POSSIBLE:
                found[code] = found.get(code, 0) + 1
    return dict(sorted(found.items()))
