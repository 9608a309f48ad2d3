"""N, circumstances not yet established: how old each is, until when it is to be settled, and whom to call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection

from accounts.models import School
from registers.rules.flags import flag_label
from registers.services.marks import UNEXPLAINED_SCHOOL_DAYS

# Flags of pupils who come first: unexplained absence of theirs is told to their social or youth justice
# worker as well (Working together to improve school attendance, 2024).
COME_FIRST = (
    "child_protection",
    "child_in_need",
    "looked_after",
    "social_worker",
    "youth_offending",
    "young_carer",
)
HAVE_A_WORKER = frozenset(COME_FIRST) - {"young_carer"}
# Older marks than these calendar years back are history; the nightly change to O looks no further either.
YEARS_BACK = 2


@dataclass(frozen=True)
class FirstContact:
    """Whom to call first for a pupil."""

    name: str
    relationship: str
    phone: str


@dataclass(frozen=True)
class UnexplainedDay:
    """The unexplained sessions of one pupil on one day."""

    pupil_id: int
    surname: str
    forename: str
    class_id: int | None
    class_name: str
    on: date
    sessions: tuple[tuple[int, str, str], ...]  # id, half, who set the N ("system": the closing)
    age: int  # school days since, today included
    due_on: date | None  # the fifth school day; None: the calendar does not reach so far
    flags: tuple[str, ...]
    contact: FirstContact | None

    @property
    def key(self) -> str:
        """Return what the page's checkbox is called."""
        return f"{self.pupil_id}-{self.on.isoformat()}"

    @property
    def register_name(self) -> str:
        """Return the name as registers sort it."""
        return f"{self.surname}, {self.forename}"

    @property
    def full_name(self) -> str:
        """Return forename and surname."""
        return f"{self.forename} {self.surname}"

    @property
    def halves(self) -> str:
        """Return which halves of the day are unexplained: "AM and PM"."""
        return " and ".join(half for _, half, _ in self.sessions)

    @property
    def is_overdue(self) -> bool:
        """Say whether the five school days have passed: it becomes O tonight."""
        return self.age > UNEXPLAINED_SCHOOL_DAYS

    @property
    def is_due(self) -> bool:
        """Say whether today is the last day."""
        return self.age == UNEXPLAINED_SCHOOL_DAYS

    @property
    def comes_first(self) -> bool:
        """Say whether the pupil is flagged as vulnerable."""
        return bool(self.flags)

    @property
    def has_a_worker(self) -> bool:
        """Say whether somebody outside the school is to be told."""
        return any(flag in HAVE_A_WORKER for flag in self.flags)

    @property
    def flag_words(self) -> tuple[str, ...]:
        """Return the flags in words."""
        return tuple(flag_label(flag) for flag in self.flags)

    @property
    def was_set_at_closing(self) -> bool:
        """Say whether nobody gave these marks: the register closed without them."""
        return all(source == "system" for _, _, source in self.sessions)


