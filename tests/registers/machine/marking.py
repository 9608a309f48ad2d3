"""Acts that write marks one by one: registers, amendments, sets of marks, and browsers that were offline."""

from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from uuid import UUID

import pytest

from registers.models import EntryBatch, Mark
from registers.selectors.marking import excused_by_timetable, standing_marks
from registers.selectors.registers import pupils_in_class
from registers.services import amendments
from registers.services.entries import Entry, KeyUsedOtherwise, Sender, take_entries
from registers.services.entries import Values as EntryValues
from registers.services.mark_sets import WantedMark, set_marks
from registers.services.marks import MarkInput, save_marks
from tests.registers.machine.small_school import Chance, Place, Sent, SmallSchool, Values, one_in, times_of
from tests.registers.machine.watch import time_of

USUAL = ("/", "/", "/", "/", "L", "U", "I", "I", "N", "M", "V")
RARE = ("G", "O", "B", "X", "C2", "D", "Y1", "E", "C", "T", "Q", "J1", "#", "Y4", "Z", "H", "??")
NEEDS_NATURE = frozenset("K V P W B D Q Y1 Y2 Y3 Y5 Y6 Y7".split())
REASONS = ("", "The parent rang", "The parent rang", "Entered for the wrong pupil", "  ")
POSITION = "Office staff"


class NothingToDo(Exception):
    """The act has nothing to act on yet; it is no step."""


@dataclass(frozen=True)
class Effect:
    """
    What an act said that it did.

    `stands` are the marks that must stand now (None: no mark), `only` the places it may have changed; None:
    only those of `stands`.
    """

    stands: dict[Place, Values | None] = field(default_factory=dict)
    only: frozenset[Place] | None = None
    is_act: bool = False  # all its links are one act of one person, which can be taken back


def some_values(chance: Chance, half: str) -> Values:
    """Return a mark as somebody might type it, now and then one that cannot stand."""
    code = chance.pick(RARE) if one_in(chance, 5) else chance.pick(USUAL)
    if code == "/" and half == "PM" and not one_in(chance, 30):
        code = "\\"
    nature = "Museum" if code in NEEDS_NATURE and not one_in(chance, 12) else ""
    arrived_at = None
    if code in ("/", "\\", "L", "U") and one_in(chance, 3):
        opens = {"AM": 8, "PM": 13}[half]
        arrived_at = time(opens, chance.number(0, 59))
    return (code, arrived_at, nature)


def some_seen(chance: Chance, standing: str) -> str | None:
    """Return the code that somebody saw: mostly what stands, now and then not asked for or stale."""
    kind = chance.number(1, 10)
    return None if kind <= 3 else chance.pick(("", "/", "N")) if kind == 10 else standing


def mark(here: SmallSchool, chance: Chance) -> Effect:
    """Save one class's register, some of it or all."""
    session, group = here.some_session(chance), chance.pick(here.groups)
    pupils = {pupil.pk: pupil for pupil in pupils_in_class(group, on=session.on)}
    if not pupils:
        raise NothingToDo
    everybody = one_in(chance, 2)
    asked = [pupil_id for pupil_id in pupils if everybody or one_in(chance, 3)]
    if one_in(chance, 40):
        asked.append(chance.pick(here.pupils()).pk)
    before = standing_marks(session, asked)
    marks, stands = [], dict[Place, Values | None]()
    for pupil_id in dict.fromkeys(asked):
        old = before[pupil_id].code if pupil_id in before else ""
        values = ("", None, "") if one_in(chance, 8) else some_values(chance, session.half)
        seen = some_seen(chance, old)
        marks.append(MarkInput(pupil_id, *values, seen_code=seen))
        set_at_closing = pupil_id in before and (
            before[pupil_id].source == "ahead" or (old, before[pupil_id].source) == ("N", "system")
        )
        if values[0]:
            stands[(pupil_id, session.pk)] = values
        elif not (seen == "" and set_at_closing):
            stands[(pupil_id, session.pk)] = None
    save_marks(
        group,
        session,
        marks=marks,
        pupils=pupils,
        with_timetable=excused_by_timetable(session, list(pupils)),
        by=here.teacher,
        at=here.moment(),
        reason=chance.pick(REASONS),
        position="Class teacher",
    )
    return Effect(stands)


