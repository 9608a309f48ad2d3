"""How far a school's registers of one day are."""

from dataclasses import dataclass
from datetime import date, datetime

from accounts.models import School
from registers.models import ClassGroup
from registers.rules.calendar import academic_year_of
from registers.selectors.day import school_day
from registers.selectors.registers import sessions_of_day


@dataclass(frozen=True)
class HalfToday:
    """One half of a school's day: registers by class, pupils by number."""

    half: str
    is_held: bool
    opens_at: datetime
    closes_at: datetime
    registers: int  # classes with at least one pupil on roll
    complete: int  # of them, taken: every pupil has a mark that somebody gave
    on_roll: int
    absent: int
    unexplained: int

    @property
    def is_complete(self) -> bool:
        """Say whether every register of this half is taken."""
        return self.complete == self.registers


def halves_of_day(school: School, *, on: date) -> tuple[HalfToday, ...]:
    """
    Return the halves of the school's day, morning first; none when the calendar has no session that day.

    Six statements on a school day, two on others.
    """
    sessions = sessions_of_day(school, on=on)
    class_groups = list(
        ClassGroup.objects.filter(school=school, academic_year=academic_year_of(on)).order_by("name")
    )
    days = school_day(class_groups, sessions=sessions, only_counts=True)
    halves = []
    for place, session in enumerate(sessions):
        taken = [day.halves[place] for day in days if day.halves[place].on_roll]
        halves.append(
            HalfToday(
                half=session.half,
                is_held=session.is_held,
                opens_at=session.opens_at,
                closes_at=session.closes_at,
                registers=len(taken),
                complete=sum(half.is_taken for half in taken),
                on_roll=sum(half.on_roll for half in taken),
                absent=sum(half.absent for half in taken),
                unexplained=sum(half.unexplained for half in taken),
            )
        )
    return tuple(halves)
