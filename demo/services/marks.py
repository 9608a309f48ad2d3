"""
Loading marks: those long past in one statement, those of the last days register by register.

The registers of the last days are taken by each class's teacher, and what was unexplained then is amended by
the office, so that a visitor meets marks with a history.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from accounts.models import User
from demo.generation import showing
from demo.generation.sheets import HALVES, DayRow, Sheet
from demo.services import people
from demo.services.bulk import copy_rows
from demo.services.schools import DemoSchool
from registers.models import Mark, Pupil, Register, Session
from registers.rules.calendar import academic_year_of
from registers.services import amendments, marks
from registers.services.marks import MarkRow

# As many school days before today are taken register by register: longer than any reason is waited for.
DAYS_IN_DETAIL = showing.LONGEST_WAIT + 1
LONDON = ZoneInfo("Europe/London")
TAKEN_AFTER = timedelta(minutes=4)
CALLS_END = time(14, 0)

REASONS = {
    "I": "The parent called: the child was ill.",
    "O": "The family gave no good reason.",
    showing.CAME_LATER: "The child came after the register had closed.",
}
KEPT_ON_PAPER = "The register had been kept on paper."
REGISTER_COLUMNS = ("school_id", "class_group_id", "session_id", "taken_at", "taken_by_id", "saved_at")


def load_past(school: DemoSchool, sheets: Iterable[Sheet], days: range, *, by: User, at: datetime) -> int:
    """Load the marks of a range of days of one academic year, all reasons known, and return how many."""
    return marks.load_marks(school.row, _past_rows(school, sheets, days), by=by, at=at)


def _past_rows(school: DemoSchool, sheets: Iterable[Sheet], days: range) -> Iterator[MarkRow]:
    wanted = range(2 * days.start, 2 * days.stop)
    stored: dict[int, tuple[Session | None, ...]] = {}
    for sheet in sheets:
        pupil = school.pupils.get(sheet.pupil.number)
        if pupil is None:
            continue
        if id(sheet.row) not in stored:
            stored[id(sheet.row)] = tuple(_sessions_of_row(school, sheet.row))
        sessions = stored[id(sheet.row)]
        for place in range(max(sheet.first, wanted.start), min(sheet.end, wanted.stop)):
            session = sessions[place]
            if session is not None and (pupil, session.pk) not in school.standing:
                yield MarkRow(
                    pupil,
                    session.pk,
                    session.academic_year,
                    sheet.codes[place],
                    sheet.arrivals.get(place),
                    sheet.natures.get(place, ""),
                )


def _sessions_of_row(school: DemoSchool, row: DayRow) -> Iterator[Session | None]:
    """Yield the stored session of each place in the row's sheets; None where the school closed meanwhile."""
    for day in row.days:
        for half in HALVES:
            yield school.sessions.get((day, half))


def take_registers(school: DemoSchool, sheets: Iterable[Sheet], days: Iterable[date], *, seed: int) -> int:
    """Let each class's teacher take both registers of these days; return the number of marks."""
    taken = 0
    classes = by_class(sheets)
    for day in days:
        for half in HALVES:
            session = school.sessions.get((day, half))
            if session is not None:
                for class_name, members in classes.items():
                    taken += take_register(school, members, session, class_name=class_name, seed=seed)
    return taken


def take_register(
    school: DemoSchool, members: Iterable[Sheet], session: Session, *, class_name: str, seed: int
) -> int:
    """Let a class's teacher take one register, as it stood when it closed; return the number of marks."""
    rows = []
    for sheet in members:
        pupil = school.pupils.get(sheet.pupil.number)
        place = 2 * sheet.row.place_of[session.on] + HALVES.index(session.half)
        if pupil is None or not sheet.first <= place < sheet.end or (pupil, session.pk) in school.standing:
            continue
        shown = showing.mark_when_taken(sheet, place, seed=seed)
        rows.append(
            MarkRow(pupil, session.pk, session.academic_year, shown.code, shown.arrived_at, shown.nature)
        )
    if not rows:
        return 0
    teacher = school.teachers[class_name]
    return marks.load_marks(school.row, rows, by=teacher, at=session.closes_at, source="register")


def by_class(sheets: Iterable[Sheet]) -> dict[str, list[Sheet]]:
    """Return the sheets of one school and year by class name."""
    classes: dict[str, list[Sheet]] = {}
    for sheet in sheets:
        classes.setdefault(sheet.place.class_name, []).append(sheet)
    return classes


