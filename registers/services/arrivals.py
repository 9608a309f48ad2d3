"""
The late book: signing a pupil in, putting an entry right, withdrawing it; and the checks at the late gate.

The entry and the mark are written in one transaction, so that neither stands without the other. Marks go
through `mark_sets`; what an arrival means is decided in `rules.arrivals`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TypeVar

from django.db import transaction
from django.utils import timezone

from accounts import events
from accounts.errors import DomainError
from accounts.models import School, User
from registers.models import EarlyDeparture, GateStrike, LateArrival, LateGate, LateGatePupil, Pupil, Session
from registers.rules import arrivals as rules
from registers.rules.codes import CODE_BY_SYMBOL, LATE_CODES, PRESENT_IN_HALF
from registers.rules.times import SessionTimes
from registers.selectors import arrivals as selectors
from registers.selectors.arrivals import DayOfTimes, DeskPupil, KnownMark
from registers.selectors.times import pupil_times
from registers.services.mark_sets import MarkSetChangedMeanwhile, MarkSetRefused, WantedMark, set_marks
from registers.words import clock

Entry = TypeVar("Entry", LateArrival, EarlyDeparture)
BY_TIMES = "auto"  # the code follows from the school's times
KEEP = "keep"  # the late book alone: the mark stays as it is
PRESENT = "present"  # the stroke of whichever half it is


class WrongTime(DomainError):
    """Nobody can have arrived at that time."""


class AlreadySignedIn(DomainError):
    """The pupil stands in the late book for this session; `entry` is the one to put right."""

    def __init__(self, entry: LateArrival) -> None:
        super().__init__(
            f"{entry.pupil.full_name} is in the late book already: {clock(entry.arrived_at)}, entered by "
            f"{entry.recorded_by.name} at {clock(entry.recorded_at)}. Correct that entry instead."
        )
        self.entry = entry


class MarkStands(DomainError):
    """A mark stands that the arrival does not settle: a person must choose. `code` is what stands."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class WrongCode(DomainError):
    """The chosen code cannot stand for the arrival."""


@dataclass(frozen=True)
class Arrival:
    """What the desk entered of one pupil. `half` is empty when the time decides."""

    arrived_at: time
    reason: str
    company: str
    half: str = ""
    reason_text: str = ""
    company_name: str = ""
    choice: str = BY_TIMES
    # The mark that the person saw when choosing; None: none was shown.
    seen_code: str | None = None


@dataclass(frozen=True)
class SignedIn:
    """An entry of the late book with what became of the mark."""

    entry: LateArrival
    proposal: rules.Proposal


@transaction.atomic
def sign_in(
    pupil: Pupil, arrival: Arrival, *, on: date, by: User, at: datetime, position: str = ""
) -> SignedIn:
    """
    Write a pupil into the late book of a day and set the mark that follows (000:193-194, 004:142-149).

    :raises WrongTime: the time lies in the future, or before the gates open
    :raises AlreadySignedIn: the pupil is in the book for this session
    :raises MarkStands: the pupil is marked in with another code, or the mark changed while the desk wrote
    :raises WrongCode: the chosen code cannot stand for an arrival at that time
    :raises DomainError: the school was closed, or the pupil is not on roll that day
    """
    lock_pupil(pupil)
    desk, day = _desk_of(pupil, on=on)
    half = arrival.half or rules.half_of_arrival(arrival.arrived_at, afternoon_opens=day.afternoon_opens)
    session = _session(day, half)
    standing = selectors.current_arrivals(pupil.school).filter(pupil=pupil, session=session)
    if (earlier := standing.select_related("pupil", "recorded_by").first()) is not None:
        raise AlreadySignedIn(earlier)
    entry, proposal = _write(
        pupil,
        arrival,
        session=session,
        times=day.of(half, desk.year_group),
        gates_open_at=day.gates_open_at if half == "AM" else None,
        mark=desk.halves[half],
        before=desk.halves[half],
        by=by,
        at=at,
        position=position,
    )
    events.record(
        "arrival.recorded", school=pupil.school, by=by, at=at, subject=entry, data={"code": entry.code}
    )
    return SignedIn(entry, proposal)


