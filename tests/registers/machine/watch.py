"""
What must always be so, counted and replayed by code that shares nothing with the program's own.

Tables are read as they are; what each code counts as is written out here a second time.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from uuid import UUID

from django.db import connection

from accounts.models import School, User
from registers.selectors.figures import figures_for
from registers.services.history import first_fault
from tests.registers.machine.small_school import FIRST_DAY, LAST_DAY, Place, Values

# SI 2024/208 regulation 10 and Working together to improve school attendance (2024), chapter 8.
CLASS_OF_CODE = {
    **dict.fromkeys(("/", "\\", "L"), "P"),
    **dict.fromkeys(("K", "V", "P", "W", "B"), "A"),
    **dict.fromkeys(("C", "C1", "C2", "M", "J1", "S", "T", "R", "I", "E"), "AU"),
    **dict.fromkeys(("G", "N", "O", "U"), "UN"),
    **dict.fromkeys(("D", "X", "Q", "Y1", "Y2", "Y3", "Y5", "Y6", "Y7"), "NP"),
}
WITH_ARRIVAL = {"/", "\\", "L", "U"}
Counts = tuple[int, int, int, int, int]  # possible, attended, authorised, unauthorised, late


@dataclass(frozen=True)
class Standing:
    """One row of the table of marks."""

    values: Values
    by: int
    source: str


@dataclass(frozen=True)
class Change:
    """One entry of the history with its batch."""

    number: int
    place: Place
    old: Values | None
    new: Values | None
    by: int
    at: datetime
    reason: str


@dataclass(frozen=True)
class Known:
    """What the tables say at one moment."""

    rows: list[tuple[Place, Standing]]
    held: dict[int, tuple[date, str, bool, datetime]]  # sessions: day, half, is held, closes at
    roll: dict[int, list[tuple[date, date]]]

    @property
    def marks(self) -> dict[Place, Standing]:
        """Return the marks by place."""
        return dict(self.rows)


def rows_of(sql: str, *values: object) -> list[tuple[object, ...]]:
    """Return the rows of a statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def known_of(school: School, last: Known | None = None) -> Known:
    """Read marks, sessions and roll; the last two as they were known last, where they cannot have changed."""
    rows = rows_of(
        "SELECT pupil_id, session_id, code, arrived_at, nature, recorded_by_id, source"
        " FROM registers_mark WHERE school_id = %s AND academic_year = 2025",
        school.pk,
    )
    marks: list[tuple[Place, Standing]] = [
        ((row[0], row[1]), Standing((row[2], row[3], row[4]), row[5], row[6]))  # type: ignore[misc,arg-type]
        for row in rows
    ]
    if last is not None:
        return replace(last, rows=marks)
    held = rows_of(
        'SELECT id, "on", half, status, closes_at FROM registers_session WHERE school_id = %s', school.pk
    )
    roll: dict[int, list[tuple[date, date]]] = {}
    for pupil, starts_on, leaving_on in rows_of(
        "SELECT pupil_id, starts_on, leaving_on FROM registers_enrolment WHERE school_id = %s", school.pk
    ):
        roll.setdefault(pupil, []).append((starts_on, leaving_on or date.max))  # type: ignore[arg-type]
    return Known(
        marks,
        {row[0]: (row[1], row[2], row[3] == "held", row[4]) for row in held},  # type: ignore[misc]
        roll,
    )


def changes_after(school: School, number: int) -> list[Change]:
    """Return the history after a link, in the order in which it was written."""
    return [
        Change(
            row[0],
            (row[1], row[2]),
            None if row[3] is None else (row[3], row[4], row[5]),
            None if row[6] is None else (row[6], row[7], row[8]),
            row[9],
            row[10],
            row[11],
        )
        for row in rows_of(
            "SELECT b.number, e.pupil_id, e.session_id, e.old_code, e.old_arrived_at, e.old_nature,"
            " e.new_code, e.new_arrived_at, e.new_nature, b.by_id, b.at, b.reason"
            " FROM registers_entrybatch AS b"
            " JOIN registers_markentry AS e ON e.batch_id = b.id AND e.academic_year = 2025"
            " WHERE b.school_id = %s AND b.number > %s ORDER BY b.number, e.pupil_id, e.session_id",
            school.pk,
            number,
        )
    ]


def on_roll(known: Known, pupil: int, on: date) -> bool:
    """Say whether a pupil is on roll on a day."""
    return any(first <= on <= last for first, last in known.roll.get(pupil, []))


def faults_of_marks(known: Known) -> list[str]:
    """Return which marks stand twice, off roll, in no session held, or say what cannot be."""
    faults = []
    if len(known.marks) != len(known.rows):
        faults.append("a pupil has two marks in one session")
    for (pupil, session), standing in known.rows:
        on, half, is_held, _ = known.held[session]
        code, arrived_at, _ = standing.values
        if not is_held:
            faults.append(f"pupil {pupil} has a mark on {on} {half}, when the school was closed")
        if not on_roll(known, pupil, on):
            faults.append(f"pupil {pupil} has a mark on {on} {half}, when not on roll")
        if code not in CLASS_OF_CODE or (code in "/\\" and code != {"AM": "/", "PM": "\\"}[half]):
            faults.append(f"pupil {pupil} has the code {code} on {on} {half}")
        if arrived_at is not None and code not in WITH_ARRIVAL:
            faults.append(f"pupil {pupil} has a time of arrival with {code} on {on} {half}")
    return faults


