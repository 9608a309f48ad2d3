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
REASONS = {
    "I": "The parent reported illness by telephone",
    "O": "No satisfactory reason was given within five school days",
}
TAKEN_ALREADY = 6  # one class in so many has taken this morning's register


@dataclass(frozen=True, slots=True)
class ShownMark:
    """One mark as it stands at the start of a day."""

    sheet: Sheet
    session: int
    code: str

    @property
    def arrived_at(self) -> time | None:
        """Return when the pupil arrived, for L and U."""
        return self.sheet.arrivals.get(self.session)

    @property
    def nature(self) -> str:
        """Return the nature of the activity, where the code asks for one."""
        return self.sheet.natures.get(self.session, "")


def days_before(row: DayRow, today: date) -> int:
    """Return how many of the row's days lie before today."""
    return bisect_left(row.days, today)


def shown_marks(sheet: Sheet, *, today: date, seed: int, since: int = 0) -> Iterator[ShownMark]:
    """
    Yield the marks of a sheet for its days before today, from the `since`-th day of the row on.

    Absences whose reason was not known yet stand as N.
    """
    known_days = days_before(sheet.row, today)
    for session in range(max(sheet.first, 2 * since), min(sheet.end, 2 * known_days)):
        age = known_days - session // 2
        yield ShownMark(sheet, session, _shown_code(sheet, session, age, seed))


def shown_this_morning(sheet: Sheet, *, today: date, seed: int) -> Iterator[ShownMark]:
    """Yield this morning's mark of a pupil whose class has taken its register already."""
    place = sheet.row.place_of.get(today)
    if place is not None and sheet.first <= 2 * place < sheet.end:
        yield ShownMark(sheet, 2 * place, _shown_code(sheet, 2 * place, 0, seed))


def takes_register_early(class_places: int) -> bool:
    """Say whether the class at this place in its school's list has taken this morning's register already."""
    return class_places % TAKEN_ALREADY == TAKEN_ALREADY - 1


def _shown_code(sheet: Sheet, session: int, age: int, seed: int) -> str:
    code = sheet.codes[session]
    weights = WAIT_WEIGHTS.get(code) if age <= LONGEST_WAIT else None
    if weights is None:
        return code
    # Both halves of a day are explained by the same call.
    rng = randomness.stream(seed, "reason known", sheet.pupil.upn, sheet.row.days[session // 2], code)
    return "N" if rng.choices(WAIT_DAYS, weights)[0] >= max(1, age) else code
