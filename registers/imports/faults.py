"""What is wrong with a file, place by place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from accounts.errors import DomainError
from registers.rules.numbers import counted
from registers.services.refusals import RowsRefused

SHOWN = 50  # lines of faults that a person is shown at once
KEPT = 1000  # faults kept in memory of a file that is wrong on every line


@dataclass(frozen=True, order=True)
class Fault:
    """
    One thing wrong: the line of the file (1 is the header, 0 the whole file), the column's name, and what.
    """

    line: int
    column: str
    text: str

    def __str__(self) -> str:
        if not self.line:
            return self.text
        column = f", column {self.column}" if self.column else ""
        return f"line {self.line}{column}: {self.text}"


class FileRefused(DomainError):
    """
    A file was not taken in; `lines` names what is wrong with it, at most fifty faults, in the file's order.
    """

    def __init__(self, name: str, faults: list[Fault], total: int) -> None:
        super().__init__(f"{name} was refused: {counted(total, 'fault')}.")
        self.total = total
        self.faults = tuple(sorted(faults)[:SHOWN])
        shown = [f"{name}: {fault}" for fault in self.faults]
        self.lines = (
            (*shown, f"{name}: and {total - len(shown):,} more") if total > len(shown) else tuple(shown)
        )


class Faults:
    """Collects the faults of one file while it is read."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.total = 0
        self._kept: list[Fault] = []

    def add(self, line: int, column: str, text: str) -> None:
        """Note a fault."""
        self.total += 1
        if len(self._kept) < KEPT:
            self._kept.append(Fault(line, column, text))

    def add_refused(self, lines: Sequence[int], refused: RowsRefused) -> None:
        """Note the faults that a service found in rows; `lines` are the lines on which the rows stand."""
        for fault in refused.faults:
            self.add(lines[fault.place], fault.field, fault.text)

    def add_moved(self, refused: FileRefused, line_of: Callable[[int], int], column: str = "") -> None:
        """
        Note the faults of a file made from this one, on the lines (and in the column) from which they came.
        """
        for fault in refused.faults:
            self.add(line_of(fault.line), column or fault.column, fault.text)
        self.total += refused.total - len(refused.faults)

    def refuse_if_any(self) -> None:
        """
        Refuse the file if it has faults.

        :raises FileRefused: it has
        """
        if self.total:
            raise FileRefused(self.name, self._kept, self.total)
