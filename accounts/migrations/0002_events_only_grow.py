"""The database itself refuses to change or remove what the log says."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION accounts_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Test databases are emptied between tests; they say so by a table that no other database has.
    IF TG_OP = 'TRUNCATE' AND to_regclass('rollcall_test_database') IS NOT NULL THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'The log of what people did can only grow.'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'event_log_only_grows';
END $$;
CREATE TRIGGER event_log_only_grows BEFORE UPDATE OR DELETE ON accounts_event
    FOR EACH ROW EXECUTE FUNCTION accounts_refuse_change();
CREATE TRIGGER event_log_is_not_emptied BEFORE TRUNCATE ON accounts_event
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_refuse_change();
"""
BACKWARDS = """
DROP TRIGGER event_log_is_not_emptied ON accounts_event;
DROP TRIGGER event_log_only_grows ON accounts_event;
DROP FUNCTION accounts_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
