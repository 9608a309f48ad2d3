"""What the application's role of the database may do: everything but touch the history (docs/adr/0009)."""

from django.db import connection, transaction
from psycopg.sql import SQL, Composed, Identifier

# Only the triggers of marks, which run as the owner, write here; the national codes come with a migration.
READ_ONLY = frozenset(
    {
        "django_migrations",
        "registers_code",
        "registers_entrybatch",
        "registers_historyhead",
        "registers_markentry",
        "registers_particularschange",
        "registers_retiredentries",
        "registers_retiredyear",
    }
)
# Rows are added and never changed.
GROW_ONLY = frozenset(
    {
        "absences_contactattempt",
        "absences_contactattemptstrike",
        "absences_leaveliable",
        "absences_leavenote",
        "absences_leaveoutcome",
        "absences_leavepart",
        "absences_recordreview",
        "absences_reportevent",
        "absences_unauthorisingnotice",
        "accounts_event",
        "letters_messageevent",
        "registers_historyanchor",
    }
)

RELATIONS = """
SELECT relname, relkind, relispartition FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'S') ORDER BY relname
"""
# A temporary table of the caller must not stand in for one that a trigger reads.
TRIGGERS = """
SELECT oid::regprocedure::text FROM pg_proc
WHERE pronamespace = 'public'::regnamespace AND prorettype = 'trigger'::regtype AND proconfig IS NULL
"""
IS_PROTECTED = """
SELECT pg_get_userbyid(relowner) <> %(role)s
    AND NOT has_table_privilege(%(role)s, oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER')
    AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = %(role)s AND rolsuper)
    AND NOT pg_has_role(%(role)s, relowner, 'MEMBER')
FROM pg_class WHERE oid = 'public.registers_markentry'::regclass
"""


@transaction.atomic
def grant_application_role(role: str) -> None:
    """
    Give the role what the application needs and take away what it has beyond that; call it as the owner.

    Partitions get nothing: what is granted on the whole table holds for its parts when the whole is named.
    Functions of triggers are bound to our schema on the same occasion.

    :raises ProgrammingError: there is no such role, or the caller does not own the tables
    """
    to = Identifier(role)
    with connection.cursor() as cursor:
        cursor.execute(RELATIONS)
        for name, kind, is_partition in cursor.fetchall():
            what = SQL("SEQUENCE {}" if kind == "S" else "{}").format(Identifier("public", name))
            _run(SQL("REVOKE ALL ON {} FROM {}").format(what, to))
            _run(SQL("GRANT {} ON {} TO {}").format(_rights(name, kind, is_partition=is_partition), what, to))
        cursor.execute(TRIGGERS)
        for (function,) in cursor.fetchall():
            cursor.execute(f"ALTER FUNCTION {function} SET search_path = public, pg_temp")


def is_protected(role: str) -> bool:
    """Say whether the history is out of reach of this role."""
    with connection.cursor() as cursor:
        cursor.execute(IS_PROTECTED, {"role": role})
        return bool(cursor.fetchone()[0])


def _rights(name: str, kind: str, *, is_partition: bool) -> SQL:
    if kind == "S":
        return SQL("USAGE, SELECT")
    if kind == "v":
        return SQL("SELECT")
    if is_partition:
        return SQL("MAINTAIN")
    if name in READ_ONLY:
        return SQL("SELECT, MAINTAIN")
    if name in GROW_ONLY:
        return SQL("SELECT, INSERT, MAINTAIN")
    return SQL("SELECT, INSERT, UPDATE, DELETE, MAINTAIN")


def _run(statement: Composed) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
