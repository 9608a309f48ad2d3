"""What the application's role of the database can do, asked over a connection that signs in as that role."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection
from django_scopes import scopes_disabled

from accounts import events
from accounts.models import Event, User
from registers.models import EntryBatch, Mark, MarkEntry
from registers.services import amendments, database_role, history, marks
from registers.services.mark_imports import (
    StagedMark,
    differences,
    index_staged,
    record_staged,
    stage_marks,
    staging,
)
from registers.services.marks import MarkInput, MarkRow
from tests.factories.accounts import UserFactory
from tests.factories.registers import ClassGroupFactory, held_sessions, pupil_in_class
from tests.narrow_role import APPLICATION, as_application

MONDAY = date(2025, 11, 3)


@contextmanager
def signed_in_as_application() -> Iterator[psycopg.Connection]:
    """Open a connection of its own to the test database as the application's role."""
    given = connection.settings_dict
    with psycopg.connect(
        dbname=given["NAME"],
        user=APPLICATION,
        host=given["HOST"],
        port=given["PORT"] or None,
        autocommit=True,
    ) as opened:
        yield opened


# Each is tried whether or not it would find a row: what is refused is the attempt.
DENIED = {
    "change an entry": "UPDATE registers_markentry SET new_code = '/'",
    "change an entry in its partition": "UPDATE registers_markentry_2025 SET new_code = '/'",
    "remove entries": "DELETE FROM registers_markentry",
    "remove entries from their partition": "DELETE FROM registers_markentry_2025",
    "empty the entries": "TRUNCATE registers_markentry",
    "empty a partition of entries": "TRUNCATE registers_markentry_2025",
    "add an entry": "INSERT INTO registers_markentry VALUES (2025, 1, 1, 1, NULL, NULL, NULL, '/', NULL, '')",
    "copy entries in": "COPY registers_markentry_2025 FROM STDIN",
    "merge entries": "MERGE INTO registers_markentry AS e USING registers_mark AS m"
    " ON e.pupil_id = m.pupil_id WHEN MATCHED THEN UPDATE SET new_code = '/'",
    "lock entries": "SELECT * FROM registers_markentry FOR UPDATE",
    "change a batch": "UPDATE registers_entrybatch SET reason = 'another'",
    "remove a batch": "DELETE FROM registers_entrybatch",
    "empty the batches": "TRUNCATE registers_entrybatch CASCADE",
    "add a batch": "INSERT INTO registers_entrybatch SELECT * FROM registers_entrybatch",
    "turn the chain's head back": "UPDATE registers_historyhead SET number = 0",
    "remove the chain's head": "DELETE FROM registers_historyhead",
    "empty the heads": "TRUNCATE registers_historyhead",
    "add a head": "INSERT INTO registers_historyhead (school_id, number, digest) VALUES (1, 0, '')",
    "change the log": "UPDATE accounts_event SET kind = 'nothing.happened'",
    "remove from the log": "DELETE FROM accounts_event",
    "empty the log": "TRUNCATE accounts_event",
    "empty the marks": "TRUNCATE registers_mark",
    "empty a partition of marks": "TRUNCATE registers_mark_2025",
    "change marks beside the table": "UPDATE registers_mark_2025 SET code = '/'",
    "change the national codes": "UPDATE registers_code SET is_mark = true",
    "forget a migration": "DELETE FROM django_migrations",
    "switch the history's triggers off": "ALTER TABLE registers_markentry DISABLE TRIGGER ALL",
    "switch the marks' triggers off": "ALTER TABLE registers_mark DISABLE TRIGGER USER",
    "switch a partition's triggers off": "ALTER TABLE registers_mark_2025"
    " DISABLE TRIGGER marks_are_judged_on_update",
    "drop a trigger": "DROP TRIGGER history_is_append_only ON registers_markentry",
    "add a trigger": "CREATE TRIGGER mine BEFORE INSERT ON registers_mark FOR EACH ROW"
    " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "add a rule": "CREATE RULE mine AS ON INSERT TO registers_mark DO INSTEAD NOTHING",
    "alter a column": "ALTER TABLE registers_markentry ALTER new_code TYPE text",
    "drop a constraint": "ALTER TABLE registers_entrybatch DROP CONSTRAINT entrybatch_number_is_unique",
    "rename the history": "ALTER TABLE registers_markentry RENAME TO old_entries",
    "detach a year": "ALTER TABLE registers_markentry DETACH PARTITION registers_markentry_2025",
    "drop a year": "DROP TABLE registers_markentry_2025",
    "drop the batches": "DROP TABLE registers_entrybatch CASCADE",
    "take the tables over": "ALTER TABLE registers_markentry OWNER TO CURRENT_USER",
    "create a table": "CREATE TABLE mine (n int)",
    "create a function": "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "create a schema": "CREATE SCHEMA mine",
    "replace the judging function": "CREATE OR REPLACE FUNCTION registers_judge_marks() RETURNS trigger"
    " LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "drop the judging function": "DROP FUNCTION registers_judge_marks() CASCADE",
    "let the judging function run as itself": "ALTER FUNCTION registers_judge_marks() SECURITY INVOKER",
    "make partitions": "SELECT registers_make_partitions(2040, 2040)",
    "skip triggers for its session": "SET session_replication_role = 'replica'",
    "skip triggers by a function": "SELECT set_config('session_replication_role', 'replica', false)",
    "become the owner": "SET ROLE rollcall",
    "become the superuser": "SET SESSION AUTHORIZATION postgres",
    "join the owner": "GRANT rollcall TO rollcall_app",
    "raise itself": "ALTER ROLE CURRENT_USER SUPERUSER",
    "make a role": "CREATE ROLE mine",
    "make a database": "CREATE DATABASE mine",
    "read files of the server": "SELECT pg_read_file('PG_VERSION')",
    "run programs on the server": "COPY registers_school TO PROGRAM 'cat'",
    "write system tables": "UPDATE pg_trigger SET tgenabled = 'D'",
}


