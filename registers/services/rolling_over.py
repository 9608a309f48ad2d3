"""
Moving a whole school into its next academic year: classes, year groups, and the leaving of the final year.

All or nothing, with the same statements for thirty pupils and for three thousand. Past registers stay as they
are: memberships of the year that ends get an end, new ones begin on 1 August. It can be run again: pupils who
are in a class of the new year already, or whose leaving is planned, are left alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction
from django.db.models import F

from accounts import events
from accounts.errors import DomainError
from accounts.models import School, User
from registers.models import ClassGroup, ClassMembership, ClassTeacher, Departure, Enrolment, RollOver
from registers.rules.age import is_compulsory_age
from registers.selectors.roll_over import RisingGroup, RisingPupil, RollOverPlan, roll_over_plan
from registers.services.leaving import memberships_as_data

LONGEST_NAME = 40
EARLIEST = (4, 1)  # 1 April: who joins later would be missed by a move that was made long before


class RollOverRefused(DomainError):
    """The school cannot be moved so; `field` is the group whose class name is wrong, if any."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class RollChangedMeanwhile(DomainError):
    """Pupils joined, left or moved since the preview was read."""

    def __init__(self) -> None:
        super().__init__("Pupils joined, left or moved while you had this page open. Look at it again.")


@dataclass(frozen=True)
class Choices:
    """What a person chose in the preview."""

    names: Mapping[str, str]  # the new class by RisingGroup.key
    staying: frozenset[int] = field(default_factory=frozenset)  # pupils who stay in their year group
    keep_teachers: bool = False  # whoever takes a class now takes the new class of the same name


@dataclass(frozen=True)
class RolledOver:
    """What a move did, in numbers."""

    moved: int
    kept: int
    leaving: int
    classes: int


@transaction.atomic
def roll_over(
    school: School,
    choices: Choices,
    *,
    to_year: int,
    on: date,
    by: User,
    at: datetime,
    seen: str = "",
) -> RolledOver:
    """
    Move the school into an academic year; `on` is today, `seen` the fingerprint of the preview.

    :raises RollChangedMeanwhile: the preview shows something else now
    :raises RollOverRefused: it is too early, everybody is placed, a class has no name, or pupils of the final
        year can no longer leave as at its normal end
    """
    School.objects.select_for_update(no_key=True).get(pk=school.pk)
    plan = roll_over_plan(school, to_year=to_year)
    if seen and seen != plan.fingerprint:
        raise RollChangedMeanwhile
    leaving, rising = _sorted_out(plan, choices)
    _refuse(plan, choices, leaving=leaving, rising=rising, on=on)
    groups, made = _classes(school, to_year, {name for _, _, name in rising})
    ClassMembership.objects.filter(
        pk__in=[pupil.membership.pk for pupil, _, _ in rising], school=school
    ).update(ends_on=plan.final_day)
    ClassMembership.objects.bulk_create(
        ClassMembership(
            school=school,
            pupil_id=pupil.pupil_id,
            class_group=groups[name],
            year_group=year_group,
            starts_on=plan.first_day,
            ends_on=pupil.leaving_on,
        )
        for pupil, year_group, name in rising
    )
    if leaving:
        _plan_leavings(school, plan, leaving, on=on, by=by, at=at)
    if choices.keep_teachers:
        _keep_teachers(school, plan, groups)
    kept = sum(pupil.pupil_id in choices.staying for pupil, _, _ in rising)
    done = RolledOver(len(rising) - kept, kept, len(leaving), made)
    RollOver.objects.update_or_create(
        school=school,
        to_year=to_year,
        create_defaults={
            "moved": done.moved,
            "kept": kept,
            "leaving": done.leaving,
            "done_by": by,
            "done_at": at,
        },
        defaults={
            "moved": F("moved") + done.moved,
            "kept": F("kept") + kept,
            "leaving": F("leaving") + done.leaving,
        },
    )
    events.record(
        "school.rolled_over",
        school=school,
        by=by,
        at=at,
        data={"to_year": to_year, "staying": sorted(choices.staying), **vars(done)},
    )
    return done


