"""The day board, the office's home: every class of a day, morning and afternoon, taken or not."""

from dataclasses import dataclass
from datetime import date, datetime

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from accounts.access import Right
from accounts.http import StaffRequest, staff_page
from registers import access
from registers.clock import present_moment
from registers.day_strip import StripPart, parts_of_others
from registers.models import Session
from registers.selectors import registers as selectors
from registers.selectors import unexplained
from registers.selectors.absence_words import words_waiting
from registers.selectors.day import ClassDay, HalfTaken, school_day
from registers.services import nudges
from registers.services.nudges import NothingToAsk
from registers.words import clock, day


@dataclass(frozen=True)
class HalfTile:
    """One half of one class on the day board, in words."""

    half: str
    key: str  # of the elements of the page, so that the focus finds its place after a refresh
    url: str
    look: str  # due, part, taken, late, or "" when nothing is asked of anybody
    state: str
    details: tuple[str, ...]
    is_open: bool
    nudge_url: str = ""  # "" when nobody can be asked now
    nudge_label: str = ""


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
    classes = school_day(groups, sessions=sessions) if is_school_day else []
    left = request.GET.get("left", "")
    left = left if left in ("AM", "PM") else ""
    shown = [one for one in classes if not left or _is_left(one, left)]
    context = {
        "on": on,
        "today": today,
        "at": at,
        "is_school_day": is_school_day,
        "closure": next((session.get_status_display() for session in sessions if not session.is_held), ""),
        "tiles": [_class_tile(request, one_class, at=at) for one_class in shown],
        "strip": _strip(request, classes, on=on, at=at),
        "left": left,
        "previous_day": selectors.previous_school_day(request.school, before=on),
        "next_day": selectors.next_school_day(request.school, after=on),
        "has_classes": bool(classes),
        "sees_all": request.may(Right.SEE_PUPILS),
    }
    return render(request, "registers/day.html", context)


@require_POST
@staff_page(Right.AMEND_MARKS)
def nudge(request: StaffRequest, on: date, half: str, class_id: int) -> HttpResponse:
    """Ask a class's teachers by e-mail to take one register."""
    at = present_moment()
    group = access.class_group_for(request.user, request.roles, school=request.school, pk=class_id, on=on)
    session = get_object_or_404(Session, school=request.school, on=on, half=half)
    if group.academic_year != session.academic_year:
        raise Http404
    address = request.build_absolute_uri(_register_url(request, group.pk, session))
    try:
        nudges.nudge(group, session, address=address, by=request.user, at=at)
    except NothingToAsk as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, f"An e-mail asks for the {half} register of {group.name}.")
    return redirect("registers:day", school_key=request.school.key)


def _register_url(request: StaffRequest, class_id: int, session: Session) -> str:
    place = {"on": session.on, "half": session.half, "class_id": class_id}
    return reverse("registers:register", kwargs={"school_key": request.school.key, **place})


def _is_left(one_class: ClassDay, half: str) -> bool:
    """Say whether the class's register of this half is still to be taken."""
    return any(
        taken.session.half == half and taken.can_be_taken and not taken.is_taken for taken in one_class.halves
    )


def _class_tile(request: StaffRequest, one_class: ClassDay, *, at: datetime) -> ClassTile:
    halves = tuple(_half_tile(request, one_class, taken, at=at) for taken in one_class.halves)
    on_roll = max((taken.on_roll for taken in one_class.halves), default=0)
    return ClassTile(one_class.class_group.name, on_roll, halves)


def _half_tile(request: StaffRequest, one_class: ClassDay, taken: HalfTaken, *, at: datetime) -> HalfTile:
    """Say in words where one register stands; nothing is asked for a register that cannot be taken."""
    session, group = taken.session, one_class.class_group
    look, state, is_open = _state(taken, at=at)
    asked = look in ("due", "late") and not taken.register
    nudge_url, nudge_label = "", ""
    if asked and request.may(Right.AMEND_MARKS) and not _why_not(one_class, taken, at=at):
        place = {"on": session.on, "half": session.half, "class_id": group.pk}
        nudge_url = reverse("registers:nudge", kwargs={"school_key": request.school.key, **place})
        teachers = one_class.teachers
        nudge_label = f"Nudge {teachers[0] if len(teachers) == 1 else f'{len(teachers)} teachers'}"
    return HalfTile(
        half=session.half,
        key=f"{group.pk}-{session.half}",
        url=_register_url(request, group.pk, session),
        look=look,
        state=state,
        details=tuple(_details(one_class, taken, look=look, asked=asked, at=at)) if is_open else (),
        is_open=is_open,
        nudge_url=nudge_url,
        nudge_label=nudge_label,
    )


