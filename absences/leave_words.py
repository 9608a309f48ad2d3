"""Requests for leave in the words of pages and letters."""

from datetime import date
from typing import Protocol

from absences.models import LeaveRequest, LeaveState
from absences.rules.leave import KIND_BY_KEY, days_words, kind_label
from registers.words import day

# How a state looks: the class of its chip.
LOOKS: dict[str, str] = {
    LeaveState.WAITING: "chip chip--attention",
    LeaveState.GRANTED: "chip leave-chip--yes",
    LeaveState.PARTLY: "chip leave-chip--yes",
    LeaveState.REFUSED: "chip chip--harm",
}


class Spanning(Protocol):
    """What lasts from a session to a session."""

    first_day: date
    first_half: str
    last_day: date
    last_half: str


def span_words(row: Spanning, today: date | None = None) -> str:
    """Return the sessions of a request or a part: "Tue 24 Nov", "Tue 24 Nov (afternoon) to Fri 27 Nov"."""
    starts, ends = row.first_half == "PM", row.last_half == "AM"
    if row.first_day == row.last_day:
        half = " (afternoon)" if starts else " (morning)" if ends else ""
        return f"{day(row.first_day, today)}{half}"
    first = f"{day(row.first_day, today)}{' (afternoon)' if starts else ''}"
    last = f"{day(row.last_day, today)}{' (morning)' if ends else ''}"
    return f"{first} to {last}"


def asked_words(row: LeaveRequest, today: date | None = None) -> list[tuple[str, str]]:
    """Return what a request asked, as pairs of a label and the words."""
    kind = KIND_BY_KEY.get(row.kind)
    detail = [(kind.detail.rstrip("?"), row.detail)] if kind and kind.detail and row.detail else []
    return [
        ("For", kind_label(row.kind)),
        ("Days", f"{span_words(row, today)}: {days_words(row.sessions)} of school"),
        ("Back at school", day(row.return_on, today)),
        ("Why", row.reasons),
        *detail,
        ("Signed", f"{row.signed_name}, {day(row.signed_on, today)}"),
    ]
