"""A school of the five with its terms, a week of sessions, pupils, and what parents tell of them."""

from dataclasses import replace
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any
from uuid import uuid4

from absences.models import Report
from absences.rules.terms import Terms
from absences.services import reports
from absences.services.reports import Told
from absences.services.terms import text_of
from accounts.models import School, User
from escalation.rules.loading import load_policy, shipped_text
from escalation.services.policies import terms_of
from registers.models import Contact, Mark, Pupil, Session
from registers.services import closing
from registers.services.mark_sets import WantedMark, set_marks
from registers.services.marks import MarkRow, load_marks
from tests.factories.absences import SchoolTermsFactory
from tests.factories.registers import london

# A week of November 2025; the days before it and after it have school too.
MONDAY, TUESDAY, WEDNESDAY = date(2025, 11, 10), date(2025, 11, 11), date(2025, 11, 12)
THURSDAY, FRIDAY = date(2025, 11, 13), date(2025, 11, 14)
NEXT_MONDAY = date(2025, 11, 17)


@lru_cache(maxsize=8)
def shipped_terms(key: str) -> Terms:
    """Return the terms of one of the five policies."""
    return terms_of(load_policy(shipped_text(key), name=key))


def give_terms(school: School, key: str = "werrington") -> Terms:
    """Put the terms of one of the five policies in force at a school."""
    terms = shipped_terms(key)
    SchoolTermsFactory(school=school, data=text_of(terms))
    return terms


def at(on: date, clock: str) -> datetime:
    """Return the moment at which a clock in the school shows "8:20"."""
    hour, minute = clock.split(":")
    return london(on, time(int(hour), int(minute)))


def told(
    on: date = TUESDAY,
    *,
    last: date | None = None,
    clock: str = "8:20",
    told_on: date | None = None,
    **values: Any,
) -> Told:
    """Return what a parent tells online on the first day: an illness of that day."""
    usual = Told(
        first_day=on,
        last_day=last or on,
        reason="illness",
        channel="online",
        received_at=at(told_on or on, clock),
    )
    return replace(usual, **values)


def send(pupil: Pupil, said: Told, *, by: User, contact: Contact | None = None) -> Report:
    """Take in one report at the moment it was told."""
    if contact is not None:
        said = replace(said, contact=contact)
    (report,) = reports.submit(
        pupil.school,
        [pupil],
        said,
        submission=uuid4(),
        by=by,
        at=said.received_at,
        on=said.received_at.date(),
    )
    return report


def mark(pupil: Pupil, session: Session, code: str, *, by: User, when: datetime | None = None) -> None:
    """Take the register of one pupil, or change the mark that stands."""
    when = when or session.opens_at
    if Mark.objects.filter(academic_year=session.academic_year, pupil=pupil, session=session).exists():
        set_marks(
            pupil.school,
            [WantedMark(pupil.pk, session.pk, code)],
            by=by,
            at=when,
            reason="a change",
            source="register",
        )
        return
    load_marks(
        pupil.school,
        [MarkRow(pupil.pk, session.pk, session.academic_year, code)],
        by=by,
        at=when,
        source="register",
    )


def close(session: Session, *, by: User, when: datetime | None = None) -> None:
    """Let a register close, one minute after its time."""
    closing.close_session(session.school, session, by=by, at=when or session.closes_at)


def codes(pupil: Pupil) -> dict[str, str]:
    """Return the marks of a pupil by session: {"Tue AM": "I"}."""
    return {
        f"{found.session.on:%a} {found.session.half}": found.code_id
        for found in Mark.objects.filter(pupil=pupil).select_related("session").order_by("session__number")
    }