@pytest.mark.django_db
class TestTheApplicationsRoleCannot:
    @pytest.mark.parametrize("attempt", DENIED.values(), ids=DENIED.keys())
    def test(self, attempt: str) -> None:
        with signed_in_as_application() as opened, pytest.raises(psycopg.errors.InsufficientPrivilege):
            opened.execute(attempt)

    def test_write_history_through_a_trigger_on_a_table_of_its_own(self) -> None:
        with signed_in_as_application() as opened:
            opened.execute("CREATE TEMPORARY TABLE bait (LIKE registers_mark)")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                opened.execute(
                    "CREATE TRIGGER mine AFTER INSERT ON bait REFERENCING NEW TABLE AS new_rows"
                    " FOR EACH STATEMENT EXECUTE FUNCTION registers_judge_marks()"
                )

    def test_grant_itself_a_right(self) -> None:
        with signed_in_as_application() as opened:
            opened.execute(
                "GRANT UPDATE ON registers_markentry TO CURRENT_USER"
            )  # a warning, and nothing done
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                opened.execute("UPDATE registers_markentry SET new_code = '/'")

    def test_let_a_temporary_table_stand_in_for_one_of_ours(self) -> None:
        with signed_in_as_application() as opened:
            opened.execute("CREATE TEMPORARY TABLE registers_mark (n int)")
            found = opened.execute(
                "SELECT proname::text FROM pg_proc WHERE proname LIKE 'registers\\_%'"
                " AND prorettype = 'trigger'::regtype AND prosrc LIKE '%FROM%'"
                " AND NOT 'search_path=public, pg_temp' = ANY (coalesce(proconfig, '{}'))"
            ).fetchall()

        assert found == []

    def test_and_may_do_nothing_else_with_any_table_than_the_list_says(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT relname, string_agg(privilege_type, ' ' ORDER BY privilege_type)"
                " FROM pg_class, aclexplode(relacl) AS given"
                " WHERE given.grantee = %s::regrole AND relkind IN ('r', 'p', 'v') GROUP BY relname",
                [APPLICATION],
            )
            given = dict(cursor.fetchall())

        full, grow, read = "DELETE INSERT MAINTAIN SELECT UPDATE", "INSERT MAINTAIN SELECT", "MAINTAIN SELECT"
        with_rights = {
            wanted: {name for name, rights in given.items() if rights == wanted} for wanted in (grow, read)
        }
        assert with_rights[grow] == database_role.GROW_ONLY & set(given)
        assert with_rights[read] == database_role.READ_ONLY & set(given)
        assert given["registers_expectation"] == "SELECT"
        assert given["registers_markentry_2025"] == given["registers_mark_2025"] == "MAINTAIN"
        assert given["registers_mark"] == given["escalation_step"] == given["letters_letter"] == full


