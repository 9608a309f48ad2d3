"""The file of attendance history: `upn,date,session,code` and, optional, `arrived_at,nature`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import BinaryIO
from zoneinfo import ZoneInfo

from django.db import transaction

from accounts import events
from accounts.models import School, User
from registers.imports import cells
from registers.imports.faults import Faults
from registers.imports.sheets import CellFault, Column, Row, Sheet
from registers.models import Enrolment, Pupil, Session, TimetableAbsence
from registers.rules.age import is_compulsory_age
from registers.rules.codes import CODE_BY_SYMBOL, LATE_CODES, NATIONAL_CHANGE_ON, PRESENT_IN_HALF, fault_of
from registers.rules.times import SessionTimes, classify_arrival
from registers.services import mark_imports
from registers.services.mark_imports import StagedMark

LONDON = ZoneInfo("Europe/London")
WITH_ARRIVAL = frozenset({*PRESENT_IN_HALF.values(), *LATE_CODES})
# What a file may say of a session that the calendar says was not held; nothing is stored of it.
NOT_HELD = {"closed": {"#"}, "cancelled": {"Y4"}}
IGNORED = frozenset({"recorded_by", "recorded_at"})  # columns of our own export


def code(cell: str) -> str:
    """Read a code of the national table, or nothing."""
    if cell and cell not in CODE_BY_SYMBOL:
        raise CellFault(f"{cell!r} is not a national attendance code")
    return cell


COLUMNS = (
    Column("upn", cells.required(cells.upn)),
    Column("date", cells.required(cells.day)),
    Column("session", cells.required(cells.half)),
    Column("code", code),
    Column("arrived_at", cells.optional(cells.clock), is_optional=True),
    Column("nature", cells.text(200), is_optional=True),
)


@dataclass(frozen=True)
class Presence:
    """Every other possible session from a first to a last day counts as present."""

    first_day: date
    last_day: date


@dataclass(frozen=True)
class MarksImported:
    """What an import did, in numbers of marks; `closed` rows spoke of closed sessions and stored nothing."""

    rows: int
    recorded: int
    present: int  # of those recorded: filled in as present, not named by the file
    amended: int
    unchanged: int
    closed: int


@transaction.atomic
def import_marks(
    school: School,
    stream: BinaryIO,
    *,
    name: str,
    by: User,
    at: datetime,
    position: str = "",
    amend_reason: str = "",
    presence: Presence | None = None,
    progress: Callable[[int], None] | None = None,
) -> MarksImported:
    """
    Record the marks of a file, all of it or nothing; `name` is what faults call the file.

    Marks that stand there already are left alone. One that differs is amended when there is a reason,
    and otherwise a fault.

    :raises FileRefused: with every fault
    :raises DomainError: the database refuses what the file does not show to be wrong
    """
    # Two imports at once would both find the same gaps.
    School.objects.select_for_update(no_key=True).get(pk=school.pk)
    faults = Faults(name)
    sheet = Sheet(stream, COLUMNS, faults=faults, ignored=IGNORED, progress=progress)
    reader = MarkReader(school, faults)
    has = {"has_arrivals": sheet.has("arrived_at"), "has_natures": sheet.has("nature")}
    with mark_imports.staging():
        staged = mark_imports.stage_marks(reader.marks(sheet.rows()))
        mark_imports.index_staged()
        for line, first_line in mark_imports.repeated_lines():
            faults.add(line, "session", f"stands on line {first_line} already")
        if not amend_reason:
            for found in mark_imports.differences(**has):
                standing = f"the register has {found.standing_code}"
                said = (
                    f"{standing}, not {found.code}"
                    if found.is_of_code
                    else f"{standing} with another arrival time or nature"
                )
                column = "code" if found.is_of_code else "arrived_at"
                faults.add(found.line, column, f"{said}; give --amend-reason and --by to amend it")
        faults.refuse_if_any()
        present = 0
        if presence is not None:
            present = mark_imports.stage_presence(
                school, first_day=presence.first_day, last_day=presence.last_day
            )
        done = mark_imports.record_staged(
            school, by=by, at=at, position=position, amend_reason=amend_reason, **has
        )
    imported = MarksImported(
        rows=sheet.count,
        recorded=done.recorded,
        present=present,
        amended=done.amended,
        unchanged=staged + present - done.recorded - done.amended,
        closed=reader.closed,
    )
    if done.recorded or done.amended:
        events.record("marks.imported", school=school, by=by, at=at, data=vars(imported))
    return imported


class MarkReader:
    """Resolves rows of a file to pupils and sessions of a school, all of which it knows beforehand."""

    def __init__(self, school: School, faults: Faults) -> None:
        """Load pupils, roll, sessions and timetables. Four statements, however long the file."""
        self.faults = faults
        self.closed = 0
        self.pupils = {
            upn: (pk, born)
            for upn, pk, born in Pupil.objects.filter(school=school).values_list("upn", "pk", "date_of_birth")
        }
        self.roll: dict[int, list[tuple[date, date]]] = {}
        for pupil_id, starts_on, leaving_on in Enrolment.objects.filter(school=school).values_list(
            "pupil_id", "starts_on", "leaving_on"
        ):
            self.roll.setdefault(pupil_id, []).append((starts_on, leaving_on or date.max))
        self.sessions = {(row.on, row.half): row for row in Session.objects.filter(school=school)}
        self.days = {day for day, _ in self.sessions}
        self.excused: dict[tuple[int, int, str], list[tuple[date, date]]] = {}
        for absence in TimetableAbsence.objects.filter(timetable__school=school).select_related("timetable"):
            key = (absence.timetable.pupil_id, absence.weekday, absence.half)
            self.excused.setdefault(key, []).append((absence.timetable.first_day, absence.timetable.last_day))
        self.times: dict[int, SessionTimes] = {}

    def marks(self, rows: Iterator[Row]) -> Iterator[StagedMark]:
        """
        Yield a mark for each row that can stand; the others are noted as faults or speak of closed days.
        """
        for row in rows:
            mark = self._mark(row)
            if mark is not None:
                yield mark

    def _mark(self, row: Row) -> StagedMark | None:
        on, half, symbol = row["date"], row["session"], row["code"]
        arrived_at: time | None = row.get("arrived_at")
        if not symbol and arrived_at is None:
            self.faults.add(row.line, "code", "is empty, and there is no arrived_at to tell it from")
            return None
        pupil = self.pupils.get(row["upn"])
        if pupil is None:
            self.faults.add(row.line, "upn", f"there is no pupil {row['upn']} at this school")
            return None
        session = self.sessions.get((on, half))
        if session is None or not session.is_held:
            self._not_held(row, session, symbol)
            return None
        pupil_id, born = pupil
        if not any(first <= on <= last for first, last in self.roll.get(pupil_id, [])):
            self.faults.add(
                row.line, "date", f"pupil {row['upn']} was not on roll on {on}{self._joined(pupil_id)}"
            )
            return None
        if not symbol:
            symbol = classify_arrival(self._times(session), arrived_at or time.min)
        fault = self._fault_of_code(symbol, on=on, half=half, pupil_id=pupil_id, born=born)
        if fault is not None:
            self.faults.add(row.line, "code", fault)
            return None
        if arrived_at is not None and symbol not in WITH_ARRIVAL:
            self.faults.add(row.line, "arrived_at", f"an arrival time does not go with code {symbol}")
            return None
        return StagedMark(
            row.line, session.academic_year, pupil_id, session.pk, symbol, arrived_at, row.get("nature", "")
        )

    def _not_held(self, row: Row, session: Session | None, symbol: str) -> None:
        """Note a row about a session that was not held, unless it says just that."""
        on = row["date"]
        if session is not None:
            accepted = set(NOT_HELD[session.status])
            if session.status == "cancelled" and on < NATIONAL_CHANGE_ON:
                accepted.add("Y")  # the code for such a day until the change of August 2024
            if symbol in accepted:
                self.closed += 1
                return
            kind = "closed (#)" if session.status == "closed" else "closed in an emergency (Y4)"
            self.faults.add(row.line, "date", f"the school was {kind} on {on} {row['session']}")
        elif symbol == "#" and self.days and min(self.days) <= on <= max(self.days):
            self.closed += 1  # holidays and weekends between the first and the last day of the calendar
        else:
            self.faults.add(row.line, "date", f"the calendar has no {row['session']} session on {on}")

    def _joined(self, pupil_id: int) -> str:
        spans = sorted(self.roll.get(pupil_id, []))
        if not spans:
            return ""
        first, last = spans[0][0], spans[-1][1]
        return f" (joined {first}{'' if last == date.max else f', left {last}'})"

    def _times(self, session: Session) -> SessionTimes:
        if session.pk not in self.times:
            self.times[session.pk] = SessionTimes(
                session.half,
                session.opens_at.astimezone(LONDON).time(),
                session.late_after_at.astimezone(LONDON).time(),
                session.closes_at.astimezone(LONDON).time(),
            )
        return self.times[session.pk]

    def _fault_of_code(self, symbol: str, *, on: date, half: str, pupil_id: int, born: date) -> str | None:
        if symbol == "#" or symbol == "Y4":
            return (
                f"code {symbol} says that the school was closed; by the calendar it was open on {on} {half}"
            )
        if symbol == "Z":
            return "code Z is for pupils not yet on roll: leave the row out"
        fault = fault_of(symbol, on=on, half=half)
        rule = CODE_BY_SYMBOL[symbol]
        if fault is not None or not rule.age_rule:
            return fault
        if rule.age_rule == "non_compulsory" and is_compulsory_age(born, on):
            return f"code {symbol} is only for pupils outside compulsory school age"
        if rule.age_rule == "compulsory" and not is_compulsory_age(born, on):
            return f"code {symbol} is only for pupils of compulsory school age"
        if symbol == "C2" and not any(
            first <= on <= last for first, last in self.excused.get((pupil_id, on.weekday(), half), [])
        ):
            return f"code C2 needs a part-time timetable that excuses the pupil on {on} {half}"
        return None