def amend(here: SmallSchool, chance: Chance) -> Effect:
    """Amend one mark."""
    session, pupil = here.some_session(chance), chance.pick(here.pupils())
    code, arrived_at, nature = some_values(chance, session.half)
    amendments.amend_mark(
        pupil,
        session,
        code=code,
        arrived_at=arrived_at,
        nature=nature,
        reason=chance.pick(REASONS),
        by=here.office,
        at=here.moment(),
        position=POSITION,
    )
    return Effect({(pupil.pk, session.pk): (code, arrived_at, nature)}, is_act=True)


def amend_range(here: SmallSchool, chance: Chance) -> Effect:
    """Amend the marks of some pupils in a range of sessions, by a plan."""
    ends = sorted(
        ((session.on, session.half) for session in (here.some_session(chance), here.some_session(chance))),
    )
    pupils = [pupil.pk for pupil in here.pupils() if one_in(chance, 3)]
    entered = amendments.Entered(*some_values(chance, "AM"))
    places = amendments.places_between(here.school, pupils, first=ends[0], last=ends[1])
    at = here.moment()
    plan = amendments.plan_amendment(here.school, places, entered, at=at)
    planned = len(plan.changes) + len(plan.refused) + len(plan.unchanged) + len(plan.closed)
    assert planned == len(places)
    amendments.amend(
        here.school,
        [one.wanted for one in plan.changes],
        reason=chance.pick(REASONS),
        by=here.office,
        at=at,
        position=POSITION,
    )
    return Effect({one.place: one.becomes for one in plan.changes}, is_act=True)


def undo(here: SmallSchool, chance: Chance) -> Effect:
    """Take one of the last acts back, as far as its marks still stand."""
    batches = list(EntryBatch.objects.filter(school=here.school).order_by("-number")[:30])
    if not batches:
        raise NothingToDo
    batch = chance.pick(batches)
    undoing = amendments.plan_undo(batch)
    found = {one.place: one.becomes for one in (*undoing.restored, *undoing.left)}
    act = next(((first, last) for first, last in here.acts if first <= batch.number <= last), None)
    if act is not None:
        assert {place: new or None for place, new in found.items()} == _before_act(here, act), act
    amendments.undo(undoing, by=here.office, at=here.moment(), position=POSITION)
    return Effect(
        {one.place: one.becomes if one.becomes[0] else None for one in undoing.restored}, is_act=True
    )


def _before_act(here: SmallSchool, act: tuple[int, int]) -> dict[Place, Values]:
    """Return what stood before the links of an act at the places that it changed."""
    rows = (
        EntryBatch.objects.filter(school=here.school, number__range=act)
        .order_by("number")
        .values_list(
            *("entries__pupil_id", "entries__session_id"),
            *("entries__old_code", "entries__old_arrived_at", "entries__old_nature"),
        )
    )
    before: dict[Place, Values] = {}
    for pupil_id, session_id, code, arrived_at, nature in rows:
        before.setdefault((pupil_id, session_id), (code or "", arrived_at, nature or ""))
    return before


def set_some(here: SmallSchool, chance: Chance) -> Effect:
    """Set any marks of the school, some new, some changed, some taken away."""
    current = {
        (pupil_id, session_id): (code, source)
        for pupil_id, session_id, code, source in Mark.objects.filter(
            school=here.school, academic_year=2025
        ).values_list("pupil_id", "session_id", "code_id", "source")
    }
    pupils = here.pupils()
    wanted: dict[Place, WantedMark] = {}
    for _ in range(chance.number(1, 5)):
        session, pupil = here.some_session(chance), chance.pick(pupils)
        place = (pupil.pk, session.pk)
        values = ("", None, "") if one_in(chance, 4) else some_values(chance, session.half)
        standing = current.get(place, ("", ""))[0]
        wanted[place] = WantedMark(*place, *values, seen_code=some_seen(chance, standing))
    set_marks(
        here.school,
        list(wanted.values()),
        by=here.office,
        at=here.moment(),
        reason=chance.pick(REASONS),
        position=POSITION,
    )
    left_empty = {place for place, one in wanted.items() if not one.code and one.seen_code == ""}
    set_at_closing = {
        place
        for place, (code, source) in current.items()
        if source == "ahead" or (code, source) == ("N", "system")
    }
    return Effect(
        {
            place: one.values if one.code else None
            for place, one in wanted.items()
            if place not in left_empty & set_at_closing
        },
        is_act=True,
    )