@transaction.atomic
def correct_arrival(
    entry: LateArrival, arrival: Arrival, *, why: str, by: User, at: datetime, position: str = ""
) -> SignedIn:
    """
    Put an entry right with a new one that replaces it; the mark follows as if signed in so at first.

    A mark that somebody else set since stays, unless the person saw it and chose another code.

    :raises DomainError: as `sign_in`, or no reason is given, or the entry stands no more
    """
    pupil = entry.pupil
    lock_pupil(pupil)
    _check_stands(entry, why)
    desk, day = _desk_of(pupil, on=entry.session.on)
    half = entry.session.half
    _session(day, half)
    mark = desk.halves[half]
    before = KnownMark(
        entry.previous_code, entry.previous_arrived_at, entry.previous_nature, mark.expected, ""
    )
    is_ours = mark.code == entry.code
    written, proposal = _write(
        pupil,
        arrival,
        session=entry.session,
        times=day.of(half, desk.year_group),
        gates_open_at=day.gates_open_at if half == "AM" else None,
        mark=mark,
        before=before if is_ours else mark,
        by=by,
        at=at,
        position=position,
        replaces=entry,
        why=why,
    )
    events.record(
        "arrival.corrected", school=pupil.school, by=by, at=at, subject=written, data={"code": written.code}
    )
    return SignedIn(written, proposal)


@transaction.atomic
def withdraw_arrival(
    entry: LateArrival, *, why: str, by: User, at: datetime, position: str = ""
) -> LateArrival:
    """
    Take an entry back with a new one that stands for nothing, and put back the mark that stood before.

    Where somebody else changed the mark since, it stays: the returned entry's `code` is the mark that stands
    now. Where nothing stood before and the register has closed, N stands.

    :raises DomainError: no reason is given, or the entry stands no more
    """
    pupil = entry.pupil
    lock_pupil(pupil)
    _check_stands(entry, why)
    desk, day = _desk_of(pupil, on=entry.session.on)
    half = entry.session.half
    _session(day, half)  # the school may have closed since
    mark = desk.halves[half]
    code = mark.code
    if entry.code and mark.code == entry.code and mark.arrived_at == _arrival_on_mark(entry):
        back = (entry.previous_code, entry.previous_arrived_at, entry.previous_nature)
        if not entry.previous_code and pupil_times(pupil, entry.session).is_closed(at):
            back = ("N", None, "")
        code = back[0]
        set_one_mark(
            pupil,
            entry.session,
            back,
            seen=mark.code,
            by=by,
            at=at,
            position=position,
            reason=f"Entry in the late book withdrawn: {why.strip()}",
        )
    withdrawn = write_withdrawal(entry, why=why, by=by, at=at, code=code)
    events.record("arrival.withdrawn", school=pupil.school, by=by, at=at, subject=withdrawn)
    return withdrawn


def _write(
    pupil: Pupil,
    arrival: Arrival,
    *,
    session: Session,
    times: SessionTimes,
    gates_open_at: time | None,
    mark: KnownMark,
    before: KnownMark,
    by: User,
    at: datetime,
    position: str,
    replaces: LateArrival | None = None,
    why: str = "",
) -> tuple[LateArrival, rules.Proposal]:
    """Judge an arrival, set the mark and write the entry. `before` is what stood without the desk."""
    _check_time(arrival.arrived_at, on=session.on, at=at, times=times, gates_open_at=gates_open_at)
    proposal = rules.propose(times, arrival.arrived_at, standing=before.code, expected=before.expected)
    wanted = _wanted(arrival, proposal, half=session.half, mark=mark, before=before)
    if (wanted[0], wanted[1], wanted[2]) != (mark.code, mark.arrived_at, mark.nature):
        set_one_mark(
            pupil,
            session,
            wanted,
            seen=mark.code,
            by=by,
            at=at,
            position=position,
            reason=f"Arrived {clock(arrival.arrived_at)}, signed in at the office"
            + (f"; late book corrected: {why.strip()}" if why.strip() else ""),
        )
    entry = LateArrival(
        school=pupil.school,
        pupil=pupil,
        session=session,
        arrived_at=arrival.arrived_at,
        minutes_late=rules.minutes_late(times, arrival.arrived_at),
        reason=arrival.reason,
        reason_text=arrival.reason_text.strip(),
        company=arrival.company,
        company_name=arrival.company_name.strip(),
        proposed_code_id=proposal.by_times,
        code=wanted[0],
        previous_code=before.code,
        previous_arrived_at=before.arrived_at,
        previous_nature=before.nature,
        recorded_by=by,
        recorded_at=at,
        replaces=replaces,
        correction_reason=why.strip(),
    )
    entry.full_clean()
    entry.save(force_insert=True)
    return entry, proposal


