"""
Leaving early and coming back.

A mark given at registration stays when the pupil leaves afterwards (Working together 2024); the session that
is missed for it may be marked by the reason, after a person confirmed it.
"""

from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import transaction
from django.utils import timezone

from accounts import events
from accounts.errors import DomainError
from accounts.models import User
from registers.models import DepartureReturn, EarlyDeparture, Pupil
from registers.rules import arrivals as rules
from registers.selectors import arrivals as selectors
from registers.selectors.collectors import choices_for
from registers.services.arrivals import WrongTime, lock_pupil, set_one_mark, write_withdrawal
from registers.words import clock

ALONE = "alone"
OTHER = "other"


class NotOnTheList(DomainError):
    """Whoever stands at the hatch may not collect the pupil without a reason from a person."""


@dataclass(frozen=True)
class Departure:
    """What the desk entered. `collected` is the key of a choice, "alone" or "other"."""

    left_at: time
    reason: str
    proof: str
    collected: str
    reason_text: str = ""
    proof_text: str = ""
    expected_back_at: time | None = None
    other_name: str = ""
    other_relationship: str = ""
    override_reason: str = ""


@transaction.atomic
def sign_out(pupil: Pupil, departure: Departure, *, on: date, by: User, at: datetime) -> EarlyDeparture:
    """
    Write that a pupil left early, why, with what proof and with whom (003:158, 000:270).

    :raises NotOnTheList: the person may not collect, or the pupil leaves alone, and no reason is given
    :raises WrongTime: the time lies in the future, or the pupil would be back before leaving
    :raises DomainError: the school was closed, the pupil is not on roll, or is out already
    """
    lock_pupil(pupil)
    out = selectors.departures_of(pupil, on=on)
    if any(line.returned is None for line in out):
        raise DomainError(
            f"{pupil.full_name} left at {clock(out[0].entry.left_at)} already and is not back. "
            "Sign the pupil back in first."
        )
    entry = _entry(pupil, departure, on=on, by=by, at=at)
    entry.full_clean()
    entry.save(force_insert=True)
    events.record(
        "departure.recorded",
        school=pupil.school,
        by=by,
        at=at,
        subject=entry,
        data={"overridden": bool(entry.override_reason)},
    )
    return entry


@transaction.atomic
def correct_departure(
    entry: EarlyDeparture, departure: Departure, *, why: str, by: User, at: datetime
) -> EarlyDeparture:
    """
    Put a departure right with a new entry that replaces it.

    :raises DomainError: as `sign_out`, or no reason is given, or the entry stands no more
    """
    lock_pupil(entry.pupil)
    _check_stands(entry, why)
    written = _entry(entry.pupil, departure, on=entry.on, by=by, at=at)
    written.replaces, written.correction_reason = entry, why.strip()
    written.full_clean()
    written.save(force_insert=True)
    events.record("departure.corrected", school=entry.school, by=by, at=at, subject=written)
    return written


@transaction.atomic
def withdraw_departure(entry: EarlyDeparture, *, why: str, by: User, at: datetime) -> EarlyDeparture:
    """
    Take a departure back with a new entry that stands for nothing. Marks stay as they are.

    :raises DomainError: no reason is given, or the entry stands no more
    """
    lock_pupil(entry.pupil)
    _check_stands(entry, why)
    withdrawn = write_withdrawal(entry, why=why, by=by, at=at)
    events.record("departure.withdrawn", school=entry.school, by=by, at=at, subject=withdrawn)
    return withdrawn


@dataclass(frozen=True)
class CameBack:
    """A return, with the code that stands for the session of the return where it was set."""

    row: DepartureReturn
    code: str


@transaction.atomic
def sign_back_in(
    entry: EarlyDeparture, *, returned_at: time, by: User, at: datetime, position: str = ""
) -> CameBack:
    """
    Write that a pupil came back. In a later session than the one they left, the mark follows.

    While the register is open the pupil attends; after it closed an N becomes the code of the reason for
    leaving, and an absence that is explained already stays.

    :raises WrongTime: before leaving, or in the future
    :raises DomainError: the pupil is back already, or the entry stands no more
    """
    pupil = entry.pupil
    lock_pupil(pupil)
    line = next(
        (one for one in selectors.departures_of(pupil, on=entry.on) if one.entry.pk == entry.pk), None
    )
    if line is None:
        raise DomainError("This entry was put right or withdrawn already.")
    if line.returned is not None:
        raise DomainError(f"{pupil.full_name} came back at {clock(line.returned.returned_at)} already.")
    _check_past(returned_at, on=entry.on, at=at)
    if returned_at <= entry.left_at:
        raise WrongTime(f"The pupil cannot be back before leaving at {clock(entry.left_at)}.")
    row = DepartureReturn(
        school=entry.school,
        pupil=pupil,
        departure=entry,
        returned_at=returned_at,
        recorded_by=by,
        recorded_at=at,
    )
    row.full_clean()
    row.save(force_insert=True)
    events.record("departure.returned", school=entry.school, by=by, at=at, subject=row)
    day = selectors.times_of_day(entry.school, on=entry.on)
    left_half = rules.half_of_arrival(entry.left_at, afternoon_opens=day.afternoon_opens)
    half = rules.half_of_arrival(returned_at, afternoon_opens=day.afternoon_opens)
    desk = selectors.desk_pupil(pupil, on=entry.on)
    if half == left_half or half not in day.sessions or desk is None:
        return CameBack(row, "")
    mark = desk.halves[half]
    proposal = rules.propose_return(
        day.of(half, desk.year_group),
        returned_at,
        standing=mark.code,
        explained=rules.CODE_OF_DEPARTURE.get(entry.reason, ""),
    )
    if proposal.code == mark.code:
        return CameBack(row, "")
    is_in = proposal.code == proposal.by_times
    set_one_mark(
        pupil,
        day.sessions[half],
        (proposal.code, returned_at if is_in else None, ""),
        seen=mark.code,
        by=by,
        at=at,
        position=position,
        reason=f"Left at {clock(entry.left_at)}, came back {clock(returned_at)}, signed in at the office",
    )
    return CameBack(row, proposal.code)


