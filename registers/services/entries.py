"""
Taking in marks as they are typed, each on its own and exactly once.

A person types a mark, the browser sends it, perhaps hours later and perhaps twice. An entry says what the
person saw and when they typed it: it is written only where that still stands, and otherwise shown to a
person (docs/adr/0010).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from accounts.errors import DomainError
from accounts.models import User
from registers.models import ClassGroup, Pupil, ReceivedEntry, Session
from registers.rules.codes import LATE_CODES, PRESENT_IN_HALF
from registers.rules.times import SessionTimes, classify_arrival
from registers.selectors.marking import StandingMark, excused_by_timetable, standing_marks
from registers.selectors.registers import pupils_in_class
from registers.services.marks import MarkInput, attribution, faults_in, is_closed, sentence_of
from registers.words import clock, code_name, moment

# Longer than any laptop sleeps: a key that comes back later is a new entry.
KEYS_ARE_KEPT = timedelta(days=30)
OLDEST_ENTRY = timedelta(days=7)
# Clocks of browsers are set by the page's own moment; what is left is the network's delay.
CLOCK_SLACK = timedelta(minutes=2)

NO_MARK = StandingMark()


class KeyUsedOtherwise(DomainError):
    """A key came again with another content."""


class Values(NamedTuple):
    """What a mark consists of; an empty code: no mark."""

    code: str = ""
    arrived_at: time | None = None
    nature: str = ""


@dataclass(frozen=True)
class Entry:
    """One mark that somebody typed: what is to stand, what they saw, and when they typed it."""

    key: UUID
    pupil_id: int
    wanted: Values
    seen: Values
    typed_at: datetime
    reason: str
    fingerprint: str


@dataclass(frozen=True)
class Sender:
    """Who sends entries, in which post, from a page that was shown at which moment."""

    user: User
    position: str
    may_amend: bool
    shown_at: datetime


# What became of an entry: `state` is saved, conflict, closed (ask the office), reason (say why) or refused; a
# sentence; and the mark that stands now.
Outcome = dict[str, Any]


def take_entries(
    class_group: ClassGroup,
    session: Session,
    entries: Sequence[Entry],
    *,
    times: SessionTimes,
    sender: Sender,
    at: datetime,
) -> list[Outcome]:
    """
    Apply entries in their order, in one transaction, and return what became of each.

    An entry whose key was taken in before is answered as it was then and changes nothing.

    :raises KeyUsedOtherwise: a key came before with another content; nothing was done
    """
    pupils = {pupil.pk: pupil for pupil in pupils_in_class(class_group, on=session.on)}
    try:
        with transaction.atomic():
            _wait_for_others(class_group, session)
            known = _known_outcomes(sender.user, entries)
            new = _unseen(entries, known)
            taking = _Taking(class_group, session, new, pupils=pupils, times=times, sender=sender, at=at)
            outcomes = known | {entry.key: outcome for entry, outcome in taking.run()}
            ReceivedEntry.objects.bulk_create(
                ReceivedEntry(
                    school_id=class_group.school_id,
                    by=sender.user,
                    key=entry.key,
                    fingerprint=entry.fingerprint,
                    outcome=outcomes[entry.key],
                    received_at=at,
                )
                for entry in new
            )
    except IntegrityError as error:
        # Marks are written in savepoints of their own: what is left is a key that another request took.
        raise KeyUsedOtherwise("These marks are being saved already. They will be sent again.") from error
    return [outcomes[entry.key] for entry in entries]


def forget_received(*, at: datetime) -> int:
    """Delete what was kept longer than thirty days, of every school, and return how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM registers_receivedentry WHERE received_at < %s", [at - KEYS_ARE_KEPT])
        return int(cursor.rowcount)


