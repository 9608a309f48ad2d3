"""The record of one child as a parent reads it: days missed, a month of the register, letters."""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from absences.rules.wording import reason
from accounts.models import User
from letters.models import Letter, LetterState
from registers.models import Contact, Mark, Pupil, Session
from registers.rules.calendar import academic_year_of
from registers.rules.codes import ATTENDING, CODE_BY_SYMBOL
from registers.rules.figures import NO_SESSIONS, Figures
from registers.selectors.figures import figures_for

HALF_WORDS = {"AM": "morning", "PM": "afternoon"}


@dataclass(frozen=True)
class HalfDay:
    """One half of a day of the month: its code and what it means, in words."""

    half: str
    symbol: str  # empty while the register was not taken
    words: str


@dataclass(frozen=True)
class MonthDay:
    """One day of the month; no halves where the calendar has no school."""

    on: date
    halves: tuple[HalfDay, ...]
    closed: bool


@dataclass(frozen=True)
class Month:
    """A month as weeks of Monday to Friday; None for days of other months."""

    first: date
    weeks: tuple[tuple[MonthDay | None, ...], ...]
    before: date | None  # the first of the months beside it, where the record has them
    after: date | None


@dataclass(frozen=True)
class ChildRecord:
    """What a parent may read of one child's year."""

    figures: Figures
    since: date
    month: Month
    letters: tuple[Letter, ...]

    @property
    def month_words(self) -> list[tuple[str, str]]:
        """Return the marks of the month with what they mean."""
        halves = [half for week in self.month.weeks for day in week if day for half in day.halves]
        return sorted({(half.symbol, half.words.split(": ", 1)[1]) for half in halves if half.symbol})


def record_of(user: User, pupil: Pupil, *, month: date, on: date) -> ChildRecord:
    """
    Return a child's record with the register of one month; inside the school's scope. Six statements.

    `month` is any day of the month, moved into the school year of `on` where it lies outside.
    """
    since = date(academic_year_of(on), 8, 1)
    first = min(max(month, since), on).replace(day=1)
    figures = figures_for(pupil.school, first_day=since, last_day=on, pupil_ids=[pupil.pk])
    return ChildRecord(
        figures=figures.get(pupil.pk, NO_SESSIONS),
        since=since,
        month=_month(pupil, first, since=since, on=on),
        letters=tuple(letters_to(user, pupil)),
    )


def letters_to(user: User, pupil: Pupil) -> Sequence[Letter]:
    """
    Return the letters about a child that were addressed to this person, newest first, without their files.

    A copy for the other parent's address is never among them. Two statements.
    """
    own = Contact.objects.filter(user=user, school_id=pupil.school_id).values_list("pk", flat=True)
    return [
        letter
        for letter in Letter.objects.filter(
            school_id=pupil.school_id,
            pupil=pupil,
            state=LetterState.RENDERED,
            contact_ids__overlap=list(own),
        ).order_by("-prepared_at", "-pk")
    ]


def _month(pupil: Pupil, first: date, *, since: date, on: date) -> Month:
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    sessions = list(
        Session.objects.filter(school_id=pupil.school_id, on__range=(first, last))
        .order_by("on", "half")
        .values_list("pk", "on", "half", "status")
    )
    marks = dict(
        Mark.objects.filter(
            academic_year=academic_year_of(first), pupil=pupil, session__on__range=(first, min(last, on))
        ).values_list("session_id", "code_id")
    )
    halves: dict[date, list[HalfDay]] = {}
    closed: set[date] = set()
    for session_id, day, half, status in sessions:
        if status != "held":
            closed.add(day)
            continue
        symbol = marks.get(session_id, "")
        halves.setdefault(day, []).append(HalfDay(half, symbol, half_words(half, symbol)))
    weeks = tuple(
        tuple(
            MonthDay(day, tuple(halves.get(day, ())), day in closed and day not in halves)
            if day.month == first.month
            else None
            for day in week[:5]
        )
        for week in calendar.Calendar().monthdatescalendar(first.year, first.month)
        if any(day.month == first.month for day in week[:5])
    )
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    preceding = date(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 1)
    return Month(
        first,
        weeks,
        before=preceding if preceding >= since else None,
        after=following if following <= on else None,
    )


def half_words(half: str, symbol: str) -> str:
    """Return what a mark means as a screen reader says it: "morning: in school"."""
    if not symbol:
        return f"{HALF_WORDS[half]}: no register yet"
    if symbol in ("/", "\\"):
        return f"{HALF_WORDS[half]}: in school"
    if symbol == "N":
        return f"{HALF_WORDS[half]}: absent, not explained yet"
    rule = CODE_BY_SYMBOL[symbol]
    if rule.statistical_class in ATTENDING:
        return f"{HALF_WORDS[half]}: {reason(symbol)}"
    if rule.statistical_class.value == "NP":
        return f"{HALF_WORDS[half]}: not an absence, {reason(symbol)}"
    return f"{HALF_WORDS[half]}: absent, {reason(symbol)}"
