"""An amendment as the office makes it, with its batch in the school's history."""

from datetime import date, time

from django_scopes import scope

from accounts.models import User
from registers.models import EntryBatch, Pupil, Session
from registers.services.mark_sets import WantedMark, set_marks
from tests.factories.accounts import UserFactory
from tests.factories.registers import SessionFactory, london


def amendment_of(pupil: Pupil, *, on: date = date(2025, 9, 8), amended_again: bool = False) -> EntryBatch:
    """
    Record the pupil as N in an afternoon, amend that with a note from home, and return the amendment's batch.

    Amended again, nothing of it is left to undo.
    """
    author: User = UserFactory(name="Office Person")
    session: Session = SessionFactory(school=pupil.school, on=on, half="PM")
    told = [("N", session.opens_at, ""), ("I", london(on, time(16, 0)), "Note from home")]
    if amended_again:
        told.append(("M", london(on, time(16, 30)), "Appointment card seen"))
    with scope(school=pupil.school):
        for code, at, reason in told:
            marks = [WantedMark(pupil.pk, session.pk, code)]
            set_marks(pupil.school, marks, by=author, at=at, reason=reason, position="Office staff")
        batch: EntryBatch = EntryBatch.objects.get(reason="Note from home")
    return batch
