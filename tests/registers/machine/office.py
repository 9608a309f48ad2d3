"""Acts of the office and of Rollcall itself: the end of registers, plans, closures, the roll, files."""

from collections.abc import Mapping
from datetime import date, time, timedelta
from io import BytesIO

from registers.imports.marks import Presence, import_marks
from registers.models import (
    CalendarPeriod,
    Departure,
    Enrolment,
    KnownAhead,
    LateArrival,
    Mark,
    Session,
    WeeklyPattern,
)
from registers.selectors import arrivals as late_book
from registers.services import ahead, arrivals, closures
from registers.services.calendar import Period
from registers.services.closing import close_due, due_sessions
from registers.services.joining import NewPupil, join_pupil, readmit_pupil
from registers.services.joining import Place as PlaceOnRoll
from registers.services.leaving import LeavingInput, cancel_leaving, plan_leaving
from registers.services.marks import settle_unexplained
from registers.services.moving import move_pupils
from tests.registers.machine.marking import POSITION, REASONS, Effect, NothingToDo, some_values
from tests.registers.machine.small_school import (
    FIRST_DAY,
    LAST_DAY,
    MOST_PUPILS,
    Chance,
    File,
    Place,
    SmallSchool,
    Values,
    one_in,
)
from tests.registers.machine.watch import known_of, on_roll

HALVES = ("AM", "PM")
AHEAD_CODES = ("V", "V", "B", "M", "C", "S", "D", "X", "E", "/", "N", "C2")
WEEKLY_CODES = ("D", "M", "B", "X", "V")


# --- the end of registers -----------------------------------------------------------------------------------


def close(here: SmallSchool, chance: Chance) -> Effect:
    """Close the registers that are due: everybody on roll has a mark then, and those that stood stay."""
    at = here.moment()
    due = due_sessions(here.school, at=at)
    if not due:
        raise NothingToDo
    before = known_of(here.school).marks
    closed = close_due(here.school, by=here.rollcall, at=at)
    assert [one.session.pk for one in closed] == [session.pk for session in due]
    assert close_due(here.school, by=here.rollcall, at=here.moment()) == []
    now = known_of(here.school)
    only = set()
    for one in closed:
        places = {(pupil, one.session.pk) for pupil in now.roll if on_roll(now, pupil, one.session.on)}
        assert places <= now.marks.keys()
        only |= places - before.keys()
        sources = [now.marks[place].source for place in places - before.keys()]
        assert (sources.count("ahead"), sources.count("system")) == (one.known_ahead, one.unexplained)
    return Effect(only=frozenset(only))


def settle(here: SmallSchool, chance: Chance) -> Effect:
    """Turn every N whose five school days have passed into O."""
    known = known_of(here.school)
    held = {on for on, _, is_held, _ in known.held.values() if is_held and on <= here.today}
    old = {
        place
        for place, mark in known.rows
        if mark.values[0] == "N" and len([on for on in held if on > known.held[place[1]][0]]) > 5
    }
    done = settle_unexplained(here.school, on=here.today, by=here.rollcall, at=here.moment())
    assert done == len(old)
    return Effect({place: ("O", *known.marks[place].values[1:]) for place in old})


# --- known ahead --------------------------------------------------------------------------------------------


def arrange(here: SmallSchool, chance: Chance) -> Effect:
    """Arrange a trip or an absence; with a reason over marks that stand."""
    first = here.some_day(chance)
    code = chance.pick(AHEAD_CODES)
    plan = ahead.Arrangement(
        name="Museum",
        code=code,
        first_day=first,
        last_day=first + timedelta(days=chance.number(0, 3)),
        first_half=chance.pick(HALVES),
        last_half=chance.pick(HALVES),
        nature="Museum" if code in "VBD" else "",
        pupil_ids=tuple(pupil.pk for pupil in here.pupils() if one_in(chance, 3)),
    )
    reason = chance.pick(REASONS) if one_in(chance, 3) else ""
    arranged = ahead.arrange(
        here.school, plan, by=here.office, at=here.moment(), position=POSITION, amend_reason=reason
    )
    if not reason.strip():
        return Effect()
    standing = (code, None, plan.nature)
    return Effect({(one.pupil_id, one.session_id): standing for one in arranged.outlook.marked_already})