def mark_afternoon(
    entry: EarlyDeparture, *, by: User, at: datetime, position: str = "", seen_code: str = ""
) -> str:
    """
    Mark the afternoon that a pupil misses for having left before it, by the reason; return the code.

    :raises DomainError: the reason has no code of its own, the pupil left during the afternoon or is back,
        or an afternoon mark stands already
    """
    line = next(
        (one for one in selectors.departures_of(entry.pupil, on=entry.on) if one.entry.pk == entry.pk), None
    )
    code = rules.CODE_OF_DEPARTURE.get(entry.reason, "")
    if line is None or not code or line.afternoon is None or line.returned is not None:
        raise DomainError("There is no afternoon to mark for this departure.")
    if line.afternoon.code not in ("", "N") or line.afternoon.code != seen_code:
        raise DomainError(f"The afternoon is marked {line.afternoon.code or 'with nothing'} now. Look again.")
    day = selectors.times_of_day(entry.school, on=entry.on)
    set_one_mark(
        entry.pupil,
        day.sessions["PM"],
        (code, None, ""),
        seen=line.afternoon.code,
        by=by,
        at=at,
        position=position,
        reason=f"Left early at {clock(entry.left_at)}: {entry.get_reason_display().lower()}",
    )
    return code


def _entry(pupil: Pupil, departure: Departure, *, on: date, by: User, at: datetime) -> EarlyDeparture:
    """Judge what the desk entered and return the entry, not saved."""
    day = selectors.times_of_day(pupil.school, on=on)
    if not day.sessions:
        raise DomainError("The school was closed on this day.")
    if selectors.desk_pupil(pupil, on=on) is None:
        raise DomainError("The pupil was not on roll on this day.")
    _check_past(departure.left_at, on=on, at=at)
    first = min(times.opens_at for times in day.school.values())
    if departure.left_at < first:
        raise WrongTime(f"The day begins at {clock(first)}: an afternoon time needs pm, or 13:15.")
    back = departure.expected_back_at
    if back is not None and back <= departure.left_at:
        raise WrongTime("The pupil cannot be back before leaving.")
    entry = EarlyDeparture(
        school=pupil.school,
        pupil=pupil,
        on=on,
        left_at=departure.left_at,
        expected_back_at=back,
        reason=departure.reason,
        reason_text=departure.reason_text.strip(),
        proof=departure.proof,
        proof_text=departure.proof_text.strip(),
        recorded_by=by,
        recorded_at=at,
    )
    override = departure.override_reason.strip()
    if departure.collected == ALONE:
        if not override:
            raise NotOnTheList("Say who allowed the pupil to leave alone.")
        entry.is_alone, entry.override_reason = True, override
    elif departure.collected == OTHER:
        if not departure.other_name.strip():
            raise DomainError("Enter who collected the pupil.")
        if not override:
            raise NotOnTheList(
                "This person is not on the list of collectors. Do not hand the child over; "
                "if a parent or the head agreed, say who and how."
            )
        entry.collected_by = departure.other_name.strip()
        entry.relationship = departure.other_relationship.strip()
        entry.override_reason = override
    else:
        choice = next((one for one in choices_for(pupil, on=on) if one.key == departure.collected), None)
        if choice is None:
            raise DomainError("Choose who collected the pupil.")
        if choice.refusal and not override:
            raise NotOnTheList(f"{choice.name}: {choice.refusal} If the head agreed all the same, say why.")
        kind, _, key = choice.key.partition("-")
        if kind == "contact":
            entry.contact_id = int(key)
        else:
            entry.collector_id = int(key)
        entry.collected_by, entry.relationship = choice.name, choice.relationship
        entry.override_reason = override if choice.refusal else ""
    return entry


def _check_past(moment: time, *, on: date, at: datetime) -> None:
    now = timezone.localtime(at)
    if on > now.date() or (on == now.date() and moment > now.time()):
        raise WrongTime(f"The time cannot be later than now, {clock(at)}.")


def _check_stands(entry: EarlyDeparture, why: str) -> None:
    if not why.strip():
        raise DomainError("Say why the entry is put right.")
    if not selectors.current_departures(entry.school).filter(pk=entry.pk).exists():
        raise DomainError("This entry was put right or withdrawn already.")
