"""Registers that were marked on paper, entered by the office."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts import events
from accounts.errors import DomainError
from accounts.models import User
from registers.models import ClassGroup, PaperRegister, Pupil, Register, Session
from registers.services.marks import MarkInput, Saved, is_closed, save_marks
from registers.words import clock, day


class WrongPaperTime(DomainError):
    """The sheet cannot have been marked at that moment."""


@transaction.atomic
def enter_paper(
    class_group: ClassGroup,
    session: Session,
    *,
    marks: Sequence[MarkInput],
    pupils: Mapping[int, Pupil],
    with_timetable: frozenset[int],
    marked_by_name: str,
    marked_at: datetime,
    by: User,
    at: datetime,
    position: str = "",
) -> Saved:
    """
    Save the marks of a sheet, with who marked it and when.

    A sheet marked while the register was open counts as done then: the history has that moment, and the one
    of the entry beside it. One marked after the close is a change of now. Either way the history says so in
    words, so nobody has to give a reason.

    :raises WrongPaperTime: the moment is before the register opened, of another day, or still to come
    :raises MarksRefused, MarksChangedMeanwhile: as `save_marks`
    :raises DomainError: nobody is named, or the sheet has no mark
    """
    name = marked_by_name.strip()
    if not name:
        raise DomainError("Enter who marked the register on paper.")
    if not marks:
        raise DomainError("Enter at least one mark of the sheet.")
    if marked_at > at:
        raise WrongPaperTime("The sheet cannot have been marked later than now.")
    if marked_at < session.opens_at or timezone.localtime(marked_at).date() != session.on:
        raise WrongPaperTime(f"The register opened at {clock(session.opens_at)}: enter when it was marked.")
    entered = clock(at)
    if timezone.localtime(at).date() != session.on:
        entered = f"{day(timezone.localtime(at).date())}, {entered}"
    saved = save_marks(
        class_group,
        session,
        marks=marks,
        pupils=pupils,
        with_timetable=with_timetable,
        by=by,
        at=at if is_closed(session, at=marked_at) else marked_at,
        reason=f"From paper, marked by {name} at {clock(marked_at)}, entered {entered}",
        position=position,
    )
    # The register was saved now, whatever moment its marks are of.
    Register.objects.filter(class_group=class_group, session=session).update(saved_at=at)
    row = PaperRegister(
        school=class_group.school,
        class_group=class_group,
        session=session,
        marked_by_name=name,
        marked_at=marked_at,
        entered_by=by,
        entered_at=at,
        marks_count=saved.recorded + saved.changed + saved.cleared,
    )
    row.full_clean()
    row.save(force_insert=True)
    events.record(
        "paper.entered", school=class_group.school, by=by, at=at, subject=row, data={"marks": row.marks_count}
    )
    return saved
