"""Registers of a few pupils, written in bulk."""

from collections.abc import Iterable
from datetime import date
from itertools import cycle

from accounts.models import User
from registers.models import ClassGroup, Mark, Pupil, Session
from tests.factories.registers import pupil_in_class

BORN = {"R": date(2021, 3, 1), "1": date(2020, 3, 1), "5": date(2016, 3, 1), "11": date(2010, 3, 1)}


def write_marks(pupil: Pupil, sessions: Iterable[Session], codes: str, *, by: User) -> None:
    """Mark the pupil in each session with the codes in turn ("/" is present in both halves)."""
    rows = []
    for session, code in zip(sessions, cycle(codes), strict=False):
        written = "\\" if code == "/" and session.half == "PM" else code
        rows.append(
            Mark(
                academic_year=session.academic_year,
                pupil=pupil,
                session=session,
                school_id=pupil.school_id,
                code_id=written,
                nature="museum" if code in "VPWBK" else "",
                recorded_at=session.opens_at,
                recorded_by=by,
                source="register",
            )
        )
    Mark._base_manager.bulk_create(rows)


def pupil_with_marks(
    class_group: ClassGroup, sessions: Iterable[Session], codes: str, *, by: User, year_group: str = "5"
) -> Pupil:
    """Make a pupil of this year group with marks, the codes in turn."""
    pupil = pupil_in_class(class_group, year_group=year_group, date_of_birth=BORN[year_group])
    write_marks(pupil, sessions, codes, by=by)
    return pupil
