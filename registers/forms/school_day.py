"""
The times of a school's day as a table of a form: one line for every day, and one for each that differs.

A line has a morning and an afternoon. Empty cells of a line that differs are as on every day, so that
"Fridays end at 13:30" is one time to type.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from hashlib import sha256

from django import forms
from django.http import QueryDict

from accounts.fields import DatePartsField
from registers.forms.register import parse_clock
from registers.rules.day import (
    HALVES,
    WEEKDAYS,
    YEAR_GROUPS,
    DayTimesInput,
    LineKey,
    by_key,
    days_words,
    faults_of_day,
    year_words,
)
from registers.rules.times import SessionTimes

BLANK_LINES = 2
MOST_LINES = 40


@dataclass(frozen=True)
class Column:
    """One time of the day."""

    name: str
    label: str
    half: str = ""  # the half it is of; "" for those of the day


COLUMNS = (
    Column("gates", "Gates open"),
    Column("entry", "Come in from"),
    Column("am_opens", "AM opens", "AM"),
    Column("am_late", "AM late after", "AM"),
    Column("am_closes", "AM closes", "AM"),
    Column("pm_opens", "PM opens", "PM"),
    Column("pm_late", "PM late after", "PM"),
    Column("pm_closes", "PM closes", "PM"),
    Column("ends", "Day ends"),
)
NEEDED = tuple(column.name for column in COLUMNS if column.half)


class StartForm(forms.Form):
    """From which day the times hold."""

    starts_on = DatePartsField(label="These times hold from", subject="The day")


@dataclass
class Cell:
    """One time as the page shows it."""

    column: Column
    name: str
    text: str = ""
    fault: str = ""


@dataclass
class Line:
    """One line of the table."""

    number: int
    weekday: str = ""
    year_group: str = ""
    cells: list[Cell] = field(default_factory=list)

    @property
    def is_usual(self) -> bool:
        """Say whether it is the line of every day and all years, which is always there."""
        return self.number == 0

    @property
    def words(self) -> str:
        """Return for whom and when the line holds."""
        if self.is_usual:
            return "Every day"
        weekday = int(self.weekday) if self.weekday else None
        return days_words(weekday, self.year_group) or f"Line {self.number}"

    @property
    def is_blank(self) -> bool:
        """Say whether nothing was typed."""
        return not any(cell.text for cell in self.cells) and not (self.weekday or self.year_group)

    def cell(self, name: str) -> Cell:
        """Return one of its times."""
        return next(cell for cell in self.cells if cell.column.name == name)


@dataclass(frozen=True)
class Fault:
    """One line of the error summary."""

    message: str
    href: str = ""


class SchoolDayForm:
    """The lines of a day: as they stand, or as somebody posted them."""

    weekdays = (("", "Every day"), *((str(number), name) for number, name in enumerate(WEEKDAYS)))
    year_groups = (("", "All years"), *((year, year_words(year)) for year in YEAR_GROUPS))
    columns = COLUMNS

    def __init__(
        self,
        standing: Iterable[DayTimesInput],
        data: QueryDict | None = None,
        *,
        starts_on: date | None = None,
    ) -> None:
        self.other_faults: list[Fault] = []
        self.start = StartForm(data, initial={"starts_on": starts_on})
        self.has_start = starts_on is not None
        self.lines = _lines_of(standing) if data is None else _posted(data)
        if data is None or "more" in data:
            self._add_blank_lines()
        self.times: list[DayTimesInput] = []

    def _add_blank_lines(self) -> None:
        for _ in range(BLANK_LINES):
            if len(self.lines) < MOST_LINES:
                self.lines.append(_empty(len(self.lines)))

    def is_valid(self) -> bool:
        """Read the lines; say whether they can be a school's day."""
        given = [line for line in self.lines if line.is_usual or not line.is_blank]
        read: dict[tuple[str, str], dict[str, time | None]] = {}
        for line in given:
            key = (line.weekday, line.year_group)
            if not line.is_usual and key == ("", ""):
                self._blame(line, "weekday", "Choose a day or a year group for the line")
            elif key in read:
                self._blame(line, "weekday", f"{line.words}: there are two lines for it")
            read[key] = self._read(line)
        if not self.faults:
            self.times = [
                one
                for (weekday, year_group), times in read.items()
                for one in _inputs(weekday, year_group, times, read)
            ]
            self.other_faults += [Fault(text) for text in faults_of_day(self.times)]
        if self.has_start:
            self.start.is_valid()
        return not self.faults and (not self.has_start or self.start.is_valid())

    def _read(self, line: Line) -> dict[str, time | None]:
        times: dict[str, time | None] = {}
        for cell in line.cells:
            try:
                times[cell.column.name] = parse_clock(cell.text)
            except ValueError:
                times[cell.column.name] = None
                cell.fault = f"{line.words}, {cell.column.label}: enter a time like 8:50 or 1:15pm"
            else:
                if line.is_usual and cell.column.name in NEEDED and times[cell.column.name] is None:
                    cell.fault = f"Enter when {LABELS[cell.column.name]}"
        return times

    def _blame(self, line: Line, control: str, message: str) -> None:
        self.other_faults.append(Fault(message, f"#{control}-{line.number}"))

    @property
    def faults(self) -> list[Fault]:
        """Return everything that is wrong with the lines, in the order of the page."""
        return self.other_faults + [
            Fault(cell.fault, f"#{cell.name}") for line in self.lines for cell in line.cells if cell.fault
        ]

    @property
    def token(self) -> str:
        """Return a digest of what was entered, by which the page knows what was checked."""
        said = (sorted(map(repr, self.times)), self.starts_on)
        return sha256(repr(said).encode()).hexdigest()[:16]

    @property
    def starts_on(self) -> date | None:
        """Return the first day that was entered; none where the page does not ask for it."""
        if not self.has_start or not self.start.is_bound or not self.start.is_valid():
            return None
        entered: date = self.start.cleaned_data["starts_on"]
        return entered


