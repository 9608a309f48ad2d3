"""A school with a policy, the calendar of 2025/26 and pupils whose marks are known, for tests of the desk."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from hashlib import sha256
from typing import Any

from accounts.models import Role, School, User
from escalation.models import PolicyVersion, Step
from escalation.rules.loading import shipped_text
from registers.models import ClassGroup, Contact, Pupil, Session
from registers.rules.codes import ABSENT, CODE_BY_SYMBOL
from registers.services.calendar import Period, set_calendar
from registers.services.marks import MarkRow, load_marks
from tests.cast import person
from tests.factories.accounts import SchoolFactory, UserFactory
from tests.factories.escalation import PolicyVersionFactory, StepFactory
from tests.factories.registers import (
    ClassGroupFactory,
    ContactFactory,
    DayTimesFactory,
    PupilContactFactory,
    london,
    pupil_in_class,
)

# 190 school days, as in a full year of a primary school.
YEAR_2025 = (
    Period("half_term", "Autumn 1", date(2025, 9, 3), date(2025, 10, 24)),
    Period("half_term", "Autumn 2", date(2025, 11, 3), date(2025, 12, 19)),
    Period("half_term", "Spring 1", date(2026, 1, 5), date(2026, 2, 13)),
    Period("half_term", "Spring 2", date(2026, 2, 23), date(2026, 3, 27)),
    Period("half_term", "Summer 1", date(2026, 4, 13), date(2026, 5, 22)),
    Period("half_term", "Summer 2", date(2026, 6, 1), date(2026, 7, 15)),
    Period("closure", "May Day", date(2026, 5, 4), date(2026, 5, 4)),
)
BEFORE = london(date(2025, 8, 1), time(9, 0))
PRESENT = {"AM": "/", "PM": "\\"}

# Codes by (day, half); a day alone means both halves.
Away = Mapping[str, Collection[date | tuple[date, str]]]


def days(*texts: str) -> list[date]:
    """Return ISO days of 2025 and 2026, written as "09-15" or "2026-01-08"."""
    return [date.fromisoformat(text if len(text) > 5 else f"2025-{text}") for text in texts]


# The desk of most tests: judged on a Tuesday evening after five days of illness, seen the next morning.
JUDGED_ON = date(2025, 10, 7)
TODAY = date(2025, 10, 8)
FIVE_DAYS = {"I": days("09-15", "09-16", "09-17", "09-18", "10-06")}


@dataclass
class Scene:
    """One school on stage."""

    school: School
    version: PolicyVersion
    champion: User
    head: User
    oak: ClassGroup
    clerk: User = field(default_factory=lambda: UserFactory(name="Clara Clerk"))

    def sessions(self, *, up_to: date) -> list[Session]:
        """Return the sessions held from September 2025 up to a day."""
        return list(
            Session.objects.filter(school=self.school, status="held", on__lte=up_to).order_by("number")
        )

    def pupil(
        self,
        surname: str = "Ashdown",
        forename: str = "Robin",
        *,
        class_group: ClassGroup | None = None,
        year_group: str = "5",
        has_family: bool = True,
        **details: Any,
    ) -> Pupil:
        """Make a pupil on roll since September, with a parent who receives letters."""
        made = pupil_in_class(
            class_group or self.oak,
            surname=surname,
            forename=forename,
            year_group=year_group,
            **details,
        )
        if has_family:
            contact: Contact = ContactFactory(school=self.school, name=f"Pat {surname}")
            PupilContactFactory(pupil=made, contact=contact)
        return made

    def mark(self, pupils: Pupil | Sequence[Pupil], away: Away, *, up_to: date) -> None:
        """Record every session of the pupils up to a day: present, but for the codes of `away`."""
        coded: dict[tuple[date, str], str] = {}
        for code, places in away.items():
            for place in places:
                for on, half in [place] if isinstance(place, tuple) else [(place, "AM"), (place, "PM")]:
                    coded[on, half] = code
        sessions = self.sessions(up_to=up_to)
        load_marks(
            self.school,
            [
                MarkRow(
                    pupil.pk,
                    session.pk,
                    session.academic_year,
                    coded.get((session.on, session.half), PRESENT[session.half]),
                )
                for pupil in ([pupils] if isinstance(pupils, Pupil) else pupils)
                for session in sessions
            ],
            by=self.clerk,
            at=london(up_to, time(16, 0)),
        )

    def step(self, pupil: Pupil, *, judged_on: date, codes: Collection[str] = (), **details: Any) -> Step:
        """Make a step on the ladder as the sweep of that day would, caused by all absences or by `codes`."""
        rows = list(
            pupil.marks.filter(session__on__lte=judged_on)
            .order_by("session__number")
            .values_list("session_id", "code_id")
        )
        wanted = set(codes) or {
            symbol for symbol, rule in CODE_BY_SYMBOL.items() if rule.statistical_class in ABSENT
        }
        caused = [session_id for session_id, code in rows if code in wanted]
        possible = sum(CODE_BY_SYMBOL[code].statistical_class != "NP" for _, code in rows)
        absent = sum(CODE_BY_SYMBOL[code].statistical_class in ABSENT for _, code in rows)
        figures = {"attended": possible - absent, "absent": absent, "possible": possible}
        unsettled = sum(code == "N" for session_id, code in rows if session_id in set(caused))
        values = {
            "policy_version": self.version,
            "why": f"{absent / 2:g} days of absence this academic year ({absent} of {possible} sessions)",
            "figures": figures,
            "session_ids": caused,
            "unresolved_n": unsettled,
            "proposed_at": london(judged_on, time(19, 0)),
        }
        made: Step = StepFactory(pupil=pupil, judged_on=judged_on, **(values | details))
        return made


def open_school(key: str = "werrington", *, text: str | None = None, **details: Any) -> Scene:
    """Make a school with its times, the calendar of 2025/26, its policy, a champion, a head and one class."""
    school: School = SchoolFactory(key=key, **{"name": f"{key.replace('_', ' ').title()} School"} | details)
    for half in ("AM", "PM"):
        DayTimesFactory(school=school, half=half, day_ends_at=time(15, 5))
    text = text or shipped_text(key)
    version: PolicyVersion = PolicyVersionFactory(
        school=school, text=text, sha256=sha256(text.encode()).hexdigest()
    )
    champion = person(school, Role.CHAMPION, name="Charlie Champion", title="Senior Attendance Champion")
    set_calendar(school, YEAR_2025, by=champion, at=BEFORE)
    return Scene(
        school=school,
        version=version,
        champion=champion,
        head=person(school, Role.HEAD, name="Hilary Head", title="Headteacher"),
        oak=ClassGroupFactory(school=school, name="Oak"),
    )


def evening(on: date) -> datetime:
    """Return the moment at which the sweep of a day begins."""
    return london(on, time(19, 0))


def morning(on: date) -> datetime:
    """Return a moment at which the champion sits at the desk."""
    return london(on, time(9, 30))
