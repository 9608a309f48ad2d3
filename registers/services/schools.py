"""Setting up a school: the tenant and the times of its day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django_scopes import scope

from accounts import events
from accounts.errors import DomainError
from accounts.models import School, User
from registers.models import DayTimes
from registers.rules.times import SessionTimes, faults_of

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


class SchoolExists(DomainError):
    """There is a school with this key already."""


class TimesRefused(DomainError):
    """The times cannot be a school's; `lines` says every reason."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(" ".join(faults))
        self.lines = tuple(faults)


@dataclass(frozen=True)
class DayTimesInput:
    """The times of one half of the day, for every day or for one weekday (0 is Monday), which then wins."""

    times: SessionTimes
    weekday: int | None = None


def faults_of_day(times: Sequence[DayTimesInput]) -> list[str]:
    """Return every reason why these times cannot be a school's, each as a sentence."""
    faults = []
    for half in ("AM", "PM"):
        of_half = [entry.weekday for entry in times if entry.times.half == half]
        if None not in of_half and not set(range(5)) <= set(of_half):
            faults.append(f"The {half} register has no times.")
        if len(set(of_half)) < len(of_half):
            faults.append(f"The {half} register has two sets of times for one day.")
    for entry in times:
        on_days = "" if entry.weekday is None else f" ({WEEKDAYS[entry.weekday]})"
        faults += [f"{fault.rstrip('.')}{on_days}." for fault in faults_of(entry.times)]
    return faults


@transaction.atomic
def add_school(
    *,
    key: str,
    name: str,
    times: Sequence[DayTimesInput],
    by: User,
    at: datetime,
    trust: str = "",
    phase: str = "",
    local_authority: str = "",
    leaving_year: str = "",
) -> School:
    """
    Create a school with the times of its day.

    :raises SchoolExists: there is a school with this key
    :raises TimesRefused: a time is missing or out of order, or the register is open for too long
    :raises DomainError: a name is empty or too long
    """
    faults = faults_of_day(times)
    if faults:
        raise TimesRefused(faults)
    school = School(
        key=key,
        name=name,
        trust=trust,
        phase=phase,
        local_authority=local_authority,
        leaving_year=leaving_year,
    )
    try:
        # Uniqueness is left to the database: two commands at once would both pass a look beforehand.
        school.full_clean(validate_unique=False)
    except ValidationError as error:
        raise DomainError(
            "; ".join(f"{name}: {' '.join(said)}" for name, said in error.message_dict.items())
        ) from error
    try:
        with transaction.atomic():
            school.save(force_insert=True)
    except IntegrityError as error:
        raise SchoolExists(f"There is a school with the key {key!r} already: nothing was changed.") from error
    with scope(school=school):
        DayTimes.objects.bulk_create(
            DayTimes(
                school=school,
                half=entry.times.half,
                weekday=entry.weekday,
                opens_at=entry.times.opens_at,
                late_after=entry.times.late_after,
                closes_at=entry.times.closes_at,
                day_ends_at=entry.times.day_ends_at,
            )
            for entry in times
        )
    events.record("school.added", school=school, by=by, at=at, subject=school)
    return school
