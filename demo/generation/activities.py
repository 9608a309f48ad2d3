"""Sessions spent elsewhere with approval, lateness, and the few sessions that do not count at all."""

from datetime import time
from random import Random

from demo.generation.sheets import PRESENT, Sheet

TRIPS = (
    "Museum visit",
    "Farm visit",
    "Castle visit",
    "Theatre visit",
    "Nature reserve walk",
    "Science centre visit",
    "Library visit",
    "Orchestra concert",
)
SPORTS = (
    "Cross-country at the cluster schools",
    "Football tournament",
    "Swimming gala",
    "Netball league match",
)
TRANSITION = {"6": "Transition day at secondary school", "4": "Transition day at middle school"}
TRANSITION["2"] = "Transition day at junior school"
OFF_SITE = ("Forest school at the country park", "Riding for the disabled", "Music hub workshop")
RESIDENTIAL = "Residential visit"
HOSPITAL = "Hospital school"
# How likely a trip begins in each half term: most in summer.
TRIP_WEIGHTS = {"Autumn 1": 6, "Autumn 2": 7, "Spring 1": 5, "Spring 2": 8, "Summer 1": 12, "Summer 2": 20}


def place_not_possible(sheets: list[Sheet], rng: Random) -> None:
    """Mark two mornings without the school coach (Y1) in the one small country school."""
    riders = [sheet for sheet in sheets if sheet.row.school.boiler_fails and sheet.place.year_group != "R"]
    if not riders:
        return
    on_the_coach = rng.sample(riders, min(9, len(riders)))
    for day in rng.sample(range(60, len(riders[0].row.days) - 20), 2):
        for sheet in on_the_coach:
            if sheet.is_present(2 * day):
                sheet.codes[2 * day] = "Y1"
                sheet.natures[2 * day] = "School coach did not run"


