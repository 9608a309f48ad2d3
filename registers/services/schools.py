"""Setting up a school: the tenant and the times of its day."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256

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


DETAILS = (
    "name",
    "trust",
    "phase",
    "local_authority",
    "leaving_year",
    "address",
    "office_phone",
    "office_email",
)


class DetailsChangedMeanwhile(DomainError):
    """Somebody else changed the school's details since they were shown."""

    def __init__(self) -> None:
        super().__init__("Somebody else changed the details while you had them open: check them again.")


def details_token(school: School) -> str:
    """Return a digest of the details, by which a page knows whether somebody changed them meanwhile."""
    said = [getattr(school, name) for name in DETAILS]
    return sha256(repr(said).encode()).hexdigest()[:16]


@transaction.atomic
def change_details(
    school: School, details: Mapping[str, str], *, by: User, at: datetime, seen: str | None = None
) -> list[str]:
    """
    Change a school's name and where it is reached, and return the names of the fields that changed.

    :raises DetailsChangedMeanwhile: the details are not those that were seen
    :raises DomainError: a value is too long, or the name is empty
    """
    unknown = set(details) - set(DETAILS)
    if unknown:
        raise ValueError(f"not a detail of a school: {', '.join(sorted(unknown))}")
    row = School.objects.select_for_update(no_key=True).get(pk=school.pk)
    if seen is not None and details_token(row) != seen:
        raise DetailsChangedMeanwhile
    changed = [name for name, value in details.items() if getattr(row, name) != value]
    if not changed:
        return []
    for name in changed:
        setattr(row, name, details[name])
    try:
        row.full_clean(validate_unique=False)
    except ValidationError as error:
        raise DomainError(
            " ".join(said for words in error.message_dict.values() for said in words)
        ) from error
    row.save(update_fields=changed)
    # The event names what changed; the values stand in the row, and a former address is nobody's business.
    events.record("school.changed", school=row, by=by, at=at, subject=row, data={"fields": changed})
    return changed