# --- marks typed in a browser, each with its key ------------------------------------------------------------


def send(here: SmallSchool, chance: Chance) -> Effect:
    """Send marks as they were typed some time ago, not in their order, some of them for the second time."""
    session, group = here.some_session(chance), chance.pick(here.groups)
    pupils = pupils_in_class(group, on=session.on)
    if not pupils:
        raise NothingToDo
    at = here.moment()
    standing = standing_marks(session, [pupil.pk for pupil in pupils])
    entries: list[Entry] = []
    for _ in range(chance.number(1, 4)):
        pupil = chance.pick(pupils)
        stale = one_in(chance, 6)
        old = standing.get(pupil.pk)
        seen = EntryValues(*old.values) if old is not None and not stale else EntryValues()
        wanted = EntryValues() if one_in(chance, 8) else EntryValues(*some_values(chance, session.half))
        typed_at = at - timedelta(minutes=chance.pick((0, 0, 3, 30, 200, 1500)))
        entries.append(
            _entry(here, pupil.pk, wanted, seen, typed_at=typed_at, reason=chance.pick(REASONS).strip())
        )
    known = [
        one
        for sent in here.sent
        if (sent.class_group.pk, sent.session.pk) == (group.pk, session.pk)
        for one in sent.entries
    ]
    if known and one_in(chance, 2):
        entries.insert(chance.number(0, len(entries)), chance.pick(known))
    sent = Sent(group, session, tuple(entries), at - timedelta(days=1))
    return _send(here, sent, at=at, may_amend=one_in(chance, 2))


def _entry(
    here: SmallSchool,
    pupil_id: int,
    wanted: EntryValues,
    seen: EntryValues,
    *,
    typed_at: datetime,
    reason: str,
) -> Entry:
    """Return a new entry; its key says how many there were before."""
    here.ticks += 1
    key = UUID(int=here.ticks)
    content = (pupil_id, *wanted, *seen, typed_at, reason)
    return Entry(key, pupil_id, wanted, seen, typed_at, reason, fingerprint=str(hash(content)))


def _send(here: SmallSchool, sent: Sent, *, at: datetime, may_amend: bool) -> Effect:
    """Send marks; those whose key was answered before are answered the same and write nothing."""
    outcomes = take_entries(
        sent.class_group,
        sent.session,
        sent.entries,
        times=times_of(sent.session),
        sender=Sender(here.device, "Class teacher", may_amend=may_amend, shown_at=sent.shown_at),
        at=at,
    )
    stands: dict[Place, Values | None] = {}
    for entry, outcome in zip(sent.entries, outcomes, strict=True):
        if entry.key in here.keys:
            assert outcome == here.keys[entry.key][1], entry
            continue
        place = (entry.pupil_id, sent.session.pk)
        here.keys[entry.key] = (place, outcome)
        now = outcome["mark"]
        stands[place] = (now["code"], time_of(now["arrived"]), now["nature"]) if now["code"] else None
    if stands:
        here.sent.append(sent)
    return Effect(stands)


def send_again(here: SmallSchool, chance: Chance) -> Effect:
    """Send earlier requests once more, their marks in another order: every answer is the one of then."""
    if not here.sent:
        raise NothingToDo
    sent = chance.pick(here.sent[-20:])
    entries = list(sent.entries)
    first = chance.number(0, len(entries) - 1)
    again = replace(sent, entries=(*entries[first:][::-1], *entries[:first], chance.pick(entries)))
    _send(here, again, at=here.moment(), may_amend=one_in(chance, 2))
    return Effect()


def use_key_otherwise(here: SmallSchool, chance: Chance) -> Effect:
    """Use an old key for another mark: refused, whatever stands beside it."""
    if not here.sent:
        raise NothingToDo
    sent = chance.pick(here.sent[-20:])
    other = replace(sent.entries[0], wanted=EntryValues("O"), fingerprint="another")
    with_new = replace(sent, entries=(*sent.entries[1:], other))
    with pytest.raises(KeyUsedOtherwise):
        _send(here, with_new, at=here.moment(), may_amend=True)
    return Effect()