def _wanted(
    arrival: Arrival, proposal: rules.Proposal, *, half: str, mark: KnownMark, before: KnownMark
) -> tuple[str, time | None, str]:
    """
    Return code, arrival time and nature that are to stand.

    :raises MarkStands: a person must choose, or chose without having seen what stands
    :raises WrongCode: the chosen code cannot stand
    """
    if arrival.choice == BY_TIMES:
        if proposal.is_doubtful:
            raise MarkStands(
                f"The pupil is marked {_named(before.code)} already. Keep that mark, or choose another.",
                before.code,
            )
        code = proposal.code
    elif arrival.choice == KEEP:
        code = before.known
    else:
        code = arrival.choice
        if code == PRESENT:
            code = PRESENT_IN_HALF[half]
        if code not in CODE_BY_SYMBOL:
            raise WrongCode("Choose a code from the list.")
        if (fault := rules.fault_of_choice(code, proposal)) is not None:
            raise WrongCode(fault)
        if mark.code and mark.code != code and arrival.seen_code != mark.code:
            raise MarkStands(
                f"Somebody marked the pupil {_named(mark.code)} meanwhile. Keep that mark, or choose again.",
                mark.code,
            )
    if code == before.code and arrival.choice == KEEP:
        return (before.code, before.arrived_at, before.nature)
    if code in LATE_CODES or code in PRESENT_IN_HALF.values():
        return (code, arrival.arrived_at, "")
    if code == before.code:
        return (before.code, before.arrived_at, before.nature)
    return (code, None, before.expected_nature if code == before.expected else "")


def set_one_mark(
    pupil: Pupil,
    session: Session,
    values: tuple[str, time | None, str],
    *,
    seen: str,
    by: User,
    at: datetime,
    position: str,
    reason: str,
) -> None:
    """
    Make one mark stand (code, arrival time, nature) where `seen` stood.

    :raises WrongCode: it cannot stand there
    :raises MarkStands: another mark than `seen` stands there
    """
    code, arrived_at, nature = values
    wanted = WantedMark(pupil.pk, session.pk, code, arrived_at, nature, seen_code=seen)
    try:
        set_marks(pupil.school, [wanted], by=by, at=at, reason=reason, position=position)
    except MarkSetRefused as refused:
        raise WrongCode(next(iter(refused.faults.values()))) from refused
    except MarkSetChangedMeanwhile as changed:
        current = next(iter(changed.current.values()))
        raise MarkStands(
            f"Somebody marked the pupil {_named(current)} at this moment. Look at the mark and try again.",
            current,
        ) from changed


def write_withdrawal(entry: Entry, *, why: str, by: User, at: datetime, **changed: object) -> Entry:
    """Write the entry that takes the place of another and stands for nothing; for the books of the hatch."""
    values = {
        field.attname: getattr(entry, field.attname)
        for field in entry._meta.concrete_fields
        if not field.primary_key
    }
    values |= {
        "recorded_by_id": by.pk,
        "recorded_at": at,
        "replaces_id": entry.pk,
        "is_withdrawal": True,
        "correction_reason": why.strip(),
    }
    withdrawn = type(entry)(**(values | changed))
    withdrawn.full_clean()
    withdrawn.save(force_insert=True)
    return withdrawn


def lock_pupil(pupil: Pupil) -> None:
    """Let two desks write of one pupil one after the other; saving a register is not held up."""
    Pupil.objects.select_for_update(no_key=True).filter(pk=pupil.pk).first()


def _desk_of(pupil: Pupil, *, on: date) -> tuple[DeskPupil, DayOfTimes]:
    """
    Return the pupil as the desk sees them that day, and the day's times.

    :raises DomainError: the school was closed, or the pupil is not on roll and in a class
    """
    day = selectors.times_of_day(pupil.school, on=on)
    if not day.sessions:
        raise DomainError("The school was closed on this day.")
    desk = selectors.desk_pupil(pupil, on=on)
    if desk is None:
        raise DomainError("The pupil was not on roll on this day.")
    return desk, day


