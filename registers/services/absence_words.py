"""Letting registers know that word of an absence came, and that it is judged."""

from dataclasses import dataclass
from datetime import date, datetime

from accounts.models import School
from registers.models import AbsenceWord, Pupil


@dataclass(frozen=True)
class Span:
    """From a session to a session, both included."""

    first_day: date
    last_day: date
    first_half: str = "AM"
    last_half: str = "PM"


def tell(pupil: Pupil, *, about: str, words: str, span: Span, at: datetime) -> AbsenceWord:
    """
    Let registers show that word of an absence came; told again, it changes nothing. One or two statements.

    Registers open as they would without it: only `registers.services.ahead` fills anything in.
    """
    row, _ = AbsenceWord.objects.get_or_create(
        school_id=pupil.school_id,
        about=about,
        defaults={
            "pupil": pupil,
            "words": words[:100],
            "first_day": span.first_day,
            "first_half": span.first_half,
            "last_day": span.last_day,
            "last_half": span.last_half,
            "came_at": at,
        },
    )
    return row


def settle(school: School, about: str, *, at: datetime) -> bool:
    """Let registers show no longer that word came, and say whether they did until now. One statement."""
    return bool(
        AbsenceWord.objects.filter(school=school, about=about, settled_at__isnull=True).update(settled_at=at)
    )
