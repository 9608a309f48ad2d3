"""
Proving that nobody rewrote the history of a school's registers.

Digests are computed again from what stands in the tables, set by set and not batch by batch: a year of many
small registers takes as long as one of a single load. What somebody could have rewritten as a whole, with
every digest made again, is found by a link of the chain that was told to people outside (`anchors`).
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from accounts.errors import DomainError
from accounts.models import School
from registers.models import HistoryAnchor

# The words are those of registers_entries_digest and registers_chain_digest: the same functions, or the same
# expression over many batches at once.
CHAIN_FAULT = r"""
WITH batch AS MATERIALIZED (
    SELECT b.*, row_number() OVER link AS expected_number, lag(digest) OVER link AS digest_before
    FROM registers_entrybatch AS b WHERE school_id = %(school)s
    WINDOW link AS (ORDER BY number)
), written AS MATERIALIZED (
    SELECT batch_id, count(*) AS entries, sha256(convert_to(string_agg(
        jsonb_build_array(
            academic_year, pupil_id, session_id, old_code, old_arrived_at, old_nature,
            new_code, new_arrived_at, new_nature
        )::text, E'\n' ORDER BY pupil_id, session_id
    ), 'UTF8')) AS entries_sha
    FROM registers_markentry WHERE batch_id IN (SELECT id FROM batch) GROUP BY batch_id
), retired AS MATERIALIZED (
    -- Entries whose time has passed went with their year: how many is noted, what they were is not.
    SELECT batch_id, sum(entries) AS gone
    FROM registers_retiredentries WHERE batch_id IN (SELECT id FROM batch) GROUP BY batch_id
)
SELECT number, CASE
    WHEN number <> expected_number THEN 'a batch is missing before it'
    WHEN previous_digest <> coalesce(digest_before, '\x') THEN 'it does not follow the batch before it'
    WHEN coalesce(entries, 0) + coalesce(gone, 0) <> entries_count
        THEN 'it does not hold as many entries as it was written with'
    WHEN gone IS NULL AND entries_digest <> entries_sha THEN 'its entries were altered'
    ELSE 'its author, time or reason was altered'
END
FROM batch LEFT JOIN written ON written.batch_id = id LEFT JOIN retired ON retired.batch_id = id
WHERE number <> expected_number
    OR previous_digest <> coalesce(digest_before, '\x')
    OR coalesce(entries, 0) + coalesce(gone, 0) <> entries_count
    OR gone IS NULL AND entries_digest <> entries_sha
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

# An entry without a batch, or in another school's, is part of no digest and could still be read as history.
STRAY_FAULT = """
SELECT e.pupil_id, e.session_id
FROM registers_markentry AS e
JOIN registers_session AS s ON s.id = e.session_id AND s.school_id = %(school)s
LEFT JOIN registers_entrybatch AS b ON b.id = e.batch_id AND b.school_id = %(school)s
WHERE b.id IS NULL
ORDER BY 1, 2 LIMIT 1
"""

# The last entry of each pupil and session must be the mark that stands there now, recorded by whoever wrote
# that entry; each mark has one.
MARK_FAULT = """
WITH last AS (
    SELECT DISTINCT ON (entry.pupil_id, entry.session_id) entry.*, b.by_id
    FROM registers_markentry AS entry
    JOIN registers_entrybatch AS b ON b.id = entry.batch_id
    WHERE b.school_id = %(school)s
    ORDER BY entry.pupil_id, entry.session_id, b.number DESC
)
SELECT coalesce(m.pupil_id, e.pupil_id), coalesce(m.session_id, e.session_id)
FROM (SELECT * FROM registers_mark WHERE school_id = %(school)s) AS m
FULL JOIN last AS e USING (academic_year, pupil_id, session_id)
WHERE (m.code, m.arrived_at, m.nature) IS DISTINCT FROM (e.new_code, e.new_arrived_at, e.new_nature)
    OR m.recorded_by_id <> e.by_id
ORDER BY 1, 2 LIMIT 1
"""

STATE = """
SELECT count(*), coalesce(sum(entries_count), 0), coalesce(max(number), 0),
    coalesce((array_agg(digest ORDER BY number DESC))[1], ''), max(written_at)
FROM registers_entrybatch WHERE school_id = %(school)s
"""

