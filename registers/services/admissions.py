"""
The admission register: who is on roll from when to when, in which class, and what is known of each pupil.

Whole lists are taken in at once, with the same few statements for three pupils and for three thousand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from django.db import transaction

from accounts import events
from accounts.models import School, User
from registers.models import (
    CalendarPeriod,
    ClassGroup,
    ClassMembership,
    Departure,
    Enrolment,
    Mark,
    Pupil,
    PupilFlag,
)
from registers.rules.calendar import academic_year_of
from registers.rules.numbers import counted
from registers.services.marks import attribution
from registers.services.refusals import RowFault, RowsRefused

ONE_DAY = timedelta(days=1)
ALWAYS_GIVEN = ("surname", "forename", "date_of_birth")
# None: the list does not say.
OFTEN_GIVEN = (
    "sex",
    "fsm",
    "sen",
    "ehcp",
    "middle_names",
    "known_as",
    "home_language",
    "last_school_name",
)


@dataclass(frozen=True)
class PupilInput:
    """One line of an admission register; None where the list does not say and what is known shall stay."""

    upn: str
    surname: str
    forename: str
    date_of_birth: date
    year_group: str
    class_name: str
    start_date: date
    leaving_date: date | None = None  # the last day on roll
    says_when_leaving: bool = False  # then no leaving date means: still on roll
    sex: str | None = None
    fsm: bool | None = None
    sen: str | None = None
    ehcp: bool | None = None
    middle_names: str | None = None
    known_as: str | None = None
    home_language: str | None = None
    last_school_name: str | None = None
    flags: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Admitted:
    """What taking in a list did, in numbers of pupils and of classes."""

    added: int
    changed: int
    unchanged: int
    classes_added: int


@dataclass
class _Standing:
    """What is stored about one pupil, and what is to be written."""

    pupil: Pupil
    is_new: bool
    enrolments: list[Enrolment] = field(default_factory=list)
    memberships: list[ClassMembership] = field(default_factory=list)
    flags: list[PupilFlag] = field(default_factory=list)
    is_changed: bool = False


@dataclass
class _Writes:
    """Rows to write, so that each table is written once."""

    changed_pupils: list[Pupil] = field(default_factory=list)
    new_enrolments: list[Enrolment] = field(default_factory=list)
    changed_enrolments: list[Enrolment] = field(default_factory=list)
    new_memberships: list[ClassMembership] = field(default_factory=list)
    changed_memberships: list[ClassMembership] = field(default_factory=list)
    new_flags: list[PupilFlag] = field(default_factory=list)
    changed_flags: list[PupilFlag] = field(default_factory=list)
    ended_flags: list[PupilFlag] = field(default_factory=list)


@transaction.atomic
def admit_pupils(school: School, rows: Sequence[PupilInput], *, on: date, by: User, at: datetime) -> Admitted:
    """
    Take in a list of pupils: new ones are admitted, known ones (by UPN) changed where the list differs.

    A new pupil is in the class, and has the flags, from the start date. For a known pupil another class
    or flag counts from `on`, or from 1 August where the class is of a later academic year. Pupils whom
    the list does not name stay as they are.

    :raises RowsRefused: a pupil stands twice, dates contradict each other, or marks would lose their roll
    """
    School.objects.select_for_update(no_key=True).get(pk=school.pk)
    _refuse_if_any(_faults_of_each(rows))
    standing = _standing_of(school, rows)
    writes = _Writes()
    faults = []
    for place, row in enumerate(rows):
        fault = _plan_enrolment(standing[row.upn], row, writes)
        if fault is not None:
            faults.append(replace(fault, place=place))
    _refuse_if_any(
        faults
        or _faults_of_marks(school, rows, standing, writes.changed_enrolments)
        or _faults_of_departures(rows, standing, writes.changed_enrolments)
    )

    groups, groups_added = _class_groups(school, rows, on=on)
    for place, row in enumerate(rows):
        found = standing[row.upn]
        _plan_pupil(found, row, writes)
        fault = _plan_class(found, row, groups[row.upn], writes, on=on)
        if fault is not None:
            faults.append(replace(fault, place=place))
        if row.flags is not None:
            _plan_flags(found, row, writes, on=on)
    _refuse_if_any(faults)
    with attribution(by=by, at=at):  # the database writes the history of what the list changes
        _write(list(standing.values()), writes)

    added = sum(found.is_new for found in standing.values())
    changed = sum(found.is_changed and not found.is_new for found in standing.values())
    admitted = Admitted(added, changed, len(rows) - added - changed, groups_added)
    if added or changed:
        events.record("pupils.admitted", school=school, by=by, at=at, data=vars(admitted))
    return admitted


def _refuse_if_any(faults: Sequence[RowFault]) -> None:
    if faults:
        raise RowsRefused(faults)


def _faults_of_each(rows: Sequence[PupilInput]) -> list[RowFault]:
    faults = []
    seen: set[str] = set()
    for place, row in enumerate(rows):
        if row.upn in seen:
            faults.append(RowFault(place, "upn", f"pupil {row.upn} stands twice"))
        seen.add(row.upn)
        if row.date_of_birth >= row.start_date:
            faults.append(RowFault(place, "date_of_birth", "is not before the start date"))
        if row.leaving_date is not None and row.leaving_date < row.start_date:
            faults.append(RowFault(place, "leaving_date", "is before the start date"))
    return faults


def _standing_of(school: School, rows: Sequence[PupilInput]) -> dict[str, _Standing]:
    """Return what is stored about each pupil of the list; a pupil not known yet is new."""
    upns = [row.upn for row in rows]
    known = {
        pupil.upn: _Standing(pupil, is_new=False)
        for pupil in Pupil.objects.filter(school=school, upn__in=upns)
    }
    by_id = {found.pupil.pk: found for found in known.values()}
    for enrolment in Enrolment.objects.filter(pupil__in=by_id).order_by("starts_on"):
        by_id[enrolment.pupil_id].enrolments.append(enrolment)
    memberships = ClassMembership.objects.filter(pupil__in=by_id).select_related("class_group")
    for membership in memberships.order_by("starts_on"):
        by_id[membership.pupil_id].memberships.append(membership)
    for flag in PupilFlag.objects.filter(pupil__in=by_id).order_by("starts_on", "name"):
        by_id[flag.pupil_id].flags.append(flag)
    for row in rows:
        if row.upn not in known:
            known[row.upn] = _Standing(Pupil(school=school, upn=row.upn), is_new=True)
    return known


def _plan_pupil(found: _Standing, row: PupilInput, writes: _Writes) -> None:
    values = {name: getattr(row, name) for name in ALWAYS_GIVEN}
    values.update({name: value for name in OFTEN_GIVEN if (value := getattr(row, name)) is not None})
    differing = {name: value for name, value in values.items() if getattr(found.pupil, name) != value}
    for name, value in differing.items():
        setattr(found.pupil, name, value)
    if differing and not found.is_new:
        found.is_changed = True
        writes.changed_pupils.append(found.pupil)


def _plan_enrolment(found: _Standing, row: PupilInput, writes: _Writes) -> RowFault | None:
    """Plan the time on roll that the row speaks of; it becomes the last of the pupil's enrolments."""
    pupil = found.pupil
    same = next((each for each in found.enrolments if each.starts_on == row.start_date), None)
    if same is None:
        meeting = [
            each
            for each in found.enrolments
            if each.starts_on <= (row.leaving_date or date.max)
            and (each.leaving_on or date.max) >= row.start_date
        ]
        if len(meeting) > 1:
            return RowFault(0, "start_date", "the pupil was on roll twice in this time already")
        same = meeting[0] if meeting else None
    if same is None:
        same = Enrolment(school_id=pupil.school_id, pupil=pupil)
        same.starts_on, same.leaving_on = row.start_date, row.leaving_date
        found.enrolments.append(same)
        found.is_changed = True
        writes.new_enrolments.append(same)
    else:
        leaving_on = row.leaving_date if row.says_when_leaving or row.leaving_date else same.leaving_on
        found.enrolments.remove(same)
        found.enrolments.append(same)
        if leaving_on is not None and leaving_on < row.start_date:
            return RowFault(0, "start_date", f"is after the pupil left on {leaving_on}")
        if (same.starts_on, same.leaving_on) != (row.start_date, leaving_on):
            _move_first_class(found, same, row.start_date, writes)
            same.starts_on, same.leaving_on = row.start_date, leaving_on
            found.is_changed = True
            writes.changed_enrolments.append(same)
    for other in found.enrolments[:-1]:
        if (
            other.starts_on <= (same.leaving_on or date.max)
            and (other.leaving_on or date.max) >= same.starts_on
        ):
            span = f"from {other.starts_on} to {other.leaving_on or 'now'}"
            return RowFault(0, "start_date", f"the pupil was on roll {span} already")
    return None


