"""
Whom to call about a day: pupils who are not there and of whom no word came, and what was tried for each.

The list is judged by the last session that says something: who came in after an unexplained morning is not
called about, who was there in the morning and is missing in the afternoon is.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from absences.call_rows import Attempt, CallList, Claim, ListedContact, ListedPupil, Word
from absences.models import ReportState, Task
from absences.rules import calling
from absences.rules.calling import DayBefore
from absences.rules.contact import ANSWERED, NUMBER_WRONG, VOICEMAIL
from absences.rules.terms import Terms
from accounts.models import School
from registers.models import PupilContact, Session
from registers.rules.calendar import academic_year_of
from registers.rules.codes import ATTENDING, CODE_BY_SYMBOL, StatisticalClass
from registers.selectors.unexplained import COME_FIRST

_ATTENDED = [rule.symbol for rule in CODE_BY_SYMBOL.values() if rule.statistical_class in ATTENDING]
_NOT_POSSIBLE = [
    rule.symbol for rule in CODE_BY_SYMBOL.values() if rule.statistical_class is StatisticalClass.NOT_POSSIBLE
]
# Calendar days in which the school days lie that an absence is followed back over.
LOOKS_BACK = timedelta(days=42)


# A pupil is judged by the afternoon as soon as it says something, else by the morning. What is known ahead of
# a session explains it whether or not it is marked N; `known` reads the view once for the day. The years
# stand there as numbers, so that the planner looks at their partitions and not at all of them.
LISTED = """
WITH part AS MATERIALIZED (
    SELECT id, half, closes_at FROM registers_session
    WHERE school_id = %(school)s AND "on" = %(on)s AND status = 'held'
), known AS MATERIALIZED (
    SELECT x.pupil_id, x.session_id FROM registers_expectation AS x
    WHERE x.school_id = %(school)s AND x.session_id IN (SELECT id FROM part) AND x.code <> 'N'
), marked AS MATERIALIZED (
    SELECT pupil_id, session_id, code, source FROM registers_mark
    WHERE academic_year = %(year)s AND session_id = ANY (ARRAY(SELECT id FROM part))
), said AS (
    SELECT DISTINCT ON (m.pupil_id) m.pupil_id, m.class_group_id, part.id AS session_id, part.half, k.code,
        r.id IS NOT NULL OR coalesce(k.source <> 'system', false) AS is_taken,
        coalesce(y.closes_at, part.closes_at) AS closes_at
    FROM part
    JOIN registers_classmembership AS m ON m.school_id = %(school)s
        AND m.starts_on <= %(on)s AND (m.ends_on IS NULL OR m.ends_on >= %(on)s)
    LEFT JOIN registers_yeargrouptimes AS y ON y.session_id = part.id AND y.year_group = m.year_group
    LEFT JOIN registers_register AS r ON r.session_id = part.id AND r.class_group_id = m.class_group_id
    LEFT JOIN marked AS k ON k.pupil_id = m.pupil_id AND k.session_id = part.id
    WHERE CASE part.half
        WHEN 'AM' THEN %(at)s >= coalesce(
            %(begins)s::timestamptz, greatest(coalesce(y.closes_at, part.closes_at), %(not_before)s)
        )
        ELSE k.code IS NOT NULL OR %(at)s > coalesce(y.closes_at, part.closes_at)
    END
    ORDER BY m.pupil_id, part.half DESC
), missing AS MATERIALIZED (
    SELECT said.* FROM said
    WHERE (said.code = 'N' OR (said.code IS NULL AND (said.is_taken OR %(at)s > said.closes_at)))
        AND NOT EXISTS (
            SELECT FROM known WHERE known.pupil_id = said.pupil_id AND known.session_id = said.session_id
        )
        AND EXISTS (
            SELECT FROM registers_enrolment AS e WHERE e.pupil_id = said.pupil_id AND e.starts_on <= %(on)s
                AND (e.leaving_on IS NULL OR e.leaving_on >= %(on)s)
        )
), recent AS MATERIALIZED (
    SELECT id, "on" FROM registers_session
    WHERE school_id = %(school)s AND status = 'held' AND "on" >= %(since)s AND "on" < %(on)s
), before AS (
    SELECT of_day.pupil_id, json_agg(
        json_build_array(of_day."on", of_day.attended, of_day.unexplained) ORDER BY of_day."on" DESC
    ) AS days
    FROM (
        SELECT m.pupil_id, recent."on", bool_or(m.code = ANY (%(attended)s)) AS attended,
            bool_and(m.code IN ('N', 'O')) AS unexplained
        FROM missing CROSS JOIN LATERAL (
            SELECT pupil_id, session_id, code FROM registers_mark
            WHERE academic_year IN (%(year)s, %(year_before)s) AND pupil_id = missing.pupil_id
                AND session_id = ANY (ARRAY(SELECT id FROM recent))
            OFFSET 0  -- looked up child by child: the planner would rather read the whole year
        ) AS m
        JOIN recent ON recent.id = m.session_id
        WHERE m.code <> ALL (%(impossible)s)
        GROUP BY m.pupil_id, recent."on"
    ) AS of_day
    GROUP BY of_day.pupil_id
)
SELECT p.id, p.surname, p.forename, p.known_as, missing.class_group_id, g.name, missing.half,
    missing.session_id, missing.code IS NOT NULL, missing.is_taken, f.names, before.days, c.by_id, u.name,
    c.until, tried.attempts, told.reports, missing.half = 'PM' AND EXISTS (
        SELECT FROM part JOIN marked AS m ON m.pupil_id = p.id AND m.session_id = part.id
        WHERE part.half = 'AM' AND m.code = ANY (%(attended)s)
    )
