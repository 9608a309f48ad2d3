"""
Taking a name off the admission register: only on a lawful ground, never for a day in the past.

SI 2024/208 reg 9 names the grounds, `rules.leaving_grounds` their conditions. The deletion return goes to the
authority before the removal or with it (reg 13(4)), except at the normal end of the school's final year. A
planned leaving can be taken back until its day. Leaving days of an import are corrected by an import.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Max

from accounts import events
from accounts.errors import DomainError
from accounts.models import School, User
from registers.models import ClassGroup, ClassMembership, Departure, Enquiry, Enrolment, Mark
from registers.rules.leaving_grounds import GROUND_BY_KEY, Fault, Stated, faults_of
from registers.selectors import roll


class LeavingRefused(DomainError):
    """The name cannot be deleted so; `faults` has a sentence for each field that says why."""

    def __init__(self, faults: Collection[Fault]) -> None:
        super().__init__(" ".join(f"{fault.text}." for fault in faults))
        self.faults = tuple(faults)


@dataclass(frozen=True)
class LeavingInput:
    """
    What a person states of a leaving: day, ground, conditions confirmed, the leaver's fields, the return.

    The seven fields of a leaver (000:254-260): child, class, current address, leaving day, new address, new
    school, and its address; the first two are the register's own.
    """

    leaving_on: date
    ground: str
    confirmations: frozenset[str] = frozenset()
    decider: str = ""
    notice_on: date | None = None
    current_address: str = ""
    new_address: str = ""
    new_address_from: date | None = None
    new_school_name: str = ""
    new_school_address: str = ""
    new_school_from: date | None = None
    return_sent_on: date | None = None
    return_sent_to: str = ""


@transaction.atomic
def plan_leaving(enrolment: Enrolment, given: LeavingInput, *, on: date, by: User, at: datetime) -> Departure:
    """
    Delete a name from the admission register from the day after `leaving_on`; `on` is today.

    :raises LeavingRefused: the ground is not met, the day is past, marks stand after it, or the return is
        missing
    """
    School.objects.select_for_update(no_key=True).get(pk=enrolment.school_id)
    enrolment = Enrolment.objects.select_for_update().get(pk=enrolment.pk)
    school, pupil = enrolment.school, enrolment.pupil
    faults = _faults_of_day(enrolment, given.leaving_on, on=on)
    if faults:
        raise LeavingRefused(faults)
    facts = roll.facts_for_leaving(enrolment, leaving_on=given.leaving_on, on=on)
    is_exempt = roll.is_exempt_leaving(school, year_group=facts.year_group, leaving_on=given.leaving_on)
    ground = GROUND_BY_KEY.get(given.ground)
    if ground is None:
        raise LeavingRefused([Fault("ground", "Select the lawful ground")])
    stated = Stated(
        given.confirmations,
        {
            "new_school_name": given.new_school_name,
            "notice_on": given.notice_on,
            "new_address": given.new_address,
        },
    )
    faults = [*faults_of(ground, facts, stated), *_faults_of_return(given, is_exempt=is_exempt, on=on)]
    if given.notice_on is not None and given.notice_on > on:
        faults.append(Fault("notice_on", "The day of the notice must be today or in the past"))
    if not given.decider.strip():
        faults.append(Fault("decider", "Enter who decided the deletion, with their post"))
    if faults:
        raise LeavingRefused(faults)
    before = list(
        ClassMembership.objects.select_for_update().filter(pupil=pupil, starts_on__gte=enrolment.starts_on)
    )
    standing = roll.membership_on(pupil, given.leaving_on)
    departure = Departure.objects.create(
        school=school,
        enrolment=enrolment,
        leaving_on=given.leaving_on,
        ground=ground.key,
        is_exempt=is_exempt,
        confirmations=sorted(given.confirmations & {one.key for one in ground.confirmations}),
        decider=given.decider.strip(),
        notice_on=given.notice_on,
        class_name=standing.class_group.name if standing is not None else "",
        current_address=given.current_address,
        new_address=given.new_address,
        new_address_from=given.new_address_from,
        new_school_name=given.new_school_name,
        new_school_address=given.new_school_address,
        new_school_from=given.new_school_from,
        return_sent_on=given.return_sent_on,
        return_sent_to=given.return_sent_to.strip(),
        memberships_before=memberships_as_data(before),
        recorded_on=on,
        recorded_by=by,
        recorded_at=at,
    )
    end_memberships(before, given.leaving_on)
    enrolment.leaving_on = given.leaving_on
    enrolment.save(update_fields=["leaving_on"])
    events.record(
        "pupil.leaving_planned",
        school=school,
        by=by,
        at=at,
        subject=pupil,
        data={
            "departure": departure.pk,
            "leaving_on": given.leaving_on,
            "ground": ground.key,
            "is_exempt": is_exempt,
            "return_sent_on": given.return_sent_on,
        },
    )
    return departure


@transaction.atomic
def cancel_leaving(departure: Departure, *, reason: str, on: date, by: User, at: datetime) -> None:
    """
    Take back a planned leaving up to its day; the class memberships stand again as before.

    :raises LeavingRefused: the day has passed, it was taken back already, or there is no reason
    """
    School.objects.select_for_update(no_key=True).get(pk=departure.school_id)
    departure = Departure.objects.select_for_update().get(pk=departure.pk)
    if departure.cancelled_at is not None:
        raise LeavingRefused([Fault("", "This leaving was taken back already")])
    if departure.leaving_on < on:
        text = (
            f"The last day on roll, {departure.leaving_on:%-d %b %Y}, has passed: readmit the pupil instead"
        )
        raise LeavingRefused([Fault("", text)])
    if not reason.strip():
        raise LeavingRefused([Fault("reason", "Enter why the pupil stays")])
    enrolment = departure.enrolment
    if Enrolment.objects.filter(pupil=enrolment.pupil_id, starts_on__gt=enrolment.starts_on).exists():
        raise LeavingRefused([Fault("", "The pupil was readmitted from a later day already")])
    departure.cancelled_at, departure.cancelled_by = at, by
    departure.cancelled_because = reason.strip()
    departure.save(update_fields=["cancelled_at", "cancelled_by", "cancelled_because"])
    enrolment.leaving_on = None
    enrolment.save(update_fields=["leaving_on"])
    _restore_memberships(departure)
    events.record(
        "pupil.leaving_cancelled",
        school=departure.school,
        by=by,
        at=at,
        subject=enrolment.pupil,
        data={"departure": departure.pk, "leaving_on": departure.leaving_on},
    )


NEXT_SCHOOL = ("new_address", "new_address_from", "new_school_name", "new_school_address", "new_school_from")


@transaction.atomic
def record_next_school(
    departure: Departure, values: Mapping[str, object], *, by: User, at: datetime
) -> Departure:
    """
    Record what becomes known of a leaver's new home and school; `values` are those of `NEXT_SCHOOL`.

    :raises LeavingRefused: the leaving was taken back, or the ground would lose the school it rests on
    """
    departure = Departure.objects.select_for_update().get(pk=departure.pk)
    if departure.cancelled_at is not None:
        raise LeavingRefused([Fault("", "This leaving was taken back")])
    needs = GROUND_BY_KEY[departure.ground].needs
    if "new_school_name" in needs and departure.new_school_name and not values.get("new_school_name"):
        raise LeavingRefused([Fault("new_school_name", "Enter the name of the other school")])
    changed = [name for name in NEXT_SCHOOL if getattr(departure, name) != values.get(name)]
    for name in changed:
        setattr(departure, name, values.get(name))
    if changed:
        departure.save(update_fields=changed)
        events.record(
            "pupil.next_school_recorded",
            school=departure.school,
            by=by,
            at=at,
            subject=departure.enrolment.pupil,
            data={"departure": departure.pk, "fields": changed},
        )
    return departure


@transaction.atomic
def record_enquiry(
    enrolment: Enrolment,
    *,
    asked_on: date,
    made_by: str,
    with_authority: bool,
    asked: str,
    result: str,
    on: date,
    by: User,
    at: datetime,
) -> Enquiry:
    """
    Record one enquiry after a pupil who does not come; `on` is today.

    :raises LeavingRefused: it lies in the future, or does not say who asked whom and what came of it
    """
    faults = []
    if asked_on > on:
        faults.append(Fault("asked_on", "The day of the enquiry must be today or in the past"))
    for name, text, missing in (
        ("made_by", made_by, "Enter who enquired, with their post"),
        ("asked", asked, "Enter what was done, or who was asked"),
        ("result", result, "Enter what came of it"),
    ):
        if not text.strip():
            faults.append(Fault(name, missing))
    if faults:
        raise LeavingRefused(faults)
    enquiry = Enquiry.objects.create(
        school_id=enrolment.school_id,
        enrolment=enrolment,
        on=asked_on,
        made_by=made_by.strip(),
        with_authority=with_authority,
        asked=asked.strip(),
        result=result.strip(),
        recorded_by=by,
        recorded_at=at,
    )
    events.record(
        "pupil.enquiry_recorded",
        school=enrolment.school,
        by=by,
        at=at,
        subject=enrolment.pupil,
        data={"enquiry": enquiry.pk, "on": asked_on, "with_authority": with_authority},
    )
    return enquiry


def memberships_as_data(memberships: Collection[ClassMembership]) -> list[dict[str, object]]:
    """Return class memberships as a departure keeps them, to be put back when it is taken back."""
    return [
        {
            "id": one.pk,
            "class_group": one.class_group_id,
            "year_group": one.year_group,
            "starts_on": one.starts_on.isoformat(),
            "ends_on": one.ends_on.isoformat() if one.ends_on is not None else None,
        }
        for one in memberships
    ]


def end_memberships(memberships: Collection[ClassMembership], last_day: date) -> None:
    """End class memberships with a last day on roll; those that would begin after it are taken away."""
    for one in memberships:
        if one.starts_on > last_day:
            one.delete()
        elif one.ends_on is None or one.ends_on > last_day:
            one.ends_on = last_day
            one.save(update_fields=["ends_on"])


def _restore_memberships(departure: Departure) -> None:
    """Let the memberships stand as before the leaving; after a move since then only its end is taken away."""
    day, pupil_id = departure.leaving_on, departure.enrolment.pupil_id
    standing = ClassMembership.objects.filter(pupil=pupil_id, starts_on__gte=departure.enrolment.starts_on)
    left_by_leaving = {
        (data["id"], data["class_group"], min(data["ends_on"] or day.isoformat(), day.isoformat()))
        for data in departure.memberships_before
        if data["starts_on"] <= day.isoformat()
    }
    now = {(one.pk, one.class_group_id, one.ends_on.isoformat() if one.ends_on else "") for one in standing}
    if now != left_by_leaving:
        standing.filter(ends_on=day).update(ends_on=None)
        return
    for data in departure.memberships_before:
        ends_on = date.fromisoformat(data["ends_on"]) if data["ends_on"] else None
        if data["starts_on"] <= day.isoformat():
            ClassMembership.objects.filter(pk=data["id"]).update(ends_on=ends_on)
        else:
            ClassMembership.objects.create(
                school_id=departure.school_id,
                pupil_id=pupil_id,
                class_group=ClassGroup.objects.get(pk=data["class_group"]),
                year_group=data["year_group"],
                starts_on=date.fromisoformat(data["starts_on"]),
                ends_on=ends_on,
            )


def _faults_of_day(enrolment: Enrolment, leaving_on: date, *, on: date) -> list[Fault]:
    if enrolment.leaving_on is not None:
        text = f"The pupil leaves on {enrolment.leaving_on:%-d %b %Y} already: take that back first"
        return [Fault("leaving_on", text)]
    if leaving_on < on:
        return [
            Fault("leaving_on", "A name is never deleted for a day in the past: choose today or a later day")
        ]
    if leaving_on < enrolment.starts_on:
        return [Fault("leaving_on", f"The starting day is {enrolment.starts_on:%-d %b %Y}, after this day")]
    last_mark: date | None = Mark.objects.filter(
        pupil=enrolment.pupil_id, session__on__gt=leaving_on
    ).aggregate(last=Max("session__on"))["last"]
    if last_mark is not None:
        return [Fault("leaving_on", f"The pupil has marks up to {last_mark:%-d %b %Y}: choose a later day")]
    return []


def _faults_of_return(given: LeavingInput, *, is_exempt: bool, on: date) -> list[Fault]:
    if given.return_sent_on is None:
        if is_exempt:
            return []
        return [Fault("return_sent_on", "Enter the day on which the deletion return was sent")]
    faults = []
    if given.return_sent_on > on:
        faults.append(Fault("return_sent_on", "The day the return was sent must be today or in the past"))
    if not given.return_sent_to.strip():
        faults.append(Fault("return_sent_to", "Enter to whom the deletion return was sent"))
    return faults