def _move_first_class(found: _Standing, enrolment: Enrolment, start: date, writes: _Writes) -> None:
    """Let the class that began with the enrolment begin with its new start."""
    for membership in found.memberships:
        ends = membership.ends_on or date.max
        if membership.starts_on == enrolment.starts_on and ends >= start:
            membership.starts_on = start
            writes.changed_memberships.append(membership)


def _faults_of_marks(
    school: School,
    rows: Sequence[PupilInput],
    standing: Mapping[str, _Standing],
    changed: Sequence[Enrolment],
) -> list[RowFault]:
    """Return the pupils with marks on days that would no longer be on roll. One statement."""
    pupil_ids = {enrolment.pupil_id for enrolment in changed}
    if not pupil_ids:
        return []
    days: dict[int, list[date]] = {}
    for pupil_id, day in Mark.objects.filter(school=school, pupil__in=pupil_ids).values_list(
        "pupil_id", "session__on"
    ):
        days.setdefault(pupil_id, []).append(day)
    faults = []
    for place, row in enumerate(rows):
        found = standing[row.upn]
        lost = [
            day
            for day in days.get(found.pupil.pk or 0, [])
            if not any(each.starts_on <= day <= (each.leaving_on or date.max) for each in found.enrolments)
        ]
        if lost:
            named = "leaving_date" if max(lost) > row.start_date else "start_date"
            span = f"from {min(lost)} to {max(lost)}"
            text = f"the pupil has {counted(len(lost), 'mark')} {span} that would be off roll"
            faults.append(RowFault(place, named, text))
    return faults