FROM missing
JOIN registers_pupil AS p ON p.id = missing.pupil_id
JOIN registers_classgroup AS g ON g.id = missing.class_group_id
LEFT JOIN before ON before.pupil_id = p.id
LEFT JOIN absences_callclaim AS c ON c.pupil_id = p.id AND c."on" = %(on)s AND c.until > %(at)s
LEFT JOIN accounts_user AS u ON u.id = c.by_id
LEFT JOIN LATERAL (
    SELECT array_agg(flag.name ORDER BY flag.name) AS names FROM registers_pupilflag AS flag
    WHERE flag.pupil_id = p.id AND flag.name = ANY (%(flags)s)
        AND flag.starts_on <= %(on)s AND (flag.ends_on IS NULL OR flag.ends_on >= %(on)s)
) AS f ON true
LEFT JOIN LATERAL (
    SELECT json_agg(json_build_array(
        a.id, a.contact_id, a.outside_contact_id, a.person, a.address, a.channel, a.outcome, a.reason, a.note,
        a.at, w.name
    ) ORDER BY a.at, a.id) AS attempts
    FROM absences_contactattempt AS a JOIN accounts_user AS w ON w.id = a.by_id
    WHERE a.school_id = %(school)s AND a."on" = %(on)s AND a.pupil_id = p.id
        AND NOT EXISTS (SELECT FROM absences_contactattemptstrike AS s WHERE s.attempt_id = a.id)
) AS tried ON true
LEFT JOIN LATERAL (
    SELECT json_agg(json_build_array(
        r.id, r.reference, r.reason, r.channel, r.state, r.needs_call_back AND r.called_back_at IS NULL,
        r.first_day, r.last_day, r.expected_return
    ) ORDER BY r.received_at DESC, r.id DESC) AS reports
    FROM absences_report AS r
    WHERE r.pupil_id = p.id AND r.state = ANY (%(standing)s) AND r.first_day <= %(on)s
        AND greatest(r.last_day, r.expected_return, r.first_day + %(quiet_days)s) >= %(on)s
) AS told ON true
ORDER BY p.surname, p.forename, p.id
"""
# No document keeps calls away for longer.
_QUIET_DAYS = 7


def call_list(
    school: School,
    *,
    on: date,
    at: datetime,
    terms: Terms,
    sessions: Sequence[Session],
    with_contacts: bool = True,
) -> CallList:
    """
    Return the calls of a day as they stand at a moment, in the order in which they are made.

    A safeguarding task comes first, then pupils whose flags ask for it, then those away longest, then by
    class and name; classes whose register nobody took come last, for it has to be taken before anybody is
    called. `sessions` are those of the day. Four statements; two without contacts.
    """
    begins = list_begins_at(terms, sessions)
    if begins is None:
        return CallList(on, None, has_begun=False, terms=terms)
    found = _listed(school, on=on, at=at, terms=terms) if at >= begins else []
    tasks = _open_tasks(school)
    by_pupil: dict[int, list[Task]] = {}
    for task in tasks:
        by_pupil.setdefault(task.pupil_id, []).append(task)
    for pupil in found:
        pupil.tasks = tuple(by_pupil.get(pupil.id, ()))
    if with_contacts:
        _add_contacts(school, found, on=on)
        _join_siblings([pupil for pupil in found if pupil.needs_call])
    to_call = sorted((pupil for pupil in found if pupil.needs_call), key=_order)
    return CallList(
        on=on,
        begins_at=begins,
        has_begun=at >= begins,
        to_call=tuple(to_call),
        spoken=tuple(pupil for pupil in found if pupil.is_confirmed),
        word_came=tuple(pupil for pupil in found if not pupil.is_confirmed and pupil.has_word),
        safeguarding=tuple(task for task in tasks if task.kind == "safeguarding"),
        terms=terms,
    )


def list_begins_at(terms: Terms, sessions: Sequence[Session]) -> datetime | None:
    """
    Return when the calls of a day begin: the policy's time, or when the morning's register has closed and
    parents may no longer report; of a day with an afternoon alone, when that closes. None: no school.
    """
    held = sorted((one for one in sessions if one.is_held), key=lambda one: one.half)
    if not held:
        return None
    first = held[0]
    closes = timezone.localtime(first.closes_at)
    if first.half != "AM":
        return closes
    named = calling.begins_at(terms)
    if named is not None:
        return _at_clock(first.on, named)
    return max(closes, _at_clock(first.on, calling.not_before(terms)))


def _at_clock(on: date, clock: time) -> datetime:
    return timezone.make_aware(datetime.combine(on, clock))


def _order(pupil: ListedPupil) -> tuple[Any, ...]:
    has_task = pupil.guardian_did_not_know or any(task.kind == "safeguarding" for task in pupil.tasks)
    return (
        not has_task,
        not pupil.is_register_taken,
        not pupil.flags,
        -pupil.absent_days,
        pupil.class_name,
        pupil.surname,
        pupil.forename,
        pupil.id,
    )


def list_values(school: School, *, on: date, at: datetime, terms: Terms) -> dict[str, Any]:
    """Return the parameters of `LISTED`."""
    named = calling.begins_at(terms)
    return {
        "school": school.pk,
        "on": on,
        "at": at,
        "begins": _at_clock(on, named) if named is not None else None,
        "not_before": _at_clock(on, calling.not_before(terms)),
        "since": on - LOOKS_BACK,
        "year": academic_year_of(on),
        "year_before": academic_year_of(on - LOOKS_BACK),
        "attended": _ATTENDED,
        "impossible": _NOT_POSSIBLE,
        "flags": list(COME_FIRST),
        "standing": [ReportState.WAITING.value, ReportState.ACCEPTED.value],
        "quiet_days": _QUIET_DAYS,
    }


def _listed(school: School, *, on: date, at: datetime, terms: Terms) -> list[ListedPupil]:
    with connection.cursor() as cursor:
        cursor.execute(LISTED, list_values(school, on=on, at=at, terms=terms))
        return [_pupil(row, on=on, terms=terms) for row in cursor.fetchall()]


def _pupil(row: Sequence[Any], *, on: date, terms: Terms) -> ListedPupil:
    before = [DayBefore(date.fromisoformat(day), *rest) for day, *rest in _parsed(row[11])]
    return ListedPupil(
        id=row[0],
        surname=row[1],
        forename=row[2],
        known_as=row[3],
        class_id=row[4],
        class_name=row[5],
        half=row[6],
        left_at_lunch=row[17],
        session_id=row[7],
        is_marked=row[8],
        is_register_taken=row[9],
        flags=tuple(row[10] or ()),
        absent_days=calling.absent_for(on, before),
        run=calling.unexplained_run(on, before),
        word=_word(_parsed(row[16]), on=on, terms=terms),
        claim=Claim(row[12], row[13], row[14]) if row[12] is not None else None,
        attempts=tuple(_attempt(values) for values in _parsed(row[15])),
    )


def _parsed(value: Any) -> list[Any]:
    found: list[Any] = (json.loads(value) if isinstance(value, str) else value) or []
    return found


def _attempt(values: Sequence[Any]) -> Attempt:
    told = [*values]
    told[9] = datetime.fromisoformat(told[9])
    return Attempt(*told)


def _word(reports: Iterable[Sequence[Any]], *, on: date, terms: Terms) -> Word | None:
    """Return the latest word that speaks of the day, or that lets the family be for so many hours."""
    for pk, reference, reason, channel, state, wants_call_back, first, last, expected in reports:
        quiet = calling.quiet_until(terms, reason, date.fromisoformat(first))
        covers = date.fromisoformat(last) >= on or (
            expected is not None and date.fromisoformat(expected) > on
        )
        is_quiet = quiet is not None and on < quiet
        if covers or is_quiet:
            return Word(
                pk,
                reference,
                reason,
                channel,
                is_waiting=state == ReportState.WAITING,
                wants_call_back=wants_call_back and not is_quiet,
                quiet_until=quiet if is_quiet else None,
            )
    return None


def _open_tasks(school: School) -> list[Task]:
    """Return the open tasks of a school, safeguarding first, then what is due first. One statement."""
    open_tasks = (
        Task.objects.filter(school=school, closed_at__isnull=True)
        .select_related("pupil")
        .order_by("due_at", "raised_at", "pk")
    )
    return sorted(open_tasks, key=lambda task: task.kind != "safeguarding")


# The numbers that did not work when last tried, by contact; a number that answers since works again.
CONTACTS = """
SELECT l.pupil_id, c.id, c.name, l.relationship, l.priority, c.language, c.phone, c.home_phone, c.work_phone,
    c.email, l.parental_responsibility, l.court_order_restricts, l.court_order_type, l.court_order_until,
    dead.numbers
