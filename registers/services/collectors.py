"""Authorised collectors: written down with age and letter, ended with a reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from accounts import events
from accounts.errors import DomainError
from accounts.models import School, User
from registers.models import AuthorisedCollector, CollectorPupil, Pupil
from registers.rules.arrivals import YOUNGEST_COLLECTOR, is_old_enough


class TooYoung(DomainError):
    """The collector is under age and the head agreed to no exception."""


@dataclass(frozen=True)
class CollectorInput:
    """What the parents' letter says of somebody who may collect their children."""

    name: str
    relationship: str
    valid_from: date
    phone: str = ""
    is_adult: bool = False
    date_of_birth: date | None = None
    exception_reason: str = ""
    exception_agreed_by: str = ""
    letter_received_on: date | None = None
    valid_to: date | None = None


@transaction.atomic
def add_collector(
    school: School,
    entered: CollectorInput,
    *,
    pupils: Iterable[Pupil],
    by: User,
    at: datetime,
    replaces: AuthorisedCollector | None = None,
) -> AuthorisedCollector:
    """
    Write down who may collect these pupils (001: 16 at least, a letter signed by the parents, exceptions).

    :raises TooYoung: under 16 on the first day without the head's exception
    :raises DomainError: no pupil, no age, or a letter from a day still to come; fit to show
    """
    chosen = list(pupils)
    if not chosen:
        raise DomainError("Choose at least one pupil.")
    if not entered.is_adult and entered.date_of_birth is None:
        raise DomainError("Enter the date of birth, or say that the person is 18 or over.")
    if entered.letter_received_on is not None and entered.letter_received_on > timezone.localtime(at).date():
        raise DomainError("The letter cannot have come on a day that is still to come.")
    if entered.valid_to is not None and entered.valid_to < entered.valid_from:
        raise DomainError("The last day cannot be before the first.")
    born = None if entered.is_adult else entered.date_of_birth
    excepted = bool(entered.exception_reason.strip())
    if excepted != bool(entered.exception_agreed_by.strip()):
        raise DomainError("Say why the head agreed to the exception, and who the head is.")
    if born is not None and not excepted and not is_old_enough(born, on=entered.valid_from):
        raise TooYoung(
            f"A collector must be at least {YOUNGEST_COLLECTOR} on the first day, "
            "unless the head agreed to an exception: say why."
        )
    collector = AuthorisedCollector(
        school=school,
        name=entered.name.strip(),
        relationship=entered.relationship.strip(),
        phone=entered.phone.strip(),
        is_adult=entered.is_adult,
        date_of_birth=born,
        exception_reason=entered.exception_reason.strip(),
        exception_agreed_by=entered.exception_agreed_by.strip(),
        letter_received_on=entered.letter_received_on,
        valid_from=entered.valid_from,
        valid_to=entered.valid_to,
        recorded_by=by,
        recorded_at=at,
        replaces=replaces,
    )
    collector.full_clean()
    collector.save(force_insert=True)
    CollectorPupil.objects.bulk_create(
        CollectorPupil(school=school, collector=collector, pupil=pupil) for pupil in chosen
    )
    events.record(
        "collector.added",
        school=school,
        by=by,
        at=at,
        subject=collector,
        data={"pupils": [pupil.pk for pupil in chosen]},
    )
    return collector


@transaction.atomic
def correct_collector(
    collector: AuthorisedCollector,
    entered: CollectorInput,
    *,
    pupils: Iterable[Pupil],
    why: str,
    by: User,
    at: datetime,
) -> AuthorisedCollector:
    """
    Put right who may collect: a new entry takes the place of the old one, which ends and stays readable.

    :raises DomainError: as `add_collector`; or no reason is given, or the old one was ended already
    """
    end_collector(collector, why=f"Put right: {why.strip()}" if why.strip() else "", by=by, at=at)
    return add_collector(collector.school, entered, pupils=pupils, by=by, at=at, replaces=collector)


@transaction.atomic
def receive_letter(collector: AuthorisedCollector, *, received_on: date, by: User, at: datetime) -> None:
    """
    Note that the letter signed by the parents is here.

    :raises DomainError: it was noted already, or the day is still to come
    """
    if received_on > timezone.localtime(at).date():
        raise DomainError("The letter cannot have come on a day that is still to come.")
    changed = AuthorisedCollector.objects.filter(
        pk=collector.pk, letter_received_on__isnull=True, ended_at__isnull=True
    ).update(letter_received_on=received_on)
    if not changed:
        raise DomainError("The letter was noted already, or the permission has ended.")
    events.record("collector.letter_received", school=collector.school, by=by, at=at, subject=collector)


@transaction.atomic
def end_collector(collector: AuthorisedCollector, *, why: str, by: User, at: datetime) -> None:
    """
    End a permission at once; what the person collected before stays in the book.

    :raises DomainError: no reason, or it was ended already
    """
    if not why.strip():
        raise DomainError("Say why the permission ends.")
    changed = AuthorisedCollector.objects.filter(pk=collector.pk, ended_at__isnull=True).update(
        ended_at=at, ended_by=by, end_reason=why.strip()
    )
    if not changed:
        raise DomainError("The permission was ended already.")
    events.record("collector.ended", school=collector.school, by=by, at=at, subject=collector)
