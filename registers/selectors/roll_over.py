"""What the move of a school into its next academic year would do, before it is done."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date

from accounts.models import School
from registers.models import ClassGroup, ClassMembership, Enrolment, RollOver
from registers.rules.class_names import next_class_name, year_after
from registers.selectors.roll import covering, last_school_day


@dataclass(frozen=True)
class RisingPupil:
    """One pupil who is on roll when the year ends, with the rows that change."""

    pupil_id: int
    name: str
    date_of_birth: date
    membership: ClassMembership
    leaving_on: date | None
    enrolment_id: int


@dataclass(frozen=True)
class RisingGroup:
    """The pupils of one year group in one class: where they go, or that they leave."""

    class_group: ClassGroup
    year_group: str
    to_year_group: str  # "" where they leave the school
    proposed_name: str
    pupils: tuple[RisingPupil, ...]

    @property
    def key(self) -> str:
        """Return what names the group in a form."""
        return f"{self.class_group.pk}_{self.year_group}"

    @property
    def leaves(self) -> bool:
        """Say whether this is the school's leaving year."""
        return not self.to_year_group


@dataclass(frozen=True)
class RollOverPlan:
    """Everything that a move into the next academic year would touch."""

    to_year: int
    groups: tuple[RisingGroup, ...]
    last_day: date | None  # the last school day of the year that ends
    done: RollOver | None
    without_class: int  # on roll at the year's end but in no class: they are moved by hand

    @property
    def first_day(self) -> date:
        """Return the day on which the new classes begin."""
        return date(self.to_year, 8, 1)

    @property
    def final_day(self) -> date:
        """Return the last day of the academic year that ends."""
        return date(self.to_year, 7, 31)

    @property
    def pupils(self) -> int:
        """Return how many pupils there are to move or to let go."""
        return sum(len(group.pupils) for group in self.groups)

    @property
    def leavers(self) -> int:
        """Return how many pupils are in the leaving year."""
        return sum(len(group.pupils) for group in self.groups if group.leaves)

    @property
    def fingerprint(self) -> str:
        """Return a digest of who would be moved from where, to notice a change since a page was read."""
        rows = sorted(
            [
                pupil.pupil_id,
                pupil.membership.pk,
                group.key,
                pupil.leaving_on.isoformat() if pupil.leaving_on else "",
            ]
            for group in self.groups
            for pupil in group.pupils
        )
        return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16]


def years_to_roll_into(school: School, *, on: date) -> int:
    """Return the academic year that a school moves into next: the one that begins on the next 1 August."""
    year = on.year if (on.month, on.day) < (8, 1) else on.year + 1
    waiting = ClassGroup.objects.filter(school=school, academic_year=year - 1).exists()
    # In the autumn of a year that nobody moved into yet, that year still waits.
    return year if waiting else year - 1


def roll_over_plan(school: School, *, to_year: int) -> RollOverPlan:
    """
    Return who would move into an academic year, from which class to which. Five statements.

    Only pupils on roll on 31 July, in a class of the year that ends, and in none of the new year yet. Those
    whose leaving is planned for that day or before stay as they are.
    """
    final_day, first_day = date(to_year, 7, 31), date(to_year, 8, 1)
    on_roll = covering(final_day, ends="leaving_on")
    enrolled = {
        row["pupil_id"]: row
        for row in Enrolment.objects.filter(on_roll, school=school).values("pk", "pupil_id", "leaving_on")
    }
    placed = set(
        ClassMembership.objects.filter(school=school, class_group__academic_year=to_year).values_list(
            "pupil_id", flat=True
        )
    )
    members = [
        one
        for one in ClassMembership.objects.filter(
            covering(final_day), school=school, class_group__academic_year=to_year - 1
        )
        .select_related("class_group", "pupil")
        .order_by("class_group__name", "class_group_id", "pupil__surname", "pupil__forename", "pupil_id")
        if one.pupil_id in enrolled
    ]
    classes: dict[str, set[str]] = {}
    for one in members:
        classes.setdefault(one.year_group, set()).add(one.class_group.name)
    by_group: dict[tuple[int, str], list[ClassMembership]] = {}
    for one in members:
        leaving_on = enrolled[one.pupil_id]["leaving_on"]
        if one.pupil_id not in placed and (leaving_on is None or leaving_on >= first_day):
            by_group.setdefault((one.class_group_id, one.year_group), []).append(one)
    names = {year: sorted(found) for year, found in classes.items()}
    groups = [
        RisingGroup(
            class_group=found[0].class_group,
            year_group=year_group,
            to_year_group="" if year_group == school.leaving_year else year_after(year_group),
            proposed_name=next_class_name(found[0].class_group.name, year_group, names),
            pupils=tuple(
                RisingPupil(
                    one.pupil_id,
                    one.pupil.register_name,
                    one.pupil.date_of_birth,
                    one,
                    enrolled[one.pupil_id]["leaving_on"],
                    enrolled[one.pupil_id]["pk"],
                )
                for one in found
            ),
        )
        for (_, year_group), found in by_group.items()
    ]
    return RollOverPlan(
        to_year=to_year,
        groups=tuple(groups),
        last_day=last_school_day(school, to_year - 1),
        done=RollOver.objects.filter(school=school, to_year=to_year).select_related("done_by").first(),
        without_class=len(enrolled.keys() - {one.pupil_id for one in members} - placed),
    )
