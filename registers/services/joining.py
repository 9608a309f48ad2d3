"""
Putting a pupil on roll: a new one, or one who was here before.

The pupil is on roll from the starting day whether or not they come (SI 2024/208 reg 8(2)(h)): sessions before
it are no possible sessions, every one from it on needs a code.
"""

from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction

from accounts import events
from accounts.errors import DomainError
from accounts.models import School, User
from registers.models import ClassGroup, ClassMembership, Enrolment, Joining, Pupil
from registers.rules.calendar import academic_year_of
from registers.rules.upn import has_right_check_letter, is_upn
from registers.selectors import roll
from registers.services.marks import attribution

FULL_UPN = 13
WITHOUT_UPN = "NOUPN"  # begins the number of a pupil whose UPN is not known yet; no UPN begins so
YEAR_GROUPS = ("N", "R", *(str(year) for year in range(1, 14)))
OLDEST = 20  # years: a date of birth before that is a slip of the pen


class CannotJoin(DomainError):
    """The pupil cannot be put on roll so; `field` names the entry that would put it right, if any."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class PreviousSchool:
    """The school last attended (SI 2024/208 reg 8)."""

    name: str = ""
    address: str = ""
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True)
class Place:
    """From which day a pupil is on roll, in which class and year group."""

    starts_on: date
    class_group_id: int
    year_group: str
    previous: PreviousSchool = field(default_factory=PreviousSchool)


@dataclass(frozen=True)
class NewPupil:
    """Who the new pupil is; no UPN: not known yet."""

    upn: str
    surname: str
    forename: str
    date_of_birth: date
    sex: str = ""


@transaction.atomic
def join_pupil(
    school: School, new: NewPupil, place: Place, *, by: User, at: datetime, position: str = ""
) -> Enrolment:
    """
    Put a pupil on roll whom the school did not know before.

    :raises CannotJoin: the UPN is wrong or another pupil's, or the day, class and year do not go together
    """
    _lock(school)
    upn = new.upn.strip().upper()
    if upn:
        _check_upn(school, upn)
    if not new.date_of_birth < place.starts_on < _years_after(new.date_of_birth, OLDEST):
        raise CannotJoin(
            f"The date of birth must be before the starting day, by at most {OLDEST} years", "date_of_birth"
        )
    group = _class_of(school, place)
    with attribution(by=by, at=at, position=position):
        pupil = Pupil.objects.create(
            school=school,
            upn=upn or _number_without_upn(school),
            surname=new.surname,
            forename=new.forename,
            date_of_birth=new.date_of_birth,
            sex=new.sex,
        )
        return _enrol(pupil, group, place, by=by, at=at, kind="pupil.joined")


@transaction.atomic
def readmit_pupil(pupil: Pupil, place: Place, *, by: User, at: datetime, position: str = "") -> Enrolment:
    """
    Put a pupil on roll again who left: the same record with a new starting day.

    :raises CannotJoin: the pupil is on roll then, or the day, class and year do not go together
    """
    _lock(pupil.school)
    group = _class_of(pupil.school, place)
    later = (
        Enrolment.objects.filter(pupil=pupil)
        .exclude(leaving_on__lt=place.starts_on)
        .order_by("starts_on")
        .first()
    )
    if later is not None:
        until = f"to {_told(later.leaving_on)}" if later.leaving_on else "on"
        raise CannotJoin(
            f"The pupil is on roll from {_told(later.starts_on)} {until}: choose a later starting day",
            "starts_on",
        )
    with attribution(by=by, at=at, position=position):
        return _enrol(pupil, group, place, by=by, at=at, kind="pupil.readmitted")


@transaction.atomic
def record_new_pupil_return(
    enrolment: Enrolment, *, sent_on: date, sent_to: str, on: date, by: User, at: datetime
) -> Joining:
    """
    Record that the authority was told of a new pupil (SI 2024/208 reg 13(1)).

    :raises CannotJoin: nothing was recorded of the joining, or the day lies in the future
    """
    joining = Joining.objects.select_for_update().filter(enrolment=enrolment).first()
    if joining is None:
        raise CannotJoin("The pupil came by an import, which says nothing of a return.")
    if joining.return_sent_on is not None:
        raise CannotJoin(f"The return was recorded already, as sent on {_told(joining.return_sent_on)}.")
    if sent_on > on:
        raise CannotJoin("The day the return was sent must be today or in the past", "sent_on")
    if not sent_to.strip():
        raise CannotJoin("Enter to whom the return was sent", "sent_to")
    joining.return_sent_on, joining.return_sent_to = sent_on, sent_to.strip()
    joining.save(update_fields=["return_sent_on", "return_sent_to"])
    events.record(
        "pupil.new_pupil_return_sent",
        school=enrolment.pupil.school,
        by=by,
        at=at,
        subject=enrolment.pupil,
        data={"enrolment": enrolment.pk, "sent_on": sent_on},
    )
    return joining


def _lock(school: School) -> None:
    """Let one change of a school's roll happen at a time, as imports do."""
    School.objects.select_for_update(no_key=True).get(pk=school.pk)


