"""
Changing the particulars of one pupil: names, addresses, flags (SI 2024/208 regulation 8).

The database writes the history of every change itself (migrations/sql/particulars.sql); this module tells it
who changes what and from which day it counts.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Min, Q
from django.utils import timezone

from accounts import events
from accounts.errors import DomainError
from accounts.models import Event, User
from registers.models import Contact, Enrolment, Pupil, PupilAddress, PupilFlag
from registers.rules.fingerprints import fingerprint
from registers.services.marks import attribution

# What the form of a pupil's particulars may change, and nothing else.
PARTICULARS = (
    "surname",
    "forename",
    "middle_names",
    "known_as",
    "upn",
    "date_of_birth",
    "sex",
    "home_language",
    "last_school_name",
    "last_school_address",
    "sen",
    "ehcp",
    "fsm",
)
ADDRESSES_AT_A_TIME = 2


class ChangedMeanwhile(DomainError):
    """Somebody else changed the record since the page was read; `current` has what stands there now."""

    def __init__(self, current: Mapping[str, object]) -> None:
        super().__init__("Somebody else changed this record while you had it open. Nothing was saved.")
        self.current = dict(current)


class ParticularRefused(DomainError):
    """One particular cannot be as asked; `field` says which."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@contextmanager
def noting(*, by: User, at: datetime, position: str, counts_from: date | None) -> Iterator[None]:
    """
    Tell the database who changes particulars and from which day the new ones count, for one transaction.

    No day means that what stood there was never right.
    """
    with attribution(by=by, at=at, position=position):
        _say_from_when(counts_from.isoformat() if counts_from else "always")
        yield
        _say_from_when("")


def _say_from_when(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('rollcall.counts_from', %s, true)", [text])


def particulars_of(pupil: Pupil) -> dict[str, object]:
    """Return what the form of a pupil's particulars shows, by field."""
    return {name: getattr(pupil, name) for name in PARTICULARS}


@transaction.atomic
def change_particulars(
    pupil: Pupil,
    values: Mapping[str, object],
    *,
    seen: str,
    by: User,
    at: datetime,
    position: str,
    counts_from: date | None,
) -> tuple[str, ...]:
    """
    Change a pupil's particulars and return the fields that changed, none when all stood so already.

    `seen` is the fingerprint of what the person read. `counts_from` is the day from which the new particulars
    are right, None when the old ones never were.

    :raises ChangedMeanwhile: somebody else changed them since
    :raises ParticularRefused: another pupil has the UPN, or the birth does not come before the start
    :raises KeyError: a field is none of `PARTICULARS`
    """
    stands = Pupil.objects.select_for_update(no_key=True).get(pk=pupil.pk)
    current = particulars_of(stands)
    changed = {name: value for name, value in values.items() if current[name] != value}
    if seen != fingerprint(current):
        raise ChangedMeanwhile(current)
    if not changed:
        return ()
    if "upn" in changed and _is_upn_taken(pupil, str(changed["upn"])):
        raise ParticularRefused("upn", "Another pupil of this school has this unique pupil number")
    born = changed.get("date_of_birth")
    first_day = Enrolment.objects.filter(pupil=pupil).aggregate(first=Min("starts_on"))["first"]
    if isinstance(born, date) and first_day is not None and born >= first_day:
        raise ParticularRefused("date_of_birth", "Date of birth must be before the pupil's starting day")
    with noting(by=by, at=at, position=position, counts_from=counts_from):
        for name, value in changed.items():
            setattr(stands, name, value)
        stands.save(update_fields=list(changed))
    return tuple(changed)


def _is_upn_taken(pupil: Pupil, upn: str) -> bool:
    return Pupil.objects.filter(school_id=pupil.school_id, upn=upn).exclude(pk=pupil.pk).exists()


@transaction.atomic
def add_address(
    pupil: Pupil,
    *,
    lines: str,
    starts_on: date,
    ends_on: date | None,
    with_contact: Contact | None,
    by: User,
    at: datetime,
    position: str,
) -> PupilAddress:
    """
    Add an address at which a pupil normally lives; from a later day on when the move is known ahead.

    :raises ParticularRefused: it ends before it begins, or the pupil would live at more than two at a time
    """
    address = PupilAddress(
        school_id=pupil.school_id,
        pupil=pupil,
        lines=lines,
        starts_on=starts_on,
        ends_on=ends_on,
        with_contact=with_contact,
    )
    _judge_address(address)
    with noting(by=by, at=at, position=position, counts_from=starts_on):
        address.save(force_insert=True)
    return address


@transaction.atomic
def change_address(
    address: PupilAddress,
    *,
    lines: str,
    starts_on: date,
    ends_on: date | None,
    with_contact: Contact | None,
    seen: str,
    by: User,
    at: datetime,
    position: str,
) -> None:
    """
    Put an address right, or say until when the pupil lived there.

    A new home is another address (`add_address`), so that the old one stays on record.

    :raises ChangedMeanwhile: somebody else changed it since
    :raises ParticularRefused: it ends before it begins, or the pupil would live at more than two at a time
    """
    stands = PupilAddress.objects.select_for_update(no_key=True).get(pk=address.pk)
    if seen != fingerprint(address_values(stands)):
        raise ChangedMeanwhile(address_values(stands))
    stands.lines, stands.with_contact = lines, with_contact
    stands.starts_on, stands.ends_on = starts_on, ends_on
    _judge_address(stands)
    with noting(by=by, at=at, position=position, counts_from=None):
        stands.save(update_fields=["lines", "with_contact", "starts_on", "ends_on"])


def remove_address(address: PupilAddress, *, by: User, at: datetime, position: str) -> None:
    """Take away an address at which the pupil never lived; the history keeps it."""
    with noting(by=by, at=at, position=position, counts_from=None):
        address.delete()


def address_values(address: PupilAddress) -> dict[str, object]:
    """Return what the form of an address shows, by field."""
    return {
        "lines": address.lines,
        "starts_on": address.starts_on,
        "ends_on": address.ends_on,
        "with_contact": address.with_contact_id,
    }


def _judge_address(address: PupilAddress) -> None:
    """Refuse an address that ends before it begins or is the third on some day. Locks the pupil's row."""
    _judge_span(address.starts_on, address.ends_on)
    Pupil.objects.select_for_update(no_key=True).get(pk=address.pupil_id)
    others = list(
        PupilAddress.objects.filter(pupil=address.pupil_id, starts_on__lte=address.ends_on or date.max)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=address.starts_on))
        .exclude(pk=address.pk)
    )
    # The number of homes only rises on a day on which one begins.
    for day in {address.starts_on, *(max(other.starts_on, address.starts_on) for other in others)}:
        homes = sum(other.starts_on <= day <= (other.ends_on or date.max) for other in others)
        if homes >= ADDRESSES_AT_A_TIME:
            raise ParticularRefused(
                "starts_on",
                "The pupil lives at two addresses then already: say when the pupil left one of them",
            )


