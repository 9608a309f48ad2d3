"""What is known ahead of a session, for everybody who opens its registers at nine."""

from django.db import migrations

# In PL/pgSQL, so that a connection plans the view once and not each time a register opens.
FUNCTION = """
CREATE FUNCTION registers_expected_in(school bigint, in_session bigint)
RETURNS TABLE (pupil_id bigint, code varchar, nature varchar, reason varchar, is_excused boolean)
LANGUAGE plpgsql STABLE ROWS 10 SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT e.pupil_id, (array_agg(e.code ORDER BY e.rank))[1], (array_agg(e.nature ORDER BY e.rank))[1],
        (array_agg(e.reason ORDER BY e.rank))[1], bool_or(e.code IN ('C2', 'X'))
    FROM registers_expectation AS e
    WHERE e.school_id = school AND e.session_id = in_session
    GROUP BY e.pupil_id;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("registers", "0017_judge_what_was_written")]

    operations = [
        migrations.RunSQL([FUNCTION], ["DROP FUNCTION registers_expected_in(bigint, bigint)"]),
    ]
