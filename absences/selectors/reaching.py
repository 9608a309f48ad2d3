"""On which days a family was reached about an absence."""

from collections.abc import Collection
from datetime import date

from django.conf import settings
from django.db import connection

from absences.call_rows import ListedContact
from absences.models import ContactAttempt
from absences.rules.contact import CONFIRMED
from accounts.models import School
from registers.models import Pupil
from registers.selectors.contacts import contacts_of

REACHED = """
SELECT a.pupil_id, (a.at AT TIME ZONE %(zone)s)::date AS "on"
FROM absences_contactattempt AS a
WHERE a.school_id = %(school)s AND a.outcome = ANY (%(confirmed)s)
    AND (%(pupils)s::bigint[] IS NULL OR a.pupil_id = ANY (%(pupils)s)) AND a."on" >= %(since)s
    AND NOT EXISTS (SELECT FROM absences_contactattemptstrike AS s WHERE s.attempt_id = a.id)
UNION
SELECT r.pupil_id, (r.received_at AT TIME ZONE %(zone)s)::date
FROM absences_report AS r
WHERE r.school_id = %(school)s AND r.received_at >= %(since)s
    AND (%(pupils)s::bigint[] IS NULL OR r.pupil_id = ANY (%(pupils)s))
ORDER BY 1, 2
"""


def days_reached(
    school: School, *, since: date, pupil_ids: Collection[int] | None = None
) -> dict[int, tuple[date, ...]]:
    """
    Return the days on which a family spoke with the school about an absence, in order, by pupil.

    A conversation that settled where the child is, or word that came from the family itself; of every pupil
    when none are named. One statement.
    """
    found: dict[int, list[date]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            REACHED,
            {
                "school": school.pk,
                "since": since,
                "zone": settings.TIME_ZONE,
                "confirmed": sorted(CONFIRMED),
                "pupils": list(pupil_ids) if pupil_ids is not None else None,
            },
        )
        for pupil_id, on in cursor.fetchall():
            found.setdefault(pupil_id, []).append(on)
    return {pupil_id: tuple(days) for pupil_id, days in found.items()}


def contacted_on(pupil_id: int, days: Collection[date]) -> frozenset[date]:
    """Return those of the days about whose absence somebody was reached. One statement."""
    return frozenset(
        ContactAttempt.objects.filter(
            pupil_id=pupil_id, on__in=list(days), outcome__in=CONFIRMED, strike__isnull=True
        ).values_list("on", flat=True)
    )


def listed_contacts(pupil: Pupil, *, on: date) -> tuple[ListedContact, ...]:
    """Return a pupil's grown-ups as a call list has them. One statement."""
    return tuple(
        ListedContact(
            contact_id=one.contact.pk,
            name=one.contact.name,
            relationship=one.link.relationship,
            priority=one.link.priority,
            language=one.contact.language,
            phones=() if one.link.court_order_restricts else one.contact.phones,
            email="" if one.link.court_order_restricts else one.contact.email,
            has_responsibility=one.link.parental_responsibility,
            is_kept_away=one.link.court_order_restricts,
            order=one.link.get_court_order_type_display() or "Court order",
            order_has_ended=one.order_has_ended,
        )
        for one in contacts_of(pupil, on=on)
    )