def place_hospital_school(sheets: list[Sheet], budget: int, rng: Random) -> None:
    """Let a pupil with a serious condition be taught in hospital for some weeks (K)."""
    able = [
        sheet
        for sheet in sheets
        if any(flag.name == "significant_medical" for flag in sheet.pupil.flags)
        and sheet.end - sheet.first > 300
        and sheet.place.year_group != "N"
    ]
    left = budget
    for sheet in rng.sample(able, min(2, len(able))):
        start = rng.randrange(sheet.first, sheet.end - 80)
        for session in range(start, min(start + budget // 2 + 1, sheet.end)):
            if left > 0 and sheet.is_present(session):
                _send(sheet, session, "K", HOSPITAL)
                left -= 1


def place_trips(classes: list[list[Sheet]], budget: int, rng: Random) -> None:
    """Send classes on visits (V), the oldest on a residential, until the budget of sessions is used."""
    left = budget
    for members in classes:
        if members[0].place.year_group == "6" and left > 6 * len(members):
            day = _trip_day(members, rng, lasting=3)
            left -= _send_class(members, range(2 * day, 2 * day + 6), "V", RESIDENTIAL)
    for _ in range(budget):
        if left <= 0:
            break
        members = rng.choice(classes)
        day = _trip_day(members, rng, lasting=1)
        whole_day = rng.random() < 0.75
        sessions = range(2 * day + (0 if whole_day else 1), 2 * day + 2)
        left -= _send_class(members, sessions, "V", rng.choice(TRIPS))


def _trip_day(members: list[Sheet], rng: Random, *, lasting: int) -> int:
    row = members[0].row
    able = range(5, len(row.days) - lasting)
    weights = [TRIP_WEIGHTS[row.half_terms[day]] * (1 if row.weekdays[day] else 0.3) for day in able]
    return rng.choices(able, weights)[0]


def _send_class(members: list[Sheet], sessions: range, code: str, nature: str) -> int:
    sent = 0
    for sheet in members:
        for session in sessions:
            if sheet.is_present(session):
                _send(sheet, session, code, nature)
                sent += 1
    return sent


def _send(sheet: Sheet, session: int, code: str, nature: str) -> None:
    sheet.codes[session] = code
    sheet.natures[session] = nature


def place_sports(classes: list[list[Sheet]], budget: int, rng: Random) -> None:
    """Send teams to matches in the afternoon (P) until the budget of sessions is used."""
    older = [members for members in classes if members[0].place.year_group not in ("N", "R", "1")]
    left = budget
    for _ in range(budget):
        if left <= 0 or not older:
            break
        members = rng.choice(older)
        team = rng.sample(members, min(10, left, len(members)))
        session = 2 * members[0].draw_day(members[0].row.late, rng) + 1
        left -= _send_class(team, range(session, session + 1), "P", rng.choice(SPORTS))


def place_other_activities(sheets: list[Sheet], budget: int, rng: Random) -> None:
    """Send leavers to their next school for a day, and a few pupils off site each week (B)."""
    left = budget
    for sheet in sheets:
        nature = TRANSITION.get(sheet.place.year_group)
        if nature is None or sheet.place.year_group != sheet.row.school.year_groups[-1] or left < 2:
            continue
        day = len(sheet.row.days) - 8
        left -= _send_class([sheet], range(2 * day, 2 * day + 2), "B", nature)
    regulars = rng.sample(sheets, min(len(sheets), 40))
    for sheet in regulars:
        weekday, nature = rng.randrange(5), rng.choice(OFF_SITE)
        for day in range(15, min(len(sheet.row.days), 75)):
            if left > 0 and sheet.row.weekdays[day] == weekday and sheet.is_present(2 * day + 1):
                _send(sheet, 2 * day + 1, "B", nature)
                left -= 1


def place_lateness(
    sheets: list[Sheet], morning: int, afternoon: int, habits: dict[int, float], rng: Random
) -> None:
    """
    Bring families late (L), brothers and sisters at the same time, until both budgets are used.

    Lateness is a habit: a few families make most of it.
    """
    by_family: dict[int, list[Sheet]] = {}
    for sheet in sheets:
        by_family.setdefault(sheet.pupil.family, []).append(sheet)
    families = list(by_family.values())
    running: list[float] = []
    total = 0.0
    for family in families:
        total += habits[family[0].pupil.family]
        running.append(total)
    for half, budget in ((0, morning), (1, afternoon)):
        left = budget
        for _ in range(20 * budget):
            if left <= 0:
                break
            family = rng.choices(families, cum_weights=running)[0]
            day = family[0].draw_day(family[0].row.late, rng)
            came = [sheet for sheet in family if sheet.is_present(2 * day + half)][:left]
            arrived_at = late_arrival(family[0], half, rng)
            for sheet in came:
                sheet.codes[2 * day + half] = "L"
                sheet.arrivals[2 * day + half] = arrived_at
            left -= len(came)


def late_arrival(sheet: Sheet, half: int, rng: Random) -> time:
    """Return when a late pupil arrived: after the hour for being on time, before the register closed."""
    school = sheet.row.school
    late_after, closes = (
        (school.pm_opens, school.pm_closes) if half else (school.am_late_after, school.am_closes)
    )
    minutes = _minutes(closes) - _minutes(late_after)
    return _later(late_after, 1 + int((minutes - 1) * rng.random() ** 1.6))


def set_arrivals_after_close(sheets: list[Sheet], rng: Random) -> None:
    """Give every mark U the time of arrival, up to an hour and a half after the register closed."""
    for sheet in sheets:
        for session in range(sheet.first, sheet.end):
            if sheet.codes[session] == "U":
                school = sheet.row.school
                closes = school.pm_closes if session % 2 else school.am_closes
                longest = 40 if session % 2 else 90
                sheet.arrivals[session] = _later(closes, 1 + int(longest * rng.random() ** 2))


def _minutes(moment: time) -> int:
    return moment.hour * 60 + moment.minute


def _later(moment: time, minutes: int) -> time:
    total = _minutes(moment) + minutes
    return time(total // 60, total % 60)


def count(sheets: list[Sheet], codes: frozenset[str], half: int) -> int:
    """Count the marks of these codes in one half of the day."""
    return sum(
        1
        for sheet in sheets
        for session in range(sheet.first + (sheet.first + half) % 2, sheet.end, 2)
        if sheet.codes[session] in codes
    )


def present(sheets: list[Sheet], half: int) -> int:
    """Count the plain present marks in one half of the day."""
    return count(sheets, frozenset({PRESENT[half]}), half)
