-- The history of the particulars of the admission register, written by the database itself: whoever changes a row, by
-- a form, an import or a statement of their own, leaves one line for each particular changed.

CREATE FUNCTION registers_note_particulars() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    kind text := TG_ARGV[0];
    before jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    after jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    known jsonb := coalesce(after, before);
    acted_at timestamptz := coalesce(
        nullif(current_setting('rollcall.at', true), '')::timestamptz, clock_timestamp()
    );
    counts text := coalesce(current_setting('rollcall.counts_from', true), '');
BEGIN
    INSERT INTO registers_particularschange (
        school_id, subject, subject_id, pupil_id, contact_id, field, old, new, counts_from, at, by_id, by_name,
        by_position, reason
    )
    SELECT
        (known ->> 'school_id')::bigint, kind, (known ->> 'id')::bigint,
        (known ->> CASE kind WHEN 'pupil' THEN 'id' ELSE 'pupil_id' END)::bigint,
        (known ->> CASE kind WHEN 'contact' THEN 'id' ELSE 'contact_id' END)::bigint,
        changed.field, changed.old, changed.new,
        -- 'always': what stood there was never right. Nothing said: new from the day on which it was written.
        CASE counts
            WHEN 'always' THEN NULL
            WHEN '' THEN (acted_at AT TIME ZONE 'Europe/London')::date
            ELSE counts::date
        END,
        acted_at,
        nullif(current_setting('rollcall.by', true), '')::bigint,
        coalesce(current_setting('rollcall.by_name', true), ''),
        left(coalesce(current_setting('rollcall.by_position', true), ''), 40),
        btrim(coalesce(current_setting('rollcall.reason', true), ''))
    FROM (
        SELECT '' AS field, before::text AS old, after::text AS new WHERE TG_OP <> 'UPDATE'
        UNION ALL
        SELECT key, before ->> key, after ->> key
        FROM jsonb_object_keys(CASE WHEN TG_OP = 'UPDATE' THEN after ELSE '{}' END) AS key
        WHERE before -> key IS DISTINCT FROM after -> key
    ) AS changed
    ORDER BY changed.field;
    RETURN NULL;
END $$;
-- Nobody else may bind the function to a table of their own and so write into the history what never happened.
REVOKE EXECUTE ON FUNCTION registers_note_particulars() FROM PUBLIC;

CREATE TRIGGER particulars_are_noted AFTER INSERT OR UPDATE OR DELETE ON registers_pupil
    FOR EACH ROW EXECUTE FUNCTION registers_note_particulars('pupil');
CREATE TRIGGER particulars_are_noted AFTER INSERT OR UPDATE OR DELETE ON registers_pupiladdress
    FOR EACH ROW EXECUTE FUNCTION registers_note_particulars('address');
CREATE TRIGGER particulars_are_noted AFTER INSERT OR UPDATE OR DELETE ON registers_pupilflag
    FOR EACH ROW EXECUTE FUNCTION registers_note_particulars('flag');
CREATE TRIGGER particulars_are_noted AFTER INSERT OR UPDATE OR DELETE ON registers_contact
    FOR EACH ROW EXECUTE FUNCTION registers_note_particulars('contact');
CREATE TRIGGER particulars_are_noted AFTER INSERT OR UPDATE OR DELETE ON registers_pupilcontact
    FOR EACH ROW EXECUTE FUNCTION registers_note_particulars('link');
CREATE TRIGGER particulars_are_noted AFTER INSERT OR UPDATE OR DELETE ON registers_pupiloutsidecontact
    FOR EACH ROW EXECUTE FUNCTION registers_note_particulars('outside');

CREATE FUNCTION registers_refuse_change_of_particulars() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    -- Test databases are emptied between tests; they say so by a table that no other database has.
    IF TG_OP = 'TRUNCATE' AND to_regclass('rollcall_test_database') IS NOT NULL THEN
        RETURN NULL;
    END IF;
    -- An entry is kept for six years (SI 2024/208 regulation 7); after that it may be removed.
    IF TG_OP = 'DELETE' THEN
        IF OLD.at < now() - interval '6 years' THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'The history of the admission register can only grow.'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'particulars_history_is_append_only';
END $$;
CREATE TRIGGER particulars_history_is_append_only BEFORE UPDATE OR DELETE ON registers_particularschange
    FOR EACH ROW EXECUTE FUNCTION registers_refuse_change_of_particulars();
CREATE TRIGGER particulars_history_is_not_emptied BEFORE TRUNCATE ON registers_particularschange
    FOR EACH STATEMENT EXECUTE FUNCTION registers_refuse_change_of_particulars();
