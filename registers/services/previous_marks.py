"""
Marks that another school made before a pupil came.

They count towards the penalty threshold, which reaches over schools (GEN-06), and in no figure of
this school.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from accounts import events
from accounts.errors import DomainError
from accounts.models import School, User
from registers.models import Enrolment, PreviousMark, Pupil
from registers.rules.codes import fault_of
from registers.services.refusals import RowFault, RowsRefused

LONGEST_BACK = 3 * 366  # days: what is older counts for nothing any more


@dataclass(frozen=True)
class PreviousMarkInput:
    """One session at another school."""

    pupil_id: int
    on: date
    half: str
    code: str
    source_school: str


@dataclass(frozen=True)
class PreviousMarksSet:
    """What taking in marks of other schools did, in numbers of marks."""

    recorded: int
    changed: int
    unchanged: int


@transaction.atomic
def record_previous_marks(
    school: School, rows: Sequence[PreviousMarkInput], *, on: date, by: User, at: datetime
) -> PreviousMarksSet:
    """
    Record marks of other schools, all or none; one that stands already for the session is replaced.

    The same statements for one mark and for a thousand; `on` is today.

    :raises RowsRefused: a code was not valid that day, a day is not in the past, too long ago or one on which
        the pupil was on roll here, or a session stands twice
    """
    School.objects.select_for_update(no_key=True).get(pk=school.pk)
    pupil_ids = {row.pupil_id for row in rows}
    known = set(Pupil.objects.filter(school=school, pk__in=pupil_ids).values_list("pk", flat=True))
    roll: dict[int, list[tuple[date, date]]] = {}
    for pupil_id, starts_on, leaving_on in Enrolment.objects.filter(pupil__in=known).values_list(
        "pupil_id", "starts_on", "leaving_on"
    ):
        roll.setdefault(pupil_id, []).append((starts_on, leaving_on or date.max))
    faults = _faults(rows, known, roll, on=on)
    if faults:
        raise RowsRefused(faults)
    standing = {
        (mark.pupil_id, mark.on, mark.half): mark
        for mark in PreviousMark.objects.select_for_update().filter(pupil__in=pupil_ids)
    }
    new, changed, unchanged = [], [], 0
    for row in rows:
        mark = standing.get((row.pupil_id, row.on, row.half))
        if mark is None:
            new.append(
                PreviousMark(
                    school=school,
                    pupil_id=row.pupil_id,
                    on=row.on,
                    half=row.half,
                    code_id=row.code,
                    source_school=row.source_school,
                    recorded_by=by,
                    recorded_at=at,
                )
            )
        elif (mark.code_id, mark.source_school) != (row.code, row.source_school):
            mark.code_id, mark.source_school = row.code, row.source_school
            mark.recorded_by, mark.recorded_at = by, at
            changed.append(mark)
        else:
            unchanged += 1
    PreviousMark.objects.bulk_create(new)
    PreviousMark.objects.bulk_update(
        changed, ["code", "source_school", "recorded_by", "recorded_at"], batch_size=500
    )
    done = PreviousMarksSet(len(new), len(changed), unchanged)
    if new or changed:
        events.record(
            "previous_marks.recorded",
            school=school,
            by=by,
            at=at,
            data={**vars(done), "pupils": sorted(pupil_ids)},
        )
    return done


@transaction.atomic
def remove_previous_marks(
    pupil: Pupil, mark_ids: Collection[int], *, reason: str, by: User, at: datetime
) -> int:
    """
    Take away marks of another school that were entered by mistake; return how many.

    What stood there is kept in the log.

    :raises DomainError: there is no reason, or none of the marks stands any more
    """
    if not reason.strip():
        raise DomainError("Enter why the marks are taken away")
    marks = list(PreviousMark.objects.select_for_update().filter(pupil=pupil, pk__in=mark_ids))
    if not marks:
        raise DomainError("Select at least one mark")
    PreviousMark.objects.filter(pk__in=[mark.pk for mark in marks]).delete()
    events.record(
        "previous_marks.removed",
        school=pupil.school,
        by=by,
        at=at,
        subject=pupil,
        data={
            "marks": [[mark.on, mark.half, mark.code_id] for mark in marks],
            "reason": reason.strip(),
        },
    )
    return len(marks)


def _faults(
    rows: Sequence[PreviousMarkInput],
    known: Collection[int],
    roll: dict[int, list[tuple[date, date]]],
    *,
    on: date,
) -> list[RowFault]:
    faults, seen = [], set()
    for place, row in enumerate(rows):
        if row.pupil_id not in known:
            faults.append(RowFault(place, "upn", "there is no such pupil at this school"))
            continue
        key = (row.pupil_id, row.on, row.half)
        if key in seen:
            faults.append(RowFault(place, "session", f"stands twice for {row.on} {row.half}"))
        seen.add(key)
        if not row.source_school.strip():
            faults.append(RowFault(place, "school", "is empty"))
        if row.on >= on:
            faults.append(RowFault(place, "date", f"{row.on} is not in the past"))
        elif (on - row.on).days > LONGEST_BACK:
            faults.append(RowFault(place, "date", f"{row.on} is more than three years ago"))
        elif any(first <= row.on <= last for first, last in roll.get(row.pupil_id, [])):
            faults.append(RowFault(place, "date", f"the pupil was on roll here on {row.on}"))
        fault = fault_of(row.code, on=row.on, half=row.half)
        if fault is not None:
            faults.append(RowFault(place, "code", fault))
    return faults
