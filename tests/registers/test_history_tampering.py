"""What somebody with every right on the database could do to the history, and that each of it is found."""

# ruff: noqa: E501, S608 - statements of this module's own table, as somebody would type them

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django_scopes import scopes_disabled

from accounts.models import School, User
from registers.models import EntryBatch, HistoryAnchor, Mark, MarkEntry
from registers.services import amendments, history, marks
from registers.services.history import Anchor
from registers.services.marks import MarkRow
from tests.factories.accounts import SchoolFactory, UserFactory
from tests.factories.registers import ClassGroupFactory, held_sessions, pupil_in_class

pytestmark = pytest.mark.django_db
MONDAY = date(2025, 11, 3)
TABLES = ("mark", "mark_2025", "markentry", "markentry_2025", "entrybatch", "historyhead", "historyanchor")


def raw(sql: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


@pytest.fixture
def author() -> User:
    return UserFactory(name="Office Person")


@pytest.fixture
def school(author: User) -> Iterator[School]:
    """A school with six batches: three registers, a change, an amendment and a mark taken away."""
    class_group = ClassGroupFactory()
    sessions = held_sessions(class_group.school, MONDAY, MONDAY + timedelta(days=1), half_term="Autumn 2")
    pupils = [pupil_in_class(class_group) for _ in range(3)]
    with scopes_disabled():
        for session in sessions[:3]:
            rows = [MarkRow(pupil.pk, session.pk, 2025, "N") for pupil in pupils]
            marks.load_marks(class_group.school, rows, by=author, at=session.opens_at, source="register")
        at = sessions[0].closes_at + timedelta(hours=1)
        amend = {"by": author, "at": at, "position": "Attendance officer"}
        amendments.amend_mark(pupils[0], sessions[0], code="I", reason="The parent rang", **amend)
        amendments.amend_mark(pupils[0], sessions[0], code="M", reason="It was the dentist", **amend)
        with marks.attribution(by=author, at=at, reason="Entered for the wrong pupil"):
            Mark.objects.filter(pupil=pupils[1], session=sessions[1]).delete()
        raw("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TABLES:
            raw(f"ALTER TABLE registers_{table} DISABLE TRIGGER USER")
        assert EntryBatch.objects.count() == 6
        assert history.first_fault(class_group.school) is None
        yield class_group.school


# Batches by number; the second is an ordinary register of three entries, the sixth the last.
IN = "(SELECT id FROM registers_entrybatch WHERE number = {})"
FIRST_PUPIL = "(SELECT min(pupil_id) FROM registers_markentry)"
TAMPERINGS = {
    # --- entries
    "the code of an entry changed": f"UPDATE registers_markentry SET new_code = '/' WHERE batch_id = {IN.format(2)}",
    "the original of an amendment changed": "UPDATE registers_markentry SET old_code = 'C' WHERE old_code = 'I'",
    "the nature of an entry changed": "UPDATE registers_markentry SET new_nature = 'x' WHERE old_code = 'N'",
    "the arrival of an entry changed": "UPDATE registers_markentry SET new_arrived_at = '09:01'"
    " WHERE old_code = 'N'",
    "the pupil of an entry changed": "UPDATE registers_markentry SET pupil_id = pupil_id + 100"
    " WHERE old_code = 'N'",
    "the session of an entry changed": "UPDATE registers_markentry SET session_id = session_id + 100"
    " WHERE old_code = 'N'",
    "the year of an entry changed": "UPDATE registers_markentry SET academic_year = 2024 WHERE old_code = 'N'",
    "an entry moved to another batch": f"UPDATE registers_markentry SET batch_id = {IN.format(5)}"
    " WHERE old_code = 'N' AND new_code IS NULL",
    "two pupils of a register swapped": f"UPDATE registers_markentry SET pupil_id ="
    f" CASE pupil_id WHEN {FIRST_PUPIL} THEN 999 ELSE pupil_id END WHERE batch_id = {IN.format(2)}",
    "two batches' entries swapped": f"UPDATE registers_markentry SET batch_id = CASE batch_id"
    f" WHEN {IN.format(2)} THEN {IN.format(3)} ELSE {IN.format(2)} END"
    f" WHERE batch_id IN ({IN.format(2)}, {IN.format(3)})",
    "an entry removed": f"DELETE FROM registers_markentry WHERE batch_id = {IN.format(2)}"
    f" AND pupil_id = {FIRST_PUPIL}",
    "all entries of a batch removed": f"DELETE FROM registers_markentry WHERE batch_id = {IN.format(4)}",
    "all entries removed": "DELETE FROM registers_markentry",
    "an entry added to a batch": f"INSERT INTO registers_markentry SELECT 2025, {IN.format(4)}, max(pupil_id),"
    " max(session_id), 'N', NULL, '', 'C', NULL, '' FROM registers_markentry",
    "an entry added without a batch": "INSERT INTO registers_markentry SELECT 2025, 999999, max(pupil_id),"
    " max(session_id), 'N', NULL, '', 'C', NULL, '' FROM registers_markentry",
    # --- batches
    "the author's number changed": "UPDATE registers_entrybatch SET by_id = (SELECT min(id) FROM accounts_user"
    " WHERE id <> by_id) WHERE number = 5",
    "the author's name changed": "UPDATE registers_entrybatch SET by_name = 'Somebody Else' WHERE number = 4",
    "the author's position changed": "UPDATE registers_entrybatch SET by_position = 'Headteacher'"
    " WHERE number = 4",
    "the time of an amendment changed": "UPDATE registers_entrybatch SET at = at - interval '1 second'"
    " WHERE number = 4",
    "the reason changed": "UPDATE registers_entrybatch SET reason = 'none' WHERE number = 4",
    "a reason added later": "UPDATE registers_entrybatch SET reason = 'late bus' WHERE number = 1",
    "the count of entries changed": "UPDATE registers_entrybatch SET entries_count = 4 WHERE number = 2",
    "the first batch removed": "DELETE FROM registers_entrybatch WHERE number = 1",
    "a batch in the middle removed": "DELETE FROM registers_entrybatch WHERE number = 3",
    "the last batch removed": "DELETE FROM registers_entrybatch WHERE number = 6",
    "all batches removed": "DELETE FROM registers_entrybatch",
    "batches renumbered": "UPDATE registers_entrybatch SET number = number + 10",
    "two batches exchanged": "UPDATE registers_entrybatch SET number = CASE number WHEN 2 THEN -1 ELSE 2 END"
    " WHERE number IN (2, 3)",
    "a batch given to another school": "UPDATE registers_entrybatch SET school_id ="
    " (SELECT max(id) FROM accounts_school) WHERE number = 6",
    "a batch added at the end": "INSERT INTO registers_entrybatch (school_id, number, by_id, by_name,"
    " by_position, at, written_at, reason, entries_count, entries_digest, previous_digest, digest)"
    " SELECT school_id, 7, by_id, by_name, by_position, at, written_at, reason, 0, entries_digest, digest, digest"
    " FROM registers_entrybatch WHERE number = 6",
    # --- digests
    "one digest of entries rewritten": "UPDATE registers_entrybatch SET entries_digest = sha256('x')"
    " WHERE number = 2",
    "one digest rewritten": "UPDATE registers_entrybatch SET digest = sha256('x') WHERE number = 3",
    "one link rewritten": "UPDATE registers_entrybatch SET previous_digest = sha256('x') WHERE number = 3",
    "a link and what follows it rewritten": "UPDATE registers_entrybatch SET digest = sha256('x'),"
    " previous_digest = CASE number WHEN 3 THEN previous_digest ELSE sha256('x') END WHERE number >= 3",
    "the head turned back": "UPDATE registers_historyhead SET number = 5",
    "the head's digest changed": "UPDATE registers_historyhead SET digest = sha256('x')",
    "the head removed": "DELETE FROM registers_historyhead",
    # --- marks
    "a mark changed with the triggers off": "UPDATE registers_mark SET code = '/' WHERE code = 'M'",
    "the arrival of a mark changed": "UPDATE registers_mark SET code = 'L', arrived_at = '09:00'",
    "the nature of a mark changed": "UPDATE registers_mark SET nature = 'swimming'",
    "the recorder of a mark changed": "UPDATE registers_mark SET recorded_by_id = recorded_by_id + 1"
    " WHERE code = 'M'",
    "a mark removed with the triggers off": "DELETE FROM registers_mark WHERE code = 'M'",
    "all marks removed": "DELETE FROM registers_mark",
    "a mark put back that was taken away": "INSERT INTO registers_mark SELECT m.academic_year, e.pupil_id,"
    " e.session_id, m.school_id, 'N', NULL, '', m.recorded_at, m.recorded_by_id, m.source"
    " FROM registers_mark AS m, registers_markentry AS e WHERE e.new_code IS NULL LIMIT 1",
    "a mark moved to another session": "UPDATE registers_mark SET session_id = (SELECT max(id) FROM registers_session) WHERE code = 'M'",
    "a mark given to another school": "UPDATE registers_mark SET school_id = school_id + 1 WHERE code = 'M'",
}

# Everything from one batch on made again as the triggers would have made it, head included.
REBUILD = """
DO $$
DECLARE
    b record;
    last bytea;
BEGIN
    SELECT digest INTO last FROM registers_entrybatch WHERE number = {first} - 1;
    FOR b IN SELECT * FROM registers_entrybatch WHERE number >= {first} ORDER BY number LOOP
        UPDATE registers_entrybatch SET previous_digest = coalesce(last, ''),
            entries_count = (SELECT count(*) FROM registers_markentry WHERE batch_id = b.id),
            entries_digest = registers_entries_digest(b.id) WHERE id = b.id;
        UPDATE registers_entrybatch SET digest = registers_chain_digest(
            previous_digest, school_id, number, by_id, by_name, by_position, at, reason, entries_count,
            entries_digest
        ) WHERE id = b.id RETURNING digest INTO last;
    END LOOP;
    UPDATE registers_historyhead SET digest = last, number = (SELECT max(number) FROM registers_entrybatch);
END $$
"""
# The thorough forger also sees to the marks that stand now.
REWRITES = {
    "an amendment unmade": (
        f"DELETE FROM registers_markentry WHERE batch_id = {IN.format(5)};"
        " UPDATE registers_mark SET code = 'I' WHERE code = 'M'",
        5,
    ),
    "the original of an amendment forged": (
        "UPDATE registers_markentry SET new_code = 'C' WHERE new_code = 'I';"
        " UPDATE registers_markentry SET old_code = 'C' WHERE old_code = 'I'",
        4,
    ),
    "a reason forged": ("UPDATE registers_entrybatch SET reason = 'court order' WHERE number = 4", 4),
    "an author forged": ("UPDATE registers_entrybatch SET by_name = 'Somebody Else' WHERE number = 1", 1),
    "the end cut off": (
        "DELETE FROM registers_markentry WHERE new_code IS NULL;"
        " DELETE FROM registers_entrybatch WHERE number = 6;"
        " INSERT INTO registers_mark SELECT m.academic_year, e.pupil_id, e.session_id, m.school_id, 'N', NULL, '',"
        " m.recorded_at, m.recorded_by_id, m.source FROM registers_mark AS m, registers_markentry AS e"
        " WHERE m.code = 'N' AND e.batch_id NOT IN (SELECT id FROM registers_entrybatch WHERE number > 3)"
        " ON CONFLICT DO NOTHING",
        6,
    ),
}


class TestTampering:
    @pytest.mark.parametrize("statement", TAMPERINGS.values(), ids=TAMPERINGS.keys())
    def test_is_found(self, school: School, statement: str) -> None:
        UserFactory(), SchoolFactory()
        with connection.cursor() as cursor:
            cursor.execute(statement)
            assert cursor.rowcount > 0

        found = history.first_fault(school)

        assert found is not None
        assert found.startswith(f"{school.key}: ")

    def test_is_named_by_the_first_batch_it_broke(self, school: School) -> None:
        raw("UPDATE registers_entrybatch SET reason = 'none' WHERE number IN (4, 5)")

        assert history.first_fault(school) == (
            f"{school.key}: batch 4 of the history is broken: its author, time or reason was altered."
        )

    def test_of_one_school_leaves_the_proof_of_another_whole(self, school: School) -> None:
        other = ClassGroupFactory().school
        raw("DELETE FROM registers_mark")

        assert history.first_fault(other) is None


class TestAHistoryRewrittenAsAWhole:
    """No table tells: only somebody who kept a link."""

    @pytest.mark.parametrize(("statements", "first"), REWRITES.values(), ids=REWRITES.keys())
    def test_is_found_by_a_link_told_outside(self, school: School, statements: str, first: int) -> None:
        kept = history.verify(school).head
        for statement in statements.split("; "):
            raw(statement)
        raw(REBUILD.format(first=first))

        assert history.first_fault(school) is None
        fault = history.verify(school, anchors=[kept]).fault

        assert fault is not None
        assert f"batch {kept.number} of the history" in fault
        assert "told outside" in fault

    def test_is_found_by_the_links_that_rollcall_noted(self, school: School) -> None:
        head = history.verify(school).head
        HistoryAnchor.objects.create(
            school=school,
            number=head.number,
            digest=bytes.fromhex(head.digest),
            at=EntryBatch.objects.latest("number").at,
        )
        raw("UPDATE registers_entrybatch SET reason = 'court order' WHERE number = 4")
        raw(REBUILD.format(first=4))

        assert history.first_fault(school) == (
            f"{school.key}: batch 6 of the history is not the one once told outside."
        )

    def test_is_not_found_by_a_link_from_before(self, school: School) -> None:
        batch = EntryBatch.objects.get(number=3)
        raw("UPDATE registers_entrybatch SET reason = 'court order' WHERE number = 4")
        raw(REBUILD.format(first=4))

        kept = Anchor(school.key, 3, bytes(batch.digest).hex())

        assert history.verify(school, anchors=[kept]).fault is None


class TestAProof:
    def test_says_what_it_covers(self, school: School) -> None:
        proof = history.verify(school)

        last = EntryBatch.objects.latest("number")
        assert (proof.school, proof.batches, proof.entries, proof.number) == (school.key, 6, 12, 6)
        assert MarkEntry.objects.count() == 12
        assert (proof.digest, proof.last_written_at) == (bytes(last.digest).hex(), last.written_at)
        assert proof.anchors == 0

    def test_of_an_empty_history_holds(self) -> None:
        with scopes_disabled():
            proof = history.verify(ClassGroupFactory().school)

        assert (proof.batches, proof.digest, proof.last_written_at, proof.fault) == (0, "", None, None)