def _faults_of_departures(
    rows: Sequence[PupilInput], standing: Mapping[str, _Standing], changed: Sequence[Enrolment]
) -> list[RowFault]:
    """Return the pupils whose leaving was recorded with its ground, for another last day. One statement."""
    recorded = dict(
        Departure.objects.filter(
            enrolment__in=[one for one in changed if one.pk], cancelled_at__isnull=True
        ).values_list("enrolment_id", "leaving_on")
    )
    faults = []
    for place, row in enumerate(rows):
        enrolment = standing[row.upn].enrolments[-1]
        leaving_on = recorded.get(enrolment.pk or 0)
        if leaving_on is not None and leaving_on != enrolment.leaving_on:
            text = f"the pupil's leaving on {leaving_on} is recorded with its ground: take it back first"
            faults.append(RowFault(place, "leaving_date", text))
    return faults


def _class_groups(
    school: School, rows: Sequence[PupilInput], *, on: date
) -> tuple[dict[str, ClassGroup], int]:
    """Return the class of each row, by UPN, making those that are new, and how many those were."""
    if not rows:
        return {}, 0
    year = _class_year(school, newest_start=max(row.start_date for row in rows), on=on)
    wanted = {row.upn: (max(year, academic_year_of(row.start_date)), row.class_name) for row in rows}
    stored = {
        (group.academic_year, group.name): group
        for group in ClassGroup.objects.filter(
            school=school, academic_year__in={academic_year for academic_year, _ in wanted.values()}
        )
    }
    missing = sorted(set(wanted.values()) - set(stored))
    for group in ClassGroup.objects.bulk_create(
        ClassGroup(school=school, academic_year=academic_year, name=name) for academic_year, name in missing
    ):
        stored[group.academic_year, group.name] = group
    return {upn: stored[key] for upn, key in wanted.items()}, len(missing)


def _class_year(school: School, *, newest_start: date, on: date) -> int:
    """
    Return the academic year whose classes a list names.

    That of the day, when the school's calendar has it, otherwise the nearest year that the calendar has,
    the past first. Without a calendar that of the newest admission: an older list has none of this year.
    """
    this_year = academic_year_of(on)
    years = {
        academic_year_of(first_day)
        for first_day in CalendarPeriod.objects.filter(school=school, kind="half_term").values_list(
            "first_day", flat=True
        )
    }
    if not years:
        return min(this_year, academic_year_of(newest_start))
    return max((year for year in years if year <= this_year), default=min(years))