FROM registers_pupilcontact AS l
JOIN registers_contact AS c ON c.id = l.contact_id
LEFT JOIN LATERAL (
    SELECT array_agg(latest.address) AS numbers FROM (
        SELECT DISTINCT ON (a.address) a.address, a.outcome FROM absences_contactattempt AS a
        WHERE a.contact_id = c.id AND a.address <> '' AND a.outcome = ANY (%(telling)s)
            AND NOT EXISTS (SELECT FROM absences_contactattemptstrike AS s WHERE s.attempt_id = a.id)
        ORDER BY a.address, a.at DESC, a.id DESC
    ) AS latest WHERE latest.outcome = %(wrong)s
) AS dead ON true
WHERE l.school_id = %(school)s AND l.pupil_id = ANY (%(pupils)s)
ORDER BY l.pupil_id, l.priority, l.id
"""


def _add_contacts(school: School, pupils: Sequence[ListedPupil], *, on: date) -> None:
    found: dict[int, list[ListedContact]] = {}
    dead: dict[int, set[str]] = {}
    orders = dict(PupilContact._meta.get_field("court_order_type").flatchoices)
    with connection.cursor() as cursor:
        cursor.execute(
            CONTACTS,
            {
                "school": school.pk,
                "pupils": [pupil.id for pupil in pupils],
                "telling": [*sorted(ANSWERED), NUMBER_WRONG, VOICEMAIL],
                "wrong": NUMBER_WRONG,
            },
        )
        for row in cursor.fetchall():
            is_kept_away = row[11]
            found.setdefault(row[0], []).append(
                ListedContact(
                    contact_id=row[1],
                    name=row[2],
                    relationship=row[3],
                    priority=row[4],
                    language=row[5],
                    phones=() if is_kept_away else tuple(number for number in row[6:9] if number),
                    email="" if is_kept_away else row[9],
                    has_responsibility=row[10],
                    is_kept_away=is_kept_away,
                    order=orders.get(row[12], "Court order") if row[12] else "Court order",
                    order_has_ended=row[13] is not None and row[13] < on,
                )
            )
            dead.setdefault(row[0], set()).update(row[14] or ())
    for pupil in pupils:
        pupil.contacts = tuple(found.get(pupil.id, ()))
        pupil.wrong_numbers = frozenset(dead.get(pupil.id, ()))


def _join_siblings(pupils: Sequence[ListedPupil]) -> None:
    """Tell each pupil which others of the list one call to a shared contact serves."""
    by_contact: dict[int, list[ListedPupil]] = {}
    for pupil in pupils:
        for contact in pupil.callable_contacts:
            by_contact.setdefault(contact.contact_id, []).append(pupil)
    for pupil in pupils:
        others = {
            other.id: other
            for contact in pupil.callable_contacts
            for other in by_contact[contact.contact_id]
            if other is not pupil
        }
        pupil.siblings = tuple(others.values())


def shared_by(pupil: ListedPupil, contact_id: int) -> tuple[ListedPupil, ...]:
    """Return the brothers and sisters on the list for whom this contact may be called as well."""
    return tuple(
        other
        for other in pupil.siblings
        if any(contact.contact_id == contact_id for contact in other.callable_contacts)
    )
