"""The database judges and hashes the entries of a statement in the years it touched, not in every partition."""

from django.db import migrations

# An entry's digest of named years; the one without them stays for whoever asks for a batch by itself.
DIGEST = r"""
CREATE FUNCTION registers_entries_digest(batch bigint, years smallint[]) RETURNS bytea
LANGUAGE sql STABLE AS $$
    SELECT sha256(convert_to(coalesce(string_agg(
        jsonb_build_array(
            academic_year, pupil_id, session_id, old_code, old_arrived_at, old_nature, new_code, new_arrived_at,
            new_nature
        )::text, E'\n' ORDER BY pupil_id, session_id
    ), ''), 'UTF8'))
    FROM registers_markentry WHERE batch_id = batch AND academic_year = ANY (years)
$$
"""
CHANGES = [
    ("    schools bigint[];\n", "    schools bigint[];\n    years smallint[];\n"),
    (
        "SELECT array_agg(DISTINCT school_id), min(recorded_by_id) INTO schools, author FROM new_rows;",
        "SELECT array_agg(DISTINCT school_id), array_agg(DISTINCT academic_year), min(recorded_by_id)\n"
        "            INTO schools, years, author FROM new_rows;",
    ),
    (
        "SELECT array_agg(DISTINCT school_id) INTO schools FROM old_rows;",
        "SELECT array_agg(DISTINCT school_id), array_agg(DISTINCT academic_year)\n"
        "            INTO schools, years FROM old_rows;",
    ),
    (
        "WHERE e.batch_id = batch AND e.academic_year BETWEEN 2000 AND 2100",
        "WHERE e.batch_id = batch AND e.academic_year = ANY (years)",
    ),
    ("registers_entries_digest(batch);", "registers_entries_digest(batch, years);"),
]


def replacing(changes: list[tuple[str, str]]) -> str:
    """Return the statement that changes the function's text as it stands, and refuses where it differs."""
    steps = "".join(
        f"""
    IF position($old${old}$old$ IN body) = 0 THEN
        RAISE EXCEPTION 'registers_judge_marks() is not the one this migration changes.';
    END IF;
    body := replace(body, $old${old}$old$, $new${new}$new$);"""
        for old, new in changes
    )
    return f"""
DO $change$
DECLARE
    body text := pg_get_functiondef('registers_judge_marks()'::regprocedure);
BEGIN{steps}
    EXECUTE body;
END $change$
"""


class Migration(migrations.Migration):
    dependencies = [("registers", "0013_uploaded_files")]

    operations = [
        migrations.RunSQL([DIGEST], ["DROP FUNCTION registers_entries_digest(bigint, smallint[])"]),
        migrations.RunSQL([replacing(CHANGES)], [replacing([(new, old) for old, new in reversed(CHANGES)])]),
    ]
