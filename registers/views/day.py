"""The day board: every class of a day, morning and afternoon, taken or not."""

from dataclasses import dataclass
from datetime import date, datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.access import Right
from accounts.http import StaffRequest, staff_page
from registers import access
from registers.clock import present_moment
from registers.selectors import registers as selectors
from registers.selectors.registers import ClassDay, HalfTaken
from registers.words import clock


@dataclass(frozen=True)
class HalfTile:
    """One half of one class on the day board, in words."""

    half: str
    url: str
    look: str  # due, part, taken, late, or "" when nothing is asked of anybody
    state: str
    details: tuple[str, ...]
    is_open: bool


@dataclass(frozen=True)
class ClassTile:
    """One class on the day board."""

    name: str
    on_roll: int
    halves: tuple[HalfTile, ...]


@require_safe
@staff_page(Right.SEE_REGISTERS)
def day_board(request: StaffRequest, on: date | None = None) -> HttpResponse:
    """Show every class that the person may open, morning and afternoon, taken or not."""
    at = present_moment()
    today = at.date()
    on = on or today
    groups = list(
        access.class_groups_for(request.user, request.roles, school=request.school, on=on).order_by(
            "name", "pk"
        )
    )
    sessions = selectors.sessions_of_day(request.school, on=on)
    is_school_day = any(session.is_held for session in sessions)
    classes = selectors.school_day(groups, sessions=sessions) if is_school_day else []
    previous_day = selectors.previous_school_day(request.school, before=on)
    next_day = selectors.next_school_day(request.school, after=on)
    context = {
        "on": on,
        "today": today,
        "is_school_day": is_school_day,
        "closure": next((session.get_status_display() for session in sessions if not session.is_held), ""),
        "tiles": [_class_tile(request, one_class, at=at) for one_class in classes],
        "summaries": [_half_summary(half, classes, at=at) for half in ("AM", "PM")] if classes else [],
        "previous_day": previous_day,
        "next_day": next_day,
        "has_classes": bool(groups),
        "sees_all": request.may(Right.SEE_PUPILS),
    }
    return render(request, "registers/day.html", context)


def _class_tile(request: StaffRequest, one_class: ClassDay, *, at: datetime) -> ClassTile:
    halves = tuple(
        _half_tile(
            taken,
            url=reverse(
                "registers:register",
                kwargs={
                    "school_key": request.school.key,
                    "on": taken.session.on,
                    "half": taken.session.half,
                    "class_id": one_class.class_group.pk,
                },
            ),
            at=at,
        )
        for taken in one_class.halves
    )
    on_roll = max((taken.on_roll for taken in one_class.halves), default=0)
    return ClassTile(one_class.class_group.name, on_roll, halves)


def _half_tile(taken: HalfTaken, *, url: str, at: datetime) -> HalfTile:
    """Say in words where one register stands; nothing is asked for a register that cannot be taken."""
    session = taken.session
    details = [f"{taken.absent} absent"] if taken.absent else []
    if taken.unexplained:
        details.append(f"{taken.unexplained} unexplained")
    if taken.register is not None:
        details.append(f"{taken.register.taken_by.name}, {clock(taken.register.taken_at)}")
    if not session.is_held:
        return HalfTile(session.half, url, "", "School closed", (), is_open=False)
    if not taken.on_roll:
        return HalfTile(session.half, url, "", "No pupils", (), is_open=False)
    if taken.is_complete:
        return HalfTile(session.half, url, "taken", "Taken", tuple(details), is_open=True)
    if at < session.opens_at:
        state = f"Opens {clock(session.opens_at)}"
        return HalfTile(session.half, url, "", state, tuple(details), is_open=taken.marked > 0)
    closed = at > session.closes_at
    if not taken.marked:
        detail = f"closed {clock(session.closes_at)}" if closed else f"closes {clock(session.closes_at)}"
        return HalfTile(session.half, url, "late" if closed else "due", "Not taken", (detail,), is_open=True)
    state = f"{taken.marked} of {taken.on_roll} marked"
    return HalfTile(session.half, url, "late" if closed else "part", state, tuple(details), is_open=True)


def _half_summary(half: str, classes: list[ClassDay], *, at: datetime) -> str:
    """Return one half of the day in one line: "AM 13 of 14 taken · 6 unexplained"."""
    halves = [
        taken
        for one_class in classes
        for taken in one_class.halves
        if taken.session.half == half and taken.session.is_held and taken.on_roll
    ]
    if not halves:
        return f"{half} closed"
    if at < halves[0].session.opens_at and not any(taken.marked for taken in halves):
        return f"{half} opens {clock(halves[0].session.opens_at)}"
    complete = sum(taken.is_complete for taken in halves)
    unexplained = sum(taken.unexplained for taken in halves)
    words = f"{half} {complete} of {len(halves)} taken"
    return f"{words} · {unexplained} unexplained" if unexplained else words