ANCHOR_DIGEST = "SELECT digest FROM registers_entrybatch WHERE school_id = %(school)s AND number = %(number)s"


class NotAnAnchor(DomainError):
    """The text does not name a link of a chain."""


@dataclass(frozen=True)
class Anchor:
    """One link of a school's chain, as it was told to somebody."""

    school: str
    number: int
    digest: str  # in hexadecimal digits

    def __str__(self) -> str:
        return f"{self.school}:{self.number}:{self.digest}"

    @classmethod
    def from_text(cls, text: str) -> "Anchor":
        """
        Return the anchor that `KEY:NUMBER:DIGEST` names.

        :raises NotAnAnchor: it names none
        """
        school, _, rest = text.strip().partition(":")
        number, _, digest = rest.partition(":")
        digest = digest.lower()
        if not (school and number.isascii() and number.isdigit() and len(digest) == 64):
            raise NotAnAnchor(f"{text.strip()!r} is no link of a history: write it as SCHOOL:NUMBER:DIGEST.")
        try:
            bytes.fromhex(digest)
        except ValueError:
            raise NotAnAnchor(f"{text.strip()!r} has a digest that is not written in hexadecimal.") from None
        return cls(school, int(number), digest)


@dataclass(frozen=True)
class Proof:
    """What a school's history holds, and the first broken link if one is."""

    school: str
    batches: int
    entries: int
    number: int  # of the last batch
    digest: str  # of the last batch, in hexadecimal digits; empty for an empty history
    last_written_at: datetime | None
    anchors: int  # links told outside that were looked for
    fault: str | None

    @property
    def head(self) -> Anchor:
        """Return the last link."""
        return Anchor(self.school, self.number, self.digest)


def verify(school: School, *, anchors: Iterable[Anchor] = ()) -> Proof:
    """
    Prove a school's history from the tables alone, and return what it holds.

    Checked are the digests of every batch and its entries, the chain of batches and its last link, that no
    entry stands outside a batch, that the history replayed ends in the marks that stand now, and that the
    chain still holds the links told outside: those given, and those that Rollcall noted itself.
    """
    asked = {"school": school.pk}
    with _one_moment(), connection.cursor() as cursor:
        cursor.execute(STATE, asked)
        batches, entries, number, digest, written_at = cursor.fetchone()
        noted = HistoryAnchor.objects.filter(school=school).order_by("number")
        told = [
            *(
                Anchor(school.key, number, bytes(told).hex())
                for number, told in noted.values_list("number", "digest")
            ),
            *(anchor for anchor in anchors if anchor.school == school.key),
        ]
        fault = _fault_of(school, told)
    return Proof(school.key, batches, int(entries), number, bytes(digest).hex(), written_at, len(told), fault)


def first_fault(school: School) -> str | None:
    """Return the first broken link of a school's history as a sentence, or None when every link holds."""
    return verify(school).fault


def _fault_of(school: School, anchors: Iterable[Anchor]) -> str | None:
    asked = {"school": school.pk}
    with connection.cursor() as cursor:
        cursor.execute(CHAIN_FAULT, asked)
        if found := cursor.fetchone():
            return f"{school.key}: batch {found[0]} of the history is broken: {found[1]}."
        cursor.execute(HEAD_FAULT, asked)
        if cursor.fetchone() is not None:
            return f"{school.key}: the last batch of the history is missing."
        for anchor in anchors:
            cursor.execute(ANCHOR_DIGEST, {**asked, "number": anchor.number})
            standing = cursor.fetchone()
            if standing is None:
                return f"{school.key}: batch {anchor.number} of the history, once told outside, is missing."
            if bytes(standing[0]).hex() != anchor.digest:
                return f"{school.key}: batch {anchor.number} of the history is not the one once told outside."
        cursor.execute(STRAY_FAULT, asked)
        if found := cursor.fetchone():
            return f"{school.key}: an entry of pupil {found[0]} in session {found[1]} belongs to no batch."
        cursor.execute(MARK_FAULT, asked)
        if found := cursor.fetchone():
            return f"{school.key}: the mark of pupil {found[0]} in session {found[1]} is not its last entry."
    return None


@contextmanager
def _one_moment() -> Iterator[None]:
    """Look at one state of the database, though marks are written meanwhile; and sort in memory."""
    is_first = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if is_first:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT set_config('work_mem', '128MB', true)")
        yield
