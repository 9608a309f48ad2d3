"""A school's day: its times, those of weekdays and year groups that differ, and what is wrong with them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time

from registers.rules.times import SessionTimes, faults_of, minutes

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
YEAR_GROUPS = ("N", "R", *(str(year) for year in range(1, 14)))
HALVES = ("AM", "PM")


@dataclass(frozen=True)
class DayTimesInput:
    """
    The times of one half of the day.

    For every day or for one weekday (0 is Monday), for all pupils or for one year group ("" is all).
    """

    times: SessionTimes
    weekday: int | None = None
    year_group: str = ""
    gates_open_at: time | None = None
    entry_from: time | None = None


# Half, weekday and year group: what a line of the day is known by.
LineKey = tuple[str, int | None, str]


def year_words(year_group: str) -> str:
    """Return a year group in words: Nursery, Reception, Year 3."""
    return {"": "All years", "N": "Nursery", "R": "Reception"}.get(year_group, f"Year {year_group}")


def days_words(weekday: int | None, year_group: str) -> str:
    """Return for whom and when a line holds: "Friday, Nursery"; "" for every day and all years."""
    words = [] if weekday is None else [WEEKDAYS[weekday]]
    return ", ".join(words + ([year_words(year_group)] if year_group else []))


def line_for(
    lines: Mapping[LineKey, DayTimesInput], half: str, weekday: int, year_group: str = ""
) -> DayTimesInput | None:
    """
    Return the line that holds for a half of a weekday and a year group ("" for the school as a whole).

    A year group's own line wins over a weekday's: it says more about the pupils in front of the teacher.
    """
    for key in ((half, weekday, year_group), (half, None, year_group), (half, weekday, ""), (half, None, "")):
        if key in lines:
            return lines[key]
    return None


def by_key(times: Iterable[DayTimesInput]) -> dict[LineKey, DayTimesInput]:
    """Return the lines by what they are known by."""
    return {(line.times.half, line.weekday, line.year_group): line for line in times}


def faults_of_day(times: Sequence[DayTimesInput]) -> list[str]:
    """Return every reason why these times cannot be a school's, each as a sentence."""
    faults = []
    for half in HALVES:
        of_half = [(line.weekday, line.year_group) for line in times if line.times.half == half]
        weekdays = {weekday for weekday, year_group in of_half if not year_group}
        if None not in weekdays and not set(range(5)) <= weekdays:
            faults.append(f"The {half} register has no times.")
        if len(set(of_half)) < len(of_half):
            faults.append(f"The {half} register has two sets of times for one day.")
    for line in times:
        faults += faults_of_line(line)
    return list(dict.fromkeys(faults))


def faults_of_line(line: DayTimesInput) -> list[str]:
    """Return what is wrong with one line by itself, each as a sentence."""
    words = days_words(line.weekday, line.year_group)
    where = f" ({words})" if words else ""
    faults = faults_of(line.times)
    opens = minutes(line.times.opens_at)
    if line.gates_open_at is not None and minutes(line.gates_open_at) > opens:
        faults.append(f"The gates cannot open after the {line.times.half} register.")
    if line.entry_from is not None and minutes(line.entry_from) > opens:
        faults.append(f"Pupils cannot come in only after the {line.times.half} register has opened.")
    return [f"{fault.rstrip('.')}{where}." for fault in faults]


def notes_on_day(times: Sequence[DayTimesInput]) -> list[str]:
    """
    Return what is allowed but wants a second look, each as a sentence.

    The register should be open for the same length of time in every session (Working together to improve
    school attendance, 2024).
    """
    notes = []
    lengths: dict[int, list[str]] = {}
    for line in times:
        length = minutes(line.times.closes_at) - minutes(line.times.opens_at)
        words = days_words(line.weekday, line.year_group)
        lengths.setdefault(length, []).append(f"{line.times.half}{f' ({words})' if words else ''}")
    if len(lengths) > 1:
        said = "; ".join(f"{length} minutes: {', '.join(lengths[length])}" for length in sorted(lengths))
        notes.append(f"Registers should be open for the same time in every session. They are not: {said}.")
    lines = by_key(times)
    for half, weekday, year_group in lines:
        if year_group and weekday is None:
            shadowed = [
                f"{WEEKDAYS[day]}s"
                for day in range(5)
                if (half, day, "") in lines and (half, day, year_group) not in lines
            ]
            if shadowed:
                notes.append(
                    f"{year_words(year_group)} keeps its own {half} times on {' and '.join(shadowed)} too: "
                    "add a line for that day and year if they differ there."
                )
    return list(dict.fromkeys(notes))


def plain_day(
    *,
    morning: tuple[time, time, time],
    afternoon: tuple[time, time, time],
    ends: Sequence[time | None],
) -> list[DayTimesInput]:
    """
    Return a day whose weekdays differ in nothing but when they end.

    `morning` and `afternoon` are opens, late after and closes; `ends` has one time for each weekday, Monday
    first. The end that most days share is every day's; the later one where two are shared equally.
    """
    usual = max(set(ends), key=lambda end: (ends.count(end), end or time.max))
    return [
        DayTimesInput(SessionTimes(half, opens, late_after, closes, end), weekday)
        for half, (opens, late_after, closes) in (("AM", morning), ("PM", afternoon))
        for weekday, end in [(None, usual), *((n, end) for n, end in enumerate(ends) if end != usual)]
    ]
