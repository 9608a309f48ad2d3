"""The sessions a letter names: what they are called, and how they read as a table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from letters.rules import printing

# What each code means in words a parent uses. The law's name of a code is not always kind or clear
# ("irregular", "unable to attend"); the register page shows that one.
CODE_WORDS = {
    "C": "Leave agreed by the school",
    "C1": "Performance or work abroad, agreed",
    "C2": "Part-time timetable, agreed",
    "E": "Suspended or excluded",
    "F": "Family holiday, agreed",
    "G": "Holiday, not agreed",
    "H": "Family holiday, agreed",
    "I": "Illness",
    "J": "Interview",
    "J1": "Interview",
    "M": "Medical or dental appointment",
    "N": "Reason not known yet",
    "O": "Absence not agreed",
    "R": "Religious observance",
    "S": "Study leave",
    "T": "Travelling for a parent’s work",
    "U": "Arrived after the register closed",
    "L": "Late, register still open",
}
HALF_WORDS = {"AM": "morning", "PM": "afternoon"}
HALF_ORDER = {"AM": 0, "PM": 1}


@dataclass(frozen=True, slots=True)
class NamedSession:
    """One session of one pupil as a letter names it. `authorised` follows the code's class on that date."""

    on: date
    half: str
    code: str
    authorised: bool

    @property
    def meaning(self) -> str:
        """The code in a parent's words; a code without any shows as itself."""
        return CODE_WORDS.get(self.code, f"Code {self.code}")


@dataclass(frozen=True, slots=True)
class AbsenceRow:
    """One line of the table: dates, part of the day, reason, whether agreed, and how many sessions."""

    dates: str
    part: str
    reason: str
    kind: str
    sessions: int


def absence_rows(sessions: Iterable[NamedSession]) -> tuple[AbsenceRow, ...]:
    """
    Return the sessions as table lines, oldest first.

    Days that follow one another and carry the same code in both halves share a line, so that a week of
    illness is one line and a letter stays on one page.
    """
    by_day: dict[date, list[NamedSession]] = {}
    for session in sorted(sessions, key=lambda one: (one.on, HALF_ORDER[one.half])):
        by_day.setdefault(session.on, []).append(session)
    rows: list[AbsenceRow] = []
    run: list[NamedSession] = []
    for on, halves in by_day.items():
        first = halves[0]
        whole = len(halves) == 2 and (first.code, first.authorised) == (halves[1].code, halves[1].authorised)
        if whole and run and (run[-1].code, run[-1].on + timedelta(days=1)) == (first.code, on):
            run.append(first)
            continue
        rows += _whole_days(run)
        run = [first] if whole else []
        rows += [] if whole else [_part_of_day(session) for session in halves]
    return tuple(rows + _whole_days(run))


def days_of(sessions: Sequence[NamedSession]) -> Decimal:
    """Return how many school days the sessions make; two sessions are a day, whichever dates they have."""
    return Decimal(len(sessions)) / 2


def _whole_days(run: Sequence[NamedSession]) -> list[AbsenceRow]:
    if not run:
        return []
    dates = printing.short_period(run[0].on, run[-1].on)
    return [AbsenceRow(dates, "All day", run[0].meaning, _kind(run[0]), 2 * len(run))]


def _part_of_day(session: NamedSession) -> AbsenceRow:
    part = HALF_WORDS[session.half].capitalize()
    return AbsenceRow(printing.short_period(session.on, session.on), part, session.meaning, _kind(session), 1)


def _kind(session: NamedSession) -> str:
    if session.code == "N":
        return "Please tell us"
    return "Authorised" if session.authorised else "Unauthorised"