LABELS = {
    "am_opens": "the morning register opens",
    "am_late": "morning arrivals begin to be late",
    "am_closes": "the morning register closes",
    "pm_opens": "the afternoon register opens",
    "pm_late": "afternoon arrivals begin to be late",
    "pm_closes": "the afternoon register closes",
}


def _inputs(
    weekday: str,
    year_group: str,
    times: Mapping[str, time | None],
    read: Mapping[tuple[str, str], Mapping[str, time | None]],
) -> list[DayTimesInput]:
    """Return the halves of one line; what it leaves empty is as on every day, for that year or for all."""
    usual = [read[key] for key in (("", year_group), ("", "")) if key in read and read[key] is not times]

    def filled(name: str) -> time | None:
        found = [one[name] for one in (times, *usual) if one[name] is not None]
        return found[0] if found else None

    found = []
    for half in HALVES:
        names = [column.name for column in COLUMNS if column.half == half]
        opens, late_after, closes = (filled(name) for name in names)
        of_day = ("gates", "entry", "ends") if half == "AM" else ("ends",)
        if usual and not any(times[name] for name in (*names, *of_day)):
            continue  # the line says nothing about this half
        if opens is None or late_after is None or closes is None:
            continue  # said as a fault of the line of every day
        found.append(
            DayTimesInput(
                SessionTimes(half, opens, late_after, closes, filled("ends")),
                int(weekday) if weekday else None,
                year_group,
                filled("gates") if half == "AM" else None,
                filled("entry") if half == "AM" else None,
            )
        )
    return found


def _empty(number: int) -> Line:
    return Line(number, cells=[Cell(column, f"{column.name}_{number}") for column in COLUMNS])


def _posted(data: QueryDict) -> list[Line]:
    """Return the lines that a page sent, as many as it had."""
    lines = []
    for number in range(MOST_LINES):
        if number and f"ends_{number}" not in data:
            break
        line = _empty(number)
        if number:
            weekday, year_group = data.get(f"weekday_{number}", ""), data.get(f"year_{number}", "")
            line.weekday = weekday if weekday in {str(day) for day in range(len(WEEKDAYS))} else ""
            line.year_group = year_group if year_group in YEAR_GROUPS else ""
        for cell in line.cells:
            cell.text = data.get(cell.name, "").strip()[:20]
        lines.append(line)
    return lines


def _lines_of(standing: Iterable[DayTimesInput]) -> list[Line]:
    """Return the lines of the times that stand; halves of one weekday and year group share a line."""
    rows = by_key(standing)
    others = {(weekday, year_group) for _, weekday, year_group in rows} - {(None, "")}
    lines: list[Line] = []
    for weekday, year_group in [
        (None, ""),
        *sorted(others, key=lambda key: (key[1], -1 if key[0] is None else key[0])),
    ]:
        line = _empty(len(lines))
        line.weekday = "" if weekday is None else str(weekday)
        line.year_group = year_group
        for name, at in _texts(rows, weekday, year_group).items():
            # What is as on every day stays empty, so that it follows when that changes.
            if (weekday, year_group) == (None, "") or at != _inherited(rows, name, year_group, weekday):
                line.cell(name).text = f"{at:%-H:%M}"
        lines.append(line)
    return lines


def _texts(rows: Mapping[LineKey, DayTimesInput], weekday: int | None, year_group: str) -> dict[str, time]:
    found: dict[str, time | None] = {}
    for half in HALVES:
        row = rows.get((half, weekday, year_group))
        if row is None:
            continue
        prefix = half.lower()
        found |= {
            f"{prefix}_opens": row.times.opens_at,
            f"{prefix}_late": row.times.late_after,
            f"{prefix}_closes": row.times.closes_at,
            "ends": row.times.day_ends_at or found.get("ends"),
        }
        if half == "AM":
            found |= {"gates": row.gates_open_at, "entry": row.entry_from}
    return {name: at for name, at in found.items() if at is not None}


def _inherited(
    rows: Mapping[LineKey, DayTimesInput], name: str, year_group: str, weekday: int | None
) -> time | None:
    """Return what an empty cell of a line stands for: the year group's usual time, or everybody's."""
    sources = [(None, year_group)] if year_group and weekday is not None else []
    for source in [*sources, (None, "")]:
        found = _texts(rows, *source).get(name)
        if found is not None:
            return found
    return None
