"""
Putting a policy in force, and finding the one that is.

Versions are never changed, so a loaded policy is kept while the process lives, by the digest of its text.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from absences.rules.terms import Terms
from absences.services.terms import adopt
from accounts import events
from accounts.errors import DomainError
from accounts.models import School, User
from escalation.models import PolicyVersion
from escalation.rules.loading import PolicyFaults, activation_faults, load_policy
from escalation.rules.reading import Fault
from escalation.rules.schema import Policy
from escalation.rules.sections import WEEKDAYS
from registers.models import DayTimes
from registers.selectors.times import day_times_on

# Enough for a trust of a hundred schools with a version or two each.
KEPT_POLICIES = 256
_kept: dict[str, Policy] = {}


class NoPolicyInForce(DomainError):
    """The school has no policy on that day."""


class PolicyRefused(DomainError):
    """A text cannot come into force; `faults` says everything that is wrong, `lines` has a line for each."""

    def __init__(self, name: str, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        self.lines = tuple(f"{name}: {fault}" for fault in self.faults)
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        super().__init__(f"The policy cannot come into force: {count} to put right.")


class PolicyAlreadyInForce(DomainError):
    """Nothing was done: this very text is the school's present version."""

    def __init__(self, version: PolicyVersion) -> None:
        self.version = version
        super().__init__(f"This is the policy in force already (version {version.number}).")


class TooEarly(DomainError):
    """A version cannot begin before, or on the day when, the version that it follows began."""


@transaction.atomic
def activate_policy(
    school: School,
    text: str,
    *,
    by: User,
    at: datetime,
    on: date | None = None,
    times: Iterable[DayTimes] | None = None,
) -> PolicyVersion:
    """
    Put a policy in force at a school from a day (by default the day of `at`), ending the version before it.

    What a policy leaves open about the afternoon (GEN-13) is judged by the school's own times, or by `times`.

    :raises PolicyRefused: the text does not load, is another school's, or leaves the afternoon open
    :raises PolicyAlreadyInForce: the same text is the school's latest version
    :raises TooEarly: the latest version begins on that day or later
    """
    on = on or timezone.localdate(at)
    name = f"{school.key}.yaml"
    digest = sha256(text.encode()).hexdigest()
    policy = _checked(school, text, name=name, afternoons=_afternoons(school, times, on=on))
    # One activation of a school at a time: without the lock two would close the same version twice.
    School.objects.select_for_update(no_key=True).get(pk=school.pk)
    versions = PolicyVersion.objects.filter(school=school)
    present = versions.filter(in_force_to__isnull=True).first()
    if present is not None:
        if present.sha256 == digest:
            raise PolicyAlreadyInForce(present)
        if present.in_force_from >= on:
            raise TooEarly(
                f"Version {present.number} comes into force on {present.in_force_from:%-d %B %Y}. "
                "The next one can begin on the day after at the earliest."
            )
        present.in_force_to = on - timedelta(days=1)
        present.save(update_fields=["in_force_to"])
    latest = versions.aggregate(number=Max("number"))["number"] or 0
    version = PolicyVersion(
        school=school,
        number=latest + 1,
        text=text,
        sha256=digest,
        in_force_from=on,
        activated_by=by,
        activated_at=at,
    )
    version.full_clean()
    version.save(force_insert=True)
    adopt(school, terms_of(policy), policy_number=version.number, on=on, at=at)
    events.record(
        "policy.activated",
        school=school,
        by=by,
        at=at,
        subject=version,
        data={"number": version.number, "sha256": digest, "in_force_from": on, "name": policy.school.key},
    )
    return version


def policy_in_force(school: School, on: date) -> tuple[PolicyVersion, Policy]:
    """
    Return the version in force at the school on a day, and the policy that it says.

    One statement; a second one the first time this process meets the text.

    :raises NoPolicyInForce: no version is in force on that day
    """
    version = (
        PolicyVersion.objects.filter(school=school, in_force_from__lte=on)
        .filter(Q(in_force_to__isnull=True) | Q(in_force_to__gte=on))
        .defer("text")
        .order_by("-number")
        .first()
    )
    if version is None:
        raise NoPolicyInForce(f"{school.name} has no attendance policy in force on {on:%-d %B %Y}.")
    return version, policy_of(version)


def policy_of(version: PolicyVersion) -> Policy:
    """Return the policy that a version says, loaded at most once in each process."""
    policy = _kept.get(version.sha256)
    if policy is None:
        policy = load_policy(version.text, name=f"version {version.number}")
        if len(_kept) >= KEPT_POLICIES:
            _kept.clear()
        _kept[version.sha256] = policy
    return policy


def terms_of(policy: Policy) -> Terms:
    """Return the parts of a policy that absences follow."""
    return Terms(**{part: getattr(policy, part) for part in Terms.model_fields})


def _checked(school: School, text: str, *, name: str, afternoons: Sequence[DayTimes | None]) -> Policy:
    """Return the policy, or refuse with every fault that keeps it from coming into force at this school."""
    try:
        policy = load_policy(text, name=name)
        faults = list(activation_faults(text, name=name))
    except PolicyFaults as error:
        raise PolicyRefused(name, error.faults) from error
    known = [row for row in afternoons if row is not None]
    if len(known) == len(WEEKDAYS):
        has_ends = all(row.day_ends_at is not None for row in known)
        faults = [fault for fault in faults if not _is_answered(fault, has_ends=has_ends)]
        if policy.day.pm.register_closes is None:
            faults += _late_closings(policy, known)
    if policy.school.key != school.key:
        faults.append(
            Fault(
                0, "school.key", f"this is the policy of {policy.school.key}, and the school is {school.key}"
            )
        )
    if faults:
        raise PolicyRefused(name, faults)
    return policy


def _afternoons(school: School, times: Iterable[DayTimes] | None, *, on: date) -> list[DayTimes | None]:
    """Return the afternoon of each weekday, Monday first; its own row wins over the row for every day."""
    rows = day_times_on(school, on) if times is None else times
    by_weekday = {row.weekday: row for row in rows if row.half == "PM" and not row.year_group}
    return [by_weekday.get(weekday, by_weekday.get(None)) for weekday in range(len(WEEKDAYS))]


def _is_answered(fault: Fault, *, has_ends: bool) -> bool:
    """Say whether the school's own times give what the policy leaves open."""
    if "must be set" not in fault.text:
        return False
    return fault.path.startswith("day.pm.") or (has_ends and fault.path.startswith("day.ends["))


def _late_closings(policy: Policy, afternoons: Sequence[DayTimes]) -> list[Fault]:
    """Return the days that end, by the policy, before the school's own afternoon register closes (LEE-03)."""
    faults = []
    for place, end in enumerate(policy.day.ends):
        late = [
            (weekday, f"{row.closes_at:%H:%M}")
            for weekday, row in zip(WEEKDAYS, afternoons, strict=True)
            if weekday in end.weekdays and end.at is not None and f"{row.closes_at:%H:%M}" >= end.at
        ]
        if late:
            closes = ", ".join(f"{weekday} {at}" for weekday, at in late)
            said = (
                f"the day ends at {end.at}, and the school's afternoon register closes no earlier ({closes})"
            )
            faults.append(Fault(0, f"day.ends[{place}].at", said))
    return faults