# The days of the calendar after each N are numbered once, not counted for each mark.
UNEXPLAINED = """
WITH days AS (
    SELECT "on", row_number() OVER (ORDER BY "on") AS number FROM (
        SELECT DISTINCT "on" FROM registers_session
        WHERE school_id = %(school)s AND status = 'held' AND academic_year >= %(year)s
    ) AS held
), today AS (
    SELECT coalesce(max(number), 0) AS number FROM days WHERE "on" <= %(on)s
), found AS (
    SELECT m.pupil_id, s."on",
        array_agg(ARRAY[s.id::text, s.half, m.source] ORDER BY s.half) AS sessions
    FROM registers_mark AS m JOIN registers_session AS s ON s.id = m.session_id
    WHERE m.school_id = %(school)s AND m.code = 'N' AND m.academic_year >= %(year)s AND s."on" <= %(on)s
    GROUP BY m.pupil_id, s."on"
)
SELECT p.id, p.surname, p.forename, k.class_group_id, g.name, found."on", found.sessions,
    today.number - days.number, due."on", f.names, c.name, c.relationship, c.phone
FROM found
JOIN registers_pupil AS p ON p.id = found.pupil_id
JOIN days ON days."on" = found."on"
CROSS JOIN today
LEFT JOIN days AS due ON due.number = days.number + %(days)s
LEFT JOIN registers_classmembership AS k ON k.pupil_id = p.id
    AND k.starts_on <= found."on" AND (k.ends_on IS NULL OR k.ends_on >= found."on")
LEFT JOIN registers_classgroup AS g ON g.id = k.class_group_id
LEFT JOIN LATERAL (
    SELECT array_agg(flag.name ORDER BY flag.name) AS names FROM registers_pupilflag AS flag
    WHERE flag.pupil_id = p.id AND flag.name = ANY (%(flags)s)
        AND flag.starts_on <= %(on)s AND (flag.ends_on IS NULL OR flag.ends_on >= %(on)s)
) AS f ON true
LEFT JOIN LATERAL (
    SELECT person.name, of_pupil.relationship,
        coalesce(nullif(person.phone, ''), nullif(person.home_phone, ''), person.work_phone) AS phone
    FROM registers_pupilcontact AS of_pupil
    JOIN registers_contact AS person ON person.id = of_pupil.contact_id
    WHERE of_pupil.pupil_id = p.id AND NOT of_pupil.court_order_restricts
    ORDER BY (person.phone || person.home_phone || person.work_phone = ''), of_pupil.priority, of_pupil.id
    LIMIT 1
) AS c ON true
ORDER BY (f.names IS NULL), found."on", p.surname, p.forename, p.id
"""


def unexplained_days(school: School, *, on: date) -> list[UnexplainedDay]:
    """
    Return every N of the school by pupil and day: vulnerable pupils first, then the oldest. One statement.

    A contact whom a court order restricts is not offered.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            UNEXPLAINED,
            {
                "school": school.pk,
                "on": on,
                "year": on.year - YEARS_BACK,
                "days": UNEXPLAINED_SCHOOL_DAYS,
                "flags": list(COME_FIRST),
            },
        )
        rows = cursor.fetchall()
    return [
        UnexplainedDay(
            pupil_id=row[0],
            surname=row[1],
            forename=row[2],
            class_id=row[3],
            class_name=row[4] or "",
            on=row[5],
            sessions=tuple((int(pk), half, source) for pk, half, source in row[6]),
            age=row[7],
            due_on=row[8],
            flags=tuple(row[9] or ()),
            contact=FirstContact(row[10], row[11], row[12]) if row[10] is not None else None,
        )
        for row in rows
    ]


COUNTS = """
WITH last AS (
    SELECT min("on") AS first_of_five FROM (
        SELECT DISTINCT "on" FROM registers_session
        WHERE school_id = %(school)s AND status = 'held' AND "on" <= %(on)s
        ORDER BY "on" DESC LIMIT %(days)s + 1
    ) AS days
)
SELECT count(*), count(*) FILTER (WHERE s."on" < last.first_of_five)
FROM registers_mark AS m JOIN registers_session AS s ON s.id = m.session_id, last
WHERE m.school_id = %(school)s AND m.code = 'N' AND m.academic_year >= %(year)s AND s."on" <= %(on)s
"""


@dataclass(frozen=True)
class UnexplainedCounts:
    """How many sessions of the school are N, and how many of them for more than five school days."""

    standing: int
    overdue: int


def unexplained_counts(school: School, *, on: date) -> UnexplainedCounts:
    """Return how many sessions are N on a day, and how many of them become O that night. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            COUNTS,
            {"school": school.pk, "on": on, "year": on.year - YEARS_BACK, "days": UNEXPLAINED_SCHOOL_DAYS},
        )
        return UnexplainedCounts(*cursor.fetchone())


def sessions_in(days: Sequence[UnexplainedDay]) -> int:
    """Return how many sessions these days hold."""
    return sum(len(day.sessions) for day in days)
