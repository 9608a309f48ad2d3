"""A statement takes the head of its school's chain only when its entries are written, judged and hashed."""

from django.db import migrations

LOCK = """        INSERT INTO registers_historyhead (school_id, number, digest) VALUES (one_school, 0, '\\x')
            ON CONFLICT (school_id) DO NOTHING;
        SELECT number, digest INTO head FROM registers_historyhead WHERE school_id = one_school FOR UPDATE;
"""
CHAIN = "        chained := registers_chain_digest("
# Fourteen classes of a school save within seconds of each other: from the lock to the commit they stand in a
# queue, so that only the link itself is made while it is held.
CHANGE = f"""
DO $change$
DECLARE
    body text := pg_get_functiondef('registers_judge_marks()'::regprocedure);
BEGIN
    IF position($text${LOCK}$text$ IN body) = 0 OR position($text${CHAIN}$text$ IN body) = 0 THEN
        RAISE EXCEPTION 'registers_judge_marks() is not the one this migration changes.';
    END IF;
    body := replace(body, $text${LOCK}$text$, '');
    body := replace(body, $text${CHAIN}$text$, $text${LOCK}{CHAIN}$text$);
    EXECUTE body;
END $change$
"""


class Migration(migrations.Migration):
    dependencies = [("registers", "0014_judge_in_named_years")]

    operations = [migrations.RunSQL([CHANGE], migrations.RunSQL.noop)]