def _judge_span(starts_on: date, ends_on: date | None) -> None:
    if ends_on is not None and ends_on < starts_on:
        raise ParticularRefused("ends_on", "The last day must be the same as or after the first day")


@transaction.atomic
def add_flag(
    pupil: Pupil,
    name: str,
    *,
    starts_on: date,
    ends_on: date | None,
    by: User,
    at: datetime,
    position: str,
) -> PupilFlag:
    """
    Note what is known of a pupil from a day on.

    :raises ParticularRefused: the pupil has the flag on some of these days already, or it ends too early
    """
    Pupil.objects.select_for_update(no_key=True).get(pk=pupil.pk)
    flag = PupilFlag(school_id=pupil.school_id, pupil=pupil, name=name, starts_on=starts_on, ends_on=ends_on)
    _judge_flag(flag)
    with noting(by=by, at=at, position=position, counts_from=starts_on):
        flag.save(force_insert=True)
    return flag


@transaction.atomic
def change_flag(
    flag: PupilFlag,
    *,
    starts_on: date,
    ends_on: date | None,
    seen: str,
    by: User,
    at: datetime,
    position: str,
) -> None:
    """
    End a flag, or put its days right.

    :raises ChangedMeanwhile: somebody else changed it since
    :raises ParticularRefused: the pupil has the flag on some of these days already, or it ends too early
    """
    Pupil.objects.select_for_update(no_key=True).get(pk=flag.pupil_id)
    stands = PupilFlag.objects.select_for_update(no_key=True).get(pk=flag.pk)
    if seen != fingerprint(flag_values(stands)):
        raise ChangedMeanwhile(flag_values(stands))
    is_ended = stands.starts_on == starts_on and stands.ends_on is None and ends_on is not None
    stands.starts_on, stands.ends_on = starts_on, ends_on
    _judge_flag(stands)
    counts_from = ends_on + timedelta(days=1) if is_ended and ends_on is not None else None
    with noting(by=by, at=at, position=position, counts_from=counts_from):
        stands.save(update_fields=["starts_on", "ends_on"])


def remove_flag(flag: PupilFlag, *, by: User, at: datetime, position: str) -> None:
    """Take away a flag that was never right; the history keeps it."""
    with noting(by=by, at=at, position=position, counts_from=None):
        flag.delete()


def flag_values(flag: PupilFlag) -> dict[str, object]:
    """Return what the form of a flag shows, by field."""
    return {"starts_on": flag.starts_on, "ends_on": flag.ends_on}


def _judge_flag(flag: PupilFlag) -> None:
    _judge_span(flag.starts_on, flag.ends_on)
    same = PupilFlag.objects.filter(pupil=flag.pupil_id, name=flag.name).exclude(pk=flag.pk)
    meeting = same.filter(starts_on__lte=flag.ends_on or date.max).filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=flag.starts_on)
    )
    if meeting.exists():
        raise ParticularRefused("starts_on", "The pupil has this flag on some of these days already")


def note_seen(pupil: Pupil, *, by: User, at: datetime) -> None:
    """Log that somebody opened a pupil's record, once for each person, pupil and day."""
    midnight = timezone.make_aware(datetime.combine(timezone.localdate(at), datetime.min.time()))
    seen = Event.objects.filter(
        school_id=pupil.school_id,
        subject_type=pupil._meta.label_lower,
        subject_id=pupil.pk,
        kind="pupil.seen",
        by_id=by.pk,
        at__gte=midnight,
        at__lt=midnight + timedelta(days=1),
    )
    if not seen.exists():
        events.record("pupil.seen", school=pupil.school, by=by, at=at, subject=pupil)