def _session(day: DayOfTimes, half: str) -> Session:
    if half not in day.sessions:
        name = "morning" if half == "AM" else "afternoon"
        raise DomainError(f"The school was closed this {name}.")
    return day.sessions[half]


def _check_time(
    arrived_at: time, *, on: date, at: datetime, times: SessionTimes, gates_open_at: time | None
) -> None:
    now = timezone.localtime(at)
    if on > now.date():
        raise WrongTime("That day is still to come.")
    if on == now.date() and arrived_at > now.time():
        raise WrongTime(f"The time of arrival cannot be later than now, {clock(at)}.")
    if rules.is_too_early(times, arrived_at, gates_open_at=gates_open_at):
        opens = gates_open_at or times.opens_at
        what = "the gates open" if gates_open_at else "the register opens"
        raise WrongTime(
            f"{clock(arrived_at)} is before {what} at {clock(opens)}. An afternoon time needs pm, or 13:15."
        )


def _check_stands(entry: LateArrival, why: str) -> None:
    if not why.strip():
        raise DomainError("Say why the entry is put right.")
    if not selectors.current_arrivals(entry.school).filter(pk=entry.pk).exists():
        raise DomainError("This entry was put right or withdrawn already.")


def _arrival_on_mark(entry: LateArrival) -> time | None:
    """Return the time of arrival that the entry put on the mark."""
    is_in = entry.code in LATE_CODES or entry.code in PRESENT_IN_HALF.values()
    return entry.arrived_at if is_in else None


def _named(code: str) -> str:
    if not code:
        return "with nothing"
    name = "present" if code in PRESENT_IN_HALF.values() else CODE_BY_SYMBOL[code].name.lower()
    return f"{code} ({name})"


# --- the late gate ------------------------------------------------------------------------------------------


@transaction.atomic
def record_gate(
    school: School,
    *,
    on: date,
    started_at: time,
    staff_name: str,
    greeted: Mapping[int, time],
    by: User,
    at: datetime,
    note: str = "",
) -> LateGate:
    """
    Log a check at the gate with the pupils greeted (000:196). The register is not touched.

    :raises DomainError: nobody was greeted, a time lies in the future, or a pupil is not on roll
    """
    now = timezone.localtime(at)
    if not greeted:
        raise DomainError("Choose at least one pupil.")
    if on > now.date() or (on == now.date() and max(started_at, *greeted.values()) > now.time()):
        raise WrongTime(f"The time cannot be later than now, {clock(at)}.")
    known = {pupil.id for pupil in selectors.desk_pupils(school, on=on)}
    if not greeted.keys() <= known:
        raise DomainError("Some of these pupils were not on roll on this day.")
    gate = LateGate(
        school=school,
        on=on,
        started_at=started_at,
        staff_name=staff_name.strip(),
        note=note.strip(),
        recorded_by=by,
        recorded_at=at,
    )
    gate.full_clean()
    gate.save(force_insert=True)
    LateGatePupil.objects.bulk_create(
        LateGatePupil(school=school, gate=gate, pupil_id=pupil_id, seen_at=seen_at)
        for pupil_id, seen_at in sorted(greeted.items())
    )
    events.record("gate.recorded", school=school, by=by, at=at, subject=gate, data={"pupils": len(greeted)})
    return gate


@transaction.atomic
def strike_out(gate: LateGate, greeting_ids: Collection[int], *, why: str, by: User, at: datetime) -> int:
    """
    Strike greetings of a check out: they stay readable and count no more; return how many.

    :raises DomainError: none was chosen, no reason is given, or one was struck out already
    """
    if not greeting_ids:
        raise DomainError("Choose who was not greeted.")
    if not why.strip():
        raise DomainError("Say why the entry is struck out.")
    standing = LateGatePupil.objects.select_for_update(of=("self",)).filter(
        gate=gate, pk__in=greeting_ids, strike__isnull=True
    )
    found = list(standing.order_by("pk"))
    if len(found) < len(set(greeting_ids)):
        raise DomainError("Somebody struck one of these out meanwhile: nothing was changed.")
    GateStrike.objects.bulk_create(
        GateStrike(school_id=gate.school_id, greeting=one, reason=why.strip(), recorded_by=by, recorded_at=at)
        for one in found
    )
    events.record(
        "gate.struck_out", school=gate.school, by=by, at=at, subject=gate, data={"pupils": len(found)}
    )
    return len(found)
