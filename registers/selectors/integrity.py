"""
The checks of both registers: what contradicts itself, what is missing, what the law asks for.

Each check is one statement that finds its rows; its count counts exactly them. A check has no button to
dismiss a row: it goes when the record is put right, or when an honest note explains it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection

from accounts.models import School
from registers.rules.calendar import academic_year_of
from registers.selectors.contacts import WANTED_CONTACTS

# Some doubts cannot be undone, only looked at: they are listed for this many days.
DAYS_LISTED = 42
CHANGES_ALLOWED = 3


@dataclass(frozen=True)
class Check:
    """One check. `find` selects pupil_id, class_group_id, session_id (each may be NULL) and detail."""

    key: str
    name: str
    why: str
    to_do: str
    find: str
    # Where a row is put right: register, history (of the mark), pupil, contacts or timetable.
    opens: str = "register"


@dataclass(frozen=True)
class Finding:
    """One row of a check, with the words that its page shows."""

    pupil_id: int | None
    surname: str
    forename: str
    class_id: int | None
    class_name: str
    session_id: int | None
    on: date | None
    half: str
    detail: str

    @property
    def register_name(self) -> str:
        """Return the pupil's name as registers sort it."""
        return f"{self.surname}, {self.forename}" if self.surname else ""


ON_ROLL = """
    SELECT e.pupil_id FROM registers_enrolment AS e
    WHERE e.school_id = %(school)s AND e.starts_on <= %(on)s
        AND (e.leaving_on IS NULL OR e.leaving_on >= %(on)s)
"""

