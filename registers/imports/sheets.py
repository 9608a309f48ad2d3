"""
A CSV file as typed rows.

Files come out of spreadsheets and other systems: UTF-8 with or without a byte order mark, lines ended in any
way, trailing commas and empty lines are read; anything else that is wrong is a fault with its line and
column. A file is read line by line, so that its length does not matter.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from registers.imports.faults import Faults

_EVERY = 1000  # rows between two reports of progress


class CellFault(Exception):
    """A cell cannot be read; the message says why in one clause."""


@dataclass(frozen=True)
class Column:
    """One column: its name in the header, how a cell is read, and whether the file may come without it."""

    name: str
    read: Callable[[str], Any]  # raises CellFault
    is_optional: bool = False


@dataclass(frozen=True)
class Row:
    """One row: the line of the file on which it begins, and a value for each column that the file has."""

    line: int
    values: Mapping[str, Any]

    def __getitem__(self, column: str) -> Any:
        return self.values[column]

    def get(self, column: str, default: Any = None) -> Any:
        """Return the value of an optional column, or the default when the file comes without it."""
        return self.values.get(column, default)


class Sheet:
    """An open CSV file with a header."""

    def __init__(
        self,
        stream: BinaryIO,
        columns: Sequence[Column],
        *,
        faults: Faults,
        ignored: frozenset[str] = frozenset(),
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Read the header; what is wrong with it is added to the faults, and the sheet then has no rows."""
        self.faults = faults
        self.progress = progress
        self.count = 0  # rows read so far
        self._reader = csv.reader(self._lines(stream), strict=True)
        self._places: list[tuple[int, Column]] = []
        self._width = 0
        self._read_header({column.name: column for column in columns}, ignored)

    def has(self, column: str) -> bool:
        """Say whether the file comes with this column."""
        return any(found.name == column for _, found in self._places)

    def rows(self) -> Iterator[Row]:
        """Yield each row without a fault; the faults of the others are noted."""
        if not self._places:
            return
        for line, cells in self._records():
            self.count += 1
            if self.progress is not None and self.count % _EVERY == 0:
                self.progress(self.count)
            if len(cells) < self._width or any(cell.strip() for cell in cells[self._width :]):
                self.faults.add(line, "", f"has {len(cells)} cells, the header has {self._width}")
                continue
            values: dict[str, Any] = {}
            for place, column in self._places:
                try:
                    values[column.name] = column.read(cells[place].strip())
                except CellFault as fault:
                    self.faults.add(line, column.name, str(fault))
            if len(values) == len(self._places):
                yield Row(line, values)

    def _lines(self, stream: BinaryIO) -> Iterator[str]:
        # newline="" leaves line endings to the CSV reader; undecodable bytes arrive as surrogates, so that
        # they can be reported with the line they stand on.
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
        try:
            for number, line in enumerate(text, start=1):
                if not line.isascii():
                    try:
                        line.encode("utf-8")
                    except UnicodeEncodeError:
                        self.faults.add(number, "", "is not UTF-8 text: save the file as CSV UTF-8")
                        return
                if "\0" in line:
                    self.faults.add(number, "", "holds a null character: this is no text file")
                    return
                yield line
        finally:
            if not text.closed:
                text.detach()  # the stream is the caller's to close

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        while True:
            line = self._reader.line_num + 1
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                self.faults.add(line, "", _said_plainly(error))
                continue
            if any(cell.strip() for cell in cells):
                yield line, cells

    def _read_header(self, columns: Mapping[str, Column], ignored: frozenset[str]) -> None:
        before = self.faults.total
        line, header = next(self._records(), (0, []))
        names = [cell.strip().lower() for cell in header]
        if not names:
            if self.faults.total == before:
                self.faults.add(0, "", "the file is empty")
            return
        while names and not names[-1]:
            names.pop()
        if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
            self.faults.add(line, "", "the columns must be separated by commas")
            return
        for place, name in enumerate(names):
            if name in names[:place]:
                self.faults.add(line, name, "stands twice in the header")
            elif name in columns:
                self._places.append((place, columns[name]))
            elif name not in ignored:
                self.faults.add(line, name, f"is not a column of this file: {', '.join(columns)}")
        for name, column in columns.items():
            if name not in names and not column.is_optional:
                self.faults.add(line, name, "is missing from the header")
        self._width = len(names)
        if self.faults.total > before:
            self._places = []  # rows read by a wrong header would only repeat its faults


def _said_plainly(error: csv.Error) -> str:
    text = str(error)
    if "unexpected end of data" in text:
        return "begins a quotation that never ends"
    if "expected after" in text:
        return 'has text after a closing quotation mark; write a quotation mark inside text as ""'
    if "field larger than" in text:
        return "has a cell of more than 131,072 characters"
    return f"cannot be read as CSV: {text}"