def _plan_class(
    found: _Standing, row: PupilInput, group: ClassGroup, writes: _Writes, *, on: date
) -> RowFault | None:
    """Plan the classes of the enrolment that the row speaks of: its last class is the row's."""
    enrolment = found.enrolments[-1]
    leaves = enrolment.leaving_on or date.max
    classes = [each for each in found.memberships if enrolment.starts_on <= each.starts_on <= leaves]
    if not classes:
        _add_class(found, group, row, writes, starts_on=enrolment.starts_on, ends_on=enrolment.leaving_on)
        return None
    last = classes[-1]
    before = (last.class_group_id, last.year_group, last.ends_on)
    last.ends_on = enrolment.leaving_on
    if last.class_group_id == group.pk:
        last.year_group = row.year_group
    else:
        is_new_year = group.academic_year > last.class_group.academic_year
        moves_on = max(date(group.academic_year, 8, 1) if is_new_year else on, enrolment.starts_on)
        if group.academic_year < last.class_group.academic_year or moves_on < last.starts_on:
            text = (
                f"the pupil moved to {last.class_group.name} on {last.starts_on}, after the day of this list"
            )
            return RowFault(0, "class_name", text)
        if moves_on == last.starts_on:
            last.class_group, last.year_group = group, row.year_group
        elif moves_on <= leaves:
            last.ends_on = moves_on - ONE_DAY
            _add_class(found, group, row, writes, starts_on=moves_on, ends_on=enrolment.leaving_on)
    if before != (last.class_group_id, last.year_group, last.ends_on):
        found.is_changed = True
        if last not in writes.changed_memberships:
            writes.changed_memberships.append(last)
    return None


def _add_class(
    found: _Standing,
    group: ClassGroup,
    row: PupilInput,
    writes: _Writes,
    *,
    starts_on: date,
    ends_on: date | None,
) -> None:
    found.is_changed = True
    writes.new_memberships.append(
        ClassMembership(
            school_id=group.school_id,
            pupil=found.pupil,
            class_group=group,
            year_group=row.year_group,
            starts_on=starts_on,
            ends_on=ends_on,
        )
    )


def _plan_flags(found: _Standing, row: PupilInput, writes: _Writes, *, on: date) -> None:
    """Plan that the pupil has the flags of the row from now on, and no others."""
    wanted = set(row.flags or ())
    since = row.start_date if found.is_new else max(on, row.start_date)
    for flag in found.flags:
        if flag.ends_on is not None and flag.ends_on < since:
            continue
        if flag.name in wanted:
            wanted.discard(flag.name)
            continue
        found.is_changed = True
        if flag.starts_on < since:
            flag.ends_on = since - ONE_DAY
            writes.changed_flags.append(flag)
        else:
            writes.ended_flags.append(flag)
    for name in sorted(wanted):
        found.is_changed = True
        writes.new_flags.append(
            PupilFlag(school_id=found.pupil.school_id, pupil=found.pupil, name=name, starts_on=since)
        )


def _write(all_found: Sequence[_Standing], writes: _Writes) -> None:
    Pupil.objects.bulk_create([found.pupil for found in all_found if found.is_new], batch_size=1000)
    Pupil.objects.bulk_update(writes.changed_pupils, [*ALWAYS_GIVEN, *OFTEN_GIVEN], batch_size=500)
    Enrolment.objects.bulk_update(writes.changed_enrolments, ["starts_on", "leaving_on"], batch_size=500)
    Enrolment.objects.bulk_create(writes.new_enrolments, batch_size=1000)
    ClassMembership.objects.bulk_update(
        writes.changed_memberships, ["class_group", "year_group", "starts_on", "ends_on"], batch_size=500
    )
    ClassMembership.objects.bulk_create(writes.new_memberships, batch_size=1000)
    PupilFlag.objects.filter(pk__in=[flag.pk for flag in writes.ended_flags]).delete()
    PupilFlag.objects.bulk_update(writes.changed_flags, ["ends_on"], batch_size=500)
    PupilFlag.objects.bulk_create(writes.new_flags, batch_size=1000)