@pytest.fixture
def author(transactional_db: None) -> User:
    call_command("migrate", verbosity=0)  # codes, which an emptied database has lost
    return UserFactory(name="Office Person")


class TestTheApplicationsRoleCan:
    """Each works with rows that another connection can see, in a database that is emptied afterwards."""

    @pytest.fixture
    def scene(self, author: User) -> Iterator[tuple]:
        class_group = ClassGroupFactory()
        sessions = held_sessions(class_group.school, MONDAY, MONDAY + timedelta(days=4), half_term="Autumn 2")
        pupils = [pupil_in_class(class_group) for _ in range(3)]
        with scopes_disabled(), as_application():
            with connection.cursor() as cursor:
                cursor.execute("SELECT current_user::text")
                assert cursor.fetchone() == (APPLICATION,)
            yield class_group, sessions, pupils

    def test_take_a_register_and_change_it(self, scene: tuple, author: User) -> None:
        class_group, sessions, pupils = scene
        for code in ("/", "N"):
            saved = marks.save_marks(
                class_group,
                sessions[0],
                marks=[MarkInput(pupil.pk, code) for pupil in pupils],
                pupils={pupil.pk: pupil for pupil in pupils},
                with_timetable=frozenset(),
                by=author,
                at=sessions[0].opens_at,
            )

        assert (saved.recorded, saved.changed) == (0, 3)
        assert (Mark.objects.count(), MarkEntry.objects.count(), EntryBatch.objects.count()) == (3, 6, 2)
        assert history.first_fault(class_group.school) is None

    def test_amend_clear_and_settle_marks(self, scene: tuple, author: User) -> None:
        class_group, sessions, pupils = scene
        late = sessions[0].closes_at + timedelta(minutes=5)
        marks.load_marks(
            class_group.school,
            [MarkRow(pupil.pk, sessions[0].pk, 2025, "N") for pupil in pupils],
            by=author,
            at=sessions[0].opens_at,
        )
        amendments.amend_mark(pupils[0], sessions[0], code="I", reason="The parent rang", by=author, at=late)
        with marks.attribution(by=author, at=late, reason="Entered for the wrong pupil"):
            Mark.objects.filter(pupil=pupils[1]).delete()
        settled = marks.settle_unexplained(
            class_group.school, on=MONDAY + timedelta(days=30), by=author, at=late + timedelta(days=30)
        )

        assert settled == 0  # the calendar of the test ends before five school days have passed
        assert sorted(Mark.objects.values_list("code_id", flat=True)) == ["I", "N"]
        assert history.first_fault(class_group.school) is None

    def test_take_in_a_file_through_a_table_aside(self, scene: tuple, author: User) -> None:
        class_group, sessions, pupils = scene
        with staging():
            stage_marks(
                StagedMark(line, 2025, pupil.pk, sessions[0].pk, "/", None, "")
                for line, pupil in enumerate(pupils)
            )
            index_staged()
            assert differences(has_arrivals=False, has_natures=False) == []
            done = record_staged(
                class_group.school,
                by=author,
                at=sessions[0].closes_at,
                position="",
                amend_reason="",
                has_arrivals=False,
                has_natures=False,
            )

        assert (done.recorded, done.amended) == (3, 0)
        assert history.first_fault(class_group.school) is None

    def test_tell_the_planner_what_tables_hold(self, scene: tuple, author: User) -> None:
        class_group, sessions, pupils = scene
        marks.load_marks(
            class_group.school,
            [MarkRow(pupil.pk, sessions[0].pk, 2025, "/") for pupil in pupils],
            by=author,
            at=sessions[0].opens_at,
        )
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE registers_mark, registers_markentry, registers_session")
            cursor.execute("SELECT reltuples::int FROM pg_class WHERE relname = 'registers_markentry_2025'")
            assert cursor.fetchone() == (3,)

    def test_write_the_log(self, scene: tuple, author: User) -> None:
        school = scene[0].school
        events.record("register.opened", school=school, by=author, at=scene[1][0].opens_at)

        assert list(Event.objects.values_list("kind", "school_id")) == [("register.opened", school.pk)]
