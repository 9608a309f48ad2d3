"""What the school knows of a drawn year at the start of a day: the past, some reasons still to come."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time

from demo.generation import randomness
from demo.generation.sheets import DayRow, Sheet

# School days until the reason for an absence is known, and how common each wait is. A reason must be settled
# within five school days; what nobody explains becomes O on the fifth.
WAIT_DAYS = (0, 1, 2, 3, 4, 5)
WAIT_WEIGHTS = {"O": (10, 24, 22, 18, 12, 14), "I": (74, 16, 6, 3, 1, 0)}
LONGEST_WAIT = WAIT_DAYS[-1]
UNEXPLAINED = "N"
CAME_LATER = "U"  # stands as N until the pupil comes
TAKEN_EARLY = 6  # one class in so many has taken this morning's register


@dataclass(frozen=True, slots=True)
class ShownMark:
    """One mark as it stands at the start of a day."""

    sheet: Sheet
    session: int
    code: str

    @property
    def day(self) -> date:
        """Return the day of the mark."""
        return self.sheet.row.days[self.session // 2]

    @property
    def is_settled(self) -> bool:
        """Say whether the mark will not change any more."""
        return self.code == self.sheet.codes[self.session]

    @property
    def arrived_at(self) -> time | None:
        """Return when the pupil arrived, for L and U."""
        return self.sheet.arrivals.get(self.session) if self.is_settled else None

    @property
    def nature(self) -> str:
        """Return the nature of the activity, where the code asks for one."""
        return self.sheet.natures.get(self.session, "") if self.is_settled else ""


def days_before(row: DayRow, today: date) -> int:
    """Return how many of the row's days lie before today."""
    return bisect_left(row.days, today)


def shown_marks(sheet: Sheet, *, today: date, seed: int) -> Iterator[ShownMark]:
    """Yield the marks of a sheet for its days before today; absences not explained yet stand as N."""
    known_days = days_before(sheet.row, today)
    for session in range(sheet.first, min(sheet.end, 2 * known_days)):
        age = known_days - session // 2
        waits = age <= LONGEST_WAIT and wait_for_reason(sheet, session, seed=seed) >= age
        yield ShownMark(sheet, session, UNEXPLAINED if waits else sheet.codes[session])


def mark_when_taken(sheet: Sheet, session: int, *, seed: int) -> ShownMark:
    """Return the mark as the register had it when it closed."""
    code = sheet.codes[session]
    waits = code == CAME_LATER or wait_for_reason(sheet, session, seed=seed) > 0
    return ShownMark(sheet, session, UNEXPLAINED if waits else code)


def wait_for_reason(sheet: Sheet, session: int, *, seed: int) -> int:
    """Return how many school days after an absence its reason is known; 0: the family called that morning."""
    code = sheet.codes[session]
    weights = WAIT_WEIGHTS.get(code)
    if weights is None:
        return 0
    # Both halves of a day are explained by the same call.
    rng = randomness.stream(seed, "reason known", sheet.pupil.upn, sheet.row.days[session // 2], code)
    return rng.choices(WAIT_DAYS, weights)[0]


def takes_register_early(place: int) -> bool:
    """Say whether the class at this place in its school's list has taken this morning's register already."""
    return place % TAKEN_EARLY == TAKEN_EARLY - 1
