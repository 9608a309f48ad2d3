"""Keeping programmes of reintegration and support that was offered, with their reviews."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import IntegrityError, transaction
from django.utils import timezone

from absences.models import (
    RecordReview,
    ReintegrationProgramme,
    ReintegrationStep,
    SupportNote,
    Task,
    TaskKind,
)
from absences.services.tasks import TaskClosedMeanwhile, close_task, raise_task
from accounts import events
from accounts.errors import DomainError
from accounts.models import User
from registers.models import PartTimeTimetable, Pupil
from registers.words import day

Record = ReintegrationProgramme | SupportNote


class RecordRefused(DomainError):
    """What was entered cannot stand; `field` is the field to blame, empty for none."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Programme:
    """A return as it is planned; `steps` are what is to be reached by which day."""

    designated: User
    starts_on: date
    review_on: date
    circumstances: str
    agreed_with: str
    support: str = ""
    is_phased: bool = False
    timetable: PartTimeTimetable | None = None
    steps: Sequence[tuple[date, str]] = ()


@dataclass(frozen=True)
class Support:
    """Support as it was offered."""

    kind: str
    offered: str
    offered_on: date
    answer: str
    agreed_with: str = ""
    review_on: date | None = None


@transaction.atomic
def start_programme(pupil: Pupil, planned: Programme, *, by: User, at: datetime) -> ReintegrationProgramme:
    """
    Keep a programme for a pupil's return, and raise the task of its first review.

    :raises RecordRefused: the pupil has one already, or the review is before the start
    """
    if planned.review_on < planned.starts_on:
        raise RecordRefused("Review it after it starts", "review_on")
    try:
        with transaction.atomic():
            made = ReintegrationProgramme.objects.create(
                school_id=pupil.school_id,
                pupil=pupil,
                designated=planned.designated,
                starts_on=planned.starts_on,
                circumstances=planned.circumstances.strip(),
                support=planned.support.strip(),
                is_phased=planned.is_phased,
                timetable=planned.timetable,
                agreed_with=planned.agreed_with.strip(),
                review_on=planned.review_on,
                made_at=at,
                made_by=by,
            )
    except IntegrityError as error:
        if "reintegration_one_at_a_time" in str(error):
            raise RecordRefused("The pupil has a programme already: end it first") from error
        raise
    ReintegrationStep.objects.bulk_create(
        ReintegrationStep(school_id=pupil.school_id, programme=made, on=on, what=what.strip())
        for on, what in planned.steps
    )
    _plan_review(made, at=at)
    _log("reintegration.started", made, by=by, at=at)
    return made


@transaction.atomic
def add_step(programme: ReintegrationProgramme, *, on: date, what: str, by: User, at: datetime) -> None:
    """
    Add a step to a programme that has not ended.

    :raises RecordRefused: it has ended, or nothing says what is to be reached
    """
    held = _held(programme)
    if not what.strip():
        raise RecordRefused("Say what is to be reached", "what")
    ReintegrationStep.objects.create(
        school_id=held.school_id, programme=programme, on=on, what=what.strip()[:200]
    )
    _log("reintegration.changed", held, by=by, at=at)


@transaction.atomic
def finish_step(step: ReintegrationStep, *, by: User, at: datetime) -> None:
    """Say that a step was reached; said twice, the first stands."""
    ReintegrationStep.objects.filter(pk=step.pk, done_on__isnull=True).update(done_on=at.date(), done_by=by)


@transaction.atomic
def note_support(pupil: Pupil, support: Support, *, by: User, at: datetime) -> SupportNote:
    """
    Keep that support was offered, and raise the task of its review where it has one.

    :raises RecordRefused: nothing says what was offered, or it was offered after today
    """
    if not support.offered.strip():
        raise RecordRefused("Say what was offered", "offered")
    if support.offered_on > at.date():
        raise RecordRefused("The day of the offer cannot be after today", "offered_on")
    if support.review_on is not None and support.review_on <= support.offered_on:
        raise RecordRefused("Review it after it was offered", "review_on")
    made = SupportNote.objects.create(
        school_id=pupil.school_id,
        pupil=pupil,
        kind=support.kind,
        offered=support.offered.strip(),
        offered_on=support.offered_on,
        offered_by=by,
        answer=support.answer,
        agreed_with=support.agreed_with.strip(),
        review_on=support.review_on,
        recorded_at=at,
    )
    _plan_review(made, at=at)
    _log("support.noted", made, by=by, at=at)
    return made