def _check_upn(school: School, upn: str) -> None:
    if not is_upn(upn) or len(upn) != FULL_UPN:
        raise CannotJoin("A UPN has 13 letters and digits, such as A823432116001", "upn")
    if not has_right_check_letter(upn):
        raise CannotJoin("The first letter of the UPN does not go with the rest: check each character", "upn")
    known = Pupil.objects.filter(school=school, upn=upn).first()
    if known is not None:
        raise CannotJoin(
            f"{known.full_name} has this UPN: open their record, and readmit them there if they left", "upn"
        )


def _number_without_upn(school: School) -> str:
    numbers = Pupil.objects.filter(school=school, upn__startswith=WITHOUT_UPN).values_list("upn", flat=True)
    taken = [int(number.removeprefix(WITHOUT_UPN)) for number in numbers if number[5:].isdecimal()]
    return f"{WITHOUT_UPN}{max(taken, default=0) + 1:04d}"


def _class_of(school: School, place: Place) -> ClassGroup:
    if place.year_group not in YEAR_GROUPS:
        raise CannotJoin("Select the year group", "year_group")
    group = ClassGroup.objects.filter(school=school, pk=place.class_group_id).first()
    if group is None:
        raise CannotJoin("Select a class of this school", "class_group")
    year = academic_year_of(place.starts_on)
    if group.academic_year != year:
        named = f"{group.name} is a class of {group.academic_year}/{(group.academic_year + 1) % 100:02d}"
        raise CannotJoin(f"{named}, and the starting day is in {year}/{(year + 1) % 100:02d}", "class_group")
    before = place.previous
    if before.first_day and before.last_day and before.last_day < before.first_day:
        raise CannotJoin("The last day at the previous school must be after the first", "previous_last_day")
    return group


def _enrol(pupil: Pupil, group: ClassGroup, place: Place, *, by: User, at: datetime, kind: str) -> Enrolment:
    enrolment = Enrolment.objects.create(school_id=pupil.school_id, pupil=pupil, starts_on=place.starts_on)
    ClassMembership.objects.create(
        school_id=pupil.school_id,
        pupil=pupil,
        class_group=group,
        year_group=place.year_group,
        starts_on=place.starts_on,
    )
    joining = Joining.objects.create(
        school_id=pupil.school_id,
        enrolment=enrolment,
        entered_on=at.date(),
        previous_school_name=place.previous.name,
        previous_school_address=place.previous.address,
        previous_first_day=place.previous.first_day,
        previous_last_day=place.previous.last_day,
        return_needed=not _is_normal_intake(pupil.school, place),
        recorded_by=by,
        recorded_at=at,
    )
    events.record(
        kind,
        school=pupil.school,
        by=by,
        at=at,
        subject=pupil,
        data={
            "enrolment": enrolment.pk,
            "starts_on": place.starts_on,
            "class_group": group.pk,
            "year_group": place.year_group,
            "return_needed": joining.return_needed,
        },
    )
    return enrolment


def _is_normal_intake(school: School, place: Place) -> bool:
    """
    Say whether the pupil starts in the most junior class on the first day of the school year.

    Only then no new pupil return is needed, unless the authority asks (SI 2024/208 reg 13(2)). A starting day
    in the holiday before counts as that day. Two statements.
    """
    year = academic_year_of(place.starts_on)
    first = roll.first_school_day(school, year)
    if first is None or place.starts_on > first:
        return False
    known = set(
        ClassMembership.objects.filter(school=school, class_group__academic_year__in=(year - 1, year))
        .values_list("year_group", flat=True)
        .distinct()
    )
    youngest = min((YEAR_GROUPS.index(one) for one in known if one in YEAR_GROUPS), default=0)
    return YEAR_GROUPS.index(place.year_group) <= youngest


def _years_after(on: date, years: int) -> date:
    return date(on.year + years, on.month, min(on.day, 28))


def _told(on: date | None) -> str:
    return f"{on:%-d %b %Y}" if on is not None else ""
