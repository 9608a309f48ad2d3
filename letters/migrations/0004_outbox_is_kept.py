"""The outbox keeps what a message says, lets it move along its states only, and keeps every move."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION letters_keep_message() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    moving CONSTANT text[] := ARRAY['state', 'attempts', 'next_try_at', 'claim', 'claimed_at', 'handed_over_at',
        'provider', 'provider_id', 'looks', 'sent_at', 'settled_at', 'failure'];
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.attempts > 0 THEN
            RAISE EXCEPTION 'A message that may have gone out cannot be removed.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'message_is_final';
        END IF;
        RETURN OLD;
    END IF;
    IF (to_jsonb(NEW) - moving) IS DISTINCT FROM (to_jsonb(OLD) - moving) THEN
        RAISE EXCEPTION 'What a message says, and to whom, cannot be changed.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'message_is_final';
    END IF;
    IF NEW.state <> OLD.state AND NOT (
        (OLD.state = 'ready' AND NEW.state IN ('sending', 'failed', 'withdrawn'))
        OR (OLD.state = 'sending' AND NEW.state IN ('ready', 'sent', 'failed'))
        OR (OLD.state = 'sent' AND NEW.state IN ('delivered', 'returned', 'failed'))
    ) THEN
        RAISE EXCEPTION 'A message cannot move from % to %.', OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'message_moves_forward';
    END IF;
    IF NEW.attempts < OLD.attempts THEN
        RAISE EXCEPTION 'Tries of a message cannot be taken back.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'message_moves_forward';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER message_is_kept BEFORE UPDATE OR DELETE ON letters_message
    FOR EACH ROW EXECUTE FUNCTION letters_keep_message();

CREATE FUNCTION letters_keep_messageevent() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'The history of a message cannot be changed or removed.'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'messageevent_is_final';
END
$$;

CREATE TRIGGER messageevent_is_kept BEFORE UPDATE OR DELETE ON letters_messageevent
    FOR EACH ROW EXECUTE FUNCTION letters_keep_messageevent();
"""

BACKWARD = """
DROP TRIGGER messageevent_is_kept ON letters_messageevent;
DROP FUNCTION letters_keep_messageevent();
DROP TRIGGER message_is_kept ON letters_message;
DROP FUNCTION letters_keep_message();
"""


class Migration(migrations.Migration):
    dependencies = [("letters", "0003_messages")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
