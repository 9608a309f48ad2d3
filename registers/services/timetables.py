"""
Part-time timetables: without one that covers the session code C2 is refused (SI 2024/208 regulation 11).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction

from accounts import events
from accounts.models import School, User
from registers.models import PartTimeTimetable, Pupil, TimetableAbsence
from registers.rules.numbers import counted
from registers.services.refusals import RowFault, RowsRefused

DATES = ("last_day", "review_on", "agreed_on")

# C2 stands on these sessions although no timetable excuses the pupil from them any more.
UNEXCUSED = """
SELECT m.pupil_id, count(*)
FROM registers_mark AS m
JOIN registers_session AS s ON s.id = m.session_id
WHERE m.school_id = %(school)s AND m.pupil_id = ANY (%(pupils)s::bigint[]) AND m.code = 'C2'
    AND NOT EXISTS (
        SELECT FROM registers_parttimetimetable AS t
        JOIN registers_timetableabsence AS a ON a.timetable_id = t.id
        WHERE t.pupil_id = m.pupil_id AND s."on" BETWEEN t.first_day AND t.last_day
            AND a.weekday = extract(isodow FROM s."on")::int - 1 AND a.half = s.half
    )
GROUP BY m.pupil_id
"""


@dataclass(frozen=True)
class TimetableInput:
    """One agreement; absent sessions are pairs of weekday (0 is Monday) and half ("AM", "PM")."""

    upn: str
    first_day: date
    last_day: date
    review_on: date
    agreed_on: date
    absent_sessions: frozenset[tuple[int, str]]


@dataclass(frozen=True)
class TimetablesSet:
    """What taking in a list did, in numbers of timetables."""

    added: int
    changed: int
    unchanged: int


@transaction.atomic
def set_timetables(
    school: School, rows: Sequence[TimetableInput], *, by: User, at: datetime
) -> TimetablesSet:
    """
    Take in a list of part-time timetables; one is known by its pupil and first day.

    :raises RowsRefused: a pupil is not known, the dates contradict each other or another timetable of the
        pupil, or C2 marks would be left without a timetable
    """
    School.objects.select_for_update(no_key=True).get(pk=school.pk)
    pupil_ids = dict(
        Pupil.objects.filter(school=school, upn__in={row.upn for row in rows}).values_list("upn", "pk")
    )
    stored = {
        (timetable.pupil_id, timetable.first_day): timetable
        for timetable in PartTimeTimetable.objects.filter(pupil__in=pupil_ids.values()).prefetch_related(
            "absent_sessions"
        )
    }
    _refuse_wrong_rows(rows, pupil_ids, stored)

    added = []
    changed = []
    sessions: list[tuple[PartTimeTimetable, frozenset[tuple[int, str]]]] = []
    for row in rows:
        timetable = stored.get((pupil_ids[row.upn], row.first_day))
        if timetable is None:
            timetable = PartTimeTimetable(school=school, pupil_id=pupil_ids[row.upn], first_day=row.first_day)
            added.append(timetable)
        elif any(getattr(timetable, name) != getattr(row, name) for name in DATES) or (
            _absent_sessions(timetable) != row.absent_sessions
        ):
            changed.append(timetable)
        else:
            continue
        for name in DATES:
            setattr(timetable, name, getattr(row, name))
        sessions.append((timetable, row.absent_sessions))

    PartTimeTimetable.objects.bulk_update(changed, DATES, batch_size=500)
    PartTimeTimetable.objects.bulk_create(added, batch_size=500)
    TimetableAbsence.objects.filter(timetable__in=changed).delete()
    TimetableAbsence.objects.bulk_create(
        TimetableAbsence(timetable=timetable, weekday=weekday, half=half)
        for timetable, absent in sessions
        for weekday, half in sorted(absent)
    )
    _refuse_unexcused(school, rows, pupil_ids, {timetable.pupil_id for timetable in changed})
    done = TimetablesSet(len(added), len(changed), len(rows) - len(added) - len(changed))
    if added or changed:
        events.record("timetables.set", school=school, by=by, at=at, data=vars(done))
    return done


def _absent_sessions(timetable: PartTimeTimetable) -> frozenset[tuple[int, str]]:
    return frozenset((absence.weekday, absence.half) for absence in timetable.absent_sessions.all())


def _refuse_wrong_rows(
    rows: Sequence[TimetableInput],
    pupil_ids: dict[str, int],
    stored: dict[tuple[int, date], PartTimeTimetable],
) -> None:
    faults = []
    # What each pupil will have: first day to last day of every timetable.
    spans: dict[int, dict[date, date]] = {}
    for (pupil_id, first_day), timetable in stored.items():
        spans.setdefault(pupil_id, {})[first_day] = timetable.last_day
    seen: set[tuple[str, date]] = set()
    for place, row in enumerate(rows):
        if row.last_day < row.first_day:
            faults.append(RowFault(place, "last_day", "is before the first day"))
        if row.review_on < row.first_day:
            faults.append(RowFault(place, "review_on", "is before the first day"))
        if row.agreed_on > row.first_day:
            faults.append(RowFault(place, "agreed_on", "is after the first day: leave is agreed in advance"))
        if (row.upn, row.first_day) in seen:
            faults.append(RowFault(place, "first_day", f"pupil {row.upn} has two timetables from this day"))
        seen.add((row.upn, row.first_day))
        if row.upn in pupil_ids:
            spans.setdefault(pupil_ids[row.upn], {})[row.first_day] = row.last_day
        else:
            faults.append(RowFault(place, "upn", f"there is no pupil {row.upn} at this school"))
    for place, row in enumerate(rows):
        for first_day, last_day in spans.get(pupil_ids.get(row.upn, 0), {}).items():
            # Of two clashing rows of the list the one that begins later is named.
            is_named = first_day < row.first_day or (row.upn, first_day) not in seen
            if (
                first_day != row.first_day
                and is_named
                and first_day <= row.last_day
                and last_day >= row.first_day
            ):
                text = f"pupil {row.upn} has a timetable from {first_day} to {last_day} already"
                faults.append(RowFault(place, "first_day", text))
    if faults:
        raise RowsRefused(faults)


def _refuse_unexcused(
    school: School, rows: Sequence[TimetableInput], pupil_ids: dict[str, int], changed: set[int]
) -> None:
    if not changed:
        return
    with connection.cursor() as cursor:
        cursor.execute(UNEXCUSED, {"school": school.pk, "pupils": sorted(changed)})
        unexcused = dict(cursor.fetchall())
    faults = []
    for place, row in enumerate(rows):
        if pupil_ids[row.upn] in unexcused:
            left = counted(unexcused[pupil_ids[row.upn]], "C2 mark")
            text = f"{left} of pupil {row.upn} would be left without a timetable"
            faults.append(RowFault(place, "absent_sessions", text))
    if faults:
        raise RowsRefused(faults)
