"""How a service that takes many rows says which of them it refuses."""

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.errors import DomainError


@dataclass(frozen=True)
class RowFault:
    """One thing wrong with one of the rows given: its place among them from 0, the field, and one clause."""

    place: int
    field: str
    text: str


class RowsRefused(DomainError):
    """Some rows cannot be taken, so none was; `faults` says which and why."""

    def __init__(self, faults: Sequence[RowFault]) -> None:
        super().__init__(
            f"{len(faults)} of the rows cannot be taken. The first: {faults[0].field} {faults[0].text}."
        )
        self.faults = tuple(faults)
