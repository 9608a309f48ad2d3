"""Proving that nobody rewrote the history of a school's registers."""

from django.db import connection

from accounts.models import School

# Digests are computed again from what stands in the tables, by the same functions that wrote them.
CHAIN_FAULT = """
SELECT number, CASE
    WHEN number <> expected_number THEN 'a batch is missing before it'
    WHEN previous_digest <> coalesce(digest_before, '\\x') THEN 'it does not follow the batch before it'
    WHEN entries_digest <> registers_entries_digest(id) THEN 'its entries were altered'
    ELSE 'its author, time or reason was altered'
END
FROM (
    SELECT b.*, row_number() OVER link AS expected_number, lag(digest) OVER link AS digest_before
    FROM registers_entrybatch AS b WHERE school_id = %(school)s
    WINDOW link AS (ORDER BY number)
) AS chain
WHERE number <> expected_number
    OR previous_digest <> coalesce(digest_before, '\\x')
    OR entries_digest <> registers_entries_digest(id)
    OR digest <> registers_chain_digest(
        previous_digest, school_id, number, by_id, by_name, by_position, at, reason, entries_count,
        entries_digest
    )
ORDER BY number LIMIT 1
"""

HEAD_FAULT = """
SELECT FROM registers_historyhead AS h
FULL JOIN (
    SELECT school_id, number, digest FROM registers_entrybatch WHERE school_id = %(school)s
    ORDER BY number DESC LIMIT 1
) AS last USING (school_id)
WHERE school_id = %(school)s AND (h.number, h.digest) IS DISTINCT FROM (last.number, last.digest)
    AND coalesce(h.number, 0) + coalesce(last.number, 0) > 0
"""

# The last entry of each pupil and session must be the mark that stands there now; each mark has one.
MARK_FAULT = """
SELECT coalesce(m.pupil_id, e.pupil_id), coalesce(m.session_id, e.session_id)
FROM (SELECT * FROM registers_mark WHERE school_id = %(school)s) AS m
FULL JOIN (
    SELECT DISTINCT ON (entry.pupil_id, entry.session_id) entry.*
    FROM registers_markentry AS entry
    JOIN registers_entrybatch AS b ON b.id = entry.batch_id
    WHERE b.school_id = %(school)s
    ORDER BY entry.pupil_id, entry.session_id, b.number DESC
) AS e USING (academic_year, pupil_id, session_id)
WHERE (m.code, m.arrived_at, m.nature) IS DISTINCT FROM (e.new_code, e.new_arrived_at, e.new_nature)
ORDER BY 1, 2 LIMIT 1
"""


def first_fault(school: School) -> str | None:
    """
    Return the first broken link of a school's history as a sentence, or None when every link holds.

    Checked are the digests of every batch, the chain of batches, its last link, and that the history replayed
    ends in the marks that stand now.
    """
    with connection.cursor() as cursor:
        cursor.execute(CHAIN_FAULT, {"school": school.pk})
        if found := cursor.fetchone():
            return f"{school.key}: batch {found[0]} of the history is broken: {found[1]}."
        cursor.execute(HEAD_FAULT, {"school": school.pk})
        if cursor.fetchone() is not None:
            return f"{school.key}: the last batch of the history is missing."
        cursor.execute(MARK_FAULT, {"school": school.pk})
        if found := cursor.fetchone():
            return f"{school.key}: the mark of pupil {found[0]} in session {found[1]} is not its last entry."
    return None