def _wait_for_others(class_group: ClassGroup, session: Session) -> None:
    """Let two browsers at one register follow each other; a refused entry must not make a register."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"register {class_group.pk} {session.pk}"],
        )


def _known_outcomes(user: User, entries: Iterable[Entry]) -> dict[UUID, Outcome]:
    fingerprints = {entry.key: entry.fingerprint for entry in entries}
    known: dict[UUID, Outcome] = {}
    for key, fingerprint, outcome in ReceivedEntry.objects.filter(by=user, key__in=fingerprints).values_list(
        "key", "fingerprint", "outcome"
    ):
        if fingerprint != fingerprints[key]:
            raise KeyUsedOtherwise(f"Key {key} was used for another mark before. Nothing was saved.")
        known[key] = outcome
    return known


def _unseen(entries: Sequence[Entry], known: Mapping[UUID, Outcome]) -> list[Entry]:
    """Return the entries to take in, each key once."""
    unseen: dict[UUID, Entry] = {}
    for entry in entries:
        if entry.key in known:
            continue
        if unseen.setdefault(entry.key, entry).fingerprint != entry.fingerprint:
            raise KeyUsedOtherwise(f"Key {entry.key} was used for two marks. Nothing was saved.")
    return list(unseen.values())


@dataclass(frozen=True)
class _Write:
    """An entry that may be written: over what, when it was done and why."""

    entry: Entry
    expected: Values
    acted_at: datetime
    reason: str


class _Taking:
    """The entries of one request on their way into one register."""

    def __init__(
        self,
        class_group: ClassGroup,
        session: Session,
        entries: Sequence[Entry],
        *,
        pupils: Mapping[int, Pupil],
        times: SessionTimes,
        sender: Sender,
        at: datetime,
    ) -> None:
        self.class_group, self.session, self.pupils = class_group, session, pupils
        self.times, self.sender, self.at = times, sender, at
        self.present = PRESENT_IN_HALF[session.half]
        self.entries = [replace(entry, wanted=self._judged(entry.wanted)) for entry in entries]
        asked = {entry.pupil_id for entry in entries} & pupils.keys()
        self.current = standing_marks(session, asked) if asked else {}
        has_c2 = any(entry.wanted.code == "C2" for entry in entries)
        self.excused = excused_by_timetable(session, asked) if has_c2 else frozenset()
        self.outcomes: dict[UUID, Outcome] = {}
        self.group: list[_Write] = []
        self.register_is_begun = False

    def run(self) -> list[tuple[Entry, Outcome]]:
        """Apply every entry; those typed together are written together."""
        for entry in self.entries:
            if self.group and any(write.entry.pupil_id == entry.pupil_id for write in self.group):
                self._write_group()
            found = self._judge(entry)
            if isinstance(found, _Write):
                if self.group and (self.group[0].acted_at, self.group[0].reason) != (
                    found.acted_at,
                    found.reason,
                ):
                    self._write_group()
                self.group.append(found)
            else:
                self.outcomes[entry.key] = found
        self._write_group()
        return [(entry, self.outcomes[entry.key]) for entry in self.entries]

    # --- judging one entry ----------------------------------------------------------------------------------

    def _judged(self, wanted: Values) -> Values:
        """Return what was meant: the stroke of the half, and the code that the time of arrival means."""
        code = self.present if wanted.code in PRESENT_IN_HALF.values() else wanted.code
        if wanted.arrived_at is not None and code in {self.present, *LATE_CODES}:
            code = classify_arrival(self.times, wanted.arrived_at)
        return Values(code, wanted.arrived_at, wanted.nature)

    def _judge(self, entry: Entry) -> "_Write | Outcome":
        standing = self.current.get(entry.pupil_id, NO_MARK)
        refusal = self._refusal(entry)
        if refusal is not None:
            return self._outcome("refused", refusal, standing)
        acted_at = min(max(entry.typed_at, self.sender.shown_at), self.at)
        if entry.wanted == standing.values:
            return self._outcome("saved", "", standing)
        was_late = is_closed(self.session, at=acted_at)
        if was_late and not self.sender.may_amend:
            return self._outcome(
                "closed",
                f"This register closed at {clock(self.session.closes_at)}, before you typed this. "
                "Ask the office to change the mark.",
                standing,
            )
        yields = standing.source == "system" and standing.code == "N" and not was_late
        if entry.seen != standing.values and not yields:
            return self._outcome("conflict", self._conflict_words(entry, standing), standing)
        reason = entry.reason
        if was_late and standing.code and not reason:
            return self._outcome("reason", "The register has closed: say why the mark changes.", standing)
        if not was_late and is_closed(self.session, at=self.at):
            reason = self._reason_of_delay(acted_at)
        return _Write(entry, Values(*standing.values), acted_at, reason)

    def _refusal(self, entry: Entry) -> str | None:
        """Return why an entry can never stand, as a sentence fit to show."""
        if not self.session.is_held:
            return "The school was closed for this session."
        if entry.typed_at > self.at + CLOCK_SLACK:
            return "This mark says that it was typed in the future. Check the clock of this device."
        if entry.typed_at < self.at - OLDEST_ENTRY:
            return "This mark was typed more than seven days ago. Ask the office to enter it."
        if entry.typed_at < self.sender.shown_at - CLOCK_SLACK:
            return "This mark says that it was typed before the register was opened."
        if entry.typed_at < self.session.opens_at:
            return f"This register opens on {moment(self.session.opens_at, self.at.date())}."
        code, arrived_at, nature = entry.wanted
        marks = [MarkInput(entry.pupil_id, code, arrived_at, nature)]
        faults = faults_in(marks, session=self.session, pupils=self.pupils, with_timetable=self.excused)
        if faults:
            return faults[entry.pupil_id]
        if not code and (arrived_at is not None or nature):
            return "Choose a code for this time or nature."
        is_today = arrived_at is not None and self.session.on == entry.typed_at.date()
        if is_today and arrived_at is not None and arrived_at > (entry.typed_at + CLOCK_SLACK).time():
            return f"The time of arrival cannot be later than the mark, {clock(entry.typed_at)}."
        return None

    def _reason_of_delay(self, acted_at: datetime) -> str:
        same_day = acted_at.date() == self.at.date()
        received = clock(self.at) if same_day else moment(self.at, self.at.date())
        return f"Marked at {clock(acted_at)} without a connection, received {received}"

    def _conflict_words(self, entry: Entry, standing: StandingMark) -> str:
        entered = named(Values(*entry.wanted))
        if not standing.code:
            return f"The mark was taken away meanwhile; you entered {entered}."
        who = "You" if standing.by_id == self.sender.user.pk else standing.by_name or "Somebody"
        when = f" at {clock(standing.at)}" if standing.at else ""
        return f"{who} marked {named(Values(*standing.values))}{when}; you entered {entered}."

    @staticmethod
    def _outcome(state: str, message: str, standing: StandingMark) -> Outcome:
        return {"state": state, "message": message, "mark": as_sent(standing)}

    # --- writing --------------------------------------------------------------------------------------------

    def _write_group(self) -> None:
        """Write what was typed together; where the database refuses, one by one, so that each is told why."""
        group, self.group = self.group, []
        if not group:
            return
        try:
            self._write(group)
        except IntegrityError as error:
            if len(group) > 1:
                for write in group:
                    self.group = [write]
                    self._write_group()
                return
            [refused] = group
            standing = self.current.get(refused.entry.pupil_id, NO_MARK)
            self.outcomes[refused.entry.key] = self._outcome("refused", sentence_of(error), standing)

    def _write(self, group: list[_Write]) -> None:
        acted_at, reason = group[0].acted_at, group[0].reason
        source = "office" if is_closed(self.session, at=acted_at) else "register"
        by, position = self.sender.user, self.sender.position
        set_again = [write for write in group if write.entry.wanted.code]
        cleared = [write for write in group if not write.entry.wanted.code]
        written: set[int] = set()
        with attribution(by=by, at=acted_at, reason=reason, position=position), connection.cursor() as cursor:
            if not self.register_is_begun:
                cursor.execute(BEGIN_REGISTER, self._register_values(acted_at))
            if set_again:
                cursor.execute(
                    WRITE_UNCHANGED,
                    self._columns(set_again)
                    | {
                        "school": self.class_group.school_id,
                        "at": acted_at,
                        "by": by.pk,
                        "source": source,
                    },
                )
                written |= {row[0] for row in cursor.fetchall()}
            if cleared:
                cursor.execute(CLEAR_UNCHANGED, self._columns(cleared))
                written |= {row[0] for row in cursor.fetchall()}
        self.register_is_begun = True
        missed = [write for write in group if write.entry.pupil_id not in written]
        if missed:  # somebody else's statement came between our look and our write
            ids = [write.entry.pupil_id for write in missed]
            for pupil_id in ids:
                self.current.pop(pupil_id, None)
            self.current |= standing_marks(self.session, ids)
        for write in group:
            entry = write.entry
            if write in missed:
                standing = self.current.get(entry.pupil_id, NO_MARK)
                same = standing.values == entry.wanted
                words = "" if same else self._conflict_words(entry, standing)
                self.outcomes[entry.key] = self._outcome("saved" if same else "conflict", words, standing)
                continue
            standing = (
                StandingMark(*entry.wanted, source=source, by_id=by.pk, by_name=by.name, at=acted_at)
                if entry.wanted.code
                else NO_MARK
            )
            self.current[entry.pupil_id] = standing
            self.outcomes[entry.key] = self._outcome("saved", "", standing)

    def _register_values(self, acted_at: datetime) -> list[Any]:
        return [
            self.class_group.school_id,
            self.class_group.pk,
            self.session.pk,
            acted_at,
            self.sender.user.pk,
            acted_at,
        ]

    def _columns(self, writes: Sequence[_Write]) -> dict[str, Any]:
        return {
            "year": self.session.academic_year,
            "session": self.session.pk,
            "pupils": [write.entry.pupil_id for write in writes],
            "codes": [write.entry.wanted.code for write in writes],
            "arrivals": [write.entry.wanted.arrived_at for write in writes],
            "natures": [write.entry.wanted.nature for write in writes],
            "seen_codes": [write.expected.code for write in writes],
            "seen_arrivals": [write.expected.arrived_at for write in writes],
            "seen_natures": [write.expected.nature for write in writes],
        }


BEGIN_REGISTER = """
INSERT INTO registers_register (school_id, class_group_id, session_id, taken_at, taken_by_id, saved_at)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (class_group_id, session_id)
DO UPDATE SET saved_at = greatest(registers_register.saved_at, excluded.saved_at)
"""
# A mark is written only over what was seen, judged at the moment of writing: nothing slips in between.
SEEN = """
    SELECT * FROM unnest(%(pupils)s::bigint[], %(codes)s::varchar[], %(arrivals)s::time[],
        %(natures)s::varchar[], %(seen_codes)s::varchar[], %(seen_arrivals)s::time[],
        %(seen_natures)s::varchar[])
    AS typed (pupil_id, code, arrived_at, nature, seen_code, seen_arrived_at, seen_nature)