@transaction.atomic
def review(record: Record, *, words: str, next_on: date | None, by: User, at: datetime) -> RecordReview:
    """
    Keep what a review found and when the next one is; its task is closed and the next one raised.

    :raises RecordRefused: nothing says what was found, the next is not later, or a programme has none
    """
    held = _held(record)
    words = words.strip()
    if not words:
        raise RecordRefused("Say what the review found", "words")
    if next_on is None and isinstance(held, ReintegrationProgramme):
        raise RecordRefused("Enter the day of the next review, or end the programme", "next_on")
    if next_on is not None and next_on <= at.date():
        raise RecordRefused("The next review is after today", "next_on")
    _close_reviews(held, outcome=f"Reviewed: {words}"[:500], by=by, at=at)
    made = RecordReview.objects.create(
        school_id=held.school_id,
        programme=held if isinstance(held, ReintegrationProgramme) else None,
        note=held if isinstance(held, SupportNote) else None,
        held_on=at.date(),
        by=by,
        words=words,
        next_on=next_on,
    )
    held.review_on = next_on
    held.save(update_fields=["review_on"])
    _plan_review(held, at=at)
    _log("record.reviewed", held, by=by, at=at)
    return made


@transaction.atomic
def end(record: Record, *, outcome: str, by: User, at: datetime) -> None:
    """
    End a programme or support with what came of it.

    :raises RecordRefused: nothing says what came of it, or it ended already
    """
    held = _held(record)
    outcome = outcome.strip()
    if not outcome:
        raise RecordRefused("Say what came of it", "outcome")
    _close_reviews(held, outcome=f"Ended: {outcome}"[:500], by=by, at=at)
    ended_on = at.date()
    if isinstance(held, ReintegrationProgramme):
        ended_on = max(ended_on, held.starts_on)
    held.ended_on, held.ended_by, held.outcome, held.review_on = ended_on, by, outcome, None
    held.save(update_fields=["ended_on", "ended_by", "outcome", "review_on"])
    _log("record.ended", held, by=by, at=at)


def _held(record: Record) -> Record:
    """
    Return the record as it stands, locked.

    :raises RecordRefused: it has ended
    """
    held: Record = (
        type(record)
        .objects.select_for_update(of=("self",))
        .select_related("school", "pupil__school")
        .get(pk=record.pk)
    )
    if held.ended_on is not None:
        raise RecordRefused("This has ended: nothing was changed.")
    return held


def _cause(record: Record) -> str:
    return f"{'reintegration' if isinstance(record, ReintegrationProgramme) else 'support'}:{record.pk}:"


def _plan_review(record: Record, *, at: datetime) -> None:
    if record.review_on is None:
        return
    what = "the return to school" if isinstance(record, ReintegrationProgramme) else "the support"
    raise_task(
        record.pupil,
        TaskKind.REVIEW,
        cause=f"{_cause(record)}{record.review_on}",
        what=f"Review {what} with the family on {day(record.review_on)}.",
        due_at=timezone.make_aware(datetime.combine(record.review_on, time(15, 0))),
        at=at,
    )


def _close_reviews(record: Record, *, outcome: str, by: User, at: datetime) -> None:
    for task in Task.objects.filter(
        pupil=record.pupil_id, kind=TaskKind.REVIEW, cause__startswith=_cause(record), closed_at=None
    ):
        try:
            close_task(task, outcome=outcome, by=by, at=at)
        except TaskClosedMeanwhile:
            continue  # somebody ticked it off themselves


def _log(kind: str, record: Record, *, by: User, at: datetime) -> None:
    events.record(kind, school=record.school, by=by, at=at, subject=record, data={"pupil": record.pupil_id})
