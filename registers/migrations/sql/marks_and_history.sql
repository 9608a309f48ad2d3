-- Marks, their history, and the checks that the database itself makes on both.
--
-- Checks run once for each statement over all rows it changed, so that one mark and a year of marks are judged by the
-- same code and a bulk load stays fast. They are bound to the partitioned parent and to every partition, because a
-- statement that names a partition fires only that partition's statement triggers.

CREATE TABLE registers_mark (
    academic_year smallint NOT NULL,
    pupil_id bigint NOT NULL REFERENCES registers_pupil (id),
    session_id bigint NOT NULL REFERENCES registers_session (id),
    school_id bigint NOT NULL,
    code varchar(2) NOT NULL,
    arrived_at time,
    nature varchar(200) NOT NULL DEFAULT '',
    recorded_at timestamptz NOT NULL,
    recorded_by_id bigint NOT NULL,
    source varchar(8) NOT NULL
        CONSTRAINT mark_source_is_known CHECK (source IN ('register', 'office', 'import', 'system', 'ahead')),
    CONSTRAINT mark_arrival_only_when_late_or_present CHECK (arrived_at IS NULL OR code IN ('/', '\', 'L', 'U')),
    PRIMARY KEY (academic_year, pupil_id, session_id)
) PARTITION BY LIST (academic_year);

CREATE TABLE registers_markentry (
    academic_year smallint NOT NULL,
    batch_id bigint NOT NULL,
    pupil_id bigint NOT NULL,
    session_id bigint NOT NULL,
    old_code varchar(2),
    old_arrived_at time,
    old_nature varchar(200),
    new_code varchar(2),
    new_arrived_at time,
    new_nature varchar(200),
    PRIMARY KEY (academic_year, batch_id, pupil_id, session_id)
) PARTITION BY LIST (academic_year);

-- The sweep and every absence rule read this index only: six to nine per cent of the marks.
CREATE INDEX mark_exceptions ON registers_mark (school_id, pupil_id, session_id) INCLUDE (code)
    WHERE code NOT IN ('/', '\');
-- Day board and register pages read one session of many pupils.
CREATE INDEX mark_by_session ON registers_mark (session_id) INCLUDE (code);
-- The history of one mark.
CREATE INDEX markentry_by_mark ON registers_markentry (pupil_id, session_id);

-- Compulsory school age (Education Act 1996 section 8): from the prescribed day (31 March, 31 August, 31 December) on
-- or next after the fifth birthday to the last Friday in June of the school year in which the pupil turns sixteen.
CREATE FUNCTION registers_compulsory_age_starts(born date) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT min(day)::date
    FROM (SELECT (born + interval '5 years')::date AS fifth) AS birthday,
         LATERAL (VALUES
             (make_date(extract(year FROM fifth)::int, 3, 31)),
             (make_date(extract(year FROM fifth)::int, 8, 31)),
             (make_date(extract(year FROM fifth)::int, 12, 31))
         ) AS prescribed (day)
    WHERE day >= fifth
$$;

CREATE FUNCTION registers_compulsory_age_ends(born date) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT june30 - ((extract(isodow FROM june30)::int + 2) % 7)
    FROM (SELECT make_date(
        extract(year FROM born)::int + 16 + CASE WHEN extract(month FROM born) >= 9 THEN 1 ELSE 0 END, 6, 30
    ) AS june30) AS last_of_june
$$;

CREATE FUNCTION registers_is_compulsory_age(born date, on_day date) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT on_day >= registers_compulsory_age_starts(born) AND on_day <= registers_compulsory_age_ends(born)
$$;

-- Judge what one statement changed and write it into the history.
--
-- For each school of the statement: lock the head of its chain, write one entry for each changed mark, judge the
-- entries against calendar, codes, roll and age, and close the batch with its digests. Any fault undoes the statement.
CREATE FUNCTION registers_judge_marks() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    acting bigint := nullif(current_setting('rollcall.by', true), '')::bigint;
    acting_name text := coalesce(current_setting('rollcall.by_name', true), '');
    acting_position text := coalesce(current_setting('rollcall.by_position', true), '');
    given_reason text := btrim(coalesce(current_setting('rollcall.reason', true), ''));
    writing timestamptz := clock_timestamp();
    acted_at timestamptz := coalesce(nullif(current_setting('rollcall.at', true), '')::timestamptz, writing);
    schools bigint[];
    one_school bigint;
    author bigint;
    batch bigint;
    how_many int;
    head record;
    fault record;
    entries_sha bytea;
    chained bytea;
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(DISTINCT school_id), min(recorded_by_id) INTO schools, author FROM new_rows;
    ELSE
        SELECT array_agg(DISTINCT school_id) INTO schools FROM old_rows;
    END IF;
    IF schools IS NULL THEN
        RETURN NULL;  -- the statement changed nothing
    END IF;
    author := coalesce(acting, author);
    IF author IS NULL THEN
        RAISE EXCEPTION 'A mark cannot be changed without saying who changes it.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'mark_change_has_author';
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF EXISTS (
            SELECT FROM new_rows AS n
            LEFT JOIN old_rows AS o USING (academic_year, pupil_id, session_id, school_id)
            WHERE o.pupil_id IS NULL
        ) THEN
            RAISE EXCEPTION 'A mark cannot be moved to another pupil or session.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'mark_stays_in_place';
        END IF;
        IF EXISTS (
            SELECT FROM new_rows AS n
            JOIN old_rows AS o USING (academic_year, pupil_id, session_id)
            WHERE (o.code, o.arrived_at, o.nature) IS NOT DISTINCT FROM (n.code, n.arrived_at, n.nature)
                AND (o.recorded_at, o.recorded_by_id, o.source) IS DISTINCT FROM
                    (n.recorded_at, n.recorded_by_id, n.source)
        ) THEN
            RAISE EXCEPTION 'Who recorded a mark, and when, changes only with the mark.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'mark_author_changes_with_mark';
        END IF;
    END IF;

    -- Sorted, so that two statements over the same schools wait for each other instead of deadlocking.
    FOR one_school IN SELECT unnest(schools) AS id ORDER BY id LOOP
        INSERT INTO registers_historyhead (school_id, number, digest) VALUES (one_school, 0, '\x')
            ON CONFLICT (school_id) DO NOTHING;
        SELECT number, digest INTO head FROM registers_historyhead WHERE school_id = one_school FOR UPDATE;
        batch := nextval(pg_get_serial_sequence('registers_entrybatch', 'id'));

        IF TG_OP = 'INSERT' THEN
            INSERT INTO registers_markentry
            SELECT academic_year, batch, pupil_id, session_id, NULL, NULL, NULL, code, arrived_at, nature
            FROM new_rows WHERE school_id = one_school;
        ELSIF TG_OP = 'UPDATE' THEN
            INSERT INTO registers_markentry
            SELECT n.academic_year, batch, n.pupil_id, n.session_id,
                o.code, o.arrived_at, o.nature, n.code, n.arrived_at, n.nature
            FROM new_rows AS n JOIN old_rows AS o USING (academic_year, pupil_id, session_id)
            WHERE n.school_id = one_school
                AND (o.code, o.arrived_at, o.nature) IS DISTINCT FROM (n.code, n.arrived_at, n.nature);
        ELSE
            INSERT INTO registers_markentry
            SELECT academic_year, batch, pupil_id, session_id, code, arrived_at, nature, NULL, NULL, NULL
            FROM old_rows WHERE school_id = one_school;
        END IF;
        GET DIAGNOSTICS how_many = ROW_COUNT;
        CONTINUE WHEN how_many = 0;

        SELECT fault_name, fault_text INTO fault FROM (
            SELECT e.pupil_id, s."on" AS day, s.half, e.new_code,
                CASE
                    WHEN s.id IS NULL OR s.school_id <> one_school OR s.academic_year <> e.academic_year
                        THEN 'mark_session_of_school'
                    WHEN p.id IS NULL OR p.school_id <> one_school THEN 'mark_pupil_of_school'
                    WHEN TG_OP <> 'INSERT' AND given_reason = '' AND acted_at > s.closes_at
                        THEN 'mark_change_has_reason'
                    WHEN e.new_code IS NULL THEN NULL
                    WHEN s.status <> 'held' THEN 'mark_session_is_held'
                    WHEN c.symbol IS NULL OR NOT c.is_mark OR s."on" < c.valid_from OR s."on" > c.valid_to
                        THEN 'mark_code_is_valid_that_day'
                    WHEN c.half <> '' AND c.half <> s.half THEN 'mark_code_is_of_that_half'
                    WHEN NOT EXISTS (
                        SELECT FROM registers_enrolment AS r
                        WHERE r.pupil_id = e.pupil_id AND r.starts_on <= s."on"
                            AND (r.leaving_on IS NULL OR r.leaving_on >= s."on")
                    ) THEN 'mark_pupil_is_on_roll'
                    WHEN c.age_rule = 'non_compulsory' AND registers_is_compulsory_age(p.date_of_birth, s."on")
                        OR c.age_rule = 'compulsory' AND NOT registers_is_compulsory_age(p.date_of_birth, s."on")
                        THEN 'mark_code_is_of_that_age'
                    WHEN e.new_code = 'C2' AND NOT EXISTS (
                        SELECT FROM registers_parttimetimetable AS t
                        JOIN registers_timetableabsence AS a ON a.timetable_id = t.id
                        WHERE t.pupil_id = e.pupil_id AND s."on" BETWEEN t.first_day AND t.last_day
                            AND a.weekday = extract(isodow FROM s."on")::int - 1 AND a.half = s.half
                    ) THEN 'mark_has_part_time_timetable'
                END AS fault_name
            FROM registers_markentry AS e
            LEFT JOIN registers_session AS s ON s.id = e.session_id
            LEFT JOIN registers_pupil AS p ON p.id = e.pupil_id
            LEFT JOIN registers_code AS c ON c.symbol = e.new_code
            WHERE e.batch_id = batch AND e.academic_year BETWEEN 2000 AND 2100
        ) AS judged,
        LATERAL (SELECT CASE fault_name
            WHEN 'mark_session_of_school' THEN 'There is no such session at this school.'
            WHEN 'mark_pupil_of_school' THEN 'There is no such pupil at this school.'
            WHEN 'mark_change_has_reason'
                THEN format('The register of %s %s is closed: a change needs a reason.', day, half)
            WHEN 'mark_session_is_held' THEN format('The school was closed on %s %s.', day, half)
            WHEN 'mark_code_is_valid_that_day' THEN format('Code %s cannot be used as a mark on %s.', new_code, day)
            WHEN 'mark_code_is_of_that_half' THEN format('Code %s cannot be used in a %s session.', new_code, half)
            WHEN 'mark_pupil_is_on_roll' THEN format('Pupil %s was not on roll on %s.', pupil_id, day)
            WHEN 'mark_code_is_of_that_age'
                THEN format('Code %s cannot be used for the age of pupil %s on %s.', new_code, pupil_id, day)
            WHEN 'mark_has_part_time_timetable'
                THEN format('Code C2 needs a part-time timetable of pupil %s for %s %s.', pupil_id, day, half)
            END AS fault_text) AS words
        WHERE fault_name IS NOT NULL
        ORDER BY day, pupil_id LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION '%', fault.fault_text USING ERRCODE = 'check_violation', CONSTRAINT = fault.fault_name;
        END IF;

        entries_sha := registers_entries_digest(batch);
        chained := registers_chain_digest(
            head.digest, one_school, head.number + 1, author, acting_name, acting_position, acted_at, given_reason,
            how_many, entries_sha
        );
        INSERT INTO registers_entrybatch (
            id, school_id, number, by_id, by_name, by_position, at, written_at, reason, entries_count,
            entries_digest, previous_digest, digest
        ) OVERRIDING SYSTEM VALUE VALUES (
            batch, one_school, head.number + 1, author, acting_name, acting_position, acted_at, writing, given_reason,
            how_many, entries_sha, head.digest, chained
        );
        UPDATE registers_historyhead SET number = head.number + 1, digest = chained WHERE school_id = one_school;
    END LOOP;
    RETURN NULL;
END $$;

-- One canonical line for each entry (JSON arrays leave no room for two readings), in one order, hashed together.
CREATE FUNCTION registers_entries_digest(batch bigint) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(convert_to(coalesce(string_agg(
        jsonb_build_array(
            academic_year, pupil_id, session_id, old_code, old_arrived_at, old_nature, new_code, new_arrived_at,
            new_nature
        )::text, E'\n' ORDER BY pupil_id, session_id
    ), ''), 'UTF8'))
    FROM registers_markentry WHERE batch_id = batch AND academic_year BETWEEN 2000 AND 2100
$$;

CREATE FUNCTION registers_chain_digest(
    previous bytea, school bigint, number bigint, author bigint, author_name text, author_position text,
    acted_at timestamptz, reason text, how_many int, entries_sha bytea
) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT sha256(previous || entries_sha || convert_to(jsonb_build_array(
        school, number, author, author_name, author_position,
        to_char(acted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), reason, how_many
    )::text, 'UTF8'))
$$;

CREATE FUNCTION registers_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Test databases are emptied between tests; they say so by a table that no other database has.
    IF TG_OP = 'TRUNCATE' AND to_regclass('rollcall_test_database') IS NOT NULL THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'The history of the register can only grow.'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'history_is_append_only';
END $$;

CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE ON registers_markentry
    FOR EACH ROW EXECUTE FUNCTION registers_refuse_change();
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE ON registers_entrybatch
    FOR EACH ROW EXECUTE FUNCTION registers_refuse_change();
CREATE TRIGGER history_is_not_emptied BEFORE TRUNCATE ON registers_entrybatch
    FOR EACH STATEMENT EXECUTE FUNCTION registers_refuse_change();
CREATE TRIGGER history_is_not_emptied BEFORE TRUNCATE ON registers_markentry
    FOR EACH STATEMENT EXECUTE FUNCTION registers_refuse_change();

-- A calendar or roll that changes under existing marks would leave them standing on nothing.
CREATE FUNCTION registers_refuse_orphan_marks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'registers_session' THEN
        IF (NEW.status <> 'held' OR (NEW."on", NEW.half, NEW.academic_year, NEW.school_id)
                IS DISTINCT FROM (OLD."on", OLD.half, OLD.academic_year, OLD.school_id))
            AND EXISTS (SELECT FROM registers_mark WHERE session_id = OLD.id) THEN
            RAISE EXCEPTION 'The session of % % has marks already.', OLD."on", OLD.half
                USING ERRCODE = 'check_violation', CONSTRAINT = 'session_with_marks_stays_held';
        END IF;
    ELSIF EXISTS (
        SELECT FROM registers_mark AS m JOIN registers_session AS s ON s.id = m.session_id
        WHERE m.pupil_id = OLD.pupil_id AND NOT EXISTS (
            SELECT FROM registers_enrolment AS r
            WHERE r.pupil_id = m.pupil_id AND r.starts_on <= s."on"
                AND (r.leaving_on IS NULL OR r.leaving_on >= s."on")
        )
    ) THEN
        RAISE EXCEPTION 'The pupil has marks on days that would no longer be on roll.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'enrolment_covers_marks';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER session_with_marks_stays_held AFTER UPDATE ON registers_session
    FOR EACH ROW WHEN (
        OLD.status IS DISTINCT FROM NEW.status OR OLD."on" IS DISTINCT FROM NEW."on"
        OR OLD.half IS DISTINCT FROM NEW.half OR OLD.academic_year IS DISTINCT FROM NEW.academic_year
        OR OLD.school_id IS DISTINCT FROM NEW.school_id
    ) EXECUTE FUNCTION registers_refuse_orphan_marks();
CREATE TRIGGER enrolment_covers_marks AFTER UPDATE OR DELETE ON registers_enrolment
    FOR EACH ROW EXECUTE FUNCTION registers_refuse_orphan_marks();

-- One partition of marks and of entries for each academic year, made ahead; a year past retention is dropped whole.
CREATE FUNCTION registers_make_partitions(first_year int, last_year int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    academic_year int;
    part text;
BEGIN
    FOR academic_year IN first_year..last_year LOOP
        part := format('registers_mark_%s', academic_year);
        EXECUTE format('CREATE TABLE %I PARTITION OF registers_mark FOR VALUES IN (%s)', part, academic_year);
        PERFORM registers_guard_marks(part);
        part := format('registers_markentry_%s', academic_year);
        EXECUTE format('CREATE TABLE %I PARTITION OF registers_markentry FOR VALUES IN (%s)', part, academic_year);
        EXECUTE format(
            'CREATE TRIGGER history_is_not_emptied BEFORE TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION registers_refuse_change()', part
        );
    END LOOP;
END $$;

CREATE FUNCTION registers_guard_marks(part text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'CREATE TRIGGER marks_are_judged_on_insert AFTER INSERT ON %I REFERENCING NEW TABLE AS new_rows '
        'FOR EACH STATEMENT EXECUTE FUNCTION registers_judge_marks()', part
    );
    EXECUTE format(
        'CREATE TRIGGER marks_are_judged_on_update AFTER UPDATE ON %I '
        'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows '
        'FOR EACH STATEMENT EXECUTE FUNCTION registers_judge_marks()', part
    );
    EXECUTE format(
        'CREATE TRIGGER marks_are_judged_on_delete AFTER DELETE ON %I REFERENCING OLD TABLE AS old_rows '
        'FOR EACH STATEMENT EXECUTE FUNCTION registers_judge_marks()', part
    );
    EXECUTE format(
        'CREATE TRIGGER marks_are_not_emptied BEFORE TRUNCATE ON %I '
        'FOR EACH STATEMENT EXECUTE FUNCTION registers_refuse_change()', part
    );
END $$;

SELECT registers_guard_marks('registers_mark');
SELECT registers_make_partitions(2018, 2035);