"""
WRITE_UNCHANGED = f"""
WITH typed AS ({SEEN})
INSERT INTO registers_mark AS m (
    academic_year, pupil_id, session_id, school_id, code, arrived_at, nature, recorded_at, recorded_by_id,
    source
)
SELECT %(year)s, pupil_id, %(session)s, %(school)s, code, arrived_at, nature, %(at)s, %(by)s, %(source)s
FROM typed
WHERE seen_code = '' OR EXISTS (
    SELECT FROM registers_mark AS k
    WHERE k.academic_year = %(year)s AND k.session_id = %(session)s AND k.pupil_id = typed.pupil_id
)
ON CONFLICT (academic_year, pupil_id, session_id) DO UPDATE SET
    code = excluded.code, arrived_at = excluded.arrived_at, nature = excluded.nature,
    recorded_at = excluded.recorded_at, recorded_by_id = excluded.recorded_by_id, source = excluded.source
WHERE EXISTS (
    SELECT FROM typed WHERE typed.pupil_id = m.pupil_id
        AND (m.code, m.arrived_at, m.nature) IS NOT DISTINCT FROM (seen_code, seen_arrived_at, seen_nature)
)
RETURNING m.pupil_id
"""  # noqa: S608 - only constants of this module
CLEAR_UNCHANGED = f"""
WITH typed AS ({SEEN})
DELETE FROM registers_mark AS m USING typed
WHERE m.academic_year = %(year)s AND m.session_id = %(session)s AND m.pupil_id = typed.pupil_id
    AND (m.code, m.arrived_at, m.nature) IS NOT DISTINCT FROM (seen_code, seen_arrived_at, seen_nature)
RETURNING m.pupil_id
"""  # noqa: S608 - only constants of this module


def named(values: Values) -> str:
    """Return a mark in words: "L (Late, before the register closed), arrived 9:01am"."""
    code, arrived_at, nature = values
    if not code:
        return "no mark"
    words = f"{code} ({code_name(code)})"
    if arrived_at is not None:
        words += f", arrived {clock(arrived_at)}"
    return f"{words}, {nature}" if nature else words


def as_sent(standing: StandingMark) -> dict[str, str]:
    """Return a mark as browsers are told of it."""
    return {
        "code": standing.code,
        "arrived": f"{standing.arrived_at:%H:%M}" if standing.arrived_at else "",
        "nature": standing.nature,
        "source": standing.source,
        "by": standing.by_name,
        "at": clock(standing.at),
    }