def withdraw(here: SmallSchool, chance: Chance) -> Effect:
    """Take an arrangement back, or somebody out of it."""
    rows = list(KnownAhead.objects.filter(school=here.school).order_by("pk"))
    if not rows:
        raise NothingToDo
    row = chance.pick(rows)
    if one_in(chance, 3):
        ahead.leave_out(row, [chance.pick(here.pupils()).pk], by=here.office, at=here.moment())
    else:
        ahead.withdraw(row, why=chance.pick(REASONS), by=here.office, at=here.moment())
    return Effect()


def set_pattern(here: SmallSchool, chance: Chance) -> Effect:
    """Set a weekly pattern of a pupil, change or end one."""
    rows = list(WeeklyPattern.objects.filter(school=here.school).select_related("pupil").order_by("pk"))
    if rows and one_in(chance, 3):
        day = here.some_day(chance)
        ahead.end_pattern(chance.pick(rows), last_day=day, by=here.office, at=here.moment())
        return Effect()
    row = chance.pick(rows) if rows and one_in(chance, 3) else None
    code = chance.pick(WEEKLY_CODES)
    plan = ahead.PatternInput(
        code=code,
        name="Every week",
        first_day=here.some_day(chance),
        sessions=frozenset((chance.number(0, 4), chance.pick(HALVES)) for _ in range(2)),
        nature="Forest school" if code in "DBV" else "",
    )
    pupil = row.pupil if row is not None else chance.pick(here.pupils())
    ahead.set_pattern(pupil, plan, by=here.office, at=here.moment(), pattern=row)
    return Effect()


# --- closures -----------------------------------------------------------------------------------------------


def close_school(here: SmallSchool, chance: Chance) -> Effect:
    """Close the whole school for some half days: every mark there goes, and is remembered."""
    first = here.some_day(chance)
    period = Period(
        chance.pick(("closure", "emergency_closure")),
        "Boiler failure",
        first,
        first + timedelta(days=chance.pick((0, 0, 1, 2))),
        chance.pick(HALVES),
        chance.pick(HALVES),
    )
    before = known_of(here.school)
    done = closures.close_school(
        here.school,
        period,
        by=here.office,
        at=here.moment(),
        reason=chance.pick(REASONS),
        position=POSITION,
    )
    here.calendar_changed()
    now = known_of(here.school)
    closed = {pk for pk, row in now.held.items() if not row[2]} - {
        pk for pk, row in before.held.items() if not row[2]
    }
    gone = {place: mark.values for place, mark in before.rows if place[1] in closed}
    assert (done.sessions, done.cleared) == (len(closed), len(gone))
    here.cleared |= gone
    return Effect(dict.fromkeys(gone))


def reopen_school(here: SmallSchool, chance: Chance) -> Effect:
    """Undo a closure: what it took away stands again, but for pupils who are off roll now."""
    rows = list(CalendarPeriod.objects.filter(school=here.school).exclude(kind="half_term").order_by("pk"))
    if not rows:
        raise NothingToDo
    before = known_of(here.school)
    done = closures.reopen_school(
        here.school, chance.pick(rows), by=here.office, at=here.moment(), position=POSITION
    )
    here.calendar_changed()
    now = known_of(here.school)
    opened = {pk for pk, row in now.held.items() if row[2] and not before.held[pk][2]}
    back: dict[Place, Values | None] = {}
    for place in [place for place in here.cleared if place[1] in opened]:
        values = here.cleared.pop(place)
        if on_roll(now, place[0], now.held[place[1]][0]):
            back[place] = values
    assert (done.sessions, done.restored) == (len(opened), len(back))
    return Effect(back, is_act=True)


