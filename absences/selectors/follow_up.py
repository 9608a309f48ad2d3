"""Tasks, the log of a pupil's calls, and the health of the numbers that the school has."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.models import F

from absences.models import ContactAttempt, Task, TaskKind
from absences.rules.contact import ANSWERED, CONFIRMED, NO_ANSWER, NUMBER_WRONG, VOICEMAIL
from accounts.models import School
from registers.models import Pupil

# As many closed tasks are shown below the open ones.
CLOSED_SHOWN = 50
# So many calls in a row without an answer make a number doubtful.
NEVER_ANSWERS = 3


def open_tasks(school: School, *, kind: str = "") -> list[Task]:
    """Return the open tasks: safeguarding first, then by when they are due. One statement."""
    found = Task.objects.filter(school=school, closed_at__isnull=True).select_related("pupil")
    if kind:
        found = found.filter(kind=kind)
    return sorted(
        found.order_by(F("due_at").asc(nulls_last=True), "raised_at", "pk"),
        key=lambda task: task.kind != TaskKind.SAFEGUARDING,
    )


def closed_tasks(school: School, *, since: datetime) -> list[Task]:
    """Return the tasks closed since a moment, the latest first. One statement."""
    return list(
        Task.objects.filter(school=school, closed_at__gte=since)
        .select_related("pupil", "closed_by")
        .order_by("-closed_at", "-pk")[:CLOSED_SHOWN]
    )


def tasks_of(pupil: Pupil) -> list[Task]:
    """Return all tasks of a pupil, open ones first, then the latest. One statement."""
    found = Task.objects.filter(pupil=pupil).select_related("closed_by").order_by("-raised_at", "-pk")
    return sorted(found, key=lambda task: task.closed_at is not None)


def attempts_of(pupil: Pupil) -> list[ContactAttempt]:
    """Return every attempt about a pupil, struck out ones too, the latest first. One statement."""
    return list(
        ContactAttempt.objects.filter(pupil=pupil)
        .select_related("contact", "outside_contact", "by", "strike", "strike__by")
        .order_by("-at", "-pk")
    )


@dataclass(frozen=True)
class NumberHealth:
    """One number or contact that lets the school down."""

    contact_id: int
    name: str
    number: str  # "": the contact has none
    what: str  # "wrong", "silent" or "none"
    attempts: int
    last_tried: date | None
    children: tuple[tuple[int, str], ...]  # id and name


# Calls since the number last answered; texts and visits say nothing of a number.
HEALTH = """
WITH numbers AS (
    SELECT c.id, c.name, n.number FROM registers_contact AS c
    CROSS JOIN LATERAL (VALUES (c.phone), (c.home_phone), (c.work_phone)) AS n (number)
    WHERE c.school_id = %(school)s AND n.number <> ''
), tried AS (
    SELECT numbers.id, numbers.name, numbers.number, a.outcome, a.at,
        max(a.at) FILTER (WHERE a.outcome = ANY (%(answered)s)) OVER of_number AS answered_at
    FROM numbers JOIN absences_contactattempt AS a ON a.contact_id = numbers.id AND a.address = numbers.number
        AND a.channel = 'call'
    WHERE NOT EXISTS (SELECT FROM absences_contactattemptstrike AS s WHERE s.attempt_id = a.id)
    WINDOW of_number AS (PARTITION BY numbers.id, numbers.number)
), judged AS (
    SELECT id, name, number, count(*) AS attempts, max(at)::date AS last_tried,
        bool_or(outcome = %(wrong)s) AS is_wrong,
        count(*) FILTER (WHERE outcome = ANY (%(silent)s)) AS silent
    FROM tried WHERE answered_at IS NULL OR at > answered_at
    GROUP BY id, name, number
), without AS (
    SELECT c.id, c.name FROM registers_contact AS c
    WHERE c.school_id = %(school)s AND c.phone = '' AND c.home_phone = '' AND c.work_phone = ''
), found AS (
    SELECT id, name, number, CASE WHEN is_wrong THEN 'wrong' ELSE 'silent' END AS what, attempts, last_tried
    FROM judged WHERE is_wrong OR silent >= %(often)s
    UNION ALL
    SELECT id, name, '', 'none', 0, NULL FROM without
)
SELECT found.*, k.ids, k.names FROM found
JOIN LATERAL (
    SELECT array_agg(p.id ORDER BY p.surname, p.forename, p.id) AS ids,
        array_agg(p.forename || ' ' || p.surname ORDER BY p.surname, p.forename, p.id) AS names
    FROM registers_pupilcontact AS l JOIN registers_pupil AS p ON p.id = l.pupil_id
    WHERE l.contact_id = found.id AND NOT l.court_order_restricts AND EXISTS (
        SELECT FROM registers_enrolment AS e WHERE e.pupil_id = p.id AND e.starts_on <= %(on)s
            AND (e.leaving_on IS NULL OR e.leaving_on >= %(on)s)
    )
) AS k ON k.ids IS NOT NULL
ORDER BY array_position(ARRAY['wrong', 'silent', 'none'], found.what), found.attempts DESC, found.name,
    found.id
"""


def contact_health(school: School, *, on: date) -> list[NumberHealth]:
    """
    Return the numbers that do not work, those that never answered when called, and contacts without a number.

    Of grown-ups of pupils on roll; those whom a court order keeps away are left out. One statement.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            HEALTH,
            {
                "school": school.pk,
                "on": on,
                "answered": sorted(ANSWERED),
                "wrong": NUMBER_WRONG,
                "silent": [NO_ANSWER, VOICEMAIL],
                "often": NEVER_ANSWERS,
            },
        )
        return [
            NumberHealth(*[*row[:6], tuple(zip(row[6], row[7], strict=True))]) for row in cursor.fetchall()
        ]


def conversations_of(attempts: Sequence[ContactAttempt]) -> int:
    """Return how many of the attempts settled where the child was."""
    return sum(one.outcome in CONFIRMED and not hasattr(one, "strike") for one in attempts)