def note_registers(school: DemoSchool, sheets: Iterable[Sheet], days: Iterable[date]) -> int:
    """Note the registers of these days as taken by each class's teacher; return how many are new."""
    # Read before the COPY begins: until it ends the connection answers nothing else.
    known = set(Register.objects.filter(school=school.row).values_list("class_group_id", "session_id"))
    rows = _register_rows(school, by_class(sheets), list(days), known)
    return copy_rows("registers_register", REGISTER_COLUMNS, rows)


def _register_rows(
    school: DemoSchool, classes: dict[str, list[Sheet]], days: list[date], known: set[tuple[int, int]]
) -> Iterator[tuple[object, ...]]:
    for class_name, members in classes.items():
        row = members[0].row
        group = school.classes[row.academic_year, class_name]
        on_roll = {place for sheet in members for place in range(sheet.first // 2, sheet.end // 2)}
        for day in days:
            if row.place_of.get(day) not in on_roll:
                continue
            for half in HALVES:
                session = school.sessions.get((day, half))
                if session is not None and (group, session.pk) not in known:
                    teacher = school.teachers[class_name]
                    yield register_row(school, group, session, teacher, saved_at=session.closes_at)


def register_row(
    school: DemoSchool, group: int, session: Session, teacher: User, *, saved_at: datetime
) -> tuple[object, ...]:
    """Return one row of `REGISTER_COLUMNS`."""
    return (school.row.pk, group, session.pk, session.opens_at + TAKEN_AFTER, teacher.pk, saved_at)


def amend_explained(school: DemoSchool, sheets: Iterable[Sheet], *, today: date, seed: int) -> int:
    """
    Let the office amend each N whose reason became known before today, at the time it did; return how many.

    Marks that somebody changed meanwhile are left alone.
    """
    assert school.office is not None  # noqa: S101 - every demo school has its office staff
    by_key = {school.pupils.get(sheet.pupil.number): sheet for sheet in sheets}
    # No join: the planner knows nothing yet of tables that this very transaction filled.
    sessions = {session.pk: session for session in school.sessions.values() if session.on < today}
    unexplained = Mark.objects.filter(
        school=school.row, code=showing.UNEXPLAINED, academic_year=academic_year_of(today)
    ).values_list("pupil_id", "session_id", "source")
    amended: list[tuple[datetime, int, int, Sheet, Session]] = []
    for pupil, session_key, source in unexplained:
        sheet, session = by_key.get(pupil), sessions.get(session_key)
        if sheet is None or session is None or session.on not in sheet.row.place_of:
            continue
        place = 2 * sheet.row.place_of[session.on] + HALVES.index(session.half)
        known_at = _known_at(sheet, place, session, today=today, seed=seed)
        if source == "system" and sheet.codes[place] not in (*REASONS, showing.UNEXPLAINED):
            # The register was closed untaken: the office asks the teacher the same day.
            known_at = datetime.combine(session.on, CALLS_END, tzinfo=LONDON)
        if known_at is not None:
            amended.append((known_at, pupil, place, sheet, session))
    amended.sort(key=lambda amendment: amendment[:3])
    position = people.title_of("office", school.plan.key)
    for at, pupil, place, sheet, session in amended:
        amendments.amend_mark(
            Pupil(pk=pupil, school=school.row),
            session,
            code=sheet.codes[place],
            arrived_at=sheet.arrivals.get(place),
            nature=sheet.natures.get(place, ""),
            reason=REASONS.get(sheet.codes[place], KEPT_ON_PAPER),
            by=school.office,
            at=at,
            position=position,
        )
    return len(amended)


def _known_at(sheet: Sheet, place: int, session: Session, *, today: date, seed: int) -> datetime | None:
    """Return when the office learned what a mark should be, or None if it has not before today."""
    code = sheet.codes[place]
    if code not in REASONS or session.on >= today:
        return None
    if code == showing.CAME_LATER:
        return datetime.combine(session.on, sheet.arrivals[place], tzinfo=LONDON) + timedelta(minutes=1)
    day = place // 2 + showing.wait_for_reason(sheet, place, seed=seed)
    if day >= showing.days_before(sheet.row, today):
        return None
    return datetime.combine(sheet.row.days[day], CALLS_END, tzinfo=LONDON)
