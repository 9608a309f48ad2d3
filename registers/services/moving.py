"""
Moving pupils to another class from a day on, so that past registers keep whom they had.

A move from a day whose register was taken changes who stands in that register, marks stay with their pupils:
it needs a reason.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from accounts import events
from accounts.errors import DomainError
from accounts.models import School, User
from registers.models import ClassGroup, ClassMembership, Enrolment, Pupil, Register
from registers.rules.calendar import academic_year_of
from registers.rules.numbers import counted
from registers.selectors.roll import covering
from registers.services.joining import YEAR_GROUPS
from registers.words import day

ONE_DAY = timedelta(days=1)


class CannotMove(DomainError):
    """The pupils cannot be moved so; `field` names the entry that would put it right, if any."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Moved:
    """What a move did, in numbers of pupils."""

    moved: int
    to: ClassGroup


@transaction.atomic
def move_pupils(
    school: School,
    pupil_ids: Collection[int],
    *,
    to: ClassGroup,
    starts_on: date,
    reason: str,
    on: date,
    by: User,
    at: datetime,
    year_group: str = "",
) -> Moved:
    """
    Let pupils be in another class from a day on; without a year group each keeps their own.

    Every pupil or none. The statements are the same however many pupils, but for one insert of all rows.

    :raises CannotMove: a pupil is not on roll that day or there already, the class is of another year, or a
        register of that day or later was taken and there is no reason
    """
    School.objects.select_for_update(no_key=True).get(pk=school.pk)
    wanted = set(pupil_ids)
    if not wanted:
        raise CannotMove("Select at least one pupil", "pupils")
    if year_group and year_group not in YEAR_GROUPS:
        raise CannotMove("Select the year group", "year_group")
    if to.academic_year != academic_year_of(starts_on):
        year = academic_year_of(starts_on)
        raise CannotMove(
            f"{to.name} is no class of {year}/{(year + 1) % 100:02d}, the school year of the move",
            "starts_on",
        )
    names = {pupil.pk: pupil.full_name for pupil in Pupil.objects.filter(school=school, pk__in=wanted)}
    if len(names) != len(wanted):
        raise CannotMove("There is no such pupil at this school.")
    leaves = dict(
        Enrolment.objects.filter(covering(starts_on, ends="leaving_on"), pupil__in=wanted).values_list(
            "pupil_id", "leaving_on"
        )
    )
    before = _memberships(wanted, starts_on)
    _refuse_unfit(names, leaves, before, to, starts_on)
    _refuse_without_reason(school, before.values(), to, starts_on=starts_on, reason=reason)
    later = _next_starts(wanted, starts_on)
    ending: list[int] = []
    replaced: list[int] = []
    new: list[ClassMembership] = []
    for pupil_id in sorted(wanted):
        old = before.get(pupil_id)
        if old is None:
            limits = [each for each in (later.get(pupil_id), leaves[pupil_id]) if each is not None]
            ends_on = min(limits, default=None)
        else:
            ends_on = old.ends_on
            (replaced if old.starts_on == starts_on else ending).append(old.pk)
        new.append(
            ClassMembership(
                school=school,
                pupil_id=pupil_id,
                class_group=to,
                year_group=year_group or (old.year_group if old is not None else _year_before(pupil_id)),
                starts_on=starts_on,
                ends_on=ends_on,
            )
        )
    # A membership that began on the very day never counted before it: the new one takes its place.
    ClassMembership.objects.filter(pk__in=replaced).delete()
    ClassMembership.objects.filter(pk__in=ending).update(ends_on=starts_on - ONE_DAY)
    ClassMembership.objects.bulk_create(new, batch_size=1000)
    events.record(
        "pupils.moved_class",
        school=school,
        by=by,
        at=at,
        subject=to,
        data={
            "pupils": sorted(wanted),
            "from": {str(pk): one.class_group_id for pk, one in sorted(before.items())},
            "starts_on": starts_on,
            "reason": reason.strip(),
            "is_past": starts_on < on,
        },
    )
    return Moved(len(new), to)


def _memberships(pupil_ids: Collection[int], on: date) -> dict[int, ClassMembership]:
    return {
        one.pupil_id: one
        for one in ClassMembership.objects.select_for_update(of=("self",))
        .filter(covering(on), pupil__in=pupil_ids)
        .select_related("class_group")
    }


def _next_starts(pupil_ids: Collection[int], after: date) -> dict[int, date]:
    """Return the day before each pupil's next class begins."""
    found: dict[int, date] = {}
    for pupil_id, starts_on in (
        ClassMembership.objects.filter(pupil__in=pupil_ids, starts_on__gt=after)
        .order_by("-starts_on")
        .values_list("pupil_id", "starts_on")
    ):
        found[pupil_id] = starts_on - ONE_DAY
    return found


def _year_before(pupil_id: int) -> str:
    last = ClassMembership.objects.filter(pupil=pupil_id).order_by("-starts_on").first()
    if last is None:
        raise CannotMove("Select the year group: the pupil was in no class before", "year_group")
    return str(last.year_group)


def _refuse_unfit(
    names: dict[int, str],
    leaves: dict[int, date | None],
    before: dict[int, ClassMembership],
    to: ClassGroup,
    starts_on: date,
) -> None:
    off_roll = [name for pk, name in names.items() if pk not in leaves]
    if off_roll:
        raise CannotMove(f"{_listed(off_roll)} not on roll on {_told(starts_on)}", "starts_on")
    there = [names[pk] for pk, one in before.items() if one.class_group_id == to.pk]
    if there:
        raise CannotMove(f"{_listed(there)} in {to.name} on {_told(starts_on)} already", "to")


def _refuse_without_reason(
    school: School,
    before: Collection[ClassMembership],
    to: ClassGroup,
    *,
    starts_on: date,
    reason: str,
) -> None:
    if reason.strip():
        return
    groups = {one.class_group_id for one in before} | {to.pk}
    taken = (
        Register.objects.filter(school=school, class_group__in=groups, session__on__gte=starts_on)
        .select_related("class_group", "session")
        .order_by("-session__number")
        .first()
    )
    if taken is not None:
        when = f"{_told(taken.session.on)} {taken.session.half}"
        raise CannotMove(
            f"The register of {taken.class_group.name} was taken on {when}. Choose a later day, or enter a "
            "reason: registers taken since then will show the pupil in the new class",
            "reason",
        )


def _listed(names: list[str]) -> str:
    shown = ", ".join(sorted(names)[:5])
    more = f" and {counted(len(names) - 5, 'other')}" if len(names) > 5 else ""
    return f"{shown}{more} {'is' if len(names) == 1 else 'are'}"


def _told(on: date) -> str:
    return f"{day(on)} {on.year}"