# --- the late book ------------------------------------------------------------------------------------------


def sign_in(here: SmallSchool, chance: Chance) -> Effect:
    """Sign a pupil in at the desk, put the entry right or withdraw it."""
    standing = list(
        late_book.current_arrivals(here.school)
        .select_related("pupil", "session", "school")
        .order_by("-pk")[:10]
    )
    at = here.moment()
    hour, minute = chance.pick((8, 8, 9, 9, 11, 13)), chance.number(0, 59)
    arrival = arrivals.Arrival(
        time(hour, minute),
        reason="overslept",
        company="parent",
        choice=chance.pick((arrivals.BY_TIMES, arrivals.BY_TIMES, arrivals.KEEP, "U", "L", "I", "?")),
    )
    if standing and one_in(chance, 3):
        entry: LateArrival = chance.pick(standing)
        place = (entry.pupil_id, entry.session_id)
        if one_in(chance, 2):
            arrivals.withdraw_arrival(
                entry, why=chance.pick(REASONS), by=here.office, at=at, position=POSITION
            )
        else:
            arrivals.correct_arrival(
                entry, arrival, why=chance.pick(REASONS), by=here.office, at=at, position=POSITION
            )
        return Effect(only=frozenset({place}))
    pupil = chance.pick(here.pupils())
    day = here.today - timedelta(days=chance.pick((0, 0, 0, 1)))
    done = arrivals.sign_in(pupil, arrival, on=day, by=here.office, at=at, position=POSITION)
    place = (pupil.pk, done.entry.session_id)
    now = known_of(here.school).marks.get(place)
    assert (now.values[0] if now is not None else "") == done.entry.code
    return Effect(only=frozenset({place}))


# --- the roll -----------------------------------------------------------------------------------------------


def join(here: SmallSchool, chance: Chance) -> Effect:
    """Put a new pupil on roll, or one who left."""
    place = PlaceOnRoll(here.some_day(chance), chance.pick(here.groups).pk, chance.pick(("4", "5")))
    pupils = here.pupils()
    if len(pupils) < MOST_PUPILS and one_in(chance, 3):
        here.ticks += 1
        new = NewPupil("", f"Joined {here.ticks}", "Robin", date(2016, 3, 15))
        join_pupil(here.school, new, place, by=here.office, at=here.moment(), position=POSITION)
    else:
        readmit_pupil(chance.pick(pupils), place, by=here.office, at=here.moment(), position=POSITION)
    return Effect()


def leave(here: SmallSchool, chance: Chance) -> Effect:
    """Plan a leaving, of a day to come or today."""
    enrolments = list(Enrolment.objects.filter(school=here.school, leaving_on=None).order_by("pk"))
    if len(enrolments) < 4:
        raise NothingToDo
    given = LeavingInput(
        leaving_on=here.today + timedelta(days=chance.number(-1, 4)),
        ground="a",
        confirmations=frozenset({"registered", "no_exception"}),
        decider="Head",
        new_school_name="Vale",
        return_sent_on=here.today,
        return_sent_to="Authority",
    )
    plan_leaving(chance.pick(enrolments), given, on=here.today, by=here.office, at=here.moment())
    return Effect()


def stay(here: SmallSchool, chance: Chance) -> Effect:
    """Take a planned leaving back."""
    departures = list(Departure.objects.filter(school=here.school).order_by("-pk")[:5])
    if not departures:
        raise NothingToDo
    cancel_leaving(
        chance.pick(departures), reason=chance.pick(REASONS), on=here.today, by=here.office, at=here.moment()
    )
    return Effect()


