"""One pupil's marks over time: every session of a year with its mark, and what was amended since."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby

from django.db import connection

from accounts.models import School, User
from registers.models import EntryBatch, Pupil
from registers.rules.calendar import academic_year_of
from registers.rules.figures import Figures, figures_of


@dataclass(frozen=True)
class SessionMark:
    """One session of the calendar for one pupil, with what stands there; code "" when no mark does."""

    session_id: int
    on: date
    half: str
    half_term: str
    status: str  # held, closed or cancelled
    opens_at: datetime
    late_after_at: datetime
    closes_at: datetime
    is_on_roll: bool
    has_timetable: bool  # a part-time timetable excuses the pupil from the session
    code: str
    arrived_at: time | None
    nature: str
    is_amended: bool  # changed after its register closed

    @property
    def is_held(self) -> bool:
        """Say whether the school was open."""
        return self.status == "held"

    @property
    def monday(self) -> date:
        """Return the Monday of the session's week."""
        return self.on - timedelta(days=self.on.weekday())


SESSIONS_OF_YEAR = """
SELECT s.id, s."on", s.half, s.half_term, s.status, s.opens_at, s.late_after_at, s.closes_at,
    EXISTS (
        SELECT FROM registers_enrolment AS e
        WHERE e.pupil_id = %(pupil)s AND e.starts_on <= s."on"
            AND (e.leaving_on IS NULL OR e.leaving_on >= s."on")
    ),
    EXISTS (
        SELECT FROM registers_parttimetimetable AS t
        JOIN registers_timetableabsence AS a ON a.timetable_id = t.id
        WHERE t.pupil_id = %(pupil)s AND s."on" BETWEEN t.first_day AND t.last_day
            AND a.weekday = extract(isodow FROM s."on")::int - 1 AND a.half = s.half
    ),
    coalesce(m.code, ''), m.arrived_at, coalesce(m.nature, ''), coalesce(changed.is_amended, false)
FROM registers_session AS s
LEFT JOIN registers_mark AS m
    ON m.academic_year = s.academic_year AND m.pupil_id = %(pupil)s AND m.session_id = s.id
LEFT JOIN (
    SELECT e.session_id, bool_or(b.at > c.closes_at AND e.old_code IS NOT NULL) AS is_amended
    FROM registers_markentry AS e
    JOIN registers_entrybatch AS b ON b.id = e.batch_id
    JOIN registers_session AS c ON c.id = e.session_id
    WHERE e.academic_year = %(year)s AND e.pupil_id = %(pupil)s
    GROUP BY e.session_id
) AS changed ON changed.session_id = s.id
WHERE s.school_id = %(school)s AND s.academic_year = %(year)s
ORDER BY s."on", s.half
"""


def sessions_of_year(pupil: Pupil, *, academic_year: int) -> list[SessionMark]:
    """Return every session of the school's year, closed ones too, with the pupil's mark. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            SESSIONS_OF_YEAR,
            {"school": pupil.school_id, "pupil": pupil.pk, "year": academic_year},
        )
        return [SessionMark(*row) for row in cursor.fetchall()]


def figures_of_sessions(sessions: Iterable[SessionMark]) -> Figures:
    """Return the figures that these sessions' marks make, as `selectors.figures` counts the same period."""
    return figures_of(Counter(one.code for one in sessions if one.code))


@dataclass(frozen=True)
class PupilFacts:
    """What stands beside a pupil's name on a day."""

    class_name: str
    class_id: int | None
    year_group: str
    flags: tuple[str, ...]
    siblings: tuple[tuple[int, str], ...]  # id and full name of pupils who share a contact
    academic_years: tuple[int, ...]  # in which the pupil was on roll, newest first

    @property
    def year_group_words(self) -> str:
        """Return the year group as people say it: Nursery, Reception, Year 5; "" in no class."""
        return {"": "", "N": "Nursery", "R": "Reception"}.get(self.year_group, f"Year {self.year_group}")


FACTS = """
SELECT
    (
        SELECT jsonb_build_array(g.name, g.id, m.year_group)
        FROM registers_classmembership AS m JOIN registers_classgroup AS g ON g.id = m.class_group_id
        WHERE m.pupil_id = %(pupil)s AND m.starts_on <= %(on)s AND (m.ends_on IS NULL OR m.ends_on >= %(on)s)
        ORDER BY m.starts_on DESC LIMIT 1
    ),
    (
        SELECT coalesce(array_agg(f.name ORDER BY f.name), '{}') FROM registers_pupilflag AS f
        WHERE f.pupil_id = %(pupil)s AND f.starts_on <= %(on)s AND (f.ends_on IS NULL OR f.ends_on >= %(on)s)
    ),
    (
        SELECT coalesce(jsonb_agg(jsonb_build_array(p.id, p.forename || ' ' || p.surname)
            ORDER BY p.surname, p.forename, p.id), '[]')
        FROM registers_pupil AS p
        WHERE p.school_id = %(school)s AND p.id <> %(pupil)s AND EXISTS (
            SELECT FROM registers_pupilcontact AS mine
            JOIN registers_pupilcontact AS theirs ON theirs.contact_id = mine.contact_id
            WHERE mine.pupil_id = %(pupil)s AND theirs.pupil_id = p.id
        )
    ),
    (
        SELECT coalesce(array_agg(DISTINCT s.academic_year ORDER BY s.academic_year DESC), '{}')
        FROM registers_enrolment AS e
        JOIN registers_session AS s ON s.school_id = e.school_id AND s.half = 'AM'
            AND s."on" BETWEEN e.starts_on AND least(coalesce(e.leaving_on, %(on)s), %(on)s)
        WHERE e.pupil_id = %(pupil)s
    )
"""