def different(before: Mapping[Place, object], now: Mapping[Place, object]) -> set[Place]:
    """Return the places at which two states differ."""
    return {place for place, _ in before.items() ^ now.items()}


@dataclass
class Replay:
    """The history acted out again, link by link."""

    number: int = 0
    state: dict[Place, tuple[Values, int]] = field(default_factory=dict)

    def take(self, changes: Iterable[Change]) -> list[str]:
        """Act out what was written since; return which entries do not follow what they replaced."""
        faults = []
        for change in changes:
            before = self.state.pop(change.place, None)
            if change.old != (before[0] if before else None):
                faults.append(f"link {change.number} replaces {change.old} at {change.place}, not {before}")
            if change.old is None and change.new is None:
                faults.append(f"link {change.number} changes nothing at {change.place}")
            if change.new is not None:
                self.state[change.place] = (change.new, change.by)
            self.number = change.number
        return faults

    def faults_of(self, known: Known) -> list[str]:
        """Return where the present state is not where the history ends."""
        present = {place: (mark.values, mark.by) for place, mark in known.rows}
        return [
            f"the history ends with {self.state.get(place)} at {place}, and {present.get(place)} stands there"
            for place in sorted(different(self.state, present))
        ]


def faults_of_reasons(changes: Iterable[Change], known: Known) -> list[str]:
    """Return which marks were changed after their register closed without a reason."""
    return [
        f"link {change.number} changes a mark of a closed register at {change.place} without a reason"
        for change in changes
        if change.old is not None and change.at > known.held[change.place[1]][3] and not change.reason.strip()
    ]


def counted(codes: Collection[str]) -> Counts:
    """Count sessions by what their codes count as."""
    classes = [CLASS_OF_CODE[code] for code in codes]
    attended = classes.count("P") + classes.count("A")
    authorised, unauthorised = classes.count("AU"), classes.count("UN")
    late = len([code for code in codes if code in ("L", "U")])
    return (attended + authorised + unauthorised, attended, authorised, unauthorised, late)


def faults_of_figures(
    school: School,
    known: Known,
    state: Mapping[Place, tuple[Values, int]],
    *,
    first_day: date = FIRST_DAY,
    last_day: date = LAST_DAY,
) -> list[str]:
    """Return whose figures are not what counting the replayed marks by hand makes."""
    by_hand: dict[int, list[str]] = {
        pupil: []
        for pupil, times in known.roll.items()
        if any(first <= last_day and first_day <= last for first, last in times)
    }
    for (pupil, session), (values, _) in state.items():
        if first_day <= known.held[session][0] <= last_day:
            by_hand.setdefault(pupil, []).append(values[0])
    expected = {pupil: counted(codes) for pupil, codes in by_hand.items()}
    found = {
        pupil: (one.possible, one.attended, one.authorised, one.unauthorised, one.late)
        for pupil, one in figures_for(school, first_day=first_day, last_day=last_day).items()
    }
    return [
        f"pupil {pupil} has the figures {found.get(pupil)} from {first_day} to {last_day}, by hand"
        f" {expected.get(pupil)}"
        for pupil in sorted(found.keys() | expected.keys())
        if found.get(pupil) != expected.get(pupil)
    ]


def faults_of_keys(
    school: School,
    device: User,
    keys: Mapping[UUID, tuple[Place, Mapping[str, object]]],
    changes: Iterable[Change],
) -> list[str]:
    """Return where the keys of a browser wrote more often than once each, or were not noted once each."""
    faults = []
    received = rows_of("SELECT key FROM registers_receivedentry WHERE school_id = %s", school.pk)
    if sorted(row[0] for row in received) != sorted(keys):  # type: ignore[type-var]
        faults.append(f"{len(keys)} keys were sent and {len(received)} were noted")
    saved = Counter(place for place, outcome in keys.values() if outcome["state"] == "saved")
    written = Counter(change.place for change in changes if change.by == device.pk)
    faults += [
        f"{saved[place]} entries were saved at {place} and {times} were written"
        for place, times in written.items()
        if times > saved[place]
    ]
    return faults


def fingerprint_of(school: School) -> tuple[object, ...]:
    """
    Return what no refusal may change: all that acts write, in short.

    First the end of the history, then sessions and roll, then the rest.
    """
    tables = {
        "registers_historyhead": "t.school_id",
        "registers_session": "t.id",
        "registers_enrolment": "t.id",
        "registers_classmembership": "t.id",
        "registers_calendarperiod": "t.id",
        "registers_register": "t.id",
        "registers_registerclosing": "t.id",
        "registers_knownahead": "t.id",
        "registers_weeklypattern": "t.id",
        "registers_departure": "t.id",
        "registers_latearrival": "t.id",
        "registers_pupil": "t.id",
    }
    counts = ("registers_receivedentry", "registers_mark", "accounts_event", "registers_entrybatch")
    parts = [
        f"(SELECT md5(string_agg(t::text, '|' ORDER BY {order})) FROM {table} AS t"  # noqa: S608 - names above
        " WHERE t.school_id = %(school)s)"
        for table, order in tables.items()
    ] + [f"(SELECT count(*) FROM {table} WHERE school_id = %(school)s)" for table in counts]  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", {"school": school.pk})
        found: tuple[object, ...] = cursor.fetchone()
        return found


def faults_of_chain(school: School) -> list[str]:
    """Return the first broken link that the program's own proof finds."""
    fault = first_fault(school)
    return [] if fault is None else [fault]


def time_of(text: str) -> time | None:
    """Return a time of day written as 09:12; nothing for nothing."""
    return time.fromisoformat(text) if text else None