CHECKS: tuple[Check, ...] = (
    Check(
        key="present-despite-absence",
        name="Present, but known to be away",
        why="An absence was notified or arranged for this session, and the register says present. One of the"
        " two is wrong: a child taken for present may be missing.",
        to_do="Find out which is right. Amend the mark, or withdraw what was arranged.",
        find="""
            SELECT DISTINCT ON (m.pupil_id, m.session_id) m.pupil_id, NULL::bigint AS class_group_id,
                m.session_id, m.code || ' stands, known ahead: ' || x.code || ', ' || x.reason AS detail
            FROM registers_expectation AS x
            JOIN registers_code AS known ON known.symbol = x.code
            JOIN registers_mark AS m ON m.pupil_id = x.pupil_id AND m.session_id = x.session_id
            JOIN registers_code AS c ON c.symbol = m.code
            WHERE x.school_id = %(school)s AND m.academic_year BETWEEN %(year)s - 1 AND %(year)s
                AND known.statistical_class IN ('AU', 'UN', 'NP') AND c.statistical_class = 'P'
            ORDER BY m.pupil_id, m.session_id, x.rank
        """,
    ),
    Check(
        key="no-mark",
        name="No mark in a closed register",
        why="Every pupil on roll needs a code for every session (SI 2024/208 regulation 10). A pupil entered"
        " late, or a mark taken away, leaves a gap.",
        to_do="Record what was so, with a reason.",
        find="""
            WITH asked AS MATERIALIZED (
                SELECT s.id, s."on", s.academic_year
                FROM registers_registerclosing AS c JOIN registers_session AS s ON s.id = c.session_id
                WHERE c.school_id = %(school)s AND s.status = 'held'
                    AND s."on" BETWEEN %(on)s::date - %(listed)s AND %(on)s
            ), on_roll AS (
                SELECT asked.id, count(*) AS pupils FROM asked
                JOIN registers_enrolment AS e ON e.school_id = %(school)s AND e.starts_on <= asked."on"
                    AND (e.leaving_on IS NULL OR e.leaving_on >= asked."on")
                GROUP BY asked.id
            ), marked AS (
                SELECT m.session_id AS id, count(*) AS marks FROM registers_mark AS m
                WHERE m.session_id = ANY (ARRAY(SELECT id FROM asked))
                    AND m.academic_year BETWEEN %(year)s - 1 AND %(year)s
                GROUP BY m.session_id
            ), short AS MATERIALIZED (
                -- Nobody off roll has a mark (the database refuses it), so that numbers alone tell.
                SELECT asked.* FROM asked JOIN on_roll USING (id) LEFT JOIN marked USING (id)
                WHERE on_roll.pupils > coalesce(marked.marks, 0)
            )
            SELECT e.pupil_id, NULL::bigint AS class_group_id, short.id AS session_id, 'No mark' AS detail
            FROM short
            JOIN registers_enrolment AS e ON e.school_id = %(school)s AND e.starts_on <= short."on"
                AND (e.leaving_on IS NULL OR e.leaving_on >= short."on")
            WHERE NOT EXISTS (
                SELECT FROM registers_mark AS m
                WHERE m.academic_year = short.academic_year AND m.session_id = short.id
                    AND m.pupil_id = e.pupil_id
            )
        """,
    ),
    Check(
        key="closed-untaken",
        name="Closed without being taken",
        why="A register is taken at the beginning of the morning and once in the afternoon (SI 2024/208"
        " regulation 10). Nobody began these; Rollcall set N when they closed, and some N still stand.",
        to_do="Ask who was there, and amend each N in the register.",
        find="""
            SELECT NULL::bigint AS pupil_id, k.class_group_id, c.session_id,
                count(*)::text || ' N of ' || max(k.unexplained)::text || ' still stand' AS detail
            FROM registers_classclosing AS k
            JOIN registers_registerclosing AS c ON c.id = k.closing_id
            JOIN registers_session AS s ON s.id = c.session_id
            JOIN registers_classmembership AS b ON b.class_group_id = k.class_group_id
                AND b.starts_on <= s."on" AND (b.ends_on IS NULL OR b.ends_on >= s."on")
            JOIN registers_mark AS m ON m.academic_year = s.academic_year AND m.session_id = s.id
                AND m.pupil_id = b.pupil_id
            WHERE c.school_id = %(school)s AND NOT k.was_begun AND m.code = 'N' AND m.source = 'system'
            GROUP BY k.id, k.class_group_id, c.session_id
        """,
    ),
    Check(
        key="taken-late",
        name="Register taken after it had closed",
        why="The morning’s register says who was there when it began. One first saved after closing rests on"
        " memory, unless it was kept on paper.",
        to_do="If it was kept on paper, enter who marked it and when. Otherwise ask for registers in time."
        " Listed for six weeks.",
        find="""
            SELECT NULL::bigint AS pupil_id, r.class_group_id, r.session_id,
                'First saved ' || to_char(r.taken_at AT TIME ZONE 'Europe/London', 'DD Mon, HH24:MI')
                    AS detail
            FROM registers_register AS r JOIN registers_session AS s ON s.id = r.session_id
            WHERE r.school_id = %(school)s AND s."on" BETWEEN %(on)s::date - %(listed)s AND %(on)s
                AND r.taken_at > greatest(s.closes_at, (
                    SELECT max(y.closes_at) FROM registers_yeargrouptimes AS y WHERE y.session_id = s.id
                ))
                AND NOT EXISTS (
                    SELECT FROM registers_paperregister AS p
                    WHERE p.class_group_id = r.class_group_id AND p.session_id = r.session_id
                )
        """,
    ),
    Check(
        key="return-passed",
        name="Day of return has passed",
        why="An absence or a part-time timetable was agreed until a day, and the pupil is away since without"
        " a new agreement.",
        to_do="Ask the family. Enter what is agreed now, or amend the marks.",
        find="""
            WITH agreed AS (
                SELECT t.pupil_id, k.last_day, k.last_half,
                    k.name || ' until ' || to_char(k.last_day, 'DD Mon') AS words, NULL::varchar AS code
                FROM registers_knownahead AS k
                JOIN registers_knownaheadpupil AS t ON t.known_ahead_id = k.id
                JOIN registers_code AS c ON c.symbol = k.code AND c.statistical_class = 'AU'
                WHERE k.school_id = %(school)s AND k.withdrawn_at IS NULL
                    AND k.last_day BETWEEN %(on)s::date - %(listed)s AND %(on)s
                UNION ALL
                SELECT t.pupil_id, t.last_day, 'PM',
                    'Part-time timetable until ' || to_char(t.last_day, 'DD Mon'), 'C2'
                FROM registers_parttimetimetable AS t
                WHERE t.school_id = %(school)s AND t.last_day BETWEEN %(on)s::date - %(listed)s AND %(on)s
            ), since AS (
                SELECT a.pupil_id, a.words, m.session_id, s.number, c.statistical_class,
                    bool_and(CASE WHEN a.code IS NULL THEN c.statistical_class IN ('AU', 'UN')
                        ELSE m.code = a.code END) OVER (PARTITION BY a.pupil_id, a.words) AS is_away,
                    row_number() OVER (PARTITION BY a.pupil_id ORDER BY s.number DESC, a.words) AS place
                FROM agreed AS a
                JOIN registers_session AS s ON s.school_id = %(school)s AND s.status = 'held'
                    AND (s."on" > a.last_day OR s."on" = a.last_day AND s.half > a.last_half)
                    AND s."on" <= %(on)s
                JOIN registers_mark AS m ON m.academic_year = s.academic_year AND m.session_id = s.id
                    AND m.pupil_id = a.pupil_id
                JOIN registers_code AS c ON c.symbol = m.code
                WHERE NOT EXISTS (
                    SELECT FROM registers_expectation AS x
                    WHERE x.pupil_id = a.pupil_id AND x.session_id = s.id
                )
            )
            SELECT pupil_id, NULL::bigint AS class_group_id, session_id, words AS detail
            FROM since WHERE is_away AND place = 1
        """,
    ),
    Check(
        key="c2-review",
        name="Part-time timetable without its review",
        why="A part-time timetable is for a short time and is reviewed on the agreed day (SI 2024/208"
        " regulation 11). The day has passed, the timetable goes on.",
        to_do="Hold the review and record it, or end the timetable.",
        opens="timetable",
        find="""
            SELECT t.pupil_id, NULL::bigint AS class_group_id, NULL::bigint AS session_id,
                'Review due ' || to_char(t.review_on, 'DD Mon YYYY') AS detail
            FROM registers_parttimetimetable AS t
            WHERE t.school_id = %(school)s AND t.review_on < %(on)s AND t.last_day >= %(on)s
                AND NOT EXISTS (
                    SELECT FROM registers_timetablereview AS r
                    WHERE r.timetable_id = t.id AND r.held_on >= t.review_on
                )
        """,
    ),
    Check(
        key="c2-without-timetable",
        name="C2 without a part-time timetable",
        why="C2 is only for a session that an agreed part-time timetable leaves out (SI 2024/208"
        " regulation 11).",
        to_do="Record the timetable that was agreed, or amend the mark.",
        find="""
            SELECT m.pupil_id, NULL::bigint AS class_group_id, m.session_id,
                'No timetable covers it' AS detail
            FROM registers_mark AS m JOIN registers_session AS s ON s.id = m.session_id
            WHERE m.school_id = %(school)s AND m.code = 'C2' AND m.academic_year BETWEEN 2000 AND 2100
                AND NOT EXISTS (
                    SELECT FROM registers_parttimetimetable AS t
                    JOIN registers_timetableabsence AS a ON a.timetable_id = t.id
                    WHERE t.pupil_id = m.pupil_id AND s."on" BETWEEN t.first_day AND t.last_day
                        AND a.weekday = extract(isodow FROM s."on")::int - 1 AND a.half = s.half
                )
        """,
    ),
    Check(
        key="d-without-school",
        name="D without the other school",
        why="D says that the pupil was due at another school where they are registered too: without its name"
        " nobody can ask there.",
        to_do="Record the other school as a weekly pattern of the pupil, or amend the mark.",
        find="""
            SELECT m.pupil_id, NULL::bigint AS class_group_id, m.session_id, 'D' AS detail
            FROM registers_mark AS m
            WHERE m.school_id = %(school)s AND m.code = 'D' AND m.nature = ''
                AND m.academic_year BETWEEN 2000 AND 2100
                AND NOT EXISTS (
                    SELECT FROM registers_weeklypattern AS w
                    JOIN registers_session AS s ON s.id = m.session_id
                    WHERE w.pupil_id = m.pupil_id AND w.code = 'D'
                        AND w.first_day <= s."on" AND (w.last_day IS NULL OR w.last_day >= s."on")
                )
        """,
    ),
    Check(
        key="nature-missing",
        name="Nature of the activity missing",
        why="K, V, P, W, B, Q and the Y codes say where a pupil was or why not in school: the nature is part"
        " of the entry. Registers ask for it; histories brought from other systems often lack it.",
        to_do="Amend the mark and say what it was.",
        find="""
            SELECT m.pupil_id, NULL::bigint AS class_group_id, m.session_id,
                m.code || ', ' || c.name AS detail
            FROM registers_mark AS m JOIN registers_code AS c ON c.symbol = m.code
            WHERE m.school_id = %(school)s AND c.nature_required AND m.nature = ''
                AND m.code NOT IN ('/', E'\\\\') AND m.academic_year BETWEEN 2000 AND 2100
        """,
    ),
    Check(
        key="late-without-time",
        name="U without a time of arrival",
        why="U says that a pupil came after the register had closed. From when the child was in the building"
        " matters in an evacuation, and to the family.",
        to_do="Amend the mark with the time of the late book.",
        find="""
            SELECT m.pupil_id, NULL::bigint AS class_group_id, m.session_id, 'U' AS detail
            FROM registers_mark AS m
            WHERE m.school_id = %(school)s AND m.code = 'U' AND m.arrived_at IS NULL
                AND m.academic_year BETWEEN %(year)s - 1 AND %(year)s
        """,
    ),
    Check(
        key="code-not-valid",
        name="Code not valid on its day",
        why="Codes change with the regulations: the last time on 19 August 2024. A code that did not exist on"
        " the day cannot be counted.",
        to_do="Amend the mark to the code that was in force.",
        find="""
            SELECT m.pupil_id, NULL::bigint AS class_group_id, m.session_id,
                m.code || ', ' || c.name AS detail
            FROM registers_mark AS m
            JOIN registers_code AS c ON c.symbol = m.code
            JOIN registers_session AS s ON s.id = m.session_id
            WHERE m.school_id = %(school)s AND m.code NOT IN ('/', E'\\\\')
                AND m.academic_year BETWEEN 2000 AND 2100
                AND (NOT c.is_mark OR s."on" < c.valid_from OR s."on" > c.valid_to
                    OR c.half NOT IN ('', s.half))
        """,
    ),
    Check(
        key="x-of-compulsory-age",
        name="X for a pupil of compulsory school age",
        why="X is for children who need not be in school yet or any more. From the term after the fifth"
        " birthday every session counts.",
        to_do="Amend the mark; where a pattern gives X, end it.",
        find="""
            SELECT m.pupil_id, NULL::bigint AS class_group_id, m.session_id,
                'Born ' || to_char(p.date_of_birth, 'DD Mon YYYY') AS detail
            FROM registers_mark AS m
            JOIN registers_pupil AS p ON p.id = m.pupil_id
            JOIN registers_session AS s ON s.id = m.session_id
            WHERE m.school_id = %(school)s AND m.code = 'X' AND m.academic_year BETWEEN 2000 AND 2100
                AND registers_is_compulsory_age(p.date_of_birth, s."on")
        """,
    ),
    Check(
        key="changed-often",
        name="Changed more than three times",
        why="A mark that goes to and fro is a sign of a misunderstanding, or of somebody who makes it fit.",
        to_do="Read its history. Listed for six weeks.",
        opens="history",
        find="""
            SELECT h.pupil_id, NULL::bigint AS class_group_id, h.session_id,
                count(*)::text || ' changes' AS detail
            FROM registers_markentry AS h
            JOIN registers_session AS s ON s.id = h.session_id
            WHERE h.old_code IS NOT NULL AND h.academic_year BETWEEN %(year)s - 1 AND %(year)s
                AND s.school_id = %(school)s AND s."on" BETWEEN %(on)s::date - %(listed)s AND %(on)s
            GROUP BY h.pupil_id, h.session_id HAVING count(*) > %(changes)s
        """,
    ),
    Check(
        key="few-contacts",
        name="Fewer than two people to call",
        why="Schools hold more than one emergency contact for each pupil where they can. With one number that"
        " is not answered nobody knows where a child is.",
        to_do="Ask the family for a second person, with a telephone number.",
        opens="contacts",
        find=f"""
            SELECT roll.pupil_id, NULL::bigint AS class_group_id, NULL::bigint AS session_id,
                CASE count(c.id) WHEN 0 THEN 'Nobody to call' ELSE 'One person to call' END AS detail
            FROM (SELECT DISTINCT pupil_id FROM ({ON_ROLL}) AS e) AS roll
            LEFT JOIN registers_pupilcontact AS k ON k.pupil_id = roll.pupil_id
                AND NOT k.court_order_restricts
            LEFT JOIN registers_contact AS c ON c.id = k.contact_id
                AND (c.phone <> '' OR c.home_phone <> '' OR c.work_phone <> '')
            GROUP BY roll.pupil_id HAVING count(c.id) < {WANTED_CONTACTS}
        """,  # noqa: S608 - both parts are constants
    ),
    Check(
        key="without-class",
        name="On roll, but in no class",
        why="A pupil without a class stands in nobody’s register: no teacher marks them, and Rollcall sets N"
        " at closing.",
        to_do="Put the pupil into a class.",
        opens="pupil",
        find=f"""
            SELECT DISTINCT roll.pupil_id, NULL::bigint AS class_group_id, NULL::bigint AS session_id,
                'No class today' AS detail
            FROM ({ON_ROLL}) AS roll
            WHERE NOT EXISTS (
                SELECT FROM registers_classmembership AS m WHERE m.pupil_id = roll.pupil_id
                    AND m.starts_on <= %(on)s AND (m.ends_on IS NULL OR m.ends_on >= %(on)s)
            )
        """,  # noqa: S608 - a constant
    ),
)
CHECK_OF: dict[str, Check] = {check.key: check for check in CHECKS}


