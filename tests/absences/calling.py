"""A school under one of the five policies, with two weeks of sessions and pupils who may be missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from django_scopes import scope

from absences.call_rows import CallList, ListedPupil
from absences.selectors.calls import call_list
from absences.selectors.terms import terms_on
from absences.services.terms import text_of
from accounts.models import School, User
from escalation.rules.loading import load_policy, shipped_text
from escalation.services.policies import terms_of
from registers.models import ClassGroup, Contact, Pupil, Session
from tests.factories.absences import SchoolTermsFactory
from tests.factories.registers import (
    ContactFactory,
    PupilContactFactory,
    held_sessions,
    london,
    pupil_in_class,
)
from tests.registers.taking import mark

TUESDAY = date(2025, 11, 11)
FIRST_DAY, LAST_DAY = date(2025, 11, 3), date(2025, 11, 21)
# When the five schools' morning registers close (WER, STR-01, LUN-01, WEL-01, LEE-01).
CLOSES = {
    "werrington": time(9, 20),
    "strathmore": time(9, 15),
    "lunts_heath": time(8, 55),
    "welbourn": time(9, 15),
    "leedon": time(9, 0),
}


@dataclass
class Calls:
    """The school, its sessions, and what a call list of it says."""

    school: School
    class_group: ClassGroup
    sessions: Sequence[Session]
    by: User

    def session(self, on: date = TUESDAY, half: str = "AM") -> Session:
        """Return one session."""
        return next(one for one in self.sessions if (one.on, one.half) == (on, half))

    def pupil(self, surname: str = "Ashdown", **values: object) -> Pupil:
        """Return a pupil of the class, of whom nothing is said yet."""
        return pupil_in_class(self.class_group, surname=surname, **values)

    def missing(self, surname: str = "Ashdown", *days: date, code: str = "N", **values: object) -> Pupil:
        """Return a pupil who is N in the mornings of these days, of Tuesday when none is named."""
        pupil = self.pupil(surname, **values)
        for day in days or (TUESDAY,):
            mark(self.session(day), pupil, code, by=self.by)
        return pupil

    def contact(
        self, pupil: Pupil, name: str = "Jo Ashdown", *, priority: int = 1, **values: object
    ) -> Contact:
        """Return a grown-up of a pupil."""
        link = {key: values.pop(key) for key in tuple(values) if key in LINK}
        values.setdefault("phone", f"01733 555 01{priority:02}")
        contact: Contact = ContactFactory(school=self.school, name=name, **values)
        PupilContactFactory(pupil=pupil, contact=contact, priority=priority, **link)
        return contact

    def listed(self, at: time | datetime = time(10, 0), on: date = TUESDAY) -> CallList:
        """Return the call list as it stands."""
        moment = at if isinstance(at, datetime) else london(on, at)
        with scope(school=self.school):
            return call_list(
                self.school,
                on=on,
                at=moment,
                terms=terms_on(self.school, on),
                sessions=[one for one in self.sessions if one.on == on],
            )

    def names(self, at: time | datetime = time(10, 0), on: date = TUESDAY) -> list[str]:
        """Return the surnames of those to call, in order."""
        return [pupil.surname for pupil in self.listed(at, on).to_call]

    def one(self, at: time | datetime = time(10, 0), on: date = TUESDAY) -> ListedPupil:
        """Return the only pupil to call."""
        (found,) = self.listed(at, on).to_call
        return found


LINK = {
    "relationship",
    "court_order_restricts",
    "court_order_type",
    "court_order_until",
    "parental_responsibility",
}


def make_calls(school: School, class_group: ClassGroup, by: User, *, policy: str = "werrington") -> Calls:
    """Put a school under a shipped policy, with that school's morning and three weeks of November 2025."""
    SchoolTermsFactory(school=school, data=text_of(terms_of(load_policy(shipped_text(policy), name=policy))))
    sessions = held_sessions(school, FIRST_DAY, LAST_DAY, half_term="Autumn 2")
    closes = CLOSES[policy]
    for session in sessions:
        if session.half == "AM":
            session.closes_at = london(session.on, closes)
            session.opens_at = session.late_after_at = london(session.on, time(8, 40))
            session.save(update_fields=["opens_at", "late_after_at", "closes_at"])
    return Calls(school, class_group, sessions, by)
