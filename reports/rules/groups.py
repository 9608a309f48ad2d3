"""Groups of pupils with their figures, as reports show them."""

from collections.abc import Iterable
from dataclasses import dataclass

from registers.rules.figures import Figures, percentage_text

YEAR_GROUPS = ("N", "R", *(str(year) for year in range(1, 14)))
YEAR_NAMES = {"N": "Nursery", "R": "Reception", "": "No year group"}


@dataclass(frozen=True)
class Share:
    """A part of a whole, never shown without its basis; `unit` is what is counted ("sessions", "pupils")."""

    part: int
    whole: int
    unit: str

    @property
    def value(self) -> str:
        """Return the percentage, one decimal, truncated; empty when there is nothing to divide by."""
        text = percentage_text(self.part, self.whole)
        return f"{text} %" if text is not None else ""

    @property
    def basis(self) -> str:
        """Return the numbers behind it: "178 of 189 sessions"."""
        unit = self.unit.removesuffix("s") if self.whole == 1 else self.unit
        return f"{self.part:,} of {self.whole:,} {unit}"


@dataclass(frozen=True)
class Group:
    """
    Pupils with at least one possible session: how many, their sessions, and how many of them were often
    absent.
    """

    name: str
    pupils: int
    figures: Figures
    persistent_pupils: int
    severe_pupils: int

    @property
    def attendance(self) -> Share:
        """Return sessions attended."""
        return Share(self.figures.attended, self.figures.possible, "sessions")

    @property
    def authorised(self) -> Share:
        """Return sessions missed with authorisation."""
        return Share(self.figures.authorised, self.figures.possible, "sessions")

    @property
    def unauthorised(self) -> Share:
        """Return sessions missed without authorisation."""
        return Share(self.figures.unauthorised, self.figures.possible, "sessions")

    @property
    def late(self) -> Share:
        """Return sessions to which a pupil came late, before or after the register closed (L and U)."""
        return Share(self.figures.late, self.figures.possible, "sessions")

    @property
    def persistent(self) -> Share:
        """Return the pupils who missed a tenth or more of their sessions."""
        return Share(self.persistent_pupils, self.pupils, "pupils")

    @property
    def severe(self) -> Share:
        """Return the pupils who missed half or more of their sessions."""
        return Share(self.severe_pupils, self.pupils, "pupils")

    @property
    def shares(self) -> tuple[Share, ...]:
        """Return the shares in the order of a table's columns."""
        return (
            self.attendance,
            self.authorised,
            self.unauthorised,
            self.late,
            self.persistent,
            self.severe,
        )


def group_of(name: str, figures: Iterable[Figures]) -> Group:
    """Return the group that these pupils make; those without a possible session are left out of it."""
    counted = [of_pupil for of_pupil in figures if of_pupil.possible]
    return Group(
        name=name,
        pupils=len(counted),
        figures=sum(counted, Figures(0, 0, 0, 0, 0)),
        persistent_pupils=sum(of_pupil.persistent for of_pupil in counted),
        severe_pupils=sum(of_pupil.severe for of_pupil in counted),
    )


def year_name(year_group: str) -> str:
    """Return a year group in words."""
    return YEAR_NAMES.get(year_group, f"Year {year_group}")


def year_order(year_group: str) -> int:
    """Return the place of a year group in lists: nursery first, unknown ones last."""
    return YEAR_GROUPS.index(year_group) if year_group in YEAR_GROUPS else len(YEAR_GROUPS)
