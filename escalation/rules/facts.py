"""
What the rules know of one pupil on one evening, and what has already been done.

This is the seam between the rules and their two providers. The nightly sweep fills `PupilFacts` from a
handful of set-based queries: the attended sessions of each window as tallies, and as rows only the marks
that are not plain presence (a few per cent of all marks). A replay fills it from whole histories. The rules
cannot tell which it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Literal, Protocol

from escalation.rules.calendar import SchoolDay
from registers.rules.age import csa_end, csa_start
from registers.rules.codes import CODE_BY_SYMBOL, StatisticalClass
from registers.rules.figures import percentage_text

PART_TIME_CODE = "C2"
PART_TIME_FLAG = "part_time_timetable"


class Kind(StrEnum):
    """What a mark other than plain presence is to the rules."""

    AUTHORISED = "AU"
    UNAUTHORISED = "UN"
    ATTENDED = "P"  # late, but in time: attended, and a late occasion
    NOT_POSSIBLE = "NP"  # counts for nothing, but does not break a run of absence either


def kind_of(symbol: str) -> Kind | None:
    """Return what a code is to the rules, or None for plain presence, which only the tallies count."""
    rule = CODE_BY_SYMBOL[symbol]
    match rule.statistical_class:
        case StatisticalClass.AUTHORISED:
            return Kind.AUTHORISED
        case StatisticalClass.UNAUTHORISED:
            return Kind.UNAUTHORISED
        case StatisticalClass.NOT_POSSIBLE:
            return Kind.NOT_POSSIBLE
        case _:
            return Kind.ATTENDED if rule.is_late else None


@dataclass(frozen=True, slots=True)
class Occasion:
    """One session of the pupil whose mark is not plain presence."""

    number: int
    on: date
    half: str
    school_week: int
    code: str
    kind: Kind

    @property
    def is_absence(self) -> bool:
        """Say whether the session was missed, authorised or not."""
        return self.kind is Kind.AUTHORISED or self.kind is Kind.UNAUTHORISED


@dataclass(frozen=True, slots=True)
class SessionElsewhere:
    """
    One session that another school marked before the pupil came.

    Only the national threshold looks at it, which reaches over schools; it has no number here and is in no
    figure of this school.
    """

    on: date
    half: str
    code: str


@dataclass(frozen=True, slots=True)
class Ratio:
    """Sessions attended out of sessions possible, kept as integers so that comparisons are exact (GEN-05)."""

    attended: int
    possible: int

    @property
    def absent(self) -> int:
        """Return the sessions missed."""
        return self.possible - self.attended

    @property
    def fraction(self) -> Fraction:
        """Return attendance as an exact fraction; only with at least one possible session."""
        return Fraction(self.attended, self.possible)

    @property
    def percent(self) -> str:
        """Return attendance in per cent with one decimal, truncated."""
        return percentage_text(self.attended, self.possible) or "0.0"

    def __str__(self) -> str:
        return f"{self.percent} % ({self.attended} of {self.possible} sessions)"


class Attended(Protocol):
    """
    How many sessions the pupil attended (classes P and A, late arrivals included) in a window ending today.
    """

    def __getitem__(self, window: str, /) -> int: ...


@dataclass(slots=True)
class PupilFacts:
    """
    One pupil on one evening. Nothing in it may be changed once a rule has seen it.

    `occasions` hold every absence, late arrival and (if the provider has them) not-possible session from
    the start of the academic year, and from the start of the longest rolling window of the policy, up to
    today, in the order of their numbers. `attended` answers for every window in which the policy measures a
    percentage.
    """

    day: SchoolDay
    date_of_birth: date
    occasions: Sequence[Occasion]
    attended: Attended
    flags: frozenset[str] = (
        frozenset()
    )  # names of the flags set today; part_time_timetable while one is agreed
    reached_on: date | None = None  # the last day on which a parent was spoken to about an absence
    agreements: frozenset[str] = (
        frozenset()
    )  # consents recorded for letters that wait for them: la_confirmation

    elsewhere: Sequence[SessionElsewhere] = ()  # of schools before, up to today; the threshold counts them

    # What a rule has counted once tonight, for the other rungs that ask the same; see Judge.absences.
    counted: dict[tuple[str, bool], tuple[Occasion, ...]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def is_compulsory_age(self, on: date) -> bool:
        """Say whether the pupil was of compulsory school age on a day."""
        return csa_start(self.date_of_birth) <= on <= csa_end(self.date_of_birth)


OpenState = Literal["proposed", "held"]


@dataclass(frozen=True, slots=True)
class Taken:
    """A rung that was acted on, or passed without a letter because a higher one was."""

    rung: str
    on: date
    academic_year: int
    last_number: int  # number of the latest session when it was judged: marks after it are "since the letter"
    letters: tuple[str, ...] = ()
    figure: Ratio | None = None  # the attendance printed in its letters (GEN-22)
    is_passed: bool = False


@dataclass(frozen=True, slots=True)
class Open:
    """A step that waits for a person."""

    rung: str
    state: OpenState
    on: date  # the day on which it was judged
    academic_year: int
    last_number: int


@dataclass(frozen=True, slots=True)
class Dismissed:
    """
    A step that a person dismissed; it returns only after a further absence or at the next review (GEN-10).
    """

    rung: str
    on: date


@dataclass(frozen=True, slots=True)
class LadderState:
    """Where a pupil stands on one ladder."""

    taken: tuple[Taken, ...] = ()  # oldest first
    open: Open | None = None
    dismissed: Dismissed | None = None  # the latest


Standing = Mapping[
    str, LadderState
]  # by the name of the ladder; a missing one is a pupil who never reached a rung
NOWHERE = LadderState()

DecisionState = Literal["proposed", "held", "passed", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing that an evening's judgement says about a pupil: a line of `sweep` and `replay`."""

    ladder: str
    rung: str
    state: DecisionState
    why: str
    letters: tuple[str, ...] = ()
    sessions: tuple[int, ...] = ()  # numbers of exactly the sessions that caused it
    figures: Mapping[str, int] = field(default_factory=dict)  # exact integers, each named for what it counts
    unresolved_n: int = 0  # how many of those sessions are still N (GEN-06)
    held_because: str = ""  # for a held step, what holds it; also the end of `why`
    judged_on: date | None = None  # the day whose registers it was judged by; not for what closes a step


@dataclass(frozen=True, slots=True)
class Prompt:
    """A pupil whom a manual rung's prompt puts on a list; nothing is proposed."""

    ladder: str
    rung: str
    why: str
    sessions: tuple[int, ...]
