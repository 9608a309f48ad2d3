"""Setting up a school: the tenant and the times of its day."""

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django_scopes import scope

from accounts import events
from accounts.errors import DomainError
from accounts.models import School, User
from registers.models import DayTimes
from registers.rules.day import DayTimesInput, faults_of_day
from registers.services.day_times import TimesRefused, as_row


class SchoolExists(DomainError):
    """There is a school with this key already."""


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
        DayTimes.objects.bulk_create(as_row(school, line) for line in times)
    events.record("school.added", school=school, by=by, at=at, subject=school)
    return school
