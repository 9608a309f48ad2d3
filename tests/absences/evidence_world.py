"""A school under one of the five policies, and a pupil whose illness somebody doubts."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from django.db import connection

from absences.models import UnauthorisingNotice
from absences.rules.terms import Terms
from absences.services.terms import text_of
from accounts.models import School, User
from escalation.rules.loading import load_policy, shipped_text
from escalation.services.policies import terms_of
from registers.models import ClassGroup, Mark, Pupil, Session
from registers.services.marks import attribution
from tests.factories.absences import SchoolTermsFactory
from tests.factories.absences_evidence import UnauthorisingNoticeFactory
from tests.factories.registers import ClassGroupFactory, held_sessions, london, pupil_in_class

SCHOOLS = ("leedon", "lunts_heath", "strathmore", "welbourn", "werrington")


@lru_cache(maxsize=8)
def shipped(key: str) -> Terms:
    """Return the terms of one of the five policies as shipped."""
    return terms_of(load_policy(shipped_text(key), name=key))


def under(school: School, key: str, *, since: date = date(2024, 8, 1)) -> None:
    """Put the terms of one of the five policies in force at a school."""
    SchoolTermsFactory(school=school, in_force_from=since, data=text_of(shipped(key)))


def class_of(school: School, *, year: int = 2024) -> ClassGroup:
    """Make a class of an academic year."""
    made: ClassGroup = ClassGroupFactory(school=school, academic_year=year)
    return made


def pupil_of(group: ClassGroup) -> Pupil:
    """Make a pupil of the class since its year began."""
    return pupil_in_class(group, starts_on=date(group.academic_year, 9, 1))


def days(first: date, last: date, school: School) -> dict[tuple[date, str], Session]:
    """Make both sessions of every weekday, by day and half."""
    return {(one.on, one.half): one for one in held_sessions(school, first, last, half_term="Autumn 2")}


def ill(pupil: Pupil, sessions: Iterable[Session], *, by: User, code: str = "I") -> None:
    """Record an illness (or another code) in these sessions, while each register is open."""
    for session in sessions:
        with attribution(by=by, at=session.opens_at):
            Mark._base_manager.create(
                academic_year=session.academic_year,
                pupil=pupil,
                session=session,
                school_id=pupil.school_id,
                code_id=code,
                recorded_at=session.opens_at,
                recorded_by=by,
                source="register",
            )


def code_of(pupil: Pupil, session: Session) -> str:
    """Return the mark that stands, empty without one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code FROM registers_mark WHERE pupil_id = %s AND session_id = %s",
            [pupil.pk, session.pk],
        )
        row = cursor.fetchone()
    return row[0] if row else ""


def after(session: Session) -> datetime:
    """Return an hour after the session's register closed."""
    return session.closes_at + timedelta(hours=1)


def told_of(
    pupil: Pupil,
    first: date,
    last: date,
    *,
    at: datetime | None = None,
    first_half: str = "AM",
    last_half: str = "PM",
) -> UnauthorisingNotice:
    """Log that the parent was told of these sessions."""
    moment = at or london(last, time(16, 0))
    made: UnauthorisingNotice = UnauthorisingNoticeFactory(
        pupil=pupil,
        first_day=first,
        last_day=last,
        first_half=first_half,
        last_half=last_half,
        told_at=moment,
        recorded_at=moment,
    )
    return made
