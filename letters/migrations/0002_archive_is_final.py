"""The archive is final: what a letter says and the file made of it cannot be changed or removed."""

from django.db import migrations

# A letter's words and addressees stand from the moment it is prepared; its file from the moment it has one.
# Only its way there may change. A letter that never had a file may be removed, one with a file may not.
FORWARD = """
CREATE FUNCTION letters_refuse_file_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The file of a letter cannot be changed or removed.'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'letterfile_is_final';
END
$$;

CREATE TRIGGER letterfile_is_final BEFORE UPDATE OR DELETE ON letters_letterfile
    FOR EACH ROW EXECUTE FUNCTION letters_refuse_file_change();

CREATE FUNCTION letters_keep_letter() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.file_id IS NOT NULL THEN
            RAISE EXCEPTION 'A letter that was made cannot be removed.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'letter_is_final';
        END IF;
        RETURN OLD;
    END IF;
    IF (to_jsonb(NEW) - ARRAY['state', 'failure', 'claimed_at', 'rendered_at', 'file_id'])
        IS DISTINCT FROM (to_jsonb(OLD) - ARRAY['state', 'failure', 'claimed_at', 'rendered_at', 'file_id'])
    THEN
        RAISE EXCEPTION 'What a letter says, and to whom, cannot be changed.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'letter_is_final';
    END IF;
    IF OLD.file_id IS NOT NULL
        AND ((NEW.file_id, NEW.rendered_at) IS DISTINCT FROM (OLD.file_id, OLD.rendered_at)
            OR NEW.state NOT IN ('rendered', 'withdrawn'))
    THEN
        RAISE EXCEPTION 'A letter that was made keeps its file.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'letter_is_final';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER letter_is_final BEFORE UPDATE OR DELETE ON letters_letter
    FOR EACH ROW EXECUTE FUNCTION letters_keep_letter();
"""

BACKWARD = """
DROP TRIGGER letter_is_final ON letters_letter;
DROP FUNCTION letters_keep_letter();
DROP TRIGGER letterfile_is_final ON letters_letterfile;
DROP FUNCTION letters_refuse_file_change();
"""


class Migration(migrations.Migration):
    dependencies = [("letters", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