def _values(school: School, on: date) -> dict[str, int | date]:
    return {
        "school": school.pk,
        "on": on,
        "year": academic_year_of(on),
        "listed": DAYS_LISTED,
        "changes": CHANGES_ALLOWED,
    }


def counts(school: School, *, on: date, checks: Sequence[Check] = CHECKS) -> dict[str, int]:
    """Return how many rows each check finds. One statement for each check."""
    found = {}
    with connection.cursor() as cursor:
        for check in checks:
            cursor.execute(f"SELECT count(*) FROM ({check.find}) AS found", _values(school, on))  # noqa: S608
            found[check.key] = int(cursor.fetchone()[0])
    return found


FINDINGS = """
SELECT found.pupil_id, coalesce(p.surname, ''), coalesce(p.forename, ''), g.id, coalesce(g.name, ''),
    s.id, s."on", coalesce(s.half, ''), found.detail
FROM ({find}) AS found
LEFT JOIN registers_pupil AS p ON p.id = found.pupil_id
LEFT JOIN registers_session AS s ON s.id = found.session_id
LEFT JOIN registers_classmembership AS k ON k.pupil_id = found.pupil_id
    AND k.starts_on <= coalesce(s."on", %(on)s)
    AND (k.ends_on IS NULL OR k.ends_on >= coalesce(s."on", %(on)s))
LEFT JOIN registers_classgroup AS g ON g.id = coalesce(found.class_group_id, k.class_group_id)
ORDER BY s.number DESC NULLS LAST, g.name, p.surname, p.forename, p.id, g.id
"""


def findings(school: School, check: Check, *, on: date) -> list[Finding]:
    """Return the rows of a check, the latest sessions first. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(FINDINGS.format(find=check.find), _values(school, on))
        return [Finding(*row) for row in cursor.fetchall()]
