"""
Part-time timetables as agreements: agreed, reviewed, told to those who must know, and ended.

Leave by a part-time timetable is for a pupil of compulsory school age for the whole of the time, in
exceptional circumstances, agreed beforehand with a parent with whom the pupil normally lives, with the times,
the end and the review in writing (SI 2024/208 reg 11(6)).
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction

from accounts import events
from accounts.errors import DomainError
from accounts.models import User
from registers.models import PartTimeTimetable, Pupil, TimetableReview
from registers.rules.age import is_compulsory_age
from registers.rules.numbers import counted
from registers.services.ahead import ArrangementRefused
from registers.services.refusals import RowsRefused
from registers.services.timetables import UNEXCUSED, TimetableInput, set_timetables

SESSIONS_OF_A_WEEK = 10
TOLD = {
    "authority_told_on": "The local authority was told",
    "plan_discussed_on": "The education, health and care plan was discussed with the authority",
    "social_worker_told_on": "The social worker was told",
}


@dataclass(frozen=True)
class TimetablePlan:
    """What is agreed; absent sessions are pairs of weekday (0 is Monday) and half."""

    first_day: date
    last_day: date
    review_on: date
    agreed_on: date
    agreed_with: str
    circumstances: str
    ambition: str
    absent_sessions: frozenset[tuple[int, str]]


@transaction.atomic
def agree_timetable(pupil: Pupil, plan: TimetablePlan, *, by: User, at: datetime) -> PartTimeTimetable:
    """
    Record an agreement; one that begins on the same day is replaced.

    :raises ArrangementRefused: something required is missing, the dates contradict each other, the pupil is
        not of compulsory school age for the whole time, or C2 marks would lose their timetable
    """
    faults = _faults_of(pupil, plan)
    if faults:
        raise ArrangementRefused(faults)
    row = TimetableInput(
        pupil.upn, plan.first_day, plan.last_day, plan.review_on, plan.agreed_on, plan.absent_sessions
    )
    try:
        set_timetables(pupil.school, [row], by=by, at=at)
    except RowsRefused as refused:
        raise ArrangementRefused(
            {fault.field: fault.text[0].upper() + fault.text[1:] for fault in refused.faults}
        ) from refused
    timetable = PartTimeTimetable.objects.get(pupil=pupil, first_day=plan.first_day)
    timetable.agreed_with = plan.agreed_with.strip()
    timetable.circumstances = plan.circumstances.strip()
    timetable.ambition = plan.ambition.strip()
    timetable.save(update_fields=["agreed_with", "circumstances", "ambition"])
    events.record("timetable.agreed", school=pupil.school, by=by, at=at, subject=timetable)
    return timetable


@transaction.atomic
def record_review(
    timetable: PartTimeTimetable,
    *,
    held_on: date,
    outcome: str,
    next_review_on: date | None,
    by: User,
    at: datetime,
) -> TimetableReview:
    """
    Record a review that was held, and when the next one is.

    :raises ArrangementRefused: the review lies in the future or before the timetable began, has no outcome,
        leaves no next review although the timetable goes on, or one of that day is recorded already
    """
    timetable = PartTimeTimetable.objects.select_for_update().get(pk=timetable.pk)
    faults: dict[str, str] = {}
    if held_on > at.date():
        faults["held_on"] = "The review cannot be in the future"
    elif held_on < timetable.agreed_on:
        faults["held_on"] = "The review cannot be before the timetable was agreed"
    elif timetable.reviews.filter(held_on=held_on).exists():
        faults["held_on"] = "A review of that day is recorded already"
    if not outcome.strip():
        faults["outcome"] = "Enter what came of the review"
    if next_review_on is not None and next_review_on <= held_on:
        faults["next_review_on"] = "The next review must be after this one"
    elif next_review_on is not None and next_review_on > timetable.last_day:
        faults["next_review_on"] = "The next review must be before the timetable ends"
    elif next_review_on is None and timetable.last_day > at.date():
        faults["next_review_on"] = "Enter when the timetable is looked at next"
    if faults:
        raise ArrangementRefused(faults)
    review = TimetableReview.objects.create(
        timetable=timetable,
        held_on=held_on,
        outcome=outcome.strip(),
        next_review_on=next_review_on,
        recorded_at=at,
        recorded_by=by,
    )
    if next_review_on is not None:
        timetable.review_on = next_review_on
        timetable.save(update_fields=["review_on"])
    events.record("timetable.reviewed", school=timetable.school, by=by, at=at, subject=timetable)
    return review


@transaction.atomic
def end_timetable(timetable: PartTimeTimetable, *, last_day: date, why: str, by: User, at: datetime) -> None:
    """
    End a timetable before its agreed end.

    :raises ArrangementRefused: no reason, a day outside the timetable, or C2 marks stand on later days
    """
    timetable = PartTimeTimetable.objects.select_for_update().get(pk=timetable.pk)
    faults: dict[str, str] = {}
    if not why.strip():
        faults["why"] = "Enter why it ends early"
    if not timetable.first_day <= last_day < timetable.last_day:
        faults["last_day"] = "The day must be within the timetable, before its agreed end"
    if faults:
        raise ArrangementRefused(faults)
    timetable.last_day, timetable.ended_early_why = last_day, why.strip()[:300]
    # A review that was planned for later is no longer due.
    timetable.review_on = min(timetable.review_on, last_day)
    timetable.save(update_fields=["last_day", "ended_early_why", "review_on"])
    with connection.cursor() as cursor:
        cursor.execute(UNEXCUSED, {"school": timetable.school_id, "pupils": [timetable.pupil_id]})
        found = cursor.fetchone()
    if found is not None:
        left = counted(found[1], "C2 mark")
        raise ArrangementRefused(
            {"last_day": f"{left} on later days would be left without a timetable: amend them first"}
        )
    events.record("timetable.ended", school=timetable.school, by=by, at=at, subject=timetable)


@transaction.atomic
def record_told(timetable: PartTimeTimetable, what: str, *, on: date, by: User, at: datetime) -> None:
    """
    Record that somebody was told of a timetable; `what` is one of `TOLD`.

    :raises DomainError: the day lies in the future
    """
    if on > at.date():
        raise DomainError("The day cannot be in the future.")
    setattr(timetable, what, on)
    timetable.save(update_fields=[what])
    events.record(
        "timetable.told", school=timetable.school, by=by, at=at, subject=timetable, data={"what": what}
    )


def _faults_of(pupil: Pupil, plan: TimetablePlan) -> dict[str, str]:
    faults: dict[str, str] = {}
    if not plan.agreed_with.strip():
        faults["agreed_with"] = "Enter the parent who agreed and with whom the pupil normally lives"
    if not plan.circumstances.strip():
        faults["circumstances"] = "Enter what is exceptional about the circumstances"
    if not plan.ambition.strip():
        faults["ambition"] = "Enter how the pupil is to come back to full time"
    if not plan.absent_sessions:
        faults["absent_sessions"] = "Choose the sessions for which the pupil is not expected"
    elif len(plan.absent_sessions) >= SESSIONS_OF_A_WEEK:
        faults["absent_sessions"] = "The pupil must be expected for some of the week"
    if plan.last_day < plan.first_day:
        faults["last_day"] = "The last day cannot be before the first"
    elif not plan.first_day <= plan.review_on <= plan.last_day:
        faults["review_on"] = "The review must be within the timetable"
    if plan.agreed_on > plan.first_day:
        faults["agreed_on"] = "The agreement must be made before the timetable begins"
    if "last_day" not in faults and not all(
        is_compulsory_age(pupil.date_of_birth, day) for day in (plan.first_day, plan.last_day)
    ):
        faults["first_day"] = (
            "The pupil must be of compulsory school age for the whole time: otherwise use a pattern of X"
        )
    return faults
