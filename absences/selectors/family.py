"""What a family sees of its children's registers, fully loaded."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django_scopes import scope

from absences.rules.wording import Missed, missed_days, state_of
from accounts.models import School
from registers import words
from registers.models import Mark, Pupil, Session
from registers.rules.calendar import academic_year_of
from registers.rules.figures import NO_SESSIONS, Figures
from registers.selectors.figures import figures_for
from registers.selectors.registers import next_school_day, sessions_of_day

LINES_SHOWN = 10


@dataclass(frozen=True)
class HalfState:
    """One half of today for one child, in words."""

    words: str
    is_unexplained: bool


@dataclass(frozen=True)
class ChildCard:
    """One child as the family's page shows them."""

    pupil: Pupil
    school: School
    halves: tuple[HalfState, ...]  # none when there is no school today
    next_day: date | None
    figures: Figures
    missed: tuple[Missed, ...]  # the newest lines of the school year, LINES_SHOWN at most
    missed_in_all: int  # lines of the school year
    reports: Sequence[Mapping[str, object]] = ()  # what the parent reported lately, as lists show it

    @property
    def needs_a_call(self) -> bool:
        """Say whether the school waits to hear why the child is not there today."""
        return any(half.is_unexplained for half in self.halves)


def family_cards(children: Iterable[Pupil], *, at: datetime) -> list[ChildCard]:
    """
    Return a card for each child, in the order given.

    Six statements for each school, however many children the family has there. Pupils come from
    `absences.access.children_of`, which decides whose they are.
    """
    at_school: dict[School, list[Pupil]] = {}
    order = list(children)
    for child in order:
        at_school.setdefault(child.school, []).append(child)
    cards: dict[int, ChildCard] = {}
    for school, pupils in at_school.items():
        with scope(school=school):
            cards.update(_cards_at(school, pupils, at=at))
    return [cards[child.pk] for child in order]


def _cards_at(school: School, pupils: list[Pupil], *, at: datetime) -> dict[int, ChildCard]:
    today = at.date()
    year = academic_year_of(today)
    sessions = [session for session in sessions_of_day(school, on=today) if session.is_held]
    figures = figures_for(
        school, first_day=date(year, 8, 1), last_day=today, pupil_ids=[pupil.pk for pupil in pupils]
    )
    marks = {
        (mark.pupil_id, mark.session_id): mark
        for mark in Mark.objects.filter(academic_year=year, pupil__in=pupils, session__in=sessions)
    }
    absences: dict[int, list[tuple[date, str, str]]] = {}
    for pupil_id, on, half, code in (
        Mark.objects.filter(
            academic_year=year,
            pupil__in=pupils,
            session__on__lte=today,
            code__statistical_class__in=["AU", "UN"],
        )
        .order_by("-session__on", "session__half", "pupil_id")
        .values_list("pupil_id", "session__on", "session__half", "code_id")
    ):
        absences.setdefault(pupil_id, []).append((on, half, code))
    next_day = None if sessions else next_school_day(school, after=today)
    cards = {}
    for pupil in pupils:
        missed = missed_days(absences.get(pupil.pk, []))
        cards[pupil.pk] = ChildCard(
            pupil=pupil,
            school=school,
            halves=tuple(_state(session, marks.get((pupil.pk, session.pk)), at=at) for session in sessions),
            next_day=next_day,
            figures=figures.get(pupil.pk, NO_SESSIONS),
            missed=tuple(missed[:LINES_SHOWN]),
            missed_in_all=len(missed),
        )
    return cards


def _state(session: Session, mark: Mark | None, *, at: datetime) -> HalfState:
    symbol = mark.code_id if mark else ""
    arrived = words.clock(mark.arrived_at) if mark and mark.arrived_at else ""
    return HalfState(
        words=state_of(session.half, symbol, arrived=arrived, begun=at >= session.opens_at),
        is_unexplained=symbol == "N",
    )