def _sorted_out(
    plan: RollOverPlan, choices: Choices
) -> tuple[list[tuple[RisingPupil, RisingGroup]], list[tuple[RisingPupil, str, str]]]:
    """Return who leaves, with the group, and who goes into which year group and class."""
    leaving, rising = [], []
    for group in plan.groups:
        for pupil in group.pupils:
            if pupil.pupil_id in choices.staying:
                # The class of the year that is done again is chosen afterwards; until then its own name.
                rising.append((pupil, group.year_group, group.class_group.name))
            elif group.leaves:
                if pupil.leaving_on is None:
                    leaving.append((pupil, group))
            else:
                name = choices.names.get(group.key, "").strip()
                rising.append((pupil, group.to_year_group, name))
    return leaving, rising


def _refuse(
    plan: RollOverPlan,
    choices: Choices,
    *,
    leaving: list[tuple[RisingPupil, RisingGroup]],
    rising: list[tuple[RisingPupil, str, str]],
    on: date,
) -> None:
    if on < date(plan.to_year, *EARLIEST):
        raise RollOverRefused(
            f"The move can be made from 1 April {plan.to_year}: pupils who join before would be missed."
        )
    if not leaving and not rising:
        raise RollOverRefused("Every pupil is in a class of the new year already, or leaves.")
    everybody = {pupil.pupil_id for group in plan.groups for pupil in group.pupils}
    if not choices.staying <= everybody:
        raise RollChangedMeanwhile
    for group in plan.groups:
        name = choices.names.get(group.key, "").strip()
        if group.leaves or all(pupil.pupil_id in choices.staying for pupil in group.pupils):
            continue
        of = f"Year {group.year_group} of {group.class_group.name}"
        if not name:
            raise RollOverRefused(f"Enter the new class of {of}", group.key)
        if len(name) > LONGEST_NAME:
            raise RollOverRefused(
                f"The new class of {of} must be {LONGEST_NAME} characters or fewer", group.key
            )
    if leaving and plan.last_day is None:
        raise RollOverRefused("The calendar has no school day of the year that ends: set the calendar first.")
    if leaving and on > date(plan.to_year, 8, 31):
        raise RollOverRefused(
            "The normal end of the final year has passed. Record the leaving of each pupil of the final year,"
            " with its deletion return, and then move the others up."
        )


def _classes(school: School, to_year: int, names: set[str]) -> tuple[dict[str, ClassGroup], int]:
    groups = {
        group.name: group
        for group in ClassGroup.objects.filter(school=school, academic_year=to_year, name__in=names)
    }
    made = ClassGroup.objects.bulk_create(
        ClassGroup(school=school, academic_year=to_year, name=name) for name in sorted(names - groups.keys())
    )
    return groups | {group.name: group for group in made}, len(made)


def _plan_leavings(
    school: School,
    plan: RollOverPlan,
    leaving: list[tuple[RisingPupil, RisingGroup]],
    *,
    on: date,
    by: User,
    at: datetime,
) -> None:
    """
    Plan the leaving of the final year on its last school day, or today when that has passed.

    No deletion return is needed (SI 2024/208 reg 13(5)); the next school is added as it becomes known.
    """
    assert plan.last_day is not None  # noqa: S101 - refused before
    leaving_on = max(plan.last_day, on)
    Departure.objects.bulk_create(
        Departure(
            school=school,
            enrolment_id=pupil.enrolment_id,
            leaving_on=leaving_on,
            ground="a" if is_compulsory_age(pupil.date_of_birth, leaving_on) else "3a",
            is_exempt=True,
            decider=by.name,
            class_name=group.class_group.name,
            memberships_before=memberships_as_data([pupil.membership]),
            recorded_on=on,
            recorded_by=by,
            recorded_at=at,
        )
        for pupil, group in leaving
    )
    ClassMembership.objects.filter(
        pk__in=[pupil.membership.pk for pupil, _ in leaving], school=school
    ).update(ends_on=leaving_on)
    Enrolment.objects.filter(pk__in=[pupil.enrolment_id for pupil, _ in leaving], school=school).update(
        leaving_on=leaving_on
    )


def _keep_teachers(school: School, plan: RollOverPlan, groups: Mapping[str, ClassGroup]) -> None:
    """Let whoever teaches a class when the year ends teach the class of the same name in the next."""
    teaching = ClassTeacher.objects.filter(
        school=school,
        class_group__academic_year=plan.to_year - 1,
        class_group__name__in=groups,
        ends_on__isnull=True,
    ).values_list("class_group__name", "user_id")
    ClassTeacher.objects.bulk_create(
        (
            ClassTeacher(school=school, class_group=groups[name], user_id=user_id, starts_on=plan.first_day)
            for name, user_id in teaching
        ),
        ignore_conflicts=True,
    )