def pupil_facts(pupil: Pupil, *, on: date) -> PupilFacts:
    """Return class, flags, siblings and years of a pupil as they are on a day. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(FACTS, {"pupil": pupil.pk, "school": pupil.school_id, "on": on})
        row = cursor.fetchone()
    assert row is not None  # noqa: S101 - a SELECT without FROM has one row
    in_class, flags, siblings, years = row
    # Django leaves JSON of its own statements as text.
    name, class_id, year_group = json.loads(in_class) if in_class else ("", None, "")
    return PupilFacts(
        class_name=name,
        class_id=class_id,
        year_group=year_group,
        flags=tuple(flags),
        siblings=tuple((sibling_id, sibling_name) for sibling_id, sibling_name in json.loads(siblings)),
        academic_years=tuple(years),
    )


@dataclass(frozen=True)
class EntryLine:
    """One mark that an amendment changed. An empty code: no mark."""

    on: date
    half: str
    session_id: int
    old_code: str
    new_code: str


@dataclass(frozen=True)
class Amendment:
    """One act of one person: the changes of a pupil's marks with one reason, first session first."""

    batch_id: int
    by_name: str
    by_position: str
    by_email: str
    at: datetime
    reason: str
    marks_of_all: int  # how many marks the act changed, other pupils' included
    lines: tuple[EntryLine, ...]


# Corrections while the register was open are in the history of each mark, not here.
AMENDMENTS = """
SELECT b.id, b.number, b.by_name, b.by_position, u.email, b.at, b.written_at, b.reason, b.entries_count,
    s."on", s.half, s.id, coalesce(e.old_code, ''), coalesce(e.new_code, '')
FROM registers_markentry AS e
JOIN registers_entrybatch AS b ON b.id = e.batch_id
JOIN registers_session AS s ON s.id = e.session_id
JOIN accounts_user AS u ON u.id = b.by_id
WHERE e.academic_year = %(year)s AND e.pupil_id = %(pupil)s
    AND (b.reason <> '' OR e.old_code IS NOT NULL AND b.at > s.closes_at)
ORDER BY b.number, s."on", s.half
"""
# The database keeps first marks, changes and clearings of one act as batches that follow each other at once.
ONE_ACT = timedelta(seconds=1)


def amendments_of(pupil: Pupil, *, academic_year: int) -> list[Amendment]:
    """Return what was amended of a pupil's marks in a year, the newest act first. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(AMENDMENTS, {"pupil": pupil.pk, "year": academic_year})
        rows = cursor.fetchall()
    acts: list[Amendment] = []
    last: tuple[int, datetime, tuple[object, ...], int] | None = None
    for (batch_id, number), found in groupby(rows, key=lambda row: (row[0], row[1])):
        group = list(found)
        by_name, by_position, email, at, written_at, reason, entries_count = group[0][2:9]
        lines = tuple(EntryLine(*row[9:]) for row in group)
        kind = kind_of(lines[0].old_code, lines[0].new_code)
        who = (at, by_name, by_position, reason)
        if (
            last is not None
            and last[0] == number - 1
            and written_at - last[1] < ONE_ACT
            and last[2] == who
            and last[3] < kind
        ):
            before = acts.pop()
            lines = tuple(sorted((*before.lines, *lines), key=lambda line: (line.on, line.half)))
            entries_count += before.marks_of_all
            batch_id = before.batch_id
        acts.append(Amendment(batch_id, by_name, by_position, email, at, reason, entries_count, lines))
        last = (number, written_at, who, kind)
    return acts[::-1]


def kind_of(old_code: str | None, new_code: str | None) -> int:
    """Return the place of a change among the statements of one act: changes, first marks, clearings."""
    if not old_code:
        return 1
    return 0 if new_code else 2


@dataclass(frozen=True)
class MarkRun:
    """Sessions of an amendment that changed alike, for a sentence."""

    old_code: str
    new_code: str
    lines: tuple[EntryLine, ...]


def runs_of(lines: Sequence[EntryLine]) -> list[MarkRun]:
    """Return an amendment's changes gathered by what they changed, in order of the first session of each."""
    gathered: dict[tuple[str, str], list[EntryLine]] = {}
    for line in lines:
        old, new = (stroke_alike(line.old_code), stroke_alike(line.new_code))
        gathered.setdefault((old, new), []).append(line)
    return [MarkRun(old, new, tuple(found)) for (old, new), found in gathered.items()]


def stroke_alike(code: str) -> str:
    """Return / for both strokes: to a person morning and afternoon present are one code."""
    return "/" if code == "\\" else code


def current_year(years: Sequence[int], *, on: date) -> int:
    """Return the newest year of a pupil, or that of the day when there is none."""
    return years[0] if years else academic_year_of(on)


def latest_act(school: School, *, by: User, at: datetime) -> int:
    """
    Return the last batch of what a person did at a moment, for a link that undoes it. One statement.

    :raises EntryBatch.DoesNotExist: the person changed nothing then
    """
    batches = EntryBatch.objects.filter(school=school, by=by, at=at).order_by("-number")
    return batches.values_list("pk", flat=True)[0:1].get()


def names_of(pupil_ids: Collection[int]) -> dict[int, str]:
    """Return the full names of pupils, by id. One statement."""
    return {child.pk: child.full_name for child in Pupil.objects.filter(pk__in=pupil_ids)}
