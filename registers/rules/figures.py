"""Attendance figures: exact integers, and the only place where they become a percentage."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from registers.rules.codes import ABSENT, ATTENDING, CODE_BY_SYMBOL, StatisticalClass


def percentage_text(part: int, whole: int) -> str | None:
    """
    Return part of whole in per cent with one decimal, truncated so that 95.96 never reads 96.0 (GEN-05).

    None when there is nothing to divide by. The integer arithmetic is exact.
    """
    if whole == 0:
        return None
    tenths = part * 1000 // whole
    return f"{tenths // 10}.{tenths % 10}"


@dataclass(frozen=True)
class Figures:
    """
    The count of one pupil's (or group's) sessions over a period, each a number of sessions (half days).

    possible = attended + absent; codes of class NP are in `by_code` but in no other figure.
    """

    possible: int
    attended: int
    authorised: int
    unauthorised: int
    late: int  # sessions coded L or U (GEN-17)
    by_code: Mapping[str, int] = field(default_factory=dict)

    @property
    def absent(self) -> int:
        """Return the sessions missed, whatever the reason."""
        return self.authorised + self.unauthorised

    @property
    def attendance_pct(self) -> str | None:
        """Return attendance in per cent, one decimal, truncated; None without a possible session."""
        return percentage_text(self.attended, self.possible)

    @property
    def absence_pct(self) -> str | None:
        """Return absence in per cent, one decimal, truncated; None without a possible session."""
        return percentage_text(self.absent, self.possible)

    @property
    def persistent(self) -> bool:
        """
        Say whether 10 % or more of the possible sessions were missed (integers, never a rounded figure).
        """
        return self.possible > 0 and self.absent * 10 >= self.possible

    @property
    def severe(self) -> bool:
        """Say whether half or more of the possible sessions were missed."""
        return self.possible > 0 and self.absent * 2 >= self.possible

    def sentence(self) -> str:
        """Return the figure as every page shows it, with its basis."""
        if self.attendance_pct is None:
            return "no possible sessions yet"
        return f"{self.attendance_pct} % ({self.attended} of {self.possible} sessions)"

    def __add__(self, other: "Figures") -> "Figures":
        codes = dict(self.by_code)
        for symbol, count in other.by_code.items():
            codes[symbol] = codes.get(symbol, 0) + count
        return Figures(
            self.possible + other.possible,
            self.attended + other.attended,
            self.authorised + other.authorised,
            self.unauthorised + other.unauthorised,
            self.late + other.late,
            codes,
        )


NO_SESSIONS = Figures(0, 0, 0, 0, 0, {})


def figures_of(by_code: Mapping[str, int]) -> Figures:
    """
    Return the figures that a count of sessions by code makes.

    Each symbol has had one class for as long as it was valid (J counted as attending until it was withdrawn,
    its successor J1 is an authorised absence), so the symbol decides.
    """
    attended = authorised = unauthorised = late = 0
    for symbol, count in by_code.items():
        rule = CODE_BY_SYMBOL[symbol]
        if rule.statistical_class in ATTENDING:
            attended += count
        elif rule.statistical_class is StatisticalClass.AUTHORISED:
            authorised += count
        elif rule.statistical_class in ABSENT:
            unauthorised += count
        if rule.is_late:
            late += count
    return Figures(
        attended + authorised + unauthorised,
        attended,
        authorised,
        unauthorised,
        late,
        dict(sorted(by_code.items())),
    )