def _why_not(one_class: ClassDay, taken: HalfTaken, *, at: datetime) -> str:
    return nudges.refusal(
        one_class.class_group,
        taken.session,
        opens_at=taken.times.opens_at,
        is_begun=taken.register is not None,
        has_teacher=one_class.has_teacher,
        asked_at=taken.nudged.at if taken.nudged else None,
        at=at,
    )


def _state(taken: HalfTaken, *, at: datetime) -> tuple[str, str, bool]:
    """Return the look of one half, its state in words, and whether its register can be opened."""
    if not taken.session.is_held:
        return "", "School closed", False
    if not taken.on_roll:
        return "", "No pupils", False
    if taken.is_taken:
        return "taken", "Taken" if taken.register else "All marked", True
    if at < taken.times.opens_at:
        return "", f"Opens {clock(taken.times.opens_at)}", taken.marked > 0
    closed = taken.times.is_closed(at)
    if taken.was_closed_untaken and not taken.register:
        return "late", "Closed without being taken", True
    if not taken.marked:
        return "late" if closed else "due", "Not taken", True
    return "late" if closed else "part", f"{taken.marked} of {taken.on_roll} marked", True


def _details(one_class: ClassDay, taken: HalfTaken, *, look: str, asked: bool, at: datetime) -> list[str]:
    details = []
    if asked and not taken.marked:
        closes = clock(taken.times.closes_at)
        details.append(f"closed {closes}" if taken.times.is_closed(at) else f"closes {closes}")
    elif taken.was_closed_untaken and not taken.register:
        details.append(f"{taken.unexplained} N since {clock(taken.times.closes_at)}")
    else:
        details += [f"{taken.absent} absent"] if taken.absent else []
        details += [f"{taken.unexplained} unexplained"] if taken.unexplained else []
    if taken.register is not None:
        details.append(f"{taken.register.taken_by.name}, {clock(taken.register.taken_at)}")
    if asked and taken.nudged:
        details.append(f"Nudged {clock(taken.nudged.at)} by {taken.nudged.by_name}")
    elif asked and not one_class.has_teacher:
        details.append("No teacher to ask")
    return details


def _strip(request: StaffRequest, classes: list[ClassDay], *, on: date, at: datetime) -> list[StripPart]:
    """Return the day in counts, each of which opens its list: "AM 13 of 14 taken", "6 unexplained"."""
    if not classes:
        return []
    parts = [_half_part(half, classes, at=at) for half in ("AM", "PM")]
    of_day = sum(taken.unexplained for one_class in classes for taken in one_class.halves)
    if not request.may(Right.SEE_PUPILS):
        return [*parts, StripPart("unexplained", f"{of_day} unexplained")] if of_day else parts
    if on != at.date():
        url = f"{_list_url(request)}?{urlencode({'day': on.isoformat()})}"
        return [*parts, StripPart("unexplained", f"{of_day} unexplained", url)] if of_day else parts
    # Today's board is the office's home: it counts all that waits, whichever day it is of.
    waiting = words_waiting(request.school, on=on)
    if waiting and request.may(Right.FOLLOW_UP_ABSENCES):
        words = f"{waiting} report{'' if waiting == 1 else 's'} to accept"
        parts.append(StripPart("reports", words, reverse("absences:reports", args=[request.school.key])))
    counts = unexplained.unexplained_counts(request.school, on=on)
    if counts.standing:
        parts.append(StripPart("unexplained", f"{counts.standing} unexplained", _list_url(request)))
    if counts.overdue:
        url = f"{_list_url(request)}?{urlencode({'age': 'overdue'})}"
        parts.append(StripPart("overdue", f"{counts.overdue} overdue N", url, is_harm=True))
    return [*parts, *parts_of_others(request, on=on, at=at)]


def _list_url(request: StaffRequest) -> str:
    return reverse("registers:unexplained", kwargs={"school_key": request.school.key})


def _half_part(half: str, classes: list[ClassDay], *, at: datetime) -> StripPart:
    halves = [
        taken
        for one_class in classes
        for taken in one_class.halves
        if taken.session.half == half and taken.can_be_taken
    ]
    if not halves:
        return StripPart(half, f"{half} closed")
    opens_at = min(taken.times.opens_at for taken in halves)
    if at < opens_at and not any(taken.marked for taken in halves):
        on = halves[0].session.on
        words = clock(opens_at) if on == at.date() else f"{day(on, at.date())}, {clock(opens_at)}"
        return StripPart(half, f"{half} opens {words}")
    taken_count = sum(taken.is_taken for taken in halves)
    url = f"?{urlencode({'left': half})}" if taken_count < len(halves) else ""
    return StripPart(half, f"{half} {taken_count} of {len(halves)} taken", url)