def move(here: SmallSchool, chance: Chance) -> Effect:
    """Move pupils to another class."""
    move_pupils(
        here.school,
        {chance.pick(here.pupils()).pk for _ in range(2)},
        to=chance.pick(here.groups),
        starts_on=here.some_day(chance),
        reason=chance.pick(REASONS),
        on=here.today,
        by=here.office,
        at=here.moment(),
    )
    return Effect()


# --- files --------------------------------------------------------------------------------------------------


def write_file(here: SmallSchool, chance: Chance) -> File:
    """Return a file of some marks, mostly such as stand already or could."""
    upns = {pupil.pk: pupil.upn for pupil in here.pupils()}
    current = {
        (pupil_id, session_id): (code, arrived_at, nature)
        for pupil_id, session_id, code, arrived_at, nature in Mark.objects.filter(
            school=here.school, academic_year=2025
        ).values_list("pupil_id", "session_id", "code_id", "arrived_at", "nature")
    }
    has_details = one_in(chance, 2)
    sessions: Mapping[int, Session] = {session.pk: session for session in here.sessions()}
    marks: dict[Place, Values] = {}
    for _ in range(chance.number(1, 5)):
        if current and one_in(chance, 2):
            place = chance.pick(sorted(current))
            marks[place] = current[place]
        else:
            session = here.some_session(chance)
            place = (chance.pick(sorted(upns)), session.pk)
            marks[place] = some_values(chance, session.half)
    lines = ["upn,date,session,code,arrived_at,nature" if has_details else "upn,date,session,code"]
    for (pupil_id, session_id), (code, arrived_at, nature) in marks.items():
        session = sessions[session_id]
        line = f"{upns[pupil_id]},{session.on},{session.half},{code}"
        if has_details:
            line += f",{arrived_at:%H:%M},{nature}" if arrived_at else f",,{nature}"
        lines.append(line)
    return File("\r\n".join(lines).encode(), marks, has_details)


def take_in_file(here: SmallSchool, chance: Chance) -> Effect:
    """Take a file in, new or for the second time; what it differs in is amended with a reason."""
    is_old = bool(here.files) and one_in(chance, 3)
    file = chance.pick(here.files[-10:]) if is_old else write_file(here, chance)
    presence = None
    if one_in(chance, 12):
        presence = Presence(max(FIRST_DAY, here.today - timedelta(days=4)), min(LAST_DAY, here.today))
    before = known_of(here.school)
    reason = chance.pick(REASONS).strip()
    _import(here, file, reason, presence)
    here.files.append(file)
    now = known_of(here.school)
    if one_in(chance, 2):  # the very same file once more has nothing to add and nothing to amend
        _import(here, file, "", None)
        assert known_of(here.school).marks == now.marks
    stands: dict[Place, Values | None] = {}
    for place, (code, arrived_at, nature) in file.marks.items():
        if code in ("#", "Y4") and not now.held[place[1]][2]:
            continue  # the file says of a closed session that it was closed
        old = before.marks.get(place)
        if file.has_details:
            stands[place] = (code, arrived_at, nature)
        else:
            stands[place] = old.values if old is not None and old.values[0] == code else (code, None, "")
    if presence is None:
        return Effect(stands)
    filled = {
        (pupil, session): {"AM": ("/", None, ""), "PM": ("\\", None, "")}[half]
        for session, (on, half, is_held, _) in now.held.items()
        for pupil in now.roll
        if is_held and presence.first_day <= on <= presence.last_day and on_roll(now, pupil, on)
    }
    return Effect({place: values for place, values in filled.items() if place not in before.marks} | stands)


def _import(here: SmallSchool, file: File, reason: str, presence: Presence | None) -> None:
    import_marks(
        here.school,
        BytesIO(file.content),
        name="marks.csv",
        by=here.office,
        at=here.moment(),
        position=POSITION,
        amend_reason=reason,
        presence=presence,
    )


def tick(here: SmallSchool, chance: Chance) -> Effect:
    """Let time pass."""
    here.tick(chance)
    return Effect()
